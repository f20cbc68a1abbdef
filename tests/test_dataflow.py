"""Jobs, skew, stragglers, lineage, monoids and choices: exact where they say so.

A test that tosses coins states its chance of a false alarm, should the seeds be drawn anew;
`tests.chance` keeps it below 1e-5 for each assertion.
"""

import collections
import functools
import itertools
import math
import os
import re
import signal
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import dataflow, datasets
from course_lib.cost import Meter, checkpoint_interval, size_bytes
from course_lib.dataflow import (
    Job,
    Monoid,
    backup_time,
    balls_into_bins,
    choice_tail,
    choice_time,
    count_job,
    imbalance,
    join_job,
    join_splits,
    map_reduce,
    map_task,
    merge_all,
    partition_keys,
    reduce_task,
    reducer_loads,
    route_jobs,
    run_tasks,
    salt_pieces,
    salted_join,
    simulate_backups,
    simulate_choices,
    simulate_map_reduce,
    sketch_job,
    skew_bound,
    source,
)
from course_lib.dataflow._routes import note_places, route, strike_out
from course_lib.dataflow._runs import run_of
from course_lib.dataflow.choices import _throw
from course_lib.distinct import HyperLogLog
from course_lib.heavy_hitters import CountMin
from tests.chance import assert_mean
from tests.sample import by_day

words = st.lists(st.sampled_from(["to", "be", "or", "not", "é", ""]), max_size=30)
many_splits = st.lists(words, max_size=6)
WORDS = re.compile(r"[a-z']+")


@functools.cache
def works():
    """The works of Shakespeare, each a list of words."""
    return [WORDS.findall(text.lower()) for text in datasets.shakespeare().values()]


def total(key, values):
    return sum(values)


def listed(key, values):
    return list(values)


# --- Facts: jobs ---------------------------------------------------------------------------------


@settings(max_examples=50)
@given(many_splits, st.integers(1, 5), st.booleans(), st.none() | st.integers(1, 7))
def test_counts_are_those_of_a_counter(splits, n_reducers, combine, spill):
    job = count_job(combine=combine, n_reducers=n_reducers, spill_records=spill)
    output = map_reduce(job, splits)
    assert output.to_dict() == dict(collections.Counter(itertools.chain(*splits)))
    assert all(part == sorted(part) for part in output.partitions)
    for r, part in enumerate(output.partitions):
        assert all(partition_keys([key], n_reducers)[0] == r for key, _ in part)


@settings(max_examples=50)
@given(many_splits, st.integers(1, 5), st.none() | st.integers(1, 7))
def test_shuffle_bytes_are_each_key_and_eight(splits, n_reducers, spill):
    """With the combiner once for each word that a split holds, without it for each word."""
    combined = map_reduce(count_job(n_reducers=n_reducers, spill_records=spill), splits).counters
    plain = map_reduce(count_job(combine=False, spill_records=spill), splits).counters
    size = {word: len(word.encode()) + 8 for word in itertools.chain(*splits)}
    assert combined.shuffle_bytes == sum(size[word] for split in splits for word in set(split))
    assert plain.shuffle_bytes == sum(size[word] for split in splits for word in split)
    assert combined.shuffle_records == sum(len(set(split)) for split in splits)
    assert combined.map_records == plain.map_records == sum(map(len, splits))
    assert sum(combined.reduce_records) == combined.shuffle_records
    full = [len(split) - len(split) % spill if spill else 0 for split in splits]
    assert plain.spilled_records == sum(full)


@settings(max_examples=50)
@given(many_splits, st.none() | st.integers(1, 7))
def test_values_come_in_the_order_of_splits_and_of_emission(splits, spill):
    def numbered(split):
        number, items = split
        return [(word, (number, place)) for place, word in enumerate(items)]

    output = map_reduce(Job(numbered, listed, spill_records=spill), list(enumerate(splits)))
    places = [(i, place) for i, split in enumerate(splits) for place in range(len(split))]
    expected = collections.defaultdict(list)
    for i, place in places:
        expected[splits[i][place]].append((i, place))
    assert output.to_dict() == expected


atoms = st.text(max_size=3) | st.integers() | st.floats() | st.binary(max_size=3)
nested = st.recursive(atoms, lambda parts: st.tuples(parts, parts) | st.lists(parts, max_size=2))


