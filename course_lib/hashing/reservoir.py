r"""Samples of a stream whose length nobody knows: uniform and weighted, in one pass.

reservoir_sample    Algorithm R: one random number for each item
Reservoir           Algorithm L: random numbers only for the items that enter
WeightedReservoir   Efraimidis and Spirakis: items of greater weight enter sooner
"""

import itertools
import math
import sys
from collections.abc import Sequence

import numpy as np

from course_lib._validation import as_rng, check_count, check_vector, plain_array

__all__ = ["Reservoir", "WeightedReservoir", "reservoir_sample"]

BLOCK = 1 << 12  # items that get their random numbers in one call
LARGEST = 2.0**500  # weights between its inverse and this one neither overflow nor vanish
FINE = 2.0**-20  # of a sum of weights: a shorter jump is not taken in it, but in a new one
NUMPYS_LIMIT = 10**9  # of items in a hypergeometric draw


def reservoir_sample(stream, size, *, rng=None):
    r"""Return a uniform sample without replacement, by Algorithm R.

    Parameters
    ----------
    stream : iterable
        Read once, from the first item to the last.
    size : int
        Items of the sample :math:`k`, at least 1.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    list
        ``size`` items, or all if the stream is shorter; in no particular order.

    Raises
    ------
    ValueError, TypeError
        If ``size`` is no positive integer.

    See Also
    --------
    Reservoir : the same distribution from far fewer random numbers.

    Notes
    -----
    **Cost.** One pass, one random number for each item after the first k.

    **Guarantee.** Every subset of k items is equally likely ([1], Algorithm R): item i enters
    with probability k/i and puts out each of the k with equal chance.

    References
    ----------
    .. [1] J. S. Vitter, "Random sampling with a reservoir", ACM TOMS 11(1), 1985.

    Examples
    --------
    >>> sorted(reservoir_sample("abc", 3, rng=0))
    ['a', 'b', 'c']
    """
    size = check_count(size, "size", low=1)
    rng = as_rng(rng)
    try:
        stream = iter(stream)
    except TypeError:
        raise TypeError(_not_items(stream)) from None
    sample = list(itertools.islice(stream, min(size, sys.maxsize)))
    n_read = size
    while block := list(itertools.islice(stream, BLOCK)):
        places = rng.integers(np.arange(n_read + 1, n_read + len(block) + 1))
        for i in np.flatnonzero(places < size):
            sample[places[i]] = block[i]
        n_read += len(block)
    return sample


