"""Cosine and sine of many phases at once.

A phase is turned into turns, t = phase / (2 pi), and whole turns are taken away, which is exact.
Of what is left, between -1/2 and 1/2, cosine and sine are both sines of at most a quarter turn::

    cos(2 pi t) = sin(2 pi (1/4 - |t|))
    sin(2 pi t) = sign(t) sin(2 pi (1/4 - ||t| - 1/4|))

so one polynomial serves both, and no case is told from another: the loops run as wide as the
vector unit. Its eight coefficients interpolate sin(2 pi b) / b at Chebyshev points of b^2. The
result is within 6e-16 of the true one (float32: 3e-7), as is that of a library, for phases below a
turn; the rounding of the phase itself, its size times the precision, comes on top in both.
"""

import math

import numpy as np
from numba import njit

__all__ = ["coefficients", "write_waves"]

TERMS = 8


def _sine_terms():
    """The coefficients of sin(2 pi b) / b as a polynomial in b^2, for b up to a quarter."""
    domain = [0.0, 1 / 16]
    nodes = np.polynomial.chebyshev.chebpts1(TERMS)
    squares = (nodes + 1) / 32
    b = np.sqrt(squares)
    fit = np.polynomial.Chebyshev.fit(squares, np.sin(2 * np.pi * b) / b, TERMS - 1, domain=domain)
    return fit.convert(kind=np.polynomial.Polynomial).coef


SINE = _sine_terms()


def coefficients(dtype):
    """Return turns a radian and the coefficients of the sine, as numbers in ``dtype``."""
    return tuple(np.dtype(dtype).type(c) for c in (1 / (2 * math.pi), *SINE))


@njit(cache=True, inline="always")
def _sine(b, c):
    """The sine of ``b`` turns, at most a quarter."""
    z = b * b
    high = c[5] + z * (c[6] + z * (c[7] + z * c[8]))
    return b * (c[1] + z * (c[2] + z * (c[3] + z * (c[4] + z * high))))


@njit(cache=True, fastmath={"reassoc", "contract"})
def write_waves(out, n_pairs, offsets, scale, c):
    """Put scaled waves where phases stand: at the beginning of each row of ``out``.

    The first ``n_pairs`` phases give all their cosines and then all their sines; each of the others
    gives one cosine, of the phase plus its offset. The sum of what is left of the phases comes
    back: finite if all phases were.
    """
    half, quarter = out.dtype.type(0.5), out.dtype.type(0.25)
    total = out.dtype.type(0)
    phases = np.empty(n_pairs + len(offsets), out.dtype)
    first, others = phases[:n_pairs], phases[n_pairs:]
    for i in range(len(out)):
        cosines, sines = out[i, :n_pairs], out[i, n_pairs : 2 * n_pairs]
        alone = out[i, 2 * n_pairs :]
        phases[:] = out[i, : len(phases)]
        for j in range(n_pairs):
            t = first[j] * c[0]
            t -= np.floor(t + half)
            a = abs(t)
            cosines[j] = scale * _sine(quarter - a, c)
            sines[j] = scale * math.copysign(_sine(quarter - abs(a - quarter), c), t)
            total += t
        for j in range(len(offsets)):
            t = (others[j] + offsets[j]) * c[0]
            t -= np.floor(t + half)
            alone[j] = scale * _sine(quarter - abs(t), c)
            total += t
    return total
