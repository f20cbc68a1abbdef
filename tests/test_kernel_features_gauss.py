"""Kernel sums: what is promised for a unit of weight holds at every point, at a counted cost.

Nothing here tosses coins: problems are drawn by hypothesis or from fixed seeds, and every bound
is sure.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import hermite
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import KernelDensity

from course_lib import kernel_features as kf
from tests.kernels import as_python

KERNELS = ["gaussian", "laplacian", "cauchy", "epanechnikov"]
SHAPES = ["normal", "ties", "equal", "line", "far", "clusters", "one column"]
ROUNDING = 1e-13  # of a unit of weight
problems = st.tuples(
    st.integers(0, 2**32 - 1), st.integers(1, 250), st.integers(1, 3), st.sampled_from(SHAPES)
)


def problem(seed, n, d, shape):
    """Sources, signed weights, and targets among and around them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    if shape == "ties":
        X = np.round(X)
    elif shape == "equal":
        X[:] = X[0]
    elif shape == "line":
        X = X[:, :1] * np.arange(1.0, d + 1)
    elif shape == "far":
        X += 1e4
    elif shape == "clusters":
        X = 0.01 * X + 20 * rng.integers(0, 2, (n, 1))
    elif shape == "one column":
        X[:, 1:] = 0
    T = X[rng.integers(0, n, 9)] + 0.5 * rng.standard_normal((9, d))
    return X, rng.standard_normal(n), T


def pairwise(X, weights, T, bandwidth, kernel):
    """The sums by the definition, in plain Python."""
    sums = []
    for t in T.tolist():
        total = 0.0
        for x, a in zip(X.tolist(), weights.tolist(), strict=True):
            total += a * kernel(math.dist(t, x) / bandwidth)
        sums.append(total)
    return sums


# --- Facts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        ("gaussian", lambda r: math.exp(-(r**2))),
        ("laplacian", lambda r: math.exp(-r)),
        ("cauchy", lambda r: 1 / (1 + r**2)),
        ("epanechnikov", lambda r: max(0.0, 1 - r**2)),
    ],
)
@pytest.mark.parametrize("d", [1, 2, 5])
def test_direct_sums_follow_the_definition(name, kernel, d):
    X, a, T = problem(d, 40, d, "normal")
    found = kf.direct_sum(X, a, T, bandwidth=0.7, kernel=name)
    assert_allclose(found, pairwise(X, a, T, 0.7, kernel), atol=1e-12)


@settings(max_examples=60)
@given(problems, st.floats(-2, 2), st.floats(-9, -1))
def test_gauss_sums_are_within_the_tolerance(drawn, log_bandwidth, log_tol):
    X, a, T = problem(*drawn)
    h, tol = 10**log_bandwidth, 10**log_tol
    for targets in (T, None):
        found = kf.gauss_sum(X, a, targets, bandwidth=h, tol=tol)
        exact = kf.direct_sum(X, a, targets, bandwidth=h)
        assert np.abs(found.sums - exact).max() <= (tol + ROUNDING) * np.abs(a).sum()


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("tol", [1e-2, 1e-6, 1e-11])
def test_gauss_sums_by_series_are_within_the_tolerance(d, tol):
    """Enough points for most boxes to meet as series, which the small problems rarely do."""
    rng = np.random.default_rng(d)
    X = rng.random((6000, d)) * [40.0, 6.0, 1.0][d - 1]
    T = rng.random((3000, d)) * [50.0, 7.0, 1.2][d - 1] - 0.1
    a = rng.standard_normal(6000)
    found = kf.gauss_sum(X, a, T, bandwidth=1.0, tol=tol)
    assert found.translations > 0
    few = T[:500]
    error = np.abs(found.sums[:500] - kf.direct_sum(X, a, few, bandwidth=1.0)).max()
    assert error <= (tol + ROUNDING) * np.abs(a).sum()


