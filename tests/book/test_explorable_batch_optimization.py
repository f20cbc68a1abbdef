"""The explorable of chapter 13 against course_lib, in the browser itself."""

import itertools

import numpy as np
import pytest

from course_lib.batch_optimization import chain, chain_bound, conjugate_gradients, ogm
from course_lib.sparse_coding import fista, ista
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

METHODS = {
    "descent": lambda loss, k: ista(loss, 0),
    "fista": lambda loss, k: fista(loss, 0),
    "ogm": ogm,
    "conjugate": lambda loss, k: conjugate_gradients(loss),
}


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("13-batch-optimization", "chain")


@pytest.fixture(scope="module")
def script(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "chain", "C")


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("n", "k"), [(11, 1), (11, 7), (51, 30), (201, 100)])
def test_its_methods_are_at_the_points_of_the_library(script, name, n, k):
    beads = chain(n)
    step = list(itertools.islice(METHODS[name](beads.loss, k), k + 1))[-1]
    point, gap = script(
        "const points = C[a.name](a.n, a.k); return [points[a.k], C.gap(points[a.k])];",
        name=name,
        n=n,
        k=k,
    )
    assert np.allclose(point, step.x, atol=1e-9)
    assert gap == pytest.approx(step.value - beads.minimum, abs=1e-12)
    assert np.count_nonzero(point) == min(k, n)


@pytest.mark.parametrize("n", [11, 201])
def test_conjugate_gradients_lie_on_the_floor_of_the_library(script, n):
    gaps, floors = script(
        "const points = C.conjugate(a.n, a.n);"
        "return [points.map(C.gap), points.map((_, k) => C.floor(a.n, k))];",
        n=n,
    )
    assert np.allclose(floors, [chain_bound(1.0, n, k) for k in range(n + 1)], atol=1e-15)
    assert np.allclose(gaps, floors, atol=1e-12)


def test_it_moves_by_the_keyboard_and_says_what_it_shows(page):
    figure = page.locator('[data-explorable="13-batch-optimization"]')
    told = figure.locator(".explorable-reading")
    assert told.inner_text().startswith("51 beads, 20 gradients. Beads 1 to 20 have moved")
    figure.get_by_label("Gradients k").focus()
    page.keyboard.press("ArrowRight")
    assert told.inner_text().startswith("51 beads, 21 gradients")
    figure.get_by_label("Beads n").select_option("11")
    assert "Conjugate gradients are at the minimum" in told.inner_text()
