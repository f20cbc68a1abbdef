"""What the names in a learning platform's download say: who, when, and which file.

The forms, each recognized by itself; LAB.ipynb stands for what the student called the file::

    doejane_LATE_1002_78002_LAB.ipynb                          Canvas
    Jane Doe_657010_assignsubmission_file/LAB.ipynb            Moodle; also with _ for /
    Lab 6_jdoe_attempt_2026-03-01-22-10-11_LAB.ipynb           Blackboard
    39786-640693 - Jane Doe - Mar 1, 2026 310 PM/LAB.ipynb     Brightspace; also with " - " for /
    submission_4567/LAB.ipynb                                  Gradescope, with its metadata
    jdoe+06-low-rank+2026-03-01 22:10:11 UTC+x7/LAB.ipynb      nbgrader's exchange
    jdoe/06-low-rank/LAB.ipynb                                 nbgrader's folder of submissions
    jdoe_06-low-rank_20260301T221011Z.ipynb                    `make submit` of this course

The outermost part of a path that has a form decides, so that nothing which a student packed into
an archive can name another student.
"""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import NamedTuple

from .clocks import local_time
from .text import Unreadable
from .times import read_time

__all__ = ["CANVAS", "MOODLE", "Claim", "Who", "bare", "claim_of", "gradescope", "own_name"]

MOODLE = re.compile(
    r"(?P<name>[^_]*)(?:_(?P<number>[0-9]+))?_assign(?P<what>submission|feedback)_"
    r"(?P<plugin>[a-z]+)(?:_(?P<rest>.*))?",
    re.DOTALL,
)
BLACKBOARD = re.compile(
    r"(?P<front>.+?)_attempt_(?P<time>[0-9]{4}(?:-[0-9]{2}){5})(?:_(?P<rest>.+)|\.txt)?", re.DOTALL
)
BRIGHTSPACE = re.compile(
    r"(?P<number>[0-9]+-[0-9]+) - (?P<name>.+?) ?- (?P<time>[^-]*[0-9]{4},? [0-9]{1,2}:?[0-9]{2}"
    r"(?: ?[AP]M)?)(?: - (?P<rest>.+))?",
    re.DOTALL,
)
CANVAS = re.compile(
    r"(?:(?P<late1>LATE_)?anon_(?P<anonymous>[A-Za-z0-9]+)|"
    r"(?P<name>.+?)(?P<late2>_LATE)?_(?P<number>[0-9]+))_(?P<file>[0-9]+)_(?P<rest>.+)",
    re.DOTALL,
)
EXCHANGE = re.compile(r"(?P<student>[^+]+)\+(?P<lab>[^+]+)\+(?P<time>[^+]+)(?:\+.*)?", re.DOTALL)
SUBMISSION = re.compile(r"submission_[0-9]+")
OWN = re.compile(r"(?:(?P<student>.+)_)?(?P<lab>[^_]+)_(?P<time>[0-9]{8}T[0-9]{6}Z)", re.DOTALL)
COPY = re.compile(r"(?: ?\((\d{1,4})\)|-(\d{1,4})|-Copy(\d{1,4}))$")


class Who(NamedTuple):
    """A person as a platform names him; what it does not tell is empty.

    Attributes
    ----------
    name, number, email : str
    logins : tuple of str
        What may be the login, the likeliest first.
    """

    name: str = ""
    number: str = ""
    logins: tuple = ()
    email: str = ""

    @property
    def shown(self):
        """The person in a sentence."""
        login = self.logins[0] if self.logins else ""
        known = [one for one in (self.name, login, self.email) if one]
        return known[0] + f" ({self.number})" * bool(self.number) if known else self.number


