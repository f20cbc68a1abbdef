"""KMV: the k smallest hashes of a set, which tell its size and what it shares with others."""

import numpy as np

from course_lib._sketch import Sketch
from course_lib._sketch.wire import check_array
from course_lib._validation import check_count
from course_lib.distinct.registers import chebyshev

__all__ = ["KMV"]


class KMV(Sketch):
    r"""Distinct items from the k minimum values of a hash, with set operations.

    Parameters
    ----------
    k : int
        Hashes kept, at least 3.
    seed : int, default 0
        Number of the hash function; sketches combine if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** 8k bytes. A hash is compared with the greatest kept; few pass, and those of a
    block are sorted together.

    **Guarantee.** Among n uniform hashes let :math:`U_{(k)}` be the k-th smallest. Then
    :math:`(k - 1)/U_{(k)}` is unbiased with relative variance
    :math:`(n - k + 1)/(n (k - 2)) < 1/(k - 2)` ([1], Section 4.1); up to k different items the
    count is exact. The k smallest of a union are a uniform sample of it, and the share of them
    that lies in both sets estimates the Jaccard coefficient J without bias, with variance
    below :math:`J(1 - J)/k`.

    References
    ----------
    .. [1] K. Beyer, P. J. Haas, B. Reinwald, Y. Sismanis, R. Gemulla, "On synopses for
       distinct-value estimation under multiset operations", SIGMOD 2007.

    Examples
    --------
    >>> hamlet, macbeth = KMV(64), KMV(64)
    >>> hamlet.update(["to", "be", "or", "not"])
    >>> macbeth.update(["to", "bed"])
    >>> hamlet.estimate(), hamlet.jaccard(macbeth), hamlet.intersection(macbeth)
    (4.0, 0.2, 1.0)
    """

    _parameters = ("k", "seed")
    _state = ("_smallest",)

    def __init__(self, k, *, seed=0):
        super().__init__(seed)
        self.k = check_count(k, "k", low=3)
        self._smallest = np.empty(0, np.uint64)  # sorted

    @classmethod
    def from_error(cls, epsilon, delta, *, seed=0):
        """Return the sketch that errs by more than epsilon n with probability <= delta.

        Parameters
        ----------
        epsilon, delta : float
            Both between 0 and 1, exclusive. By Chebyshev, k = 2 + 1 / (epsilon**2 delta).
        seed
            As for the class.
        """
        return cls(2 + chebyshev(1.0, epsilon, delta), seed=seed)

    @property
    def smallest(self):
        """The smallest hashes, a sorted copy, at most k, uint64."""
        self._flush()
        return self._smallest.copy()

    def estimate(self):
        """Return the estimated number of different items, a float."""
        self._flush()
        if len(self._smallest) < self.k:
            return float(len(self._smallest))
        return (self.k - 1) / ((int(self._smallest[-1]) + 1) / 2**64)

    def union(self, other):
        """Return the sketch of all items in either set; both stay as they are."""
        both = self.copy()
        both.merge(other)
        return both

    def jaccard(self, other):
        """Return the estimated share of items in both sets among those in either, a float.

        Parameters
        ----------
        other : KMV
            With the same k and seed.

        Raises
        ------
        ValueError, TypeError
            If ``other`` is no KMV with the same k and seed.
        """
        sample = self.union(other)._smallest
        shared = np.isin(sample, self._smallest) & np.isin(sample, other._smallest)
        return float(shared.mean()) if len(sample) else 0.0

    def intersection(self, other):
        """Return the estimated number of items in both sets, a float.

        Parameters
        ----------
        other : KMV
            With the same k and seed.
        """
        return self.jaccard(other) * self.union(other).estimate()

    def _restore(self, values):
        smallest = check_array(values["_smallest"], np.uint64, (None,))
        if len(smallest) > self.k or np.any(smallest[1:] <= smallest[:-1]):
            raise ValueError("the smallest hashes must be at most k, and ascend.")
        self._smallest = smallest

    def _add(self, hashes, _counts, _items):
        if len(self._smallest) == self.k:
            hashes = hashes[hashes < self._smallest[-1]]
        if len(hashes):
            self._smallest = _smallest_of_both(self._smallest, hashes, self.k)

    def _merge(self, other):
        self._smallest = _smallest_of_both(self._smallest, other._smallest, self.k)


def _smallest_of_both(first, second, k):
    """The k smallest different hashes, sorted; np.union1d goes through a hash table."""
    both = np.concatenate([first, second])
    both.sort()
    new = np.ones(len(both), bool)
    np.not_equal(both[1:], both[:-1], out=new[1:])
    return both[new][:k]
