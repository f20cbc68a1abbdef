"""Range finder, randomized SVD, eigendecomposition, one pass: facts, theorems, contracts, peers."""

import tracemalloc
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import interpolative as scipy_interpolative
from scipy.sparse.linalg import LinearOperator, aslinearoperator, svds
from sklearn.utils import extmath

from course_lib.cost import CountedMatrix, Meter
from course_lib.low_rank import (
    SVD,
    _blocks,
    best_error,
    randomized_eigh,
    randomized_svd,
    range_finder,
    range_finder_bound,
    residual_norm,
    single_pass_svd,
)
from tests.matrices import with_spectrum

EPS = np.finfo(float).eps
METHODS = ["power", "krylov"]


def rebuilt(factors):
    return (factors.U * factors.s) @ factors.Vt


def spectral(A):
    return np.linalg.norm(A, 2)


@st.composite
def problems(draw):
    """A matrix with known spectrum, a legal rank, and a seed: (A, sigma, rank, seed)."""
    m, n = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    spectrum = draw(st.sampled_from(["flat", "slow", "fast", "deficient", "zero"]))
    scale = draw(st.sampled_from([1e-280, 1.0, 1e280]))
    seed = draw(st.integers(0, 2**32 - 1))
    j = np.arange(1, min(m, n) + 1.0)
    sigma = {
        "flat": np.ones_like(j),
        "slow": j**-0.5,
        "fast": 0.1**j,
        "deficient": np.where(j <= (min(m, n) + 1) // 2, 1.0, 0.0),
        "zero": np.zeros_like(j),
    }[spectrum]
    A = with_spectrum(sigma, m, n, np.random.default_rng(seed)) * scale
    return A, sigma * scale, draw(st.integers(1, min(m, n))), seed


def symmetric(w, rng):
    Q, _ = np.linalg.qr(rng.standard_normal((len(w), len(w))))
    return (Q * w) @ Q.T


# --- Facts: true for every matrix and every draw ---------------------------------------------


@settings(max_examples=60)
@given(problems(), st.sampled_from(METHODS), st.integers(0, 2), st.integers(0, 3))
def test_factors_are_orthonormal_sorted_and_below_the_truth(problem, method, oversample, n_iter):
    A, sigma, rank, seed = problem
    U, s, Vt = randomized_svd(
        A, rank, oversample=oversample, n_iter=n_iter, method=method, rng=seed
    )
    assert (U.shape, s.shape, Vt.shape) == ((len(A), rank), (rank,), (rank, A.shape[1]))
    assert_allclose(U.T @ U, np.eye(rank), atol=200 * EPS)
    assert_allclose(Vt @ Vt.T, np.eye(rank), atol=200 * EPS)
    assert np.all(np.diff(s) <= 0) and np.all(s >= 0)
    assert np.all(s <= sigma[:rank] + 100 * EPS * sigma[0])


@settings(max_examples=40)
@given(problems(), st.sampled_from(METHODS))
def test_the_error_lies_between_eckart_young_and_twice_the_basis_error(problem, method):
    A, sigma, rank, seed = problem
    error = spectral(A - rebuilt(randomized_svd(A, rank, method=method, rng=seed)))
    floor = best_error(sigma, rank)
    assert error >= floor - 100 * EPS * sigma[0]
    assert error <= 1.1 * floor + 1e-12 * sigma[0]  # at most 10 more columns than these matrices


@settings(max_examples=40)
@given(problems(), st.sampled_from(METHODS))
def test_full_rank_is_exact(problem, method):
    A, sigma, _, seed = problem
    factors = randomized_svd(A, min(A.shape), method=method, rng=seed)
    assert_allclose(factors.s, sigma, atol=1e-13 * sigma[0])
    assert_allclose(rebuilt(factors), A, atol=1e-13 * sigma[0])


@settings(max_examples=40)
@given(problems(), st.integers(1, 40))
def test_residual_norm_is_a_lower_bound(problem, n_iter):
    A, sigma, rank, seed = problem
    factors = randomized_svd(A, rank, oversample=0, n_iter=0, rng=seed)
    exact = spectral(A - rebuilt(factors))
    measured = residual_norm(A, factors, n_iter=n_iter, rng=seed)
    assert 0 <= measured <= exact * (1 + 1e-10) + 100 * EPS * sigma[0]


@settings(max_examples=150)
@given(
    st.integers(1, 12),
    st.integers(0, 40),
    st.integers(0, 12),
    st.sampled_from([0, 3, 7, 10, 15, 300]),
    st.sampled_from([1.0, 1e-10, 1e-18, 0.0]),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 2**32 - 1),
)
def test_orthonormalize_holds_for_every_condition(l, extra, d, digits, outside, dtype, seed):
    rng = np.random.default_rng(seed)
    m = l + d + extra
    basis, _ = np.linalg.qr(rng.standard_normal((m, d + l)))
    P, fresh = basis[:, :d].astype(dtype), basis[:, d:]
    with np.errstate(under="ignore"):
        Y = (fresh * np.logspace(0, -digits, l)) @ rng.standard_normal((l, l))
        Y = (outside * Y + basis[:, :d] @ rng.standard_normal((d, l))).astype(dtype)
    Q = _blocks.orthonormalize(Y, against=P)
    tolerance = 100 * np.finfo(dtype).eps
    assert Q.dtype == dtype
    assert_allclose(Q.T @ Q, np.eye(l), atol=tolerance)
    assert_allclose(P.T @ Q, 0, atol=tolerance)
    rest = Y - P @ (P.T @ Y)
    assert_allclose(Q @ (Q.T @ rest), rest, atol=tolerance * spectral(Y))


