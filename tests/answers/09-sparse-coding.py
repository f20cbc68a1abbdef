"""Right answers to lab 09 in unusual styles."""

import itertools
import math

import numpy as np
import scipy.linalg
import scipy.optimize
import scipy.special

from tests.answers import answer


@answer("09.1", style="A @ y from the products of the x before; returns a list")
def carries_the_products_along(A, b, alpha, L, steps):
    x = y = np.zeros(A.shape[1])
    at_x = at_y = np.zeros(A.shape[0])
    t = 1.0
    for _ in range(steps):
        z = y + A.T @ (b * scipy.special.expit(-b * at_y)) / (A.shape[0] * L)
        new = z - np.clip(z, -alpha / L, alpha / L)
        at_new = A @ new
        if np.sum((y - new) * (new - x)) > 0:
            t = 1.0
        larger = 0.5 + math.sqrt(0.25 + t * t)
        pull = (t - 1.0) / larger
        y, at_y = new + pull * (new - x), at_new + pull * (at_new - at_x)
        x, at_x, t = new, at_new, larger
    return x.tolist()


def iterates_of(A, b, alpha, L):
    """Yield x_1, x_2, ... of the accelerated method, coordinate by coordinate."""
    d, n = A.shape[1], A.shape[0]
    x, y, t = [0.0] * d, [0.0] * d, 1.0
    while True:
        margins = np.asarray(b) * (A @ np.array(y))
        slope = A.T @ (-np.asarray(b) / (1 + np.exp(margins)))
        last, x = x, []
        for j in range(d):
            z = y[j] - float(slope[j]) / n / L
            x.append(math.copysign(max(abs(z) - alpha / L, 0.0), z))
        against = sum((y[j] - x[j]) * (x[j] - last[j]) for j in range(d))
        t = 1.0 if against > 0 else t
        before, t = t, (1 + math.sqrt(1 + 4 * t**2)) / 2
        y = [x[j] + (before - 1) / t * (x[j] - last[j]) for j in range(d)]
        yield np.array(x)


@answer("09.1", style="the step of a generator, in plain loops over the coordinates")
def by_a_generator(A, b, alpha, L, steps):
    return next(itertools.islice(iterates_of(A, b, alpha, L), steps - 1, None))


def least_squares_by_supports(atoms, x):
    """Nonnegative least squares by trying every support; right where that many can be tried."""
    best, found = x @ x, np.zeros(len(atoms))
    for size in range(1, len(atoms) + 1):
        for support in itertools.combinations(range(len(atoms)), size):
            rows = atoms[list(support)]
            some = np.linalg.lstsq(rows.T, x, rcond=None)[0]
            error = np.sum((x - some @ rows) ** 2)
            if some.min() >= 0 and error < best - 1e-15 * (x @ x):
                best, found = error, np.zeros(len(atoms))
                found[list(support)] = some
    return found


@answer("09.2", style="every support tried; a list of two lists of Python numbers")
def tries_every_support(x, D, k):
    chosen, code = [], np.zeros(0)
    while len(chosen) < min(k, len(D)):
        left = x - code @ D[chosen] if chosen else x
        worth, atom = max((float(D[j] @ left), -j) for j in range(len(D)) if j not in chosen)
        if worth <= 1e-10 * np.linalg.norm(x):
            break
        chosen.append(-atom)
        code = least_squares_by_supports(D[chosen], x)
    return [chosen, code.tolist()]


@answer("09.2", style="bounded-variable least squares; a tuple of arrays, indices in int16")
def by_bounded_variables(x, D, k):
    free = np.ones(len(D), bool)
    order, code, fit = np.zeros(0, np.int16), np.zeros(0), np.zeros(len(x))
    for _ in range(k):
        worth = np.where(free, D @ (x - fit), -1.0)
        if not free.any() or worth.max() <= 1e-10 * np.linalg.norm(x):
            break
        order = np.append(order, np.int16(np.argmax(worth)))
        free[order[-1]] = False
        bounded = scipy.optimize.lsq_linear(D[order].T, x, (0, np.inf), method="bvls", tol=1e-14)
        code = np.maximum(bounded.x, 0)
        fit = code @ D[order]
    return order, code


