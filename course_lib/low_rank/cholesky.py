"""Pivoted Cholesky: the columns of a positive semidefinite matrix, worst error first."""

from typing import NamedTuple

import numpy as np

from course_lib._validation import check_array, check_count, check_finite, check_number
from course_lib.low_rank._entries import NOT_PSD, KernelColumns

__all__ = ["PivotedCholesky", "pivoted_cholesky"]


class PivotedCholesky(NamedTuple):
    """Rows ``F`` with ``K ~ F @ F.T``, and the trace of the error after 0, 1, ..., r columns."""

    F: np.ndarray  # (n, r)
    indices: np.ndarray  # (r,), in the order of choice
    trace: np.ndarray  # (r + 1,), non-increasing


def pivoted_cholesky(K, size, *, X=None, diagonal=None, tol=0.0):
    r"""Return features from columns chosen one by one where the error is largest.

    Parameters
    ----------
    K : array, sparse matrix (n, n), or callable
        The matrix, or ``kernel(X, Y)`` that returns the (len(X), len(Y)) matrix of all pairs.
    size : int
        Most columns to use, ``1 <= size <= n``.
    X : array, shape (n, d), optional
        The rows that a callable ``K`` compares.
    diagonal : array, shape (n,), optional
        The diagonal of ``K``, if known: ones for a Gaussian kernel. Otherwise it is evaluated.
    tol : float, default 0
        Stop when the trace of the error is at most ``tol`` times the trace of ``K``.

    Returns
    -------
    PivotedCholesky
        ``F`` (n, r), the indices (r,) and the traces (r + 1,); r is smaller than ``size`` if
        ``tol`` is reached, or if what is left is rounding.

    Raises
    ------
    ValueError
        If ``K`` is not a finite square matrix or visibly not positive semidefinite, if a count
        is out of range, or if a callable comes without ``X``.
    TypeError
        If ``K`` is not real, or a count is not an integer.

    Notes
    -----
    **Cost.** :math:`n (r + 1)` evaluations of the kernel, or :math:`n r` with ``diagonal``;
    :math:`n r^2` flops; memory :math:`O(n\,\text{size})`.

    **Guarantee.** :math:`0 \preceq F F^T \preceq K`, so ``trace[j]`` is the exact nuclear norm
    of the error after j columns, and bounds its spectral norm. The same approximation as
    `nystrom_features` with the same columns. The largest error is a greedy choice: it pays
    where rows are spread unevenly, and can lose to uniform columns where many are outliers.

    References
    ----------
    .. [1] S. Fine, K. Scheinberg, "Efficient SVM training using low-rank kernel
       representations", JMLR 2, 2001, Figure 1.
    .. [2] H. Harbrecht, M. Peters, R. Schneider, "On the low-rank approximation by the pivoted
       Cholesky decomposition", Appl. Numer. Math. 62(4), 2012.

    Examples
    --------
    >>> import numpy as np
    >>> F, indices, trace = pivoted_cholesky(np.diag([1.0, 4.0, 2.0]), 2)
    >>> indices, trace
    (array([1, 2]), array([7., 3., 1.]))
    """
    source = KernelColumns(K, X)
    n, dtype = source.n, source.dtype
    size = check_count(size, "size", low=1, high=n, high_name="n")
    tol = check_number(tol, "tol", low=0.0, high=1.0)
    error = _check_diagonal(source, diagonal)
    floor = n * np.finfo(dtype).eps * error.max()
    F = np.zeros((n, size), dtype, order="F")
    indices, trace = [], [error.sum()]
    for j in range(size):
        pivot = int(np.argmax(error))
        if error[pivot] <= floor or trace[-1] <= tol * trace[0]:
            break
        column = source.block([pivot])[:, 0] - F[:, :j] @ F[pivot, :j]
        F[:, j] = column / np.sqrt(error[pivot])
        error -= F[:, j].astype(np.float64) ** 2
        if error.min() < -np.sqrt(np.finfo(dtype).eps) * trace[0]:
            raise ValueError(NOT_PSD)
        error[pivot] = 0.0
        np.maximum(error, 0.0, out=error)
        indices.append(pivot)
        trace.append(error.sum())
    return PivotedCholesky(F[:, : len(indices)], np.array(indices, np.intp), np.array(trace))


def _check_diagonal(source, diagonal):
    """Return the diagonal of K in float64, evaluated where it is not given."""
    diagonal = source.diagonal() if diagonal is None else diagonal
    diagonal = check_array(diagonal, "diagonal", dtype=np.float64)
    if diagonal.shape != (source.n,):
        raise ValueError(f"diagonal must have shape ({source.n},); got {diagonal.shape}.")
    diagonal = check_finite(diagonal, "diagonal").copy()  # what is left of it is counted down
    if diagonal.min() < 0.0:
        raise ValueError(NOT_PSD)
    return diagonal