@settings(max_examples=100)
@given(st.lists(st.tuples(atoms, nested), max_size=8))
def test_runs_are_charged_as_messages_are(pairs):
    run = run_of(pairs)
    assert run.nbytes == size_bytes(pairs) and run.records == len(pairs)
    assert repr(run.pairs()) == repr(pairs)


def test_shakespeare_is_combined_5_46_times():
    """No chance in it: 914,302 words, 27,262 of them different, 42 works."""
    combined = map_reduce(count_job(n_reducers=8), works())
    plain = map_reduce(count_job(n_reducers=8, combine=False), works())
    assert combined.to_bytes() == plain.to_bytes()
    assert (combined.counters.map_records, combined.counters.output_records) == (914302, 27262)
    assert combined.counters.shuffle_bytes == 2_044_010
    assert plain.counters.shuffle_bytes == 11_155_562
    ratio = plain.counters.shuffle_records / combined.counters.shuffle_records
    assert round(plain.counters.shuffle_bytes / combined.counters.shuffle_bytes, 2) == 5.46
    assert round(ratio, 2) == 6.37


def test_keys_may_be_integers_or_tuples_and_seeds_move_them():
    pairs = [((i % 5, "x"), 1) for i in range(20)]
    job = Job(iter, total, n_reducers=3)
    assert map_reduce(job, [pairs]).to_dict() == {(i, "x"): 4 for i in range(5)}
    assert map_reduce(Job(iter, total), [[(7, 1.5), (-3, 2.0)]]).partitions == (
        [(-3, 2.0), (7, 1.5)],
    )
    keys = list(range(200))
    assert (partition_keys(keys, 7) != partition_keys(keys, 7, seed=1)).any()
    tuples = [(key, salt) for key in range(50) for salt in range(4)]
    loads = np.bincount(partition_keys(tuples, 4), minlength=4)
    assert loads.min() > 25  # 50 each expected; below 25 has a chance of 1e-5


def test_reduce_gets_copies():
    """A reduce function that changes its values harms nobody, not even itself run again."""
    kept = [CountMin(16, 2) for _ in range(2)]
    for sketch in kept:
        sketch.update(["a"])

    def merge(key, sketches):
        first, *others = sketches
        for other in others:
            first.merge(other)
        return first

    job = Job(lambda split: [("s", split)], merge)
    runs = [map_task(job, sketch).runs[0] for sketch in kept]
    for _ in range(2):
        assert reduce_task(job, runs).pairs()[0][1].estimate("a") == 2
    assert kept[0].estimate("a") == 1


# --- Facts: jobs on a simulated cluster ----------------------------------------------------------


def random_schedule(seed, n_workers, until_s, n_crashes):
    rng = np.random.default_rng(seed)
    times = rng.uniform(0, until_s, n_crashes)
    return [
        (float(t), int(w))
        for t, w in zip(times, rng.integers(n_workers, size=n_crashes), strict=True)
    ]


SPLITS = [["to", "be"], ["or", "not"], ["to"], ["be", "be"], []]


@pytest.mark.parametrize("restart_s", [0.7, 5.0])
def test_output_is_the_same_after_any_crashes(restart_s):
    """A thousand random schedules: workers come back, with their disks."""
    job = count_job(n_reducers=2)
    expected = map_reduce(job, SPLITS)
    again = 0
    for seed in range(by_day(300, 5000)):
        run = simulate_map_reduce(
            job,
            SPLITS,
            3,
            crashes=random_schedule(seed, 3, 8.0, 5),
            restart_s=restart_s,
            lease_s=2.5,
            n_backups=seed % 3,
            rng=seed,
        )
        assert run.output == expected, seed
        assert run.output.to_bytes() == expected.to_bytes()
        again += sum(run.map_attempts) > len(SPLITS)
    assert again > 150


def test_output_is_the_same_if_all_but_one_die_for_good():
    job, expected = count_job(n_reducers=2), map_reduce(count_job(n_reducers=2), SPLITS)
    for seed in range(by_day(200, 2000)):
        crashes = [(t, w + 1) for t, w in random_schedule(seed, 3, 6.0, 5)]
        run = simulate_map_reduce(job, SPLITS, 4, crashes=crashes, lease_s=2.5, rng=seed)
        assert run.output == expected, seed


def test_output_is_the_same_if_messages_are_lost():
    job, expected = count_job(n_reducers=2), map_reduce(count_job(n_reducers=2), SPLITS)
    for seed in range(by_day(100, 1000)):
        run = simulate_map_reduce(
            job, SPLITS, 3, loss=0.2, lease_s=2.5, fetch_timeout_s=0.1, rng=seed
        )
        assert run.output == expected, seed


