"""The same examinations on other machines: ``--scheduler ADDRESS`` of a dask.distributed cluster.

Every worker needs this course installed and bubblewrap. Each task starts a process of its own
there, ``python -m grading.run.remote``, which prepares the lab as a run on one machine does:
isolation is tried out, and the solution must get all points, before a submission is looked at. The
gradebook, the records and the pages are written here alone.
"""

import pickle
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from grading.isolation.sandbox import CannotIsolate
from grading.lab import LabBroken

from .digest import code_digest
from .workers import Outcome

__all__ = ["Cluster", "NoCluster"]

SHARE = 4  # submissions of one lab in a task: the process that examines them starts once
WAIT = "20s"


class NoCluster(ConnectionError):
    """A scheduler that does not answer, or workers that cannot grade; the sentence says which."""


class Cluster:
    """A dask cluster that examines notebooks.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.
    code : str
        Digest of grader and library here; the workers' must be the same.
    trusted : bool
        Run the submissions without isolation.

    Raises
    ------
    NoCluster
        If nobody answers, there is no worker, or a worker has other code.
    """

    def __init__(self, address, code, *, trusted=False):
        from distributed import Client

        try:
            self.client = Client(address, timeout=WAIT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise NoCluster(f"No scheduler answers at {address} ({error}).") from None
        self.code, self.trusted = code, trusted
        try:
            self._check_workers(address)
        except NoCluster:
            self.close()
            raise

    def _check_workers(self, address):
        found = self.client.run(_code_there)
        if not found:
            raise NoCluster(f"The scheduler at {address} has no workers; start some.")
        others = [worker for worker, code in found.items() if code != self.code]
        if others:
            raise NoCluster(
                f"{len(others)} of {len(found)} workers, {others[0]} among them, have another "
                f"version of the course; install this one there."
            )

    def close(self):
        """Let go of the cluster; it stays as it was."""
        self.client.close()

    def prepare(self, labs):
        """Try out isolation and grade the solutions on every worker.

        Raises
        ------
        CannotIsolate, LabBroken
            As on one machine, with the worker's name.
        """
        for lab in labs:
            answers = self.client.run(_remote, self.code, self.trusted, lab, [])
            for worker, (kind, sentence, _) in answers.items():
                if kind:
                    error = {"CannotIsolate": CannotIsolate, "LabBroken": LabBroken}.get(kind)
                    raise (error or NoCluster)(f"{sentence} (worker {worker})")

    def examine_all(self, jobs):
        """Examine notebooks and yield an `Outcome` for each, as they finish."""
        from distributed import as_completed

        keys, tasks = {}, {}
        for share in _shares(jobs):
            numbers = range(len(keys), len(keys) + len(share))
            keys.update(zip(numbers, (job.key for job in share), strict=True))
            sent = [
                replace(job, key=number, lab=None, options=job.options)
                for job, number in zip(share, numbers, strict=True)
            ]
            task = self.client.submit(
                _remote, self.code, self.trusted, share[0].lab, sent, pure=False, retries=1
            )
            tasks[task] = numbers
        for task in as_completed(list(tasks), loop=self.client.loop):
            yield from self._outcomes(task, keys, tasks.pop(task))

    def _outcomes(self, task, keys, numbers):
        try:
            kind, sentence, outcomes = task.result()
        except Exception as error:
            kind, sentence, outcomes = "lost", f"a worker was lost ({type(error).__name__}).", []
        done = {outcome.key: outcome for outcome in outcomes}
        for number in numbers:
            missing = Outcome(number, trouble=sentence if kind else "a worker lost it.")
            yield replace(done.get(number, missing), key=keys[number])


def _shares(jobs):
    """Jobs in lists of one lab, at most `SHARE` long."""
    share = []
    for job in jobs:
        if share and (len(share) == SHARE or share[0].lab is not job.lab):
            yield share
            share = []
        share.append(job)
    if share:
        yield share


def _code_there():
    return code_digest()


def _remote(code, trusted, lab, jobs):
    """On a worker: run ``grading.run.remote``; ``(kind of error, sentence, outcomes)``."""
    from distributed import get_worker

    try:
        root = Path(get_worker().local_directory)
    except ValueError:  # Client.run does not count as a task
        root = Path(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="sml-grading-", dir=root) as folder:
        message, answer = Path(folder, "jobs"), Path(folder, "outcomes")
        message.write_bytes(pickle.dumps((code, trusted, lab, jobs)))
        command = [sys.executable, "-m", "grading.run.remote", str(root), str(message), str(answer)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=_course(), check=False)
        if not answer.exists():
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            return "lost", f"the process on the worker ended: {last}", []
        return pickle.loads(answer.read_bytes())


def _course():
    return Path(__file__).parents[2]
