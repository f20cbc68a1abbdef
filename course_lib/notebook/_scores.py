"""Scores that hidden tests measure: not points, but numbers for a table of the class.

A score is kept in the process that runs the tests, where the grader fetches it after each test.
The student's own process has a copy of this module too; nobody reads that one.
"""

import math
import os
from typing import NamedTuple

import numpy as np

from course_lib.notebook._values import CheckFailed

__all__ = ["Score", "note", "taken"]

LONGEST = 40  # letters of a name or a unit
_kept = []


class Score(NamedTuple):
    """One number of one answer."""

    board: str
    value: float
    unit: str
    tie: float


def note(board, value, unit, tie, *, hidden):
    """Keep a score that a hidden test measured; in a visible check of the student's, show it."""
    for name, text in (("board", board), ("unit", unit)):
        if not isinstance(text, str) or len(text) > LONGEST or not text.isprintable():
            raise TypeError(
                f"{name} must be a text of at most {LONGEST} letters; got {text!r:.60}."
            )
    score = Score(board, _plain(board, value), unit, _plain(board, tie))
    if hidden:
        _kept.append(score)
    elif os.environ.get("SML_GRADING") != "1":
        print(f"{board}: {score.value:g} {unit}".rstrip())


def _plain(board, value):
    """A number as a float; nothing that could bring its own conversion along."""
    if type(value) not in (int, float) and not isinstance(value, np.integer | np.floating):
        raise CheckFailed(f"{board} should be a number; got {type(value).__name__}.")
    if not math.isfinite(value):
        raise CheckFailed(f"{board} should be a finite number; got {float(value)}.")
    return float(value)


def taken():
    """Return the scores since the last call, and forget them."""
    scores = _kept[:]
    _kept.clear()
    return scores
