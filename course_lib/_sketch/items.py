"""From items to 64-bit hashes: the one door through which every sketch lets its items in.

An item is an integer, a string or bytes. Its hash depends on the item and the seed alone: not
on the process, the platform or the container, as Python's own ``hash`` of strings does.
"""

import functools
from array import array
from collections.abc import Mapping

import numpy as np
from numba import njit

from course_lib._validation import check_count, plain_array

__all__ = [
    "as_batch",
    "as_batches",
    "as_numbers",
    "check_seed",
    "hash_bytes",
    "hash_items",
    "hash_slices",
    "hash_word",
    "mix",
    "random_words",
    "seed_words",
    "slice_hashes",
    "text_key",
]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio, made odd
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
ONES = np.uint64(0x0101010101010101)
HIGHS = np.uint64(0x8080808080808080)
MASK = 2**64 - 1
BLOCK = 1 << 14
ITEMS = (int, str, bytes, np.integer, np.bool_)  # whose Boolean is no integer to Python


@njit(cache=True)
def mix(word):
    """Return the splitmix64 finalizer of a 64-bit word: a bijection that stirs all bits."""
    word ^= word >> np.uint64(30)
    word *= FIRST
    word ^= word >> np.uint64(27)
    word *= SECOND
    return word ^ (word >> np.uint64(31))


def random_words(seed, size, stream=0):
    """Return ``size`` 64-bit words, uint64, drawn by splitmix64; the same on every machine.

    Different values of ``stream`` give unrelated words of one seed: one for the items, one
    for the rows of a sketch.
    """
    start = _hash_words(np.array([seed], np.uint64), GOLDEN)
    start = _hash_words(start, np.uint64(stream))
    return _hash_words(start + GOLDEN * np.arange(1, size + 1, dtype=np.uint64), np.uint64(0))


def hash_items(items, seed=0):
    """Return a 64-bit hash of each item.

    Parameters
    ----------
    items : int, str or bytes, or an array or sequence of them, length n
        An integer counts modulo :math:`2^{64}`, so -1 and :math:`2^{64} - 1` are one item. A
        string counts as its UTF-8 bytes, so ``"a"`` and ``b"a"`` are one item, and 97 another.
    seed : int, default 0
        Number of the hash function, ``0 <= seed < 2**64``.

    Returns
    -------
    hashes : array of uint64, shape (n,)
        One hash for each item; shape (1,) for a single item.

    Raises
    ------
    TypeError
        If an item is neither an integer, a string nor bytes.
    ValueError
        If the items have more than one axis, or the seed is out of range.

    Notes
    -----
    **Cost.** Two multiplications for an integer; for a string, two for each eight bytes.

    **Guarantee.** Different integers have different hashes, for every seed: the map is a
    bijection of 64-bit words. Among n strings, two share a hash with a chance of about
    :math:`n^2 / 2^{65}`. The mixer is tested, as it is for its authors, and not proved random:
    one who knows the seed can construct collisions, so a service draws its seed in secret.

    References
    ----------
    .. [1] G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators",
       OOPSLA 2014, 453-472, the function mix64variant13.

    Examples
    --------
    >>> bool(hash_items("word")[0] == hash_items([b"word", 7])[0])
    True
    >>> bool(hash_items(7, seed=1)[0] == hash_items(7, seed=2)[0])
    False
    """
    keys = seed_words(check_seed(seed))
    batch, _ = as_batch(items)
    if isinstance(batch, np.ndarray):
        return _hash_words(_as_words(batch), keys[0])
    if len(batch) <= BLOCK:
        return _hash_sequence(batch, keys)
    hashes = np.empty(len(batch), np.uint64)
    for start in range(0, len(batch), BLOCK):  # of which the joined text stays in the cache
        block = slice(start, start + BLOCK)
        hashes[block] = _hash_sequence(batch[block], keys)
    return hashes


def hash_slices(text, ends, seed=0):
    """Return what `hash_items` returns for the bytes that stand in a row, without cutting them.

    ``text`` (uint8) holds item after item, and ``ends`` (int64) says where each ends.
    """
    return slice_hashes(np.concatenate([text, np.zeros(8, np.uint8)]), ends, text_key(seed))


def text_key(seed):
    """Return the word with which `slice_hashes` begins, for a seed."""
    return seed_words(check_seed(seed))[1]


