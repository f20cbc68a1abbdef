"""The JavaScript of explorable 11 against course_lib, in the browser itself."""

import json

import numpy as np
import pytest

from course_lib.lsh import Bands, candidate_pairs, candidate_probability, minhash
from tests.book.conftest import ROOT, script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lsh(drawn):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(drawn("11-lsh", "lsh"), "lsh", "H")


@pytest.mark.parametrize("bands", [(1, 1), (25, 5), (12, 10), (128, 1)])
def test_the_curve_is_the_librarys(lsh, bands):
    similarities = np.linspace(0, 1, 21)
    got = lsh(
        "return a.s.map((s) => H.chance(s, a.b, a.r));",
        s=similarities.tolist(),
        b=bands[0],
        r=bands[1],
    )
    assert got == pytest.approx(candidate_probability(similarities, Bands(*bands)))


def test_mean_candidates_and_misses_are_sums_over_pairs(lsh):
    pairs, means = [900, 40, 10], [0.05, 0.5, 0.9]
    got = lsh(
        "return H.expected({ pairs: a.pairs, means: a.means, similar: 0.8 }, 25, 5);",
        pairs=pairs,
        means=means,
    )
    chances = candidate_probability(np.array(means), Bands(25, 5))
    assert got["candidates"] == pytest.approx(float(chances @ pairs))
    assert got["missed"] == pytest.approx(10 * (1 - float(chances[2])))


@pytest.mark.parametrize("cut", [(25, 5), (16, 8), (42, 3), (12, 10)])
def test_a_pair_is_found_where_the_library_finds_it(lsh, cut):
    """Sets of growing difference: candidates of the library are those with an agreeing band."""
    sets = [range(100), *(range(shift, 100 + shift) for shift in range(0, 100, 5))]
    signatures = minhash(sets, 128, seed=3)
    agree = ["".join("01"[int(x)] for x in signatures[0] == other) for other in signatures[1:]]
    got = lsh(
        "return a.agree.map((bits) => H.agreeing(bits, a.b, a.r).length > 0);",
        agree=agree,
        b=cut[0],
        r=cut[1],
    )
    pairs = candidate_pairs(signatures, Bands(*cut))
    assert np.flatnonzero(got).tolist() == (pairs[pairs[:, 0] == 0, 1] - 1).tolist()
    assert 0 < sum(got) < len(got)


def test_sliders_change_what_is_said_and_never_ask_for_too_many_functions(drawn):
    page = drawn("11-lsh", "lsh")
    said = page.locator('[data-explorable="11-lsh"] .explorable-reading')
    rows, bands = (page.locator('[data-explorable="11-lsh"] input').nth(i) for i in (0, 1))
    before = said.text_content()
    assert "25 bands of 5 rows" in before
    rows.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert "16 bands of 8 rows, 128 of 128 functions" in said.text_content()
    bands.focus()
    page.keyboard.press("ArrowLeft")  # each step is felt: the slider ends at 16
    assert "15 bands of 8 rows" in said.text_content()
    page.keyboard.press("Home")
    assert "1 band of 8 rows" in said.text_content()
    page.keyboard.press("End")
    assert "16 bands of 8 rows" in said.text_content()


def test_bands_come_back_when_there_is_room_again(drawn):
    page = drawn("11-lsh", "lsh")
    said = page.locator('[data-explorable="11-lsh"] .explorable-reading')
    page.locator('[data-explorable="11-lsh"] input').first.focus()
    page.keyboard.press("End")
    assert "12 bands of 10 rows" in said.text_content()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    assert "25 bands of 5 rows" in said.text_content()


def test_the_theorem_said_is_the_one_of_all_pairs(drawn):
    """With rows of one column most candidates lie near zero, where wide bins are not enough."""
    page = drawn("11-lsh", "lsh")
    said = page.locator('[data-explorable="11-lsh"] .explorable-reading')
    page.locator('[data-explorable="11-lsh"] input').first.focus()
    page.keyboard.press("Home")
    page.locator('[data-explorable="11-lsh"] input').nth(1).focus()
    page.keyboard.press("End")
    words = said.text_content()
    assert "128 bands of 1 row, 128 of 128 functions" in words
    promised = int(words.split("Candidates: ")[1].split(" of ")[0].replace(",", ""))
    assert promised == pytest.approx(137_756, rel=2e-3)  # summed over all pairs, one by one


def test_draws_on_record_surround_the_theorem():
    """The mean of 50 draws lies within five standard errors, for cuts with enough candidates."""
    spread = json.loads((ROOT / "benchmarks" / "results" / "lsh_spread.json").read_text("utf-8"))
    for row in spread["rows"]:
        mean, sd = np.array(row["mean"]), np.array(row["sd"])
        assert (np.array(row["least"]) <= mean).all() and (mean <= row["most"]).all()
        assert (np.diff(mean) >= 0).all() and (sd >= 0).all()
