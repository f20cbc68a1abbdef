"""Say which answers of a class resemble each other: ``python -m grading.similarity``.

Reads what was handed in; runs nothing of it. The pages go to grading/report/similarity.
"""

import argparse
import sys
from pathlib import Path

from grading.intake import read_notebook, restore
from grading.lab import LabBroken, bound_names, load_config, parsed, read_lab
from grading.uploads import Refused, find_uploads

from .pairs import prepare, resembling
from .report import write_report

THRESHOLD = 0.7


def main(arguments=None):
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    if not 0 < options.threshold <= 1:
        print(f"--threshold must lie in (0, 1]; got {options.threshold:g}.", file=sys.stderr)
        return 2
    config = load_config(options.root)
    try:
        labs = _labs(options, config)
    except LabBroken as refusal:
        print(refusal, file=sys.stderr)
        return 2
    uploads, _ = find_uploads(options.root / config.CourseDirectory.submitted_directory, labs)
    for name, lab in labs.items():
        answers = collect([one for one in uploads if one.lab == name], lab)
        if len(answers) < 2:
            print(f"{name}: {len(answers)} submission(s), nothing to compare.")
            continue
        submissions = prepare(answers, scaffold(lab), known_names(lab))
        pairs, compared = resembling(submissions, options.threshold)
        folder = options.root / "grading" / "report" / "similarity"
        page = write_report(folder, name, submissions, pairs, compared, options.threshold)
        print(f"{name}: {len(submissions)} submissions, {len(pairs)} pairs to look at: {page}")
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m grading.similarity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--lab", action="append", default=[], help="only this lab; repeatable")
    parser.add_argument(
        "--threshold", type=float, default=THRESHOLD, help="similarity from which a pair is shown"
    )
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).parents[2], help="the course's folder"
    )
    return parser


def _labs(options, config):
    folder = options.root / config.CourseDirectory.source_directory
    labs = {}
    for path in sorted(folder.glob("*/*.ipynb")):
        name = path.stem
        asked = not options.lab or any(lab in (name, name.split("-")[0]) for lab in options.lab)
        if asked and name == path.parent.name:
            labs[name] = read_lab(path, config=config)
    if not labs:
        raise LabBroken(f"No lab {' or '.join(options.lab) or 'was found'} in {folder}.")
    return labs


def collect(uploads, lab):
    """Return by student the code that he wrote: answers, cells of his own, edited free cells."""
    answers = {}
    for upload in uploads:
        try:
            cells = read_notebook(upload.read(lab.limits.notebook_bytes))
        except Refused:
            continue  # the grader has said why
        pieces, _ = restore(cells, lab)
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
