"""Completion by the nuclear norm: soft-impute and singular value thresholding.

Both repeat one step: decompose a matrix, lower every singular value by the same amount, drop
those that fall below zero. Soft-impute decomposes the filled matrix, which is sparse plus low
rank. Singular value thresholding (SVT) decomposes a sparse one.
"""

import math

import numpy as np

from course_lib._validation import as_rng, check_array, check_count, check_finite, check_number
from course_lib.low_rank import SVD
from course_lib.matrix_completion._iterates import Iterate
from course_lib.matrix_completion.lanczos import lanczos_svd, length_of
from course_lib.matrix_completion.operators import SparsePlusLowRank, sampled_product
from course_lib.matrix_completion.sparse import as_csr

__all__ = ["soft_impute", "svt"]


def soft_impute(observed, alpha, *, rank, start=None, rng=None):
    r"""Minimize :math:`\tfrac12 \|P_\Omega(R - Z)\|_F^2 + \alpha \|Z\|_*` over ``Z``.

    Each step fills the holes of ``R`` with the current ``Z`` and soft-thresholds the singular
    values of the filled matrix. The decomposition is one step of subspace iteration, started
    from the last one, which is enough because the filled matrix hardly moves.

    Parameters
    ----------
    observed : CSR, SciPy sparse matrix, or array with NaN, shape (m, n)
        ``R``: its stored entries, or those that are not NaN.
    alpha : float
        Weight of the nuclear norm, not negative; the unit is that of a singular value. From
        :math:`\|P_\Omega(R)\|_2` on the solution is zero.
    rank : int
        Most singular values that are kept, ``1 <= rank <= min(m, n)``.
    start : SVD, optional
        Where to begin, such as the solution for a larger ``alpha``. Zero by default.
    rng : Generator, int or None
        Source of randomness: the first directions.

    Yields
    ------
    Iterate
        ``factors`` is an `SVD` whose ``s`` may end in zeros; ``value`` is the objective. The
        first is the start; the generator never ends.

    Raises
    ------
    ValueError
        If ``observed`` has no entry, is not finite, or an argument is out of range.
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    **Cost.** A step makes three sweeps over the observed entries with ``rank`` numbers each, and
    :math:`O((m + n)\,\text{rank}^2)` flops. Memory :math:`O(|\Omega| + (m + n)\,\text{rank})`:
    the filled matrix, which has ``m n`` entries, is never formed.

    **Guarantee.** With exact decompositions this is the proximal gradient method with Lipschitz
    constant 1: after :math:`k` steps the objective exceeds the minimum by at most
    :math:`\|Z_0 - Z^*\|_F^2 / (2k)`. The decomposition is exact if ``rank`` is ``min(m, n)``.
    With a smaller rank it is the method of [2], which has the same solutions if one of them has
    a rank of at most ``rank``.

    References
    ----------
    .. [1] R. Mazumder, T. Hastie, R. Tibshirani, "Spectral regularization algorithms for
       learning large incomplete matrices", JMLR 11, 2010, Algorithm 1 and Theorem 2.
    .. [2] T. Hastie, R. Mazumder, J. Lee, R. Zadeh, "Matrix completion and low-rank SVD via fast
       alternating least squares", JMLR 16, 2015.

    Examples
    --------
    The only matrix of rank one with these three entries has a 4 in the hole. (The nuclear norm
    alone would put a 1 there: try ``rank=2``.)

    >>> steps = soft_impute([[1.0, 2.0], [2.0, np.nan]], 1e-4, rank=1, rng=0)
    >>> U, s, Vt = [next(steps) for _ in range(200)][-1].factors
    >>> ((U * s) @ Vt).round(2)[1, 1]
    np.float64(4.0)
    """
    R = _observed(observed)
    m, n = R.shape
    alpha = check_number(alpha, "alpha", low=0, high=math.inf, open_high=True)
    rank = check_count(rank, "rank", low=1, high=min(m, n), high_name="min(m, n)")
    U, s, V = _start(start, R, rank, as_rng(rng))
    while True:
        left = U * s
        residual = R._replace(data=R.data - sampled_product(R, left, V))
        loss = 0.5 * float(np.dot(residual.data, residual.data))
        yield Iterate(SVD(U, s, V.T), _finite(loss + alpha * float(s.sum())))
        filled = SparsePlusLowRank(residual, left, V)
        Q = np.linalg.qr(check_finite(filled @ V, "observed")).Q
        V, s, Wt = np.linalg.svd(filled.T @ Q, full_matrices=False)
        U = Q @ Wt.T
        s = np.maximum(s - R.data.dtype.type(alpha), 0)


