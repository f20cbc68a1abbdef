"""The explorable of chapter 15 against course_lib, in the browser itself."""

import numpy as np
import pytest

from course_lib.parallel_optimization import COLLECTIVES, simulate, simulate_work
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

FAR = 1e300  # JSON has no infinity


@pytest.fixture(scope="module")
def page(drawn):
    return drawn("15-parallel-optimization", "parallel")


@pytest.fixture(scope="module")
def script(page):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(page, "parallel", "P")


def finite(times):
    return np.where(np.isfinite(times), times, FAR)


@pytest.mark.parametrize("name", ["star", "tree", "ring", "halving"])
@pytest.mark.parametrize(("p", "entries"), [(2, 2), (4, 8), (8, 1000), (16, 16)])
@pytest.mark.parametrize("killed", [None, 0, 1, -1])
def test_its_clock_is_the_simulators_and_the_same_ranks_wait(script, name, p, entries, killed):
    alpha, rate, arrays = 0.5, 32.0, np.ones((p, entries))
    whole = simulate(COLLECTIVES[name], arrays, alpha_s=alpha, bytes_per_s=rate).seconds
    crashes = {} if killed is None else {killed % p: 0.45 * whole}
    run = simulate(
        COLLECTIVES[name], arrays, alpha_s=alpha, bytes_per_s=rate, crashes=crashes, trace=True
    )
    ends, waits, sent, messages, last = script(
        "const run = P.sum(a.name, a.p, a.bytes, a.alpha, a.rate, a.killed, a.time);"
        "const last = run.states.filter((s) => s.rank === a.p - 1).pop();"
        "return [run.ends.map((t) => Math.min(t, 1e300)), run.waits, run.sent,"
        "  run.messages.length, last ? last.y : null];",
        name=name, p=p, bytes=8 * entries, alpha=alpha, rate=rate,
        killed=-1 if killed is None else killed % p, time=0.45 * whole,
    )  # fmt: skip
    assert np.allclose(ends, finite(run.finished_s), rtol=1e-12)
    assert waits == run.waits_for
    assert np.allclose(sent, run.sent_bytes)
    assert messages == run.messages
    if killed is None:
        assert last == [p] * p


@pytest.mark.parametrize("p", [2, 4, 8])
@pytest.mark.parametrize("killed", [None, 0, 1])
def test_its_queue_is_the_simulators(script, p, killed):
    crashes = {} if killed is None else {killed: 0.45 * 3 * 2.0}
    run = simulate_work([2.0] * 3 * p, p, crashes=crashes, patience_s=3.0)
    done, given = script(
        "const run = P.queue(a.p, 3 * a.p, 2, a.killed, a.time);"
        "const given = run.done.map((_, t) => run.spans.filter((s) => s.task === t).length);"
        "return [run.done, given];",
        p=p, killed=-1 if killed is None else killed, time=0.45 * 6,
    )  # fmt: skip
    assert np.allclose(done, run.done_s, rtol=1e-12)
    assert given == run.started.tolist()


def test_a_ring_stops_and_a_queue_goes_on(page):
    figure = page.locator('[data-explorable="15-parallel-optimization"]')
    told = figure.locator(".explorable-reading")
    assert told.inner_text().startswith("Ring, 8 ranks, 1 MB each. All have the sum after")
    figure.get_by_label("Kill in the middle").select_option("1")
    assert "7 of 7 others wait forever" in told.inner_text()
    figure.get_by_label("Plan").select_option("queue")
    assert "All tasks are done after" in told.inner_text()
    assert "1 of them given out twice" in told.inner_text()


def test_time_runs_by_the_keyboard(page):
    figure = page.locator('[data-explorable="15-parallel-optimization"]')
    told = figure.locator(".explorable-reading")
    figure.get_by_label("Kill in the middle").select_option("none")
    figure.get_by_label("Plan").select_option("tree")
    time = figure.get_by_role("slider", name="Time")
    time.focus()
    page.keyboard.press("Home")
    assert "Now 0 ranks hold the whole sum" in told.inner_text()
    page.keyboard.press("End")
    assert "Now 8 ranks hold the whole sum" in told.inner_text()
