"""Processes of a simulated cluster: generators that wait, and what wakes them.

Process  a generator that runs on a machine
Signal   wakes the processes that wait for it
Span     a stretch of work, as a Gantt chart draws it
Turn     the right of a process to go on, once
Wait     what a process yields to its machine
"""

import math
from typing import NamedTuple

from course_lib._validation import check_number

__all__ = ["Process", "Signal", "Span", "Turn", "Wait", "check_seconds"]


class Span(NamedTuple):
    """A stretch of work on a machine: a bar of a Gantt chart."""

    machine: object  # its name
    label: str
    start_s: float
    end_s: float
    fate: str  # "done", "cancelled" or "crashed"


class Signal:
    """What processes wait for by ``yield signal``, until somebody fires it.

    A signal wakes processes of the machine on which it is fired; other machines learn by messages.

    Examples
    --------
    >>> from course_lib.cost import Cluster
    >>> cluster, door = Cluster(), Signal()
    >>> def guest():
    ...     print((yield door), cluster.now)
    >>> process = cluster.machine("house").start(guest())
    >>> cluster.at(3.0, door.fire, "open")
    >>> cluster.run()
    open 3.0
    """

    def __init__(self):
        self._waiting = []

    def fire(self, value=None):
        """Wake all who wait, in the order in which they came; each gets this value."""
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            turn.wake_soon(value)

    def _begin(self, turn):
        self._waiting.append(turn)


class Process:
    """A generator that runs on a machine, made by `Machine.start`.

    Attributes
    ----------
    machine : Machine
    fate : str or None
        None while it runs, then "done", "cancelled" or "crashed".
    result : object
        What the generator returned. ``yield process`` waits for it: it is None after `cancel`,
        and never comes after a crash.
    """

    __slots__ = ("_generator", "_turn", "_waiters", "_working", "fate", "machine", "result")

    def __init__(self, machine, generator):
        self.machine, self.fate, self.result = machine, None, None
        self._generator, self._turn, self._waiters, self._working = generator, None, [], None

    def __repr__(self):
        return f"Process of {self.machine.name!r}, {self.fate or 'running'}"

    def cancel(self):
        """Stop it where it waits, free its place on the processor, and wake who waits for it."""
        if self._generator.gi_running:
            raise RuntimeError("a process cannot cancel itself; let it return instead.")
        if self.fate is None:
            self._stop("cancelled")
            self._generator.close()
            self._tell()

    def _stop(self, fate):
        self.fate = fate
        self.machine._processes.pop(self)
        if self._turn is not None:
            self._turn.open = False
        if self._working is not None:
            self.machine._free(self, fate)
        if fate == "crashed":  # kept, since a generator that is thrown away runs its `finally`
            self.machine.cluster._crashed.append(self._generator)

    def _step(self, value):
        """Run it until its next wait."""
        try:
            wait = self._generator.send(value)
        except StopIteration as stop:
            if self.fate is None:
                self.fate, self.result = "done", stop.value
                self.machine._processes.pop(self)
                self._tell()
            return
        if self.fate is not None:  # it crashed its own machine
            return
        self._turn = Turn(self)
        begin = getattr(wait, "_begin", None)
        if begin is None:
            raise TypeError(
                f"a process must yield sleep, work, ask, ask_all or receive of its machine, "
                f"a process or a signal; got {wait!r}."
            )
        begin(self._turn)

    def _begin(self, turn):  # ``yield process``
        self._then(lambda process: turn.wake_soon(process.result))

    def _then(self, function):
        """Call ``function(self)`` when it is done or cancelled."""
        if self.fate is None:
            self._waiters.append(function)
        elif self.fate != "crashed":
            function(self)

    def _tell(self):
        waiters, self._waiters = self._waiters, []
        for function in waiters:
            function(self)


class Turn:
    """The right of a process to go on, once: whoever wakes it first uses it up."""

    __slots__ = ("open", "process")

    def __init__(self, process):
        self.open, self.process = True, process

    def wake(self, value):
        if self.open:
            self.open = False
            self.process._step(value)

    def wake_soon(self, value):
        """Wake it at this time, but not inside of what happens now."""
        self.after(0.0, self.wake, value)

    def wake_after(self, seconds, value):
        """Wake it later, if nothing else does before."""
        self.after(seconds, self.wake, value)

    def after(self, seconds, function, *args):
        """Plan a call for later, which is dropped if the turn is used up by then."""
        if seconds < math.inf:
            cluster = self.process.machine.cluster
            cluster._plan(cluster.now + seconds, self, function, args)


class Wait:
    """What a process yields to its machine: ``begin(turn)`` sees to it that the turn is used."""

    __slots__ = ("_machine", "_start")

    def __init__(self, machine, start):
        self._machine, self._start = machine, start

    def _begin(self, turn):
        if turn.process.machine is not self._machine:
            raise ValueError(
                f"a process must wait on its own machine, {turn.process.machine.name!r}; "
                f"got a wait of {self._machine.name!r}."
            )
        self._start(turn)


def check_seconds(seconds, name):
    """Return a time that is not negative and may be infinite; refuse anything else."""
    if isinstance(seconds, float) and seconds >= 0:  # the fast way
        return seconds
    return check_number(seconds, name, low=0.0)
