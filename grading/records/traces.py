"""Where somebody is named in what the grader keeps: folders, rows, pages, the gradebook."""

import contextlib
import csv
import html
import io
import json
import re
import shutil
import sqlite3

from nbgrader.api import Gradebook

from course_lib.notebook.checks import normal_id
from grading.foreign import rosters
from grading.foreign.tables import read_table
from grading.foreign.text import Unreadable

from .collected import JOURNAL, entries
from .store import write_whole

__all__ = [
    "TEXTS",
    "Somebody",
    "drop_rows",
    "folders",
    "forget_journal",
    "forget_scores",
    "mentions",
    "remove",
    "rows_of",
    "somebody",
]

ROOMS = ("submitted", "earlier", "autograded", "feedback")
TEXTS = (".csv", ".html", ".ipynb", ".json", ".toml", ".txt", ".yml")
TEXT_BYTES = 20 << 20


class Somebody:
    """A student by all the words that stand for him here.

    Attributes
    ----------
    student : str
        In the form of `normal_id`.
    words : set of str
        His id, his made-up names, and what the class list calls him; no bare numbers but the id.
    """

    def __init__(self, student, words=()):
        self.student = normal_id(student)
        self.words = {self.student, *map(normal_id, words)} - {""}
        forms = {form for word in self.words for form in (word, html.escape(word))}
        both = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
        self._pattern = re.compile(rf"(?<!\w)(?:{both})(?!\w)")

    def is_in(self, text):
        """Whether a text names him."""
        return self._pattern.search(normal_id(text)) is not None

    def is_cell(self, text):
        """Whether a cell of a table is his name, quoted as a formula or not."""
        return {normal_id(text), normal_id(text.removeprefix("'"))} & self.words != set()


def somebody(folder, student):
    """Return `Somebody` with what the class list and the leaderboards call the student.

    Parameters
    ----------
    folder : Path
        ``grading``.
    student : str
    """
    student, words = normal_id(student), []
    listing = rosters.read(folder / "roster.csv", {student})
    row = listing.rows.get(student, {})
    keys = {name.casefold() for name in listing.keys} | {"student"}
    words += [cell for name, cell in row.items() if name.casefold() in keys]
    for path in (folder / "report").glob("leaderboard-*-who.csv"):
        words += [cells[1] for cells in _cells(path) if len(cells) > 1 and _same(cells[0], student)]
    return Somebody(student, [word for word in words if not word.strip().isdecimal()])


def _same(cell, student):
    return student in (normal_id(cell), normal_id(cell.removeprefix("'")))


def _cells(path):
    with contextlib.suppress(OSError, csv.Error):
        yield from csv.reader(io.StringIO(path.read_text("utf-8", "replace")))


def folders(folder, student):
    """Return the folders that are one student's alone, in the order in which they may go.

    What he handed in goes first, so that nothing is graded again meanwhile.
    """
    found = []
    for room in ROOMS:
        with contextlib.suppress(OSError):
            names = sorted((folder / room).iterdir())
            found += [one for one in names if one.is_dir() and normal_id(one.name) == student]
    return found


def mentions(path, who):
    """Whether a file names somebody, in its own name or inside; archives by their pages."""
    if who.is_in(path.name):
        return True
    if path.suffix.lower() not in TEXTS or path.stat().st_size > TEXT_BYTES:
        return False
    text = path.read_text("utf-8", "replace")
    if path.suffix.lower() == ".csv":
        return any(who.is_cell(cell) for row in _cells(path) for cell in row) or who.is_in(text)
    return who.is_in(text)


def rows_of(path, who):
    """Return the rows of a table that are somebody's; other people's names are taken out."""
    rows = list(_cells(path))
    found = []
    for cells in rows[1:]:
        if any(who.is_cell(cell) for cell in cells):
            row = dict(zip(rows[0], cells, strict=False))
            for name in {"first", "second"} & row.keys():  # the two of a pair
                row[name] = row[name] if who.is_cell(row[name]) else "another student"
            row.pop("page", None)
            found.append(row)
    return found


def drop_rows(path, who):
    """Take somebody's rows out of a table with a column ``student``.

    Returns
    -------
    int or None
        How many; None if the table has a mistake and was left alone.
    """
    if not path.exists():
        return 0
    try:
        table = read_table(path, ("student",))
    except Unreadable:
        return None
    kept = [row.cells for row in table.rows if not who.is_cell(row.columns["student"])]
    gone = len(table.rows) - len(kept)
    if table.notes:
        return None
    if gone:
        text = io.StringIO()
        csv.writer(text, delimiter=table.delimiter, lineterminator="\n").writerows(
            [table.head, *kept]
        )
        write_whole(path, text.getvalue())
    return gone


def forget_journal(folder, student):
    """Take a student out of the collector's journal; return how many entries went."""
    path = folder / JOURNAL
    gone = sum(normal_id(one["student"]) == student for one in entries(folder))
    if gone:
        read = json.loads(path.read_text("utf-8"))
        read["entries"] = [one for one in read["entries"] if not _is_of(one, student)]
        stamps = read.get("stamps") or {}
        read["stamps"] = {
            key: stamp
            for key, stamp in stamps.items()
            if normal_id(key.rpartition("/")[0]) != student
        }
        write_whole(path, json.dumps(read, ensure_ascii=False, indent=1))
    return gone


def _is_of(entry, student):
    return isinstance(entry, dict) and normal_id(entry.get("student", "")) == student


def forget_scores(store, student):
    """Take a student out of nbgrader's gradebook, to the last byte; return the names that went."""
    path = store.db_url.removeprefix("sqlite:///")
    with Gradebook(store.db_url) as book:
        names = [one.id for one in book.students if normal_id(one.id) == student]
        for name in names:
            book.remove_student(name)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("vacuum")  # else what was deleted stays in the file
    return names


def remove(path):
    """Remove a file, or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
