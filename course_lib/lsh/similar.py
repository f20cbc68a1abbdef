"""Similar pairs of sets: candidates from bands, each then compared exactly."""

import itertools
from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._sketch import as_batches
from course_lib._validation import check_indices, check_number
from course_lib.lsh.banding import candidate_pairs, choose_bands
from course_lib.lsh.minhash import hash_sets, minhash

__all__ = ["SimilarPairs", "exact_jaccard", "similar_pairs"]


class SimilarPairs(NamedTuple):
    """Pairs that are similar, and how many were compared to find them.

    Attributes
    ----------
    pairs : array of int64, shape (m, 2)
        Each once, the smaller index first, in lexicographic order.
    similarities : array of float64, shape (m,)
        Their Jaccard similarities, exact.
    n_compared : int
        Pairs whose sets were compared, out of n (n - 1) / 2.
    """

    pairs: np.ndarray
    similarities: np.ndarray
    n_compared: int


def similar_pairs(sets, similarity, *, n_hashes=128, bands=None, seed=0):
    """Return the pairs of sets that are at least so similar.

    Parameters
    ----------
    sets : iterable of n sets
        As for `minhash`.
    similarity : float
        Least Jaccard similarity, ``0 < similarity <= 1``.
    n_hashes : int, default 128
        Length of the signatures.
    bands : Bands or None
        How signatures are cut; by default `choose_bands` for this similarity.
    seed : int, default 0

    Returns
    -------
    SimilarPairs

    Raises
    ------
    ValueError, TypeError
        As `minhash`, `choose_bands` and `candidate_pairs`.

    Notes
    -----
    **Cost.** The signatures, `candidate_pairs`, and one merge of two sorted sets a candidate.

    **Guarantee.** No pair below ``similarity`` is returned. One above is missed with the
    probability that `candidate_probability` leaves; misses of pairs that share a set or a passage
    are not independent of each other.

    Examples
    --------
    >>> found = similar_pairs([[1, 2, 3, 4], [9], [1, 2, 3, 4, 5]], 0.8)
    >>> found.pairs, found.similarities, found.n_compared
    (array([[0, 2]]), array([0.8]), 1)
    """
    similarity = check_number(similarity, "similarity", low=0, high=1, open_low=True)
    sets = as_batches(sets, "set")
    signatures = minhash(sets, n_hashes, seed=seed)
    bands = choose_bands(n_hashes, similarity) if bands is None else bands
    pairs = candidate_pairs(signatures, bands)
    exact = exact_jaccard(sets, pairs)
    near = exact >= similarity
    return SimilarPairs(pairs[near], exact[near], len(pairs))


def exact_jaccard(sets, pairs):
    r"""Return the Jaccard similarity of pairs of sets, by comparing all items.

    Parameters
    ----------
    sets : iterable of n sets
        As for `minhash`.
    pairs : array of int, shape (m, 2)

    Returns
    -------
    similarities : array of float64, shape (m,)
        Of two empty sets 1.

    Raises
    ------
    ValueError, TypeError
        If sets are not as `minhash` wants them, or pairs are no matrix of their indices.

    Notes
    -----
    **Cost.** A sort of each set, and for a pair as many steps as it has items.

    **Guarantee.** Exact as far as 64-bit hashes of different items differ: of N items two share
    one with probability about :math:`N^2 / 2^{65}`, 3 in 10 million for a million.

    Examples
    --------
    >>> exact_jaccard([["to", "be"], ["be", "not", "be"]], [[0, 1]]).round(3)
    array([0.333])
    """
    sets = as_batches(sets, "set")
    pairs = check_indices(pairs, "pairs", len(sets), ndim=2)
    if pairs.shape[1] != 2:
        raise ValueError(f"pairs must have two columns; got shape {pairs.shape}.")
    hashes, starts = hash_sets(sets, 0)
    for start, end in itertools.pairwise(starts):
        hashes[start:end].sort()
    ends = _without_repeats(hashes, starts)
    return _shares(hashes, starts, ends, pairs)


@njit(cache=True)
def _without_repeats(hashes, starts):
    """Close up the hashes of each sorted set where one repeats; return where each set ends."""
    ends = starts[1:].copy()
    for s in range(len(ends)):
        ends[s] = starts[s]
        for i in range(starts[s], starts[s + 1]):
            if ends[s] == starts[s] or hashes[i] != hashes[ends[s] - 1]:
                hashes[ends[s]] = hashes[i]
                ends[s] += 1
    return ends


@njit(cache=True)
def _shares(hashes, starts, ends, pairs):
    """The common items over all items of each pair of sorted sets."""
    shares = np.ones(len(pairs))
    for pair in range(len(pairs)):
        i, end_i = starts[pairs[pair, 0]], ends[pairs[pair, 0]]
        j, end_j = starts[pairs[pair, 1]], ends[pairs[pair, 1]]
        total, common = end_i - i + end_j - j, 0
        while i < end_i and j < end_j:
            x, y = hashes[i], hashes[j]
            common += x == y
            i += x <= y
            j += y <= x
        if total:
            shares[pair] = common / (total - common)
    return shares
