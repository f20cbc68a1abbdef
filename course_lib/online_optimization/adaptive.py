r"""Adam, the stream on which it fails, and AMSGrad, which does not.

AdaGrad is not written here: `FTRLProximal` with ``alpha=0`` is AdaGrad, weight by weight.
"""

import numpy as np

from course_lib._validation import check_count, check_number
from course_lib.online_optimization.descent import (
    _identity,
    _point,
    check_point,
    check_step,
    heard,
)
from course_lib.sparse_coding import Iterate

__all__ = ["adam", "amsgrad", "reddi_stream"]


def adam(rounds, x0, *, step=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, project=None):
    r"""Yield the points that Adam plays, and what each one cost.

    Parameters
    ----------
    rounds : iterable of callables
        ``value, gradient = f(x)`` for each round, as for `ogd`.
    x0 : array, shape (n,)
    step : float or callable, default 0.001
        A constant length, as in practice; or a function of :math:`k = 1, 2, \dots`, such as
        ``lambda k: 0.5 / k**0.5``, as theory asks.
    beta1, beta2 : float, default 0.9 and 0.999
        What the means of gradients and of their squares keep of the past, from 0 to below 1.
    epsilon : float, default 1e-8
        Added to the roots, not negative.
    project : callable, optional
        Returns the nearest point of a box, such as ``lambda x: numpy.clip(x, -1, 1)``. For other
        sets the theory of [2] measures distances by the roots; this function does not.

    Yields
    ------
    Iterate
        ``x`` (n,) as it was played, and ``value``, its cost.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range, or a round or ``project`` returns what does not fit or is not
        finite. As with every generator, at a ``next``.

    Notes
    -----
    **Cost.** One gradient a round, memory two numbers a weight.

    **Guarantee.** None: the regret bound of [1] is wrong. On `reddi_stream` the mean regret does
    not fall ([2], Theorem 1).

    References
    ----------
    .. [1] D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, Algorithm 1.
    .. [2] S. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and beyond", ICLR 2018.

    Examples
    --------
    >>> def line(x):
    ...     return 3 * x[0], np.array([3.0])
    >>> [round(float(p.x[0]), 6) for p in adam([line] * 3, [0.0], step=0.5)]   # the sign decides
    [0.0, -0.5, -1.0]
    """
    return _moments(rounds, x0, step, beta1, beta2, epsilon, project, keep_largest=False)


def amsgrad(rounds, x0, *, step=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, project=None):
    r"""Yield the points that AMSGrad plays: Adam whose steps never grow again.

    Parameters
    ----------
    rounds, x0, step, beta1, beta2, epsilon, project
        As for `adam`.

    Yields
    ------
    Iterate
        ``x`` (n,) as it was played, and ``value``, its cost.

    Raises
    ------
    ValueError, TypeError
        As `adam`.

    Notes
    -----
    The largest mean of squares so far takes the place of the present one. As in [1], Algorithm 2,
    the means are not corrected for their start at zero.

    **Cost.** That of `adam` and one more number a weight.

    **Guarantee.** For steps :math:`c/\sqrt k`, a bounded box and ``beta1=0`` the regret is
    :math:`O(\sqrt{k \ln k})` ([1], Corollary 1). The corollary also allows a ``beta1`` that falls
    from step to step, which this function does not; for a constant one above 0 it says nothing.

    References
    ----------
    .. [1] S. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and beyond", ICLR 2018.

    Examples
    --------
    >>> def line(x):
    ...     return 3 * x[0], np.array([3.0])
    >>> steps = amsgrad([line] * 2, [0.0], step=0.5, beta1=0.0, beta2=0.75)
    >>> [round(float(p.x[0]), 6) for p in steps]            # 3 / sqrt(0.25 * 9) is 2
    [0.0, -1.0]
    """
    return _moments(rounds, x0, step, beta1, beta2, epsilon, project, keep_largest=True)


def _moments(rounds, x0, step, beta1, beta2, epsilon, project, keep_largest):
    x = check_point(x0)
    if not callable(step):
        length = check_number(step, "step", low=0, open_low=True, open_high=True)
        step = lambda k: length  # noqa: E731
    rate = check_step(step)
    beta1 = check_number(beta1, "beta1", low=0, high=1, open_high=True)
    beta2 = check_number(beta2, "beta2", low=0, high=1, open_high=True)
    epsilon = check_number(epsilon, "epsilon", low=0, open_high=True)
    project = _identity if project is None else project
    x = _point(project(x), x)
    mean, square, largest = (np.zeros_like(x) for _ in range(3))
    for k, f in enumerate(rounds, 1):
        value, gradient = heard(f, x)
        yield Iterate(x, value)
        mean = beta1 * mean + (1 - beta1) * gradient
        square = beta2 * square + (1 - beta2) * gradient**2
        if keep_largest:
            np.maximum(largest, square, out=largest)
            ahead, root = mean, np.sqrt(largest)
        else:
            ahead, root = mean / (1 - beta1**k), np.sqrt(square / (1 - beta2**k))
        root += epsilon
        change = np.divide(ahead, root, out=np.zeros_like(x), where=root > 0)
        x = _point(project(x - rate(k) * change), x)


def reddi_stream(C, n_rounds):
    r"""Yield the rounds on which Adam fails: :math:`Cx` once in three, else :math:`-x`.

    Parameters
    ----------
    C : float
        Larger than 2: three rounds together push down, two of them push up.
    n_rounds : int
        Rounds, at least 0.

    Yields
    ------
    callable
        ``value, gradient = f(x)`` for one ``x``, shape (1,), in the box from -1 to 1.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range. At the first ``next``.

    Notes
    -----
    The best fixed point is -1. Adam divides the large gradient, which is right, by its own size,
    and the two small ones, which are wrong, by a mean of squares that keeps only a share
    :math:`\beta_2` of it: see `reddi_regret`.

    References
    ----------
    .. [1] S. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and beyond", ICLR 2018,
       Theorem 1.

    Examples
    --------
    >>> [f(np.array([1.0]))[0] for f in reddi_stream(3.0, 4)]
    [3.0, -1.0, -1.0, 3.0]
    """
    C = check_number(C, "C", low=2, open_low=True, open_high=True)
    for t in range(check_count(n_rounds, "n_rounds", low=0)):
        yield _Line(C if t % 3 == 0 else -1.0)


class _Line:
    """A linear round."""

    def __init__(self, slope):
        self.slope = slope

    def __call__(self, x):
        return self.slope * float(x[0]), np.full_like(x, self.slope)
