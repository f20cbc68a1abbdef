"""Whose a file is: the platform's name for him, the class list, the notebook's own id.

Where they agree nothing is said. The platform and the class list decide; the notebook's id, which
the student wrote himself, decides only between several of one name, where a name in the class list
is spelled in another way, and where there is no class list. What stays unclear goes to
``grading/who.csv``.
"""

import csv
import difflib
import io
from collections import defaultdict
from typing import NamedTuple

from course_lib.notebook.checks import normal_id
from grading.foreign.tables import read_table
from grading.foreign.text import Unreadable, printable, student_name
from grading.records.people import folded
from grading.records.report import FORMULA, spreadsheet_cell

__all__ = ["Answers", "Pairs", "Question", "Verdict", "judged", "person_key", "read_answers"]

HEAD = ("platform", "name", "number", "guess", "student", "why")
NOBODY = "-"
MANY = ";"


class Question(NamedTuple):
    """One file and one person whom the platform names for it.

    Attributes
    ----------
    platform : str
    who : platforms.Who
    written : str
        The id that the notebook gives; empty if it gives none.
    """

    platform: str
    who: object
    written: str


class Verdict(NamedTuple):
    """Whose a file is.

    Attributes
    ----------
    students : tuple of str
        Several for a pair; empty if it is unclear.
    remarks : tuple of str
        What the instructor should know.
    why : str
        Why it is unclear; empty if it is not.
    guess : str
        A student who may be meant.
    left_out : bool
        Whether the instructor said that it is nobody's.
    """

    students: tuple = ()
    remarks: tuple = ()
    why: str = ""
    guess: str = ""
    left_out: bool = False


def person_key(platform, who):
    """One person on one platform, the same from lab to lab."""
    number = "" if platform == "Moodle" else who.number
    return "|".join([platform, normal_id(who.name), number, *map(normal_id, who.logins), who.email])


def judged(questions, people, answers, earlier):
    """Return a `Verdict` for each question.

    Parameters
    ----------
    questions : list of Question
    people : people.People
        The class list.
    answers : Answers
        What the instructor wrote into ``who.csv``.
    earlier : dict of str to set of str
        By `person_key`, the students to whom earlier files went.
    """
    claimed = defaultdict(set)  # by id, the persons whose notebooks carry it
    for one in questions:
        if one.written:
            claimed[normal_id(one.written)].add(person_key(one.platform, one.who))
    for key, students in earlier.items():
        for student in students:
            if normal_id(student) in claimed:
                claimed[normal_id(student)].add(key)
    return [_verdict(one, people, answers, earlier, claimed) for one in questions]


def _verdict(one, people, answers, earlier, claimed):
    answer = answers.find(one.platform, one.who)
    if answer is not None:
        return answer
    if not people:
        return _without_list(one, earlier, claimed)
    found, remarks = _in_list(one, people)
    if isinstance(found, Verdict):
        return found
    if found is None:
        return _by_written(one, people, claimed)
    if not found.student:
        why = f"the class list gives {found.name} no login, number or address of his own"
        return Verdict(why=why)
    carried = _carried(one, found, people)
    return Verdict((found.student,), (*remarks, *carried))


def _in_list(one, people):
    """The person in the class list, None, or the verdict that there are several; and remarks."""
    who, shown = one.who, printable(one.who.shown)
    strong = people.by_number(who.number) if one.platform == "Canvas" else []
    for key in (*reversed(who.logins), who.email):  # of several logins the longest first
        strong = strong or people.by_key(key)
    if len(strong) == 1:
        person, remarks = strong[0], []
        if who.name and person.names and folded(who.name) not in person.names:
            remarks.append(
                f"the platform calls {person.name} ({person.student}) {printable(who.name)!r}; if "
                f"that is a group, name all its members in who.csv"
            )
        return person, remarks
    named = strong or people.by_name(who.name)
    if len(named) == 1:
        return named[0], []
    if not named:
        return None, []
    mine = [person for person in named if normal_id(one.written) in person.keys]
    if one.written and len(mine) == 1:
        said = f"of {len(named)} who are called {shown} the notebook's id {one.written!r} decided"
        return mine[0], [said]
    return Verdict(why=f"{len(named)} in the class list are called {shown}"), []


