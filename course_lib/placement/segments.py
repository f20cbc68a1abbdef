"""Proportional hashing after SPOCA: segments of a hash space, and hash again until one is hit."""

import numpy as np
from numba import njit

from course_lib._sketch import mix
from course_lib._validation import check_number
from course_lib.placement._base import Placement, check_name, check_weight, named

__all__ = ["SegmentTable"]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
LEAST_USED = 1e-4  # of the space: a key then takes 10,000 probes in the mean


class SegmentTable(Placement):
    r"""Proportional hashing: each node has a segment as long as its capacity.

    The hash of a key is a place in the space. If it lies in a segment, that node has the key; if
    it lies in free space, the key is hashed again, and again, until a segment is hit.

    Parameters
    ----------
    space : float
        Length of the whole space: all the capacity that there will ever be.
    nodes : int or sequence of (int, str or bytes), default 0
        Names; a number n means nodes 0, 1, ..., n - 1.
    capacities : sequence of float, optional
        For each node; not given: all 1.
    seed : int, default 0
        Number of the hash function, ``0 <= seed < 2**64``.

    Attributes
    ----------
    ends : array of float64, shape (s,)
        Where each segment ends; it begins where the one before ends, the first at 0.
    owners : array of int64, shape (s,)
        Index of the node of each segment.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or of the wrong type, or a name comes twice; if the
        capacities are more than the space.

    Notes
    -----
    **Cost.** ``expected_probes`` hashes a key in the mean, and for the last one a binary search.

    **Guarantee.** With independent hashes, a node gets a key with probability its capacity over
    the sum of all: given that a place lies in a segment, it is uniform there. The number of hashes
    is geometric with mean ``space / capacities``. A new segment takes exactly the keys that fall
    into it before they fall into another, so keys move to it alone, and no rule that keeps shares
    proportional moves fewer in the mean.

    References
    ----------
    .. [1] A. Chawla, B. Reed, K. Juhnke, G. Syed, "Semantics of caching with SPOCA: a stateless,
       proportional, optimally-consistent addressing algorithm", USENIX ATC 2011.

    Examples
    --------
    >>> table = SegmentTable(16, ["anna", "ben", "carl"], [1, 2, 4])
    >>> counts = np.bincount(table.assign(range(70_000)))
    >>> [round(count / 10_000, 1) for count in counts.tolist()], round(table.expected_probes, 3)
    ([1.0, 2.0, 4.0], 2.286)
    """

    def __init__(self, space, nodes=0, capacities=None, *, seed=0):
        super().__init__(seed)
        self.space = check_number(space, "space", low=0.0, high=1e15, open_low=True)
        self.ends, self.owners = np.empty(0), np.empty(0, np.int64)
        for node, capacity in named(nodes, capacities, "capacities"):
            self.add(node, capacity)

    def add(self, node, capacity=1.0):
        """Give a node a segment of free space, its first or one more: keys move to it alone.

        Parameters
        ----------
        node : int, str or bytes
            Its name.
        capacity : float, default 1
            Length of the segment.
        """
        name, capacity = check_name(node), check_weight(capacity, "capacity")
        end = (self.ends[-1] if len(self.ends) else 0.0) + capacity
        if end > self.space * (1 + 1e-12):
            raise ValueError(
                f"capacities must not be more than the space, {self.space:g}; got {end:g} in all, "
                "build a larger table."
            )
        at = self._index_of(name)
        if at is None:
            at = self._add(name, capacity)
        else:
            self._weights[at] += capacity
        self.ends, self.owners = np.append(self.ends, end), np.append(self.owners, at)

    @property
    def expected_probes(self):
        """Hashes that a key takes in the mean: the space over the sum of the capacities."""
        self._check_not_empty()
        return float(self.space / self.ends[-1])

    def _assign(self, words):
        if self.ends[-1] < LEAST_USED * self.space:
            raise ValueError(
                f"capacities must fill {LEAST_USED:g} of the space at least; they fill "
                f"{self.ends[-1] / self.space:.2g}, build a smaller table."
            )
        return self.owners[_probe(words, self.ends / self.space)]


@njit(cache=True)
def _probe(words, ends):
    """The segment of each key: hash until the place lies in one."""
    segments = np.empty(len(words), np.int64)
    for i in range(len(words)):
        word = words[i]
        while True:
            word += GOLDEN  # a counter, so that no chain of hashes runs in a circle
            place = np.float64(mix(word) >> np.uint64(11)) * 2.0**-53
            if place < ends[-1]:
                break
        segments[i] = np.searchsorted(ends, place, side="right")
    return segments
