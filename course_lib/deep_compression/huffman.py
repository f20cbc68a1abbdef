"""Huffman codes in canonical form: a table of code lengths says it all.

huffman_lengths              the lengths of an optimal code
canonical_codes              the code words that those lengths mean
huffman_encode, huffman_decode
kraft_sum, entropy, gallager_bound   what can be said about lengths
"""

import heapq
import math
from fractions import Fraction

import numpy as np
from numba import njit

from course_lib._validation import check_count, check_counts, check_room, plain_array
from course_lib.deep_compression._bits import LONGEST, as_bytes, check_symbols, write_bits

__all__ = [
    "canonical_codes",
    "entropy",
    "gallager_bound",
    "huffman_decode",
    "huffman_encode",
    "huffman_lengths",
    "kraft_sum",
]

GALLAGER = 1 - math.log2(math.e) + math.log2(math.log2(math.e))  # 0.0861


def huffman_lengths(counts):
    r"""Return the length of each symbol's code word in an optimal prefix code.

    Parameters
    ----------
    counts : array of ints, shape (n,)
        How often each symbol occurs, 0 or more.

    Returns
    -------
    array of int64, shape (n,)
        0 for symbols that do not occur. A symbol that is alone has 1 bit.

    Raises
    ------
    ValueError, TypeError
        If ``counts`` are no integers, or negative.

    Notes
    -----
    **Cost.** O(n log n).

    **Guarantee.** No prefix code needs fewer bits in all, :math:`\sum_i c_i l_i` [1]; lengths
    of two or more symbols satisfy :math:`\sum_i 2^{-l_i} = 1`. Of equal counts the older is
    joined first, which keeps the longest word as short as an optimal code allows.

    References
    ----------
    .. [1] D. A. Huffman, "A method for the construction of minimum-redundancy codes", Proc. IRE
       40(9), 1952.

    Examples
    --------
    >>> huffman_lengths([5, 2, 0, 1, 1])
    array([1, 2, 0, 3, 3])
    """
    counts = _check_counted(counts)
    present = np.flatnonzero(counts)
    lengths = np.zeros(len(counts), np.int64)
    if len(present) == 1:
        lengths[present] = 1
        return lengths
    heap = [(int(counts[symbol]), node) for node, symbol in enumerate(present)]
    heapq.heapify(heap)
    parents = [0] * max(0, 2 * len(present) - 1)
    for node in range(len(present), len(parents)):
        (few, left), (more, right) = heapq.heappop(heap), heapq.heappop(heap)
        parents[left] = parents[right] = node
        heapq.heappush(heap, (few + more, node))
    depths = [0] * len(parents)
    for node in range(len(parents) - 2, -1, -1):  # parents have larger numbers
        depths[node] = depths[parents[node]] + 1
    lengths[present] = depths[: len(present)]
    return lengths


def canonical_codes(lengths):
    """Return the code words of a canonical prefix code.

    Parameters
    ----------
    lengths : array of ints, shape (n,)
        Bits of each word, 0 to 56; 0 for symbols without one.

    Returns
    -------
    array of int64, shape (n,)
        The words as numbers, to be written in as many bits as ``lengths`` says.

    Raises
    ------
    ValueError, TypeError
        If no prefix code has such lengths (see `kraft_sum`).

    Notes
    -----
    **Cost.** O(n log n).

    **Guarantee.** Words of equal length are consecutive numbers in the order of the symbols, and a
    longer word begins with a larger number than any shorter one: nothing but the lengths has to be
    stored. No word is the beginning of another.

    Examples
    --------
    >>> [f"{code:0{n}b}" for code, n in zip(canonical_codes([1, 3, 2, 3]), [1, 3, 2, 3])]
    ['0', '110', '10', '111']
    """
    lengths = check_symbols(lengths, "lengths", LONGEST)
    total = kraft_sum(lengths)
    if total > 1:
        raise ValueError(
            f"lengths must have a Kraft sum of at most 1; got {float(total):.4g}, so that no "
            "prefix code has them."
        )
    return _canonical(lengths)


@njit(cache=True)
def _canonical(lengths):
    firsts = _first_codes(lengths)
    codes = np.zeros(len(lengths), np.int64)
    for symbol in range(len(lengths)):
        if lengths[symbol]:
            codes[symbol] = firsts[lengths[symbol]]
            firsts[lengths[symbol]] += 1
    return codes


@njit(cache=True)
def _first_codes(lengths):
    """The first word of each length."""
    counts = np.zeros(58, np.int64)
    for length in lengths:
        counts[length] += 1
    counts[0] = 0
    firsts = np.zeros(58, np.int64)
    for length in range(1, 58):
        firsts[length] = (firsts[length - 1] + counts[length - 1]) << 1
    return firsts


def huffman_encode(symbols, lengths):
    """Return the code words of symbols, one after another, as bytes.

    Parameters
    ----------
    symbols : array of ints, shape (m,)
    lengths : array of ints, shape (n,)
        Of the code; each of the symbols must have a word.

    Returns
    -------
    bytes
        The last byte is filled up with zeros.

    Raises
    ------
    ValueError, TypeError
        If a symbol has no word, or no prefix code has such lengths.

    Notes
    -----
    **Cost.** One look-up for each symbol.

    Examples
    --------
    0, 110, 10 and a 0 that fills the byte twice:

    >>> bin(huffman_encode([0, 1, 2], [1, 3, 2, 3])[0])
    '0b1101000'
    """
    lengths = check_symbols(lengths, "lengths", LONGEST)
    codes = canonical_codes(lengths)
    symbols = check_symbols(symbols, "symbols", len(lengths) - 1)
    sizes = lengths[symbols]
    if len(sizes) and not sizes.min():
        raise ValueError(
            f"symbols must have a code word; {symbols[np.argmin(sizes)]} has length 0."
        )
    return write_bits(codes[symbols], sizes)


