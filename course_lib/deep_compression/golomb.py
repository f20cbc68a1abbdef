r"""Golomb codes: for gaps between positions that a coin has chosen, no prefix code is better.

With density p and q = 1 - p a gap is g with probability :math:`p q^g`. A Golomb code with parameter
m writes ``g // m`` ones, a zero, and ``g % m`` in as few bits as m values need.

    golomb_parameter, golomb_expected_bits   the best m, and what a gap costs
    coin_bits                                what no code can do better, if positions are a coin's
    golomb_lengths, golomb_encode, golomb_decode
"""

import math

import numpy as np
from numba import njit

from course_lib._validation import check_count, check_fraction, check_number, check_room
from course_lib.deep_compression._bits import as_bytes, check_symbols

__all__ = [
    "coin_bits",
    "golomb_decode",
    "golomb_encode",
    "golomb_expected_bits",
    "golomb_lengths",
    "golomb_parameter",
]

LARGEST = (1 << 40) - 1  # of values and parameters


def golomb_parameter(density):
    r"""Return the parameter of the best Golomb code for positions of this density.

    Parameters
    ----------
    density : float
        Chance p of each position, between 0 and 1 and neither; 1e-9 at least.

    Returns
    -------
    int

    Raises
    ------
    ValueError, TypeError
        If ``density`` is out of range.

    Notes
    -----
    **Guarantee.** The one m with :math:`q^m + q^{m + 1} \le 1 < q^{m - 1} + q^m`, q = 1 - p. Its
    code has the least expected length of all prefix codes for geometric gaps [1].

    References
    ----------
    .. [1] R. G. Gallager, D. C. Van Voorhis, "Optimal source codes for geometrically distributed
       integer alphabets", IEEE Transactions on Information Theory 21(2), 1975.

    Examples
    --------
    >>> [golomb_parameter(p) for p in (0.5, 0.25, 0.08)]
    [1, 2, 8]
    """
    density = check_number(density, "density", low=1e-9, high=1, open_high=True)
    log_q = math.log1p(-density)
    m = max(1, math.ceil(-math.log1p(math.exp(log_q)) / log_q) - 1)
    while math.exp(m * log_q) + math.exp((m + 1) * log_q) > 1:
        m += 1
    return m


def golomb_expected_bits(density, m=None):
    r"""Return the expected bits of a gap in a Golomb code.

    Parameters
    ----------
    density : float
        Chance p of each position, between 0 and 1 and neither; 1e-9 at least.
    m : int, optional
        Parameter; by default the best.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    Notes
    -----
    **Guarantee.** :math:`1 + q^m / (1 - q^m)` bits for the quotient and, with b bits for m values
    and :math:`c = 2^b - m` of them one bit shorter, :math:`b - (1 - q^c) / (1 - q^m)` for the rest.

    Examples
    --------
    At p = 1/2 the code is unary, and as good as the coin:

    >>> golomb_expected_bits(0.5), coin_bits(0.5)
    (2.0, 2.0)
    """
    density = check_number(density, "density", low=1e-9, high=1, open_high=True)
    m = golomb_parameter(density) if m is None else check_count(m, "m", low=1, high=LARGEST)
    log_q = math.log1p(-density)
    within = -math.expm1(m * log_q)  # 1 - q**m
    bits = (m - 1).bit_length()
    short = -math.expm1(((1 << bits) - m) * log_q)
    return 1 + (1 - within) / within + bits - short / within


def coin_bits(density):
    r"""Return the bits that each nonzero position costs, if a coin has chosen the positions.

    Parameters
    ----------
    density : float
        Chance p of each position, between 0 and 1 and neither.

    Returns
    -------
    float
        :math:`H(p) / p` with the entropy of a coin H.

    Raises
    ------
    ValueError, TypeError
        If ``density`` is out of range.

    Notes
    -----
    **Guarantee.** No code takes less on average (Shannon's source coding theorem), if every
    position is nonzero with chance p and independently. A code that does take less has found
    positions that are not so.

    Examples
    --------
    >>> round(coin_bits(0.25), 4)
    3.2451
    """
    p = check_fraction(density, "density")
    return float(-math.log2(p) - (1 - p) * math.log1p(-p) / (p * math.log(2)))


