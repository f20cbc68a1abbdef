"""The same attacks on stock nbgrader: there they succeed, so the tests of them have teeth."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from .fixtures.course import ROOT, Course
from .fixtures.hostile import HOSTILE
from .fixtures.labs import small_lab
from .test_hostile import probing

pytestmark = pytest.mark.slow

LAB = "90-small"
FORGERIES = ("patched-checks", "transformer")


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A course graded by nbgrader's own autograder."""
    course = Course(tmp_path_factory.mktemp("stock"), _90_small=small_lab())
    config = course.root / "nbgrader_config.py"
    text = (ROOT / "nbgrader_config.py").read_text()
    config.write_text(text[: text.index("c.Autograde.sanitize")])
    with socket.create_server(("127.0.0.1", 0)) as server:
        course.hand_in("probe", LAB, probing(server.getsockname()[1]))
        for name in FORGERIES:
            course.hand_in(name, LAB, HOSTILE[name].answers)
        for step in ("generate_assignment", "autograde"):
            run_stock(course.root, step)
    return course


def run_stock(root, step):
    programs = Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [programs / "nbgrader", step, LAB, "--force"],
        cwd=root,
        env=os.environ | {"PATH": path, "SML_TEST_CANARY": "1", "SML_GRADING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_probe_finds_everything_in_stock_nbgrader(stock):
    path = stock.root / "grading" / "autograded" / "probe" / LAB / f"{LAB}.ipynb"
    said = json.dumps(json.loads(path.read_text())["cells"])
    assert "FOUND" in said
    found = ("in_files", "in_memory", "in_frames", "in_environment", "in_processes", "in_reach")
    for place in found:
        assert place in said.partition("FOUND")[2], place


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_marks_count_in_stock_nbgrader(stock, name):
    with Gradebook(f"sqlite:///{stock.root / 'grading' / 'gradebook.db'}") as book:
        score = book.find_submission(LAB, name).score
    assert score > HOSTILE[name].score
