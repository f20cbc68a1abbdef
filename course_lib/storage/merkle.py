"""Merkle trees: where two large sets differ, found by comparing few hashes."""

import numpy as np

from course_lib._sketch import as_batch, hash_items
from course_lib._validation import check_count

__all__ = ["MerkleTree"]


class MerkleTree:
    r"""A hash of all items, of each half of them, of each quarter, and so on.

    Items lie in :math:`2^d` buckets by the hash of their key; the tree of hashes stands over these.

    Parameters
    ----------
    keys : sequence of int, str or bytes, length n
    stamps : sequence of int, str or bytes, length n
        What changes if the item of the key does: its version, or its value.
    depth : int, default 10
        :math:`d`, between 0 and 24: halvings.

    Attributes
    ----------
    depth : int
    hashes : list of array of uint64
        ``hashes[level]`` has ``2**level`` entries; entry i stands over entries 2i and 2i + 1 of
        the next level.

    Raises
    ------
    ValueError, TypeError
        If the lengths differ, or an item is neither an integer, a text nor bytes.

    Notes
    -----
    **Cost.** O(n + 2**d) to build, 16 bytes for each bucket. Two machines that compare level by
    level, and go down only where hashes differ, send at most 1 + 2 d k hashes each if k buckets
    differ.

    **Guarantee.** Sets that are equal have equal trees, in whatever order they are given. A
    difference is missed with a chance of about :math:`2^{-64}` a comparison; the hash is not
    cryptographic, so that a forger could hide one, unlike in [1].

    References
    ----------
    .. [1] R. C. Merkle, "A digital signature based on a conventional encryption function",
       CRYPTO 1987.
    .. [2] G. DeCandia et al., "Dynamo: Amazon's highly available key-value store", SOSP 2007,
       Section 4.7.

    Examples
    --------
    >>> mine = MerkleTree(["cart", "name"], [1, 1], depth=4)
    >>> yours = MerkleTree(["cart", "name"], [2, 1], depth=4)
    >>> buckets, compared = mine.differing(yours)
    >>> buckets == [mine.bucket("cart")], compared <= 9
    (True, True)
    """

    def __init__(self, keys, stamps, *, depth=10):
        self.depth = check_count(depth, "depth", low=0, high=24)
        keys, stamps = as_batch(keys)[0], as_batch(stamps)[0]
        if len(keys) != len(stamps):
            raise ValueError(
                f"keys and stamps must have one length; got {len(keys)} and {len(stamps)}."
            )
        leaves = np.zeros(1 << self.depth, np.uint64)
        if len(keys):
            items = hash_items(hash_items(keys) ^ hash_items(stamps, seed=1), seed=2)
            np.bitwise_xor.at(leaves, self._buckets(keys), items)
        self.hashes = [leaves]
        while len(self.hashes[0]) > 1:
            left, right = self.hashes[0][0::2], self.hashes[0][1::2]
            self.hashes.insert(0, hash_items(left ^ hash_items(right, seed=1), seed=2))

    def bucket(self, key):
        """Return the number of the bucket of a key, an int below ``2**depth``."""
        return int(self._buckets(key)[0])

    def differing(self, other):
        """Return the buckets in which two trees of one depth differ, and the hashes compared.

        Returns
        -------
        buckets : list of int
        compared : int
        """
        if not isinstance(other, MerkleTree) or other.depth != self.depth:
            raise ValueError(f"other must be a MerkleTree of depth {self.depth}; got {other!r}.")
        nodes, compared = [0], 0
        for level, (mine, theirs) in enumerate(zip(self.hashes, other.hashes, strict=True)):
            compared += len(nodes)
            differing = [node for node in nodes if mine[node] != theirs[node]]
            nodes = [2 * node + side for node in differing for side in (0, 1)]
            if level == self.depth:
                return differing, compared
        raise AssertionError("a tree has a level for each halving")

    def _buckets(self, keys):
        hashes = hash_items(keys)
        return (hashes >> np.uint64(64 - self.depth)) if self.depth else hashes & np.uint64(0)

    def __repr__(self):
        return f"MerkleTree(depth={self.depth})"