def test_attempts_are_counted_and_lost_outputs_are_made_again():
    """One worker dies with one output on its disk and one in work: both maps run twice."""
    job = count_job()
    run = simulate_map_reduce(job, SPLITS[:4], 2, crashes=[(1.5, 0)], lease_s=3.0)
    assert run.map_attempts == (2, 1, 2, 1)
    assert run.reduce_attempts == (2,)
    assert sum(span.fate == "crashed" for span in run.spans) == 1
    assert run.work_s == pytest.approx(5 + 1 + 0.5, abs=0.01)  # maps, reduce, what crashed
    calm = simulate_map_reduce(job, SPLITS[:4], 2)
    assert calm.map_attempts == (1,) * 4 and calm.reduce_attempts == (1,)
    assert calm.work_s == pytest.approx(5.0) and 3.0 < calm.seconds < 3.02


def test_all_dead_is_said():
    with pytest.raises(RuntimeError, match="a worker must live"):
        simulate_map_reduce(count_job(), SPLITS, 1, crashes=[(0.5, 0)])
    with pytest.raises(RuntimeError, match="longer than a message"):
        simulate_map_reduce(count_job(), SPLITS, 2, fetch_timeout_s=1e-6)
    with pytest.raises(ValueError, match="lease_s must be finite"):
        simulate_map_reduce(count_job(), SPLITS, 2, loss=0.1, lease_s=math.inf)


def test_messages_of_a_calm_job_are_counted():
    """A task: question, answer, report, receipt; one question at the end, and the fetches."""
    run = simulate_map_reduce(count_job(), SPLITS[:2], 1)
    assert run.meter.messages == 4 * 3 + 2  # one worker fetches from itself, which is no message
    two = simulate_map_reduce(count_job(), SPLITS[:2], 2)
    assert two.meter.messages == 4 * 3 + 2 * 2 + 2  # and one run crosses the wire


def test_reports_of_map_tasks_are_not_charged_their_outputs():
    """One worker fetches from itself: only the reducer's output crosses the wire."""
    splits = ["x" * 1000] * 10
    run = simulate_map_reduce(count_job(lambda split: [split]), splits, 1)
    assert run.output.counters.shuffle_bytes == 10 * 1008
    assert 1008 <= run.meter.sent_bytes < 3 * 1008


# --- Facts and theorems: stragglers --------------------------------------------------------------


def test_backup_time_is_the_difference_of_harmonic_numbers():
    assert backup_time(1, 0) == 1.0
    assert backup_time(4, 2, mean_s=12.0) == pytest.approx(12 * (25 / 12 - 3 / 4))
    assert [round(backup_time(100, r), 3) for r in (0, 2, 5, 10, 20)] == [
        5.187,
        4.437,
        4.046,
        3.723,
        3.389,
    ]


@pytest.mark.parametrize("r", [0, 1, 5, 20, 50])
def test_exponential_tasks_twice_take_less_time_and_equal_work(r):
    jobs = simulate_backups(100, r, n_runs=20_000, rng=r)
    assert_mean(jobs.seconds, backup_time(100, r))
    assert_mean(jobs.work_s, 100.0)


def test_lengths_that_belong_to_the_data_win_nothing_and_cost_work():
    plain = simulate_backups(100, 0, n_runs=2000, rng=1)
    twice = simulate_backups(100, 5, n_runs=2000, anew=False, rng=1)
    assert_array_equal(twice.seconds, plain.seconds)
    extra = twice.work_s - plain.work_s
    assert_mean(extra, 5.0)  # n exponential tasks: the last five run on for 5 means in all
    assert extra.min() > 0


def test_arrays_and_cluster_agree_on_the_theorem():
    def exponential(rng):
        return rng.exponential()

    runs = [run_tasks(exponential, 60, n_tasks=60, n_backups=6, rng=seed) for seed in range(60)]
    assert_mean([run.seconds for run in runs], backup_time(60, 6))
    assert_mean([run.work_s for run in runs], 60.0)
    assert max(max(run.attempts) for run in runs) == 2
    assert all(sum(run.attempts) == 66 for run in runs)


