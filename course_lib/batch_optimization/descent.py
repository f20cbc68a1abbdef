r"""First-order methods beside gradient descent and Nesterov's, which `sparse_coding` has.

subgradient          steps along any slope of a loss with corners
momentum             a constant share of the last step, for strongly convex losses
ogm                  the smallest guarantee along gradients, for a number of steps known ahead
conjugate_gradients  the best along gradients for least squares
"""

import itertools
import math
import sys

from course_lib._losses import SquaredLoss
from course_lib._validation import check_finite, check_number
from course_lib.batch_optimization._start import check_start, ogm_factors
from course_lib.sparse_coding import Iterate

__all__ = ["conjugate_gradients", "momentum", "ogm", "subgradient"]

EPS = sys.float_info.epsilon


def subgradient(loss, *, x0=None, step=None):
    r"""Yield the iterates of the subgradient method: :math:`x_{t+1} = x_t - \eta_t g_t`.

    Parameters
    ----------
    loss : HingeLoss, LogisticLoss, SquaredLoss, HuberLoss or DistributedLoss
    x0 : array, shape (n,), optional
        Start; zero by default. It is the first iterate that is yielded.
    step : float, optional
        :math:`c` of :math:`\eta_t = c/\sqrt t`, :math:`t = 1, 2, \dots`. By default
        :math:`\eta_t = 1/(\lambda t)` with the ridge :math:`\lambda` of the loss.

    Yields
    ------
    Iterate
        ``x`` (n,) and the loss there; without end. The loss rises now and then.

    Raises
    ------
    ValueError, TypeError
        If ``step`` is missing and the loss has no ridge, ``x0`` does not fit, or the data are not
        finite. As with every generator, at the first ``next``.

    See Also
    --------
    bmrm : needs fewer rounds, and knows when it is done.

    Notes
    -----
    **Cost.** One product with ``A`` and one with ``A.T`` a step, the value included; with a
    `DistributedLoss` one sum over the machines.

    **Guarantee.** With the default step the mean of the first :math:`k` values, and so the best
    of them, is at most :math:`G^2 H_k / (2 \lambda k)` above the minimum: see `subgradient_bound`.

    References
    ----------
    .. [1] E. Hazan, A. Agarwal, S. Kale, "Logarithmic regret algorithms for online convex
       optimization", Machine Learning 69, 2007, Theorem 1.

    Examples
    --------
    >>> from course_lib.batch_optimization import HingeLoss
    >>> steps = subgradient(HingeLoss([[1.0]], [1], ridge=0.5))
    >>> next(steps).value, next(steps).x                    # slope -1, step 1/0.5
    (1.0, array([2.]))
    """
    if step is None and not loss.ridge > 0:
        raise ValueError("step must be given for a loss without a ridge; got None, try 0.1.")
    if step is not None:
        step = check_number(step, "step", low=0, open_low=True, open_high=True)
    x, t = check_start(loss, x0), 1
    while True:
        value, slope = loss.evaluate(x)
        yield Iterate(x, value)
        eta = 1 / (loss.ridge * t) if step is None else step / math.sqrt(t)
        x, t = x - eta * slope, t + 1


def momentum(loss, *, x0=None, strong_convexity=None):
    r"""Yield the iterates of Nesterov's method with a constant share of the last step.

    Parameters
    ----------
    loss : LogisticLoss, SquaredLoss, HuberLoss or SquaredHingeLoss, or a DistributedLoss of one
    x0 : array, shape (n,), optional
        Start; zero by default. It is the first iterate that is yielded, with number 0.
    strong_convexity : float, optional
        :math:`\mu`, positive and at most ``loss.smoothness``; by default the ridge of the loss.

    Yields
    ------
    Iterate
        ``x`` (n,) and the loss there; without end.

    Raises
    ------
    ValueError, TypeError
        If :math:`\mu` is out of range, ``x0`` does not fit, the data are not finite, or the loss
        has no smoothness. As with every generator, at the first ``next``.

    Notes
    -----
    **Cost.** One product with ``A`` and one with ``A.T`` a step, the value included.

    **Guarantee.** With :math:`q = \mu/L` and the share :math:`(1 - \sqrt q)/(1 + \sqrt q)`,
    :math:`f(x_k) - f^\ast \le (1 - \sqrt q)^k (f(x_0) - f^\ast + \tfrac{\mu}{2}
    \|x_0 - x^\ast\|^2)` ([1], Theorem 2.2.3).

    References
    ----------
    .. [1] Y. Nesterov, "Introductory lectures on convex optimization", Springer, 2004.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> steps = momentum(SquaredLoss([[2.0, 0.0], [0.0, 1.0]], [2.0, 0.0]), strong_convexity=1.0)
    >>> next(steps).value, next(steps).x                    # a step of 1/4 along (4, 0)
    (2.0, array([1., 0.]))
    """
    L = loss.smoothness
    mu = loss.ridge if strong_convexity is None else strong_convexity
    mu = check_number(mu, "strong_convexity", low=0, high=L, open_low=True)
    share = (1 - math.sqrt(mu / L)) / (1 + math.sqrt(mu / L))
    x = check_start(loss, x0)
    z = loss.A @ x
    last_x, last_z = x, z
    while True:
        yield Iterate(x, loss.value(z))
        y = x + share * (x - last_x)
        slope = loss.gradient(z + share * (z - last_z))  # A y, without a product
        last_x, last_z = x, z
        x = y - slope / L
        z = loss.A @ x


