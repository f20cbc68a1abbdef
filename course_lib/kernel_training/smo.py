r"""Sequential minimal optimization: a support vector machine two variables at a time."""

from typing import NamedTuple

import numpy as np

from course_lib._validation import (
    check_count,
    check_finite,
    check_number,
    check_vector,
)
from course_lib.kernel_training._cache import ColumnCache, check_diagonal, whole
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
        The last iterate is the first one whose worst pair is off by no more, or from which no
        step moves any variable.
    cache_bytes : int, default 256 MiB
        Memory for columns of a callable ``K``; two columns at least. The one that was used
        longest ago makes room.
    n_steps : int, default 1000
        Steps between two iterates that are yielded.

    Yields
    ------
    SMOIterate
        The first one is zero, the last one is within ``tol``. Between two there are ``n_steps``
        steps; each has the duality gap of the variables and the offset that it holds.

    Raises
    ------
    ValueError, TypeError
        If ``K`` is not a finite square matrix, ``y`` holds other labels than -1 and +1 or only one
        of them, a number is out of range, a callable comes without ``X`` or returns another shape,
        ``diagonal`` is not that of ``K``, or values overflow. At the first ``next``, or with the
        step that asks for a column.

    See Also
    --------
    KernelSVC : the same as a learner.
    course_lib.online_optimization.sdca : a linear machine without offset, one variable at a time.

    Notes
    -----
    The dual of the machine :math:`\min_{w, b} \frac12 \|w\|^2 + C \sum_i \max(0, 1 - y_i (w^T
    \phi(x_i) + b))` is :math:`\max_\alpha \sum_i \alpha_i - \frac12 \sum_{ij} \alpha_i \alpha_j
    y_i y_j K_{ij}` with :math:`0 \le \alpha_i \le C` and :math:`\sum_i y_i \alpha_i = 0`, which
    is why two variables must move together. The first of a pair is the one along which the dual
    rises most steeply, the second one is where the exact step gains most [2]. The offset is the
    middle of the worst pair.

    **Cost.** A step is :math:`O(n)` with two columns at hand; a callable is evaluated :math:`n`
    times for each column that the cache does not hold, and :math:`n` times for the diagonal, if
    that is not given. Value and gap take no evaluation. Memory six numbers a row, and the cache.

    **Guarantee.** If ``K`` is positive semidefinite, then ``dual`` is at most the primal value of
    every :math:`w` and :math:`b`, and ``primal`` is at most ``gap`` above the least (weak duality);
    each step raises ``dual``. The gap is at most :math:`n C / 2` times the violation: it is the sum
    of :math:`(C - \alpha_i) u_i` over rows with :math:`u_i = 1 - y_i f(x_i) > 0` and of
    :math:`-\alpha_i u_i` over the others, and where the factor is not zero, :math:`|u_i|` is at
    most half the violation. With ``tol > 0`` the method ends [3]; how soon, no useful theorem says.

    References
    ----------
    .. [1] J. Platt, "Sequential minimal optimization: a fast algorithm for training support vector
       machines", MSR-TR-98-14, 1998.
    .. [2] R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working set selection using second order information
       for training support vector machines", JMLR 6, 2005, WSS 2.
    .. [3] P.-H. Chen, R.-E. Fan, C.-J. Lin, "A study on SMO-type decomposition methods for support
       vector machines", IEEE Trans. Neural Netw. 17(4), 2006.

    Examples
    --------
    >>> *_, last = smo(np.array([[1.0, -1.0], [-1.0, 1.0]]), [1, -1])    # of the rows 1 and -1
    >>> last.alpha, last.dual, last.primal                  # 2a - 2a**2 is largest at a = 1/2
    (array([0.5, 0.5]), 0.5, 0.5)
    >>> last.n_steps, last.offset
    (1, 0.0)
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
        check_diagonal(cache.rows.diagonal(), diagonal)
    else:
        cache = ColumnCache(source, n, cache_bytes, source.dtype, diagonal)
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
