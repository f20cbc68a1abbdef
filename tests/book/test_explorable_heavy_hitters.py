"""The JavaScript of explorable 05 against course_lib, in the browser itself."""

import numpy as np
import pytest

from course_lib.heavy_hitters import CountMin, CountSketch
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def heavy_hitters(drawn):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(drawn("05-heavy-hitters", "heavyHitters"), "heavyHitters", "H")


@pytest.mark.parametrize(("width", "depth", "seed"), [(64, 1, 0), (100, 3, 1), (2719, 5, 2**40)])
def test_estimates_are_the_librarys_to_the_last_unit(heavy_hitters, width, depth, seed):
    counts = np.round(1e4 / np.arange(1, 401)).astype(int)
    got = heavy_hitters(
        "const { countMin, countSketch } = H.sketch(a.counts, a.width, a.depth, a.seed);"
        "return [[...countMin], [...countSketch]];",
        counts=counts.tolist(),
        width=width,
        depth=depth,
        seed=seed,
    )
    for estimates, kind in zip(got, (CountMin, CountSketch), strict=True):
        sketch = kind(width, depth, seed=seed)
        sketch.update(np.arange(400), counts)
        assert sketch.estimate(np.arange(400)).tolist() == estimates


def test_zipf_streams_and_their_evenness(heavy_hitters):
    counts = np.array(heavy_hitters("return [...H.zipf(1.2, 1000, 1e6)];"))
    weights = np.arange(1, 1001.0) ** -1.2
    assert np.abs(counts - 1e6 * weights / weights.sum()).max() <= 0.5
    got = heavy_hitters("return H.effective(Float64Array.from(a.counts));", counts=counts.tolist())
    assert got == pytest.approx(counts.sum() ** 2 / np.sum(counts**2))
    exponent = heavy_hitters(
        "return H.exponentOf(Float64Array.from(a.counts));", counts=counts.tolist()
    )
    assert exponent == pytest.approx(1.2, abs=0.01)


def test_one_row_with_signs_is_never_further_off(heavy_hitters):
    """The claim of the text: on each item, whatever the stream."""
    worst = heavy_hitters(
        "const counts = H.zipf(1, 500, 1e5);"
        "const { countMin, countSketch } = H.sketch(counts, 32, 1, 3);"
        "return Math.max(...counts.map((c, i) =>"
        " Math.abs(countSketch[i] - c) - (countMin[i] - c)));"
    )
    assert worst <= 0


def test_the_swap_is_where_the_curves_cross(heavy_hitters):
    curve = [{"exponent": i / 10, "min": 10.0 ** (5 - i), "sketch": 10.0} for i in range(9)]
    assert heavy_hitters("return H.swap(a.curve);", curve=curve) == pytest.approx(0.4)
    assert heavy_hitters("return H.swap(a.curve);", curve=curve[:3]) is None
