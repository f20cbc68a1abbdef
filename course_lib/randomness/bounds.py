"""How far a mean strays from its expectation: what each assumption promises."""

import math

import numpy as np

from course_lib._validation import (
    as_rng,
    check_array,
    check_count,
    check_fraction,
    check_number,
)

__all__ = [
    "bernstein",
    "chebyshev",
    "chernoff",
    "hoeffding",
    "median_of_means",
    "median_of_means_error",
    "median_of_means_groups",
]


def chebyshev(n, epsilon, variance):
    r"""Bound the probability that a mean of ``n`` draws is off by ``epsilon`` or more.

    Parameters
    ----------
    n : int
        Number of draws, pairwise uncorrelated.
    epsilon : float
        Distance from the expectation, positive.
    variance : float
        Variance of one draw; nothing else is assumed.

    Returns
    -------
    float
        :math:`\min(1, \sigma^2 / (n \epsilon^2))`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    References
    ----------
    .. [1] M. Mitzenmacher, E. Upfal, "Probability and Computing", 2nd ed., 2017, Theorem 3.6.

    Examples
    --------
    >>> chebyshev(100, 0.25, variance=0.25)
    0.04
    """
    n = check_count(n, "n", low=1)
    epsilon = _positive(epsilon, "epsilon")
    variance = check_number(variance, "variance", low=0.0, open_high=True)
    return min(1.0, _over(variance, n * _square(epsilon)))


def hoeffding(n, epsilon, *, low=0.0, high=1.0):
    r"""Bound the same probability for independent draws between ``low`` and ``high``.

    Parameters
    ----------
    n : int
        Number of independent draws.
    epsilon : float
        Distance from the expectation, positive; both sides are counted.
    low, high : float
        Limits of every draw.

    Returns
    -------
    float
        :math:`\min(1, 2 \exp(-2 n \epsilon^2 / (\text{high} - \text{low})^2))`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    References
    ----------
    .. [1] W. Hoeffding, "Probability inequalities for sums of bounded random variables",
       J. Amer. Statist. Assoc. 58(301), 1963, Theorem 2.

    Examples
    --------
    >>> round(hoeffding(100, 0.1), 4)
    0.2707
    """
    n = check_count(n, "n", low=1)
    epsilon = _positive(epsilon, "epsilon")
    low = check_number(low, "low")
    high = check_number(high, "high", low=low, open_low=True)
    return min(1.0, 2 * math.exp(-2 * n * _square(epsilon / (high - low))))


def bernstein(n, epsilon, variance, *, farthest=1.0):
    r"""Bound the same probability for independent draws whose variance is known.

    Where the variance is small against the range this is far sharper than `hoeffding`, and it
    needs no coin: any draws near their expectation will do.

    Parameters
    ----------
    n : int
        Number of independent draws.
    epsilon : float
        Distance from the expectation, positive; both sides are counted.
    variance : float
        Variance :math:`\sigma^2` of one draw, or a larger number.
    farthest : float, default 1.0
        A distance :math:`b` from the expectation that no draw exceeds, positive; 1 is enough for
        draws in [0, 1].

    Returns
    -------
    float
        :math:`\min(1, 2 \exp(-n \epsilon^2 / (2 \sigma^2 + \tfrac23 b \epsilon)))`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Notes
    -----
    **Cost.** Constant.

    **Guarantee.** An upper bound for independent draws with :math:`|X - E\,X| \le b` ([1], Theorem
    2.8.4). For :math:`\epsilon \ll \sigma^2 / b` it has the exponent of the normal law,
    :math:`n \epsilon^2 / (2 \sigma^2)`; for larger ones it falls like that of a sum of rare
    events, :math:`3 n \epsilon / (2 b)`.

    References
    ----------
    .. [1] R. Vershynin, "High-Dimensional Probability", Cambridge University Press, 2018.

    Examples
    --------
    >>> round(bernstein(100, 0.3, variance=1.4), 4)  # 2 exp(-9 / (2.8 + 0.2)) = 2 exp(-3)
    0.0996
    """
    n = check_count(n, "n", low=1)
    epsilon = _positive(epsilon, "epsilon")
    variance = check_number(variance, "variance", low=0.0, open_high=True)
    farthest = _positive(farthest, "farthest")
    spread = 2 * variance + 2 / 3 * farthest * epsilon
    if math.isinf(spread):
        return 1.0
    return min(1.0, 2 * math.exp(-_over(n * _square(epsilon), spread)))


def _positive(value, name):
    return check_number(value, name, low=0.0, open_low=True, open_high=True)


def _square(x):
    """The square, infinite where it overflows: Python's ``x**2`` would raise."""
    return x * x


def _over(x, y):
    """The ratio of two numbers that are not negative, infinite where both or ``y`` vanish."""
    return x / y if y > 0.0 else math.inf


