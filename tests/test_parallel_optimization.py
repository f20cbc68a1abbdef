"""Parallel optimization: exact costs on the simulated cluster, delay, averages, memory, queues."""

import functools
import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from distributed import Client
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import parallel_optimization as po
from course_lib.batch_optimization import LogisticLoss, SquaredLoss, lbfgs
from course_lib.cost import Meter
from tests.kernels import as_python

PROGRAMS = po.COLLECTIVES
ALPHA, RATE = 1.0, 16.0  # a message of 16 bytes takes two seconds


def inputs(p, n, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(n).astype(dtype) for _ in range(p)]


def logistic(rng, m=240, n=5, ridge=0.1, container=np.asarray):
    A = rng.standard_normal((m, n))
    b = np.where(A @ rng.standard_normal(n) + rng.standard_normal(m) > 0, 1.0, -1.0)
    return LogisticLoss(container(A), b, ridge=ridge)


def best(loss):
    *_, last = itertools.islice(lbfgs(loss), 300)
    return last


def after(steps, k):
    return next(itertools.islice(steps, k, None))


# --- Facts: collectives ---------------------------------------------------------------------------


@given(
    name=st.sampled_from(sorted(PROGRAMS)),
    p=st.integers(1, 17),
    n=st.integers(0, 23),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 99),
)
def test_every_rank_gets_the_same_bits_of_the_sum(name, p, n, dtype, seed):
    xs = inputs(p, n, seed, dtype)
    kept = [x.copy() for x in xs]
    results = po.simulate(PROGRAMS[name], xs).results
    exact = np.sum(np.array(xs, np.longdouble), axis=0)
    u = np.finfo(dtype).eps / 2
    slack = 1.01 * (p - 1) * u * np.sum(np.abs(xs), axis=0, dtype=np.longdouble)
    for x, before, result in zip(xs, kept, results, strict=True):
        assert result.dtype == dtype
        assert_array_equal(result, results[0])
        assert np.all(np.abs(result - exact) <= slack)
        assert_array_equal(x, before)
        assert not np.shares_memory(x, result)


@given(m=st.integers(1, 5), g=st.integers(1, 5), n=st.integers(0, 31))
def test_two_levels_take_their_steps_and_spare_the_slow_link(m, g, n):
    run = po.simulate(functools.partial(po.two_level, group=g), inputs(m * g, n))
    for result in run.results:
        assert_allclose(result, np.sum(inputs(m * g, n), axis=0), atol=1e-12)
        assert_array_equal(result, run.results[0])
    assert run.messages == m * g * (2 * (g - 1) + 2 * (m - 1))
    assert run.rounds <= 2 * (g - 1) + 2 * (m - 1)
    slow = run.traffic.reshape(m, g, m, g).sum(axis=(1, 3))
    np.fill_diagonal(slow, 0)
    chunk = 8 * (g * m)  # at most an entry a piece is lost by rounding
    assert np.all(slow.sum(1) <= 2 * (m - 1) / m * 8 * n + 2 * chunk)


@given(p=st.integers(1, 9), n=st.integers(0, 9))
def test_all_gather_brings_everything_everywhere(p, n):
    run = po.simulate(po.all_gather, inputs(p, n))
    for result in run.results:
        assert_array_equal(result, np.reshape(inputs(p, n), (p, n)))
    assert run.sent_bytes.tolist() == [(p - 1) * 8 * n] * p


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_the_sum_may_stand_in_the_input_and_have_any_shape(name):
    xs = [np.full((2, 3), float(r)) for r in range(3)]

    def in_place(link, x):
        return (yield from PROGRAMS[name](link, x, out=x))

    run = po.simulate(in_place, [x.copy() for x in xs])
    assert_array_equal(run.results[2], np.full((2, 3), 3.0))


def test_a_straggler_holds_up_the_ring():
    fast = po.simulate(po.ring, inputs(4, 8), alpha_s=ALPHA, bytes_per_s=RATE)
    late = po.simulate(
        po.ring, inputs(4, 8), alpha_s=ALPHA, bytes_per_s=RATE, starts_s=[0, 0, 100, 0]
    )
    assert fast.seconds + 95 < late.seconds <= fast.seconds + 100