def huffman_decode(data, lengths, count):
    """Return the symbols that `huffman_encode` wrote.

    Parameters
    ----------
    data : bytes
    lengths : array of ints, shape (n,)
        Of the code.
    count : int
        How many symbols.

    Returns
    -------
    array of int64, shape (count,)

    Raises
    ------
    ValueError, TypeError
        If the bytes end too early or hold a word that the code does not have, or no prefix code
        has such lengths.

    Notes
    -----
    **Cost.** One step for each bit, and no tree: the words of one length are an interval.

    Examples
    --------
    >>> huffman_decode(huffman_encode([0, 1, 2], [1, 3, 2, 3]), [1, 3, 2, 3], 3)
    array([0, 1, 2])
    """
    data = as_bytes(data)
    lengths = check_symbols(lengths, "lengths", LONGEST)
    canonical_codes(lengths)  # which refuses what is no code
    count = check_count(count, "count", low=0)
    if count > 8 * len(data):
        raise ValueError(f"data must hold {count} code words; it has {8 * len(data)} bits.")
    check_room(8 * count, len(data), "row of symbols")
    symbols = np.argsort(lengths, kind="stable")[np.count_nonzero(lengths == 0) :]
    out = np.empty(count, np.int64)
    found = _decode(data, _first_codes(lengths), np.bincount(lengths, minlength=58), symbols, out)
    if found < count:
        raise ValueError(
            f"data must hold {count} code words of this code; after {found} it does not."
        )
    return out


@njit(cache=True)
def _decode(data, firsts, counts, symbols, out):
    """Fill ``out`` and return how many words there were."""
    position = np.int64(0)
    for i in range(len(out)):
        code, before, length = np.int64(0), np.int64(0), 0
        while True:
            length += 1
            if length > 56 or position >= 8 * len(data):
                return i
            code = code << 1 | (data[position >> 3] >> (7 - (position & 7))) & 1
            position += 1
            place = code - firsts[length]
            if 0 <= place < counts[length]:
                out[i] = symbols[before + place]
                break
            before += counts[length]
    return len(out)


def kraft_sum(lengths):
    r"""Return :math:`\sum_i 2^{-l_i}` over the symbols that have a word.

    Parameters
    ----------
    lengths : array of ints, shape (n,)
        0 to 56.

    Returns
    -------
    fractions.Fraction
        Exact.

    Raises
    ------
    ValueError, TypeError
        If ``lengths`` are no such integers.

    Notes
    -----
    **Guarantee.** A prefix code with these lengths exists if and only if the sum is at most 1
    (Kraft 1949); at 1 no bit is wasted.

    Examples
    --------
    >>> kraft_sum([1, 2, 0, 3])
    Fraction(7, 8)
    """
    lengths = check_symbols(lengths, "lengths", LONGEST)
    counts = np.bincount(lengths, minlength=1)
    return sum(
        (Fraction(int(n), 2**length) for length, n in enumerate(counts) if length), Fraction(0)
    )


def entropy(counts):
    r"""Return the entropy of symbols in bits, :math:`-\sum_i p_i \log_2 p_i`.

    Parameters
    ----------
    counts : array of ints, shape (n,)
        How often each symbol occurs; :math:`p_i` is its share.

    Returns
    -------
    float
        0 of nothing.

    Raises
    ------
    ValueError, TypeError
        If ``counts`` are no integers, or negative.

    Notes
    -----
    **Guarantee.** No code that gives each symbol a word of its own takes fewer bits a symbol.

    Examples
    --------
    >>> entropy([2, 1, 1])
    1.5
    """
    counts = _check_counted(counts)
    shares = counts[counts > 0] / max(1, counts.sum())
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def gallager_bound(counts):
    r"""Return a bound on the bits a symbol of a Huffman code, :math:`H + p_1 + 0.0861`.

    Parameters
    ----------
    counts : array of ints, shape (n,)
        How often each symbol occurs.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If ``counts`` are no integers, or negative.

    See Also
    --------
    entropy : the bound from the other side.

    Notes
    -----
    **Guarantee.** With the largest share :math:`p_1` and
    :math:`\sigma = 1 - \log_2 e + \log_2 \log_2 e = 0.0861`, the redundancy of a Huffman code is
    at most :math:`p_1 + \sigma` ([1], theorem 2). It says little where one symbol has nearly all:
    there :math:`p_1` is near 1, and so is the redundancy.

    References
    ----------
    .. [1] R. G. Gallager, "Variations on a theme by Huffman", IEEE Transactions on Information
       Theory 24(6), 1978.

    Examples
    --------
    >>> round(gallager_bound([2, 1, 1]), 4)                  # and the code has 1.5 bits
    2.0861
    """
    counts = _check_counted(counts)
    return entropy(counts) + float(counts.max(initial=0) / max(1, counts.sum())) + GALLAGER


def _check_counted(counts):
    array = plain_array(counts, "counts")
    if array.ndim != 1:
        raise ValueError(f"counts must have one axis; got shape {array.shape}.")
    counts = check_counts(array, "counts", len(array)) if len(array) else np.zeros(0, np.int64)
    if len(counts) and counts.min() < 0:
        raise ValueError(f"counts must be 0 or more; got {counts.min()}.")
    return counts
