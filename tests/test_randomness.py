"""Freivalds' check, tail bounds, median of means, sampled products, bounds beside the truth."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binom

from course_lib.cost import CountedMatrix, Meter
from course_lib.randomness import (
    bernstein,
    bound_versus_truth,
    chebyshev,
    chernoff,
    freivalds,
    hoeffding,
    median_of_means,
    median_of_means_error,
    median_of_means_groups,
    sample_product,
    sampled_product_variance,
)
from tests.chance import assert_at_most, assert_frequency, assert_mean

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 12)
probabilities = st.floats(0.01, 0.99)


def with_error(rng, errors, kind=int, size=6):
    """A product of random matrices, wrong by ``errors``, a dict from (row, column) to a number."""
    A, B = (rng.integers(-9, 10, (size, size)).astype(kind) for _ in range(2))
    C = A @ B
    for place, error in errors.items():
        C[place] += error
    return A, B, C


# --- Facts: true for every input and every draw ----------------------------------------------


@given(sizes, sizes, sizes, seeds, st.sampled_from([np.float32, np.float64]))
def test_a_right_product_always_passes(m, k, n, seed, dtype):
    rng = np.random.default_rng(seed)
    A, B = (
        (rng.standard_normal(shape) * 10 ** rng.uniform(-3, 3, shape)).astype(dtype)
        for shape in ((m, k), (k, n))
    )
    assert freivalds(A, B, A @ B, trials=3, rng=seed)
    assert freivalds(sp.csr_array(A), sp.csr_array(B), A @ B, rng=seed)


@given(sizes, sizes, sizes, seeds)
def test_integers_are_compared_as_numpy_multiplies_them_overflow_included(m, k, n, seed):
    rng = np.random.default_rng(seed)
    A, B = (rng.integers(-(2**62), 2**62, shape) for shape in ((m, k), (k, n)))
    assert freivalds(A, B, A @ B, rng=seed)


@given(st.integers(1, 60), probabilities, probabilities)
def test_exact_below_chernoff_below_hoeffding_and_chebyshev_holds(n, p, epsilon):
    """The exact chance of a coin's mean to be off, against the three bounds."""
    heads = np.arange(n + 1)
    exact = binom.pmf(heads, n, p)[np.abs(heads - n * p) >= n * epsilon].sum()
    slack = 1 + 1e-9
    assert exact <= chernoff(n, epsilon, p) * slack
    assert chernoff(n, epsilon, p) <= hoeffding(n, epsilon) * slack
    assert exact <= chebyshev(n, epsilon, p * (1 - p)) * slack


@given(st.integers(1, 60), probabilities, probabilities)
def test_bernstein_holds_for_coins_and_beats_hoeffding_where_its_exponent_says_so(n, p, epsilon):
    heads = np.arange(n + 1)
    exact = binom.pmf(heads, n, p)[np.abs(heads - n * p) >= n * epsilon].sum()
    variance, farthest = p * (1 - p), max(p, 1 - p)
    got = bernstein(n, epsilon, variance, farthest=farthest)
    assert exact <= got * (1 + 1e-9)
    assert got <= bernstein(n, epsilon, variance) <= bernstein(n, epsilon, 0.25)
    if 2 * variance + 2 / 3 * farthest * epsilon < 0.5:
        assert got <= hoeffding(n, epsilon)


def test_bernstein_holds_for_draws_that_are_no_coins():
    """The exact law of 20 draws from {0, 1, 2, 3, 8} / 8, by convolution."""
    law = np.array([0.4, 0.3, 0.2, 0.09, 0, 0, 0, 0, 0.01])
    values = np.arange(9) / 8
    mean, variance = law @ values, law @ values**2 - (law @ values) ** 2
    total = np.ones(1)
    for _ in range(20):
        total = np.convolve(total, law)
    off = np.abs(np.arange(len(total)) / 160 - mean)
    for epsilon in (0.05, 0.1, 0.2, 0.3):
        exact = total[off >= epsilon].sum()
        assert exact <= bernstein(20, epsilon, variance, farthest=1 - mean)
    assert bernstein(20, 0.2, variance, farthest=1 - mean) < chernoff(20, 0.2, mean) / 4


