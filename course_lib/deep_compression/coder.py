r"""A coder that learns while it codes: arithmetic coding of a layer, in integers alone.

An arithmetic coder spends :math:`-\log_2 p` bits on an event that it gave probability p. Here each
weight is first "zero or not", then, if it is not, a symbol bit by bit. Probabilities are counters
of 16 bits that move towards what happens, by 1/n of the way the n-th time. Which counter is asked
depends on what was coded before, the *context*: the same unit's weights at neighboring pixels, and
how full row and column have been. No float is involved, so every machine decodes the same bits.

    context_encode, context_decode
"""

import numpy as np
from numba import njit

from course_lib._validation import check_count, check_room
from course_lib.deep_compression._bits import as_bytes, check_symbols

__all__ = ["MOST_VALUES", "context_decode", "context_encode"]

MOST_VALUES = 256
MASK = np.int64(0xFFFFFFFF)
MEMORY = 255  # a counter is the mean of what it saw, of about so many last ones
LEAST = 16  # of 65,536: no decision costs more than 12 bits by its probability
BYTES = 3  # at most, of one decision: 17 bits where the interval is narrow


def context_encode(symbols, n_values, width=0):
    """Return a layer of symbols as bytes, coded by contexts.

    Parameters
    ----------
    symbols : array of ints, shape (n_in, n_out)
        0 for pruned weights, and 1 to ``n_values``.
    n_values : int
        From 1 to 256.
    width : int, default 0
        Of the image whose pixels are the inputs, row by row; 0 if they are no image. Then no
        neighbors are looked at.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError, TypeError
        If ``symbols`` is no matrix of such integers, or another argument is out of range.

    Notes
    -----
    **Cost.** One binary decision for each weight and one for each bit of a symbol, with a
    multiplication each.

    **Guarantee.** `context_decode` returns ``symbols``, on any machine: all arithmetic is that of
    integers below 2**50. The code is at most a byte longer than the coder's own probabilities
    ask for, apart from rounding of the interval, whose bounds have 32 bits.

    References
    ----------
    .. [1] I. H. Witten, R. M. Neal, J. G. Cleary, "Arithmetic coding for data compression",
       Communications of the ACM 30(6), 1987.

    Examples
    --------
    A thousand weights of which one is left:

    >>> layer = np.zeros((50, 20), int)
    >>> layer[17, 3] = 2
    >>> code = context_encode(layer, 4)
    >>> len(code) < 12, np.array_equal(context_decode(code, (50, 20), 4), layer)
    (True, True)
    """
    n_values = check_count(n_values, "n_values", low=1, high=MOST_VALUES)
    symbols = check_symbols(symbols, "symbols", n_values, ndim=2)
    width = check_count(width, "width", low=0, high=len(symbols), high_name="n_in")
    n_bits = (n_values - 1).bit_length()
    decisions = symbols.size + n_bits * np.count_nonzero(symbols)
    out = np.zeros(BYTES * decisions + 8, np.uint8)
    state = np.array([0, MASK, 0, 0])
    _walk(np.array(symbols), n_bits, width, state, out, False)
    return _finished(state, out)


def context_decode(data, shape, n_values, width=0):
    """Return the layer that `context_encode` wrote.

    Parameters
    ----------
    data : bytes
    shape : (int, int)
        Inputs and units.
    n_values, width : int
        As when it was written.

    Returns
    -------
    array of int64, shape (n_in, n_out)

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or the bytes hold a symbol above ``n_values``.

    Notes
    -----
    **Cost.** As for `context_encode`. Bytes that were not written for this shape give some layer:
    the code has no redundancy that could tell.
    """
    data = as_bytes(data)
    rows, columns = _check_shape(shape)
    n_values = check_count(n_values, "n_values", low=1, high=MOST_VALUES)
    width = check_count(width, "width", low=0, high=rows, high_name="n_in")
    check_room(8 * rows * columns, len(data), "layer")
    symbols = np.zeros((rows, columns), np.int64)
    state = np.array([0, MASK, 0, 0])
    for _ in range(4):
        _next_byte(state, data)
    _walk(symbols, (n_values - 1).bit_length(), width, state, data, True)
    if symbols.max(initial=0) > n_values:
        raise ValueError(
            f"data must hold symbols up to {n_values}; these bytes hold {symbols.max()}."
        )
    return symbols


