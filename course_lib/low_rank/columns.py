"""Low rank from actual columns and rows: leverage scores, CUR and the interpolative decomposition.

Columns can be read: they are words, pixels or patients, and sparse if ``A`` is sparse.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import qr

from course_lib._validation import as_rng, check_count, check_matrix, check_number
from course_lib.low_rank._blocks import orthonormalize, product, pseudo_inverse
from course_lib.low_rank._entries import take_columns
from course_lib.low_rank.svd import randomized_svd, range_finder

__all__ = ["CUR", "Interpolative", "cur", "interpolative", "leverage_scores"]


class CUR(NamedTuple):
    """A factorization ``C @ U @ R`` with columns ``C`` and rows ``R`` of the matrix itself."""

    C: np.ndarray  # (m, c), A[:, columns]
    U: np.ndarray  # (c, r)
    R: np.ndarray  # (r, n), A[rows]
    columns: np.ndarray  # (c,), increasing
    rows: np.ndarray  # (r,), increasing


class Interpolative(NamedTuple):
    """A factorization ``A[:, indices] @ T`` where ``T[:, indices]`` is the identity."""

    indices: np.ndarray  # (k,), in the order of choice
    T: np.ndarray  # (k, n)


def leverage_scores(A, rank, *, oversample=10, n_iter=2, rng=None):
    r"""Return how much each column of ``A`` matters to its best rank-k approximation.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        Pass ``A.T`` for the scores of the rows.
    rank : int
        The rank :math:`k`, ``1 <= rank <= min(m, n)``.
    oversample, n_iter, rng
        As for `randomized_svd`, which finds the right singular vectors.

    Returns
    -------
    array, shape (n,)
        Scores :math:`\ell_j = \sum_{i \le k} V_{ji}^2` between 0 and 1, with sum ``rank``.

    Raises
    ------
    ValueError, TypeError
        As `randomized_svd`.

    Notes
    -----
    **Cost.** One `randomized_svd`: :math:`2(q + 1)` passes.

    **Guarantee.** Exact for the subspace that was found; the scores of ``A`` itself need a gap
    between :math:`\sigma_k` and :math:`\sigma_{k+1}` and enough iterations to find it.

    References
    ----------
    .. [1] M. Mahoney, P. Drineas, "CUR matrix decompositions for improved data analysis",
       PNAS 106(3), 2009, eq. 3 (there divided by k).

    Examples
    --------
    >>> import numpy as np
    >>> leverage_scores(np.diag([3.0, 2.0, 1.0]), 2, rng=0).round(6)
    array([1., 1., 0.])
    """
    Vt = randomized_svd(A, rank, oversample=oversample, n_iter=n_iter, rng=rng).Vt
    return np.sum(Vt**2, axis=0)


def cur(A, rank, *, columns, rows, oversample=10, n_iter=2, rng=None):
    r"""Return a factorization of ``A`` by some of its own columns and rows.

    Column :math:`j` is kept with probability :math:`\min(1, c \ell_j / k)`, :math:`\ell_j` its
    leverage score; rows likewise; the middle factor is the best one for them.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        Real matrix. If only its products are known, the columns and the rows cost one each.
    rank : int
        The rank :math:`k` that is aimed at, ``1 <= rank <= min(m, n)``.
    columns, rows : float
        Numbers of columns :math:`c` and rows to keep on average, at least ``rank``.
    oversample, n_iter
        As for `randomized_svd`, which finds the scores.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    CUR
        ``C`` (m, c'), ``U`` (c', r'), ``R`` (r', n) and the indices, increasing. ``C`` and
        ``R`` are dense arrays; at least one column and one row are kept.

    Raises
    ------
    ValueError
        If ``A`` is not a finite matrix, is empty, or a number is out of range.
    TypeError
        If ``A`` is not real, or a number is none.

    Notes
    -----
    **Cost.** One `randomized_svd` and one product with ``A``: :math:`2q + 3` passes.

    **Guarantee.** With exact scores and :math:`c = O(k \log k / \epsilon^2)`,
    :math:`\|A - CC^+A\|_F \le (1 + \epsilon/2) \|A - A_k\|_F` with probability 99%, likewise
    for the rows, and :math:`\|A - CUR\|_F` is at most the sum of the two errors ([1]). The
    constant in c is not known to be small; measure.

    References
    ----------
    .. [1] M. Mahoney, P. Drineas, "CUR matrix decompositions for improved data analysis",
       PNAS 106(3), 2009.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.outer([1.0, 2.0, 3.0], [4.0, 5.0])              # rank one
    >>> C, U, R, *_ = cur(A, 1, columns=2, rows=2, rng=0)
    >>> bool(np.allclose(C @ U @ R, A))
    True
    """
    A = check_matrix(A)
    rank = check_count(rank, "rank", low=1, high=min(A.shape), high_name="min(m, n)")
    rng = as_rng(rng)
    columns = check_number(columns, "columns", low=rank)
    rows = check_number(rows, "rows", low=rank)
    factors = randomized_svd(A, rank, oversample=oversample, n_iter=n_iter, rng=rng)
    column_indices = _keep(np.sum(factors.Vt**2, axis=0), columns / rank, rng)
    row_indices = _keep(np.sum(factors.U**2, axis=1), rows / rank, rng)
    C = take_columns(A, column_indices)
    R = take_columns(A.T, row_indices).T
    U = pseudo_inverse(C) @ product(A, pseudo_inverse(R))
    return CUR(C, U, R, column_indices, row_indices)


def _keep(scores, factor, rng):
    """Draw each index with probability ``min(1, factor * score)``; never none at all."""
    kept = np.flatnonzero(rng.random(len(scores)) < factor * scores)
    return kept if kept.size else np.array([np.argmax(scores)])


def interpolative(A, rank, *, oversample=10, n_iter=1, rng=None):
    r"""Return ``rank`` columns of ``A`` and the coefficients that combine them to all others.

    The columns are chosen by pivoted QR, not of ``A`` but of ``Q.T @ A`` with the small basis
    of `range_finder`; the coefficients are then the least-squares ones for ``A`` itself.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        Real matrix. If only its products are known, the columns cost one.
    rank : int
        Number of columns :math:`k`, ``1 <= rank <= min(m, n)``.
    oversample : int, default 10
        Extra vectors in the basis; ``rank + oversample`` is cut to ``min(m, n)``.
    n_iter : int, default 1
        Power iterations of the basis; 0 costs about 1% more error on slow decay.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    Interpolative
        ``indices`` (rank,) and ``T`` (rank, n), with ``A`` approximated by
        ``A[:, indices] @ T`` and ``T[:, indices]`` exactly the identity.

    Raises
    ------
    ValueError
        If ``A`` is not a finite matrix, is empty, or a count is out of range.
    TypeError
        If ``A`` is not real, or a count is not an integer.

    Notes
    -----
    **Cost.** :math:`2q + 3` passes over ``A`` with :math:`l = k + p` columns or fewer, and
    :math:`O(n l^2)` for the pivoted QR. SciPy's ``interp_decomp`` takes its coefficients from
    the pivoted QR; the pass spent on least squares makes them the best ones in the
    Frobenius norm.

    **Guarantee.** With a strong rank-revealing QR, and :math:`c = \sqrt{1 + 4k(n-k)}`, the
    spectral error is at most :math:`(1 + c)\,\|A - QQ^TA\|_2 + c\,\sigma_{k+1}`, as in [1].
    Plain pivoting can miss that on matrices built for it; seen errors are close to the best.

    References
    ----------
    .. [1] N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding structure with randomness",
       SIAM Review 53(2), 2011, Section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> indices, T = interpolative(np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]), 2, rng=0)
    >>> indices, T.round(6)
    (array([2, 1]), array([[0. , 0. , 1. ],
           [0.5, 1. , 0. ]]))
    """
    A = check_matrix(A)
    m, n = A.shape
    rank = check_count(rank, "rank", low=1, high=min(m, n), high_name="min(m, n)")
    oversample = check_count(oversample, "oversample", low=0)
    Q = range_finder(A, min(rank + oversample, m, n), n_iter=n_iter, rng=rng)
    _, pivots = qr(product(A.T, Q).T, mode="r", pivoting=True, check_finite=False)
    indices = pivots[:rank].astype(np.intp)
    C = take_columns(A, indices)
    basis = orthonormalize(C)
    T = pseudo_inverse(basis.T @ C) @ product(A.T, basis).T
    T[:, indices] = np.eye(rank, dtype=T.dtype)
    return Interpolative(indices, T)
