"""Right answers to lab 17 in unusual styles."""

import numpy as np
import scipy.linalg

from course_lib.kernel_features import FourierFeatures
from course_lib.randomness.hadamard import fwht
from tests.answers import answer


@answer("17.1", style="complex waves, cosines and sines alternate, V from squared norms; lists")
def by_complex_waves(X, n_frequencies, gamma, rng):
    X = np.asarray(X, float)
    W = rng.normal(scale=(2 * gamma) ** 0.5, size=(n_frequencies, X.shape[1]))
    E = np.exp(-1j * (X @ W.T)) / n_frequencies**0.5
    squares = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    one = 0.5 * (1 + np.exp(-4 * gamma * squares)) - np.exp(-2 * gamma * squares)
    return [E.view(float), (one / n_frequencies).tolist()]


@answer("17.1", style="one frequency at a time, each with a random offset of its own; float32")
def one_at_a_time(X, n_frequencies, gamma, rng):
    columns = []
    for _ in range(n_frequencies):
        phase = X @ (rng.standard_normal(X.shape[1]) * np.sqrt(2 * gamma)) + rng.uniform(0, 7)
        columns += [np.sin(phase), np.cos(phase)]
    Z = np.array(columns, np.float32).T / np.float32(np.sqrt(n_frequencies))
    K = np.array([[np.exp(-gamma * np.sum((x - y) ** 2)) for y in X] for x in X], float)
    return Z, (0.5 + 0.5 * K**4 - K**2).clip(0) / n_frequencies


@answer("17.2", style="row by row; lengths as norms of normal vectors; cosines and sines alternate")
def row_by_row(X, n_frequencies, gamma, transform, rng):
    d = X.shape[1]
    P = 1
    while d > P:
        P *= 2
    count = (n_frequencies + P - 1) // P
    signs = np.sign(rng.random((count, 3, P)) - 0.5)
    normals = rng.normal(0, np.sqrt(2 * gamma), (n_frequencies, P))
    lengths = np.linalg.norm(normals, axis=1)
    rows = []
    for x in X:
        phases = []
        for D in signs:
            y = np.concatenate([x, np.zeros(P - d)])
            for k in range(3):
                y = transform((D[k] * y)[None])[0] / np.sqrt(P)
            phases.extend(y)
        phases = np.array(phases[:n_frequencies]) * lengths
        rows.append(np.column_stack([np.cos(phases), np.sin(phases)]).ravel())
    return np.array(rows) / np.sqrt(n_frequencies)


@answer("17.2", style="all blocks at once, in float32, chi from a gamma distribution")
def all_at_once(X, n_frequencies, gamma, transform, rng):
    n, d = X.shape
    P = 2 ** int(np.ceil(np.log2(d))) if d > 1 else 1
    blocks = int(np.ceil(n_frequencies / P))
    Y = np.zeros((n, blocks, P), np.float32)
    Y[:, :, :d] = X[:, None]
    for _ in range(3):
        flips = 1 - 2 * rng.integers(0, 2, (blocks, P)).astype(np.float32)
        Y = np.reshape(transform((Y * flips).reshape(-1, P)), Y.shape) / np.float32(P**0.5)
    scale = np.sqrt(4 * gamma * rng.gamma(P / 2, 1.0, n_frequencies)).astype(np.float32)
    E = np.exp(1j * Y.reshape(n, -1)[:, :n_frequencies] * scale)
    return np.hstack([E.imag, E.real]) / np.sqrt(n_frequencies)


@answer("17.3", style="signs and lengths by hand, fwht, Cholesky in float32, int8 signs in lists")
def by_hand(blocks, n_frequencies, gamma, penalty, rng):
    count = -(-n_frequencies // 1024)
    signs = rng.choice(np.array([-1, 1], np.int8), (count, 3, 1024))
    lengths = np.linalg.norm(rng.standard_normal((n_frequencies, 1024)), axis=1)
    lengths *= np.sqrt(2 * gamma)
    gram = np.zeros((2 * n_frequencies, 2 * n_frequencies))
    right = np.zeros((2 * n_frequencies, 10))
    for X, y in blocks:
        phases = []
        for D in signs:
            Y = np.pad(X, ((0, 0), (0, 1024 - X.shape[1]))).astype(float)
            for diagonal in D:
                Y = fwht(Y * diagonal, orthonormal=True)
            phases.append(Y)
        phases = np.concatenate(phases, axis=1)[:, :n_frequencies] * lengths
        Z = np.concatenate([np.cos(phases), np.sin(phases)], axis=1) / np.sqrt(n_frequencies)
        gram += Z.T @ Z
        targets = 2 * np.eye(10)[y] - 1
        right += Z.T @ targets
    gram[np.diag_indices_from(gram)] += penalty
    W = scipy.linalg.cho_solve(scipy.linalg.cho_factor(gram), right)
    return [signs.tolist(), lengths.astype(np.float32), W.astype(np.float32)]


@answer(
    "17.3", style="keeps all features and solves by the dual or by least squares of stacked rows"
)
def all_rows(blocks, n_frequencies, gamma, penalty, rng):
    features = FourierFeatures(2 * n_frequencies, gamma=gamma, kind="hadamard")
    features.set_params(random_state=int(rng.integers(10**9)))
    parts = [(features.fit(X).transform(X.astype(float)), y) for X, y in blocks]
    Z = np.vstack([Z for Z, _ in parts])
    Y = -np.ones((len(Z), 10))
    Y[np.arange(len(Z)), np.concatenate([y for _, y in parts])] = 1
    if len(Z) < Z.shape[1]:
        W = Z.T @ np.linalg.solve(Z @ Z.T + penalty * np.eye(len(Z)), Y)
    else:
        R = np.linalg.qr(np.vstack([Z, np.sqrt(penalty) * np.eye(Z.shape[1])]), mode="r")
        W = scipy.linalg.solve_triangular(
            R, scipy.linalg.solve_triangular(R.T, Z.T @ Y, lower=True)
        )
    return features.signs_, features.lengths_.astype(float), W
