"""What an LSM tree will cost, before it is built: bytes written again, and false reads.

distinct_keys              how many different keys m draws have
leveled_amplification      how often an entry is written, by a recursion on these
monkey_bits                bits a key for each level, such that lookups of absent keys read least
expected_false_reads       blocks that such a lookup reads for nothing
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from course_lib._validation import MOST_COUNTED, check_count, check_number, check_vector

__all__ = [
    "Amplification",
    "distinct_keys",
    "expected_false_reads",
    "leveled_amplification",
    "monkey_bits",
]

LN2_SQUARED = math.log(2) ** 2
MOST_BITS = 1 << 10  # a key
MOST_TABLES = 1 << 20


class Amplification(NamedTuple):
    """What `leveled_amplification` expects."""

    factor: float  # entries written to runs, for each that was put
    levels: tuple  # entries in each level at the end, the first level first


def distinct_keys(probabilities, draws):
    r"""Return how many different keys are expected in independent draws of keys.

    :math:`D(m) = \sum_i 1 - (1 - p_i)^m`.

    Parameters
    ----------
    probabilities : array_like, shape (n,)
        :math:`p_i`, chance of each key; they sum to 1.
    draws : int
        :math:`m`.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If the probabilities are not a distribution, or ``draws`` is negative.

    Notes
    -----
    **Cost.** O(n). **Guarantee.** Exact, by linearity of the mean.

    Examples
    --------
    >>> distinct_keys([0.5, 0.5], 2)
    1.5
    """
    draws = check_count(draws, "draws", low=0, high=MOST_COUNTED, high_name="2**62")
    return _distinct(_logs(probabilities), draws)


def _logs(probabilities):
    """ln(1 - p) of each key."""
    p = check_vector(probabilities, "probabilities", dtype=np.float64)
    if not len(p) or p.min() < 0 or abs(p.sum() - 1) > 1e-6:
        raise ValueError(
            "probabilities must be at least one, not negative and sum to 1; divide by their sum."
        )
    with np.errstate(divide="ignore"):
        return np.log1p(-np.minimum(p, 1))


def _distinct(logs, draws):
    return float(-np.expm1(draws * logs).sum()) if draws else 0.0


def leveled_amplification(n_puts, *, memtable_puts, ratio, probabilities=None):
    r"""Return how often an entry is written by an LSM tree with one run for each level.

    Parameters
    ----------
    n_puts : int
    memtable_puts : int
        :math:`B`, puts after which the memory table is written as a run.
    ratio : int
        :math:`T`, at least 2: level i, counted from 0, is passed on when it has
        :math:`B\, T^{i+1}` entries.
    probabilities : array_like, shape (n,), optional
        Chance of each key to be the next that is put; not given: all keys differ.

    Returns
    -------
    Amplification

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or the probabilities are no distribution.

    Notes
    -----
    A run goes through the same steps as in `LSMTree`, with the mean number of different keys
    among the m puts that have come together in a level, D(m), in place of the number itself.

    **Cost.** ``n_puts / memtable_puts`` merges, each O(n).

    **Guarantee.** Exact for different keys; they are written :math:`1 + L (T+1)/2` times if
    :math:`n = B T^L`, and once more if that fills the last level. For keys that return, D(m) is
    the mean of a size, and a level is passed on when its mean is large enough rather than itself:
    up to 5.8% off in 72 runs of 25,000 puts with Zipf's law (exponents .6 to 1.5, B of 50 to 200,
    T of 4 and 10).

    References
    ----------
    .. [1] P. O'Neil, E. Cheng, D. Gawlick, E. O'Neil, "The log-structured merge-tree (LSM-tree)",
       Acta Informatica 33, 1996.

    Examples
    --------
    Two memory tables of one entry: both are written, then the first alone, then both:

    >>> leveled_amplification(2, memtable_puts=1, ratio=4)
    Amplification(factor=2.5, levels=(2.0,))
    """
    n_puts = check_count(n_puts, "n_puts", low=1, high=MOST_COUNTED, high_name="2**62")
    memtable_puts = check_count(memtable_puts, "memtable_puts", low=1)
    ratio = check_count(ratio, "ratio", low=2)
    if n_puts // memtable_puts > MOST_TABLES:
        raise ValueError(
            f"n_puts must fill at most {MOST_TABLES} memory tables, each of which is followed; "
            f"got {n_puts // memtable_puts}, take larger ones."
        )
    logs = None if probabilities is None else _logs(probabilities)

    def size(draws):
        return float(draws) if logs is None else _distinct(logs, draws)

    levels, written = [], 0.0  # draws that came together in each level; mean entries written
    for _ in range(n_puts // memtable_puts):
        coming, level = memtable_puts, 0
        written += size(coming)
        while coming:
            levels += [0] * (level == len(levels))
            coming += levels[level]
            entries = size(coming)
            written += entries
            full = entries >= memtable_puts * ratio ** (level + 1)
            levels[level], coming = (0, coming) if full else (coming, 0)
            level += 1
    return Amplification(written / n_puts, tuple(map(size, levels)))


def monkey_bits(sizes, bits_per_key):
    r"""Return the bits a key for the filter of each run, such that false reads are fewest.

    Parameters
    ----------
    sizes : array_like, shape (L,)
        :math:`n_i`, keys of each run; runs with none have no filter.
    bits_per_key : float
        Bits for each key of all, on average.

    Returns
    -------
    array of float64, shape (L,)
        Bits a key; 0 where no filter is worth its bits.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    A filter with b bits a key has a false positive rate of :math:`p = e^{-b \ln^2 2}`. Least
    :math:`\sum_i p_i` under a fixed :math:`\sum_i n_i \ln(1/p_i)` has :math:`p_i` proportional to
    :math:`n_i`, or 1 where that were more.

    **Guarantee.** The least sum ([1], Section 4). Runs that grow by a factor T have
    :math:`\sum_i p_i \to p_L\, T/(T-1)`, however many there are; with equal bits it is
    :math:`L p`.

    References
    ----------
    .. [1] N. Dayan, M. Athanassoulis, S. Idreos, "Monkey: optimal navigable key-value store",
       SIGMOD 2017.

    Examples
    --------
    Ten times fewer keys, ten times fewer false positives:

    >>> small, large = monkey_bits([100, 1000], 10.0)
    >>> round(math.exp((small - large) * math.log(2) ** 2), 6)
    10.0
    """
    sizes = check_vector(sizes, "sizes", dtype=np.float64)
    if not len(sizes) or sizes.min() < 0:
        raise ValueError("sizes must be at least one, and none negative.")
    bits_per_key = check_number(bits_per_key, "bits_per_key", low=0.0, high=MOST_BITS)
    bits = np.zeros(len(sizes))
    held = sizes > 0
    if bits_per_key == 0 or not held.any():
        return bits
    logs, shares = np.log(sizes[held]), sizes[held] / sizes.sum()
    budget = bits_per_key * LN2_SQUARED  # mean of ln(1/p), a key

    def missing(log_scale):
        return float(shares @ np.maximum(0.0, log_scale - logs)) - budget

    # ln(1/p_i) = log_scale - ln n_i where that is positive.
    log_scale = brentq(missing, logs.min(), logs.max() + budget + 1.0, xtol=1e-12)
    bits[held] = np.maximum(0.0, log_scale - logs) / LN2_SQUARED
    return bits


def expected_false_reads(bits):
    r"""Return how many runs a lookup of an absent key is expected to read.

    Parameters
    ----------
    bits : array_like, shape (L,)
        Bits a key of the filter of each run, such as `monkey_bits`; with 0 it is always read.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    :math:`\sum_i (1 - e^{-k_i/b_i})^{k_i}`, where the filter of a run has
    :math:`k_i = \max(1, [b_i \ln 2])` hashes, a whole number; about
    :math:`\sum_i e^{-b_i \ln^2 2}`.

    Examples
    --------
    >>> expected_false_reads([0.0]), round(expected_false_reads([10.0, 10.0]), 4)
    (1.0, 0.0164)
    """
    bits = check_vector(bits, "bits", dtype=np.float64)
    if len(bits) and (bits.min() < 0 or bits.max() > MOST_BITS):
        raise ValueError(f"bits must lie between 0 and {MOST_BITS}; got {bits.min():g} or more.")
    total = 0.0
    for b in bits.tolist():
        k = n_hashes(b)
        total += (-math.expm1(-k / b)) ** k if b > 0 else 1.0
    return total


def n_hashes(bits):
    """The number of hash functions of a filter with so many bits a key."""
    return max(1, round(bits * math.log(2)))
