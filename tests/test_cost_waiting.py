"""Queues, pipelines, stragglers and faults: exact laws, simulated and compared."""

import heapq
import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib.cost import (
    checkpoint_interval,
    cluster_mttf,
    expected_runtime,
    hedging_delay,
    littles_law,
    mmc,
    number_in_system,
    pipeline_seconds,
    pollaczek_khinchine,
    probability_of_any,
    server_quantile,
    simulate_failures,
    simulate_fanout,
    simulate_pipeline,
    simulate_queue,
)
from course_lib.cost.pipelines import _leave
from course_lib.cost.queues import _starts
from tests.chance import assert_frequency, assert_mean

seconds = st.floats(0, 100)
lists = st.lists(st.tuples(seconds, seconds), min_size=1, max_size=30)
tables = st.integers(1, 3).flatmap(
    lambda stages: st.lists(
        st.lists(seconds, min_size=stages, max_size=stages), min_size=1, max_size=4
    )
)


def slow_servers(rng, size):
    """Ten milliseconds on average; one server in a hundred takes fifty times as long."""
    return rng.exponential(0.01, size) * np.where(rng.random(size) < 0.01, 50, 1)


# --- Facts: true of every input ------------------------------------------------------------


@given(lists, st.integers(1, 4))
def test_littles_law_is_an_identity_of_every_run(times, servers):
    interarrival, service = np.array(times).T
    served = simulate_queue(interarrival, service, servers=servers)
    end = served.departure_s.max()
    assume(end > 0)
    area = np.sum(served.departure_s - served.arrival_s)
    assert_allclose(number_in_system(served), area / end, rtol=1e-9, atol=1e-12)


@given(lists, st.integers(1, 4))
def test_no_server_is_idle_while_a_customer_waits(times, servers):
    interarrival, service = np.array(times).T
    arrival, start, departure = simulate_queue(interarrival, service, servers=servers)
    assert np.all(np.diff(start) >= 0), "served in the order of arrival"
    assert_array_equal(departure, start + service)
    for i in range(len(start)):
        busy = np.sum(departure[:i] > arrival[i])
        waits_for = np.sort(departure[:i])[-servers] if busy >= servers else arrival[i]
        assert start[i] == pytest.approx(max(arrival[i], waits_for))


@given(tables)
def test_a_pipeline_ends_after_its_longest_path(service):
    service = np.array(service)
    n, stages = service.shape
    steps = (n - 1) * [(1, 0)] + (stages - 1) * [(0, 1)]
    paths = [np.cumsum([(0, 0), *path], axis=0) for path in set(itertools.permutations(steps))]
    longest = max(service[cells[:, 0], cells[:, 1]].sum() for cells in paths)
    assert simulate_pipeline(service)[-1, -1] == pytest.approx(longest)


@given(tables, st.integers(0, 3))
def test_smaller_buffers_never_help_and_large_ones_do_not_matter(service, buffer):
    smaller, larger = (simulate_pipeline(service, buffer=room) for room in (buffer, buffer + 1))
    assert np.all(smaller >= larger - 1e-9)
    assert_array_equal(simulate_pipeline(service, buffer=len(service)), simulate_pipeline(service))


@given(st.lists(seconds, min_size=1, max_size=5), st.integers(1, 20), st.integers(0, 2))
def test_steady_stages_take_the_sum_and_then_the_slowest(stage_s, items, buffer):
    finished = simulate_pipeline(np.tile(stage_s, (items, 1)), buffer=buffer)[-1, -1]
    assert finished == pytest.approx(pipeline_seconds(stage_s, items))


@given(st.floats(0, 1), st.integers(0, 50))
def test_any_of_n_is_one_minus_none(p, n):
    assert probability_of_any(p, n) == pytest.approx(1 - (1 - p) ** n, abs=1e-12)


@given(st.floats(0, 1), st.integers(1, 1000))
def test_the_quantile_of_one_server_brings_that_of_all(quantile, fanout):
    assert server_quantile(quantile, fanout) ** fanout == pytest.approx(quantile, abs=1e-9)


@given(st.lists(seconds, min_size=1), st.floats(0, 1))
def test_no_earlier_delay_keeps_the_extra_load(latency, extra):
    delay = hedging_delay(latency, extra)
    latency = np.array(latency)
    assert np.mean(latency > delay) <= extra
    earlier = latency[latency < delay]
    assert len(earlier) == 0 or np.mean(latency > earlier.max()) > extra


