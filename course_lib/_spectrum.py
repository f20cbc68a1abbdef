r"""The largest eigenvalue of :math:`A^T A`, from products with a matrix and its transpose."""

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from course_lib._validation import check_finite, check_matrix, transposed_products

__all__ = ["SMALL", "largest_eigenvalue", "top_eigenvalue", "transposed"]

SMALL = 32  # below this side the Gram matrix is formed and decomposed


def transposed(A, y):
    """Return ``A.T @ y``, or say in words that there is no such product."""
    with transposed_products(A):
        return A.T @ y


def largest_eigenvalue(A):
    r"""Return :math:`\lambda_{\max}(A^T A)` from products with ``A`` and ``A.T``.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If ``A`` is not a finite real matrix.

    Notes
    -----
    **Cost.** Lanczos steps to full precision, two products each; with ``min(m, n)`` at most 32,
    as many products as the shorter side is long. The start is fixed: the result has no luck.

    Examples
    --------
    >>> largest_eigenvalue(np.array([[3.0, 0.0], [0.0, 1.0]]))
    9.0
    """
    A = check_matrix(A)
    wide = A.shape[0] < A.shape[1]  # the shorter side is the one of the basis
    n = min(A.shape)
    if n <= SMALL:
        half = transposed(A, np.eye(n)) if wide else A @ np.eye(n)
        half = check_finite(np.asarray(half))
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.linalg.eigvalsh(check_finite(half.T @ half))[-1])

    def square(v):
        with np.errstate(over="ignore", invalid="ignore"):
            return check_finite(A @ transposed(A, v) if wide else transposed(A, A @ v))

    return top_eigenvalue(square, n)


def top_eigenvalue(square, n):
    """Return the largest eigenvalue of a positive semidefinite map, from its products."""
    gram = LinearOperator((n, n), matvec=square, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(n)
    if not np.any(gram @ start):  # Lanczos has nowhere to go from there
        return 0.0
    return float(eigsh(gram, 1, which="LA", v0=start, return_eigenvectors=False)[0])
