r"""Averages of iterates: what a noisy method circles around."""

from course_lib._validation import check_number, check_vector
from course_lib.sparse_coding import Iterate

__all__ = ["averaged"]


def averaged(steps, *, power=0.0):
    r"""Yield the running means of the iterates of another method.

    Parameters
    ----------
    steps : iterable of Iterate
        Such as `ogd`, `saga` or `subgradient` yield.
    power : float, default 0
        Iterate :math:`k = 1, 2, \dots` weighs about :math:`k^p`, not negative: 0 is the plain
        mean (Polyak and Ruppert), 1 weighs exactly by :math:`k`, larger numbers forget the start
        sooner.

    Yields
    ------
    Iterate
        The mean of the points so far, and the mean of their values with the same weights. Of one
        convex function the value at the mean is at most that.

    Raises
    ------
    ValueError, TypeError
        If ``power`` is negative, or what comes is no iterate. At a ``next``.

    Notes
    -----
    The new mean is :math:`\bar x_k = \bar x_{k-1} + \frac{p + 1}{k + p} (x_k - \bar x_{k-1})`,
    which is exact for the weights :math:`\binom{k + p - 1}{p}` of whole :math:`p` ([2], Section
    4).

    **Cost.** :math:`O(n)` an iterate, memory of one more point.

    **Guarantee.** For stochastic gradients with steps that fall slower than :math:`1/k` the error
    of the mean is asymptotically as small as that of any method that sees the same gradients [1].

    References
    ----------
    .. [1] B. Polyak, A. Juditsky, "Acceleration of stochastic approximation by averaging", SIAM
       J. Control Optim. 30, 1992.
    .. [2] O. Shamir, T. Zhang, "Stochastic gradient descent for non-smooth optimization:
       convergence results and optimal averaging schemes", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> steps = [Iterate(np.array([float(k)]), 0.0) for k in (0, 3, 6)]
    >>> [float(mean.x[0]) for mean in averaged(steps)]
    [0.0, 1.5, 3.0]
    >>> [float(mean.x[0]) for mean in averaged(steps, power=1)]     # (0 + 2 * 3 + 3 * 6) / 6
    [0.0, 2.0, 4.0]
    """
    power = check_number(power, "power", low=0, open_high=True)
    mean, value = None, 0.0
    for k, step in enumerate(steps, 1):
        x = check_vector(step.x, "x of an iterate")
        share = (power + 1) / (k + power)
        mean = x.copy() if mean is None else mean + x.dtype.type(share) * (x - mean)
        value += share * (float(step.value) - value)
        yield Iterate(mean, value)
