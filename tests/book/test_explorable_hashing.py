"""The explorable of chapter 03 against course_lib: the same bits, the same answers."""

import numpy as np
import pytest

from course_lib.hashing import BloomFilter, hash_items
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

WORDS = [
    "",
    "a",
    "to be",
    "seven77",
    "eight888",
    "nine99999",
    "perchance to dream",
    "naïve",
    "'tis",
]


@pytest.fixture(scope="module")
def hashing(drawn):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(drawn("03-hashing", "hashing"), "hashing", "H")


@pytest.mark.parametrize("seed", [0, 7])
def test_words_hash_as_in_the_library(hashing, seed):
    got = hashing(
        "return a.words.map((w) => String(H.hashText(w, a.seed)));", words=WORDS, seed=seed
    )
    assert [int(text) for text in got] == hash_items(WORDS, seed).tolist()


@pytest.mark.parametrize(("n_bits", "n_hashes"), [(128, 1), (512, 3), (1024, 14)])
def test_the_filter_gives_the_librarys_answers(hashing, n_bits, n_hashes):
    stored = [f"word {number}" for number in range(60)]
    asked = [f"stranger {number}" for number in range(2000)]
    expected = BloomFilter(n_bits, n_hashes)
    expected.update(stored)
    got = hashing(
        "const ready = (w) => H.probes(H.hashText(w, 0), 14);"
        "const bits = H.fill(a.stored.map(ready), a.m, a.k);"
        "return { found: a.asked.map((w) => H.has(bits, ready(w), a.k)), share: H.share(bits) };",
        stored=stored,
        asked=asked,
        m=n_bits,
        k=n_hashes,
    )
    assert got["found"] == expected.contains(asked).tolist()
    filled = -np.expm1(-n_hashes * expected.estimate() / n_bits)
    assert got["share"] == pytest.approx(filled, rel=1e-12)


def test_the_formula_is_the_librarys(hashing):
    for n, m, k in [(1, 128, 1), (40, 512, 9), (500, 1024, 2)]:
        expected = BloomFilter(m, k).false_positive_rate(n)
        assert hashing("return H.formula(a.n, a.m, a.k);", n=n, m=m, k=k) == pytest.approx(expected)


def test_every_word_of_the_speech_is_believed_and_the_reader_can_ask(visit):
    page = visit("03-hashing.html")
    figure = page.locator(".explorable")
    figure.locator("input[type=text]").fill("bodkin")
    sliders = figure.locator("input[type=range]")
    sliders.nth(0).focus()
    page.keyboard.press("End")
    assert "Perhaps, and it is." in figure.locator(".explorable-reading").inner_text()
    page.keyboard.press("Home")
    assert "Certainly not" in figure.locator(".explorable-reading").inner_text()
    figure.locator("button").click()
    assert "Perhaps, and it is." in figure.locator(".explorable-reading").inner_text()
