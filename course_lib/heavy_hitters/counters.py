r"""Misra-Gries and lossy counting: a few counters that never count too much.

Both keep exact counts for a while and then take something from every counter, which lets the
light ones go. They differ in what they take: Misra-Gries what leaves a given number of
counters, lossy counting what leaves a given error.
"""

import math

import numpy as np
from numba import njit

from course_lib._select import kth_smallest
from course_lib._sketch import hash_items, sizing
from course_lib._sketch.wire import check_array
from course_lib._validation import check_count, check_fraction, check_memory
from course_lib.heavy_hitters._table import (
    CounterSketch,
    count,
    find_all,
    lookup,
    new_table,
    rebuild,
    room_of,
)

__all__ = ["LossyCounting", "MisraGries"]


class MisraGries(CounterSketch):
    r"""The frequent items, by m counters that never count too much.

    Parameters
    ----------
    n_counters : int
        Counters m, at least 1. Up to m more serve as a buffer while a stream is read.
    seed : int, default 0
        Number of the hash function; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    See Also
    --------
    SpaceSaving : never counts too little.

    Notes
    -----
    **Cost.** A table of at least ``4 * n_counters`` slots, 24 bytes each, and the items. One
    look at the table for each item; a purge costs O(m) once in m new items or more.

    **Guarantee.** Let N be the sum of all counts and S the sum of the counters. Every estimate
    satisfies :math:`0 \le f - \hat f \le (N - S)/(m + 1) \le N/(m + 1)`, so that each item with
    :math:`f > N/(m+1)` has a counter ([1]; [2], Theorem 1, for merged sketches). This class
    counts up to 2m items exactly, then takes the (m+1)-th greatest counter from all: each unit
    taken leaves at least m + 1 counters, which is the proof, once for the stream and once for
    the merge. The original takes 1 as soon as m are full; it errs as much, and rests more
    often.

    References
    ----------
    .. [1] J. Misra, D. Gries, "Finding repeated elements", Science of Computer Programming
       2(2), 1982.
    .. [2] P. K. Agarwal et al., "Mergeable summaries", ACM TODS 38(4), 2013, Section 2.

    Examples
    --------
    >>> sketch = MisraGries(2)
    >>> sketch.update(["a", "b", "a", "c", "a", "a"])
    >>> sketch.estimate("a"), sketch.error_bound
    (3, 1)
    """

    _parameters = ("n_counters", "seed")

    def __init__(self, n_counters, *, seed=0):
        super().__init__(seed)
        self.n_counters = check_count(n_counters, "n_counters", low=1)
        check_memory(self._room(self.n_counters), "MisraGries")
        self._keys, self._counts, self._marks = new_table(2 * self.n_counters)
        self._used = 0

    @classmethod
    def from_error(cls, epsilon, *, seed=0):
        """Return the smallest sketch whose estimates are at most epsilon N too low.

        Parameters
        ----------
        epsilon : float
            Between 0 and 1, exclusive.
        seed
            As for the class.
        """
        epsilon = check_fraction(epsilon, "epsilon")
        with sizing("MisraGries"):
            n_counters = max(1, math.ceil(1 / epsilon - 1))
        return cls(n_counters, seed=seed)

    @classmethod
    def _room(cls, n_counters, **_):
        return room_of(2 * n_counters)

    @property
    def error_bound(self):
        """The most that an estimate can be too low: (N - S)/(m + 1), rounded down."""
        self._purge()
        return (self._n - int(self._counts.sum())) // (self.n_counters + 1)

    def estimate(self, items):
        """Return lower bounds of the counts; 0 for an item that has no counter.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n

        Returns
        -------
        int, or array of int64, shape (n,)
        """
        self._purge()
        return self._answer(items, lookup, self._keys, self._counts, self._counts)

    def items(self):
        """Return the items that have a counter, and their estimates, the greatest first.

        Returns
        -------
        dict
            From item to int; at most ``n_counters`` entries.
        """
        self._purge()
        return super().items()

    def to_bytes(self):
        """Return the sketch as bytes, which `from_bytes` reads on any machine."""
        self._purge()
        return super().to_bytes()

    def _purge(self):
        """Leave at most m counters, as promised to whoever reads them."""
        self._flush()
        if self._used > self.n_counters:
            self._used = _purge(self._keys, self._counts, self._marks, self.n_counters)

    def _add(self, hashes, counts, items):
        self._insert(hashes, counts, items)
        self._n += int(counts.sum())

    def _insert(self, keys, counts, names):
        self._used = _count_and_purge(
            self._keys, self._counts, self._marks, self._used, self.n_counters, keys, counts
        )
        self._name(names)

    def _merge(self, other):
        keys, counts = other._entries()
        self._insert(keys, counts, other._names_of(keys))
        self._n += other._n

    def _restore(self, values):
        names = super()._restore(values)
        if len(names) > self.n_counters or sum(values["counts"].tolist()) > self._n:
            raise ValueError("there must be at most m counters, which sum to n or less.")