def test_slow_machines_are_what_backups_are_for():
    """400 tasks of a second, 40 workers, two of them five times slower."""
    speeds = np.r_[np.ones(38), 0.2, 0.2]
    times = [run_tasks(np.ones(400), 40, speeds=speeds, n_backups=r).seconds for r in (0, 5)]
    assert times == [15.0, 12.0]  # at 11 two are left, with the slow ones
    dead = run_tasks(np.ones(100), 10, crashes=[(2.5, 0), (4.2, 1)], lease_s=3.0)
    assert sum(dead.attempts) == 102 and sum(s.fate == "crashed" for s in dead.spans) == 2
    with pytest.raises(RuntimeError, match="set lease_s"):
        run_tasks(np.ones(4), 2, crashes=[(0.5, 0)])


# --- Facts: skew -----------------------------------------------------------------------------


@settings(max_examples=100)
@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any),
    st.integers(1, 20),
    st.integers(0, 5),
)
def test_no_hash_is_below_the_bound(weights, n_reducers, seed):
    loads = reducer_loads(range(len(weights)), weights, n_reducers, seed=seed)
    assert loads.sum() == pytest.approx(sum(weights))
    assert imbalance(loads) >= skew_bound(weights, n_reducers) * (1 - 1e-12)


@settings(max_examples=100)
@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any),
    st.integers(1, 20),
    st.floats(0.05, 2.0),
)
def test_no_piece_is_above_its_share_and_one_less_would_be(weights, n_reducers, share):
    pieces = salt_pieces(weights, n_reducers, share)
    most = share * sum(weights) / n_reducers
    assert (np.array(weights) / pieces <= most * (1 + 1e-9)).all()
    cut = pieces > 1
    assert (np.array(weights)[cut] / (pieces[cut] - 1) > most * (1 - 1e-9)).all()


def test_words_of_shakespeare_on_64_reducers():
    """Seeds 0 to 39: the mean of max/mean, 3.30 with a standard deviation of .57 a seed."""
    counts = collections.Counter(itertools.chain(*works()))
    keys, weights = list(counts), np.array(list(counts.values()), float)
    assert round(skew_bound(weights, 64), 2) == 2.04
    plain = [imbalance(reducer_loads(keys, weights, 64, seed=s)) for s in range(40)]
    assert 2.9 < np.mean(plain) < 3.7 and min(plain) >= skew_bound(weights, 64)
    pieces = salt_pieces(weights, 64, 0.1)
    salted = [imbalance(reducer_loads(keys, weights, 64, pieces=pieces, seed=s)) for s in range(40)]
    assert np.mean(salted) < 1.6 and (pieces - 1).sum() / len(keys) < 0.02
    pairs = [
        (key, salt) for key, n in zip(keys[:99], pieces[:99], strict=True) for salt in range(n)
    ]
    shares = np.repeat(weights[:99] / pieces[:99], pieces[:99])
    by_pairs = np.bincount(partition_keys(pairs, 64, seed=3), shares, 64)
    assert_allclose(
        by_pairs, reducer_loads(keys[:99], weights[:99], 64, pieces=pieces[:99], seed=3)
    )


pairs = st.lists(st.tuples(st.sampled_from("abcd"), st.integers()), max_size=30)


@settings(max_examples=50)
@given(pairs, st.dictionaries(st.sampled_from("abcde"), st.integers()), st.integers(1, 4))
def test_salted_joins_are_joins(facts, rows, size):
    expected = [(key, fact, rows[key]) for key, fact in facts if key in rows]
    expected.sort(key=lambda one: one[0])
    for pieces in (None, {"a": size, "b": 2}):
        for n_splits in (1, 3):
            join = salted_join(
                facts, rows, pieces=pieces, n_reducers=size, n_splits=n_splits, seed=size
            )
            assert join.rows == expected
            copies = sum((pieces or {}).get(key, 1) - 1 for key in rows)
            assert join.copies == copies
            assert join.loads.sum() == len(facts) + len(rows) + copies


def test_pieces_are_even_and_a_task_run_again_cuts_alike():
    facts = [("the", i) for i in range(1000)] + [("a", 0)]
    job = join_job({"the": 7})
    splits = join_splits(facts, {"the": "x"}, 4)
    assert [map_task(job, split) for split in splits] == [map_task(job, s) for s in splits]
    sizes = [len(v) for (key, _), v in map_reduce(job, splits).to_dict().items() if key == "the"]
    assert len(sizes) == 7 and max(sizes) - min(sizes) <= 4
    run = functools.partial(simulate_map_reduce, n_workers=3, crashes=[(1.2, 0)], lease_s=3.0)
    join = salted_join(
        facts, {"the": "x"}, pieces={"the": 7}, run=lambda job, splits: run(job, splits).output
    )
    assert join.rows == [("the", i, "x") for i in range(1000)]