@given(st.lists(st.floats(-100, 100), min_size=60, max_size=90), st.floats(0.05, 0.5), seeds)
def test_a_minority_of_wild_draws_cannot_move_the_median_of_means_away(draws, delta, seed):
    groups = median_of_means_groups(delta)
    wild = (groups - 1) // 2
    draws = np.array(draws)
    corrupted = draws.copy()
    corrupted[:wild] = 1e12
    estimate = median_of_means(corrupted, delta=delta, rng=seed)
    assert draws.min() - 1e-6 <= estimate <= draws.max() + 1e-6


@given(sizes, sizes, sizes, seeds)
def test_norms_are_the_best_probabilities_and_keep_the_bound(m, k, n, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    best = sampled_product_variance(A, B, 5)
    other = rng.dirichlet(np.ones(k))
    slack = 1e-9 * np.linalg.norm(A) ** 2 * np.linalg.norm(B) ** 2
    assert best <= np.linalg.norm(A) ** 2 * np.linalg.norm(B) ** 2 / 5 + slack
    for probabilities in ("uniform", other):
        assert best <= sampled_product_variance(A, B, 5, probabilities=probabilities) + slack


@given(sizes, sizes, sizes, seeds)
def test_the_variance_is_that_of_all_outcomes(m, k, n, seed):
    """Enumerated: one draw has k outcomes, and c draws have a c-th of its variance."""
    rng = np.random.default_rng(seed)
    A, B, p = rng.standard_normal((m, k)), rng.standard_normal((k, n)), rng.dirichlet(np.ones(k))
    errors = [np.linalg.norm(A @ B - np.outer(A[:, j], B[j]) / p[j]) ** 2 for j in range(k)]
    variance = sampled_product_variance(A, B, 7, probabilities=p)
    assert_allclose(variance, np.dot(p, errors) / 7, rtol=1e-6, atol=1e-9)


def test_a_chance_of_zero_has_no_finite_variance():
    A = np.eye(2)
    assert sampled_product_variance(A, A, 1, probabilities=[1.0, 0.0]) == math.inf
    A[:, 1] = 0  # then it is not missed
    assert sampled_product_variance(A, A, 1, probabilities=[1.0, 0.0]) == 0.0


# --- Theorems: over fresh draws, with the chance of a false alarm in tests/chance.py ----------


@pytest.mark.parametrize("kind", [int, float])
@pytest.mark.parametrize(("high", "trials"), [(2, 1), (2, 4), (8, 1), (8, 2)])
def test_one_wrong_entry_is_missed_exactly_as_often_as_the_theorem_says(kind, high, trials, rng):
    runs = 2000
    A, B, C = with_error(rng, {(2, 3): 1}, kind)
    missed = sum(freivalds(A, B, C, trials=trials, high=high, rng=rng) for _ in range(runs))
    assert_frequency(missed, runs, high**-trials)


def test_errors_that_could_cancel_are_missed_no_more_often(rng):
    runs = 2000
    A, B, C = with_error(rng, {(1, 0): 5, (1, 4): -5})
    missed = sum(freivalds(A, B, C, high=2, rng=rng) for _ in range(runs))
    assert_frequency(missed, runs, 0.5)
    A, B, C = with_error(rng, {(row, row): 1 for row in range(6)})
    missed = sum(freivalds(A, B, C, high=2, rng=rng) for _ in range(runs))
    assert_frequency(missed, runs, 2.0**-6)


@pytest.mark.parametrize("options", [{}, {"trials": 20, "high": 2}], ids=["one trial", "twenty"])
def test_a_hundred_planted_errors_are_all_found(options, rng):
    """A miss has probability 2^-20: a false alarm in 10,000 runs of this test."""
    for _ in range(100):
        place = tuple(rng.integers(0, 6, 2))
        A, B, C = with_error(rng, {place: rng.choice([-1, 1])})
        assert not freivalds(A, B, C, rng=rng, **options)


def test_a_small_error_among_floating_numbers_is_found(rng):
    """The tolerance is about 4e-9 * 2^20 here: four trials miss with probability below 1e-6."""
    A, B = rng.standard_normal((2, 200, 200))
    C = A @ B
    C[17, 42] += 1e-6
    assert not freivalds(A, B, C, trials=4, rng=rng)


@pytest.mark.parametrize("delta", [0.3, 0.05])
def test_median_of_means_keeps_its_error_under_a_heavy_tail(delta, rng):
    """Pareto with exponent 2.2: a variance, and hardly more."""
    runs, n, exponent = 1500, 500, 2.2
    mean, variance = exponent / (exponent - 1), exponent / ((exponent - 1) ** 2 * (exponent - 2))
    allowed = median_of_means_error(n, variance, delta)
    errors = [
        abs(median_of_means(1 + rng.pareto(exponent, n), delta=delta, rng=rng) - mean)
        for _ in range(runs)
    ]
    assert_at_most(np.sum(np.array(errors) > allowed), runs, delta)


def test_order_in_time_does_not_matter_because_draws_are_dealt(rng):
    """Sorted data: consecutive groups would give the median, which is far from the mean."""
    draws = np.sort(rng.exponential(1.0, 2000))
    assert abs(median_of_means(draws, delta=0.1, rng=rng) - draws.mean()) < 0.15
    assert abs(np.median(draws) - draws.mean()) > 0.25


@pytest.mark.parametrize("probabilities", ["norms", "uniform", "own"])
def test_the_sampled_product_is_unbiased_and_has_its_variance(probabilities, rng):
    A = rng.standard_normal((20, 30)) * rng.exponential(1.0, 30)
    B = rng.standard_normal((30, 10))
    p = rng.dirichlet(np.full(30, 5.0)) if probabilities == "own" else probabilities
    exact, probe = A @ B, rng.standard_normal((20, 10))
    errors, projections = [], []
    for _ in range(2000):
        C, R, _ = sample_product(A, B, 6, probabilities=p, rng=rng)
        errors.append(np.linalg.norm(exact - C @ R) ** 2)
        projections.append(np.sum(probe * (C @ R)))
    assert_mean(projections, np.sum(probe * exact))
    assert_mean(errors, sampled_product_variance(A, B, 6, probabilities=p))


def test_a_bound_that_holds_and_one_that_does_not(rng):
    def is_off(n, rng):
        return abs(rng.integers(2, size=n).mean() - 0.5) >= 0.2

    settings = [10, 20, 40]
    data = bound_versus_truth(settings, lambda n: hoeffding(n, 0.2), is_off, draws=500, rng=rng)
    assert data.holds_on_average() and np.all(data.looseness > 1)
    wrong = bound_versus_truth(
        settings, lambda n: hoeffding(n, 0.2) / 10, is_off, draws=500, rng=rng
    )
    assert not wrong.holds_on_average()


# --- Contracts ---------------------------------------------------------------------------------


def test_a_trial_is_three_products_with_a_vector(rng):
    meter = Meter()
    A, B, C = with_error(rng, {}, float)
    counted = (CountedMatrix(M, meter) for M in (A, B, C))
    assert freivalds(*counted, trials=7, tol=0.0, rng=rng)
    assert (meter.products, meter.passes) == (21, 21)


def test_wrong_products_are_mostly_recognized_at_the_first_trial(rng):
    meter = Meter()
    A, B, C = with_error(rng, {(0, 0): 1.0}, float)
    assert not freivalds(A, B, CountedMatrix(C, meter), trials=50, tol=0.0, rng=rng)
    assert meter.products == 1


def test_the_most_negative_integer_is_not_zero():
    zero = np.zeros((1, 1), dtype=np.int64)
    wrong = np.full((1, 1), np.iinfo(np.int64).min)
    assert not freivalds(zero, zero, wrong, trials=60, high=2, rng=0)


@pytest.mark.parametrize("narrow", [np.int8, np.uint8, bool])
def test_narrow_integers_do_not_wrap_around(narrow, rng):
    A = rng.integers(0, 2, (5, 300)).astype(narrow)
    exact = A.astype(np.int64) @ A.astype(np.int64).T
    assert freivalds(A, A.T, exact, rng=0)
    exact[2, 2] += 256
    assert not freivalds(A, A.T, exact, rng=0)


def test_nan_is_never_a_right_product():
    A = np.eye(3)
    assert not freivalds(A, A, A * np.nan, rng=0)


def test_sparse_and_dense_samples_agree(rng):
    A = sp.random_array((30, 40), density=0.2, rng=rng, format="csr")
    B = sp.random_array((40, 20), density=0.2, rng=rng, format="csc")
    C, R, indices = sample_product(A.toarray(), B.toarray(), 9, rng=4)
    for left, right in ((A, B), (A, B.toarray()), (A.toarray(), B)):
        C_sparse, R_sparse, same = sample_product(left, right, 9, rng=4)
        assert_array_equal(same, indices)
        product = C_sparse @ R_sparse
        assert_allclose(product.toarray() if sp.issparse(product) else product, C @ R)
        assert_allclose(
            sampled_product_variance(left, right, 9),
            sampled_product_variance(A.toarray(), B.toarray(), 9),
        )


def test_float32_stays_float32_and_inputs_are_untouched(rng):
    A, B = rng.standard_normal((2, 8, 8)).astype(np.float32)
    before = A.copy(), B.copy()
    C, R, _ = sample_product(A, B, 3, rng=0)
    freivalds(A, B, A @ B, rng=0)
    assert {C.dtype, R.dtype} == {np.dtype(np.float32)}
    assert_array_equal((A, B), before)


def test_a_zero_product_is_sampled_exactly():
    C, R, _ = sample_product(np.zeros((2, 3)), np.ones((3, 2)), 4, rng=0)
    assert_array_equal(C @ R, np.zeros((2, 2)))


def test_the_same_seed_gives_the_same_answer(rng):
    draws = rng.standard_normal(200)
    assert median_of_means(draws, rng=5) == median_of_means(draws, rng=5)
    A = rng.standard_normal((5, 5))
    assert_array_equal(sample_product(A, A, 3, rng=5).indices, sample_product(A, A, 3, rng=5)[2])


def test_a_comparison_describes_its_draws_and_each_setting_has_its_own_stream():
    def uniform(width, rng):
        return width * rng.random(width)[-1]

    data = bound_versus_truth([1, 2], lambda width: width / 2, uniform, draws=400, rng=1)
    other = bound_versus_truth([7, 2], lambda width: width / 2, uniform, draws=400, rng=1)
    assert other.mean[1] == data.mean[1] and other.mean[0] != data.mean[0]
    assert data.settings == (1, 2)
    assert_allclose(data.mean, [0.5, 1.0], atol=0.1)
    assert_allclose(data.low, [0.05, 0.1], atol=0.05)
    assert_allclose(data.high, [0.95, 1.9], atol=0.1)
    assert_allclose(data.exceeded, 0.5, atol=0.12)
    assert_allclose(data.standard_error, np.array([1, 2]) / math.sqrt(12 * 400), rtol=0.1)
    never = bound_versus_truth([1], lambda _: 0.1, lambda _, rng: 0.0, rng=0)
    assert never.looseness[0] == math.inf


def test_bounds_by_hand():
    assert chebyshev(25, 0.2, 1.0) == pytest.approx(1.0)
    assert hoeffding(50, 0.2) == pytest.approx(2 * math.exp(-4))
    assert hoeffding(50, 0.4, low=-1.0, high=1.0) == pytest.approx(2 * math.exp(-4))
    assert bernstein(30, 0.3, 0.35, farthest=1.0) == pytest.approx(2 * math.exp(-3))
    assert bernstein(10, 30.0, 3500.0, farthest=100.0) == pytest.approx(2 * math.exp(-1))
    assert bernstein(10, 0.5, 0.0, farthest=1.5) == pytest.approx(2 * math.exp(-5))
    assert bernstein(1, 0.1, 1.0) == 1.0
    assert chernoff(3, 0.5, 0.5) == pytest.approx(2 * 0.5**3)
    assert chernoff(3, 0.9, 0.5) == 0.0
    assert chernoff(3, 0.5, 0.0) == 0.0
    assert median_of_means_groups(math.exp(-1)) == 8
    assert median_of_means_error(800, 4.0, math.exp(-1)) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: freivalds(np.ones(3), np.ones(3), 1), ValueError, "two axes"),
        (lambda: freivalds(np.eye(2), np.eye(3), np.eye(2)), ValueError, "must have shapes"),
        (lambda: freivalds(np.eye(2) * 1j, np.eye(2), np.eye(2)), TypeError, "real floating"),
        (lambda: freivalds(np.eye(2), np.eye(2), np.eye(2), trials=0), ValueError, "trials must"),
        (lambda: freivalds(np.eye(2), np.eye(2), np.eye(2), high=1), ValueError, "high must be"),
        (lambda: freivalds(np.eye(2), np.eye(2), np.eye(2), tol=-1), ValueError, "tol must lie"),
        (
            lambda: freivalds(CountedMatrix(np.eye(2), Meter()), np.eye(2), np.eye(2)),
            TypeError,
            "tol must be given",
        ),
        (lambda: median_of_means([[1.0]]), ValueError, "list of numbers"),
        (lambda: median_of_means([1.0] * 5), ValueError, "at least 8 ln"),
        (lambda: median_of_means([np.nan] * 50), ValueError, "NaN"),
        (lambda: median_of_means_groups(0.0), ValueError, "delta must lie"),
        (lambda: median_of_means_error(3, 1.0, 0.01), ValueError, "n must be at least 37"),
        (lambda: hoeffding(0, 0.1), ValueError, "n must be"),
        (lambda: hoeffding(10, 0.0), ValueError, "epsilon must lie"),
        (lambda: hoeffding(10, 0.1, low=1.0, high=1.0), ValueError, "high must lie"),
        (lambda: chernoff(10, 0.1, 1.1), ValueError, "mean must lie"),
        (lambda: chebyshev(10, 0.1, -1.0), ValueError, "variance must lie"),
        (lambda: bernstein(0, 0.1, 1.0), ValueError, "n must be"),
        (lambda: bernstein(10, -0.1, 1.0), ValueError, "epsilon must lie"),
        (lambda: bernstein(10, 0.1, -1.0), ValueError, "variance must lie"),
        (lambda: bernstein(10, 0.1, 1.0, farthest=0.0), ValueError, "farthest must lie"),
        (lambda: sample_product(np.eye(2), np.eye(3), 1), ValueError, "must have shapes"),
        (lambda: sample_product(np.eye(2), np.eye(2), 0), ValueError, "size must be"),
        (
            lambda: sample_product(np.eye(2), np.eye(2), 1, probabilities="best"),
            ValueError,
            "'norms', 'uniform' or a list",
        ),
        (
            lambda: sample_product(np.eye(2), np.eye(2), 1, probabilities=[0.5, 0.6]),
            ValueError,
            "sum to 1",
        ),
        (lambda: sample_product(np.full((2, 2), np.inf), np.eye(2), 1), ValueError, "infinity"),
        (
            lambda: sample_product(CountedMatrix(np.eye(2), Meter()), np.eye(2), 1),
            TypeError,
            "columns are needed",
        ),
        (lambda: bound_versus_truth([], float, float), ValueError, "at least one value"),
        (lambda: bound_versus_truth([1], float, float, draws=1), ValueError, "draws must be"),
    ],
)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_freivalds_refuses_infinity_which_would_equal_everything():
    """Faults: True for [[inf]] [[1]] = [[0]] and for [[1e200]] [[1e200]] = [[0]]."""
    for A, B, C in (
        ([[np.inf]], [[1.0]], [[0.0]]),
        ([[1e200]], [[1e200]], [[0.0]]),
        ([[1.0]], [[1.0]], [[np.inf]]),
    ):
        with pytest.raises(ValueError, match="must be finite, and so must their products"):
            freivalds(A, B, C, rng=0)
        with pytest.raises(ValueError, match="must be finite, and so must their products"):
            freivalds(A, B, C, tol=1.0, rng=0)


