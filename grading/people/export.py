"""Hand a student all that is kept of him, in one archive."""

import json
import sys

from course_lib.notebook.checks import normal_id
from grading.foreign.text import likely, printable
from grading.records import traces
from grading.records.collected import JOURNAL, entries
from grading.records.zips import write_archive

from .kept import file_of, grading_folder, own_files, students

__all__ = ["export", "missing"]

README = """\
What the grader keeps of one student.

submitted/, earlier/   the files that were handed in
feedback/              the pages that were handed out
records/               what each grading noted
gradebook.json         points, marks and comments
rows.json              rows about the student in tables; names of others are taken out

Left out: the graded notebooks, which are what was handed in between the course's tests, and pages
that compare two students, which show another one's work.
"""


def export(store, labs, name):
    """Write the archive; return the exit code."""
    folder, student = grading_folder(store), normal_id(name)
    who, own = traces.somebody(folder, student), own_files(store, labs, student)
    members = {"README.txt": README.encode()}
    for room in traces.folders(folder, student):
        for path in sorted(
            one for one in room.rglob("*") if one.is_file() and not one.is_symlink()
        ):
            shown = path.relative_to(folder).as_posix()
            if not shown.startswith("autograded/"):
                members[shown] = path.read_bytes()
            elif path.name == "record.json":
                members[f"records/{path.parent.name}.json"] = path.read_bytes()
    for upload in own.uploads:
        path = file_of(store.submitted, upload.origin)
        shown = f"submitted/{upload.origin.replace(':', '/')}"
        if path and shown not in members:
            members[shown] = upload.read(1 << 30)
    scores = {
        lab: one
        for lab in labs
        for known, one in store.scores(lab).items()
        if normal_id(known) == student
    }
    rows = _rows(folder, who)
    if not scores and not rows and len(members) == 1:
        return missing(store, name)
    members["gradebook.json"] = json.dumps(scores, indent=1, ensure_ascii=False).encode()
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    members["rows.json"] = text.encode("utf-8", "backslashreplace")
    shown = printable(student).replace("/", " ").lstrip(".") or "student"
    path = folder / "exports" / f"{shown[:80]}.zip"
    write_archive(path, {printable(one): raw for one, raw in members.items()})
    print(f"{len(members)} files: {path}")
    print("Remove it when it was handed over; nothing else does but --older-than.")
    return 0


def _rows(folder, who):
    """Rows about somebody in all tables, by file, and what the collector noted."""
    found = {}
    paths = [*sorted(folder.glob("*.csv")), *sorted((folder / "worksheets").glob("*.csv"))]
    for path in [*paths, *sorted((folder / "report").rglob("*.csv"))]:
        if rows := traces.rows_of(path, who):
            found[path.relative_to(folder).as_posix()] = rows
    collected = [one for one in entries(folder) if normal_id(one["student"]) == who.student]
    return found | ({JOURNAL: collected} if collected else {})


def missing(store, name):
    """Say that nothing is kept of this one; return the exit code."""
    known = sorted(students(store).values())
    print(
        f"Nothing is kept of {printable(name)!r}{likely(name, known) or '.'}",
        file=sys.stderr,
    )
    return 2