# --- Facts: lineage --------------------------------------------------------------------------


def chain(n_stages, n_parts=4, keep=True):
    made = [source([[i] for i in range(n_parts)])]
    for stage in range(n_stages):
        made.append(made[-1].map(lambda part: [x + 1 for x in part], keep=keep, name=f"s{stage}"))
    return made


def test_narrow_costs_one_a_stage():
    stages = chain(5)
    last = stages[-1]
    assert last.collect() == [[i + 5] for i in range(4)]
    last.lose(2)
    assert last.plan() == [("s4", 2)]
    last.lose_machine(2, 4)
    assert last.plan() == [(f"s{i}", 2) for i in range(5)]
    assert last.collect() == [[i + 5] for i in range(4)]
    assert [stage.computed for stage in stages[1:]] == [5, 5, 5, 5, 6 - 1]


def test_wide_costs_what_is_missing_of_the_stage_before():
    for keep, expected in ((True, 1), (False, 4 + 1)):
        ones = source([["a", "b"], ["b"], ["a"], []]).map(
            lambda part: [(x, 1) for x in part], keep=keep, name="ones"
        )
        counts = ones.shuffle(total, combine=total, n_parts=3, name="counts")
        first = counts.collect()
        counts.lose(1)
        assert len(counts.plan(1)) == len(counts.plan()) == expected
        before = ones.computed + counts.computed
        assert counts.collect() == first
        assert ones.computed + counts.computed - before == expected
    assert sorted(itertools.chain(*first)) == [("a", 2), ("b", 2)]


def test_a_checkpoint_ends_the_search():
    stages = chain(6, keep=True)
    stages[3].checkpoint()
    stages[-1].collect()
    stages[-1].lose_machine(1, 4)
    assert stages[-1].plan() == [("s3", 1), ("s4", 1), ("s5", 1)]
    assert chain(3000)[-1].partition(0) == [3000]  # no recursion
    assert checkpoint_interval(50.0, 10_000.0) == 1000.0  # how often to do so: chapter 01


@st.composite
def graphs(draw):
    """Random graphs of datasets, and the losses of some partitions."""
    made = [source([[("k", i)] for i in range(3)])]
    for number in range(draw(st.integers(1, 6))):
        keep = draw(st.booleans())
        parent = made[draw(st.integers(0, len(made) - 1))]
        if draw(st.booleans()):
            made.append(parent.shuffle(lambda k, v: len(v), n_parts=3, keep=keep, name=str(number)))
        else:
            other = made[draw(st.integers(0, len(made) - 1))]
            made.append(parent.map(lambda a, b: a + b, other, keep=keep, name=str(number)))
    losses = st.tuples(st.integers(0, len(made) - 1), st.integers(0, 2))
    return made, draw(st.lists(losses, max_size=12))


@settings(max_examples=100)
@given(graphs())
def test_what_is_planned_is_computed_and_equal(graph):
    made, losses = graph
    last = made[-1]
    first = last.collect()
    for dataset, i in losses:
        made[dataset].lose(i)
    plan, before = last.plan(), sum(one.computed for one in made)
    assert len(plan) == len(set(plan))
    assert last.collect() == first
    assert sum(one.computed for one in made) - before == len(plan)


def test_datasets_say_what_is_wrong():
    with pytest.raises(ValueError, match="equally many partitions"):
        source([1]).map(lambda a, b: a, source([1, 2]))
    with pytest.raises(ValueError, match="the number of partitions must be"):
        source([])
    with pytest.raises(TypeError, match="must be a function"):
        source([1]).map(3)
    with pytest.raises(TypeError, match="others must be Datasets"):
        source([1]).map(min, 3)


# --- Facts: monoids --------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.lists(st.text(max_size=2), max_size=12), st.integers(0, 100))
def test_any_tree_gives_the_same_answer(parts, seed):
    """Texts are a monoid without commutativity; integers have it."""
    texts, numbers = Monoid(str, lambda a, b: a + b), Monoid.of_numbers()
    for order in ("left", "ring", "tree"):
        assert merge_all(parts, texts, order=order) == "".join(parts)
    for order in ("left", "ring", "tree", "random"):
        lengths = list(map(len, parts))
        assert merge_all(lengths, numbers, order=order, rng=seed) == sum(lengths)


