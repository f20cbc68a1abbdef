"""What a notebook itself says: whose it is, of which lab, and whether it can be read at all."""

import re
from collections import Counter
from typing import NamedTuple

from grading.foreign.platforms import bare, own_name
from grading.intake.archives import Refused
from grading.intake.notebook import course_of, read_notebook
from grading.intake.restore import written_id
from grading.lab import IDENTITY

__all__ = ["Facts", "LabFound", "facts_of", "find_lab"]

GRADED = re.compile(r"(?:check|hidden|answer|written)-([0-9]+)-[0-9]+")


class Facts(NamedTuple):
    """What was read in a notebook.

    Attributes
    ----------
    written : str
        The id that its first cell gives, else the one in its metadata.
    lab, numbered : str
        The lab in its metadata; the number in the names of its cells.
    made : str
        When `make submit` ran, by the clock of the student's machine.
    refused : str
        Why it cannot be read; empty if it can.
    """

    written: str = ""
    lab: str = ""
    numbered: str = ""
    made: str = ""
    refused: str = ""


class LabFound(NamedTuple):
    """Of which lab a notebook is.

    Attributes
    ----------
    name : str
        Empty if it cannot be told, or if it is not taken.
    rank : int
        2 if its file bears the lab's name, 1 if it is known to be of it otherwise, 0 if only
        ``--lab`` says so.
    copy : int
        The number that a copy's name adds.
    why, remark : str
    """

    name: str
    rank: int = 0
    copy: int = 0
    why: str = ""
    remark: str = ""


def facts_of(raw):
    """Return the `Facts` of a notebook's bytes."""
    try:
        cells = read_notebook(raw)
    except Refused as reason:
        return Facts(refused=str(reason))
    course = course_of(raw)
    given = [written_id(source) for name, _, source, _ in cells if name == IDENTITY]
    # Where a converter dropped the names of cells, the first that gives an id.
    given = [*given, *(written_id(source) for _, kind, source, _ in cells[:10] if kind == "code")]
    written = next(filter(None, given), "") or course.get("student", "")
    names = [str((marks or {}).get("grade_id") or name) for name, _, _, marks in cells]
    numbers = Counter(match[1] for name in names if (match := GRADED.match(name)))
    numbered = numbers.most_common(1)[0][0] if numbers else ""
    return Facts(written, course.get("lab", ""), numbered, course.get("submitted", ""))


def find_lab(claim, facts, labs, asked=""):
    """Return the `LabFound` for a notebook.

    ``--lab`` decides, but not against what the notebook says of itself: then it is not taken.
    Without ``--lab`` the notebook's metadata come first, then the file's name, then the names of
    its cells.

    Parameters
    ----------
    claim : platforms.Claim
    facts : Facts
    labs : collection of str
    asked : str
        What ``--lab`` says.
    """
    named, copy, exact = _by_name(claim, labs)
    by_cells = [lab for lab in labs if facts.numbered and lab.split("-")[0] == facts.numbered]
    by_cells = by_cells[0] if len(by_cells) == 1 else ""
    inside = facts.lab if facts.lab in labs else ""
    told = inside or named or by_cells
    if asked and told and told != asked:
        why = f"it is a notebook of {told} among those of {asked}, and was not taken"
        return LabFound("", why=why)
    name = asked or told
    if not name:
        why = "of which lab it is cannot be told; say it with --lab"
        return LabFound("", why=why)
    remark = ""
    if inside and named and inside != named:
        remark = f"its name says {named}, its metadata {inside}; the latter counts"
    rank = 2 if named == name and exact else 1 if told else 0
    return LabFound(name, rank, copy, remark=remark)


def _by_name(claim, labs):
    """The lab in the file's name, the copy's number, and whether it is the name and no copy's."""
    last = claim.rest[-1] if claim.rest else ""
    lab = own_name(last, labs)[1]
    copy = bare(last)[1]
    if lab:
        return lab, copy, "-Copy" not in last
    inside = [one for one in labs if re.search(rf"(?<![^\W_]){re.escape(one)}(?![^\W_])", last)]
    lab = max(inside, key=len, default="") or claim.lab
    return (lab if lab in labs else ""), copy, False