@answer("09.3", style="normalized cut atoms, Gram-Schmidt as they are chosen; a list")
def by_gram_schmidt(patch, known, D, k):
    cut, lengths = D[:, known], np.linalg.norm(D[:, known], axis=1)
    alive = [j for j in range(len(D)) if lengths[j] >= 1e-12]
    x, basis, chosen = patch[known], [], []
    residual = x.copy()
    while alive and len(chosen) < k and np.linalg.norm(residual) >= 1e-9:
        best = max(alive, key=lambda j: abs(cut[j] @ residual) / lengths[j])
        q = cut[best] / lengths[best]
        for _ in range(2):
            for earlier in basis:
                q = q - (earlier @ q) * earlier
        if np.linalg.norm(q) < 1e-10:
            break
        alive.remove(best)
        chosen.append(best)
        basis.append(q / np.linalg.norm(q))
        residual = residual - (basis[-1] @ residual) * basis[-1]
    if not chosen:
        return [0.0] * len(patch)
    code = scipy.linalg.lstsq(cut[chosen].T, x)[0]
    return list(code @ D[chosen])


@answer("09.3", style="matrices masked by zeros, pinv; all K coefficients; one row as a result")
def by_masks(patch, known, D, k):
    masked = D * known
    lengths = np.sqrt((masked**2).sum(axis=1))
    code, taken = np.zeros(len(D)), np.zeros(len(D), bool)
    for _ in range(k):
        residual = patch * known - code @ masked
        if np.sqrt(residual @ residual) < 1e-9:
            break
        usable = (lengths >= 1e-12) & ~taken
        if not usable.any():
            break
        worth = np.zeros(len(D))
        worth[usable] = np.abs(masked[usable] @ residual) / lengths[usable]
        taken[np.argmax(worth)] = True
        code[taken] = np.linalg.pinv(masked[taken].T) @ (patch * known)
    return D.T @ code


@answer("09.4", style="plain loops over atoms and coordinates; rows of lists")
def by_loops(blocks, D, encode, forget):
    atoms = [[float(value) for value in row] for row in D]
    K, d = len(atoms), len(atoms[0])
    inner = [[0.0] * K for _ in range(K)]
    outer = [[0.0] * d for _ in range(K)]
    for X in blocks:
        C = encode(X, np.array(atoms))
        CC, CX = np.dot(C.T, C), np.dot(C.T, X)
        for i in range(K):
            inner[i] = [forget * old + float(CC[i, j]) for j, old in enumerate(inner[i])]
            outer[i] = [forget * old + float(CX[i, j]) for j, old in enumerate(outer[i])]
        for k in range(K):
            if inner[k][k] > 1e-12:
                pull = np.array(inner[k]) @ np.array(atoms)
                u = [
                    a + (g - p) / inner[k][k]
                    for a, g, p in zip(atoms[k], outer[k], pull, strict=True)
                ]
                size = max(1.0, math.sqrt(sum(value * value for value in u)))
                atoms[k] = [value / size for value in u]
    return atoms


@answer("09.4", style="signals as columns, one memory for both, read by next()")
def with_columns(blocks, D, encode, forget):
    A, memory = np.asfortranarray(D.T.copy()), None
    blocks = iter(blocks)
    while (X := next(blocks, None)) is not None:
        codes = encode(X, np.ascontiguousarray(A.T)).T
        both = codes @ np.hstack([codes.T, X])
        memory = both if memory is None else memory * forget + both
        B, G = memory[:, : A.shape[1]], memory[:, A.shape[1] :].T
        for k in np.flatnonzero(np.diag(B) > 1e-12):
            u = A[:, k] + (G[:, k] - A @ B[:, k]) / B[k, k]
            A[:, k] = u if u @ u <= 1 else u / np.sqrt(u @ u)
    return A.T
