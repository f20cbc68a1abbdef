"""A Bloom filter that forgets on request: counters in the place of bits."""

import numpy as np
from numba import njit

from course_lib._sketch import mix
from course_lib._validation import check_memory
from course_lib.hashing.bloom import BaseFilter, probe

__all__ = ["CountingBloomFilter"]

MOST = 255  # a counter that reaches it stays there


class CountingBloomFilter(BaseFilter):
    r"""A Bloom filter from which items can be removed: a byte counts for each bit.

    Parameters
    ----------
    n_bits : int
        Number of counters, between 1 and 2**32.
    n_hashes : int
        Counters raised for each item, at least 1.
    seed : int, default 0
        Number of the hash functions; filters merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** Eight times the memory of a Bloom filter.

    **Guarantee.** That of `BloomFilter`, for the items that were read more often than removed.
    A counter that reaches 255 stays there, which can cost false positives and never a false
    negative. At half-filled counters the chance that one reaches 16 is below
    :math:`1.4 \cdot 10^{-15} m` ([1]); the byte is for items that are read again and again.

    References
    ----------
    .. [1] L. Fan, P. Cao, J. Almeida, A. Z. Broder, "Summary cache: a scalable wide-area web
       cache sharing protocol", IEEE/ACM Transactions on Networking 8(3), 2000.

    Examples
    --------
    >>> visitors = CountingBloomFilter(n_bits=1000, n_hashes=7)
    >>> visitors.update(["ann", "bob"])
    >>> visitors.remove("bob")
    >>> visitors.contains(["ann", "bob"])
    array([ True, False])
    """

    def __init__(self, n_bits, n_hashes, *, seed=0):
        super().__init__(n_bits, n_hashes, seed)
        check_memory(self.n_bits, "CountingBloomFilter")
        self._cells = np.zeros(self.n_bits, np.uint8)

    def remove(self, items):
        """Take back items that were read.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them

        Raises
        ------
        ValueError
            If an item is certainly absent; the filter is then as it was before.
        """
        self._flush()
        removed = []
        for _, hashes, _ in self._blocks(items):
            done = _lower(self._cells, *self._shape(), hashes)
            removed.append(hashes[:done])
            if done < len(hashes):
                for hashes in removed:
                    _raise(self._cells, *self._shape(), hashes)
                raise ValueError(
                    "only items that were read can be removed; one of these was not, "
                    "ask contains() first."
                )

    def _filled(self):
        return int(np.count_nonzero(self._cells))

    def _set(self, *state):
        _raise(*state)

    def _has(self, *state):
        return _has_counts(*state)

    def _merge(self, other):
        total = self._cells.astype(np.int64) + other._cells
        self._cells = np.minimum(total, MOST).astype(np.uint8)


@njit(cache=True)
def _raise(counters, n_bits, n_hashes, hashes):
    for i in range(len(hashes)):
        place, step = hashes[i], mix(hashes[i])
        for _ in range(n_hashes):
            cell = probe(place, n_bits)
            if counters[cell] < MOST:
                counters[cell] += 1
            place += step


@njit(cache=True)
def _lower(counters, n_bits, n_hashes, hashes):
    """Lower the counters of each hash; stop before the first that meets a zero; say how far."""
    for i in range(len(hashes)):
        place, step = hashes[i], mix(hashes[i])
        for done in range(n_hashes):
            cell = probe(place, n_bits)
            if counters[cell] == 0:
                _raise(counters, n_bits, done, hashes[i : i + 1])
                return i
            if counters[cell] < MOST:
                counters[cell] -= 1
            place += step
    return len(hashes)


@njit(cache=True)
def _has_counts(counters, n_bits, n_hashes, hashes):
    found = np.ones(len(hashes), np.bool_)
    for i in range(len(hashes)):
        place, step = hashes[i], mix(hashes[i])
        for _ in range(n_hashes):
            if counters[probe(place, n_bits)] == 0:
                found[i] = False
                break
            place += step
    return found
