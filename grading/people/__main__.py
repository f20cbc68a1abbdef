"""What is kept of a student, handed to him or removed: ``python -m grading.people``.

    python -m grading.people --export ann              all about Ann, in one archive
    python -m grading.people --delete ann              remove all about Ann
    python -m grading.people --older-than 365          say whose last work is a year old
    python -m grading.people --older-than 365 --yes    remove all about them, and old backups

Each says what it did, and what it left and why.
"""

import sys
import time
from datetime import UTC

from nbgrader.api import Gradebook

from course_lib.notebook.checks import normal_id
from grading import course
from grading.foreign.text import printable
from grading.lab import LabBroken, load_config
from grading.records import traces
from grading.records.store import CannotRecord, Store

from .export import export, missing
from .kept import grading_folder, own_files, shown, students
from .removal import removed

MOST_DAYS = 36500
DAY = 86400


def main(arguments=None):
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    if options.older_than is not None and not 0 <= options.older_than <= MOST_DAYS:
        print(f"--older-than must be days from 0 to {MOST_DAYS}.", file=sys.stderr)
        return 2
    return course.answered(_do, options, refused=(LabBroken, CannotRecord))


def _do(options):
    config = load_config(options.root)
    store, (labs, _) = Store(config), course.find_labs(options.root, config)
    with store.alone():
        if options.older_than is not None:
            return _retain(store, labs, options.older_than, yes=options.yes)
        if options.delete is not None:
            return _delete(store, labs, options.delete)
        return export(store, labs, options.export)


def _delete(store, labs, name):
    folder, student = grading_folder(store), normal_id(name)
    who = traces.somebody(folder, student)
    gone, left = removed(store, labs, who)
    if not gone and not left:
        return missing(store, name)
    _tell("Removed", gone)
    for path in sorted((*folder.glob("backups/*"), *folder.glob("exports/*"))):
        left.append(f"{path.relative_to(folder)} may hold all of it; remove it by hand.")
    _tell("Not removed", left)
    print("Not known here: copies elsewhere, and what the learning platform keeps.")
    return 1 if any("make grade" in one for one in left) else 0


def _tell(title, lines):
    if lines:
        print(f"{title}:")
        for line in lines:
            print(f"  {line}")


def _retain(store, labs, days, *, yes):
    folder, before = grading_folder(store), time.time() - days * DAY
    known = students(store)
    old = {one: name for one, name in sorted(known.items()) if _last(store, labs, one) < before}
    copies = sorted((*folder.glob("backups/*"), *folder.glob("exports/*")))
    stale = [path for path in copies if path.stat().st_mtime < before]
    if not old and not stale:
        print(f"Nothing is older than {days:g} days.")
        return 0
    if not yes:
        _tell(f"Last work more than {days:g} days ago", [printable(name) for name in old.values()])
        _tell("Copies as old", [shown(path, folder) for path in stale])
        print("Nothing was removed; add --yes to remove all about them.")
        return 0
    for path in stale:
        path.unlink()
    if stale:
        print(f"Removed {len(stale)} old copies.")
    for student, name in old.items():
        gone, left = removed(store, labs, traces.somebody(folder, student))
        _tell(f"{printable(name)}: removed", gone)
        _tell(f"{printable(name)}: not removed", left)
    for path in (path for path in copies if path not in stale):
        print(f"Not removed: {shown(path, folder)}, which is newer and may hold all of it.")
    return 0


def _last(store, labs, student):
    """When a student last handed something in, in seconds since 1970."""
    rooms = [one for one in traces.folders(grading_folder(store), student) if _is_work(one)]
    files = [path for room in rooms for path in room.rglob("*") if path.is_file()]
    files += own_files(store, labs, student).alone
    times = [path.stat().st_mtime for path in files] + list(_recorded(store, student))
    return max(times, default=0.0)


def _is_work(room):
    return room.parent.name in ("submitted", "earlier")


def _recorded(store, student):
    """The times in the gradebook, which are in UTC and do not say so."""
    with Gradebook(store.db_url) as book:
        for one in book.students:
            if normal_id(one.id) == student:
                times = [submission.timestamp for submission in one.submissions]
                yield from (when.replace(tzinfo=UTC).timestamp() for when in times if when)


def _parser():
    parser = course.parser("python -m grading.people", __doc__, lab=False)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--export", metavar="ID", help="hand out all about this student")
    what.add_argument("--delete", metavar="ID", help="remove all about this student")
    what.add_argument("--older-than", metavar="DAYS", type=float, help="look for what is old")
    parser.add_argument("--yes", action="store_true", help="with --older-than: remove it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