@pytest.mark.parametrize("servers", [1, 3])
def test_the_kernels_are_their_python_text(servers, rng):
    arrival = np.cumsum(rng.exponential(1.0, 50))
    service = rng.exponential(1.0, (50, 3))
    assert_array_equal(
        _starts(arrival, service[:, 0].copy(), np.zeros(servers)),
        _starts.py_func(arrival, service[:, 0].copy(), np.zeros(servers)),
    )
    assert_array_equal(_leave(service, servers), _leave.py_func(service, servers))


def test_published_figures_of_the_tail():
    """Dean and Barroso, CACM 2013: 63 of 100 requests, and 1 in 5 of a rare hiccup at 2,000."""
    assert probability_of_any(0.01, 100) == pytest.approx(0.63397, abs=5e-6)
    assert probability_of_any(1e-4, 2000) == pytest.approx(0.1813, abs=5e-5)


def test_a_rare_event_keeps_its_digits():
    assert probability_of_any(1e-15, 1000) * 1e12 == pytest.approx(1.0, rel=1e-9)


# --- Theorems: simulated, over independent runs --------------------------------------------


@pytest.mark.parametrize(("rho", "servers"), [(0.5, 1), (0.8, 1), (0.8, 4)])
def test_the_queue_takes_the_time_that_erlang_says(rho, servers, rng):
    n, warm = 20_000, 4_000
    theory = mmc(rho * servers, 1.0, servers=servers)
    waits, times = [], []
    for _ in range(100):
        served = simulate_queue(
            rng.exponential(1 / (rho * servers), n), rng.exponential(1.0, n), servers=servers
        )
        waits.append(np.mean((served.start_s - served.arrival_s)[warm:]))
        times.append(np.mean((served.departure_s - served.arrival_s)[warm:]))
    assert_mean(waits, theory.wait_s)
    assert_mean(times, theory.time_in_system_s)


@pytest.mark.parametrize("shape", [1, 4])
def test_variance_of_service_costs_waiting(shape, rng):
    n, warm, rate = 20_000, 4_000, 0.7
    theory = pollaczek_khinchine(rate, 1.0, service_std_s=1 / math.sqrt(shape))
    waits = []
    for _ in range(100):
        served = simulate_queue(rng.exponential(1 / rate, n), rng.gamma(shape, 1 / shape, n))
        waits.append(np.mean((served.start_s - served.arrival_s)[warm:]))
    assert_mean(waits, theory.wait_s)


def test_sixty_three_of_a_hundred_requests_meet_a_slow_server(rng):
    requests = 20_000

    def one_or_fifty(rng, size):
        return np.where(rng.random(size) < 0.01, 50.0, 1.0)

    slow = simulate_fanout(one_or_fifty, 100, requests, rng=rng).latency_s > 1.0
    assert_frequency(slow.sum(), requests, probability_of_any(0.01, 100))


