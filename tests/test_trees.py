"""Trees: exact ones find what brute force finds, others what they promise, at a counted cost.

A test that tosses coins states its chance of a false alarm, should the seeds be drawn anew;
`tests.chance` keeps it below 1e-5 for each assertion.
"""

import functools
import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsTransformer
from sklearn.utils.estimator_checks import check_estimator

from course_lib import trees as tr
from course_lib.manifolds import connect, geodesic_distances
from tests.chance import assert_at_most
from tests.kernels import as_python

EXACT = {
    "kd": lambda X, Q, k, **o: tr.kd_query(tr.kd_tree(X, **o), Q, k),
    "kd midpoint": lambda X, Q, k, **o: tr.kd_query(tr.kd_tree(X, split="midpoint", **o), Q, k),
    "kd cyclic": lambda X, Q, k, **o: tr.kd_query(tr.kd_tree(X, axes="cyclic", **o), Q, k),
    "best bin first": lambda X, Q, k, **o: tr.best_bin_first(tr.kd_tree(X, **o), Q, k),
    "ball": lambda X, Q, k, **o: tr.ball_query(tr.ball_tree(X, **o), Q, k),
    "forest": lambda X, Q, k, **o: tr.rp_query(
        tr.rp_forest(X, 2, rng=0, **o), Q, k, search_budget=len(X)
    ),
    "spill": lambda X, Q, k, **o: tr.rp_query(
        tr.spill_tree(X, rng=0, **o), Q, k, search_budget=len(X)
    ),
}
every_exact = pytest.mark.parametrize("search", EXACT.values(), ids=EXACT.keys())
SPLITS = [
    (direction, threshold)
    for direction in ("gaussian", "two_points", "two_means")
    for threshold in ("median", "max", "midpoint")
    if (direction, threshold) != ("gaussian", "midpoint")
]


def points(seed, n, d, kind="uniform", scale=1.0):
    """Points with ties, clusters, one line or far from the origin, and queries near them."""
    rng = np.random.default_rng(seed)
    X = rng.random((n + 8, d))
    if kind == "ties":
        X = np.round(3 * X)
    elif kind == "equal":
        X[:] = X[0]
    elif kind == "line":
        X = X[:, :1] * np.arange(1.0, d + 1)
    elif kind == "far":
        X += 1000
    elif kind == "powers":
        X = 2.0 ** -np.arange(n + 8.0)[:, None] * np.ones(d)
    return scale * X[:n], scale * X[n:]


def truth(X, Q, k):
    return np.sort(cdist(Q, X), axis=1)[:, :k]


