"""What the collector noted of where files came from: the names that a platform gave them.

It keeps ``grading/earlier/journal.json``; where there is none, nothing is known.
"""

import json
import re

from course_lib.notebook.checks import normal_id
from grading.foreign.platforms import CANVAS, MOODLE

__all__ = ["JOURNAL", "entries", "moodle_numbers", "platform_names"]

JOURNAL = "earlier/journal.json"
FORMS = {"Canvas": CANVAS, "Moodle": MOODLE}  # of the part of a path that says whose file it is


def entries(folder):
    """Return the journal's entries as dictionaries; what cannot be read counts as nothing.

    Parameters
    ----------
    folder : Path
        ``grading``.
    """
    try:
        found = json.loads((folder / JOURNAL).read_text("utf-8"))["entries"]
    except (OSError, ValueError, LookupError, TypeError):
        return []
    return [one for one in found if isinstance(one, dict) and {"student", "lab"} <= one.keys()]


def platform_names(folder, lab, platform):
    """Return by student the name of the newest file of a lab as a platform wrote it.

    Parameters
    ----------
    folder : Path
        ``grading``.
    lab : str
    platform : str
        ``"Canvas"`` or ``"Moodle"``.
    """
    found = {}
    mine = [one for one in entries(folder) if (one["lab"], one.get("platform")) == (lab, platform)]
    for one in sorted(mine, key=_age):
        parts = re.split(r"[/:]", str(one.get("origin", "")))
        name = next((part for part in parts if FORMS[platform].fullmatch(part)), "")
        if name:
            found[normal_id(one["student"])] = name
    return found


def moodle_numbers(folder, lab):
    """Return students by the number that Moodle gave them in the assignment of a lab."""
    names = platform_names(folder, lab, "Moodle")
    numbers = {MOODLE.fullmatch(name)["number"]: one for one, name in names.items()}
    return {number: student for number, student in numbers.items() if number}


def _age(entry):
    seen = entry.get("seen")
    return str(entry.get("time", "")), seen if isinstance(seen, int | float) else 0.0
