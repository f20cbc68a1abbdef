"""Find what was handed in: notebooks and archives, in folders or loose; touch nothing.

Whose notebook it is and of which lab is read from where it lies::

    STUDENT/LAB/LAB.ipynb    as nbgrader collects; another name will do where there is no such file
    STUDENT/LAB.ipynb
    STUDENT_LAB.ipynb        also with _TIME, as `make submit` names it; that time is not believed
    STUDENT_LAB.zip          with one notebook inside
    STUDENT/LAB.zip          the same; or STUDENT/LAB/anything.zip
    anything.zip             of a whole class, with any of the above inside

What browsers, platforms and Jupyter add to the name of a second file, such as ``(1)``, ``-1`` or
``-Copy1``, is left away. Files are opened without following links, archives are read without
unpacking them, and what is odd costs itself alone.
"""

import os
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from course_lib.notebook.checks import normal_id
from grading.foreign.platforms import bare
from grading.foreign.text import Unreadable, printable, student_name
from grading.foreign.times import read_time

from .archives import Refused, members, read_file, read_text

__all__ = ["Refusal", "Refused", "Upload", "find_uploads", "one_name"]

DEEP = 12  # folders within folders
IGNORED = {"__MACOSX", ".DS_Store", "Thumbs.db", ".ipynb_checkpoints", "timestamp.txt"}
MADE = re.compile(r"_\d{8}T\d{6}Z$")  # by the student's own clock
NAMED, COPIED, OTHER = 2, 1, 0  # bears the lab's name; with what a copy's name adds; neither


@dataclass(frozen=True)
class Upload:
    """One notebook that was handed in, not read yet.

    Attributes
    ----------
    student, lab : str
    origin : str
        Where it lies, relative to the folder of submissions.
    written : float
        When it was last changed, in seconds since 1970.
    read : callable
        ``read(limit)`` returns its bytes, or raises `Refused`.
    timestamp : datetime or None
        When nbgrader collected it.
    older : tuple of Upload
        What counts instead if it cannot be read, the newest first.
    place : str
        The folder or archive that holds nothing but this student's; empty for a loose file.
    rank : int
        How well its name fits.
    order : tuple
        Among files of one time.
    """

    student: str
    lab: str
    origin: str
    written: float
    read: Callable = field(repr=False)
    timestamp: object = None
    older: tuple = ()
    place: str = ""
    rank: int = NAMED
    order: tuple = ()


class Owner(NamedTuple):
    """Whose a file is: ``student``, ``lab``, and ``place`` as in `Upload`."""

    student: str
    lab: str
    place: str


@dataclass(frozen=True)
class Refusal:
    """Something that could not be attributed or opened, or that is odd.

    Attributes
    ----------
    origin, reason : str
    harmless : bool
        Whether nobody's notebook is left ungraded because of it.
    """

    origin: str
    reason: str
    harmless: bool = False


def find_uploads(folder, labs, known=()):
    """Return what can be graded and what cannot.

    Parameters
    ----------
    folder : Path
        ``grading/submitted``.
    labs : iterable of str
        The known labs' names.
    known : iterable of str
        Students' names as they have been written until now; case does not tell students apart.

    Returns
    -------
    uploads : list of Upload
        Sorted by lab and student; of several by one student for one lab, the one that bears the
        lab's name in his folder, and of those in several places the newest.
    refusals : list of Refusal
    """
    labs = sorted(labs, key=len, reverse=True)
    found, refusals = [], []
    for path, parts in _files(folder, labs, refusals):
        origin = printable("/".join(parts))
        try:
            found += _uploads(path, parts, origin, labs, refusals)
        except (Refused, Unreadable) as refused:
            refusals.append(Refusal(origin, str(refused)))
        except OSError as error:
            refusals.append(Refusal(origin, f"it cannot be opened ({error.strerror})."))
    spelled = one_name([*known, *sorted({upload.student for upload in found})])
    groups = defaultdict(list)
    for upload in found:
        name = spelled[normal_id(upload.student)]
        if name != upload.student:
            reason = f"{upload.student!r} and {name!r} are one student, and go by the latter."
            refusals.append(Refusal(upload.origin, reason, harmless=True))
        groups[upload.lab, name].append(replace(upload, student=name))
    return [_chosen(groups[key], refusals) for key in sorted(groups)], refusals


