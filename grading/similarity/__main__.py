"""Say which answers of a class resemble each other: ``python -m grading.similarity``.

Reads what was handed in; runs nothing of it. The pages go to grading/report/similarity.
"""

import sys

from course_lib.notebook.checks import normal_id
from grading import course
from grading.intake.notebook import fetch
from grading.intake.restore import restore, written_id
from grading.intake.uploads import Refused, find_uploads
from grading.lab import IDENTITY, LabBroken, bound_names, load_config, parsed

from .pairs import Bar, prepare, resembling
from .report import write_report


def main(arguments=None):
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    if not 0 < options.threshold <= 1:
        print(f"--threshold must lie in (0, 1]; got {options.threshold:g}.", file=sys.stderr)
        return 2
    if not options.evidence > 0:
        print(f"--evidence must be positive; got {options.evidence:g}.", file=sys.stderr)
        return 2
    return course.answered(
        _compare, options, Bar(options.threshold, options.evidence), refused=LabBroken
    )


def _compare(options, bar):
    config = load_config(options.root)
    labs, chosen = course.find_labs(options.root, config, options.lab)
    uploads, _ = find_uploads(options.root / config.CourseDirectory.submitted_directory, labs)
    for name in chosen:
        lab = labs[name]
        answers = collect([one for one in uploads if one.lab == name], lab)
        ids = foreign_ids([one for one in uploads if one.lab == name], lab)
        if len(answers) < 2 and not ids:
            print(f"{name}: {len(answers)} submission(s), nothing to compare.")
            continue
        submissions = prepare(answers, scaffold(lab), known_names(lab))
        pairs, compared = resembling(submissions, bar)
        folder = options.root / "grading" / "report" / "similarity"
        page = write_report(folder, name, submissions, pairs, compared, bar, ids)
        print(f"{name}: {len(submissions)} submissions, pairs to look at: {len(pairs)}, {page}")
    return 0


def _parser():
    parser = course.parser("python -m grading.similarity", __doc__)
    parser.add_argument(
        "--threshold", type=float, default=Bar().similarity, help="least similarity of a pair"
    )
    parser.add_argument(
        "--evidence",
        type=float,
        default=Bar().evidence,
        help="least weight of what two share; raise it where answers are short",
    )
    return parser


def collect(uploads, lab):
    """Return by student the code that he wrote: answers, cells of his own, edited free cells."""
    answers = {}
    for upload in uploads:
        try:
            cells = fetch(upload, lab)[2]
        except Refused:
            continue  # the grader has said why
        pieces, _ = restore(cells, lab, upload.student)
        own, written = 0, {}
        for piece in pieces:
            if piece.cell_type != "code" or piece.role not in ("answer", "free"):
                continue
            own += piece.cell is None
            name = piece.cell.id if piece.cell else f"own cell {own}"
            if piece.cell is None or piece.source != piece.cell.released:
                written[name] = piece.source
        if written:
            answers[upload.student] = written
    return answers


def foreign_ids(uploads, lab):
    """Return ``(student, id)`` of the notebooks that carry an id other than the student's."""
    found = []
    for upload in uploads:
        try:
            cells = fetch(upload, lab)[2]
        except Refused:
            continue
        ids = [written_id(source) for name, _, source, _ in cells if name == IDENTITY]
        own = normal_id(upload.student)
        found += [(upload.student, one) for one in ids if one and normal_id(one) != own]
    return found


def scaffold(lab):
    """Return the code that every student received, by cell."""
    return {
        f"{position} {cell.id}": cell.released
        for position, cell in enumerate(lab.cells)
        if cell.cell_type == "code"
    }


def known_names(lab):
    """Return the names that the lab's own cells bind, and those that the answers must bind."""
    names = {name for bound in lab.answers.values() for name in bound}
    for cell in lab.cells:
        if cell.role == "locked":
            for node in parsed(cell.source).body:
                imported = getattr(node, "names", [])
                names |= {(one.asname or one.name).partition(".")[0] for one in imported}
                names |= set(bound_names([node]))
    return names


if __name__ == "__main__":
    sys.exit(main())
