"""The term in one page, and grades for other systems: ``python -m grading.term``.

Reads what has been graded, and three files of yours:

``grading/term.toml``
    Due dates of the labs, weights, and what lateness costs. ``python -m grading.term --new``
    writes one to edit.
``grading/roster.csv``
    The class, as Canvas exports its gradebook, or Moodle, Blackboard or Gradescope. Without it,
    whoever handed something in.
``grading/worksheets/``
    Moodle's grading worksheets, the lab's name in the file's.
``grading/extensions.csv``
    ``student,lab,days``: extensions that cost no late days.

Writes ``grading/report/term.html``, the grades in the form of the platform that the class list
is from (``canvas.csv``, ``moodle-LAB.csv``, ``blackboard.csv``, ``gradescope.csv``), and into
nbgrader's gradebook the due dates, extensions and late penalties, for other tools to read.
A mistake in a file of yours gets a sentence here and on the page, and the rest goes on.
"""

import csv
import io
import statistics
import sys

from course_lib.notebook.checks import normal_id

from . import course
from .foreign import rosters
from .records.feedback import template
from .records.grade_files import read_worksheets, write_tables
from .records.grade_tables import key_cell, points_cell
from .records.late import late_penalties
from .records.report import spreadsheet_cell
from .records.store import Store, write_whole
from .records.term_files import (
    IDENTITY,
    POSSIBLE,
    Roster,
    read_extensions,
    read_roster,
    read_rules,
)

__all__ = ["canvas_table", "main"]

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


def canvas_table(roster, labs, points, head=()):
    """Return scores as CSV in the form in which Canvas exports and imports its gradebook.

    Parameters
    ----------
    roster : dict of str to dict
        From `term_files.read_roster`.
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
        # Canvas goes by the ids; a name is only shown there, and here quoted if it is a formula.
        name, *ids, section = (row.get(one, "") for one in IDENTITY)
        cells = [spreadsheet_cell(name), *map(key_cell, ids), spreadsheet_cell(section)]
        writer.writerow([*cells, *map(points_cell, scores)])
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

    return course.answered(_tell, options.root, refused=LabBroken)


def _tell(root):
    page, files, notes = write_term(root)
    for note in notes:
        print(note, file=sys.stderr)
    print(f"The term: {page}")
    for platform, path in files:
        print(f"For {platform}: {path}")
    return 0


def write_term(root):
    """Bring the gradebook up to date, write the page and the tables.

    Returns
    -------
    page : Path
    files : list of (str, Path)
        Platforms and their tables.
    notes : list of str
        A sentence for each mistake in the instructor's files.
    """
    from .lab import load_config

    config = load_config(root)
    store, folder = Store(config), root / "grading"
    found, _ = course.find_labs(root, config)
    labs = {name: lab.points for name, lab in found.items()}
    rules = read_rules(folder / "term.toml", labs)
    known = {normal_id(one) for one in store.students()}
    listing = rosters.read(folder / "roster.csv", known)
    roster = _roster(folder / "roster.csv", listing)
    worksheets, odd = read_worksheets(folder, labs, listing, known | set(roster.rows))
    extensions, notes = read_extensions(folder / "extensions.csv", labs)
    notes = [*rules.notes, *roster.notes, *odd, *notes]
    store.set_due_dates(rules.due)
    if extensions is not None:
        store.set_extensions(extensions)
    names, scores = _scores(store, labs)
    penalties, held = _settled(scores, rules)
    store.set_penalties({(names[lab][one], lab): lost for (one, lab), lost in penalties.items()})
    points = {
        (student, lab): one["score"] - _lost(penalties, one, student, lab)
        for lab, found in scores.items()
        for student, one in found.items()
    }
    shown = {student: name for found in names.values() for student, name in found.items()}
    students = roster.rows or {one: _nameless(shown[one]) for one, _ in sorted(points)}
    given = {lab: labs[lab] for lab in labs if lab in scores or lab in rules.due}
    sure = {key: score for key, score in points.items() if key not in held}
    tables = write_tables(folder, given, listing, worksheets, sure)
    files, notes = tables.files, [*notes, *tables.notes]
    canvas = folder / "report" / "canvas.csv"
    if roster.usable and listing.platform in ("", "Canvas"):
        write_whole(canvas, canvas_table(students, given, sure, roster.head))
        files = [("Canvas", canvas), *files]
    else:  # an old one must not be taken for today's
        canvas.unlink(missing_ok=True)
    page = template("term.html").render(
        **_summary(students, given, points, penalties, rules),
        strangers=sorted({shown[student] for student, _ in points if student not in students}),
        unknown=sorted({student for student, _ in extensions or ()} - set(students)),
        figure=_figure(students, given, points),
        due=rules.due,
        notes=notes,
    )
    write_whole(canvas.with_name("term.html"), page)
    return canvas.with_name("term.html"), files, notes


def _roster(path, listing):
    """The class list, whichever platform it is from."""
    if listing.platform in ("", "Canvas"):
        return read_roster(path)
    return Roster(dict(listing.rows), list(listing.head), list(listing.notes))


def _scores(store, labs):
    """By lab, the students' names in the gradebook and their scores, by normal form of the id."""
    spelled = {}
    for name in reversed(store.students()):
        spelled[normal_id(name)] = name
    names, scores = {}, {}
    for lab in labs:
        for student, one in store.scores(lab).items():
            key = normal_id(student)
            # A gradebook of old may have one student in two spellings; the grader keeps the first.
            if key not in scores.get(lab, {}) or student == spelled.get(key):
                names.setdefault(lab, {})[key] = student
                scores.setdefault(lab, {})[key] = one
    return names, scores


def _settled(scores, rules):
    """Penalties by student and lab, None where they stay; and whose scores are held back."""
    order = sorted(scores, key=lambda lab: str(rules.due.get(lab, lab)))
    penalties, held = {}, set()
    if rules.policy is not None:
        sure = [lab for lab in order if lab not in rules.held]
        penalties |= late_penalties(scores, sure, rules.policy)
    for lab, found in scores.items():
        for student, one in found.items():
            unsure = rules.policy is None and one["seconds_late"] > 0
            # A late day that is spent on a lab with no date is not known: what comes later waits.
            if lab in rules.held or unsure or (rules.held and (student, lab) in penalties):
                penalties[student, lab] = None
                held.add((student, lab))
    return penalties, held


def _lost(penalties, one, student, lab):
    """What a late lab loses; where that cannot be told, what it lost until now."""
    penalty = penalties.get((student, lab), (0.0, 0))
    return penalty[0] if penalty is not None else one["penalty"] or 0.0


def _nameless(student):
    return dict.fromkeys(IDENTITY, "") | {"Student": student, "SIS Login ID": student}


def _summary(students, labs, points, penalties, rules):
    """What the page prints: a row for each lab and one for each student."""
    by_lab, weights = [], rules.weights
    penalties = {key: one or (0.0, 0) for key, one in penalties.items()}
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
        total = None
        if weights is not None:
            whole = sum(weights.get(lab, 1) for lab in labs) or 1
            total = sum(weights.get(lab, 1) * share for lab, share in shares.items()) / whole
        days = sum(penalties.get((student, lab), (0, 0))[1] for lab in labs)
        by_student.append(
            {
                "student": student,
                "name": row["Student"] or student,
                "shares": [shares[lab] if (student, lab) in points else None for lab in labs],
                "total": total,
                "missing": sum((student, lab) not in points for lab in labs),
                "days": days,
            }
        )
    return {"by_lab": by_lab, "by_student": by_student, "policy": rules.policy, "n": len(students)}


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
