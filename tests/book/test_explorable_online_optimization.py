"""The explorable of chapter 14 against course_lib, in the browser itself."""

import base64

import numpy as np
import pytest
import scipy.sparse as sp

from course_lib.batch_optimization import LogisticLoss
from course_lib.online_optimization import ogd_pass
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

DATA = """
const data = JSON.parse(document.querySelector(
  '[data-explorable="14-online-optimization"] script[type="application/json"]').textContent);
let flights = C.unpack(data.flights);
"""


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("14-online-optimization", "online")


@pytest.fixture(scope="module")
def script(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "online", "C")


@pytest.fixture(scope="module")
def flights(script):
    """Columns, signs and delays of the month, and the rival, unpacked here."""
    packed, rival = script(DATA + "return [data.flights, data.rival];")
    raw = np.frombuffer(base64.b64decode(packed), np.uint8).reshape(-1, 5).astype(int)
    place = raw[:, 1] // 2
    hour, carrier, origin, target = raw[:, 0], place % 16, place // 16, raw[:, 2]
    columns = np.column_stack([0 * hour, 1 + hour, 25 + carrier, 41 + origin, 44 + target])
    return columns, np.where(raw[:, 1] % 2, 1.0, -1.0), raw[:, 3] + 256 * raw[:, 4], np.array(rival)


def loss_of(columns, signs):
    starts = np.arange(0, columns.size + 1, 5)
    rows = (np.ones(columns.size), columns.ravel(), starts)
    return LogisticLoss(sp.csr_array(rows, shape=(len(columns), 149)), signs)


@pytest.mark.parametrize(("step", "wait"), [(0.1, 0), (1.0, 300), (1.0, "landing"), (10.0, 300)])
def test_its_learner_is_that_of_the_library(script, flights, step, wait):
    columns, signs, waits, _ = flights
    delays = waits if wait == "landing" else wait
    losses = script(
        DATA + "return [...C.learn(flights, a.step, a.wait === null ? flights.waits : a.wait)];",
        step=step,
        wait=None if wait == "landing" else wait,
    )
    expected = ogd_pass(loss_of(columns, signs), step=step, radius=5.0, delays=delays).losses
    assert np.allclose(losses, expected, atol=1e-9)


def test_its_rival_and_its_regret_are_those_of_the_library(script, flights):
    columns, signs, _, rival = flights
    fixed, regret = script(
        DATA + "const fixed = C.fixed(flights, data.rival);"
        "return [[...fixed], [...C.regret(C.learn(flights, 1, 0), fixed)]];"
    )
    loss = loss_of(columns, signs)
    expected = np.logaddexp(0, -signs * (loss.data @ rival))
    assert np.allclose(fixed, expected, atol=1e-9)
    learned = ogd_pass(loss, step=1.0, radius=5.0).losses
    assert np.allclose(regret, np.cumsum(learned - expected), atol=1e-6)
    assert regret[-1] < -500  # the month moves


def test_shuffled_flights_are_the_same_and_have_positive_regret(script, flights):
    order, labels, ends = script(
        DATA + "const order = C.shuffled(flights.n, data.seed);"
        "const mixed = C.reorder(flights, order); const fixed = C.fixed(mixed, data.rival);"
        "const last = (c) => C.regret(C.learn(mixed, c, 0), fixed)[flights.n - 1];"
        "return [order, [...mixed.signs], [0.03, 0.1, 0.3, 1, 3].map(last)];"
    )
    assert np.array_equal(np.sort(order), np.arange(len(order)))
    assert np.array_equal(labels, flights[1][order])
    assert min(ends) > 0


def test_it_moves_by_the_keyboard_and_says_what_it_shows(page):
    figure = page.locator('[data-explorable="14-online-optimization"]')
    told = figure.locator(".explorable-reading")
    assert "as they left, heard at once, steps of 1 over" in told.inner_text()
    assert "better than the best fixed model" in told.inner_text()
    figure.get_by_label("Scale of steps c").focus()
    page.keyboard.press("ArrowRight")
    assert "steps of 1.78 over" in told.inner_text()
    figure.get_by_label("Heard", exact=True).select_option("10000")
    assert "worse than the best fixed model" in told.inner_text()
    figure.get_by_label("Flights", exact=True).select_option("shuffled")
    assert "in random order" in told.inner_text()
