"""Right answers to lab 07 in unusual styles."""

import itertools
import math

import numpy as np
import scipy.sparse

from tests.answers import answer


@answer("07.1", style="a Neumann series that lets the dangling go, divided by its sum at the end")
def by_series(P, dangling, starts, alpha, tol):
    term, total = starts, starts
    while alpha and 2 * term.sum(axis=0).max() > tol:
        term = alpha * (P.T @ term)
        total = total + term
    return (total / total.sum(axis=0)).tolist()


@answer("07.1", style="people in rows, np.matrix, stops when the next change is small enough")
def people_in_rows(P, dangling, starts, alpha, tol):
    at_home = starts.T
    x, change = at_home, 2.0
    while change * alpha > 0 and change > tol:
        lost = [sum(row[dangling]) for row in x]
        new = alpha * ((x @ P) + np.array(lost)[:, None] * at_home) + (1 - alpha) * at_home
        change = alpha * max(sum(abs(a - b)) for a, b in zip(new, x, strict=True))
        x = new
    return np.matrix(x.T)


@answer("07.2", style="stacked least squares by a QR factorization, row by row; a list of lists")
def by_stacking(indptr, indices, values, Q, alpha):
    k = Q.shape[1]
    rows = []
    for start, end in itertools.pairwise(indptr.tolist()):
        if start == end:
            rows.append([0] * k)
            continue
        below = math.sqrt(alpha * (end - start)) * np.eye(k)
        basis, R = np.linalg.qr(np.concatenate([Q[indices[start:end]], below]))
        rows.append(list(np.linalg.solve(R, basis[: end - start].T @ values[start:end])))
    return rows


@answer("07.2", style="all rows in one batched solve, sums by a sparse product")
def batched(indptr, indices, values, Q, alpha):
    m, k = len(indptr) - 1, Q.shape[1]
    ones = scipy.sparse.csr_matrix((np.ones(len(values)), indices, indptr), shape=(m, len(Q)))
    stars = scipy.sparse.csr_matrix((values, indices, indptr), shape=(m, len(Q)))
    squares = (Q[:, :, None] * Q[:, None, :]).reshape(len(Q), k * k)
    counts = np.maximum(np.diff(indptr), 1)
    grams = (ones @ squares).reshape(m, k, k) + alpha * counts[:, None, None] * np.eye(k)
    return np.linalg.solve(grams, (stars @ Q)[:, :, None])[:, :, 0]


@answer("07.3", style="recursive least squares, film by film; a list of a 0-d array and a list")
def film_by_film(mean, biases, Q, films, stars, weights, alpha):
    size = Q.shape[1] + 1
    x, inverse = np.zeros(size), np.eye(size) / alpha
    for film, star, weight in zip(films, stars, weights, strict=True):
        row = np.concatenate([[1.0], Q[film]])
        gain = inverse @ row / (1 / weight + row @ inverse @ row)
        x = x + gain * (star - mean - biases[film] - row @ x)
        inverse = inverse - np.outer(gain, row @ inverse)
    return [np.array(x[0]), x[1:].tolist()]


@answer(
    "07.3", style="b eliminated by hand, p by Cholesky; b as np.float64 of shape (1,) made plain"
)
def bias_eliminated(mean, biases, Q, films, stars, weights, alpha):
    rest, known = stars - mean - biases[films], Q[films]
    total = weights.sum() + alpha
    pull, lean = weights @ rest, weights @ known
    gram = known.T @ np.diag(weights) @ known - np.outer(lean, lean) / total
    right = known.T @ (weights * rest) - lean * pull / total
    lower = np.linalg.cholesky(gram + alpha * np.eye(len(lean)))
    p = np.linalg.solve(lower.T, np.linalg.solve(lower, right))
    return (pull - lean @ p) / total, p[None, :].ravel()


@answer("07.4", style="a Latin square of the larger side by i + j, cut down; an array of rounds")
def cut_latin_square(a, b):
    side = max(a, b)
    rounds = [[] for _ in range(side)]
    for i in range(a):
        for j in range(b):
            rounds[(i + j) % side].append((i, j))
    return np.array(rounds)


@answer("07.4", style="augmenting paths: the edges of a bipartite graph, colored one by one")
def colored_edges(a, b):
    count = max(a, b)
    at_row = [{} for _ in range(a)]  # round -> column block
    at_column = [{} for _ in range(b)]
    for i in range(a):
        for j in range(b):
            c = next(c for c in range(count) if c not in at_row[i])
            d = next(d for d in range(count) if d not in at_column[j])
            _swap_path(at_row, at_column, j, c, d)
            at_row[i][c], at_column[j][c] = j, i
    return tuple(
        tuple((np.int32(i), np.int32(at_row[i][c])) for i in range(a) if c in at_row[i])
        for c in range(count)
    )


def _swap_path(at_row, at_column, j, c, d):
    """Exchange rounds c and d along the path from column block j, so that c is free there."""
    path, sides, node, color = [], (at_column, at_row), j, c
    side = 0
    while color in sides[side][node]:
        other = sides[side][node][color]
        path.append((node, other) if side else (other, node))
        node, side, color = other, 1 - side, d if color == c else c
    colors = [c if step % 2 == 0 else d for step in range(len(path))]
    for (row, column), old in zip(path, colors, strict=True):
        del at_row[row][old], at_column[column][old]
    for (row, column), old in zip(path, colors, strict=True):
        new = d if old == c else c
        at_row[row][new], at_column[column][new] = column, row


@answer("07.5", style="no sparse matrix: np.bincount for each column of X; a list of rows")
def by_bincount(rows, columns, values, U, s, Vt, X):
    guess = np.zeros(len(values))
    for size, left, right in zip(s, U.T, Vt, strict=True):
        guess += size * left[rows] * right[columns]
    thin = U @ (np.diag(s) @ (Vt @ X))
    for k in range(X.shape[1]):
        thin[:, k] += np.bincount(rows, (values - guess) * X[columns, k], minlength=len(U))
    return thin.tolist()


@answer("07.5", style="coo_matrix and scipy's LinearOperator, entries in blocks of 1000")
def by_operators(rows, columns, values, U, s, Vt, X):
    from scipy.sparse.linalg import aslinearoperator

    right = (s[:, None] * Vt).T
    rest = np.array(values, float)
    for start in range(0, len(rest), 1000):
        part = slice(start, start + 1000)
        rest[part] -= np.sum(U[rows[part]] * right[columns[part]], axis=1)
    sparse = scipy.sparse.coo_matrix((rest, (rows, columns)), shape=(len(U), len(right)))
    filled = aslinearoperator(sparse) + aslinearoperator(U) @ aslinearoperator(right.T)
    assert math.prod(filled.shape) > 0
    return np.asmatrix(filled.matmat(X))