def golomb_lengths(values, m):
    """Return how many bits each value takes in a Golomb code.

    Parameters
    ----------
    values : array of ints, shape (n,)
        0 or more, below 2**40.
    m : int
        Parameter, 1 or more.

    Returns
    -------
    array of int64, shape (n,)

    Raises
    ------
    ValueError, TypeError
        If something is no integer, or out of range.

    Examples
    --------
    >>> golomb_lengths([0, 1, 2, 3], 3)
    array([2, 3, 3, 3])
    """
    values = check_symbols(values, "values", LARGEST)
    m = check_count(m, "m", low=1, high=LARGEST)
    bits = (m - 1).bit_length()
    return values // m + 1 + bits - (values % m < (1 << bits) - m)


def golomb_encode(values, m):
    """Return values in a Golomb code, one after another, as bytes.

    Parameters
    ----------
    values : array of ints, shape (n,)
        0 or more, below 2**40.
    m : int
        Parameter, 1 or more.

    Returns
    -------
    bytes
        The last byte is filled up with ones, which end no value.

    Raises
    ------
    ValueError, TypeError
        If something is no integer, or out of range, or the code would take more than 256 MiB
        where the values take less than a 64th of that: then ``m`` is far too small.

    Notes
    -----
    **Cost.** `golomb_lengths` in all. ``values // m`` ones, a zero, then the remainder r in
    b bits for m values: in b - 1 bits if r is below 2**b - m, and else r + 2**b - m in b bits.

    References
    ----------
    .. [1] S. W. Golomb, "Run-length encodings", IEEE Transactions on Information Theory 12(3),
       1966.

    Examples
    --------
    0, 10, 11 behind a zero each, then 1 0 0 of a quotient 1, and four ones to fill up:

    >>> format(int.from_bytes(golomb_encode([0, 1, 2, 3], 3)), "016b")
    '0001001110011111'
    """
    values = check_symbols(values, "values", LARGEST)
    lengths = golomb_lengths(values, m)
    total = float(lengths.sum(dtype=np.float64))
    check_room(total / 8, 8 * len(values), "Golomb code")
    out = np.zeros((int(total) + 7) // 8, np.uint8)
    bits = (int(m) - 1).bit_length()
    _encode(values, np.int64(m), bits, out)
    return out.tobytes()


def golomb_decode(data, m, count):
    """Return the values that `golomb_encode` wrote.

    Parameters
    ----------
    data : bytes
    m : int
        Parameter, 1 or more.
    count : int
        How many values.

    Returns
    -------
    array of int64, shape (count,)

    Raises
    ------
    ValueError, TypeError
        If the bytes end too early, or an argument is out of range.

    Notes
    -----
    **Cost.** One step for each bit.

    Examples
    --------
    >>> golomb_decode(golomb_encode([0, 1, 2, 3], 3), 3, 4)
    array([0, 1, 2, 3])
    """
    data = as_bytes(data)
    m = check_count(m, "m", low=1, high=LARGEST)
    count = check_count(count, "count", low=0)
    if count > 8 * len(data):
        raise ValueError(f"data must hold {count} values; it has {8 * len(data)} bits.")
    check_room(8 * count, len(data), "row of values")
    out = np.empty(count, np.int64)
    found = _decode(data, np.int64(m), (m - 1).bit_length(), out)
    if found < count:
        raise ValueError(f"data must hold {count} values; they end after {found}.")
    return out


@njit(cache=True)
def _put(out, position, value, length):
    for bit in range(length):
        if value >> (length - 1 - bit) & 1:
            out[position >> 3] |= np.uint8(128 >> (position & 7))
        position += 1
    return position


@njit(cache=True)
def _encode(values, m, bits, out):
    position, short = np.int64(0), (np.int64(1) << bits) - m
    for value in values:
        for _ in range(value // m):
            position = _put(out, position, 1, 1)
        position += 1
        rest = value % m
        if rest < short:
            position = _put(out, position, rest, bits - 1)
        else:
            position = _put(out, position, rest + short, bits)
    while position & 7:
        position = _put(out, position, 1, 1)


@njit(cache=True)
def _decode(data, m, bits, out):
    """Fill ``out`` and return how many values there were."""
    position, end = np.int64(0), 8 * len(data)
    short = (np.int64(1) << bits) - m
    for i in range(len(out)):
        quotient = np.int64(0)
        while position < end and data[position >> 3] >> (7 - (position & 7)) & 1:
            quotient += 1
            position += 1
        position += 1
        rest = np.int64(0)
        for bit in range(bits):
            if bit == bits - 1 and rest < short:
                break
            if position >= end:
                return i
            rest = rest << 1 | (data[position >> 3] >> (7 - (position & 7))) & 1
            position += 1
        if position > end:
            return i
        out[i] = quotient * m + (rest if rest < short and bits else rest - short if bits else 0)
    return len(out)
