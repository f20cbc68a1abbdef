"""The recommender of chapter 07 in the browser against course_lib, on the page's own numbers."""

import numpy as np
import pytest

from course_lib.matrix_completion import Factors, fold_in
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("07-matrix-completion", "matrixCompletion")


@pytest.fixture(scope="module")
def model(page):
    """The numbers that the page carries, as the script gets them and as the library does."""
    data = page.evaluate(
        "JSON.parse(document.querySelector('[data-explorable] script').textContent)"
    )
    bias, Q = np.array(data["bias"]), np.array(data["Q"])
    return data, Factors(data["mean"], np.zeros(1), bias, np.zeros((1, Q.shape[1])), Q)


@pytest.mark.parametrize("alpha", [0.5, 8.0, 32.0])
def test_a_reader_is_folded_in_as_the_library_does(page, model, alpha):
    data, factors = model
    films, stars = [3, 50, 120, 121, 7], [5, 0.5, 3, 4.5, 2]
    bias, p = fold_in(factors, films, stars, alpha=alpha, bias_alpha=data["biasAlpha"])
    call = script_of(page, "matrixCompletion", "M")
    arguments = {"model": data, "films": films, "stars": stars, "alpha": alpha}
    folded = call("return Array.from(M.foldIn(a.model, a.films, a.stars, a.alpha));", **arguments)
    np.testing.assert_allclose(folded, np.r_[p, bias], atol=1e-10)

    predicted = factors.mean + bias + factors.column_bias + factors.Q @ p
    predicted[films] = -np.inf
    got = call("return M.recommend(a.model, a.films, a.stars, a.alpha, 10);", **arguments)
    assert [entry["film"] for entry in got] == np.argsort(-predicted, kind="stable")[:10].tolist()
    np.testing.assert_allclose(
        [entry["stars"] for entry in got], np.sort(predicted)[::-1][:10], atol=1e-10
    )


def test_the_keyboard_changes_the_list(page):
    stage = page.locator('[data-explorable="07-matrix-completion"]')
    reading = stage.locator(".explorable-reading")
    before = reading.inner_text()
    stage.locator("input[type=range]").last.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    assert reading.inner_text() != before
    assert "With a penalty of 32" in reading.inner_text()