def _carried(one, person, people):
    """A remark if the notebook carries somebody else's id."""
    if not one.written or normal_id(one.written) in person.keys:
        return ()
    others = people.by_key(one.written)
    whose = f", which is {others[0].name or others[0].student}'s," if len(others) == 1 else ""
    sentence = f"the notebook carries the id {one.written[:60]!r}{whose} and counts for "
    return (f"{sentence}{person.student!r}, who handed it in",)


def _is_hidden(who):
    return who.name.startswith("anon_") or who.name == "Participant"


def _by_written(one, people, claimed):
    """Who is not in the class list by the platform's name: by the id in the notebook, if at all."""
    who, shown = one.who, printable(one.who.shown)
    mine = people.by_key(one.written)
    others = len(claimed[normal_id(one.written)]) > 1 if one.written else False
    if len(mine) == 1 and mine[0].student and not others:
        person = mine[0]
        if _is_hidden(who):
            said = f"the download is anonymous: {shown} is {person.student!r} by his notebook's id"
            return Verdict((person.student,), (said,))
        if _resembles(who, person):
            said = (
                f"{shown} is not in the class list under that name; by his notebook's id, and as "
                f"the names resemble each other, he is {person.name or person.student!r}"
            )
            return Verdict((person.student,), (said,))
    guess = mine[0].student if len(mine) == 1 else _alike(who, people)
    why = f"{shown} is not in the class list"
    if others:
        why += f", and the id {one.written[:60]!r} stands in notebooks of several"
    return Verdict(why=why, guess=guess)


def _resembles(who, person):
    """Whether a part of the person's name is in the platform's."""
    text = folded("".join((who.name, *who.logins, who.email)))
    words = person.name.replace(",", " ").replace("-", " ").split()
    return any(len(folded(word)) > 2 and folded(word) in text for word in words)


def _alike(who, people):
    names = {name: one.student for one in people.persons for name in one.names}
    close = difflib.get_close_matches(folded(who.name), names, 1, 0.75)
    return names[close[0]] if close else ""


def _without_list(one, earlier, claimed):
    """With no class list: the login where the platform tells it, else the notebook's id."""
    who, shown = one.who, printable(one.who.shown)
    told = who.logins[0] if who.logins else who.email
    if told:
        verdict = _named(told)
        if one.written and normal_id(one.written) not in (
            normal_id(told),
            normal_id(told.partition("@")[0]),
        ):
            said = f"the notebook carries the id {one.written[:60]!r} and counts for {told!r}"
            verdict = verdict._replace(remarks=(said,))
        return verdict
    if not one.written:
        return Verdict(why=f"there is no class list, and the notebook of {shown} carries no id")
    if len(claimed[normal_id(one.written)]) > 1:
        why = f"the id {one.written[:60]!r} stands in notebooks of several"
        return Verdict(why=why, guess=one.written)
    before = earlier.get(person_key(one.platform, who), set())
    if before and normal_id(one.written) not in {normal_id(student) for student in before}:
        guess = min(before)
        why = f"the notebook of {shown} carries the id {one.written[:60]!r}, earlier ones {guess!r}"
        return Verdict(why=why, guess=guess)
    return _named(one.written)


def _named(text):
    try:
        return Verdict((student_name(text),))
    except Unreadable as reason:
        return Verdict(why=str(reason).rstrip("."))


