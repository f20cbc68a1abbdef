"""Sparse formats, PageRank, Lanczos and the nuclear norm: facts, theorems, contracts, peers."""

import itertools
import math
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse.linalg import LinearOperator, aslinearoperator, svds

from course_lib import datasets
from course_lib.cost import CountedMatrix, Meter
from course_lib.low_rank import SVD, randomized_svd
from course_lib.matrix_completion import (
    CSR,
    SparsePlusLowRank,
    als,
    as_csr,
    bidiagonalize,
    csr,
    in_links,
    lanczos_svd,
    matvec,
    matvec_bytes,
    pagerank,
    rmatvec,
    sampled_product,
    soft_impute,
    svt,
    transpose,
)
from course_lib.matrix_completion import sparse as sparse_module
from tests.kernels import as_python
from tests.matrices import with_spectrum

EPS = np.finfo(float).eps


@st.composite
def tables(draw):
    """A dense matrix with NaN where nothing is stored; zeros may be stored."""
    m, n = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    table = rng.integers(-3, 4, (m, n)).astype(draw(st.sampled_from([np.float32, np.float64])))
    table[rng.random((m, n)) < draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))] = np.nan
    return table


def at(steps, count):
    """The iterate with this number; the first is number 0."""
    return next(itertools.islice(steps, count, None))


def settled(steps, tol=1e-12, most=20_000):
    """The first iterate whose value differs from the one before by less than ``tol`` of it."""
    before = math.inf
    for iterate in itertools.islice(steps, most):
        if abs(before - iterate.value) <= tol * abs(iterate.value):
            return iterate
        before = iterate.value
    raise AssertionError(f"{most} steps were not enough")


def rebuilt(factors):
    U, s, Vt = factors
    return (U * s) @ Vt


def nuclear(Z):
    return np.linalg.svd(Z, compute_uv=False).sum()


def incomplete(rng, n=30, rank=2, share=0.5, noise=0.0):
    """A matrix of low rank and the same with holes."""
    truth = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, n))
    seen = rng.random((n, n)) < share
    return truth, np.where(seen, truth + noise * rng.standard_normal((n, n)), np.nan)


# --- Facts: formats -------------------------------------------------------------------------


@settings(max_examples=80)
@given(tables(), st.randoms(use_true_random=False))
def test_csr_stores_what_was_given_in_any_order(table, random):
    rows, columns = np.nonzero(~np.isnan(table))
    order = random.sample(range(len(rows)), len(rows))
    A = csr(rows[order], columns[order], table[rows, columns][order], table.shape)
    back = np.full(table.shape, np.nan, table.dtype)
    back[A.rows(), A.indices] = A.data
    assert_array_equal(back, table)
    assert A.data.dtype == table.dtype
    assert A.indptr[0] == 0 and A.indptr[-1] == A.nnz == len(rows)
    assert all(
        np.all(np.diff(A.indices[a:b].astype(int)) > 0) for a, b in itertools.pairwise(A.indptr)
    )


@settings(max_examples=60)
@given(tables(), st.integers(0, 2**32 - 1))
def test_products_are_those_of_the_dense_matrix(table, seed):
    A, dense = as_csr(table), np.nan_to_num(table)
    rng = np.random.default_rng(seed)
    x, y = (rng.integers(-4, 5, size).astype(table.dtype) for size in table.shape[::-1])
    assert_array_equal(matvec(A, x), dense @ x)  # small integers: exact in any order
    assert_array_equal(rmatvec(A, y), dense.T @ y)
    assert_array_equal(matvec(transpose(A), y), dense.T @ y)
    assert matvec(A, x).dtype == table.dtype


@settings(max_examples=40)
@given(tables())
def test_transposing_twice_changes_nothing(table):
    A = as_csr(table)
    twice = transpose(transpose(A))
    assert twice.shape == A.shape
    for mine, other in zip(twice[:3], A[:3], strict=True):
        assert_array_equal(mine, other)


def test_traffic_is_the_bytes_of_the_arrays(rng):
    places = np.nonzero(rng.random((50, 40)) < 0.2)
    A = csr(*places, np.ones(len(places[0])), (50, 40))
    traffic = matvec_bytes(50, A.nnz)
    assert traffic.streamed == A.nbytes
    assert traffic.gathered == 8 * A.nnz and traffic.written == matvec(A, np.ones(40)).nbytes
    assert traffic.total == traffic.streamed + traffic.gathered + traffic.written
    pattern = matvec_bytes(50, A.nnz, itemsize=4, pattern=True)
    assert pattern.streamed == A.indptr.nbytes + A.indices.nbytes and pattern.gathered == 4 * A.nnz


