"""Compiled loops of a training step: all that is no product of matrices.

Each is one pass over its arrays, where NumPy would make several and a temporary for each. They take
float32 and float64; numbers come in the dtype of the arrays.
"""

import numpy as np
from numba import njit

__all__ = ["adam_step", "momentum_step", "normalize", "normalize_back", "sign", "window"]

TINY = 1e-30  # moments below it become 0: denormal numbers cost a hundred times as much


def sign(X):
    """Return +1 where ``X >= 0`` and -1 elsewhere, in the dtype of ``X``."""
    Y = np.empty(X.shape, X.dtype)
    _sign(np.ascontiguousarray(X).reshape(-1), Y.reshape(-1))
    return Y


@njit(cache=True)
def _sign(x, y):
    for i in range(x.size):
        y[i] = 1 if x[i] >= 0 else -1


@njit(cache=True)
def window(X, G, width):
    """Return ``G`` where ``|X| <= width`` and 0 elsewhere."""
    Y = np.empty_like(G)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            Y[i, j] = G[i, j] if abs(X[i, j]) <= width else 0
    return Y


@njit(cache=True, fastmath=True)
def normalize(X, gamma, beta, eps):
    """Return the normalized batch, and for `normalize_back` its columns at unit length.

    That is ``Y = gamma * Z + beta`` with ``Z = (X - mean) / sqrt(var + eps)``; then ``Z``, the
    scale ``gamma / sqrt(var + eps)``, the mean and the variance (divided by the batch size).
    """
    n, d = X.shape
    mean, var, scale = np.zeros_like(gamma), np.zeros_like(gamma), np.empty_like(gamma)
    Y, Z = np.empty_like(X), np.empty_like(X)
    for i in range(n):
        for j in range(d):
            mean[j] += X[i, j]
    mean /= gamma.dtype.type(n)
    for i in range(n):
        for j in range(d):
            gap = X[i, j] - mean[j]
            var[j] += gap * gap
    var /= gamma.dtype.type(n)
    unit = 1 / np.sqrt(var + eps)
    for j in range(d):
        scale[j] = gamma[j] * unit[j]
    for i in range(n):
        for j in range(d):
            Z[i, j] = (X[i, j] - mean[j]) * unit[j]
            Y[i, j] = gamma[j] * Z[i, j] + beta[j]
    return Y, Z, scale, mean, var


@njit(cache=True, fastmath=True)
def normalize_back(Z, scale, G):
    """Return the gradients of gamma, beta and X: mean and variance depend on X too."""
    n, d = Z.shape
    dgamma, dbeta = np.zeros_like(scale), np.zeros_like(scale)
    D = np.empty_like(G)
    for i in range(n):
        for j in range(d):
            dbeta[j] += G[i, j]
            dgamma[j] += G[i, j] * Z[i, j]
    share = scale.dtype.type(1) / scale.dtype.type(n)
    for i in range(n):
        for j in range(d):
            D[i, j] = scale[j] * (G[i, j] - share * (dbeta[j] + Z[i, j] * dgamma[j]))
    return dgamma, dbeta, D


@njit(cache=True)
def adam_step(w, g, m, v, step, beta1, beta2, fix1, fix2, limit):
    """Change w, and the moments m and v, by one step of Adam; clip w to ``+-limit``."""
    kind = w.dtype.type
    zero, one, eps, tiny = kind(0), kind(1), kind(1e-8), kind(TINY)
    for i in range(w.size):
        mi = beta1 * m[i] + (one - beta1) * g[i]
        vi = beta2 * v[i] + (one - beta2) * g[i] * g[i]
        mi = mi if abs(mi) > tiny else zero
        vi = vi if vi > tiny else zero
        m[i], v[i] = mi, vi
        moved = w[i] - step * (mi * fix1) / (np.sqrt(vi * fix2) + eps)
        w[i] = min(limit, max(-limit, moved))


@njit(cache=True)
def momentum_step(w, g, v, step, momentum, decay, limit):
    """Change w and its velocity v by one step of gradient descent with momentum; clip w."""
    zero, tiny = w.dtype.type(0), w.dtype.type(TINY)
    for i in range(w.size):
        vi = momentum * v[i] - step * (g[i] + decay * w[i])
        vi = vi if abs(vi) > tiny else zero
        v[i] = vi
        w[i] = min(limit, max(-limit, w[i] + vi))
