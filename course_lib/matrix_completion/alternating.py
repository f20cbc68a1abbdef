"""Alternating least squares: fix one side, and the other is many small regressions.

The product of two unknowns is not convex. With one of them fixed it is a ridge regression, which
has an exact answer, for each row by itself. So each half-step lowers the objective, nothing has
to be tuned, and rows may be shared among any number of machines.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from course_lib._team import Team, cuts
from course_lib._validation import as_rng, check_count, check_finite, check_number
from course_lib.matrix_completion._iterates import Iterate
from course_lib.matrix_completion._solve import cg_rows, ridge_rows, weighted_rows
from course_lib.matrix_completion.operators import sampled_product
from course_lib.matrix_completion.sparse import CSR, as_csr, rows_of, transpose

LARGEST = 1 << 16  # factors; a row's problem takes their square
UNSOLVED = (
    "alpha must be so large, and entries so alike in size, that rows can be solved without "
    "overflow; raise alpha or rescale the entries."
)

__all__ = ["Factors", "als", "implicit_als"]


class Factors(NamedTuple):
    """A rating is ``mean + row_bias[i] + column_bias[j] + P[i] @ Q[j]``."""

    mean: float
    row_bias: np.ndarray  # (m,)
    column_bias: np.ndarray  # (n,)
    P: np.ndarray  # (m, rank)
    Q: np.ndarray  # (n, rank)

    def at(self, rows, columns):
        """Return the modelled ratings at ``rows[t], columns[t]``."""
        return (
            self.mean
            + self.row_bias[rows]
            + self.column_bias[columns]
            + np.einsum("tf,tf->t", self.P[rows], self.Q[columns])
        )


def als(
    observed, rank, *, alpha=10.0, bias_alpha=3.0, n_blocks=1, client=None, meter=None, rng=None
):
    r"""Fit means, biases and factors to ratings by alternating ridge regressions.

    Minimizes, with :math:`e_{ij} = r_{ij} - \mu - b_i - c_j - p_i^T q_j` over the observed
    entries, :math:`\tfrac12 \sum e_{ij}^2 + \tfrac{\alpha}{2} (\|P\|_F^2 + \|Q\|_F^2)
    + \tfrac{\beta}{2} (\|b\|^2 + \|c\|^2)`. The mean :math:`\mu` is that of the ratings.

    Parameters
    ----------
    observed : CSR, SciPy sparse matrix, or array with NaN, shape (m, n)
        The ratings: stored entries, or those that are not NaN.
    rank : int
        Number of factors, not negative; 0 fits biases alone.
    alpha, bias_alpha : float
        Weights :math:`\alpha` and :math:`\beta` of the penalties, positive.
    n_blocks : int, default 1
        Into how many blocks rows and columns are cut, one for each worker. The result does not
        depend on it.
    client : dask.distributed.Client, optional
        A cluster whose machines hold the blocks; threads of this process if None.
    meter : course_lib.cost.Meter, optional
        Counts messages, bytes sent and rounds, as if each block lived on a machine of its own.
    rng : Generator, int or None
        Source of randomness: the first ``Q``.

    Yields
    ------
    Iterate
        ``factors`` is `Factors`, ``value`` the objective, after each step: first all rows, then
        all columns. The generator never ends.

    Raises
    ------
    ValueError
        If ``observed`` has no entry, is not finite, or an argument is out of range; if rows cannot
        be solved, or overflow.
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    **Cost.** A step makes two sweeps over the ratings, :math:`(k + 1)^2` flops for each rating and
    :math:`(k + 1)^3 / 3` for each row and each column. With p blocks 4p messages in 4 rounds: the
    factors of one side go to every machine, the solved part of the other comes back.

    **Guarantee.** The objective never rises. It has no local minima that are not global if
    ``rank`` is large enough: with penalties on both factors the best product is that of the
    nuclear norm with weight ``alpha``, see `soft_impute` and [1].

    References
    ----------
    .. [1] R. Mazumder, T. Hastie, R. Tibshirani, "Spectral regularization algorithms for
       learning large incomplete matrices", JMLR 11, 2010, Lemma 6.
    .. [2] Y. Koren, R. Bell, C. Volinsky, "Matrix factorization techniques for recommender
       systems", Computer 42(8), 2009.

    Examples
    --------
    Biases alone, hardly penalized, fit a table of sums:

    >>> steps = als([[1.0, 2.0], [3.0, 4.0]], 0, bias_alpha=1e-3)
    >>> [next(steps) for _ in range(20)][-1].factors.row_bias.round(2)
    array([-1.,  1.])
    """
    R = _observed(observed)
    rank = check_count(rank, "rank", low=0, high=LARGEST)
    penalty = np.full(rank + 1, _weight(alpha, "alpha", R.data.dtype))
    penalty[rank] = _weight(bias_alpha, "bias_alpha", R.data.dtype)
    mean = float(check_finite(R.data.mean(dtype=np.float64), "observed"))
    R = R._replace(data=R.data - R.data.dtype.type(mean))
    by_row, by_column = (_team(A, n_blocks, client, meter) for A in (R, transpose(R)))
    # Each row is its factors and then its bias.
    right = np.zeros((R.shape[1], rank + 1), R.data.dtype)
    right[:, :rank] = 0.1 * as_rng(rng).standard_normal((R.shape[1], rank))
    left = np.empty((R.shape[0], rank + 1), R.data.dtype)
    while True:
        left = by_row.map(_ridge_block, left, right, penalty)
        right = by_column.map(_ridge_block, right, left, penalty)
        yield Iterate(
            Factors(mean, left[:, rank], right[:, rank], left[:, :rank], right[:, :rank]),
            _objective(R, left, right, penalty),
        )


def _team(A, n_blocks, client, meter):
    """The rows of a matrix, cut into blocks of about equally many entries."""
    n_blocks = check_count(n_blocks, "n_blocks", low=1, high=min(A.shape), high_name="min(m, n)")
    edges = cuts(A.indptr, n_blocks)
    blocks = [rows_of(A, start, stop) for start, stop in itertools.pairwise(edges)]
    return Team(blocks, edges, client, meter)


def _ridge_block(block, own, other, penalty):
    """Solve the rows of a block, given the factors and biases of the other side."""
    return _solved(_ridge, block, own, other, penalty)


def _ridge(block, own, other, penalty):
    F = other.copy()
    F[:, -1] = 1  # the last coefficient of a row is its bias
    solved = np.empty_like(own)
    ridge_rows(*block.places(), block.data, F, other[:, -1].copy(), penalty, solved)
    return solved


def _solved(solve, block, own, other, weight, *steps):
    """Solve the rows of a block, and those again in float64 that their precision cannot solve."""
    with np.errstate(over="ignore", invalid="ignore"):
        solved = solve(block, own, other, weight, *steps)
        if math.isfinite(solved.sum()):
            return solved
        wrong = np.flatnonzero(~np.isfinite(solved).all(axis=1))
        wide = (np.asarray(part, np.float64)[()] for part in (own[wrong], other, weight))
        solved[wrong] = solve(_picked(block, wrong), *wide, *steps)
    if not np.isfinite(solved).all():
        raise ValueError(UNSOLVED)
    return solved


def _picked(block, rows):
    """Return some rows of a block, in float64."""
    ends = zip(block.indptr[rows], block.indptr[rows + 1], strict=True)
    places = np.concatenate([np.arange(*pair) for pair in ends])
    indptr = np.r_[0, np.cumsum(np.diff(block.indptr)[rows])]
    data = block.data[places].astype(np.float64)
    return CSR(indptr, block.indices[places], data, (len(rows), block.shape[1]))


def _objective(R, left, right, penalty):
    other = right.copy()
    other[:, -1] = 1
    error = R.data - sampled_product(R, left, other) - right[R.indices, -1]
    with np.errstate(over="ignore"):
        penalized = sum(float(np.einsum("if,if,f->", F, F, penalty)) for F in (left, right))
        return _finite(0.5 * (float(error @ error) + penalized))


def _finite(value):
    if not math.isfinite(value):
        raise ValueError(UNSOLVED)
    return value


def implicit_als(
    confidence, rank, *, alpha=0.01, solver="cg", cg_steps=3, n_blocks=1, client=None, meter=None,
    rng=None,
):  # fmt: skip
    r"""Factor what people did, where doing nothing is weak evidence against.

    Minimizes :math:`\sum_{i,j} w_{ij} (t_{ij} - p_i^T q_j)^2 + \alpha(\|P\|_F^2 + \|Q\|_F^2)` over
    **all** entries: the target :math:`t_{ij}` is 1 where something was observed and 0 elsewhere,
    the weight :math:`w_{ij}` is the confidence where observed and 1 elsewhere.

    Parameters
    ----------
    confidence : CSR, SciPy sparse matrix, or array with NaN, shape (m, n)
        Stored entries are the weights, positive: such as :math:`1 + 40` times the number of
        visits.
    rank : int
        Number of factors, positive.
    alpha : float
        Weight of the penalty, positive.
    solver : {"cg", "cholesky"}
        A few steps of conjugate gradients from the last solution, or an exact solution.
    cg_steps : int, default 3
        Steps for each row.
    n_blocks, client, meter
        As for `als`.
    rng : Generator, int or None
        Source of randomness: the first factors.

    Yields
    ------
    Iterate
        ``factors`` is the pair ``P, Q``; ``value`` the objective. The generator never ends.

    Raises
    ------
    ValueError
        If ``confidence`` has no entry, an entry is not positive, or an argument is out of range;
        if rows cannot be solved, or overflow.
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    **Cost.** All ``m n`` entries take part, at the price of those that are stored: the Gram matrix
    :math:`Q^TQ` stands for the rest. For each stored entry and sweep :math:`k^2` flops by Cholesky
    and ``4 k (cg_steps + 1)`` by conjugate gradients; :math:`(m + n) k^2` more.

    **Guarantee.** The objective never rises, with either solver.

    References
    ----------
    .. [1] Y. Hu, Y. Koren, C. Volinsky, "Collaborative filtering for implicit feedback datasets",
       ICDM 2008.

    Examples
    --------
    Two groups of people, and no hint that anybody would cross over:

    >>> seen = np.full((6, 6), np.nan)
    >>> seen[:3, :3] = seen[3:, 3:] = 9
    >>> steps = implicit_als(seen, 2, rng=0)
    >>> P, Q = [next(steps) for _ in range(20)][-1].factors
    >>> abs(P @ Q.T).round(2)[0]
    array([1., 1., 1., 0., 0., 0.])
    """
    R = _observed(confidence, "confidence")
    if R.data.min() <= 0:
        raise ValueError(f"confidence must be positive; got {R.data.min()}: leave the entry out.")
    rank = check_count(rank, "rank", low=1, high=LARGEST)
    alpha = _weight(alpha, "alpha", R.data.dtype)
    cg_steps = min(check_count(cg_steps, "cg_steps", low=1), 10 * rank + 10)  # then they are solved
    if solver not in ("cg", "cholesky"):
        raise ValueError(f"solver must be 'cg' or 'cholesky'; got {solver!r}.")
    by_row, by_column = (_team(A, n_blocks, client, meter) for A in (R, transpose(R)))
    rng = as_rng(rng)
    P, Q = (0.01 * rng.random((size, rank), dtype=R.data.dtype) for size in R.shape)
    steps = cg_steps if solver == "cg" else 0
    while True:
        P = by_row.map(_weighted_block, P, Q, alpha, steps)
        Q = by_column.map(_weighted_block, Q, P, alpha, steps)
        yield Iterate((P, Q), _implicit_objective(R, P, Q, alpha))


def _weighted_block(block, own, other, alpha, cg_steps):
    """Solve the rows of a block, exactly if ``cg_steps`` is 0, else from their last solution."""
    return _solved(_weighted, block, own, other, alpha, cg_steps)


def _weighted(block, own, other, alpha, cg_steps):
    gram = other.T @ other
    gram.flat[:: len(gram) + 1] += alpha
    solved = own.copy()
    if cg_steps:
        cg_rows(*block.places(), block.data, other, gram, cg_steps, solved)
    else:
        weighted_rows(*block.places(), block.data, other, gram, solved)
    return solved


def _implicit_objective(R, P, Q, alpha):
    """All entries as if nothing had been seen, corrected where something was."""
    p = sampled_product(R, P, Q).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        seen = float(np.sum(R.data * (1 - p) ** 2 - p**2))
        penalized = sum(float(np.einsum("if,if->", F, F)) for F in (P, Q))
        return _finite(float(np.sum((P.T @ P) * (Q.T @ Q))) + seen + float(alpha) * penalized)


def _weight(value, name, dtype):
    """Return the weight of a penalty in this dtype, in which it must be positive too."""
    value = check_number(value, name, low=0, open_low=True, open_high=True)
    with np.errstate(over="ignore", under="ignore"):
        weight = np.dtype(dtype).type(value)
    if not 0 < weight < math.inf:
        raise ValueError(f"{name} must be positive and finite in {dtype}; got {value:g}.")
    return weight


def _observed(observed, name="observed"):
    R = as_csr(observed, name)
    if R.nnz == 0:
        raise ValueError(f"{name} must hold at least one entry; got none.")
    return R
