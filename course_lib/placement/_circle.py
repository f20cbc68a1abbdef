"""Search on a circle of points, and one key at a time without a detour.

A table of starts says, for each of at least as many equal stretches of the circle as there are
points, which point is the first at or after its beginning. From there it takes one step or two.
"""

import numpy as np
from numba import njit

from course_lib._sketch import hash_bytes, hash_word

__all__ = [
    "fill",
    "following",
    "nodes_from",
    "packed",
    "place_of_bytes",
    "place_of_word",
    "starts_of",
]


def starts_of(points):
    """Return the starts of the points (ascending, uint64), and the shift from place to stretch."""
    bits = max(1, (len(points) - 1).bit_length())
    stretches = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    return np.searchsorted(points, stretches), np.uint64(64 - bits)


@njit(cache=True)
def place_of(word, points, starts, shift):
    """The first point at or after a word; ``len(points)`` if it is beyond the last one."""
    place = starts[word >> shift]
    while place < len(points) and points[place] < word:
        place += 1
    return place


@njit(cache=True)
def following(words, points, starts, shift, owners):
    """The owner of the point that follows each word, going around."""
    nodes = np.empty(len(words), np.int64)
    for i in range(len(words)):
        place = place_of(words[i], points, starts, shift)
        nodes[i] = owners[place if place < len(points) else 0]
    return nodes


@njit(cache=True)
def nodes_from(words, points, starts, shift, owners, n_copies):
    """The first different owners that one meets from each word on."""
    nodes = np.empty((len(words), n_copies), np.int64)
    for i in range(len(words)):
        place = place_of(words[i], points, starts, shift)
        found = 0
        while found < n_copies:
            place = place if place < len(points) else 0
            node, is_new = owners[place], True
            for j in range(found):
                is_new = is_new and nodes[i, j] != node
            if is_new:
                nodes[i, found] = node
                found += 1
            place += 1
    return nodes


@njit(cache=True)
def fill(words, points, starts, shift, owners, room):
    """The owner of each word in turn: the first from it on that has room; ``room`` shrinks."""
    nodes = np.empty(len(words), np.int64)
    for i in range(len(words)):
        place = place_of(words[i], points, starts, shift)
        place = place if place < len(points) else 0
        while room[owners[place]] == 0:
            place = place + 1 if place + 1 < len(points) else 0
        nodes[i] = owners[place]
        room[nodes[i]] -= 1
    return nodes


# One key: each argument that a kernel takes costs as much as the search, so all words that it
# reads lie in one array, [key of words, key of bytes, shift, number of points, points, starts].


def packed(keys, points, starts, shift):
    """Return the array that `place_of_bytes` and `place_of_word` read."""
    head = np.array([keys[0], keys[1], shift, len(points)], np.uint64)
    return np.concatenate([head, points, starts.astype(np.uint64)])


@njit(cache=True)
def place_of_bytes(text, table):
    """The point, from 0 on, that follows the hash of some bytes."""
    return _follow(hash_bytes(text, table[1]), table)


@njit(cache=True)
def place_of_word(word, table):
    """The point, from 0 on, that follows the hash of an integer."""
    return _follow(hash_word(np.uint64(word), table[0]), table)


@njit(cache=True)
def _follow(word, table):
    n = np.int64(table[3])
    place = np.int64(table[4 + n + np.int64(word >> table[2])])
    while place < n and table[4 + place] < word:
        place += 1
    return place if place < n else 0