@settings(max_examples=40)
@given(problems, st.sampled_from(KERNELS), st.floats(-2, 2), st.floats(-6, 0), st.integers(1, 20))
def test_dual_tree_sums_are_within_the_tolerance(drawn, kernel, log_bandwidth, log_tol, leaf_size):
    X, a, T = problem(*drawn)
    h, tol = 10**log_bandwidth, 10**log_tol
    for targets in (T, None):
        found = kf.dual_tree_sum(
            X, a, targets, bandwidth=h, tol=tol, kernel=kernel, leaf_size=leaf_size
        )
        exact = kf.direct_sum(X, a, targets, bandwidth=h, kernel=kernel)
        assert np.abs(found.sums - exact).max() <= (tol + ROUNDING) * np.abs(a).sum()
        assert found.evaluations <= len(X) * len(exact)


def test_a_kernel_of_ones_own():
    X, a, T = problem(0, 100, 2, "normal")
    own = {"kernel": lambda r: np.exp(-(r**3))}
    exact = kf.direct_sum(X, a, T, bandwidth=1.0, **own)
    assert_allclose(exact, pairwise(X, a, T, 1.0, lambda r: math.exp(-(r**3))), atol=1e-12)
    found = kf.dual_tree_sum(X, a, T, bandwidth=1.0, tol=1e-3, **own).sums
    assert np.abs(found - exact).max() <= 1e-3 * np.abs(a).sum()


def test_a_dual_tree_without_tolerance_is_exact():
    X, a, T = problem(1, 300, 2, "clusters")
    found = kf.dual_tree_sum(X, a, T, bandwidth=1.0, tol=0.0)
    assert_allclose(found.sums, kf.direct_sum(X, a, T, bandwidth=1.0), atol=1e-12)


def test_counts_of_a_dual_tree():
    """Two clusters far apart: the roots, then two pairs of leaves; the near one is computed."""
    X = np.array([[0.0], [0.1], [100.0], [100.2]])
    T = np.array([[0.05], [0.2]])
    found = kf.dual_tree_sum(X, np.ones(4), T, bandwidth=1.0, tol=1e-6, leaf_size=2)
    assert (found.visits, found.evaluations) == (3, 4)
    assert kf.dual_tree_sum(X, np.ones(4), T, bandwidth=1e6, tol=1e-6).visits == 1


def test_counts_of_a_gauss_sum():
    """One box of many points meets itself as a series; of few points, pair by pair."""
    rng = np.random.default_rng(2)
    X = 0.01 * rng.random((5000, 2))
    found = kf.gauss_sum(X, np.ones(5000), bandwidth=1.0)
    p = found.n_terms
    assert (found.n_boxes, found.translations, found.evaluations) == (1, 1, 0)
    assert found.flops == 2 * (2 * 5000 * p**2 + 2 * p**3)
    few = kf.gauss_sum(X[:9], np.ones(9), X[:4], bandwidth=1.0)
    assert (few.translations, few.evaluations, few.flops) == (0, 36, 20 * 36)


def test_empty_boxes_cost_nothing():
    """Clusters 1,000 times as far apart: no more work, but for how the grid cuts them."""
    rng = np.random.default_rng(3)
    X, corner = rng.random((4000, 3)), np.array([1.0, 0, 0])
    near, far = (np.concatenate([X, X + step * corner]) for step in (10, 10_000))
    one, other = (kf.gauss_sum(Y, np.ones(8000), bandwidth=1.0) for Y in (near, far))
    assert max(one.n_boxes, other.n_boxes) <= 2 * 27
    assert other.flops <= 1.5 * one.flops
    assert one.translations > 0
    assert_allclose(one.sums, other.sums, atol=8000e-6)


def test_work_grows_with_the_points_of_a_gauss_sum_and_with_the_pairs_of_a_dual_tree():
    """Six digits: the exponent between n and 4 n."""
    rng = np.random.default_rng(4)
    X, a = 2 * rng.standard_normal((40_000, 2)), rng.standard_normal(40_000)
    series = [kf.gauss_sum(X[:n], a[:n], bandwidth=1.0).flops for n in (10_000, 40_000)]
    trees = [kf.dual_tree_sum(X[:n], a[:n], bandwidth=1.0, tol=1e-6) for n in (1_500, 6_000)]
    pairs = [tree.evaluations + tree.visits for tree in trees]
    assert math.log(series[1] / series[0], 4) <= 1.05
    assert math.log(pairs[1] / pairs[0], 4) >= 1.8
    assert pairs[1] >= 0.4 * 6_000**2


