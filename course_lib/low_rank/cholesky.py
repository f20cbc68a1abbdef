"""Pivoted Cholesky: the columns of a positive semidefinite matrix, by their error."""

from typing import NamedTuple

import numpy as np

from course_lib._validation import as_rng, check_array, check_count, check_finite, check_number
from course_lib.low_rank._entries import NOT_PSD, KernelColumns

__all__ = ["PivotedCholesky", "pivoted_cholesky"]


class PivotedCholesky(NamedTuple):
    """Rows ``F`` with ``K ~ F @ F.T``, and the trace of the error after 0, 1, ..., r columns."""

    F: np.ndarray  # (n, r)
    indices: np.ndarray  # (r,), in the order of choice
    trace: np.ndarray  # (r + 1,), non-increasing


def pivoted_cholesky(K, size, *, X=None, diagonal=None, tol=0.0, rule="greedy", rng=None):
    r"""Return features from columns chosen one by one by what is left of the diagonal.

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
    rule : {"greedy", "random"}
        The next column: where the error on the diagonal is largest, or drawn with probability
        proportional to it.
    rng : Generator, int or None
        Source of randomness of ``rule="random"``.

    Returns
    -------
    PivotedCholesky
        ``F`` (n, r), the indices (r,) and the traces (r + 1,); r is smaller than ``size`` if
        ``tol`` is reached, or if what is left is rounding.

    Raises
    ------
    ValueError
        If ``K`` is not a finite square matrix or visibly not positive semidefinite, if a count
        is out of range, if ``rule`` is neither of the two, or if a callable comes without ``X``.
    TypeError
        If ``K`` is not real, or a count is not an integer.

    See Also
    --------
    random_pivot_bound : the theorem of random pivots, computed from the eigenvalues.

    Notes
    -----
    **Cost.** :math:`n (r + 1)` evaluations of the kernel, or :math:`n r` with ``diagonal``;
    :math:`n r^2` flops; memory :math:`O(n\,\text{size})`.

    **Guarantee.** :math:`0 \preceq F F^T \preceq K`, so ``trace[j]`` is the exact nuclear norm
    of the error after j columns, and bounds its spectral norm. The same approximation as
    `nystrom_features` with the same columns. The largest error is a greedy choice: it pays
    where rows are spread unevenly, and can lose to uniform columns where many are outliers; no
    theorem compares it with the best rank. For random pivots, with :math:`\tau_r` the trace of
    the best error of rank r and :math:`\eta = \tau_r / \mathrm{tr}\,K`,

    .. math:: E\,\mathrm{trace}[k] \le (1 + \epsilon)\, \tau_r \quad\text{if}\quad
              k \ge \frac{r}{\epsilon} + r \ln^+ \frac{1}{\epsilon \eta}
              \qquad \text{[3], Section 5.}

    References
    ----------
    .. [1] S. Fine, K. Scheinberg, "Efficient SVM training using low-rank kernel
       representations", JMLR 2, 2001, Figure 1.
    .. [2] H. Harbrecht, M. Peters, R. Schneider, "On the low-rank approximation by the pivoted
       Cholesky decomposition", Appl. Numer. Math. 62(4), 2012.
    .. [3] Y. Chen, E. N. Epperly, J. A. Tropp, R. J. Webber, "Randomly pivoted Cholesky:
       practical approximation of a kernel matrix with few entry evaluations", Comm. Pure Appl.
       Math. 78(5), 2025.

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
    next_pivot = _pivots(rule, rng)
    error = _check_diagonal(source, diagonal)
    floor = n * np.finfo(dtype).eps * error.max()
    F = np.zeros((n, size), dtype, order="F")
    indices, trace = [], [error.sum()]
    for j in range(size):
        pivot = next_pivot(error, floor)
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


def _pivots(rule, rng):
    """Return the function that chooses the next column from the diagonal of the error."""
    if rule not in ("greedy", "random"):
        raise ValueError(f"rule must be 'greedy' or 'random'; got {rule!r}.")
    if rule == "greedy":
        return lambda error, floor: int(np.argmax(error))
    rng = as_rng(rng)

    def draw(error, floor):
        sums = np.cumsum(np.where(error > floor, error, 0.0))  # what is rounding is not drawn
        if sums[-1] == 0.0:
            return int(np.argmax(error))
        pivot = np.searchsorted(sums, rng.random() * sums[-1], side="right")
        return int(min(pivot, np.searchsorted(sums, sums[-1])))  # if the product rounds up

    return draw


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