def test_orthonormalize_needs_no_luck_in_any_of_its_ways(rng, monkeypatch):
    Y = rng.standard_normal((200, 8))
    expected = Y @ np.linalg.pinv(Y)
    reached = []
    householder = _blocks._householder
    monkeypatch.setattr(
        _blocks, "_householder", lambda *args: reached.append(1) or householder(*args)
    )
    for cond, falls_back in ((1e0, False), (1e4, False), (1e9, True), (1e15, True)):
        X = Y @ np.diag(np.logspace(0, -np.log10(cond), 8))
        rotated = X @ np.linalg.qr(rng.standard_normal((8, 8)))[0]
        reached.clear()
        Q = _blocks.orthonormalize(rotated)
        assert bool(reached) == falls_back, f"condition {cond:g}"
        assert_allclose(Q.T @ Q, np.eye(8), atol=100 * EPS)
        if cond < 1e12:
            assert_allclose(Q @ Q.T, expected, atol=100 * EPS * cond)


def test_one_round_is_a_good_basis_and_two_are_a_perfect_one(rng):
    for digits in (3, 5, 7, 7.5, 9):
        Y = with_spectrum(np.logspace(0, -digits, 8), 300, 8, rng)
        for dtype in (np.float32, np.float64):
            one, two = (_blocks.orthonormalize(Y.astype(dtype), rounds=r) for r in (1, 2))
            assert spectral(np.eye(8) - one.T @ one) < 1e-2
            assert spectral(np.eye(8) - two.T @ two) < 20 * np.finfo(dtype).eps


@settings(max_examples=40)
@given(problems())
def test_eigenvalues_interlace(problem):
    A, _, rank, seed = problem
    rng = np.random.default_rng(seed)
    largest = max(spectral(A), np.finfo(float).tiny)
    n = A.shape[0]
    w_true = np.sort(rng.standard_normal(n))[::-1] * min(largest, 1e100)
    w, V = randomized_eigh(symmetric(w_true, rng), min(rank, n), n_iter=1, rng=seed)
    assert_allclose(V.T @ V, np.eye(len(w)), atol=200 * EPS)
    assert np.all(np.diff(np.abs(w)) <= 0)
    positive, negative = np.sort(w[w > 0])[::-1], np.sort(w[w < 0])
    slack = 100 * EPS * np.abs(w_true).max()
    assert np.all(positive <= w_true[: len(positive)] + slack)
    assert np.all(negative >= np.sort(w_true)[: len(negative)] - slack)


