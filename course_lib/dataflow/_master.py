"""Master and workers on a simulated cluster: leases, copies of tasks, and who is stopped."""

import math

from course_lib.cost import Signal
from course_lib.dataflow._tasks import TaskTable

__all__ = ["MASTER", "Master", "Worker"]

MASTER = "master"
MOST_ATTEMPTS = 1000  # of one task


class Master:
    """Gives out the tasks of one phase after the other: ``phases`` is a dict of kind to count.

    A worker asks ``("next", number)`` and is answered ``(kind, task)`` or ``("end", 0)``. It says
    ``("done", kind, task, result)``, or ``("lost", kind, task, of whom)``: this worker gives a task
    back, since it got no answer from another that holds results of the first phase.
    """

    def __init__(self, cluster, phases, *, n_backups, lease_s):
        self.tables = {kind: TaskTable(count, n_backups) for kind, count in phases.items()}
        self.results = {kind: [None] * count for kind, count in phases.items()}
        self.finished_s = math.inf
        self._lease_s, self._change, self._asked = lease_s, Signal(), {}
        self.machine = cluster.machine(MASTER, self._serve)

    @property
    def doers(self):
        """Who did each task of the first phase."""
        return next(iter(self.tables.values())).doer

    def _serve(self, machine, source, message):
        return getattr(self, f"_on_{message[0]}")(source, *message[1:])

    def _on_next(self, worker, number):
        """A process: wait until there is a task for this worker, or nothing left to do."""
        self._asked[worker] = number
        while self._phase() is not None and self._asked[worker] == number:
            kind = self._phase()
            task = self.tables[kind].take(worker)
            if task is not None:
                self._check_attempts(kind, task)
                if self._lease_s < math.inf:
                    self.machine.start(self._lease(kind, task, worker))
                return kind, task, *self._inputs(kind)
            yield self._change
        return "end", 0

    def _check_attempts(self, kind, task):
        if self.tables[kind].attempts[task] > MOST_ATTEMPTS:
            raise RuntimeError(
                f"a task must be done in {MOST_ATTEMPTS} attempts, and {kind} {task} was not; make "
                "lease_s longer than a task and fetch_timeout_s longer than a message."
            )

    def _phase(self):
        return next((kind for kind, table in self.tables.items() if table.left), None)

    def _inputs(self, kind):
        return () if kind == next(iter(self.tables)) else (tuple(self.doers),)

    def _lease(self, kind, task, worker):
        yield self.machine.sleep(self._lease_s)
        if self.tables[kind].expire(task, worker):
            self._change.fire()

    def _on_done(self, worker, kind, task, result):
        others = self.tables[kind].finish(task, worker)
        if others is not None:
            self.results[kind][task] = result
            for other in others:
                self.machine.send(other, ("stop", kind, task))
            if self._phase() is None:
                self.finished_s = self.machine.cluster.now
            self._change.fire()
        return True

    def _on_lost(self, worker, kind, task, doer):
        next(iter(self.tables.values())).lose(doer)
        self.tables[kind].expire(task, worker)
        self._change.fire()
        return True


class Worker:
    """Takes tasks from the master until there are no more, from the beginning after a restart.

    ``perform(worker, kind, task, *inputs)`` is a process that returns the message for the master.
    """

    def __init__(self, cluster, name, perform, *, speed, patience_s):
        self._perform, self._patience_s = perform, patience_s
        self.machine = cluster.machine(name, self._serve, speed=speed)
        self.boot(self.machine)

    def boot(self, machine):
        """Begin to ask for tasks."""
        machine.start(self._loop())

    def _loop(self):
        machine, patience_s = self.machine, self._patience_s
        while True:
            number = machine.disk["asked"] = machine.disk.get("asked", 0) + 1
            task = yield machine.ask(MASTER, ("next", number), timeout_s=patience_s)
            if task is None:  # the question or its answer was lost, or there is none yet
                patience_s *= 2
                continue
            if task[0] == "end":
                return
            patience_s = self._patience_s
            process = machine.start(self._perform(self, *task))
            machine.memory["doing"] = task[:2], process
            report = yield process
            while report is not None:  # a copy that was told to stop has nothing to report
                heard = yield machine.ask(MASTER, report, timeout_s=patience_s)
                report, patience_s = (None if heard else report), 2 * patience_s

    def _serve(self, machine, source, message):
        if message[0] == "stop":
            task, process = machine.memory.get("doing", (None, None))
            if task == message[1:]:
                process.cancel()
            return None
        _, task, part = message  # ("fetch", task, part)
        kept = machine.disk.get(("map", task))
        return None if kept is None else kept[part]