@settings(max_examples=40)
@given(tables(), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_sparse_plus_low_rank_is_its_sum(table, r, k, seed):
    rng = np.random.default_rng(seed)
    m, n = table.shape
    left, right, X, Y = (rng.integers(-3, 4, (size, c)).astype(table.dtype) for size, c in
                         ((m, r), (n, r), (n, k), (m, k)))  # fmt: skip
    A = SparsePlusLowRank(as_csr(table), left, right)
    dense = np.nan_to_num(table) + left @ right.T
    assert_array_equal(A @ X, dense @ X)
    assert_array_equal(A.T @ Y, dense.T @ Y)
    assert_array_equal(A @ X[:, 0], dense @ X[:, 0])
    assert A.T.T.shape == A.shape == (m, n) and A.T.shape == (n, m)
    places = as_csr(table)
    assert_array_equal(
        sampled_product(places, left, right), (left @ right.T)[places.rows(), places.indices]
    )


def test_randomized_svd_takes_a_filled_matrix(rng):
    table = np.where(rng.random((40, 30)) < 0.2, rng.standard_normal((40, 30)), np.nan)
    left, right = rng.standard_normal((40, 3)), rng.standard_normal((30, 3))
    dense = np.nan_to_num(table) + left @ right.T
    got = randomized_svd(SparsePlusLowRank(as_csr(table), left, right), 30, rng=0).s
    assert_allclose(got, np.linalg.svd(dense, compute_uv=False), atol=1e-12 * got[0])


# --- Facts: Lanczos and the nuclear norm ------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(1, 25), st.integers(1, 25), st.sampled_from(["slow", "fast", "twins", "zero"]),
       st.integers(0, 2**32 - 1))  # fmt: skip
