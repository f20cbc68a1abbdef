"""The machines of a simulated stream: sources, counters, a sink, and who coordinates them."""

import numpy as np

from course_lib.dataflow.barriers import Barrier

__all__ = ["Coordinator", "Counter", "Sink", "Source"]

BOSS, SINK = "coordinator", "sink"
MOST_CHECKPOINTS = 10_000


class Source:
    """Sends a log that can be read again from any offset, and barriers between its events."""

    def __init__(self, stream, channel, log):
        self.stream, self.channel, self.log = stream, channel, log
        self.clocks = np.maximum.accumulate([event[2] for event in log]).tolist() if log else []
        self.homes = [stream.homes[event[0]] for event in log]
        self.machine = stream.cluster.machine(f"source {channel}", self._serve)

    def _serve(self, machine, source, message):
        kind, epoch, number = message
        memory = machine.memory
        if kind == "resume":
            memory.update(epoch=epoch, offset=machine.disk.get(number, 0), ended=False)
            machine.start(self._read(epoch))
            return True
        if memory.get("epoch") == epoch:  # else it was ordered in another life
            machine.disk[number] = memory["offset"]
            self._to_all(("barrier", epoch, self.channel, number))
            machine.send(BOSS, ("saved", epoch, number))
        return None

    def _read(self, epoch):
        memory, send = self.machine.memory, self.machine.send
        while memory["offset"] < len(self.log) and memory["epoch"] == epoch:
            i = memory["offset"]
            key, time, _ = self.log[i]
            send(self.homes[i], ("event", epoch, self.channel, key, time, self.clocks[i]))
            self.stream.sent_events += 1
            memory["offset"] = i + 1
            yield self.machine.sleep(self.machine.rng.exponential(self.stream.gap_s))
        if memory["epoch"] == epoch:
            self._to_all(("end", epoch, self.channel))
            self.machine.send(BOSS, ("ended", epoch, self.channel))

    def _to_all(self, message):
        for counter in self.stream.counters:
            self.machine.send(counter.machine.name, message)


class Counter:
    """Counts events by key and window behind a gate; its snapshots are on its disk."""

    def __init__(self, stream, number):
        self.stream = stream
        self.machine = stream.cluster.machine(f"counter {number}", self._serve)

    def _serve(self, machine, source, message):
        kind, epoch, *rest = message
        if kind == "restore":
            self.restore(epoch, rest[0])
            return True
        if machine.memory.get("epoch") != epoch:  # of another life
            return None
        channel, *rest = rest
        item = Barrier(rest[0]) if kind == "barrier" else (kind, channel, *rest)
        gate = machine.memory["gate"]
        for due in gate.receive(channel, item):
            self._process(epoch, due)
        self.stream.most_held = max(self.stream.most_held, gate.n_held)
        return None

    def restore(self, epoch, number):
        """Go back to a snapshot; to the beginning if there is none of this number."""
        kept = self.machine.disk.get(number)
        windows = self.stream.operator() if kept is None else kept.copy()
        self.machine.memory.update(epoch=epoch, windows=windows, gate=self.stream.gate())

    def _process(self, epoch, item):
        machine = self.machine
        windows = machine.memory["windows"]
        if isinstance(item, Barrier):
            machine.disk[item.number] = windows.copy()
            machine.send(BOSS, ("saved", epoch, item.number))
            return
        kind, channel, *event = item
        if kind == "end":
            self.publish(windows.advance(np.inf, channel))
        else:
            self.publish(windows.add(*event, channel))

    def publish(self, results):
        """Send results to the sink, each under a name: its key and the start of its window."""
        for key, start, count in results:
            self.machine.send(SINK, ("result", key, start, count))


class Sink:
    """Keeps results by name: a result that comes again takes the place of the first."""

    def __init__(self, stream, idempotent):
        self.results, self.received, self.last_s = {}, 0, 0.0
        self._idempotent = idempotent
        self.machine = stream.cluster.machine(SINK, self._serve)

    def _serve(self, machine, source, message):
        _, key, start, count = message
        self.received, self.last_s = self.received + 1, self.machine.cluster.now
        before = 0 if self._idempotent else self.results.get((key, start), 0)
        self.results[key, start] = before + count


class Coordinator:
    """Orders checkpoints, knows which are complete, and takes everybody back after a crash."""

    def __init__(self, stream, every_s, patience_s):
        self.stream, self.every_s, self.patience_s = stream, every_s, patience_s
        self.complete, self.recoveries, self.checkpoints = 0, 0, 0
        self.epoch, self._number, self._saved, self._ended = 0, 0, {}, set()
        self._recovering = self._again = False
        self.machine = stream.cluster.machine(BOSS, self._serve)

    def _serve(self, machine, source, message):
        kind, *rest = message
        if kind == "up":
            self._on_up(source)
        elif rest[0] == self.epoch and kind == "saved":
            self._on_saved(source, rest[1])
        elif rest[0] == self.epoch and kind == "ended":
            self._ended.add(rest[1])

    def _on_saved(self, source, number):
        savers = self._saved.setdefault(number, set())
        savers.add(source)
        if len(savers) == len(self.stream.sources) + len(self.stream.counters):
            self.complete = max(self.complete, number)
            self.checkpoints += 1

    def _on_up(self, source):
        self.recoveries += 1
        self._again = True
        if not self._recovering:
            self.machine.start(self.recover())

    def recover(self):
        """A process: first the counters go back, then the sources; from the start if anybody dies.

        A source that went first would send events to a counter that still forgets them.
        """
        self._recovering = self._again = True
        patience_s = self.patience_s
        while self._again:
            self._again, self._ended = False, set()
            self.epoch += 1
            patience_s *= 2
            for group, order in (
                (self.stream.counters, "restore"),
                (self.stream.sources, "resume"),
            ):
                names = [one.machine.name for one in group]
                replies = yield self.machine.ask_all(
                    names, (order, self.epoch, self.complete), timeout_s=patience_s
                )
                if len(replies) < len(names) or self._again:
                    self._again = True
                    break
        self._recovering = False
        self.machine.start(self._clock(self.epoch))

    def _clock(self, epoch):
        while epoch == self.epoch and len(self._ended) < len(self.stream.sources):
            yield self.machine.sleep(self.every_s)
            if epoch != self.epoch:
                return
            self._number += 1
            if self._number > MOST_CHECKPOINTS:
                raise RuntimeError(
                    f"a stream must end within {MOST_CHECKPOINTS} checkpoints; make every_s "
                    "longer, or gap_s and latency_s shorter."
                )
            for source in self.stream.sources:
                self.machine.send(source.machine.name, ("checkpoint", epoch, self._number))
