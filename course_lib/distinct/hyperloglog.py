r"""HyperLogLog: distinct items from the harmonic mean of the registers.

It differs from the paper, and from Apache DataSketches, in how it reads the registers. Small
sets are kept exactly, in 32 bits an item. `estimate` is Ertl's, which needs neither switches nor
tables of bias and means the same after any merge. `estimate_stream` is the historic inverse
probability estimate, a fifth more accurate, for a sketch that has read one stream itself.
"""

import math
import sys

import numpy as np
from numba import njit

from course_lib._sketch import Sketch
from course_lib._sketch.wire import check_array
from course_lib._validation import check_count, check_number
from course_lib.distinct.registers import chebyshev, coins_after, run_length

__all__ = ["HyperLogLog"]

FINE = 25  # bits that tell sparse items apart
RUN = 6  # bits that hold the run after them


class HyperLogLog(Sketch):
    r"""Distinct items, in one byte for each of ``2**p`` registers.

    Parameters
    ----------
    p : int
        There are :math:`m = 2^p` registers; between 4 and 18.
    seed : int, default 0
        Number of the hash function; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    See Also
    --------
    KMV : also answers how many items two sets share.

    Notes
    -----
    **Cost.** m bytes, and less while there are fewer than about 3m/16 different items: then a
    hash set of 32-bit codes is kept. One register is looked at for each item.

    **Guarantee.** The standard error of `estimate` is about :math:`1.04/\sqrt m` for
    :math:`n \gg m` ([1], Theorem 1, for the harmonic mean; [2] for this estimator, whose
    relative bias is about 1.08/m and has no bump where [1] switches). That of `estimate_stream`
    is :math:`\sqrt{\ln 2 / m} = 0.83/\sqrt m`; it is exactly unbiased, since it adds to each
    change of the registers what it was worth, 1/P(change) ([3]). A merge gives the registers
    of one pass, exactly.

    References
    ----------
    .. [1] P. Flajolet, É. Fusy, O. Gandouet, F. Meunier, "HyperLogLog: the analysis of a
       near-optimal cardinality estimation algorithm", AofA 2007.
    .. [2] O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
       arXiv:1702.01284, 2017, Algorithm 6.
    .. [3] D. Ting, "Streamed approximate counting of distinct elements", KDD 2014.
    .. [4] S. Heule, M. Nunkesser, A. Hall, "HyperLogLog in practice", EDBT 2013, Section 5.3,
       the sparse codes.

    Examples
    --------
    >>> sketch = HyperLogLog(12)
    >>> sketch.update(["to", "be", "or", "not", "to", "be"])
    >>> round(sketch.estimate(), 3)
    4.0
    """

    _parameters = ("p", "seed")

    def __init__(self, p, *, seed=0):
        super().__init__(seed)
        self.p = check_count(p, "p", low=4, high=18)
        self._codes = np.zeros(4, np.uint32)  # a hash set, zero where it is free; None if dense
        self._used = 0
        self._registers = None
        self._stream = 0.0  # the historic estimate; NaN after a merge of registers
        self._chance = 1.0  # that a new item changes a register

    @classmethod
    def from_error(cls, epsilon, delta, *, seed=0):
        """Return the sketch that errs by more than epsilon n with probability <= delta.

        Parameters
        ----------
        epsilon, delta : float
            Both between 0 and 1, exclusive. By Chebyshev, m = (1.04 / epsilon)**2 / delta,
            rounded up to a power of 2.
        seed
            As for the class.
        """
        return cls(max(4, (chebyshev(1.04, epsilon, delta) - 1).bit_length()), seed=seed)

    @property
    def is_sparse(self):
        """Whether the items are still few enough to be kept one by one."""
        self._flush()
        return self._codes is not None

    @property
    def registers(self):
        """The registers, a copy, shape (2**p,), uint8."""
        if self.is_sparse:
            return _registers_of(self._codes, self.p)
        return self._registers.copy()

    @property
    def nbytes(self):
        """Bytes of the codes or of the registers."""
        return self._codes.nbytes if self.is_sparse else self._registers.nbytes

    def estimate(self):
        """Return the estimated number of different items, a float.

        The same for the same set of items, however it was split, ordered or repeated.
        """
        if self.is_sparse:
            return _count_codes(self._codes)
        m, longest = 2**self.p, 65 - self.p
        counts = np.bincount(self._registers, minlength=longest + 1)
        z = m * _tau(1 - counts[longest] / m)
        for k in range(longest - 1, 0, -1):
            z = (z + counts[k]) / 2
        return float(m * m / (2 * math.log(2) * (z + m * _sigma(counts[0] / m))))

    def estimate_stream(self):
        """Return the more accurate estimate of a sketch that was not merged, a float.

        Raises
        ------
        ValueError
            If registers have been merged, which loses the history that it lives on.
        """
        if self.is_sparse:
            return _count_codes(self._codes)
        if math.isnan(self._stream):
            raise ValueError("this sketch was merged and has no history; use estimate().")
        return self._stream

    def _add(self, hashes, _counts, _items):
        start = 0
        if self._codes is not None:
            codes = _encode(hashes)
            start, self._used = _insert(self._codes, self._used, codes, 0)
            while start < len(codes) and self._grow():
                start, self._used = _insert(self._codes, self._used, codes, start)
        if start < len(hashes):
            self._stream, self._chance = _raise(
                self._registers, self.p, hashes[start:], self._stream, self._chance
            )

    def _grow(self):
        """Double the hash set, and say so, or change to registers if they are smaller."""
        old = self._codes
        if 2 * old.nbytes > 2**self.p:
            self._change_to_registers()
            return False
        self._codes = np.zeros(2 * len(old), np.uint32)
        _insert(self._codes, 0, old[old > 0], 0)
        return True

    def _change_to_registers(self):
        self._registers = _registers_of(self._codes, self.p)
        self._stream, self._codes = _count_codes(self._codes), None
        self._chance = float(np.mean(0.5 ** self._registers.astype(float)))

    def _merge(self, other):
        if self._codes is not None and other._codes is not None:
            self._set_codes(np.union1d(self._codes, other._codes))
            return
        if self._codes is not None:
            self._change_to_registers()
        np.maximum(self._registers, other.registers, out=self._registers)
        self._stream = math.nan

    def _set_codes(self, codes):
        """Keep a set of codes; change to registers if they are smaller."""
        codes = codes[codes > 0].astype(np.uint32)
        size = 4
        while 4 * len(codes) > 3 * size:
            size *= 2
        self._codes = np.zeros(size, np.uint32)
        _, self._used = _insert(self._codes, 0, codes, 0)
        if self._codes.nbytes > max(16, 2**self.p):
            self._change_to_registers()

    def _values(self):
        if self._codes is not None:
            return {"codes": np.unique(self._codes[self._codes > 0])}
        stream = None if math.isnan(self._stream) else self._stream
        return {"registers": self._registers, "stream": stream, "chance": self._chance}

    def _restore(self, values):
        if "codes" in values:
            codes = check_array(values["codes"], np.uint32, (None,))
            runs = codes & np.uint32((1 << RUN) - 1)
            wrong = (runs < 1) | (runs > 65 - FINE) | (codes >> np.uint32(FINE + RUN) > 0)
            if wrong.any() or codes.nbytes > max(16, 2**self.p):
                raise ValueError("there must be few codes, each of a prefix and a run.")
            self._set_codes(codes)
            return
        registers = check_array(values["registers"], np.uint8, (2**self.p,))
        if registers.max() > 65 - self.p or registers.min() == 65 - self.p:  # all: infinitely many
            raise ValueError(f"registers must be at most {65 - self.p}, and not all of them that.")
        stream, chance = values["stream"], values["chance"]
        self._codes, self._registers = None, registers
        self._chance = check_number(chance, "chance", low=0.0, high=1.0, open_low=True)
        self._stream = math.nan
        if stream is not None:
            self._stream = check_number(stream, "stream", low=0.0, high=sys.float_info.max)


