"""The Hadamard transform, the three projections, and the dimensions that they need."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import hadamard as hadamard_matrix
from scipy.spatial.distance import pdist
from scipy.stats import binom, chi2, kstest
from sklearn.random_projection import (
    GaussianRandomProjection,
    SparseRandomProjection,
    johnson_lindenstrauss_min_dim,
)

from course_lib.randomness import (
    GaussianProjection,
    HadamardProjection,
    SparseProjection,
    fwht,
    hadamard,
    hadamard_dimension,
    jl_dimension,
    jl_failure,
    pair_ratios,
    projection,
)
from tests.chance import assert_at_most, assert_frequency, assert_mean, assert_variance

PROJECTIONS = [GaussianProjection, SparseProjection, HadamardProjection]
seeds = st.integers(0, 2**32 - 1)
powers = st.integers(0, 9)


def squared_lengths(projection_class, x, k, draws, rng, **options):
    """Squared lengths of ``draws`` independent projections of ``x`` to ``k`` dimensions."""
    if projection_class is HadamardProjection:
        states = rng.integers(0, 2**31, draws)
        maps = (projection_class(k, random_state=int(state)) for state in states)
        return np.array([np.sum(P.fit_transform(x[None]) ** 2) for P in maps])
    # The rows of the other two are independent: many maps are drawn as one.
    P = projection_class(k * draws, random_state=int(rng.integers(2**31)), **options)
    return draws * np.sum(P.fit_transform(x[None]).reshape(draws, k) ** 2, axis=1)


def unit(kind, d, rng):
    """A unit vector: spread out, or with few large entries."""
    if kind == "spread":
        x = rng.standard_normal(d)
    else:
        x = np.zeros(d)
        x[rng.choice(d, 2, replace=False)] = 1.0
    return x / np.linalg.norm(x)


# --- Facts: true for every input -----------------------------------------------------------------


@given(powers, seeds, st.sampled_from([np.float32, np.float64]))
def test_the_transform_is_the_product_with_the_hadamard_matrix(power, seed, dtype):
    X = np.random.default_rng(seed).standard_normal((3, 2**power)).astype(dtype)
    expected = X.astype(float) @ hadamard_matrix(2**power)
    assert_allclose(fwht(X), expected, atol=2**power * np.finfo(dtype).eps * 10)


@given(st.integers(0, 17), seeds)
def test_the_orthonormal_transform_is_its_own_inverse_and_keeps_lengths(power, seed):
    x = np.random.default_rng(seed).standard_normal(2**power)
    y = fwht(x, orthonormal=True)
    assert_allclose(fwht(y, orthonormal=True), x, atol=1e-12)
    assert_allclose(np.linalg.norm(y), np.linalg.norm(x))


@pytest.mark.parametrize("power", [3, 10, 15, 16, 17, 18])
def test_every_entry_is_right_on_both_sides_of_the_segment(power, rng):
    """A unit vector shows a row of the matrix: (-1) to the number of common bits."""
    assert hadamard.SEGMENT == 1 << 15
    n = 1 << power
    for i in [1, n - 1, *rng.integers(0, n, 3)]:
        x = np.zeros(n)
        x[i] = 1.0
        common = np.bitwise_count(np.arange(n) & i)
        assert_array_equal(fwht(x), 1.0 - 2.0 * (common % 2))


@given(st.integers(2, 10**5), st.floats(0.05, 0.95), st.floats(1e-6, 0.5))
def test_the_dimension_keeps_its_promise_by_the_exact_law(n, epsilon, delta):
    assert jl_failure(jl_dimension(n, epsilon, delta=delta), epsilon, n_points=n) <= delta
    assert jl_failure(jl_dimension(n, epsilon), epsilon, n_points=n) <= 1 - 1 / n + 1e-12


@pytest.mark.parametrize("P", PROJECTIONS)
@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 20), seeds)
def test_projections_are_linear(P, d, n, seed):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((2, n, d))
    P = P(1, random_state=seed).fit(X)
    assert_allclose(P.transform(2 * X - Y), 2 * P.transform(X) - P.transform(Y), atol=1e-9)


@given(st.integers(1, 70), seeds)
def test_all_entries_of_the_transform_keep_every_length(d, seed):
    X = np.random.default_rng(seed).standard_normal((4, d))
    padded = 1 << (d - 1).bit_length()
    Y = HadamardProjection(padded, random_state=seed).fit_transform(X)
    assert_allclose(np.linalg.norm(Y, axis=1), np.linalg.norm(X, axis=1))


@pytest.mark.parametrize("share", [0.1, 0.7])
@pytest.mark.parametrize("d", [1, 5, 16, 17, 100, 1000])
def test_entries_are_those_of_the_full_transform_with_and_without_early_stop(d, share, rng):
    X = rng.standard_normal((3, d))
    padded = 1 << (d - 1).bit_length()
    k = max(1, int(share * padded))
    P = HadamardProjection(k, random_state=0).fit(X)
    full = fwht(np.pad(X * P.signs_, ((0, 0), (0, padded - d))))
    assert_allclose(P.transform(X), full[:, P.rows_] / math.sqrt(k), atol=1e-12)
    assert len(set(P.rows_)) == k and set(abs(P.signs_)) == {1.0}


@given(st.integers(2, 30), st.integers(1, 10), st.integers(1, 40), seeds)
def test_pair_ratios_are_those_of_scipy(n, d, block, seed):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((n, d)), rng.standard_normal((n, 3))
    expected = pdist(Y, "sqeuclidean") / pdist(X, "sqeuclidean")
    assert_allclose(pair_ratios(X, Y, block=block), expected, rtol=1e-6)
    assert_allclose(pair_ratios(sp.csr_array(X), Y, block=block), expected, rtol=1e-6)


def test_the_kernels_are_their_python_text(rng):
    y = rng.standard_normal(64)
    for kernel, argument in (
        (hadamard._radix_2, 4),
        (hadamard._radix_4, 8),
        (hadamard.butterflies, 4),
    ):
        ours, text = y.copy(), y.copy()
        kernel(ours, argument)
        kernel.py_func(text, argument)
        assert_array_equal(ours, text)
    for kernel in (hadamard._transform_eights, hadamard.transform):
        ours, text = y.copy(), y.copy()
        kernel(ours)
        kernel.py_func(text)
        assert_array_equal(ours, text)
    ours, text = y.reshape(4, 16).copy(), y.reshape(4, 16).copy()
    hadamard._transform_rows(ours)
    hadamard._transform_rows.py_func(text)
    assert_array_equal(ours, text)
    X, signs = rng.standard_normal((3, 50)), rng.choice([-1.0, 1.0], 50)
    for width in (1, 16):
        groups, weights = rng.integers(0, 64 // width, 7), rng.standard_normal((7, width))
        ours, text = np.empty((2, 3, 7))
        projection._project_rows(X, signs, 64, groups, weights, ours)
        projection._project_rows.py_func(X, signs, 64, groups, weights, text)
        assert_allclose(ours, text)


# --- Theorems: over fresh draws, with the chance of a false alarm in tests/chance.py -------------


def test_a_gaussian_projection_scales_squared_lengths_by_chi_square(rng):
    k, x = 12, unit("spread", 30, rng)
    ratios = squared_lengths(GaussianProjection, x, k, 3000, rng)
    assert kstest(k * ratios, chi2(k).cdf).pvalue > 1e-5
    far = np.abs(ratios - 1) > 0.5
    assert_frequency(far.sum(), 3000, jl_failure(k, 0.5))


@pytest.mark.parametrize("kind", ["spread", "two entries"])
@pytest.mark.parametrize("density", [1.0, 1 / 3, 0.1])
def test_a_sparse_projection_has_the_variance_of_its_density(kind, density, rng):
    k, x = 12, unit(kind, 64, rng)
    ratios = squared_lengths(SparseProjection, x, k, 3000, rng, density=density)
    assert_mean(ratios, 1.0)
    assert_variance(ratios, (2 + (1 / density - 3) * np.sum(x**4)) / k)


@pytest.mark.parametrize(
    ("kind", "d", "k"), [("two entries", 64, 12), ("spread", 50, 40), ("spread", 16, 3)]
)
def test_a_hadamard_projection_has_less_variance_than_a_gaussian_one(kind, d, k, rng):
    padded, x = 1 << (d - 1).bit_length(), unit(kind, d, rng)
    ratios = squared_lengths(HadamardProjection, x, k, 500, rng)
    exact = 2 / k * (1 - np.sum(x**4)) * (padded - k) / (padded - 1)
    assert exact < 2 / k
    assert_mean(ratios, 1.0)
    assert_variance(ratios, exact)


def test_a_density_that_is_too_small_fails_on_vectors_with_few_entries(rng):
    """At 1/sqrt(d), scikit-learn's default, 22% of the maps break a bound of 1%."""
    d, k, epsilon = 400, jl_dimension(2, 0.5, delta=0.01), 0.5
    x = np.eye(1, d)[0]
    bad = {}
    for density in (1 / 3, 1 / math.sqrt(d)):
        ratios = squared_lengths(SparseProjection, x, k, 200, rng, density=density)
        bad[density] = np.sum(np.abs(ratios - 1) > epsilon)
    assert_at_most(bad[1 / 3], 200, 0.01)
    entries = np.arange(k + 1) / (k / math.sqrt(d))  # squared length if so many are not zero
    chance = binom.pmf(np.arange(k + 1), k, 1 / math.sqrt(d))[np.abs(entries - 1) > epsilon].sum()
    assert chance == pytest.approx(0.22, abs=0.005)
    assert_frequency(bad[1 / math.sqrt(d)], 200, chance)


