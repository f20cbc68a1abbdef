"""Hostile submissions in one class: the right score each, the others untouched, nothing leaked."""

import json
import socket
import threading

import nbformat
import psutil
import pytest
from nbconvert import HTMLExporter

from .fixtures.course import Course
from .fixtures.hostile import CANARY_TEXT, HOSTILE, PROBE
from .fixtures.labs import small_lab

pytestmark = pytest.mark.slow

LAB = "90-small"
LIMITS = {
    "cell_seconds": 2,
    "sleep_seconds": 3,
    "grace_seconds": 1,
    "submission_seconds": 60,
    "memory_bytes": 1 << 30,
    "file_bytes": 16 << 20,
    "processes": 40,
}


@pytest.fixture(scope="module")
def listener():
    """The port of a server of this machine, and the list of those who connected."""
    callers = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    callers.append(server.accept())
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()  # it does hear who calls
        yield port, callers


@pytest.fixture(scope="module")
def course(tmp_path_factory, listener):
    course = Course(tmp_path_factory.mktemp("hostile"), _90_small=small_lab(grading=LIMITS))
    solution = {cell.id: cell.solution for cell in course.lab(LAB).cells}
    for name in ("honest-first", "zz-honest-last"):
        course.hand_in(name, LAB, "solution")
    for name, attack in HOSTILE.items():
        answers = attack.answers
        if isinstance(answers, dict):
            answers = {cell: source or solution[cell] for cell, source in answers.items()}
            kept = {"answer-90-1", "answer-90-2"} - answers.keys() if attack.score else ()
            answers |= {cell: solution[cell] for cell in kept}
        course.hand_in(name, LAB, answers, attack.edited)
    course.hand_in("probe", LAB, probing(listener[0]))
    before = set(psutil.pids())
    course.said = course.grade_apart("--workers", "2", env={"SML_TEST_CANARY": "1"})
    course.left_running = [
        command
        for process in psutil.process_iter()
        if process.pid not in before and "987654" in (command := command_of(process))
    ]
    return course


def command_of(process):
    """The command of a process; empty for one of somebody else's that has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def probing(port):
    """An answer that looks for what it must not see, when it is defined and when it is called."""
    probe = PROBE.replace("PORT", str(port))
    spy = f"{probe}\ndef mean(x):\n    raise ValueError(f'FOUND {{leaks()}}')\nleaks()"
    return {"answer-90-1": spy}


def everything_said(record):
    return json.dumps(record, ensure_ascii=False)


@pytest.mark.parametrize("name", HOSTILE)
def test_an_attack_gets_the_right_score_and_a_sentence(course, name):
    assert course.scores()[name] == HOSTILE[name].score
    assert HOSTILE[name].words in everything_said(course.records()[name, LAB])


def test_honest_students_in_the_same_run_lose_nothing(course):
    assert course.scores()["honest-first"] == course.scores()["zz-honest-last"] == 10


def test_a_submission_sees_nothing_that_it_should_not(course, listener):
    record = everything_said(course.records()["probe", LAB])
    assert "FOUND []" in record
    assert len(listener[1]) == 1


def test_no_process_is_left(course):
    assert course.left_running == []


def test_no_page_shows_a_hidden_test(course):
    for name in [*HOSTILE, "probe", "honest-first"]:
        page = course.page(name, LAB)
        assert CANARY_TEXT not in page or "The mean of" in page
        assert "rng.standard_normal" not in page


def test_scripts_of_a_submission_are_shown_and_not_run(course):
    page = course.page("script", LAB)
    assert "&lt;script&gt;alert(4)" in page
    path = course.root / "grading" / "autograded" / "script" / LAB / f"{LAB}.ipynb"
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(nbformat.read(path, 4))
    for number in (1, 2, 3, 4):
        assert f"<script>alert({number})" not in page + html
    assert "<img src=x" not in html