@settings(max_examples=40)
@given(st.integers(2, 25), st.integers(1, 25), st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_psd_eigenpairs_stay_below_the_matrix(n, rank, n_iter, seed):
    rng = np.random.default_rng(seed)
    K = symmetric(0.5 ** np.arange(n), rng)
    rank = min(rank, n)
    w, V = randomized_eigh(K, rank, psd=True, oversample=1, n_iter=n_iter, rng=seed)
    assert np.all(w >= 0)
    gap = np.linalg.eigvalsh(K - (V * w) @ V.T)
    assert gap.min() >= -1e-13
    assert gap.max() >= 0.5**rank * (1 - 1e-10) or rank == n


@settings(max_examples=30)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_one_pass_is_exact_up_to_its_rank(m, n, rank, seed):
    rng = np.random.default_rng(seed)
    rank = min(rank, m, n)
    A = with_spectrum(np.arange(rank, 0.0, -1), m, n, rng)
    factors = single_pass_svd(A, rank, rng=seed)
    assert_allclose(rebuilt(factors), A, atol=1e-9)
    assert_allclose(factors.U.T @ factors.U, np.eye(rank), atol=200 * EPS)
    assert_allclose(factors.Vt @ factors.Vt.T, np.eye(rank), atol=200 * EPS)


# --- Theorems: true on average, tested with their own confidence -------------------------------


def mean_and_error(values):
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("n_iter", [0, 1, 2])
@pytest.mark.parametrize("decay", [0.3, 1.0])
def test_average_error_obeys_halko_martinsson_tropp(decay, n_iter, rng):
    """Theorem 10.6 for q = 0, Corollary 10.10 for q > 0."""
    k, p = 8, 5
    sigma = np.arange(1, 51.0) ** -decay
    A = with_spectrum(sigma, 80, 50, rng)
    errors = [
        spectral(A - Q @ (Q.T @ A))
        for Q in (range_finder(A, k + p, n_iter=n_iter, rng=rng) for _ in range(60))
    ]
    mean, standard_error = mean_and_error(errors)
    assert mean <= range_finder_bound(sigma, k, p, n_iter=n_iter) + 3 * standard_error
    assert mean >= best_error(sigma, k + p) - 3 * standard_error


@pytest.mark.parametrize(("decay", "k", "p"), [(0.3, 8, 5), (1.0, 8, 2), (1.0, 20, 20)])
def test_average_frobenius_error_obeys_theorem_10_5(decay, k, p, rng):
    sigma = np.arange(1, 51.0) ** -decay
    A = with_spectrum(sigma, 80, 50, rng)
    errors = [
        np.linalg.norm(A - Q @ (Q.T @ A))
        for Q in (range_finder(A, k + p, n_iter=0, rng=rng) for _ in range(60))
    ]
    mean, standard_error = mean_and_error(errors)
    assert mean <= range_finder_bound(sigma, k, p, norm="frobenius") + 3 * standard_error


def test_the_bounds_are_the_printed_formulas():
    sigma, k, p = np.array([5.0, 4.0, 3.0, 2.0, 1.0]), 2, 3
    assert best_error(sigma, 2) == 3.0
    assert best_error(sigma, 5) == 0.0
    assert_allclose(best_error(sigma, 3, norm="frobenius"), np.sqrt(5))
    assert_allclose(
        range_finder_bound(sigma, k, p, norm="frobenius"), np.sqrt(1 + 2 / 2) * np.sqrt(14)
    )
    for q in (0, 1, 3):
        power = 2 * q + 1
        tail = np.sqrt(np.sum(sigma[2:] ** (2 * power)))
        expected = ((1 + 1.0) * 3.0**power + np.e * np.sqrt(5) / 3 * tail) ** (1 / power)
        assert_allclose(range_finder_bound(sigma, k, p, n_iter=q), expected)


def test_power_iterations_sharpen_a_slowly_decaying_spectrum(rng):
    sigma = np.arange(1, 101.0) ** -0.5
    A = with_spectrum(sigma, 200, 100, rng)

    def excess(q, method):
        draws = (
            randomized_svd(A, 10, oversample=0, n_iter=q, method=method, rng=rng) for _ in range(20)
        )
        return np.mean([spectral(A - rebuilt(draw)) for draw in draws]) / sigma[10]

    power = [excess(q, "power") for q in (0, 1, 3)]
    krylov = [excess(q, "krylov") for q in (1, 3)]
    assert power[0] > 1.3 > power[1] > power[2]
    assert power[2] > 1.05 > krylov[1] >= 1.0  # the same six extra passes
    assert krylov[0] < power[1]


@pytest.mark.parametrize("method", METHODS)
def test_small_singular_values_survive_many_iterations(method, rng):
    sigma = 10.0 ** -np.arange(12)  # lost below 1e-8 if a half-step is not orthonormalized
    A = with_spectrum(sigma, 60, 40, rng)
    s = randomized_svd(A, 12, n_iter=5, method=method, rng=rng).s
    assert_allclose(s, sigma, rtol=1e-3)


def test_residual_norm_is_tight_even_for_factors_of_another_matrix(rng):
    A = with_spectrum(np.array([9.0, 5.0, 3.0, 1.0]), 50, 30, rng)
    factors = randomized_svd(with_spectrum(np.array([20.0, 2.0]), 50, 30, rng), 2, rng=rng)
    exact = spectral(A - rebuilt(factors))
    for matrix, parts in ((A, factors), (A.T, SVD(factors.Vt.T, factors.s, factors.U.T))):
        assert_allclose(residual_norm(matrix, parts, n_iter=20, rng=rng), exact, rtol=1e-8)


def test_residual_norm_obeys_the_lanczos_bound_on_a_flat_spectrum(rng):
    """Kuczynski and Wozniakowski 1992: expected relative error of the largest eigenvalue."""
    n, steps = 400, 10
    sigma = np.linspace(1.0, 0.0, n) ** 0.5  # the squares are evenly spaced: no gap to help
    none = SVD(np.zeros((n, 1)), np.zeros(1), np.zeros((1, n)))
    errors = [
        1 - residual_norm(np.diag(sigma), none, n_iter=steps, rng=rng) ** 2 for _ in range(30)
    ]
    mean, standard_error = mean_and_error(errors)
    assert mean <= 0.103 * (np.log(n * (steps - 1) ** 4) / (steps - 1)) ** 2 + 3 * standard_error
    assert mean <= 0.02  # the power method is at 0.1 here


@pytest.mark.parametrize("n_iter", [0, 1])
def test_psd_is_more_accurate_than_a_compression_at_equal_passes(n_iter, rng):
    sigma = np.arange(1, 61.0) ** -1.0
    K = symmetric(sigma, rng)
    gains = []
    for seed in range(20):
        plain, nystrom = (
            randomized_eigh(K, 10, psd=psd, oversample=2, n_iter=n_iter, rng=seed)
            for psd in (False, True)
        )
        errors = [spectral(K - (V * w) @ V.T) for w, V in (plain, nystrom)]
        gains.append(errors[0] - errors[1])
    mean, standard_error = mean_and_error(gains)
    assert mean > 3 * standard_error


@pytest.mark.parametrize(("size", "core"), [(12, 25), (12, 14), (20, 60)])
def test_one_pass_obeys_tropp_yurtsever_udell_cevher_5_1(size, core, rng):
    sigma = np.arange(1, 51.0) ** -1.0
    A = with_spectrum(sigma, 80, 50, rng)
    tail = np.cumsum(sigma[::-1] ** 2)[::-1]
    bound = (
        (core - 1)
        / (core - size - 1)
        * min((size + rho - 1) / (size - rho - 1) * tail[rho] for rho in range(size - 1))
    )
    squares = [
        np.linalg.norm(A - rebuilt(single_pass_svd(A, size, size=size, core=core, rng=rng))) ** 2
        for _ in range(60)
    ]
    mean, standard_error = mean_and_error(squares)
    assert tail[size] <= mean <= bound + 3 * standard_error


def test_gaussian_blocks_have_unit_variance_and_no_mean(rng):
    for dtype in (np.float32, np.float64):
        draw = _blocks.gaussian(rng, (500, 200), dtype)
        assert draw.dtype == dtype
        assert abs(draw.mean()) < 5 / np.sqrt(draw.size)
        assert abs(draw.var() - 1) < 5 * np.sqrt(2 / draw.size)
        assert abs(np.mean(draw**4) - 3) < 5 * np.sqrt(96 / draw.size)


# --- Contracts: passes, dtype, containers, memory, reproducibility, errors ----------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_iter", [0, 1, 3])
@pytest.mark.parametrize("shape", [(60, 40), (40, 60)])
def test_passes_are_counted_exactly(shape, n_iter, method, rng):
    A, meter = rng.standard_normal(shape), Meter()
    counted = CountedMatrix(A, meter)

    range_finder(counted, 7, n_iter=n_iter, rng=0)
    assert (meter.passes, meter.products) == (2 * n_iter + 1, 7 * (2 * n_iter + 1))
    meter.reset()
    factors = randomized_svd(counted, 5, oversample=2, n_iter=n_iter, method=method, rng=0)
    assert (meter.passes, meter.products) == (2 * (n_iter + 1), 7 * 2 * (n_iter + 1))
    meter.reset()
    residual_norm(counted, factors, n_iter=n_iter + 1, rng=0)
    assert (meter.passes, meter.products) == (2 * (n_iter + 1), 2 * (n_iter + 1))
    meter.reset()
    randomized_eigh(CountedMatrix(A @ A.T, meter), 5, oversample=2, n_iter=n_iter, rng=0)
    assert (meter.passes, meter.products) == (2 * (n_iter + 1), 7 * 2 * (n_iter + 1))


def test_one_pass_is_one_pass(rng):
    meter = Meter()
    A = rng.standard_normal((3000, 20))
    factors = single_pass_svd(CountedMatrix(A, meter), 3, rng=0)
    assert (meter.passes, meter.products) == (1, 0)
    heights = (A[start:stop] for start, stop in ((0, 1), (1, 700), (700, 3000)))
    assert_allclose(rebuilt(single_pass_svd(heights, 3, rng=0)), rebuilt(factors), atol=1e-10)


def containers(A):
    def operator(B):
        return LinearOperator(
            B.shape,
            matvec=lambda x: B @ x,
            rmatvec=lambda y: B.T @ y,
            matmat=lambda X: B @ X,
            rmatmat=lambda Y: B.T @ Y,
            dtype=B.dtype,
        )

    yield from (
        np.asfortranarray(A),
        A.tolist(),
        sp.csr_array(A),
        sp.csc_matrix(A),
        sp.coo_array(A),
    )
    yield from (aslinearoperator(A), operator(A), CountedMatrix(A, Meter()))


@pytest.mark.parametrize("method", METHODS)
def test_every_container_gives_the_same_factors(method, rng):
    A = sp.random_array((60, 40), density=0.2, rng=rng).toarray()
    expected = randomized_svd(A, 5, method=method, rng=7)
    for same in containers(A):
        assert_allclose(
            rebuilt(randomized_svd(same, 5, method=method, rng=7)), rebuilt(expected), atol=1e-10
        )
        assert_allclose(
            residual_norm(same, expected, rng=1), residual_norm(A, expected, rng=1), rtol=1e-8
        )
    for same in containers(A @ A.T):
        assert_allclose(
            randomized_eigh(same, 5, rng=7).w, randomized_eigh(A @ A.T, 5, rng=7).w, rtol=1e-8
        )
    for same in (
        sp.csr_array(A),
        sp.coo_array(A),
        CountedMatrix(A, Meter()),
        [A[:9], sp.csr_array(A[9:])],
    ):
        one = single_pass_svd(same, 5, rng=7)
        assert_allclose(rebuilt(one), rebuilt(single_pass_svd(A, 5, rng=7)), atol=1e-8)


def all_factors(A):
    yield from randomized_svd(A, 3, rng=0)
    yield from randomized_svd(A, 3, method="krylov", rng=0)
    yield from single_pass_svd(A, 3, rng=0)
    yield from randomized_eigh(A @ A.T, 3, rng=0)
    yield from randomized_eigh(A @ A.T, 3, psd=True, rng=0)
    yield range_finder(A, 3, rng=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_the_input_untouched(dtype, rng):
    for A in (
        rng.standard_normal((20, 10)).astype(dtype),
        rng.standard_normal((10, 20)).astype(dtype),
    ):
        before = A.copy()
        assert {factor.dtype for factor in all_factors(A)} == {np.dtype(dtype)}
        assert np.array_equal(A, before)
        as_sparse = randomized_svd(sp.csr_array(A), 3, rng=0)
        assert {factor.dtype for factor in as_sparse} == {np.dtype(dtype)}


def test_same_seed_same_answer_and_a_generator_advances(rng):
    A = rng.standard_normal((20, 10))

    def calls(rng):
        yield randomized_svd(A, 3, n_iter=0, oversample=0, rng=rng).s
        yield range_finder(A, 3, n_iter=0, rng=rng)
        yield randomized_eigh(A.T @ A, 3, n_iter=0, oversample=0, rng=rng).w
        yield single_pass_svd(A, 1, size=2, core=4, rng=rng).s

    for first, again in zip(calls(5), calls(5), strict=True):
        assert np.array_equal(first, again)
    generator = np.random.default_rng(5)
    for first, again in zip(calls(generator), calls(generator), strict=True):
        assert not np.array_equal(first, again)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_memory_mapped_file_is_never_copied(dtype, rng, tmp_path):
    A = np.memmap(tmp_path / "A.bin", dtype, mode="w+", shape=(20_000, 200))
    A[:] = rng.standard_normal(A.shape, dtype=dtype)
    A = np.memmap(tmp_path / "A.bin", dtype, mode="r", shape=(20_000, 200))
    factors = randomized_svd(A, 3, oversample=2, n_iter=1, rng=0)
    for method in (
        lambda: randomized_svd(A, 3, oversample=2, n_iter=1, rng=0),
        lambda: randomized_svd(A.T, 3, oversample=2, n_iter=1, rng=0),
        lambda: randomized_svd(A, 3, oversample=2, n_iter=1, method="krylov", rng=0),
        lambda: residual_norm(A, factors, n_iter=5, rng=0),
        lambda: single_pass_svd(A, 2, size=5, core=9, rng=0),
    ):
        tracemalloc.start()
        method()
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak_bytes < A.nbytes / 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-36, 1e36])
def test_float32_works_at_the_ends_of_its_range(scale, method, rng):
    sigma = 0.5 ** np.arange(10.0)
    A = (with_spectrum(sigma, 30, 20, rng) * scale).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        s = randomized_svd(A, 4, n_iter=3, method=method, rng=0).s
    assert_allclose(s / np.float32(scale), sigma[:4], rtol=1e-4)


