r"""Families of hash functions, and what is proved about a function drawn from each.

    MultiplyShift     2-universal up to a factor 2         one product
    Tabulation        3-independent, and better than that  eight looks at a table
    Polynomial        k-independent, exactly               k - 1 products modulo a prime

A family is what a proof can hold on to: the data are any data, and the chance lies in the draw
of the function. `hash_items` first makes 64-bit words of items; these families take words.
"""

import numpy as np
from numba import njit

from course_lib._sketch import check_seed, random_words
from course_lib._validation import check_count, check_memory, plain_array

__all__ = ["PRIME", "MultiplyShift", "Polynomial", "Tabulation"]

PRIME = 2**61 - 1  # Mersenne's ninth: to reduce modulo it is to shift and add
_P = np.uint64(PRIME)
_LOW = np.uint64(0xFFFFFFFF)


def _words(x):
    """``x`` as a 1-D array of uint64; refuse what is no whole number."""
    x = np.atleast_1d(plain_array(x, "x"))
    if x.dtype.kind not in "iu" or x.ndim > 1:
        raise TypeError(
            f"x must be one integer or a 1-D array of them; got {x.dtype} with shape {x.shape}, "
            f"make words of other items by hash_items."
        )
    return np.ascontiguousarray(x).astype(np.uint64)


class MultiplyShift:
    r"""A random function from ``in_bits`` bits to ``out_bits`` bits: multiply, keep the top.

    :math:`h(x) = \lfloor (a x \bmod 2^w) / 2^{w - l} \rfloor` with a random odd a.

    Parameters
    ----------
    out_bits : int
        :math:`l`, between 1 and ``in_bits``.
    in_bits : int, default 64
        :math:`w`, between 1 and 64; higher bits of x are ignored.
    seed : int, default 0
        Which function is drawn.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** One product and one shift.

    **Guarantee.** For :math:`x \ne y`, :math:`P(h(x) = h(y)) \le 2/2^l` over the draw of a
    ([1], Lemma 2.4); keys are any keys. It is not 2-independent: h(0) = 0 for every a.

    References
    ----------
    .. [1] M. Dietzfelbinger, T. Hagerup, J. Katajainen, M. Penttonen, "A reliable randomized
       algorithm for the closest-pair problem", Journal of Algorithms 25(1), 1997.

    Examples
    --------
    >>> h = MultiplyShift(out_bits=4, seed=1)
    >>> bool(h([0])[0] == 0), bool(h(range(100)).max() < 16)
    (True, True)
    """

    def __init__(self, out_bits, *, in_bits=64, seed=0):
        self.in_bits = check_count(in_bits, "in_bits", low=1, high=64)
        self.out_bits = check_count(
            out_bits, "out_bits", low=1, high=self.in_bits, high_name="in_bits"
        )
        self.seed = check_seed(seed)
        odd = random_words(self.seed, 1)[0] | np.uint64(1)
        # The product of the key and a * 2**(64 - w) has a x mod 2**w in its top w bits.
        self.multiplier = odd << np.uint64(64 - self.in_bits)

    def __call__(self, x):
        """Return the hash of each word of ``x``, uint64, below ``2**out_bits``."""
        return (_words(x) * self.multiplier) >> np.uint64(64 - self.out_bits)


