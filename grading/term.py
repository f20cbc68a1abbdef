"""The term in one page, and grades for other systems: ``python -m grading.term``.

Reads what has been graded, and three files of yours:

``grading/term.toml``
    Due dates of the labs, weights, and what lateness costs. ``python -m grading.term --new``
    writes one to edit.
``grading/roster.csv``
    The class, as Canvas exports its gradebook. Without it, whoever handed something in.
``grading/extensions.csv``
    ``student,lab,days``: extensions that cost no late days.

Writes ``grading/report/term.html``, ``canvas.csv``, which Canvas imports as it is, and into
nbgrader's gradebook the due dates, extensions and late penalties, for other tools to read.
"""

import csv
import io
import statistics
import sys
import tomllib
from datetime import datetime

from . import course
from .records.feedback import template
from .records.late import LatePolicy, late_penalties
from .records.store import Store, write_whole

__all__ = ["TermBroken", "canvas_table", "main", "read_roster", "read_term"]

IDENTITY = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "    Points Possible"  # how Canvas marks the row that is no student

NEW = """\
# The term. Dates are in UTC; a lab without one is never late.
late_days = 4          # for each student and the whole term, each counted whole
grace_minutes = 15     # later than this is late
per_day = 0.1          # share of a lab's score that a day beyond the late days costs

[due]
# "06-low-rank" = 2027-03-01T22:59:00Z

[weights]              # of the labs in the total; 1 where nothing stands
# "06-low-rank" = 2
"""


class TermBroken(ValueError):
    """A file of the term that cannot be used, with the reason in one sentence."""


def read_term(path, labs):
    """Return the due dates by lab, the weights by lab, and the `LatePolicy`.

    Raises
    ------
    TermBroken
        If the file is no TOML, or names a lab that does not exist.
    """
    try:
        term = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TermBroken(f"{path.name} cannot be read: {error}.") from None
    due, weights = term.get("due", {}), term.get("weights", {})
    for name in (*due, *weights):
        if name not in labs:
            raise TermBroken(f"{path.name} names {name!r}; labs are {', '.join(sorted(labs))}.")
    for name, when in due.items():
        if not isinstance(when, datetime) or when.tzinfo is None:
            raise TermBroken(
                f"{path.name}: the due date of {name} must look like 2027-03-01T22:59:00Z."
            )
    fields = {key: term[key] for key in LatePolicy._fields if key in term}
    return due, weights, LatePolicy(**fields)


def read_roster(path):
    """Return the rows of a class list by student, as Canvas exports it.

    The student is who handed in: the login id, or where there is none the SIS id or the id.

    Raises
    ------
    TermBroken
        If a column is missing or two rows are one student's.
    """
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in IDENTITY if name not in (reader.fieldnames or ())]
        if missing:
            raise TermBroken(
                f"{path.name} has no column {missing[0]!r}; export the gradebook from Canvas again."
            )
        rows = [row for row in reader if (row["Student"] or "").strip() != POSSIBLE.strip()]
    roster = {}
    for row in rows:
        student = row["SIS Login ID"] or row["SIS User ID"] or row["ID"]
        if not student:
            continue
        if student in roster:
            raise TermBroken(f"{path.name} lists {student!r} twice.")
        roster[student] = row
    return roster


def read_extensions(path, labs):
    """Return days by ``(student, lab)``; a lab goes by its name or its number."""
    if not path.exists():
        return {}
    names = {name.split("-")[0]: name for name in labs} | {name: name for name in labs}
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            rows = [
                (row["student"], row["lab"], float(row["days"])) for row in csv.DictReader(file)
            ]
        except (KeyError, TypeError, ValueError):
            raise TermBroken(
                f"{path.name} must have the columns student, lab and days, days being numbers."
            ) from None
    for _, lab, _ in rows:
        if lab not in names:
            raise TermBroken(f"{path.name} names {lab!r}; there is no such lab.")
    return {(student, names[lab]): days for student, lab, days in rows}


def canvas_table(roster, labs, points, head=()):
    """Return scores as CSV in the form in which Canvas exports and imports its gradebook.

    Parameters
    ----------
    roster : dict of str to dict
        From `read_roster`.
    labs : dict of str to float
        The points possible, by lab.
    points : dict of (str, str) to float
        By student and lab; what is missing stays empty, which Canvas leaves as it is.
    head : sequence of str
        The columns of Canvas's own export: a lab that it knows, ``NAME (12345)``, keeps its name
        there, so that its grades are updated and no second assignment appears.
    """
    names = {lab: next((one for one in head if _is_column(one, lab)), lab) for lab in labs}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*IDENTITY, *names.values()])
    writer.writerow([POSSIBLE, "", "", "", "", *(f"{points:g}" for points in labs.values())])
    for student, row in roster.items():
        scores = (points.get((student, lab)) for lab in labs)
        shown = ("" if score is None else f"{round(score, 2):g}" for score in scores)
        writer.writerow([*(row.get(name, "") for name in IDENTITY), *shown])
    return text.getvalue()


def _is_column(column, lab):
    return column == lab or (column.startswith(f"{lab} (") and column.endswith(")"))