@pytest.mark.parametrize("shape", [(60, 20), (20, 60)])
def test_the_large_basis_is_kept_on_the_short_side(shape, rng, monkeypatch):
    """The long side would give the same factors for more work and memory."""
    heights = []

    def spy(Y, against=None, **options):
        heights.append(0 if against is None else len(against))
        return orthonormalize(Y, against=against, **options)

    orthonormalize = _blocks.orthonormalize
    monkeypatch.setattr("course_lib.low_rank.svd.orthonormalize", spy)
    randomized_svd(rng.standard_normal(shape), 3, method="krylov", rng=0)
    assert max(heights) == 20


def test_krylov_stops_when_nothing_is_left(rng):
    meter = Meter()
    A = CountedMatrix(rng.standard_normal((30, 8)), meter)
    randomized_svd(A, 4, oversample=0, n_iter=50, method="krylov", rng=0)
    assert meter.passes == 4  # two blocks of four fill the short side


bad_matrices = [
    (np.ones(3), ValueError, "two axes"),
    (np.ones((0, 3)), ValueError, "empty"),
    (np.ones((3, 3), complex), TypeError, "real"),
    (np.array([[None, "a"], [1, 2]]), TypeError, "objects"),
    (np.diag([np.nan, 1.0, 1.0]), ValueError, "NaN"),
    (np.diag([np.inf, 1.0, 1.0]), ValueError, "NaN or infinity"),
    (sp.csr_array(np.diag([np.nan, 1.0, 1.0])), ValueError, "NaN"),
    (np.full((3, 3), 1.7e308), ValueError, "overflows"),
    (sp.csr_array(1j * np.eye(3)), TypeError, "real"),
]