class Reservoir:
    r"""A uniform sample without replacement of all items so far, by Algorithm L.

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

    Notes
    -----
    **Cost.** :math:`k (H_n - H_k)` expected replacements among n items, three random numbers
    each: :math:`O(k (1 + \log(n/k)))` in all. Items in between are skipped unread, if they come
    in an array or a list.

    **Guarantee.** Every subset of k items is equally likely ([1]): imagine a uniform number for
    each item, and keep the k smallest. The greatest of them, ``_threshold``, is all that must
    be remembered; the number of items until a smaller one is geometric. A merge draws how many
    of the k come from each side (hypergeometric), and a new threshold, Beta(k, n - k + 1): the
    result is distributed as if one reservoir had read both streams.

    References
    ----------
    .. [1] K.-H. Li, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))", ACM
       TOMS 20(4), 1994.

    Examples
    --------
    >>> reservoir = Reservoir(2, rng=0)
    >>> reservoir.update(range(1000))
    >>> reservoir.n_items, len(reservoir.sample)
    (1000, 2)
    """

    def __init__(self, size, *, rng=None):
        self.size = check_count(size, "size", low=1)
        self.n_items = 0
        self._rng = as_rng(rng)
        self._sample = []
        self._next = None  # number of the next item that enters, counted from 0

    @property
    def sample(self):
        """The sampled items, a list of min(size, n_items), in no particular order."""
        return list(self._sample)

    def update(self, items):
        """Read an array or sequence of items; anything else iterable becomes a list first.

        Parameters
        ----------
        items : array or sequence
            Items of any kind. A string is a sequence of letters: wrap a single item in a list.

        Raises
        ------
        TypeError, ValueError
            If there is nothing to read one by one, or entries are masked.
        """
        items = as_sequence(items)
        n_filling = min(self.size - len(self._sample), len(items))
        self._sample.extend(items[:n_filling])
        if self._next is None and len(self._sample) == self.size:
            self._skip_from(self.n_items + n_filling - 1, 1.0)
        end = self.n_items + len(items)
        while self._next is not None and self._next < end:
            entrant = items[self._next - self.n_items]
            self._sample[self._rng.integers(self.size)] = entrant
            self._skip_from(self._next, self._threshold)
        self.n_items = end

    def _skip_from(self, place, threshold):
        """Lower the threshold to the greatest of k uniforms below it, and skip."""
        self._threshold = threshold * self._uniform() ** (1 / self.size)
        self._draw_next(place)

    def _draw_next(self, place):
        skipped = math.log(self._uniform()) / math.log1p(-self._threshold)
        self._next = place + math.floor(skipped) + 1

    def _uniform(self):
        return 1.0 - self._rng.random()  # in (0, 1], which has a logarithm

    def merge(self, other):
        """Take in what ``other`` has read, as if this reservoir had read it too.

        Parameters
        ----------
        other : Reservoir
            Of the same size; it stays as it is, but for its share in randomness.

        Raises
        ------
        ValueError, TypeError
            If ``other`` is no reservoir of the same size.
        """
        check_alike(self, other)
        total = self.n_items + other.n_items
        size = min(self.size, total)
        # How many of a sample of the union lie in the first stream, and which of them.
        n_mine = _share(self.n_items, other.n_items, size, self._rng)
        mine = self._rng.permutation(len(self._sample))[:n_mine]
        theirs = self._rng.permutation(len(other._sample))[: size - n_mine]
        self._sample = [self._sample[i] for i in mine] + [other._sample[i] for i in theirs]
        self.n_items = total
        if size == self.size:
            self._threshold = self._rng.beta(size, total - size + 1)
            self._draw_next(total - 1)

    def __repr__(self):
        return f"Reservoir(size={self.size}, n_items={self.n_items})"


