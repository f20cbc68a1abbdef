"""A cluster in one process: machines, messages, failures, and one clock.

Made for algorithms on more machines than this one: their messages, bytes and rounds are counted,
their seconds follow from a network of known latency and bandwidth, and machines crash on request.

Cluster   the clock, the network, what is counted
Machine   runs processes, answers requests, crashes and comes back
Process   a generator that runs on a machine
Signal    wakes the processes that wait for it
Blob      a message of which only the size matters
Span      a stretch of work, a bar of a Gantt chart
Delivery  what became of a message, an arrow of a space-time diagram

A process waits by ``yield``::

    yield machine.sleep(seconds)                  a timer
    yield machine.work(seconds, label)            a place on the processor, then the time itself
    reply = yield machine.ask(target, message)    what `serve` of the target returns
    replies = yield machine.ask_all(targets, message, need=2)     a dict of the first two
    source, message = yield machine.receive()     mail of a machine without `serve`
    result = yield process                        the end of another process
    value = yield signal                          until somebody fires it
"""

import heapq
import itertools
import math

from course_lib._validation import as_rng, check_number
from course_lib.cost._machines import Machine
from course_lib.cost._messages import Blob, Delivery, Letter, copied
from course_lib.cost._processes import Process, Signal, Span, check_seconds
from course_lib.cost.meter import Meter, size_bytes

__all__ = ["Blob", "Cluster", "Delivery", "Machine", "Process", "Signal", "Span"]


