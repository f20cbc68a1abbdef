"""The reading of the home page against the algorithm and course_lib, in the browser itself."""

import re
from collections import Counter

import pytest

from course_lib import datasets
from course_lib.heavy_hitters import MisraGries
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(visit):
    page = visit("index.html")
    page.wait_for_function("window.Explorable && window.Explorable.home")
    return page


@pytest.fixture(scope="module")
def call(page):
    return script_of(page, "home", "H")


def misra_gries(stream, m):
    """The algorithm of chapter 05, letter by letter."""
    counters = {}
    for item in stream:
        if item in counters or len(counters) < m:
            counters[item] = counters.get(item, 0) + 1
        else:
            counters = {key: count - 1 for key, count in counters.items() if count > 1}
    return counters


@pytest.mark.parametrize(("m", "end"), [(1, 40), (2, 300), (7, 300), (50, 299), (3, 0)])
def test_the_counters_are_those_of_the_algorithm(call, rng, m, end):
    stream = (rng.zipf(1.5, 300) % 40).tolist()
    got = call(
        "const s = H.read(a.s, a.m, a.end); return [[...s.counters], [...s.truth]];",
        s=stream,
        m=m,
        end=end,
    )
    assert dict(map(tuple, got[0])) == misra_gries(stream[:end], m)
    assert dict(map(tuple, got[1])) == Counter(stream[:end])


def test_counters_here_and_in_the_library_keep_the_same_promise(call, rng):
    stream, m = (rng.zipf(1.3, 2000) % 300).tolist(), 20
    library = MisraGries(m)
    library.update(stream)
    here = dict(map(tuple, call("return [...H.read(a.s, a.m, 2000).counters];", s=stream, m=m)))
    for item, count in Counter(stream).items():
        for held in (here.get(item, 0), library.estimate(item)):
            assert count - 2000 / (m + 1) <= held <= count


def test_the_reading_judges_the_play(page, call):
    text = re.findall(r"[a-z']+", datasets.shakespeare()["hamlet"].lower())
    truth, counters = Counter(text), misra_gries(text, 200)
    heavy = [word for word, count in truth.items() if count * 201 > len(text)]
    worst = max(count - counters.get(word, 0) for word, count in truth.items())
    page.get_by_label("Counters").fill("4")
    said = page.locator(".explorable-reading").inner_text()
    assert f"of {len(text):,} words, 200 counters" in said
    assert f"{len(heavy)} words make up more than 1/201" in said
    assert f"{sum(word in counters for word in heavy)} of them have a counter" in said
    assert f"too low by more than {worst:,}" in said
    assert f"takes {len(truth):,} counters" in said


def test_the_button_reads_to_the_end(page):
    page.get_by_label("Words read").fill("0")
    assert "After 0 of" in page.locator(".explorable-reading").inner_text()
    page.get_by_role("button", name="Read Hamlet").press("Enter")  # motion is reduced: at once
    assert "After 32,036 of 32,036" in page.locator(".explorable-reading").inner_text()