def hyperloglog():
    return HyperLogLog(8)


def count_min():
    return CountMin(64, 3)


def contents(sketch):
    """Registers; a merge of HyperLogLogs loses the history of `estimate_stream`."""
    if isinstance(sketch, HyperLogLog):
        return sketch.registers.tolist(), sketch.estimate()
    return sketch.to_bytes()


@pytest.mark.parametrize("order", ["left", "ring", "tree", "random"])
@pytest.mark.parametrize("make", [hyperloglog, count_min])
def test_sketches_in_any_order_equal_one_pass(order, make):
    blocks = np.array_split(np.random.default_rng(0).integers(500, size=3000), 7)
    parts = []
    for block in blocks:
        parts.append(make())
        parts[-1].update(block)
    before = [part.to_bytes() for part in parts]
    whole = make()
    whole.update(np.concatenate(blocks))
    merged = merge_all(parts, Monoid.of_sketch(make), order=order, rng=1)
    assert contents(merged) == contents(whole)
    assert [part.to_bytes() for part in parts] == before
    output = map_reduce(sketch_job(make), blocks)
    assert contents(output.to_dict()["sketch"]) == contents(whole)
    assert contents(merge_all([], Monoid.of_sketch(make))) == contents(make())


@pytest.mark.parametrize("p", [1, 2, 3, 8, 13])
def test_messages_and_rounds_of_each_order(p):
    rounds = {"left": min(1, p - 1), "ring": p - 1, "tree": math.ceil(math.log2(p))}
    for order, expected in rounds.items():
        meter = Meter()
        merge_all([np.ones(5)] * p, Monoid.of_numbers(), order=order, meter=meter)
        assert (meter.messages, meter.sent_bytes, meter.rounds) == (p - 1, 40 * (p - 1), expected)


# --- Facts and theorems: choices -----------------------------------------------------------------


def slow_routes(arrival_s, service_s, choices, n_queues, board_s):
    """The same by the definition: all departures of each queue are kept."""
    departures = [[] for _ in range(n_queues)]
    queue, out, place = [], [], []
    for now, service, choice in zip(arrival_s, service_s, choices, strict=True):
        seen_s = now if board_s == 0 else math.floor(now / board_s) * board_s
        seen = [
            sum(left > seen_s and come <= seen_s for come, left in departures[q])
            if board_s == 0 or seen_s > 0
            else 0
            for q in choice
        ]
        if board_s:
            seen = [
                sum(left > seen_s and come < seen_s for come, left in departures[q]) for q in choice
            ]
        best = choice[int(np.argmin(seen))]
        ahead = [left for _, left in departures[best] if left > now]
        out.append(max([now, *ahead]) + service)
        queue.append(best)
        place.append(len(ahead) + 1)
        departures[best].append((now, out[-1]))
    return queue, out, place


@settings(max_examples=60)
@given(
    st.integers(0, 10**6),
    st.integers(1, 6),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.3, 2.0]),
)
def test_routes_are_those_of_the_definition(seed, n_queues, d, board_s):
    rng = np.random.default_rng(seed)
    arrival_s, service_s = np.sort(rng.uniform(0, 10, 60)), rng.exponential(size=60)
    choices = rng.integers(n_queues, size=(60, d))
    jobs = route_jobs(arrival_s, service_s, choices, n_queues, board_s=board_s)
    queue, departure_s, position = slow_routes(
        arrival_s, service_s, choices.tolist(), n_queues, board_s
    )
    assert jobs.queue.tolist() == queue and jobs.position.tolist() == position
    assert_allclose(jobs.departure_s, departure_s, rtol=1e-12)


def test_kernels_are_their_python():
    rng = np.random.default_rng(3)
    choices = rng.integers(9, size=(50, 2), dtype=np.int32)
    fast, slow = np.zeros(9, np.int64), np.zeros(9, np.int64)
    _throw(fast, choices)
    _throw.py_func(slow, choices)
    assert_array_equal(fast, slow)
    arrival_s, service_s = np.sort(rng.uniform(0, 5, 50)), rng.exponential(size=50)
    arguments = arrival_s, service_s, choices.astype(np.int64), 9, 0.4, 1.0, 3
    for one, other in zip(route(*arguments), route.py_func(*arguments), strict=True):
        assert_allclose(one, other, rtol=1e-12)
    after, departure = np.array([1, 2, -1]), np.array([1.0, 2.0, 4.0])
    for kernel in (note_places, note_places.py_func):
        places = np.zeros(3)
        kernel(places, 2, 0.5, 0, 3, after, departure)
        assert places.tolist() == [0.0, 2.0, 1.0]  # third for .5, which is not noted
    for kernel in (strike_out, strike_out.py_func):
        front, length = np.array([0]), np.array([3])
        kernel(0, 2.0, front, after, length, departure)
        assert (front[0], length[0]) == (2, 1)