def svt(observed, tau=None, *, step=None, tol=1e-6, rng=None):
    r"""Minimize :math:`\tau \|X\|_* + \tfrac12 \|X\|_F^2` over ``X`` with the observed entries.

    ``Y`` collects what the observed entries still lack; ``X`` is ``Y`` with every singular value
    lowered by ``tau``. A large ``tau`` makes the minimizer that of the nuclear norm alone.

    Parameters
    ----------
    observed : CSR, SciPy sparse matrix, or array with NaN, shape (m, n)
        ``M``: its stored entries, or those that are not NaN.
    tau : float, optional
        :math:`5 \sqrt{mn}` by default, which suits entries of size about one.
    step : float, optional
        :math:`1.2\, mn / |\Omega|` by default, as in [1]. Convergence is proved for steps
        below 2 only.
    tol : float, default 1e-6
        Accuracy of the singular values, relative to the largest.
    rng : Generator, int or None
        Source of randomness of the Lanczos steps.

    Yields
    ------
    Iterate
        ``factors`` is an `SVD` of rank as found; ``value`` is
        :math:`\|P_\Omega(X - M)\|_F / \|P_\Omega(M)\|_F`. The generator never ends.

    Raises
    ------
    ValueError
        If ``observed`` has no entry other than zero, is not finite, or an argument is out of
        range.
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    **Cost.** A step is a truncated decomposition of a sparse matrix with ``nnz`` entries, of the
    rank of ``X``, by `lanczos_svd`. Memory :math:`O(|\Omega| + (m + n)\,\text{rank})`.

    **Guarantee.** For ``0 < step < 2`` the iterates converge to the unique minimizer
    ([1], Theorem 4.2).

    References
    ----------
    .. [1] J.-F. Cai, E. Candes, Z. Shen, "A singular value thresholding algorithm for matrix
       completion", SIAM J. Optim. 20(4), 2010, Algorithm 1.

    Examples
    --------
    >>> steps = svt([[1.0, 2.0], [2.0, np.nan]], tau=20.0, step=1.2, rng=0)
    >>> U, s, Vt = [next(steps) for _ in range(300)][-1].factors
    >>> ((U * s) @ Vt).round(2)[1, 1]
    np.float64(0.83)

    A rank of one would need a 4. The nuclear norm prefers a 1, and the second term of the
    objective pulls that towards zero: two rows of two entries are too few to recover anything.
    """
    M = _observed(observed)
    m, n = M.shape
    tau = 5 * math.sqrt(m * n) if tau is None else _positive(tau, "tau")
    step = 1.2 * m * n / M.nnz if step is None else _positive(step, "step")
    rng = as_rng(rng)
    size = length_of(M.data)
    if size == 0:
        raise ValueError("observed must hold an entry other than zero; all of them are zero.")
    largest = float(lanczos_svd(M, 1, tol=1e-3, rng=rng).s[0])
    Y = M._replace(data=M.data * _first_scale(tau, step, largest))
    check_finite(Y.data, "observed")
    rank = 0
    while True:
        U, s, Vt = _above(Y, tau, rank, tol, rng)
        rank = len(s)
        lacking = M.data - sampled_product(M, U * s, Vt.T)
        yield Iterate(SVD(U, s, Vt), _finite(length_of(lacking) / size))
        Y = Y._replace(data=Y.data + M.data.dtype.type(step) * lacking)


def _first_scale(tau, step, largest):
    """Return the least multiple of ``step`` that lifts the largest singular value to ``tau``."""
    steps = tau / max(step * largest, np.finfo(float).tiny)
    return math.ceil(steps) * step if steps < 2**53 else tau / largest


def _positive(value, name):
    return check_number(value, name, low=0, open_low=True, open_high=True)


def _finite(value):
    if not math.isfinite(value):
        raise ValueError("observed must be so small that squares do not overflow; rescale it.")
    return value


def _above(Y, tau, guess, tol, rng):
    """Return the triplets of ``Y`` above ``tau``, lowered by it; the last rank is the guess."""
    most = min(Y.shape)
    size = min(guess + 1, most)
    while True:
        U, s, Vt = lanczos_svd(Y, size, tol=tol, rng=rng)
        if s[-1] <= tau or size == most:
            kept = s > tau
            return U[:, kept], s[kept] - s.dtype.type(tau), Vt[kept]
        size = min(size + 5, most)


def _start(start, R, rank, rng):
    """Return ``U, s, V`` with ``rank`` columns: the start, filled up with random directions."""
    m, n = R.shape
    dtype = R.data.dtype
    U, V = (rng.standard_normal((size, rank), dtype=dtype) for size in (m, n))
    s = np.zeros(rank, dtype)
    if start is not None:
        start = _checked_start(start, dtype)
        given = min(rank, len(start[1]))
        if start[0].shape[0] != m or start[2].shape[1] != n:
            raise ValueError(
                f"start must factor a matrix of shape ({m}, {n}); "
                f"got factors of ({start[0].shape[0]}, {start[2].shape[1]})."
            )
        U[:, :given], s[:given] = start[0][:, :given], start[1][:given]
        V[:, :given] = start[2][:given].T
    return _basis(U), s, _basis(V)


def _checked_start(start, dtype):
    """Return the three arrays of a start, or say what does not fit."""
    if not isinstance(start, tuple | list) or len(start) != 3:
        raise TypeError("start must be an SVD, three arrays U, s and Vt; got something else.")
    U, s, Vt = (check_finite(check_array(F, "start", dtype=dtype), "start") for F in start)
    if not U.ndim == Vt.ndim == 2 or not U.shape[1:] == s.shape == Vt.shape[:1]:
        raise ValueError(
            "start must have shapes (m, k), (k,) and (k, n); "
            f"got {U.shape}, {s.shape} and {Vt.shape}."
        )
    return U, s, Vt


def _basis(F):
    """Orthonormalize columns; leading ones that are orthonormal stay as they are."""
    Q, R = np.linalg.qr(F)
    return Q * np.where(np.diag(R) < 0, -1, 1).astype(F.dtype)


def _observed(observed):
    R = as_csr(observed, "observed")
    if R.nnz == 0:
        raise ValueError("observed must hold at least one entry; got none.")
    return R
