"""Streams: windows and their watermarks, barriers, and counts that are exact after crashes."""

import collections
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import datasets
from course_lib.dataflow import (
    AlignedBarriers,
    Barrier,
    LooseBarriers,
    TumblingWindows,
    is_late,
    simulate_stream,
)
from tests.sample import by_day

times = st.lists(st.integers(0, 60).map(float), min_size=1, max_size=40)
LOGS = [[("abcde"[i % k], float(i)) for i in range(60)] for k in (5, 3)]
TRUTH = {
    (key, 0.0): n for key, n in collections.Counter(key for log in LOGS for key, _ in log).items()
}


def crashes_of(seed, until_s=2.5, n_crashes=6, n_machines=4):
    rng = np.random.default_rng(seed)
    pairs = zip(
        rng.uniform(0.1, until_s, n_crashes), rng.integers(n_machines, size=n_crashes), strict=True
    )
    return [(float(t), int(i)) for t, i in pairs]


FAST = {
    "every_s": 0.2,
    "restart_s": 0.1,
    "gap_s": 0.02,
    "latency_s": lambda g, s, t: g.exponential(0.02),
}


# --- Facts: windows ------------------------------------------------------------------------------


@settings(max_examples=100)
@given(times, st.sampled_from([3.0, 10.0, math.inf]), st.sampled_from([0.0, 5.0]), st.booleans())
def test_each_event_is_in_one_result_or_late(times, width, bound, by_clock):
    """Against the definition, event by event."""
    keys = ["ab"[int(t) % 2] for t in times]
    clock = [t + 4 * (i % 3) for i, t in enumerate(times)] if by_clock else None
    shown = times if clock is None else clock
    expected, late = collections.Counter(), []
    for i, (key, t) in enumerate(zip(keys, times, strict=True)):
        start = t // width * width if width < math.inf else 0.0
        late.append(start + width <= max(shown[: i + 1]) - bound)
        expected[key, start] += not late[-1]
    assert is_late(times, width, bound=bound, clock=clock).tolist() == late
    single, batch = TumblingWindows(width, bound=bound), TumblingWindows(width, bound=bound)
    one = [single.add(k, t, c) for k, t, c in zip(keys, times, shown, strict=True)]
    half = len(times) // 2
    many = [
        batch.update(keys[part], times[part], None if clock is None else clock[part])
        for part in (slice(half), slice(half, None))
    ]
    assert list(itertools.chain(*one)) == list(itertools.chain(*many))
    assert single.n_open == batch.n_open and single.watermark == batch.watermark
    rest = single.flush()
    assert rest == batch.flush()
    results = [*itertools.chain(*one), *rest]
    assert {(k, s): n for k, s, n in results} == {k: n for k, n in expected.items() if n}
    assert single.n_late == batch.n_late == sum(late)
    assert len({r[:2] for r in results}) == len(results)  # none was changed after it was closed


@settings(max_examples=50)
@given(times, st.integers(1, 3))
def test_the_slowest_channel_holds_the_watermark(times, channels):
    windows, clocks, results = TumblingWindows(5.0, channels=channels), [-math.inf] * channels, []
    for i, t in enumerate(times):
        results += windows.add("a", t, channel=i % channels)
        clocks[i % channels] = max(clocks[i % channels], t)
        assert windows.watermark == min(clocks)
        assert all(start + 5 <= min(clocks) for _, start, _ in results)
    kept = windows.copy()
    for channel in range(channels):
        results += windows.advance(math.inf, channel)
    assert sum(n for *_, n in results) + windows.n_late == len(times)
    assert windows.n_open == 0 and kept.flush() is not None