def test_a_dead_rank_stops_all_of_a_ring_and_some_of_a_star():
    ring = po.simulate(po.ring, inputs(5, 10), alpha_s=ALPHA, bytes_per_s=RATE, crashes={2: 3.0})
    assert ring.results == [None] * 5
    assert ring.waits_for[2] is None
    assert ring.waits_for[3] == 2  # and the others for their left neighbors, round the ring
    assert [ring.waits_for[r] for r in (0, 1, 4)] == [4, 0, 3]
    late = po.simulate(po.star, inputs(5, 10), alpha_s=ALPHA, bytes_per_s=RATE, crashes={4: 30.0})
    assert [r is None for r in late.results] == [False, False, False, False, True]
    assert_allclose(late.results[0], np.sum(inputs(5, 10), axis=0))


def test_ranks_that_wait_for_ever_are_named():
    def both_receive(link, x):
        yield from link.receive(np.empty(1), 1 - link.rank)

    with pytest.raises(RuntimeError, match="rank 0 for rank 1, rank 1 for rank 0"):
        po.simulate(both_receive, [0, 0])


# --- Theorems: what collectives cost ------------------------------------------------------------


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5, 8, 13, 16, 64])
@pytest.mark.parametrize("name", [*sorted(PROGRAMS), "all_gather"])
def test_the_model_is_the_clock_and_the_counters(name, p):
    n = p * 64 // np.gcd(p, 64)  # chunks and halves are equal
    program = PROGRAMS.get(name, po.all_gather)
    run = po.simulate(program, inputs(p, n), alpha_s=ALPHA, bytes_per_s=RATE)
    cost = po.collective_cost(name, p, 8 * n)
    if name in ("doubling", "halving") and p & (p - 1):  # two messages may meet at a port
        assert 0 <= run.seconds - cost.seconds(ALPHA, RATE) <= ALPHA + 8 * n / RATE
    else:
        assert_allclose(run.seconds, cost.seconds(ALPHA, RATE), rtol=1e-12)
    assert run.messages == cost.messages
    assert_allclose(run.traffic.sum(), cost.total_bytes)
    assert_allclose(run.sent_bytes.max(), cost.busiest_bytes)


@pytest.mark.parametrize(("m", "g"), [(1, 4), (2, 2), (4, 1), (3, 4), (8, 8)])
def test_the_model_of_two_levels_is_the_clock_too(m, g):
    n = m * g * 2
    program = functools.partial(po.two_level, group=g)
    run = po.simulate(program, inputs(m * g, n), alpha_s=ALPHA, bytes_per_s=RATE)
    cost = po.collective_cost("two_level", m * g, 8 * n, group=g)
    assert_allclose(run.seconds, cost.seconds(ALPHA, RATE), rtol=1e-12)
    assert (run.messages, cost.steps) == (cost.messages, 2 * (g - 1) + 2 * (m - 1))
    assert_allclose(run.sent_bytes, cost.busiest_bytes)


@pytest.mark.parametrize("p", [2, 4, 8, 16])
def test_nobody_sends_less_than_the_bound_and_two_attain_it(p):
    N = 8 * 64
    bound = 2 * (p - 1) / p * N
    sent = {
        name: po.simulate(program, inputs(p, 64)).sent_bytes.max()
        for name, program in PROGRAMS.items()
    }
    assert min(sent.values()) >= bound
    assert sent["ring"] == sent["halving"] == bound


@pytest.mark.parametrize("p", [4, 8, 16, 64])
def test_ring_and_tree_cross_where_the_formula_says(p):
    size = po.crossover_bytes(p, ALPHA, RATE)
    for factor, first in ((0.98, "tree"), (1.02, "ring")):
        costs = {
            name: po.collective_cost(name, p, factor * size).seconds(ALPHA, RATE)
            for name in ("ring", "tree")
        }
        assert min(costs, key=costs.get) == first
    assert po.crossover_bytes(2) == 0


# --- Theorems: delay, servers, memory, queues ---------------------------------------------------