class Cluster:
    """Machines that send each other messages, and the clock that they share.

    Parameters
    ----------
    latency_s : float or callable, default 0.0005
        Seconds that a byte is on the wire, or ``latency_s(rng, source, target)``, which draws
        them for one message between machines of these names.
    bytes_per_s : float, default infinity
        Rate of the link of each machine.
    overhead_s : float, default 0
        Seconds that a message keeps a link busy beside those of its bytes.
    loss : float, default 0
        Chance that a message is lost.
    ordered : bool, default False
        Whether messages from one machine to another arrive in the order in which they were sent.
        Else a message with a short latency overtakes one with a long latency.
    rng : Generator, int or None, default 0
        The seed.
    meter : Meter, optional
        Counts ``messages``, ``sent_bytes`` and ``rounds``, when a message is sent, be it lost or
        not. ``rounds`` grows with the longest chain of messages, each sent by a machine that had
        received the one before: a Lamport clock [1].
    trace : bool, default False
        Whether to keep what `deliveries` returns.

    Attributes
    ----------
    now : float
        Seconds since the beginning; it moves only when something happens.
    machines : dict
        `Machine` by name, in the order in which they were made.
    spans : list of Span
        Work that has ended, in the order of its ends.

    Raises
    ------
    ValueError
        If a number is out of range.
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    **Model.** Each machine has one port out and one port in, which work at the same time, each on
    one message at a time, for ``overhead_s + bytes / bytes_per_s``. A message that goes out at
    time t over a free port reaches the other machine with its first byte at t + latency, and has
    arrived ``overhead_s + bytes / bytes_per_s`` later; or later still if the port in is busy with
    messages whose first bytes came before. A message to oneself takes no time and is not counted.

    **Cost.** :math:`O(\\log e)` for each message and each wait, with e events planned.

    **Guarantee.** Same program, same seed, same run, bit by bit: events happen in the order of
    their times, and at one time in the order in which they were planned. Each machine draws from
    generators of its own.

    References
    ----------
    .. [1] L. Lamport, "Time, clocks, and the ordering of events in a distributed system",
       Comm. ACM 21(7), 1978.

    Examples
    --------
    One megabyte over a millisecond of latency and a gigabyte a second takes two milliseconds:

    >>> from course_lib.cost import Blob, Meter
    >>> cluster = Cluster(latency_s=1e-3, bytes_per_s=1e9, meter=Meter())
    >>> anna, ben = cluster.machine("anna"), cluster.machine("ben")
    >>> def reader():
    ...     source, message = yield ben.receive()
    ...     print(source, message.nbytes, cluster.now)
    >>> process = ben.start(reader())
    >>> anna.send("ben", Blob(1_000_000))
    >>> cluster.run()
    anna 1000000 0.002
    >>> cluster.meter
    Meter(messages=1, sent_bytes=1000000, rounds=1)
    """

    def __init__(
        self,
        *,
        latency_s=5e-4,
        bytes_per_s=math.inf,
        overhead_s=0.0,
        loss=0.0,
        ordered=False,
        rng=0,
        meter=None,
        trace=False,
    ):
        if not callable(latency_s):
            check_number(latency_s, "latency_s", low=0.0, high=math.inf, open_high=True)
        if meter is not None and not isinstance(meter, Meter):
            raise TypeError(f"meter must be a Meter or None; got {meter!r}.")
        self.latency_s, self.meter = latency_s, meter
        self.bytes_per_s = check_number(bytes_per_s, "bytes_per_s", low=0.0, open_low=True)
        self.overhead_s = check_number(overhead_s, "overhead_s", low=0.0, high=1e9)
        self.loss = check_number(loss, "loss", low=0.0, high=1.0)
        self.now, self.machines, self.spans = 0.0, {}, []
        self._seed = int(as_rng(rng).integers(1 << 62))
        self._events, self._planned = [], itertools.count()
        self._last_s = {} if ordered else None  # arrival of the last first byte, by pair of names
        self._letters = [] if trace else None
        self._cut_pairs, self._rounds, self._crashed = set(), 0, []

    def machine(self, name, serve=None, *, slots=1, speed=1.0):
        """Return a new machine.

        Parameters
        ----------
        name : hashable
            By which others send to it.
        serve : callable, optional
            ``serve(machine, source, message)`` is called with each message that comes. What it
            returns is the reply to `Machine.ask`; if it returns a generator, that runs as a
            process, and its result is the reply. Without it, processes `Machine.receive`.
        slots : int, default 1
            Processes that can `Machine.work` at the same time.
        speed : float, default 1
            Seconds of work done in a second.

        Returns
        -------
        Machine
        """
        if name is None or name in self.machines:
            raise ValueError(f"name must be new and not None; got {name!r}.")
        seed = self._seed, len(self.machines)
        self.machines[name] = made = Machine(self, name, serve, slots, speed, seed)
        return made

    def at(self, time_s, function, *args):
        """Plan the call ``function(*args)`` for a time, such as ``at(3.0, machine.crash)``."""
        time_s = check_number(time_s, "time_s", low=self.now, high=math.inf, open_high=True)
        if not callable(function):
            raise TypeError(f"function must be one that can be called; got {function!r}.")
        self._plan(time_s, None, function, args)

    def after(self, seconds, function, *args):
        """Plan the call ``function(*args)`` for so many seconds from now."""
        self.at(self.now + check_seconds(seconds, "seconds"), function, *args)

    def cut(self, left, right):
        """Lose every message between two groups of machines, until `heal`.

        Parameters
        ----------
        left, right : sequence
            Names; a text or an integer is one name. A message is lost if its two machines are cut
            off from each other when it is sent or when its first byte arrives.
        """
        groups = [
            [group] if isinstance(group, (str, int)) else list(group) for group in (left, right)
        ]
        for name in itertools.chain(*groups):
            self._named(name)
        self._cut_pairs.update(map(frozenset, itertools.product(*groups)))

    def heal(self):
        """Undo every `cut`."""
        self._cut_pairs.clear()

    def run(self, until_s=math.inf):
        """Let things happen, in order, until nothing is left to happen or time is over.

        Parameters
        ----------
        until_s : float, default infinity
            What is planned for this time still happens, and ``now`` is this time at the end. Needed
            if there are processes that never end.
        """
        until_s = check_number(until_s, "until_s", low=self.now)
        events, pop = self._events, heapq.heappop
        while events and events[0][0] <= until_s:
            time_s, _, turn, function, args = pop(events)
            if turn is None or turn.open:  # a timeout after the answer does not move the clock
                self.now = time_s
                function(*args)
        if until_s < math.inf:
            self.now = until_s

    @property
    def deliveries(self):
        """What became of each message so far, in the order of sending: a list of `Delivery`."""
        if self._letters is None:
            raise ValueError("deliveries are kept by Cluster(trace=True) only.")
        return [letter.delivery() for letter in self._letters]

    # What happens inside.

    def _plan(self, time_s, turn, function, args):
        heapq.heappush(self._events, (time_s, next(self._planned), turn, function, args))

    def _named(self, name):
        try:
            return self.machines[name]
        except (KeyError, TypeError):
            raise ValueError(f"a machine of this cluster must be named; got {name!r}.") from None

    def _send(self, source, target, message, answer=None, is_reply=False):
        """Bring a message to its port out, and its first byte over the wire."""
        if not source.alive:
            return
        nbytes, chain = size_bytes(message), source._round + 1
        letter = Letter(source, target, copied(message), nbytes, self.now, chain, answer, is_reply)
        letter.source_life = len(source._deaths)
        if source is target:
            letter.round, letter.target_life = source._round, letter.source_life
            self._plan(self.now, None, self._arrive, (letter,))
            return
        self._count(letter)
        start = max(self.now, source._port_out_s)
        source._port_out_s = letter.left_s = start + self._busy_s(nbytes)
        lost = self.loss and source._luck.random() < self.loss
        first_s = start + self._latency(source, target)  # drawn for lost ones too: common luck
        if lost or self._is_cut(letter):
            letter.fate = "lost" if lost else "cut"
            return
        if self._last_s is not None:
            pair = source.name, target.name
            first_s = self._last_s[pair] = max(first_s, self._last_s.get(pair, 0.0))
        self._plan(first_s, None, self._reach, (letter,))

    def _count(self, letter):
        if self.meter is not None:
            self.meter.messages += 1
            self.meter.sent_bytes += letter.nbytes
            self.meter.rounds += max(0, letter.round - self._rounds)
            self._rounds = max(self._rounds, letter.round)
        if self._letters is not None:
            self._letters.append(letter)

    def _busy_s(self, nbytes):
        return self.overhead_s + nbytes / self.bytes_per_s

    def _latency(self, source, target):
        if not callable(self.latency_s):
            return self.latency_s
        seconds = self.latency_s(source._luck, source.name, target.name)
        if not 0 <= seconds < math.inf:
            raise ValueError(f"latency_s must return finite seconds, not negative; got {seconds}.")
        return seconds

    def _is_cut(self, letter):
        pairs = self._cut_pairs
        return bool(pairs) and frozenset((letter.source.name, letter.target.name)) in pairs

    def _reach(self, letter):
        """The first byte is there: wait for the port in, then for the other bytes."""
        target = letter.target
        if self._is_cut(letter) or not target.alive:
            letter.fate = "crashed" if not target.alive else "cut"
            return
        letter.target_life = len(target._deaths)
        busy_s = self._busy_s(letter.nbytes)
        if busy_s:
            target._port_in_s = max(self.now, target._port_in_s) + busy_s
            self._plan(target._port_in_s, None, self._arrive, (letter,))
        else:
            self._arrive(letter)

    def _arrive(self, letter):
        """The last byte is there, unless one of the two machines crashed in the middle."""
        deaths, target = letter.source._deaths, letter.target
        left = len(deaths) == letter.source_life or letter.left_s <= deaths[letter.source_life]
        if not left or len(target._deaths) > letter.target_life:
            letter.fate = "crashed"
            return
        letter.fate, letter.arrived_s = "arrived", self.now
        target._round = max(target._round, letter.round)
        target._take(letter)
