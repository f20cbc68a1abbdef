"""What bounds on descent share: the smoothness, the distance of the start, numbers of steps."""

import math

import numpy as np

from course_lib._validation import check_number, plain_array

__all__ = ["check_start", "check_steps", "finite_product"]


def check_start(smoothness, distance):
    """Return the smoothness times the squared distance; twice as much must be finite too."""
    smoothness = check_number(smoothness, "smoothness", low=0, open_high=True)
    distance = check_number(distance, "distance", low=0, open_high=True)
    return finite_product(2 * smoothness * distance, distance, "smoothness * distance**2") / 2


def finite_product(one, other, what):
    """Return a product, or refuse numbers for which it overflows."""
    if not math.isfinite(one * other):
        raise ValueError(f"{what} must be finite; got numbers that overflow, rescale them.")
    return one * other


def check_steps(k, least=1):
    """Return numbers of steps, one or an array of them, as floats."""
    k = plain_array(k, "k")
    if k.dtype.kind not in "iu":
        raise TypeError(f"k must be an integer, or an array of them; got {k.dtype}.")
    if k.size and k.min() < least:
        raise ValueError(f"k must be at least {least}; got {k.min()}.")
    return k.astype(np.float64)
