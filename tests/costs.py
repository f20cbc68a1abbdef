"""What the tests cost: CPU seconds by chapter and by kind, children and grandchildren included.

A plugin of pytest that ``python -m tools.test costs`` switches on. A test is charged what its
process and all processes below it used while it ran, its fixtures included; what is made once and
shared, such as the built book, is charged to the first test that asks for it, and the book's
chapters are then charged for the seconds that their cells took.
"""

import collections
import json
import os
import pathlib
import re

import psutil
import pytest

from tests import labs

ROOT = pathlib.Path(__file__).parents[1]
KINDS = ["library", "page", "views", "explorable", "lab", "mistakes", "kernel", "grader", "house"]
HOUSE = "house"
EXECUTED = re.compile(r"/([^/]+)\.md: Executed notebook in ([\d.]+) seconds")


def pytest_configure(config):
    folder = os.environ["COURSE_COSTS"]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    config.pluginmanager.register(Ledger(pathlib.Path(folder, f"{worker}.jsonl")))


class Ledger:
    """Writes a line for each test: its name and the CPU seconds spent since the last line."""

    def __init__(self, path):
        self.path, self.last = path, spent()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        result = yield
        now = spent()
        with self.path.open("a", encoding="utf-8") as file:
            # A browser that ended unseen takes its seconds with it.
            file.write(json.dumps([item.nodeid, max(0.0, now - self.last)]) + "\n")
        self.last = now
        return result


def spent():
    """CPU seconds of this process and of all that it started, those that ended included."""
    total = sum(os.times()[:4])
    for child in psutil.Process().children(recursive=True):
        try:
            total += sum(child.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


# ---- The table


def slugs():
    """The slugs by what test names call a chapter: its module, its number, its slug."""
    names = {}
    for slug in labs.SLUGS:
        number, _, name = slug.partition("-")
        names |= {slug: slug, name.replace("-", "_"): slug, number: slug}
    return names | {"lsh": "11-lsh", "sketch": HOUSE}


def chapter_of(node, known):
    """The slug of the chapter that a test belongs to, or the house."""
    file, _, test = node.partition("::")
    found = re.search(r"\b(\d\d)[-.](?=\d|[a-z])", test)
    if found and found[1] in known:
        return known[found[1]]
    stem = pathlib.PurePath(file).stem.removeprefix("test_").removeprefix("explorable_")
    parts = pathlib.PurePath(file).parts
    if "course_lib" in parts:
        stem = pathlib.PurePath(parts[1]).stem
    for name in sorted(known, key=len, reverse=True):
        if stem == name or stem.startswith(f"{name}_"):
            return known[name]
    return HOUSE


def kind_of(node):
    """Which of `KINDS` a test is."""
    file, _, test = node.partition("::")
    if file.startswith("tests/grading"):
        return "grader"
    if file == "tests/test_labs.py":
        if "in_a_kernel" in test:
            return "kernel"
        return "mistakes" if "a_mistake_is_caught" in test else "lab"
    if file == "tests/book/test_pages.py":
        return "views"
    if file.startswith("tests/book"):
        return "explorable" if "explorable" in file else "house"
    return "library" if chapter_of(node, slugs()) != HOUSE else "house"


def table(folder):
    """Return the table of CPU seconds as text, from what the workers wrote."""
    known, cells = slugs(), collections.defaultdict(float)
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            node, seconds = json.loads(line)
            cells[chapter_of(node, known), kind_of(node)] += seconds
    # Whoever asked for the book first was charged for its building.
    payer = max({key[0] for key in cells}, key=lambda chapter: cells.get((chapter, "views"), 0.0))
    for path in pathlib.Path(folder).glob("book.log"):
        for slug, seconds in EXECUTED.findall(path.read_text("utf-8")):
            cells[slug if slug in known else HOUSE, "page"] += float(seconds)
            cells[payer, "views"] -= float(seconds)
    return drawn(cells)


def drawn(cells):
    """Lay the sums out: a row a chapter, a column a kind, totals at both ends."""
    kinds = [kind for kind in KINDS if any(key[1] == kind for key in cells)]
    rows = sorted({chapter for chapter, _ in cells})
    lines = ["".join([f"{'CPU seconds':24}", *(f"{kind:>11}" for kind in [*kinds, "all"])])]
    for row in [*rows, "all"]:
        of_row = [
            sum(v for (c, k), v in cells.items() if k == kind and row in (c, "all"))
            for kind in kinds
        ]
        numbers = [*of_row, sum(of_row)]
        lines.append("".join([f"{row:24}", *(f"{number:11.1f}" for number in numbers)]))
    return "\n".join(lines)