def main(arguments=None):
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    folder = options.root / "grading"
    if options.new:
        if (folder / "term.toml").exists():
            print("grading/term.toml is there already; edit it.", file=sys.stderr)
            return 2
        write_whole(folder / "term.toml", NEW)
        print(f"Fill in the due dates in {folder / 'term.toml'}.")
        return 0
    from .lab import LabBroken

    try:
        page = write_term(options.root)
    except (TermBroken, LabBroken) as refusal:
        print(refusal, file=sys.stderr)
        return 2
    print(f"The term: {page}\nFor Canvas: {page.with_name('canvas.csv')}")
    return 0


def write_term(root):
    """Bring the gradebook up to date and write the page and the tables; return the page's path."""
    from .lab import load_config

    config = load_config(root)
    store, folder = Store(config), root / "grading"
    found, _ = course.find_labs(root, config)
    labs = {name: lab.points for name, lab in found.items()}
    due, weights, policy = read_term(folder / "term.toml", labs)
    roster, extensions = (
        read_roster(folder / "roster.csv"),
        read_extensions(folder / "extensions.csv", labs),
    )
    store.set_due_dates(due)
    store.set_extensions(extensions)
    scores = {lab: found for lab in labs if (found := store.scores(lab))}
    penalties = late_penalties(
        scores, sorted(scores, key=lambda lab: str(due.get(lab, lab))), policy
    )
    store.set_penalties(penalties)
    points = {
        (student, lab): one["score"] - penalties.get((student, lab), (0.0, 0))[0]
        for lab, found in scores.items()
        for student, one in found.items()
    }
    students = roster or {student: _nameless(student) for student, _ in sorted(points)}
    given = {lab: labs[lab] for lab in labs if lab in scores or lab in due}
    report = folder / "report"
    write_whole(report / "canvas.csv", canvas_table(students, given, points, _head(folder)))
    page = template("term.html").render(
        **_summary(students, given, points, penalties, weights, policy),
        strangers=sorted({student for student, _ in points} - set(students)),
        unknown=sorted({student for student, _ in extensions} - set(students)),
        figure=_figure(students, given, points),
        due=due,
    )
    write_whole(report / "term.html", page)
    return report / "term.html"


def _nameless(student):
    return dict.fromkeys(IDENTITY, "") | {"Student": student, "SIS Login ID": student}


def _head(folder):
    path = folder / "roster.csv"
    if not path.exists():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), ())


def _summary(students, labs, points, penalties, weights, policy):
    """What the page prints: a row for each lab and one for each student."""
    by_lab = []
    for lab, most in labs.items():
        got = [points[one, lab] / most for one in students if (one, lab) in points]
        late = sum((one, lab) in penalties and penalties[one, lab][1] > 0 for one in students)
        quartiles = statistics.quantiles(got, n=4, method="inclusive") if len(got) > 1 else None
        by_lab.append(
            {"lab": lab, "most": most, "n": len(got), "late": late, "quartiles": quartiles}
        )
    by_student = []
    for student, row in students.items():
        shares = {lab: points.get((student, lab), 0.0) / most for lab, most in labs.items()}
        whole = sum(weights.get(lab, 1) for lab in labs) or 1
        days = sum(penalties.get((student, lab), (0, 0))[1] for lab in labs)
        by_student.append(
            {
                "student": student,
                "name": row["Student"] or student,
                "shares": [shares[lab] if (student, lab) in points else None for lab in labs],
                "total": sum(weights.get(lab, 1) * share for lab, share in shares.items()) / whole,
                "missing": sum((student, lab) not in points for lab in labs),
                "days": days,
            }
        )
    return {"by_lab": by_lab, "by_student": by_student, "policy": policy, "n": len(students)}


def _figure(students, labs, points):
    """All scores of each lab as dots, the median as a line."""
    if not points:
        return ""
    from course_lib.notebook import plots

    fig, ax = plots.figure(5.2, 0.6 + 0.35 * len(labs))
    for row, (lab, most) in enumerate(labs.items()):
        got = sorted(points[one, lab] / most for one in students if (one, lab) in points)
        if not got:
            continue
        spread = [row + 0.28 * ((i * 0.618) % 1 - 0.5) for i in range(len(got))]
        ax.plot(got, spread, ".", ms=3, alpha=0.5, color=plots.COLORS[0])
        middle = statistics.median(got)
        ax.plot([middle, middle], [row - 0.3, row + 0.3], "-", color=plots.INK, lw=1.5)
    ax.set(
        yticks=range(len(labs)),
        yticklabels=list(labs),
        xlim=(-0.02, 1.02),
        ylim=(len(labs) - 0.5, -0.5),
    )
    ax.set(xlabel="share of the points; the line is the median")
    return plots.svg(fig, "Scores of each lab as dots, one for each student, and the median.")


def _parser():
    parser = course.parser("python -m grading.term", __doc__, lab=False)
    parser.add_argument("--new", action="store_true", help="write grading/term.toml to fill in")
    return parser


if __name__ == "__main__":
    sys.exit(main())