class Claim(NamedTuple):
    """What a name says of a file.

    Attributes
    ----------
    platform : str
    people : tuple of Who
        Several for a group's; empty if only a table beside it tells.
    group : str
        The part of the path that holds what was handed in together.
    rest : tuple of str
        The path from there on, as the student named it.
    time : datetime or None
        Without a zone where the platform writes none.
    serial : int
        Counts up with every upload on the platform.
    late : bool
        Whether the platform marks it as late.
    lab : str
        Where the platform tells it.
    note : str
        What is wrong with its time.
    ignored : bool
        It is no submission.
    """

    platform: str
    people: tuple
    group: str
    rest: tuple
    time: object = None
    serial: int = 0
    late: bool = False
    lab: str = ""
    note: str = ""
    ignored: bool = False


def claim_of(parts, labs, tables=()):
    """Return what the parts of a path claim, or None.

    Parameters
    ----------
    parts : sequence of str
    labs : collection of str
    tables : mapping of str to dict
        From `gradescope`, by the folder that the metadata lie in.

    Returns
    -------
    Claim or None
    """
    parts = tuple(unicodedata.normalize("NFC", part) for part in parts)
    for place, part in enumerate(parts):
        below = parts[place + 1 :]
        listed = dict(tables).get("/".join(parts[:place]), {})
        for reader in (_moodle, _blackboard, _brightspace, _exchange, _canvas):
            if found := reader(part, below):
                return found._replace(group="/".join(parts[:place]) + "/" + found.group)
        if part in listed or SUBMISSION.fullmatch(part):
            return listed.get(part, Claim("Gradescope", (), part, ()))._replace(
                group="/".join(parts[: place + 1]), rest=below or (part,)
            )
        if part.lower().endswith(".zip"):
            if below and (found := _own(parts[: place + 1], labs)):
                return found._replace(rest=below)
        elif len(below) > 1 and below[0] in labs:
            who = Who(logins=(part,))
            return Claim("nbgrader", (who,), "/".join(parts[: place + 2]), below[1:], lab=below[0])
    return _own(parts, labs)


def _timed(reader, text):
    """The time, and what is wrong with it."""
    try:
        return reader(text), ""
    except Unreadable as reason:
        return None, str(reason)


def _rest(match, below, part):
    """The path below a claim: the rest of the part itself, if it has one, then what is in it."""
    rest = match["rest"]
    return (*((rest,) if rest else ()), *below) or (part,)


def _is_folder(part, below):
    """Whether it is a folder and no archive: these platforms make none."""
    return bool(below) and not part.lower().endswith(".zip")


def _moodle(part, below):
    match = MOODLE.fullmatch(part)
    if not match:
        return None
    # The number belongs to the student in this assignment alone.
    who = Who(match["name"].strip(), match["number"] or "")
    group = part if below else part.removesuffix(match["rest"] or "")
    ignored = match["what"] == "feedback" or match["plugin"] != "file"
    return Claim("Moodle", (who,), group, _rest(match, below, part), ignored=ignored)


def _blackboard(part, below):
    match = BLACKBOARD.fullmatch(part)
    if not match or _is_folder(part, below):
        return None
    # Assignment and login stand side by side, and both may have a _ in them.
    words = match["front"].split("_")
    logins = tuple("_".join(words[start:]) for start in range(len(words) - 1, 0, -1))
    when, note = _timed(local_time, match["time"])
    group = f"{match['front']}_attempt_{match['time']}"
    who = Who(logins=logins or (match["front"],))
    return Claim("Blackboard", (who,), group, _rest(match, below, part), when, note=note)


def _brightspace(part, below):
    match = BRIGHTSPACE.fullmatch(part)
    if not match:
        return None
    name, logins = match["name"], ()
    if listed := re.fullmatch(r"([A-Za-z]?[0-9]+) - (.+)", name):  # the student's number first
        logins, name = (listed[1],), listed[2]
    when, note = _timed(local_time, match["time"])
    group = part.removesuffix(f" - {match['rest']}")
    who = Who(name.strip(), logins=logins)
    return Claim("Brightspace", (who,), group, _rest(match, below, part), when, note=note)


def _exchange(part, below):
    match = EXCHANGE.fullmatch(part)
    if not match or not below:
        return None
    when, note = _timed(read_time, match["time"])
    if when is None:
        return None
    who = Who(logins=(match["student"],))
    return Claim("nbgrader", (who,), part, below, when, lab=match["lab"], note=note)


