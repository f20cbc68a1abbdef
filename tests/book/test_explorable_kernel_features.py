"""The explorable of chapter 17 against course_lib, in the browser itself."""

import numpy as np
import pytest

from course_lib.kernel_features import FourierFeatures, fourier_variance
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

BELL = np.exp(-((np.arange(8) + 0.5) ** 2) / 8)


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("17-kernel-features", "kernelWaves")


@pytest.fixture(scope="module")
def script(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "kernelWaves", "W")


@pytest.mark.parametrize("paired", [True, False])
def test_its_estimate_is_the_inner_product_of_features_with_the_same_draw(script, paired):
    drawn, got = script(
        "const w = W.chance(a.spectrum, 32, 5);"
        "return [w, a.times.map((t) => (a.paired ? W.estimate : W.withOffsets)(w, t))];",
        spectrum=BELL.tolist(),
        times=[0.0, 0.7, 3.0],
        paired=paired,
    )
    points = np.array([[0.0], [0.7], [3.0]])
    made = FourierFeatures(64 if paired else 32, paired=paired, random_state=0).fit(points)
    made.frequencies_ = np.asfortranarray(np.array(drawn["omega"])[:, None])
    made.offsets_ = np.array([] if paired else drawn["offsets"])
    z = made.transform(points)
    assert np.allclose(got, z @ z[0], atol=1e-12)


def test_its_kernel_is_the_mean_over_its_spectrum_and_nearly_the_gaussian(script):
    times = np.linspace(0, 5, 11)
    got = script(
        "return a.times.map((t) => W.kernel(a.spectrum, t));",
        spectrum=BELL.tolist(),
        times=times.tolist(),
    )
    omega = (np.arange(80_000) + 0.5) / 20_000
    density = np.repeat(BELL, 10_000) / BELL.sum() / 10_000
    assert np.allclose(got, np.cos(np.outer(times, omega)) @ density, atol=1e-7)
    assert np.allclose(got, np.exp(-(times**2) / 2), atol=0.02)


def test_random_waves_have_the_variance_of_the_library(script):
    """600 draws: the ratio has a standard deviation of 6%, a false alarm one in 10,000."""
    drawn, k, doubled = script(
        "const f = (t) => W.kernel(a.spectrum, t); const seeds = [...Array(600).keys()];"
        "return [seeds.map((s) => W.estimate(W.chance(a.spectrum, 16, s + 1), 1)), f(1), f(2)];",
        spectrum=BELL.tolist(),
    )
    expected = fourier_variance(k, 16, doubled=doubled)
    assert np.var(drawn) == pytest.approx(expected, rel=0.25)
    assert np.mean(drawn) == pytest.approx(k, abs=4 * np.sqrt(expected / 600))


def test_a_grid_beats_chance_in_one_dimension(script):
    got, truth = script(
        "const t = [0, 1, 2, 4]; return [t.map((v) => W.estimate(W.grid(a.spectrum, 64), v)),"
        "t.map((v) => W.kernel(a.spectrum, v))];",
        spectrum=BELL.tolist(),
    )
    assert np.allclose(got, truth, atol=1e-3)


def test_its_counts_are_those_of_the_page(script):
    for extent, epsilon in ((14.0, 1e-3), (6.0, 1e-2), (13.5, 1e-6)):
        got = script("return W.gridWaves(a.L, a.e, 3);", L=extent, e=epsilon)
        c = np.sqrt(np.log(12 / epsilon))
        step = 2 * np.pi / (extent + c)
        omega = step * np.arange(-np.ceil(2 * c / step), np.ceil(2 * c / step) + 1)
        t = np.linspace(-extent, extent, 2001)
        weight = step / (2 * np.sqrt(np.pi)) * np.exp(-(omega**2) / 4)
        assert got == pytest.approx(len(omega) ** 3 / 2)
        assert np.abs(np.cos(np.outer(t, omega)) @ weight - np.exp(-(t**2))).max() <= epsilon / 3


def test_it_moves_by_the_keyboard_and_says_what_it_shows(page):
    figure = page.locator('[data-explorable="17-kernel-features"]')
    told = figure.locator(".explorable-reading")
    assert "16 random waves, cosine and sine" in told.inner_text()
    assert "by 0 at zero" in told.inner_text()
    assert "from 4 dimensions on" in told.inner_text()
    figure.get_by_label("Waves", exact=True).select_option("offset")
    assert "by 0 at zero" not in told.inner_text()
    figure.get_by_label("Digits wanted").focus()
    page.keyboard.press("ArrowRight")
    assert "For 4 digits" in told.inner_text()
    figure.get_by_label("Waves", exact=True).select_option("pairs")
    before = told.inner_text()
    figure.get_by_label("Density at frequency 0.25").focus()
    page.keyboard.press("ArrowDown")
    assert told.inner_text() != before
