"""Signs as bits, 64 to a word, and their products by counting.

pack_signs, unpack_signs   a matrix of signs as words, and back
product                    products of rows of signs: exclusive or, and count
pack_planes                bytes as eight planes of bits
plane_product              products of bytes with signs, plane by plane
word_operations            how many words that takes
"""

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from course_lib._validation import check_array, check_count, check_finite, plain_array
from course_lib.lsh.hamming import check_codes, pack_bits, unpack_bits

__all__ = [
    "pack_planes",
    "pack_signs",
    "plane_product",
    "product",
    "unpack_signs",
    "word_operations",
]

PANEL = 64  # units side by side: their counts lie in 512 bytes, and their bits fill one word
LARGEST = (2**31 - 1) // 255  # bits in a row, for weighted counts in int32


def pack_signs(X):
    """Return the signs of ``X`` packed into 64-bit words: a bit is set where ``X >= 0``.

    Parameters
    ----------
    X : array, shape (m, n)
        Real numbers; 0 counts as positive.

    Returns
    -------
    words : array of uint64, shape (m, ceil(n / 64))
        Sign j is bit ``j % 64``, from the lowest, of word ``j // 64``; filled up with zeros.

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no matrix of finite numbers, or has no columns.

    See Also
    --------
    course_lib.lsh.pack_bits : the same for bits.

    Notes
    -----
    **Cost.** One pass. ``8 ceil(n / 64)`` bytes a row, a 32nd of float32 if 64 divides n.

    Examples
    --------
    >>> pack_signs([[1.0, -1.0, 0.0], [-2.0, 3.0, -4.0]])       # 1 + 4, and 2
    array([[5],
           [2]], dtype=uint64)
    """
    X = check_finite(check_array(X, "X", ndim=2), "X")
    if X.size == 0:
        raise ValueError(f"X must have rows and columns; got shape {X.shape}.")
    return pack_bits(X >= 0)


def unpack_signs(words, n):
    """Return the signs that were packed, as -1 and 1.

    Parameters
    ----------
    words : array of uint64, shape (m, ceil(n / 64))
    n : int
        Signs in a row.

    Returns
    -------
    array of int8, shape (m, n)

    Raises
    ------
    ValueError, TypeError
        If ``words`` is no matrix of integers, or ``n`` is more than it holds.

    Examples
    --------
    >>> unpack_signs(pack_signs([[5.0, -1.0, 0.0]]), 3)
    array([[ 1, -1,  1]], dtype=int8)
    """
    return 2 * unpack_bits(words, n).astype(np.int8) - 1


def product(A, B, n):
    """Return the products of rows of signs: ``S @ T.T`` for their packed words, exactly.

    Parameters
    ----------
    A : array of uint64, shape (m, words)
    B : array of uint64, shape (k, words)
        Both from `pack_signs`.
    n : int
        Signs in a row, which need not fill its words.

    Returns
    -------
    array of int32, shape (m, k)

    Raises
    ------
    ValueError, TypeError
        If these are no matrices of integers, words differ in number, or n signs do not fit them.

    Notes
    -----
    Two signs have the product 1 where their bits agree and -1 where they differ, so the product
    of two rows is ``n - 2 * popcount(a ^ b)``. The bits that fill up the last words are 0 in
    both and differ nowhere; with the complement, XNOR, they would have to be taken off.

    **Cost.** ``m * k * ceil(n / 64)`` exclusive ors and bit counts; `word_operations`.

    **Guarantee.** Exact. A product has the parity of n.

    References
    ----------
    .. [1] M. Courbariaux, I. Hubara, D. Soudry, R. El-Yaniv, Y. Bengio, "Binarized neural
       networks", arXiv:1602.02830, 2016.

    Examples
    --------
    >>> product(pack_signs([[1, -1, 1]]), pack_signs([[1, 1, 1], [-1, 1, -1]]), 3)
    array([[ 1, -3]], dtype=int32)
    """
    A, B = _check_pair(A, B)
    n = _check_signs(n, B)
    out = np.empty((len(A), len(B)), np.int32)
    multiply(A, panels(B), n, out)
    return out


