"""Right answers to lab 06 in unusual styles."""

import numpy as np
import scipy.linalg

from tests.answers import answer


@answer("06.1", style="Gram-Schmidt twice in plain loops, what vanishes is drawn anew")
def gram_schmidt(A, size, rng):
    Y = np.array(A @ rng.normal(size=(A.shape[1], size)).astype(A.dtype), float)
    level = np.linalg.norm(Y)
    for j in range(size):
        while True:
            before = np.linalg.norm(Y[:, j])
            for _ in range(2):
                for i in range(j):
                    Y[:, j] -= (Y[:, i] @ Y[:, j]) * Y[:, i]
            after = np.linalg.norm(Y[:, j])
            if after > 1e-9 * max(before, 1e-3 * level):
                break
            Y[:, j] = rng.standard_normal(len(Y))
        Y[:, j] /= after
    return Y.astype(A.dtype)


@answer("06.1", style="scipy's QR with pivoting; Omega is drawn transposed, in double precision")
def by_pivoted_qr(A, size, rng):
    Omega = rng.standard_normal((size, A.shape[1])).T.astype(A.dtype)
    return scipy.linalg.qr(A @ Omega, mode="economic", pivoting=True)[0]


def basis(Y):
    """Return left singular vectors in place of the Q of QR."""
    return np.linalg.svd(Y, full_matrices=False)[0]


@answer("06.2", style="bases by SVD, in double precision throughout; the SVD of A.T @ Q")
def by_svd(A, rank, oversample, rng):
    size = min(rank + oversample, *A.shape)
    Q = basis(np.asarray(A @ rng.standard_normal((A.shape[1], size)), float))
    Q = basis(np.asarray(A.T @ Q, float))
    Q = basis(np.asarray(A @ Q, float))
    V, s, Wt = scipy.linalg.svd(A.T @ Q, full_matrices=False)
    U = Q @ Wt[:rank].T
    return U.astype(A.dtype), s[:rank].astype(A.dtype), V[:, :rank].T.astype(A.dtype)


@answer("06.2", style="QR of A.T @ Q, then the SVD of R; a list of Fortran-ordered arrays")
def by_r_alone(A, rank, oversample, rng):
    size = min(rank + oversample, min(A.shape))
    block = A @ rng.standard_normal((A.shape[1], size)).astype(A.dtype)
    for turn in (A.T, A):
        block = turn @ np.linalg.qr(block)[0]
    Q = np.linalg.qr(block)[0]
    P, R = np.linalg.qr(A.T @ Q)
    left, s, right = np.linalg.svd(R.T)
    cut = [(Q @ left)[:, :rank], s[:rank], (P @ right.T)[:, :rank].T]
    return [np.asfortranarray(part) for part in cut]


@answer(
    "06.3", style="the first block is centered late, J as a product with ones; float64 variances"
)
def centered_late(A, rank, oversample, rng):
    m, n = A.shape
    size = min(rank + oversample, m, n)

    def J(Y):
        return Y - np.outer(np.ones(m), np.ones(m) @ Y) / m

    Q = np.linalg.qr(np.asarray(A @ rng.standard_normal((n, size)), float)).Q
    Q = np.linalg.qr(np.asarray(A.T @ J(Q), float)).Q
    Q = basis(J(J(np.asarray(A @ Q, float))))
    V, s, _ = np.linalg.svd(A.T @ J(Q), full_matrices=False)
    return V.T[:rank].astype(A.dtype), np.square(s[:rank]) / (m - 1)


@answer("06.3", style="eigenvectors of the small Gram matrix after QR; a list")
def by_small_gram(A, rank, oversample, rng):
    size = min(rank + oversample, *A.shape)
    block = A @ rng.standard_normal((A.shape[1], size)).astype(A.dtype)
    Q = basis(block - np.mean(block, axis=0))
    Q -= Q.mean(axis=0)
    Q = basis(A.T @ Q)
    block = A @ Q
    Q = basis(block - block.mean(axis=0))
    P, R = np.linalg.qr(A.T @ (Q - Q.mean(axis=0)))
    squares, S = np.linalg.eigh(R @ R.T)
    order = np.argsort(squares)[::-1][:rank]
    return [(P @ S[:, order]).T, squares[order].clip(0) / (A.shape[0] - 1)]


@answer(
    "06.4", style="QR of the stacked rows first; loses the square after the l-th, which is less"
)
def loses_less(B, C):
    R = np.linalg.qr(np.concatenate([B, C])).R
    _, s, Vt = np.linalg.svd(R)
    size, found = len(B), len(s)
    less = s[size] ** 2 if found > size else 0
    merged = np.zeros_like(B)
    for i in range(min(size, found)):
        merged[i] = np.sqrt(max(s[i] ** 2 - less, 0)) * Vt[i]
    return merged


