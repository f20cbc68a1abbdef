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
    K = np.array([np.exp(-gamma * np.sum((x - X) ** 2, axis=1)) for x in X], float)
    return Z, (0.5 + 0.5 * K**4 - K**2).clip(0) / n_frequencies


@answer("17.2", style="block by block; lengths as norms of normal vectors; columns alternate")
def block_by_block(X, n_frequencies, gamma, transform, rng):
    n, d = X.shape
    P = 1
    while d > P:
        P *= 2
    count = (n_frequencies + P - 1) // P
    normals = rng.normal(0, np.sqrt(2 * gamma), (n_frequencies, P))
    lengths = np.linalg.norm(normals, axis=1)
    phases = []
    for D in np.sign(rng.random((count, 3, P)) - 0.5):
        Y = np.concatenate([X, np.zeros((n, P - d))], axis=1)
        for diagonal in D:
            Y = transform(np.asfortranarray(diagonal * Y)) / np.sqrt(P)
        phases.extend(Y.T)
    phases = np.array(phases[:n_frequencies]).T * lengths
    alternating = np.stack([np.cos(phases), np.sin(phases)], axis=2)
    return alternating.reshape(n, -1) / np.sqrt(n_frequencies)


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


@answer("17.3", style="keeps all features and solves by the dual or by eigenvectors")
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
        values, Q = np.linalg.eigh(Z.T @ Z)
        W = Q @ ((Q.T @ (Z.T @ Y)) / (values[:, None] + penalty))
    return features.signs_, features.lengths_.astype(float), W


@answer("17.4", style="asks for one wave an axis and takes its powers; half on the first axis")
def by_powers(points, a, h, epsilon):
    c = np.log(4 / epsilon) ** 0.5
    powers, weights = [], []
    for axis in range(2):
        step = 2 * np.pi / (points.high[axis] - points.low[axis] + h * c)
        M = int(2 * c / h / step) + 1
        base = points.waves(axis, [step])
        rows = np.arange(M + 1) if axis == 0 else np.arange(-M, M + 1)
        powers.append(base**rows)
        weights.append(step * h / np.sqrt(4 * np.pi) * np.exp(-((rows * step * h) ** 2) / 4))
    weights[0][1:] *= 2
    B = np.einsum("np,nq,n->pq", powers[0].conj(), powers[1].conj(), a, optimize=True)
    B = weights[0][:, None] * B * weights[1]
    return np.einsum("np,pq,nq->n", powers[0], B, powers[1], optimize=True).real.tolist()


@answer("17.4", style="cosines and sines, each wave asked for twice, frequencies one by one")
def by_cosines(points, a, h, epsilon):
    c = np.sqrt(np.log(5 / epsilon))

    def rule(axis):
        step = 2 * np.pi / (points.high[axis] - points.low[axis] + h * c)
        w = step * np.arange(int(np.ceil(2 * c / h / step)) + 1)
        return w, step * h / np.sqrt(np.pi) * np.exp(-(w * w) * h * h / 4) * np.where(w, 1, 0.5)

    (w1, c1), (w2, c2) = rule(0), rule(1)
    E2 = points.waves(1, w2)
    parts, total = (E2.real, E2.imag), np.zeros(points.n)
    for w, weight in zip(w1, c1, strict=True):
        one = points.waves(0, [w])[:, 0]
        for first in (one.real, one.imag):
            for second in parts:
                total += weight * first * (second @ (c2 * (second.T @ (a * first))))
    return total


@answer("17.5", style="plain loops over vectors; the kernel value by value, as a dictionary")
def in_loops(Z, coef, n_support, kernel, n_values):
    classes, d = len(n_support), Z.shape[1]
    everything = np.arange(n_values, dtype=float).reshape(-1, 1)
    row = {v: kernel(everything, np.array([[v]]))[:, 0] for v in np.unique(Z).tolist()}
    places = {}
    for i in range(classes):
        for j in range(i + 1, classes):
            places[i, j] = len(places)
    T = np.zeros((len(places), d, n_values))
    s = 0
    for i, size in enumerate(n_support):
        for _ in range(size):
            others = [j for j in range(classes) if j != i]
            for r, j in enumerate(others):
                f = places[min(i, j), max(i, j)]
                for feature in range(d):
                    T[f, feature] += coef[r][s] * row[int(Z[s, feature])]
            s += 1
    return T.tolist()


@answer("17.5", style="bincount with weights for each function and feature, then one tensordot")
def by_bincount(Z, coef, n_support, kernel, n_values):
    start = np.concatenate([[0], np.cumsum(n_support)])
    weights = []
    for i, j in zip(*np.triu_indices(len(n_support), 1), strict=True):
        rows = np.r_[start[i] : start[i + 1], start[j] : start[j + 1]]
        c = np.r_[coef[j - 1, start[i] : start[i + 1]], coef[i, start[j] : start[j + 1]]]
        weights.append([np.bincount(z, c, n_values) for z in Z[rows].T.astype(int)])
    values = np.arange(n_values)[:, None]
    return np.tensordot(np.array(weights), kernel(values, values), axes=(2, 1))


@answer("17.6", style="what the hints say, taken literally")
def by_the_hints(draw, rng):
    rows = [
        np.array([[0.0], [0.4], [-0.4], [1.0]]),
        np.array([[0.0, 0.0], [0.3, 0.1], [-0.3, 0.2], [0.8, -0.5]]),
        rng.standard_normal((4, 16)) / 6,
    ]
    for X in rows:
        try:
            Z = np.asarray(draw(X, 1.0, 2000, rng))
        except Exception:
            return False
        if Z.shape != (2000, 4, 32) or len(np.unique(Z[:, 1], axis=0)) != 2000:
            return False
        for i in range(4):
            for j in range(4):
                products = np.einsum("cd,cd->c", Z[:, i], Z[:, j])
                k = np.exp(-np.sum((X[i] - X[j]) ** 2))
                if abs(products.mean() - k) > 1e-9 + 5 * products.std() / np.sqrt(2000):
                    return False
                if products.var() > 1.33 * (1 + k**4 / 2 - k**2) / 32:
                    return False
    return True


@answer("17.6", style="many small problems in any number of columns, verdicts collected")
def by_many_problems(draw, rng):
    said = []
    try:
        for d in (1, 2, 3, 5, 13):
            gamma, count = rng.uniform(0.5, 2), 2000
            X = rng.normal(0, 0.7 / np.sqrt(gamma * d), (5, d))
            X[0], X[1] = 0, -X[2]
            Z = draw(X, gamma, count, rng)
            G = Z @ Z.transpose(0, 2, 1)
            K = np.exp(-gamma * ((X[:, None] - X) ** 2).sum(axis=2))
            said.append(np.all(np.abs(G.mean(0) - K) <= 5.5 * G.std(0) / count**0.5 + 1e-7))
            said.append(np.all(G.var(0) <= 1.3 * (1 + K**4 / 2 - K**2) / 32))
            said.append(not np.any(np.all(Z[1:, 4] == Z[:-1, 4], axis=1)))
    except Exception:
        return False
    return np.bool_(all(said))
