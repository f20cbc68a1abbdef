"""Placements that know only a number of nodes: the remainder, and jump consistent hash."""

import numpy as np
from numba import njit

from course_lib._validation import check_count
from course_lib.placement._base import Placement, as_words, check_name, named

__all__ = ["JumpHash", "Modulo", "jump_hash"]

STEP = np.uint64(2862933555777941757)  # of the linear congruential generator of the paper


class Modulo(Placement):
    r"""The hash of a key modulo the number of nodes: what everybody writes first.

    Parameters
    ----------
    nodes : int or sequence of (int, str or bytes), default 0
        Names; a number n means nodes 0, 1, ..., n - 1.
    seed : int, default 0
        Number of the hash function, ``0 <= seed < 2**64``.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or of the wrong type, or a name comes twice.

    Notes
    -----
    **Cost.** One hash and one remainder a key.

    **Guarantee.** Equal shares, up to chance. From n to n + 1 nodes a key stays with probability
    1/(n + 1): its remainders modulo n and n + 1 are independent, and the same for n of the
    n (n + 1) pairs. So n/(n + 1) of all keys move.

    Examples
    --------
    >>> rule = Modulo(10)
    >>> before = rule.assign(range(100_000))
    >>> rule.add(10)
    >>> float(np.mean(before != rule.assign(range(100_000))).round(2))
    0.91
    """

    def __init__(self, nodes=0, *, seed=0):
        super().__init__(seed)
        for node, weight in named(nodes, None):
            self._add(node, weight)

    def add(self, node):
        """Add a node: nearly all keys move."""
        self._add(node, 1.0)

    def remove(self, node):
        """Remove a node: nearly all keys move."""
        self._remove(node)

    def _assign(self, words):
        there = np.flatnonzero(self.weights)
        return there[(words % np.uint64(len(there))).astype(np.int64)]


class JumpHash(Placement):
    r"""Jump consistent hash: no memory, equal shares, and only the last node may go.

    Parameters
    ----------
    nodes : int or sequence of (int, str or bytes), default 0
        Names; a number n means nodes 0, 1, ..., n - 1.
    seed : int, default 0
        Number of the hash function, ``0 <= seed < 2**64``.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or of the wrong type, or a name comes twice.

    Notes
    -----
    See `jump_hash`, which this applies to the hash of a key.

    Examples
    --------
    >>> rule = JumpHash(10)
    >>> before = rule.assign(range(100_000))
    >>> rule.add("new")
    >>> after = rule.assign(range(100_000))
    >>> float(np.mean(before != after).round(2)), {rule.nodes[i] for i in after[before != after]}
    (0.09, {'new'})
    """

    def __init__(self, nodes=0, *, seed=0):
        super().__init__(seed)
        self._order = []  # index of the node of each bucket
        for node, _ in named(nodes, None):
            self.add(node)

    def add(self, node):
        """Add a node at the end: 1/(n + 1) of the keys move in the mean, all of them to it."""
        self._order.append(self._add(node, 1.0))

    def remove(self, node):
        """Remove the node that was added last: its keys alone move."""
        at = self._index_of(check_name(node))
        if not self._order or at != self._order[-1]:
            last = self._names[self._order[-1]] if self._order else None
            raise ValueError(
                f"node must be the one that was added last, {last!r}; got {node!r}, "
                "and jump hash can lose no other."
            )
        self._order.pop()
        self._remove(node)

    def _assign(self, words):
        return np.array(self._order)[_jump(words, len(self._order))]


def jump_hash(words, n_buckets):
    """Return the bucket of each 64-bit word, as published.

    Parameters
    ----------
    words : array of int, shape (n,)
        Hashes of keys, modulo :math:`2^{64}`. What is not random is to be hashed before.
    n_buckets : int
        At least 1.

    Returns
    -------
    buckets : array of int64, shape (n,)
        From 0 to ``n_buckets - 1``.

    Raises
    ------
    ValueError, TypeError
        If ``n_buckets`` is out of range, or words are no integers.

    Notes
    -----
    A key begins in bucket 0, and as buckets are added it jumps from time to time to the newest.
    From bucket b its next jump goes beyond k with probability (b + 1)/(k + 1), so one random number
    tells where it goes, and the buckets between are never looked at.

    **Cost.** :math:`H_n` jumps in the mean, each with one division; no memory.

    **Guarantee.** If the numbers are random, every bucket is equally likely, for each n, and from
    n to n + 1 buckets a key moves with probability 1/(n + 1), and only to the new one [1].
    Only the last bucket may go: buckets have numbers and not names.

    References
    ----------
    .. [1] J. Lamping, E. Veach, "A fast, minimal memory, consistent hash algorithm",
       arXiv:1406.2294, 2014.

    Examples
    --------
    The bucket of the word 10 changes only to the one that is new:

    >>> [jump_hash(10, n).item() for n in range(1, 10)]
    [0, 1, 2, 2, 2, 5, 6, 7, 7]
    """
    n_buckets = check_count(n_buckets, "n_buckets", low=1, high=2**31 - 1)
    return _jump(as_words(words, "words"), n_buckets)


@njit(cache=True)
def _jump(words, n_buckets):
    buckets = np.empty(len(words), np.int64)
    for i in range(len(words)):
        word, bucket, jump = words[i], 0, 0
        while jump < n_buckets:
            bucket = jump
            word = word * STEP + np.uint64(1)
            # The next jump is beyond k with chance (bucket + 1) / (k + 1).
            jump = np.int64(
                (bucket + 1) * (2147483648.0 / np.float64((word >> np.uint64(33)) + np.uint64(1)))
            )
        buckets[i] = bucket
    return buckets