@pytest.mark.parametrize("delay", [0.02, 0.03, 0.1])
def test_extra_load_is_the_chance_to_exceed_the_delay(delay, rng):
    parts = 200_000
    hedged = simulate_fanout(slow_servers, 100, parts // 100, delay_s=delay, rng=rng)
    exceed = 0.99 * math.exp(-delay / 0.01) + 0.01 * math.exp(-delay / 0.5)
    assert_frequency(round(hedged.extra_load * parts), parts, exceed)


def test_hedging_halves_the_tail_of_a_fanout_not_that_of_one_request(rng):
    """With 4.5% more requests: the 99th percentile of 1 and of 100 servers, over 100 runs."""
    ratios = {}
    for fanout in (1, 100):
        ratio = []
        for _ in range(100):
            delay = hedging_delay(slow_servers(rng, 10_000), 0.045)
            plain = simulate_fanout(slow_servers, fanout, 1000, rng=rng)
            hedged = simulate_fanout(slow_servers, fanout, 1000, delay_s=delay, rng=rng)
            ratio.append(np.quantile(hedged.latency_s, 0.99) / np.quantile(plain.latency_s, 0.99))
        ratios[fanout] = np.array(ratio)
    assert np.all(ratios[100] < 0.5)
    assert np.median(ratios[1]) > 0.5


@pytest.mark.parametrize("shape", [1.0, 0.7])
def test_the_first_failure_of_a_cluster(shape, rng):
    first = [
        simulate_failures(50, 100.0, 200.0, shape=shape, rng=rng)[0] for _ in range(400)
    ]  # that none fails within two lifetimes has probability below 1e-30
    assert_mean(first, cluster_mttf(100.0, 50, shape=shape))


def test_replaced_machines_fail_at_a_constant_rate_whatever_their_age(rng):
    """Renewal theorem: n / MTTF failures a second in the long run, for every lifetime law."""
    counts = []
    for _ in range(100):
        times = simulate_failures(20, 1.0, 60.0, shape=0.7, rng=rng)
        counts.append(np.sum(times > 20.0) / 40.0)
    assert_mean(counts, 20.0)
    assert cluster_mttf(1.0, 20, shape=0.7) < 0.5 / 20, "young machines fail sooner"


def test_the_runtime_with_checkpoints_is_what_a_job_takes(rng):
    interval, save, mttf, work = 10.0, 2.0, 30.0, 40.0

    def one_job():
        elapsed = 0.0
        for _ in range(round(work / interval)):
            while (failure := rng.exponential(mttf)) < interval + save:
                elapsed += failure
            elapsed += interval + save
        return elapsed

    assert_mean([one_job() for _ in range(4000)], expected_runtime(work, interval, save, mttf))


def test_youngs_interval_is_best_to_first_order():
    save, mttf = 10.0, 100_000.0
    best = expected_runtime(1e6, checkpoint_interval(save, mttf), save, mttf)
    intervals = np.geomspace(100, 20_000, 400)
    least = min(expected_runtime(1e6, interval, save, mttf) for interval in intervals)
    assert best <= 1.0001 * least
    for factor in (0.5, 2.0):
        other = expected_runtime(1e6, factor * checkpoint_interval(save, mttf), save, mttf)
        assert other > 1.002 * best


# --- Contracts -----------------------------------------------------------------------------


def test_little_finds_the_missing_third():
    assert littles_law(rate_per_s=2.0, time_s=3.0) == 6.0
    assert littles_law(rate_per_s=2.0, number=6.0) == 3.0
    assert littles_law(time_s=3.0, number=6.0) == 2.0


def test_a_full_buffer_blocks_the_stage_before_it():
    """By hand: the second stage takes three seconds for the first item."""
    service = [[1.0, 3.0], [1.0, 1.0], [1.0, 1.0]]
    assert_array_equal(simulate_pipeline(service), [[1, 4], [2, 5], [3, 6]])
    assert_array_equal(simulate_pipeline(service, buffer=1), [[1, 4], [2, 5], [4, 6]])
    assert_array_equal(simulate_pipeline(service, buffer=0), [[1, 4], [4, 5], [5, 6]])


def test_a_load_that_binary_fractions_miss_is_allowed_in_full():
    """0.29 * 100 is a little below 29, and 29 of 100 may exceed the delay."""
    assert hedging_delay(range(1, 101), 0.29) == 71.0
    assert hedging_delay(range(1, 101), 0.07) == 93.0


def test_one_server_is_the_textbook_formula():
    queue = mmc(0.8, 1.0)
    assert_allclose(queue, (0.8, 4.0, 5.0, 3.2, 4.0))
    assert_allclose(pollaczek_khinchine(0.8, 1.0, service_std_s=1.0), queue)


def test_many_servers_neither_overflow_nor_lose_digits():
    """A thousand servers at 95%: Erlang's C from its sum, in logarithms."""
    servers, offered = 1000, 950.0
    logs = np.array([k * math.log(offered) - math.lgamma(k + 1) for k in range(servers + 1)])
    last = logs[-1] - math.log(1 - offered / servers)
    terms = np.append(logs[:-1], last)
    must_wait = math.exp(last - terms.max() - math.log(np.exp(terms - terms.max()).sum()))
    assert mmc(950.0, 1.0, servers=servers).wait_s == pytest.approx(must_wait / 50.0)


def test_the_same_seed_gives_the_same_run():
    runs = [simulate_fanout(slow_servers, 10, 50, delay_s=0.02, rng=3) for _ in range(2)]
    assert_array_equal(runs[0].latency_s, runs[1].latency_s)
    runs = [simulate_failures(10, 1.0, 2.0, rng=3) for _ in range(2)]
    assert_array_equal(*runs)


def test_latencies_handed_out_are_not_written_to():
    latencies = np.array([1.0, 9.0, 1.0, 1.0])
    simulate_fanout(lambda rng, size: latencies[:size], 2, 2, delay_s=2.0, rng=0)
    assert_array_equal(latencies, [1.0, 9.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: littles_law(rate_per_s=1.0), ValueError, "give two of"),
        (lambda: littles_law(time_s=0.0, number=1.0), ValueError, "time_s must be positive"),
        (lambda: mmc(2.0, 1.0, servers=2), ValueError, "grow for ever"),
        (lambda: mmc(1.0, 1.0, servers=0), ValueError, "servers must be at least 1"),
        (lambda: pollaczek_khinchine(1.0, 1.0, service_std_s=0.0), ValueError, "grow for ever"),
        (lambda: simulate_queue([1.0], [1.0, 2.0]), ValueError, "one length"),
        (lambda: simulate_queue([1.0], [-1.0]), ValueError, "none negative"),
        (lambda: simulate_queue([], []), ValueError, "not be empty"),
        (lambda: simulate_pipeline([1.0, 2.0]), ValueError, "must have 2 axes"),
        (lambda: simulate_pipeline([[np.inf]]), ValueError, "infinite"),
        (lambda: simulate_pipeline([[1.0]], buffer=-1), ValueError, "buffer must be"),
        (lambda: pipeline_seconds([1.0], 0), ValueError, "items must be"),
        (lambda: probability_of_any(1.5, 2), ValueError, "probability must lie"),
        (lambda: server_quantile(0.5, 0), ValueError, "fanout must be"),
        (lambda: simulate_fanout(3, 1, 1), TypeError, "draw must be a function"),
        (lambda: simulate_fanout(lambda rng, size: [1.0], 2, 1), ValueError, "return 2 latencies"),
        (lambda: hedging_delay([], 0.1), ValueError, "at least one latency"),
        (lambda: hedging_delay([np.nan], 0.1), ValueError, "negative or NaN"),
        (lambda: hedging_delay([1.0], 1.1), ValueError, "extra_load must lie"),
        (lambda: cluster_mttf(0.0, 3), ValueError, "mttf_s must lie"),
        (lambda: simulate_failures(3, 1.0, -1.0), ValueError, "horizon_s must lie"),
        (lambda: checkpoint_interval(0.0, 1.0), ValueError, "save_s must lie"),
        (lambda: mmc(1.0, 1.0, servers=2**63), ValueError, "servers must be at most 1,000,000"),
        (lambda: mmc(1e-320, 5e-324, servers=10**6), ValueError, "mmc must have a finite answer"),
        (lambda: littles_law(rate_per_s=1e308, time_s=10.0), ValueError, "a finite answer"),
        (lambda: simulate_queue(["1.0"], [1.0]), TypeError, "real floating dtype"),
        (lambda: simulate_queue([1e308, 1e308], [0, 0]), ValueError, "or overflows"),
        (lambda: number_in_system(simulate_queue([0.0], [0.0])), ValueError, "positive finite"),
        (lambda: probability_of_any(0.5, 10**400), ValueError, "a finite answer"),
        (lambda: simulate_fanout(lambda rng, n: None, 2**62, 4), ValueError, "fit in the memory"),
        (lambda: simulate_failures(3, 5e-324, 1.0), ValueError, "horizon_s must leave"),
        (lambda: simulate_failures(3, 1.0, 1e308), ValueError, "horizon_s must leave"),
        (lambda: simulate_failures(3, 1.0, 1.0, shape=0.01), ValueError, "horizon_s must leave"),
        (lambda: simulate_failures(2**63, 1.0, 1.0), ValueError, "horizon_s must leave"),
        (lambda: cluster_mttf(np.inf, 3), ValueError, "a finite answer"),
    ],
)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_hopeless_job_takes_for_ever():
    assert expected_runtime(1.0, 1e6, 0.0, 1.0) == math.inf


# --- Peers: an event-driven simulation that shares no line ---------------------------------


def test_agrees_with_a_simulation_by_events(rng):
    interarrival, service = rng.exponential(1.0, 300), rng.exponential(2.5, 300)
    arrival, servers = np.cumsum(interarrival), 3
    events = [(time, 1, i) for i, time in enumerate(arrival)]
    heapq.heapify(events)
    waiting, free, start = [], servers, np.empty(300)
    while events:
        now, kind, customer = heapq.heappop(events)
        if kind == 1:
            waiting.append(customer)
        else:
            free += 1
        while free and waiting:
            chosen = waiting.pop(0)
            free -= 1
            start[chosen] = now
            heapq.heappush(events, (now + service[chosen], 0, chosen))
    assert_allclose(simulate_queue(interarrival, service, servers=servers).start_s, start)