class Tabulation:
    r"""A random function of 64-bit words: a table for each byte, and the exclusive or.

    Parameters
    ----------
    seed : int, default 0
        Which function is drawn.

    Raises
    ------
    ValueError, TypeError
        If the seed is out of range or not an integer.

    Notes
    -----
    **Cost.** Eight looks at 16 KB of tables.

    **Guarantee.** 3-independent and not 4-independent: the hashes of the corners of a
    rectangle, words that combine two values of one byte with two of another, cancel. Still,
    linear probing and Chernoff bounds work with it as with a random function, and cuckoo hashing
    with a larger chance of failure ([1], Theorems 1 to 3), here with tables filled by splitmix64.

    References
    ----------
    .. [1] M. Patrascu, M. Thorup, "The power of simple tabulation hashing", Journal of the
       ACM 59(3), 2012.

    Examples
    --------
    >>> h = Tabulation(seed=1)
    >>> corners = h([0x0000, 0x0001, 0x0100, 0x0101])
    >>> int(np.bitwise_xor.reduce(corners))
    0
    """

    def __init__(self, *, seed=0):
        self.seed = check_seed(seed)
        self.tables = random_words(self.seed, 8 * 256).reshape(8, 256)

    def __call__(self, x):
        """Return the 64-bit hash of each word of ``x``, uint64."""
        return _tabulate(self.tables, _words(x))


class Polynomial:
    r"""A random polynomial of degree k - 1 over the field of :math:`2^{61} - 1` elements.

    Parameters
    ----------
    k : int
        Number of coefficients, at least 1.
    seed : int, default 0
        Which function is drawn.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** k - 1 products modulo the prime, of four machine products each.

    **Guarantee.** k-independent: the values at any k different points of the field are
    independent and uniform, because exactly one polynomial of degree k - 1 passes through k
    given points ([1] for k = 2). Words are first taken modulo the prime. To take some bits of
    a value costs a bias below :math:`2^{-60}`.

    References
    ----------
    .. [1] J. L. Carter, M. N. Wegman, "Universal classes of hash functions", JCSS 18(2), 1979.

    Examples
    --------
    >>> h = Polynomial(2, seed=1)
    >>> a, b, c = (int(value) for value in h([10, 11, 12]))    # a straight line
    >>> (a - 2 * b + c) % PRIME
    0
    """

    def __init__(self, k, *, seed=0):
        self.k = check_count(k, "k", low=1)
        self.seed = check_seed(seed)
        check_memory(8 * self.k, "Polynomial")
        self.coefficients = random_words(self.seed, self.k) % _P

    def __call__(self, x):
        """Return the value at each word of ``x``, uint64, below ``PRIME``."""
        return _evaluate(self.coefficients, _words(x))


@njit(cache=True)
def _tabulate(tables, words):
    hashes = np.zeros(len(words), np.uint64)
    for i in range(len(words)):
        for byte in range(8):
            hashes[i] ^= tables[byte, (words[i] >> np.uint64(8 * byte)) & np.uint64(255)]
    return hashes


@njit(cache=True)
def _evaluate(coefficients, words):
    values = np.empty(len(words), np.uint64)
    for i in range(len(words)):
        values[i] = polynomial(coefficients, words[i])
    return values


@njit(cache=True)
def polynomial(coefficients, word):
    """The polynomial at one word, by Horner's rule, modulo the prime."""
    x = word % _P
    value = coefficients[0]
    for i in range(1, len(coefficients)):
        value = _reduce(_times(value, x) + coefficients[i])
    return value


@njit(cache=True)
def _reduce(word):
    """A word modulo the prime: 2**61 = 1, so the top bits are added to the others."""
    word = (word & _P) + (word >> np.uint64(61))
    return word - _P if word >= _P else word


@njit(cache=True)
def _times(a, b):
    """The product of two residues modulo the prime, from products of 32-bit halves."""
    a_low, a_high = a & _LOW, a >> np.uint64(32)
    b_low, b_high = b & _LOW, b >> np.uint64(32)
    low = a_low * b_low
    middle = a_low * b_high + a_high * b_low  # < 2**62, since both halves are below 2**29
    high = a_high * b_high
    # a b = high 2**64 + middle 2**32 + low, and 2**64 = 8 and 2**61 = 1 modulo the prime.
    middle_low = (middle & np.uint64(0x1FFFFFFF)) << np.uint64(32)
    total = (high << np.uint64(3)) + (middle >> np.uint64(29)) + middle_low
    return _reduce(_reduce(total) + _reduce(low))
