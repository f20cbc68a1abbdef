r"""Bloom filters: sets that answer "perhaps" or "certainly not", in a few bits for each item.

    BloomFilter           k bits anywhere
    BlockedBloomFilter    k bits in one cache line: fewer waits, a few more false positives

They take items in arrays and lists, and differ from rbloom in that the hash is the course's, the
same on every machine, so that a filter can be sent away.
"""

import math

import numpy as np
from numba import njit
from scipy.special import gammaln

from course_lib._sketch import Sketch, mix, sizing
from course_lib._validation import check_count, check_fraction, check_memory

__all__ = ["BaseFilter", "BlockedBloomFilter", "BloomFilter", "has_bits", "probe"]

LINE = 512  # bits of a cache line
MOST_ITEMS = 2**64  # that hashes of 64 bits can tell apart
CROWDED = 10**5  # items for a line, on average: from here on every line is full
MOST_HASHES = 2048  # more than any error that a float can hold asks for


class BaseFilter(Sketch):
    """Bits, or counters, and ``n_hashes`` probes for each item."""

    _parameters = ("n_bits", "n_hashes", "seed")
    _state = ("_cells",)

    def __init__(self, n_bits, n_hashes, seed):
        super().__init__(seed)
        self.n_bits = check_count(n_bits, "n_bits", low=1, high=2**32, high_name="2**32")
        self.n_hashes = check_count(n_hashes, "n_hashes", low=1, high=MOST_HASHES)

    @classmethod
    def _room(cls, n_bits, **_):
        return n_bits  # a byte for each bit, in a filter that counts

    def _restore(self, values):
        super()._restore(values)
        if self._filled() > self.n_bits:
            raise ValueError(f"{self.n_bits} bits cannot hold {self._filled()}.")

    @classmethod
    def from_error(cls, n_items, epsilon, *, seed=0):
        """Return the smallest filter for so many items with so few false positives.

        Parameters
        ----------
        n_items : int
            Different items that the filter will hold, at least 1.
        epsilon : float
            Share of absent items that the filter may take for present, between 0 and 1.
        seed
            As for the class.
        """
        n_items = _check_n_items(n_items, low=1)
        epsilon = check_fraction(epsilon, "epsilon")
        with sizing(cls.__name__):
            n_hashes = cls._best_n_hashes(epsilon)
        low, high = 0, n_items  # bits: too few, enough
        while cls._error(high, n_hashes, n_items) > epsilon:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            enough = cls._error(middle, n_hashes, n_items) <= epsilon
            low, high = (low, middle) if enough else (middle, high)
        return cls(high, n_hashes, seed=seed)

    @staticmethod
    def _best_n_hashes(epsilon):
        """Half of the bits are set at the best point, so k halvings must reach epsilon."""
        return max(1, round(math.log2(1 / epsilon)))

    @staticmethod
    def _error(n_bits, n_hashes, n_items):
        return (-math.expm1(-n_hashes * n_items / n_bits)) ** n_hashes

    def false_positive_rate(self, n_items):
        """Return the chance that an absent item is taken for present, after ``n_items``.

        Parameters
        ----------
        n_items : int
            Different items read, at least 0.

        Returns
        -------
        float
        """
        n_items = _check_n_items(n_items, low=0)
        return self._error(self.n_bits, self.n_hashes, n_items)

    def contains(self, items):
        """Return whether each item was read: False is certain, True may be a false positive.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n

        Returns
        -------
        bool, or array of bool, shape (n,)
        """
        return self._answer(items, self._has, self._cells, *self._shape(), dtype=np.bool_)

    def update_hashes(self, hashes):
        """Read the items of which `hash_items` with this filter's seed returned ``hashes``.

        For who has the hashes at hand, or asks several filters of one seed about one item.
        """
        self._flush()
        self._set(self._cells, *self._shape(), _checked_hashes(hashes))

    def contains_hashes(self, hashes):
        """Return what `contains` says of these items: hashes (n,) uint64 to (n,) bool."""
        self._flush()
        return self._has(self._cells, *self._shape(), _checked_hashes(hashes))

    def __contains__(self, item):
        found = self.contains(item)
        return found if isinstance(found, bool) else bool(found.all())  # one item: no array

    def __bool__(self):
        self._flush()
        return bool(self._cells.any())

    def estimate(self):
        r"""Return an estimate of how many different items were read, a float.

        Notes
        -----
        **Guarantee.** With X of m bits set, :math:`-(m/k) \ln(1 - X/m)` solves
        :math:`E[X] = m(1 - e^{-kn/m})` for n; infinite when every bit is set.
        """
        self._flush()
        share = self._filled() / self.n_bits
        return math.inf if share == 1 else -self.n_bits / self.n_hashes * math.log1p(-share)

    def _shape(self):
        return np.uint64(self.n_bits), self.n_hashes

    def _add(self, hashes, _counts, _items):
        self._set(self._cells, *self._shape(), hashes)