class WeightedReservoir:
    r"""A weighted sample without replacement of all items so far (A-ExpJ).

    Each item gets an exponential waiting time with its weight as rate; the k that come first
    are the sample.

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

    Notes
    -----
    **Cost.** One addition for each item, and :math:`O(k \log(n/k))` random numbers in
    expectation for weights in random order: sums of weights are skipped, not items drawn.

    **Guarantee.** The sample is that of k draws one after another, each with probability
    proportional to the weights that are left ([1], Algorithm A-ExpJ, with
    :math:`-\ln(u)/w` for :math:`u^{1/w}`). The chance to be in the sample is **not**
    proportional to the weight for k > 1: no item can be drawn twice. Waiting times are kept, so
    a merge takes the k smallest of both, which is exact.

    References
    ----------
    .. [1] P. S. Efraimidis, P. G. Spirakis, "Weighted random sampling with a reservoir",
       Information Processing Letters 97(5), 2006.

    Examples
    --------
    >>> reservoir = WeightedReservoir(2, rng=0)
    >>> reservoir.update(["light", "heavy", "none"], weights=[1e-9, 1e9, 0])
    >>> sorted(reservoir.sample)
    ['heavy', 'light']
    """

    def __init__(self, size, *, rng=None):
        self.size = check_count(size, "size", low=1)
        self.n_items = 0
        self._rng = as_rng(rng)
        self._sample = []
        self._times = np.empty(0)
        self._left = None  # weight that passes until the next item enters

    @property
    def sample(self):
        """The sampled items, a list, the earliest waiting time first."""
        return [self._sample[i] for i in np.argsort(self._times)]

    def update(self, items, weights):
        """Read an array or sequence of items.

        Parameters
        ----------
        items : array or sequence, length n
            Items of any kind.
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
        heavy = np.flatnonzero(weights)
        start = self._fill(items, weights, heavy)
        self._jump(items, weights[heavy[start:]], heavy[start:])

    def _fill(self, items, weights, heavy):
        """Take items until there are k; return how many of the heavy ones were taken."""
        first = heavy[: self.size - len(self._sample)]
        self._sample.extend(items[i] for i in first)
        waits = self._rng.exponential(size=len(first)) / weights[first]
        self._times = np.concatenate([self._times, waits])
        if self._left is None and len(self._sample) == self.size:
            self._draw_jump()
        return len(first)

    def _jump(self, items, weights, places):
        """Skip weight until the next item enters, and put it in place of the latest."""
        for start in range(0, len(weights), BLOCK):
            block = slice(start, start + BLOCK)
            self._jump_in(items, weights[block], places[block])

    def _jump_in(self, items, weights, places):
        passed, done = np.cumsum(weights), 0.0
        while done + self._left <= passed[-1]:
            i = int(np.searchsorted(passed, done + self._left))
            latest = int(np.argmax(self._times))
            # Its waiting time, given that it is below the latest: an exponential cut there.
            share = self._rng.random() * -math.expm1(-weights[i] * self._times[latest])
            self._times[latest] = -math.log1p(-share) / weights[i]
            self._sample[latest] = items[places[i]]
            done = passed[i]
            self._draw_jump()
            if self._left < FINE * passed[-1]:
                # Beside a giant's weight the next ones vanish: sums begin anew behind it.
                weights, places = weights[i + 1 :], places[i + 1 :]
                if not len(weights):
                    return
                passed, done = np.cumsum(weights), 0.0
        self._left -= passed[-1] - done

    def _draw_jump(self):
        self._left = self._rng.exponential() / self._times.max()

    def merge(self, other):
        """Take in what ``other`` has read, as if this reservoir had read it too.

        Parameters
        ----------
        other : WeightedReservoir
            Of the same size; it stays as it is.

        Raises
        ------
        ValueError, TypeError
            If ``other`` is no reservoir of the same size.
        """
        check_alike(self, other)
        times = np.concatenate([self._times, other._times])
        sample = self._sample + other._sample
        kept = np.argsort(times)[: self.size]
        self._times, self._sample = times[kept], [sample[i] for i in kept]
        self.n_items += other.n_items
        if len(self._sample) == self.size:
            self._draw_jump()

    def __repr__(self):
        return f"WeightedReservoir(size={self.size}, n_items={self.n_items})"


def as_sequence(items):
    """Return what can be counted and read by place: not a series, whose labels are no places."""
    if isinstance(items, Sequence):
        return items
    if hasattr(items, "__array__"):
        items = plain_array(items, "items")
        if not items.ndim:
            raise TypeError(_not_items(items[()]))
        return items
    try:
        return list(items)
    except (TypeError, NotImplementedError):  # as a sparse matrix or an operator
        raise TypeError(_not_items(items)) from None


def _not_items(one):
    return f"items must be an array or a sequence; got a {type(one).__name__}, put it in a list."


def check_weights(items, weights):
    """Return the weights as an array, one for each item, or raise."""
    weights = check_vector(weights, "weights", dtype=np.float64, finite=False)
    if len(weights) != len(items):
        raise ValueError(
            f"weights must be one for each of the {len(items)} items; got shape {weights.shape}."
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("weights must be finite and at least 0; clean them first.")
    heavy = weights[weights > 0]
    if heavy.size and not (heavy.min() >= 1 / LARGEST and heavy.max() <= LARGEST):
        raise ValueError("weights must be 0 or lie between 2**-500 and 2**500; rescale them.")
    return weights


def _share(n_mine, n_theirs, size, rng):
    """How many of ``size`` items drawn from two streams come from the first."""
    if n_mine + n_theirs < NUMPYS_LIMIT:
        return rng.hypergeometric(n_mine, n_theirs, size)
    mine = 0
    for drawn in range(size):
        mine += int(rng.integers(n_mine + n_theirs - drawn)) < n_mine - mine
    return mine


def check_alike(mine, other):
    """Raise unless both samples are of one kind and one size."""
    kind = type(mine).__name__
    if type(other) is not type(mine):
        raise TypeError(f"only a {kind} can be merged into a {kind}; got {type(other).__name__}.")
    if mine.size != other.size:
        raise ValueError(
            f"size must be equal to merge; got {mine.size} and {other.size}, "
            f"build both with the same size."
        )
