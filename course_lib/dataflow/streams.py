"""A keyed stream on a simulated cluster: snapshots by barriers, crashes, results exactly once."""

import itertools
import math
from typing import NamedTuple

from course_lib._validation import check_count, check_flag, check_number
from course_lib.cost import Cluster, Meter
from course_lib.dataflow._stream_parts import Coordinator, Counter, Sink, Source
from course_lib.dataflow.barriers import AlignedBarriers, LooseBarriers
from course_lib.dataflow.partitions import partition_keys
from course_lib.dataflow.simulated import checked_crashes
from course_lib.dataflow.windows import TumblingWindows

__all__ = ["MODES", "StreamRun", "simulate_stream"]

MODES = ("aligned", "loose", "alone")


class StreamRun(NamedTuple):
    """What became of a stream."""

    counts: dict  # from (key, start of the window) to events
    n_late: int  # events that were dropped because their window was closed
    sent_events: int  # those sent again among them
    received_results: int  # by the sink, those that came again among them
    checkpoints: int  # that were completed
    recoveries: int  # after a machine had come back
    most_held: int  # messages that a gate held back at one time
    seconds: float  # when the last result came to the sink
    meter: Meter  # all messages and their bytes


def simulate_stream(
    logs,
    *,
    mode="aligned",
    barriers=None,
    n_counters=2,
    width=math.inf,
    bound=0.0,
    idempotent=True,
    every_s=1.0,
    crashes=(),
    restart_s=0.3,
    gap_s=0.01,
    latency_s=None,
    seed=0,
    rng=0,
):
    """Count the events of several logs by key and window, while machines crash.

    Parameters
    ----------
    logs : sequence of sequences
        One for each source: events ``(key, time)`` or ``(key, time, clock)``, see `is_late`.
    mode : {"aligned", "loose", "alone"}, default "aligned"
        ``"aligned"``: counters hold back by `AlignedBarriers`, and after a crash everybody goes
        back to the last complete checkpoint. ``"loose"``: everybody goes back, but nobody holds
        back. ``"alone"``: nor does anybody go back but the machine that crashed.
    barriers : callable, optional
        ``barriers(n_channels)`` makes the gate of a counter, in place of that of the mode: an
        object with a method ``receive(channel, message)`` and ``n_held``, see `AlignedBarriers`.
    n_counters : int, default 2
        Keys are shared out among them by `partition_keys`.
    width, bound : float
        Of `TumblingWindows`; without a width all events are in one window, which starts at 0.
    idempotent : bool, default True
        Whether a result that comes again takes the place of the first; else the sink adds it.
    every_s : float, default 1
        Seconds between two checkpoints.
    crashes : sequence of (float, int)
        Times, and machines: first the sources, then the counters. The coordinator and the sink do
        not crash; a machine that is down already does not crash again.
    restart_s : float, default 0.3
        How long after its crash a machine is back, with its disk.
    gap_s : float, default 0.01
        Mean seconds between two events of a source.
    latency_s : float or callable, optional
        As of `course_lib.cost.Cluster`; not given: exponential, of mean 0.05.
    seed : int, default 0
        Of the hash that shares out keys.
    rng : Generator, int or None, default 0

    Returns
    -------
    StreamRun

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or has the wrong type.

    Notes
    -----
    **Protocol.** The coordinator numbers checkpoints. A source that hears of one writes down its
    offset and sends a barrier to every counter; a counter writes down its counts when the barriers
    of all sources have come. A checkpoint is complete when all have written. A machine
    that comes back says so. Then all counters go back to the last complete checkpoint, then all
    sources, and all of them forget messages that were sent before.

    **Guarantee.** In the mode ``"aligned"``, whatever crashes: each event is in exactly one count,
    or late, exactly once, if

    1. links keep the order of messages and lose none between machines that live,
    2. sources can be read again,
    3. the sink is idempotent, and results depend on the logs alone: there is one source, or no
       event is late. With several sources it may depend on who was faster which events are late.

    References
    ----------
    .. [1] K. M. Chandy, L. Lamport, "Distributed snapshots: determining global states of
       distributed systems", ACM Transactions on Computer Systems 3(1), 1985.

    Examples
    --------
    Two sources of 300 events each; a source and later the counter crash:

    >>> log = [("a", float(i)) for i in range(300)]
    >>> crashes = [(1.8, 1), (2.9, 2)]
    >>> run = simulate_stream([log, log], n_counters=1, crashes=crashes, rng=1)
    >>> run.counts, run.recoveries, run.sent_events > 600
    ({('a', 0.0): 600}, 2, True)
    >>> simulate_stream([log, log], mode="loose", n_counters=1, crashes=crashes, rng=1).counts
    {('a', 0.0): 615}
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {MODES}; got {mode!r}.")
    gate = barriers or (AlignedBarriers if mode == "aligned" else LooseBarriers)
    if not callable(gate):
        raise TypeError(f"barriers must be a class like AlignedBarriers; got {barriers!r}.")
    stream = _Stream(
        _events(logs),
        gate,
        check_count(n_counters, "n_counters", low=1, high=1000),
        (check_number(width, "width", low=0.0, open_low=True), bound),
        _positive(gap_s, "gap_s"),
        latency_s,
        (seed, rng),
        check_flag(idempotent, "idempotent"),
    )
    every_s, restart_s = _positive(every_s, "every_s"), _positive(restart_s, "restart_s")
    stream.run(every_s, mode == "alone", crashes, restart_s)
    return stream.outcome(mode == "alone")


class _Stream:
    """The cluster and what its machines share."""

    def __init__(self, logs, gate, n_counters, window, gap_s, latency_s, luck, idempotent):
        self.meter, self.gap_s = Meter(), gap_s
        if latency_s is None:
            latency_s = _exponential
        self.cluster = Cluster(latency_s=latency_s, ordered=True, rng=luck[1], meter=self.meter)
        self.sent_events = self.most_held = 0
        self.gate = lambda: gate(len(logs))
        self.operator = lambda: TumblingWindows(window[0], bound=window[1], channels=len(logs))
        self.operator()  # refuses a bad bound before anything runs
        keys = list(dict.fromkeys(event[0] for log in logs for event in log))
        parts = partition_keys(keys, n_counters, seed=luck[0]).tolist()
        self.homes = {key: f"counter {part}" for key, part in zip(keys, parts, strict=True)}
        self.sources = [Source(self, channel, log) for channel, log in enumerate(logs)]
        self.counters = [Counter(self, number) for number in range(n_counters)]
        self.sink = Sink(self, idempotent)

    def run(self, every_s, alone, crashes, restart_s):
        """Let it run until all logs are read and all results are out."""
        self.boss = Coordinator(self, every_s, patience_s=0.5 + restart_s)
        self.boss.machine.start(self.boss.recover())
        parts = [*self.sources, *self.counters]
        for time_s, i in checked_crashes(crashes, len(parts)):
            self.cluster.at(time_s, self._crash, parts[i], restart_s, alone)
        self.cluster.run()

    def _crash(self, part, restart_s, alone):
        if part.machine.alive:
            part.machine.crash()
            boot = self._boot_alone(part) if alone else self._boot
            self.cluster.after(restart_s, part.machine.restart, boot)

    def _boot(self, machine):
        machine.send("coordinator", ("up",))

    def _boot_alone(self, part):
        """Go back to the last snapshot of one's own, whoever else has one."""

        def boot(machine):
            self.boss.recoveries += 1
            number = max((number for number in machine.disk), default=0)
            order = "resume" if part in self.sources else "restore"
            part._serve(machine, None, (order, self.boss.epoch, number))

        return boot

    def outcome(self, alone):
        """Return the `StreamRun`."""
        windows = [counter.machine.memory["windows"] for counter in self.counters]
        if alone:  # a counter may have forgotten that a source has ended
            for kept in windows:
                for key, start, count in kept.flush():
                    self.sink._serve(None, None, ("result", key, start, count))
        return StreamRun(
            self.sink.results,
            sum(kept.n_late for kept in windows),
            self.sent_events,
            self.sink.received,
            self.boss.checkpoints,
            self.boss.recoveries,
            self.most_held,
            self.sink.last_s,
            self.meter,
        )


def _exponential(rng, source, target):
    return rng.exponential(0.05)


def _positive(seconds, name):
    return check_number(seconds, name, low=0.0, high=1e6, open_low=True)


def _events(logs):
    """Return logs of (key, time, clock)."""
    try:
        logs = [[(*event, event[1])[:3] for event in log] for log in logs]
    except (TypeError, IndexError):
        raise TypeError("logs must be sequences of events (key, time).") from None
    if not logs:
        raise ValueError("logs must hold at least one log; got none.")
    for event in itertools.chain(*logs):
        if len(event) != 3:
            raise ValueError(f"an event must be (key, time) or with a clock; got {event!r:.60}.")
        check_number(event[1], "the time of an event", low=-1e300, high=1e300)
        check_number(event[2], "the clock of an event", low=-1e300, high=1e300)
    return logs
