"""The instructor's files of a term: rules, class list, extensions; each mistake gets a sentence.

A mistake stops nothing and raises no mark. What a mistyped rule would decide is held back: those
scores are left out until the rule is mended.
"""

import difflib
import math
import re
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from course_lib.notebook.checks import normal_id
from grading.foreign.tables import read_table
from grading.foreign.text import Unreadable, decoded, likely, printable
from grading.foreign.times import YEARS, read_time

from .late import LatePolicy

__all__ = [
    "IDENTITY",
    "POSSIBLE",
    "Roster",
    "Rules",
    "read_extensions",
    "read_roster",
    "read_rules",
]

IDENTITY = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "    Points Possible"  # how Canvas marks the row that is no student
TEST_STUDENT = "Student, Test"  # whom Canvas adds to every class
DATE = "2027-03-01T22:59:00Z"
MOST_DAYS = 366


class Rule(NamedTuple):
    """What a number in ``term.toml`` must be."""

    whole: bool
    most: float
    words: str


RULES = {
    "late_days": Rule(True, 100, "a whole number from 0 to 100, such as 4"),
    "grace_minutes": Rule(False, 1440, "a number from 0 to 1440, such as 15"),
    "per_day": Rule(False, 1, "a share from 0 to 1, such as 0.1 for a tenth"),
}
WEIGHT = Rule(False, 1000, "a number from 0 to 1000, such as 2")


@dataclass
class Rules:
    """What ``term.toml`` says.

    Attributes
    ----------
    due : dict of str to datetime
    weights : dict of str to float, or None
        None if they cannot be read: then there are no totals.
    policy : LatePolicy or None
        None if it cannot be read: then late scores are held back.
    held : set of str
        Labs whose due dates cannot be read: all their scores are held back.
    notes : list of str
        A sentence for each mistake: file, line, what is expected, what came, how to mend it.
    """

    due: dict = field(default_factory=dict)
    weights: dict | None = field(default_factory=dict)
    policy: LatePolicy | None = field(default_factory=LatePolicy)
    held: set = field(default_factory=set)
    notes: list = field(default_factory=list)


@dataclass
class Roster:
    """The class.

    Attributes
    ----------
    rows : dict of str to dict
        By student, in the form of `normal_id`.
    head : list of str
        The columns of Canvas's export.
    notes : list of str
    usable : bool
        False if there is a file and no row of it can be used.
    """

    rows: dict = field(default_factory=dict)
    head: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    usable: bool = True


def read_rules(path, labs):
    """Return the `Rules` in a file, which need not be there.

    Parameters
    ----------
    path : Path
    labs : collection of str
    """
    if not path.exists():
        return Rules()
    try:
        text, remark = decoded(path.read_bytes())
        term = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        why = "" if isinstance(error, Unreadable) else "mend that line; "
        sentence = (
            f"{path.name} cannot be read: {printable(str(error))}; {why}until then no score that "
            f"could be late is exported and penalties stay as they are."
        )
        return Rules(weights=None, policy=None, held=set(labs), notes=[sentence])
    reader = _RulesReader(path.name, text, labs)
    if remark:
        reader.rules.notes.append(f"{path.name}: {remark}")
    return reader.read(term)


class _RulesReader:
    """Reads one file, noting each mistake with its line."""

    def __init__(self, name, text, labs):
        self.name, self.lines, self.labs = name, text.splitlines(), labs
        self.rules = Rules()

    def read(self, term):
        rules = self.rules
        for key in term:
            if key not in (*RULES, "due", "weights"):
                # A rule that nobody reads may be one that costs points.
                rules.policy = None
                known = (*RULES, "due", "weights")
                close = difflib.get_close_matches(_bare(key), known, 1, 0.5)
                meant = f"did you mean {close[0]!r}?" if close else "remove it."
                self.note(key, f"there is no rule {printable(key)!r}; {meant}")
        found = {
            key: self.number(key, term[key], rule) for key, rule in RULES.items() if key in term
        }
        if None in found.values() or rules.policy is None:
            rules.policy = None
            rules.notes.append(
                f"{self.name}: until that is mended, what was handed in late has no score in "
                f"canvas.csv, and its penalty stays as it is."
            )
        else:
            rules.policy = LatePolicy(**found)
        self.read_due(term.get("due", {}))
        self.read_weights(term.get("weights", {}))
        return rules

    def note(self, key, sentence):
        line = next((n for n, one in enumerate(self.lines, 1) if _gives(one, key)), 0)
        where = f"{self.name}, line {line}" if line else self.name
        self.rules.notes.append(f"{where}: {sentence}")

    def number(self, key, value, rule):
        """The number if it is one that the rule allows; else None, and a note."""
        kinds = int if rule.whole else int | float
        good = isinstance(value, kinds) and not isinstance(value, bool)
        if good and math.isfinite(value) and 0 <= value <= rule.most:
            return value
        self.note(key, f"{key} must be {rule.words}; got {printable(repr(value))[:40]}; change it.")
        return None

    def table(self, key, value):
        if isinstance(value, dict):
            return value
        self.note(key, f"{key} must be a table, a line [{key}] with labs below; got {value!r:.40}.")
        return None

    def lab(self, key, name):
        if name in self.labs:
            return True
        shown, known = printable(name)[:40], ", ".join(sorted(self.labs))
        meant = likely(name, self.labs)
        self.note(
            name, f"[{key}] names {shown!r}, which is no lab{meant or f'; labs are {known}.'}"
        )
        return False

    def read_due(self, value):
        table, rules = self.table("due", value), self.rules
        if table is None:
            rules.held |= set(self.labs)
            return
        strange = False
        for name, when in table.items():
            if not self.lab("due", name):
                strange = True
                continue
            when = self.date(name, when)
            if when is None:
                rules.held.add(name)
            else:
                rules.due[name] = when
        if strange:  # one of those without a date was meant
            rules.held |= set(self.labs) - set(rules.due)
        if rules.held:
            rules.notes.append(
                f"{self.name}: until that is mended, canvas.csv has no scores of "
                f"{', '.join(sorted(rules.held))}, and their penalties stay as they are."
            )

    def date(self, name, when):
        reason = ""
        if isinstance(when, str):
            try:
                return read_time(when)
            except Unreadable as unreadable:
                reason = f" ({unreadable})"
        elif isinstance(when, datetime) and when.tzinfo is None:
            reason = " (a Z for UTC, or an offset such as +01:00, is missing at its end)"
        elif isinstance(when, datetime) and when.year in YEARS:
            return when
        shown = printable(str(when))[:40]
        self.note(name, f"the due date of {name} must look like {DATE}; got {shown!r}{reason}.")
        return None

    def read_weights(self, value):
        table = self.table("weights", value)
        found = {}
        for name, weight in (table or {}).items():
            known = self.lab("weights", name)
            found[name] = self.number(name, weight, WEIGHT) if known else None
        if table is None or None in found.values():
            self.rules.notes.append(f"{self.name}: until that is mended, the page has no totals.")
            found = None
        self.rules.weights = found


