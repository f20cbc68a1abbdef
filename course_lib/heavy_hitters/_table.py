"""A hash table of counters in flat arrays, and the items that its keys stand for.

A slot is free if its count is zero; a key sits in the first free slot from its own on. Keys are
hashes already, so their last bits choose the slot. The mark of a slot says where in the batch
its key came in; once the item at that place has been noted, the mark is negative.
"""

import base64

import numpy as np
from numba import njit

from course_lib._sketch import CountingSketch, hash_items
from course_lib._sketch.wire import check_array
from course_lib._validation import check_count

__all__ = ["CounterSketch", "count", "find_all", "lookup", "new_table", "rebuild", "room_of"]

SLOT = 8 + 8 + 8  # bytes: key, count, mark
TYPES = {"int": int, "str": str, "bytes": str}  # of an item in JSON


def room_of(n_keys):
    """Bytes that `new_table` takes, at most."""
    return 4 * SLOT * n_keys


def new_table(n_keys):
    """Return empty ``(keys, counts, marks)`` with room for ``n_keys`` at half load."""
    size = 1 << (2 * n_keys - 1).bit_length()
    return np.zeros(size, np.uint64), np.zeros(size, np.int64), np.full(size, -1)


@njit(cache=True)
def find(keys, counts, key):
    """The slot of a key, or the free slot where it belongs."""
    mask = np.uint64(len(keys) - 1)
    slot = key & mask
    while counts[slot] != 0 and keys[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit(cache=True)
def count(keys, counts, marks, used, limit, hashes, amounts, start):
    """Count from ``start`` on until a key would be the one after ``limit``.

    Returns how far it came, and how many slots are used.
    """
    for i in range(start, len(hashes)):
        if amounts[i] == 0:
            continue
        slot = find(keys, counts, hashes[i])
        if counts[slot] == 0:
            if used == limit:
                return i, used
            keys[slot] = hashes[i]
            marks[slot] = i
            used += 1
        counts[slot] += amounts[i]
    return len(hashes), used


@njit(cache=True)
def rebuild(old_keys, old_counts, old_marks, keys, counts, marks, less):
    """Move the keys that count more than ``less`` to an empty table, less that; return how many."""
    used = 0
    for old in range(len(old_keys)):
        if old_counts[old] > less:
            slot = find(keys, counts, old_keys[old])
            keys[slot] = old_keys[old]
            counts[slot] = old_counts[old] - less
            marks[slot] = old_marks[old]
            used += 1
    return used


@njit(cache=True)
def find_all(keys, counts, hashes):
    """The slots of keys that are there."""
    slots = np.empty(len(hashes), np.uint64)
    for i in range(len(hashes)):
        slots[i] = find(keys, counts, hashes[i])
    return slots


@njit(cache=True)
def lookup(keys, counts, values, hashes):
    """The value of each hash, zero where it has no slot."""
    found = np.zeros(len(hashes), np.int64)
    for i in range(len(hashes)):
        slot = find(keys, counts, hashes[i])
        if counts[slot] != 0:
            found[i] = values[slot]
    return found


class CounterSketch(CountingSketch):
    """Counters for some of the items, which keep their names."""

    _turnstile = False
    _block_size = 1 << 16  # the longer a batch, the fewer items enter and leave again

    def __init__(self, seed):
        super().__init__(seed)
        self._names = {}
        self._n = 0

    @property
    def total(self):
        """The sum N of all counts that were read."""
        self._flush()
        return self._n

    @property
    def nbytes(self):
        """Bytes of the table; the items that it names come on top."""
        return self._keys.nbytes + self._counts.nbytes + self._marks.nbytes

    def _name(self, names, mark=-1):
        """Note the names of the keys that came in, and set their marks."""
        fresh = np.flatnonzero(self._marks >= 0)
        places = self._marks[fresh].tolist()
        if isinstance(names, np.ndarray):
            fresh_names = names[places].tolist()
        else:
            fresh_names = [names[place] for place in places]
        self._names.update(zip(self._keys[fresh].tolist(), fresh_names, strict=True))
        self._marks[fresh] = mark
        if len(self._names) > 2 * len(self._keys):  # most of them have left again
            live = self._entries()[0].tolist()
            self._names = {key: self._names[key] for key in live}

    def _entries(self):
        """The keys that have a counter, and their counts."""
        live = self._counts > 0
        return self._keys[live], self._counts[live]

    def _names_of(self, keys):
        return [self._names[key] for key in keys.tolist()]

    def items(self):
        """Return the items that have a counter, and their estimates, the greatest first.

        Returns
        -------
        dict
            From item to int.
        """
        self._flush()
        keys, counts = self._entries()
        order = np.lexsort((keys, -counts))
        return dict(zip(self._names_of(keys[order]), counts[order].tolist(), strict=True))

    def _values(self):
        keys, counts = self._entries()
        order = np.argsort(keys)  # the same state gives the same bytes
        names = [_plain(name) for name in self._names_of(keys[order])]
        return {"n": self._n, "names": names, "counts": counts[order]}

    def _restore(self, values):
        names = [_named(*entry) for entry in values["names"]]
        keys = hash_items(names, self.seed)
        counts = check_array(values["counts"], np.int64, (len(names),))
        total = check_count(values["n"], "n", low=0, high=2**62, high_name="2**62")
        # Above the total a count is none, and sums of counts may overflow.
        if np.any((counts < 1) | (counts > total)) or len(np.unique(keys)) < len(keys):
            raise ValueError("the items must differ, and each count from 1 to n.")
        self._insert(keys, counts, names)
        self._n = total
        return names

    def _counted(self):
        return float(self._n)


def _plain(name):
    """An item as JSON can hold it."""
    if isinstance(name, bytes):
        return ["bytes", base64.b64encode(name).decode()]
    return ["str", name] if isinstance(name, str) else ["int", int(name)]


def _named(kind, value):
    if type(value) is not TYPES[kind]:
        raise TypeError(f"no {kind} is written as a {type(value).__name__}.")
    return base64.b64decode(value, validate=True) if kind == "bytes" else value