def one_name(names):
    """Return by normal form of an id the first of the names that have it."""
    found = {}
    for name in names:
        found.setdefault(normal_id(name), name)
    return found


def _chosen(uploads, refusals):
    """The upload that counts; the others are remarked, and stand by in case it is unreadable."""
    places = defaultdict(list)
    for upload in uploads:
        places[upload.place or upload.origin].append(upload)
    # In a student's own folder or archive the name decides, between such places the time.
    ranked = [sorted(mine, key=_fit, reverse=True) for mine in places.values()]
    ranked.sort(key=lambda mine: _age(mine[0]), reverse=True)
    first, *others = [upload for mine in ranked for upload in mine]
    for one in others:
        named = one.place == first.place != "" and first.rank > one.rank
        why = "bears the lab's name" if named else "is newer"
        spare = one.rank != OTHER or first.rank == OTHER
        then = "this one only if that is unreadable" if spare else "this one is not"
        reason = f"{first.origin} {why}; it is graded, and {then}."
        refusals.append(Refusal(one.origin, reason, harmless=True))
    others = (one for one in others if first.rank == OTHER or one.rank != OTHER)
    return replace(first, older=tuple(others))


def _fit(upload):
    return upload.rank, *_age(upload)


def _age(upload):
    return upload.written, upload.order, upload.origin


def _files(folder, labs, refusals):
    """Every regular file below a folder with the parts of its name; links are not followed."""
    waiting = [(Path(folder), ())]
    while waiting:
        where, parts = waiting.pop()
        try:
            entries = sorted(os.scandir(where), key=lambda entry: entry.name)
        except OSError as error:
            reason = f"the folder cannot be opened ({error.strerror}); let yourself read it."
            refusals.append(Refusal(printable("/".join(parts)), reason))
            continue
        for entry in entries:
            if entry.name in IGNORED or entry.name.startswith("."):
                continue
            here = (*parts, entry.name)
            own = len(here) > 2 and here[1] in labs  # a student's own folder for a lab
            reason = ""
            if entry.is_symlink():
                reason = "it is a link; hand in the file itself."
            elif entry.is_dir() and len(here) < DEEP:
                waiting.append((Path(entry.path), here))
            elif entry.is_file():
                yield Path(entry.path), here
            elif entry.is_dir():
                reason = "it lies too deep in folders; move it up."
            else:
                reason = "it is not a regular file; hand in the file itself."
            if reason and not (own and _is_beside(entry.name)):
                refusals.append(Refusal(printable("/".join(here)), reason))


def _is_beside(name):
    """Whether a file is neither notebook nor archive, so that it is none of ours in a folder."""
    return not name.lower().endswith((".ipynb", ".zip"))


def _uploads(path, parts, origin, labs, refusals):
    if _is_beside(parts[-1]):
        if len(parts) > 2 and parts[1] in labs:
            return  # a figure or a data file that was collected with the notebook
        reason = "it is neither a notebook (.ipynb) nor an archive (.zip), and was not read."
        refusals.append(Refusal(origin, reason, harmless=True))
        return
    owner = _owner(parts, labs)
    if parts[-1].lower().endswith(".zip"):
        yield from _archived(path, owner, origin, labs, refusals)
        return
    if owner is None:
        raise Refused(_unclear(labs))
    yield Upload(
        owner.student,
        owner.lab,
        origin,
        os.lstat(path).st_mtime,
        lambda limit: read_file(path, limit),
        _stamp(path, parts, refusals) if len(parts) > 2 else None,
        place=owner.place,
        rank=_rank(parts[-1], owner) if len(parts) < 4 else OTHER,
        order=((), _stem(parts[-1])[1]),
    )


