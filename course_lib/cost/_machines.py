"""Machines of a simulated cluster: they run processes, answer, crash and come back."""

import functools
import inspect
import math
from collections import deque

import numpy as np

from course_lib._validation import check_count, check_number
from course_lib.cost._processes import Process, Span, Wait, check_seconds

__all__ = ["Machine"]


class Machine:
    """A computer of a `Cluster`, made by `Cluster.machine`.

    Attributes
    ----------
    name : hashable
    cluster : Cluster
    alive : bool
    memory : dict
        Empty after a crash.
    disk : dict
        Kept in a crash. Put copies there: the disk does not follow later changes of memory.
    rng : Generator
        Its own, for the draws of its processes. It depends on the seed and on the number of
        machines made before this one, and on nothing that happens: two runs that differ in
        one machine's doings draw common random numbers on all others.
    speed : float
        Seconds of work done in a second.

    Notes
    -----
    What a process waits for stands after ``yield``: `sleep`, `work`, `ask`, `ask_all`, `receive`
    of its own machine, a `Process` or a `Signal`. Without ``yield`` they do nothing.

    A crash ends processes and empties ``memory``. What a function keeps elsewhere, such as a list
    that ``serve`` appends to, belongs to the experimenter and survives.

    Examples
    --------
    A server counts in memory and notes every count on its disk; it crashes and comes back:

    >>> from course_lib.cost import Cluster
    >>> def count(machine, source, message):
    ...     machine.memory["n"] = machine.disk["n"] = machine.memory.get("n", 0) + 1
    ...     return machine.memory["n"]
    >>> cluster = Cluster(latency_s=0.5)
    >>> server, client = cluster.machine("server", count), cluster.machine("client")
    >>> def ask():
    ...     for _ in range(4):
    ...         reply = yield client.ask("server", "next", timeout_s=3.0)
    ...         print(f"{cluster.now} s: {reply}")
    >>> process = client.start(ask())
    >>> cluster.at(2.1, server.crash)
    >>> cluster.at(4.0, server.restart)
    >>> cluster.run()
    1.0 s: 1
    2.0 s: 2
    5.0 s: None
    6.0 s: 1
    >>> server.memory, server.disk
    ({'n': 1}, {'n': 1})
    """

    def __init__(self, cluster, name, serve, slots, speed, seed):
        if serve is not None and not callable(serve):
            raise TypeError(f"serve must be a function of machine, source, message; got {serve!r}.")
        self.cluster, self.name, self.serve = cluster, name, serve
        self.slots = check_count(slots, "slots", low=1)
        self.speed = check_number(speed, "speed", low=0.0, open_low=True)
        self.alive, self.memory, self.disk = True, {}, {}
        self._seed = seed
        self._processes, self._deaths = {}, []  # those that run, in order; times of its crashes
        self._works, self._wishes = 0, deque()  # places taken on the processor; who waits for one
        self._mail, self._readers = deque(), deque()
        self._port_out_s = self._port_in_s = 0.0  # when each end of its link is free
        self._round = 0  # a Lamport clock: the longest chain of messages that has come here

    @functools.cached_property
    def rng(self):
        """The generator of its processes' draws."""
        return np.random.default_rng([*self._seed, 1])

    @functools.cached_property
    def _luck(self):
        """The generator of what its messages meet: more of them leave `rng` alone."""
        return np.random.default_rng([*self._seed, 2])

    def __repr__(self):
        return f"Machine({self.name!r}, {'alive' if self.alive else 'dead'})"

    # What an experimenter does, by `Cluster.at` or before the run.

    def start(self, generator):
        """Run a generator as a process, at once until its first wait.

        Parameters
        ----------
        generator : generator
            It runs until it ends, is cancelled, or the machine crashes. On a dead machine it
            does not begin.

        Returns
        -------
        Process

        Raises
        ------
        TypeError
            If it is no generator.
        """
        if not inspect.isgenerator(generator):
            raise TypeError(
                f"start takes a generator, a call of a function that yields; got {generator!r}."
            )
        process = Process(self, generator)
        if self.alive:
            self._processes[process] = None
            process._step(None)
        else:
            process.fate = "crashed"
        return process

    def crash(self):
        """Stop at once, and tell nobody; nothing happens if it is dead already.

        Processes end where they wait, and no ``finally`` of theirs runs. Lost are memory, mail,
        and messages of which a part had not left or not arrived.
        """
        if not self.alive:
            return
        self.alive = False
        self.memory.clear()
        self._deaths.append(self.cluster.now)
        for waiting in (self._mail, self._readers, self._wishes):
            waiting.clear()
        for process in list(self._processes):
            process._stop("crashed")

    def restart(self, boot=None):
        """Come back with an empty memory and the old disk; nothing happens if it is alive.

        Parameters
        ----------
        boot : callable, optional
            ``boot(machine)``, which may read the disk and start processes.
        """
        if self.alive:
            return
        self.alive = True
        self._port_out_s = self._port_in_s = self.cluster.now
        if boot is not None:
            boot(self)

    # What a process does.

    def send(self, target, message):
        """Send a copy of a message, and forget it.

        Parameters
        ----------
        target : hashable
            Name of a machine. It is given to ``serve`` there, or to a process that calls `receive`.
        message : object
            What has a size, see `size_bytes`.

        Raises
        ------
        ValueError, TypeError
            If there is no such machine, or the message has no size.
        """
        self.cluster._send(self, self.cluster._named(target), message)

    def sleep(self, seconds):
        """Wait for so many seconds; ``yield`` it."""
        seconds = check_seconds(seconds, "seconds")
        return Wait(self, lambda turn: turn.wake_after(seconds, None))

    def work(self, seconds, label=""):
        """Wait for one of the ``slots``, first come, first served, then work; ``yield`` it.

        Parameters
        ----------
        seconds : float
            Work, which takes ``seconds / speed``.
        label : str
            Of the `Span` that is recorded.

        Raises
        ------
        ValueError, TypeError
            If ``seconds`` is negative or no number, as in all waits.
        """
        seconds = check_seconds(seconds, "seconds")

        def begin(turn):
            self._wishes.append((turn, seconds, label))
            self._next_work()

        return Wait(self, begin)

    def ask(self, target, message, *, timeout_s=math.inf):
        """Send a question and wait for the reply; ``yield`` it to get the reply.

        Parameters
        ----------
        target : hashable
            Name of a machine with ``serve``, whose result is the reply.
        message : object
        timeout_s : float, default infinity

        Returns
        -------
        wait
            It becomes the reply, or None if there is none in time: the question, the reply or
            the machine may be lost, or just be late.

        Raises
        ------
        ValueError, TypeError
            If there is no such machine or it has no ``serve``, or the message has no size.
        """
        return self._ask([target], message, 1, timeout_s, lambda replies: replies.get(target))

    def ask_all(self, targets, message, *, need=None, timeout_s=math.inf):
        """Ask several machines and wait for some of them; ``yield`` it to get the replies.

        Parameters
        ----------
        targets : sequence
            Names of machines with ``serve``, all different.
        message : object
        need : int, optional
            Replies to wait for; not given: all.
        timeout_s : float, default infinity

        Returns
        -------
        wait
            It becomes a dict of the replies by name, in the order in which they came: ``need``
            of them, or fewer if time was over.

        Raises
        ------
        ValueError, TypeError
            As `ask`; if two targets are equal, or ``need`` is more than there are.
        """
        targets = list(targets)
        if len(set(targets)) < len(targets):
            raise ValueError(f"targets must differ; got {targets}.")
        if need is None:
            need = len(targets)
        check_count(need, "need", low=0, high=len(targets), high_name="the number of targets")
        return self._ask(targets, message, need, timeout_s, dict)

    def receive(self, source=None, *, timeout_s=math.inf):
        """Wait for a message that was sent here; ``yield`` it to get ``(source, message)``.

        Parameters
        ----------
        source : hashable, optional
            Name of the only machine to hear; not given: any. The mail of others is kept.
        timeout_s : float, default infinity

        Returns
        -------
        wait
            It becomes ``(source, message)``, or None if time was over.

        Raises
        ------
        ValueError, TypeError
            If this machine has ``serve``, which takes all messages, or no machine is named so.
        """
        if self.serve is not None:
            raise ValueError(f"receive needs a machine without serve; {self.name!r} has one.")
        if source is not None:
            self.cluster._named(source)
        timeout_s = check_seconds(timeout_s, "timeout_s")

        def begin(turn):
            for i, (sender, message) in enumerate(self._mail):
                if source in (None, sender):
                    del self._mail[i]
                    turn.wake_soon((sender, message))
                    return
            self._readers.append((turn, source))
            turn.wake_after(timeout_s, None)

        return Wait(self, begin)

    # What happens inside.

    def _ask(self, targets, message, need, timeout_s, shape):
        others = [self.cluster._named(target) for target in targets]
        for other in others:
            if other.serve is None:
                raise ValueError(
                    f"a machine that is asked must have serve; {other.name!r} has none."
                )
        timeout_s = check_seconds(timeout_s, "timeout_s")

        def begin(turn):
            replies = {}

            def answer(name, reply):
                replies[name] = reply
                if len(replies) == need:
                    turn.wake(shape(replies))

            for other in others:
                self.cluster._send(self, other, message, answer)
            turn.after(timeout_s if need else 0.0, lambda: turn.wake(shape(replies)))

        return Wait(self, begin)

    def _take(self, letter):
        """Handle a letter that has arrived."""
        source, message, answer = letter.source, letter.message, letter.answer
        if letter.is_reply:
            answer(source.name, message)
        elif self.serve is None:
            self._file(source.name, message)
        else:
            reply = self.serve(self, source.name, message)
            if inspect.isgenerator(reply):
                reply = self.start(reply)
                if answer is not None:
                    reply._then(lambda process: self._reply(source, process.result, answer))
            elif answer is not None:
                self._reply(source, reply, answer)

    def _reply(self, target, reply, answer):
        self.cluster._send(self, target, reply, answer, is_reply=True)

    def _file(self, sender, message):
        """Give mail to the first reader who wants it, or keep it."""
        self._readers = deque(reader for reader in self._readers if reader[0].open)
        for i, (turn, wanted) in enumerate(self._readers):
            if wanted in (None, sender):
                del self._readers[i]
                turn.wake((sender, message))
                return
        self._mail.append((sender, message))

    def _next_work(self):
        while self._wishes and self._works < self.slots:
            turn, seconds, label = self._wishes.popleft()
            if turn.open:
                self._works += 1
                turn.process._working = label, self.cluster.now
                end_s = self.cluster.now + seconds / self.speed
                self.cluster._plan(end_s, turn, self._work_done, (turn,))

    def _work_done(self, turn):
        self._free(turn.process, "done")
        turn.wake(None)

    def _free(self, process, fate):
        (label, start_s), process._working = process._working, None
        self.cluster.spans.append(Span(self.name, label, start_s, self.cluster.now, fate))
        self._works -= 1
        self._next_work()
