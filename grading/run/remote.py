"""What a worker of a cluster runs: ``python -m grading.run.remote ROOT JOBS OUTCOMES``.

A process of its own, started for some submissions of one lab, since it forks and limits itself.
What it reads was written by the instructor's side; submissions are data in it, and run in
isolation.
"""

import fcntl
import pickle
import sys
from dataclasses import replace
from pathlib import Path


def main(root, message, answer):
    """Examine the jobs of one message; write ``(kind of error, sentence, outcomes)``."""
    from grading.isolation.sandbox import CannotIsolate, check_isolation
    from grading.lab import LabBroken

    from .warmup import import_for, warm_up
    from .workers import examine_all

    code, trusted, lab, jobs = pickle.loads(Path(message).read_bytes())
    try:
        if not trusted:
            check_isolation(lab.limits, Path(__file__).parents[2])
        import_for(lab)
        with _alone(root, lab.name):
            warm = warm_up(lab, Path(root), code, trusted=trusted)
        ready = [replace(job, lab=lab, options=job.options | warm) for job in jobs]
        found = "", "", list(examine_all(ready))
    except (CannotIsolate, LabBroken) as refusal:
        found = type(refusal).__name__, str(refusal), []
    Path(answer).write_bytes(pickle.dumps(found))


def _alone(root, name):
    """Keep other processes of this worker out while a lab's cache is made."""
    path = Path(root) / f"{name}.lock"
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file  # closing it lets the next one in


if __name__ == "__main__":
    from grading.course import one_thread

    one_thread()
    main(*sys.argv[1:])
