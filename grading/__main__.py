"""Grade what lies in grading/submitted, each submission in isolation.

    python -m grading                     grade what is new or changed
    python -m grading --lab 06-low-rank   only this lab
    python -m grading --student alice     only this student
    python -m grading --again             grade also what did not change

Scores go to grading/gradebook.db, feedback to grading/feedback, tables to grading/report.
"""

import argparse
import contextlib
import os
import sys
from pathlib import Path

BAR = 24


class WrongOption(ValueError):
    """An option that makes no sense, with the sentence that says why."""


def main(arguments=None):
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    if sys.platform == "win32":
        print("Submissions are graded on Linux; on Windows, use WSL2.", file=sys.stderr)
        return 2
    from sqlalchemy.exc import OperationalError

    from .cluster import NoCluster
    from .lab import LabBroken
    from .sandbox import CannotIsolate
    from .store import CannotRecord

    try:
        return _grade(options)
    except (CannotIsolate, CannotRecord, LabBroken, NoCluster, WrongOption) as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except OperationalError as error:
        print(f"The gradebook cannot be written ({error.orig}); run it again.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. Run it again to go on where it was.", file=sys.stderr)
        return 130


def _grade(options):
    from .class_run import ClassRun
    from .lab import load_config
    from .sandbox import check_isolation
    from .store import Store

    config = load_config(options.root)
    labs, chosen = _labs(options, config)
    if not (options.trust_submissions or options.scheduler):
        check_isolation(labs[chosen[0]].limits, options.root)
    store = Store(config)
    store.submitted.mkdir(parents=True, exist_ok=True)
    run = ClassRun(
        store,
        labs,
        chosen,
        workers=options.workers,
        seed=options.seed,
        trusted=options.trust_submissions,
        again=options.again,
        students=set(options.student),
        scheduler=options.scheduler,
        tell=_tell,
    )
    totals = run.run()
    _summary(totals, store)
    return 1 if totals.troubled else 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m grading",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--lab", action="append", default=[], help="only this lab; repeatable")
    parser.add_argument("--student", action="append", default=[], help="only this student")
    parser.add_argument("--workers", type=int, default=1, help="notebooks to grade at once")
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="grade on the workers of a dask.distributed cluster, such as tcp://10.0.0.1:8786",
    )
    parser.add_argument("--again", action="store_true", help="grade also what did not change")
    parser.add_argument("--seed", type=int, help="of the tests' inputs, to repeat a grading")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="such as cell_seconds=20; see grading/limits.py",
    )
    parser.add_argument(
        "--trust-submissions",
        action="store_true",
        help="run without isolation; for answers that you wrote yourself",
    )
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).parents[1], help="the course's folder"
    )
    return parser


def _labs(options, config):
    """All labs by name, and the names of those that were asked for; a number such as 06 will do."""
    from .lab import LabBroken, read_lab
    from .limits import Limits

    folder = options.root / config.CourseDirectory.source_directory
    paths = {
        path.stem: path
        for path in sorted(folder.glob("*/*.ipynb"))
        if path.stem == path.parent.name
    }
    wanted = [
        name
        for name in paths
        if not options.lab or any(name == lab or name.split("-")[0] == lab for lab in options.lab)
    ]
    if not wanted:
        raise LabBroken(f"No lab {' or '.join(options.lab) or 'was found'} in {folder}.")
    try:
        limits = Limits().updated(dict(_limit(text) for text in options.limit))
    except ValueError as error:
        raise WrongOption(str(error)) from None
    labs = {}
    for name, path in paths.items():
        # A lab that is broken and not asked for must not stop the others.
        with contextlib.suppress(*() if name in wanted else (LabBroken,)):
            labs[name] = read_lab(path, limits, config)
    return labs, wanted


def _limit(text):
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise ValueError(f"--limit must look like cell_seconds=20; got {text!r}.") from None


def _tell(done, total, sentence):
    if sentence:
        filled = BAR * done // max(total, 1)
        print(f"[{'#' * filled}{'.' * (BAR - filled)}] {done}/{total}  {sentence}", flush=True)


def _summary(totals, store):
    print(f"{totals.graded} graded, {totals.unchanged} unchanged, {len(totals.refused)} refused.")
    for origin, reason in [*totals.refused, *totals.troubled]:
        print(f"  {origin}: {reason}")
    print(f"Scores and remarks: {store.root / 'grading' / 'report' / 'index.html'}")


def one_thread():
    """Before NumPy is imported: processes are what runs in parallel here."""
    for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ.setdefault(f"{name}_NUM_THREADS", "1")
    os.environ["MPLBACKEND"] = "agg"


if __name__ == "__main__":
    one_thread()
    sys.exit(main())
