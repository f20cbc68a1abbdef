"""Random matrices with orthogonal rows, and products with those made of Hadamard transforms.

    hadamard    H D3 H D2 H D1            D: random signs
    fastfood    H G P H B                 B: random signs, P: permutation, G: normal diagonal

All rows of such a block have one length, P^(3/2) and sqrt(P) |G|, P being its size; the caller
divides by it and gives each row the length that he wants. Vectors are taken 16 at a time and laid
side by side, entry j of all of them before entry j + 1: strides of 16 and more then transform all
sixteen, and every addition is one of vectors.
"""

import numpy as np
from numba import njit

from course_lib.randomness.hadamard import butterflies

__all__ = [
    "LANES",
    "orthonormal_rows",
    "padded",
    "random_signs",
    "write_fastfood",
    "write_hadamard",
]

LANES = 16  # vectors side by side: one 512-bit vector of float32, two of float64


def padded(n_features):
    """Return the least power of two that is not below ``n_features``."""
    return 1 << (n_features - 1).bit_length()


def orthonormal_rows(count, d, rng):
    """Draw ``count`` unit vectors; each run of ``d`` is orthonormal.

    The lines that they lie on are uniform; their signs are not, which no cosine sees.
    """
    blocks = []
    for start in range(0, count, d):
        Q, _ = np.linalg.qr(rng.standard_normal((d, min(d, count - start))))
        blocks.append(Q.T)
    return np.concatenate(blocks)


def random_signs(shape, rng):
    """Draw -1 and 1, each with chance 1/2, as int8."""
    return rng.integers(0, 2, shape, dtype=np.int8) * np.int8(2) - np.int8(1)


@njit(cache=True)
def write_hadamard(X, signs, scales, phases):
    """Write the products with each row of ``X`` (n, d) into the first columns of
    ``phases``, (n, F) or wider.

    ``signs`` (blocks, 3, P) holds the diagonals, ``scales`` (F,) a factor for each product.
    """
    n, size = X.shape[0], signs.shape[2]
    rows, y = np.empty((size, LANES), X.dtype), np.empty((size, LANES), X.dtype)
    for first in range(0, n, LANES):
        _load(X, first, rows)
        for block in range(signs.shape[0]):
            _times_signs(rows, signs[block, 0], y)
            butterflies(y.reshape(-1), LANES)
            for k in (1, 2):
                _times_signs(y, signs[block, k], y)
                butterflies(y.reshape(-1), LANES)
            _store(y, block * size, scales, phases, first)


@njit(cache=True)
def write_fastfood(X, signs, permutations, gaussians, scales, phases):
    """As `write_hadamard`; each array of the map has the shape (blocks, P)."""
    n, size = X.shape[0], signs.shape[1]
    rows, y, z = (
        np.empty((size, LANES), X.dtype),
        np.empty((size, LANES), X.dtype),
        np.empty((size, LANES), X.dtype),
    )
    for first in range(0, n, LANES):
        _load(X, first, rows)
        for block in range(signs.shape[0]):
            _times_signs(rows, signs[block], y)
            butterflies(y.reshape(-1), LANES)
            for j in range(size):
                source, factor = y[permutations[block, j]], gaussians[block, j]
                for lane in range(LANES):
                    z[j, lane] = source[lane] * factor
            butterflies(z.reshape(-1), LANES)
            _store(z, block * size, scales, phases, first)


@njit(cache=True)
def _load(X, first, rows):
    """Lay 16 rows of ``X`` side by side, with zeros where there are no more rows or columns."""
    n, d = X.shape
    rows[:] = 0
    for lane in range(min(LANES, n - first)):
        for j in range(d):
            rows[j, lane] = X[first + lane, j]


@njit(cache=True)
def _times_signs(x, signs, y):
    for j in range(len(signs)):
        sign = x.dtype.type(signs[j])
        for lane in range(LANES):
            y[j, lane] = x[j, lane] * sign


@njit(cache=True)
def _store(y, start, scales, phases, first):
    """Write a block of products to where its vectors stand, as many as there is room for."""
    count = min(len(y), len(scales) - start)
    for lane in range(min(LANES, phases.shape[0] - first)):
        row = phases[first + lane, start : start + count]
        for j in range(count):
            row[j] = y[j, lane] * scales[start + j]