@pytest.mark.parametrize(("A", "error", "words"), bad_matrices)
@pytest.mark.parametrize(
    "function",
    [
        lambda A: range_finder(A, 1),
        lambda A: randomized_svd(A, 1),
        lambda A: randomized_svd(A, 1, method="krylov"),
        lambda A: randomized_eigh(A, 1),
        lambda A: residual_norm(A, (np.ones((3, 1)), np.ones(1), np.ones((1, 3)))),
    ],
    ids=["range_finder", "power", "krylov", "eigh", "residual_norm"],
)
def test_a_bad_matrix_is_refused_in_words(function, A, error, words):
    with warnings.catch_warnings(), pytest.raises(error, match=words):
        warnings.simplefilter("error")
        function(A)


@pytest.mark.parametrize(("A", "error", "words"), bad_matrices[1:8])
def test_bad_rows_are_refused_in_one_pass(A, error, words):
    with pytest.raises(error, match=words):
        single_pass_svd(A, 1, rng=0)


def test_sparse_matrices_of_integers_are_taken_as_arrays_of_integers_are():
    A = np.diag([3, 2, 1])
    for kind in (sp.csr_array, sp.coo_array, sp.dia_matrix):
        assert_allclose(randomized_svd(kind(A), 2, rng=0).s, [3, 2], rtol=1e-12)
        assert_allclose(randomized_eigh(kind(A), 2, rng=0).w, [3, 2], rtol=1e-12)
        factors = randomized_svd(A, 2, rng=0)
        assert_allclose(residual_norm(kind(A), factors, rng=0), 1, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-100, 1e100, 1e200, 1e300])
