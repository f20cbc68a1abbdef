"""Five matrices whose rows are shifts: products with them by the fast Fourier transform.

In each, entry (i, j) is g[(c_j - r_i) mod N], with integers r_i and c_j. So the products with one
vector are a cyclic correlation, read at the places r_i, of g with a vector whose entries were moved
to the places c_j. Circulant, BinCirc and HalfShift have c_j = j, N = n, and differ in how far r_i
moves from a row to the next; VerHorShift permutes the columns too; Toeplitz needs a longer cycle.
"""

import math

import numpy as np
import scipy.fft

from course_lib._validation import as_rng, check_count
from course_lib.binary_embeddings.structured import (
    LARGEST,
    StructuredMatrix,
    check_block,
    check_shape,
)

__all__ = ["BinCirc", "Circulant", "HalfShift", "Toeplitz", "VerHorShift"]

BLOCK = 1 << 15  # entries that are transformed together
ROWS = 8  # at least that many together: the transform puts several rows into one vector register


class _Shifted(StructuredMatrix):
    """A matrix with the entries g[(c_j - r_i) mod N]."""

    def __init__(self, k, n, rng, stride, factor=1):
        super().__init__(k, n, n, as_rng(rng))
        self._places = np.arange(k) * stride % n
        self._columns = np.arange(n) * factor % n
        self._prepare(self.gaussians, factor)

    def _prepare(self, cycle, factor=1):
        """Keep the spectrum of one cycle of numbers, in both precisions."""
        self._order = None if factor == 1 else np.argsort(self._columns)
        spectrum = np.conj(scipy.fft.rfft(cycle))
        self._spectra = {np.dtype(np.float64): spectrum}
        self._spectra[np.dtype(np.float32)] = spectrum.astype(np.complex64)
        self._length = len(cycle)

    @property
    def nbytes(self):
        return super().nbytes + sum(spectrum.nbytes for spectrum in self._spectra.values())

    def _variables(self, rows):
        return (self._columns - self._places[rows][:, None]) % self.shape[1]

    def _apply(self, X):
        k = self.shape[0]
        spectrum = self._spectra[X.dtype]
        in_order = k == 1 or (self._places[1] == 1 and self._places[-1] == k - 1)
        places = slice(k) if in_order else self._places
        Y = np.empty((len(X), k), X.dtype)
        step = max(ROWS, BLOCK // self._length)
        for start in range(0, len(X), step):
            rows = X[start : start + step]
            moved = rows if self._order is None else rows[:, self._order]
            F = scipy.fft.rfft(moved, n=self._length, axis=1)
            F *= spectrum
            correlation = scipy.fft.irfft(F, n=self._length, axis=1, overwrite_x=True)
            Y[start : start + step] = correlation[:, places]
        return Y


class Circulant(_Shifted):
    r"""Each row is the row above, rolled to the right by one: entry :math:`g_{(j - i) \bmod n}`.

    Parameters
    ----------
    k, n : int
        Rows and columns, ``k <= n``: a row more would be the first again.
    rng : Generator, int or None
        Source of randomness.

    Examples
    --------
    >>> C = Circulant(2, 3, rng=0)
    >>> C.variables(0), C.variables(1)
    (array([0, 1, 2]), array([2, 0, 1]))
    """

    def __init__(self, k, n, *, rng=None):
        k, n = check_shape(k, n, wide=True)
        super().__init__(k, n, rng, 1)


class BinCirc(_Shifted):
    r"""Each row is the row above, rolled to the right by a block.

    Parameters
    ----------
    k, n : int
        Rows and columns, ``k <= n``.
    block : int, default 4
        Length :math:`s` of a block; it divides :math:`n`. With 1 this is `Circulant`.
    rng : Generator, int or None
        Source of randomness.

    Examples
    --------
    >>> BinCirc(2, 6, block=3, rng=0).variables(1)
    array([3, 4, 5, 0, 1, 2])
    """

    def __init__(self, k, n, *, block=4, rng=None):
        k, n = check_shape(k, n, wide=True)
        self.block = check_block(block, n)
        super().__init__(k, n, rng, self.block)


class HalfShift(_Shifted):
    r"""Each row is the row above with its halves swapped, then rolled to the right by one.

    Swapping halves is rolling by :math:`n/2`, so a row is the row above rolled by
    :math:`n/2 + 1`. If 4 divides :math:`n` and :math:`k = n`, the rows are those of `Circulant`
    in another order; if :math:`n/2` is odd, they repeat after :math:`n/2`.

    Parameters
    ----------
    k, n : int
        Rows and columns, ``k <= n``; ``n`` is even.
    rng : Generator, int or None
        Source of randomness.

    Examples
    --------
    >>> HalfShift(2, 4, rng=0).variables(1)
    array([1, 2, 3, 0])
    """

    def __init__(self, k, n, *, rng=None):
        k, n = check_shape(k, n, wide=True)
        if n % 2:
            raise ValueError(f"n must be even, to have halves; got {n}, pad vectors with a zero.")
        super().__init__(k, n, rng, n // 2 + 1)


class VerHorShift(_Shifted):
    r"""Rows rolled to the right by ``horizontal`` each, then columns shifted up.

    Column :math:`j` is shifted up by :math:`vj` places, so entry :math:`(i, j)` is
    :math:`g_{(j - h(i + vj)) \bmod n}`. That is our reading of the paper, which fixes neither
    length. It is a circulant of stride :math:`h` whose columns were permuted, if
    :math:`1 - hv` and :math:`n` have no common factor; else a row would hold a number twice.

    Parameters
    ----------
    k, n : int
        Rows and columns, ``k <= n``.
    horizontal : int, default 1
        The shift :math:`h` of rows.
    vertical : int or None
        The shift :math:`v` of columns. None takes the first from :math:`\lfloor\sqrt n\rfloor`
        on that will do: 28 for the 784 pixels of a digit, one row of the picture.
    rng : Generator, int or None
        Source of randomness.

    Examples
    --------
    >>> P = VerHorShift(2, 5, horizontal=1, vertical=2, rng=0)
    >>> P.variables(0), P.variables(1)
    (array([0, 4, 3, 2, 1]), array([4, 3, 2, 1, 0]))
    """

    def __init__(self, k, n, *, horizontal=1, vertical=None, rng=None):
        k, n = check_shape(k, n, wide=True)
        h = check_count(horizontal, "horizontal", low=1, high=LARGEST)
        v = _free_shift(h, n) if vertical is None else vertical
        v = check_count(v, "vertical", low=0, high=LARGEST)
        if math.gcd(1 - h * v, n) != 1:
            raise ValueError(
                f"horizontal * vertical - 1 must have no factor in common with n = {n}; "
                f"got {h} * {v} - 1, choose another shift."
            )
        self.horizontal, self.vertical = h, v
        super().__init__(k, n, rng, h, (1 - h * v) % n)


class Toeplitz(_Shifted):
    r"""Each row is a window into :math:`n + k - 1` numbers, which moves to the left by one.

    Parameters
    ----------
    k, n : int
        Rows and columns; there may be more rows than columns.
    rng : Generator, int or None
        Source of randomness.

    Notes
    -----
    **Cost.** Correlations of length :math:`n + k - 1` or the next length that the transform
    likes: about twice those of `Circulant` at :math:`k = n`.

    Examples
    --------
    >>> T = Toeplitz(2, 3, rng=0)
    >>> T.variables(0), T.variables(1)
    (array([1, 2, 3]), array([0, 1, 2]))
    """

    def __init__(self, k, n, *, rng=None):
        k, n = check_shape(k, n)
        StructuredMatrix.__init__(self, k, n, n + k - 1, as_rng(rng))
        self._places, self._columns = np.arange(k), np.arange(n)
        cycle = np.zeros(scipy.fft.next_fast_len(n + k - 1, real=True))
        cycle[:n] = self.gaussians[k - 1 :]
        cycle[len(cycle) - k + 1 :] = self.gaussians[: k - 1]
        self._prepare(cycle)

    def _variables(self, rows):
        k, n = self.shape
        return np.arange(n) - rows[:, None] + k - 1


def _free_shift(h, n):
    """Return the first shift of columns from sqrt(n) on that keeps the numbers of a row apart."""
    v = math.isqrt(n)
    while math.gcd(1 - h * v, n) != 1:
        v += 1
        if v > math.isqrt(n) + n:  # h v - 1 meets every residue that it can within n steps
            return 0
    return v