def pack_planes(images):
    """Return bytes as eight planes of bits: plane i holds bit i of each.

    Parameters
    ----------
    images : array of uint8, shape (m, ...)
        Each is flattened to a row of n bytes.

    Returns
    -------
    planes : array of uint64, shape (8, m, ceil(n / 64))

    Raises
    ------
    ValueError, TypeError
        If ``images`` does not hold bytes, or has no rows or columns.

    Notes
    -----
    **Cost.** Eight passes; as many bytes as before, if 64 divides n.

    Examples
    --------
    >>> pack_planes(np.array([[1, 3]], np.uint8))[:2, 0, 0]       # both are odd; 3 has a 2
    array([3, 2], dtype=uint64)
    """
    images = plain_array(images, "images")
    if images.dtype != np.uint8:
        raise TypeError(f"images must hold bytes, uint8; got {images.dtype}.")
    if images.ndim < 2 or images.size == 0:
        raise ValueError(f"images must have rows and columns; got shape {images.shape}.")
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    return np.stack([pack_bits((rows >> i) & 1) for i in range(8)])


def plane_product(planes, B, n):
    r"""Return the products of rows of bytes with rows of signs, exactly.

    Parameters
    ----------
    planes : array of uint64, shape (8, m, words)
        From `pack_planes`.
    B : array of uint64, shape (k, words)
        From `pack_signs`.
    n : int
        Bytes in a row.

    Returns
    -------
    array of int32, shape (m, k)
        :math:`\sum_j v_j w_j` of bytes v and signs w.

    Raises
    ------
    ValueError, TypeError
        If the shapes do not fit, or ``planes`` and ``B`` do not hold integers.

    Notes
    -----
    A plane holds zeros and ones, so its product with signs is
    ``2 * popcount(x & w) - popcount(x)``: *and*, not *exclusive or*. Together
    :math:`s = \sum_i 2^i \langle x^i, w\rangle` (Courbariaux et al. [1]_, section 1.8).

    With pixels from -1 to 1, :math:`x = 2v/255 - 1`, planes are signs too, and exclusive or is
    right again: :math:`255 \langle x, w \rangle = 255 n - 2\sum_i 2^i\,\mathrm{popcount}(x^i
    \oplus w)`, since the powers sum to 255. `BinaryNetwork` counts so.

    **Cost.** Eight times that of `product`.

    References
    ----------
    .. [1] M. Courbariaux, I. Hubara, D. Soudry, R. El-Yaniv, Y. Bengio, "Binarized neural
       networks", arXiv:1602.02830, 2016.

    Examples
    --------
    >>> v, w = np.array([[200, 7, 1]], np.uint8), [[1, -1, -1]]
    >>> plane_product(pack_planes(v), pack_signs(w), 3)          # 200 - 7 - 1
    array([[192]], dtype=int32)
    """
    planes = plain_array(planes, "planes")
    if planes.ndim != 3 or len(planes) != 8:
        raise ValueError(f"planes must have the shape (8, m, words); got {planes.shape}.")
    flat, B = _check_pair(planes.reshape(-1, planes.shape[2]), B)
    _check_signs(n, B)
    planes = flat.reshape(planes.shape)
    both = np.zeros((planes.shape[1], len(B)), np.int32)
    count_both(planes, panels(B), both)
    powers = 1 << np.arange(8)
    own = np.bitwise_count(planes).sum(axis=2, dtype=np.int64)  # once an image
    return 2 * both - (powers @ own).astype(np.int32)[:, None]