def _bare(key):
    """``lateDays`` as ``late_days``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower().replace("-", "_")


def _gives(line, key):
    return re.match(rf"\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[=\].]", line) is not None


def read_roster(path):
    """Return the `Roster` in Canvas's export of a gradebook, which need not be there.

    The student is who handed in: the login id, or where there is none the SIS id or the id.
    Case, blanks around it and the form of its accents do not matter. A row that cannot be used
    is left out and noted; Canvas's test student is left out.
    """
    if not path.exists():
        return Roster()
    try:
        table = read_table(path, IDENTITY)
    except Unreadable as reason:
        sentence = f"{reason} Export the gradebook from Canvas again; no canvas.csv until then."
        return Roster(notes=[sentence], usable=False)
    roster, twice = Roster(head=table.head, notes=list(table.notes)), set()
    rows = [row for row in table.rows if not _is_nobody(row.columns)]
    numbers = [row.columns["ID"].isdecimal() for row in rows]
    numbered = sum(numbers) > len(rows) / 2
    lines = {}
    for row, number in zip(rows, numbers, strict=True):
        found, where = row.columns, f"{path.name}, line {row.line}"
        login = found["SIS Login ID"] or found["SIS User ID"] or found["ID"]
        if not login or (numbered and not number):
            shown = printable(",".join(row.cells))[:60]
            roster.notes.append(
                f"{where}: the row was left out, for its ID is {printable(found['ID'])[:30]!r} and "
                f"no number; if its columns are shifted, put quotes around the name: {shown}"
            )
            continue
        student = normal_id(login)
        if student in roster.rows and roster.rows[student] != found:
            twice.add(student)
            roster.notes.append(
                f"{where}: lists {printable(login)!r} a second time, after line {lines[student]}, "
                f"for somebody else; neither is in canvas.csv until one of them is changed."
            )
        roster.rows.setdefault(student, found)
        lines.setdefault(student, row.line)
    for student in twice:
        del roster.rows[student]
    return roster


def _is_nobody(row):
    """Whether a row of Canvas's is no student's."""
    if row["Student"] == TEST_STUDENT and not row["SIS User ID"]:
        return True
    return row["Student"] == POSSIBLE.strip() or not any(row[name] for name in IDENTITY[:4])


def read_extensions(path, labs):
    """Return days by student and lab, and a sentence for each row that cannot be used.

    Parameters
    ----------
    path : Path
    labs : collection of str
        A lab goes by its name or its number.

    Returns
    -------
    days : dict of (str, str) to float or None
        By student in the form of `normal_id`, and lab; None where a row cannot be read, so that
        what was granted before stays. None in place of all if the whole file cannot be read.
    notes : list of str
    """
    if not path.exists():
        return {}, []
    try:
        table = read_table(path, ("student", "lab", "days"))
    except Unreadable as reason:
        sentence = f"{reason} Write them into line 1; until then extensions stay as they are."
        return None, [sentence]
    names = {name.split("-")[0]: name for name in labs} | {name: name for name in labs}
    days, notes = {}, list(table.notes)
    for row in table.rows:
        student, lab, text = (row.columns[name] for name in ("student", "lab", "days"))
        where = f"{path.name}, line {row.line}"
        if lab.zfill(2) not in names and lab not in names:
            known = ", ".join(sorted(labs))
            meant = likely(lab, labs) or f"; labs are {known}."
            notes.append(f"{where}: names {printable(lab)[:40]!r}; there is no such lab{meant}")
            continue
        key = normal_id(student), names.get(lab) or names[lab.zfill(2)]
        granted = _days(text.replace(",", ".") if table.delimiter == ";" else text)
        if granted is None:
            shown = printable(text)[:30]
            notes.append(
                f"{where}: days must be a number from 0 to {MOST_DAYS}, such as 2.5; got "
                f"{shown!r}; until then what was granted before stays."
            )
        elif days.get(key, granted) != granted:
            least = granted if days[key] is None else min(days[key], granted)
            notes.append(
                f"{where}: a second row for {printable(student)!r} and {key[1]}, with other days; "
                f"the smaller, {least:g}, counts; remove one."
            )
            granted = least
        days[key] = granted
    return days, notes


def _days(text):
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text):
        return None
    days = float(text)
    return days if days <= MOST_DAYS else None
