"""The explorable of chapter 21 against course_lib, in the browser itself."""

import numpy as np
import pytest

from course_lib.binary_networks import fold, pack_signs, product
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("21-binary-networks", "binaryUnit")


@pytest.fixture(scope="module")
def script(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "binaryUnit", "U")


@pytest.mark.parametrize("n", [1, 7, 64, 65, 256])
def test_its_products_are_those_of_the_library(script, n):
    rng = np.random.default_rng(n)
    S, T = rng.choice([-1, 1], (2, 20, n))
    strings = [["".join("01"[int(s > 0)] for s in row) for row in rows] for rows in (S, T)]
    got = script("return a.x.map((x, i) => U.product(U.parse(x), U.parse(a.w[i])));",
                 x=strings[0], w=strings[1])  # fmt: skip
    assert got == np.diag(product(pack_signs(S), pack_signs(T), n)).tolist()


def test_its_units_fire_where_the_folded_batch_norm_does(script):
    rng = np.random.default_rng(3)
    gamma, beta = rng.uniform(0.1, 1, 50), rng.standard_normal(50)
    mean, var = 4 * rng.standard_normal(50), rng.uniform(4, 40, 50)
    limit = fold(gamma, beta, mean, var, 32).limit
    counts = list(range(33))
    got = script(
        "return a.limit.map((l) => a.counts.map((c) => U.fires(c, l)));",
        limit=limit.tolist(),
        counts=counts,
    )
    z = 32 - 2 * np.arange(33)
    norm = gamma[:, None] * (z - mean[:, None]) / np.sqrt(var[:, None] + 1e-4) + beta[:, None]
    assert np.array_equal(got, norm >= 0)


def test_as_many_flips_as_it_says_turn_the_output_over(script):
    for count, limit in ((118, 125), (125, 125), (126, 125), (140, 125), (0, 0)):
        needed = script("return U.distance(a.c, a.l);", c=count, l=limit)
        turned = count + needed if count <= limit else count - needed
        almost = turned - 1 if count <= limit else turned + 1
        assert (turned <= limit) != (count <= limit) == (almost <= limit)


def test_it_moves_by_the_keyboard_and_says_what_it_shows(page):
    figure = page.locator('[data-explorable="21-binary-networks"]')
    told = figure.locator(".explorable-reading")
    first = told.inner_text()
    assert "of 256 bits differ" in first and "0 inputs are flipped" in first
    assert "a window of 1 the" in first
    figure.get_by_label("Input", exact=False).first.focus()
    page.keyboard.press("ArrowRight")
    figure.get_by_role("button", name="Flip this input").focus()
    page.keyboard.press("Enter")
    assert "1 inputs are flipped" in told.inner_text()
    before, after = (int(text.split(" of ")[0]) for text in (first, told.inner_text()))
    assert abs(before - after) == 1
    figure.get_by_role("button", name="Flip all back").focus()
    page.keyboard.press("Enter")
    assert told.inner_text() == first
    figure.get_by_label("Window of the gradient").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert "With no window" in told.inner_text()
    figure.get_by_label("Digit").select_option("1")
    assert told.inner_text().split(" of ")[0] != first.split(" of ")[0]
