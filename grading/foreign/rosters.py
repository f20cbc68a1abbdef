"""Class lists and grading worksheets as learning platforms export them, each known by its columns.

Read are Canvas's gradebook, Moodle's grading worksheet, gradebook export and list of participants,
Blackboard's grade center, Gradescope's roster and scores, Brightspace's gradebook, in English, and
a list of one's own with a column ``student``.
"""

import re
from types import MappingProxyType
from typing import NamedTuple

from course_lib.notebook.checks import normal_id

from .tables import read_table
from .text import Unreadable, printable

__all__ = [
    "GRADE",
    "IDENTIFIER",
    "WORKSHEET",
    "Listing",
    "Match",
    "lab_column",
    "read",
    "worksheet_number",
]

IDENTIFIER, GRADE = "Identifier", "Grade"


class Form(NamedTuple):
    """A platform's table: the columns that it must have, and where a person's keys stand in it."""

    platform: str
    needs: tuple
    keys: tuple
    name: tuple


FIRST_LAST = ("First name", "Last name", "Surname")
WORKSHEET = Form(
    "Moodle's grading worksheet",
    (IDENTIFIER, GRADE, "Last modified (grade)"),
    ("Username", "ID number", "Email address"),
    ("Full name",),
)
# The first that fits is taken; case does not matter. Keys are in the order in which they name
# the student's folder.
FORMS = (
    Form(
        "Canvas",
        ("Student", "ID", "SIS Login ID"),
        ("SIS Login ID", "SIS User ID", "ID"),
        ("Student",),
    ),
    WORKSHEET,
    Form("Brightspace", ("OrgDefinedId", "Username"), ("Username", "OrgDefinedId"), FIRST_LAST),
    Form(
        "Blackboard",
        ("Last Name", "First Name", "Username"),
        ("Username", "Student ID"),
        FIRST_LAST,
    ),
    Form("Gradescope", ("First Name", "Last Name", "SID"), ("SID", "Email"), FIRST_LAST),
    Form("Gradescope", ("Name", "SID", "Email"), ("SID", "Email"), ("Name",)),
    Form(
        "Moodle",
        ("First name", "Email address"),
        ("Username", "ID number", "Email address"),
        FIRST_LAST,
    ),
    Form("a list of your own", ("student",), ("student", "number", "email"), ("name",)),
)


class Listing(NamedTuple):
    """A table of people.

    Attributes
    ----------
    platform : str
        Empty if the columns are those of no form that is known.
    rows : dict of str to dict
        By student, in the form of `normal_id`: the cells by the name of their column, and the
        whole name as ``Student``.
    head : list of str
    notes : list of str
    keys : tuple of str
        The columns by which a person may be known.
    """

    platform: str = ""
    rows: dict = MappingProxyType({})
    head: tuple = ()
    notes: tuple = ()
    keys: tuple = ()


def read(path, known=()):
    """Return the `Listing` in a file, which need not be there.

    A row is the student whose folder one of its keys names: login, number, address, or what
    stands before the @ of that. Where none is known yet, the first key that is there names him.

    Parameters
    ----------
    path : Path
    known : collection of str
        The students that are known, in the form of `normal_id`.
    """
    if not path.exists():
        return Listing()
    for form in FORMS:
        try:
            table = read_table(path, form.needs)
        except Unreadable as reason:
            why = str(reason)
            continue
        return _listing(path, form, table, set(known))
    listed = f"{path.name} has the columns of no class list that is known"
    return Listing(notes=(listed if "columns must be" in why else why,))


def _listing(path, form, table, known):
    rows, notes, lines = {}, list(table.notes), {}
    match, twice = Match(known), set()
    for row in table.rows:
        cells = {name.strip(): cell for name, cell in zip(table.head, row.cells, strict=False)}
        name = _name(form, cells)
        keys = _keys(form, cells)
        if form.platform == "Brightspace":
            keys = [key.removeprefix("#") for key in keys]
        student, note = match.student(keys)
        where = f"{path.name}, line {row.line}"
        if form is WORKSHEET and not student:  # its own number is a key that is always there
            student = normal_id(cells.get(IDENTIFIER, ""))
        if note or not student:
            shown = printable(name)[:40] or "a row"
            notes.append(f"{where}: {shown} {note or 'has no login, number or address'}.")
            continue
        if student in rows:
            twice.add(student)
            notes.append(
                f"{where}: {printable(student)[:60]!r} stands there a second time, after line "
                f"{lines[student]}; neither is in a table until one of them is changed."
            )
            continue
        rows[student], lines[student] = cells | {"Student": name}, row.line
    for student in twice:
        del rows[student]
    return Listing(form.platform, rows, table.head, tuple(notes), form.keys)


def _cell(cells, name):
    found = [cell for known, cell in cells.items() if known.casefold() == name.casefold()]
    return found[0].strip() if found else ""


def _name(form, cells):
    return " ".join(filter(None, (_cell(cells, name) for name in form.name)))


def _keys(form, cells):
    return [key for name in form.keys if (key := _cell(cells, name))]


class Match:
    """Who a person on a platform is here.

    Parameters
    ----------
    known : collection of str
        In the form of `normal_id`.
    """

    def __init__(self, known):
        self.known = set(known)

    def student(self, keys):
        """Return the student that keys name and, where they name two, a reason in words."""
        forms = [normal_id(key) for key in keys]
        forms += [key.partition("@")[0] for key in forms if "@" in key]
        mine = sorted({key for key in forms if key in self.known})
        if len(mine) > 1:
            return "", f"may be {printable(mine[0])!r} or {printable(mine[1])!r}"
        return (mine or forms or [""])[0], ""


def lab_column(head, lab):
    """Return the column in which a platform keeps the points of a lab; empty if there is none.

    Examples
    --------
    >>> lab_column(["Username", "06-low-rank [Total Pts: 100 Score] |4711"], "06-low-rank")
    '06-low-rank [Total Pts: 100 Score] |4711'
    """
    name = re.escape(lab)
    forms = (
        name,
        rf"{name} \(\d+\)",  # Canvas
        rf"{name} \[.*\](?: ?\|\d+)?",  # Blackboard
        rf"[^:]+: ?{name}(?: \([^()]*\))?",  # Moodle: the kind of the activity first
    )
    return next(
        (one for form in forms for one in head if re.fullmatch(form, one.strip(), re.IGNORECASE)),
        "",
    )


def worksheet_number(row):
    """Return the number of a participant in a row of Moodle's grading worksheet.

    Examples
    --------
    >>> worksheet_number({"Identifier": "Participant 657010"})
    '657010'
    """
    match = re.search(r"([0-9]+)$", _cell(row, IDENTIFIER))
    return match[1] if match else ""
