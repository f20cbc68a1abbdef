"""The token of a key on Cassandra's ring: Murmur3 as Cassandra computes it."""

import numpy as np
from numba import njit

from course_lib._sketch import as_batch

__all__ = ["murmur3_token"]

C1, C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
M1, M2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)


def murmur3_token(keys):
    r"""Return the token of each key: its place on the ring of a Cassandra cluster.

    Parameters
    ----------
    keys : str or bytes, or an array or sequence of them, length n
        A string counts as its UTF-8 bytes. A number is a key of Cassandra only as the bytes of
        its column's type, such as ``number.to_bytes(8, "big", signed=True)`` for a bigint.

    Returns
    -------
    tokens : array of int64, shape (n,)
        From :math:`-2^{63} + 1` to :math:`2^{63} - 1`; shape (1,) for a single key.

    Raises
    ------
    TypeError
        If a key is neither a string nor bytes.

    Notes
    -----
    The first 64 of the 128 bits of MurmurHash3 for 64-bit machines, with seed 0, but with signed
    bytes in what is left after the last whole 16, as Cassandra has it. Keys of ASCII letters have
    the same hash either way.

    **Cost.** About one product for two bytes.

    Examples
    --------
    The empty key and a word, as ``token(key)`` of a cluster says:

    >>> murmur3_token(["", "hello"]).tolist()
    [0, -3758069500696749310]
    """
    batch, _ = as_batch(keys)
    if any(not isinstance(key, str | bytes) for key in batch):
        raise TypeError("keys must be strings or bytes; got another kind, make bytes of numbers.")
    pieces = [key.encode() if isinstance(key, str) else key for key in batch]
    ends = np.cumsum(np.fromiter(map(len, pieces), np.int64, len(pieces)))
    return _murmur3(np.frombuffer(b"".join(pieces), np.uint8), ends)


@njit(cache=True)
def _murmur3(text, ends):
    """The first half of MurmurHash3 x64 128, with a tail of signed bytes as in Cassandra."""
    tokens = np.empty(len(ends), np.int64)
    start = 0
    for i in range(len(ends)):
        size = ends[i] - start
        h1, h2 = np.uint64(0), np.uint64(0)
        whole = start + size // 16 * 16
        for at in range(start, whole, 16):
            h1 ^= _rotated(_word(text, at, 8, False) * C1, 31) * C2
            h1 = (_rotated(h1, 27) + h2) * np.uint64(5) + np.uint64(0x52DCE729)
            h2 ^= _rotated(_word(text, at + 8, 8, False) * C2, 33) * C1
            h2 = (_rotated(h2, 31) + h1) * np.uint64(5) + np.uint64(0x38495AB5)
        rest = ends[i] - whole
        h2 ^= _rotated(_word(text, whole + 8, rest - 8, True) * C2, 33) * C1
        h1 ^= _rotated(_word(text, whole, min(rest, 8), True) * C1, 31) * C2
        h1 ^= np.uint64(size)
        h2 ^= np.uint64(size)
        h1 += h2
        h2 += h1
        token = np.int64(_finished(h1) + _finished(h2))
        tokens[i] = token if token != -(2**63) else 2**63 - 1  # Cassandra's smallest is no token
        start = ends[i]
    return tokens


@njit(cache=True)
def _word(text, start, size, signed):
    """Up to eight bytes as one word, the first byte lowest; a negative byte floods those above."""
    word = np.uint64(0)
    for i in range(size):
        byte = np.uint64(text[start + i])
        if signed and byte > np.uint64(127):
            byte |= ~np.uint64(255)
        word ^= byte << np.uint64(8 * i)
    return word


@njit(cache=True)
def _rotated(word, bits):
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@njit(cache=True)
def _finished(word):
    word = (word ^ (word >> np.uint64(33))) * M1
    word = (word ^ (word >> np.uint64(33))) * M2
    return word ^ (word >> np.uint64(33))