def _check_shape(shape):
    try:
        rows, columns = shape
    except (TypeError, ValueError):
        raise ValueError(f"shape must be two integers, inputs and units; got {shape!r}.") from None
    rows = check_count(rows, "inputs", low=0, high=1 << 31)
    return rows, check_count(columns, "units", low=0, high=1 << 31)


def _finished(state, out):
    """The bytes, with the one that tells the last interval; zeros at the end are not written."""
    low, size = int(state[0]), int(state[3])
    if low:  # the first bytes of both bounds differ, so this lies between
        out[size] = (low >> 24) + 1
        size += 1
    return out[:size].tobytes().rstrip(bytes(1))


@njit(cache=True)
def _next_byte(state, data):
    """Read one byte, or zeros behind the end."""
    byte = np.int64(data[state[3]]) if state[3] < len(data) else np.int64(0)
    state[2] = (state[2] << 8) & MASK | byte
    state[3] += 1


@njit(cache=True)
def _code(state, data, counter, bit, decoding):
    """Code one decision by its counter, which learns from it; return the decision.

    ``state`` is the interval, first and last number of 32 bits, the number that is decoded, and
    the place in the bytes. The counter is a probability of 16 bits, and how often it was asked.
    """
    p, seen = counter[0], counter[1]
    low, high = state[0], state[1]
    middle = low + ((high - low) * p >> 16)
    if decoding:
        bit = np.int64(state[2] <= middle)
    if bit:
        high = middle
    else:
        low = middle + 1
    while (low ^ high) >> 24 == 0:
        if decoding:
            _next_byte(state, data)
        else:
            data[state[3]] = np.uint8(high >> 24)
            state[3] += 1
        low = (low << 8) & MASK
        high = (high << 8) & MASK | 255
    state[0], state[1] = low, high
    counter[0] = max(LEAST, p + 2 * (65535 * bit - p) // (2 * seen + 3))
    counter[1] = min(seen + 1, MEMORY)
    return bit


@njit(cache=True)
def _level(count, of):
    """A share as one of eight levels, each twice as full as the one before."""
    share = (1024 * count) // max(of, 1)
    level = 0
    while level < 7 and share >= (4 << level):
        level += 1
    return level


@njit(cache=True)
def _neighbors(symbols, r, c, width):
    """Symbols of the unit at the pixels to the left, above, above left and above right."""
    if width == 0:
        return 0, 0, 0, 0
    y, x = r // width, r % width
    left = symbols[r - 1, c] if x > 0 else 0
    above = symbols[r - width, c] if y > 0 else 0
    corner = symbols[r - width - 1, c] if x > 0 and y > 0 else 0
    other = symbols[r - width + 1, c] if x < width - 1 and y > 0 else 0
    return left, above, corner, other


@njit(cache=True)
def _row_level(filled, r, width, columns):
    """How full the rows of neighboring pixels are."""
    if width == 0:
        return 0
    y, x = r // width, r % width
    total, rows = np.int64(0), 0
    for step, there in (
        (1, x > 0),
        (2, x > 1),
        (width, y > 0),
        (width - 1, y > 0 and x < width - 1),
    ):
        if there:
            total += filled[r - step]
            rows += 1
    return _level(total, rows * columns)


@njit(cache=True)
def _walk(symbols, n_bits, width, state, data, decoding):
    """Code all weights, input by input."""
    rows, columns = symbols.shape
    zero, value = np.ones((8, 8, 5, 2), np.int64), np.ones((5, 1 << n_bits, 2), np.int64)
    zero[..., 0], value[..., 0] = 3277, 32768  # 5% are left, before anything was seen
    filled, in_column = np.zeros(rows, np.int64), np.zeros(columns, np.int64)
    half = (1 << n_bits) >> 1
    for r in range(rows):
        row = _row_level(filled, r, width, columns)
        for c in range(columns):
            around = _neighbors(symbols, r, c, width)
            n, signs = 0, 0
            for symbol in around:
                if symbol:
                    n += 1
                    signs += 1 if symbol > half else -1
            counter = zero[row, _level(in_column[c], r + 8), n]
            if not _code(state, data, counter, np.int64(symbols[r, c] > 0), decoding):
                continue
            filled[r] += 1
            in_column[c] += 1
            given, node = symbols[r, c] - 1, np.int64(1)
            for bit in range(n_bits - 1, -1, -1):
                counter = value[min(max(signs, -2), 2) + 2, node]
                node = 2 * node + _code(state, data, counter, given >> bit & 1, decoding)
            symbols[r, c] = node - (1 << n_bits) + 1
