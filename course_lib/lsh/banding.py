"""Banding: pairs whose signatures agree in a whole band are worth comparing."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._sketch import mix
from course_lib._validation import check_array, check_count, check_number
from course_lib.lsh.minhash import check_signatures

__all__ = ["Bands", "candidate_pairs", "candidate_probability", "choose_bands"]


MOST = 2**32  # bands, or rows of one


class Bands(NamedTuple):
    """How a signature is cut.

    Attributes
    ----------
    n_bands : int
        Number b of bands.
    n_rows : int
        Columns r of each.
    """

    n_bands: int
    n_rows: int


def candidate_probability(similarity, bands):
    r"""Return the probability that two sets become candidates.

    Parameters
    ----------
    similarity : float or array of float
        Their Jaccard similarity s, between 0 and 1.
    bands : Bands
        b bands of r rows.

    Returns
    -------
    probability : float or array of float
        :math:`1 - (1 - s^r)^b`: an S-curve that is steepest near :math:`(1/b)^{1/r}`.

    Raises
    ------
    ValueError, TypeError
        If a similarity lies outside, or a number of bands or rows is no integer from 1 to 2**32.

    Notes
    -----
    **Guarantee.** It holds for one pair, over the draw of the hash functions: its bands are
    independent of each other. Different pairs are not, if they share a set or a passage: then
    the mean number of candidates is still the sum of these probabilities, and its variance is
    not the sum of theirs. Among license texts its standard deviation was ten times as large.
    It is steepest at :math:`((r-1)/(br-1))^{1/r}`, where it is above one half.

    Examples
    --------
    >>> float(candidate_probability(0.5, Bands(2, 1)))
    0.75
    """
    n_bands, n_rows = _check_bands(bands)
    similarity = check_array(similarity, "similarity", dtype=np.float64)
    if not np.all((similarity >= 0) & (similarity <= 1)):
        raise ValueError("similarity must be between 0 and 1; divide percentages by 100.")
    return 1 - (1 - similarity**n_rows) ** n_bands


def _check_bands(bands):
    """Return the numbers of bands and rows, or raise."""
    if not isinstance(bands, tuple | list) or len(bands) != 2:
        raise TypeError(f"bands must be Bands(n_bands, n_rows); got {bands!r}.")
    names = Bands._fields
    return [
        check_count(value, name, low=1, high=MOST, high_name="2**32")
        for value, name in zip(bands, names, strict=True)
    ]


def choose_bands(n_hashes, similarity, miss=1e-3):
    """Return the cut with the fewest candidates that still finds similar pairs.

    Parameters
    ----------
    n_hashes : int
        Length of the signatures.
    similarity : float
        Pairs at least this similar are to be found, ``0 < similarity <= 1``.
    miss : float, default 1e-3
        The probability of missing a pair of just this similarity, at most.

    Returns
    -------
    Bands
        The one with the most rows that keeps to it; with one row if none does.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    **Guarantee.** The promise is for each pair of its own. More similar pairs are missed less
    often, less similar ones become candidates too: compare candidates exactly, as `similar_pairs`
    does.

    Examples
    --------
    >>> choose_bands(128, 0.8)
    Bands(n_bands=25, n_rows=5)
    """
    n_hashes = check_count(n_hashes, "n_hashes", low=1, high=MOST, high_name="2**32")
    similarity = check_number(similarity, "similarity", low=0, high=1, open_low=True)
    miss = check_number(miss, "miss", low=0, high=1)
    few, many = 1, n_hashes + 1  # rows: enough bands, and too few, since more rows find less
    while many - few > 1:
        n_rows = (few + many) // 2
        bands = Bands(n_hashes // n_rows, n_rows)
        enough = 1 - candidate_probability(similarity, bands) <= miss
        few, many = (n_rows, many) if enough else (few, n_rows)
    return Bands(n_hashes // few, few)


def candidate_pairs(signatures, bands):
    """Return the pairs that agree in all rows of at least one band.

    Parameters
    ----------
    signatures : array of uint64, shape (n, k)
        From `minhash`.
    bands : Bands
        With ``n_bands * n_rows <= k``.

    Returns
    -------
    pairs : array of int64, shape (m, 2)
        Each once, with the smaller index first, in lexicographic order.

    Raises
    ------
    ValueError, TypeError
        If the signatures are too short for the bands, or not a matrix of integers.

    Notes
    -----
    **Cost.** A sort of n keys for each band, and the candidates themselves: quadratic only in
    the sizes of the buckets. Rows whose keys, a hash of the band, are equal are compared in full.

    Examples
    --------
    >>> from course_lib.lsh import minhash
    >>> candidate_pairs(minhash([[1, 2], [3], [1, 2]], 4), Bands(2, 2)).tolist()
    [[0, 2]]
    """
    signatures, (n_bands, n_rows) = check_signatures(signatures, "signatures"), _check_bands(bands)
    if signatures.ndim != 2 or signatures.shape[1] < n_bands * n_rows:
        raise ValueError(
            f"signatures must have at least {n_bands} x {n_rows} columns; "
            f"got shape {signatures.shape}."
        )
    n, found = len(signatures), [np.empty(0, np.int64)]
    for band in range(n_bands):
        columns = signatures[:, band * n_rows : (band + 1) * n_rows]
        keys = _keys(columns)
        order = np.argsort(keys)
        found.append(np.unique(_equal_pairs(columns, keys[order], order)))
    pairs = np.unique(np.concatenate(found))
    return np.column_stack([pairs // max(n, 1), pairs % max(n, 1)])


@njit(cache=True)
def _keys(columns):
    """Return a 64-bit hash of each row, to sort by."""
    keys = np.zeros(len(columns), np.uint64)
    for i in range(len(columns)):
        for value in columns[i]:
            keys[i] = mix(keys[i] ^ np.uint64(value))
    return keys


@njit(cache=True)
def _equal_pairs(columns, keys, order):
    """Return ``i * n + j`` for all i < j with equal rows; only those of one key are compared."""
    n, most, start = len(keys), 0, 0
    for place in range(1, n + 1):
        if place == n or keys[place] != keys[start]:
            most += (place - start) * (place - start - 1) // 2
            start = place
    pairs, count = np.empty(most, np.int64), 0
    for first in range(n):
        second = first + 1
        while second < n and keys[second] == keys[first]:
            i, j = min(order[first], order[second]), max(order[first], order[second])
            if np.all(columns[i] == columns[j]):
                pairs[count] = i * n + j
                count += 1
            second += 1
    return pairs[:count]
