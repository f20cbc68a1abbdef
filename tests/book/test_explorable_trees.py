"""The explorable of chapter 10 against course_lib, in the browser itself."""

import numpy as np
import pytest

from course_lib.trees import brute_force, kd_query, kd_tree
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("10-trees", "trees")


@pytest.fixture(scope="module")
def call(page):
    return script_of(page, "trees", "T")


@pytest.fixture(scope="module")
def cloud():
    rng = np.random.default_rng(0)
    return rng.standard_normal((400, 6)), rng.standard_normal((20, 6))


SEARCH = """const { points, queries, n, d, k, epsilon } = a;
  const X = Float64Array.from(points.flat());
  const tree = T.kdTree(X, n, d, 10);
  return queries.map((q) => {
    const got = T.kdSearch(tree, X, d, q, k, epsilon);
    const { best, names } = got.found;
    return [got.compared, got.leaves.length, Array.from(best), Array.from(names)];
  });"""


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 2.0])
def test_its_kd_tree_reads_what_the_librarys_reads(call, cloud, epsilon):
    X, Q = cloud
    got = call(SEARCH, points=X.tolist(), queries=Q.tolist(), n=400, d=6, k=11, epsilon=epsilon)
    expected = kd_query(kd_tree(X, leaf_size=10), Q, 11, epsilon=epsilon)
    assert [row[0] for row in got] == expected.evaluations.tolist()
    assert [row[1] for row in got] == expected.leaves.tolist()
    np.testing.assert_allclose(np.sqrt([row[2] for row in got]), expected.distances, rtol=1e-12)
    assert [row[3] for row in got] == expected.indices.tolist()


def test_its_forest_counts_points_once_and_is_exact_without_a_budget(call, cloud):
    X, Q = cloud
    got = call(
        """const { points, queries, n, d } = a;
        const X = Float64Array.from(points.flat());
        const forest = T.growForest(X, n, d, 10, 5, 1);
        return queries.map((q) => [60, n].map((budget) => {
          const got = T.forestSearch(forest, X, d, q, 11, budget);
          return [got.compared, Array.from(got.found.best)];
        }));""",
        points=X.tolist(),
        queries=Q.tolist(),
        n=400,
        d=6,
    )
    exact = brute_force(X, Q, 11).distances
    for (few, everything), distances in zip(got, exact, strict=True):
        assert 60 <= few[0] < 70
        assert everything[0] <= 400
        np.testing.assert_allclose(np.sqrt(everything[1]), distances, rtol=1e-12)
        assert np.all(np.sqrt(few[1]) >= distances * (1 - 1e-12))


def test_a_rotation_keeps_distances_and_changes_what_is_read(call, cloud):
    X, _ = cloud
    turn = np.array(call("return T.rotation(6, 7);"))
    np.testing.assert_allclose(turn @ turn.T, np.eye(6), atol=1e-12)
    got = call(
        "return Array.from(T.taken(Float64Array.from(a.points.flat()), 400, 6, 6, a.turn));",
        points=X.tolist(),
        turn=turn.tolist(),
    )
    np.testing.assert_allclose(np.reshape(got, (400, 6)), X @ turn.T, atol=1e-12)


def test_a_word_can_be_asked_and_the_reading_says_what_was_found(page):
    page.fill("#explorable-trees-ask", "france")
    said = page.inner_text(".explorable-reading")
    assert "Near france: " in said
    assert "10 of the 10 nearest found" in said  # a kd-tree that must be exact
    page.click("text=Rotate the data")
    assert "rotated" in page.inner_text(".explorable-reading")
    page.click("text=Rotate back")


def test_an_unknown_word_is_said_to_be_unknown_and_the_beginning_of_a_known_one_is_not(page):
    ask, note = page.locator("#explorable-trees-ask"), page.locator("#explorable-trees-unknown")
    assert note.get_attribute("role") == "status"  # a screen reader hears it
    ask.fill("france")
    ask.fill("fran")  # on the way to a word
    assert note.inner_text() == ""
    ask.press("Enter")
    assert "“fran” is not among the 1500 words shown" in note.inner_text()
    ask.fill("xylophones")
    assert note.inner_text() == (
        "“xylophones” is not among the 1500 words shown; "
        "the figure still shows the neighbors of france."
    )
    assert ask.get_attribute("aria-invalid") == "true"
    assert "Near france: " in page.inner_text(".explorable-reading")
    ask.fill("germany")
    assert note.inner_text() == ""
    assert ask.get_attribute("aria-invalid") == "false"
    assert "Near germany: " in page.inner_text(".explorable-reading")
    ask.fill("xylophones")
    assert note.inner_text() != ""
    ask.fill("")
    assert note.inner_text() == ""


def test_most_neighbors_are_there_before_they_are_proved(call, page):
    """What the text alternative says of 50 coordinates, of 40 points of either collection."""
    shares = call(
        """const text = document.querySelector("figure.explorable script").textContent;
        const { collections, size, width } = JSON.parse(text);
        return collections.map((set) => {
          const X = T.taken(new Int8Array(T.bytes(set.points)), size, width, width, null);
          const tree = T.kdTree(X, size, width, 10);
          return Array.from({ length: 40 }, (_, i) => {
            const q = Array.from(X.subarray(30 * i * width, (30 * i + 1) * width));
            const got = T.kdSearch(tree, X, width, q, 11, 0);
            const wanted = new Set(got.found.names);
            let [seen, there] = [0, 0];
            for (const { members } of got.leaves) {
              seen += members.length;
              there += Array.from(members).filter((name) => wanted.has(name)).length;
              if (there >= 10) return seen / got.compared; // the point itself is the eleventh
            }
          });
        });"""
    )
    assert np.all(np.mean(shares, axis=1) < 0.5)
