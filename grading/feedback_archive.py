"""A lab's feedback pages as one file to upload: ``python -m grading.feedback_archive --lab 06``.

``--for moodle``
    For *Upload multiple feedback files in a zip*. A participant's number comes from the lab's
    grading worksheet in ``grading/worksheets``, or from the download that was collected.
``--for canvas``
    For *Upload submissions*. Canvas knows a file by two numbers in the name under which it was
    downloaded; they come from what was collected, or from ``--download FILE``, the archive itself.
``--for plain``
    A page for each student, named by the login of the class list.

Without ``--for`` it is the platform of the class list, or Moodle where there is a worksheet of the
lab. No name in an archive says more of a person than the platform shows.
"""

import re
import sys
import zipfile
from pathlib import Path

from course_lib.notebook.checks import normal_id

from . import course
from .foreign import rosters
from .foreign.platforms import CANVAS, MOODLE
from .foreign.text import printable
from .records.collected import platform_names
from .records.grade_files import read_worksheets
from .records.store import Store
from .records.zips import write_archive

__all__ = ["archive_names", "main"]

PLATFORMS = ("moodle", "canvas", "plain")
MOODLE_NAME = 80  # letters of a name; Moodle goes by the number behind it


def archive_names(lab, students, platform, *, sheet=None, names=None):
    """Return the name in the archive by student, for those whom the platform knows.

    Parameters
    ----------
    lab : str
    students : dict of str to str
        The names of their folders, by `normal_id`.
    platform : str
    sheet : rosters.Listing, optional
        Moodle's grading worksheet by student.
    names : dict of str to str, optional
        What the platform called the student's file.
    """
    found = {}
    for student, folder in students.items():
        name = (names or {}).get(student, "")
        if platform == "plain":
            found[student] = f"{_plain(folder)}_{lab}.html"
        elif platform == "canvas" and (match := CANVAS.fullmatch(name)):
            # What follows the numbers is free.
            found[student] = f"{name[: match.start('rest')]}{lab}.html"
        elif platform == "moodle":
            row = sheet.rows.get(student) if sheet else None
            if row and (number := rosters.worksheet_number(row)):
                shown = _moodle_name(row.get("Student", ""))
            elif (match := MOODLE.fullmatch(name)) and match["number"]:
                shown, number = _moodle_name(match["name"]), match["number"]
            else:
                continue
            found[student] = f"{shown}_{number}_assignfeedback_file/{lab}.html"
    return found


def _plain(name):
    return name.replace("/", " ").lstrip(".") or "student"


def _moodle_name(name):
    """A full name as Moodle writes it: without _, which separates the number from it."""
    plain = re.sub(r"[_/\\:*?\"<>|\s]+", " ", printable(name)).strip(" .~")
    return plain[:MOODLE_NAME].strip() or "Participant"


def _downloaded(path, listing):
    """What Canvas called the files in its archive, by student; the number is Canvas's ID."""
    ids = {row.get("ID", ""): student for student, row in listing.rows.items()}
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            base = name.rpartition("/")[2]
            match = CANVAS.fullmatch(base)
            if match and match["number"] in ids:
                found[ids[match["number"]]] = base
    return found


def main(arguments=None):
    """Run the command; return the exit code."""
    from .lab import LabBroken

    return course.answered(_pack, _parser().parse_args(arguments), refused=LabBroken)


def _pack(options):
    from .lab import load_config

    config = load_config(options.root)
    labs, chosen = course.find_labs(options.root, config, options.lab)
    if len(chosen) != 1:
        print("Name one lab: --lab 06, or make feedback-zip LAB=06.", file=sys.stderr)
        return 2
    return _write(options, Store(config), labs, chosen[0])


def _write(options, store, labs, lab):
    folder = store.root / "grading"
    pages = {
        normal_id(path.parts[-3]): path
        for path in sorted(store.feedback.glob(f"*/{lab}/{lab}.html"))
    }
    if not pages:
        print(f"There is no feedback page of {lab}; run make grade first.", file=sys.stderr)
        return 2
    listing = rosters.read(folder / "roster.csv", pages)
    sheets, _ = read_worksheets(folder, labs, listing, pages)
    platform = options.platform or _platform(listing, sheets.get(lab), folder, lab)
    try:
        names = _names(options, platform, folder, lab, listing)
    except (OSError, zipfile.BadZipFile) as error:
        why = getattr(error, "strerror", None) or "it is no zip"
        print(f"{options.download} cannot be read ({why}); save it again.", file=sys.stderr)
        return 2
    sheet = sheets[lab].listing if lab in sheets else None
    students = {student: path.parts[-3] for student, path in pages.items()}
    members = archive_names(lab, students, platform, sheet=sheet, names=names)
    missing = sorted(set(students) - set(members))
    if missing:
        told = ", ".join(printable(students[one]) for one in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        print(f"Not in it, for {platform} gave them no name here: {told}{more}.", file=sys.stderr)
    if not members:
        print(f"Nothing was written. {HELP[platform]}", file=sys.stderr)
        return 2
    path = folder / "report" / f"feedback-{lab}-{platform}.zip"
    write_archive(path, {name: pages[one].read_bytes() for one, name in members.items()})
    print(f"{len(members)} pages: {path}")
    return 0


HELP = {
    "moodle": "Save the lab's grading worksheet from Moodle into grading/worksheets.",
    "canvas": "Name the archive that Canvas gave you: --download submissions.zip, and keep "
    "Canvas's gradebook as grading/roster.csv.",
    "plain": "",
}


def _platform(listing, sheet, folder, lab):
    """The platform of the class, as far as what is there says it."""
    if sheet or listing.platform == "Moodle" or platform_names(folder, lab, "Moodle"):
        return "moodle"
    canvas = platform_names(folder, lab, "Canvas")
    return "canvas" if canvas or listing.platform == "Canvas" else "plain"


def _names(options, platform, folder, lab, listing):
    if platform == "canvas" and options.download:
        return _downloaded(options.download, listing)
    return platform_names(folder, lab, platform.title()) if platform != "plain" else {}


def _parser():
    parser = course.parser("python -m grading.feedback_archive", __doc__)
    parser.add_argument("--for", dest="platform", choices=PLATFORMS, help="whose form it takes")
    parser.add_argument("--download", type=Path, help="the archive of submissions from Canvas")
    return parser


if __name__ == "__main__":
    sys.exit(main())
