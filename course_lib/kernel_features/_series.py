"""Hermite series of sources, Taylor series of targets, and how one becomes the other."""

import itertools
import math

import numpy as np
from numba import njit

__all__ = ["evaluate", "gather", "meet", "translations"]


def translations(d, p, side, tol):
    """Return the offsets (o, 3) of boxes within reach, and the matrices (q, p, p) along an axis.

    Matrix q turns p moments about a center into p Taylor coefficients about one that lies
    q - reach boxes to the right; what is farther than where the Gaussian is ``tol`` is left out.
    """
    far = math.sqrt(-math.log(tol))
    reach = math.floor(far / side) + 1
    steps = range(-reach, reach + 1)
    offsets = [
        (*(0,) * (3 - d), *step)
        for step in itertools.product(steps, repeat=d)
        if sum((max(0, abs(s) - 1) * side) ** 2 for s in step) < far**2
    ]
    m = np.arange(p)
    signs = np.where(m % 2, -1.0, 1.0) / np.array([math.factorial(k) for k in m], float)
    matrices = [_hermite(s * side, 2 * p)[m[:, None] + m] * signs for s in steps]
    return np.array(offsets, np.int64), np.array(matrices)


def _hermite(x, n):
    """The first n Hermite functions at x, by their recurrence."""
    h = np.zeros(max(n, 2))
    h[0] = math.exp(-x * x)
    h[1] = 2 * x * h[0]
    for k in range(1, n - 1):
        h[k + 1] = 2 * x * h[k] - 2 * k * h[k - 1]
    return h[:n]


@njit(cache=True)
def gather(points, start, centers, slots, weights, moments):
    """Add the sources of each box to its moments (slot, column, p, p, p)."""
    _, columns, P, Q, R = moments.shape
    x, y, z = np.empty(P), np.empty(Q), np.empty(R)
    for box in range(len(slots)):
        if slots[box] < 0:
            continue
        for s in range(start[box], start[box + 1]):
            _powers(points[s, 0] - centers[box, 0], x, True)
            _powers(points[s, 1] - centers[box, 1], y, True)
            _powers(points[s, 2] - centers[box, 2], z, True)
            for c in range(columns):
                M = moments[slots[box], c]
                for i in range(P):
                    for j in range(Q):
                        w = weights[s, c] * x[i] * y[j]
                        for k in range(R):
                            M[i, j, k] += w * z[k]


@njit(cache=True)
def _powers(x, out, over_factorials):
    """Powers of x, over their factorials if wanted."""
    out[0] = 1.0
    for i in range(1, len(out)):
        out[i] = out[i - 1] * x / (i if over_factorials else 1)


@njit(cache=True)
def evaluate(points, start, centers, slots, local, sums):
    """Add the Taylor series of each box to the sums at its targets."""
    _, columns, P, Q, R = local.shape
    x, y, z, total = np.empty(P), np.empty(Q), np.empty(R), np.empty(R)
    for box in range(len(slots)):
        if slots[box] < 0:
            continue
        for t in range(start[box], start[box + 1]):
            _powers(points[t, 0] - centers[box, 0], x, False)
            _powers(points[t, 1] - centers[box, 1], y, False)
            _powers(points[t, 2] - centers[box, 2], z, False)
            for c in range(columns):
                L = local[slots[box], c]
                total[:] = 0
                for i in range(P):
                    for j in range(Q):
                        w = x[i] * y[j]
                        for k in range(R):
                            total[k] += w * L[i, j, k]
                for k in range(R):
                    sums[t, c] += total[k] * z[k]


@njit(cache=True)
def meet(
    S, s_start, s_cells, s_slots, weights, moments,
    T, t_start, t_cells, t_slots, local,
    keys, strides, offsets, series, size, sums,
):  # fmt: skip
    """Let each box of targets meet the boxes of sources within reach; count pairs and series."""
    evaluations, translated = 0, 0
    reach = len(series) // 2
    _, columns, P, Q, R = moments.shape
    one, two = np.empty((2, P, Q, R))
    for t in range(len(t_slots)):
        n_t = t_start[t + 1] - t_start[t]
        for o in range(len(offsets)):
            cell = t_cells[t] - offsets[o]
            if min(cell) < 0:
                continue
            key = cell[0] * strides[0] + cell[1] * strides[1] + cell[2] * strides[2]
            s = np.searchsorted(keys, key)
            if s == len(keys) or keys[s] != key:
                continue
            n_s = s_start[s + 1] - s_start[s]
            if t_slots[t] < 0 or s_slots[s] < 0 or n_s * n_t <= size:
                _directly(
                    S, s_start[s], s_start[s + 1], weights, T, t_start[t], t_start[t + 1], sums
                )
                evaluations += n_s * n_t
                continue
            translated += 1
            for c in range(columns):
                _translate(moments[s_slots[s], c], series, offsets[o] + reach, one, two,
                           local[t_slots[t], c])  # fmt: skip
    return evaluations, translated


@njit(cache=True)
def _directly(S, a, b, weights, T, first, last, sums):
    for t in range(first, last):
        for s in range(a, b):
            x, y, z = T[t, 0] - S[s, 0], T[t, 1] - S[s, 1], T[t, 2] - S[s, 2]
            value = np.exp(-(x * x + y * y + z * z))
            for c in range(weights.shape[1]):
                sums[t, c] += value * weights[s, c]


@njit(cache=True)
def _translate(M, series, q, one, two, L):
    """Add a series of moments to Taylor coefficients, one axis after the other."""
    P, Q, R = M.shape
    one[:] = 0
    A = series[q[2]]
    for i in range(P):
        for j in range(Q):
            for k in range(R):
                for m in range(R):
                    one[i, j, m] += M[i, j, k] * A[k, m]
    if Q > 1:
        two[:] = 0
        A = series[q[1]]
        for i in range(P):
            for j in range(Q):
                for m in range(Q):
                    for k in range(R):
                        two[i, m, k] += A[j, m] * one[i, j, k]
        one, two = two, one
    if P > 1:
        A = series[q[0]]
        for i in range(P):
            for m in range(P):
                for j in range(Q):
                    for k in range(R):
                        L[m, j, k] += A[i, m] * one[i, j, k]
    else:
        for j in range(Q):
            for k in range(R):
                L[0, j, k] += one[0, j, k]
