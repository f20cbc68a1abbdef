"""A hundred broken files of each kind beside honest ones: nothing stops, nobody else's marks move.

Intake and records run as in a class run, the examination is played: an honest answer gets its
points. Hypothesis draws a hundred files; then one run meets all of them beside the honest ones.
"""

import contextlib
import csv
import html
import io
import json
import os
import shutil
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from course_lib.notebook.checks import normal_id
from grading import term
from grading.foreign.text import NAME_BYTES
from grading.intake.uploads import find_uploads
from grading.lab import load_config
from grading.records.late import LatePolicy
from grading.records.store import Store
from grading.records.term_files import read_extensions, read_roster, read_rules
from grading.run import class_run
from grading.run.workers import Outcome
from grading.term import canvas_table

from .fixtures.course import Course
from .fixtures.labs import small_lab

LAB = "90-small"
DUE = datetime(2026, 3, 1, 22, 59, tzinfo=UTC)
HONEST = {"ann": -1, "Zoë Łuk": 1.5, "日本": 3.5}  # days late
SCORES = {"ann": 10.0, "Zoë Łuk": 10.0, "日本": 8.0}  # two late days, then a tenth a day
TERM = f'late_days = 2\nper_day = 0.1\n[due]\n"{LAB}" = {DUE:%Y-%m-%dT%H:%M:%SZ}\n'
ROSTER = "Student,ID,SIS User ID,SIS Login ID,Section\n" + "".join(
    f'"{one}, X",{n},s{n},{one},A\n' for n, one in enumerate(HONEST)
)
HUNDRED = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@dataclass
class Class:
    """A course with honest submissions, and the run over it without a sandbox."""

    course: Course

    @property
    def folder(self):
        return self.course.root / "grading"

    def run(self, again=False):
        config = load_config(self.course.root)
        store = Store(config)
        labs = {LAB: self.lab}
        run = class_run.ClassRun(
            store, labs, [LAB], seed=1, trusted=True, again=again, tell=lambda *_: None
        )
        return run.run()

    def scores(self):
        """By student what Canvas gets; an empty cell is None."""
        path = self.folder / "report" / "canvas.csv"
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))[2:] if path.exists() else []
        return {row[3]: float(row[5]) if row[5] else None for row in rows}

    def points(self):
        """By student what the gradebook says, before what lateness costs."""
        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as book:
            return {one.student_id: one.score for one in book.assignment_submissions(LAB)}

    def term(self):
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(io.StringIO()):
            return term.main(["--root", str(self.course.root)])


