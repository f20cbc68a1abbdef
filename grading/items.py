"""What the answers say about the tests: ``python -m grading.items``.

For each test: how hard it is, whether it tells strong from weak, who was cut by a limit, what wrong
answers have in common, and whether it fails where everything else says that the answer is right.
With ``--seeds 20`` the solution and some answers with full points run again under 20 seeds, and a
test that now passes and now fails is named. The page is grading/report/items.html.
"""

import contextlib
import csv
import io
import math
import re
import sys
from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np

from . import course
from .isolation.limits import Cut
from .records.feedback import EXERCISE, template
from .records.store import Store, write_whole

__all__ = ["Item", "analyze", "cuts", "restless"]

FEW = 10  # answers below which no figure is printed
VARIABLE = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?|'[^']*'|\[[^\]]*\]|\([^)]*\)")


class Item(NamedTuple):
    """One test of a lab and what the class's answers say about it.

    Attributes
    ----------
    test : str
    points : float
    attempted : int
        Students who attempted the exercise.
    difficulty : float or None
        The mean share of the points among those; 1 is easy.
    discrimination : float or None
        Correlation of the test's points with those of all other tests of the lab; None where one
        of them does not vary.
    alone : float or None
        Among students who got everything else in the exercise, the share that this test failed.
    stopped : int
        Answers that reached a limit or ended their process.
    cut : int
        Answers that a limit on time cut, in the test itself or in the cell that defines them.
    messages : list of (str, int)
        The most frequent, numbers and names taken out.
    remark : str
        What to look at first; empty if nothing.
    """

    test: str
    points: float
    attempted: int
    difficulty: float | None
    discrimination: float | None
    alone: float | None
    stopped: int
    cut: int
    messages: list
    remark: str


def analyze(lab, records, seeds=None):
    """Return an `Item` for each test of a lab, the most doubtful first.

    Parameters
    ----------
    lab : lab.Lab
    records : list of dict
        Of all gradings of the lab.
    seeds : dict of str to str, optional
        By test, what `restless` found.
    """
    students = [record["results"] for record in records if not record["refused"]]
    share = {
        test.id: np.array([_share(results.get(test.id)) for results in students])
        for test in lab.tests
    }
    cut = Counter(name for record in records for name in _cut_tests(lab, record))
    items = [
        _item(lab, test, students, share, cut[test.id], (seeds or {}).get(test.id))
        for test in lab.tests
    ]
    return sorted(
        items, key=lambda item: (-item.cut, not item.remark, -(item.alone or 0), item.test)
    )


def cuts(records):
    """Return a dictionary for each answer that a limit on time cut: the student, where, and why."""
    return [
        {"student": record["student"], "where": name, "why": f"it {Cut(**cut)}"}
        for record in records
        for name, cut in record.get("cuts", {}).items()
    ]


def _cut_tests(lab, record):
    """The tests that a limit cut, or whose answer's own cell it cut."""
    found = {name: _number(name) for name in record.get("cuts", {})}
    cells = {number for name, number in found.items() if name in lab.answers}
    return [test.id for test in lab.tests if test.id in found or _number(test.id) in cells]


def _share(result):
    """The share of a test's points, NaN where it was not attempted."""
    if result is None or result["status"] in ("not attempted", "missing", "not graded"):
        return math.nan
    return result["points"] / result["max"] if result["max"] else math.nan


def _item(lab, test, students, share, cut, seeds):
    own = share[test.id]
    tried = ~np.isnan(own)
    others = {name: values for name, values in share.items() if name != test.id}
    siblings = [values for name, values in others.items() if _number(name) == _number(test.id)]
    enough = tried.sum() >= FEW
    difficulty = float(own[tried].mean()) if enough else None
    discrimination = _correlation(own[tried], _total(lab, others)[tried]) if enough else None
    right = tried & np.all([values == 1 for values in siblings], axis=0)
    alone = float(np.mean(own[right] < 1)) if siblings and right.sum() >= FEW else None
    results = [one[test.id] for one in students if test.id in one]
    item = Item(
        test=test.id,
        points=test.points,
        attempted=int(tried.sum()),
        difficulty=difficulty,
        discrimination=discrimination,
        alone=alone,
        stopped=sum(one["status"] == "stopped" for one in results),
        cut=cut,
        messages=common_messages(one["message"] for one in results if one["status"] == "failed"),
        remark="",
    )
    return item._replace(remark=_remark(item, seeds))


def _number(test):
    match = EXERCISE.match(test)
    return match and match.group(1, 2)


def _total(lab, others):
    """Points in all other tests, those not attempted counting nothing."""
    weights = {test.id: test.points for test in lab.tests}
    return sum(weights[name] * np.nan_to_num(values) for name, values in others.items())


