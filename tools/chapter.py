"""Lay out the rooms of a new chapter: ``make chapter SLUG=05-heavy-hitters``.

Every room gets a first form that says what belongs there and fails its test until it is written.
What exists is never overwritten.
"""

import pathlib
import sys
import tomllib

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.lab_rules import STUDENT

ROOT = pathlib.Path(__file__).parents[1]

MODULE = '"""{title}: what this file holds, in the order to read it."""\n\n__all__ = []\n'
TESTS = '''"""{title}: facts, theorems, contracts, peers."""

from course_lib import {name}

# --- Facts: true for every input and draw ------------------------------------------------


def test_something_is_public():
    assert {name}.__all__


# --- Theorems: true on average or with probability ---------------------------------------

# --- Contracts: dtypes, containers, refusals ---------------------------------------------

# --- Peers: equal or better than the library that people use -----------------------------
'''
BENCHMARK = (
    '"""Speed of {name} against the libraries that people use; see benchmarks/harness.py."""\n'
)
MISTAKES = (
    '"""Wrong answers to Lab {number:02} that its checks must reject."""\n\nMISTAKES = {{}}\n'
)
ANSWERS = '"""Right answers to Lab {number:02} in unusual styles, which must pass."""\n'
POINTS = (
    "# What each exercise is worth, visible and hidden. Run this cell again to see where you "
    "stand.\nchecks.points({})\nchecks.summary()"
)
SETUP = """import numpy as np

from course_lib.notebook import checks

mine = checks.personal("{:02}", student)  # let it choose the data"""
API = "# {name}\n\n<!-- every public name of the module -->\n"
CHAPTER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# {title}

:::{{container}} opening
You will be able to
: - (three lines that begin with verbs)

You need
: [chapter 01](01-cost.md): (what of it), and nothing else.

Time
: (minutes to read; seconds to run)

Letters
: (each letter of this chapter, and where it differs from [notation](notation.md))
:::

:::{{container}} claim
A claim that sounds too good, as a number, on real data, true at three seeds and against the best
exact rival.
:::

## By hand

(The algorithm on ten letters or a 4 x 4 matrix: a visible cell of at most 10 lines that prints
every state, and one drawn picture. Only then the code, by `literalinclude`.)

:::{{dropdown}} **Your guess.** (A number that the next cell shows, asked for in one line.)
:class-container: guess
(The number, glued, and one tested sentence on why.)
:::

## The real thing

## The duel

## Move it yourself

## Root questions

## Pen and paper

## In short

:::{{container}} in-short
1. (five lines that a reader keeps)
:::

## Where this went

## The lab

## To read
"""


def main(slug):
    """Write the missing rooms of ``slug`` and say what is left to do by hand."""
    entry = find(slug)
    name = slug.split("-", 1)[1].replace("-", "_")
    rooms = {
        f"course_lib/{name}.py": MODULE,
        f"tests/test_{name}.py": TESTS,
        f"tests/mistakes/{slug}.py": MISTAKES,
        f"tests/answers/{slug}.py": ANSWERS,
        f"benchmarks/bench_{name}.py": BENCHMARK,
        f"book/{slug}.md": CHAPTER,
        f"book/api/{name}.md": API,
    }
    for room, text in rooms.items():
        place(room, text.format(name=name, title=entry["title"], number=entry["number"]))
    place(f"solutions/{slug}/{slug}.ipynb", nbformat.writes(solution(entry), indent=1) + "\n")
    print(f"Add `- file: {slug}` with its title to book/_toc.yml, and course_lib.{name} with its")
    print(
        "friends to MAY_IMPORT in tests/test_architecture.py. CONTRIBUTING.md says what to write."
    )


def find(slug):
    """Return the syllabus entry of ``slug``, or end with the slugs there are."""
    parts = tomllib.loads((ROOT / "syllabus.toml").read_text(encoding="utf-8"))["part"]
    chapters = {entry["slug"]: entry for part in parts for entry in part["chapter"]}
    if slug not in chapters:
        sys.exit(f"SLUG must be one of {', '.join(chapters)}; got {slug!r}.")
    return chapters[slug]


def place(room, text):
    """Write a file unless it, or a package of its name, exists."""
    path = ROOT / room
    if path.exists() or path.with_suffix("").is_dir():
        print(f"  there already  {room}")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"  new            {room}")


def solution(entry):
    """Return the first form of a solution notebook: title, set-up and points."""
    title = new_markdown_cell(f"# Lab {entry['number']:02}. {entry['title']}", id="title")
    student = new_code_cell(STUDENT, id="student")
    setup = new_code_cell(SETUP.format(entry["number"]), id="setup")
    points = new_code_cell(POINTS, id="points")
    for cell in (title, setup, points):
        cell.metadata["nbgrader"] = {
            "grade_id": cell.id,
            "grade": False,
            "locked": True,
            "solution": False,
            "task": False,
            "schema_version": 3,
        }
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=[title, student, setup, points], metadata={"kernelspec": kernel})


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