def test_lanczos_is_exact_for_every_spectrum(m, n, spectrum, seed):
    rng = np.random.default_rng(seed)
    j = np.arange(1, min(m, n) + 1.0)
    sigma = {"slow": j**-0.5, "fast": 0.1**j, "twins": 1.0 / ((j + 1) // 2), "zero": 0 * j}[
        spectrum
    ]
    A = with_spectrum(sigma, m, n, rng)
    U, s, Vt = lanczos_svd(A, min(m, n), rng=rng)
    assert_allclose(s, sigma, atol=1e-12)
    assert_allclose(U.T @ U, np.eye(len(s)), atol=1e-12)
    assert_allclose(Vt @ Vt.T, np.eye(len(s)), atol=1e-12)
    assert_allclose(rebuilt((U, s, Vt)), A, atol=1e-12)


def test_bidiagonalization_is_what_it_says(rng):
    A = rng.standard_normal((40, 25))
    U, alpha, beta, V = process = bidiagonalize(A, 12, rng=rng)
    assert_allclose(A @ V, U @ process.B, atol=1e-13)
    assert_allclose((A.T @ U)[:, :-1], (V @ process.B.T)[:, :-1], atol=1e-13)
    last = (A.T @ U - V @ process.B.T)[:, -1]
    assert_allclose(np.linalg.norm(last), beta[-1], rtol=1e-12)
    assert len(alpha) == 12 and np.all(alpha > 0)


def test_without_reorthogonalization_ghosts_appear():
    sigma = np.r_[10.0, np.linspace(1, 0.01, 299)]
    seen = {}
    for careful in (True, False):
        B = bidiagonalize(np.diag(sigma), 60, reorthogonalize=careful, rng=0).B
        seen[careful] = int(np.sum(np.abs(np.linalg.svd(B, compute_uv=False) - 10) < 1e-6))
    assert seen[True] == 1
    assert seen[False] > 1


def test_a_step_of_soft_impute_is_one_of_the_dense_method(rng):
    _, table = incomplete(rng, n=12, noise=0.1)
    steps = soft_impute(table, 0.7, rank=12, rng=0)
    Z = np.zeros((12, 12))
    for iterate in itertools.islice(steps, 6):
        assert_allclose(rebuilt(iterate.factors), Z, atol=1e-10)
        seen = np.where(np.isnan(table), 0, table - Z)
        assert iterate.value == pytest.approx(0.5 * np.sum(seen**2) + 0.7 * nuclear(Z))
        U, s, Vt = np.linalg.svd(np.where(np.isnan(table), Z, table))
        Z = (U * np.maximum(s - 0.7, 0)) @ Vt


def test_soft_impute_starts_where_it_is_told(rng):
    _, table = incomplete(rng, noise=0.1)
    first = at(soft_impute(table, 3.0, rank=5, rng=0), 200)
    again = next(soft_impute(table, 1.0, rank=8, start=first.factors, rng=1))
    assert_allclose(rebuilt(again.factors), rebuilt(first.factors), atol=1e-12)


def test_large_alpha_leaves_nothing(rng):
    _, table = incomplete(rng)
    largest = np.linalg.norm(np.nan_to_num(table), 2)
    assert at(soft_impute(table, 1.001 * largest, rank=30, rng=0), 3).factors.s.max() == 0
    assert at(soft_impute(table, 0.9 * largest, rank=30, rng=0), 3).factors.s.max() > 0


def test_svt_finds_the_smallest_matrix_that_fits(rng):
    truth, table = incomplete(rng, share=0.8)
    seen, tau = ~np.isnan(table), 60.0
    iterate = at(svt(table, tau=tau, step=1.5, rng=0), 150)
    Z = rebuilt(iterate.factors)
    assert iterate.value < 1e-6
    assert_allclose(Z[seen], truth[seen], atol=1e-4)

    def size(X):
        return tau * nuclear(X) + 0.5 * np.sum(X**2)

    for length in (1e-3, 1.0):
        for _ in range(20):
            elsewhere = np.where(seen, 0, length * rng.standard_normal(Z.shape))
            assert size(Z + elsewhere) > size(Z)


# --- Theorems ------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.5, 0.85, 0.99])
@pytest.mark.parametrize("restart", [False, True])
def test_pagerank_contracts_by_alpha(rng, alpha, restart):
    n = 60
    src, dst = np.nonzero(rng.random((n, n)) < 0.04)  # some nodes link nowhere
    links = in_links(src, dst, n)
    assert np.any(links.out_degree == 0)
    v = rng.random(n) if restart else None
    scores, residuals = pagerank(links, alpha=alpha, tol=1e-8, restart=v, max_iter=10_000)
    t = np.arange(1, len(residuals) + 1)
    assert np.all(residuals <= 2 * alpha**t + 1e-13)
    assert np.all(residuals[1:] <= alpha * residuals[:-1] + 1e-13)
    assert len(residuals) <= math.ceil(math.log(2 / 1e-8) / math.log(1 / alpha))

    v = np.full(n, 1 / n) if v is None else v / v.sum()
    M = np.zeros((n, n))
    M[dst, src] = 1
    M = np.where(M.sum(axis=0) > 0, M / np.maximum(M.sum(axis=0), 1), v[:, None])
    exact = np.linalg.solve(np.eye(n) - alpha * M, (1 - alpha) * v)
    assert np.abs(scores - exact).sum() <= alpha / (1 - alpha) * residuals[-1] + 1e-13
    assert scores.sum() == pytest.approx(1)


@pytest.mark.parametrize("spectrum", ["slow", "gap"])
def test_lanczos_obeys_kaniel_paige_saad(rng, spectrum):
    j = np.arange(1, 61.0)
    sigma = j**-0.3 if spectrum == "slow" else np.r_[2.0, np.linspace(1, 0.1, 59)]
    eigenvalues = sigma**2
    gamma = (eigenvalues[0] - eigenvalues[1]) / (eigenvalues[1] - eigenvalues[-1])
    for t in (3, 8, 15, 25):
        process = bidiagonalize(np.diag(sigma), t, rng=rng)
        cosine = abs(process.V[0, 0])
        chebyshev = math.cosh((t - 1) * math.acosh(1 + 2 * gamma))
        bound = (eigenvalues[0] - eigenvalues[-1]) * (1 / cosine**2 - 1) / chebyshev**2
        ritz = np.linalg.svd(process.B, compute_uv=False)[0] ** 2
        assert -1e-13 <= eigenvalues[0] - ritz <= bound + 1e-13


def test_soft_impute_obeys_the_rate_of_the_proximal_gradient(rng):
    _, table = incomplete(rng, n=25, noise=0.3)
    alpha = 1.5
    best = settled(soft_impute(table, alpha, rank=25, rng=0), tol=1e-15)
    distance = np.sum(rebuilt(best.factors) ** 2)
    for k, iterate in enumerate(itertools.islice(soft_impute(table, alpha, rank=25, rng=1), 60)):
        if k:
            assert iterate.value - best.value <= distance / (2 * k) + 1e-9


def test_penalized_factors_and_the_nuclear_norm_have_one_minimum(rng):
    """Lemma 6 of Mazumder, Hastie and Tibshirani, as two programs that must agree."""
    _, table = incomplete(rng, n=24, noise=0.2)
    table -= np.nanmean(table)
    alpha = 1.2
    convex = settled(soft_impute(table, alpha, rank=24, rng=0))
    rank = int(np.sum(convex.factors.s > 1e-9))
    for extra in (0, 6):
        product = settled(als(table, rank + extra, alpha=alpha, bias_alpha=1e12, rng=extra))
        assert product.value == pytest.approx(convex.value, rel=1e-6)
        F = product.factors
        assert_allclose(F.P @ F.Q.T, rebuilt(convex.factors), atol=1e-3)
    poorer = settled(als(table, 1, alpha=alpha, bias_alpha=1e12, rng=0))
    assert rank > 1 and poorer.value > convex.value * (1 + 1e-4)


@pytest.mark.slow
def test_a_coherent_matrix_is_not_recovered_and_an_incoherent_one_is():
    """Calibrated: 20 of 20 recovered to 1e-3 at n=200, r=5, 40%; all of 20 coherent ones fail."""
    n, rank = 200, 5
    for seed in range(3):
        rng = np.random.default_rng(seed)
        truth, table = incomplete(rng, n, rank, 0.4)
        found = rebuilt(at(svt(table, rng=0), 80).factors)
        assert np.linalg.norm(found - truth) <= 1e-3 * np.linalg.norm(truth)
        spiky = np.zeros((n, n))
        spiky[:rank] = rng.standard_normal((rank, n))
        table = np.where(np.isnan(table), np.nan, spiky)
        found = rebuilt(at(svt(table, rng=0), 80).factors)
        assert np.linalg.norm(found - spiky) >= 0.5 * np.linalg.norm(spiky)


# --- Contracts -------------------------------------------------------------------------------


def test_lanczos_takes_every_kind_of_matrix_and_keeps_float32(rng):
    dense = np.where(rng.random((30, 20)) < 0.3, rng.standard_normal((30, 20)), 0)
    meter = Meter()
    expected = lanczos_svd(dense, 3, rng=5).s
    for A in (sp.csr_array(dense), aslinearoperator(dense), as_csr(sp.csr_array(dense)),
              CountedMatrix(dense, meter)):  # fmt: skip
        assert_allclose(lanczos_svd(A, 3, rng=5).s, expected, rtol=1e-9)
    assert 6 <= meter.passes == meter.products <= 40
    single = lanczos_svd(dense.astype(np.float32), 3, tol=1e-4, rng=5)
    assert single.U.dtype == single.s.dtype == single.Vt.dtype == np.float32
    assert_allclose(single.s, expected, rtol=1e-4)


def test_sparse_and_dense_tables_are_the_same_to_every_method(rng):
    _, table = incomplete(rng, n=10, noise=0.1)
    A = as_csr(table)
    coo = sp.coo_array((A.data, (A.rows(), A.indices)), A.shape)
    for method in (lambda R: soft_impute(R, 0.5, rank=4, rng=0), lambda R: svt(R, 5.0, rng=0)):
        dense, sparse, ours = (at(method(R), 5).factors for R in (table, coo, A))
        assert_array_equal(rebuilt(dense), rebuilt(sparse))
        assert_array_equal(rebuilt(dense), rebuilt(ours))


@pytest.mark.parametrize("method", ["soft_impute", "svt"])
def test_float32_stays_float32_and_input_is_untouched(rng, method):
    _, table = incomplete(rng, n=12)
    A = as_csr(table.astype(np.float32))
    before = A.data.copy()
    steps = soft_impute(A, 0.5, rank=4, rng=0) if method == "soft_impute" else svt(A, 5.0, rng=0)
    factors = at(steps, 3).factors
    assert {F.dtype for F in factors} == {np.dtype(np.float32)}
    assert_array_equal(A.data, before)


def test_same_seed_same_answer(rng):
    _, table = incomplete(rng, n=15)
    A = np.nan_to_num(table)
    for call in (
        lambda seed: lanczos_svd(A, 2, rng=seed).U,
        lambda seed: at(soft_impute(table, 0.3, rank=4, rng=seed), 2).factors.U,
    ):
        assert_array_equal(call(3), call(3))
        assert np.any(call(3) != call(4))


def test_kernels_are_their_own_reference(rng):
    _, table = incomplete(rng, n=8, share=0.6)
    A = as_csr(table)
    links = in_links(*np.nonzero(rng.random((8, 8)) < 0.3), 8)

    def answers():
        filled = SparsePlusLowRank(A, np.ones((8, 2)), np.ones((8, 2)))
        return (
            transpose(A).data,
            matvec(A, np.arange(8.0)),
            rmatvec(A, np.arange(8.0)),
            filled @ np.eye(8),
            filled.T @ np.eye(8),
            sampled_product(A, np.ones((8, 3)), np.ones((8, 3))),
            pagerank(links).scores,
        )

    compiled = answers()
    with as_python("matrix_completion"):
        reference = answers()
    for mine, other in zip(compiled, reference, strict=True):
        assert_allclose(mine, other, rtol=1e-12)


SMALL = [[1.0, np.nan], [2.0, 3.0]]
REFUSED = [
    (lambda: csr([0, 0], [1, 1], [1, 2]), ValueError, "row 0, column 1 is given twice"),
    (lambda: csr([0], [1, 2], [1]), ValueError, "must have one length"),
    (lambda: csr([0], [-1], [1]), ValueError, "columns must lie between 0"),
    (lambda: csr([0.5], [1], [1]), TypeError, "rows must be integers"),
    (lambda: csr([0], [1], [np.inf]), ValueError, "values must be finite"),
    (lambda: csr([0], [1], [1j]), TypeError, "values must have a real"),
    (lambda: csr([3], [1], [1], (2, 2)), ValueError, "must lie inside the shape"),
    (lambda: csr([], [], []), ValueError, "shape must be two positive integers"),
    (lambda: csr([[0]], [1], [1]), ValueError, "rows must be a list"),
    (lambda: csr([0], [1], [[1]]), ValueError, "values must be a list"),
    (lambda: as_csr([1.0, 2.0]), ValueError, "must be a matrix with two axes"),
    (lambda: as_csr([["a"]]), TypeError, "must have a real floating dtype"),
    (lambda: matvec(as_csr(SMALL), [1.0]), ValueError, "must have 2 entries, one a column"),
    (lambda: rmatvec(as_csr(SMALL), [1.0]), ValueError, "must have 2 entries, one a row"),
    (lambda: matvec_bytes(-1, 3), ValueError, "n_rows must be at least 0"),
    (lambda: sampled_product(as_csr(SMALL), np.ones((2, 1)), np.eye(2)), ValueError, "(2, r)"),
    (lambda: in_links([0, 0], [1, 1]), ValueError, "given twice"),
    (lambda: pagerank(in_links([0], [1]), alpha=1), ValueError, "alpha must lie in [0, 1)"),
    (lambda: pagerank(in_links([0], [1]), restart=[1, -1]), ValueError, "non-negative"),
    (lambda: pagerank(in_links([0], [1]), restart=[1]), ValueError, "each of 2 nodes"),
    (lambda: pagerank(in_links([0], [1]), dtype=int), ValueError, "float32 or float64"),
    (lambda: lanczos_svd(np.eye(3), 4), ValueError, "rank must be between 1 and min(m, n) = 3"),
    (lambda: lanczos_svd(np.full((3, 3), np.nan), 1), ValueError, "A contains NaN"),
    (lambda: lanczos_svd(np.diag(np.arange(1.0, 60)), 9, max_steps=10), ArithmeticError, "raise"),
    (lambda: bidiagonalize(np.eye(3), 0), ValueError, "steps must be between 1"),
    (lambda: next(soft_impute(SMALL, -1, rank=1)), ValueError, "alpha must lie in [0, inf)"),
    (lambda: next(soft_impute(SMALL, 1, rank=3)), ValueError, "rank must be between 1 and min"),
    (lambda: next(soft_impute([[np.nan]], 1, rank=1)), ValueError, "at least one entry"),
    (lambda: next(soft_impute(SMALL, 1, rank=1, start=lanczos_svd(np.eye(3), 1))), ValueError,
     "start must factor a matrix of shape (2, 2)"),
    (lambda: next(svt(SMALL, tau=0)), ValueError, "tau must lie in (0, inf)"),
    (lambda: next(svt([[0.0, np.nan]])), ValueError, "other than zero"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error) as refusal:
        call()
    assert words in str(refusal.value)


def holed():
    """Three rows and four columns, with places to spoil."""
    return csr([0, 0, 1, 2], [0, 3, 1, 2], [1.0, 2.0, 3.0, 4.0], (3, 4))


SPOILED = {
    "column outside": {"indices": np.array([0, 3, 1, 4], np.int32)},
    "column far outside": {"indices": np.array([0, 3, 1, 2**31 - 1], np.int32)},
    "negative column": {"indices": np.array([0, 3, 1, -1], np.int32)},
    "int64 column outside": {"indices": np.array([0, 3, 1, 2**32], np.int64)},
    "rows that fall": {"indptr": np.array([0, 5, 3, 4])},
    "rows that begin late": {"indptr": np.array([1, 2, 3, 4])},
    "rows that end late": {"indptr": np.array([0, 2, 3, 9])},
    "a row too few": {"indptr": np.array([0, 2, 4])},
    "values too few": {"data": np.ones(3)},
    "a wider shape": {"shape": (4, 4)},
    "a narrower shape": {"shape": (3, 3)},
}
READERS = {
    "matvec": lambda A: matvec(A, np.ones(A.shape[1])),
    "rmatvec": lambda A: rmatvec(A, np.ones(A.shape[0])),
    "transpose": transpose,
    "sampled_product": lambda A: sampled_product(
        A, np.ones((A.shape[0], 1)), np.ones((A.shape[1], 1))
    ),
    "lanczos_svd": lambda A: lanczos_svd(A, 1),
    "als": lambda A: next(als(A, 1)),
    "soft_impute": lambda A: next(soft_impute(A, 1.0, rank=1)),
    "SparsePlusLowRank": lambda A: (
        SparsePlusLowRank(A, np.ones((A.shape[0], 1)), np.ones((A.shape[1], 1)))
        @ np.ones(A.shape[1])
    ),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("fault", SPOILED)
def test_a_csr_with_places_outside_is_refused_before_a_kernel_reads_it(fault, reader):
    with pytest.raises(ValueError, match=r"must (hold places|lie between|rise from 0)"):
        READERS[reader](holed()._replace(**SPOILED[fault]))


@pytest.mark.parametrize("reader", READERS)
def test_products_want_a_csr_and_vectors_that_fit(reader):
    if reader in ("als", "soft_impute", "lanczos_svd"):
        pytest.skip("takes other matrices too")
    with pytest.raises(TypeError, match="must be a CSR; got a list"):
        if reader == "SparsePlusLowRank":
            SparsePlusLowRank([[1.0]], np.ones((1, 1)), np.ones((1, 1)))._checked()
        else:
            {
                "matvec": lambda: matvec([[1.0]], [1.0]),
                "rmatvec": lambda: rmatvec([[1.0]], [1.0]),
                "transpose": lambda: transpose([[1.0]]),
                "sampled_product": lambda: sampled_product([[1.0]], [[1.0]], [[1.0]]),
            }[reader]()


def test_a_block_that_does_not_fit_is_refused_before_a_kernel_reads_it():
    filled = SparsePlusLowRank(holed(), np.ones((3, 1)), np.ones((4, 1)))
    with pytest.raises(ValueError, match="X must have 4 rows; got shape"):
        filled @ np.ones((3, 2))
    with pytest.raises(ValueError, match="X must have 3 rows; got shape"):
        filled.T @ np.ones((4, 2))


def test_arrays_of_scipy_and_integers_make_a_csr_that_works():
    """Faults: "When changing to a larger dtype", and 0 for 1.5 with integers."""
    theirs = sp.csr_array(np.array([[0, 2, 0], [1, 0, 3]]))
    ours = CSR(theirs.indptr, theirs.indices, theirs.data, theirs.shape)
    assert theirs.indptr.dtype == np.int32 and theirs.data.dtype == np.int64
    assert_array_equal(matvec(ours, [0.5, 0.75, 1.0]), [1.5, 3.5])
    assert_array_equal(rmatvec(ours, [0.5, 1.5]), [1.5, 1.0, 4.5])
    floats = as_csr(theirs.astype(float))
    assert_array_equal(next(als(ours, 1, rng=0)).factors.P, next(als(floats, 1, rng=0)).factors.P)
    assert as_csr(floats) is floats
    backwards = CSR(np.array([0, 2]), np.array([1, 0], np.int32), np.array([5.0, 6.0]), (1, 2))
    assert_array_equal(as_csr(backwards).data, [6.0, 5.0])


def test_places_are_looked_at_once_and_cannot_change(monkeypatch):
    A = csr([0, 1, 1], [1, 0, 2], [1.0, 2.0, 3.0])
    taken = [A, transpose(A), as_csr(A), A._replace(data=np.ones(3, np.float32))]
    with monkeypatch.context() as patch:
        patch.setattr(sparse_module, "_pointers", lambda *_: pytest.fail("looked at again"))
        for B in taken:
            assert_array_equal(
                matvec(B, np.ones(B.shape[1])), sp.csr_array(B[2::-1], B.shape).sum(axis=1)
            )
            for places in (B.indptr, B.indices, *B.places()):
                with pytest.raises(ValueError, match="read-only"):
                    places[0] = 1
    A.data[0] = 5.0
    assert_array_equal(matvec(A, [0, 1, 0]), [5, 0])


OTHER_PLACES = np.array([1, 0, 9], np.int32)
ALTERED = {
    "other columns": lambda A: A._replace(indices=OTHER_PLACES),
    "columns of another, locked": lambda A: A._replace(
        indices=csr([0, 1, 1], [1, 0, 9], np.ones(3)).indices
    ),
    "other rows": lambda A: A._replace(indptr=np.array([0, 9, 3])),
    "rows of another, locked": lambda A: A._replace(indptr=csr([0, 1], [0, 1], [1.0, 1.0]).indptr),
    "fewer columns": lambda A: A._replace(shape=(2, 2)),
    "more rows": lambda A: A._replace(shape=(3, 3)),
    "fewer values": lambda A: A._replace(data=A.data[:2]),
    "a list": lambda A: A._replace(indices=[1, 0, 9]),
    "no shape": lambda A: A._replace(shape=None),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
@pytest.mark.parametrize("product", [matvec, rmatvec])
def test_what_was_not_looked_at_is_looked_at(alter, product):
    A = alter(csr([0, 1, 1], [1, 0, 2], [1.0, 2.0, 3.0]))
    with pytest.raises(ValueError):
        product(A, np.ones(3 if product is matvec else 2))


def test_places_unlocked_by_force_are_looked_at():
    A = csr([0, 1, 1], [1, 0, 2], [1.0, 2.0, 3.0])
    A.indices.flags.writeable = True
    A.indices[2] = 9
    with pytest.raises(ValueError, match="places inside its shape"):
        matvec(A, np.ones(3))
    B = pickle.loads(pickle.dumps(csr([0, 1, 1], [1, 0, 2], [1.0, 2.0, 3.0])))
    B.indices[2] = 9
    with pytest.raises(ValueError, match="places inside its shape"):
        matvec(B, np.ones(3))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64, np.int8])
def test_links_take_integers_of_any_kind(dtype):
    graph = in_links(np.array([0, 0, 1], dtype), np.array([1, 2, 2], dtype))
    assert_array_equal(graph.sources, [0, 0, 1])
    assert_array_equal(graph.out_degree, [2, 1, 0])


def test_pagerank_refuses_links_that_its_kernel_must_not_read():
    """Faults: a sum of 0.45 for int64 sources, and segmentation faults."""
    graph = in_links([0, 1, 2, 2], [1, 2, 0, 1])
    scores = pagerank(graph).scores
    for kind in (np.int64, np.int32, np.uint8):
        other = graph._replace(indptr=graph.indptr.astype(kind), sources=graph.sources.astype(kind))
        assert_array_equal(pagerank(other).scores, scores)
    spoiled = [
        graph._replace(sources=np.array([2, 0, 3, 1], np.int32)),
        graph._replace(sources=np.array([2, 0, -1, 1], np.int32)),
        graph._replace(indptr=np.array([0, 1, 3, 5])),
        graph._replace(indptr=np.array([0, 3, 1, 4])),
        graph._replace(out_degree=np.array([1, 1, 1])),
        graph._replace(out_degree=np.array([2, 2, 0])),  # the sum is right, the counts are not
    ]
    for links in spoiled:
        with pytest.raises(ValueError, match="links must name each node's sources"):
            pagerank(links)
    with pytest.raises(TypeError, match="links must be Links; got a list"):
        pagerank([1, 2])
    assert_allclose(pagerank(graph, restart=[1e308] * 3).scores, scores, rtol=1e-12)


def test_a_mask_is_no_silent_rating():
    """A masked 400 was a rating; now a sentence asks what the mask means."""
    table = np.ma.masked_array([[1.0, 2.0], [3.0, 400.0]], mask=[[0, 0], [0, 1]])
    for call in (
        lambda: as_csr(table),
        lambda: next(als(table, 1)),
        lambda: next(soft_impute(table, 1.0, rank=1)),
        lambda: next(svt(table)),
        lambda: csr([0, 1], [0, 1], np.ma.masked_array([1.0, 2.0], [0, 1])),
    ):
        with pytest.raises(ValueError, match="must not be masked, and 1 entries are"):
            call()
    filled = as_csr(table.filled(np.nan))
    assert_array_equal(filled.data, [1.0, 2.0, 3.0])


def test_imaginary_parts_and_texts_are_refused_not_dropped():
    A = holed()
    for vector in (np.ones(4) + 1j, np.array(["1"] * 4), np.zeros(4, "datetime64[D]")):
        with pytest.raises(TypeError, match="must have a real floating dtype"):
            matvec(A, vector)
    with pytest.raises(TypeError, match="must have a real floating dtype"):
        pagerank(in_links([0, 1], [1, 0]), restart=np.array([1 + 1j, 1]))
    with pytest.raises(TypeError, match="must have a real floating dtype"):
        sampled_product(A, np.ones((3, 1)) + 1j, np.ones((4, 1)))


def test_an_operator_without_its_transpose_is_refused_in_words():
    A = LinearOperator((4, 3), matvec=lambda x: np.ones(4) * x.sum(), dtype=float)
    for call in (lambda: lanczos_svd(A, 1), lambda: bidiagonalize(A, 2)):
        with pytest.raises(TypeError, match="give the LinearOperator an rmatvec"):
            call()


@pytest.mark.parametrize("scale", [1e-200, 1e-150, 1e150, 1e200, 1e300])
def test_lanczos_finds_singular_values_of_any_size(scale):
    A = np.diag([3.0, 2.0, 1.0])
    assert_allclose(lanczos_svd(A * scale, 2, rng=0).s, [3 * scale, 2 * scale], rtol=1e-12)


@pytest.mark.parametrize("size", [0.0, 50.0])
def test_a_warm_start_is_corrected_where_nothing_was_observed(size):
    """A start with mass in rows and columns without entries ends where a cold one ends."""
    table = np.full((6, 5), np.nan)
    table[:4, :4] = np.outer([1.0, 2.0, -1.0, 0.5], [1.0, -1.0, 0.5, 2.0])
    start = SVD(np.eye(6)[:, 5:], np.array([size]), np.eye(5)[4:])
    warm = next(itertools.islice(soft_impute(table, 0.1, rank=2, start=start, rng=0), 1500, None))
    cold = next(itertools.islice(soft_impute(table, 0.1, rank=2, rng=0), 1500, None))
    assert_allclose(warm.value, cold.value, rtol=1e-9)
    U, s, Vt = warm.factors
    assert_allclose(((U * s) @ Vt)[5], 0, atol=1e-9)


# --- Peers -----------------------------------------------------------------------------------


def test_pagerank_is_that_of_a_scipy_loop_on_debian():
    graph = datasets.debian()
    links = in_links(graph.src, graph.dst, len(graph.names))
    n = links.n_nodes
    M = sp.csr_array((1 / links.out_degree[graph.src], (graph.dst, graph.src)), shape=(n, n))
    p = np.full(n, 1 / n)
    for _ in range(40):
        p = 0.85 * (M @ p + p[links.out_degree == 0].sum() / n) + 0.15 / n
    scores = pagerank(links, tol=0, max_iter=40).scores
    assert_allclose(scores, p, rtol=1e-11)
    assert graph.names[np.argmax(scores)] == "libc6"
    single = pagerank(links, tol=0, max_iter=40, dtype=np.float32).scores
    assert single.dtype == np.float32 and np.abs(single - p).sum() < 1e-5


def test_lanczos_agrees_with_propack(rng):
    places = rng.integers(0, 400, 4000), rng.integers(0, 250, 4000)
    A = sp.csr_array((rng.random(4000), places), shape=(400, 250))
    theirs = np.sort(svds(A, 10, solver="propack", tol=1e-12, rng=0)[1])[::-1]
    ours = lanczos_svd(A, 10, tol=1e-8, rng=0)
    assert_allclose(ours.s, theirs, rtol=1e-7)
    assert np.linalg.norm(A.T @ ours.U - ours.Vt.T * ours.s, axis=0).max() <= 1.01e-8 * ours.s[0]


def test_csr_is_scipys(rng):
    places = np.nonzero(rng.random((60, 50)) < 0.1)
    values = rng.random(len(places[0]))
    theirs = sp.csr_array((values, places), shape=(60, 50))
    ours = csr(*places, values, (60, 50))
    assert isinstance(as_csr(theirs), CSR)
    for mine, other in zip(ours[:3], (theirs.indptr, theirs.indices, theirs.data), strict=True):
        assert_array_equal(mine, other)
    assert_allclose(matvec(ours, np.arange(50.0)), theirs @ np.arange(50.0), rtol=1e-12)