class LossyCounting(CounterSketch):
    r"""The frequent items, by as many counters as an error of epsilon N takes.

    Parameters
    ----------
    epsilon : float
        Between 0 and 1, exclusive. The stream is read in buckets of
        :math:`w = \lceil 1/\epsilon \rceil` items.
    seed : int, default 0
        Number of the hash function; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not a number.

    Notes
    -----
    **Cost.** One look at a table for each item; at the end of each bucket all entries are
    looked at once.

    **Guarantee.** After N items in :math:`B = \lceil N/w \rceil` buckets, every estimate
    satisfies :math:`0 \le f - \hat f \le N/w \le \epsilon N`. There are never more than
    :math:`w H_B \le w(1 + \ln B)` entries, H the harmonic number ([1], Theorem 4.2: its
    argument gives H, where the paper writes the logarithm, and there are streams in between).

    References
    ----------
    .. [1] G. S. Manku, R. Motwani, "Approximate frequency counts over data streams", VLDB
       2002, 346-357.

    Examples
    --------
    >>> sketch = LossyCounting(0.25)
    >>> sketch.update(["a", "b", "a", "c", "a", "d", "a", "e"])
    >>> sketch.items()
    {'a': 4}
    """

    _parameters = ("epsilon", "seed")

    def __init__(self, epsilon, *, seed=0):
        super().__init__(seed)
        self.epsilon = check_fraction(epsilon, "epsilon")
        with sizing("LossyCounting"):
            self.bucket_size = math.ceil(1 / self.epsilon)
        check_memory(room_of(2 * self.bucket_size), "LossyCounting")
        self._keys, self._counts, self._marks = new_table(2 * self.bucket_size)
        self._used = 0
        self._buckets = 0  # complete ones, B - 1 or B
        self._in_bucket = 0

    @classmethod
    def _room(cls, epsilon, **_):
        return room_of(2 * (1 / epsilon + 1))

    def update(self, items):
        """Read one item, or an array or sequence of them.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them
            As for every sketch; each counts 1, since buckets are buckets of items.
        """
        super().update(items)

    @property
    def error_bound(self):
        """The most that an estimate can be too low: the number of complete buckets."""
        self._flush()
        return self._buckets

    @property
    def n_entries(self):
        """Entries in the table now."""
        self._flush()
        return self._used

    def estimate(self, items):
        """Return lower bounds of the counts; 0 for an item that has no entry.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n

        Returns
        -------
        int, or array of int64, shape (n,)
        """
        self._flush()
        return self._answer(items, lookup, self._keys, self._counts, self._seen())

    # The paper keeps f, the count since the entry was made in bucket D + 1, and drops an entry
    # at the end of bucket b if f + D <= b. The table holds f + D - b: it falls by one with
    # each bucket, and an entry goes at zero. The mark holds -1 - D.

    def _seen(self):
        return self._counts + self._buckets + 1 + self._marks

    def _entries(self):
        live = self._counts > 0
        return self._keys[live], self._seen()[live]

    def _add(self, hashes, counts, items):
        self._n += len(hashes)
        start = 0
        while start < len(hashes):
            stop = min(len(hashes), start + self.bucket_size - self._in_bucket)
            piece = slice(start, stop)
            self._insert(hashes[piece], counts[piece], items[piece], -1 - self._buckets)
            self._end_bucket_after(stop - start)
            start = stop

    def _insert(self, keys, counts, names, mark=-1):
        room = self._used + len(keys)
        if 2 * room > len(self._keys):
            self._move(new_table(2 * room), 0)
        _, self._used = count(
            self._keys, self._counts, self._marks, self._used, room, keys, counts, 0
        )
        self._name(names, mark)

    def _end_bucket_after(self, n_items):
        self._in_bucket += n_items
        if self._in_bucket >= self.bucket_size:
            self._in_bucket -= self.bucket_size
            self._buckets += 1
            self._move(new_table(len(self._keys) // 2), 1)

    def _move(self, table, less):
        old = self._keys, self._counts, self._marks
        self._keys, self._counts, self._marks = table
        self._used = rebuild(*old, *table, less)

    def _merge(self, other):
        mine, theirs = self.copy(), other
        live = theirs._counts > 0
        keys = theirs._keys[live]
        self._insert(keys, theirs._counts[live], theirs._names_of(keys))
        # An item without an entry may have been missed in every bucket.
        self._buckets += theirs._buckets
        missed = self._buckets - sum(
            lookup(part._keys, part._counts, part._seen() - part._counts, self._keys)
            for part in (mine, theirs)
        )
        self._marks = np.where(self._counts > 0, -1 - missed, -1)
        self._n += theirs._n
        self._end_bucket_after(theirs._in_bucket)

    def _values(self):
        keys = np.sort(self._entries()[0])
        missed = -1 - lookup(self._keys, self._counts, self._marks, keys)
        position = {"buckets": self._buckets, "in_bucket": self._in_bucket}
        return {**super()._values(), **position, "missed": missed}

    def _restore(self, values):
        high = self.bucket_size - 1
        self._buckets = check_count(values["buckets"], "buckets", low=0)
        self._in_bucket = check_count(values["in_bucket"], "in_bucket", low=0, high=high)
        if values["n"] != self._buckets * self.bucket_size + self._in_bucket:
            raise ValueError("the buckets must hold n items.")
        missed = check_array(values["missed"], np.int64, (len(values["names"]),))
        if np.any((missed < 0) | (missed > self._buckets)):
            raise ValueError("an item must have been missed in none to all of the buckets.")
        names = super()._restore({**values, "counts": values["counts"] - self._buckets + missed})
        slots = find_all(self._keys, self._counts, hash_items(names, self.seed))
        self._marks[slots] = -1 - missed


@njit(cache=True)
def _count_and_purge(keys, counts, marks, used, n_counters, hashes, amounts):
    position = 0
    while True:
        position, used = count(keys, counts, marks, used, 2 * n_counters, hashes, amounts, position)
        if position == len(hashes):
            return used
        used = _purge(keys, counts, marks, n_counters)


@njit(cache=True)
def _purge(keys, counts, marks, n_counters):
    """Take the (m+1)-th greatest counter from all; return how many remain, at most m."""
    positive = counts[counts > 0]
    less = kth_smallest(positive, len(positive) - 1 - n_counters)
    old_keys, old_counts, old_marks = keys.copy(), counts.copy(), marks.copy()
    counts[:] = 0
    marks[:] = -1
    return rebuild(old_keys, old_counts, old_marks, keys, counts, marks, less)