def test_psd_eigenvalues_of_any_size(scale):
    A = np.diag([3.0, 2.0, 1.0, 0.5])
    w, V = randomized_eigh(A * scale, 2, psd=True, rng=0)
    assert_allclose(w, [3 * scale, 2 * scale], rtol=1e-12)
    assert_allclose(V.T @ V, np.eye(2), atol=1e-12)


@pytest.mark.parametrize("sigma", [np.array([1j]), np.array(["2"]), np.zeros(2, "datetime64[D]")])
def test_a_spectrum_of_no_real_numbers_is_refused(sigma):
    with pytest.raises(TypeError, match="sigma must have a real floating dtype"):
        best_error(sigma, 0)
    with pytest.raises(ValueError, match="sigma must not be masked"):
        best_error(np.ma.masked_array([3.0, 2.0], [0, 1]), 1)


GOOD = np.diag([3.0, 2.0, 1.0])
FACTORS = SVD(np.ones((3, 1)), np.ones(1), np.ones((1, 3)))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: range_finder(GOOD, 4), ValueError, r"size must be between 1 and min\(m, n\) = 3"),
        (lambda: range_finder(GOOD, 0), ValueError, "size"),
        (lambda: range_finder(GOOD, 1, n_iter=-1), ValueError, "n_iter must be at least 0"),
        (lambda: range_finder(GOOD, 1, rng="seed"), TypeError, "rng must be a seed"),
        (lambda: randomized_svd(GOOD, 4), ValueError, r"rank must be between 1 and min\(m, n\)"),
        (lambda: randomized_svd(GOOD, 0), ValueError, "rank"),
        (lambda: randomized_svd(GOOD, 1.5), TypeError, "rank must be an integer; got 1.5"),
        (lambda: randomized_svd(GOOD, 1, oversample=-1), ValueError, "oversample"),
        (lambda: randomized_svd(GOOD, 1, n_iter=-1), ValueError, "n_iter"),
        (lambda: randomized_svd(GOOD, 1, method="lanczos"), ValueError, "'power' or 'krylov'"),
        (
            lambda: randomized_svd(LinearOperator((3, 3), lambda x: x, dtype=float), 1),
            TypeError,
            "rmatvec",
        ),
        (lambda: residual_norm(GOOD, FACTORS, n_iter=0), ValueError, "n_iter must be at least 1"),
        (lambda: residual_norm(GOOD[:2], FACTORS), ValueError, r"shapes \(2, k\), \(k,\) and"),
        (lambda: residual_norm(GOOD, FACTORS[:2]), ValueError, "three arrays"),
        (
            lambda: residual_norm(GOOD, FACTORS._replace(s=np.array([np.nan]))),
            ValueError,
            "factors",
        ),
        (lambda: randomized_eigh(GOOD[:2], 1), ValueError, r"square.*\(2, 3\)"),
        (lambda: randomized_eigh(GOOD, 4), ValueError, "rank must be between 1 and n = 3"),
        (lambda: randomized_eigh(GOOD, 1, oversample=-1), ValueError, "oversample"),
        (lambda: randomized_eigh(GOOD, 1, n_iter=-1), ValueError, "n_iter"),
        (lambda: randomized_eigh(GOOD + np.eye(3, k=1), 1), ValueError, "must be symmetric"),
        (lambda: randomized_eigh(-GOOD, 1, psd=True), ValueError, "positive semidefinite"),
        (lambda: single_pass_svd(GOOD, 4), ValueError, "rank must be between 1 and n = 3"),
        (lambda: single_pass_svd(GOOD, 0), ValueError, "rank"),
        (lambda: single_pass_svd(GOOD, 2, size=1), ValueError, "size must be at least 2"),
        (lambda: single_pass_svd(GOOD, 2, size=3, core=2), ValueError, "core must be at least 3"),
        (lambda: single_pass_svd([], 1), ValueError, "at least one block"),
        (
            lambda: single_pass_svd([np.ones((2, 3)), np.ones((2, 4))], 1),
            ValueError,
            "one width; got 3 and 4",
        ),
        (lambda: single_pass_svd(7, 1), TypeError, "rows"),
        (lambda: best_error([1.0, 2.0], 1), ValueError, "largest first"),
        (lambda: best_error([2.0, -1.0], 1), ValueError, "negative"),
        (lambda: best_error([2.0, 1.0], 3), ValueError, "rank"),
        (lambda: best_error([2.0, 1.0], 1, norm="max"), ValueError, "norm must be"),
        (lambda: range_finder_bound(np.ones(9), 1, 5), ValueError, "rank"),
        (lambda: range_finder_bound(np.ones(9), 5, 5), ValueError, "oversample"),
        (
            lambda: range_finder_bound(np.ones(9), 5, 2, n_iter=1, norm="frobenius"),
            ValueError,
            "n_iter",
        ),
    ],
)
def test_bad_arguments_are_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


