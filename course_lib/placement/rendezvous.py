"""Rendezvous hashing: every node bids for every key, and the highest bid wins."""

import numpy as np
from numba import njit

from course_lib._sketch import mix
from course_lib.placement._base import Placement, named, node_word

__all__ = ["Rendezvous"]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Rendezvous(Placement):
    r"""Weighted rendezvous: a key belongs to the node with the shortest exponential time.

    Parameters
    ----------
    nodes : int or sequence of (int, str or bytes), default 0
        Names; a number n means nodes 0, 1, ..., n - 1.
    weights : sequence of float, optional
        For each node; not given: all 1.
    seed : int, default 0
        Number of the hash function, ``0 <= seed < 2**64``.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or of the wrong type, or a name comes twice.
    """

    def __init__(self, nodes=0, weights=None, *, seed=0):
        super().__init__(seed)
        for node, weight in named(nodes, weights):
            self._add(node, weight)
        self._build()

    def add(self, node, weight=1.0):
        """Add a node: keys move to it alone."""
        self._add(node, weight)
        self._build()

    def remove(self, node):
        """Remove a node: only its keys move."""
        self._remove(node)
        self._build()

    def reweight(self, node, weight):
        """Change a weight: keys move only to this node if it grows, from it if it shrinks."""
        self.remove(node)
        self.add(node, weight)

    def _build(self):
        there = np.flatnonzero(self.weights)
        self._there, self._means = there, 1.0 / self.weights[there]
        words = [node_word(self._names[at], self.seed) for at in there]
        self._node_words = np.array(words, dtype=np.uint64)

    def _assign(self, words):
        return self._there[_shortest(words, self._node_words, self._means)]


@njit(cache=True)
def _shortest(words, node_words, means):
    """The node with the shortest time for each key, of -ln(u) * mean with u in (0, 1).

    Since -ln(u) >= 1 - u, most nodes are out of the race before a logarithm is taken.
    """
    winners = np.empty(len(words), np.int64)
    for i in range(len(words)):
        best = np.inf
        for j in range(len(node_words)):
            word = mix(mix(words[i] ^ node_words[j]) + GOLDEN)
            rest = (np.float64(word >> np.uint64(12)) + 0.5) * 2.0**-52  # 1 - u, never 0 or 1
            if rest * means[j] < best:
                time = -np.log1p(-rest) * means[j]
                if time < best:
                    best = time
                    winners[i] = j
    return winners
