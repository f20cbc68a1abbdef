"""Grade what lies in grading/submitted, each submission in isolation.

    python -m grading                     grade what is new or changed
    python -m grading --lab 06-low-rank   only this lab
    python -m grading --student alice     only this student
    python -m grading --again             grade also what did not change

Scores go to grading/gradebook.db, feedback to grading/feedback, tables to grading/report.
"""

import sys

from . import course

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

    from .isolation.sandbox import CannotIsolate
    from .lab import LabBroken
    from .records.store import CannotRecord
    from .run.cluster import NoCluster

    try:
        return course.answered(
            _grade,
            options,
            refused=(CannotIsolate, CannotRecord, LabBroken, NoCluster, WrongOption),
        )
    except OperationalError as error:
        print(f"The gradebook cannot be written ({error.orig}); run it again.", file=sys.stderr)
        return 2


def _grade(options):
    from .isolation.sandbox import check_isolation
    from .lab import load_config
    from .records.store import Store
    from .run.class_run import ClassRun

    config = load_config(options.root)
    labs, chosen = course.find_labs(options.root, config, options.lab, _limits(options))
    here = not (options.trust_submissions or options.scheduler)
    if here:
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
    if here and not (totals.graded or totals.unchanged or totals.refused):
        print(f"Isolation works here, and nothing lies in {store.submitted} yet.")
    return 1 if totals.troubled else 0


def _parser():
    parser = course.parser("python -m grading", __doc__)
    parser.add_argument(
        "--student",
        action="append",
        default=[],
        help="only this student; --student=-x for -x",
    )
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
        help="such as cell_seconds=20; see grading/isolation/limits.py",
    )
    parser.add_argument(
        "--trust-submissions",
        action="store_true",
        help="run without isolation; for answers that you wrote yourself",
    )
    return parser


def _limits(options):
    from .isolation.limits import Limits

    try:
        return Limits().updated(dict(_limit(text) for text in options.limit))
    except ValueError as error:
        raise WrongOption(str(error)) from None


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
    if totals.odd:
        print("To look at, though nobody's notebook was left ungraded because of it:")
    for origin, reason in totals.odd:
        print(f"  {origin}: {reason}")
    print(f"Scores and remarks: {store.root / 'grading' / 'report' / 'index.html'}")


if __name__ == "__main__":
    course.one_thread()
    sys.exit(main())
