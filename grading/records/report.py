"""The instructor's report: a CSV for each lab, one for all, and a page that says what happened."""

import csv
import io

from .feedback import kept, template
from .store import write_whole

__all__ = ["spreadsheet_cell", "write_reports"]

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_reports(store, labs, totals):
    """Write ``grading/report``: ``scores.csv``, ``LAB.csv`` and ``index.html``.

    Parameters
    ----------
    store : store.Store
    labs : dict of str to Lab
    totals : class_run.Totals
        What the run could not grade.
    """
    folder = store.root / "grading" / "report"
    records = list(store.records())
    tables = []
    for name, lab in sorted(labs.items()):
        mine = [record for record in records if record["lab"] == name]
        if mine:
            rows = _rows(lab, mine, store.scores(name))
            tables.append({"lab": lab, "rows": rows})
            write_whole(folder / f"{name}.csv", _lab_table(lab, rows))
    write_whole(folder / "scores.csv", _class_table(tables))
    page = template("report.html").render(tables=tables, totals=totals)
    write_whole(folder / "index.html", page)


def _rows(lab, records, scores):
    for_each = []
    for record in records:
        mine = scores.get(record["student"])
        if mine is None:
            continue
        statuses = {result["status"] for result in record["results"].values()}
        for_each.append(
            {
                "student": record["student"],
                "score": mine["score"],
                "max": mine["max"],
                "penalty": mine["penalty"] or 0,
                "hours_late": round(mine["seconds_late"] / 3600, 1),
                "status": _status(record, statuses, mine),
                "cells": {name: cell["score"] for name, cell in mine["cells"].items()},
                "remarks": _remarks(record),
                "origin": record["origin"],
                "graded_at": record["graded_at"],
                "seconds": record["seconds"],
            }
        )
    return for_each


def _status(record, statuses, mine):
    if record["refused"]:
        return "refused"
    if any(cell["open"] for cell in mine["cells"].values()):
        return "to be read"
    if statuses <= {"not attempted", "missing"}:
        return "missing" if "missing" in statuses else "not attempted"
    return "stopped" if "stopped" in statuses else "graded"


def _remarks(record):
    stopped = [f"{name}: {why}" for name, why in record["stopped"].items()]
    return [*filter(None, [record["refused"], kept(record)]), *record["remarks"], *stopped]


def _lab_table(lab, rows):
    graded = [cell.id for cell in lab.cells if cell.points]
    head = ["student", "score", "max", "late penalty", "hours late", "status", *graded, "remarks"]
    body = [
        [
            row["student"],
            row["score"],
            row["max"],
            row["penalty"],
            row["hours_late"],
            row["status"],
            *(row["cells"].get(name) for name in graded),
            " ".join(row["remarks"]),
        ]
        for row in rows
    ]
    return _csv([head, *body])


def _class_table(tables):
    labs = [table["lab"].name for table in tables]
    scores = {}
    for table in tables:
        for row in table["rows"]:
            score = row["score"] - row["penalty"]
            scores.setdefault(row["student"], {})[table["lab"].name] = score
    body = [
        [student, *(mine.get(lab) for lab in labs), sum(mine.values())]
        for student, mine in sorted(scores.items())
    ]
    return _csv([["student", *labs, "total"], *body])


def _csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [[spreadsheet_cell(cell) for cell in row] for row in rows]
    )
    return text.getvalue()


def spreadsheet_cell(value):
    """A value for a spreadsheet; a text that it would take for a formula is quoted."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text
