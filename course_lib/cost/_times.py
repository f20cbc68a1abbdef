"""Checks that several rooms share: lists of durations, and answers beyond the floats."""

import functools
import math

import numpy as np

from course_lib._validation import check_array

__all__ = ["check_times", "finite"]


def check_times(times, name, ndim):
    """Return ``times`` as float64 with ``ndim`` axes, if all are finite and none negative."""
    times = check_array(times, name, dtype=np.float64)
    if times.ndim != ndim or times.size == 0:
        raise ValueError(f"{name} must have {ndim} axes and not be empty; got {times.shape}.")
    if not (np.all(times >= 0) and np.isfinite(times).all()):
        raise ValueError(f"{name} must hold seconds, none negative or infinite.")
    return times


def finite(function):
    """Let a formula return finite numbers only: refuse what overflows in a sentence.

    Its answer is a number, or a named tuple with numbers in it.
    """

    @functools.wraps(function)
    def checked(*args, **kwargs):
        try:
            answer = function(*args, **kwargs)
        except ArithmeticError:
            answer = math.nan
        parts = answer if isinstance(answer, tuple) else (answer,)
        if not all(math.isfinite(part) for part in parts if isinstance(part, float)):
            raise ValueError(
                f"{function.__name__} must have a finite answer; these arguments are too large "
                "or too small for one, look at their units."
            )
        return answer

    return checked
