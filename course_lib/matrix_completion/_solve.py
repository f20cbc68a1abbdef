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

    ``penalty`` has one weight for each column of ``F``. A row without values becomes zero.
    """
    k = F.shape[1]
    G, x = np.empty((k, k), F.dtype), np.empty(k, F.dtype)
    for i in range(len(out)):
        G[:] = 0
        x[:] = 0
        for t in range(indptr[i], indptr[i + 1]):
            j = indices[t]
            f, value = F[j], values[t] - offset[j]
            for p in range(k):
                x[p] += value * f[p]
                weight = f[p]
                for q in range(p + 1):
                    G[p, q] += weight * f[q]
        if indptr[i + 1] > indptr[i]:
            for p in range(k):
                G[p, p] += penalty[p]
            _cholesky_solve(G, x)
        out[i] = x


@njit(cache=True, nogil=True, fastmath=FAST)
def weighted_rows(indptr, indices, weights, F, gram, out):
    """Row i of ``out``: least squares over all rows of ``F``, weight one and target zero.

    Stored places have their own weight and target one. ``gram`` is ``F'F`` plus the penalty, so
    that a row costs its stored places and no more (Hu, Koren, Volinsky 2008).
    """
    k = F.shape[1]
    G, x = np.empty((k, k), F.dtype), np.empty(k, F.dtype)
    one = F.dtype.type(1)
    for i in range(len(out)):
        G[:] = gram
        x[:] = 0
        for t in range(indptr[i], indptr[i + 1]):
            f, weight = F[indices[t]], weights[t]
            for p in range(k):
                x[p] += weight * f[p]
                extra = (weight - one) * f[p]
                for q in range(p + 1):
                    G[p, q] += extra * f[q]
        if indptr[i + 1] > indptr[i]:
            _cholesky_solve(G, x)
        out[i] = x


@njit(cache=True, nogil=True, fastmath=FAST)
def cg_rows(indptr, indices, weights, F, gram, steps, out):
    """The problems of `weighted_rows` by so many steps of conjugate gradients from ``out``."""
    k = F.shape[1]
    r, p, Ap = np.empty(k, F.dtype), np.empty(k, F.dtype), np.empty(k, F.dtype)
    one = F.dtype.type(1)
    for i in range(len(out)):
        x = out[i]
        if indptr[i + 1] == indptr[i]:
            x[:] = 0
            continue
        _multiply(gram, x, r)
        for q in range(k):
            r[q] = -r[q]
        for t in range(indptr[i], indptr[i + 1]):
            f, weight = F[indices[t]], weights[t]
            factor = weight - (weight - one) * _dot(f, x)
            for q in range(k):
                r[q] += factor * f[q]
        p[:] = r
        rest = _dot(r, r)
        for _ in range(steps):
            if rest < 1e-20:
                break
            _multiply(gram, p, Ap)
            for t in range(indptr[i], indptr[i + 1]):
                f = F[indices[t]]
                factor = (weights[t] - one) * _dot(f, p)
                for q in range(k):
                    Ap[q] += factor * f[q]
            length = rest / _dot(p, Ap)
            for q in range(k):
                x[q] += length * p[q]
                r[q] -= length * Ap[q]
            before, rest = rest, _dot(r, r)
            for q in range(k):
                p[q] = r[q] + rest / before * p[q]


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
def _cholesky_solve(G, x):
    """Solve ``G x = x`` in place; the lower half of ``G`` becomes its Cholesky factor."""
    k = len(x)
    for p in range(k):
        for q in range(p + 1):
            total = G[p, q]
            for t in range(q):
                total -= G[p, t] * G[q, t]
            G[p, q] = np.sqrt(total) if p == q else total / G[q, q]
    for p in range(k):
        for t in range(p):
            x[p] -= G[p, t] * x[t]
        x[p] /= G[p, p]
    for p in range(k - 1, -1, -1):
        for t in range(p + 1, k):
            x[p] -= G[t, p] * x[t]
        x[p] /= G[p, p]
