"""What all placements share: names of nodes, the indices by which they are known, their weights."""

import math

import numpy as np

from course_lib._sketch import as_batch
from course_lib._validation import check_count, check_number, check_vector, plain_array
from course_lib.hashing import hash_items

__all__ = [
    "MOST_NODES",
    "Placement",
    "Weighted",
    "as_words",
    "check_name",
    "check_weight",
    "named",
    "node_word",
]

MOST_NODES = 1 << 20


class Placement:
    """A rule that gives each key a node; the base of the placements.

    A node keeps its index for ever: indices count names in the order in which they first came. What
    was removed leaves a hole, and what comes back under its old name gets its old index. So two
    answers of `assign`, before and after a change, differ exactly at the keys that travel.
    """

    def __init__(self, seed):
        self.seed = check_count(seed, "seed", low=0, high=2**64 - 1, high_name="2**64 - 1")
        self._names, self._index, self._weights = [], {}, []

    @property
    def nodes(self):
        """Name of the node at each index, a tuple; of removed ones too."""
        return tuple(self._names)

    @property
    def weights(self):
        """Weight of the node at each index, float64 (n,); 0 for removed ones."""
        return np.array(self._weights, dtype=np.float64)

    @property
    def n_nodes(self):
        """Number of nodes that are there."""
        return sum(weight > 0 for weight in self._weights)

    def __repr__(self):
        return f"{type(self).__name__} of {self.n_nodes} nodes"

    def assign(self, keys):
        """Return the index of the node of each key.

        Parameters
        ----------
        keys : int, str or bytes, or an array or sequence of them, length n

        Returns
        -------
        indices : array of int64, shape (n,)
            Indices into ``nodes``; shape (1,) for a single key.

        Raises
        ------
        ValueError, TypeError
            If there is no node, or a key is none.
        """
        self._check_not_empty()
        return self._assign(self._words(keys))

    def lookup(self, key):
        """Return the name of the node of one key.

        Parameters
        ----------
        key : int, str or bytes

        Returns
        -------
        int, str or bytes
            The name, as it was given.

        Raises
        ------
        ValueError, TypeError
            If there is no node, or ``key`` is not one key.
        """
        batch, single = as_batch(key)
        if not single:
            raise TypeError(
                f"lookup takes one key; got {len(batch)} in a {type(key).__name__}, use assign."
            )
        return self._names[self.assign(batch)[0]]

    def _words(self, keys):
        """The 64-bit hash of each key."""
        return hash_items(keys, self.seed)

    def _assign(self, words):
        raise NotImplementedError

    def _check_not_empty(self):
        if not self.n_nodes:
            raise ValueError("a placement must have a node before it gets keys; add one.")

    def _index_of(self, name):
        """The index of a name, or None; by its hash, since "a" and b"a" are one item."""
        return self._index.get(node_word(name, 0))

    def _add(self, node, weight):
        """Note a name and its weight; return its index."""
        name, weight = check_name(node), check_weight(weight)
        at = self._index_of(name)
        if at is None:
            if len(self._names) >= MOST_NODES:
                raise ValueError(f"there must be at most {MOST_NODES} nodes; got one more.")
            at = self._index[node_word(name, 0)] = len(self._names)
            self._names.append(name)
            self._weights.append(0.0)
        elif self._weights[at]:
            raise ValueError(f"node must be new; {name!r} is there, remove it first.")
        self._weights[at] = weight
        return at

    def _remove(self, node):
        """Forget a node, but not its index; return that."""
        at = self._index_of(check_name(node))
        if at is None or not self._weights[at]:
            raise ValueError(f"node must be one that is there; got {node!r}.")
        self._weights[at] = 0.0
        return at


class Weighted(Placement):
    """A placement whose nodes have weights and of which any may come and go; see `_build`."""

    def __init__(self, nodes, weights, seed):
        super().__init__(seed)
        for node, weight in named(nodes, weights):
            self._add(node, weight)
        self._build()

    def add(self, node, weight=1.0):
        """Add a node: keys move to it alone.

        Parameters
        ----------
        node : int, str or bytes
            Its name.
        weight : float, default 1
        """
        self._add(node, weight)
        self._build()

    def remove(self, node):
        """Remove a node: only its keys move.

        Parameters
        ----------
        node : int, str or bytes
        """
        self._remove(node)
        self._build()

    def _build(self):
        """Make what keys are looked up in, from the names and weights that there are."""
        raise NotImplementedError


def check_name(node):
    """Return the name of a node, an int, a str or bytes; refuse anything else."""
    batch, single = as_batch(node)
    if not single:
        raise TypeError(f"a node must be an integer, a string or bytes; got {node!r:.60}.")
    hash_items(batch)  # which refuses what is no item, in words
    return batch[0] if isinstance(batch[0], str | bytes) else int(batch[0])


def check_weight(weight, name="weight"):
    """Return a weight as a float, positive and finite."""
    return check_number(weight, name, low=0.0, high=math.inf, open_low=True, open_high=True)


def named(nodes, weights, name="weights"):
    """Yield names and weights; an integer means that many nodes, named 0, 1, ..."""
    if isinstance(nodes, (int, np.integer)) and not isinstance(nodes, bool):
        nodes = range(check_count(nodes, "nodes", low=0, high=MOST_NODES))
    batch, single = as_batch(nodes)
    if single:
        raise TypeError(f"nodes must be a number of nodes or a list of names; got {nodes!r:.60}.")
    names = [check_name(name) for name in batch]
    if weights is None:
        weights = np.ones(len(names))
    weights = check_vector(weights, name, finite=False)
    if len(weights) != len(names):
        raise ValueError(f"{name} must be one for each of {len(names)} nodes; got {len(weights)}.")
    return zip(names, weights.tolist(), strict=True)


def node_word(node, seed):
    """Return the 64-bit hash of the name of a node, as a Python int."""
    return int(hash_items([node], seed)[0])


def as_words(words, name):
    """Return integers as 64-bit words, uint64 (n,)."""
    words = plain_array(words, name)
    if words.ndim > 1 or (words.size and words.dtype.kind not in "iu"):
        raise TypeError(
            f"{name} must be integers with one axis; got {words.dtype} with shape {words.shape}, "
            "make words of other keys by hash_items."
        )
    return np.ascontiguousarray(np.atleast_1d(words)).astype(np.uint64)
