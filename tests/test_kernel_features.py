"""Random Fourier features: their waves, their four kinds, and what is promised of them."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import hadamard
from sklearn.gaussian_process.kernels import Matern
from sklearn.kernel_approximation import RBFSampler

from course_lib import datasets
from course_lib.kernel_features import (
    FourierFeatures,
    _structured,
    _waves,
    finite_set_bound,
    finite_set_frequencies,
    fixed_length_bias,
    fourier_cost,
    fourier_uniform_bound,
    fourier_uniform_frequencies,
    fourier_variance,
    frequency_sigma,
)
from tests.chance import assert_at_most, assert_mean, assert_variance
from tests.kernels import as_python, assert_same_answers

KINDS = ["iid", "orthogonal", "hadamard", "fastfood"]
LENGTHS = ["fixed", "chi"]
seeds = st.integers(0, 2**32 - 1)
FAR = np.array([0.2, 0.5, 0.9, 1.5])  # of points: kernel values .96, .78, .44, .11 at gamma 1


def fitted(d, n_components, **options):
    return FourierFeatures(n_components, **options).fit(np.zeros((1, d)))


def along(r, d):
    """The origin and a point in no special direction at distance ``r``."""
    x = np.arange(1.0, d + 1)
    return np.stack([np.zeros(d), r * x / np.linalg.norm(x)])


def drawn_terms(r, draws, d=5, **options):
    """What each of many independent frequencies says about one kernel value."""
    paired = options.get("paired", True)
    features = fitted(d, draws * (2 if paired else 1), random_state=7, **options)
    x, y = features.transform(along(r, d) + 0.3)
    products = draws * x * y
    return products[:draws] + products[draws:] if paired else products


def drawn_runs(r, draws, d, **options):
    """One kernel value as many maps of one run of frequencies estimate it.

    Runs of d, or of its power of two, are independent, so that all are drawn as one map.
    """
    size = d if options["kind"] == "orthogonal" else _structured.padded(d)
    return drawn_terms(r, draws * size, d, **options).reshape(draws, size).mean(1)


# --- Facts: true for every input -----------------------------------------------------------------


@pytest.mark.parametrize("dtype, close", [(np.float64, 6e-16), (np.float32, 3e-7)])
@settings(deadline=None, max_examples=40)
@given(seed=seeds, size=st.sampled_from([1.0, 7.0, 1e3, 1e6]))
def test_waves_are_cosine_and_sine(dtype, close, seed, size):
    rng = np.random.default_rng(seed)
    phases = rng.uniform(-size, size, (2, 19)).astype(dtype)
    offsets = rng.uniform(0, 7, 6).astype(dtype)
    out = np.zeros((2, 32), dtype)
    out[:, :19] = phases
    total = _waves.write_waves(out, 13, offsets, dtype(0.5), _waves.coefficients(dtype))
    phases, moved = phases.astype(float), phases[:, 13:].astype(float) + offsets
    exact = np.hstack([np.cos(phases[:, :13]), np.sin(phases[:, :13]), np.cos(moved)]) / 2
    assert_allclose(out, exact, rtol=0, atol=close + 2 * size * np.finfo(dtype).eps)
    assert abs(total) <= 0.5001 * phases.size


def test_a_phase_that_is_no_number_shows_in_the_total():
    for wrong in (np.inf, np.nan):
        out = np.zeros((2, 10))
        out[1, 3] = wrong
        c = _waves.coefficients(float)
        assert not np.isfinite(_waves.write_waves(out, 5, np.empty(0), 1.0, c))


@pytest.mark.parametrize("n_components", [1, 2, 7, 40])
@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_features_are_waves_of_products_with_the_frequencies(kind, paired, n_components):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((37, 5))  # 37 rows: two groups of lanes and some more; 5 is padded
    features = FourierFeatures(
        n_components, kind=kind, paired=paired, gamma=0.3, random_state=1
    ).fit(X)
    phases = X @ features.dense().T
    pairs = features.n_frequencies_ - len(features.offsets_)
    assert len(features.offsets_) == (n_components % 2 if paired else n_components)
    first, others = phases[:, :pairs], phases[:, pairs:] + features.offsets_
    exact = np.hstack([np.cos(first), np.sin(first), np.cos(others)]) * np.sqrt(2 / n_components)
    assert_allclose(features.transform(X), exact, atol=1e-13)


@pytest.mark.parametrize("d, count", [(1, 3), (4, 4), (5, 20), (16, 11), (9, 16)])
@pytest.mark.parametrize("kind", ["hadamard", "fastfood"])
def test_structured_frequencies_are_the_product_of_their_factors(kind, d, count):
    features = fitted(d, 2 * count, kind=kind, random_state=3)
    size = _structured.padded(d)
    H, rows = hadamard(size).astype(float), []
    for block, signs in enumerate(features.signs_):
        if kind == "hadamard":
            M = H * signs[2] @ H * signs[1] @ H * signs[0]
        else:
            place, g = features.permutations_[block], features.gaussians_[block]
            M = (H * g) @ (H * signs)[place]
        rows.append(M / np.linalg.norm(M, axis=1, keepdims=True))
    exact = np.concatenate(rows)[:count] * features.lengths_[:, None]
    assert_allclose(features.dense(), exact[:, :d], atol=1e-12)


@pytest.mark.parametrize("kind", ["orthogonal", "hadamard"])
def test_frequencies_of_a_run_are_orthogonal(kind):
    W = fitted(8, 40, kind=kind, gamma=0.7, random_state=0).dense()
    for start in (0, 8, 16):
        run = W[start : start + 8]
        assert_allclose(run @ run.T, np.diag((run**2).sum(1)), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_fixed_lengths_are_the_root_mean_square(kind):
    W = fitted(8, 20, kind=kind, lengths="fixed", gamma=0.7, random_state=0).dense()
    assert_allclose(np.linalg.norm(W, axis=1), frequency_sigma("rbf", 0.7, 8))


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_have_length_one(kind):
    X = np.random.default_rng(0).standard_normal((20, 6)) * 10
    Z = FourierFeatures(50, kind=kind, random_state=0).fit_transform(X)
    assert_allclose((Z**2).sum(1), 1.0)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_as_many_numbers_are_stored_as_the_formula_says(kind, paired):
    features = fitted(20, 71, kind=kind, paired=paired, random_state=0)
    names = ("frequencies_", "signs_", "lengths_", "permutations_", "gaussians_", "offsets_")
    stored = sum(getattr(features, name).size for name in names if hasattr(features, name))
    assert features.n_stored_ == stored == fourier_cost(20, 71, kind=kind, paired=paired).stored


class Counted:
    """A number that counts how often it is added."""

    additions = 0

    def __init__(self, value=0.0):
        self.value = value

    def __add__(self, other):
        Counted.additions += 1
        return Counted(self.value + getattr(other, "value", other))

    def __sub__(self, other):
        Counted.additions += 1
        return Counted(self.value - other.value)

    def __mul__(self, other):
        return Counted(getattr(self, "value", self) * float(getattr(other, "value", other)))


@pytest.mark.parametrize("d, n_components", [(16, 32), (5, 40), (30, 10)])
@pytest.mark.parametrize("kind", ["hadamard", "fastfood"])
def test_additions_are_counted_by_the_formula(kind, d, n_components):
    features = fitted(d, n_components, kind=kind, random_state=0)
    width = _structured.padded(d)  # zeros that the kernel puts there would not count
    X = np.array([[Counted(1.0) for _ in range(width)] for _ in range(_structured.LANES)])
    out = np.empty((len(X), features.n_frequencies_), object)
    ones = np.ones(features.n_frequencies_)
    Counted.additions = 0
    with as_python("kernel_features", "randomness"):
        if kind == "hadamard":
            _structured.write_hadamard(X, features.signs_, ones, out)
        else:
            factors = features.permutations_, features.gaussians_
            _structured.write_fastfood(X, features.signs_, *factors, ones, out)
    expected = fourier_cost(d, n_components, kind=kind).additions
    assert Counted.additions == _structured.LANES * expected


def test_kernels_do_what_their_text_says():
    X = np.random.default_rng(0).standard_normal((18, 5))

    def answers():
        return [
            (FourierFeatures(17, kind=kind, paired=paired, random_state=0).fit_transform(X),)
            for kind in ("iid", "hadamard", "fastfood")
            for paired in (True, False)
        ]

    compiled = answers()
    with as_python("kernel_features", "randomness"):
        assert_same_answers(compiled, answers(), rtol=1e-9)


@given(
    count=st.integers(1, 10**6),
    pairs=st.integers(1, 10**9),
    delta=st.floats(1e-6, 0.5),
    paired=st.booleans(),
)
def test_as_many_frequencies_as_the_finite_bound_needs(count, pairs, delta, paired):
    epsilon = finite_set_bound(count, pairs, delta=delta, paired=paired)
    assert abs(finite_set_frequencies(epsilon, pairs, delta=delta, paired=paired) - count) <= 1
    twice = finite_set_bound(count, pairs, delta=delta, paired=False)
    assert twice == pytest.approx(2 * finite_set_bound(count, pairs, delta=delta))
    need = finite_set_frequencies(0.1, pairs, delta=delta, paired=paired)
    assert finite_set_bound(need, pairs, delta=delta, paired=paired) <= 0.1 * (1 + 1e-12)
    assert finite_set_bound(need - 1, pairs, delta=delta, paired=paired) > 0.1 * (1 - 1e-12)


@given(
    count=st.integers(1, 10**7),
    d=st.integers(1, 1000),
    diameter=st.floats(0.01, 100),
    sigma=st.floats(0.1, 100),
    delta=st.floats(1e-6, 0.5),
)
def test_claim_1_holds_with_equality(count, d, diameter, sigma, delta):
    epsilon = fourier_uniform_bound(count, d, diameter, sigma, delta=delta)
    if math.isfinite(epsilon):
        failure = 256 * (sigma * diameter / epsilon) ** 2
        failure *= math.exp(-count * epsilon**2 / (4 * (d + 2)))
        assert failure == pytest.approx(delta, rel=1e-6)
        need = fourier_uniform_frequencies(epsilon, d, diameter, sigma, delta=delta)
        assert abs(need - count) <= 1 + 1e-9 * count
    else:  # not even the largest error for which it is proved
        need = fourier_uniform_frequencies(sigma * diameter, d, diameter, sigma, delta=delta)
        assert need >= count


def test_claim_1_says_nothing_without_a_second_moment():
    assert frequency_sigma("laplacian", 1.0, 3) == frequency_sigma("matern", 1.0, 3, nu=1) == np.inf
    assert fourier_uniform_bound(10**9, 3, 1.0, np.inf) == np.inf


@given(s=st.floats(0.001, 8.0))
def test_the_bias_of_fixed_lengths_in_one_and_three_dimensions(s):
    r = math.sqrt(2 * s)  # length of a frequency times distance, over the root of d
    k = math.exp(-s)
    assert fixed_length_bias(k, 1) == pytest.approx(math.cos(r) - k, abs=1e-9)
    r *= math.sqrt(3)
    assert fixed_length_bias(k, 3) == pytest.approx(math.sin(r) / r - k, abs=1e-9)


@pytest.mark.parametrize("d", [2, 16, 784])
def test_the_bias_of_fixed_lengths_is_small_of_second_order(d):
    s = np.array([0.01, 0.02])
    assert_allclose(fixed_length_bias(np.exp(-s), d), -(s**2) / (d + 2), rtol=0.05)


# --- Theorems: true on average, or with a probability --------------------------------------------
# Each assertion of tests.chance raises a false alarm with a chance below 1e-5.


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("r", FAR)
def test_a_frequency_has_the_kernel_as_mean_and_the_stated_variance(r, paired):
    terms = drawn_terms(r, 200_000, paired=paired)
    k = math.exp(-(r**2))
    assert_mean(terms, k)
    assert_variance(terms, fourier_variance(k, 1, paired=paired))


@pytest.mark.parametrize("paired", [True, False])
def test_the_variance_holds_for_the_laplacian_kernel(paired):
    difference = np.diff(along(0.5, 5), axis=0)
    k, doubled = (math.exp(-0.7 * m * np.abs(difference).sum()) for m in (1, 2))
    terms = drawn_terms(0.5, 200_000, kernel="laplacian", gamma=0.7, paired=paired)
    assert_mean(terms, k)
    assert_variance(terms, fourier_variance(k, 1, doubled=doubled, paired=paired))


@pytest.mark.parametrize("nu", [0.5, 1.5, 4.0])
def test_matern_features_estimate_the_matern_kernel(nu):
    gamma, matern = 0.7, Matern(length_scale=1 / math.sqrt(1.4), nu=nu)
    terms = drawn_terms(0.9, 200_000, kernel="matern", gamma=gamma, nu=nu)
    k, doubled = (matern(m * along(0.9, 5))[0, 1] for m in (1, 2))
    assert_mean(terms, k)
    assert_variance(terms, fourier_variance(k, 1, doubled=doubled))


@pytest.mark.parametrize("kernel", ["rbf", "matern"])
@pytest.mark.parametrize("kind", ["orthogonal", "fastfood"])
def test_dependent_frequencies_are_unbiased(kind, kernel):
    r, d = 0.9, 6
    k = math.exp(-(r**2)) if kernel == "rbf" else Matern(1 / math.sqrt(2))(along(r, d))[0, 1]
    assert_mean(drawn_runs(r, 8000, d, kind=kind, kernel=kernel), k)


@pytest.mark.parametrize("kind", ["orthogonal", "hadamard"])
@pytest.mark.parametrize("r", FAR[:2])
def test_orthogonal_frequencies_have_less_variance(kind, r):
    """At most .6 of independent ones; about .15 is true. The variance of 5,000 draws has a
    standard error of 2%, or 5% where tails are heavy."""
    values = drawn_runs(r, 5000, 16, kind=kind)
    assert values.var() <= 0.6 * fourier_variance(math.exp(-(r**2)), 16)


def test_fixed_lengths_are_biased_as_stated():
    k = math.exp(-(0.9**2))
    for d in (4, 120):  # both ways to compute it
        values = drawn_runs(0.9, 40_000 // d, d, kind="orthogonal", lengths="fixed")
        assert_mean(values, k + fixed_length_bias(k, d))
    assert_mean(drawn_terms(0.9, 200_000, 4, lengths="fixed"), k + fixed_length_bias(k, 4))


def test_chi_lengths_mend_the_bias_of_hadamard_frequencies():
    """At d = 16 fixed lengths are off as in uniform directions, chi lengths hardly. The directions
    are not quite uniform, which may cost a fifth of the bias."""
    k = math.exp(-(0.5**2))
    bias = fixed_length_bias(k, 16)
    fixed, chi = (
        drawn_runs(0.5, 10_000, 16, kind="hadamard", lengths=lengths) for lengths in LENGTHS
    )
    error = 4.42 * fixed.std() / math.sqrt(len(fixed))
    assert error < -bias / 2  # the bias can be seen
    assert abs(fixed.mean() - k - bias) <= error + 0.2 * abs(bias)
    assert abs(chi.mean() - k) <= 4.42 * chi.std() / math.sqrt(len(chi)) + 0.2 * abs(bias)


@pytest.mark.parametrize("kernel", ["rbf", "laplacian"])
def test_the_finite_set_bound_holds_on_letters(kernel):
    X = datasets.letter().X[:200].astype(float) / 15
    difference = np.abs(X[:, None] - X)
    gamma = 1.0 if kernel == "rbf" else 0.25
    K = np.exp(-gamma * (difference**2 if kernel == "rbf" else difference).sum(2))
    bound = finite_set_bound(256, 200 * 199 // 2)
    worst = []
    for seed in range(20):
        Z = FourierFeatures(512, kernel=kernel, gamma=gamma, random_state=seed).fit_transform(X)
        worst.append(np.abs(Z @ Z.T - K).max())
    assert_at_most(sum(w > bound for w in worst), 20, 0.05)
    assert np.median(worst) > bound / 4  # and the bound is not far: it catches a wrong map
    if kernel == "rbf":
        diameter = math.sqrt(-math.log(K.min()))
        assert bound < fourier_uniform_bound(256, 16, diameter, frequency_sigma("rbf", 1.0, 16))


# --- Contracts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_dtype_containers_and_seeds(kind, paired):
    X = np.random.default_rng(0).standard_normal((40, 11)) * (np.arange(11) % 3 > 0)
    before = X.copy()
    make = FourierFeatures(30, kind=kind, paired=paired, random_state=5)
    Z = make.fit_transform(X)
    assert_array_equal(X, before)
    assert_array_equal(Z, make.fit_transform(X))
    assert np.abs(Z - make.set_params(random_state=6).fit_transform(X)).max() > 0.01
    make.set_params(random_state=5)
    for form in (sp.csr_array, sp.csc_matrix, np.asfortranarray):
        assert_allclose(make.fit_transform(form(X)), Z, atol=1e-13)
    single = make.fit_transform(X.astype(np.float32))
    assert single.dtype == np.float32 and Z.dtype == np.float64
    assert_allclose(single, Z, atol=2e-6)
    assert make.transform(X).dtype == np.float64  # fitted on the other
    assert make.fit(X).transform(X.astype(np.float32)).dtype == np.float32
    assert_allclose(make.transform(X[7:9]), Z[7:9], atol=1e-13)
    assert len(make.get_feature_names_out()) == 30


def test_rows_beyond_one_block_are_served_too():
    X = np.random.default_rng(0).standard_normal((2500, 3))
    for kind in KINDS:
        Z = FourierFeatures(8, kind=kind, random_state=0).fit(X)
        assert_allclose(Z.transform(X)[2040:2060], Z.transform(X[2040:2060]), atol=1e-13)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"n_components": 0}, "n_components must be between 1"),
        ({"gamma": 0}, "gamma must lie in"),
        ({"nu": -1.0}, "nu must lie in"),
        ({"kernel": "cosine"}, "kernel must be one of rbf, laplacian, matern"),
        ({"kind": "dense"}, "kind must be one of iid, orthogonal, hadamard, fastfood"),
        ({"lengths": 1}, "lengths must be one of chi, fixed"),
        ({"paired": 2}, "paired must be True or False"),
        ({"kernel": "laplacian", "kind": "hadamard"}, "'iid' and 'chi' for the laplacian"),
        ({"random_state": "x"}, "random_state must be"),
    ],
)
def test_parameters_out_of_range_are_refused_in_words(options, words):
    with pytest.raises((ValueError, TypeError), match=words):
        FourierFeatures(**options).fit(np.eye(3))


def test_products_that_overflow_are_refused():
    features = FourierFeatures(8, gamma=1e6, random_state=0).fit(np.eye(3, dtype=np.float32))
    with pytest.raises(ValueError, match="do not overflow; rescale"), np.errstate(all="ignore"):
        features.transform(np.full((2, 3), 3e38, np.float32))


def test_bounds_refuse_what_they_have_no_answer_for():
    with pytest.raises(ValueError, match=r"sigma \* diameter must be finite"):
        fourier_uniform_frequencies(0.1, 3, 1.0, np.inf)
    with pytest.raises(ValueError, match="epsilon must be large enough"):
        finite_set_frequencies(1e-30, 5)
    with pytest.raises(ValueError, match="shape of kernel_value"):
        fourier_variance([0.5, 0.6], 3, doubled=[0.5])
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\]"):
        fourier_variance(1.5, 3)
    with pytest.raises(ValueError, match="must be above 0"):
        fixed_length_bias(0.0, 3)


# --- Peers ---------------------------------------------------------------------------------------


def test_offsets_stray_as_scikit_learns_do_and_pairs_stray_less():
    """RBFSampler's variance is the stated one, so offsets match it; pairs beat it by more than 10
    for near points."""
    draws, k = 200_000, math.exp(-(0.3**2))
    x, y = RBFSampler(n_components=draws, random_state=0).fit_transform(along(0.3, 5))
    assert_mean(draws * x * y, k)
    assert_variance(draws * x * y, fourier_variance(k, 1, paired=False))
    assert fourier_variance(k, 10) < fourier_variance(k, 20, paired=False) / 10


@pytest.mark.parametrize("kind", ["iid", "orthogonal", "hadamard"])
def test_digits_are_served_no_worse_than_by_scikit_learn(kind):
    """Mean square error on 200 digits, 512 numbers: mean over 20 maps, slack of 4.42 standard
    errors of the difference."""
    X = datasets.mnist().train_images[:200].reshape(200, -1).astype(np.float32) / 255
    squares = (X**2).sum(1)
    K = np.exp(-0.01 * np.maximum(squares[:, None] + squares - 2 * X @ X.T, 0))

    def errors(make, **options):
        maps = (make(n_components=512, gamma=0.01, random_state=s, **options) for s in range(20))
        return np.array([np.mean((Z @ Z.T - K) ** 2) for Z in (m.fit_transform(X) for m in maps)])

    difference = errors(FourierFeatures, kind=kind) - errors(RBFSampler)
    assert difference.mean() <= 4.42 * difference.std(ddof=1) / math.sqrt(20)