def chernoff(n, epsilon, mean):
    r"""Bound the same probability for draws in [0, 1] whose expectation is known.

    Where the expectation is near 0 or 1 this is far sharper than `hoeffding`.

    Parameters
    ----------
    n : int
        Number of independent draws.
    epsilon : float
        Distance from the expectation, positive; both sides are counted.
    mean : float
        Expectation :math:`p` of a draw, between 0 and 1.

    Returns
    -------
    float
        :math:`\min(1, e^{-n D(p + \epsilon \| p)} + e^{-n D(p - \epsilon \| p)})`, where
        :math:`D(q \| p) = q \ln\frac qp + (1 - q) \ln\frac{1 - q}{1 - p}`; a side that lies
        outside [0, 1] counts nothing.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    References
    ----------
    .. [1] W. Hoeffding, "Probability inequalities for sums of bounded random variables",
       J. Amer. Statist. Assoc. 58(301), 1963, Theorem 1, first inequality.

    Examples
    --------
    >>> round(chernoff(100, 0.1, mean=0.5), 4), round(chernoff(100, 0.1, mean=0.05), 4)
    (0.267, 0.0009)
    """
    n = check_count(n, "n", low=1)
    epsilon = _positive(epsilon, "epsilon")
    mean = check_number(mean, "mean", low=0.0, high=1.0)
    sides = [q for q in (mean - epsilon, mean + epsilon) if 0.0 <= q <= 1.0]
    return min(1.0, sum(math.exp(-n * _divergence(q, mean)) for q in sides))


def _divergence(q, p):
    """The divergence D(q || p) of two coins, in nats."""
    terms = ((q, p), (1 - q, 1 - p))
    if any(a > 0.0 and b == 0.0 for a, b in terms):
        return math.inf
    return sum(a * math.log(a / b) for a, b in terms if a > 0.0)


def median_of_means(draws, *, delta=0.01, rng=None):
    r"""Estimate an expectation so that outliers do little harm.

    The draws are dealt into groups at random; the median of the groups' means is returned.

    Parameters
    ----------
    draws : array_like, shape (n,)
        Independent draws of one distribution.
    delta : float, default 0.01
        Probability that the guarantee may fail; sets the number of groups.
    rng : Generator, int or None
        Source of randomness: how the draws are dealt. Data in a meaningful order (by time, by
        size) would otherwise make groups that differ.

    Returns
    -------
    float
        The estimate.

    Raises
    ------
    ValueError
        If there are fewer draws than groups, or a draw is not finite.
    TypeError
        If an argument is of the wrong kind.

    See Also
    --------
    median_of_means_error : the error that the guarantee allows.

    Notes
    -----
    **Cost.** One pass, :math:`O(n)`.

    **Guarantee.** With :math:`k = \lceil 8 \ln(1/\delta) \rceil` groups the error is at most
    :math:`2 \sigma / \sqrt{\lfloor n/k \rfloor}`, about
    :math:`\sigma \sqrt{32 \ln(1/\delta) / n}`, with probability :math:`1 - \delta`
    ([1], Theorem 2). Only the variance :math:`\sigma^2` must be finite. The proof is two lines:
    a group is off by that much with probability at most 1/4 (Chebyshev), and half of the
    groups are with probability at most :math:`e^{-k/8}` (Hoeffding).

    References
    ----------
    .. [1] G. Lugosi, S. Mendelson, "Mean estimation and regression under heavy-tailed
       distributions: a survey", Found. Comput. Math. 19(5), 2019.

    Examples
    --------
    >>> median_of_means([2.0] * 99 + [1e9], rng=0)
    2.0
    """
    draws = check_array(draws, "draws", dtype=np.float64)
    if draws.ndim != 1:
        raise ValueError(f"draws must be a list of numbers; got shape {draws.shape}.")
    groups = median_of_means_groups(delta)
    if len(draws) < groups:
        raise ValueError(
            f"draws must hold at least 8 ln(1/delta) = {groups} numbers; got {len(draws)}, "
            f"raise delta or draw more."
        )
    if not np.isfinite(draws).all():
        raise ValueError("draws contains NaN or infinity; remove such draws first.")
    dealt = as_rng(rng).permutation(draws)
    with np.errstate(over="ignore", invalid="ignore"):
        estimate = float(np.median([group.mean() for group in np.array_split(dealt, groups)]))
    if not math.isfinite(estimate):
        raise ValueError("draws must be so small that their sums do not overflow; rescale them.")
    return estimate


def median_of_means_groups(delta):
    r"""Return the number of groups, :math:`\lceil 8 \ln(1/\delta) \rceil`.

    Parameters
    ----------
    delta : float
        Probability that the guarantee may fail, between 0 and 1.

    Returns
    -------
    int

    Raises
    ------
    ValueError, TypeError
        If ``delta`` is no number between 0 and 1, both excluded.

    Examples
    --------
    >>> median_of_means_groups(0.01)
    37
    """
    delta = check_fraction(delta, "delta")
    return math.ceil(-8 * math.log(delta))


def median_of_means_error(n, variance, delta):
    r"""Return the error that `median_of_means` exceeds with probability at most ``delta``.

    Parameters
    ----------
    n : int
        Number of draws.
    variance : float
        Variance of one draw.
    delta : float
        Probability that the guarantee may fail.

    Returns
    -------
    float
        :math:`2 \sigma / \sqrt{\lfloor n/k \rfloor}` with the :math:`k` of
        `median_of_means_groups`. The source prints :math:`\sigma \sqrt{32 \ln(1/\delta) / n}`,
        which is this without the two roundings.

    Raises
    ------
    ValueError
        If an argument is out of range, or ``n`` is smaller than the number of groups.
    TypeError
        If an argument is no number.

    Examples
    --------
    >>> round(median_of_means_error(10_000, 1.0, 0.01), 4)
    0.1217
    """
    groups = median_of_means_groups(delta)
    n = check_count(n, "n", low=groups)
    variance = check_number(variance, "variance", low=0.0, open_high=True)
    return 2 * math.sqrt(variance / (n // groups))