@answer("06.4", style="eigenvectors of the Gram matrix of the 2 l rows; rows in rising order")
def by_gram(B, C):
    size, rows = len(B), np.vstack([B, C]).astype(float)
    squares, U = np.linalg.eigh(rows @ rows.T)
    squares, U = squares[size:].clip(0), U[:, size:]
    kept = squares > max(squares[0], 1e-14 * squares[-1])
    share = np.divide(squares - squares[0], squares, out=np.zeros(size), where=kept)
    return (np.sqrt(share)[:, None] * (U.T @ rows)).astype(B.dtype)


@answer("06.5", style="one column of K at a time, triangular solves, lists of lists")
def column_by_column(kernel, X, columns, rank):
    C = np.hstack([np.asarray(kernel(X, X[j : j + 1])).reshape(-1, 1) for j in columns])
    n, c = C.shape
    w, S = scipy.linalg.eigh(C[columns])
    pairs = []
    for value, vector in list(zip(w, S.T, strict=True))[::-1][:rank]:
        full = value > 1e-10 * w[-1]
        column = C @ vector / value * np.sqrt(c / n) if full else np.zeros(n)
        pairs.append((value * n / c if full else 0.0, column))
    Q, R = np.linalg.qr(C)
    left, s, _ = np.linalg.svd(R)
    nystrom = [np.array([w for w, _ in pairs]), np.array([v for _, v in pairs]).T]
    return [nystrom, [np.sqrt(n / c) * s[:rank], (Q @ left)[:, :rank]]]


@answer("06.5", style="Nyström by the SVD of W, column sampling by the Gram matrix n x n of C")
def by_other_factors(kernel, X, columns, rank):
    C = kernel(X, np.array([X[j] for j in columns]))
    n, c = C.shape
    S, w, _ = np.linalg.svd((C[columns] + C[columns].T) / 2)
    w = np.where(w > 1e-11 * w[0], w, 0)[:rank]
    V = np.sqrt(c / n) * C @ np.divide(S[:, :rank], w, out=np.zeros((c, len(w))), where=w > 0)
    left, s, _ = scipy.linalg.svd(C.T, full_matrices=False, lapack_driver="gesvd")[::-1]
    return (w * n / c, V), (np.sqrt(n / c) * s[:rank], left.T[:, :rank])


def same_seed(find_range, A, size, seed):
    return np.asarray(find_range(A, size, np.random.default_rng(seed)))


def is_basis(Q, A, size):
    """Whether Q has the right shape and orthonormal columns."""
    return Q.shape == (len(A), size) and np.allclose(Q.T @ Q, np.eye(size), rtol=0, atol=1e-10)


@answer("06.6", style="what the hints say, taken literally")
def by_the_hints(find_range, rng):
    try:
        for m, n, size in [(30, 20, 5), (20, 30, 5), (30, 20, 8)]:
            A = rng.standard_normal((m, 5)) @ rng.standard_normal((5, n))
            one, again, other = (same_seed(find_range, A, size, seed) for seed in (1, 1, 2))
            if not is_basis(one, A, size) or np.linalg.norm(A - one @ one.T @ A) > 1e-8:
                return False
            if not np.array_equal(one, again) or np.array_equal(one, other):
                return False
        U, V = (np.linalg.qr(rng.standard_normal((30, 9))).Q for _ in range(2))
        A = U * 10.0 ** -np.arange(9) @ V.T
        Q = same_seed(find_range, A, 9, 3)
        return bool(is_basis(Q, A, 9) and np.linalg.norm(A - Q @ Q.T @ A) < 1e-12)
    except Exception:
        return False


@answer("06.6", style="many shapes and ranks, one list of conditions")
def by_a_grid(find_range, rng):
    said = []
    try:
        for m, n, rank, size in [(40, 12, 12, 1), (12, 40, 3, 8), (25, 25, 6, 6), (90, 7, 7, 7)]:
            factors = rng.standard_normal((m, rank)), rng.standard_normal((rank, n))
            A = factors[0] * 10.0 ** -np.linspace(0, 7, rank) @ factors[1]
            before, seed = A.copy(), int(rng.integers(10**6))
            Q, P = same_seed(find_range, A, size, seed), same_seed(find_range, A, size, seed + 1)
            said += [is_basis(Q, A, size), is_basis(P, A, size), np.array_equal(A, before)]
            said += [np.array_equal(Q, same_seed(find_range, A, size, seed))]
            if size < min(m, rank):
                said += [not np.allclose(abs(Q), abs(P))]
            if size >= rank:
                said += [np.allclose(Q @ (Q.T @ A), A, rtol=0, atol=1e-10)]
            said += [not np.array_equal(Q, P)]
    except Exception:
        return np.False_
    return np.bool_(all(said))