def test_freivalds_leaves_sparse_matrices_as_they_are():
    A = sp.coo_array((np.ones(4), ([0, 0, 1, 1], [0, 0, 1, 1])), shape=(2, 2)).tocsr()
    B = sp.csr_array((np.ones(4), np.array([1, 1, 0, 0]), np.array([0, 2, 4])), shape=(2, 2))
    before = B.data.copy(), B.indices.copy()
    assert freivalds(A, B, 2.0 * A @ B.toarray() / 2, rng=0)
    assert_array_equal(B.data, before[0])
    assert_array_equal(B.indices, before[1])
    with pytest.raises(ValueError, match="must not be masked"):
        freivalds(np.ma.masked_array(np.eye(2), np.eye(2) == 1), np.eye(2), np.eye(2))


def test_bounds_hold_for_the_smallest_and_largest_numbers():
    assert chebyshev(10, 5e-324, 0.2) == chebyshev(10, 5e-324, 0.0) == 1.0
    assert chebyshev(10, 1e308, 0.2) == hoeffding(10, 1e308) == bernstein(10, 1e200, 0.2) == 0.0
    assert bernstein(10, 1e308, 1e308, farthest=1e308) == 1.0
    assert median_of_means_groups(5e-324) == math.ceil(8 * 1074 * math.log(2)) == 5956
    for call in (chebyshev, bernstein, chernoff):
        with pytest.raises(ValueError, match=r"epsilon must lie in \(0, inf\)"):
            call(10, math.inf, 0.2)
    with pytest.raises(ValueError, match=r"variance must lie in \[0, inf\)"):
        median_of_means_error(1000, math.inf, 0.1)


@pytest.mark.parametrize(
    "draws", [np.ones(99) + 1j, np.array(["1"] * 99), np.zeros(99, "datetime64[D]")]
)
def test_draws_that_are_no_real_numbers_are_refused(draws):
    with pytest.raises(TypeError, match="draws must have a real floating dtype"):
        median_of_means(draws)


def test_a_sample_of_huge_size_is_refused_before_memory_is_asked_for():
    for size in (2**31, 2**63, 2**70):
        with pytest.raises(ValueError, match="size must be between 1 and"):
            sample_product(np.eye(2), np.eye(2), size)
    A = sp.csr_array(np.array([[1, 0], [2, 3]]))
    assert sampled_product_variance(A, A, 2) == sampled_product_variance(
        A.toarray(), A.toarray(), 2
    )


# --- Peers ---------------------------------------------------------------------------------------


def test_the_check_agrees_with_the_product(rng):
    for _ in range(50):
        A, B = rng.integers(-3, 4, (2, 8, 8))
        C = A @ B
        if rng.random() < 0.5:
            C[tuple(rng.integers(0, 8, 2))] += rng.integers(1, 5)
        assert freivalds(A, B, C, rng=rng) == np.array_equal(A @ B, C)