def test_formulas_of_the_limit():
    assert choice_tail(0.9, 1, i_max=3).tolist() == pytest.approx([1, 0.9, 0.81, 0.729])
    for d in (1, 2, 3, 10):
        for load in (0.5, 0.9, 0.99):
            tail = choice_tail(load, d, i_max=5000 if d == 1 else 40)
            assert choice_time(load, d) == pytest.approx(tail[1:].sum() / load, rel=1e-9)
            steps = load * (tail[:-1] ** d - tail[1:] ** d)  # a fixed point of the flow
            assert_allclose(steps[:-1], tail[1:-1] - tail[2:], atol=1e-12)
    assert [round(choice_time(load), 3) for load in (0.9, 0.99)] == [2.614, 5.432]


def test_two_choices_of_balls():
    """2**20 balls: two choices give 4 in 60 of 60 runs, one 8 to 10; 5 has a chance of 5e-5."""
    n = 1 << 20
    two, one = (balls_into_bins(n, n, d, rng=1) for d in (2, 1))
    assert two.sum() == one.sum() == n
    assert two.max() <= 4 and 8 <= one.max() <= 12
    assert balls_into_bins(100, 1, 3).tolist() == [100] and balls_into_bins(0, 3).sum() == 0


def test_tails_of_many_queues():
    """200 queues for 1,000 services, eight seeds; from seed to seed s_2 varies by 1%, s_3 by 2%."""
    runs = [
        simulate_choices(200, 0.9, 2, horizon_s=600.0, warm_s=100.0, rng=seed) for seed in range(8)
    ]
    tails = np.array([run.tail for run in runs])
    assert_allclose(tails[:, 1].mean(), 0.9, rtol=0.01)
    assert_allclose(tails[:, 2:4].mean(axis=0), choice_tail(0.9)[2:4], rtol=0.04)
    assert_allclose(np.mean([run.mean_s for run in runs]), choice_time(0.9), rtol=0.05)


def test_one_choice_is_one_queue():
    """d = 1: M/M/1, whose mean time at .5 is 2."""
    run = simulate_choices(500, 0.5, 1, horizon_s=300.0, warm_s=30.0, rng=0)
    assert_allclose(run.mean_s, 2.0, rtol=0.05)
    assert_allclose(run.tail[1:4], [0.5, 0.25, 0.125], rtol=0.05)
    little = run.tail[1:].sum()  # Little's law, on one run: jobs in a queue = rate times time
    assert_allclose(little, run.n_jobs / (500 * 270.0) * run.mean_s, rtol=1e-9)


def test_an_old_board_turns_choices_round():
    """Fresh, ten choices beat two; on a board of 20 services they lose to two, and to one."""
    fresh = [simulate_choices(200, 0.9, d, rng=0).mean_s for d in (2, 10)]
    stale = [simulate_choices(200, 0.9, d, board_s=20.0, rng=0).mean_s for d in (1, 2, 10)]
    assert fresh[1] < fresh[0] < stale[1] < stale[0] < stale[2]


# --- Contracts -------------------------------------------------------------------------------


