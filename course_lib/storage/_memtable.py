"""The memory table of an LSM tree: the newest entries, not yet in any run."""

import bisect

from course_lib.storage._entries import value_of
from course_lib.storage.runs import joined

__all__ = ["Memtable"]

FEW = 16  # new keys that are put in their places one by one


class Memtable:
    """Entries by key, and the keys in order, which are put in order when somebody asks."""

    def __init__(self, entries=()):
        self.entries = dict(entries)
        self._sorted, self._new = [], list(self.entries)

    def __len__(self):
        return len(self.entries)

    def set(self, key, entry):
        if key not in self.entries:
            self._new.append(key)
        self.entries[key] = entry

    def get(self, key):
        """Return whether the key is here, and its value: None if it is deleted."""
        entry = self.entries.get(key)
        return (False, None) if entry is None else (True, value_of(entry, 0))

    def between(self, start=None, stop=None):
        """Return the entries of a range in the order of keys, in a row, and their number."""
        keys = self._in_order()
        first = 0 if start is None else bisect.bisect_left(keys, start)
        last = len(keys) if stop is None else bisect.bisect_left(keys, stop)
        found = keys[first:last]
        return joined(map(self.entries.__getitem__, found)), len(found)

    def _in_order(self):
        if len(self._new) > FEW:
            self._sorted += self._new
            self._sorted.sort()
        else:
            for key in self._new:
                bisect.insort(self._sorted, key)
        self._new = []
        return self._sorted
