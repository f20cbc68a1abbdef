"""Affinities, quadtree, t-SNE and trust: facts, theorems, contracts, peers."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn import manifold
from sklearn.base import clone
from sklearn.manifold import _utils as sklearn_utils

from course_lib import datasets
from course_lib.cost import growth_exponent
from course_lib.manifolds import (
    TSNE,
    affinities,
    continuity,
    exact_repulsion,
    joint_affinities,
    kl_divergence,
    quadtree,
    repulsion,
    trustworthiness,
    tsne_steps,
)
from course_lib.manifolds.tsne import _attraction
from tests.kernels import as_python

seeds = st.integers(0, 2**32 - 1)


@st.composite
def points(draw):
    """Points in the plane: spread, in clumps, on a line, coinciding."""
    n = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(seeds))
    kind = draw(st.sampled_from(["spread", "clumps", "line", "equal", "grid"]))
    scale = draw(st.sampled_from([1e-3, 1.0, 1e4]))
    Y = {
        "spread": rng.standard_normal((n, 2)),
        "clumps": rng.integers(0, 3, (n, 2)) + 1e-9 * rng.standard_normal((n, 2)),
        "line": np.outer(rng.random(n), [1.0, 0.0]),
        "equal": np.ones((n, 2)),
        "grid": rng.integers(0, 4, (n, 2)).astype(float),
    }[kind]
    return scale * Y


# --- Facts ---------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(points())
def test_a_cell_holds_its_points_and_its_children_after_it(Y):
    tree = quadtree(Y)
    n, count = len(Y), len(tree.skip)
    assert_array_equal(np.sort(tree.order), np.arange(n))
    assert_array_equal(tree.points, Y[tree.order])
    assert_array_equal(tree.spans[0], [0, n])
    side = np.sqrt(tree.cells[:, 3])
    for cell in range(count):
        low, high = tree.spans[cell]
        inside = tree.points[low:high]
        assert tree.cells[cell, 2] == high - low
        assert_allclose(tree.cells[cell, :2], inside.mean(axis=0), atol=1e-7 * np.abs(Y).max())
        assert (
            np.ptp(inside, axis=0).max() <= side[cell] * (1 + 1e-9) + 1e-6 * np.ptp(Y, axis=0).max()
        )
        if not tree.leaf[cell]:
            child, covered = cell + 1, low
            while child < tree.skip[cell]:
                assert tree.spans[child, 0] == covered and side[child] < side[cell]
                covered, child = tree.spans[child, 1], tree.skip[child]
            assert covered == high and child == tree.skip[cell]
        else:
            assert tree.skip[cell] == cell + 1
    assert count < 2 * n


@settings(max_examples=60)
@given(points())
def test_theta_zero_is_exact(Y):
    ours, exact = repulsion(Y, 0.0), exact_repulsion(Y)
    assert_allclose(ours.normalizer, exact.normalizer, rtol=1e-10, atol=1e-9)
    assert_allclose(ours.forces, exact.forces, atol=1e-9 * max(1e-300, np.abs(exact.forces).max()))


@settings(max_examples=40)
@given(points(), st.floats(0.0, 0.7))
def test_forces_of_two_bodies_are_within_reach_of_theta(Y, theta):
    ours, exact = repulsion(Y, theta), exact_repulsion(Y)
    assert 0.8 * exact.normalizer <= ours.normalizer <= 1.25 * exact.normalizer + 1e-9
    assert np.linalg.norm(ours.forces - exact.forces) <= 0.25 * np.linalg.norm(exact.forces) + 1e-12


@settings(max_examples=40)
@given(st.integers(1, 20), st.integers(3, 12), st.floats(0.05, 0.95), seeds)
def test_affinities_have_the_perplexity(n, k, share, seed):
    rng = np.random.default_rng(seed)
    perplexity = 1 + share * (k - 1)
    D = rng.random((n, k)) * 10.0 ** rng.integers(-5, 6, (n, 1))
    P = affinities(D, perplexity)
    assert_allclose(P.sum(axis=1), 1)
    entropy = -np.sum(P * np.log(np.maximum(P, 1e-300)), axis=1)
    assert_allclose(np.exp(entropy), perplexity, rtol=1e-8)
    slope = [np.polyfit(d, np.log(p), 1)[0] for d, p in zip(D, np.maximum(P, 1e-200), strict=True)]
    beta = -np.array(slope)
    big = P > 1e-100
    fitted = np.log(np.maximum(P, 1e-200)) + beta[:, None] * D
    spread = np.array([np.ptp(f[b]) for f, b in zip(fitted, big, strict=True)])
    assert np.all(spread[big.all(axis=1)] < 1e-6)  # the logarithm is linear in the distance
    assert_allclose(affinities(D * 1e100, perplexity), P, atol=1e-7)


def test_ties_share_a_row():
    P = affinities(np.array([[1.0, 1.0, 1.0, 5.0], [0.0, 0.0, 0.0, 0.0]]), 2.0)
    assert_allclose(P, [[1 / 3, 1 / 3, 1 / 3, 0], [0.25] * 4], atol=1e-12)


def test_joint_affinities_are_symmetric_and_sum_to_one(rng):
    P = joint_affinities(rng.standard_normal((80, 5)), 7)
    assert_array_equal(P.toarray(), P.T.toarray())
    assert_allclose(P.sum(), 1)
    assert P.diagonal().sum() == 0
    assert np.all(P.sum(axis=1) >= 1 / 160 - 1e-12)  # no point is forgotten


def test_steps_go_down_the_gradient(rng):
    """The force is the derivative of the divergence: central differences, all 40 coordinates."""
    P = joint_affinities(rng.standard_normal((20, 3)), 4)
    Y = rng.standard_normal((20, 2))
    gradient = 4 * (_attraction(P.indptr, P.indices, P.data, Y) - repulsion(Y, 0.0).forces)
    for i in range(20):
        for axis in range(2):
            step = np.zeros_like(Y)
            step[i, axis] = 1e-5
            slope = (kl_divergence(P, Y + step) - kl_divergence(P, Y - step)) / 2e-5
            assert_allclose(gradient[i, axis], slope, atol=1e-7)


def test_the_first_step_is_the_published_one(rng):
    P = joint_affinities(rng.standard_normal((30, 3)), 5)
    Y = rng.standard_normal((30, 2))
    before = Y.copy()
    pull = _attraction(P.indptr, P.indices, P.data, Y)
    forces = repulsion(Y).forces
    for n_early, factor in ((5, 12.0), (0, 1.0)):
        step = next(tsne_steps(P, Y, n_early=n_early, learning_rate=10.0))
        # the gain of a first step is 1 + 0.2
        assert_allclose(step.Y, Y - 10 * 1.2 * 4 * (factor * pull - forces))
    assert_array_equal(Y, before)


@settings(max_examples=30)
@given(st.integers(5, 40), st.integers(1, 6), seeds)
def test_trust_is_the_definition(n, r, seed):
    rng = np.random.default_rng(seed)
    r = min(r, (n - 1) // 2)
    X, Y = rng.standard_normal((n, 4)), rng.standard_normal((n, 2))
    ranks = np.argsort(np.argsort(cdist(X, X), axis=1), axis=1)
    on_map = np.argsort(cdist(Y, Y), axis=1)[:, 1 : r + 1]
    excess = np.maximum(np.take_along_axis(ranks, on_map, axis=1) - r, 0).sum(axis=1)
    assert_allclose(trustworthiness(X, Y, r), 1 - excess * 2 / (r * (2 * n - 3 * r - 1)))
    assert_array_equal(trustworthiness(X, X, r), np.ones(n))
    assert_array_equal(continuity(X, Y, r), trustworthiness(Y, X, r))


def test_trust_reaches_zero():
    X = np.arange(7.0)[:, None] ** 2
    Y = np.array([[0.0], [50.0], [60.0], [70.0], [80.0], [90.0], [1.0]])  # first and last together
    assert_allclose(trustworthiness(X, Y, 1)[[0, 6]], 0.0, atol=1e-12)


# --- Theorems ------------------------------------------------------------------------------------


def two_clusters(rng, distance, size):
    """Sixty points each on a grid of binary fractions, the second magnified and moved exactly."""
    shapes = [np.round(rng.standard_normal((60, 2)) * 2**12) / 2**12 for _ in range(2)]
    return np.vstack([shapes[0], size * shapes[1] + [distance, 0.0]])


@pytest.mark.parametrize(("distance", "size"), [(2.0**20, 1.0), (2.0**14, 64.0), (2.0**15, 2**-3)])
def test_distances_and_sizes_of_clusters_leave_no_trace(distance, size, request):
    """Perplexity 10 looks at 31 neighbors; all are in the own cluster: the same map to the bit."""
    maps, P = [], []
    for far, big in ((2.0**10, 1.0), (distance, size)):
        X = two_clusters(np.random.default_rng(8), far, big)
        P.append(joint_affinities(X, 10).toarray())
        maps.append(TSNE(10, max_iter=60, init="random", random_state=1).fit_transform(X))
    assert_array_equal(*P)
    assert_array_equal(*maps)


def test_a_cluster_whose_neighbors_are_outside_is_seen(rng):
    """The condition: at perplexity 25 the search reaches 76 points, more than a cluster has."""
    P = [joint_affinities(two_clusters(np.random.default_rng(8), far, 1.0), 25) for far in (64, 8)]
    assert abs(P[0] - P[1]).max() > 1e-6


def test_repulsion_is_within_3_percent_in_n_log_n_visits(rng):
    """Round maps: over 20 draws the exponent was 1.20 to 1.21, the error 0.022 to 0.026."""
    sizes = [1000, 2000, 4000, 8000]
    for _ in range(3):
        found = [repulsion(15 * rng.standard_normal((n, 2)), 0.5) for n in sizes]
        assert growth_exponent(sizes, [r.visits for r in found]) <= 1.3
        Y = 15 * rng.standard_normal((2000, 2))
        exact = exact_repulsion(Y).forces
        gap = np.linalg.norm(repulsion(Y, 0.5).forces - exact) / np.linalg.norm(exact)
        assert 1e-4 < gap < 0.03
        finer = np.linalg.norm(repulsion(Y, 0.2).forces - exact) / np.linalg.norm(exact)
        assert finer < 0.3 * gap


# --- Contracts -----------------------------------------------------------------------------------


def test_kernels_are_the_python_they_were_written_in(rng):
    X, Y = rng.standard_normal((30, 3)), rng.standard_normal((30, 2))
    P = joint_affinities(X, 5)
    compiled = repulsion(Y), P.data, trustworthiness(X, Y, 4), next(tsne_steps(P, Y)).Y
    with as_python("manifolds"):
        plain = repulsion(Y), joint_affinities(X, 5).data, trustworthiness(X, Y, 4)
        moved = next(tsne_steps(P, Y)).Y
    assert plain[0].visits == compiled[0].visits
    assert_allclose(plain[0].forces, compiled[0].forces, rtol=1e-12, atol=1e-15)
    assert_allclose(plain[1], compiled[1], rtol=1e-9)
    assert_array_equal(plain[2], compiled[2])
    assert_allclose(moved, compiled[3], rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("init", ["pca", "random"])
def test_same_seed_same_map_in_the_dtype_of_the_data(init, dtype, rng):
    X = rng.standard_normal((60, 4)).astype(dtype)
    before = X.copy()
    maps = [TSNE(8, max_iter=30, init=init, random_state=4).fit_transform(X) for _ in range(2)]
    assert_array_equal(*maps)
    assert maps[0].dtype == dtype
    assert_array_equal(X, before)
    other = TSNE(8, max_iter=30, init="random", random_state=5).fit_transform(X)
    assert not np.array_equal(other, maps[0])


def test_a_start_may_be_given(rng):
    X, start = rng.standard_normal((50, 4)), rng.standard_normal((50, 2))
    one = TSNE(8, max_iter=1, init=start, learning_rate=1e-9).fit_transform(X)
    assert_allclose(one, start, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("init", ["pca", "random"])
def test_sparse_rows_have_the_map_of_dense_ones(init, dtype, rng):
    """One step from the same start; later ones magnify the last digits."""
    X = sp.random_array((60, 30), density=0.2, rng=rng, dtype=dtype)
    P, Q = joint_affinities(X, 5), joint_affinities(X.toarray(), 5)
    assert_allclose(P.toarray(), Q.toarray(), rtol=1e-4, atol=1e-9)
    options = {"max_iter": 1, "init": init, "random_state": 0}
    one, other = (TSNE(5, **options).fit(A) for A in (X.tocsc(), X.toarray()))
    scale = np.abs(other.embedding_).max()
    assert_allclose(one.embedding_, other.embedding_, atol=1e-3 * scale)
    assert one.embedding_.dtype == dtype


@pytest.mark.parametrize("far", [0.0, 1e4])
def test_equal_sparse_rows_are_neighbors_at_no_distance(far, rng):
    X = np.tile(rng.standard_normal((10, 6)) + far, (3, 1))
    X[:, 3] = 0.0
    P = joint_affinities(sp.csr_array(X), 2.0).toarray()
    assert_allclose(P, joint_affinities(X, 2.0).toarray(), atol=1e-12)
    assert_allclose(P[0, [10, 20]], 1 / 60, rtol=1e-12)


def test_the_step_may_be_named_as_scikit_learn_names_it(rng):
    X, model = rng.standard_normal((40, 3)), TSNE(5, max_iter=20, random_state=0)
    plain, *named = (
        clone(model).set_params(learning_rate=rate).fit_transform(X) for rate in (None, "auto", 50)
    )
    assert_array_equal(named[0], plain)
    assert_array_equal(named[1], plain)  # 40 / (4 * 12) is less
    with pytest.raises(TypeError, match="learning_rate must be a number; got 'best'"):
        TSNE(5, learning_rate="best").fit(X)


def test_perplexity_may_be_one_and_all_others():
    """The nearest neighbor alone, ties share; and all of them equally."""
    X = np.array([[0.0], [1.0], [3.0], [6.0]])
    P = joint_affinities(X, 1).toarray()
    assert_allclose(P * 8, [[0, 2, 0, 0], [2, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]], atol=1e-12)
    assert_allclose(joint_affinities(X, 3).toarray() * 12, 1 - np.eye(4), atol=1e-4)
    assert_allclose(affinities([[2.0, 2.0, 5.0]], 1), [[0.5, 0.5, 0]], atol=1e-12)
    assert np.isfinite(TSNE(1, max_iter=20).fit_transform(X)).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda X: repulsion(X, 0.71), "theta must lie in \\[0, 0.7\\]"),
        (lambda X: repulsion(np.ones((3, 3))), "two columns"),
        (lambda X: exact_repulsion(np.ones((3, 1))), "two columns"),
        (lambda X: quadtree([[np.inf, 0.0]]), "NaN or infinity"),
        (lambda X: affinities(-X, 1.5), "must not be negative"),
        (lambda X: affinities(X, 2.1), "at most the number of neighbors = 2; got 2.1"),
        (lambda X: affinities(X, 0.9), "perplexity must lie in"),
        (lambda X: joint_affinities(X, 29.5), "at most n - 1 = 29; got 29.5"),
        (lambda X: TSNE(5, init="best").fit(X), "'pca', 'random' or an array"),
        (lambda X: TSNE(5, init=np.ones((3, 2))).fit(X), "init must be 30 points"),
        (lambda X: TSNE(5, early_exaggeration=0.5).fit(X), "early_exaggeration must lie in"),
        (lambda X: TSNE(5, max_iter=0).fit(X), "max_iter must be at least 1"),
        (lambda X: trustworthiness(X, X[:5], 2), "must have one length; got 30 and 5"),
        (lambda X: trustworthiness(X, X, 15), "between 1 and \\(n - 1\\) // 2 = 14"),
    ],
)
def test_refusals_say_what_must_be(call, words, rng):
    with pytest.raises(ValueError, match=words):
        call(np.abs(rng.standard_normal((30, 2))))


def test_trust_does_not_depend_on_the_origin(rng):
    """Exactly so for whole numbers; in float32 a thousand spreads away from it, up to ties."""
    X = rng.standard_normal((300, 5)).astype(np.float32)
    Y = X[:, :2]
    for far in (1e3, 1e4):
        moved = X + np.float32(far)
        truth = trustworthiness(moved.astype(np.float64), Y, 10).mean()
        assert trustworthiness(moved, Y, 10).mean() == pytest.approx(truth, abs=1e-4)
        assert continuity(Y, moved, 10).mean() == pytest.approx(truth, abs=1e-4)
    whole = rng.integers(0, 4, (80, 3)).astype(float)
    assert_array_equal(trustworthiness(whole + 2**20, Y[:80], 5), trustworthiness(whole, Y[:80], 5))


def test_affinities_and_points_must_fit(rng):
    P = joint_affinities(rng.standard_normal((10, 2)), 3)
    for call in (lambda Y: kl_divergence(P, Y), lambda Y: next(tsne_steps(P, Y))):
        with pytest.raises(ValueError, match="Y must have 10 points, as P has rows; got 2000"):
            call(rng.standard_normal((2000, 2)))
        with pytest.raises(ValueError, match="Y must have two columns"):
            call(rng.standard_normal((10, 3)))


def test_a_mask_is_refused_and_nothing_hangs(rng):
    Y = rng.standard_normal((20, 2))
    repulsion(Y)  # an earlier call is what made the next one endless
    for call in (repulsion, quadtree, exact_repulsion):
        with pytest.raises(ValueError, match="must not be masked"):
            call(np.ma.masked_array(Y, mask=np.arange(40).reshape(20, 2) == 3))
    assert_array_equal(repulsion(np.ma.masked_array(Y)).forces, repulsion(Y).forces)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_array_equal(quadtree(np.matrix(Y)).cells, quadtree(Y).cells)


def test_points_far_apart_keep_their_normalizer():
    """1 / (1 + 1e24), twice, which vanishes beside the 1 of each point with itself."""
    Y = np.array([[0.0, 0.0], [1e12, 0.0]])
    assert repulsion(Y).normalizer == pytest.approx(2e-24)
    P = np.array([[0.0, 0.5], [0.5, 0.0]])
    assert kl_divergence(P, Y) == pytest.approx(0.0, abs=1e-12)


# --- Peers ---------------------------------------------------------------------------------------


def test_affinities_are_scikit_learns(rng):
    D = rng.random((40, 15)).astype(np.float32)
    theirs = sklearn_utils._binary_search_perplexity(D, 6.0, 0)
    assert_allclose(affinities(D, 6.0), theirs, atol=1e-4)


@pytest.mark.slow
def test_the_map_is_as_good_as_scikit_learns():
    """500 digits, the same start and steps: divergences within 5%, trust within 0.01."""
    X = datasets.mnist().train_images[:500].reshape(500, 784) / np.float32(255)
    start = 1e-4 * np.random.default_rng(0).standard_normal((500, 2))
    ours = TSNE(20, max_iter=500, init=start).fit(X)
    theirs = manifold.TSNE(perplexity=20, max_iter=500, init=start.astype(np.float32)).fit(X)
    assert ours.kl_divergence_ <= 1.05 * theirs.kl_divergence_
    trust = trustworthiness(X, ours.embedding_, 10).mean()
    peer = manifold.trustworthiness(X, theirs.embedding_, n_neighbors=10)
    assert trust >= peer - 0.01
    assert_allclose(trust, manifold.trustworthiness(X, ours.embedding_, n_neighbors=10), atol=1e-6)


def test_divergence_is_that_of_the_dense_matrices(rng):
    P = joint_affinities(rng.standard_normal((25, 3)), 5)
    Y = rng.standard_normal((25, 2))
    w = 1 / (1 + cdist(Y, Y) ** 2) - np.eye(25)
    p = P.toarray()
    seen = p > 0
    assert_allclose(kl_divergence(P, Y), np.sum(p[seen] * np.log(p[seen] / (w / w.sum())[seen])))
    assert sp.issparse(P)
