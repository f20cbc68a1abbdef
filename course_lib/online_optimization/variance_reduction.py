r"""Stochastic gradients whose noise goes to zero: one row a step, and steps that need not fall."""

import numpy as np
from numba import njit

from course_lib._ahead import ROWS_AHEAD, fetch_row
from course_lib._validation import as_rng, check_count, check_finite, check_number, check_vector
from course_lib.online_optimization._rows import SMOOTH, check_rows, lengths, term
from course_lib.sparse_coding import Iterate

__all__ = ["row_smoothness", "saga", "svrg"]

MOST = 100_000_000  # steps an epoch: what they are due is tabled


def row_smoothness(loss):
    r"""Return the smoothness of the roughest row, the :math:`L` of `svrg` and `saga`.

    Parameters
    ----------
    loss : LogisticLoss, SquaredLoss, HuberLoss or SquaredHingeLoss
        Of an array or a sparse matrix, shape (m, n).

    Returns
    -------
    float
        The loss is the mean of :math:`m` functions, one a row, each with the whole ridge; this is
        the largest Lipschitz constant of their gradients.

    Raises
    ------
    ValueError, TypeError
        If ``loss`` is none of these, or its data are not finite.

    Notes
    -----
    **Cost.** One pass over the data.

    **Guarantee.** At least ``loss.smoothness``, at most :math:`m` times that.

    Examples
    --------
    >>> from course_lib.batch_optimization import LogisticLoss
    >>> row_smoothness(LogisticLoss([[2.0, 0.0], [0.0, 1.0]], [1, -1], ridge=0.5))   # 4/4 + 0.5
    1.5
    """
    return _smoothness(loss, lengths(check_rows(loss, SMOOTH)))


def _smoothness(loss, squares):
    return float(len(squares) * loss.curvature * squares.max() + loss.ridge)


def svrg(loss, *, x0=None, step=None, n_inner=None, rng=None):
    r"""Yield the iterates of stochastic variance reduced gradients, one an epoch.

    Parameters
    ----------
    loss : LogisticLoss, SquaredLoss, HuberLoss or SquaredHingeLoss
        Of an array or a sparse matrix, shape (m, n).
    x0 : array, shape (n,), optional
        Start; zero by default. It is the first iterate that is yielded.
    step : float, optional
        :math:`\eta`, positive; by default :math:`1/(3L)` with `row_smoothness`.
    n_inner : int, optional
        Steps an epoch, at most a hundred million; by default the number of rows :math:`m`.
    rng : int, Generator or None, default None
        Draws the rows, with replacement.

    Yields
    ------
    Iterate
        ``x`` (n,) and the loss there; without end. An epoch after the first iterate costs as many
        gradients of a row as ``n_inner`` and :math:`m` together: two passes by default.

    Raises
    ------
    ValueError, TypeError
        If ``loss`` is none of these, a number is out of range, ``x0`` does not fit, the data are
        not finite, or the steps are too long and diverge. At a ``next``.

    Notes
    -----
    A step is along :math:`\nabla f_i(x) - \nabla f_i(\tilde x) + \nabla f(\tilde x)` with the
    last iterate :math:`\tilde x`: right on average, and without noise at the minimum.

    **Cost.** A step touches the entries of its row alone: what the others are due, a power of
    :math:`1 - \eta\lambda` times the past and a sum of such powers, is made up when they are next
    seen. Memory three numbers a column, two a row and two a step.

    **Guarantee.** `svrg_rate`, for an epoch that ends at one of its iterates at random; this one
    ends at the last.

    References
    ----------
    .. [1] R. Johnson, T. Zhang, "Accelerating stochastic gradient descent using predictive
       variance reduction", NIPS 2013, Figure 1, option I.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> steps = svrg(SquaredLoss([[1.0]], [3.0]), step=0.5, n_inner=1)
    >>> [next(steps).value for _ in range(3)]               # one row: gradient descent
    [4.5, 1.125, 0.28125]
    """
    rows = check_rows(loss, SMOOTH)
    m, n = loss.data.shape
    eta = _check_length(loss, rows, step)
    n_inner = m if n_inner is None else check_count(n_inner, "n_inner", low=1, high=MOST)
    rng = as_rng(rng)
    powers, weight = _powers(1 - eta * loss.ridge, n_inner), m * _share(loss)
    x = _start(x0, n)
    while True:
        value, gradient, z, slopes = _full(loss, x, m)
        yield Iterate(x.astype(loss.b.dtype), value)
        order = rng.integers(0, m, n_inner)
        moved, done = np.zeros(n), np.zeros(n, np.int64)
        _svrg(*rows, z, slopes, eta * gradient, order, moved, done, eta, weight, *powers)
        x = check_finite(x + moved, "step or A")


