"""Limits that do not depend on load: what is measured, who is cut, by what, and who is not."""

import csv
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from grading.isolation import tree
from grading.isolation.candidate import Candidate
from grading.isolation.examiner import Examiner
from grading.isolation.limits import PROCESSOR, SLEEP, TESTS, WALL, WHOLE, Allowance, Cut, Limits
from grading.isolation.sandbox import Sandbox
from grading.items import main
from tests.sample import by_day

from .fixtures.course import Course
from .fixtures.labs import small_lab
from .fixtures.notebooks import answer, check, locked, solution

LAB = "90-small"
LIMITS = {"cell_seconds": 1, "grace_seconds": 1, "sleep_seconds": 2, "setup_seconds": 10}
NEEDS = {"inside": {"answer-90-1": 0.01}, "outside": {}}
SPIN = "while True:\n    pass"
BURN = """\
import os, threading, time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("limits"), _90_small=small_lab(grading=LIMITS)).lab(LAB)


@pytest.fixture
def candidate(lab):
    with Candidate(lab, NEEDS) as one:
        yield one


# ---- Facts ------------------------------------------------------------------------------


def test_a_limit_is_a_multiple_of_what_the_solution_needs_and_never_below_its_floor():
    limits = Limits(multiple=10, cell_seconds=30, patience=20)
    assert limits.allow(30, 1.3) == Allowance(30, 600, 1.3)
    assert limits.allow(30, 4.0) == Allowance(40, 800, 4.0)
    assert limits.allow(30) == Allowance(30, 600, None)


def test_a_cut_says_by_which_limit():
    assert str(Cut(PROCESSOR, 40.2, 20, 1.3)) == (
        "used 40 s of processor time; the solution needs 1.3 and the limit is 20."
    )
    assert str(Cut(SLEEP, 31, 30)).startswith("slept: nothing in it ran for 31 s")
    assert str(Cut(WALL, 700, 600)).startswith("slept: no answer came for 700 s")


# Each uses one second of processor time; by the clock it takes what the machine makes of it.
WORK = {
    "itself": "burn(1)",
    "a thread": "t = threading.Thread(target=burn, args=(1,))\nt.start(); t.join()",
    "a child that is waited for": "if not os.fork():\n    burn(1); os._exit(0)\nos.wait()",
    "eight children": "for _ in range(8):\n    if not os.fork():\n        burn(0.125)\n"
    "        os._exit(0)\n"
    "for _ in range(8): os.wait()",
    "a grandchild whose parent ended": "r, w = os.pipe()\nif not os.fork():\n"
    "    if not os.fork():\n        burn(1); os.write(w, b'x'); time.sleep(0.5); os._exit(0)\n"
    "    os._exit(0)\nos.wait(); os.read(r, 1)",
    "children that were disowned": "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    "for _ in range(2):\n    pid = os.fork()\n    if not pid:\n        burn(0.5); os._exit(0)\n"
    "    try:\n        os.waitpid(pid, 0)\n    except ChildProcessError: pass",
}


@pytest.mark.parametrize(
    ("name", "listed"),
    [*((name, True) for name in WORK), ("a grandchild whose parent ended", False)],
)
def test_processor_time_of_all_processes_is_counted(name, listed, monkeypatch):
    monkeypatch.setattr(tree, "CHILDREN", listed)  # else the processes of the machine are searched
    limits = Limits()
    with Sandbox(limits, {}) as one:
        examiner = Examiner(one.wire, one.watch)
        examiner.run_cell(BURN, limits.allow(30))
        outcome = examiner.run_cell(WORK[name], limits.allow(30))
        assert outcome["error"] is None
        used = one.watch.finish()
    if "disowned" in name:  # what each used after the last look is not seen, and then charged for
        assert used > 0.7
    else:
        assert 0.9 < used < 1.4


def comes_to_rest(processes):
    for _ in range(600):
        if not processes.look().busy:
            return True
        time.sleep(0.05)
    return False


SPINNERS = {
    "itself": SPIN,
    "deaf": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "a thread": f"import threading\ndef spin():\n    {SPIN.replace(chr(10), chr(10) + '    ')}\n"
    "threading.Thread(target=spin, daemon=True).start()\nthreading.Event().wait()",
    "a child": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while 1: pass'])",
    "a grandchild": "import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n"
    "        while True: pass\n    os._exit(0)\ntime.sleep(1000)",
    "children that are disowned": "import os, signal, time\n"
    "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True:\n    if not os.fork():\n"
    "        end = time.process_time() + 0.05\n        while time.process_time() < end: pass\n"
    "        os._exit(0)\n    try:\n        os.wait()\n    except ChildProcessError: pass",
}


@pytest.mark.parametrize("name", SPINNERS)
def test_who_spins_is_cut_by_processor_time_and_the_rest_goes_on(candidate, name):
    candidate.start()
    candidate.run("kept = 7", "own cell 1")
    candidate.run(SPINNERS[name], "own cell 2")
    cut = candidate.cuts["own cell 2"]
    assert cut.limit == PROCESSOR and cut.allowed == 1
    assert 0.8 <= cut.used < 9 or "disowned" in name
    assert "of processor time; the limit is 1.0" in candidate.failed["own cell 2"]
    assert candidate.run("assert kept == 7", "own cell 3")["error"] is None
    assert comes_to_rest(candidate.sandbox.watch.tree)


SLEEPERS = {
    "itself": ("import time\ntime.sleep(1000)", SLEEP),
    "deaf": (
        "import time\nwhile True:\n    try:\n        time.sleep(1000)\n"
        "    except BaseException: pass",
        SLEEP,
    ),
    "stopped": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", SLEEP),
    "deadlock": (
        "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
        SLEEP,
    ),
}


@pytest.mark.parametrize("name", SLEEPERS)
def test_who_sleeps_is_cut(candidate, name):
    source, limit = SLEEPERS[name]
    candidate.start()
    candidate.run("kept = 7", "own cell 1")
    candidate.run(source, "own cell 2")
    assert candidate.cuts["own cell 2"].limit == limit
    assert "it slept" in candidate.failed["own cell 2"]
    assert candidate.run("assert kept == 7", "own cell 3")["error"] is None


def test_who_hides_that_he_sleeps_is_cut_by_the_clock(lab):
    """A process in vfork waits as if for a disk, which is no sleep."""
    limits = lab.limits.updated({"patience": 3})
    hidden = "import subprocess\nsubprocess.run(['sleep', '1000'])\n"
    asleep = "import ctypes\nlibc = ctypes.CDLL(None)\nif not libc.vfork():\n    libc.sleep(1000)"
    with Candidate(replace(lab, limits=limits), NEEDS) as candidate:
        candidate.start()
        candidate.run(asleep, "own cell 1")
        assert candidate.cuts["own cell 1"].limit == WALL
        candidate.run(hidden, "own cell 2")
        assert candidate.cuts["own cell 2"].limit in (SLEEP, WALL)


def test_a_forged_interrupt_is_an_error_like_any_other(candidate):
    candidate.run("class TimeUp(Exception): pass\nraise TimeUp('4 of 4')", "own cell 1")
    assert candidate.cuts == {} and "TimeUp" in candidate.failed["own cell 1"]


def test_the_whole_notebook_has_a_limit_too(lab):
    limits = lab.limits.updated({"submission_seconds": 2, "cell_seconds": 20})
    with Candidate(replace(lab, limits=limits), NEEDS) as candidate:
        candidate.start()
        candidate.begin()
        for number in range(4):
            candidate.run(BURN + "burn(1)", f"own cell {number}")
        assert {cut.limit for cut in candidate.cuts.values()} == {WHOLE}
        assert "the rest was not run" in candidate.failed["own cell 3"]


# ---- Through the grader ------------------------------------------------------------------

SETUP = f"""\
import numpy as np
from course_lib.notebook import checks
{BURN}"""


def busy_lab(seconds, **grading):
    """Work of so many processor seconds, a function that a test lends twice, and another."""
    lent = 'with checks.exercise("90.{}", total) as check:\n    check.close(total({}), 6, "It")'
    return solution(
        locked("setup", SETUP),
        answer("90-1", "def work(x):", f"    burn({seconds})\n    return x"),
        check(
            "90-1",
            4,
            'with checks.exercise("90.1", work) as check:\n    check.close(work(2), 2, "It")',
        ),
        answer("90-2", "def total(f):", "    return f(3)"),
        check("90-2", 3, lent.format(2, "lambda n: sum(2 for _ in range(n))")),
        check("90-3", 3, lent.format(3, "lambda n: sum(range(n + 1))")),
        answer("90-4", "def half(x):", "    return x / 2"),
        check(
            "90-4",
            2,
            'with checks.exercise("90.4", half) as check:\n    check.close(half(2), 1, "It")',
        ),
        grading=grading,
    )


@pytest.mark.slow
def test_an_honest_class_loses_nothing_on_a_busy_machine(tmp_path):
    """The limit is 0.8 s; beside eight busy loops 0.3 s of work take longer by the clock."""
    course = Course(
        tmp_path, _90_busy=busy_lab(0.3, cell_seconds=0.8, multiple=2, grace_seconds=0.2)
    )
    for number in range(by_day(3, 10)):
        course.hand_in(f"honest-{number}", "90-busy", "solution")
    others = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(8)]
    try:
        course.grade("--workers", "2")
    finally:
        for process in others:
            process.kill()
            process.wait()
    assert set(course.scores().values()) == {12}
    assert all(record["cuts"] == {} for record in course.records().values())


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Answers that reach limits, in one class."""
    lab = busy_lab(0.1, cell_seconds=1, grace_seconds=1, sleep_seconds=2)
    course = Course(tmp_path_factory.mktemp("cut"), _90_busy=lab)
    good = {cell.id: cell.solution for cell in course.lab("90-busy").cells}
    for name, cell, source in (
        ("spins", "answer-90-1", "def work(x):\n    while True:\n        pass"),
        ("sleeps", "answer-90-1", "def work(x):\n    time.sleep(1000)"),
        ("burdens", "answer-90-2", "def total(f):\n    return f(10**12)"),
        (
            "burdens-one",
            "answer-90-2",
            "asked = 0\ndef total(f):\n    global asked\n    asked += 1\n"
            "    return f(3) if asked == 1 else f(10**12)",
        ),
        ("loops", "answer-90-1", "while True:\n    pass"),
    ):
        course.hand_in(name, "90-busy", good | {cell: source})
    course.hand_in("good", "90-busy", "solution")
    course.grade()
    return course


