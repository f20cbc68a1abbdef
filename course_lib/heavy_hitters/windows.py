"""Exponential histograms: how many ones the last N bits of a stream held."""

import math

import numpy as np

from course_lib._sketch import Sketch, as_numbers, sizing
from course_lib._validation import check_count, check_fraction

__all__ = ["ExponentialHistogram"]


class ExponentialHistogram(Sketch):
    r"""The ones among the last N bits of a stream, by buckets that double in size with age.

    A bucket at level i holds :math:`2^i` ones, and of them only the place of the last. As soon as a
    level has r + 2 buckets, its two oldest become one of the next level.

    Parameters
    ----------
    window : int
        N, the longest window that can be asked about, at least 1.
    n_buckets : int
        r, the least number of buckets at each level but the highest, at least 1.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or no integer.

    Notes
    -----
    **Cost.** At most :math:`(r + 1)(1 + \log_2(1 + N/r))` buckets of 8 bytes. A one costs one
    bucket and at most one merge on average; a zero costs nothing but the clock.

    **Guarantee.** Let c be the number of ones in a window of at most N bits, and
    :math:`\hat c` the answer of `estimate`. Always, with no chance involved,

    .. math:: |\hat c - c| \le \frac{c}{2r}.

    Only the oldest bucket that reaches into the window can begin outside it. If it holds C ones,
    between 1 and C of them are inside, and the answer takes the middle, so that it errs by
    :math:`(C - 1)/2` at most. Each lower level had r + 2 buckets once and has r or more since, so
    newer buckets hold :math:`B \ge r(1 + 2 + \dots + C/2) = r(C - 1)` ones, all of them inside, and
    :math:`c \ge 1 + B > r(C - 1)`. The idea is that of [1]; the constant is derived here, with
    (C + 1)/2 as the answer for the oldest bucket.

    Two windows do not merge: whoever wants the ones of two streams adds the two answers, and the
    sum errs by the same share of the sum.

    References
    ----------
    .. [1] M. Datar, A. Gionis, P. Indyk, R. Motwani, "Maintaining stream statistics over sliding
       windows", SIAM J. Comput. 31(6), 2002, 1794-1813.

    Examples
    --------
    >>> sketch = ExponentialHistogram(window=4, n_buckets=1)
    >>> sketch.update([1, 1, 1, 1, 1, 0])
    >>> sketch.estimate()                         # the window holds 1, 1, 1, 0
    2.5
    """

    _parameters = ("window", "n_buckets")

    def __init__(self, window, n_buckets):
        self.window = check_count(window, "window", low=1)
        self.n_buckets = check_count(n_buckets, "n_buckets", low=1)
        self._clock = 0  # bits read
        self._waiting = []
        self._levels = []  # of places, the oldest first; those at place i stand for 2**i ones

    @classmethod
    def from_error(cls, window, epsilon):
        r"""Return the smallest sketch whose answers err by at most a share epsilon.

        Parameters
        ----------
        window : int
            As for the class.
        epsilon : float
            Between 0 and 1, exclusive: :math:`r = \lceil 1/(2 \epsilon) \rceil`.

        Examples
        --------
        >>> ExponentialHistogram.from_error(1000, 0.1)
        ExponentialHistogram(window=1000, n_buckets=5)
        """
        epsilon = check_fraction(epsilon, "epsilon")
        with sizing("window"):
            n_buckets = math.ceil(1 / (2 * epsilon))
        return cls(window, n_buckets)

    def update(self, items):
        """Read one bit, or an array or sequence of them.

        Parameters
        ----------
        items : 0, 1 or bool, or an array or sequence of them

        Raises
        ------
        TypeError, ValueError
            If an item is neither 0 nor 1, or the items have more than one axis. Nothing has been
            read then.
        """
        bits = as_numbers(items)
        if bits.size and (bits.dtype.kind == "f" or bits.min() < 0 or bits.max() > 1):
            raise TypeError("items must be bits; these are not all 0 or 1, compare them first.")
        places = np.flatnonzero(bits).tolist()
        self._add([self._clock + place + 1 for place in places])
        self._clock += bits.size
        self._expire()

    def _add(self, places, i=0):
        """Append buckets to a level, and merge the two oldest while there are too many."""
        while places:
            if i == len(self._levels):
                self._levels.append([])
            level = self._levels[i]
            level += places
            n_merges = max(0, (len(level) - self.n_buckets) // 2)
            places = level[1 : 2 * n_merges : 2]  # a pair is where its newer half is
            del level[: 2 * n_merges]
            i += 1

    def _expire(self):
        """Drop buckets that the window has left behind; they stand at the highest levels."""
        while self._levels and self._levels[-1][0] <= self._clock - self.window:
            del self._levels[-1][0]
            if not self._levels[-1]:
                del self._levels[-1]

    def estimate(self, window=None):
        """Return about how many of the last bits are ones.

        Parameters
        ----------
        window : int, optional
            How many bits to look back, from 1 to the class's window, which is the default.

        Returns
        -------
        float
            Exact if that is the whole stream.
        """
        high = self.window
        window = check_count(high if window is None else window, "window", low=1, high=high)
        ones, oldest = 0, 1
        for i, level in enumerate(self._levels):
            inside = sum(place > self._clock - window for place in level)
            ones += inside << i
            oldest = 1 << i if inside else oldest
        return ones - (oldest - 1) / 2 if window < self._clock else float(ones)

    def merge(self, other):
        """Refuse: the windows of two streams are asked one by one, and their answers added."""
        raise ValueError("windows of two streams do not merge; add the answers of both sketches.")

    @property
    def count(self):
        """How many bits were read, an int of any size."""
        return self._clock

    @property
    def nbytes(self):
        """Bytes of the places of the buckets, at 8 each."""
        return 8 * sum(map(len, self._levels))

    def _values(self):
        return {"clock": self._clock, "levels": self._levels}

    def _restore(self, values):
        self._clock = check_count(values["clock"], "clock", low=0)
        self._levels = [[check_count(p, "place", low=1) for p in lv] for lv in values["levels"]]
        end = max(0, self._clock - self.window)  # no bucket in the window ends before that
        ends, r = 0, self.n_buckets
        for i in reversed(range(len(self._levels))):
            least = r if i + 1 < len(self._levels) else 1
            if not least <= len(self._levels[i]) <= r + 1:
                raise ValueError("a level has r or r + 1 buckets, the highest maybe fewer.")
            for place in self._levels[i]:
                if place <= end or place < ends + 2**i or place > self._clock:
                    raise ValueError("buckets must follow each other, with room for their ones.")
                ends = place