def saga(loss, *, x0=None, step=None, rng=None):
    r"""Yield the iterates of SAGA, one a pass: a table remembers the last gradient of each row.

    Parameters
    ----------
    loss : LogisticLoss, SquaredLoss, HuberLoss or SquaredHingeLoss
        Of an array or a sparse matrix, shape (m, n).
    x0 : array, shape (n,), optional
        Start; zero by default. It is the first iterate that is yielded.
    step : float, optional
        :math:`\eta`, positive; by default :math:`1/(3L)` with `row_smoothness`.
    rng : int, Generator or None, default None
        Draws the rows, with replacement.

    Yields
    ------
    Iterate
        ``x`` (n,) and the loss there; without end. Between two iterates lie :math:`m` steps, and
        one pass more before the first, for the table. The value costs a product with ``A`` that
        the method itself does not need.

    Raises
    ------
    ValueError, TypeError
        As `svrg`.

    Notes
    -----
    The gradient of a row is a number times the row, so the table has one number a row.

    **Cost.** A step touches the entries of its row alone, as in `svrg`. Memory three numbers a
    column and three a row.

    **Guarantee.** `saga_bound`, for the default step.

    References
    ----------
    .. [1] A. Defazio, F. Bach, S. Lacoste-Julien, "SAGA: a fast incremental gradient method with
       support for non-strongly convex composite objectives", NIPS 2014.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> steps = saga(SquaredLoss([[1.0]], [3.0]), step=0.5)
    >>> [next(steps).value for _ in range(3)]               # one row: gradient descent
    [4.5, 1.125, 0.28125]
    """
    rows = check_rows(loss, SMOOTH)
    m, n = loss.data.shape
    eta = _check_length(loss, rows, step)
    rng = as_rng(rng)
    powers, weight = _powers(1 - eta * loss.ridge, m), m * _share(loss)
    x = _start(x0, n)
    value, gradient, _, table = _full(loss, x, m)
    mean = gradient - loss.ridge * x
    while True:
        yield Iterate(x.astype(loss.b.dtype), value)
        order, done = rng.integers(0, m, m), np.zeros(n, np.int64)
        _saga(*rows, order, x, mean, table, done, eta, weight, *powers)
        check_finite(x, "step or A")
        value = float(check_finite(np.float64(loss.value(loss.A @ x)), "step or A"))


def _check_length(loss, rows, step):
    L = _smoothness(loss, lengths(rows))
    if step is None:
        step = 1 / (3 * L) if L > 0 else 1.0
    return check_number(step, "step", low=0, open_low=True, open_high=True)


def _start(x0, n):
    return np.zeros(n) if x0 is None else check_vector(x0, "x0", n, dtype=np.float64).copy()


def _share(loss):
    """How much of the loss one term is: 1/m of a mean, 1 of a sum."""
    return 1 / loss.count if hasattr(loss, "count") else 1.0


def _full(loss, x, m):
    """Return value, gradient, margins and the derivative of each row's function by its margin."""
    z = check_finite(loss.A @ x, "step or A")
    value = check_finite(np.float64(loss.value(z)), "step or A")
    slopes = m * np.asarray(loss.slope(z)[:m], np.float64)
    gradient = np.asarray(loss.gradient(z), np.float64)
    return float(value), gradient, z[:m].astype(np.float64), slopes


def _powers(base, count):
    """Return the powers of a number from 0 to ``count``, and their sums before each."""
    powers = np.ones(count + 1)
    np.cumprod(np.full(count, base), out=powers[1:])
    return powers, np.concatenate([[0.0], np.cumsum(powers[:-1])])


@njit(cache=True)
def _svrg(
    data, indices, starts, b, kind, width, z, slopes, drift, order, moved, done, eta, weight,
    powers, sums,
):  # fmt: skip
    """Take the steps of one epoch; ``moved`` is how far x is from the last iterate."""
    share = powers[1]
    for k in range(len(order)):
        i, ahead = order[k], order[min(k + ROWS_AHEAD, len(order) - 1)]
        fetch_row(data, indices, starts[ahead], starts[ahead + 1])
        margin = z[i]
        for p in range(starts[i], starts[i + 1]):
            j = indices[p]
            due = k - done[j]
            if due:
                moved[j] = powers[due] * moved[j] - sums[due] * drift[j]
            margin += data[p] * moved[j]
        change = eta * (weight * term(kind, width, margin, b[i])[1] - slopes[i])
        for p in range(starts[i], starts[i + 1]):
            j = indices[p]
            moved[j] = share * moved[j] - drift[j] - change * data[p]
            done[j] = k + 1
    for j in range(len(moved)):
        due = len(order) - done[j]
        moved[j] = powers[due] * moved[j] - sums[due] * drift[j]


@njit(cache=True)
def _saga(
    data, indices, starts, b, kind, width, order, x, mean, table, done, eta, weight, powers, sums
):
    """Take the steps of one pass; ``mean`` is the mean of the gradients of the table."""
    share = powers[1]
    for k in range(len(order)):
        i, ahead = order[k], order[min(k + ROWS_AHEAD, len(order) - 1)]
        fetch_row(data, indices, starts[ahead], starts[ahead + 1])
        margin = 0.0
        for p in range(starts[i], starts[i + 1]):
            j = indices[p]
            due = k - done[j]
            if due:
                x[j] = powers[due] * x[j] - eta * sums[due] * mean[j]
            margin += data[p] * x[j]
        slope = weight * term(kind, width, margin, b[i])[1]
        change = slope - table[i]
        table[i] = slope
        for p in range(starts[i], starts[i + 1]):
            j = indices[p]
            x[j] = share * x[j] - eta * (mean[j] + change * data[p])
            mean[j] += change * data[p] / len(b)
            done[j] = k + 1
    for j in range(len(x)):
        due = len(order) - done[j]
        x[j] = powers[due] * x[j] - eta * sums[due] * mean[j]
