r"""Sequential minimal optimization: a support vector machine two variables at a time."""

from typing import NamedTuple

import numpy as np

from course_lib._validation import (
    check_count,
    check_finite,
    check_number,
    check_vector,
)
from course_lib.kernel_training._cache import ColumnCache, whole
from course_lib.kernel_training._pairs import PairSolver
from course_lib.low_rank._entries import KernelColumns

__all__ = ["SMOIterate", "check_labels", "smo"]

MOST = 1_000_000_000  # steps between two iterates


class SMOIterate(NamedTuple):
    """Where the method is, how good that is for certain, and what it has cost."""

    alpha: np.ndarray  # (n,), between 0 and C
    dual: float  # no solution has a smaller primal value
    primal: float  # of the machine that alpha and the offset make
    gap: float  # primal - dual
    offset: float
    violation: float  # of the worst pair
    n_steps: int
    n_touched: int  # columns of K that were used at least once
    n_fetched: int  # columns that were used, counting each use: two a step
    n_evaluations: int  # of the kernel; 0 if K is a matrix


def smo(K, y, *, C=1.0, X=None, diagonal=None, tol=1e-3, cache_bytes=1 << 28, n_steps=1000):
    r"""Yield the iterates of sequential minimal optimization, each with its duality gap.

    Parameters
    ----------
    K : array, sparse matrix (n, n), or callable
        The kernel matrix, symmetric and positive semidefinite, or ``kernel(X, Y)`` that returns
        the (len(X), len(Y)) matrix of all pairs; then columns are evaluated when a step needs
        them.
    y : array, shape (n,)
        Labels, -1 or +1, both of them.
    C : float, default 1
        The price of a row that is on the wrong side of its margin, by one.
    X : array or sparse matrix, shape (n, d), optional
        The rows that a callable ``K`` compares.
    diagonal : array, shape (n,), optional
        The diagonal of ``K``, if known: ones for a Gaussian kernel. Otherwise it is evaluated.
    tol : float, default 1e-3
        The last iterate is the first one whose worst pair is off by no more.
    cache_bytes : int, default 256 MiB
        Memory for columns of a callable ``K``; two columns at least. The one that was used
        longest ago makes room.
    n_steps : int, default 1000
        Steps between two iterates that are yielded.

    Yields
    ------
    SMOIterate
        The first one is zero, the last one is within ``tol``.
    """
    source, cache, diagonal, n_own = _source(K, X, diagonal, cache_bytes)
    y = check_labels(y, source.n)
    C = check_number(C, "C", low=0, open_low=True, open_high=True)
    tol = check_number(tol, "tol", low=0, open_high=True)
    n_steps = check_count(n_steps, "n_steps", low=1, high=MOST)
    solver = PairSolver(cache, diagonal, y, C)
    going = True
    yield _iterate(solver, n_own)
    while going:
        going = solver.advance(n_steps, tol)
        yield _iterate(solver, n_own)


def _source(K, X, diagonal, cache_bytes):
    """Return the columns of K, where they are kept, the diagonal, and what that has cost."""
    cache_bytes = check_count(cache_bytes, "cache_bytes", low=0)
    source = KernelColumns(K, X)
    n, asked = source.n, diagonal is None
    given = hasattr(K, "shape") or not callable(K)
    diagonal = source.diagonal() if asked else diagonal
    diagonal = check_finite(check_vector(diagonal, "diagonal", n, dtype=np.float64), "diagonal")
    if given and isinstance(source._K, np.ndarray):
        cache = whole(check_finite(np.asarray(source._K), "K"))
    else:
        cache = ColumnCache(source, n, cache_bytes, source.dtype)
    return source, cache, diagonal, None if given else n * asked


def check_labels(y, n):
    """Return labels -1 and +1, of which both must occur."""
    y = check_vector(y, "y", n, dtype=np.float64)
    if not np.all(np.abs(y) == 1):
        wrong = y[np.abs(y) != 1][0]
        raise ValueError(f"y must hold labels -1 and +1; got {wrong:g}.")
    if abs(y.sum()) == n:
        raise ValueError(f"y must hold both labels, -1 and +1; got {y[0]:+g} only.")
    return y


def _iterate(solver, n_own):
    dual, primal = solver.values()
    made = 0 if n_own is None else n_own + solver.cache.made * len(solver.y)
    return SMOIterate(
        np.abs(solver.beta), dual, primal, primal - dual, solver.offset, solver.violation,
        solver.n_steps, int(solver.touched.sum()), 2 * solver.n_steps, made,
    )  # fmt: skip