@functools.lru_cache(64)
def seed_words(seed):
    """Return the two words, of integers and of texts, that make a hash function of a seed."""
    return random_words(seed, 2)


def check_seed(seed):
    """Return the number of a hash function as an int below 2**64."""
    return check_count(seed, "seed", low=0, high=MASK, high_name="2**64 - 1")


def as_batch(items):
    """Return ``(batch, single)``: an integer array or a list, and whether it was one item."""
    if isinstance(items, ITEMS) and not isinstance(items, np.timedelta64):  # an integer to NumPy
        return [items], True
    if isinstance(items, list):
        return items, False
    if not hasattr(items, "__array__"):
        return _as_list(items), False
    items = plain_array(items, "items")
    if items.ndim > 1:
        raise ValueError(f"items must have one axis; got shape {items.shape}, ravel them.")
    if items.dtype.kind in "USOT":
        items = items.tolist()
        return (items, False) if isinstance(items, list) else ([items], True)
    if items.dtype.kind not in "iub":
        if items.shape == (0,) and items.dtype.kind == "f":
            return [], False  # np.array([]) is a list without items
        raise TypeError(_not_an_item(items.dtype))
    return (items, False) if items.ndim else ([items.item()], True)


def as_batches(groups, name):
    """Return the items of each group, as `as_batch` gives them: ``name`` says what a group is."""
    if isinstance(groups, str | bytes | Mapping):
        raise TypeError(
            f"there must be a sequence of {name}s; got a {type(groups).__name__}, put it in a list."
        )
    try:
        groups = list(groups)
    except TypeError:
        kind = type(groups).__name__
        raise TypeError(f"there must be a sequence of {name}s; got {kind}.") from None
    return [_as_group(group, name) for group in groups]


def _as_group(group, name):
    if isinstance(group, Mapping):
        raise TypeError(
            f"a {name} must be a sequence of tokens; got a {type(group).__name__}, "
            "whose values would be lost: repeat each token as often as it counts."
        )
    batch, single = as_batch(group)
    if single:
        kind = "string" if isinstance(group, str | bytes) else type(group).__name__
        raise TypeError(f"a {name} must be a sequence of tokens; got a {kind}, split it first.")
    return batch


def as_numbers(items, name="items"):
    """Return real numbers as an array with one axis; a single number as one with none."""
    if hasattr(items, "__iter__") and not hasattr(items, "__len__"):
        items = list(items)
    try:
        numbers = plain_array(items, name)
    except TypeError:
        kind = "None" if items is None else f"a {type(items).__name__}"
        raise TypeError(f"{name} must be real numbers; got {kind}, convert them first.") from None
    if numbers.dtype.kind not in "biuf" and numbers.size:
        raise TypeError(f"{name} must be real numbers; got {numbers.dtype}, convert them first.")
    if numbers.ndim > 1:
        raise ValueError(f"{name} must have one axis; got shape {numbers.shape}, ravel them.")
    return numbers


def _as_list(items):
    if isinstance(items, bytearray | memoryview | Mapping):
        raise TypeError(_not_an_item(f"a {type(items).__name__}"))
    try:
        return list(items)
    except TypeError:
        raise TypeError(_not_an_item(type(items).__name__)) from None


def _not_an_item(kind):
    return f"items must be integers, strings or bytes; got {kind}, convert them first."


def _as_words(integers):
    """The integers of an array modulo 2**64; a view where the width allows."""
    if integers.dtype.kind == "u":
        return np.ascontiguousarray(integers, dtype=np.uint64)
    return np.ascontiguousarray(integers, dtype=np.int64).view(np.uint64)


def _hash_sequence(items, keys):
    """Hash a list; the first item tells which fast path to try."""
    first = type(items[0]) if items else int
    if first is str or first is bytes:
        try:
            return _hash_texts(items, keys[1], first is str)
        except TypeError:  # a mixed list
            return _hash_mixed(items, keys)
    try:  # strict and fast: NumPy would turn [1, "a"] into strings and [1, 2.5] into floats
        return _hash_words(np.frombuffer(array("q", items), np.uint64), keys[0])
    except (TypeError, OverflowError):
        return _hash_mixed(items, keys)


