"""Kernel machines in fewer terms: reduced sets within their bound, tables that are exact.

Nothing here tosses coins: problems are drawn by hypothesis or from fixed seeds.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import check_grad
from sklearn.svm import SVC

from course_lib import kernel_features as kf
from course_lib.kernel_features.reduced_set import _Machine
from tests.kernels import as_python

seeds = st.integers(0, 2**32 - 1)


def machine(seed, n=30, d=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n)


def gaussian(X, Z, gamma):
    return np.exp(-gamma * ((X[:, None] - Z) ** 2).sum(axis=2))


def intersection(X, Z):
    return np.minimum(X[:, None], Z).sum(axis=2)


def distance(X, a, Z, b, gamma):
    rows, signed = np.concatenate([X, Z]), np.concatenate([a, -b])
    return np.sqrt(max(0.0, signed @ gaussian(rows, rows, gamma) @ signed))


# --- Facts -------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(seeds, st.integers(1, 8), st.sampled_from(["sample", "kmeans"]))
def test_weights_are_the_best_for_the_vectors(seed, m, init):
    """They solve the normal equations, so no other weights are nearer."""
    X, a = machine(seed)
    found = kf.reduced_set(X, a, m, gamma=0.5, init=init, n_iter=0, rng=seed)
    assert found.Z.shape == (m, 3)
    pull = gaussian(found.Z, X, 0.5) @ a
    assert_allclose(gaussian(found.Z, found.Z, 0.5) @ found.coef, pull, atol=1e-6)
    assert_allclose(found.distance, distance(X, a, found.Z, found.coef, 0.5), atol=1e-6)
    assert_allclose(found.norm, distance(X, a, X[:1], np.zeros(1), 0.5), rtol=1e-9)
    nudged = found.coef + 0.1 * np.random.default_rng(seed).standard_normal(m)
    assert distance(X, a, found.Z, nudged, 0.5) >= found.distance - 1e-9


def test_the_gradient_is_the_slope_of_the_distance():
    X, a = machine(1)
    loss = _Machine(X, a, 0.5, 4)
    start = machine(2, 4)[0].ravel()
    slope = np.linalg.norm(loss.evaluate(start)[1])
    off = check_grad(lambda z: loss.evaluate(z)[0], lambda z: loss.evaluate(z)[1], start)
    assert off <= 1e-5 * slope


def test_steps_come_nearer():
    X, a = machine(3)
    start = X[:5]
    paths = [
        kf.reduced_set(X, a, 5, gamma=0.5, init=start, n_iter=steps).distance
        for steps in (0, 1, 2, 5, 20)
    ]
    assert np.all(np.diff(paths) <= 1e-9)
    assert paths[-1] < 0.9 * paths[0]


def test_twins_need_half_of_the_vectors():
    X, a = machine(4, 6)
    found = kf.reduced_set(np.repeat(X, 2, axis=0), np.repeat(a, 2), 6, gamma=0.5, init=X)
    assert found.distance <= 1e-4 * found.norm
    assert_allclose(found.coef, 2 * a, rtol=1e-4)


def test_one_sign_alone_and_more_centers_than_one_sign_has():
    X, a = machine(5, 12)
    assert kf.reduced_set(X, np.abs(a), 4, gamma=0.5, rng=0).Z.shape == (4, 3)
    a[:10], a[10:] = -1.0, 1.0
    for m in (1, 2, 9, 12):
        found = kf.reduced_set(X, a, m, gamma=0.5, n_iter=0, rng=0)
        assert found.Z.shape == (m, 3)
    assert found.distance <= 1e-3 * found.norm  # all twelve of them


def test_evaluations_are_counted():
    X, a = machine(6)
    found = kf.reduced_set(X, a, 4, gamma=0.5, n_iter=0, init=X[:4])
    assert found.evaluations == 30 * 30 + 4 * (30 + 4)


@settings(max_examples=60)
@given(seeds, st.integers(1, 12), st.integers(1, 4), st.integers(1, 9), st.booleans())
def test_tables_are_exact(seed, n, d, top, single):
    """Of larger values than any vector has, too."""
    rng = np.random.default_rng(seed)
    Z, X = rng.integers(0, top, (n, d)), rng.integers(0, 3 * top, (7, d))
    coef = rng.standard_normal(n if single else (3, n))
    made = kf.additive_tables(Z, coef, 0.5, scale=0.25)
    found = kf.additive_scores(made, X)
    exact = 0.25 * intersection(X, Z) @ np.atleast_2d(coef).T + 0.5
    assert_allclose(found.scores, exact, atol=1e-12)
    assert found.lookups == 7 * d * exact.shape[1]
    assert made.tables.shape == (d, Z.max() + 1, exact.shape[1])


def test_larger_tables_say_the_same():
    rng = np.random.default_rng(0)
    Z, X, coef = rng.integers(0, 5, (9, 2)), rng.integers(0, 9, (6, 2)), rng.standard_normal(9)
    small, large = (kf.additive_tables(Z, coef, n_values=V) for V in (None, 12))
    assert large.tables.shape == (2, 12, 1)
    one, other = (kf.additive_scores(made, X).scores for made in (small, large))
    assert_allclose(one, other, rtol=1e-12)


def test_kernels_are_their_own_reference():
    rng = np.random.default_rng(1)
    Z, coef = rng.integers(0, 4, (6, 3)), rng.standard_normal((2, 6))

    def answers():
        made = [kf.additive_tables(Z, coef), kf.additive_tables(Z, coef, 1.0, [2, 1, 3])]
        return [kf.additive_scores(tables, Z).scores for tables in made]

    compiled = answers()
    with as_python("kernel_features"):
        plain = answers()
    for one, other in zip(compiled, plain, strict=True):
        assert_allclose(one, other, rtol=1e-12)


# --- Theorems ----------------------------------------------------------------------------------


@settings(max_examples=40)
@given(seeds, st.integers(1, 10))
def test_machines_differ_nowhere_by_more_than_their_distance(seed, m):
    """Cauchy-Schwarz, for any vectors and weights; and where they differ in one vector, by that."""
    X, a = machine(seed)
    Z, b = machine(seed + 1, m)
    bound = kf.reduced_set_bound(X, a, Z, b, gamma=0.5)
    assert_allclose(bound, distance(X, a, Z, b, 0.5), rtol=1e-6, atol=1e-6)
    places = 2 * machine(seed + 2, 200)[0]
    gap = gaussian(places, X, 0.5) @ a - gaussian(places, Z, 0.5) @ b
    assert np.abs(gap).max() <= bound + 1e-9


def test_the_bound_is_reached_at_a_vector_that_is_missing():
    X, a = machine(7, 5)
    X *= 100  # far apart: each vector is alone
    bound = kf.reduced_set_bound(X, a, X[1:], a[1:], gamma=0.5)
    assert_allclose(bound, abs(a[0]), rtol=1e-9)
    gap = gaussian(X[:1], X, 0.5) @ a - gaussian(X[:1], X[1:], 0.5) @ a[1:]
    assert_allclose(np.abs(gap), bound, rtol=1e-9)


# --- Contracts ---------------------------------------------------------------------------------


def test_same_seed_same_answer_dtypes_kept_input_untouched():
    X, a = machine(8)
    kept = X.copy(), a.copy()
    one, other = (kf.reduced_set(X, a, 4, gamma=0.5, rng=3) for _ in range(2))
    assert_array_equal(one.Z, other.Z)
    assert one.Z.dtype == one.coef.dtype == np.float64
    single = kf.reduced_set(X.astype(np.float32), a, 4, gamma=0.5, rng=3)
    assert single.Z.dtype == single.coef.dtype == np.float32
    assert_allclose(single.distance, one.distance, rtol=1e-2)
    assert_array_equal(kept[0], X)
    assert_array_equal(kept[1], a)
    Z = np.array([[1, 2], [3, 0]])
    made = kf.additive_tables(Z, np.ones(2, np.float32))
    assert made.tables.dtype == made.intercept.dtype == np.float32
    assert kf.additive_scores(made, Z).scores.dtype == np.float32


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"m": 31}, "m must be between 1 and n = 30; got 31"),
        ({"coef": np.ones(3)}, "coef must have 30 entries; got 3"),
        ({"gamma": 0.0}, "gamma must lie in"),
        ({"init": "zeros"}, "init must be 'kmeans', 'sample' or an array"),
        ({"init": np.ones((2, 3))}, r"init must have shape \(4, 3\)"),
        ({"X": np.full((30, 3), np.inf)}, "X contains NaN or infinity"),
    ],
)
def test_reduced_sets_refuse(changes, words):
    X, a = machine(9)
    arguments = {"X": X, "coef": a, "m": 4, "gamma": 0.5} | changes
    with pytest.raises(ValueError, match=words):
        kf.reduced_set(**arguments)


def test_bounds_refuse_other_columns():
    with pytest.raises(ValueError, match="Z must have 1 columns, as X has; got 2"):
        kf.reduced_set_bound([[1.0]], [1.0], [[1.0, 2.0]], [1.0], gamma=1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"support_vectors": [[-1, 2], [0, 1]]}, "support_vectors must lie between 0"),
        ({"support_vectors": [[0.5, 2.0], [0.0, 1.0]]}, "support_vectors must be integers"),
        ({"support_vectors": [[1 << 21, 2], [0, 1]]}, "support_vectors must be below 1048576"),
        ({"dual_coef": [1.0]}, "dual_coef must have 2 columns"),
        ({"n_support": [1, 2]}, "n_support must count the 2 support vectors"),
        ({"n_support": [1, 1], "dual_coef": [1.0, 2.0]}, r"dual_coef must have shape \(1, 2\)"),
        ({"intercept": [1.0, 2.0]}, "intercept must be a number or have 1 entries"),
        ({"n_values": 2}, "n_values must be between 3"),
    ],
)
def test_tables_refuse(changes, words):
    arguments = {"support_vectors": [[1, 2], [0, 1]], "dual_coef": [1.0, 2.0]} | changes
    with pytest.raises((ValueError, TypeError), match=words):
        kf.additive_tables(**arguments)


def test_scores_refuse():
    made = kf.additive_tables([[1, 2]], [1.0])
    with pytest.raises(ValueError, match="X must have 2 columns, as the tables have; got 1"):
        kf.additive_scores(made, [[1]])
    with pytest.raises(TypeError, match="tables must come from additive_tables"):
        kf.additive_scores(made.tables, [[1, 2]])


# --- Peers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_tables_of_an_svm_are_its_decision_function(classes):
    """One class against another, in scikit-learn's order; labels in no order of their own."""
    rng = np.random.default_rng(classes)
    X, y = rng.integers(0, 8, (120, 4)), rng.integers(0, classes, 120)
    Q = rng.integers(0, 8, (30, 4))
    svm = SVC(kernel=intersection, C=0.1, decision_function_shape="ovo").fit(X, y)
    made = kf.additive_tables(X[svm.support_], svm.dual_coef_, svm.intercept_, svm.n_support_)
    found = kf.additive_scores(made, Q)
    theirs = svm.decision_function(Q)
    assert_allclose(found.scores, theirs.reshape(len(Q), -1), atol=1e-9)
    assert found.lookups == 30 * 4 * classes * (classes - 1) // 2
