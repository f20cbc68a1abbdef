"""Consistent hashing: nodes and keys on one circle, and a key belongs to the next point."""

import numpy as np

from course_lib._sketch import random_words
from course_lib._validation import check_count, check_memory
from course_lib.placement._base import Placement, named, node_word

__all__ = ["Ring"]


class Ring(Placement):
    r"""Consistent hashing with virtual nodes: a key belongs to the first point at or after it.

    Parameters
    ----------
    nodes : int or sequence of (int, str or bytes), default 0
        Names; a number n means nodes 0, 1, ..., n - 1.
    weights : sequence of float, optional
        For each node; not given: all 1.
    n_points : int, default 128
        Points on the circle for a node of weight 1. A node of weight w has ``round(w n_points)``,
        at least 1.
    seed : int, default 0
        Number of the hash function, ``0 <= seed < 2**64``.

    Attributes
    ----------
    points : array of uint64, shape (p,)
        The points of all nodes, ascending, on a circle of :math:`2^{64}` places.
    owners : array of int64, shape (p,)
        Index of the node of each point.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or of the wrong type, or a name comes twice.
    """

    def __init__(self, nodes=0, weights=None, *, n_points=128, seed=0):
        super().__init__(seed)
        self.n_points = check_count(n_points, "n_points", low=1, high=1 << 20)
        for node, weight in named(nodes, weights):
            self._add(node, weight)
        self._build()

    def add(self, node, weight=1.0):
        """Add a node: its points go on the circle, and keys move to it alone."""
        self._add(node, weight)
        self._build()

    def remove(self, node):
        """Remove a node and its points: only its keys move."""
        self._remove(node)
        self._build()

    def lookup(self, key):
        """Return the name of the node of one key."""
        return super().lookup(key)

    def copies(self, keys, n_copies):
        """Return the first nodes, all different, that one meets from each key on.

        Parameters
        ----------
        keys : int, str or bytes, or an array or sequence of them, length n
        n_copies : int
            At most the number of nodes.

        Returns
        -------
        copies : array of int64, shape (n, n_copies)
            Node indices. The first column is what `assign` returns.
        """
        self._check_not_empty()
        n_copies = check_count(
            n_copies, "n_copies", low=1, high=self.n_nodes, high_name="the number of nodes"
        )
        return _walk(self._words(keys), self.points, self.owners, n_copies)

    def shares(self):
        """Return the share of the circle that belongs to the node at each index, float64."""
        self._check_not_empty()
        arcs = np.diff(self.points, prepend=self.points[-1:])  # modulo 2**64, as it should be
        arcs = arcs.astype(np.float64) / 2.0**64
        if len(self.points) == 1:
            arcs[:] = 1.0
        return np.bincount(self.owners, arcs, len(self._names))

    def _assign(self, words):
        return self.owners[np.searchsorted(self.points, words) % len(self.points)]

    def _build(self):
        sizes = [max(1, round(weight * self.n_points)) if weight else 0 for weight in self._weights]
        check_memory(16 * sum(sizes), "Ring")
        words = [
            random_words(node_word(name, self.seed), size)
            for name, size in zip(self._names, sizes, strict=True)
        ]
        points = np.concatenate(words) if words else np.empty(0, np.uint64)
        owners = np.repeat(np.arange(len(sizes)), sizes)
        order = np.argsort(points, kind="stable")
        self.points, self.owners = points[order], owners[order]


def _walk(words, points, owners, n_copies):
    copies = np.empty((len(words), n_copies), np.int64)
    for i, place in enumerate(np.searchsorted(points, words)):
        found = 0
        while found < n_copies:
            node = owners[place % len(points)]
            if node not in copies[i, :found]:
                copies[i, found] = node
                found += 1
            place += 1
    return copies
