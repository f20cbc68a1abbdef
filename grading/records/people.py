"""The class list, whichever platform exported it: who is in the class, and by what names."""

import re
import unicodedata
from collections import defaultdict
from typing import NamedTuple

from course_lib.notebook.checks import normal_id
from grading.foreign import rosters
from grading.foreign.text import Unreadable, printable, student_name

from .term_files import IDENTITY, read_roster

__all__ = ["People", "Person", "folded", "read_people"]


class Person(NamedTuple):
    """Somebody in the class.

    Attributes
    ----------
    student : str
        The name of his folder below ``grading/submitted``; empty if the table gives none.
    name : str
    platform : str
        His number on the platform itself; only Canvas tells.
    keys : frozenset of str
        All that he may go by, in the form of `normal_id`: login, numbers, address.
    names : frozenset of str
        His name in the form of `folded`, first name first and last.
    """

    student: str
    name: str
    platform: str
    keys: frozenset
    names: frozenset


class People:
    """The class.

    Attributes
    ----------
    persons : list of Person
    kind : str
        Whose export it is; empty if there is no list.
    notes : list of str
    """

    def __init__(self, persons=(), kind="", notes=()):
        self.persons, self.kind, self.notes = list(persons), kind, list(notes)
        self._keys, self._names, self._numbers = (defaultdict(list) for _ in range(3))
        for one in self.persons:
            for key in one.keys:
                self._keys[key].append(one)
            for name in one.names:
                self._names[name].append(one)
            if one.platform:
                self._numbers[one.platform].append(one)

    def __bool__(self):
        return bool(self.kind)

    def by_key(self, text):
        """Those whose login, number or address it is."""
        return self._keys.get(normal_id(text), []) if text else []

    def by_number(self, number):
        """Those whom the platform gave the number."""
        return self._numbers.get(number, [])

    def by_name(self, name):
        """Those who have the name, in either order; accents and signs do not matter."""
        return self._names.get(folded(name), [])


def folded(name):
    """Return the letters and digits of a name, without accents, blanks and signs.

    Examples
    --------
    >>> folded("Łuk, Zoë-Anne")
    'łukzoeanne'
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(one for one in plain if one.isalnum())


def read_people(path, column=""):
    """Return the `People` in a class list, which need not be there.

    Parameters
    ----------
    path : Path
    column : str
        Which column names a student's folder; by default the login, else the number, else the
        address.

    Raises
    ------
    Unreadable
        If there is a file and it is no class list.
    """
    if not path.exists():
        return People()
    form, table = rosters.form_of(path)
    if form is rosters.CANVAS:
        return _canvas(path, column)
    return _people(path, form, table, column)


def _canvas(path, column):
    roster = read_roster(path)
    if not roster.usable:
        raise Unreadable(" ".join(roster.notes))
    persons = []
    for row in roster.rows.values():
        ids = [row[key] for key in ("SIS Login ID", "SIS User ID", "ID") if row[key]]
        wanted = _column(row, column, IDENTITY, path) or ids[0]
        last, _, first = row["Student"].partition(",")
        persons.append(_person(wanted, (first.strip(), last.strip()), ids, row["ID"]))
    return People(persons, "Canvas", roster.notes)


def _column(cells, column, head, path):
    """What the instructor's own choice of a column says; empty if he made none."""
    if not column:
        return ""
    for name in head:
        if normal_id(name) == normal_id(column):
            return cells.get(name, "")
    listed = ", ".join(printable(name)[:30] for name in list(head)[:12])
    raise Unreadable(f"{path.name} has no column '{printable(column)[:40]}'; it has {listed}.")


def _people(path, form, table, column):
    persons, notes, lines = {}, list(table.notes), {}
    for row in table.rows:
        cells = form.cells(table, row)
        ids = rosters.columns(cells, form.keys)
        wanted = _column(cells, column, cells, path) or (ids[0] if ids else "")
        one = _person(wanted, rosters.columns(cells, form.name), ids, "")
        where = f"{path.name}, line {row.line}"
        if not one.student:
            notes.append(
                f"{where}: {printable(one.name)[:40] or 'a row'} has no login, number or address; "
                f"what comes from there goes into who.csv."
            )
        key = normal_id(one.student) or f"line {row.line}"
        if key in persons and persons[key] != one:
            notes.append(
                f"{where}: lists {printable(one.student)!r} a second time, after line "
                f"{lines[key]}, for somebody else; what is theirs goes into who.csv until one of "
                f"them is changed."
            )
            persons[key] = persons[key]._replace(student="")
            persons[f"line {row.line}"] = one._replace(student="")
            continue
        persons.setdefault(key, one)
        lines.setdefault(key, row.line)
    return People(persons.values(), form.platform, notes)


def _person(wanted, name, ids, platform):
    try:
        student = student_name(wanted) if wanted else ""
    except Unreadable:
        student = ""
    words = [part for part in name if part]
    spoken = " ".join(words)
    names = {folded("".join(words)), folded("".join(reversed(words)))}
    if len(words) == 1:  # one column holds both: the last word may as well come first
        parts = re.split(r"[\s,]+", words[0].strip())
        names |= {folded("".join(parts[turn:] + parts[:turn])) for turn in range(len(parts))}
    keys = {normal_id(one) for one in (*ids, student) if one}
    keys |= {one.partition("@")[0] for one in keys if "@" in one}
    return Person(student, spoken, platform, frozenset(keys), frozenset(names - {""}))
