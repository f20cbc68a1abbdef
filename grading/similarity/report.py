"""The pages: a table of pairs for each lab, and each pair side by side."""

import csv
import hashlib
import io

from course_lib.notebook.checks import normal_id
from grading.records.feedback import template
from grading.records.report import spreadsheet_cell
from grading.records.store import write_whole

from .pairs import groups, marked_lines

__all__ = ["write_report"]

BINS = 20
SHADES = 4  # colors of the marked lines, taken in turn


def write_report(folder, lab, submissions, pairs, compared, bar, ids=()):
    """Write ``LAB.html``, ``LAB.csv`` and a page for each pair; return the first one's path.

    Parameters
    ----------
    folder : Path
        ``grading/report/similarity``.
    lab : str
    submissions : list of pairs.Submission
    pairs : list of pairs.Pair
    compared : list of float
        The similarity of each candidate.
    bar : pairs.Bar
    ids : list of (str, str)
        Students whose notebooks carry another id, with that id.
    """
    rows = [{"pair": pair, "page": _page_name(lab, pair)} for pair in pairs]
    for row in rows:
        page = template("pair.html").render(
            lab=lab, pair=row["pair"], sides=[_side(row["pair"], side) for side in (0, 1)]
        )
        write_whole(folder / row["page"], page)
    n, known = len(submissions), {normal_id(one.student) for one in submissions}
    page = template("similarity.html").render(
        lab=lab,
        n=n,
        n_pairs=n * (n - 1) // 2,
        rows=rows,
        groups=[group for group in groups(pairs) if len(group) > 2],
        bars=_bars(compared),
        compared=len(compared),
        bar=bar,
        ids=[(student, one, normal_id(one) in known) for student, one in ids],
    )
    write_whole(folder / f"{lab}.html", page)
    write_whole(folder / f"{lab}.csv", _table(rows))
    return folder / f"{lab}.html"


def _page_name(lab, pair):
    """A file name that no student's name can spoil."""
    both = "\n".join((pair.first.student, pair.second.student))
    return f"{lab}-{hashlib.sha256(both.encode()).hexdigest()[:12]}.html"


def _side(pair, side):
    """One column of the comparison: cells, and of each line its text and its mark."""
    submission, marks = (pair.first, pair.second)[side], marked_lines(pair, side)
    cells = []
    for cell, source in submission.cells.items():
        lines = marks.get(cell, {})
        text = enumerate(source.splitlines(), 1)
        cells.append({"name": cell, "lines": [(line, _shade(lines.get(i))) for i, line in text]})
    return {"student": submission.student, "cells": cells}


def _shade(number):
    return 0 if number is None else 1 + number % SHADES


def _bars(compared):
    """Counts of similarities in bins of equal width, with the height of each in percent."""
    counts = [0] * BINS
    for value in compared:
        counts[min(int(value * BINS), BINS - 1)] += 1
    top = max(counts, default=0) or 1
    return [
        {"low": i / BINS, "high": (i + 1) / BINS, "count": count, "height": 100 * count / top}
        for i, count in enumerate(counts)
    ]


def _table(rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["first", "second", "similarity", "evidence", "page"])
    for row in rows:
        pair = row["pair"]
        names = [spreadsheet_cell(one.student) for one in (pair.first, pair.second)]
        writer.writerow([*names, f"{pair.similarity:.3f}", f"{pair.evidence:.1f}", row["page"]])
    return text.getvalue()
