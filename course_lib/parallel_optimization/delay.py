r"""Old gradients: how long a step may be, how fast it goes, and what the regret is."""

import math
from collections import deque

import numpy as np

from course_lib._validation import check_count, check_number
from course_lib.batch_optimization._start import check_start
from course_lib.sparse_coding import Iterate

__all__ = [
    "best_delay_step",
    "delay_limit",
    "delay_rate",
    "delay_regret_bound",
    "delayed_gradient",
]

MOST_DELAY = 10_000


def delayed_gradient(loss, delay, *, step=None, x0=None):
    r"""Yield the iterates of gradient descent that hears each gradient ``delay`` steps late.

    :math:`x_{t+1} = x_t - \eta \nabla f(x_{t-\tau})`; until the first gradient arrives, after
    :math:`\tau` steps, nothing moves.

    Parameters
    ----------
    loss : LogisticLoss, SquaredLoss, HuberLoss, or a DistributedLoss of one
    delay : int
        :math:`\tau`, from 0 (gradient descent) to 10,000.
    step : float, optional
        :math:`\eta`, positive; `best_delay_step` over the smoothness of the loss by default.
    x0 : array, shape (n,), optional
        Start; zero by default. It is the first iterate that is yielded.

    Yields
    ------
    Iterate

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or ``x0`` does not fit. As with every generator, at the first
        ``next``.

    Notes
    -----
    **Cost.** One evaluation a step, the objective included.

    **Guarantee.** On a quadratic with largest curvature L it converges if and only if
    :math:`\eta L <` `delay_limit`.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> steps = delayed_gradient(SquaredLoss([[1.0]], [0.0]), 1, step=0.5, x0=[1.0])
    >>> [float(next(steps).x[0]) for _ in range(5)]
    [1.0, 1.0, 0.5, 0.0, -0.25]
    """
    delay = check_count(delay, "delay", low=0, high=MOST_DELAY)
    if step is None:
        step = best_delay_step(delay) / loss.smoothness
    step = check_number(step, "step", low=0, open_low=True, open_high=True)
    x, under_way = check_start(loss, x0), deque()
    while True:
        value, gradient = loss.evaluate(x)
        yield Iterate(x, value)
        under_way.append(gradient)
        if len(under_way) > delay:
            x = x - step * under_way.popleft()


def delay_limit(delay):
    r"""Return the step times curvature from which on old gradients blow up a quadratic.

    Parameters
    ----------
    delay : int
        :math:`\tau`, not negative.

    Returns
    -------
    float
        :math:`2 \sin\frac{\pi}{4\tau + 2}`, about :math:`\pi/(2\tau + 1)`.

    Raises
    ------
    ValueError, TypeError
        If ``delay`` is no integer of at least 0.

    Notes
    -----
    **Guarantee.** :math:`w_{t+1} = w_t - a w_{t-\tau}` tends to zero from every start if and only
    if :math:`0 < a <` this ([1]): at the limit a root of :math:`z^{\tau+1} - z^\tau + a` stands on
    the unit circle, at the angle :math:`\pi/(2\tau + 1)`.

    References
    ----------
    .. [1] S. Levin, R. May, "A note on difference-delay equations", Theor. Popul. Biol. 9(2), 1976.

    Examples
    --------
    >>> [round(delay_limit(delay), 6) for delay in (0, 1, 16)]
    [2.0, 1.0, 0.095164]
    """
    delay = check_count(delay, "delay", low=0)
    return 2 * math.sin(math.pi / (4 * delay + 2))


def best_delay_step(delay):
    r"""Return the step times curvature at which a quadratic in one dimension shrinks fastest.

    Parameters
    ----------
    delay : int
        :math:`\tau`, from 0 to 10,000.

    Returns
    -------
    float
        :math:`\tau^\tau / (\tau + 1)^{\tau + 1}`, about :math:`1/(e(\tau + 1))`. A step then
        shrinks it by :math:`\tau/(\tau + 1)`.

    Raises
    ------
    ValueError, TypeError
        If ``delay`` is out of range.

    Examples
    --------
    >>> best_delay_step(0), best_delay_step(1)
    (1.0, 0.25)
    """
    delay = check_count(delay, "delay", low=0, high=MOST_DELAY)
    return (delay / (delay + 1)) ** delay / (delay + 1)


def delay_rate(step, delay):
    r"""Return by what factor :math:`w_{t+1} = w_t - a w_{t-\tau}` grows or shrinks in a step.

    Parameters
    ----------
    step : float
        :math:`a`, step times curvature, not negative.
    delay : int
        :math:`\tau`, from 0 to 1,000.

    Returns
    -------
    float
        The largest modulus of a root of :math:`z^{\tau+1} - z^\tau + a`; below 1 it converges.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Examples
    --------
    >>> round(delay_rate(0.25, 1), 6)
    0.5
    """
    step = check_number(step, "step", low=0, high=1e6)
    delay = check_count(delay, "delay", low=0, high=1000)
    polynomial = np.zeros(delay + 2)
    polynomial[0], polynomial[1] = 1.0, -1.0
    polynomial[-1] += step
    return float(np.abs(np.roots(polynomial)).max(initial=0.0))


def delay_regret_bound(diameter, lipschitz, n_rounds, delay):
    r"""Return :math:`D G \sqrt{T (1 + 2\tau)}`, below which the regret stays.

    Parameters
    ----------
    diameter, lipschitz : float
        :math:`D` of the set and :math:`G` of the gradients, positive.
    n_rounds : int
        :math:`T`, at least 1.
    delay : int
        :math:`\tau`, at least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Guarantee.** For online projected gradient steps of length
    :math:`D / (G \sqrt{T(1 + 2\tau)})` on any convex losses in any order: the proof of Zinkevich
    with :math:`\tau` steps, each of length :math:`\eta G`, between where a gradient was taken and
    where it is used. [1] has the rate :math:`O(\sqrt{T + \sum \text{delays}})`.

    References
    ----------
    .. [1] K. Quanrud, D. Khashabi, "Online learning with adversarial delays", NIPS 2015.

    Examples
    --------
    >>> delay_regret_bound(1.0, 2.0, 100, 4)
    60.0
    """
    D = check_number(diameter, "diameter", low=0, high=1e100, open_low=True)
    G = check_number(lipschitz, "lipschitz", low=0, high=1e100, open_low=True)
    T = check_count(n_rounds, "n_rounds", low=1, high=1 << 60)
    delay = check_count(delay, "delay", low=0, high=1 << 60)
    return D * G * math.sqrt(T * (1 + 2 * delay))
