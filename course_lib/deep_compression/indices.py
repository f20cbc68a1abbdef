r"""Positions of what is left: differences in a few bits, with fillers where they do not suffice.

A layer of small integers, most of them 0, is stored as its nonzero entries, each with the
difference from the position before. A difference d is written as d - 1 in b bits. Where d exceeds
:math:`2^b`, filler entries of value 0 stand between, :math:`2^b` positions apart.

    relative_index, from_relative_index   there and back
    filler_count, expected_fillers        how many fillers, counted and expected
"""

from typing import NamedTuple

import numpy as np

from course_lib._validation import check_count, check_number, check_room
from course_lib.deep_compression._bits import check_symbols

__all__ = [
    "MOST_INDEX_BITS",
    "RelativeIndex",
    "expected_fillers",
    "filler_count",
    "from_relative_index",
    "relative_index",
]

MOST_INDEX_BITS = 16
MOST_SYMBOL = (1 << 31) - 1


class RelativeIndex(NamedTuple):
    """Entries of a layer that are stored, fillers among them.

    Attributes
    ----------
    gaps : array of int64, shape (m,)
        One less than the difference from the position of the entry before, 0 to 2**bits - 1; the
        first counts from position -1.
    values : array of int64, shape (m,)
        The symbols; 0 is a filler.
    """

    gaps: np.ndarray
    values: np.ndarray


def relative_index(symbols, bits):
    r"""Return the stored entries of a layer, with differences of ``bits`` bits.

    Parameters
    ----------
    symbols : array of ints, shape (n,)
        0 where a weight was pruned. A matrix is laid in a row first, and in which order matters.
    bits : int
        Width of a difference, from 1 to 16.

    Returns
    -------
    RelativeIndex

    Raises
    ------
    ValueError, TypeError
        If ``symbols`` are no integers from 0 on, or ``bits`` is out of range.

    See Also
    --------
    filler_count : how many entries are fillers.

    Notes
    -----
    **Cost.** O(n) to find the entries, O(m) to write them; :math:`m b` bits and the values.

    **Guarantee.** `from_relative_index` returns ``symbols``, any that there are. Zeros behind the
    last entry cost nothing. A difference of exactly :math:`2^b` needs no filler.

    References
    ----------
    .. [1] S. Han, H. Mao, W. J. Dally, "Deep compression", ICLR 2016, section 2 and figure 2.

    Examples
    --------
    The example of [1]: a difference of 11 in 3 bits takes one filler, 8 positions on:

    >>> layer = np.zeros(16, int)
    >>> layer[[1, 4, 15]] = 3, 1, 2
    >>> relative_index(layer, 3)
    RelativeIndex(gaps=array([1, 2, 7, 2]), values=array([3, 1, 0, 2]))
    """
    symbols = check_symbols(symbols, "symbols", MOST_SYMBOL)
    bits = check_count(bits, "bits", low=1, high=MOST_INDEX_BITS)
    places = np.flatnonzero(symbols)
    gaps = np.diff(places, prepend=-1) - 1
    fillers = gaps >> bits
    ends = np.cumsum(fillers + 1) - 1
    stored = np.full(len(places) + int(fillers.sum()), (1 << bits) - 1, np.int64)
    values = np.zeros_like(stored)
    stored[ends] = gaps & ((1 << bits) - 1)
    values[ends] = symbols[places]
    return RelativeIndex(stored, values)


def from_relative_index(gaps, values, size):
    """Return the layer (size,) that `relative_index` stored.

    Parameters
    ----------
    gaps, values : array of ints, shape (m,)
    size : int
        Entries of the layer.

    Returns
    -------
    array of int64, shape (size,)

    Raises
    ------
    ValueError, TypeError
        If something is no integer, or lies behind the end of the layer.

    Notes
    -----
    **Cost.** O(size + m).

    Examples
    --------
    >>> from_relative_index([1, 2, 7, 2], [3, 1, 0, 2], 16)
    array([0, 3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2])
    """
    size = check_count(size, "size", low=0)
    gaps = check_symbols(gaps, "gaps", (1 << MOST_INDEX_BITS) - 1)
    values = check_symbols(values, "values", MOST_SYMBOL)
    if len(gaps) != len(values):
        raise ValueError(
            f"gaps and values must have one entry each; got {len(gaps)} and {len(values)}."
        )
    places = np.cumsum(gaps + 1) - 1
    if len(places) and places[-1] >= size:
        raise ValueError(
            f"gaps must end within the {size} entries of the layer; they end at {places[-1] + 1}."
        )
    check_room(8 * size, 8 * len(gaps), "layer")
    symbols = np.zeros(size, np.int64)
    symbols[places] = values
    return symbols


def filler_count(symbols, bits):
    r"""Return how many fillers `relative_index` needs, exactly.

    Parameters
    ----------
    symbols : array of ints, shape (n,)
    bits : int
        From 1 to 16.

    Returns
    -------
    int

    Raises
    ------
    ValueError, TypeError
        As for `relative_index`.

    Notes
    -----
    **Guarantee.** :math:`\sum_i \lfloor (d_i - 1) / 2^b \rfloor` for differences :math:`d_i`,
    whatever the pattern.

    Examples
    --------
    Differences of 8 and 9 in 3 bits:

    >>> filler_count([0] * 7 + [1], 3), filler_count([0] * 8 + [1], 3)
    (0, 1)
    """
    symbols = check_symbols(symbols, "symbols", MOST_SYMBOL)
    bits = check_count(bits, "bits", low=1, high=MOST_INDEX_BITS)
    return int((np.diff(np.flatnonzero(symbols), prepend=-1) - 1 >> bits).sum())


def expected_fillers(density, bits):
    r"""Return the fillers for each nonzero entry, if each entry is one with chance ``density``.

    Parameters
    ----------
    density : float
        Chance p of an entry to be nonzero, above 0 and at most 1.
    bits : int
        From 1 to 16.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If ``density`` or ``bits`` is out of range.

    Notes
    -----
    **Guarantee.** :math:`q / (1 - q)` with :math:`q = (1 - p)^{2^b}`, the expectation of
    :math:`\lfloor g / 2^b \rfloor` for a geometric gap g. Where entries cluster, fillers are more.

    Examples
    --------
    Half of all gaps reach 2 positions at p = 1 - 1/sqrt(2), so one filler for each entry:

    >>> round(expected_fillers(1 - 0.5**0.5, 1), 6)
    1.0
    """
    density = check_number(density, "density", low=0, high=1, open_low=True)
    bits = check_count(bits, "bits", low=1, high=MOST_INDEX_BITS)
    longer = 2**bits * np.log1p(-density) if density < 1 else -np.inf
    return float(-np.exp(longer) / np.expm1(longer))