def _count_codes(codes):
    """Linear counting of 25-bit prefixes: how many items it takes to hit so many."""
    hit = len(np.unique(codes[codes > 0] >> np.uint32(RUN)))
    return -(2.0**FINE) * math.log1p(-hit / 2**FINE)


def _sigma(x):
    """x + x**2 + 2 x**4 + 4 x**8 + ...: what registers that are still zero are worth ([2])."""
    if x == 1:
        return math.inf
    total, before, weight = x, -1.0, 1.0
    while total != before:
        x, before = x * x, total
        total += x * weight
        weight *= 2
    return total


def _tau(x):
    """What registers that can rise no more are worth ([2])."""
    if x in (0, 1):
        return 0.0
    total, before, weight = 1 - x, -1.0, 1.0
    while total != before:
        x, before, weight = math.sqrt(x), total, weight / 2
        total -= (1 - x) ** 2 * weight
    return total / 3


@njit(cache=True, error_model="numpy")  # a chance rounded to zero is worth infinity, no error
def _raise(registers, p, hashes, stream, chance):
    share = 1.0 / len(registers)
    for i in range(len(hashes)):
        which = hashes[i] >> np.uint64(64 - p)
        old = registers[which]
        coins = coins_after(hashes[i], p)
        # Only a run that is as long as the register is worth its exact length: that is rare.
        if (coins >> np.uint64(1)) >> (np.uint64(63) - np.uint64(old)) == 0:
            registers[which] = run_length(coins) + np.uint8(1)
            stream += 1.0 / chance
            chance -= share * (0.5**old - 0.5 ** registers[which])
    return stream, chance


@njit(cache=True)
def _encode(hashes):
    """25 bits of a hash and the run after them, from which every register can be told."""
    codes = np.empty(len(hashes), np.uint32)
    for i in range(len(hashes)):
        run = np.uint64(run_length(coins_after(hashes[i], FINE))) + np.uint64(1)
        codes[i] = ((hashes[i] >> np.uint64(64 - FINE)) << np.uint64(RUN)) | run
    return codes


@njit(cache=True)
def _insert(table, used, codes, start):
    """Put codes in a hash set until it is three quarters full; return how far, and how many."""
    mask = len(table) - 1
    for i in range(start, len(codes)):
        slot = np.int64(codes[i] >> np.uint32(RUN)) & mask
        while table[slot] != 0 and table[slot] != codes[i]:
            slot = (slot + 1) & mask
        if table[slot] == 0:
            if 4 * (used + 1) > 3 * len(table):
                return i, used
            table[slot] = codes[i]
            used += 1
    return len(codes), used


@njit(cache=True)
def _registers_of(codes, p):
    registers = np.zeros(1 << p, np.uint8)
    for code in codes:
        if code != 0:
            fine = np.uint64(code) >> np.uint64(RUN)
            which = fine >> np.uint64(FINE - p)
            coins = fine << np.uint64(64 - FINE + p)  # the bits of the prefix after the first p
            if coins != 0:
                run = np.int64(run_length(coins)) + 1
            else:
                run = FINE - p + (np.int64(code) & ((1 << RUN) - 1))
            registers[which] = max(registers[which], run)
    return registers
