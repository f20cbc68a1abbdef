"""The explorable of chapter 08 against course_lib, in the browser itself."""

import base64

import numpy as np
import pytest

from course_lib.manifolds import trustworthiness
from course_lib.notebook import tables
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("08-manifolds", "manifolds")


@pytest.fixture(scope="module")
def call(page):
    return script_of(page, "manifolds", "M")


def test_trust_is_the_librarys_for_every_map(call):
    """Whole numbers on both sides; only two points of a map at equal distance may be swapped."""
    maps = np.load(tables.RESULTS / "manifolds_maps.npz")
    X = maps["small"].astype(np.float64)
    n = len(X)
    got = call(
        """const { points, places, n, d, r } = a;
        const distances = M.squaredDistances(new Int8Array(M.bytes(points)), n, d);
        const rows = M.sortedRows(distances, n);
        return places.map((place) => {
          const plane = new Uint16Array(M.bytes(place));
          const onMap = M.neighbors(M.squaredDistances(plane, n, 2), n, r);
          return Array.from(M.trust(distances, rows, onMap, n, r, r));
        });""",
        points=base64.b64encode(maps["small"].tobytes()).decode(),
        places=[base64.b64encode(Y.astype("<u2").tobytes()).decode() for Y in maps["maps"]],
        n=n,
        d=X.shape[1],
        r=10,
    )
    for Y, trust in zip(maps["maps"], got, strict=True):
        expected = trustworthiness(X, Y.astype(np.float64), 10)
        assert np.mean(np.abs(np.array(trust) - expected) < 1e-12) > 0.9
        assert np.mean(trust) == pytest.approx(expected.mean(), abs=0.002)


def test_the_reading_says_what_the_figure_shows(page):
    maps = np.load(tables.RESULTS / "manifolds_maps.npz")
    at = list(zip(maps["methods"], maps["settings"], strict=True)).index(("t-SNE", 30))
    expected = trustworthiness(maps["small"].astype(float), maps["maps"][at].astype(float), 10)
    assert f"mean trust {expected.mean():.3f}" in page.inner_text(".explorable-reading")
    page.click("text=Least trusted point")
    worst = int(expected.argmin())
    assert f"Point {worst}, " in page.inner_text(".explorable-reading")