def cross(D, n=2000):
    """Points on the D axes, from -1 to 1."""
    X = np.zeros((D, n // D, D))
    X[np.arange(D), :, np.arange(D)] = np.linspace(-1, 1, n // D)
    return X.reshape(-1, D)


def halving_depth(tree, X):
    """The first depth at which the mean diameter, weighted by points, is half that of all."""

    def diameter(depth):
        groups = tr.cells(tree, depth)
        return sum(len(g) * cdist(X[g], X[g]).max() for g in groups) / len(X)

    whole = diameter(0)
    return next(depth for depth in range(1, 60) if diameter(depth) <= whole / 2 + 1e-9)


# --- Facts ---------------------------------------------------------------------------------------

kinds = st.sampled_from(["uniform", "ties", "equal", "line", "far", "powers"])


@every_exact
@given(
    st.integers(0, 999),
    st.integers(1, 60),
    st.integers(1, 5),
    kinds,
    st.integers(1, 12),
    st.sampled_from([1e-6, 1.0, 1000.0]),
    st.integers(1, 60),
)
@settings(max_examples=25)
def test_exact_searches_find_what_all_distances_say(search, seed, n, d, kind, leaf, scale, k):
    X, Q = points(seed, n, d, kind, scale)
    k = min(k, n)
    found = search(X, Q, k, leaf_size=leaf)
    assert_allclose(found.distances, truth(X, Q, k), rtol=1e-9, atol=1e-12 * scale)
    rows = found.indices
    assert all(len(set(row)) == k for row in rows.tolist())
    assert_allclose(
        np.linalg.norm(X[rows] - Q[:, None], axis=2), found.distances, rtol=1e-9, atol=1e-12 * scale
    )
    assert np.all(k <= found.evaluations) and np.all(found.evaluations <= n)


@given(st.integers(0, 999), st.integers(1, 60), st.integers(1, 5), kinds, st.integers(1, 60))
@settings(max_examples=40)
def test_brute_force_is_exact_far_from_the_origin_too(seed, n, d, kind, k):
    X, Q = points(seed, n, d, kind)
    k = min(k, n)
    found = tr.brute_force(X, Q, k)
    assert_allclose(found.distances, truth(X, Q, k), rtol=1e-12, atol=0)
    single = tr.brute_force((X + 1e4).astype(np.float32), (Q + 1e4).astype(np.float32), k)
    X, Q = ((A + 1e4).astype(np.float32).astype(float) for A in (X, Q))
    assert_allclose(single.distances, truth(X, Q, k), rtol=1e-6, atol=1e-12)
    assert_array_equal(found.evaluations, n)


@given(st.integers(0, 999), st.integers(1, 60), st.integers(1, 4), kinds, st.integers(1, 9))
@settings(max_examples=40)
def test_the_boxes_of_a_kd_tree_hold_its_points(seed, n, d, kind, leaf):
    X, _ = points(seed, n, d, kind)
    for split in ("median", "midpoint"):
        tree = tr.kd_tree(X, leaf_size=leaf, split=split)
        assert_array_equal(np.sort(tree.order), np.arange(n))
        deepest = [0] * len(tree.child)
        for node, c in enumerate(tree.child):
            a, b = tree.start[node], tree.stop[node]
            if c:
                left = X[tree.order[a : tree.stop[c]], tree.axis[node]]
                right = X[tree.order[tree.start[c + 1] : b], tree.axis[node]]
                assert left.max() == tree.low[node] <= tree.high[node] == right.min()
                assert split == "midpoint" or len(left) == (b - a) // 2
                deepest[c] = deepest[c + 1] = deepest[node] + 1
            else:
                assert_array_equal(
                    tree.points[a * d : b * d].reshape(d, b - a).T, X[tree.order[a:b]]
                )
                assert b - a <= leaf or np.ptp(X[tree.order[a:b]], axis=0).max() == 0
        assert tree.depth == max(deepest)
        assert split == "midpoint" or tree.depth <= max(0, math.ceil(math.log2(n / leaf)) + 1)


@given(st.integers(0, 999), st.integers(1, 80), st.integers(1, 4), kinds, st.sampled_from(SPLITS))
@settings(max_examples=40)
def test_a_forest_sends_each_point_to_the_leaf_that_holds_it(seed, n, d, kind, split):
    X, _ = points(seed, n, d, kind)
    forest = tr.rp_forest(X, 2, leaf_size=4, direction=split[0], threshold=split[1], rng=seed)
    assert_allclose(np.linalg.norm(forest.normals, axis=1), 1)
    assert_array_equal(forest.points, X[forest.rows])
    for root in forest.roots:
        held = []
        for node in _leaves(forest, root):
            held += forest.order[forest.start[node] : forest.stop[node]].tolist()
        assert sorted(held) == list(range(n))
    found = tr.rp_query(forest, X, 1)  # one leaf of each tree holds the point itself
    assert_allclose(found.distances, 0, atol=1e-9)


def _leaves(forest, root):
    c = forest.child[root]
    return [*_leaves(forest, c), *_leaves(forest, c + 1)] if c else [root]


@pytest.mark.parametrize("name", ["kd", "ball", "best bin first", "forest"])
def test_kernels_are_the_python_they_were_written_in(name):
    X, Q = points(1, 40, 3)
    compiled = EXACT[name](X, Q, 4, leaf_size=3)
    with as_python("trees"):
        read = EXACT[name](X, Q, 4, leaf_size=3)
    for one, other in zip(compiled, read, strict=True):
        assert_allclose(one, other, rtol=1e-12)


def test_best_bin_first_reads_fewest_leaves_and_obeys_its_budget():
    X, Q = np.random.default_rng(0).random((2, 3000, 6))
    tree = tr.kd_tree(X, leaf_size=8)
    deep, best = tr.kd_query(tree, Q[:200], 5), tr.best_bin_first(tree, Q[:200], 5)
    assert np.all(best.leaves <= deep.leaves) and best.leaves.sum() < deep.leaves.sum()
    short = tr.best_bin_first(tree, Q[:200], 5, search_budget=50)
    assert short.evaluations.max() < 50 + 8
    assert 0.5 < tr.recall(short.distances, deep.distances) < 1
    assert_array_equal(tr.best_bin_first(tree, Q[:9], 20, search_budget=1).indices >= 0, True)


def test_a_forest_obeys_its_budget_and_counts_a_point_once():
    X, Q = np.random.default_rng(0).random((2, 2000, 6))
    forest = tr.rp_forest(X, 5, leaf_size=16, rng=0)
    found = tr.rp_query(forest, Q[:200], 5, search_budget=200)
    assert np.all((found.evaluations >= 200) & (found.evaluations < 200 + 16))
    whole = tr.rp_query(forest, Q[:20], 5, search_budget=2000)
    assert_array_equal(whole.evaluations, 2000)
    defeatist = tr.rp_query(forest, Q[:200], 5)
    assert_array_equal(defeatist.leaves, 5)
    assert np.all(defeatist.projections <= 5 * forest.depth)


def test_a_kd_tree_needs_a_level_an_axis_and_random_directions_do_not():
    for D in (5, 10, 20):
        X = cross(D)
        boxes = tr.kd_tree(X, leaf_size=2, split="midpoint")  # what lies on a cut stays together
        assert halving_depth(boxes, X) == D
        assert halving_depth(tr.rp_tree(X, leaf_size=2, rng=D), X) <= math.log2(D) + 3
        rotation = np.linalg.qr(np.random.default_rng(D).standard_normal((D, D)))[0]
        assert halving_depth(tr.kd_tree(X @ rotation, leaf_size=2), X) <= math.log2(D) + 3


def test_measures_by_hand():
    assert tr.recall([[1.0, 2.0]], [[2.0, 2.0]]) == 1.0  # a tie
    assert tr.recall([[1.0, np.inf]], [[1.0, 2.0]]) == 0.5
    assert tr.potential([[3.0], [3.0], [5.0]], [[3.0]])[0] == 0
    assert tr.potential([[1.0], [1.0]], [[0.0]])[0] == 0.5
    assert tr.contrast([[1.0], [2.0]], [[1.0]])[0] == math.inf
    # V_3 = 4 pi / 3; ten neighbors, leaves of ten: (2 / V^(1/3) + 1)^3
    expected = (2 / (4 * math.pi / 3) ** (1 / 3) + 1) ** 3
    assert tr.expected_leaves(3, 10, 10) == pytest.approx(expected)
    assert tr.expected_leaves(2000, 10, 10) == math.inf


# --- Theorems ------------------------------------------------------------------------------------


@given(st.integers(0, 999), st.floats(0, 4), st.integers(1, 10), st.sampled_from(["kd", "ball"]))
@settings(max_examples=60)
def test_every_distance_is_within_one_plus_epsilon(seed, epsilon, k, kind):
    """Arya et al. 1998, Section 2."""
    X, Q = points(seed, 300, 4)
    make, query = {"kd": (tr.kd_tree, tr.kd_query), "ball": (tr.ball_tree, tr.ball_query)}[kind]
    found = query(make(X, leaf_size=3), Q, k, epsilon=epsilon)
    exact = truth(X, Q, k)
    assert np.all(found.distances <= (1 + epsilon) * exact * (1 + 1e-12))
    assert np.all(found.distances >= exact * (1 - 1e-12))


def test_epsilon_saves_work():
    X, Q = np.random.default_rng(0).random((2, 20_000, 8))
    tree = tr.kd_tree(X, leaf_size=8)
    exact, near = tr.kd_query(tree, Q[:100], 10), tr.kd_query(tree, Q[:100], 10, epsilon=1.0)
    assert near.evaluations.mean() < exact.evaluations.mean() / 3


def test_what_a_query_reads_does_not_grow_with_n_in_two_dimensions():
    """Friedman, Bentley, Finkel 1977: a factor of 8 in n, and less than a fifth more."""
    read = []
    for n in (5000, 40_000):
        X = np.random.default_rng(n).random((n, 2))
        Q = 0.1 + 0.8 * np.random.default_rng(1).random((1000, 2))
        found = tr.kd_query(tr.kd_tree(X, leaf_size=8), Q, 10)
        read.append(found.evaluations.mean())
        assert found.leaves.mean() < 2 * tr.expected_leaves(2, 10, 5)
    assert read[1] < 1.2 * read[0] < 60


def test_one_random_cut_parts_a_query_from_its_neighbor_as_the_potential_allows():
    """A cut at a quantile from [1/4, 3/4]: probability at most Phi; 400 cuts for each query."""
    rng = np.random.default_rng(2)
    X, Q = rng.random((500, 5)), rng.random((20, 5))
    nearest = X[tr.brute_force(X, Q, 1).indices[:, 0]]
    bound = tr.potential(X, Q)
    apart = np.zeros(len(Q), int)
    for _ in range(400):
        direction = rng.standard_normal(5)
        cut = np.quantile(X @ direction, rng.uniform(0.25, 0.75))
        apart += (Q @ direction < cut) != (nearest @ direction < cut)
    for hits, phi in zip(apart, bound, strict=True):
        assert_at_most(hits, 400, phi)


def test_a_cut_through_a_point_may_part_a_query_more_often_than_the_potential_says():
    """Two points in the plane: the bound is Phi + 1/m, and Phi alone is too small."""
    rng = np.random.default_rng(3)
    X, q = np.array([[0.05, 0.0], [0.0, 1.0]]), np.zeros(2)
    phi = tr.potential(X, q[None])[0]
    heights = np.sort(projected := rng.standard_normal((4000, 2)) @ X.T, axis=1)
    ranks = np.ceil(rng.uniform(0.25, 0.75, 4000) * 2).astype(int)
    cuts = heights[np.arange(4000), ranks - 1]
    apart = int(np.sum((projected[:, 0] >= cuts) != (q[0] >= cuts)))
    assert_at_most(apart, 4000, phi + 1 / 2)
    assert apart > 4000 * phi + 600  # about 0.25 of 4,000; 3 sigma are 90


def test_overlap_costs_the_copies_that_the_formula_says_and_finds_more():
    X, Q = np.random.default_rng(3).random((2, 8000, 6))
    exact = tr.brute_force(X, Q[:1000], 1).distances
    shares = []
    for overlap in (0.0, 0.05, 0.1):
        tree = tr.spill_tree(X, leaf_size=50, overlap=overlap, rng=0)
        copies = len(tree.order) / len(X)
        assert 0.6 < copies / tr.spill_copies(8000, 50, overlap) < 1.6
        shares.append(tr.recall(tr.rp_query(tree, Q[:1000], 1).distances, exact))
    assert shares[0] + 0.05 < shares[1] < shares[2] - 0.05


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_dimension_of_a_uniform_cloud(d):
    """Its relative spread is 1/sqrt(19 m) for m independent queries; 300 overlap, so say 100.

    Then 10% are 4.4 standard errors, and it is wrong once in 100,000 draws of the cloud.
    """
    rng = np.random.default_rng(d)
    X, Q = rng.random((20_000, d)), 0.3 + 0.4 * rng.random((300, d))  # far from the border
    flat = np.linalg.qr(rng.standard_normal((8, d)))[0].T  # in eight dimensions
    assert tr.intrinsic_dimension(X @ flat, Q @ flat) == pytest.approx(d, rel=0.1)


# --- Contracts -----------------------------------------------------------------------------------


@every_exact
def test_dtype_is_kept_input_untouched_and_the_same_seed_gives_the_same(search):
    X, Q = (A.astype(np.float32) for A in points(5, 200, 3))
    before = X.copy(), Q.copy()
    one, two = search(X, Q, 3), search(X, Q, 3)
    assert one.distances.dtype == np.float32 and one.indices.dtype == np.int64
    for a, b in zip(one, two, strict=True):
        assert_array_equal(a, b)
    assert_array_equal(X, before[0])
    assert_array_equal(Q, before[1])


def test_an_index_does_not_change_with_the_array_it_was_made_of():
    X, Q = points(5, 200, 3)
    indices = [tr.kd_tree(X), tr.ball_tree(X), tr.rp_forest(X, 2, rng=0), tr.spill_tree(X, rng=0)]
    queries = [tr.kd_query, tr.ball_query, tr.rp_query, tr.rp_query]
    before = [query(index, Q, 3).distances for query, index in zip(queries, indices, strict=True)]
    X[:] = 0
    for query, index, distances in zip(queries, indices, before, strict=True):
        assert_array_equal(query(index, Q, 3).distances, distances)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda X: tr.kd_query(tr.kd_tree(X), X[:, :2], 1), "queries must have 3 columns"),
        (lambda X: tr.kd_query(tr.ball_tree(X), X, 1), "must come from kd_tree; got BallTree"),
        (lambda X: tr.rp_query(tr.kd_tree(X), X, 1), "must come from rp_forest"),
        (lambda X: tr.kd_query(tr.kd_tree(X), X, 21), "between 1 and n = 20; got 21"),
        (lambda X: tr.kd_tree(X, split="mean"), "split must be"),
        (lambda X: tr.rp_tree(X, threshold="midpoint"), "for Gaussian directions"),
        (lambda X: tr.rp_forest(X, 10**12), "fit in the memory"),
        (lambda X: tr.kd_tree(X * 1e200), "overflows"),
        (lambda X: tr.intrinsic_dimension(np.zeros((9, 2))), "different points"),
    ],
)
def test_errors_say_what_must_be(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call(points(0, 20, 3)[0])


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree", "rp_forest", "brute"])
def test_the_transformer_is_an_estimator(algorithm):
    estimator = tr.TreeNeighborsTransformer(algorithm=algorithm, random_state=0)
    results = check_estimator(estimator, on_skip=None, on_fail=None)
    failed = [r["check_name"] for r in results if r["status"] not in ("passed", "skipped")]
    assert failed == []


def test_its_graph_serves_shortest_paths():
    """Chapter 08 takes it, made symmetric, for its own neighbor graph."""
    angle = np.linspace(0, 3, 40)
    arc = np.column_stack([np.cos(angle), np.sin(angle)])
    graph = tr.TreeNeighborsTransformer(2).fit_transform(arc)
    both = connect(graph.maximum(graph.T), arc)
    lengths = geodesic_distances(both, [0])
    assert lengths[0, -1] == pytest.approx(3.0, rel=1e-3)


# --- Peers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree", "brute"])
def test_the_graph_is_scikit_learns(mode, algorithm):
    X, Q = points(7, 100, 4)
    ours = tr.TreeNeighborsTransformer(4, mode=mode, algorithm=algorithm).fit(X)
    peer = KNeighborsTransformer(n_neighbors=4, mode=mode).fit(X)
    for rows in (X, Q):
        one, other = ours.transform(rows), peer.transform(rows)
        assert sp.issparse(one) and one.format == "csr" and one.shape == other.shape
        assert_allclose(one.toarray(), other.toarray(), atol=1e-12)
        assert_array_equal(one.indices, other.indices)
    for one, other in zip(ours.kneighbors(), peer.kneighbors(), strict=True):
        assert_allclose(one, other)
    assert_allclose(ours.kneighbors(Q, 2)[0], peer.kneighbors(Q, 2)[0])
    assert_array_equal(ours.get_feature_names_out().shape, peer.get_feature_names_out().shape)


@functools.cache
def digits():
    """MNIST in 50 principal directions, float32: 20,000 to search, and 200 queries."""
    from course_lib import datasets

    X = datasets.mnist().train_images[:20_200].reshape(-1, 784) / np.float32(255)
    X -= X.mean(axis=0)
    values, V = np.linalg.eigh(X.T @ X)
    Y = np.ascontiguousarray(X @ V[:, values.argsort()[:-51:-1]])
    return Y[:20_000], Y[20_000:]


def test_a_forest_finds_digits_by_few_evaluations():
    X, Q = digits()
    exact = tr.brute_force(X, Q, 10).distances
    blind = tr.rp_forest(X, direction="gaussian", threshold="median", rng=0)
    found = [
        tr.rp_query(forest, Q, 10, search_budget=800) for forest in (tr.rp_forest(X, rng=0), blind)
    ]
    assert (found[0].evaluations + found[0].projections).mean() < 1200
    shares = [tr.recall(f.distances, exact) for f in found]
    assert shares[0] > 0.96 and shares[1] < 0.93


def test_scipy_finds_no_nearer_digits():
    spatial = pytest.importorskip("scipy.spatial")
    X, Q = digits()
    peer = spatial.cKDTree(X).query(Q[:50], 10)[0]
    assert_allclose(tr.kd_query(tr.kd_tree(X), Q[:50], 10).distances, peer, rtol=1e-5)
