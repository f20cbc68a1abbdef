"""Remove all about somebody, and say what went and what did not."""

from grading import state
from grading.records import traces
from grading.records.report import write_reports
from grading.run.class_run import Totals

from .kept import grading_folder, own_files, shown

__all__ = ["removed"]

SHOWN = 10
MADE_BY = {
    "canvas": "make term",
    "moodle-": "make term",
    "blackboard": "make term",
    "gradescope": "make term",
    "term": "make term",
    "leaderboard-": "make leaderboard",
    "feedback-": "make feedback-zip",
    "items": "make items",
    "similarity": "make similarity",
}


def removed(store, labs, who):
    """Remove all about somebody; return sentences on what went and on what did not."""
    folder, gone, left = grading_folder(store), [], []
    own = own_files(store, labs, who.student)
    rooms = traces.folders(folder, who.student)
    loose = [path for path in own.alone if not any(room in path.parents for room in rooms)]
    for path in (*loose, *rooms):
        gone.append(shown(path, folder))
        traces.remove(path)
    for path in own.shared:
        left.append(
            f"{shown(path, folder)} holds files of others too, and make grade would take this "
            f"one from it again: unpack it and delete his, or delete it."
        )
    if number := traces.forget_journal(folder, who.student):
        gone.append(f"{number} entries of earlier/journal.json")
    if names := traces.forget_scores(store, who.student):
        gone.append(f"the gradebook's scores, marks and comments of {', '.join(map(repr, names))}")
    for name in ("extensions.csv", "leaderboard.csv", "report/changes.csv"):
        number = traces.drop_rows(folder / name, who)
        if number:
            gone.append(f"{number} rows of {name}")
    gone += _reports(store, labs, who)
    return gone, left + list(_remains(folder, who, own.shared))


def _reports(store, labs, who):
    """Remove the reports that name somebody, and write anew those of ``make grade``."""
    report, gone, again = grading_folder(store) / "report", 0, set()
    if not report.is_dir():
        return []
    for path in sorted(one for one in report.rglob("*") if one.is_file()):
        packed = path.name.startswith("feedback-") and path.suffix == ".zip"
        if path.name == "changes.csv" or not (packed or traces.mentions(path, who)):
            continue
        path.unlink()
        gone += 1
        name = path.relative_to(report).as_posix()
        again |= {made for start, made in MADE_BY.items() if name.startswith(start)}
    if not gone:
        return []
    write_reports(store, labs, Totals())
    more = f"; to have the others again: {', '.join(sorted(again))}" if again else ""
    return [f"{gone} pages, tables and archives of report/; those of make grade are new{more}"]


def _remains(folder, who, known):
    """Sentences on where somebody is still named."""
    found = []
    for name in state.KEPT:
        path = folder / name
        files = [path] if path.is_file() else path.rglob("*") if path.is_dir() else []
        for one in sorted(files):
            is_text = one.is_file() and not one.is_symlink() and one.suffix in traces.TEXTS
            named = traces.mentions(one, who) if is_text else who.is_in(one.name)
            if named and one not in known:
                found.append(one)
    for one in found[:SHOWN]:
        yield f"{shown(one, folder)} still names him; look at it."
    if len(found) > SHOWN:
        yield f"{len(found) - SHOWN} more files still name him."
