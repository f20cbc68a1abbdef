"""The class on a cluster: the same scores and messages as on one machine, isolation kept."""

import json
import re
import subprocess
import sys
import time

import pytest

from grading.run import class_run
from grading.run.cluster import _code_there, _shares
from grading.run.workers import Job

from .fixtures.course import ROOT, Course
from .fixtures.hostile import HOSTILE
from .fixtures.labs import small_lab

LAB = "90-small"
SECONDS = re.compile(r"[\d.]+ s of processor time; the solution needs [\d.]+")
HALF = {"answer-90-1": "def mean(x):\n    return float(np.sum(x) / (len(x) + 1))"}


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """A scheduler and a worker, each a process as on machines of their own."""
    folder = tmp_path_factory.mktemp("cluster")
    about = folder / "scheduler.json"
    common = ["--no-dashboard", "--scheduler-file", str(about)]
    program = [sys.executable, "-m"]
    programs = [
        [*program, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"],
        [*program, "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny"],
    ]
    running = []
    try:
        for number, program in enumerate(programs):
            log = (folder / f"{number}.log").open("w")
            extra = ["--local-directory", str(folder / f"worker-{number}")] if number else []
            running.append(
                subprocess.Popen([*program, *common, *extra], cwd=ROOT, stdout=log, stderr=log)
            )
            end = time.monotonic() + 600
            while not about.exists() and time.monotonic() < end:
                time.sleep(0.1)
        yield json.loads(about.read_text())["address"]
    finally:
        for process in running:
            process.kill()
            process.wait()


def hand_in_class(course):
    course.hand_in("good", LAB, "solution")
    course.hand_in("half", LAB, HALF)
    course.hand_in("empty", LAB)
    course.hand_in("endless", LAB, {"answer-90-1": "while True:\n    pass"})
    course.hand_in("patches", LAB, HOSTILE["patched-checks"].answers)
    (course.hand_in("broken", LAB)).write_text("{")


def told(course):
    """What matters of the records: points, messages, reasons; no measured seconds."""
    kept = ("results", "stopped", "refused", "remarks")
    records = {key: {name: one[name] for name in kept} for key, one in course.records().items()}
    return {key: SECONDS.sub("", json.dumps(one)) for key, one in records.items()}


@pytest.mark.slow
def test_a_cluster_gives_the_scores_and_messages_of_one_machine(scheduler, tmp_path):
    outcomes = []
    for name, more in (("here", ()), ("there", ("--scheduler", scheduler))):
        course = Course(tmp_path / name, _90_small=small_lab(grading={"cell_seconds": 1}))
        hand_in_class(course)
        course.grade("--seed", "4", *more)
        outcomes.append(told(course))
    here, there = outcomes
    assert there == here
    records = course.records()
    assert course.scores()["good"] == 10
    assert records["broken", LAB]["refused"]
    assert records["endless", LAB]["cuts"]["answer-90-1"]["solution"] is not None


class Workers:
    """Stands for dask's client with two workers, the second of which does its work here."""

    def __init__(self, *address, **options):
        pass

    def run(self, function, *args):
        if function is _code_there:
            return dict.fromkeys(("tcp://1", "tcp://2"), _code_there())
        return {"tcp://1": ("", "", []), "tcp://2": function(*args)}

    def close(self):
        pass


@pytest.mark.slow
def test_a_wrong_solution_stops_the_run_on_the_workers_too(tmp_path, monkeypatch):
    monkeypatch.setattr("distributed.Client", Workers)
    notebook = small_lab()
    cell = next(one for one in notebook.cells if one.id == "hidden-90-1-accuracy")
    cell.source = cell.source.replace("x.sum() / 50", "x.sum() / 49")
    course = Course(tmp_path / "course", _90_small=notebook)
    course.hand_in("good", LAB, "solution")
    said = course.grade("--scheduler", "tcp://0", expect=2)
    assert "The solution of 90-small does not get all points" in said and "worker tcp://2" in said
    assert course.records() == {}


def test_workers_with_other_code_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("distributed.Client", Workers)
    course = Course(tmp_path / "course", _90_small=small_lab())
    course.hand_in("good", LAB, "solution")
    monkeypatch.setattr(class_run, "code_digest", lambda: "other")
    said = course.grade("--scheduler", "tcp://0", expect=2)
    assert "2 of 2 workers" in said and "another version of the course" in said


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("grading.run.cluster.WAIT", "1s")
    course = Course(tmp_path / "course", _90_small=small_lab())
    course.hand_in("good", LAB, "solution")
    said = course.grade("--scheduler", "tcp://127.0.0.1:9", expect=2)
    assert "No scheduler answers at tcp://127.0.0.1:9" in said


def test_a_task_holds_submissions_of_one_lab():
    first, second = object(), object()
    jobs = [Job(number, first if number < 6 else second, [], 0) for number in range(9)]
    shares = [[job.key for job in share] for share in _shares(jobs)]
    assert shares == [[0, 1, 2, 3], [4, 5], [6, 7, 8]]