def _stamp(path, parts, refusals):
    """The time in ``STUDENT/LAB/timestamp.txt``; None, and said why, if it is not one."""
    stamp = path.parents[len(parts) - 3] / "timestamp.txt"
    if not os.path.lexists(stamp):
        return None
    try:
        return read_time(read_text(stamp))
    except (Refused, Unreadable) as reason:
        origin = printable("/".join((*parts[:2], stamp.name)))
        reason = f"line 1: {reason} Until then what lies beside it counts as handed in on time."
        refusal = Refusal(origin, reason, harmless=True)
        refusals += [refusal] if refusal not in refusals else []
        return None


def _unclear(labs):
    return (
        "whose it is, or of which lab, cannot be told from its name; "
        f"name it STUDENT_LAB.ipynb, LAB being one of {', '.join(sorted(labs))}."
    )


def _stem(name):
    """A file's name without its ending and without what copies add, and the copy's number."""
    stem, number = bare(name)
    return MADE.sub("", stem), number


def _owner(parts, labs):
    """The `Owner` by the parts of a path, or None."""
    if len(parts) > 2 and parts[1] in labs:
        return Owner(student_name(parts[0]), parts[1], "/".join(parts[:2]))
    # A lab's own name may end like a copy's, so the whole name is tried first.
    for stem in dict.fromkeys((PurePosixPath(parts[-1]).stem, _stem(parts[-1])[0])):
        if len(parts) == 2 and stem in labs:
            return Owner(student_name(parts[0]), stem, parts[0])
        for lab in labs:
            student = stem.removesuffix(f"_{lab}").strip()
            if student and student != stem.strip():
                return Owner(student_name(student), lab, "")
    return None


def _rank(name, owner):
    """How well a file's name fits its lab."""
    if PurePosixPath(name).stem == owner.lab or not owner.place:
        return NAMED
    stem = _stem(name)[0]
    return COPIED if stem == owner.lab or stem.endswith(f"_{owner.lab}") else OTHER


def _archived(path, owner, origin, labs, refusals):
    """The notebooks of an archive, each its owner's or else its own."""
    written, holds = os.lstat(path).st_mtime, 0

    def refuse(name, reason):
        refusals.append(Refusal(f"{origin}:{name}", reason))

    for member in members(path, refuse, IGNORED):
        if not member.parts[-1].lower().endswith(".ipynb"):
            continue
        holds += 1
        name = "/".join(member.parts)
        try:
            whose = owner or _member_owner(member.parts, labs)
        except Unreadable as reason:
            refuse(name, str(reason))
            continue
        if whose is None:
            refuse(name, _unclear(labs))
            continue
        if member.remark:
            refusals.append(Refusal(f"{origin}:{name}", member.remark, harmless=True))
        whose = whose._replace(place=origin) if owner else whose
        yield Upload(
            whose.student,
            whose.lab,
            f"{origin}:{name}",
            written,
            member.read,
            place=whose.place and f"{origin}:{whose.place}",
            rank=_rank(member.parts[-1], whose),
            order=(member.date, _stem(name)[1]),
        )
    if owner and not holds:
        raise Refused("it should hold a notebook (.ipynb), and holds none; pack it anew.")


def _member_owner(parts, labs):
    """Whose a member of a class's archive is.

    An archive within it belongs to one student as a whole, if its name says whose; so nobody's
    archive holds work of others.
    """
    ends = [end for end, part in enumerate(parts[:-1], 1) if part.lower().endswith(".zip")]
    for end in ends:
        for start in range(end):
            if found := _owner(parts[start:end], labs):
                return found._replace(place="/".join(parts[:end]))
    inside = ends[-1] if ends else 0
    for start in range(inside, len(parts)):
        if found := _owner(parts[start:], labs):
            above = "/".join(parts[:start])
            return found._replace(place=found.place and f"{above}/{found.place}")
    return None
