"""Least squares, one small problem a row: the kernels of alternating least squares.

Rows do not know of each other. That is why any number of threads or machines may share them, and
why the answer does not depend on who solved which.
"""

import numpy as np
from numba import njit

from course_lib.matrix_completion.operators import FAST

__all__ = ["FAST", "cg_rows", "ridge_rows", "weighted_rows"]


@njit(cache=True, nogil=True, fastmath=FAST)
def ridge_rows(indptr, indices, values, F, offset, penalty, out):
    """Row i of ``out``: the ridge regression of its values, less the offset, on rows of ``F``.

    ``penalty`` has one weight for each column of ``F``. A row without values becomes zero, and one
    that this precision cannot solve becomes NaN.
    """
    k = F.shape[1]
    G, x, least = np.empty((k, k), F.dtype), np.empty(k, F.dtype), np.empty(k, F.dtype)
    zero, one = F.dtype.type(0), F.dtype.type(1)
    for i in range(len(out)):
        start, stop = indptr[i], indptr[i + 1]
        G[:] = 0
        x[:] = 0
        for t in range(start, stop, 2):
            u = min(t + 1, stop - 1)  # the last of an odd number is its own second, and counts once
            second = one if u > t else zero
            f, g = indices[t], indices[u]
            of_f, of_g = values[t] - offset[f], second * (values[u] - offset[g])
            _add_two(G, x, F[f], F[g], one, second, of_f, of_g)
        if stop > start:
            for p in range(k):
                G[p, p] += penalty[p]
            _cholesky_solve(G, x, least)
        out[i] = x


@njit(cache=True, nogil=True, fastmath=FAST)
def weighted_rows(indptr, indices, weights, F, gram, out):
    """Row i of ``out``: least squares over all rows of ``F``, weight one and target zero.

    Stored places have their own weight and target one. ``gram`` is ``F'F`` plus the penalty, so
    that a row costs its stored places and no more (Hu, Koren, Volinsky 2008). A row that this
    precision cannot solve becomes NaN.
    """
    k = F.shape[1]
    G, x, least = np.empty((k, k), F.dtype), np.empty(k, F.dtype), np.empty(k, F.dtype)
    zero, one = F.dtype.type(0), F.dtype.type(1)
    for i in range(len(out)):
        start, stop = indptr[i], indptr[i + 1]
        G[:] = gram
        x[:] = 0
        for t in range(start, stop, 2):
            u = min(t + 1, stop - 1)  # as in `ridge_rows`
            second = one if u > t else zero
            f, g = weights[t], second * weights[u]
            _add_two(G, x, F[indices[t]], F[indices[u]], f - one, g - second, f, g)
        if stop > start:
            _cholesky_solve(G, x, least)
        out[i] = x


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_two(G, x, f, g, f_weight, g_weight, f_value, g_value):
    """Add two places to the lower half of ``G`` and to ``x``: half the traffic of one by one."""
    for p in range(len(x)):
        x[p] += f_value * f[p] + g_value * g[p]
        of_f, of_g, row = f_weight * f[p], g_weight * g[p], G[p]
        for q in range(p + 1):
            row[q] += of_f * f[q] + of_g * g[q]


@njit(cache=True, nogil=True, fastmath=FAST)
def cg_rows(indptr, indices, weights, F, gram, steps, out):
    """The problems of `weighted_rows` by so many steps of conjugate gradients from ``out``."""
    k = F.shape[1]
    r, p, Ap = np.empty(k, F.dtype), np.empty(k, F.dtype), np.empty(k, F.dtype)
    zero, one = F.dtype.type(0), F.dtype.type(1)
    for i in range(len(out)):
        x, stored = out[i], slice(indptr[i], indptr[i + 1])
        places, w = indices[stored], weights[stored]
        if len(places) == 0:
            x[:] = 0
            continue
        _residual(places, w, F, gram, one, x, r)
        p[:] = r
        rest = _dot(r, r)
        for _ in range(steps):
            if rest < 1e-20:
                break
            _residual(places, w, F, gram, zero, p, Ap)
            curvature = _dot(p, Ap)
            if curvature == 0:  # it vanishes in this precision, and so would the step
                break
            length = rest / curvature
            for q in range(k):
                x[q] -= length * p[q]
                r[q] -= length * Ap[q]
            before, rest = rest, _dot(r, r)
            for q in range(k):
                p[q] = r[q] + rest / before * p[q]


@njit(cache=True, nogil=True, fastmath=FAST)
def _residual(places, w, F, gram, goal, x, y):
    """``y = goal * b - A x``, where ``A x = b`` are the normal equations of one row.

    Four places are taken at a time: they share what is read and written of ``x`` and ``y``.
    """
    _multiply(gram, x, y)
    for q in range(len(y)):
        y[q] = -y[q]
    one = F.dtype.type(1)
    fours = len(places) // 4 * 4
    for t in range(0, fours, 4):
        f, g, h, e = F[places[t]], F[places[t + 1]], F[places[t + 2]], F[places[t + 3]]
        a = b = c = d = F.dtype.type(0)
        for q in range(len(x)):
            a += f[q] * x[q]
            b += g[q] * x[q]
            c += h[q] * x[q]
            d += e[q] * x[q]
        a = goal * w[t] - (w[t] - one) * a
        b = goal * w[t + 1] - (w[t + 1] - one) * b
        c = goal * w[t + 2] - (w[t + 2] - one) * c
        d = goal * w[t + 3] - (w[t + 3] - one) * d
        for q in range(len(y)):
            y[q] += a * f[q] + b * g[q] + c * h[q] + d * e[q]
    for t in range(fours, len(places)):
        f = F[places[t]]
        a = goal * w[t] - (w[t] - one) * _dot(f, x)
        for q in range(len(y)):
            y[q] += a * f[q]


@njit(cache=True, nogil=True, fastmath=FAST)
def _dot(x, y):
    total = x.dtype.type(0)
    for q in range(len(x)):
        total += x[q] * y[q]
    return total


@njit(cache=True, nogil=True, fastmath=FAST)
def _multiply(G, x, y):
    """``y = G @ x`` for symmetric ``G``: a sum of rows, which vectorizes."""
    y[:] = 0
    for p in range(len(x)):
        for q in range(len(x)):
            y[q] += x[p] * G[p, q]


@njit(cache=True, nogil=True, fastmath=FAST)
def _cholesky_solve(G, x, least):
    """Solve ``G x = x`` in place; the lower half of ``G`` becomes its factor L, ``G = L'L``.

    That is Cholesky from the last unknown to the first: it runs along rows of the lower half. If
    the precision does not suffice, ``x`` becomes NaN: a pivot that is rounding is no pivot.
    ``least`` is room for the smallest pivots that are none.
    """
    k = len(x)
    # What float32 cannot solve is solved again in float64, and need not come close to its limit.
    rounding = 4 * np.finfo(G.dtype).eps * (k if G.itemsize == 4 else 1)
    for p in range(k):
        least[p] = rounding * G[p, p]
    for p in range(k - 1, -1, -1):
        row = G[p]
        if not row[p] > least[p]:
            x[:] = np.nan
            return
        row[p] = np.sqrt(row[p])
        for q in range(p):
            row[q] /= row[p]
        x[p] /= row[p]
        for r in range(p):
            along, other = row[r], G[r]
            for q in range(r + 1):
                other[q] -= along * row[q]
            x[r] -= along * x[p]
    for p in range(k):
        row = G[p]
        for t in range(p):
            x[p] -= row[t] * x[t]
        x[p] /= row[p]
