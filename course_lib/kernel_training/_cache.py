"""Columns of a kernel matrix in bounded memory: the one that was used longest ago goes first."""

import numpy as np

__all__ = ["ColumnCache", "check_diagonal", "whole"]


def check_diagonal(entries, diagonal):
    """Refuse a diagonal that is not the one of the matrix: steps along it would not end."""
    off = np.abs(entries - diagonal) > 1e-3 * np.abs(entries) + 1e-9
    if np.any(off):
        was, is_ = np.asarray(diagonal)[off][0], np.asarray(entries)[off][0]
        raise ValueError(f"diagonal must be that of K; got {was:g} where K has {is_:g}.")


class ColumnCache:
    """Rows of a symmetric matrix where a compiled loop finds them, or says which it misses.

    Row ``i`` stands in ``rows[slot_of[i]]``, if ``slot_of[i]`` is not negative. Whoever uses a slot
    writes the time into ``used_at``.
    """

    def __init__(self, source, n, cache_bytes, dtype, diagonal=None):
        slots = min(n, max(2, cache_bytes // (n * np.dtype(dtype).itemsize)))
        self.source, self.made, self.diagonal = source, 0, diagonal
        self.rows = np.empty((slots, n), dtype)  # memory that is never written is never taken
        self.slot_of = np.full(n, -1, np.int64)
        self.holds = np.full(slots, -1, np.int64)
        self.used_at = np.zeros(slots, np.int64)

    def fetch(self, i, now):
        """Evaluate a column, in the place of the one that was used longest ago."""
        slot = self.made if self.made < len(self.rows) else int(np.argmin(self.used_at))
        if self.holds[slot] >= 0:
            self.slot_of[self.holds[slot]] = -1
        self.rows[slot] = self.source.block([i])[:, 0]
        check_diagonal(self.rows[slot, i : i + 1], self.diagonal[i : i + 1])
        self.slot_of[i], self.holds[slot] = slot, i
        self.used_at[slot] = now
        self.made += 1


def whole(K):
    """Return a cache that holds every row of a matrix in memory."""
    cache = ColumnCache(None, len(K), 0, K.dtype)
    cache.rows = np.ascontiguousarray(K)
    cache.slot_of = np.arange(len(K))
    cache.used_at = np.zeros(len(K), np.int64)
    return cache
