r"""From Flajolet-Martin to LogLog: how long a run of zeros did the hashes show?

The first bits of an item's hash choose a register; the rest is a coin thrown until heads. The
longest run tells the logarithm of how many different items threw, and items that come again
throw the same coins.
"""

import math

import numpy as np
from numba import njit

from course_lib._sketch import Sketch, sizing
from course_lib._validation import check_count, check_fraction, check_memory

__all__ = ["PCSA", "LogLog"]

PHI = 0.7735162909  # of Flajolet and Martin: E[2**R] is about PHI n; the tests recompute it


class PCSA(Sketch):
    r"""Distinct items by probabilistic counting with stochastic averaging (Flajolet-Martin).

    Parameters
    ----------
    n_bitmaps : int
        :math:`m`, at least 1; with 1 it is their first algorithm.
    seed : int, default 0
        Number of the hash function; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** One bitmap of 64 bits for each m; one bit is set for each item.

    **Guarantee.** With R the place of the lowest bit that is not set, the estimate is
    :math:`(m/\phi)\, 2^{\bar R}`, :math:`\phi = 0.77351...`, for :math:`n \gg m`. Its bias is a
    factor of about :math:`1 + 0.31/m` and its standard error :math:`0.78/\sqrt m` ([1],
    Theorems 3 and 4). Below n = 10 m or so it is far too high: there is no correction for
    bitmaps that are still empty.

    References
    ----------
    .. [1] P. Flajolet, G. N. Martin, "Probabilistic counting algorithms for data base
       applications", JCSS 31(2), 1985.

    Examples
    --------
    >>> sketch = PCSA(1024)
    >>> sketch.update(range(100_000))
    >>> sketch.update(range(100_000))
    >>> 90_000 < sketch.estimate() < 110_000
    True
    """

    _parameters = ("n_bitmaps", "seed")
    _state = ("_bitmaps",)

    def __init__(self, n_bitmaps, *, seed=0):
        super().__init__(seed)
        self.n_bitmaps = check_count(n_bitmaps, "n_bitmaps", low=1, high=2**31, high_name="2**31")
        check_memory(8 * self.n_bitmaps, "PCSA")
        self._bitmaps = np.zeros(self.n_bitmaps, np.uint64)

    @classmethod
    def from_error(cls, epsilon, delta, *, seed=0):
        """Return the sketch that errs by more than epsilon n with probability <= delta.

        Parameters
        ----------
        epsilon, delta : float
            Both between 0 and 1, exclusive. By Chebyshev, m = (0.78 / epsilon)**2 / delta.
        seed
            As for the class.
        """
        return cls(chebyshev(0.78, epsilon, delta), seed=seed)

    @classmethod
    def _room(cls, n_bitmaps, **_):
        return 8 * n_bitmaps

    @property
    def bitmaps(self):
        """The bitmaps, a copy, shape (n_bitmaps,), uint64; bit 0 is thrown most often."""
        self._flush()
        return self._bitmaps.copy()

    def estimate(self):
        """Return the estimated number of different items, a float."""
        bitmaps = self.bitmaps
        lowest_unset = ~bitmaps & (bitmaps + np.uint64(1))
        mean_run = np.bitwise_count(lowest_unset - np.uint64(1)).mean()
        return float(self.n_bitmaps / PHI * 2**mean_run) if bitmaps.any() else 0.0

    def _add(self, hashes, _counts, _items):
        _set_bitmaps(self._bitmaps, hashes)

    def _merge(self, other):
        self._bitmaps |= other._bitmaps


class _Registers(Sketch):
    """``2**p`` registers of one byte: the longest run of coins, plus one."""

    _parameters = ("p", "seed")
    _state = ("_registers",)

    def __init__(self, p, *, seed=0):
        super().__init__(seed)
        self.p = check_count(p, "p", low=4, high=18)
        self._registers = np.zeros(2**self.p, np.uint8)

    @property
    def registers(self):
        """The registers, a copy, shape (2**p,), uint8."""
        self._flush()
        return self._registers.copy()

    def _merge(self, other):
        np.maximum(self._registers, other._registers, out=self._registers)