def word_operations(m, k, n, *, planes=1):
    """Return how many words the products of m rows with k rows of n signs combine and count.

    Parameters
    ----------
    m, k, n : int
        Rows, rows of signs, signs in a row.
    planes : int, default 1
        8 for rows of bytes.

    Returns
    -------
    int

    Raises
    ------
    ValueError, TypeError
        If a number is no positive integer.

    Examples
    --------
    >>> word_operations(1, 256, 784), 256 * 784
    (3328, 200704)
    """
    m, k, n = (check_count(v, name, low=1) for v, name in ((m, "m"), (k, "k"), (n, "n")))
    return m * k * -(-n // 64) * check_count(planes, "planes", low=1)


def _check_pair(A, B):
    A, B = check_codes(A, "A"), check_codes(B, "B")
    if A.shape[1] != B.shape[1]:
        raise ValueError(f"A and B must have as many words; got {A.shape[1]} and {B.shape[1]}.")
    return np.ascontiguousarray(A), B


def _check_signs(n, B):
    words = B.shape[1]
    n = check_count(n, "n", low=1, high=min(64 * words, LARGEST), high_name="all bits of a row")
    if n <= 64 * (words - 1):
        raise ValueError(f"n must need all {words} words of a row; {n} signs need fewer.")
    return n


def panels(B):
    """Return rows of words as panels (ceil(k / 64), words, 64) of columns, filled with zeros."""
    k, words = B.shape
    filled = np.zeros((-(-k // PANEL), PANEL, words), np.uint64)
    filled.reshape(-1, words)[:k] = B
    return np.ascontiguousarray(filled.transpose(0, 2, 1))


@intrinsic
def popcount(typing, x):
    """The number of bits set in a word: one instruction of the processor, or its vectors'."""
    return types.uint64(types.uint64), lambda context, builder, _, args: builder.ctpop(args[0])


@njit(cache=True)
def multiply(A, panels, n, out):
    """Write into out (m, k) the products: n less twice the bits that differ."""
    k = out.shape[1]
    sums = np.empty(PANEL, np.uint64)
    for p in range(len(panels)):
        panel = panels[p]
        here = min(PANEL, k - p * PANEL)
        for i in range(len(A)):
            sums[:] = 0
            for word in range(panel.shape[0]):
                a, column = A[i, word], panel[word]
                for j in range(PANEL):
                    sums[j] += popcount(a ^ column[j])
            for j in range(here):
                out[i, p * PANEL + j] = n - 2 * np.int64(sums[j])


@njit(cache=True)
def count_both(planes, panels, counts):
    """Add to counts (m, k) the bits that both have, those of plane i times 2**i."""
    k = counts.shape[1]
    for p in range(len(panels)):
        panel = panels[p]
        here = min(PANEL, k - p * PANEL)
        for i in range(planes.shape[1]):
            for plane in range(len(planes)):
                shift = np.uint64(plane)
                for word in range(panel.shape[0]):
                    a, column = planes[plane, i, word], panel[word]
                    for j in range(here):
                        counts[i, p * PANEL + j] += np.int32(popcount(a & column[j]) << shift)


@njit(cache=True)
def fire(planes, panels, limits, out):
    """Write the bits of units whose weighted count of differing bits is at most their limit.

    ``planes`` (1 or 8, m, words), ``limits`` (64 for each panel); a panel makes one word of each
    row of ``out`` (m, panels).
    """
    sums = np.empty(PANEL, np.uint64)
    one = np.uint64(1)
    for p in range(len(panels)):
        panel, limit = panels[p], limits[p * PANEL : (p + 1) * PANEL]
        for i in range(planes.shape[1]):
            sums[:] = 0
            for plane in range(len(planes) - 1, -1, -1):  # from the highest: 2 a + b
                for j in range(PANEL):
                    sums[j] += sums[j]
                for word in range(panel.shape[0]):
                    a, column = planes[plane, i, word], panel[word]
                    for j in range(PANEL):
                        sums[j] += popcount(a ^ column[j])
            bits = np.uint64(0)
            for j in range(PANEL):
                if np.int64(sums[j]) <= limit[j]:
                    bits |= one << np.uint64(j)
            out[i, p] = bits
