"""Stochastic gradient descent on ratings, one at a time or one stratum at a time.

Two ratings that share neither row nor column change different numbers, so their steps may be
made at the same time and the result is the same in either order. DSGD (Gemulla et al. 2011) cuts
rows and columns into p ranges each. The p x p blocks fall into p strata of p blocks that share
nothing:

    . . X      . X .      X . .
    . X .      X . .      . . X
    X . .      . . X      . X .
"""

import math
from concurrent.futures import ThreadPoolExecutor
from operator import getitem
from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._team import cuts, homes
from course_lib._validation import as_rng, check_count, check_finite, check_number
from course_lib.matrix_completion._iterates import Iterate
from course_lib.matrix_completion._solve import FAST
from course_lib.matrix_completion.alternating import LARGEST, Factors
from course_lib.matrix_completion.sparse import as_csr, transpose

__all__ = ["sgd"]


class _Block(NamedTuple):
    """Ratings of one range of rows in one range of columns, in the order of their steps."""

    rows: np.ndarray  # (count,) uint32, from the first row of the range
    columns: np.ndarray  # (count,) uint32
    values: np.ndarray  # (count,), less the mean


class _Side(NamedTuple):
    """Biases and factors of one range of rows or columns."""

    bias: np.ndarray  # (size,)
    factors: np.ndarray  # (size, rank)


def sgd(
    observed, rank, *, alpha=0.02, step=0.005, n_blocks=1, workers=1, client=None, meter=None,
    rng=None,
):  # fmt: skip
    r"""Fit biases and factors to ratings, one step along the gradient of each rating in turn.

    The model is that of `als`. The step for a rating with error :math:`e` is
    :math:`b_i \mathrel{+}= \eta (e - \alpha b_i)`, :math:`p_i \mathrel{+}= \eta (e q_j - \alpha
    p_i)`, and the same with rows and columns exchanged.

    Parameters
    ----------
    observed : CSR, SciPy sparse matrix, or array with NaN, shape (m, n)
        The ratings: stored entries, or those that are not NaN.
    rank : int
        Number of factors, not negative; 0 fits biases alone.
    alpha : float, default 0.02
        Weight of the penalty **per rating**, not negative.
    step : float, default 0.005
        Step length :math:`\eta`, positive.
    n_blocks : int, default 1
        Ranges ``p`` into which rows and columns are cut. It fixes the order of the steps, and
        so the result.
    workers : int, default 1
        Threads that share a stratum. The result does not depend on it, to the last bit.
    client : dask.distributed.Client, optional
        A cluster in place of threads, with the same result.
    meter : course_lib.cost.Meter, optional
        Counts messages, bytes sent and rounds, as if each of ``p`` ranges lived on a machine of
        its own.
    rng : Generator, int or None
        Source of randomness: first factors, the order inside the blocks, the order of strata.

    Yields
    ------
    Iterate
        ``factors`` is `Factors` after each pass over the ratings; ``value`` is the root mean
        square of the errors that the pass met. The generator never ends.

    Raises
    ------
    ValueError
        If ``observed`` has no entry, is not finite, or an argument is out of range; if the step
        is so long that the factors overflow.
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    **Cost.** A pass is one sweep over the ratings, with about 6 rank flops each; both factor rows
    of a rating are read and written. With ``p`` machines a stratum ends when each machine hands
    its range of columns to the next: ``p`` messages in one round, :math:`p^2` in ``p`` a pass.

    **Guarantee.** The result is that of one worker that visits the blocks of a stratum one after
    the other: steps of different blocks touch different numbers. For any ``n_blocks`` the
    sequence visits each rating once a pass.

    References
    ----------
    .. [1] R. Gemulla, E. Nijkamp, P. J. Haas, Y. Sismanis, "Large-scale matrix factorization
       with distributed stochastic gradient descent", KDD 2011, Theorem 3 and Algorithm 2.
    .. [2] Y. Koren, R. Bell, C. Volinsky, "Matrix factorization techniques for recommender
       systems", Computer 42(8), 2009.

    Examples
    --------
    >>> steps = sgd([[1.0, 2.0], [3.0, 4.0]], 0, alpha=0, step=0.1, rng=0)
    >>> [next(steps) for _ in range(100)][-1].factors.row_bias.round(2)
    array([-1.,  1.])
    """
    R = as_csr(observed, "observed")
    if R.nnz == 0:
        raise ValueError("observed must hold at least one entry; got none.")
    rank = check_count(rank, "rank", low=0, high=LARGEST)
    alpha = check_number(alpha, "alpha", low=0, high=math.inf, open_high=True)
    step = check_number(step, "step", low=0, high=math.inf, open_low=True, open_high=True)
    n_blocks = check_count(n_blocks, "n_blocks", low=1, high=min(R.shape), high_name="min(m, n)")
    workers = check_count(workers, "workers", low=1)
    rng = as_rng(rng)
    mean = float(check_finite(R.data.mean(dtype=np.float64), "observed"))
    dtype = R.data.dtype.type
    row_cuts, column_cuts = cuts(R.indptr, n_blocks), cuts(transpose(R).indptr, n_blocks)
    blocks = _blocks(R, dtype(mean), row_cuts, column_cuts, rng)
    rows, columns = (_first(edges, rank, dtype, rng) for edges in (row_cuts, column_cuts))
    with np.errstate(over="ignore"):
        shape = (dtype(step), dtype(alpha))
    column_bytes = sum(part.nbytes for side in columns for part in side)
    run = _Cluster(client, blocks) if client is not None else _Threads(workers, blocks)
    while True:
        squares = 0.0
        for shift in rng.permutation(n_blocks):
            rows, columns, part = run.stratum(int(shift), rows, columns, shape)
            squares += part
            if meter is not None and n_blocks > 1:
                meter.messages += n_blocks
                meter.sent_bytes += column_bytes
                meter.rounds += 1
        factors = _joined(mean, *run.gather(rows, columns))
        if not math.isfinite(squares):
            raise ValueError(f"step = {step:g} is too long: the factors overflow; shorten it.")
        yield Iterate(factors, math.sqrt(squares / R.nnz))


