"""Measure what grading costs beyond the cells' own work, against stock nbgrader.

    python -m tests.grading.measure_overhead            40 submissions, two rounds each
    python -m tests.grading.measure_overhead 10 1

The two graders take turns on the same submissions, each in one command for the whole class.
Isolation is included on our side; stock nbgrader has none. The cells' own work is what a
fresh interpreter needs for them.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .fixtures.course import ROOT, Course
from .fixtures.labs import small_lab

__all__ = ["main"]

LAB = "90-small"


def main(students=40, rounds=2):
    """Print seconds a submission for both graders, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        courses = {name: class_of(Path(folder, name), students) for name in ("ours", "stock")}
        make_stock(courses["stock"])
        courses["ours"].grade()  # the solution is graded once for all runs
        spent, own = {"ours": [], "stock": []}, []
        for _ in range(rounds):
            own.append(own_work(courses["ours"]))
            spent["ours"].append(timed(courses["ours"].command("--again"), ROOT))
            program = Path(sys.executable).with_name("nbgrader")
            command = [program, "autograde", LAB, "--force"]
            spent["stock"].append(timed(command, courses["stock"].root))
    own = min(own)
    print(f"{students} submissions, {rounds} rounds, one core; the cells' own work {own:.2f} s")
    beyond = {name: min(runs) / students - own for name, runs in spent.items()}
    for name, seconds in beyond.items():
        print(f"{name:6} {seconds + own:.2f} s a submission, {seconds:.2f} s beyond own work")
    print(f"ratio  {beyond['ours'] / beyond['stock']:.2f}")


def class_of(root, students):
    root.mkdir()
    course = Course(root, _90_small=small_lab())
    for number in range(students):
        course.hand_in(f"student-{number:02}", LAB, "solution")
    return course


def make_stock(course):
    """Configure nbgrader's own autograder, and let it know the lab."""
    text = (ROOT / "nbgrader_config.py").read_text()
    config = text[: text.index("c.Autograde.sanitize")]
    (course.root / "nbgrader_config.py").write_text(config)
    timed([Path(sys.executable).with_name("nbgrader"), "generate_assignment", LAB], course.root)


def own_work(course):
    """Seconds of a fresh interpreter on all cells, less those of an empty one."""
    cells = [cell.solution for cell in course.lab(LAB).cells if cell.cell_type == "code"]
    path = course.root / "cells.py"
    path.write_text("\n\n".join(cells))
    full = min(timed([sys.executable, path], course.root) for _ in range(3))
    empty = min(timed([sys.executable, "-c", ""], course.root) for _ in range(3))
    return full - empty


def timed(command, folder):
    """Seconds that a command takes."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    env = os.environ | threads | {"PATH": path, "SML_GRADING": "1"}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return seconds


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