# --- Peers: equal or better at equal work --------------------------------------------------------


def test_agrees_with_scipy_scikit_learn_and_fbpca(rng):
    fbpca = pytest.importorskip("fbpca")
    A = with_spectrum(0.5 ** np.arange(30.0), 120, 60, rng)
    truth = np.linalg.svd(A, compute_uv=False)[:5]
    peers = (
        extmath.randomized_svd(A, 5, random_state=0)[1],
        fbpca.pca(A, 5, raw=True, n_iter=6)[1],  # its default of 2 is off by up to 2e-4
        np.sort(svds(A, 5)[1])[::-1],
    )
    for method in METHODS:
        ours = randomized_svd(A, 5, method=method, rng=0).s
        assert_allclose(ours, truth, rtol=1e-8)
        for peer in peers:
            assert_allclose(ours, peer, rtol=1e-6)


def test_at_equal_passes_we_are_as_accurate_as_scikit_learn_and_krylov_more(rng):
    sigma = np.arange(1, 201.0) ** -0.5
    A = with_spectrum(sigma, 300, 200, rng)

    def peer(seed):
        return SVD(*extmath.randomized_svd(A, 20, n_oversamples=5, n_iter=3, random_state=seed))

    def ours(seed, method):
        return randomized_svd(A, 20, oversample=5, n_iter=3, method=method, rng=seed)

    def error(draw):
        return mean_and_error([spectral(A - rebuilt(draw(seed))) for seed in range(20)])

    theirs, spread = error(peer)
    assert error(lambda seed: ours(seed, "power"))[0] <= theirs + 3 * spread
    assert error(lambda seed: ours(seed, "krylov"))[0] <= theirs - 3 * spread


def test_residual_norm_is_tighter_than_fbpca_and_scipy_at_equal_products(rng):
    fbpca = pytest.importorskip("fbpca")
    A = with_spectrum(np.linspace(1, 0.5, 60), 80, 60, rng)
    factors = randomized_svd(A, 5, n_iter=3, rng=rng)
    exact = spectral(A - rebuilt(factors))
    ours = np.mean([residual_norm(A, factors, n_iter=20, rng=rng) for _ in range(10)])
    np.random.seed(0)  # fbpca draws from the global state
    theirs = np.mean([fbpca.diffsnorm(A, *factors, n_iter=20) for _ in range(10)])
    other = scipy_interpolative.estimate_spectral_norm(
        aslinearoperator(A - rebuilt(factors)), its=20, rng=rng
    )
    assert exact >= ours > max(theirs, other)


def test_eigenvalues_agree_with_numpy(rng):
    w_true = np.concatenate([0.5 ** np.arange(20), -0.9 * 0.4 ** np.arange(20)])
    A = symmetric(w_true, rng)
    expected = sorted(np.linalg.eigvalsh(A), key=abs, reverse=True)[:6]
    assert_allclose(randomized_eigh(A, 6, n_iter=4, rng=0).w, expected, rtol=1e-8)