def test_kernels_are_their_own_reference():
    rng = np.random.default_rng(5)
    X, T = rng.random((150, 2)), rng.random((150, 2)) + 0.5
    W = rng.standard_normal((150, 2))

    def answers():
        return [
            kf.gauss_sum(X, W, T, bandwidth=2.0, tol=0.3),
            kf.gauss_sum(X, W, bandwidth=0.1, tol=0.01),
            kf.dual_tree_sum(X[:40], W[:40], T[:20], bandwidth=0.5, tol=0.01, leaf_size=4),
        ]

    compiled = answers()
    assert compiled[0].translations > 0
    with as_python("kernel_features", "trees"):
        plain = answers()
    for one, other in zip(compiled, plain, strict=True):
        assert_allclose(one.sums, other.sums, rtol=1e-9)
        assert one[1:] == other[1:]


# --- Theorems ----------------------------------------------------------------------------------


def series_error(p, radius, translated):
    """The largest error of the series in one dimension, over sources, targets and distances."""
    a = np.linspace(-radius, radius, 13)[:, None, None]
    b = a.reshape(1, -1, 1)
    shift = np.linspace(-5, 5, 201)
    exact = np.exp(-((shift + b - a) ** 2))
    found, n = np.zeros_like(exact), np.arange(p)
    if not translated:
        x = shift + b
        H = np.array([hermite.hermval(x, np.eye(p)[k]) for k in n]) * np.exp(-(x**2))
        found = sum(a**k / math.factorial(k) * H[k] for k in n)
    else:
        H = [hermite.hermval(shift, np.eye(2 * p)[k]) * np.exp(-(shift**2)) for k in range(2 * p)]
        for k in n:
            for m in n:
                scale = math.factorial(k) * math.factorial(m)
                found = found + a**k * (-b) ** m / scale * H[k + m]
    return np.abs(found - exact).max()


@pytest.mark.parametrize("translated", [False, True])
@pytest.mark.parametrize("radius", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("p", [3, 6, 12])
def test_series_are_within_cramers_bound(p, radius, translated):
    """In one dimension; and the bound is not idle: within 10,000 times of the truth."""
    error = series_error(p, radius, translated)
    bound = kf.gauss_bound(p, radius, 1, translated=translated)
    assert error <= bound + ROUNDING
    assert bound <= 1e4 * error or error < 1e-11


def test_a_bound_is_the_sum_that_its_note_prints():
    r, p = 0.4, 5
    alone = 1.09 * sum((math.sqrt(2) * r) ** n / math.sqrt(math.factorial(n)) for n in range(p, 60))
    both = 1.09 * sum(
        (math.sqrt(2) * r) ** (n + m)
        * math.sqrt(math.factorial(n + m))
        / (math.factorial(n) * math.factorial(m))
        for n in range(60)
        for m in range(60)
        if max(n, m) >= p
    )
    for tail, translated in ((alone, False), (both, True)):
        assert_allclose(kf.gauss_bound(p, r, 1, translated=translated), tail, rtol=1e-9)
        plane = 2 * tail + tail**2
        assert_allclose(kf.gauss_bound(p, r, 2, translated=translated), plane, rtol=1e-9)


@pytest.mark.parametrize(("tol", "d"), [(1e-2, 1), (1e-6, 2), (1e-9, 3)])
def test_the_terms_are_the_fewest_fours_whose_bound_will_do(tol, d):
    X = np.random.default_rng(0).random((50, d))
    found = kf.gauss_sum(X, np.ones(50), bandwidth=1.0, tol=tol)
    p, radius = found.n_terms, found.side / 2
    assert p % 4 == 0
    assert kf.gauss_bound(p, radius, d) <= tol
    assert p == 4 or kf.gauss_bound(p - 4, radius, d) > tol


# --- Contracts ---------------------------------------------------------------------------------

SUMS = {
    "direct": lambda *args, **options: kf.direct_sum(*args, **options),
    "gauss": lambda *args, **options: kf.gauss_sum(*args, **options).sums,
    "dual tree": lambda *args, **options: kf.dual_tree_sum(*args, **options).sums,
}
every_sum = pytest.mark.parametrize("sums", SUMS.values(), ids=SUMS.keys())


@every_sum
def test_columns_are_sums_of_their_own(sums):
    X, _, T = problem(6, 200, 2, "normal")
    W = np.random.default_rng(6).standard_normal((200, 3))
    together = sums(X, W, T, bandwidth=1.0)
    assert together.shape == (9, 3)
    for c in range(3):
        assert_allclose(sums(X, W[:, c], T, bandwidth=1.0), together[:, c], atol=1e-12)


@every_sum
def test_dtypes_shapes_and_input(sums):
    X, a, T = problem(7, 60, 2, "normal")
    kept = X.copy(), a.copy(), T.copy()
    found = sums(X, a, T, bandwidth=1.0)
    assert (found.dtype, found.shape) == (np.float64, (9,))
    single = sums(X.astype(np.float32), a, T, bandwidth=1.0)
    assert single.dtype == np.float32
    assert_allclose(single, found, atol=1e-4)
    assert sums(X, a, bandwidth=1.0).shape == (60,)
    assert sums(X, a[:, None], bandwidth=1.0).shape == (60, 1)
    for before, after in zip(kept, (X, a, T), strict=True):
        assert_array_equal(before, after)


@every_sum
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": np.ones(3)}, "weights must have one row for each of the 20 points"),
        ({"weights": np.ones((20, 0))}, "weights must have a column"),
        ({"targets": np.ones((4, 3))}, "targets must have 2 columns"),
        ({"bandwidth": 0.0}, "bandwidth must lie in"),
        ({"X": np.full((20, 2), np.nan)}, "X contains NaN"),
        ({"bandwidth": 1e-200}, "bandwidth must be at least"),
    ],
)
def test_bad_input_is_refused(sums, changes, words):
    X, a, T = problem(8, 20, 2, "normal")
    arguments = {"X": X, "weights": a, "targets": T, "bandwidth": 1.0} | changes
    with pytest.raises(ValueError, match=words):
        sums(**arguments)


