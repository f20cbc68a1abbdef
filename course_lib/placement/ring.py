"""Consistent hashing: nodes and keys on one circle, and a key belongs to the next point."""

import numpy as np

from course_lib._sketch import random_words, seed_words
from course_lib._validation import check_count, check_memory
from course_lib.placement import _circle
from course_lib.placement._base import Weighted, node_word
from course_lib.placement._circle import place_of_bytes, place_of_word

__all__ = ["Ring"]


class Ring(Weighted):
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

    Notes
    -----
    **Cost.** p points take about 60 bytes each. A key costs its hash and two or three looks at
    memory: a table of starts, one a point, tells where on the circle to begin. To add or remove a
    node sorts all points, :math:`O(p \log p)`.

    **Guarantee.** A node that is added takes keys from others and moves none between them; one
    that is removed gives its keys away and moves no other: always, for every draw ([1], its
    monotonicity). Let n nodes have v points each, and let points be independent and uniform. Then
    the share of a node has mean 1/n and standard deviation ``share_deviation(n, v) / n``, and with
    v = 1 the largest share has mean ``expected_max_share(n)``. The points are those of a mixer
    that was tested and not proved random.

    References
    ----------
    .. [1] D. Karger, E. Lehman, T. Leighton, R. Panigrahy, M. Levine, D. Lewin, "Consistent
       hashing and random trees: distributed caching protocols for relieving hot spots on the
       World Wide Web", STOC 1997, 654-663.

    Examples
    --------
    Of a million keys, those that change their node change to the new one:

    >>> ring = Ring(["anna", "ben", "carl"])
    >>> before = ring.assign(range(1_000_000))
    >>> ring.add("dora")
    >>> after = ring.assign(range(1_000_000))
    >>> moved = before != after
    >>> {ring.nodes[i] for i in after[moved]}
    {'dora'}
    >>> ring.remove("dora")
    >>> bool((ring.assign(range(1_000_000)) == before).all())
    True
    """

    def __init__(self, nodes=0, weights=None, *, n_points=128, seed=0):
        self.n_points = check_count(n_points, "n_points", low=1, high=1 << 20)
        super().__init__(nodes, weights, seed)

    def lookup(self, key):
        """Return the name of the node of one key."""
        kind = type(key)
        try:
            if kind is str:
                return self._named[place_of_bytes(key.encode(), self._table)]
            if kind is int:
                return self._named[place_of_word(key, self._table)]
            if kind is bytes:
                return self._named[place_of_bytes(key, self._table)]
        except (IndexError, OverflowError, UnicodeEncodeError):
            pass  # no node, more than 64 bits, half a character: the long way knows what to do
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

        Raises
        ------
        ValueError, TypeError
            If there are not so many nodes, or a key is none.

        Notes
        -----
        **Guarantee.** If the first node of a key is removed, the second becomes the first.
        """
        self._check_not_empty()
        n_copies = check_count(
            n_copies, "n_copies", low=1, high=self.n_nodes, high_name="the number of nodes"
        )
        words = self._words(keys)
        return _circle.nodes_from(words, *self._search, self.owners, n_copies)

    def shares(self):
        """Return the share of the circle that belongs to the node at each index.

        That is the share of its keys, if there are very many.

        Returns
        -------
        shares : array of float64, shape (n,)
            They sum to 1; 0 for removed nodes.
        """
        self._check_not_empty()
        arcs = np.diff(self.points, prepend=self.points[-1:])  # modulo 2**64, as it should be
        arcs = arcs.astype(np.float64) / 2.0**64
        if len(self.points) == 1:
            arcs[:] = 1.0
        return np.bincount(self.owners, arcs, len(self._names))

    def _assign(self, words):
        return _circle.following(words, *self._search, self.owners)

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
        starts, shift = _circle.starts_of(self.points)
        self._search = self.points, starts, shift
        self._table = _circle.packed(seed_words(self.seed), *self._search)
        self._named = [self._names[at] for at in self.owners]