class Answers:
    """``who.csv``: what the instructor says of whom the platform names.

    Attributes
    ----------
    rows : list of dict
        As they stand in the file.
    notes : list of str
    """

    def __init__(self, path, rows=(), notes=(), people=None):
        self.path, self.rows, self.notes, self.people = path, list(rows), list(notes), people

    def find(self, platform, who):
        """The `Verdict` of the first row that is filled in and fits, or None."""
        for number, row in enumerate(self.rows, 2):
            if row["student"] and _fits(row, platform, who):
                return self._read(row, number)
        return None

    def _read(self, row, number):
        if row["student"] == NOBODY:
            return Verdict(left_out=True)
        students, remarks = [], []
        for text in row["student"].split(MANY):
            if not text.strip():
                continue
            verdict = _named(text)
            if verdict.why:
                return verdict
            student = verdict.students[0]
            known = self.people.by_key(student) if self.people else []
            if len(known) == 1 and known[0].student:
                student = known[0].student
            elif self.people:
                remarks.append(f"{self.path.name} says {student!r}, who is not in the class list")
            students.append(student)
        return Verdict(tuple(dict.fromkeys(students)), tuple(remarks))

    def asked(self, open_questions, settled):
        """Return the text of the file with a row for each open question, and without settled ones.

        Parameters
        ----------
        open_questions : list of (Question, Verdict)
        settled : list of Question
            A row that is not filled in and fits one of them is not needed any more.
        """
        rows = [
            row
            for row in self.rows
            if row["student"] or not any(_fits(row, one.platform, one.who) for one in settled)
        ]
        for one, verdict in open_questions:
            same = {q.who.number for q, _ in open_questions if q.who.name == one.who.name}
            # Moodle's number is another one in each assignment, so it only tells namesakes apart.
            number = "" if one.platform == "Moodle" and len(same) == 1 else one.who.number
            name = one.who.name or (one.who.logins[0] if one.who.logins else one.who.email)
            row = [one.platform, name, number, verdict.guess, "", verdict.why]
            row = dict(zip(HEAD, map(printable, row), strict=True))
            if not any(_fits(old, one.platform, one.who) for old in rows):
                rows.append(row)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows([spreadsheet_cell(row.get(key, "")) for key in HEAD] for row in rows)
        return text.getvalue()


def _fits(row, platform, who):
    names = {normal_id(printable(one)) for one in (who.name, *who.logins, who.email) if one}
    same = normal_id(row["platform"]) in ("", normal_id(platform))
    number = row["number"] in ("", who.number)
    return (
        same
        and number
        and (normal_id(row["name"]) in names if row["name"] else bool(row["number"]))
    )


def read_answers(path, people):
    """Return the `Answers` in ``who.csv``, which need not be there.

    Raises
    ------
    Unreadable
        If there is a file and it cannot be read: nothing is to be overwritten then.
    """
    if not path.exists():
        return Answers(path, people=people)
    table = read_table(path, ("platform", "name", "student"))
    rows = []
    for row in table.rows:
        cells = dict(zip(map(normal_id, table.head), row.cells, strict=False))
        rows.append({key: _unquoted(cells.get(key, "").strip()) for key in HEAD})
    return Answers(path, rows, table.notes, people)


def _unquoted(text):
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


class Pairs:
    """``pairs.csv``: who hands in together; each gets what the other handed in.

    Attributes
    ----------
    notes : list of str
    """

    def __init__(self, path, people, labs):
        self.partners, self.notes = defaultdict(set), []
        if not path.exists():
            return
        try:
            table = read_table(path, ("student", "partner"))
        except Unreadable as reason:
            self.notes.append(f"{reason} Nobody is a pair until then.")
            return
        self.notes += table.notes
        numbers = {lab.split("-")[0]: lab for lab in labs} | {lab: lab for lab in labs}
        for row in table.rows:
            cells = dict(zip(map(normal_id, table.head), row.cells, strict=False))
            lab = cells.get("lab", "").strip()
            two = [self._one(row.columns[key], people) for key in ("student", "partner")]
            if (lab and lab.zfill(2) not in numbers and lab not in numbers) or not all(two):
                self.notes.append(
                    f"{path.name}, line {row.line}: a row must have a student, a partner and, or "
                    f"empty, a lab; it was left out: {printable(','.join(row.cells))[:60]}"
                )
                continue
            lab = numbers.get(lab) or numbers.get(lab.zfill(2), "")
            self.partners[lab, normal_id(two[0])].add(two[1])
            self.partners[lab, normal_id(two[1])].add(two[0])

    def _one(self, text, people):
        known = people.by_key(text)
        try:
            return known[0].student if len(known) == 1 else student_name(text)
        except Unreadable:
            return ""

    def all_of(self, students, lab):
        """The students and their partners in a lab."""
        found = dict.fromkeys(students)
        for student in students:
            key = normal_id(student)
            for partner in sorted(self.partners[lab, key] | self.partners["", key]):
                if normal_id(partner) not in map(normal_id, found):
                    found[partner] = None
        return tuple(found)