def test_what_only_one_of_them_refuses():
    X = np.ones((5, 4))
    with pytest.raises(ValueError, match="X must have 1 to 3 columns; got 4"):
        kf.gauss_sum(X, np.ones(5), bandwidth=1.0)
    with pytest.raises(ValueError, match="bandwidth must be at least a millionth"):
        kf.gauss_sum([[0.0], [1.0]], [1.0, 1.0], bandwidth=1e-7)
    with pytest.raises(ValueError, match=r"tol must lie in \[1e-12, 0.5\]"):
        kf.gauss_sum(X[:, :2], np.ones(5), bandwidth=1.0, tol=1e-14)
    with pytest.raises(ValueError, match="kernel must be a function or one of"):
        kf.dual_tree_sum(X, np.ones(5), bandwidth=1.0, kernel="box")
    with pytest.raises(ValueError, match="kernel must not increase"):
        kf.dual_tree_sum(X * np.arange(5)[:, None], np.ones(5), bandwidth=1.0, kernel=np.square)
    with pytest.raises(ValueError, match="kernel must return one value for each distance"):
        kf.direct_sum(X, np.ones(5), bandwidth=1.0, kernel=lambda r: 1.0)


# --- Peers -------------------------------------------------------------------------------------


def test_as_scikit_learns_kernel_matrix():
    X, a, T = problem(9, 400, 3, "normal")
    exact = rbf_kernel(T, X, gamma=2.0) @ a
    assert_allclose(kf.direct_sum(X, a, T, bandwidth=0.5**0.5), exact, atol=1e-11)
    found = kf.gauss_sum(X, a, T, bandwidth=0.5**0.5, tol=1e-9).sums
    assert np.abs(found - exact).max() <= 1e-9 * np.abs(a).sum()


def test_as_scikit_learns_density():
    X, _, T = problem(10, 500, 2, "normal")
    sigma = 0.4
    theirs = np.exp(KernelDensity(bandwidth=sigma).fit(X).score_samples(T))
    ours = kf.gauss_sum(X, np.ones(500), T, bandwidth=2**0.5 * sigma, tol=1e-9).sums
    assert_allclose(ours / (500 * 2 * np.pi * sigma**2), theirs, rtol=1e-5, atol=1e-8)
