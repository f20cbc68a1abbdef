"""Images moved a little: shifted, turned, stretched and sheared, anew for each batch."""

import math

import numpy as np
from numba import njit

from course_lib._validation import as_rng, check_array, check_finite, check_number

__all__ = ["affine"]


def affine(X, rng=None, *, strength=1.0, background=-1.0):
    """Return square images, each moved by a small affine map of its own.

    Parameters
    ----------
    X : array, shape (n, side * side)
    rng : int, numpy.random.Generator or None
    strength : float, default 1
        At 1 they shift by up to 1.5 pixels and turn by up to 0.15 (8.6 degrees), both axes grow or
        shrink by up to ``exp(0.1)``, and they shear by up to 0.1; all even and in proportion.
    background : float, default -1
        What lies around an image.

    Returns
    -------
    array, shape of ``X``

    Raises
    ------
    ValueError, TypeError
        If images are not square, or a number is out of range.

    Notes
    -----
    **Cost.** Four pixels are read for each one written (bilinear interpolation).

    Examples
    --------
    >>> X = np.arange(9.0).reshape(1, 9)
    >>> bool(np.allclose(affine(X, strength=0.0), X))
    True
    """
    X = np.ascontiguousarray(check_finite(check_array(X, "X", ndim=2), "X"))
    side = math.isqrt(X.shape[1])
    if side * side != X.shape[1] or X.size == 0:
        raise ValueError(f"X must hold square images; got shape {X.shape}.")
    s = check_number(strength, "strength", low=0, high=10)
    background = check_number(background, "background", low=-3e38, high=3e38)
    out = np.empty_like(X)
    _move(X, _maps(len(X), as_rng(rng), s).astype(X.dtype), out, side, X.dtype.type(background))
    return out


def _maps(n, rng, s):
    """Six numbers for each image: where the pixel of a place is taken from."""
    turn, shear = rng.uniform(-0.15 * s, 0.15 * s, n), rng.uniform(-0.1 * s, 0.1 * s, n)
    wide, high = np.exp(rng.uniform(-0.1 * s, 0.1 * s, (2, n)))
    c, d = np.cos(turn), np.sin(turn)
    linear = [c * wide, (shear * c - d) * high, d * wide, (c + shear * d) * high]
    return np.column_stack([*linear, *rng.uniform(-1.5 * s, 1.5 * s, (2, n))])


@njit(cache=True)
def _move(X, maps, out, side, background):
    middle = (maps.dtype.type(side) - 1) / 2
    for i in range(X.shape[0]):
        a, b, c, d, across, down = maps[i]
        for y in range(side):
            for x in range(side):
                u = a * (x - middle) + b * (y - middle) + middle + across
                v = c * (x - middle) + d * (y - middle) + middle + down
                left, top = int(np.floor(u)), int(np.floor(v))
                total = 0.0
                for row in (top, top + 1):
                    for column in (left, left + 1):
                        weight = (1 - abs(u - column)) * (1 - abs(v - row))
                        inside = 0 <= row < side and 0 <= column < side
                        pixel = X[i, row * side + column] if inside else background
                        total += weight * pixel
                out[i, y * side + x] = total
