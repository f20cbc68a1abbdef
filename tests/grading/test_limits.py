"""Limits that do not depend on load: what is measured, who is cut, by what, and who is not."""

import subprocess
import sys
import time

import pytest

from grading.isolation import tree
from grading.isolation.candidate import Candidate
from grading.isolation.limits import PROCESSOR, SLEEP, TESTS, WALL, WHOLE, Allowance, Cut, Limits
from grading.isolation.sandbox import Sandbox

from .fixtures.course import Course
from .fixtures.labs import small_lab
from .fixtures.notebooks import answer, check, locked, solution

LAB = "90-small"
LIMITS = {"cell_seconds": 1, "grace_seconds": 1, "sleep_seconds": 2, "setup_seconds": 10}
NEEDS = {"inside": {"answer-90-1": 0.01}, "outside": {}}
SPIN = "while True:\n    pass"
BURN = "import time\ndef burn(s):\n    end = time.process_time() + s\n    while time.process_time() < end: pass\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("limits"), _90_small=small_lab(grading=LIMITS)).lab(LAB)


@pytest.fixture
def candidate(lab):
    with Candidate(lab, NEEDS) as one:
        yield one


def busy_loops(number):
    return [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(number)]


def end(processes):
    for process in processes:
        process.kill()
        process.wait()


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


# Each uses two seconds of processor time; by the clock it takes what the machine makes of it.
WORK = {
    "itself": "burn(2)",
    "a thread": "import threading\nt = threading.Thread(target=burn, args=(2,))\nt.start(); t.join()",
    "a child that is waited for": "if not os.fork():\n    burn(2); os._exit(0)\nos.wait()",
    "eight children": "for _ in range(8):\n    if not os.fork():\n        burn(0.25); os._exit(0)\n"
    "for _ in range(8): os.wait()",
    "a grandchild whose parent ended": "r, w = os.pipe()\nif not os.fork():\n"
    "    if not os.fork():\n        burn(2); os.write(w, b'x'); time.sleep(0.5); os._exit(0)\n"
    "    os._exit(0)\nos.wait(); os.read(r, 1)",
    "children that were disowned": "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    "for _ in range(2):\n    pid = os.fork()\n    if not pid:\n        burn(1); os._exit(0)\n"
    "    try:\n        os.waitpid(pid, 0)\n    except ChildProcessError: pass",
}


@pytest.mark.parametrize("name", WORK)
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "searched"])
def test_processor_time_of_all_processes_is_counted(name, listed, monkeypatch):
    if not listed and "grandchild" not in name:
        pytest.skip("one is enough for the way of finding children")
    monkeypatch.setattr(tree, "CHILDREN", listed)
    limits = Limits()
    with Sandbox(limits, {}) as one:
        from grading.isolation.examiner import Examiner

        examiner = Examiner(one.wire, one.watch)
        examiner.run_cell("import os\n" + BURN, limits.allow(30))
        outcome = examiner.run_cell(WORK[name], limits.allow(30))
        assert outcome["error"] is None
        used = one.watch.finish()
    # Of a disowned child, what it used after the last look is lost, and nothing is charged for
    # that before it is certain; then whole seconds are.
    assert 1.9 < used < 2.4 or ("disowned" in name and 1.2 < used < 8)


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
    # A quarter of a second on each of two processors, beyond limit and grace.
    assert 0.7 < cut.used < 2.9 or ("disowned" in name and 0.7 < cut.used)
    assert "of processor time; the limit is 1.0" in candidate.failed["own cell 2"]
    assert candidate.run("assert kept == 7", "own cell 3")["error"] is None
    assert candidate.sandbox.watch.rests()


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
    from dataclasses import replace

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
    from dataclasses import replace

    limits = lab.limits.updated({"submission_seconds": 2, "cell_seconds": 1.5})
    with Candidate(replace(lab, limits=limits), NEEDS) as candidate:
        candidate.start()
        candidate.begin()
        for number in range(4):
            candidate.run(BURN + "burn(1)", f"own cell {number}")
        assert {cut.limit for cut in candidate.cuts.values()} == {WHOLE}
        assert "the rest was not run" in candidate.failed["own cell 3"]
