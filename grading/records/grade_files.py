"""Which platform gets which table: read the class list and worksheets, write into report/."""

import re
from typing import NamedTuple

from course_lib.notebook.checks import normal_id
from grading.foreign import rosters
from grading.foreign.text import printable

from .collected import moodle_numbers
from .grade_tables import blackboard_table, gradescope_table, moodle_table, worksheet_table
from .store import write_whole

__all__ = ["Tables", "Worksheet", "read_worksheets", "write_tables"]

OLD = ("moodle-*.csv", "blackboard.csv", "gradescope.csv")


class Worksheet(NamedTuple):
    """Moodle's grading worksheet of one lab.

    Attributes
    ----------
    lab, name : str
    listing : rosters.Listing
        Its rows by student; who is nobody here goes by Moodle's own number.
    notes : list of str
    """

    lab: str
    name: str
    listing: object
    notes: list


class Tables(NamedTuple):
    """What was written: ``files``, pairs of a platform and a path, and ``notes``."""

    files: list
    notes: list


def read_worksheets(folder, labs, listing, known):
    """Return the `Worksheet` of each lab that has one, and notes on the files that are of none.

    Parameters
    ----------
    folder : Path
        ``grading``; the files lie in ``worksheets``, each with the lab's name, or ``lab`` and its
        number, in its own.
    labs : collection of str
    listing : rosters.Listing
        The class list, whose names tell who a participant is where nothing else does.
    known : collection of str
    """
    found, notes = {}, []
    for path in sorted((folder / "worksheets").glob("*.csv")):
        shown = f"worksheets/{printable(path.name)}"
        lab = _lab_of(path.stem, labs)
        if not lab:
            notes.append(
                f"{shown}: which lab? Put the lab's name into the file's, as {_first(labs)}.csv."
            )
            continue
        read = rosters.read(path, known)
        if read.platform != rosters.WORKSHEET.platform:
            notes.append(
                f"{shown} is no grading worksheet in English: its columns must be Identifier, "
                f"Grade and Last modified (grade); save it from Moodle again."
            )
        elif lab in found:
            notes.append(f"{shown}: {found[lab].name} is of {lab} too, and is taken; remove one.")
        else:
            listed = _attributed(read, listing, moodle_numbers(folder, lab), known)
            found[lab] = Worksheet(
                lab, path.name, listed, [f"worksheets/{one}" for one in read.notes]
            )
    return found, notes


def _first(labs):
    return min(labs, default="LAB")


def _lab_of(stem, labs):
    """The lab that a file's name names, by its name or by ``lab`` and its number."""
    stem = stem.casefold()
    whole = [lab for lab in labs if lab.casefold() in stem]
    if whole:
        return max(whole, key=len)
    number = re.search(r"\blab[ _-]?0*([0-9]+)\b", stem.replace("_", " "))
    same = [lab for lab in labs if number and re.match(rf"0*{number[1]}(?![0-9])", lab)]
    return same[0] if len(same) == 1 else ""


def _attributed(sheet, listing, numbers, known):
    """The worksheet with rows by student also where it has neither login nor address."""
    names = {}
    for student, row in listing.rows.items():
        for name in _turned(row["Student"]):
            names.setdefault(name, set()).add(student)
    rows, taken = {}, set(sheet.rows) & set(known)
    for student, row in sheet.rows.items():
        if student not in known:
            same = {one for name in _turned(row["Student"]) for one in names.get(name, ())}
            other = numbers.get(rosters.worksheet_number(row)) or (
                same.pop() if len(same) == 1 else ""
            )
            student = other if other and other not in taken else student
        taken.add(student)
        rows[student] = row
    return sheet._replace(rows=rows)


def _turned(name):
    """A name as it is and last name first, without the comma."""
    last, comma, first = (part.strip() for part in name.partition(","))
    plain = f"{first} {last}" if comma else name
    return {normal_id(" ".join(plain.split()))} - {""}


def write_tables(folder, labs, listing, worksheets, points):
    """Write the tables of all platforms but Canvas; old ones that are no longer true go.

    Parameters
    ----------
    folder : Path
        ``grading``.
    labs : dict of str to float
        The points possible of each lab that is graded or due.
    listing : rosters.Listing
    worksheets : dict of str to Worksheet
    points : dict of (str, str) to float
        By student and lab, the penalty taken off.

    Returns
    -------
    Tables
    """
    report, texts, notes = folder / "report", {}, []
    for lab, most in labs.items():
        mine = {student: score for (student, one), score in points.items() if one == lab}
        if sheet := worksheets.get(lab):
            notes += [*sheet.notes, *_doubts(sheet, mine, most)]
            text = worksheet_table(sheet.listing.head, sheet.listing.rows, mine)
            texts[f"moodle-{lab}.csv"] = "Moodle, the worksheet", text
        elif listing.platform == "Moodle" and mine:
            text = moodle_table(listing.head, listing.rows, lab, mine)
            texts[f"moodle-{lab}.csv"] = "Moodle's gradebook", text
    if listing.platform == "Blackboard":
        new = [lab for lab in labs if not rosters.lab_column(listing.head, lab)]
        if new:
            notes.append(
                f"roster.csv has no column for {', '.join(new)}: make it in Blackboard and "
                f"download again; of a name that it does not know it makes a text without points."
            )
        text = blackboard_table(listing.head, listing.rows, labs, points)
        texts["blackboard.csv"] = "Blackboard", text
    if listing.platform == "Gradescope":
        text = gradescope_table(listing.head, listing.rows, labs, points)
        texts["gradescope.csv"] = "Gradescope's columns, to read; it imports no scores", text
    for pattern in OLD:
        for path in report.glob(pattern):
            if path.name not in texts:
                path.unlink()
    for name, (_, text) in texts.items():
        write_whole(report / name, text)
    return Tables([(platform, report / name) for name, (platform, _) in texts.items()], notes)


def _doubts(sheet, points, most):
    """Sentences on what Moodle would leave out without a word."""
    rows, where = sheet.listing.rows, f"worksheets/{printable(sheet.name)}"
    missing = sorted(set(points) - set(rows))
    if missing:
        yield (
            f"{where}: {len(missing)} with points in {sheet.lab} stand in no row of it, among them "
            f"{printable(missing[0])!r}; save it again with ID numbers or addresses shown."
        )
    column = next((one for one in sheet.listing.head if one.casefold() == "maximum grade"), "")
    found = {row.get(column, "").replace(",", ".") for row in rows.values()} if column else set()
    highest = max((points[student] for student in points if student in rows), default=0.0)
    for text in sorted(found - {""}):
        limit = _number(text)
        if limit is not None and limit != most:
            yield (
                f"{where}: Moodle's maximum is {limit:g}, and {sheet.lab} has {most:g} points; set "
                f"the assignment's maximum grade to {most:g}, or the share is another one."
            )
        if limit is not None and highest > limit:
            yield f"{where}: Moodle leaves out grades above {limit:g}; the highest is {highest:g}."


def _number(text):
    try:
        return float(text)
    except ValueError:
        return None
