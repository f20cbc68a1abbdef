"""The explorable of chapter 02 against course_lib, in the browser itself."""

import numpy as np
import pytest

from course_lib.randomness import jl_dimension, jl_failure, pair_ratios
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def randomness(drawn):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(drawn("02-randomness", "randomness"), "randomness", "R")


@pytest.mark.parametrize("epsilon", [0.1, 0.3, 0.9])
@pytest.mark.parametrize("n", [2, 60, 10_000])
def test_the_dimension_is_the_librarys(randomness, n, epsilon):
    got = randomness("return R.dimension(a.n, a.epsilon);", n=n, epsilon=epsilon)
    assert got == jl_dimension(n, epsilon)


@pytest.mark.parametrize("epsilon", [0.1, 0.3, 0.9])
@pytest.mark.parametrize("k", [1, 2, 16, 101, 1911])
def test_the_chance_of_a_pair_is_the_librarys(randomness, k, epsilon):
    got = randomness("return R.failure(a.k, a.epsilon);", k=k, epsilon=epsilon)
    assert got == pytest.approx(jl_failure(k, epsilon), rel=1e-8, abs=1e-12)


def test_ratios_are_numpys_from_the_same_draw_up_and_down(randomness, rng):
    points = np.tril(rng.standard_normal((7, 6)), -1)
    ragged = [list(row[:i]) for i, row in enumerate(points)]
    steps = [1, 5, 9, 3]  # going down starts again
    drawn, ratios = randomness(
        "const next = R.normals(4); const map = R.projection(a.points, 4);"
        "return [Array.from({ length: 6 * 9 }, () => next()), a.steps.map((k) => map.upTo(k))];",
        points=ragged,
        steps=steps,
    )
    directions = np.reshape(drawn, (9, 6)).T
    for k, got in zip(steps, ratios, strict=True):
        expected = pair_ratios(points, points @ directions[:, :k] / np.sqrt(k))
        assert got == pytest.approx(expected, rel=1e-9)


def test_the_points_of_the_page_have_the_distances_of_the_data(randomness):
    """The digits of the page are the first sixty of MNIST."""
    from course_lib import datasets

    figure = "document.querySelector('[data-explorable=\"02-randomness\"] script').textContent"
    ragged = randomness(f"return JSON.parse({figure}).sets[1].points;")
    points = np.zeros((60, 59))
    for row, stored in zip(points, ragged, strict=True):
        row[: len(stored)] = stored
    digits = datasets.mnist().train_images[:60].reshape(60, 784) / 255
    assert pair_ratios(digits, points) == pytest.approx(1.0, abs=1e-5)