@pytest.mark.slow
def test_an_answer_that_was_cut_is_told_by_which_limit(graded):
    records = {student: record for (student, _), record in graded.records().items()}
    for student, test, limit, words in (
        ("spins", "check-90-1", PROCESSOR, "work was stopped: it used "),
        ("sleeps", "check-90-1", SLEEP, "work was stopped: it slept: nothing in it ran for 2."),
        ("burdens", "check-90-2", TESTS, "this answer made the test use "),
    ):
        record = records[student]
        assert record["cuts"][test]["limit"] == limit
        assert record["results"][test]["status"] == "stopped"
        assert words in record["results"][test]["message"]
        assert words in graded.page(student, "90-busy")
    spins = records["spins"]["cuts"]["check-90-1"]
    assert spins["allowed"] >= 1 and 0.1 <= spins["solution"] < 0.4
    assert "; the solution needs 0." in records["spins"]["results"]["check-90-1"]["message"]
    assert records["loops"]["cuts"]["answer-90-1"]["limit"] == PROCESSOR
    assert "its cell was stopped: it used" in records["loops"]["results"]["check-90-1"]["message"]
    assert records["good"]["cuts"] == {} and records["good"]["processor_seconds"] > 0.1


@pytest.mark.slow
def test_what_is_cut_costs_its_own_points_and_no_others(graded):
    scores = graded.scores()
    assert {name: scores[name] for name in ("good", "spins", "sleeps", "loops")} == {
        "good": 12,
        "spins": 8,
        "sleeps": 8,
        "loops": 8,
    }


@pytest.mark.slow
def test_a_test_that_hears_no_interrupt_costs_itself_alone(graded):
    """``sum(range(10**12))`` in the tests' own process, which the kernel ends."""
    record = graded.records()["burdens", "90-busy"]
    assert record["results"]["check-90-1"]["points"] == 4
    assert record["cuts"]["check-90-3"]["limit"] == TESTS
    assert "this answer made the test use" in record["results"]["check-90-3"]["message"]
    record = graded.records()["burdens-one", "90-busy"]
    points = {name: result["points"] for name, result in record["results"].items()}
    assert points == {"check-90-1": 4, "check-90-2": 3, "check-90-3": 0, "check-90-4": 2}
    assert "answer ended" not in str(record) and record["remarks"] == []
    assert record["processor_seconds"] > 0.1


@pytest.mark.slow
def test_item_analysis_lists_first_what_was_cut(graded):
    assert main(["--root", str(graded.root)]) == 0
    page = (graded.root / "grading" / "report" / "items.html").read_text()
    assert "sleeps, <code>check-90-1</code>: it slept" in page
    with (graded.root / "grading" / "report" / "items.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["test"] == "check-90-1" and rows[0]["cut"] == "3"
    assert "cut by a limit on time" in rows[0]["remark"]
