r"""Priority sampling: a few weighted items from which the weight of any subset is estimated."""

import math

import numpy as np

from course_lib._validation import as_rng, check_count
from course_lib.hashing.reservoir import as_sequence, check_alike, check_weights

__all__ = ["PrioritySample"]


class PrioritySample:
    r"""The k items of highest priority, and the threshold that estimates what they stand for.

    The priority of an item is its weight over a uniform random number.

    Parameters
    ----------
    size : int
        Items of the sample :math:`k`, at least 1.
    rng : Generator, int or None
        Source of randomness.

    Raises
    ------
    ValueError, TypeError
        If ``size`` is no positive integer.

    See Also
    --------
    WeightedReservoir : a weighted sample by successive draws, without estimates.

    Notes
    -----
    **Cost.** One pass, one random number for each item, :math:`k + 1` items kept.

    **Guarantee.** Let :math:`\tau` be the priority of number k + 1, or 0 if there is none. A
    sampled item counts :math:`\max(w_i, \tau)`, any other 0. For every set of items that was
    chosen without a look at the sample, the sum of these has the right expectation; for k of 2
    and more, different items have covariance 0, so variances add up ([1]). With k + 1 items the
    variances add up to no more than those of any unbiased scheme that keeps k ([2]). For k = 1
    the variance is infinite. A merge keeps the k + 1 highest priorities of both, which is exact
    if the two read different items.

    References
    ----------
    .. [1] N. Duffield, C. Lund, M. Thorup, "Priority sampling for estimation of arbitrary subset
       sums", Journal of the ACM 54(6), 2007.
    .. [2] M. Szegedy, "The DLT priority sampling is essentially optimal", STOC 2006.

    Examples
    --------
    >>> sample = PrioritySample(2, rng=0)
    >>> sample.update(["elephant", "ant", "none"], weights=[5000, 0.001, 0])
    >>> sample.estimate(), sample.threshold  # two items of two: nothing is left out
    (5000.001, 0.0)
    >>> sample.update(["flea"], weights=[0.0005])
    >>> sample.sample[0], sample.estimate(lambda name: name == "elephant")
    ('elephant', 5000.0)
    """

    def __init__(self, size, *, rng=None):
        self.size = check_count(size, "size", low=1)
        self.n_items = 0
        self._rng = as_rng(rng)
        self._items = []  # at most k + 1, the highest priority first
        self._weights = np.empty(0)
        self._priorities = np.empty(0)

    @property
    def sample(self):
        """The sampled items, a list, the highest priority first."""
        return self._items[: self.size]

    @property
    def threshold(self):
        r""":math:`\tau`, the highest priority outside the sample; 0 if all items are inside."""
        return float(self._priorities[self.size]) if len(self._items) > self.size else 0.0

    @property
    def weights(self):
        r"""What each item of `sample` counts, :math:`\max(w_i, \tau)`, an array."""
        return np.maximum(self._weights[: self.size], self.threshold)

    def update(self, items, weights):
        """Read an array or sequence of items.

        Parameters
        ----------
        items : array or sequence, length n
            Items of any kind, each of them once.
        weights : array_like, shape (n,)
            Between 2**-500 and 2**500, or 0; an item of weight 0 is never sampled.

        Raises
        ------
        ValueError, TypeError
            If a weight is negative, not finite, out of that range or no real number, the lengths
            differ, or there is nothing to read one by one.
        """
        items = as_sequence(items)
        weights = check_weights(items, weights)
        self.n_items += len(items)
        priorities = weights / (1.0 - self._rng.random(len(items)))  # uniform in (0, 1]
        lowest = self._priorities[-1] if len(self._items) > self.size else 0.0
        entering = np.flatnonzero(priorities > lowest)
        self._keep([items[i] for i in entering], weights[entering], priorities[entering])

    def _keep(self, items, weights, priorities):
        items = self._items + items
        weights = np.concatenate([self._weights, weights])
        priorities = np.concatenate([self._priorities, priorities])
        first = np.argsort(-priorities, kind="stable")[: self.size + 1]
        self._items = [items[i] for i in first]
        self._weights, self._priorities = weights[first], priorities[first]

    def estimate(self, belongs=None):
        """Return an estimate of the total weight of a subset, a float.

        Parameters
        ----------
        belongs : callable, optional
            Whether an item is in the subset; by default all are.
        """
        return float(self.weights[self._chosen(belongs)].sum())

    def deviation(self, belongs=None):
        r"""Return an estimate of the standard deviation of ``estimate(belongs)``, a float.

        Parameters
        ----------
        belongs : callable, optional
            As for `estimate`.

        Notes
        -----
        **Guarantee.** Its square, the sum of :math:`\tau \max(0, \tau - w_i)` over the sampled
        items of the subset, has the variance as its expectation, for k of 2 and more.
        """
        missing = np.maximum(self.threshold - self._weights[: self.size], 0)
        return math.sqrt(self.threshold * missing[self._chosen(belongs)].sum())

    def _chosen(self, belongs):
        return [i for i, item in enumerate(self.sample) if belongs is None or belongs(item)]

    def merge(self, other):
        """Take in what ``other`` has read, as if this sample had read it too.

        Parameters
        ----------
        other : PrioritySample
            Of the same size, of other items; it stays as it is.

        Raises
        ------
        ValueError, TypeError
            If ``other`` is no priority sample of the same size.
        """
        check_alike(self, other)
        self._keep(other._items, other._weights, other._priorities)
        self.n_items += other.n_items

    def __repr__(self):
        return f"PrioritySample(size={self.size}, n_items={self.n_items})"
