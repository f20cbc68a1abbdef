"""The explorable of chapter 22 against course_lib, in the browser itself."""

import numpy as np
import pytest

from course_lib import deep_compression as dc
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("22-deep-compression", "fileParts")


@pytest.fixture(scope="module")
def script(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "fileParts", "F")


@pytest.fixture(scope="module")
def layer():
    """Symbols 0 to 4 in a row, and the histograms that the page is given."""
    rng = np.random.default_rng(5)
    row = np.where(rng.random(4000) < 0.08, rng.choice([1, 2, 2, 2, 3, 4], 4000), 0)
    gaps = np.diff(np.flatnonzero(row), prepend=-1) - 1
    pairs = [[int(g), int(c)] for g, c in zip(*np.unique(gaps, return_counts=True), strict=True)]
    return row, gaps, pairs, np.bincount(row, minlength=5)[1:].tolist()


@pytest.mark.parametrize("bits", [2, 4, 7])
def test_fixed_fields_and_fillers_are_those_of_the_relative_index(script, layer, bits):
    row, _, pairs, counts = layer
    stored = dc.relative_index(row, bits)
    got = script("return F.stored(a.gaps, a.b);", gaps=pairs, b=bits)
    assert got["fillers"] == dc.filler_count(row, bits)
    assert got["counts"] == np.bincount(stored.gaps, minlength=2**bits).tolist()
    parts = script(
        "return F.layerBits(a.gaps, a.counts, 4000, 'fixed', a.b);",
        gaps=pairs, counts=counts, b=bits,
    )  # fmt: skip
    assert sum(parts.values()) == len(stored.gaps) * (bits + 3)  # five symbols take three bits


@pytest.mark.parametrize("bits", [3, 5])
def test_huffman_takes_the_bits_of_the_library(script, layer, bits):
    row, _, pairs, counts = layer
    stored = dc.relative_index(row, bits)
    expected = sum(
        int(np.bincount(part) @ dc.huffman_lengths(np.bincount(part))) for part in stored
    )
    parts = script(
        "return F.layerBits(a.gaps, a.counts, 4000, 'huffman', a.b);",
        gaps=pairs, counts=counts, b=bits,
    )  # fmt: skip
    assert sum(parts.values()) == pytest.approx(expected)
    assert script("return F.huffmanBits([0, 7, 0]);") == 7  # a symbol that is alone has a bit


def test_golomb_and_the_coin_agree_with_the_library(script, layer):
    _, gaps, pairs, counts = layer
    p = sum(counts) / 4000
    m = dc.golomb_parameter(p)
    assert script("return F.golombParameter(a.p);", p=p) == m
    for parameter in (1, 2, 5, m):
        got = script("return F.golombBits(a.gaps, a.m);", gaps=pairs, m=parameter)
        assert got == dc.golomb_lengths(gaps, parameter).sum()
    assert script("return F.coinBits(a.p);", p=p) == pytest.approx(dc.coin_bits(p))
    parts = script(
        "return F.layerBits(a.gaps, a.counts, 4000, 'coin', 5);", gaps=pairs, counts=counts
    )
    entropy = dc.entropy(counts) * sum(counts)
    assert parts["values"] == pytest.approx(entropy)
    assert parts["distances"] == pytest.approx(dc.coin_bits(p) * sum(counts))


def test_it_moves_by_the_keyboard_and_says_what_it_shows(page):
    figure = page.locator('[data-explorable="22-deep-compression"]')
    told = figure.locator(".explorable-reading")
    assert "times smaller" in told.inner_text() and "fillers" in told.inner_text()
    before = told.inner_text()
    figure.get_by_label("Bits of a distance").focus()
    page.keyboard.press("ArrowLeft")
    assert told.inner_text() != before
    figure.get_by_label("Code", exact=True).select_option("golomb")
    assert "No width is used." in told.inner_text() and "fillers 0" in told.inner_text()
    before = told.inner_text()
    figure.get_by_label("Density").focus()
    page.keyboard.press("ArrowRight")
    assert told.inner_text() != before
