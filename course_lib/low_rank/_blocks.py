"""Products with tall thin blocks, and orthonormal bases of them: what every method here is made of.

Both are where the time goes. Products are left to BLAS, in the order of factors that it likes;
bases are made by Cholesky-QR, which is also made of products, and by Householder reflections
where Cholesky-QR would lose digits.

Decompositions are NumPy's, like the products. SciPy's have threads of their own; two sets of
threads that wait for each other's cores make a stream of small blocks fifteen times slower.
"""

import numpy as np
from numpy.linalg import LinAlgError

from course_lib._validation import check_finite, transposed_products

__all__ = [
    "gaussian",
    "leading_svd",
    "orthonormalize",
    "product",
    "pseudo_inverse",
    "thin_svd",
    "working_dtype",
]

ROWS_AT_ONCE = 8192  # of a float32 block that is summed in float64


def working_dtype(A):
    """Return float32 for float32 input and float64 for all else."""
    return np.dtype(np.float32 if A.dtype == np.float32 else np.float64)


def gaussian(rng, shape, dtype):
    """Draw standard normals in the precision of the data, which must not be promoted."""
    return rng.standard_normal(shape, dtype=dtype)


def product(A, X, name="A"):
    """Return ``A @ X`` in the working dtype of ``A``; refuse ``A`` if NaN or infinity shows."""
    with np.errstate(over="ignore", invalid="ignore"):
        return check_finite(_multiply(A, X), name)


def _multiply(A, X):
    if isinstance(A, np.ndarray) and (A.dtype == np.float64 or A.flags.f_contiguous):
        # The same sums: OpenBLAS runs through such a matrix 1.1 to 1.7 times faster as the right
        # factor, and through a float32 matrix in C order faster as the left one.
        A, X = np.asarray(A), X.astype(A.dtype, copy=False)
        return (X.T @ A.T).T
    with transposed_products(A):
        return np.asarray(A @ X, dtype=working_dtype(A))


def orthonormalize(Y, *, against=None, rounds=2):
    """Return an orthonormal basis (m, l) that contains the span of ``Y`` (m, l), l <= m.

    Where ``Y`` has lower rank the basis is filled up. With ``against``, (m, d) orthonormal and
    d + l <= m, the basis is made orthogonal to it. One round gives a well-conditioned basis,
    orthonormal to about ``1e-4``: enough between two products. Two rounds give all digits.
    """
    scale = max(Y.max(), -Y.min())
    if scale == 0.0:
        return _householder(Y, against)
    if abs(np.log(scale)) > 0.3 * np.log(np.finfo(Y.dtype).max):
        Y = Y / scale  # or squares and inverses would overflow or vanish
    Q = _cholesky_qr(Y, against, rounds)
    return _householder(Y, against) if Q is None else Q


def _cholesky_qr(Y, against, rounds):
    """Orthonormalize by ``Y R^-1``, ``R^T R = Y^T Y``; None where that is not safe.

    The first round loses eps cond(R)^2 of orthogonality in the Gram matrix, which is float64,
    and eps cond(R) in the product. The second repairs that, and must find little to repair: a
    column that it changes by a tenth was mostly rounding.
    """
    safe_cond = min(1e6, 1e-3 / np.finfo(Y.dtype).eps)
    for turn in range(rounds):
        if against is not None:
            Y = Y - against @ (against.T @ Y)
        try:
            R = np.linalg.cholesky(_gram(Y)).T
        except LinAlgError:
            return None
        R_inverse = np.linalg.inv(R)
        cond = np.linalg.norm(R, 1) * np.linalg.norm(R_inverse, 1)
        if cond > safe_cond or (turn == 1 and np.abs(R - np.eye(len(R))).max() > 0.1):
            return None
        Y = Y @ R_inverse.astype(Y.dtype)
    return Y


def _gram(Y):
    """Return ``Y.T @ Y`` in float64."""
    if Y.dtype == np.float64:
        return Y.T @ Y
    G = np.zeros((Y.shape[1], Y.shape[1]))
    for start in range(0, len(Y), ROWS_AT_ONCE):
        block = Y[start : start + ROWS_AT_ONCE].astype(np.float64)
        G += block.T @ block
    return G


def _householder(Y, against):
    """Orthonormalize by Householder reflections: slower, and safe for every ``Y``."""
    if against is None:
        return np.linalg.qr(Y).Q
    return np.linalg.qr(np.hstack([against, Y])).Q[:, against.shape[1] :]


def pseudo_inverse(M):
    """Return the Moore-Penrose inverse of ``M``, cut at singular values that are rounding."""
    if M.shape[0] < M.shape[1]:
        return pseudo_inverse(M.T).T
    U, s, Vt = thin_svd(M)
    kept = s > len(M) * np.finfo(M.dtype).eps * s[0]
    return (Vt[kept].T / s[kept]) @ U[:, kept].T


def thin_svd(M):
    """Return the thin SVD of a tall ``M`` (n, l), l <= n, in O(n l^2) made of products."""
    Q = orthonormalize(M)
    U, s, Vt = np.linalg.svd(Q.T @ M, full_matrices=False)
    return Q @ U, s, Vt


def leading_svd(M, rank):
    """Return the first ``rank`` triplets of the SVD of a tall ``M`` (n, l), rank <= l <= n.

    If these are a small part of it and far above rounding, their right singular vectors are
    taken from the Gram matrix, and only the ``rank`` columns of ``M V`` are orthonormalized.
    """
    l = M.shape[1]
    if l > 2 * rank:
        with np.errstate(over="ignore", invalid="ignore"):
            G = _gram(M)
        trace = np.trace(G)
        if 1e-200 < trace < 1e200:
            w, V = np.linalg.eigh(G)
            if w[-rank] > 1e-8 * trace:
                V = V[:, -rank:].astype(M.dtype)
                U, s, Wt = thin_svd(M @ V)
                return U, s, Wt @ V.T
    U, s, Vt = thin_svd(M)
    return U[:, :rank], s[:rank], Vt[:rank]
