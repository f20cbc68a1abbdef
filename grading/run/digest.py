"""What counts as the same grader: a digest of the code that a grade depends on."""

import hashlib
from pathlib import Path

import course_lib

__all__ = ["code_digest"]

# Pages, tables, commands, the way to a cluster: no grade depends on them.
NO_GRADING = {
    "__main__",
    "cluster",
    "feedback",
    "items",
    "late",
    "regrade",
    "report",
    "similarity",
    "term",
    "variants",
}
GRADING = Path(__file__).parents[1]


def code_digest():
    """A digest of the grader and the library: what was graded by other code is graded again.

    Pages and reports are made anew in every run and do not count.
    """
    digest = hashlib.sha256()
    folders = [GRADING, *map(Path, course_lib.__path__)]
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        if not NO_GRADING & {path.stem, path.parent.name}:
            digest.update(path.read_bytes())
    return digest.hexdigest()
