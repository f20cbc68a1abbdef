"""Scans of several runs at once: their ranges are merged in pieces, small ones first."""

import numpy as np

from course_lib.storage._entries import pairs_of
from course_lib.storage.runs import merge_data

__all__ = ["scan"]

MOST_BLOCKS = 64  # of each run in a piece
FEW_BYTES = 1 << 15  # left in all ranges: one piece, since each costs some microseconds


def scan(runs, start, stop, meter):
    """Yield the pairs of a range, from runs of which the newest is first; count blocks read."""
    cursors = [Cursor(run, start, stop, meter) for run in runs if len(run)]
    n_blocks = 1
    while cursors := [cursor for cursor in cursors if cursor.position < cursor.end]:
        bound = None
        if sum(cursor.end - cursor.position for cursor in cursors) > FEW_BYTES:
            bounds = [cursor.ahead(n_blocks) for cursor in cursors]
            bound = min((key for key in bounds if key is not None), default=None)
        data, _ = merge_data([cursor.take(bound) for cursor in cursors], forget=True)
        yield from pairs_of(data)
        n_blocks = min(2 * n_blocks, MOST_BLOCKS)


class Cursor:
    """How far the range of a run has been read."""

    def __init__(self, run, start, stop, meter):
        self.run, self.meter = run, meter
        self.position, self.block = 0, -1  # the next entry; the last block that was read
        self.end = run.nbytes if stop is None else run.place(stop)[0]
        if start is not None:
            self.position, block = run.place(start)
            self._read(block - 1, block)

    def ahead(self, n_blocks):
        """The key with which a later block begins, if the range goes so far."""
        blocks = self.run.blocks
        block = int(np.searchsorted(blocks, self.position, side="right")) - 1 + n_blocks
        return self.run.first_key(block) if blocks[min(block, len(blocks) - 1)] < self.end else None

    def take(self, bound):
        """The entries before a key, or all that are left."""
        first, self.position = self.position, self.end
        if bound is not None:
            self.position = min(self.end, max(first, self.run.place(bound)[0]))
        if self.position > first:
            last = int(np.searchsorted(self.run.blocks, self.position - 1, side="right")) - 1
            self._read(self.block, last)
        return self.run.data[first : self.position]

    def _read(self, before, last):
        """Count the blocks after one, up to another, and remember that."""
        before = max(before, self.block)
        if last > before:
            self.meter.blocks += last - before
            self.meter.bytes += int(self.run.blocks[last + 1] - self.run.blocks[before + 1])
            self.block = last