def _blocks(R, mean, row_cuts, column_cuts, rng):
    """Return ``blocks[a][b]``, the ratings of rows of range a in columns of range b, shuffled."""
    order = rng.permutation(R.nnz)
    rows, columns, values = R.rows()[order], R.indices[order], R.data[order] - mean
    p = len(row_cuts) - 1
    a = np.searchsorted(row_cuts, rows, side="right") - 1
    b = np.searchsorted(column_cuts, columns, side="right") - 1
    by_block = np.argsort(a * p + b, kind="stable")
    edges = np.searchsorted((a * p + b)[by_block], np.arange(p * p + 1))
    rows = (rows - row_cuts[a]).astype(np.uint32)[by_block]
    columns = (columns - column_cuts[b]).astype(np.uint32)[by_block]
    values = values[by_block]
    cut = [slice(edges[c], edges[c + 1]) for c in range(p * p)]
    return [
        [_Block(rows[s], columns[s], values[s]) for s in cut[c * p : c * p + p]] for c in range(p)
    ]


def _first(edges, rank, dtype, rng):
    sizes = np.diff(edges)
    return [
        _Side(np.zeros(size, dtype), 0.1 * rng.standard_normal((size, rank)).astype(dtype))
        for size in sizes
    ]


def _joined(mean, rows, columns):
    bias, factors = zip(*rows, strict=True)
    other_bias, other_factors = zip(*columns, strict=True)
    return Factors(mean, *(np.concatenate(F) for F in (bias, other_bias, factors, other_factors)))


class _Threads:
    """The blocks of a stratum on threads of this process; factors are changed in place."""

    def __init__(self, workers, blocks):
        self._workers, self._blocks = workers, blocks

    def stratum(self, shift, rows, columns, steps):
        p = len(rows)
        work = [
            (self._blocks[a][(a + shift) % p], rows[a], columns[(a + shift) % p], steps)
            for a in range(p)
        ]
        if self._workers == 1:
            squares = [_visit(*mine) for mine in work]
        else:
            with ThreadPoolExecutor(self._workers) as threads:
                squares = list(threads.map(lambda mine: _visit(*mine), work))
        return rows, columns, math.fsum(squares)

    def gather(self, rows, columns):
        return rows, columns


class _Cluster:
    """The blocks of a stratum on machines; ranges of columns travel from one to the next."""

    def __init__(self, client, blocks):
        self._client, self._homes = client, homes(client, len(blocks))
        self._blocks = [
            client.scatter(row, workers=[home], hash=False)
            for row, home in zip(blocks, self._homes, strict=True)
        ]

    def stratum(self, shift, rows, columns, steps):
        p = len(rows)
        rows, columns, squares = list(rows), list(columns), []
        for a in range(p):
            b = (a + shift) % p
            here = {"workers": [self._homes[a]], "pure": False}
            done = self._client.submit(
                _visit_copy, self._blocks[a][b], rows[a], columns[b], steps, **here
            )
            rows[a], columns[b], part = (
                self._client.submit(getitem, done, which, **here) for which in range(3)
            )
            squares.append(part)
        return rows, columns, math.fsum(self._client.gather(squares))

    def gather(self, rows, columns):
        return self._client.gather(rows), self._client.gather(columns)


def _visit_copy(block, row, column, steps):
    """Visit a block on another machine, where what arrived may be read-only."""
    row, column = (_Side(*(F.copy() for F in side)) for side in (row, column))
    return row, column, _visit(block, row, column, steps)


def _visit(block, row, column, steps):
    return float(_steps(*block, *row, *column, *steps))


@njit(cache=True, nogil=True, fastmath=FAST)
def _steps(rows, columns, values, row_bias, P, column_bias, Q, step, alpha):
    """One step for each rating in order; return the sum of squared errors before the steps."""
    squares = 0.0
    for t in range(len(values)):
        i, j = rows[t], columns[t]
        p, q = P[i], Q[j]
        error = values[t] - row_bias[i] - column_bias[j]
        for f in range(len(p)):
            error -= p[f] * q[f]
        squares += error * error
        row_bias[i] += step * (error - alpha * row_bias[i])
        column_bias[j] += step * (error - alpha * column_bias[j])
        for f in range(len(p)):
            before = p[f]
            p[f] += step * (error * q[f] - alpha * before)
            q[f] += step * (error * before - alpha * q[f])
    return squares
