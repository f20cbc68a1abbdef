"""Feedback pages: what each student lost, where and why, in words; never a test's source."""

import re
from functools import cache
from pathlib import Path

from .store import write_whole

__all__ = ["exercises", "kept", "render_feedback", "template", "write_feedback"]

EXERCISE = re.compile(r"^(?:check|hidden|answer|written)-(\d+)-(\d+)(?:-(.+))?$")


@cache
def template(name):
    """A page template; whatever is put in is escaped."""
    import jinja2

    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["points"] = lambda value: "?" if value is None else f"{value:g}"
    return environment.get_template(name)


def exercises(lab, record, scores):
    """Return a lab's exercises with their parts, points and messages, in order.

    Parameters
    ----------
    lab : lab.Lab
    record : dict
        Of the grading.
    scores : dict
        What the gradebook says, manual marks included.
    """
    found, comments = {}, {}
    for cell in lab.cells:
        number, title = _title(cell)
        if not cell.points:
            # Formgrader offers a comment at each answer, not at the tests that give its points.
            if cell.id in scores["comments"]:
                comments.setdefault(number, []).append(scores["comments"][cell.id])
            continue
        result = record["results"].get(cell.id, {})
        score = scores["cells"].get(cell.id, {})
        part = {
            "title": title,
            "max": cell.points,
            "points": score.get("score", result.get("points")),
            "status": _status(cell, result, score),
            "message": result.get("message", ""),
            "hint": result.get("hint", ""),
            "comment": scores["comments"].get(cell.id, ""),
        }
        found.setdefault(number, []).append(part)
    return [
        {
            "number": number,
            "parts": parts,
            "points": sum(part["points"] or 0 for part in parts),
            "max": sum(part["max"] for part in parts),
            "comments": comments.pop(number, []),
        }
        for number, parts in found.items()
    ] + [
        {"number": number, "parts": [], "points": 0, "max": 0, "comments": said}
        for number, said in comments.items()
    ]


def _title(cell):
    match = EXERCISE.match(cell.id)
    if not match:
        return cell.id, cell.id
    chapter, exercise, kind = match.groups()
    number = f"{chapter}.{exercise}"
    if cell.role == "written":
        return number, "written answer"
    return number, f"hidden test: {kind.replace('-', ' ')}" if kind else "visible checks"


def _status(cell, result, score):
    if cell.role == "written":
        if score.get("open"):
            return "to be read"
        return "not attempted" if score.get("manual") is None else "read"
    by_hand = score.get("manual") is not None or score.get("extra")
    return "changed by hand" if by_hand else result.get("status", "")


def render_feedback(lab, record, scores):
    """Return one student's page as HTML."""
    return template("feedback.html").render(
        lab=lab,
        record=record,
        scores=scores,
        exercises=exercises(lab, record, scores),
        kept=kept(record),
        stopped=[(name, why) for name, why in record["stopped"].items()],
    )


def kept(record):
    """The sentence on a newer file that could not be read; empty if there is none."""
    newer = record.get("kept")
    if not newer:
        return ""
    return (
        f"The newer file {newer['origin']} was refused: {newer['reason']} "
        f"The grade of the earlier file stands."
    )


def write_feedback(store, labs):
    """Write the pages whose content changed, manual marks and comments included."""
    scores = {}
    for record in store.records():
        lab = labs.get(record["lab"])
        if lab is None:
            continue
        if lab.name not in scores:
            scores[lab.name] = store.scores(lab.name)
        mine = scores[lab.name].get(record["student"])
        if mine is None:
            continue
        path = store.feedback / record["student"] / lab.name / f"{lab.name}.html"
        page = render_feedback(lab, record, mine)
        if not path.exists() or path.read_text("utf-8") != page:
            write_whole(path, page)
