"""The answer to the guiding question, as the home page and chapter 01 tell it: who wins where."""

import pytest

from course_lib.notebook import tables
from tests.book.conftest import ROOT


@pytest.fixture(scope="module")
def sides():
    """The row that validation chose, by budget and kind."""
    record = tables.results("capstone")
    return {
        (name, kind): record["rows"][number]
        for name, budget in record["budgets"].items()
        for kind, number in budget["best"].items()
    }


def test_the_weak_exact_model_beats_the_approximate_one_on_the_stamp_alone(sides):
    for meter in ("validation", "error"):
        assert sides["stamp", "exact"][meter] < sides["stamp", "approximate"][meter]
        for budget in ("postcard", "parcel"):
            assert sides[budget, "approximate"][meter] < sides[budget, "exact"][meter]


def test_learned_features_win_in_each_budget(sides):
    for budget in ("stamp", "postcard", "parcel"):
        for kind in ("exact", "approximate"):
            assert sides[budget, "learned"]["error"] < sides[budget, kind]["error"]


@pytest.mark.parametrize("page", ["index.md", "01-cost.md"])
def test_the_pages_take_their_figures_from_the_record(page):
    text = (ROOT / "book" / page).read_text("utf-8")
    assert 'tables.results("capstone")' in text and "(22-deep-compression.md)" in text
    for budget in ("stamp", "postcard"):
        for what in ("bytes", "exact", "approximate", "learned"):
            assert "{glue:text}`" + f"{budget}_{what}`" in text