def _canvas(part, below):
    match = CANVAS.fullmatch(part)
    if not match or _is_folder(part, below):
        return None
    name = f"anon_{match['anonymous']}" if match["anonymous"] else match["name"]
    who = Who(name, match["number"] or "")
    late = bool(match["late1"] or match["late2"])
    group = f"{name}_{match['number'] or ''}"
    rest = _rest(match, below, part)
    return Claim("Canvas", (who,), group, rest, serial=int(match["file"]), late=late)


def _own(parts, labs):
    student, lab, _ = own_name(parts[-1], labs)
    if not lab:
        return None
    if not student and len(parts) > 1:
        student = parts[-2]
    who = (Who(logins=(student,)),) if student else ()
    return Claim("its own name", who, "/".join(parts), parts[-1:], lab=lab) if who else None


def bare(name):
    """Return a file's name without its ending and what copies add, and the copy's number.

    Examples
    --------
    >>> bare("06-low-rank-1 (2).ipynb")
    ('06-low-rank', 1)
    """
    stem, number = PurePosixPath(name).stem, 0
    while match := COPY.search(stem):
        stem, number = stem[: match.start()], int(match[match.lastindex])
    return stem, number


def own_name(name, labs):
    """Return student, lab and time in a file's name; what is not in it is empty.

    Parameters
    ----------
    name : str
    labs : collection of str

    Returns
    -------
    student, lab, time : str
        The time as `make submit` writes it; it is the student's own.

    Examples
    --------
    >>> own_name("ann_06-low-rank_20260301T221011Z-1.ipynb", ["06-low-rank"])
    ('ann', '06-low-rank', '20260301T221011Z')
    """
    for stem in dict.fromkeys((PurePosixPath(name).stem, bare(name)[0])):
        if (match := OWN.fullmatch(stem)) and match["lab"] in labs:
            return (match["student"] or "").strip(), match["lab"], match["time"]
        for lab in sorted(labs, key=len, reverse=True):
            if stem == lab:
                return "", lab, ""
            if stem.endswith(f"_{lab}"):
                return stem.removesuffix(f"_{lab}").strip(), lab, ""
    return "", "", ""


def gradescope(raw):
    """Return by folder what ``submission_metadata.yml`` says of it, each as a `Claim`.

    Parameters
    ----------
    raw : bytes

    Raises
    ------
    Unreadable
    """
    import yaml

    loader = type("Loader", (getattr(yaml, "CBaseLoader", yaml.BaseLoader),), {})
    try:
        read = yaml.load(raw, loader)  # every scalar stays a text, and no tag makes an object
    except Exception as error:  # whatever the parser makes of it
        raise Unreadable(
            f"submission_metadata.yml cannot be read ({type(error).__name__}); export it again."
        ) from None
    if not isinstance(read, dict):
        raise Unreadable("submission_metadata.yml must list submissions; export it again.")
    return {str(key): _submission(str(key), one) for key, one in read.items() if _is_one(one)}


def _is_one(entry):
    return isinstance(entry, dict) and isinstance(entry.get(":submitters"), list)


def _submission(key, entry):
    people = tuple(
        Who(
            _text(one, ":name"),
            logins=tuple(filter(None, (_text(one, ":sid"),))),
            email=_text(one, ":email"),
        )
        for one in entry[":submitters"]
        if isinstance(one, dict)
    )
    when, note = _timed(_ruby_time, _text(entry, ":created_at"))
    return Claim("Gradescope", people, key, (), when, note=note)


def _text(entry, key):
    found = entry.get(key, "")
    return unicodedata.normalize("NFC", found).strip() if isinstance(found, str) else ""


def _ruby_time(text):
    match = re.fullmatch(r"(\S+ [0-9:]+)(?:\.[0-9]+)? ?(Z|UTC|[+-][0-9:]+)", text)
    return read_time(f"{match[1]} {match[2]}" if match else text)