@pytest.mark.parametrize("delay", [0, 1, 2, 5, 16, 64])
def test_old_gradients_are_stable_below_the_sine_and_not_above(delay):
    limit = po.delay_limit(delay)
    assert po.delay_rate(0.99 * limit, delay) < 1 < po.delay_rate(1.01 * limit, delay)
    fastest = po.best_delay_step(delay)
    rate = po.delay_rate(fastest, delay)
    assert_allclose(rate, delay / (delay + 1), atol=1e-4)
    assert rate < min(po.delay_rate(f * fastest, delay) for f in (0.9, 1.1))
    loss = SquaredLoss([[1.0]], [0.0])
    for factor, steady in ((0.9, True), (1.1, False)):
        steps = po.delayed_gradient(loss, delay, step=factor * limit, x0=[1.0])
        values = [s.value for s in itertools.islice(steps, 60 * (delay + 1))]
        assert (max(values[-delay - 9 :]) < max(values[: 9 + 3 * delay])) == steady


def test_without_delay_it_is_gradient_descent(rng):
    loss = logistic(rng)
    x = np.zeros(5)
    for iterate in itertools.islice(po.delayed_gradient(loss, 0), 5):
        assert_array_equal(iterate.x, x)
        x = x - 1 / loss.smoothness * loss.evaluate(x)[1]


