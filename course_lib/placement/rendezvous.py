"""Rendezvous hashing: every node bids for every key, and the highest bid wins."""

import numpy as np
from numba import njit

from course_lib._sketch import mix
from course_lib.placement._base import Weighted, check_weight, node_word

__all__ = ["Rendezvous"]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Rendezvous(Weighted):
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

    Notes
    -----
    Node i draws, for each key, a uniform number :math:`u_i` from the hash of both, and waits for
    :math:`-\ln(u_i) / w_i`. Who is first has the key. Another name, for equal
    weights, is "highest random weight" [1]; the logarithm makes shares proportional to weights.

    **Cost.** n hashes a key, and :math:`O(\log n)` logarithms at equal weights: most nodes are out
    of the race by :math:`-\ln u \ge 1 - u`. No table but the n names.

    **Guarantee.** With independent :math:`u_i`, node i gets a key with probability
    :math:`w_i / \sum_j w_j`, exactly, since these times are exponential with rates :math:`w_i`.
    When one weight changes, or a node comes or goes, keys move to or from that node alone: always,
    for every draw, since no other time has changed.

    References
    ----------
    .. [1] D. G. Thaler, C. V. Ravishankar, "Using name-based mappings to increase hit rates",
       IEEE/ACM Transactions on Networking 6(1), 1998, 1-14.

    Examples
    --------
    >>> rendezvous = Rendezvous(["anna", "ben", "carl"], [1, 2, 4])
    >>> before = rendezvous.assign(range(70_000))
    >>> [round(count / 10_000, 1) for count in np.bincount(before).tolist()]
    [1.0, 2.0, 4.0]
    >>> rendezvous.reweight("carl", 5)
    >>> after = rendezvous.assign(range(70_000))
    >>> {rendezvous.nodes[i] for i in after[before != after]}
    {'carl'}
    """

    def __init__(self, nodes=0, weights=None, *, seed=0):
        super().__init__(nodes, weights, seed)

    def reweight(self, node, weight):
        """Change a weight: keys move only to this node if it grows, from it if it shrinks.

        Parameters
        ----------
        node : int, str or bytes
        weight : float
        """
        weight = check_weight(weight)
        at = self._remove(node)
        self._weights[at] = weight
        self._build()

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
