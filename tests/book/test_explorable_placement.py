"""The explorable of chapter 18 against course_lib: the same hashes, the same nodes."""

import numpy as np
import pytest

from course_lib.hashing import hash_items
from course_lib.placement import BoundedRing, Modulo, Rendezvous, Ring
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

KEYS = [f"package-{number}" for number in range(300)]
NAMES = ["A", "B", "C", "D", "E", "F"]
WEIGHTS = [1, 2, 1, 4, 1, 3]
ASSIGNED = (
    "const nodes = a.names.map((name, i) => ({ name, weight: a.weights[i], shift: 0 }));"
    "const keys = a.keys.map(P.keyOf);"
)


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("18-placement", "placement")


@pytest.fixture(scope="module")
def script(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "placement", "P")


def test_names_hash_as_in_the_library(script):
    words = ["", "A", "seven77", "eight888", "linux-image-6.1.0-50-rt-amd64-dbg", "naïve"]
    got = script("return a.words.map((w) => String(P.hashText(w)));", words=words)
    assert [int(text) for text in got] == hash_items(words).tolist()


@pytest.mark.parametrize("v", [1, 20, 200])
def test_its_ring_is_the_librarys(script, v):
    rule = Ring(NAMES, WEIGHTS, n_points=v)
    circle, got = script(
        f"{ASSIGNED} return [P.circle(nodes, a.v), P.ring(keys, nodes, a.v)];",
        names=NAMES,
        weights=WEIGHTS,
        keys=KEYS,
        v=v,
    )
    assert np.allclose([place for place, _ in circle], rule.points / 2.0**64, atol=1e-15)
    assert [node for _, node in circle] == rule.owners.tolist()
    assert got == rule.assign(KEYS).tolist()


@pytest.mark.parametrize(("v", "epsilon"), [(1, 1.0), (1, 0.25), (1, 0.05), (20, 0.1)])
def test_its_bounded_ring_is_the_librarys(script, v, epsilon):
    got = script(
        f"{ASSIGNED} return P.bounded(keys, nodes, a.v, a.epsilon);",
        names=NAMES,
        weights=[1] * 6,
        keys=KEYS,
        v=v,
        epsilon=epsilon,
    )
    assert got == BoundedRing(NAMES, factor=1 + epsilon, n_points=v).assign(KEYS).tolist()


def test_its_bids_and_its_remainder_are_the_librarys(script):
    bids, remainder, full = script(
        f"{ASSIGNED} const b = P.bids(keys, nodes);"
        "return [b, P.remainder(keys, nodes), P.fullest(b, nodes, true)];",
        names=NAMES,
        weights=WEIGHTS,
        keys=KEYS,
    )
    expected = Rendezvous(NAMES, WEIGHTS).assign(KEYS)
    assert bids == expected.tolist()
    assert remainder == Modulo(NAMES).assign(KEYS).tolist()
    due = np.array(WEIGHTS) / sum(WEIGHTS)
    assert full == pytest.approx((np.bincount(expected, minlength=6) / 300 / due).max())


def test_it_moves_by_the_keyboard_and_says_what_it_shows(page):
    figure = page.locator('[data-explorable="18-placement"]')
    told = figure.locator(".explorable-reading")
    assert "A ring with 1 point a node, 5 nodes, 240 keys" in told.inner_text()
    figure.get_by_label("Rule", exact=True).select_option("remainder")
    figure.get_by_role("button", name="Add a node").click()
    assert "Node F came: 8" in told.inner_text()  # eighty-odd percent
    assert "where 17% is the fair share" in told.inner_text()
    figure.get_by_label("Rule", exact=True).select_option("bids")
    figure.get_by_role("button", name="Take it away").click()
    assert "Node F left: 1" in told.inner_text()
    figure.get_by_label("Rule", exact=True).select_option("bounded")
    assert "and room for 60 keys in each" in told.inner_text()  # 1.25 times 240 over 5
    assert "keys are not at the first node after them" in told.inner_text()
    figure.get_by_label("Rule", exact=True).select_option("ring")
    figure.get_by_label("Node A on the circle").focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    assert "Node A was moved" in told.inner_text()
    figure.get_by_label("Points of each node v").focus()
    before = told.inner_text()
    page.keyboard.press("End")
    assert "A ring with 200 points a node" in told.inner_text() != before
    figure.get_by_label("Its weight").focus()
    page.keyboard.press("End")
    assert "has weight 4" in told.inner_text()
    figure.get_by_role("button", name="Start over").click()
    assert "5 nodes" in told.inner_text()
