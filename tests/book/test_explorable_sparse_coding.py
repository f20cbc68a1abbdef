"""The explorable of chapter 09 against course_lib, in the browser itself."""

import numpy as np
import pytest

from course_lib import datasets
from course_lib.sparse_coding import lasso
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

PROBLEMS = [
    ([[1.0, 0.0], [0.0, 1.0]], [0.7, -0.4]),
    ([[1.0, 0.93], [0.93, 1.0]], [0.55, 0.45]),
    ([[1.0, -0.6], [-0.6, 2.0]], [-0.2, 1.3]),
]


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("09-sparse-coding", "sparseCoding")


@pytest.fixture(scope="module")
def call(page):
    return script_of(page, "sparseCoding", "S")


def elastic_net(H, center, weight, mix):
    """The library's lasso, with the l2 part as two more rows."""
    root = np.linalg.cholesky(np.array(H)).T
    A = np.vstack([root, np.sqrt(weight * (1 - mix)) * np.eye(2)])
    b = np.r_[root @ center, 0, 0]
    if mix == 0:
        return np.linalg.solve(A.T @ A, A.T @ b)
    return lasso(A, b, weight * mix, tol=1e-14).x


@pytest.mark.parametrize("mix", [1.0, 0.5, 0.05, 0.0])
@pytest.mark.parametrize(("H", "center"), PROBLEMS)
def test_solutions_are_the_librarys(call, H, center, mix):
    for weight in (0.01, 0.2, 0.6, 3.0):
        got = call("return S.solve(a.H, a.c, a.w, a.m);", H=H, c=center, w=weight, m=mix)
        assert got == pytest.approx(elastic_net(H, center, weight, mix), abs=1e-6)


@pytest.mark.parametrize("mix", [1.0, 0.5, 0.0])
def test_balls_and_level_lines_are_where_they_should_be(call, mix):
    for point in call("return S.ball(0.7, a.m);", m=mix):
        size = mix * np.abs(point).sum() + (1 - mix) / 2 * np.dot(point, point)
        assert size == pytest.approx(0.7)
    H, center = PROBLEMS[2]
    for point in call("return S.ellipse(a.H, a.c, 0.3);", H=H, c=center):
        away = np.subtract(point, center)
        assert away @ np.array(H) @ away / 2 == pytest.approx(0.3)


def test_a_path_ends_at_zero_at_the_largest_slope(call):
    for H, center in PROBLEMS:
        largest = call("return S.largest(a.H, a.c);", H=H, c=center)
        assert largest == pytest.approx(np.abs(np.array(H) @ center).max())
        path = np.array(call("return S.pathOf(a.H, a.c, 1);", H=H, c=center))
        assert not path[0].any() and np.all(path[-1] != 0)


def test_the_figure_computes_on_the_photograph(page):
    data = page.evaluate(
        "JSON.parse(document.querySelector('[data-explorable] script').textContent)"
    )
    picture = datasets.photographs()["camera"].astype(float)
    correlation = np.corrcoef(picture[1:, :-1].ravel(), picture[:-1, 1:].ravel())[0, 1]
    assert data["problems"][1]["H"][0][1] == pytest.approx(correlation, rel=1e-5)


def test_arrow_keys_move_the_solution_and_the_words_follow(page):
    before = page.locator(".explorable-reading").inner_text()
    page.locator(".explorable circle.handle").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    after = page.locator(".explorable-reading").inner_text()
    assert before != after and after.startswith("Your own solution")