class BloomFilter(BaseFilter):
    r"""A set in ``n_bits`` bits that never denies what it holds.

    Parameters
    ----------
    n_bits : int
        :math:`m`, between 1 and 2**32.
    n_hashes : int
        :math:`k`, bits set for each item, between 1 and 2048.
    seed : int, default 0
        Number of the hash functions; filters merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** m bits; an item costs two hashes and k random accesses, an absent one about two.

    **Guarantee.** No false negatives. After n different items a false positive has probability
    about :math:`(1 - e^{-kn/m})^k` ([1]), least at :math:`k = (m/n) \ln 2`: ten bits an item and
    k = 7 give 0.82%. Two hashes serve as k ([2]): probe j is at :math:`a + jb`.

    References
    ----------
    .. [1] B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors", CACM
       13(7), 1970.
    .. [2] A. Kirsch, M. Mitzenmacher, "Less hashing, same performance: building a better Bloom
       filter", ESA 2006.

    Examples
    --------
    >>> words = BloomFilter.from_error(n_items=1000, epsilon=0.01)
    >>> words.update(["to", "be"])
    >>> "be" in words, words.contains(["or", "to"])
    (True, array([False,  True]))
    """

    def __init__(self, n_bits, n_hashes, *, seed=0):
        super().__init__(n_bits, n_hashes, seed)
        check_memory(self.n_bits // 8, type(self).__name__)
        self._cells = np.zeros(math.ceil(self.n_bits / 64), np.uint64)

    @property
    def words(self):
        """The bits, 64 in each word: an array of uint64."""
        self._flush()
        return self._cells

    def _filled(self):
        return int(np.bitwise_count(self._cells).sum())

    def _set(self, *state):
        _set_bits(*state)

    def _has(self, *state):
        return has_bits(*state)

    def _merge(self, other):
        self._cells |= other._cells


class BlockedBloomFilter(BloomFilter):
    r"""A Bloom filter whose k bits for an item lie in one cache line.

    Parameters
    ----------
    n_bits : int
        Rounded up to whole lines of 512 bits, at most 2**32.
    n_hashes : int
        Bits set for each item, between 1 and 7.
    seed : int, default 0
        Number of the hash functions; filters merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** One random access to memory for each item.

    **Guarantee.** Lines hold different numbers of items, Poisson with mean
    :math:`\lambda = 512 n/m`, so that a false positive has probability
    :math:`\sum_i P(i) (1 - (1 - 1/512)^{ki})^k` ([1], Section 3), more than for free bits.
    `from_error` searches for the size, and a bound of seven bits makes it large below 0.5%.

    References
    ----------
    .. [1] F. Putze, P. Sanders, J. Singler, "Cache-, hash- and space-efficient Bloom filters",
       WEA 2007.

    Examples
    --------
    >>> words = BlockedBloomFilter.from_error(n_items=1000, epsilon=0.01)
    >>> words.update(["to", "be"])
    >>> words.contains(["or", "to"])
    array([False,  True])
    """

    def __init__(self, n_bits, n_hashes, *, seed=0):
        n_bits = check_count(n_bits, "n_bits", low=1, high=2**32, high_name="2**32")
        check_count(n_hashes, "n_hashes", low=1, high=7)
        super().__init__(math.ceil(n_bits / LINE) * LINE, n_hashes, seed=seed)

    @staticmethod
    def _best_n_hashes(epsilon):
        return min(7, max(1, round(math.log2(1 / epsilon) - 0.5)))

    @staticmethod
    def _error(n_bits, n_hashes, n_items):
        load = n_items / math.ceil(n_bits / LINE)
        if load > CROWDED:
            return 1.0
        lines = np.arange(math.ceil(load + 12 * math.sqrt(load) + 20))
        filled = -np.expm1(n_hashes * lines * math.log1p(-1 / LINE))
        chances = np.exp(lines * math.log(load) - load - gammaln(lines + 1)) if load else [1.0]
        return min(1.0, float(chances @ filled[: len(chances)] ** n_hashes))

    def estimate(self):
        """Return an estimate of how many different items were read, a float.

        The formula of `BloomFilter`, summed over the lines.
        """
        self._flush()
        filled = np.bitwise_count(self._cells).reshape(-1, LINE // 64).sum(axis=1, dtype=float)
        if filled.max() == LINE:
            return math.inf
        return float(np.log1p(-filled / LINE).sum() / (self.n_hashes * math.log1p(-1 / LINE)))

    def _set(self, *state):
        _set_line(*state)

    def _has(self, *state):
        return _has_line(*state)


def _checked_hashes(hashes):
    if type(hashes) is not np.ndarray or hashes.dtype != np.uint64 or hashes.ndim != 1:
        raise TypeError(f"hashes must be an array of uint64, as of hash_items; got {hashes!r:.60}.")
    return hashes


def _check_n_items(n_items, low):
    n_items = check_count(n_items, "n_items", low=low)
    if n_items > MOST_ITEMS:
        raise ValueError(f"n_items must be at most 2**64, the number of hashes; got {n_items}.")
    return n_items


@njit(cache=True)
def probe(place, n_bits):
    """The first 32 bits of a word, as a fraction of 1, times the number of bits."""
    return ((place >> np.uint64(32)) * n_bits) >> np.uint64(32)


@njit(cache=True)
def _set_bits(words, n_bits, n_hashes, hashes):
    for i in range(len(hashes)):
        place, step = hashes[i], mix(hashes[i])
        for _ in range(n_hashes):
            bit = probe(place, n_bits)
            words[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))
            place += step


@njit(cache=True)
def has_bits(words, n_bits, n_hashes, hashes):
    """Whether all bits of each hash are set."""
    found = np.ones(len(hashes), np.bool_)
    for i in range(len(hashes)):
        place, step = hashes[i], mix(hashes[i])
        for _ in range(n_hashes):
            bit = probe(place, n_bits)
            if not (words[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1):
                found[i] = False
                break
            place += step
    return found


@njit(cache=True)
def _set_line(words, n_bits, n_hashes, hashes):
    """Nine bits of a second hash choose each bit of the line."""
    for i in range(len(hashes)):
        line = probe(hashes[i], n_bits >> np.uint64(9)) << np.uint64(3)
        bits = mix(hashes[i])
        for _ in range(n_hashes):
            word = (bits >> np.uint64(6)) & np.uint64(7)
            words[line + word] |= np.uint64(1) << (bits & np.uint64(63))
            bits >>= np.uint64(9)


@njit(cache=True)
def _has_line(words, n_bits, n_hashes, hashes):
    found = np.empty(len(hashes), np.bool_)
    for i in range(len(hashes)):
        line = probe(hashes[i], n_bits >> np.uint64(9)) << np.uint64(3)
        bits = mix(hashes[i])
        all_set = np.uint64(1)
        for _ in range(n_hashes):  # no branch: the line is here, and a wrong guess costs more
            word = (bits >> np.uint64(6)) & np.uint64(7)
            all_set &= words[line + word] >> (bits & np.uint64(63))
            bits >>= np.uint64(9)
        found[i] = all_set != 0
    return found
