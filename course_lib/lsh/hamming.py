"""Codes of bits: packed 64 to a word, and searched by counting the bits that differ."""

import numpy as np
from numba import njit

from course_lib._neighbors import Neighbors, check_n_neighbors, insert
from course_lib._validation import check_count, plain_array

__all__ = ["check_codes", "hamming_distances", "hamming_search", "pack_bits", "unpack_bits"]

BLOCK = 512  # codes that are turned into columns together: 16 KB at 256 bits
FAR = np.iinfo(np.int64).max
ONE, TWO, FOUR, LAST = (np.uint64(shift) for shift in (1, 2, 4, 56))
PAIRS, QUADS, BYTES, SUM = (
    np.uint64(word)
    for word in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F, 0x0101010101010101)
)


def pack_bits(bits):
    """Return codes of bits packed into 64-bit words.

    Parameters
    ----------
    bits : array of bool, or of the integers 0 and 1, shape (n, n_bits)
        Of real numbers take their signs first: ``pack_bits(Y > 0)``.

    Returns
    -------
    codes : array of uint64, shape (n, ceil(n_bits / 64))
        Bit j of a code is bit ``j % 64``, from the lowest, of word ``j // 64``. The last word is
        filled up with zeros, which differ from nothing.

    Raises
    ------
    ValueError, TypeError
        If ``bits`` is no matrix of zeros and ones, or has no columns.

    Notes
    -----
    **Cost.** One pass; an eighth of the memory of an array of bool.

    Examples
    --------
    >>> pack_bits([[1, 0, 1], [0, 1, 1]])
    array([[5],
           [6]], dtype=uint64)
    """
    bits = plain_array(bits, "bits")
    if bits.ndim != 2 or not bits.shape[1]:
        raise ValueError(f"bits must be a matrix with columns; got shape {bits.shape}.")
    if bits.size and bits.dtype.kind not in "biu":
        raise TypeError(f"bits must be booleans or 0 and 1; got {bits.dtype}, take bits > 0.")
    if bits.dtype != bool and bits.size and not (bits.min() >= 0 and bits.max() <= 1):
        raise ValueError("bits must be booleans or 0 and 1; got other integers, take bits > 0.")
    octets = np.packbits(bits.astype(bool, copy=False), axis=1, bitorder="little")
    words = np.zeros((len(bits), -(-bits.shape[1] // 64) * 8), np.uint8)
    words[:, : octets.shape[1]] = octets
    return words.view("<u8").astype(np.uint64, copy=False)


def unpack_bits(codes, n_bits):
    """Return the bits of packed codes.

    Parameters
    ----------
    codes : array of uint64, shape (n, words)
        From `pack_bits`.
    n_bits : int
        How many bits a code has, at most 64 times its words.

    Returns
    -------
    bits : array of bool, shape (n, n_bits)

    Raises
    ------
    ValueError, TypeError
        If ``codes`` is no matrix of integers, or ``n_bits`` is out of range.

    Examples
    --------
    >>> unpack_bits(pack_bits([[1, 0, 1]]), 3)
    array([[ True, False,  True]])
    """
    codes = check_codes(codes, "codes")
    n_bits = check_count(n_bits, "n_bits", low=1, high=64 * codes.shape[1], high_name="all bits")
    octets = np.ascontiguousarray(codes.astype("<u8")).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n_bits, bitorder="little").astype(bool)


def hamming_distances(codes, queries):
    """Return how many bits differ between each query and each code.

    Parameters
    ----------
    codes : array of uint64, shape (n, words)
    queries : array of uint64, shape (q, words)
        Both from `pack_bits`, with one number of bits.

    Returns
    -------
    distances : array of int64, shape (q, n)

    Raises
    ------
    ValueError, TypeError
        If these are no matrices of integers, or their words differ in number.

    Notes
    -----
    **Cost.** ``q * n * words`` exclusive ors and bit counts, and the result itself: for the
    nearest alone take `hamming_search`.

    Examples
    --------
    >>> hamming_distances(pack_bits([[1, 1, 0], [0, 0, 0]]), pack_bits([[1, 0, 0]]))
    array([[1, 1]])
    """
    codes, queries = _check_both(codes, queries)
    columns = np.ascontiguousarray(codes.T)
    distances = np.empty((len(queries), len(codes)), np.int64)
    for q in range(len(queries)):
        _differing(columns, queries[q], distances[q])
    return distances


def hamming_search(codes, queries, n_neighbors):
    """Return the codes that differ from each query in the fewest bits.

    Parameters
    ----------
    codes : array of uint64, shape (n, words)
        The database, from `pack_bits`.
    queries : array of uint64, shape (q, words)
    n_neighbors : int
        Between 1 and n.

    Returns
    -------
    Neighbors
        Distances are int64, in bits; of equal distances the smaller index comes first. Each
        query evaluates all n codes.

    Raises
    ------
    ValueError, TypeError
        If codes or queries are no matrices of integers with equally many words, or
        ``n_neighbors`` is out of range.

    Notes
    -----
    **Cost.** ``q * n * words`` exclusive ors and bit counts; memory :math:`O(q k)`. The database
    is read once for all queries, a block at a time, turned so that the same word of many codes
    lies side by side: the processor then counts the bits of several codes in one instruction.

    **Guarantee.** Exact.

    Examples
    --------
    >>> codes = pack_bits([[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 0]])
    >>> found = hamming_search(codes, pack_bits([[1, 1, 0, 0]]), 2)
    >>> found.indices, found.distances, found.evaluations
    (array([[0, 2]]), array([[0, 1]]), array([3]))
    """
    codes, queries = _check_both(codes, queries)
    k = check_n_neighbors(n_neighbors, len(codes))
    indices = np.full((len(queries), k), -1, np.int64)
    distances = np.full((len(queries), k), FAR)
    _nearest(codes, queries, indices, distances)
    none = np.zeros(len(queries), np.int64)
    return Neighbors(indices, distances, np.full(len(queries), len(codes)), none, none.copy())


def check_codes(codes, name="codes"):
    """Return packed codes as a matrix of uint64 with rows and columns."""
    codes = plain_array(codes, name)
    if codes.size and codes.dtype.kind not in "iu":
        raise TypeError(f"{name} must be words of bits from pack_bits; got {codes.dtype}.")
    if codes.ndim != 2 or not codes.size:
        raise ValueError(f"{name} must be a matrix with rows; got shape {codes.shape}.")
    return np.ascontiguousarray(codes).astype(np.uint64, copy=False)


def _check_both(codes, queries):
    codes, queries = check_codes(codes, "codes"), check_codes(queries, "queries")
    if codes.shape[1] != queries.shape[1]:
        raise ValueError(
            f"queries must have as many words as codes, {codes.shape[1]}; got {queries.shape[1]}."
        )
    return codes, queries


@njit(cache=True)
def _nearest(codes, queries, indices, distances):
    """Fill rows of nearest codes; all queries read a block of codes before the next is read."""
    n, words = codes.shape
    k = indices.shape[1]
    columns = np.empty((words, BLOCK), np.uint64)
    away = np.empty(BLOCK, np.int64)
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        for i in range(size):
            for w in range(words):
                columns[w, i] = codes[start + i, w]
        for q in range(len(queries)):
            _differing(columns, queries[q], away[:size])
            least = away[0]
            for i in range(size):
                least = min(least, away[i])
            if least >= distances[q, k - 1]:
                continue
            for i in range(size):
                if away[i] < distances[q, k - 1]:
                    insert(indices[q], distances[q], start + i, away[i])


@njit(cache=True)
def _differing(columns, query, away):
    """Write how many bits of the query differ from each code; ``columns[w]`` holds words w.

    Four words a turn, so that the sum is read and written a fourth as often.
    """
    full = len(query) // 4 * 4
    if full == 0:
        away[:] = 0
    for w in range(0, full, 4):
        a, b, c, d = columns[w], columns[w + 1], columns[w + 2], columns[w + 3]
        p, q, r, s = query[w], query[w + 1], query[w + 2], query[w + 3]
        if w == 0:
            for i in range(len(away)):
                first = _count(a[i] ^ p) + _count(b[i] ^ q)
                away[i] = np.int64(first + _count(c[i] ^ r) + _count(d[i] ^ s))
        else:
            for i in range(len(away)):
                first = _count(a[i] ^ p) + _count(b[i] ^ q)
                away[i] += np.int64(first + _count(c[i] ^ r) + _count(d[i] ^ s))
    for w in range(full, len(query)):
        a, p = columns[w], query[w]
        for i in range(len(away)):
            away[i] += np.int64(_count(a[i] ^ p))


@njit(cache=True)
def _count(word):
    """The number of ones: counted in pairs, fours and bytes, which a product adds up.

    LLVM knows these lines and makes one instruction of them where the processor has one.
    """
    word = word - ((word >> ONE) & PAIRS)
    word = (word & QUADS) + ((word >> TWO) & QUADS)
    return (((word + (word >> FOUR)) & BYTES) * SUM) >> LAST
