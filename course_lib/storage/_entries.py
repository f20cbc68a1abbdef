"""Entries in a row of bytes: how they are written, merged and found.

An entry is 4 bytes with the length of its key, 4 bytes with 1 more than the length of its value,
lowest byte first, the key and the value. A second number of 0 makes it a tombstone: the key is
deleted. The entries of a run have rising keys.
"""

import struct

import numpy as np
from numba import njit

from course_lib._sketch import slice_hashes
from course_lib.hashing.bloom import has_bits

__all__ = [
    "HEAD",
    "blocks_of",
    "entry",
    "find",
    "key_of",
    "keys_of",
    "merge",
    "pairs_of",
    "value_of",
]

HEAD = 8
LENGTHS = struct.Struct("<II")


def entry(key, value):
    """Return the bytes of an entry; None as its value makes a tombstone."""
    if value is None:
        return LENGTHS.pack(len(key), 0) + key
    return LENGTHS.pack(len(key), len(value) + 1) + key + value


def key_of(data):
    """Return the key of one entry."""
    return bytes(data[HEAD : HEAD + LENGTHS.unpack_from(data)[0]])


def value_of(data, start):
    """Return the value of the entry at ``start``, or None of a tombstone."""
    key_size, value_size = LENGTHS.unpack_from(data, start)
    if not value_size:
        return None
    first = start + HEAD + key_size
    return bytes(data[first : first + value_size - 1])


def pairs_of(data):
    """Return the key and the value of each entry, a list; None for that of a tombstone."""
    firsts, middles, ends, dead = (column.tolist() for column in _cuts(data))
    data = data.tobytes()
    pairs = [
        (data[first:middle], data[middle:end])
        for first, middle, end in zip(firsts, middles, ends, strict=True)
    ]
    for i in dead:
        pairs[i] = pairs[i][0], None
    return pairs


@njit(cache=True)
def _number(data, start):
    """Four bytes as a number."""
    number = np.int64(0)
    for i in range(4):
        number |= np.int64(data[start + i]) << (8 * i)
    return number


@njit(cache=True)
def _end(data, start):
    """Where the entry that begins at ``start`` ends."""
    return start + 8 + _number(data, start) + max(0, _number(data, start + 4) - 1)


@njit(cache=True)
def _cuts(data):
    """Where the key and the value of each entry begin, where it ends, and which are tombstones."""
    cuts = np.empty((3, len(data) // 8), np.int64)
    dead = np.empty(len(data) // 8, np.int64)
    count, n_dead, position = 0, 0, 0
    while position < len(data):
        if _number(data, position + 4) == 0:
            dead[n_dead] = count
            n_dead += 1
        cuts[0, count] = position + 8
        cuts[1, count] = position + 8 + _number(data, position)
        cuts[2, count] = position = _end(data, position)
        count += 1
    return cuts[0, :count], cuts[1, :count], cuts[2, :count], dead[:n_dead]


@njit(cache=True)
def _order(a, i, m, b, j, n):
    """-1, 0 or 1: whether m bytes from a[i] are less than, equal to or above n bytes from b[j]."""
    for step in range(min(m, n)):
        x, y = a[i + step], b[j + step]
        if x != y:
            return -1 if x < y else 1
    return 0 if m == n else -1 if m < n else 1


@njit(cache=True)
def merge(new, old, forget, out):
    """Merge two rows of entries into ``out``; of two with one key, the new one.

    Tombstones are left out if ``forget``. Returns the bytes and the number of what was written.
    """
    i, j, end, count = 0, 0, 0, 0
    while i < len(new) or j < len(old):
        if i == len(new):
            order = 1
        elif j == len(old):
            order = -1
        else:
            order = _order(new, i + 8, _number(new, i), old, j + 8, _number(old, j))
        start, stop = (i, _end(new, i)) if order <= 0 else (j, _end(old, j))
        source = new if order <= 0 else old
        if order <= 0:
            i = stop
        if order >= 0:
            j = _end(old, j)
        if forget and _number(source, start + 4) == 0:
            continue
        for byte in range(start, stop):
            out[end] = source[byte]
            end += 1
        count += 1
    return end, count


@njit(cache=True)
def blocks_of(data, count, block_bytes):
    """Return where each block begins, and the end: whole entries, as many as fit, or one."""
    starts = np.empty(count + 1, np.int64)
    n_blocks, position, block = 0, 0, 0
    while position < len(data):
        end = _end(data, position)
        if n_blocks == 0 or end - block > block_bytes:
            starts[n_blocks] = block = position
            n_blocks += 1
        position = end
    starts[n_blocks] = position
    return starts[: n_blocks + 1].copy()


@njit(cache=True)
def keys_of(data, count):
    """Return all keys in a row, and where each ends."""
    keys, ends = np.empty(len(data), np.uint8), np.empty(count, np.int64)
    position = 0
    end = np.int64(0)
    for i in range(count):
        size = _number(data, position)
        for byte in range(position + 8, position + 8 + size):
            keys[end] = data[byte]
            end += 1
        ends[i] = end
        position = _end(data, position)
    return keys[:end].copy(), ends


@njit(cache=True)
def _place(index, keys, first, size):
    """Where the first entry begins that is not below a key, its block, and whether it is equal.

    The fences are the first keys of all blocks: only one block is looked into.
    """
    data, blocks, fences, fence_ends = index
    low, high = 0, len(blocks) - 1  # blocks that begin with no larger key come before high
    while low < high:
        middle = (low + high) >> 1
        fence = fence_ends[middle - 1] if middle else np.int64(0)
        if _order(fences, fence, fence_ends[middle] - fence, keys, first, size) <= 0:
            low = middle + 1
        else:
            high = middle
    block = max(0, low - 1)
    position = blocks[block]
    while position < blocks[block + 1]:
        order = _order(data, position + 8, _number(data, position), keys, first, size)
        if order >= 0:
            return position, block, order == 0
        position = _end(data, position)
    return position, block, False


@njit(cache=True)
def find(index, keys, key_ends, which):
    """A row for each of the keys number ``which``: position, block, whether they are equal."""
    found = np.empty((len(which), 3), np.int64)
    for place in range(len(which)):
        number = which[place]
        first = key_ends[number - 1] if number else np.int64(0)
        position, block, equal = _place(index, keys, first, key_ends[number] - first)
        found[place, 0], found[place, 1], found[place, 2] = position, block, equal
    return found


@njit(cache=True)
def look_up(index, bits, text, seed_key):
    """The same for one key, of whose bytes eight zeros follow; the block is -1 if none was read.

    ``bits`` are those of a Bloom filter, their number, and that of its hashes.
    """
    size = len(text) - 8
    if not has_bits(*bits, slice_hashes(text, np.array([size]), seed_key))[0]:
        return 0, -1, False
    return _place(index, text, 0, size)
