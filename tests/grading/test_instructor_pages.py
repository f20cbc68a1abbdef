"""The calendars for instructors respect what each chapter needs."""

import re
import tomllib

import pytest

from .fixtures.course import ROOT

PAGE = (ROOT / "book" / "instructors" / "term.md").read_text()
PAGES = sorted((ROOT / "book" / "instructors").glob("*.md"))
NEEDS = {
    chapter["number"]: set(chapter["needs"])
    for part in tomllib.loads((ROOT / "syllabus.toml").read_text())["part"]
    for chapter in part["chapter"]
}


def calendar(heading):
    """``(chapters, labs due)`` of each week of a table."""
    table = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \|([^|]*)\|([^|]*)\|", table, flags=re.MULTILINE)
    numbers = [[[int(one) for one in re.findall(r"\d+", text)] for text in row[1:]] for row in rows]
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    return numbers


def test_no_chapter_comes_before_what_it_needs():
    table = calendar("Twenty-three weeks")
    assert len(table) == 23
    taught = []
    for chapters, due in table:
        for chapter in chapters:
            assert NEEDS[chapter] <= set(taught), chapter
            taught.append(chapter)
        assert set(due) <= {0, *taught}
    assert len(set(taught)) == len(taught)


def test_the_calendar_teaches_what_exists_and_nothing_else():
    written = {int(page.name[:2]) for page in (ROOT / "book").glob("[0-9][0-9]-*.md")}
    labs = {int(folder.name[:2]) for folder in (ROOT / "labs").iterdir()}
    weeks = calendar("Twenty-three weeks")
    assert {chapter for chapters, _ in weeks for chapter in chapters} == written
    assert {lab for _, due in weeks for lab in due} == labs


def test_the_chapters_that_may_be_left_out_are_needed_by_none():
    (two,) = re.findall(r"leave out (\d\d and \d\d), which no other chapter needs", PAGE)
    left_out = {int(number) for number in two.split(" and ")}
    assert not any(left_out & needs for needs in NEEDS.values())


def commands(page):
    """The commands that a page types, without what is said of them behind two blanks."""
    lines = re.findall(r"^    (make .+|python -m grading.*)$", page, flags=re.MULTILINE)
    lines += re.findall(r"`(make [a-z].*?|python -m grading.*?)`", page)
    return {re.split(r"\s{2,}|;", line)[0] for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_command_of_a_page_is_one(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for command in commands(page.read_text(encoding="utf-8")):
        words = command.split()
        if words[0] == "make":
            assert words[1] in targets, command
            continue
        module = words[2].replace(".", "/")
        path = next(
            path for path in (ROOT / f"{module}.py", ROOT / module / "__main__.py") if path.exists()
        )
        known = re.findall(r"--[a-z-]+", path.read_text(encoding="utf-8"))
        shared = ["--root", "--lab"]
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        assert set(options) <= {*known, *shared}, command