def test_same_seed_same_run():
    for call in (
        lambda: simulate_map_reduce(count_job(), SPLITS, 3, crashes=[(1.2, 0)], rng=4),
        lambda: simulate_choices(20, 0.8, rng=4).tail.tolist(),
        lambda: balls_into_bins(100, 10, rng=4).tolist(),
        lambda: simulate_backups(10, 2, rng=4, n_runs=3).seconds.tolist(),
    ):
        assert call() == call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Job(3, total), "map must be a function"),
        (lambda: Job(iter, total, 3), "combine must be a function"),
        (lambda: map_reduce(3, []), "job must be a Job"),
        (lambda: map_reduce(Job(iter, total), [[3]]), "map must return pairs"),
        (lambda: map_reduce(Job(iter, total), [[("a", 1), (1, 1)]]), "keys of a job must be"),
        (lambda: map_reduce(Job(iter, total), [[("a", 1)], [(1, 1)]]), "keys of a job must be"),
        (lambda: map_reduce(Job(iter, total), [[(2.5, 1)]]), "items must be integers"),
        (lambda: partition_keys([("a", 1), "b"], 2), "tuples of one length"),
        (lambda: merge_all([1], Monoid.of_numbers(), order="star"), "order must be one of"),
        (lambda: merge_all([1], sum), "monoid must be a Monoid"),
        (lambda: merge_all([1], Monoid.of_numbers(), meter=1), "meter must be a Meter"),
        (lambda: Monoid.of_sketch(3), "make must be a function"),
        (lambda: sketch_job(CountMin, 3), "items_of must be a function"),
        (lambda: backup_time(10, 6), "n_tasks // 2"),
        (lambda: simulate_backups(4, 1, draw=lambda rng, n: [1.0]), "draw must return 4000"),
        (lambda: run_tasks([1.0], 1, n_tasks=2), "n_tasks must be the number of lengths"),
        (lambda: run_tasks([1.0], 1, crashes=[3]), "crashes must be pairs"),
        (lambda: join_job([1]), "pieces must be a dict"),
        (lambda: reducer_loads(["a"], [1.0, 2.0], 2), "one for each of 1 keys"),
        (lambda: imbalance([0.0]), "at least one number above 0"),
        (lambda: route_jobs([1.0, 0.0], [1.0, 1.0], [[0], [0]], 1), "must not decrease"),
        (lambda: route_jobs([1.0], [1.0], [[2]], 2), "choices must lie between"),
        (lambda: route_jobs([1.0], [1.0], [[0]], 2, board_s=1e-300), "board_s must be longer"),
        (lambda: simulate_choices(1, 0.5, horizon_s=1e-9, warm_s=0.0, rng=0), "jobs to measure"),
    ],
)
def test_wrong_input_is_refused_in_words(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


@pytest.mark.slow
def test_dask_gives_the_same_bytes_when_a_worker_is_killed():
    """One text for here, the simulator and Dask: word count, skewed join and a merged sketch."""
    from dask.distributed import Client, LocalCluster

    splits = [words[:3000] for words in works()[:8]]
    rows = {word: i for i, word in enumerate(sorted(set(splits[0])))}
    facts = [(word, i) for i, word in enumerate(splits[0])]
    join = functools.partial(salted_join, facts, rows, pieces={"the": 3}, n_reducers=3, n_splits=4)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        run = functools.partial(map_reduce, client=client)
        victim = sorted(client.run(os.getpid).values())[0]
        threading.Timer(0.3, os.kill, (victim, signal.SIGKILL)).start()
        counted = run(count_job(slow_items, n_reducers=3), splits)
        joined = join(run=run)
        sketch = run(sketch_job(count_min), splits).to_dict()["sketch"]
        assert victim not in client.run(os.getpid).values()  # it was killed
    assert counted == map_reduce(count_job(n_reducers=3), splits)
    here = join()
    assert joined.rows == here.rows and joined.counters == here.counters
    assert (
        sketch.to_bytes()
        == map_reduce(sketch_job(count_min), splits).to_dict()["sketch"].to_bytes()
    )


def slow_items(split):
    time.sleep(0.2)  # so that a worker is killed in the middle of the job
    return split


def test_every_public_name_is_here():
    assert sorted(dataflow.__all__) == dataflow.__all__


# --- Peers -----------------------------------------------------------------------------------


def test_simpy_sends_jobs_the_same_way():
    simpy = pytest.importorskip("simpy")
    rng = np.random.default_rng(0)
    arrival_s = np.sort(rng.uniform(0, 50, 400))
    service_s, choices = rng.exponential(size=400), rng.integers(10, size=(400, 2))
    env, departure_s = simpy.Environment(), np.empty(400)
    queues = [simpy.Resource(env) for _ in range(10)]

    def job(i):
        yield env.timeout(arrival_s[i])
        queue = min((queues[q] for q in choices[i]), key=lambda one: one.count + len(one.queue))
        with queue.request() as turn:
            yield turn
            yield env.timeout(service_s[i])
        departure_s[i] = env.now

    for i in range(400):
        env.process(job(i))
    env.run()
    ours = route_jobs(arrival_s, service_s, choices, 10)
    assert_allclose(ours.departure_s, departure_s, rtol=1e-9)
