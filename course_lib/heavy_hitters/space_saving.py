"""Space saving: m counters that never count too little; the smallest is given to a newcomer."""

import math

import numpy as np
from numba import njit

from course_lib._sketch import sizing
from course_lib._sketch.wire import check_array
from course_lib._validation import check_count, check_fraction, check_memory
from course_lib.heavy_hitters._table import CounterSketch

__all__ = ["SpaceSaving"]

FREE = -1


class SpaceSaving(CounterSketch):
    r"""The frequent items, by m counters that never count too little.

    Parameters
    ----------
    n_counters : int
        Counters m, at least 1.
    seed : int, default 0
        Number of the hash function; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    See Also
    --------
    MisraGries : never counts too much.

    Notes
    -----
    **Cost.** m counters of 48 bytes in a heap, a table of at least 2m slots, and the items.
    O(log m) for each item at most; frequent items sit low in the heap and move rarely.

    **Guarantee.** Let N be the sum of all counts and :math:`\mu` the smallest counter, zero
    while a counter is free. Every item satisfies :math:`f \le \hat f \le f + \mu` and
    :math:`\mu \le N/m`; the counters sum to N, before a merge; each item with
    :math:`f > N/m` has a counter ([1], Theorems 1 to 3). A merge adds the counters, an absent
    item counting :math:`\mu`, and keeps the m greatest: the same bounds hold with the new N
    ([2], Theorem 2).

    References
    ----------
    .. [1] A. Metwally, D. Agrawal, A. El Abbadi, "Efficient computation of frequent and top-k
       elements in data streams", ICDT 2005, 398-412.
    .. [2] P. K. Agarwal et al., "Mergeable summaries", ACM TODS 38(4), 2013, Section 3.

    Examples
    --------
    >>> sketch = SpaceSaving(2)
    >>> sketch.update(["a", "b", "a", "c", "a", "a"])
    >>> sketch.items()
    {'a': 4, 'c': 2}
    >>> sketch.errors()
    {'a': 0, 'c': 1}
    """

    _parameters = ("n_counters", "seed")

    def __init__(self, n_counters, *, seed=0):
        super().__init__(seed)
        self.n_counters = check_count(n_counters, "n_counters", low=1)
        check_memory(self._room(self.n_counters), "SpaceSaving")
        self._clear()

    def _clear(self):
        m = self.n_counters
        self._keys = np.zeros(m, np.uint64)
        self._counts = np.zeros(m, np.int64)
        self._errors = np.zeros(m, np.int64)
        self._marks = np.full(m, -1)
        self._heap = np.full(m, FREE)  # counters, none greater than those below it
        self._depths = np.full(m, FREE)  # where a counter is in the heap
        self._slots = np.full(1 << (2 * m - 1).bit_length(), FREE)  # from hash to counter
        self._used = 0

    @classmethod
    def from_error(cls, epsilon, *, seed=0):
        """Return the smallest sketch whose estimates are at most epsilon N too high.

        Parameters
        ----------
        epsilon : float
            Between 0 and 1, exclusive.
        seed
            As for the class.
        """
        epsilon = check_fraction(epsilon, "epsilon")
        with sizing("SpaceSaving"):
            n_counters = math.ceil(1 / epsilon)
        return cls(n_counters, seed=seed)

    @classmethod
    def _room(cls, n_counters, **_):
        return 80 * n_counters

    @property
    def nbytes(self):
        """Bytes of the counters, the heap and the table; the items come on top."""
        return super().nbytes + self._errors.nbytes + 2 * self._heap.nbytes + self._slots.nbytes

    @property
    def error_bound(self):
        """The smallest counter: the most that an estimate can be too high."""
        self._flush()
        return int(self._counts[self._heap[0]]) if self._used == self.n_counters else 0

    def estimate(self, items):
        """Return upper bounds of the counts; the smallest counter for an item without one.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n

        Returns
        -------
        int, or array of int64, shape (n,)
        """
        bound = np.int64(self.error_bound)
        return self._answer(items, _read, self._keys, self._counts, self._slots, bound)

    def errors(self):
        """Return how much the estimate of each counted item can be too high.

        Returns
        -------
        dict
            From item to int, in the order of `items`.
        """
        errors = dict(zip(self._keys.tolist(), self._errors.tolist(), strict=True))
        by_name = {self._names[key]: errors[key] for key in self._entries()[0].tolist()}
        return {name: by_name[name] for name in self.items()}

    def _add(self, hashes, counts, items):
        self._insert(hashes, counts, items)
        self._n += int(counts.sum())

    def _insert(self, keys, counts, names):
        self._used = _count(
            (self._keys, self._counts, self._errors, self._marks),
            (self._heap, self._depths, self._slots),
            self._used,
            keys,
            counts,
        )
        self._name(names)

    def _merge(self, other):
        keys = np.union1d(self._entries()[0], other._entries()[0])
        names = {**other._names, **self._names}
        counts, errors = (
            sum(part._read_all(keys, kind) for part in (self, other)) for kind in (0, 1)
        )
        kept = np.argsort(-counts, kind="stable")[: self.n_counters]
        self._clear()
        self._insert(keys[kept], counts[kept], [names[key] for key in keys[kept].tolist()])
        self._errors[: len(kept)] = errors[kept]
        self._n += other._n

    def _read_all(self, keys, kind):
        """Counts (kind 0) or errors (kind 1); both are the smallest counter where there is none."""
        values = (self._counts, self._errors)[kind]
        return _read(self._keys, values, self._slots, np.int64(self.error_bound), keys)

    def _values(self):
        keys = np.sort(self._entries()[0])
        return {**super()._values(), "errors": self._read_all(keys, 1)}

    def _restore(self, values):
        errors = check_array(values["errors"], np.int64, (len(values["names"]),))
        if len(errors) > self.n_counters or np.any((errors < 0) | (errors > values["counts"])):
            raise ValueError("there must be at most m counters, with errors from 0 to the count.")
        names = super()._restore(values)
        self._errors[: len(names)] = errors