class LogLog(_Registers):
    r"""Distinct items by the geometric mean of ``2**register``.

    Parameters
    ----------
    p : int
        There are :math:`m = 2^p` registers of one byte; between 4 and 18.
    seed : int, default 0
        Number of the hash function; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    See Also
    --------
    HyperLogLog : the same registers, read better.

    Notes
    -----
    **Cost.** m bytes; one register is looked at for each item.

    **Guarantee.** :math:`\alpha_m m 2^{\bar M}` with
    :math:`\alpha_m = (\Gamma(-1/m) (1 - 2^{1/m})/\ln 2)^{-m}` is asymptotically unbiased with
    standard error :math:`1.30/\sqrt m` ([1], Theorem 1), for :math:`n \gg m`.

    References
    ----------
    .. [1] M. Durand, P. Flajolet, "Loglog counting of large cardinalities", ESA 2003.

    Examples
    --------
    >>> sketch = LogLog(12)
    >>> sketch.update(range(100_000))
    >>> 90_000 < sketch.estimate() < 110_000
    True
    """

    @classmethod
    def from_error(cls, epsilon, delta, *, seed=0):
        """Return the sketch that errs by more than epsilon n with probability <= delta.

        Parameters
        ----------
        epsilon, delta : float
            Both between 0 and 1, exclusive. By Chebyshev, m = (1.30 / epsilon)**2 / delta,
            rounded up to a power of 2.
        seed
            As for the class.
        """
        return cls(max(4, (chebyshev(1.30, epsilon, delta) - 1).bit_length()), seed=seed)

    def estimate(self):
        """Return the estimated number of different items, a float."""
        m = 2**self.p
        # Gamma(-1/m) is negative, and so is the factor beside it.
        log_alpha = -m * (
            math.lgamma(-1 / m) + math.log(math.expm1(math.log(2) / m)) - math.log(math.log(2))
        )
        registers = self.registers
        scale = math.exp(log_alpha) * m
        return float(scale * 2 ** registers.mean()) if registers.any() else 0.0

    def _add(self, hashes, _counts, _items):
        _raise(self._registers, self.p, hashes)


def chebyshev(constant, epsilon, delta):
    """How many registers bring a standard error of constant/sqrt(m) to epsilon sqrt(delta)."""
    epsilon = check_fraction(epsilon, "epsilon")
    delta = check_fraction(delta, "delta")
    with sizing("sketch"):
        return math.ceil((constant / epsilon) ** 2 / delta)


@njit(cache=True)
def _set_bitmaps(bitmaps, hashes):
    n_bitmaps = np.uint64(len(bitmaps))
    for i in range(len(hashes)):
        which = ((hashes[i] >> np.uint64(32)) * n_bitmaps) >> np.uint64(32)
        # The lowest set bit of the other half: bit j with probability 2**-(j + 1).
        coins = hashes[i] | (np.uint64(1) << np.uint64(32))
        bitmaps[which] |= coins & (~coins + np.uint64(1))


@njit(cache=True)
def run_length(coins):
    """Zeros before the first set bit, from the left, of a word that is not zero."""
    zeros = np.uint8(0)
    for step in (32, 16, 8, 4, 2, 1):
        if coins >> np.uint64(64 - step) == 0:
            zeros += np.uint8(step)
            coins <<= np.uint64(step)
    return zeros


@njit(cache=True)
def coins_after(hashed, p):
    """The bits after the first p, and a set bit behind the last, which ends every run."""
    return (hashed << np.uint64(p)) | (np.uint64(1) << np.uint64(p - 1))


@njit(cache=True)
def _raise(registers, p, hashes):
    for i in range(len(hashes)):
        which = hashes[i] >> np.uint64(64 - p)
        registers[which] = max(registers[which], run_length(coins_after(hashes[i], p)) + 1)
