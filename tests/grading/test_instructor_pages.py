"""The calendars for instructors respect what each chapter needs."""

import re
import tomllib

import pytest

from .fixtures.course import ROOT

PAGE = (ROOT / "book" / "instructors" / "term.md").read_text()
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


@pytest.mark.parametrize(("heading", "weeks"), [("Fifteen weeks", 15), ("Ten weeks", 10)])
def test_no_chapter_comes_before_what_it_needs(heading, weeks):
    table = calendar(heading)
    assert len(table) == weeks
    taught = []
    for chapters, due in table:
        for chapter in chapters:
            assert NEEDS[chapter] <= set(taught), chapter
            taught.append(chapter)
        assert set(due) <= {0, *taught}
    assert len(set(taught)) == len(taught)


def test_the_long_calendar_teaches_everything():
    taught = [chapter for chapters, _ in calendar("Fifteen weeks") for chapter in chapters]
    assert sorted(taught) == sorted(NEEDS)


def test_the_short_calendar_says_what_it_leaves_out():
    taught = {chapter for chapters, _ in calendar("Ten weeks") for chapter in chapters}
    (sentence,) = re.findall(r"It leaves out ([^.]*),", PAGE)
    assert {int(number) for number in re.findall(r"\d+", sentence)} == set(NEEDS) - taught
    assert PAGE.count("seventeen chapters") == (len(taught) == 17)
