"""Consistent hashing with bounded loads: a key goes on to the next node that has room."""

import math

import numpy as np

from course_lib._validation import check_count, check_number
from course_lib.placement import _circle
from course_lib.placement.ring import Ring

__all__ = ["BoundedRing"]


class BoundedRing(Ring):
    r"""A ring on which no node gets more than ``factor`` times the mean.

    Parameters
    ----------
    nodes : int or sequence of (int, str or bytes), default 0
        Names; a number n means nodes 0, 1, ..., n - 1.
    factor : float, default 1.25
        c, above 1: a node takes at most :math:`\lceil c m / n \rceil` of m keys.
    n_points : int, default 1
        Points of each node.
    seed : int, default 0
        Number of the hash function, ``0 <= seed < 2**64``.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or of the wrong type, or a name comes twice.

    Notes
    -----
    **Cost.** A key passes the points of full nodes until one has room. With one point a node that
    is a number of steps that depends on c and not on n ([1]).

    **Guarantee.** No node has more than ``capacity(m)`` of m keys, always. With one point a node,
    how many keys each node has does not depend on the order of the keys, as with linear probing;
    which keys, does. With more points both do.

    References
    ----------
    .. [1] V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent hashing with bounded loads",
       SODA 2018, 587-604.

    Examples
    --------
    >>> ring = BoundedRing(10, factor=1.25)
    >>> counts = np.bincount(ring.assign(range(1000)), minlength=10)
    >>> int(counts.sum()), int(counts.max()), ring.capacity(1000)
    (1000, 125, 125)
    >>> bool(np.bincount(Ring(10, n_points=1).assign(range(1000))).max() > 125)
    True
    """

    def __init__(self, nodes=0, *, factor=1.25, n_points=1, seed=0):
        self.factor = check_number(factor, "factor", low=1.0, high=1e6, open_low=True)
        super().__init__(nodes, n_points=n_points, seed=seed)

    def add(self, node):
        """Add a node: the capacity of all shrinks, and keys may move between others too.

        Parameters
        ----------
        node : int, str or bytes
        """
        super().add(node)

    def capacity(self, n_keys):
        """Return the most keys that a node takes when there is to be room for ``n_keys``.

        Parameters
        ----------
        n_keys : int
            m.

        Returns
        -------
        int
            :math:`\\lceil c m / n \\rceil`, and 1 at least.
        """
        self._check_not_empty()
        n_keys = check_count(n_keys, "n_keys", low=0, high=1 << 40)
        # 1.1 * 10 is 11, and the double nearest to 1.1 is a little more: hence the 1e-9.
        return max(1, math.ceil(self.factor * n_keys / self.n_nodes - 1e-9))

    def assign(self, keys, n_keys=None):
        """Return the index of the node of each key, int64 (n,), inserted one after the other.

        Parameters
        ----------
        keys : int, str or bytes, or an array or sequence of them, length n
            Each counts: a key that stands twice is two keys at one place.
        n_keys : int, optional
            Keys for which the capacity is made, at least n; not given: n.

        Returns
        -------
        indices : array of int64, shape (n,)
            Indices into ``nodes``.

        Raises
        ------
        ValueError, TypeError
            If there is no node, a key is none, or ``n_keys`` is less than there are.
        """
        self._check_not_empty()
        words = self._words(keys)
        if n_keys is None:
            n_keys = len(words)
        check_count(n_keys, "n_keys", low=len(words))
        room = np.full(len(self._names), self.capacity(n_keys))
        return _circle.fill(words, *self._search, self.owners, room)

    def lookup(self, key):
        """Refuse: where a key is depends on the keys that came before it."""
        raise TypeError("where a key of a BoundedRing is depends on all keys; use assign for all.")

    def copies(self, keys, n_copies):
        """Refuse: copies have no bound here."""
        raise TypeError("copies are bounded by nothing; use Ring.copies.")
