"""Keep a copy of all that was handed in and graded: ``python -m grading.backup``.

    python -m grading.backup                  into grading/backups, named by the time
    python -m grading.backup --to FILE        into this file
    python -m grading.backup --restore FILE   put a copy in place of what is there now

A copy holds the gradebook, submissions, graded notebooks with their records, feedback, reports and
your files of the term, each with a checksum. It holds everybody's work and marks: keep it where
those may be kept.
"""

import sys
import time
from pathlib import Path

from . import course, state

__all__ = ["main"]


def main(arguments=None):
    """Run the command; return the exit code."""
    from .records.store import CannotRecord

    options = _parser().parse_args(arguments)
    return course.answered(_copy, options, refused=(CannotRecord, state.Damaged))


def _copy(options):
    from .lab import load_config
    from .records.store import Store

    folder = options.root / "grading"
    if options.restore == "":
        print("Name the file: make restore FILE=grading/backups/TIME.tar.gz", file=sys.stderr)
        return 2
    with Store(load_config(options.root)).alone():
        if options.restore:
            return _restore(folder, Path(options.restore))
        return _pack(folder, options.to)


def _pack(folder, path):
    path = path or folder / "backups" / f"{time.strftime('%Y-%m-%d-%H%M%S')}.tar.gz"
    if path.exists():
        print(f"{path} is there already; give another name.", file=sys.stderr)
        return 2
    try:
        files, left_out = state.pack(folder, path)
    except OSError as error:
        print(f"Nothing was written ({error}); run it again.", file=sys.stderr)
        return 2
    for name in left_out:
        print(f"Left out, for it is no file: {name}", file=sys.stderr)
    print(f"{files} files: {path}")
    return 0


def _restore(folder, path):
    files = state.restore(folder, path)
    print(f"{files} files are as they were when {path} was written.")
    return 0


def _parser():
    parser = course.parser("python -m grading.backup", __doc__, lab=False)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--to", type=Path, help="the file to write")
    what.add_argument("--restore", metavar="FILE", nargs="?", const="", help="the file to restore")
    return parser


if __name__ == "__main__":
    sys.exit(main())