@njit(cache=True)
def _slot_of(keys, slots, key):
    """The slot that leads to the counter of a key, or the free slot where it belongs."""
    mask = len(slots) - 1
    slot = np.int64(key & np.uint64(mask))
    while slots[slot] != FREE and keys[slots[slot]] != key:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True)
def _read(keys, values, slots, absent, hashes):
    found = np.empty(len(hashes), np.int64)
    for i in range(len(hashes)):
        counter = slots[_slot_of(keys, slots, hashes[i])]
        found[i] = absent if counter == FREE else values[counter]
    return found


@njit(cache=True)
def _count(counters, index, used, hashes, amounts):
    keys, counts, errors, marks = counters
    heap, depths, slots = index
    for i in range(len(hashes)):
        if amounts[i] == 0:
            continue
        slot = _slot_of(keys, slots, hashes[i])
        counter = slots[slot]
        if counter == FREE:
            if used < len(keys):
                counter = used
                heap[used], depths[used] = counter, used
                used += 1
                _rise(counts, heap, depths, depths[counter])
            else:
                counter = heap[0]
                errors[counter] = counts[counter]
                _free(keys, slots, keys[counter])
                slot = _slot_of(keys, slots, hashes[i])  # the gap may have moved it
            slots[slot] = counter
            keys[counter] = hashes[i]
            marks[counter] = i
        counts[counter] += amounts[i]
        _sink(counts, heap, depths, depths[counter], used)
    return used


@njit(cache=True)
def _free(keys, slots, key):
    """Take a key out, and move up those that were pushed past its slot."""
    mask = len(slots) - 1
    gap = _slot_of(keys, slots, key)
    slot = (gap + 1) & mask
    while slots[slot] != FREE:
        home = np.int64(keys[slots[slot]] & np.uint64(mask))
        if (slot - home) & mask >= (slot - gap) & mask:
            slots[gap] = slots[slot]
            gap = slot
        slot = (slot + 1) & mask
    slots[gap] = FREE


@njit(cache=True)
def _swap(heap, depths, a, b):
    heap[a], heap[b] = heap[b], heap[a]
    depths[heap[a]], depths[heap[b]] = a, b


@njit(cache=True)
def _rise(counts, heap, depths, place):
    while place > 0 and counts[heap[place]] < counts[heap[(place - 1) // 2]]:
        _swap(heap, depths, place, (place - 1) // 2)
        place = (place - 1) // 2


@njit(cache=True)
def _sink(counts, heap, depths, place, used):
    while True:
        least = place
        for child in (2 * place + 1, 2 * place + 2):
            if child < used and counts[heap[child]] < counts[heap[least]]:
                least = child
        if least == place:
            return
        _swap(heap, depths, place, least)
        place = least