def _correlation(first, second):
    if first.std() == 0 or np.std(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _remark(item, seeds):
    if seeds:
        return seeds
    if item.cut:
        return f"{item.cut} cut by a limit on time, listed above: is it fair?"
    if item.difficulty is None:
        return ""
    if item.discrimination is not None and item.discrimination < 0:
        return "the weak pass it more often than the strong."
    if item.alone is not None and item.alone > 0.25:
        return "fails answers that pass everything else in the exercise: is it right?"
    if item.stopped > 0.2 * item.attempted:
        return "many answers run out of memory or end their process: is the limit fair?"
    if item.difficulty == 1:
        return "never fails: it tells nothing that the others do not."
    return "nobody passes it." if item.difficulty == 0 else ""


def common_messages(messages, most=3):
    """Return the most frequent messages with their counts, numbers and names taken out.

    Parameters
    ----------
    messages : iterable of str
    most : int

    Returns
    -------
    list of (str, int)
        Each shown as it was first said.
    """
    counts, shown = Counter(), {}
    for message in messages:
        kind = VARIABLE.sub("#", message)
        counts[kind] += 1
        shown.setdefault(kind, message)
    return [(shown[kind], count) for kind, count in counts.most_common(most)]


def restless(lab, candidates, n_seeds, options, workers=1, tell=lambda done, total: None):
    """Return the tests that pass and fail one and the same answer under different seeds.

    Parameters
    ----------
    lab : lab.Lab
    candidates : list of list of intake.Piece
        Notebooks that are thought to be right, the solution among them.
    n_seeds : int
    options : dict
        For `examination.Examination`.
    workers : int
    tell : callable

    Returns
    -------
    dict of str to str
        By test, a sentence with the count.
    """
    from .run.workers import Job, examine_all

    jobs = [
        Job((number, seed), lab, pieces, seed, options)
        for number, pieces in enumerate(candidates)
        for seed in range(1, n_seeds + 1)
    ]
    lost, runs = defaultdict(Counter), Counter()
    for done, outcome in enumerate(examine_all(jobs, workers), 1):
        tell(done, len(jobs))
        if outcome.trouble:
            continue
        runs[outcome.key[0]] += 1
        for name, result in outcome.results.items():
            lost[name][outcome.key[0]] += result["points"] < result["max"]
    found = {}
    for name, counts in lost.items():
        changing = [(n, runs[one]) for one, n in counts.items() if 0 < n < runs[one]]
        if changing:
            times, total = max(changing)
            found[name] = f"fails at random: {times} of {total} seeds for the same answer."
    return found


def main(arguments=None):
    """Run the command; return the exit code."""
    from .isolation.sandbox import CannotIsolate
    from .lab import LabBroken

    options = _parser().parse_args(arguments)
    return course.answered(_write_page, options, refused=(CannotIsolate, LabBroken))


def _write_page(options):
    from .lab import load_config
    from .run.digest import code_digest

    config = load_config(options.root)
    labs, chosen = course.find_labs(options.root, config, options.lab)
    store, tables = Store(config), []
    for name in chosen:
        records = [record for record in store.records() if record["lab"] == name]
        if records:
            seeds = _shaken(labs[name], store, records, options, code_digest())
            found = analyze(labs[name], records, seeds)
            tables.append((labs[name], len(records), found, cuts(records)))
    folder = store.root / "grading" / "report"
    page = template("items.html").render(tables=tables, few=FEW, seeds=options.seeds)
    write_whole(folder / "items.html", page)
    write_whole(folder / "items.csv", table(tables))
    doubtful = sum(bool(item.remark) for _, _, items, _ in tables for item in items)
    print(f"{doubtful} tests to look at: {folder / 'items.html'}")
    return 0


def _shaken(lab, store, records, options, code):
    """Run the solution and some full-point answers under many seeds, if asked to."""
    if not options.seeds:
        return None
    from .intake.notebook import fetch
    from .intake.restore import restore
    from .intake.uploads import Refused, find_uploads
    from .isolation.sandbox import check_isolation
    from .run.warmup import solution_pieces, warm_up

    check_isolation(lab.limits, store.root)
    warm = warm_up(lab, store.root, code)
    full = [one["student"] for one in records if _is_full(one)][: options.answers]
    uploads, _ = find_uploads(store.submitted, [lab.name], store.students())
    candidates = [solution_pieces(lab)]
    for upload in uploads:
        if upload.student in full:
            with contextlib.suppress(Refused):  # the file went bad after it was graded
                cells = fetch(upload, lab)[2]
                candidates.append(restore(cells, lab, upload.student)[0])

    def tell(done, total):
        print(f"\r{lab.name}: {done} of {total} runs", end="" if done < total else "\n", flush=True)

    return restless(lab, candidates, options.seeds, warm, options.workers, tell)


def _is_full(record):
    results = record["results"].values()
    return bool(results) and all(one["points"] == one["max"] for one in results)


def _parser():
    parser = course.parser("python -m grading.items", __doc__)
    parser.add_argument("--seeds", type=int, default=0, help="seeds to run right answers under")
    parser.add_argument(
        "--answers", type=int, default=3, help="how many of the class's right answers"
    )
    parser.add_argument("--workers", type=int, default=1, help="notebooks to run at once")
    return parser


def table(tables):
    """Return the figures of all labs as CSV."""
    from .records.report import spreadsheet_cell

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = [name for name in Item._fields if name != "messages"]
    writer.writerow(["lab", *figures, "most frequent message"])
    for lab, _, items, _ in tables:
        for item in items:
            row = [lab.name, *(getattr(item, name) for name in figures)]
            row.append(item.messages[0][0] if item.messages else "")
            writer.writerow(map(spreadsheet_cell, row))
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(main())