@pytest.mark.parametrize("delay", [0, 1, 7])
def test_an_adversary_does_not_push_the_regret_over_the_bound(delay):
    T, D, G = 400, 2.0, 1.0  # losses g_t x on [-1, 1]; the adversary pushes away from zero
    step = D / (G * np.sqrt(T * (1 + 2 * delay)))
    x, under_way, suffered, total = 0.0, [], 0.0, 0.0
    for t in range(T):
        g = 1.0 if (t // (2 * delay + 1)) % 2 else -1.0
        suffered, total = suffered + g * x, total + g
        under_way.append(g)
        if len(under_way) > delay:
            x = float(np.clip(x - step * under_way.pop(0), -1, 1))
    regret = suffered + abs(total)
    assert 0.1 * po.delay_regret_bound(D, G, T, delay) < regret
    assert regret <= po.delay_regret_bound(D, G, T, delay)


def test_a_server_applies_what_its_workers_computed(rng):
    losses = [logistic(rng) for _ in range(4)]
    run = po.parameter_server(losses, 40, step=0.5, work_s=[1.0, 1.1, 1.3, 1.7])
    for k in range(40):
        old = run.path[k - run.staleness[k]]
        expected = run.path[k] - 0.5 * losses[run.worker[k]].evaluate(old)[1]
        assert_array_equal(run.path[k + 1], expected)
    assert run.staleness[4:].mean() == pytest.approx(3, abs=0.3)
    assert np.all(np.diff(run.applied_s) > 0)
    counts = np.bincount(run.worker)
    assert np.all(np.diff(counts) <= 0)
    assert counts[0] > counts[3]


def test_a_synchronous_server_is_gradient_descent_and_stops_with_a_worker(rng):
    losses = [logistic(rng) for _ in range(3)]
    run = po.parameter_server(losses, 6, step=0.5, synchronous=True)
    x = np.zeros(5)
    for k in range(6):
        x = x - 0.5 * np.mean([loss.evaluate(x)[1] for loss in losses], axis=0)
        assert_allclose(run.path[k + 1], x, rtol=1e-13)
    assert run.staleness.tolist() == [0] * 6
    killed = po.parameter_server(losses, 6, step=0.5, synchronous=True, crashes={1: 2.5})
    assert len(killed.worker) == 2
    assert_array_equal(killed.path, run.path[:3])
    loose = po.parameter_server(losses, 30, step=0.5, crashes={1: 2.5})
    assert np.bincount(loose.worker).tolist() == [14, 2, 14]


@given(seed=st.integers(0, 99), k=st.integers(1, 20), scale=st.sampled_from([1e-3, 1.0, 1e6]))
def test_memory_forgets_nothing_and_stays_below_its_bound(seed, k, scale):
    rng = np.random.default_rng(seed)
    updates = scale * rng.standard_normal((30, 4, 5))
    G = np.linalg.norm(updates, axis=(1, 2)).max()
    sender, said = po.ErrorFeedback(lambda x: po.top_k(x, k)), np.zeros((4, 5))
    for update in updates:
        wanted = update + (0 if sender.memory is None else sender.memory)
        message = sender.send(update)
        said += message.toarray()
        left = np.linalg.norm(sender.memory)
        assert left**2 <= (1 - k / 20) * np.linalg.norm(wanted) ** 2 * (1 + 1e-12)
        assert left <= po.feedback_bound(k / 20, lipschitz=G) * (1 + 1e-12)
        assert message.nbytes == 12 * k
    assert_allclose(said + sender.memory, updates.sum(0), atol=1e-12 * scale)


@pytest.mark.parametrize("delta", [0.001, 0.1, 0.75, 1.0])
def test_the_bound_of_the_memory_is_where_it_stops_growing(delta):
    r, memory = np.sqrt(1 - delta), 0.0
    for _ in range(40_000):
        memory = r * (memory + 0.5 * 3.0)
    assert_allclose(po.feedback_bound(delta, 0.5, 3.0), memory, rtol=1e-6)


@given(seed=st.integers(0, 99), n=st.integers(1, 40))
def test_one_bit_is_the_nearest_message_of_its_kind(seed, n):
    x = np.random.default_rng(seed).standard_normal(n).astype(np.float32)
    message = po.one_bit(x)
    q = message.toarray()
    assert_array_equal(q >= 0, x >= 0)
    left = np.linalg.norm(x) ** 2 - np.abs(x).sum() ** 2 / n
    assert_allclose(np.linalg.norm(x - q) ** 2, left, rtol=1e-4, atol=1e-5)
    assert message.nbytes == (n + 7) // 8 + 4
    assert q.dtype == np.float32


def test_without_memory_top_k_never_learns_a_quiet_coordinate():
    noise = itertools.cycle([10.0, -10.0])

    def pull(x):
        return np.array([next(noise), x[1] - 1.0])  # the first is always louder

    compress = functools.partial(po.top_k, k=1)
    runs = {
        feedback: after(
            po.compressed_descent([pull], np.zeros(2), step=0.1, compress=compress,
                                  feedback=feedback), 300
        )
        for feedback in (True, False)
    }  # fmt: skip
    assert runs[False].x[1] == 0
    assert abs(runs[True].x[1] - 1) < 0.5
    assert runs[True].sent_bytes == 300 * 12


def test_everything_sent_is_gradient_descent(rng):
    losses = [logistic(rng) for _ in range(3)]
    gradients = [lambda x, loss=loss: loss.evaluate(x)[1] for loss in losses]
    run = after(po.compressed_descent(gradients, np.zeros(5), step=0.5), 5)
    x = np.zeros(5)
    for _ in range(5):
        x = x - 0.5 * np.mean([gradient(x) for gradient in gradients], axis=0)
    assert_allclose(run.x, x, rtol=1e-12)
    assert (run.sent_bytes, run.memory) == (5 * 3 * 40, 0.0)


@given(
    seconds=st.lists(st.floats(0, 100), min_size=1, max_size=30),
    p=st.integers(1, 6),
)
def test_a_queue_ends_below_grahams_bound_and_as_its_simulation(seconds, p):
    end = po.makespan(seconds, p)
    assert end <= po.makespan_bound(seconds, p) * (1 + 1e-12)
    assert end >= max(max(seconds), sum(seconds) / p * (1 - 1e-12))
    run = po.simulate_work(seconds, p)
    assert_allclose(run.seconds, end, rtol=1e-12)
    assert run.started.tolist() == [1] * len(seconds)


@pytest.mark.parametrize("p", [2, 4, 8])
def test_grahams_bound_is_attained(p):
    seconds = [1.0] * (p * (p - 1)) + [float(p)]
    assert po.makespan(seconds, p) == 2 * p - 1 == po.makespan_bound(seconds, p)
    assert po.makespan(seconds[::-1], p) == p


@given(seed=st.integers(0, 99), p=st.integers(2, 5))
def test_a_queue_survives_as_long_as_one_worker_does(seed, p):
    rng = np.random.default_rng(seed)
    seconds = rng.exponential(1.0, 20)
    crashes = {w: float(rng.uniform(0, 5)) for w in range(1, p)}
    run = po.simulate_work(seconds, p, crashes=crashes, patience_s=2 * seconds.max())
    assert np.all(np.isfinite(run.done_s))
    assert np.all(run.done_s[run.worker > 0] <= max(crashes.values()))
    static = po.simulate_work(seconds, p, static=True, crashes=crashes)
    assert np.all(static.started <= 1)
    assert np.all(np.isfinite(static.done_s[::p]))  # worker 0 lives, and does its own


# --- Theorems: averages and consensus -----------------------------------------------------------


def test_an_average_has_a_share_of_the_variance_and_the_same_mean(rng):
    """160 fits of p = 8 blocks; the ratio has sd .3, and 2.4 is 8 of them: no false alarm."""
    averages, singles = [], []
    truth = np.array([1.0, -0.5, 0.25, 0.0])
    for _ in range(160):
        A = rng.standard_normal((8 * 60, 4))
        b = np.where(rng.random(480) < 1 / (1 + np.exp(-A @ truth)), 1.0, -1.0)
        found = po.average_models(LogisticLoss(A, b, ridge=1e-2), 8, tol=1e-8)
        averages.append(found.x)
        singles.append(found.models)
    singles = np.array(singles)
    ratio = singles.var(axis=(0, 1)).sum() / np.var(averages, axis=0).sum()
    assert abs(ratio - 8) < 2.4
    assert_allclose(np.mean(averages, 0), singles.mean(axis=(0, 1)), rtol=1e-12)


def test_a_machine_fits_its_own_rows_with_the_same_ridge(rng):
    loss = logistic(rng, m=90)
    found = po.average_models(loss, 3, tol=1e-14)
    for i in range(3):
        rows = slice(30 * i, 30 * i + 30)
        own = best(LogisticLoss(loss.data[rows], loss.b[rows], ridge=loss.ridge))
        assert_allclose(found.models[i], own.x, atol=1e-6)
    assert_allclose(found.x, found.models.mean(0))
    whole = po.average_models(loss, 1, tol=1e-14).x
    assert_allclose(whole, best(loss).x, atol=1e-6)


def test_unequal_blocks_weigh_by_their_rows(rng):
    A = sp.csr_array(np.vstack([np.tile([1.0, 1.0], (20, 1)), np.tile([1.0, 0.0], (60, 1))]))
    b = np.where(rng.random(80) > 0.3, 1.0, -1.0)
    found = po.average_models(LogisticLoss(A, b, ridge=0.1), 2)
    assert_allclose(found.weights.sum(), 1)
    assert found.weights[0] < 0.5  # blocks hold equally many entries, not rows
    assert_allclose(found.x, found.weights @ found.models)


@pytest.mark.parametrize("n_blocks", [1, 2, 5])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_the_machines_agree_on_the_minimum(rng, n_blocks, container):
    loss = logistic(rng, container=container)
    lowest = best(loss).value
    end = after(po.admm(loss, n_blocks, rho=0.1), 80)
    assert 0 <= end.value - lowest + 1e-14 < 1e-10
    assert end.disagreement < 1e-4
    assert after(po.admm(loss, n_blocks), 1).value > end.value


def test_sorted_rows_break_the_average_and_not_admm(rng):
    A = np.column_stack([np.ones(400), rng.standard_normal((400, 3))])
    b = np.where(A @ [1.5, 1, 0, 0] + rng.logistic(size=400) > 0, 1.0, -1.0)
    lowest = best(LogisticLoss(A, b, ridge=0.01)).value
    gaps = {}
    for name, order in (("shuffled", np.arange(400)), ("sorted", np.argsort(b))):
        loss = LogisticLoss(A[order], b[order], ridge=0.01)
        gaps[name] = loss.evaluate(po.average_models(loss, 8).x)[0] - lowest
    assert gaps["sorted"] > 10 * gaps["shuffled"]
    assert after(po.admm(loss, 8), 60).value - lowest < 0.2 * gaps["sorted"]


# --- Hogwild ------------------------------------------------------------------------------------


def test_one_thread_is_stochastic_gradient_descent(rng):
    dense = np.where(rng.random((40, 6)) < 0.4, rng.standard_normal((40, 6)), 0)
    b = np.where(rng.random(40) > 0.5, 1.0, -1.0)
    loss = LogisticLoss(sp.csr_array(dense), b, ridge=0.05)
    found = after(po.hogwild(loss, step=0.3, n_threads=1, rng=7), 1).x
    x, used = np.zeros(6), np.maximum((dense != 0).sum(0), 1)
    for t, i in enumerate(np.random.default_rng(7).permutation(40)):
        slope = -b[i] / (1 + np.exp(b[i] * (dense[i] @ x)))
        step = 0.3 / (1 + 0.3 * 0.05 * t)
        x = x - step * (slope * dense[i] + 0.05 * 40 / used * x * (dense[i] != 0))
    assert_allclose(found, x, rtol=1e-10)
    with as_python("parallel_optimization"):
        slow = after(po.hogwild(loss, step=0.3, n_threads=1, rng=7), 1).x
    assert_allclose(slow, found, rtol=1e-12)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_threads_without_locks_come_near_the_minimum(rng, n_threads):
    loss = logistic(rng, m=2000, ridge=0.01)
    lowest = best(loss).value
    start, *_, end = itertools.islice(po.hogwild(loss, step=0.1, n_threads=n_threads, rng=0), 30)
    assert end.value - lowest < 0.02 * (start.value - lowest)


def test_sharing_counts_rows_that_meet():
    A = np.array([[1.0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
    assert po.sharing(A) == po.Sharing(2, 0.5, (2 + 3 + 1 + 2) / 16, 0.75)
    kept = sp.csr_array(A)
    kept.data[0] = 0
    po.sharing(kept)
    assert kept.nnz == 6


# --- Contracts ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client():
    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as one:
        yield one


def test_a_cluster_gives_the_same_bits_and_is_charged_the_same(rng, client):
    loss, here, there = logistic(rng), Meter(), Meter()
    one = po.average_models(loss, 3, meter=here)
    other = po.average_models(loss, 3, client=client, meter=there)
    assert_array_equal(one.x, other.x)
    assert here == there == Meter(messages=6, sent_bytes=3 * 8 + 3 * 40, rounds=2)
    here, there = Meter(), Meter()
    one = after(po.admm(loss, 3, meter=here), 2)
    other = after(po.admm(loss, 3, client=client, meter=there), 2)
    assert_array_equal(one.x, other.x)
    assert here == there
    assert here.rounds == 4
    assert po.work_queue(abs, range(-5, 5), client=client) == [*map(abs, range(-5, 5))]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: po.simulate(po.ring, [[1.0], [1.0, 2.0]]), ValueError, "into must fit"),
        (lambda: po.simulate(po.ring, [[1.0]] * 2, crashes={2: 1.0}), ValueError, "crashes must"),
        (lambda: po.collective_cost("bus", 2, 8), ValueError, "algorithm must be one of star"),
        (lambda: po.collective_cost("ring", 4, 8, group=2), ValueError, "group must be left out"),
        (lambda: po.collective_cost("two_level", 4, 8, group=3), ValueError, "group must divide"),
        (lambda: po.average_models(LogisticLoss([[1.0]], [1])), ValueError, "positive ridge"),
        (lambda: po.average_models(SquaredLoss([[1.0]], [1], ridge=1)), TypeError, "smooth mean"),
        (lambda: next(po.hogwild(SquaredLoss([[1.0]], [1]))), TypeError, "LogisticLoss"),
        (lambda: po.ErrorFeedback(3), TypeError, "compress must be"),
        (lambda: po.top_k([1.0], 2), ValueError, "k must be between 1 and entries = 1"),
        (lambda: po.work_queue(3, []), TypeError, "function must be one"),
        (lambda: po.simulate(functools.partial(po.two_level, group=2), [[1.0]] * 3), ValueError,
         "group must divide the number of ranks"),
        (lambda: po.on_mpi(lambda link, x: (yield), 0, _Alone()), TypeError, "must wait by yield"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


class _Alone:
    rank, size = 0, 1
