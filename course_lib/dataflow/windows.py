"""Windows of event time: counts by key, watermarks, and events that come too late.

TumblingWindows   an operator: counts by key and window, closed when the watermark has passed
is_late           which events of a stream it drops
"""

import math
from collections import Counter

import numpy as np

from course_lib._validation import check_count, check_number, check_vector

__all__ = ["TumblingWindows", "is_late"]

MOST_WINDOWS = 2.0**52  # that floats can number


def is_late(times, width, *, bound=0.0, clock=None):
    r"""Return which events come after their window was closed.

    Parameters
    ----------
    times : array, shape (n,)
        When each happened, in the order in which they come.
    width : float
        Of the windows ``[i * width, (i + 1) * width)``; infinity: one for all.
    bound : float, default 0
        The watermark stays so far behind the latest clock.
    clock : array, shape (n,), optional
        What the source's clock showed when it sent each; not given: ``times``, so that the
        watermark follows the latest event.

    Returns
    -------
    array of bool, shape (n,)
        Whether the end of the window is not after the watermark,
        :math:`\max_{j \le i} \text{clock}_j - \text{bound}`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or sizes differ.

    Notes
    -----
    **Guarantee.** If the clock is the time of arrival, an event is late if and only if its
    delay is at least what was left of its window when it happened, plus the bound.

    Examples
    --------
    >>> is_late([5.0, 12.0, 3.0, 31.0, 14.0], 10.0).tolist()
    [False, False, True, False, True]
    >>> is_late([5.0, 12.0, 3.0, 31.0, 14.0], 10.0, bound=5.0).tolist()
    [False, False, False, False, True]
    """
    times = check_vector(times, "times", dtype=np.float64)
    clock = times if clock is None else check_vector(clock, "clock", len(times), dtype=np.float64)
    width, bound = _check_window(width, bound)
    return _starts(times, width) + width <= np.maximum.accumulate(clock) - bound


