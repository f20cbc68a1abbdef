"""Grades in the forms in which learning platforms take them, one text for each table.

A text that a spreadsheet would take for a formula is quoted wherever the platform does not need it
to know the student.
"""

import csv
import io
import re

from grading.foreign.rosters import GRADE, IDENTIFIER, lab_column

from .report import FORMULA, spreadsheet_cell

__all__ = [
    "blackboard_table",
    "gradescope_table",
    "key_cell",
    "moodle_table",
    "points_cell",
    "worksheet_table",
]

HARMLESS = re.compile(r"[-+@]?[\w.@+-]+")
# What Moodle reads of a worksheet, and so must get back as it was; texts of feedback among it.
READ_BACK = (IDENTIFIER, GRADE, "Last modified (grade)", "Feedback comments")


def points_cell(score):
    """Return points as they stand in a table; what is missing is empty."""
    return "" if score is None else f"{round(score, 2):g}"


def key_cell(text):
    """Return a login or a number as it is, unless a spreadsheet would compute with it."""
    harmless = not text.startswith(FORMULA) or HARMLESS.fullmatch(text)
    return text if harmless else f"'{text}"


def _csv(rows, quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n", quoting=quoting).writerows(rows)
    return text.getvalue()


def _cells(row, names):
    """The cells of columns by name, case aside."""
    folded = {name.casefold(): cell for name, cell in row.items()}
    return [folded.get(name.casefold(), "") for name in names]


def worksheet_table(head, rows, points):
    """Return Moodle's grading worksheet with the grades filled in.

    Moodle keeps what it has where a grade is empty.

    Parameters
    ----------
    head : sequence of str
    rows : dict of str to dict
        By student.
    points : dict of str to float
    """
    table = [head]
    for student, row in rows.items():
        cells = []
        for name in head:
            if name.casefold() == GRADE.casefold():
                cells.append(points_cell(points.get(student)))
            elif name.casefold() in [one.casefold() for one in READ_BACK]:
                cells.append(row.get(name, ""))
            else:
                cell = row.get(name, "")
                cells.append(cell if cell == "-" else spreadsheet_cell(cell))
        table.append(cells)
    return _csv(table)


def moodle_table(head, rows, lab, points):
    """Return the grades of one lab for Moodle's gradebook; who has none is in no row.

    There an empty cell would take away a grade.

    Parameters
    ----------
    head : sequence of str
        The columns of the class list.
    rows : dict of str to dict
    lab : str
    points : dict of str to float
    """
    keys = [
        name
        for name in head
        if name.casefold() in ("username", "id number", "email address")
        and any(row.get(name) for row in rows.values())
    ]
    names = [name for name in head if name.casefold() in ("first name", "last name", "surname")]
    table = [[*names, *keys, lab_column(head, lab) or lab]]
    for student, row in rows.items():
        if student in points:
            shown = [spreadsheet_cell(row.get(name, "")) for name in names]
            known = [key_cell(row.get(name, "")) for name in keys]
            table.append([*shown, *known, points_cell(points[student])])
    return _csv(table)


def blackboard_table(head, rows, labs, points):
    """Return scores as CSV for Blackboard's grade center, every cell in quotes.

    A column that Blackboard knows keeps its name, with the number behind ``|``.

    Parameters
    ----------
    head : sequence of str
        The columns of Blackboard's own file.
    rows : dict of str to dict
    labs : collection of str
    points : dict of (str, str) to float
        By student and lab.
    """
    table = [
        ["Last Name", "First Name", "Username", *(lab_column(head, lab) or lab for lab in labs)]
    ]
    for student, row in rows.items():
        last, first, login = _cells(row, table[0][:3])
        scores = [points_cell(points.get((student, lab))) for lab in labs]
        table.append([spreadsheet_cell(last), spreadsheet_cell(first), key_cell(login), *scores])
    return _csv(table, csv.QUOTE_ALL)


def gradescope_table(head, rows, labs, points):
    """Return scores in the columns of Gradescope's own export.

    Parameters
    ----------
    head : sequence of str
    rows : dict of str to dict
    labs : dict of str to float
        The points possible, by lab.
    points : dict of (str, str) to float
    """
    names = [name for name in head if name.casefold() in ("first name", "last name", "name")]
    columns = [column for lab in labs for column in (lab, f"{lab} - Max Points")]
    table = [[*names, "SID", "Email", *columns]]
    for student, row in rows.items():
        shown = [spreadsheet_cell(cell) for cell in _cells(row, names)]
        known = [key_cell(cell) for cell in _cells(row, ("SID", "Email"))]
        scores = [
            cell
            for lab, most in labs.items()
            for cell in (points_cell(points.get((student, lab))), f"{most:g}")
        ]
        table.append([*shown, *known, *scores])
    return _csv(table)
