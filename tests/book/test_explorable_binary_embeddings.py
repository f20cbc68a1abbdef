"""The explorable of chapter 12 against course_lib, in the browser itself."""

import json

import numpy as np
import pytest

from course_lib.binary_embeddings import (
    BinCirc,
    Circulant,
    Toeplitz,
    angle_share,
    hash_variance,
    lag_correlations,
    short_hash,
)
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("12-binary-embeddings", "embeddings")


@pytest.fixture(scope="module")
def embeddings(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "embeddings", "B")


@pytest.fixture(scope="module")
def data(page):
    return json.loads(page.inner_text('[data-explorable="12-binary-embeddings"] script'))


@pytest.mark.parametrize(
    ("name", "kind"), [("circulant", Circulant), ("toeplitz", Toeplitz), ("binCirc", BinCirc)]
)
@pytest.mark.parametrize("signs", [True, False])
def test_the_same_numbers_and_signs_give_the_bits_of_the_library(embeddings, name, kind, signs):
    rng = np.random.default_rng(3)
    u, v = rng.integers(-9, 10, (2, 24)) * rng.integers(0, 2, (2, 24))
    h = short_hash(kind(20, 24, rng=rng), signs=signs, rng=rng)
    got = embeddings(
        "return Array.from(B.differing(a.u, a.v, a.name, a.g, a.signs, 20));",
        u=u.tolist(),
        v=v.tolist(),
        name=name,
        g=h.matrix.gaussians.tolist(),
        signs=h.signs.tolist() if signs else [1] * 24,
    )
    assert got == np.logical_xor(*h.bits([u, v])).astype(int).tolist()


@pytest.mark.parametrize("signs", [True, False])
def test_spread_and_correlations_are_those_that_the_library_computes(embeddings, data, signs):
    """Draws are seeded, so this never fails by chance; the slack is 5 standard errors of a
    spread of 200 draws, and of a correlation where rows help."""
    pair = data["pairs"][0]
    u, v = (np.array(pair[name], float) for name in "uv")
    t = angle_share(u, v)
    got = embeddings(
        "const all = B.draws(a.u, a.v, 'circulant', a.signs, 196, 5);"
        "return [B.angleShare(a.u, a.v), B.spread(all.map((b) => B.share(b, 196)), a.t),"
        " B.correlations(all, a.t, 40)];",
        u=pair["u"],
        v=pair["v"],
        signs=signs,
        t=t,
    )
    rng = np.random.default_rng(0)
    flips = rng.choice([-1, 1], (12, 784)) if signs else np.ones((1, 784))
    variance = np.mean([hash_variance(d * u, d * v, 196, matrix="circulant") for d in flips])
    assert got[0] == pytest.approx(t, abs=1e-9)
    assert got[1] == pytest.approx(variance**0.5, rel=5 / 20)
    rho = np.mean([lag_correlations(d * u, d * v, matrix="circulant") for d in flips], axis=0)
    assert np.abs(np.array(got[2]) - rho[1:41]).max() < (0.08 if signs else 0.25)
    assert np.sqrt(np.mean((np.array(got[2]) - rho[1:41]) ** 2)) < (0.03 if signs else 0.1)


def test_independent_rows_stray_as_the_binomial_law_says(embeddings, data):
    pair = data["pairs"][0]
    t, spread = embeddings(
        "const t = B.angleShare(a.u, a.v); const all = B.draws(a.u, a.v, 'random', false, 98, 5);"
        "return [t, B.spread(all.map((b) => B.share(b, 98)), t)];",
        u=pair["u"],
        v=pair["v"],
    )
    assert spread == pytest.approx((t * (1 - t) / 98) ** 0.5, rel=5 / 20)


def test_it_moves_by_the_keyboard_and_says_what_it_shows(page):
    figure = page.locator('[data-explorable="12-binary-embeddings"]')
    told = figure.locator(".explorable-reading")
    before = told.inner_text()
    figure.get_by_label("Signs D").select_option("yes")
    after = told.inner_text()
    assert before != after and "times as far" in after
    figure.get_by_label("Bits k").focus()
    page.keyboard.press("ArrowRight")
    assert told.inner_text().startswith("105 bits")
