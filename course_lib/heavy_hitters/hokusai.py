"""Hokusai: a Count-Min sketch with a memory that fades, as the picture of a wave does."""

import numpy as np

from course_lib._sketch import CountingSketch, as_batch, hash_items
from course_lib._sketch.wire import check_array
from course_lib._validation import check_count
from course_lib.heavy_hitters.linear import CountMin, cell_numbers

__all__ = ["Hokusai"]


class Hokusai(CountingSketch):
    r"""Counts of items in each past interval of time, the older the coarser.

    Parameters
    ----------
    width : int
        Counters in a row of the newest sketch; a power of 2.
    depth : int
        Rows, at least 1.
    seed : int, default 0
        Number of the hash functions; sketches merge if their seeds are equal.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of range or not an integer.

    Notes
    -----
    **Cost.** Two memories of Count-Min tables, w wide and d deep. *By item*: the sketch of each
    interval, folded to :math:`w/2^b` when its age passes :math:`2^b`; 2**b sketches have that
    width, so t intervals take :math:`w d (2 + \lfloor \log_2 t \rfloor)` counters. *By time*:
    a sketch of full width for each of the last windows of 1, 2, 4, ... intervals, another
    :math:`w d (1 + \lfloor \log_2 t \rfloor)`. A tick costs :math:`O(w d)` on average.

    **Guarantee.** Let interval s have age a and total count :math:`N_s`. By item, an estimate
    is never too low, and too high by more than :math:`e 2^b N_s / w`,
    :math:`b = \lfloor \log_2 a \rfloor`, with probability at most :math:`e^{-d}` (Count-Min
    with the folded width). By time, it is an upper bound of the count in the whole window that
    holds s. The interpolation of the two multiplies the window's count by the share that the
    interval has of the item's folded cell; it is exact if items keep their shares within the
    window and has no guarantee otherwise ([1], Section 4.3).

    References
    ----------
    .. [1] S. Matusevych, A. Smola, A. Ahmed, "Hokusai: sketching streams in real time", UAI
       2012, 594-603, Algorithms 2 (by time), 3 (by item) and 4.

    Examples
    --------
    >>> sketch = Hokusai(width=64, depth=3)
    >>> for flights in (["ORD", "ORD", "BOS"], ["ORD"], ["BOS", "BOS"]):
    ...     sketch.update(flights)
    ...     sketch.tick()
    >>> sketch.estimate("ORD", time=1, method="item"), sketch.estimate("BOS", time=3)
    (2, 2.0)
    """

    _parameters = ("width", "depth", "seed")

    def __init__(self, width, depth, *, seed=0):
        super().__init__(seed)
        self._present = CountMin(width, depth, seed=self.seed)
        self.width, self.depth = self._present.width, self._present.depth
        if self.width & (self.width - 1):
            raise ValueError(f"width must be a power of 2, so that it folds; got {width}.")
        self._intervals = []  # by item: one sketch for each past interval, the oldest first
        self._windows = []  # by time: the window of 2**j intervals, and when it ended

    @classmethod
    def _room(cls, width, depth, **_):
        return 8 * (width + 1) * depth

    @property
    def time(self):
        """Number of the last finished interval; the first is 1."""
        return len(self._intervals)

    @property
    def nbytes(self):
        """Bytes of all counters."""
        self._flush()
        return sum(sketch.nbytes for sketch in self._sketches())

    def _sketches(self):
        return [self._present, *self._intervals, *(sketch for sketch, _ in self._windows)]

    def tick(self):
        """Finish the present interval and begin the next one."""
        self._flush()
        self._intervals.append(self._present)
        self._remember_by_time(self._present.copy())
        age = 2
        while age < self.time:  # a sketch is folded when its age reaches 2, 4, 8, ...
            aged = self._intervals[-1 - age]
            if aged.width > 1:
                self._intervals[-1 - age] = aged.fold()
            age *= 2
        self._present = CountMin(self.width, self.depth, seed=self.seed)

    def _remember_by_time(self, window):
        """Windows carry over like the digits of a binary counter ([1], Algorithm 2)."""
        level = 0
        while self.time % 2**level == 0:
            if level == len(self._windows):
                self._windows.append((window, self.time))
                return
            shorter, (previous, _) = window, self._windows[level]
            self._windows[level] = shorter, self.time
            window = shorter.copy()
            window.merge(previous)
            level += 1

    def estimate(self, items, time, *, method="interpolate"):
        """Return estimates of the counts in one past interval.

        Parameters
        ----------
        items : int, str or bytes, or an array or sequence of them, length n
        time : int
            Number of the interval, from 1 to ``self.time``.
        method : {"interpolate", "item", "time"}
            ``"item"`` reads the folded sketch of the interval, an upper bound. ``"time"`` reads
            the shortest window that holds the interval and divides by its length.
            ``"interpolate"`` combines the two, row by row.

        Returns
        -------
        float or int, or array of them, shape (n,)
            Integers for ``"item"``.

        Raises
        ------
        ValueError, TypeError
            If the interval is not a finished one, or the method is unknown.
        """
        time = check_count(time, "time", low=1, high=self.time, high_name="self.time")
        if method not in ("interpolate", "item", "time"):
            raise ValueError(f"method must be 'interpolate', 'item' or 'time'; got {method!r}.")
        interval = self._intervals[time - 1]
        if method == "item":
            return interval.estimate(items)
        level = next(j for j, (_, end) in enumerate(self._windows) if end - 2**j < time <= end)
        window, _ = self._windows[level]
        if method == "time":
            return window.estimate(items) / 2**level
        batch, single = as_batch(items)
        estimates = _interpolate(window, interval, hash_items(batch, self.seed))
        return estimates[0].item() if single else estimates

    def _add(self, hashes, counts, _items):
        self._present._add(hashes, counts, _items)

    def _merge(self, other):
        if self.time != other.time:
            raise ValueError(
                f"both sketches must have ticked equally often to merge; "
                f"got {self.time} and {other.time} ticks."
            )
        for mine, theirs in zip(self._sketches(), other._sketches(), strict=True):
            mine.merge(theirs)

    def _values(self):
        tables = [sketch.table.ravel() for sketch in self._sketches()]
        return {
            "widths": [sketch.width for sketch in self._sketches()],
            "ends": [end for _, end in self._windows],
            "counters": np.concatenate(tables),
        }

    def _restore(self, values):
        split = len(values["widths"]) - len(values["ends"])
        widths, ends = self._plan(split - 1)
        if values["widths"] != widths or values["ends"] != ends:
            raise ValueError("the widths and ends must be those of some number of ticks.")
        counters = check_array(values["counters"], np.int64, (self.depth * sum(widths),))
        sketches, start = [], 0
        for width in widths:
            sketch = CountMin(width, self.depth, seed=self.seed)
            stop = start + width * self.depth
            sketch._table[:] = counters[start:stop].reshape(self.depth, width)
            sketches.append(sketch)
            start = stop
        self._present, self._intervals = sketches[0], sketches[1:split]
        self._windows = list(zip(sketches[split:], ends, strict=True))

    def _counted(self):
        return max(sketch._counted() for sketch in self._sketches())

    def _plan(self, time):
        """The widths of all sketches and the ends of the windows, after so many ticks."""
        ages = range(time - 1, -1, -1)
        by_item = [max(1, self.width >> max(0, age.bit_length() - 1)) for age in ages]
        ends = [time - time % 2**level for level in range(time.bit_length())]
        return [self.width, *by_item, *(self.width for _ in ends)], ends


def _interpolate(window, interval, hashes):
    """The window's counts, times the interval's share of each folded cell; the least row."""
    folded = window
    while folded.width > interval.width:
        folded = folded.fold()
    estimates = np.full(len(hashes), np.inf)
    for row in range(window.depth):
        fine = cell_numbers(hashes, window, row)
        coarse = cell_numbers(hashes, interval, row)
        in_window = folded._table[row, coarse]
        share = interval._table[row, coarse] / np.maximum(in_window, 1)
        estimates = np.minimum(estimates, window._table[row, fine] * share)
    return estimates