class TumblingWindows:
    r"""Counts of events by key and window of event time, closed as the watermark passes.

    Parameters
    ----------
    width : float
        Of a window, see `is_late`.
    bound : float, default 0
        How far the watermark stays behind.
    channels : int, default 1
        Sources, each with a clock: the watermark is the least of the clocks, less the bound.

    Attributes
    ----------
    n_late : int
        Events that were dropped because their window was closed.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    Notes
    -----
    **Guarantee.** Each event is in exactly one result, or counted as late. Results of a
    window are final. A larger bound makes fewer events late and every result later.

    References
    ----------
    .. [1] T. Akidau et al., "The Dataflow model", PVLDB 8(12), 2015, 1792-1803.

    Examples
    --------
    >>> windows = TumblingWindows(10.0)
    >>> windows.update(["a", "b", "a"], [5.0, 12.0, 3.0])    # the last one is late
    [('a', 0.0, 1)]
    >>> windows.update(["b"], [25.0])
    [('b', 10.0, 1)]
    >>> windows.n_late, windows.watermark, windows.flush()
    (1, 25.0, [('b', 20.0, 1)])
    """

    def __init__(self, width, *, bound=0.0, channels=1):
        self.width, self.bound = _check_window(width, bound)
        self._clocks = [-math.inf] * check_count(channels, "channels", low=1, high=10**6)
        self._open, self._first_end, self.n_late = {}, math.inf, 0

    @property
    def watermark(self):
        """No result will change for events that happened before this time."""
        return min(self._clocks) - self.bound

    @property
    def n_open(self):
        """Counts that are held: of keys in open windows."""
        return len(self._open)

    def add(self, key, time, clock=None, channel=0):
        """Take one event; return results that it closes, a list of (key, start, count).

        Parameters
        ----------
        key : hashable
        time : float
            When it happened.
        clock : float, optional
            Of its source, see `is_late`.
        channel : int, default 0
            Its source.

        Returns
        -------
        list of (key, float, int)
            In the order of windows, then of keys.
        """
        number = time / self.width
        if not abs(number) < MOST_WINDOWS:
            raise ValueError(_far(time, self.width))
        closed = self.advance(time if clock is None else clock, channel)
        start = math.floor(number) * self.width if self.width < math.inf else 0.0
        if start + self.width <= self.watermark:
            self.n_late += 1
        else:
            self._open[start, key] = self._open.get((start, key), 0) + 1
            self._first_end = min(self._first_end, start + self.width)
        return closed

    def update(self, keys, times, clock=None, channel=0):
        """Take many events of one source, as `add` takes one after the other.

        Parameters
        ----------
        keys : sequence, length n
        times : array, shape (n,)
        clock : array, shape (n,), optional
        channel : int, default 0

        Returns
        -------
        list of (key, float, int)
            Results that were closed, in the order of windows, then of keys.
        """
        times = check_vector(times, "times", dtype=np.float64)
        keys = keys.tolist() if isinstance(keys, np.ndarray) else list(keys)
        if len(keys) != len(times):
            raise ValueError(f"keys must be one for each of {len(times)} times; got {len(keys)}.")
        if len(times) == 0:
            return []
        clock = times if clock is None else check_vector(clock, "clock", len(times))
        self._check_channel(channel)
        others = min([math.inf, *self._clocks[:channel], *self._clocks[channel + 1 :]])
        latest = np.maximum(np.maximum.accumulate(clock), self._clocks[channel])
        starts = _starts(times, self.width)
        late = starts + self.width <= np.minimum(latest, others) - self.bound
        self.n_late += int(late.sum())
        kept = np.flatnonzero(~late)
        counts = Counter(zip(starts[kept].tolist(), [keys[i] for i in kept.tolist()], strict=True))
        for place, count in counts.items():
            self._open[place] = self._open.get(place, 0) + count
        if len(kept):
            self._first_end = min(self._first_end, float(starts[kept].min()) + self.width)
        return self.advance(float(latest[-1]), channel)

    def advance(self, clock, channel=0):
        """Move a source's clock on, if it was behind; return the results that this closes.

        Parameters
        ----------
        clock : float
            Infinity after the source's last event.
        channel : int, default 0

        Returns
        -------
        list of (key, float, int)
        """
        self._check_channel(channel)
        if clock > self._clocks[channel]:
            self._clocks[channel] = clock
        return self._close(self.watermark) if self._first_end <= self.watermark else []

    def flush(self):
        """Close all windows, as at the end of the stream; return their results."""
        return self._close(math.inf)

    def copy(self):
        """Return a copy, such as a snapshot."""
        made = TumblingWindows(self.width, bound=self.bound, channels=len(self._clocks))
        made._clocks, made._open = list(self._clocks), dict(self._open)
        made._first_end, made.n_late = self._first_end, self.n_late
        return made

    def _close(self, watermark):
        due = sorted(place for place in self._open if place[0] + self.width <= watermark)
        closed = [(key, start, self._open.pop((start, key))) for start, key in due]
        self._first_end = min((start + self.width for start, _ in self._open), default=math.inf)
        return closed

    def _check_channel(self, channel):
        if not 0 <= channel < len(self._clocks):
            raise ValueError(f"channel must be from 0 to {len(self._clocks) - 1}; got {channel}.")


def _check_window(width, bound):
    width = check_number(width, "width", low=0.0, open_low=True)
    return width, check_number(bound, "bound", low=0.0, high=math.inf, open_high=True)


def _starts(times, width):
    if width == math.inf:
        return np.zeros(len(times))
    if len(times) and not np.abs(times).max() / width < MOST_WINDOWS:
        raise ValueError(_far(np.abs(times).max(), width))
    return np.floor(times / width) * width


def _far(time, width):
    return (
        f"times must lie within {MOST_WINDOWS:.1e} widths of 0; got {time:g} and a width of "
        f"{width:g}, widen the windows."
    )
