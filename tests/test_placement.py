"""Placements: what moves and what does not, shares, and bounds on loads."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib._sketch import hash_bytes, hash_word, mix, random_words, seed_words
from course_lib.hashing import hash_items
from course_lib.placement import (
    BoundedRing,
    JumpHash,
    Modulo,
    Rendezvous,
    Ring,
    SegmentTable,
    expected_max_share,
    jump_hash,
    lookup_failure,
    murmur3_token,
    share_deviation,
)
from course_lib.placement.rendezvous import _shortest
from tests.chance import assert_frequency, assert_mean, assert_variance

KEYS = np.arange(2000)
CIRCLE = 2**64
names = st.one_of(st.integers(-5, 2**63), st.text(max_size=9), st.binary(max_size=9))
seeds = st.integers(0, 2**64 - 1)
weight_lists = st.lists(st.floats(0.05, 20.0), min_size=1, max_size=8)


def segments(n, weights=None, seed=0):
    return SegmentTable(200.0, n, weights, seed=seed)


def ring(n, weights=None, seed=0):
    return Ring(n, weights, n_points=5, seed=seed)


def rendezvous(n, weights=None, seed=0):
    return Rendezvous(n, weights, seed=seed)


WEIGHTED = [ring, rendezvous, segments]
ALL = [*WEIGHTED, lambda n, seed=0: JumpHash(n, seed=seed), lambda n, seed=0: Modulo(n, seed=seed)]


def words_of(keys, seed=0):
    return [int(word) for word in hash_items(keys, seed)]


def points_of(node, size, seed=0):
    return [int(word) for word in random_words(int(hash_items([node], seed)[0]), size)]


# --- Facts: what moves -----------------------------------------------------------------------


@pytest.mark.parametrize("make", WEIGHTED)
@given(weights=weight_lists, new=st.floats(0.05, 20.0), seed=seeds)
@settings(max_examples=25, deadline=None)
def test_a_new_node_takes_keys_and_moves_none_between_others(make, weights, new, seed):
    rule = make(len(weights), weights, seed)
    before = rule.assign(KEYS)
    rule.add("new", new)
    after = rule.assign(KEYS)
    moved = before != after
    assert (after[moved] == len(weights)).all()
    assert (after[~moved] < len(weights)).all()
    assert before.max() < len(weights)


@pytest.mark.parametrize("make", [ring, rendezvous])
@given(weights=weight_lists.filter(lambda w: len(w) > 1), seed=seeds, data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_removed_node_gives_its_keys_away_and_gets_them_back(make, weights, seed, data):
    gone = data.draw(st.integers(0, len(weights) - 1))
    rule = make(len(weights), weights, seed)
    before = rule.assign(KEYS)
    rule.remove(gone)
    after = rule.assign(KEYS)
    assert_array_equal(before != after, before == gone)
    assert not (after == gone).any()
    rule.add(gone, weights[gone])
    assert_array_equal(rule.assign(KEYS), before)


@given(weights=weight_lists, new=st.floats(0.05, 20.0), seed=seeds)
@settings(max_examples=25, deadline=None)
def test_a_changed_weight_moves_keys_to_or_from_its_node_alone(weights, new, seed):
    rule = rendezvous(len(weights), weights, seed)
    before = rule.assign(KEYS)
    rule.reweight(0, new)
    after = rule.assign(KEYS)
    moved = before != after
    assert (after[moved] == 0).all() if new >= weights[0] else (before[moved] == 0).all()
    assert rule.weights[0] == new


@given(st.integers(1, 60), seeds)
@settings(max_examples=25, deadline=None)
def test_jump_hash_moves_to_the_last_bucket_only_and_back(n, seed):
    rule = JumpHash(n, seed=seed)
    before = rule.assign(KEYS)
    rule.add("new")
    after = rule.assign(KEYS)
    assert (after[before != after] == n).all()
    rule.remove("new")
    assert_array_equal(rule.assign(KEYS), before)
    rule.add("another")  # takes the last bucket, under an index of its own
    assert_array_equal(rule.assign(KEYS), np.where(after == n, n + 1, after))


def test_more_capacity_for_a_node_moves_keys_to_it_alone():
    table = segments(3, [1, 2, 4])
    before = table.assign(KEYS)
    table.add(1, 3.0)
    after = table.assign(KEYS)
    moved = before != after
    assert moved.any()
    assert set(after[moved]) == {1}
    assert table.weights.tolist() == [1, 5, 4]
    assert table.expected_probes == 20.0


# --- Facts: who has what -----------------------------------------------------------------------


@given(st.lists(st.sampled_from([0.3, 1, 2.5]), min_size=1, max_size=6), st.integers(1, 9), seeds)
@settings(max_examples=25, deadline=None)
def test_a_ring_gives_a_key_to_the_first_points_at_or_after_it(weights, n_points, seed):
    made = Ring(len(weights), weights, n_points=n_points, seed=seed)
    sizes = [max(1, round(weight * n_points)) for weight in weights]
    points = [(p, i) for i, size in enumerate(sizes) for p in points_of(i, size, seed)]
    copies = made.copies(KEYS[:100], len(weights))
    for row, word in zip(copies, words_of(KEYS[:100], seed), strict=True):
        walk = [i for _, i in sorted(((p - word) % CIRCLE, i) for p, i in points)]
        assert row.tolist() == list(dict.fromkeys(walk))
    assert_array_equal(copies[:, 0], made.assign(KEYS[:100]))


def test_a_ring_goes_around_and_a_point_owns_its_own_place():
    made = Ring(3, n_points=2)
    first, last = int(made.points[0]), int(made.points[-1])
    words = np.array([first, first + 1, last, last + 1, CIRCLE - 1, 0], np.uint64)
    expected = made.owners[[0, 1, 5, 0, 0, 0]]
    assert_array_equal(made._assign(words), expected)


@given(weight_lists, seeds)
@settings(max_examples=25, deadline=None)
def test_shares_are_the_arcs_before_the_points(weights, seed):
    made = Ring(len(weights), weights, n_points=3, seed=seed)
    points, exact = [int(p) for p in made.points], [Fraction(0)] * len(weights)
    for before, point, owner in zip([points[-1], *points], points, made.owners, strict=False):
        exact[owner] += Fraction((point - before) % CIRCLE or CIRCLE, CIRCLE)
    assert sum(exact) == 1
    assert_allclose(made.shares(), [float(share) for share in exact], rtol=1e-12)


@given(names, st.integers(1, 5), seeds)
@settings(max_examples=60, deadline=None)
def test_one_key_and_many_have_the_same_node(key, n, seed):
    for make in ALL:
        rule = make(n, seed=seed)
        assert rule.lookup(key) == rule.nodes[rule.assign([key])[0]]


@given(names.filter(lambda key: not isinstance(key, str)), seeds)
def test_the_hash_of_one_item_is_that_of_many(key, seed):
    keys = seed_words(seed)
    if isinstance(key, bytes):
        got = hash_bytes(key, keys[1])
    else:
        got = hash_word(np.uint64(key % CIRCLE), keys[0])
    assert got == hash_items([key], seed)[0]


@given(weight_lists, seeds)
@settings(max_examples=25, deadline=None)
def test_rendezvous_takes_the_shortest_of_all_times(weights, seed):
    words = hash_items(KEYS, seed)
    times = []
    for i, weight in enumerate(weights):
        stirred = mix.py_func(words ^ hash_items([i], seed)[0]) + np.uint64(0x9E3779B97F4A7C15)
        u = 1 - ((mix.py_func(stirred) >> np.uint64(12)) + 0.5) * 2.0**-52
        times.append(-np.log(u) / weight)
    found = rendezvous(len(weights), weights, seed).assign(KEYS)
    assert_allclose(np.choose(found, times), np.min(times, axis=0), rtol=1e-9)


def test_the_kernel_of_rendezvous_is_its_own_reference():
    words, nodes = hash_items(KEYS[:200]), hash_items(range(5), 1)
    means = np.array([1.0, 0.5, 3.0, 1.0, 2.0])
    with np.errstate(over="ignore"):
        assert_array_equal(_shortest.py_func(words, nodes, means), _shortest(words, nodes, means))


@given(st.integers(0, CIRCLE - 1), st.integers(1, 5000))
def test_jump_hash_is_as_published(word, n):
    key, bucket, jump = word, -1, 0
    while jump < n:
        bucket = jump
        key = (key * 2862933555777941757 + 1) % CIRCLE
        jump = int((bucket + 1) * (2**31 / ((key >> 33) + 1)))
    assert jump_hash(np.array([word], np.uint64), n).tolist() == [bucket]


@given(weight_lists, seeds)
@settings(max_examples=25, deadline=None)
def test_segments_are_hit_by_the_first_hash_that_can(weights, seed):
    space = sum(weights) * 1.5
    ends = np.cumsum(weights)
    for key, word in enumerate(words_of(KEYS[:30], seed)):
        place = math.inf
        while place >= ends[-1]:
            word = (word + 0x9E3779B97F4A7C15) % CIRCLE
            place = (int(mix(np.uint64(word))) >> 11) * 2.0**-53 * space
        found = SegmentTable(space, len(weights), weights, seed=seed).assign([key])[0]
        assert ends[found] - weights[found] - 1e-9 <= place <= ends[found] + 1e-9


# --- Facts: bounded loads ------------------------------------------------------------------------


def inserted(points, words, capacity):
    """Insertion as one says it in a sentence."""
    loads, found = {}, []
    for word in words:
        around = sorted(points, key=lambda point: (point[0] - word) % CIRCLE)
        node = next(i for _, i in around if loads.get(i, 0) < capacity)
        loads[node] = loads.get(node, 0) + 1
        found.append(node)
    return found


@given(st.integers(1, 7), st.integers(1, 4), st.floats(1.01, 3.0), st.integers(0, 60), seeds)
@settings(max_examples=40, deadline=None)
def test_no_node_has_more_than_its_capacity(n, n_points, factor, m, seed):
    made = BoundedRing(n, factor=factor, n_points=n_points, seed=seed)
    found = made.assign(KEYS[:m])
    capacity = made.capacity(m)
    assert capacity == max(1, math.ceil(Fraction(factor) * m / n - Fraction(1, 10**9)))
    assert np.bincount(found, minlength=n).max() <= capacity
    points = [(p, i) for i in range(n) for p in points_of(i, n_points, seed)]
    assert found.tolist() == inserted(points, words_of(KEYS[:m], seed), capacity)


@given(st.permutations(range(60)), seeds)
@settings(max_examples=40, deadline=None)
def test_with_one_point_a_node_loads_do_not_depend_on_the_order(order, seed):
    made = BoundedRing(8, factor=1.1, seed=seed)
    straight, shuffled = made.assign(range(60)), made.assign(order)
    assert_array_equal(np.bincount(straight, minlength=8), np.bincount(shuffled, minlength=8))


def test_with_two_points_a_node_loads_depend_on_the_order():
    made = BoundedRing(8, factor=1.1, n_points=2)
    loads = np.bincount(made.assign(range(60)), minlength=8)
    assert (loads != np.bincount(made.assign(range(59, -1, -1)), minlength=8)).any()


def test_with_room_for_all_bounded_loads_are_a_ring():
    made = BoundedRing(10, factor=1e6, n_points=20, seed=3)
    assert_array_equal(made.assign(KEYS), Ring(10, n_points=20, seed=3).assign(KEYS))
    before = BoundedRing(10, n_points=20, seed=3).assign(KEYS[:50], n_keys=10**9)
    assert_array_equal(before, made.assign(KEYS[:50]))


# --- Facts: tokens --------------------------------------------------------------------------------


def test_tokens_are_those_of_the_published_hash():
    """MurmurHash3 x64 128 of "hello", the first half; bytes above 127 as cassandra-driver 3.30."""
    assert murmur3_token("hello").tolist() == [int("cbd8a7b341bd9b02", 16) - CIRCLE]
    assert murmur3_token(["", b""]).tolist() == [0, 0]
    plain = murmur3_token(b"0123456789abcdef")  # 16 bytes: nothing is left, nothing has a sign
    assert plain.tolist() == murmur3_token("0123456789abcdef").tolist()


# --- Theorems -------------------------------------------------------------------------------------


def test_the_largest_share_of_a_ring_of_single_points():
    """E max share = H_n / n; 1,500 rings."""
    largest = [Ring(10, n_points=1, seed=seed).shares().max() for seed in range(1500)]
    assert_mean(largest, expected_max_share(10))
    assert expected_max_share(10) * 10 == pytest.approx(sum(1 / i for i in range(1, 11)))
    assert expected_max_share(5000) * 5000 == pytest.approx(sum(1 / i for i in range(1, 5001)))


@pytest.mark.parametrize("n_points", [1, 20])
def test_the_deviation_of_a_share(n_points):
    """Beta distribution, of 1,500 rings the share of one node."""
    shares = [Ring(5, n_points=n_points, seed=seed).shares()[0] for seed in range(1500)]
    assert_mean(shares, 1 / 5)
    assert_variance(shares, (share_deviation(5, n_points) / 5) ** 2)


@pytest.mark.parametrize("rule", [rendezvous(3, [1, 2, 4]), segments(3, [1, 2, 4])], ids=repr)
def test_shares_are_proportional_to_weights(rule):
    counts = np.bincount(rule.assign(np.arange(200_000)))
    for count, weight in zip(counts, [1, 2, 4], strict=True):
        assert_frequency(count, 200_000, weight / 7)


def test_movement_is_the_least_that_shares_allow():
    keys = np.arange(200_000)
    for make, share in [(rendezvous, 3 / 10), (segments, 3 / 10)]:
        rule = make(3, [1, 2, 4])
        before = rule.assign(keys)
        rule.add("new", 3)
        assert_frequency((before != rule.assign(keys)).sum(), 200_000, share)
    for kind, share in [(JumpHash, 1 / 11), (Modulo, 10 / 11)]:
        rule = kind(10)
        before = rule.assign(keys)
        rule.add("new")
        assert_frequency((before != rule.assign(keys)).sum(), 200_000, share)


def test_a_weight_that_grows_moves_the_difference_of_shares():
    keys = np.arange(200_000)
    rule = rendezvous(3, [1, 2, 4])
    before = rule.assign(keys)
    rule.reweight(2, 5)
    assert_frequency((before != rule.assign(keys)).sum(), 200_000, 5 / 8 - 4 / 7)


def test_jump_hash_jumps_as_often_as_a_record_is_broken():
    """H_n jumps in the mean, the one into bucket 0 included."""
    words = hash_items(np.arange(4000))
    buckets = np.array([jump_hash(words, n) for n in range(1, 101)])
    jumps = 1 + (np.diff(buckets, axis=0) != 0).sum(axis=0)
    assert_mean(jumps, sum(1 / i for i in range(1, 101)))
    for bucket in (0, 50, 99):
        assert_frequency((buckets[-1] == bucket).sum(), 4000, 1 / 100)


def test_a_segment_is_found_after_space_over_capacity_hashes():
    """Seen from outside: with all the space taken, one in 16/7 keys keeps its place."""
    keys = np.arange(200_000)
    full, table = SegmentTable(16, 16, [1.0] * 16), SegmentTable(16, 7)
    at_once = full.assign(keys) < 7
    assert_frequency(at_once.sum(), 200_000, 1 / table.expected_probes)
    assert_array_equal(table.assign(keys)[at_once], full.assign(keys)[at_once])


def test_the_chance_of_a_key_to_be_cut_off():
    """The last living node before a key, and dead ones after it; 100,000 circles of 64 nodes."""
    rng = np.random.default_rng(5)
    for q, r in [(0.3, 1), (0.3, 3), (0.5, 4)]:
        dead = rng.random((100_000, 64)) < q
        before = np.argmin(dead, axis=1)  # nodes backward from the key, dead ones skipped
        run = np.argmin(rng.random((100_000, 64)) < q, axis=1)  # and forward
        assert_frequency((before + run >= r).sum(), 100_000, lookup_failure(q, r))


# --- Contracts ------------------------------------------------------------------------------------


def test_indices_stay_when_nodes_go():
    made = Ring(["a", "b", "c"])
    made.remove("a")
    assert made.nodes == ("a", "b", "c")
    assert made.weights.tolist() == [0, 1, 1]
    assert made.n_nodes == 2
    assert set(made.assign(KEYS)) == {1, 2}
    assert made.shares()[0] == 0
    assert repr(made) == "Ring of 2 nodes"


@pytest.mark.parametrize("make", ALL)
def test_the_same_seed_gives_the_same_nodes_and_another_seed_others(make):
    assert_array_equal(make(5, seed=1).assign(KEYS), make(5, seed=1).assign(KEYS))
    assert (make(5, seed=1).assign(KEYS) != make(5, seed=2).assign(KEYS)).any()
    assert make(5).assign(KEYS).dtype == np.int64
    assert make(5).assign(["to", b"be"]).shape == (2,)
    assert make(5).assign([]).shape == (0,)


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("must have a node", lambda: Ring().assign([1])),
        ("must have a node", lambda: Ring().lookup("key")),
        ("must have a node", lambda: SegmentTable(3.0).assign([1])),
        ("must be new; 'a' is there", lambda: Ring(["a", "a"])),
        ("must be new; b'a' is there", lambda: Ring(["a", b"a"])),
        ("one that is there; got 'b'", lambda: Rendezvous(["a"]).remove("b")),
        ("one for each of 2 nodes", lambda: Ring(2, [1.0])),
        ("weight must lie in", lambda: Rendezvous(2, [1.0, 0.0])),
        ("capacities must be one for each", lambda: SegmentTable(9.0, 2, [1.0])),
        ("must not be more than the space, 2", lambda: SegmentTable(2.0, 3)),
        ("build a smaller table", lambda: SegmentTable(1e9, 1).assign([1])),
        ("added last, 2; got 0", lambda: JumpHash(3).remove(0)),
        ("the number of nodes = 3; got 4", lambda: Ring(3).copies([1], 4)),
        ("n_keys must be at least 3", lambda: BoundedRing(3).assign([1, 2, 3], n_keys=2)),
        (r"factor must lie in \(1", lambda: BoundedRing(3, factor=1.0)),
    ],
)
def test_what_cannot_be_is_refused_in_words(words, call):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("takes one key", lambda: Ring(3).lookup(["a"])),
        ("use assign for all", lambda: BoundedRing(3).lookup("a")),
        ("use Ring.copies", lambda: BoundedRing(3).copies(["a"], 2)),
        ("strings or bytes", lambda: murmur3_token([1])),
        ("a list of names", lambda: Ring("anna")),
        ("an integer, a string or bytes", lambda: Ring([("a", "b")])),
        ("make words of other keys", lambda: jump_hash([0.5], 3)),
    ],
)
def test_what_is_of_another_kind_is_refused_in_words(words, call):
    with pytest.raises(TypeError, match=words):
        call()


# --- Peers ----------------------------------------------------------------------------------------


def test_jump_hash_is_the_peers_to_the_digit():
    peer = pytest.importorskip("jump")
    words = hash_items(np.arange(2000))
    for n in (1, 7, 1000, 2**31 - 1):
        assert jump_hash(words, n).tolist() == [peer.hash(int(word), n) for word in words]


def test_tokens_are_cassandras_to_the_digit():
    token = pytest.importorskip("cassandra.metadata").Murmur3Token
    rng = np.random.default_rng(0)
    keys = [rng.integers(0, 256, i % 80, dtype=np.uint8).tobytes() for i in range(400)]
    assert murmur3_token(keys).tolist() == [token.hash_fn(key) for key in keys]


def test_shares_are_nearer_to_the_weights_than_uhashrings():
    """At weights 1:2:4; the peer's own points, ours at its number of them."""
    peer = pytest.importorskip("uhashring")
    keys = [f"key{i}" for i in range(20_000)]
    weights = {f"node{i}": 2**i for i in range(3)}
    theirs = peer.HashRing(nodes=weights)
    counts = np.array([sum(theirs.get_node(key) == node for key in keys) for node in weights])
    ours = Rendezvous(list(weights), list(weights.values())).assign(keys)
    exact = np.array([1, 2, 4]) / 7
    worst = np.abs(counts / 20_000 / exact - 1).max()
    assert np.abs(np.bincount(ours) / 20_000 / exact - 1).max() < worst
