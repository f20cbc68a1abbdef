r"""Hogwild: threads step along gradients of rows on one shared model, without locks."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numba import njit

from course_lib._losses import LogisticLoss
from course_lib._validation import (
    as_rng,
    check_count,
    check_finite,
    check_indices,
    check_matrix,
    check_number,
)
from course_lib.sparse_coding import Iterate

__all__ = ["Sharing", "hogwild", "sharing"]


class Sharing(NamedTuple):
    r"""How often rows meet, as the theorem on Hogwild counts it."""

    longest_row: int  # Omega: the most entries of a row
    most_used: float  # Delta: the share of rows that have the commonest column
    overlap_mean: float  # the share of rows that have a column in common with a row, on average
    overlap_max: float  # rho: the same at the most, over the rows that were looked at


def hogwild(loss, *, step=0.1, n_threads=2, rng=None):
    r"""Yield the iterates, one a pass, of stochastic gradient steps of threads on one model.

    Each thread takes its share of the rows in random order. It reads the model and adds to it
    while others do, and nobody waits. A step for row i with slope s is
    :math:`x_j \mathrel{-}= \eta_t (s a_{ij} + \lambda x_j / d_j)` for the columns of that row,
    :math:`d_j` being the share of rows that have column j: the ridge in its sparse form [1].
    :math:`\eta_t = \eta / (1 + \eta\lambda t)` with t the rows so far.

    Parameters
    ----------
    loss : LogisticLoss
        Of a dense or sparse matrix.
    step : float, default 0.1
        :math:`\eta`, positive.
    n_threads : int, default 2
        From 1 to the number of rows.
    rng : Generator, int or None

    Yields
    ------
    Iterate
        The first is zero, then one after each pass; it goes on for ever.

    Raises
    ------
    ValueError, TypeError
        If the loss is no `LogisticLoss` or a number is out of range. As with every generator, at
        the first ``next``.

    Notes
    -----
    **Cost.** A pass costs two touches of each stored entry; the value, once a pass, another.

    **Guarantee.** With one thread the same seed gives the same bits. With more, no: that depends
    on who is first. The rates of [1] need small `sharing`; on data in which every row has a common
    column they say nothing.

    References
    ----------
    .. [1] F. Niu, B. Recht, C. Re, S. Wright, "Hogwild: a lock-free approach to parallelizing
       stochastic gradient descent", NIPS 2011.

    Examples
    --------
    >>> from course_lib.batch_optimization import LogisticLoss
    >>> steps = hogwild(LogisticLoss([[1.0], [1.0]], [1, 1]), step=1.0, n_threads=1, rng=0)
    >>> next(steps).x, next(steps).x.round(4)               # 1/2, then 1/(1 + e^0.5) more
    (array([0.]), array([0.8775]))
    """
    if not isinstance(loss, LogisticLoss):
        raise TypeError(f"loss must be a LogisticLoss; got {type(loss).__name__}.")
    A = sp.csr_array(check_matrix(loss.data, operator=False))
    m, n = A.shape
    step = check_number(step, "step", low=0, high=1e9, open_low=True)
    n_threads = check_count(n_threads, "n_threads", low=1, high=m, high_name="rows")
    rng = as_rng(rng)
    indices = check_indices(A.indices, "A.indices", n)
    indptr = check_indices(A.indptr, "A.indptr", A.nnz + 1)
    shrink = loss.ridge * m / np.maximum(np.bincount(indices, minlength=n), 1)
    x = np.zeros(n, loss.b.dtype)
    data, shrink = A.data.astype(x.dtype), shrink.astype(x.dtype)
    passes = 0

    def share(order):
        start = passes * m
        _race(indptr, indices, data, loss.b, order, x, shrink, step, loss.ridge, start, n_threads)

    with ThreadPoolExecutor(n_threads) as threads:
        while True:
            yield Iterate(x.copy(), loss.evaluate(x)[0])
            list(threads.map(share, np.array_split(rng.permutation(m), n_threads)))
            passes += 1


def sharing(A, *, size=400, rng=None):
    """Count how often rows have columns in common.

    Parameters
    ----------
    A : array or sparse matrix, shape (m, n)
    size : int, default 400
        Rows whose overlap with all others is counted, drawn at random; all if there are fewer.
    rng : Generator, int or None

    Returns
    -------
    Sharing

    Raises
    ------
    ValueError, TypeError
        If ``A`` is no real matrix or ``size`` is no positive integer.

    Notes
    -----
    **Cost.** For each row looked at, the entries of all rows that share a column with it.

    Examples
    --------
    >>> sharing([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
    Sharing(longest_row=2, most_used=0.5, overlap_mean=0.5, overlap_max=0.5)
    """
    A = sp.csr_array(check_matrix(A, operator=False), copy=True)
    size = check_count(size, "size", low=1)
    check_finite(A.data)
    A.eliminate_zeros()
    B = sp.csr_array((np.ones(A.nnz, np.int32), A.indices, A.indptr), shape=A.shape)
    m = B.shape[0]
    rows = np.arange(m) if size >= m else as_rng(rng).choice(m, size, replace=False)
    meet = np.diff(sp.csr_array(B[rows] @ B.T).indptr) / m
    used = B.sum(0).max() / m
    longest = int(np.diff(B.indptr).max())
    return Sharing(longest, float(used), float(meet.mean()), float(meet.max()))


@njit(cache=True, nogil=True)
def _race(indptr, indices, data, b, order, x, shrink, step, ridge, start, n_threads):
    """Step along the rows of ``order``, while others may step on the same ``x``."""
    for turn, i in enumerate(order):
        z = x[0] * 0
        for k in range(indptr[i], indptr[i + 1]):
            z += data[k] * x[indices[k]]
        eta = step / (1 + step * ridge * (start + turn * n_threads))
        pull = eta * b[i] / (1 + np.exp(b[i] * z))
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            x[j] += pull * data[k] - min(eta * shrink[j], 1.0) * x[j]