def ogm(loss, n_steps, *, x0=None):
    r"""Yield the iterates of the optimized gradient method, and end after ``n_steps`` steps.

    Parameters
    ----------
    loss : LogisticLoss, SquaredLoss, HuberLoss or SquaredHingeLoss, or a DistributedLoss of one
    n_steps : int
        :math:`N`, from 1 to a million: it must be known ahead, for the last step has a length of
        its own.
    x0 : array, shape (n,), optional
        Start; zero by default. It is the first iterate that is yielded, with number 0.

    Yields
    ------
    Iterate
        ``x`` (n,) and the loss there: ``n_steps + 1`` of them.

    Raises
    ------
    ValueError, TypeError
        If ``n_steps`` is out of range, ``x0`` does not fit, the data are not finite, or
        the loss has no smoothness. As with every generator, at the first ``next``.

    Notes
    -----
    **Cost.** One product with ``A`` and one with ``A.T`` a step, the value included.

    **Guarantee.** For every minimizer the last iterate has
    :math:`f(x_N) - f^\ast \le L \|x_0 - x^\ast\|^2 / (2\theta_N^2)` ([1], Theorem 2), about half
    of Nesterov's bound; no method that steps along gradients has a better one if there are more
    coordinates than steps. Nothing is promised of the iterates before the last.

    References
    ----------
    .. [1] D. Kim, J. A. Fessler, "Optimized first-order methods for smooth convex minimization",
       Math. Program. 159, 2016.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> [step.value for step in ogm(SquaredLoss([[1.0]], [0.0]), 1, x0=[1.0])]  # to -1/2
    [0.5, 0.125]
    """
    factors = ogm_factors(n_steps)
    L = loss.smoothness
    length = 1 / L if L > 0 else 1.0
    x = y = check_start(loss, x0)
    value, slope = loss.evaluate(x)
    yield Iterate(x, value)
    for now, then in itertools.pairwise(factors):
        last_y, y = y, x - length * slope
        x = y + (now - 1) / then * (y - last_y) + now / then * (y - x)
        value, slope = loss.evaluate(x)
        yield Iterate(x, value)


def conjugate_gradients(loss, *, x0=None):
    r"""Yield the iterates of conjugate gradients for least squares.

    Parameters
    ----------
    loss : SquaredLoss
        With or without a ridge.
    x0 : array, shape (n,), optional
        Start; zero by default. It is the first iterate that is yielded, with number 0.

    Yields
    ------
    Iterate
        ``x`` (n,) and the loss there. It ends where the gradient is zero up to rounding, or where
        rounding makes the loss rise.

    Raises
    ------
    TypeError
        If ``loss`` is no `SquaredLoss`.
    ValueError
        If ``x0`` does not fit or the data are not finite. Both at the first ``next``.

    Notes
    -----
    **Cost.** One product with ``A`` and one with ``A.T`` a step.

    **Guarantee.** The iterate with number :math:`k` minimizes the loss over :math:`x_0` plus the
    span of the first :math:`k` gradients: no method whose steps stay in this span is better.
    Exact after at most :math:`n` steps, but for rounding.

    References
    ----------
    .. [1] M. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems",
       J. Res. Nat. Bur. Standards 49, 1952, Section 10.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> steps = conjugate_gradients(SquaredLoss([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0]))
    >>> [round(step.value, 6) for step, _ in zip(steps, range(3))]
    [2.5, 0.276923, 0.0]
    """
    if not isinstance(loss, SquaredLoss):
        raise TypeError(
            "loss must be a SquaredLoss, conjugate gradients know no other; "
            f"got {type(loss).__name__}, use lbfgs."
        )
    x = check_start(loss, x0)
    z = check_finite(loss.A @ x)
    g = loss.gradient(z)
    p, size, value = -g, float(g @ g), loss.value(z)
    least = (4 * EPS) ** 2 * size
    yield Iterate(x, value)
    while size > least:
        q = loss.A @ p
        bend = float(q @ q)
        if not bend > 0:  # no more than rounding is left
            return
        length = size / bend
        x, z, last = x + length * p, z + length * q, value
        value = loss.value(z)
        if not value <= last * (1 + 4 * EPS):
            return
        yield Iterate(x, value)
        g = loss.gradient(z)
        before, size = size, float(g @ g)
        p = size / before * p - g