@pytest.mark.slow
@pytest.mark.parametrize("P", PROJECTIONS)
def test_all_pairs_keep_their_distance_at_the_dimension_of_the_theorem(P, rng):
    n, d, epsilon, delta = 30, 3000, 0.6, 0.3
    k = jl_dimension(n, epsilon, delta=delta)
    if P is HadamardProjection:
        k = hadamard_dimension(n, epsilon, n_features=d, delta=delta)
    assert k < d
    X = np.vstack([np.eye(n // 2, d), rng.standard_normal((n - n // 2, d))])
    bad = 0
    for _ in range(100):
        Y = P(k, random_state=int(rng.integers(2**31))).fit_transform(X)
        bad += np.any(np.abs(pair_ratios(X, Y) - 1) > epsilon)
    assert_at_most(bad, 100, delta)


# --- Contracts -----------------------------------------------------------------------------------


def test_the_dimension_of_the_image_is_an_attribute():
    for P in (GaussianProjection(2), SparseProjection(2), HadamardProjection(2)):
        assert P.fit(np.eye(3)).n_components_ == len(P.get_feature_names_out()) == 2


@pytest.mark.parametrize("P", PROJECTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_and_dense_rows_agree_and_keep_their_dtype(P, dtype, rng):
    X = sp.random_array((50, 40), density=0.1, rng=rng, format="csr", dtype=dtype)
    P = P(7, random_state=0).fit(X)
    dense, sparse = P.transform(X.toarray()), P.transform(X)
    assert dense.dtype == sparse.dtype == dtype
    assert isinstance(sparse, np.ndarray)
    assert_allclose(sparse, dense, atol=1e-5)


def test_a_thin_sparse_map_gives_the_same_by_either_product(rng):
    X = rng.standard_normal((20, 500))
    P = SparseProjection(30, density=0.02, random_state=0).fit(X)
    assert P.components_.nnz < projection.DENSE_ENOUGH * 30 * 500
    assert_allclose(P.transform(X), X @ P.components_.toarray().T, atol=1e-12)


@pytest.mark.parametrize("P", PROJECTIONS)
def test_the_same_seed_gives_the_same_map_and_the_input_stays(P, rng):
    X = rng.standard_normal((6, 20))
    before = X.copy()
    first, again, other = (P(8, random_state=s).fit_transform(X) for s in (3, 3, 4))
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert_array_equal(X, before)


@pytest.mark.parametrize("P", [HadamardProjection, SparseProjection])
def test_blocks_change_nothing(P, rng, monkeypatch):
    X = sp.random_array((30, 100), density=0.3, rng=rng, format="csr")
    P = P(20, random_state=0).fit(X)
    whole = P.transform(X)
    monkeypatch.setattr(projection, "BLOCK", 300)  # two rows of 128, three rows of the map
    assert_allclose(P.transform(X), whole, atol=1e-12)
    assert_allclose(P.transform(X.toarray()), whole, atol=1e-12)


def test_the_transform_takes_any_shape_and_integers_and_leaves_its_input(rng):
    X = rng.integers(-5, 5, (2, 3, 8))
    before = X.copy()
    assert_array_equal(fwht(X), X @ hadamard_matrix(8))
    assert_array_equal(X, before)
    Y = np.asfortranarray(rng.standard_normal((4, 8)))
    assert_allclose(fwht(Y[:, ::-1]), Y[:, ::-1] @ hadamard_matrix(8))
    assert fwht(np.float32([1, 2])).dtype == np.float32
    assert_array_equal(fwht([3.0]), [3.0])


def test_the_dimensions_of_the_book():
    assert [jl_dimension(10_000, epsilon) for epsilon in (0.1, 0.2, 0.5)] == [7895, 2126, 443]
    assert [jl_dimension(2000, epsilon) for epsilon in (0.2, 0.4, 0.5)] == [1755, 519, 365]
    assert hadamard_dimension(2000, 0.5, n_features=784, delta=0.01) == 1024
    pairs = 10_000 * 9999 / 2
    assert hadamard_dimension(10_000, 0.5, n_features=10**6, delta=0.01) == math.ceil(
        6 * math.log(4 * pairs * 2**20 / 0.01) * math.log(4 * pairs / 0.01) / 0.25
    )
    assert jl_dimension(2000, 0.5, delta=0.01) == math.ceil(
        2 * math.log(2000 * 1999 / 0.01) / (0.125 - 0.125 / 3)
    )


def test_equal_points_have_no_ratio():
    X = np.array([[1.0, 2.0], [1.0, 2.0], [4.0, 6.0]])
    assert_allclose(pair_ratios(X, 2 * X), [4.0, 4.0])
    assert len(pair_ratios(X[:1], X[:1])) == 0


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: fwht(np.ones(6)), ValueError, "power of two"),
        (lambda: fwht(3.0), ValueError, "power of two"),
        (lambda: fwht(np.empty((2, 0))), ValueError, "power of two"),
        (lambda: fwht([1j, 0]), TypeError, "real floating dtype"),
        (lambda: fwht([np.nan, 1.0]), ValueError, "NaN"),
        (lambda: jl_dimension(1, 0.1), ValueError, "n_points must be"),
        (lambda: jl_dimension(10, 1.0), ValueError, "epsilon must lie"),
        (lambda: jl_dimension(10, 0.1, delta=0.0), ValueError, "delta must lie"),
        (lambda: hadamard_dimension(9, 0.1, n_features=0, delta=0.1), ValueError, "n_features"),
        (lambda: jl_failure(0, 0.1), ValueError, "n_components must be"),
        (lambda: pair_ratios(np.eye(2), np.eye(3)), ValueError, "equally many rows"),
        (lambda: pair_ratios(np.eye(2), np.eye(2), block=0), ValueError, "block must be"),
        (lambda: pair_ratios([[np.nan]], [[1.0]]), ValueError, "X contains NaN"),
        (lambda: GaussianProjection(0).fit(np.eye(3)), ValueError, "n_components must be"),
        (lambda: HadamardProjection(5).fit(np.eye(3)), ValueError, "between 1 and 4"),
        (lambda: SparseProjection(density=0.0).fit(np.eye(3)), ValueError, "density must lie"),
        (lambda: SparseProjection(density=1.5).fit(np.eye(3)), ValueError, "density must lie"),
    ],
)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_dimensions_for_the_smallest_numbers_are_numbers_or_refused():
    with pytest.raises(ValueError, match=r"epsilon must not ask for 2\*\*62 dimensions"):
        jl_dimension(100, 5e-324)
    with pytest.raises(ValueError, match="got 1e-14, raise it"):
        jl_dimension(100, 1e-14, delta=0.1)
    # 2 (ln 9900 + 1074 ln 2) / (0.02 - 0.008 / 3)
    assert jl_dimension(100, 0.2, delta=5e-324) == math.ceil(
        2 * (math.log(9900) + 1074 * math.log(2)) / (0.02 - 0.008 / 3)
    )
    assert hadamard_dimension(100, 5e-324, n_features=64, delta=0.1) == 64
    assert hadamard_dimension(100, 0.2, n_features=64, delta=5e-324) == 64
    assert hadamard_dimension(10**200, 0.5, n_features=2**60, delta=0.1) < 2**60
    with pytest.raises(ValueError, match="n_components must be between"):
        jl_failure(2**70, 0.1)


@pytest.mark.parametrize("kind", [GaussianProjection, SparseProjection, HadamardProjection])
def test_projections_refuse_what_is_no_number(kind):
    with pytest.raises(ValueError, match="X must not be masked, and 3 entries are"):
        kind(2).fit(np.ma.masked_array(np.eye(3), np.eye(3) == 1))
    for X in (np.eye(3).astype(str), np.zeros((3, 3), "datetime64[D]")):
        with pytest.raises(TypeError, match="X must hold real numbers"):
            kind(2).fit(X)
        with pytest.raises(TypeError, match="X must hold real numbers"):
            kind(2).fit(np.eye(3)).transform(X)
    with pytest.raises(ValueError, match=r"random_state must be a seed from 0 to 2\*\*32 - 1"):
        kind(2, random_state=-1).fit(np.eye(3))
    with pytest.raises(ValueError, match="n_components must be between 1 and"):
        kind(2**63).fit(np.eye(3))


@pytest.mark.parametrize("kind", [sp.dia_matrix, sp.bsr_matrix, sp.coo_array, sp.lil_array])
def test_ratios_take_sparse_points_of_every_kind(kind):
    X = np.array([[3, 0, 0], [0, 4, 0], [0, 0, 2]])
    dense = pair_ratios(X.astype(float), X[:, :2])
    assert_allclose(pair_ratios(kind(X), X[:, :2]), dense, rtol=1e-12)


# --- Peers: scikit-learn at equal dimension ------------------------------------------------------


@given(st.integers(2, 10**6), st.floats(0.05, 0.9))
def test_the_dimension_is_that_of_scikit_learn_rounded_up(n, epsilon):
    assert jl_dimension(n, epsilon) - johnson_lindenstrauss_min_dim(n, eps=epsilon) in (0, 1)


def test_distortion_is_not_worse_than_scikit_learns(rng):
    """Mean squared distortion over all pairs and 100 maps each; ratio of means, 5 errors."""
    X, k = rng.standard_normal((40, 300)), 40

    def distortions(make):
        maps = (make(k, random_state=seed) for seed in range(100))
        return np.array([np.mean((pair_ratios(X, P.fit_transform(X)) - 1) ** 2) for P in maps])

    peer = distortions(GaussianRandomProjection)
    for P in PROJECTIONS:
        ours = distortions(P)
        error = np.hypot(ours.std(ddof=1), peer.std(ddof=1)) / 10
        assert ours.mean() <= peer.mean() + 5 * error


def test_the_sparse_map_is_that_of_scikit_learn(rng):
    """The same values with the same frequencies; which entries they are is chance."""
    X, k = np.zeros((1, 2000)), 50
    ours = SparseProjection(k, random_state=0).fit(X).components_
    peer = SparseRandomProjection(k, density=1 / 3, random_state=0).fit(X).components_
    assert_allclose(np.unique(ours.data), np.unique(peer.data))
    for components in (ours, peer):
        assert_frequency(components.nnz, k * 2000, 1 / 3)
        assert_frequency(np.sum(components.data > 0), components.nnz, 1 / 2)
