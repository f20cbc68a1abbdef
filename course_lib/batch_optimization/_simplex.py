"""The small problem of a bundle method: a concave parabola over the simplex."""

from numba import njit

__all__ = ["climb"]


@njit(cache=True)
def climb(gram, offsets, weights, slack, steps):
    """Raise ``offsets @ w - w @ gram @ w / 2`` until no pair of weights gains; return the steps.

    A step moves weight to the cut with the largest slope, from the cut where that pays most. The
    rest to the maximum is at most the difference between the largest and the smallest slope of a
    cut with weight; ``slack`` bounds that difference.
    """
    n = len(offsets)
    slopes = offsets.copy()
    for i in range(n):
        for k in range(n):
            slopes[k] -= weights[i] * gram[i, k]
    for step in range(steps):
        up = 0
        for k in range(n):
            if slopes[k] > slopes[up]:
                up = k
        top, rows = slopes[up], gram[up]
        lowest, down, most = top, -1, 0.0
        for k in range(n):
            if weights[k] > 0 and slopes[k] < top:
                rise = top - slopes[k]
                lowest = min(lowest, slopes[k])
                bend = max(rows[up] + gram[k, k] - 2 * rows[k], 1e-300)
                if rise * rise > most * bend:
                    most, down = rise * rise / bend, k
        if down < 0 or top - lowest <= slack:
            return step
        others = gram[down]
        bend = max(rows[up] + others[down] - 2 * rows[down], 1e-300)
        moved = min(weights[down], (top - slopes[down]) / bend)
        weights[up] += moved
        weights[down] -= moved
        for k in range(n):
            slopes[k] -= moved * (rows[k] - others[k])
    return steps