def played(jobs, *_):
    """Every answer that is not the stub gets its points."""
    for job in jobs:
        texts = {one.cell.id: one.source for one in job.pieces if one.cell is not None}
        results = {}
        for test in job.lab.tests:
            answer = f"answer-{test.id.split('-', 1)[1][:4]}"
            right = "NotImplementedError" not in texts[answer]
            status = "passed" if right else "not attempted"
            points = test.points if right else 0.0
            results[test.id] = {"points": points, "max": test.points, "status": status}
            results[test.id] |= {"message": "" if right else status, "hint": ""}
        yield Outcome(job.key, results=results, began=True)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Three honest students, graded once; what is put beside them is taken away again."""
    patch = pytest.MonkeyPatch()
    patch.setattr(class_run, "examine_all", played)
    patch.setattr(class_run, "warm_up", lambda *_, **__: {})
    patch.setattr(class_run, "import_for", lambda lab: None)
    patch.setattr(term, "_figure", lambda *_: "")
    room = Class(Course(tmp_path_factory.mktemp("broken"), _90_small=small_lab()))
    room.lab = room.course.lab(LAB)
    patch.setattr(term.course, "find_labs", lambda *_: ({LAB: room.lab}, [LAB]))
    for student, days in HONEST.items():
        path = room.course.hand_in(student, LAB, "solution")
        when = DUE + timedelta(days=days)
        (path.parent / "timestamp.txt").write_text(f"{when:%Y-%m-%d %H:%M:%S} UTC")
    room.files = {
        "roster.csv": ROSTER.encode(),
        "term.toml": TERM.encode(),
        "extensions.csv": b"student,lab,days\n",
    }
    for name, raw in room.files.items():
        (room.folder / name).write_bytes(raw)
    assert room.run().graded == 3
    assert room.term() == 0 and room.scores() == SCORES
    room.good = (room.course.submitted / "ann" / LAB / f"{LAB}.ipynb").read_bytes()
    store = Store(load_config(room.course.root))
    room.late = {normal_id(one): mine for one, mine in store.scores(LAB).items()}
    room.truth = {normal_id(one): score for one, score in SCORES.items()}
    yield room
    patch.undo()


def expect_nothing_moves(room, put):
    """Put broken things beside the honest ones, run, look, and clear away."""
    before = set(room.course.submitted.iterdir())
    try:
        put(room.course.submitted)
        totals = room.run()
        assert not totals.troubled, totals.troubled
        points = room.points()
        assert {name: points[name] for name in HONEST} == dict.fromkeys(HONEST, 10.0)
        assert room.term() == 0
        assert {name: room.scores()[name] for name in HONEST} == SCORES
        page = (room.folder / "report" / "index.html").read_text("utf-8")
        assert all(one.isprintable() for origin, _ in totals.refused + totals.odd for one in origin)
        assert "Grading report" in page
        return totals
    finally:
        for path in set(room.course.submitted.iterdir()) - before:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


# ---- Submissions ------------------------------------------------------------------------

broken_bytes = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=20).map(lambda text: json.dumps({"cells": [text], "nbformat": 4}).encode()),
    st.sampled_from([b"", b"{", b"[" * 5000, b"\xff\xfe{", b"PK\x03\x04", b'{"cells": 3}']),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=8,
    ).map(lambda value: json.dumps({"cells": [value, {"source": value}]}).encode()),
)
# Bytes that a file system takes for a name, in any encoding or none.
file_names = st.binary(min_size=1, max_size=60).map(
    lambda raw: raw.replace(b"/", b"_").replace(b"\0", b"_")
)
odd_names = st.one_of(
    file_names,
    st.sampled_from([b"Zo\xeb", b"-dash", b"=1+1", b"..x", b" ann ", b"a\nb", "‮x".encode()]),
    st.integers(1, 80).map(lambda n: ("日" * n).encode()),
)
endings = st.sampled_from(
    [f"_{LAB}.ipynb", f"_{LAB}-1.ipynb", f"_{LAB}.zip", ".ipynb", ".zip", "", f"_{LAB}-Copy1.ipynb"]
)


def drawn(**strategies):
    """A hundred draws, each a dictionary."""
    found = []

    @HUNDRED
    @given(st.fixed_dictionaries(strategies))
    def draw(one):
        found.append(one)

    draw()
    return found


def test_broken_files_with_odd_names(room):
    files = drawn(raw=broken_bytes, name=odd_names, ending=endings)

    def put(submitted):
        for n, one in enumerate(files):
            name = one["name"][:180] + str(n).encode() + one["ending"].encode()
            (submitted / os.fsdecode(name)).write_bytes(one["raw"])

    totals = expect_nothing_moves(room, put)
    graded = len(room.points()) - len(HONEST)
    assert len(totals.refused) + len(totals.odd) + graded >= len(files) // 2


@pytest.mark.slow
def test_broken_notebooks_in_folders_of_their_own(room):
    files = drawn(raw=broken_bytes, stamp=st.binary(max_size=30), beside=odd_names)

    def put(submitted):
        for n, one in enumerate(files):
            folder = submitted / f"mallory-{n}" / LAB
            (folder / "images").mkdir(parents=True)
            (folder / f"{LAB}.ipynb").write_bytes(one["raw"])
            (folder / "timestamp.txt").write_bytes(one["stamp"])
            for where in (folder, folder / "images"):
                (where / os.fsdecode(b"x" + one["beside"][:200])).write_bytes(one["raw"])

    expect_nothing_moves(room, put)


times = st.one_of(
    st.datetimes().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda when: when.isoformat()),
    st.text(max_size=20),
    st.builds(
        "{} {}".format, st.datetimes().map(str), st.sampled_from(["CEST", "+0100", "TZ", "Z"])
    ),
    st.sampled_from(["1793534400", "12:00", "1.11.2026 12:00", "2026-02-30 10:00:00 UTC", "now"]),
)


@pytest.mark.slow
def test_times_of_any_form(room):
    files = drawn(text=times, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-7"]))

    def put(submitted):
        for n, one in enumerate(files):
            folder = submitted / f"eve-{n}" / LAB
            folder.mkdir(parents=True)
            (folder / f"{LAB}.ipynb").write_bytes(room.good)
            stamp = one["text"].encode(one["encoding"], "replace")
            (folder / "timestamp.txt").write_bytes(stamp)

    totals = expect_nothing_moves(room, put)
    said = {origin for origin, reason in totals.odd if "as handed in on time" in reason}
    with Gradebook(f"sqlite:///{room.folder / 'gradebook.db'}") as book:
        for n in range(len(files)):
            read = book.find_submission(LAB, f"eve-{n}").timestamp is not None
            assert read != (f"eve-{n}/{LAB}/timestamp.txt" in said)


@st.composite
def archives(draw):
    """An archive with an honest member, odd ones around it, and sometimes torn."""
    buffer = io.BytesIO()
    names = st.text(min_size=1, max_size=30) | st.sampled_from(
        ["/etc/x.ipynb", f"../{LAB}.ipynb", f"a\\{LAB}.ipynb", f"{LAB}.ipynb", "C:x.ipynb", "x.zip"]
    )
    members = draw(st.lists(st.tuples(names, endings, broken_bytes), max_size=4))
    with zipfile.ZipFile(buffer, "w", draw(st.sampled_from([0, 8, 12, 14]))) as file:
        for name, ending, raw in members:
            entry = zipfile.ZipInfo((name + ending).encode(errors="replace").decode())
            entry.external_attr = draw(st.integers(0, 2**32 - 1))
            file.writestr(entry, raw)
        file.writestr(f"honest_{LAB}.ipynb", b"GOOD")
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_with_odd_members(room):
    torn = st.none() | st.tuples(st.floats(0, 1), st.binary(max_size=8))
    files = drawn(raw=archives(), torn=torn)

    def put(submitted):
        for n, one in enumerate(files):
            raw = one["raw"]
            if one["torn"]:
                at, new = int(one["torn"][0] * len(raw)), one["torn"][1]
                raw = raw[:at] + new + raw[at + len(new) :]
            (submitted / f"class-{n}.zip").write_bytes(raw)

    expect_nothing_moves(room, put)


@HUNDRED
@given(raw=archives())
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_honest_member_is_found_whatever_is_beside_it(room, raw):
    folder = room.course.root / "alone"
    folder.mkdir(exist_ok=True)
    (folder / "class.zip").write_bytes(raw)
    uploads, _ = find_uploads(folder, [LAB])
    (honest,) = [one for one in uploads if one.student == "honest"]
    assert honest.read(10) == b"GOOD"


# ---- The instructor's own files -----------------------------------------------------------


def mangled(text):
    """Texts that differ from a good one in a place or two, in some encoding."""
    cut = st.tuples(st.integers(0, len(text)), st.integers(0, 12), st.text(max_size=6))

    def apply(cuts, encoding):
        changed = text
        for place, n, new in cuts:
            changed = changed[:place] + new + changed[place + n :]
        return changed.encode(encoding, "replace")

    encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp437", "utf-16-be"])
    return st.builds(apply, st.lists(cut, min_size=1, max_size=2), encodings)


def written(room, name, raw):
    path = room.course.root / name
    path.write_bytes(raw)
    return path


def settled(room, rules):
    """By student, the points that would be exported under these rules."""
    penalties, held = term._settled({LAB: room.late}, rules)
    lost = {one: term._lost(penalties, mine, one, LAB) for one, mine in room.late.items()}
    sure = [one for one in room.late if (one, LAB) not in held]
    return {one: room.late[one]["score"] - lost[one] for one in sure}


@HUNDRED
@given(raw=mangled(TERM) | st.binary(max_size=60))
def test_a_term_that_was_mistyped_raises_no_mark(room, raw):
    rules = read_rules(written(room, "term.toml", raw), {LAB: 10})
    found = settled(room, rules)
    assert all(0 <= score <= 10 for score in found.values())
    if rules.notes:  # what is held back is not exported; what is exported is not above
        whole = (rules.policy or LatePolicy(2, 0, 0.1)) == LatePolicy(2, 0, 0.1)
        assert not whole or all(score <= room.truth[one] for one, score in found.items())


@pytest.mark.parametrize("key", ["late_days", "per_day", "[due]", f'"{LAB}"'])
@HUNDRED
@given(data=st.data())
def test_a_mistyped_name_raises_no_mark(room, key, data):
    """One letter more, less or other in the name of a rule: said, and no mark is above."""
    at = data.draw(st.integers(0, len(key) - 1))
    letter = data.draw(st.sampled_from(["", "x", "_", "S"]))
    wrong = key[:at] + letter + key[at + data.draw(st.integers(0, 1)) :]
    rules = read_rules(written(room, "term.toml", TERM.replace(key, wrong).encode()), {LAB: 10})
    assert rules.notes or wrong in (key, key.strip('"'))
    found = settled(room, rules)
    assert all(score <= room.truth[one] for one, score in found.items())


@HUNDRED
@given(raw=mangled(ROSTER) | st.binary(max_size=60))
def test_a_broken_roster_changes_no_other_students_marks(room, raw):
    roster = read_roster(written(room, "roster.csv", raw))
    points = {(one, LAB): score for one, score in room.truth.items()}
    rows = list(csv.reader(io.StringIO(canvas_table(roster.rows, {LAB: 10.0}, points))))[2:]
    for row in rows:
        one = normal_id(row[3] or row[2] or row[1])
        assert row[5] in ("", f"{room.truth.get(one, -1):g}")
    assert roster.usable or roster.notes


row = st.lists(
    st.sampled_from(["ann", "Ann ", "日本", LAB, "90", "1", "-1", "nan", "2,5", '"']), max_size=5
)


@HUNDRED
@given(rows=st.lists(row, max_size=4), delimiter=st.sampled_from(",;\t"), raw=st.binary(max_size=9))
def test_broken_extensions_are_days_of_those_whom_they_name(room, rows, delimiter, raw):
    lines = [delimiter.join(["student", "lab", "days"]), *map(delimiter.join, rows)]
    text = "\n".join(lines).encode() + b"\n" + raw
    days, notes = read_extensions(written(room, "extensions.csv", text), {LAB: 10})
    assert days is not None or notes
    for (student, lab), granted in (days or {}).items():
        assert lab == LAB and student == normal_id(student) and student != "zoë łuk"
        assert granted is None or 0 <= granted <= 366


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("term.toml", TERM.replace("per_day", "per_days").encode(), "did you mean 'per_day'"),
        ("term.toml", b"\xef\xbb\xbf" + TERM.encode(), ""),
        ("term.toml", b"\0\0", "cannot be read"),
        ("roster.csv", b"\0\0\0", "export the gradebook"),
        ("roster.csv", "Zoë;Łuk\n".encode("utf-16"), "the columns must be"),
        ("extensions.csv", b"student,lab,days\nann,90,nan\n", "days must be a number"),
        ("extensions.csv", b"", "the columns must be"),
    ],
)
def test_the_term_goes_on_with_a_broken_file(room, name, raw, said):
    path = room.folder / name
    try:
        path.write_bytes(raw)
        assert room.term() == 0
        page = html.unescape((room.folder / "report" / "term.html").read_text("utf-8"))
        assert said.lower() in page.lower()
        assert all(score in (None, SCORES[one]) for one, score in room.scores().items())
    finally:
        path.write_bytes(room.files[name])
    assert room.term() == 0 and room.scores() == SCORES


# ---- Contracts ----------------------------------------------------------------------------


def test_a_newer_file_that_cannot_be_read_takes_no_grade_away(room):
    path = room.course.submitted / "ann" / LAB / f"{LAB}.ipynb"
    stamp = path.with_name("timestamp.txt")
    good, when = path.read_bytes(), stamp.read_text()
    try:
        path.write_bytes(b"{")
        stamp.write_text("2026-05-01 12:00:00 UTC")
        for _ in range(2):
            totals = room.run()
            (told,) = totals.refused
            assert "not valid JSON" in told[1] and "earlier file stands" in told[1]
            assert room.points()["ann"] == 10.0 and room.term() == 0
            assert room.scores() == SCORES
        page = (room.folder / "feedback" / "ann" / LAB / f"{LAB}.html").read_text("utf-8")
        assert "The grade of the earlier file stands." in page
        assert room.run(again=True).refused == totals.refused
        assert room.points()["ann"] == 10.0
    finally:
        path.write_bytes(good)
        stamp.write_text(when)
    assert room.run().refused == []


def test_a_newer_file_elsewhere_that_cannot_be_read_lets_the_older_count(room):
    folder = room.course.submitted
    old, new = folder / f"cay_{LAB}.ipynb", folder / f"cay_{LAB} (1).ipynb"
    old.write_bytes(room.good)
    os.utime(old, (1000, 1000))
    new.write_bytes(b"{")
    try:
        totals = room.run()
        assert room.points()["cay"] == 10.0
        assert [origin for origin, _ in totals.refused] == [new.name]
        report = (room.folder / "report" / "index.html").read_text("utf-8")
        assert f"the newer {new.name} was refused" in report
        assert [origin for origin, _ in room.run().refused] == [new.name]
    finally:
        old.unlink()
        new.unlink()


def test_names_that_fit_no_folder_are_said(room):
    longest = "é" * (NAME_BYTES // 2)
    put = {f"{longest}_{LAB}.ipynb": 0, f"{longest}e_{LAB}.ipynb": 1}

    def write(submitted):
        for name in put:
            (submitted / name).write_bytes(room.good)

    totals = expect_nothing_moves(room, write)
    assert room.points()[longest] == 10.0
    assert [f"has {NAME_BYTES + 1}" in reason for _, reason in totals.refused] == [True]


def test_what_stands_in_nobodys_way_stands_in_the_report(room):
    def write(submitted):
        (submitted / "notes.txt").write_text("call the dean")
        (submitted / f"eve_{LAB}").mkdir()

    totals = expect_nothing_moves(room, write)
    assert totals.refused == []
    assert [origin for origin, _ in totals.odd] == ["notes.txt"]


# ---- By the real command ------------------------------------------------------------------


def without_marks(raw):
    cells = json.loads(raw)["cells"]
    bare = [{"cell_type": cell["cell_type"], "source": cell["source"]} for cell in cells]
    return json.dumps({"nbformat": 4, "cells": bare}).encode()


def without_an_answer(raw):
    cells = [cell for cell in json.loads(raw)["cells"] if cell["id"] != "answer-90-1"]
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


@pytest.mark.slow
def test_ten_broken_things_beside_three_honest_ones(tmp_path):
    course = Course(tmp_path / "course", _90_small=small_lab())
    for student in HONEST:
        good = course.hand_in(student, LAB, "solution").read_bytes()
    ann = course.submitted / "ann" / LAB
    (ann / "timestamp.txt").write_bytes(b"\xef\xbb\xbf2026-11-01 12:00:00 UTC")
    (ann / "scratch.ipynb").write_bytes(b"{}")
    (course.submitted / "日本" / LAB / "timestamp.txt").write_text("2026-11-01 13:00 CEST")
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr(f"{LAB}.ipynb", good)
    with zipfile.ZipFile(outer, "w") as file:
        for name, raw in {
            f"dan_{LAB}-1.ipynb": good,
            f"eve_{LAB}.zip": inner.getvalue(),
            "Untitled.ipynb": good,
            f"../x_{LAB}.ipynb": good,
        }.items():
            file.writestr(name, raw)
    for name, raw in {
        "class.zip": outer.getvalue(),
        f"fay_{LAB}.ipynb": without_marks(good),
        f"gil_{LAB}.ipynb": without_an_answer(good),
        f"cay_{LAB}.ipynb": b"{",
        "日" * 80 + f"_{LAB}.ipynb": good,
        os.fsdecode(b"Zo\xeb_90-small.ipynb"): good,
        "notes.txt": b"",
    }.items():
        (course.submitted / name).write_bytes(raw)
    said = course.grade_apart(env={"PYTHONIOENCODING": "latin-1:strict"})
    assert "7 graded, 0 unchanged, 5 refused" in said
    whole = dict.fromkeys((*HONEST, "dan", "eve", "fay"), 10.0)
    assert course.scores() == whole | {"gil": 6.0, "cay": 0.0}
    page = html.unescape((course.root / "grading" / "report" / "index.html").read_text("utf-8"))
    for words in (
        "'Zo\\xeb' cannot be a student's name",
        "at most 200 bytes",
        "the name '../x_90-small.ipynb'",
        "class.zip:Untitled.ipynb",
        "has the zone 'CEST'",
        "bears the lab's name",
        "the answer was found by the name that it defines, gram",
    ):
        assert words in page
    assert "the cell of this answer was not in the notebook" in course.page("gil", LAB)
    assert "0 graded, 8 unchanged" in course.grade_apart()
