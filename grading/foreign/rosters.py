"""Class lists and grading worksheets as learning platforms export them, each known by its columns.

Read are Canvas's gradebook, Moodle's grading worksheet, gradebook export and list of participants,
Blackboard's grade center, Gradescope's roster and scores, Brightspace's gradebook, in English, and
a list of one's own with a column ``student``.
"""

import re
import unicodedata
from types import MappingProxyType
from typing import NamedTuple

from course_lib.notebook.checks import normal_id

from .tables import read_table
from .text import Unreadable, printable

__all__ = [
    "CANVAS",
    "GRADE",
    "IDENTIFIER",
    "WORKSHEET",
    "Listing",
    "Match",
    "columns",
    "form_of",
    "lab_column",
    "read",
    "worksheet_number",
]

IDENTIFIER, GRADE = "Identifier", "Grade"


class Form(NamedTuple):
    """A platform's table: the columns that it must have, and where what is told of a person stands.

    Of several columns for one thing the first that is there and not empty counts.
    """

    platform: str
    needs: tuple
    name: tuple
    login: tuple = ()
    number: tuple = ()
    email: tuple = ()

    @property
    def keys(self):
        """The columns by which a person may be known, in the order in which they name a folder."""
        return (*self.login, *self.number, *self.email)

    def cells(self, table, row):
        """The cells of a row by column, their form put right."""
        padded = dict(zip(table.head, row.cells, strict=False))
        sign = "#" if self.platform == "Brightspace" else ""
        return {
            name.strip(): unicodedata.normalize("NFC", cell).strip().removeprefix(sign)
            for name, cell in padded.items()
        }


FIRST_LAST = ("First name", "Last name", "Surname")
MOODLE = {"login": ("Username",), "number": ("ID number",), "email": ("Email address",)}
WORKSHEET = Form(
    "Moodle's grading worksheet",
    (IDENTIFIER, GRADE, "Last modified (grade)"),
    ("Full name",),
    **MOODLE,
)
CANVAS = Form(
    "Canvas",
    ("Student", "ID", "SIS Login ID"),
    ("Student",),
    login=("SIS Login ID",),
    number=("SIS User ID", "ID"),
)
# The first that fits is taken; case does not matter. Moodle's may have Blackboard's columns too.
FORMS = (
    CANVAS,
    WORKSHEET,
    Form("Moodle", ("First name", "Email address"), FIRST_LAST, **MOODLE),
    Form(
        "Brightspace",
        ("OrgDefinedId", "Username"),
        FIRST_LAST,
        ("Username",),
        ("OrgDefinedId",),
        ("Email",),
    ),
    Form(
        "Blackboard",
        ("Last Name", "First Name", "Username"),
        FIRST_LAST,
        ("Username",),
        ("Student ID",),
        ("Email",),
    ),
    Form("Gradescope", ("First Name", "Last Name", "SID"), FIRST_LAST, ("SID",), (), ("Email",)),
    Form("Gradescope", ("Name", "SID", "Email"), ("Name",), ("SID",), (), ("Email",)),
    Form("a list of your own", ("student",), ("name",), ("student",), ("number",), ("email",)),
)


def form_of(path):
    """Return the `Form` of a table and the table.

    Raises
    ------
    Unreadable
        If it cannot be read, or is of no form that is known.
    """
    for form in FORMS:
        try:
            return form, read_table(path, form.needs)
        except Unreadable as reason:
            why = str(reason)
    if "columns must be" in why:
        why = (
            f"{path.name} has the columns of no class list that is known: export the gradebook of "
            f"Canvas, Blackboard or Brightspace, Moodle's grading worksheet or participants, or "
            f"Gradescope's roster, in English; or write a column 'student'"
        )
    raise Unreadable(f"{why.rstrip('.')}.")


def columns(cells, names):
    """Return what stands in the first of the columns, then in the others; empty cells are not."""
    known = {name.casefold(): cell for name, cell in reversed(cells.items())}
    return [cell for name in names if (cell := known.get(name.casefold(), ""))]


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
    try:
        form, table = form_of(path)
    except Unreadable as reason:
        return Listing(notes=(str(reason),))
    return _listing(path, form, table, set(known))


def _listing(path, form, table, known):
    rows, notes, lines = {}, list(table.notes), {}
    match, twice = Match(known), set()
    for row in table.rows:
        cells = form.cells(table, row)
        name = " ".join(columns(cells, form.name))
        student, note = match.student(columns(cells, form.keys))
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
    match = re.search(r"([0-9]+)$", "".join(columns(row, (IDENTIFIER,))))
    return match[1] if match else ""
