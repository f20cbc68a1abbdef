r"""Online gradient descent: play a point, hear what it cost, step; gradients may come late.

rounds_of       the rows of a loss as rounds
ogd             any rounds, any set, any delays: a generator
"""

import heapq
import math

import numpy as np

from course_lib._validation import (
    check_finite,
    check_number,
    check_vector,
)
from course_lib.online_optimization._rows import check_rows, term
from course_lib.sparse_coding import Iterate

__all__ = ["ogd", "rounds_of"]


def rounds_of(loss):
    """Yield the rows of a loss as rounds: functions that return a value and a gradient.

    Parameters
    ----------
    loss : LogisticLoss, SquaredLoss, HuberLoss, HingeLoss or SquaredHingeLoss
        Of an array or a sparse matrix, shape (m, n). Its ridge is part of each round.

    Yields
    ------
    callable
        ``value, gradient = f(x)`` with the term of one row, not divided by the number of rows.

    Raises
    ------
    ValueError, TypeError
        If ``loss`` is none of these, or its data are not finite. At the first ``next``.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> first, second = rounds_of(SquaredLoss([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0]))
    >>> second(np.array([0.0, 2.0]))                        # (2 * 2 - 2)**2 / 2
    (2.0, array([0., 4.]))
    """
    rows = check_rows(loss)
    for i in range(len(rows.b)):
        part = slice(rows.starts[i], rows.starts[i + 1])
        yield _Round(rows.indices[part], rows.data[part], rows.b[i], rows, loss.ridge)


class _Round:
    """One row as a function."""

    def __init__(self, indices, data, b, rows, ridge):
        self.indices, self.data, self.b = indices, data, b
        self.rows, self.ridge = rows, ridge

    def __call__(self, x):
        margin = float(self.data @ x[self.indices])
        value, slope = term(self.rows.kind, self.rows.width, margin, float(self.b))
        gradient = self.ridge * x
        gradient[self.indices] += slope * self.data
        value += 0.5 * self.ridge * float(x @ x)
        check_finite(np.float64(value), "x or A")
        return value, check_finite(gradient, "x or A")


def ogd(rounds, x0, *, step=1.0, project=None, delays=0):
    r"""Yield the points that online gradient descent plays, and what each one cost.

    Parameters
    ----------
    rounds : iterable of callables
        ``value, gradient = f(x)`` for each round; asked once each, at the point played there.
        `rounds_of` makes them from the rows of a loss; an enemy may choose by ``x``.
    x0 : array, shape (n,)
        The first point played, if the set contains it.
    step : float or callable, default 1
        :math:`c` of :math:`\eta_k = c/\sqrt k`, where :math:`k` counts the gradients that came;
        or a function of :math:`k = 1, 2, \dots` that returns :math:`\eta_k`.
    project : callable, optional
        Returns the nearest point of the set, such as `project_l1`; none means all of space.
    delays : float or iterable of float, default 0
        Rounds that a gradient is under way, not negative, the same for all or one each. That of
        round :math:`t` is used before round :math:`s` if :math:`t + 1 + \text{delay} \le s`, in
        the order in which they come: fractions of a round order those that come between two.
        Infinite delays never come.

    Yields
    ------
    Iterate
        ``x`` (n,) as it was played, before the round was heard, and ``value``, its cost. It ends
        with the rounds; what is still under way is lost.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range, there are fewer delays than rounds, or a round or
        ``project`` returns what does not fit or is not finite. As with every generator, at a
        ``next``.

    See Also
    --------
    ogd_pass : the same over rows, compiled.
    course_lib.batch_optimization.subgradient : the same with one function in all rounds.

    Notes
    -----
    **Cost.** One gradient and one projection a round; memory for the gradients under way.

    **Guarantee.** Without delays `regret_bound` holds in any order of any convex rounds. A
    gradient is taken where the point was played, not where it arrives.

    References
    ----------
    .. [1] M. Zinkevich, "Online convex programming and generalized infinitesimal gradient
       ascent", ICML 2003, Algorithm 1.

    Examples
    --------
    >>> from course_lib.online_optimization import project_ball
    >>> def enemy(x):                                       # slope against the sign of the point
    ...     return abs(x[0]), np.where(x > 0, 1.0, -1.0)
    >>> [float(played.x[0]) for played in ogd([enemy] * 2, [0.5], project=project_ball)]
    [0.5, -0.5]
    >>> [float(played.x[0]) for played in ogd([enemy] * 3, [0.5], delays=1)]
    [0.5, 0.5, -0.5]
    """
    x = check_point(x0)
    rate = check_step(step)
    waits = _waits(delays)
    project = _identity if project is None else project
    x = _point(project(x), x)
    came, under_way = 0, []
    for t, f in enumerate(rounds):
        while under_way and under_way[0][0] <= t:
            came += 1
            x = _point(project(x - rate(came) * heapq.heappop(under_way)[2]), x)
        value, gradient = heard(f, x)
        yield Iterate(x, value)
        heapq.heappush(under_way, (t + 1 + next_wait(waits), t, gradient))


def check_point(x0):
    """Return a copy of the first point, which has at least one entry."""
    x = check_vector(x0, "x0").copy()
    if len(x) == 0:
        raise ValueError("x0 must have at least one entry; got none.")
    return x


def check_step(step):
    """Return a function of k = 1, 2, ... that returns the length of step k."""
    if callable(step):
        return lambda k: check_number(step(k), "step(k)", low=0, open_high=True)
    scale = check_number(step, "step", low=0, open_low=True, open_high=True)
    return lambda k: scale / math.sqrt(k)


def heard(f, x):
    """Return the value and the gradient of a round at ``x``, which it may not change."""
    value, gradient = f(x.copy())
    gradient = check_vector(gradient, "the gradient of a round", len(x), dtype=x.dtype)
    value = check_number(float(value), "the value of a round", open_low=True, open_high=True)
    return value, gradient.copy()


def _waits(delays):
    """Yield the delay of each round."""
    if np.ndim(delays) == 0 and not hasattr(delays, "__next__"):
        wait = check_number(delays, "delays", low=0)
        while True:
            yield wait
    for wait in delays:
        yield check_number(wait, "delays", low=0)


def next_wait(waits):
    """Return the delay of this round, or say that there is none."""
    wait = next(waits, None)
    if wait is None:
        raise ValueError("delays must have one entry for each round; got fewer, give one number.")
    return wait


def _identity(x):
    return x


def _point(projected, x):
    return check_vector(projected, "what project returns", len(x), dtype=x.dtype)
