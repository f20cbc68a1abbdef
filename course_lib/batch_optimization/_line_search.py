"""A step along a direction that lowers the value enough and flattens the slope."""

import numpy as np

__all__ = ["strong_wolfe"]

DESCENT = 1e-4  # of the decrease that the slope promises
FLATTER = 0.9  # the slope must shrink to that
MOST = 30  # evaluations


def strong_wolfe(evaluate, x, value, g, p, length):
    """Return ``(x, value, gradient)`` at a step along ``p`` with the strong Wolfe conditions.

    None if ``p`` does not descend or rounding hides the descent. Nocedal and Wright, Numerical
    Optimization, 2006, Algorithms 3.5 and 3.6 in one loop: ``low`` is the best step so far,
    ``high`` the other end of an interval that holds a good one; without it steps grow.
    """
    slope = float(g @ p)
    if not slope < 0:
        return None
    slack = 4 * np.finfo(g.dtype).eps * abs(value)  # that much is rounding
    low, high = (0.0, value, slope), None
    for _ in range(MOST):
        point = x + length * p
        new, gradient = evaluate(point)
        here = (length, new, float(gradient @ p))
        if new > value + DESCENT * length * slope + slack or (low[0] > 0 and new > low[1] + slack):
            high = here
        elif abs(here[2]) <= -FLATTER * slope:
            return point, new, gradient
        else:
            ahead = here[2] if high is None else here[2] * (high[0] - low[0])
            low, high = here, (low if ahead >= 0 else high)
        length = 4 * length if high is None else _between(low, high)
    return None


def _between(low, high):
    """Return the minimizer of the cubic through two values and slopes, away from both ends."""
    (a, fa, da), (b, fb, db) = low, high
    width = b - a
    tilt = da + db - 3 * (fb - fa) / width
    square = tilt * tilt - da * db
    place = 0.5
    if square >= 0:
        root = np.copysign(np.sqrt(square), width)
        bottom = db - da + 2 * root
        if bottom != 0:
            place = 1 - (db + root - tilt) / bottom
    if not 0.1 <= place <= 0.9:  # NaN too
        place = 0.1 if place < 0.1 else 0.9 if place > 0.9 else 0.5
    return float(a + place * width)
