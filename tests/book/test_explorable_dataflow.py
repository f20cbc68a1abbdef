"""The explorable of chapter 20 shows recorded runs: those that course_lib gives."""

import numpy as np
import pytest

from course_lib.dataflow import backup_time, run_tasks
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

SLUG = '[data-explorable="20-dataflow"]'
COPIES = [0, 1, 2, 4, 8]


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("20-dataflow", "dataflow")


@pytest.fixture(scope="module")
def script(page):
    return script_of(page, "dataflow", "D")


def library(kind, r, dead):
    """The run that the page's cell records."""
    seconds = {
        "luck": lambda rng: rng.exponential(),
        "data": np.random.default_rng(3).exponential(size=16),
        "machine": np.ones(16),
    }[kind]
    speeds = np.where(np.arange(16) == 5, 0.2, 1.0) if kind == "machine" else None
    crashes = [(0.4, dead)] if dead >= 0 else []
    return run_tasks(
        seconds, 16, n_tasks=16, n_backups=r, speeds=speeds, crashes=crashes, lease_s=6.0, rng=3
    )


@pytest.mark.parametrize("kind", ["luck", "data", "machine"])
@pytest.mark.parametrize(("i", "dead"), [(0, -1), (3, -1), (0, 5), (2, 9), (4, 0)])
def test_its_runs_are_the_librarys(script, page, kind, i, dead):
    data = page.locator(SLUG).locator("script").inner_text()
    got = script(
        "return D.chosen(JSON.parse(a.data), a.kind, a.i, a.dead);",
        data=data, kind=kind, i=i, dead=dead,
    )  # fmt: skip
    run = library(kind, COPIES[i], dead)
    assert got["time"] == pytest.approx(run.seconds, abs=0.006)
    assert got["work"] == pytest.approx(run.work_s, abs=0.006)
    assert len(got["spans"]) == len(run.spans) <= sum(run.attempts)  # a copy may go to the dead
    assert sum(span["again"] for span in got["spans"]) == len(run.spans) - 16
    assert sum(span["fate"] == 0 for span in got["spans"]) == 16
    assert max(span["end"] for span in got["spans"] if span["fate"] == 0) == got["time"]


def test_the_slider_and_a_click_tell_the_lesson(page):
    figure = page.locator(SLUG)
    told, slider = figure.locator(".explorable-reading"), figure.get_by_role("slider")
    assert told.inner_text().startswith("No task runs twice. All is done after")
    assert figure.locator("rect.span").count() == 16
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert told.inner_text().startswith("The last 4 tasks run twice. All is done after")
    assert f"{library('luck', 4, -1).seconds:.2f} s;" in told.inner_text()
    page.keyboard.press("Home")
    figure.locator("rect.row").nth(7).click()
    assert "Machine 7 is killed after 0.4 s; without a copy, its task waits" in told.inner_text()
    figure.locator("rect.row").nth(12).click()  # its task took 0.06 s
    assert "Machine 12 is killed after 0.4 s, when its task was done." in told.inner_text()
    figure.locator("rect.row").nth(7).click()
    assert figure.get_by_label("Kill at").input_value() == "7"
    figure.locator("rect.row").nth(7).click()
    assert figure.get_by_label("Kill at").input_value() == "-1"


def test_copies_win_nothing_against_long_data(page, script):
    figure = page.locator(SLUG)
    data = figure.locator("script").inner_text()
    times = script(
        "const data = JSON.parse(a.data);"
        "return ['luck', 'data', 'machine'].map((kind) => [0, 3].map((i) => {"
        "  const run = D.chosen(data, kind, i, -1); return [run.time, run.work]; }));",
        data=data,
    )
    (luck, lucky), (long, longer), (slow, helped) = times
    assert lucky[0] < luck[0] and helped[0] < slow[0]
    assert longer[0] == long[0] and longer[1] > long[1]
    assert luck[0] > backup_time(16, 0) / 2
