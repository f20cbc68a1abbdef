"""What a master knows of its tasks: which wait, who holds which, how often each was given out."""

from collections import deque

__all__ = ["TaskTable"]


class TaskTable:
    """Tasks 0 to n - 1: given out in turn, and copied when at most ``n_backups`` are left."""

    def __init__(self, n_tasks, n_backups=0):
        self.attempts = [0] * n_tasks
        self.doer = [None] * n_tasks  # who did it
        self.left = n_tasks
        self._waiting = deque(range(n_tasks))
        self._holders = [[] for _ in range(n_tasks)]
        self._running = {}  # an ordered set
        self._n_backups = n_backups

    def take(self, worker):
        """Return a task for a worker, or None if there is none for it now."""
        while self._waiting:
            task = self._waiting.popleft()
            if self.doer[task] is None:
                return self._give(task, worker)
        if len(self._running) <= self._n_backups:
            for task in self._running:
                if len(self._holders[task]) == 1 and worker not in self._holders[task]:
                    return self._give(task, worker)
        return None

    def _give(self, task, worker):
        self.attempts[task] += 1
        self._holders[task].append(worker)
        self._running[task] = None
        return task

    def finish(self, task, worker):
        """Note that a task is done; return who else works on it, None if it was done before."""
        if self.doer[task] is not None:
            return None
        self.doer[task], self.left = worker, self.left - 1
        others = [holder for holder in self._holders[task] if holder != worker]
        self._holders[task].clear()
        self._running.pop(task, None)
        return others

    def expire(self, task, worker):
        """A lease has ended, or a worker gave up; return whether the task waits again."""
        if worker not in self._holders[task]:
            return False
        self._holders[task].remove(worker)
        if self._holders[task]:
            return False
        del self._running[task]
        self._waiting.append(task)
        return True

    def lose(self, worker):
        """What a worker had made is gone: its tasks that were done wait again."""
        for task, doer in enumerate(self.doer):
            if doer == worker:
                self.doer[task], self.left = None, self.left + 1
                self._waiting.append(task)