def _hash_mixed(items, keys):
    hashes = np.empty(len(items), np.uint64)
    for i, item in enumerate(items):
        if isinstance(item, (str, bytes)):
            hashes[i] = _hash_texts([item], keys[1], isinstance(item, str))[0]
        elif isinstance(item, ITEMS) and not isinstance(item, np.timedelta64):
            hashes[i] = _hash_words(np.array([int(item) & MASK], np.uint64), keys[0])[0]
        else:
            raise TypeError(_not_an_item(f"{item!r:.60} at position {i}"))
    return hashes


def _hash_texts(items, key, are_str):
    """Hash a list of str, or a list of bytes, through one joined buffer."""
    joined = "\0".join(items).encode("utf-8", "surrogatepass") if are_str else b"\0".join(items)
    hashes, end = _hash_joined(_padded(joined), len(items), key)
    if end == len(joined) + 1:
        return hashes
    # Some item holds a zero byte itself, so zeros do not mark the ends: count lengths.
    pieces = [item.encode("utf-8", "surrogatepass") for item in items] if are_str else items
    ends = np.cumsum(np.fromiter(map(len, pieces), np.int64, len(pieces)))
    return slice_hashes(_padded(b"".join(pieces)), ends, key)


def _padded(text):
    """The bytes as an array, and eight zeros, so that a word can be read at each of them."""
    return np.frombuffer(text + bytes(8), np.uint8)


@njit(cache=True)
def _hash_words(words, key):
    hashes = np.empty(len(words), np.uint64)
    for i in range(len(words)):
        hashes[i] = mix(words[i] ^ key)
    return hashes


@njit(cache=True)
def _word(text, start):
    """Eight bytes from ``start`` on as one word, the first byte lowest on every machine."""
    word = np.uint64(0)
    for i in range(np.uint64(8)):
        word |= np.uint64(text[start + i]) << (np.uint64(8) * i)
    return word


@njit(cache=True)
def _hash_joined(text, n_items, key):
    """Hash items with a zero byte after each; return hashes and where the last one ended.

    An item is absorbed eight bytes at a time. The last word is padded with the byte 0x80 and
    zeros, which tells "a" from a longer item that begins with it.
    """
    hashes = np.empty(n_items, np.uint64)
    start = np.uint64(0)
    for i in range(n_items):
        state = key
        while True:
            word = _word(text, start)
            # The lowest 0x80 of this word marks the first zero byte (Mycroft's test).
            zeros = (word - ONES) & ~word & HIGHS
            if zeros != 0:
                break
            state = mix(state ^ word)
            start += np.uint64(8)
        mark = zeros & (~zeros + np.uint64(1))
        below = (mark >> np.uint64(7)) - np.uint64(1)
        hashes[i] = mix(state ^ (word & below) ^ mark)
        start += (((below & ONES) * ONES) >> np.uint64(56)) + np.uint64(1)
    return hashes, start


@njit(cache=True)
def slice_hashes(text, ends, key):
    """Hash the items ``text[ends[i - 1]:ends[i]]`` to the same values as `_hash_joined`.

    Eight bytes must follow the last.
    """
    hashes = np.empty(len(ends), np.uint64)
    start = np.uint64(0)
    for i in range(len(ends)):
        state = key
        end = np.uint64(ends[i])
        while start + np.uint64(8) <= end:
            state = mix(state ^ _word(text, start))
            start += np.uint64(8)
        mark = np.uint64(0x80) << (np.uint64(8) * (end - start))
        below = (mark >> np.uint64(7)) - np.uint64(1)
        hashes[i] = mix(state ^ (_word(text, start) & below) ^ mark)
        start = end
    return hashes


@njit(cache=True)
def hash_word(word, key):
    """Return the hash that `hash_items` gives to one integer; ``key`` is from `seed_words`."""
    return mix(word ^ key)


@njit(cache=True)
def hash_bytes(text, key):
    """Return the hash that `hash_items` gives to one item of bytes; they need no padding."""
    state, word, bit = key, np.uint64(0), np.uint64(0)
    for i in range(len(text)):
        word |= np.uint64(text[i]) << bit
        bit += np.uint64(8)
        if bit == np.uint64(64):
            state = mix(state ^ word)
            word, bit = np.uint64(0), np.uint64(0)
    return mix(state ^ word ^ (np.uint64(0x80) << bit))