def test_flights_that_leave_late():
    """Windows of an hour by planned departure; the clock shows when flights left."""
    flights = datasets.flights()
    delay = flights["dep_delay"].astype(float)
    planned = flights["sched_dep"].astype(int)
    date = flights["month"].astype(int) * 100 + flights["day"]
    day = np.cumsum(np.r_[0, np.diff(date) != 0])
    planned = (day * 1440 + planned // 100 * 60 + planned % 100).astype(float)
    flown = delay > -3000  # -32768: cancelled, 8,255 of them
    assert (~flown).sum() == 8255
    order = np.argsort((planned + delay)[flown], kind="stable")
    event, clock = planned[flown][order], (planned + delay)[flown][order]
    shares = [is_late(event, 60, bound=b, clock=clock).mean() for b in (0, 30, 60, 180, 360)]
    assert [round(100 * share, 1) for share in shares[:3]] == [17.0, 8.5, 5.0]
    assert [round(1000 * share, 1) for share in shares[3:]] == [7.4, 0.5]
    origin = np.array(flights["origin_names"])[flights["origin"]][flown][order]
    windows = TumblingWindows(60, bound=60)
    results = windows.update(origin, event, clock) + windows.flush()
    assert windows.n_late == round(shares[2] * len(event))
    assert sum(n for *_, n in results) + windows.n_late == len(event) == 328_521


# --- Facts: barriers -----------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.data())
def test_an_aligned_snapshot_is_a_consistent_cut(data):
    """Whatever the order in which messages of three sources come."""
    sent = {c: [(c, i) for i in range(data.draw(st.integers(0, 6)))] for c in range(3)}
    for messages in sent.values():
        for number in (1, 2):
            low = messages.index(Barrier(1)) + 1 if number == 2 else 0
            messages.insert(data.draw(st.integers(low, len(messages))), Barrier(number))
    queues, gate, out = {c: list(m) for c, m in sent.items()}, AlignedBarriers(3), []
    while any(queues.values()):
        channel = data.draw(st.sampled_from([c for c in queues if queues[c]]))
        out += gate.receive(channel, queues[channel].pop(0))
        assert gate.n_held + len(out) <= sum(map(len, sent.values()))
    for number in (1, 2):
        cut = out.index(Barrier(number))
        before = {m for m in out[:cut] if not isinstance(m, Barrier)}
        sent_before = itertools.chain(*(s[: s.index(Barrier(number))] for s in sent.values()))
        assert before == {m for m in sent_before if not isinstance(m, Barrier)}
    for c in range(3):
        own = [m for m in out if not isinstance(m, Barrier) and m[0] == c]
        assert own == [m for m in sent[c] if not isinstance(m, Barrier)]
    assert gate.n_held == 0 and len(out) == sum(map(len, sent.values())) - 4


def test_loose_barriers_let_events_pass():
    gate = LooseBarriers(2)
    assert gate.receive(0, Barrier(1)) == [] and gate.receive(0, "x") == ["x"]
    assert gate.receive(0, Barrier(2)) == [] and gate.receive(1, Barrier(1)) == [Barrier(1)]
    assert gate.receive(1, Barrier(2)) == [Barrier(2)] and gate.n_held == 0


# --- Facts: streams ------------------------------------------------------------------------------


def test_counts_are_exact_after_any_crashes():
    """Random schedules of six crashes; some machines crash while others recover."""
    recoveries = again = 0
    for seed in range(by_day(200, 3000)):
        run = simulate_stream(LOGS, crashes=crashes_of(seed), rng=seed, **FAST)
        assert run.counts == TRUTH and run.n_late == 0, seed
        recoveries += run.recoveries
        again += run.sent_events > 120
    assert recoveries > 200 * 2 and again > 80


def test_loose_and_alone_are_wrong_and_how():
    """Loose: never too few, and too many in some runs; alone: too many and too few."""
    loose, alone = (
        [
            sum(
                simulate_stream(
                    LOGS, mode=mode, crashes=crashes_of(seed), rng=seed, **FAST
                ).counts.values()
            )
            - 120
            for seed in range(60)
        ]
        for mode in ("loose", "alone")
    )
    assert min(loose) >= 0 and max(loose) > 0
    assert min(alone) < 0 < max(alone)


def test_a_machine_that_returns_alone_joins_the_epoch_of_the_others():
    """A source dies before it has answered the first order: the others are in epoch 2 by then."""
    logs = [[(f"key {i % 7}", float(i)) for i in range(300)] for _ in range(3)]
    rng = np.random.default_rng(27)
    times, machines = rng.uniform(0.2, 4, 10).tolist(), rng.integers(5, size=10).tolist()
    crashes = list(zip(times, machines, strict=True))
    run = simulate_stream(logs, mode="alone", crashes=crashes, rng=27)
    assert run.recoveries > 5


def test_late_events_of_one_source_are_counted_exactly():
    """With crashes as without: which are late is a property of the log."""
    rng = np.random.default_rng(0)
    events = [("ab"[i % 2], float(max(0.0, i - rng.exponential(8)))) for i in range(120)]
    late = is_late([t for _, t in events], 10, bound=5)
    assert 5 < late.sum() < 60
    expected = collections.Counter(
        (k, t // 10 * 10) for (k, t), dropped in zip(events, late, strict=True) if not dropped
    )
    for seed in range(by_day(100, 1000)):
        crashes = crashes_of(seed, n_machines=3)
        run = simulate_stream([events], width=10, bound=5, crashes=crashes, rng=seed, **FAST)
        assert run.counts == expected and run.n_late == late.sum(), seed
        assert run.received_results >= len(expected)


def test_a_sink_that_adds_counts_results_again():
    windows = {"width": 10.0, "crashes": crashes_of(3), "rng": 3, **FAST}
    good = simulate_stream(LOGS, **windows)
    bad = simulate_stream(LOGS, idempotent=False, **windows)
    assert sum(good.counts.values()) == 120 < sum(bad.counts.values())
    assert good.received_results == bad.received_results > len(good.counts)


def test_calm_streams_send_each_event_once():
    run = simulate_stream(LOGS, rng=1, **FAST)
    assert run.counts == TRUTH and run.sent_events == 120 and run.recoveries == 0
    assert run.checkpoints >= 3 and run.received_results == len(TRUTH)
    assert run == simulate_stream(LOGS, rng=1, **FAST)
    other = simulate_stream(LOGS, rng=1, n_counters=3, seed=5, **FAST)
    assert other.counts == TRUTH and other.meter.messages > run.meter.messages
    empty = simulate_stream([[], LOGS[0]], **FAST)
    assert sum(empty.counts.values()) == 60


def test_a_gate_of_ones_own():
    """The lab's students bring a class; one that forgets the held messages loses events."""

    class Forgetful(AlignedBarriers):
        def receive(self, channel, message):
            due = super().receive(channel, message)
            return due[:1] if due and isinstance(due[0], Barrier) else due

    slow = {"rng": 2, "every_s": 0.1, "gap_s": 0.01}
    assert simulate_stream(LOGS, barriers=AlignedBarriers, **slow).counts == TRUTH
    assert sum(simulate_stream(LOGS, barriers=Forgetful, **slow).counts.values()) < 120


# --- Contracts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: simulate_stream([]), "at least one log"),
        (lambda: simulate_stream(3), "logs must be sequences"),
        (lambda: simulate_stream([[("a",)]]), "logs must be sequences"),
        (lambda: simulate_stream([[("a", "b")]]), "the time of an event"),
        (lambda: simulate_stream(LOGS, mode="twice"), "mode must be one of"),
        (lambda: simulate_stream(LOGS, barriers=3), "barriers must be a class"),
        (lambda: simulate_stream(LOGS, crashes=[(1.0, 4)]), "the machine of a crash"),
        (lambda: simulate_stream(LOGS, every_s=1e-7), "make every_s longer"),
        (lambda: simulate_stream(LOGS, width=1e-20), "widen the windows"),
        (lambda: TumblingWindows(1.0).update(["a"], [1.0, 2.0]), "one for each of 2 times"),
        (lambda: TumblingWindows(1.0).add("a", 1.0, channel=1), "channel must be"),
        (lambda: TumblingWindows(1.0).add("a", math.nan), "times must lie within"),
        (lambda: is_late([1e300], 1e-5), "times must lie within"),
        (lambda: AlignedBarriers(0), "n_channels must be"),
    ],
)
def test_wrong_input_is_refused_in_words(call, words):
    with pytest.raises((TypeError, ValueError, RuntimeError), match=words):
        call()
