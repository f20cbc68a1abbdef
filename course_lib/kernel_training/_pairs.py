"""The steps of sequential minimal optimization, compiled; columns come from a bounded cache.

With ``beta = y * alpha`` the two classes look alike: each variable lies between ``low`` and
``high``, their sum is zero, and ``g = y - K @ beta`` is the slope of the dual along it.
"""

import numpy as np
from numba import njit

from course_lib._validation import check_finite

__all__ = ["PairSolver"]

FLAT = 1e-12  # beside the largest diagonal, the least curvature of a pair: equal rows have none
NEAR = 1e-14  # a variable that is rounding away from an end of its range is there
MISSING, SPENT, SETTLED = 0, 1, 2  # why the loop came back


class PairSolver:
    """Variables, slopes and counts of one problem; ``advance`` makes steps."""

    def __init__(self, cache, diagonal, y, C):
        n = len(y)
        self.cache, self.C = cache, C
        self.diagonal = np.ascontiguousarray(diagonal, np.float64)
        self.flat = max(FLAT * float(np.abs(self.diagonal).max()), 1e-300)
        self.y = y.astype(np.float64)
        self.beta, self.slope = np.zeros(n), self.y.copy()
        self.low, self.high = np.minimum(C * self.y, 0), np.maximum(C * self.y, 0)
        self.rise = np.where(self.high > 0, self.slope, -np.inf)
        self.fall = np.where(self.low < 0, -self.slope, -np.inf)
        self.gain, self.touched = np.empty(n), np.zeros(n, np.uint8)
        self.n_steps = 0

    @property
    def violation(self):
        """By how much the worst pair is off; at most zero at the solution."""
        return float(self.rise.max() + self.fall.max())

    @property
    def offset(self):
        """The middle of the worst pair."""
        return float(self.rise.max() - self.fall.max()) / 2

    def advance(self, n_steps, tol):
        """Make that many steps; return whether a pair is left that is off by more than ``tol``."""
        budget = n_steps
        while True:
            why, done, missing = _pair_steps(
                self.cache.rows, self.cache.slot_of, self.cache.used_at, self.diagonal,
                self.beta, self.low, self.high, self.slope, self.rise, self.fall, self.gain,
                self.touched, self.n_steps, budget, tol, self.flat,
            )  # fmt: skip
            self.n_steps += done
            budget -= done
            if why != MISSING:
                return why == SPENT
            self.cache.fetch(missing, self.n_steps)

    def values(self):
        """Return the dual and the primal value: no kernel is evaluated."""
        square = self.beta @ (self.y - self.slope)
        dual = np.abs(self.beta).sum() - square / 2
        losses = np.maximum(self.y * (self.slope - self.offset), 0)
        primal = square / 2 + self.C * losses.sum()
        return float(dual), float(check_finite(primal, "K or C"))


@njit(cache=True)
def _pair_steps(
    rows, slot_of, used_at, diagonal, beta, low, high, slope, rise, fall, gain, touched,
    before, budget, tol, flat,
):  # fmt: skip
    """Make steps until they are spent, no pair is off by ``tol``, or a column is missing.

    ``rise`` is the slope where a variable may grow and minus infinity elsewhere, ``fall`` minus
    the slope where it may shrink. The first of a pair rises most steeply; the second one is where
    the exact step along the pair gains most.
    """
    n = len(beta)
    for step in range(budget):
        i = _largest(rise)
        if not rise[i] + fall[_largest(fall)] > tol:
            return SETTLED, step, -1
        if slot_of[i] < 0:
            return MISSING, step, i
        used_at[slot_of[i]] = before + step
        ki = rows[slot_of[i]]
        for t in range(n):
            ahead = max(rise[i] + fall[t], 0.0)
            gain[t] = ahead * ahead / max(diagonal[i] + diagonal[t] - 2 * ki[t], flat)
        j = _largest(gain)
        if not gain[j] > 0:
            return SETTLED, step, -1
        if slot_of[j] < 0:
            return MISSING, step, j
        used_at[slot_of[j]] = before + step
        touched[i] = touched[j] = 1
        kj = rows[slot_of[j]]
        length = (rise[i] + fall[j]) / max(diagonal[i] + diagonal[j] - 2 * ki[j], flat)
        length = min(length, min(high[i] - beta[i], beta[j] - low[j]))
        grown = _at_end(beta[i] + length, high[i], length)
        shrunk = _at_end(beta[j] - length, low[j], length)
        up, down = grown - beta[i], beta[j] - shrunk
        if up == 0 and down == 0:
            return SETTLED, step, -1
        beta[i], beta[j] = grown, shrunk
        rise[i] = 0.0 if grown < high[i] else -np.inf
        rise[j], fall[i] = 0.0, 0.0
        fall[j] = 0.0 if shrunk > low[j] else -np.inf
        for t in range(n):
            slope[t] -= up * ki[t] - down * kj[t]
            rise[t] = slope[t] if rise[t] > -np.inf else -np.inf
            fall[t] = -slope[t] if fall[t] > -np.inf else -np.inf
    return SPENT, budget, -1


@njit(cache=True)
def _at_end(value, end, length):
    """Return a variable after a step; one that rounding keeps from an end of its range is there."""
    if abs(value - end) <= NEAR * abs(end):
        return end
    return 0.0 if abs(value) <= NEAR * length else value


@njit(cache=True)
def _largest(values):
    """Return where the largest of them stands: four lanes find its block of 64."""
    n = len(values)
    best, start = -np.inf, 0
    whole = n - n % 64
    for first in range(0, whole, 64):
        a, b, c, d = values[first], values[first + 1], values[first + 2], values[first + 3]
        for t in range(first + 4, first + 64, 4):
            a = values[t] if values[t] > a else a
            b = values[t + 1] if values[t + 1] > b else b
            c = values[t + 2] if values[t + 2] > c else c
            d = values[t + 3] if values[t + 3] > d else d
        top = max(max(a, b), max(c, d))
        if top > best:
            best, start = top, first
    found = start
    stop = start + 64 if best > -np.inf else n
    for t in range(start, min(stop, n)):
        if values[t] > values[found]:
            found = t
    for t in range(whole, n):
        if values[t] > values[found]:
            found = t
    return found
