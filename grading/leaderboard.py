"""The scores of a lab in order, without names: ``python -m grading.leaderboard --lab 22``.

A hidden test measures a score and tells it by ``check.score(board, value, unit)``; less is better.
This reads the records of what has been graded, runs nothing, and prints a table of each board, in
which a student is a name that a secret key makes of the id. A file of yours, if it is there,

``grading/leaderboard.csv``
    ``student,shown``: ``no`` for who is to be left out, ``name`` for who wants to be named.

Writes ``grading/report/leaderboard-LAB.csv``, to be shown, and ``leaderboard-LAB-who.csv``, which
says who is who and stays with you. The key is ``grading/leaderboard.key``; with another one all
made-up names change.
"""

import csv
import hashlib
import hmac
import io
import math
import secrets
import sys
from typing import NamedTuple

from course_lib.notebook.checks import normal_id

from . import course
from .foreign.tables import read_table
from .foreign.text import Unreadable
from .records.report import spreadsheet_cell
from .records.store import Store, write_whole

__all__ = ["Line", "alias", "boards", "main", "read_wishes"]

WISHES = ("yes", "no", "name")
COLORS = (
    "amber", "azure", "black", "blue", "bronze", "brown", "coral", "cream", "gold", "gray",
    "green", "indigo", "ivory", "jade", "lilac", "lime", "olive", "orange", "pink", "plum",
    "purple", "red", "rose", "ruby", "rust", "sand", "silver", "teal", "violet", "white",
    "yellow", "zinc",
)  # fmt: skip
HEAD = ["board", "rank", "who", "score", "unit", "tie", "test"]


class Line(NamedTuple):
    """A place on a board.

    Attributes
    ----------
    board, unit, test : str
    rank : int
        From 1; equal scores have the same.
    student : str
    value, tie : float
    """

    board: str
    rank: int
    student: str
    value: float
    unit: str
    tie: float
    test: str


def boards(records):
    """Return the boards of one lab: by name, a list of `Line`, the best first.

    Parameters
    ----------
    records : list of dict
        Of gradings; refused ones, and tests that did not pass, have no scores.

    Returns
    -------
    dict of str to list of Line
    """
    found = {}
    for record in records:
        if record["refused"]:
            continue
        best = {}
        for test, result in record["results"].items():
            for one in map(_score, result.get("scores", ())):
                if one is not None:
                    board, value, unit, tie = one
                    best[board] = min(best.get(board, (math.inf,)), (value, tie, unit, test))
        for board, (value, tie, unit, test) in best.items():
            found.setdefault(board, []).append((value, tie, record["student"], unit, test))
    return {board: list(_ranked(board, rows)) for board, rows in sorted(found.items())}


def _score(told):
    """A score of a record, whatever somebody made of the file; None if it is none."""
    try:
        score = str(told["board"]), float(told["value"]), str(told["unit"]), float(told["tie"])
    except (KeyError, TypeError, ValueError):
        return None
    return score if math.isfinite(score[1]) and math.isfinite(score[3]) else None


def _ranked(board, rows):
    rank, last = 0, None
    for place, (value, tie, student, unit, test) in enumerate(sorted(rows), 1):
        rank, last = (rank if (value, tie) == last else place), (value, tie)
        yield Line(board, rank, student, value, unit, tie, test)


def alias(student, key):
    """Return the made-up name of a student: a color and six digits, always the same for a key.

    Parameters
    ----------
    student : str
    key : bytes

    Returns
    -------
    str
    """
    stirred = hmac.new(key, normal_id(student).encode("utf-8", "surrogatepass"), hashlib.sha256)
    number = int.from_bytes(stirred.digest()[:8], "big")
    return f"{COLORS[number % len(COLORS)]} {number // len(COLORS) % 1_000_000:06}"


def read_wishes(path):
    """Return who wants to be shown how, by `normal_id`, and notes on what could not be used.

    Raises
    ------
    Unreadable
        If the file is there and no row of it can be used: to go on would show who asked not to be.
    """
    if not path.exists():
        return {}, []
    table, wishes = read_table(path, ("student", "shown")), {}
    for row in table.rows:
        wish = row.columns["shown"].casefold()
        if wish not in WISHES:
            raise Unreadable(
                f"{path.name}, line {row.line}: shown must be yes, no or name; "
                f"got {row.columns['shown'][:30]!r}."
            )
        wishes[normal_id(row.columns["student"])] = wish
    if table.notes and any("left out" in note for note in table.notes):
        raise Unreadable(" ".join(table.notes))
    return wishes, table.notes


def _key(path):
    """Return the secret of this course, made when it is first needed."""
    try:
        return bytes.fromhex(path.read_text("ascii"))
    except FileNotFoundError:
        key = secrets.token_bytes(16)
        write_whole(path, key.hex())
        path.chmod(0o600)
        return key
    except ValueError:
        raise Unreadable(
            f"{path.name} is no key; remove it to get a new one, and new made-up names."
        ) from None


def _shown(lines, wishes, key):
    """Yield the lines that may be shown, with the name to show; ranks are those of the class."""
    for line in lines:
        wish = wishes.get(normal_id(line.student), "yes")
        if wish != "no":
            yield line, line.student if wish == "name" else alias(line.student, key)


def _row(line, who):
    return [line.board, line.rank, who, line.value, line.unit, line.tie, line.test]


def _csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [[spreadsheet_cell(cell) for cell in row] for row in rows]
    )
    return text.getvalue()


def _printed(board, shown):
    """A board as text."""
    print(f"\n{board}")
    for line, who in shown:
        tie = f"{line.tie:>12g}" if line.tie else ""
        print(f"{line.rank:>4}  {who:<24}{line.value:>10g} {line.unit}{tie}".rstrip())


def main(arguments=None):
    """Run the command; return the exit code."""
    from .lab import LabBroken

    options = course.parser("python -m grading.leaderboard", __doc__).parse_args(arguments)
    return course.answered(_show, options, refused=(LabBroken, Unreadable))


def _show(options):
    from .lab import load_config

    config = load_config(options.root)
    _, chosen = course.find_labs(options.root, config, options.lab)
    wishes, notes = read_wishes(options.root / "grading" / "leaderboard.csv")
    key = _key(options.root / "grading" / "leaderboard.key")
    for note in notes:
        print(note, file=sys.stderr)
    store = Store(config)
    folder, none = store.root / "grading" / "report", True
    for name in chosen:
        found = boards([record for record in store.records() if record["lab"] == name])
        if not found:
            continue
        none, rows, all_rows = False, [HEAD], [["student", "made-up name", *HEAD]]
        for board, lines in found.items():
            shown = list(_shown(lines, wishes, key))
            _printed(f"{name}: {board}", shown)
            rows += [_row(line, who) for line, who in shown]
            all_rows += [[one.student, alias(one.student, key), *_row(one, "")] for one in lines]
        write_whole(folder / f"leaderboard-{name}.csv", _csv(rows))
        write_whole(folder / f"leaderboard-{name}-who.csv", _csv(all_rows))
        print(f"\nTo show: {folder / f'leaderboard-{name}.csv'}")
    if none:
        print("No test of these labs has told a score yet.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
