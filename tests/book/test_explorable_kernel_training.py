"""The explorable of chapter 16 against course_lib, in the browser itself."""

import numpy as np
import pytest

from course_lib.kernel_training import Kernel, NystromProduct
from course_lib.low_rank import nystrom_features, pivoted_cholesky
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

GAMMA = 0.25


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("16-kernel-training", "landmarks")


@pytest.fixture(scope="module")
def call(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "landmarks", "L")


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).normal(0, 2, (120, 2)).round(3)


def test_greedy_takes_the_same_columns_and_leaves_the_same(call, points):
    mine = pivoted_cholesky(Kernel("rbf", gamma=GAMMA)(points, points), 25)
    indices, trace = call(
        "const run = L.pivoted(L.kernel(a.points, a.gamma), 25, L.greedy);"
        "return [run.indices, run.trace];",
        points=points.tolist(), gamma=GAMMA,
    )  # fmt: skip
    assert indices == mine.indices.tolist()
    assert np.allclose(trace, mine.trace / len(points), rtol=0, atol=1e-9)


def test_given_landmarks_leave_what_nystrom_leaves_and_one_twice_changes_nothing(call, points):
    K = Kernel("rbf", gamma=GAMMA)(points, points)
    chosen = [5, 17, 60, 3, 99]
    trace = call(
        "return L.pivoted(L.kernel(a.points, a.gamma), 6, L.given(a.chosen)).trace;",
        points=points.tolist(), gamma=GAMMA, chosen=[*chosen, 5],
    )  # fmt: skip
    left = 1 - np.square(nystrom_features(K, chosen).F).sum() / len(points)
    assert trace[5] == pytest.approx(left, abs=1e-9)
    assert trace[6] == trace[5]


def test_its_machine_solves_the_equations_of_the_library(call, points):
    rng = np.random.default_rng(1)
    chosen = rng.choice(len(points), 12, replace=False)
    Y = np.where(rng.integers(3, size=(len(points), 1)) == np.arange(3), 1.0, -1.0)
    beta = call(
        "const run = L.pivoted(L.kernel(a.points, a.gamma), 12, L.given(a.chosen));"
        "return L.weights(run, a.Y, 0.1);",
        points=points.tolist(), gamma=GAMMA, chosen=chosen.tolist(), Y=Y.tolist(),
    )  # fmt: skip
    K = Kernel("rbf", gamma=GAMMA)(points, points)
    A = NystromProduct(K[:, chosen], K[np.ix_(chosen, chosen)], 0.1)
    assert np.allclose(A(np.array(beta)), A.right_side(Y), atol=1e-7)


def test_random_pivots_follow_the_law_of_the_library(call, points):
    """Means of 300 draws on both sides; five standard errors: false alarm below 1e-6."""
    K = Kernel("rbf", gamma=GAMMA)(points, points)
    theirs = np.array(
        call(
            "const K = L.kernel(a.points, a.gamma);"
            "const left = (seed) => L.pivoted(K, 8, L.random(seed)).trace[8];"
            "return Array.from({ length: 300 }, (_, s) => left(s + 1));",
            points=points.tolist(), gamma=GAMMA,
        )
    )  # fmt: skip
    ours = np.array(
        [pivoted_cholesky(K, 8, rule="random", rng=s).trace[-1] / len(points) for s in range(300)]
    )
    error = np.sqrt((theirs.var(ddof=1) + ours.var(ddof=1)) / 300)
    assert abs(theirs.mean() - ours.mean()) < 5 * error
    greedy = pivoted_cholesky(K, 8).trace[-1] / len(points)
    assert abs(theirs.mean() - greedy) > 5 * error  # the test can tell the rules apart


def test_a_click_makes_a_landmark_and_greedy_takes_the_far_point(page):
    figure = page.locator('[data-explorable="16-kernel-training"]')
    told = figure.locator(".explorable-reading")
    assert told.inner_text().startswith("0 landmarks by hand")
    figure.locator('[data-point="10"]').dispatch_event("click")
    assert told.inner_text().startswith("1 landmark by hand")
    figure.get_by_label("Point", exact=False).last.focus()
    figure.get_by_text("Add or remove the point").click()
    assert told.inner_text().startswith("0 landmarks by hand")
    figure.get_by_label("Landmarks").select_option("greedy")
    far = figure.get_by_role("slider", name="Move point 3 away by")
    far.focus()
    page.keyboard.press("End")
    early = [f"is the {place} of them" for place in ("first", "second", "third")]
    assert any(words in told.inner_text() for words in early)
    far.focus()
    page.keyboard.press("Home")
    assert "Point 3" not in told.inner_text() and "best rank" in told.inner_text()
