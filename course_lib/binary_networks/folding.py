"""A batch norm and a sign are one integer threshold."""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_count, check_number, check_vector

__all__ = ["Thresholds", "fold"]

NEAR = 1e-6  # relative: nearer than that to an integer, fractions decide


class Thresholds(NamedTuple):
    """A unit fires, its output is +1, where ``(count <= limit) != flip``.

    Attributes
    ----------
    limit : array of int64, shape (n_units,)
        Most bits that may differ, from -1 to all of them.
    flip : array of bool, shape (n_units,)
        True where gamma is negative.
    """

    limit: np.ndarray
    flip: np.ndarray


def fold(gamma, beta, mean, var, n, *, eps=1e-4, levels=1):
    r"""Return for each unit how many bits may differ so that it fires.

    Parameters
    ----------
    gamma, beta, mean, var : array, shape (n_units,)
        Of the batch norm after a product of n signs.
    n : int
        Signs in a row.
    eps : float, default 1e-4
        What the batch norm adds to variances.
    levels : int, default 1
        255 for rows of bytes, :math:`z = (255 n - 2c)/255` with weighted counts c.

    Returns
    -------
    Thresholds

    Raises
    ------
    ValueError, TypeError
        If these are no vectors of finite numbers of one length, ``var + eps`` is not positive,
        or a number is out of range.

    Notes
    -----
    **Guarantee.** Exact, as if the given numbers were computed with without rounding: with
    :math:`z = n - 2c` and :math:`t = \mu - \beta\sqrt{\sigma^2 + \epsilon}/\gamma` a unit fires

    * for :math:`\gamma > 0` where :math:`z \ge t`: :math:`c \le \lfloor (n - t)/2 \rfloor`;
    * for :math:`\gamma < 0` where :math:`z \le t`: :math:`c \ge \lceil (n - t)/2 \rceil`;
    * for :math:`\gamma = 0` always or never, by the sign of :math:`\beta`.

    **Cost.** A few operations a unit; fractions where t is nearly an integer.

    Examples
    --------
    Of three signs two must agree, so that z is at least 0.5; turned over, at most one may.

    >>> fold([1.0, -1.0, 0.0], [0.0, 0.0, -1.0], [0.5] * 3, [1.0] * 3, 3)
    Thresholds(limit=array([ 1,  1, -1]), flip=array([False,  True, False]))
    """
    gamma = check_vector(gamma, "gamma", dtype=np.float64)
    parts = (beta, "beta"), (mean, "mean"), (var, "var")
    beta, mean, var = (check_vector(x, name, len(gamma), dtype=np.float64) for x, name in parts)
    n = check_count(n, "n", low=1, high=2**31)
    levels = check_count(levels, "levels", low=1, high=2**16)
    eps = check_number(eps, "eps", low=0, open_high=True)
    if len(var) and not var.min() + eps > 0:
        raise ValueError(f"var + eps must be positive; the smallest var is {var.min():g}.")
    limit = [
        _limit(*unit, eps, n, levels)
        for unit in zip(*(x.tolist() for x in (gamma, beta, mean, var)), strict=True)
    ]
    return Thresholds(np.array(limit, np.int64), gamma < 0)


def _limit(gamma, beta, mean, var, eps, n, levels):
    """The largest count of those that lie on the side of few differing bits."""
    most = levels * n
    if gamma == 0:
        return most if beta >= 0 else -1
    border = levels * (n - mean + beta * math.sqrt(var + eps) / gamma) / 2
    if not -1 < border < most + 1:
        return -1 if border < 0 else most
    nearest = round(border)
    if abs(border - nearest) > NEAR * (1 + abs(border)):
        return math.floor(border)
    # At most NEAR wide: the border lies just below, at, or just above an integer. The count
    # belongs to the side of few bits unless, for gamma < 0, the unit fires there.
    z = n - Fraction(2 * nearest, levels)
    fires = _fires(*map(Fraction, (gamma, beta, mean)), Fraction(var) + Fraction(eps), z)
    return nearest if fires != (gamma < 0) else nearest - 1


def _fires(gamma, beta, mean, variance, z):
    """Whether ``gamma (z - mean) / sqrt(variance) + beta >= 0``, exactly."""
    left, right = gamma * (z - mean), -beta  # left >= right sqrt(variance)?
    if (left >= 0) != (right >= 0):
        return left >= 0
    larger = left * left >= right * right * variance
    return larger if left >= 0 else left * left <= right * right * variance
