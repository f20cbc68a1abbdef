"""KLL: the quantiles of a stream, from a few of its values that stand for the others."""

import functools
import math
from array import array

import numpy as np

from course_lib._sketch import Sketch, as_numbers, sizing
from course_lib._sketch.wire import check_array
from course_lib._validation import as_rng, check_count, check_fraction

__all__ = ["KLL"]

SMALLEST = 8  # capacity of the lowest levels: less would save little and err more
BLOCK = 1 << 12  # values that are sorted together
BOUND = 6  # V <= BOUND n**2 / k**2, derived in the Notes


class KLL(Sketch):
    r"""The ranks and quantiles of a stream of numbers, by compactors in levels.

    A value at level h stands for :math:`2^h` values of the stream. Where a level is too full, it is
    sorted, and by the toss of one coin the values at its odd places or those at its even places
    rise by one level, for two each; the others are dropped. Minimum, maximum and count are exact.

    Parameters
    ----------
    k : int
        Capacity of the highest level, from 8 to :math:`2^{40}`. Each level below has 2/3 of it,
        rounded up to an even number, and at least 8.
    rng : Generator, int or None
        Source of the coins. Sketches that will be merged need coins of their own: give each shard
        another seed. It is not part of the bytes.

    Raises
    ------
    ValueError, TypeError
        If k is out of range or no integer.

    Notes
    -----
    **Cost.** At most :math:`3k + 8(H + 1)` values of 8 bytes, with
    :math:`H \le 1 + \log_2(n/k)` levels above the lowest. Each value is sorted once in a block of
    4096; half of the values then rise one level, a quarter two, and so on. Up to 4095 values wait
    for their block outside the levels, in 32 kB; each question, and `nbytes`, takes them in first.
    What is kept depends on the stream, the coins and the questions between, and not on how the
    stream was cut into arrays.

    **Guarantee.** Let n be `count`, x a number that was fixed before the coins were tossed, R(x)
    how many values of the stream are at most x, and :math:`\hat R(x)` the answer of `rank`. Over
    the coins, for every :math:`0 < \epsilon < 1`,

    .. math:: P\bigl(|\hat R(x) - R(x)| > \epsilon n\bigr)
              \le 2 e^{-\epsilon^2 n^2 / (2V)} \le 2 e^{-\epsilon^2 k^2 / 12},
              \qquad V = \sum_{h} m_h 4^h \le 6 n^2 / k^2,

    where :math:`m_h` compactions were made at level h. The idea is that of [1]; the constants 6 and
    12 are derived here. (i) A compaction at level h leaves :math:`\hat R(x)` as it is if the
    compacted values up to x are even in number, and else changes it by :math:`+2^h` or
    :math:`-2^h`, as the coin falls. When levels are compacted depends on counts and on
    when questions are asked, not on coins, so V is not random, and Hoeffding's inequality for
    martingales gives the first bound. (ii) With H
    the highest level now, each compaction at level h took at least :math:`k (2/3)^{H-h}` values of
    weight :math:`2^h`, since earlier, with fewer levels, capacities were no less. The weights of a
    level sum to n at most over its life, for weight only rises: hence
    :math:`m_h \le n / (2^h k (2/3)^{H-h})`. (iii) Level H began with a compaction of k values or
    more of weight :math:`2^{H-1}`, so :math:`2^H \le 2n/k`. Then
    :math:`V \le \frac{n 2^H}{k} \sum_{j \ge 1} (3/4)^j = \frac{3 n 2^H}{k} \le 6 n^2/k^2`. Nothing
    here asks which stream a value came from, so the bounds hold for merged sketches whose coins
    are independent, in any order of merges.

    `quantile` returns, with probability :math:`1 - \delta`, a value whose rank is within
    :math:`\epsilon n` of q n for the same :math:`\epsilon` and :math:`\delta`: it fails only if
    :math:`\hat R` is too high at one fixed value or too low at another. For all x at once,
    :math:`2 \epsilon` holds with :math:`1 - \lceil 1/\epsilon \rceil \delta`: between exact
    quantiles that are :math:`\epsilon n` apart, ranks only grow.

    This differs from [1] below the top: a level keeps what it has while the sketch as a whole has
    room, and no sampler replaces the lowest levels, so that each doubling of n costs at most 8
    values more.

    References
    ----------
    .. [1] Z. Karnin, K. Lang, E. Liberty, "Optimal quantile approximation in streams", FOCS 2016,
       71-78.

    Examples
    --------
    >>> sketch = KLL(200, rng=0)
    >>> sketch.update([3.0, 1.0, 4.0, 1.0, 5.0])
    >>> sketch.rank(3), sketch.quantile(0.5), sketch.cdf([1, 4.5])
    (3, 3.0, array([0.4, 0.8]))
    """

    _parameters = ("k",)

    def __init__(self, k, *, rng=None):
        self.k = check_count(k, "k", low=SMALLEST, high=2**40, high_name="2**40")
        self._rng = as_rng(rng)
        self._waiting = array("d")
        self._levels = [np.empty(0)]  # sorted values; those at place h weigh 2**h
        self._low, self._high = math.inf, -math.inf
        self._variance = 0  # V

    @classmethod
    def from_error(cls, epsilon, delta, *, rng=None):
        r"""Return the smallest sketch that promises an error of epsilon n for one rank.

        Parameters
        ----------
        epsilon, delta : float
            Both between 0 and 1, exclusive. The rank of a number, or of a quantile that is
            returned, errs by more than epsilon n with probability delta at most:
            :math:`k = \lceil \sqrt{12 \ln(2/\delta)} / \epsilon \rceil`. Measured errors are
            several times smaller.
        rng
            As for the class.

        Examples
        --------
        >>> KLL.from_error(0.01, 0.01)
        KLL(k=798)
        """
        epsilon = check_fraction(epsilon, "epsilon")
        delta = check_fraction(delta, "delta")
        with sizing("KLL"):
            k = math.ceil(math.sqrt(2 * BOUND * math.log(2 / delta)) / epsilon)
        return cls(max(SMALLEST, k), rng=rng)

    def update(self, items):
        """Read one number, or an array or sequence of them.

        Parameters
        ----------
        items : float, or an array or sequence of numbers, length n
            Finite; kept as float64.

        Raises
        ------
        TypeError
            If an item is no real number.
        ValueError
            If a number is NaN or infinite, or the items have more than one axis. Nothing has been
            read then.
        """
        if type(items) is float and items - items == 0.0:  # one that is finite
            waiting = self._waiting
            waiting.append(items)
            if len(waiting) == BLOCK:
                self._flush()
            return
        values = as_numbers(items, "items").astype(np.float64)
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())  # NaN would show in both
        if not math.isfinite(low) or not math.isfinite(high):
            raise ValueError("items must be finite; these hold NaN or infinity, leave those out.")
        self._low, self._high = min(self._low, low), max(self._high, high)
        self._absorb(np.atleast_1d(values))

    def _absorb(self, values):
        """Fill the waiting block, take in whole blocks, and let the rest wait."""
        start = min(len(values), BLOCK - len(self._waiting)) if self._waiting else 0
        self._waiting.frombytes(values[:start].tobytes())
        if len(self._waiting) >= BLOCK:
            self._flush()
        stop = start + (len(values) - start) // BLOCK * BLOCK
        for first in range(start, stop, BLOCK):
            self._insert(values[first : first + BLOCK])
        self._waiting.frombytes(values[stop:].tobytes())

    def _flush(self):
        if self._waiting:
            values, self._waiting = np.frombuffer(self._waiting), array("d")
            self._low = min(self._low, float(values.min()))
            self._high = max(self._high, float(values.max()))
            self._insert(values)

    def _insert(self, values):
        self._levels[0] = np.sort(np.concatenate([self._levels[0], values]))
        self._compress()

    def _compress(self):
        """Compact the lowest level that is too full, as long as the sketch is."""
        levels = self._levels
        h, size, capacities = 0, sum(map(len, levels)), _capacities(self.k, len(levels))
        while size > sum(capacities):
            while len(levels[h]) < capacities[h]:
                h += 1
            if h + 1 == len(levels):
                levels.append(np.empty(0))
            rising = self._compact(h)
            levels[h + 1] = _join(levels[h + 1], rising)
            size -= len(rising)
            if len(levels) > len(capacities):  # each level has less room below a new one
                h, capacities = 0, _capacities(self.k, len(levels))

    def _compact(self, h):
        """Leave at most one value at level h, and return every other one of the rest."""
        level = self._levels[h]
        odd = len(level) % 2
        coin = self._rng.random() < 0.5
        self._levels[h] = level[:odd].copy()
        self._variance += 4**h
        return level[odd + coin :: 2].copy()

    def merge(self, other):
        """Add what ``other`` has read, as if this sketch had read it too.

        Parameters
        ----------
        other : KLL
            With the same k and coins of its own; it stays as it is. Of two sketches with one seed
            errors may add up, where they would partly cancel.

        Raises
        ------
        TypeError
            If ``other`` is of another kind.
        ValueError
            If k differs.
        """
        variance = self._variance if other is self else 0
        super().merge(other)
        self._variance += 2 * variance  # one error twice has four times the variance, not two

    def _merge(self, other):
        self._levels += [np.empty(0)] * (len(other._levels) - len(self._levels))
        for h, level in enumerate(other._levels):
            self._levels[h] = _join(self._levels[h], level)
        self._low, self._high = min(self._low, other._low), max(self._high, other._high)
        self._variance += other._variance
        self._compress()

    @property
    def count(self):
        """How many numbers were read, an int of any size."""
        kept = sum(len(level) << h for h, level in enumerate(self._levels))
        return kept + len(self._waiting)

    @property
    def nbytes(self):
        """Bytes of the values that are kept."""
        self._flush()
        return sum(level.nbytes for level in self._levels)

    @property
    def min(self):
        """The smallest number that was read."""
        return self._extremes()[0]

    @property
    def max(self):
        """The greatest number that was read."""
        return self._extremes()[1]

    def _extremes(self):
        self._flush()
        if self._low > self._high:
            raise ValueError("an empty KLL has no values to tell of; update it first.")
        return self._low, self._high

    def error_bound(self, delta):
        r"""Return the share of `count` by which a rank errs at most, up to a chance of delta.

        The theorem with the compactions that were made: :math:`\sqrt{2 V \ln(2/\delta)} / n`,
        usually several times less than what `from_error` had to promise for every n.

        Parameters
        ----------
        delta : float
            Between 0 and 1, exclusive.

        Returns
        -------
        float
            0 as long as every value is kept.
        """
        delta = check_fraction(delta, "delta")
        self._extremes()
        log = math.log(2) - math.log(delta)  # of 2 / delta, which can overflow
        return math.sqrt(2 * log * (self._variance / self.count**2))

    def rank(self, x):
        """Return how many of the numbers that were read are at most x, as estimated.

        Parameters
        ----------
        x : float, or array of shape (n,)

        Returns
        -------
        int, or array of shape (n,)
            int64, or Python integers where `count` is 2**63 or more.
        """
        return self._look_up(x, "x", 0)

    def cdf(self, points):
        """Return the share of the numbers that were read that is at most each point.

        Parameters
        ----------
        points : float, or array of shape (n,)

        Returns
        -------
        float, or array of float64, shape (n,)
            `rank` divided by `count`.
        """
        return self._look_up(points, "points", 1)

    def quantile(self, q):
        """Return the smallest kept value whose `cdf` is at least q.

        Parameters
        ----------
        q : float, or array of shape (n,)
            Between 0, which gives the minimum, and 1, which gives the maximum.

        Returns
        -------
        float, or array of float64, shape (n,)
        """
        qs = as_numbers(q, "q").astype(np.float64)
        low, high = self._extremes()
        if not np.all((qs >= 0) & (qs <= 1)):
            raise ValueError("q must be between 0 and 1; divide percentages by 100.")
        values, _, shares = self._sorted()
        found = values[np.searchsorted(shares[1:], qs)]
        found = np.where(qs == 0, low, np.where(qs == 1, high, found))
        return found if qs.ndim else float(found)

    def _sorted(self):
        """All kept values in order, the weights up to each of them, and those as shares."""
        self._extremes()
        values = np.concatenate(self._levels)
        dtype = np.int64 if self.count < 2**63 else object
        ones = [np.full(len(level), 1 << h, dtype) for h, level in enumerate(self._levels)]
        order = np.argsort(values, kind="stable")
        ranks = np.concatenate([[0], np.cumsum(np.concatenate(ones)[order])]).astype(dtype)
        return values[order], ranks, (ranks / self.count).astype(float)

    def _look_up(self, points, name, column):
        points = as_numbers(points, name).astype(np.float64)
        if np.isnan(points).any():
            raise ValueError(f"{name} must be numbers; NaN has no rank, leave it out.")
        values, *columns = self._sorted()
        found = columns[column][np.searchsorted(values, np.atleast_1d(points), side="right")]
        return found if points.ndim else found.tolist()[0]

    @classmethod
    def from_bytes(cls, data, *, rng=None):
        """Return the sketch that ``to_bytes`` wrote, with new coins; see `Sketch.from_bytes`."""
        sketch = super().from_bytes(data)
        sketch._rng = as_rng(rng)
        return sketch

    def _values(self):
        ends = [self._low, self._high] if self._low <= self._high else []
        kept = np.concatenate([*self._levels, ends])
        sizes = [len(level) for level in self._levels]
        return {"variance": self._variance, "sizes": sizes, "kept": kept.view(np.int64)}

    def _restore(self, values):
        sizes = [check_count(size, "size", low=0) for size in values["sizes"]]
        n_ends = 2 if sum(sizes) else 0
        kept = check_array(values["kept"], np.int64, (sum(sizes) + n_ends,)).view(np.float64)
        *levels, ends = np.split(kept, np.cumsum(sizes))
        if not np.isfinite(kept).all() or any(np.any(np.diff(level) < 0) for level in levels):
            raise ValueError("values must be finite, and each level sorted.")
        if n_ends:
            low, high = ends.tolist()
            inside = kept[:-2].min() >= low and kept[:-2].max() <= high
            if not inside or (len(sizes) == 1 and {low, high} != {*levels[0][[0, -1]].tolist()}):
                raise ValueError("minimum and maximum must be those of the values.")
            self._low, self._high = low, high
        if sum(sizes) > sum(_capacities(self.k, len(sizes))) or (sizes[-1] == 0 and sizes != [0]):
            raise ValueError("levels must have room, and the highest must not be empty.")
        self._levels = [level.copy() for level in levels]
        self._variance = check_count(values["variance"], "variance", low=0)
        least = sum(4**h for h in range(len(sizes) - 1))  # each level was compacted once
        if self._variance < least or self.k**2 * self._variance > BOUND * self.count**2:
            raise ValueError("no compactions give this variance.")


@functools.lru_cache(256)
def _capacities(k, n_levels):
    """Capacities of the levels, the lowest first: k (2/3)**depth, even, and at least 8."""
    depths = range(n_levels - 1, -1, -1)
    return tuple(max(SMALLEST, 2 * -(-k * 2**depth // (2 * 3**depth))) for depth in depths)


def _join(some, others):
    """Return two sorted arrays as one."""
    if not len(some):
        return others
    return np.sort(np.concatenate([some, others]), kind="stable")  # which merges runs
