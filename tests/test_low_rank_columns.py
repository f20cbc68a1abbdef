"""Columns of a matrix and of a kernel: facts, theorems, contracts, peers."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import interpolative as scipy_interpolative
from scipy.sparse.linalg import aslinearoperator
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import rbf_kernel

from course_lib.cost import CountedDistance, CountedMatrix, Meter
from course_lib.low_rank import (
    best_error,
    column_sampling,
    cur,
    interpolative,
    leverage_scores,
    nystrom,
    nystrom_features,
    pivoted_cholesky,
    random_pivot_bound,
    randomized_svd,
)
from tests.chance import assert_frequency
from tests.matrices import with_spectrum

EPS = np.finfo(float).eps


def spectral(A):
    return np.linalg.norm(A, 2)


def rebuilt(found):
    """The kernel that a KernelEigh or Features stands for."""
    return found.F @ found.F.T if hasattr(found, "F") else (found.V * found.w) @ found.V.T


def smallest(K):
    return np.linalg.eigvalsh((K + K.T) / 2)[0]


def gaussian_kernel(X, Y):
    return rbf_kernel(X, Y, gamma=0.5)


@st.composite
def kernels(draw):
    """A positive semidefinite matrix, a number of columns, a rank, a seed."""
    n = draw(st.integers(1, 25))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    kind = draw(st.sampled_from(["gaussian", "linear", "repeated", "zero"]))
    X = rng.standard_normal((n, 3))
    K = {
        "gaussian": gaussian_kernel(X, X),
        "linear": X @ X.T,  # rank 3
        "repeated": gaussian_kernel(
            X[: n // 2 + 1].repeat(2, 0)[:n], X[: n // 2 + 1].repeat(2, 0)[:n]
        ),
        "zero": np.zeros((n, n)),
    }[kind]
    c = draw(st.integers(1, n))
    return K, c, draw(st.integers(1, c)), seed


@st.composite
def problems(draw):
    """A matrix with known spectrum, a legal rank, and a seed: (A, sigma, rank, seed)."""
    m, n = draw(st.integers(1, 25)), draw(st.integers(1, 25))
    decay = draw(st.sampled_from([0.0, 1.0, 3.0]))
    seed = draw(st.integers(0, 2**32 - 1))
    sigma = np.arange(1, min(m, n) + 1.0) ** -decay
    sigma[draw(st.integers(1, min(m, n))) :] = 0.0
    A = with_spectrum(sigma, m, n, np.random.default_rng(seed))
    return A, sigma, draw(st.integers(1, min(m, n))), seed


# --- Facts: true for every matrix and every draw ------------------------------------------------


@settings(max_examples=60)
@given(kernels())
def test_nystrom_lies_between_zero_and_the_kernel(problem):
    K, c, rank, seed = problem
    F, indices = nystrom_features(K, c, rng=seed)
    approximations = [F @ F.T]
    for orthonormal in (True, False):
        for cut in (rank, None):
            w, V, same = nystrom(K, c, rank=cut, orthonormal=orthonormal, rng=seed)
            assert np.array_equal(same, indices)
            assert np.all(w > 0) and np.all(np.diff(w) <= 0)
            assert len(w) <= (cut or c) and V.shape == (len(K), len(w))
            approximations.append((V * w) @ V.T)
    slack = 1e-7 * max(np.trace(K), 1e-300)  # columns that are nearly dependent
    for approximation in approximations:
        assert smallest(approximation) >= -slack
        assert smallest(K - approximation) >= -slack


@settings(max_examples=60)
@given(kernels())
def test_nystrom_is_exact_on_the_sampled_columns(problem):
    K, c, _, seed = problem
    F, indices = nystrom_features(K, c, rng=seed)
    w, V, _ = nystrom(K, c, orthonormal=True, rng=seed)
    u, E, _ = nystrom(K, c, rng=seed)
    assert len(np.unique(indices)) == c
    slack = 1e-6 * max(np.trace(K), 1e-300)
    for approximation in (F @ F.T, (V * w) @ V.T, (E * u) @ E.T):
        assert_allclose(approximation[:, indices], K[:, indices], atol=slack)
    assert_allclose(V.T @ V, np.eye(len(w)), atol=200 * EPS)


@settings(max_examples=40)
@given(kernels())
def test_nystrom_extends_the_eigenpairs_of_the_sampled_block(problem):
    """Williams and Seeger: w = (n/c) w(W), and V agrees with sqrt(c/n) S on the sampled rows."""
    K, c, rank, seed = problem
    w, V, indices = nystrom(K, c, rank=rank, rng=seed)
    W = K[np.ix_(indices, indices)]
    expected = np.linalg.eigvalsh(W)[::-1][:rank] * len(K) / c
    slack = 1e-12 * max(np.trace(K), 1e-300) * len(K)
    assert_allclose(w, expected[: len(w)], atol=slack)
    assert np.all(expected[len(w) :] <= slack)
    assert_allclose(W @ V[indices], V[indices] * w * c / len(K), atol=1e-6 * np.trace(K))


@settings(max_examples=60)
@given(kernels())
def test_pivoted_cholesky_traces_its_own_error(problem):
    K, size, _, _ = problem
    F, indices, trace = pivoted_cholesky(K, size)
    assert F.shape == (len(K), len(indices)) and trace.shape == (len(indices) + 1,)
    assert len(np.unique(indices)) == len(indices)
    assert np.all(np.diff(trace) <= 0)
    slack = 1e-12 * max(trace[0], 1e-300)
    for j in range(len(trace)):
        error = K - F[:, :j] @ F[:, :j].T
        assert_allclose(trace[j], np.trace(error), atol=slack)
        assert smallest(error) >= -slack
        if j < len(indices):
            assert error[indices[j], indices[j]] >= error.diagonal().max() - slack
    if len(indices) < size:
        assert trace[-1] <= 1e-12 * trace[0]  # it stops early only where nothing is left


@settings(max_examples=60)
@given(kernels())
def test_random_pivots_trace_their_own_error(problem):
    K, size, _, seed = problem
    F, indices, trace = pivoted_cholesky(K, size, rule="random", rng=seed)
    assert len(np.unique(indices)) == len(indices)
    slack = 1e-12 * max(trace[0], 1e-300)
    for j in range(len(trace)):
        assert_allclose(trace[j], np.trace(K - F[:, :j] @ F[:, :j].T), atol=slack)
    if len(indices) < size:
        assert trace[-1] <= 1e-12 * trace[0]
    same = pivoted_cholesky(K, size, rule="random", rng=seed)
    assert_array_equal(same.indices, indices)


@settings(max_examples=40)
@given(kernels())
def test_the_root_maps_rows_as_they_were_mapped(problem):
    K, c, _, seed = problem
    features = nystrom_features(K, c, rng=seed)
    F, indices = features  # a pair, as it always was
    assert features.root.shape == (c, c) and features.root.dtype == K.dtype
    # Two products of the same matrices, summed in another order, differ by so much (Higham, 3.5).
    slack = 2 * c * np.finfo(K.dtype).eps * (np.abs(K[:, indices]) @ np.abs(features.root))
    assert np.all(np.abs(K[:, indices] @ features.root - F) <= slack)
    again = pickle.loads(pickle.dumps(features))
    assert_array_equal(again.root, features.root)


@settings(max_examples=30)
@given(
    w=st.lists(st.integers(0, 10**6), min_size=1, max_size=30).map(
        lambda w: np.sort(w)[::-1] * 1.0
    ),
    share=st.floats(0, 1),
)
def test_the_random_pivot_bound_is_that_of_its_best_rank(w, share):
    """Every admissible pair of r and epsilon is at least the bound; some pair is close to it."""
    k = round(share * len(w))
    bound, total = random_pivot_bound(w, k), sum(w)
    if sum(w[k:]) == 0:
        assert bound == 0
        return
    assert bound <= total * (1 + 1e-9)
    grid, best = np.geomspace(1e-2, 1e12, 1500), total
    for r in range(1, k):
        tail = sum(w[r:])
        needed = r / grid + r * np.maximum(0, np.log(total / (grid * tail)))
        if (needed <= k).any():
            best = min(best, (1 + grid[needed <= k][0]) * tail)
    assert bound <= best * (1 + 1e-9)
    assert best <= 1.06 * bound or best == total


@settings(max_examples=40)
@given(kernels())
def test_column_sampling_gives_an_orthonormal_basis_of_the_columns(problem):
    K, c, rank, seed = problem
    w, V, indices = column_sampling(K, c, rank=rank, rng=seed)
    C = K[:, indices]
    assert_allclose(V.T @ V, np.eye(len(w)), atol=200 * EPS)
    sigma = np.linalg.svd(C, compute_uv=False)[:rank]
    expected = np.sqrt(len(K) / c) * sigma
    assert_allclose(w, expected[: len(w)], atol=1e-12 * max(expected[0], 1e-300))
    assert np.all(sigma[len(w) :] <= 1e-12 * sigma[0])
    assert_allclose(C @ C.T @ V, V * sigma[: len(w)] ** 2, atol=1e-12 * max(sigma[0] ** 2, 1e-300))


@settings(max_examples=60)
@given(problems(), st.integers(0, 3))
def test_an_interpolative_decomposition_is_exact_on_its_columns_and_best_elsewhere(problem, p):
    A, sigma, rank, seed = problem
    indices, T = interpolative(A, rank, oversample=p, rng=seed)
    assert len(np.unique(indices)) == rank and T.shape == (rank, A.shape[1])
    assert np.array_equal(T[:, indices], np.eye(rank))
    C = A[:, indices]
    error = np.linalg.norm(A - C @ T)
    best_for_these = np.linalg.norm(A - C @ np.linalg.lstsq(C, A, rcond=1e-13)[0])
    assert_allclose(error, best_for_these, atol=1e-9 * np.linalg.norm(sigma))
    assert error >= best_error(sigma, rank, norm="frobenius") - 1e-13


@settings(max_examples=40)
@given(problems())
def test_columns_of_a_low_rank_matrix_say_everything(problem):
    A, sigma, _, seed = problem
    rank = np.count_nonzero(sigma)
    indices, T = interpolative(A, rank, rng=seed)
    assert_allclose(A[:, indices] @ T, A, atol=1e-8)
    everything = cur(A, rank, columns=1e9, rows=1e9, rng=seed)
    touched = [np.flatnonzero(np.abs(A).max(axis=axis) > 1e-9) for axis in (0, 1)]
    assert set(touched[0]) <= set(everything.columns) and set(touched[1]) <= set(everything.rows)
    assert_allclose(everything.C @ everything.U @ everything.R, A, atol=1e-8)


@settings(max_examples=40)
@given(problems(), st.floats(1, 3))
def test_cur_keeps_its_own_columns_and_the_best_middle(problem, factor):
    A, _, rank, seed = problem
    C, U, R, columns, rows = cur(A, rank, columns=factor * rank, rows=factor * rank, rng=seed)
    assert np.array_equal(C, A[:, columns]) and np.array_equal(R, A[rows])
    assert np.all(np.diff(columns) > 0) and np.all(np.diff(rows) > 0)
    expected = np.linalg.pinv(C, rcond=1e-12) @ A @ np.linalg.pinv(R, rcond=1e-12)
    assert_allclose(C @ U @ R, C @ expected @ R, atol=1e-9)


@settings(max_examples=40)
@given(problems())
def test_leverage_scores_are_shares_of_the_rank(problem):
    A, _, rank, seed = problem
    for matrix in (A, A.T):
        scores = leverage_scores(matrix, rank, rng=seed)
        assert scores.shape == (matrix.shape[1],)
        assert np.all(scores >= 0) and np.all(scores <= 1 + 100 * EPS)
        assert_allclose(scores.sum(), rank)


# --- Theorems: true on average, tested with their own confidence ---------------------------------


def test_leverage_scores_are_those_of_the_exact_svd(rng):
    A = with_spectrum(0.3 ** np.arange(20.0), 50, 30, rng)
    Vt = np.linalg.svd(A, full_matrices=False)[2]
    assert_allclose(leverage_scores(A, 4, rng=rng), np.sum(Vt[:4] ** 2, axis=0), atol=1e-8)


def test_cur_keeps_columns_by_their_leverage(rng):
    """Each with probability min(1, c l_j / k): the counts over many draws say so."""
    A = with_spectrum(0.1 ** np.arange(5.0), 40, 30, rng)
    draws, c = 300, 6
    probability = np.minimum(1, c / 3 * leverage_scores(A, 3, rng=0))
    counts = np.zeros(30)
    for _ in range(draws):
        counts[cur(A, 3, columns=c, rows=3, n_iter=1, rng=rng).columns] += 1
    spread = np.sqrt(draws * probability * (1 - probability))
    assert np.all(np.abs(counts - draws * probability) <= 4.5 * spread + 1e-6 * draws)


def test_cur_reaches_its_relative_error(rng):
    """Mahoney and Drineas 2009: 2 + eps with c = O(k log k / eps^2), here with c = 4 k log k."""
    k = 8
    sigma = np.arange(1, 101.0) ** -0.8
    A = with_spectrum(sigma, 150, 100, rng)
    size = 4 * k * np.log(k)
    ratios = []
    for _ in range(20):
        C, U, R, *_ = cur(A, k, columns=size, rows=size, rng=rng)
        ratios.append(np.linalg.norm(A - C @ U @ R) / best_error(sigma, k, norm="frobenius"))
    assert np.mean(ratios) < 1.0  # 67 columns, of which the bound may use the rank-8 part only
    assert max(ratios) < 2.0


def test_interpolative_stays_below_the_bound_of_halko_martinsson_tropp(rng):
    """Lemma 5.1 with a strong rank-revealing QR; plain pivoting meets it on these matrices."""
    sigma = np.arange(1, 61.0) ** -1.0
    for k in (1, 5, 20):
        for _ in range(10):
            A = with_spectrum(sigma, 80, 60, rng)
            indices, T = interpolative(A, k, rng=rng)
            ratio = spectral(A - A[:, indices] @ T) / sigma[k]
            assert ratio <= np.sqrt(1 + 4 * k * (60 - k))
            assert ratio <= 6.0  # far below the bound in practice


def test_nystrom_beats_column_sampling_on_the_matrix_and_loses_on_its_spectrum(rng):
    """Kumar, Mohri, Talwalkar 2009: equal evaluations, opposite winners."""
    X = rng.standard_normal((400, 6))
    K = rbf_kernel(X, X, gamma=0.05)
    w_true = np.linalg.eigvalsh(K)[::-1]
    k, c = 20, 60
    meters = Meter(), Meter()
    losses = []
    for seed in range(20):
        pair = [
            function(
                CountedDistance(lambda X, Y: rbf_kernel(X, Y, gamma=0.05), meter, "kernels"),
                c,
                rank=k,
                X=X,
                rng=seed,
            )
            for function, meter in zip((nystrom, column_sampling), meters, strict=True)
        ]
        spectrum = [np.abs(w / w_true[:k] - 1).mean() for w, _, _ in pair]
        matrix = [np.linalg.norm(K - (V * w) @ V.T) for w, V, _ in pair]
        losses.append((spectrum[0] - spectrum[1], matrix[0] - matrix[1]))
    mean = np.mean(losses, axis=0)
    standard_error = np.std(losses, axis=0, ddof=1) / np.sqrt(len(losses))
    assert meters[0].kernels == meters[1].kernels == 20 * 400 * c
    assert mean[0] > 3 * standard_error[0]
    assert mean[1] < -3 * standard_error[1]


def test_an_orthonormal_cut_is_the_best_cut(rng):
    X = rng.standard_normal((200, 4))
    K = gaussian_kernel(X, X)
    for seed in range(5):
        F, _ = nystrom_features(K, 40, rng=seed)
        sigma = np.linalg.svd(F @ F.T, compute_uv=False)
        w, V, _ = nystrom(K, 40, rank=10, orthonormal=True, rng=seed)
        assert_allclose(w, sigma[:10], rtol=1e-8)
        assert_allclose(spectral(F @ F.T - (V * w) @ V.T), sigma[10], rtol=1e-6)


def test_pivots_beat_uniform_columns_where_the_data_is_uneven(rng):
    X = np.concatenate([0.1 * rng.standard_normal((300, 5)), 3 * rng.standard_normal((20, 5))])
    K = gaussian_kernel(X, X)
    uniform = [np.trace(K) - np.sum(nystrom_features(K, 30, rng=rng).F ** 2) for _ in range(10)]
    assert pivoted_cholesky(K, 30).trace[-1] < 0.5 * np.mean(uniform)


def test_random_pivots_follow_what_is_left_of_the_diagonal():
    """By hand: K = diag(1, 2, 5) has pairs (i, j) with probability K_i/8 K_j/(8 - K_i).

    5.5 standard errors of 6 frequencies: a false alarm in 4 million runs.
    """
    w, counts = np.array([1.0, 2.0, 5.0]), np.zeros((3, 3))
    rng = np.random.default_rng(5)
    for _ in range(2000):
        i, j = pivoted_cholesky(np.diag(w), 2, rule="random", rng=rng).indices
        counts[i, j] += 1
    for i in range(3):
        for j in {0, 1, 2} - {i}:
            assert_frequency(counts[i, j], 2000, w[i] / 8 * w[j] / (8 - w[i]))


@pytest.mark.parametrize("size", [5, 15, 40])
def test_random_pivots_stay_below_their_bound(rng, size):
    """Mean of 30 draws, with three standard errors of its own: below 1 in 700 at equality."""
    X = rng.standard_normal((150, 3))
    K = gaussian_kernel(X, X)
    traces = [pivoted_cholesky(K, size, rule="random", rng=rng).trace[-1] for _ in range(30)]
    w = np.maximum(np.linalg.eigvalsh(K)[::-1], 0.0)
    slack = 3 * np.std(traces, ddof=1) / np.sqrt(30)
    bound = random_pivot_bound(w, size)
    assert np.mean(traces) <= bound + slack
    assert bound < np.trace(K)  # and it says something


def test_the_random_pivot_bound_of_the_smallest_numbers_is_finite():
    assert 0 < random_pivot_bound([1e6, 1e-309, 1e-309], 2) <= 1e6


def test_greedy_pivots_break_the_bound_of_random_ones(rng):
    """Outliers, each a pivot for itself: the greedy rule takes them all first."""
    X = np.concatenate([0.3 * rng.standard_normal((400, 3)), 30 * rng.standard_normal((40, 3))])
    K = gaussian_kernel(X, X)
    w = np.maximum(np.linalg.eigvalsh(K)[::-1], 0.0)
    bound = random_pivot_bound(w, 30)
    assert pivoted_cholesky(K, 30).trace[-1] > bound
    draws = [pivoted_cholesky(K, 30, rule="random", rng=rng).trace[-1] for _ in range(5)]
    assert max(draws) < bound


# --- Contracts: evaluations, dtype, containers, errors -------------------------------------------


def counted_kernel():
    meter = Meter()
    return CountedDistance(gaussian_kernel, meter, "kernels"), meter


def test_kernel_evaluations_are_counted_exactly(rng):
    X = rng.standard_normal((50, 3))
    kernel, meter = counted_kernel()
    for function in (nystrom, column_sampling, nystrom_features):
        meter.reset()
        function(kernel, 7, X=X, rng=0)
        assert meter.kernels == 50 * 7
    meter.reset()
    pivoted_cholesky(kernel, 7, X=X, diagonal=np.ones(50))
    assert meter.kernels == 50 * 7
    meter.reset()
    pivoted_cholesky(kernel, 7, X=X)
    assert meter.kernels == 50 * 8
    meter.reset()
    trace = pivoted_cholesky(kernel, 50, X=X, diagonal=np.ones(50), tol=0.5).trace
    assert trace[-1] <= 25 < trace[-2]
    assert meter.kernels == 50 * (len(trace) - 1)


def test_passes_over_a_counted_matrix(rng):
    meter = Meter()
    A = CountedMatrix(rng.standard_normal((40, 30)), meter)
    for call, passes in (
        (lambda: leverage_scores(A, 3, n_iter=1, rng=0), 4),
        (lambda: interpolative(A, 3, n_iter=0, rng=0), 4),  # three, and one for the columns
        (lambda: interpolative(A, 3, n_iter=2, rng=0), 8),
        (lambda: cur(A, 3, columns=5, rows=5, n_iter=1, rng=0), 7),  # two of them for C and R
    ):
        meter.reset()
        call()
        assert meter.passes == passes


def test_a_matrix_and_its_function_give_the_same(rng):
    X = rng.standard_normal((30, 3))
    K = gaussian_kernel(X, X)
    for function in (nystrom, column_sampling, nystrom_features):
        expected = function(gaussian_kernel, 6, X=X, rng=0)
        for same in (
            K,
            np.asfortranarray(K),
            K.tolist(),
            sp.csr_array(K),
            aslinearoperator(K),
            CountedMatrix(K, Meter()),
        ):
            ours = function(same, 6, rng=0)
            assert np.array_equal(ours.indices, expected.indices)
            assert_allclose(rebuilt(ours), rebuilt(expected), atol=1e-9)
        assert_allclose(rebuilt(function(K, expected.indices)), rebuilt(expected), atol=1e-9)
    expected = pivoted_cholesky(gaussian_kernel, 6, X=X)
    for same in (K, sp.csr_array(K)):
        for ours, other in zip(pivoted_cholesky(same, 6), expected, strict=True):
            assert_allclose(ours, other, atol=1e-9)
    given_diagonal = pivoted_cholesky(aslinearoperator(K), 6, diagonal=np.diagonal(K))
    assert_allclose(given_diagonal.F, expected.F, atol=1e-9)


def test_every_container_gives_the_same_columns(rng):
    A = sp.random_array((40, 30), density=0.3, rng=rng).toarray()
    expected = interpolative(A, 5, rng=0), cur(A, 5, columns=8, rows=8, rng=0)
    for same in (
        np.asfortranarray(A),
        A.tolist(),
        sp.csr_array(A),
        sp.coo_matrix(A),
        aslinearoperator(A),
        CountedMatrix(A, Meter()),
    ):
        found = interpolative(same, 5, rng=0), cur(same, 5, columns=8, rows=8, rng=0)
        for ours, other in zip(found[0] + found[1], expected[0] + expected[1], strict=True):
            assert_allclose(ours, other, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_the_input_untouched(dtype, rng):
    X = rng.standard_normal((40, 5)).astype(dtype)
    A, K = (X @ X.T)[:, :30], X @ X.T + np.eye(40, dtype=dtype)
    before = X.copy(), A.copy(), K.copy()
    arrays = [
        *nystrom(K, 6, rng=0)[:2],
        *nystrom(K, 6, orthonormal=True, rng=0)[:2],
        *column_sampling(K, 6, rng=0)[:2],
        nystrom_features(gaussian_kernel, 6, X=X, rng=0).F,
        pivoted_cholesky(gaussian_kernel, 6, X=X).F,
        leverage_scores(A, 3, rng=0),
        interpolative(A, 3, rng=0).T,
        *cur(A, 3, columns=5, rows=5, rng=0)[:3],
    ]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}
    for after, original in zip((X, A, K), before, strict=True):
        assert np.array_equal(after, original)
    kinds = {
        found.indices.dtype.kind for found in (nystrom(K, 6, rng=0), interpolative(A, 3, rng=0))
    }
    assert kinds == {"i"}


def test_same_seed_same_answer_and_a_generator_advances(rng):
    K = gaussian_kernel(*2 * [rng.standard_normal((30, 3))])
    calls = (
        lambda rng: nystrom(K, 5, rng=rng).indices,
        lambda rng: column_sampling(K, 5, rng=rng).indices,
        lambda rng: nystrom_features(K, 5, rng=rng).indices,
        lambda rng: interpolative(K, 5, oversample=0, rng=rng).T,
        lambda rng: cur(K, 5, columns=6, rows=6, rng=rng).columns,
        lambda rng: leverage_scores(K, 5, oversample=0, n_iter=0, rng=rng),
    )
    for call in calls:
        assert np.array_equal(call(3), call(3))
        generator = np.random.default_rng(3)
        first, again = call(generator), call(generator)
        assert first.shape != again.shape or not np.array_equal(first, again)


def test_float32_kernels_with_repeated_rows_are_no_reason_to_fail(rng):
    X = np.repeat(rng.standard_normal((50, 4)), 4, axis=0).astype(np.float32)
    K = gaussian_kernel(X.astype(np.float64), X.astype(np.float64))
    for F in (
        nystrom_features(gaussian_kernel, 150, X=X, rng=0).F,
        pivoted_cholesky(gaussian_kernel, 150, X=X).F,
    ):
        assert F.dtype == np.float32
        assert_allclose(F @ F.T, K, atol=1e-3)


INDEFINITE = np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
GOOD = np.diag([3.0, 2.0, 1.0])
X3 = np.eye(3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nystrom(GOOD, 4), ValueError, "columns must be between 1 and n = 3; got 4"),
        (lambda: nystrom(GOOD, 0), ValueError, "columns"),
        (lambda: nystrom(GOOD, 1.5), TypeError, "columns must be an integer"),
        (lambda: nystrom(GOOD, [0, 3]), ValueError, "between 0 and n - 1 = 2"),
        (lambda: nystrom(GOOD, [-1]), ValueError, "between 0 and"),
        (lambda: nystrom(GOOD, [1, 1]), ValueError, "different"),
        (lambda: nystrom(GOOD, []), TypeError, "column indices"),
        (lambda: nystrom(GOOD, [0.5]), TypeError, "column indices"),
        (
            lambda: nystrom(GOOD, 2, rank=3),
            ValueError,
            "rank must be between 1 and number of columns",
        ),
        (lambda: nystrom(GOOD[:2], 1), ValueError, "square"),
        (lambda: nystrom(np.ones((0, 0)), 1), ValueError, "empty"),
        (lambda: nystrom([[None]], 1), TypeError, "objects"),
        (lambda: nystrom(GOOD * np.nan, 1), ValueError, "K contains NaN"),
        (lambda: nystrom(INDEFINITE, [0, 1]), ValueError, "positive semidefinite"),
        (
            lambda: nystrom(INDEFINITE, [0, 1], orthonormal=True),
            ValueError,
            "positive semidefinite",
        ),
        (lambda: nystrom(gaussian_kernel, 1), ValueError, "X must be given"),
        (lambda: nystrom(gaussian_kernel, 1, X=X3 * np.nan), ValueError, "NaN"),
        (lambda: nystrom(lambda X, Y: X, 1, X=X3), ValueError, r"must return shape \(3, 1\)"),
        (lambda: nystrom(lambda X, Y: X @ Y.T * np.nan, 1, X=X3), ValueError, "NaN"),
        (lambda: column_sampling(GOOD, 4), ValueError, "columns"),
        (lambda: column_sampling(GOOD, 2, rank=3), ValueError, "rank"),
        (lambda: column_sampling(GOOD * np.inf, 1), ValueError, "NaN or infinity"),
        (lambda: nystrom_features(GOOD, 4), ValueError, "columns"),
        (lambda: nystrom_features(INDEFINITE, [0, 1]), ValueError, "positive semidefinite"),
        (
            lambda: nystrom_features(np.array([[0.0, 1.0], [1.0, 0.0]]), [0, 1]),
            ValueError,
            "positive semidefinite",
        ),
        (lambda: pivoted_cholesky(GOOD, 4), ValueError, "size must be between 1 and n = 3"),
        (lambda: pivoted_cholesky(GOOD, 2, tol=-1.0), ValueError, "tol"),
        (lambda: pivoted_cholesky(GOOD, 2, rule="best"), ValueError, "rule must be 'greedy'"),
        (lambda: random_pivot_bound([1.0, 2.0], 1), ValueError, "eigenvalues"),
        (lambda: random_pivot_bound([2.0, 1.0], 3), ValueError, "size must be between 0 and"),
        (lambda: pivoted_cholesky(GOOD[:2], 1), ValueError, "square"),
        (lambda: pivoted_cholesky(INDEFINITE, 3), ValueError, "positive semidefinite"),
        (lambda: pivoted_cholesky(-GOOD, 3), ValueError, "positive semidefinite"),
        (lambda: pivoted_cholesky(GOOD * np.nan, 3), ValueError, "NaN"),
        (lambda: pivoted_cholesky(GOOD, 1, diagonal=np.ones(2)), ValueError, r"shape \(3,\)"),
        (lambda: pivoted_cholesky(aslinearoperator(GOOD), 1), TypeError, "diagonal must be given"),
        (lambda: pivoted_cholesky(gaussian_kernel, 1), ValueError, "X must be given"),
        (lambda: leverage_scores(GOOD, 4), ValueError, "rank"),
        (lambda: leverage_scores(GOOD * np.nan, 1), ValueError, "NaN"),
        (lambda: cur(GOOD, 4, columns=5, rows=5), ValueError, "rank"),
        (lambda: cur(GOOD, 2, columns=1, rows=5), ValueError, "columns must lie in"),
        (lambda: cur(GOOD, 2, columns=2, rows=1), ValueError, "rows must lie in"),
        (lambda: cur(GOOD, 2, columns="2", rows=2), TypeError, "columns must be a number"),
        (lambda: cur(GOOD * np.nan, 2, columns=2, rows=2), ValueError, "NaN"),
        (lambda: cur([[None]], 1, columns=1, rows=1), TypeError, "objects"),
        (lambda: interpolative(GOOD, 4), ValueError, "rank"),
        (lambda: interpolative(GOOD, 1, oversample=-1), ValueError, "oversample"),
        (lambda: interpolative(GOOD, 1, n_iter=-1), ValueError, "n_iter"),
        (lambda: interpolative(np.ones(3), 1), ValueError, "two axes"),
        (lambda: interpolative(GOOD * np.nan, 1), ValueError, "NaN"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("kind", [sp.coo_array, sp.dia_matrix, sp.lil_array, sp.bsr_matrix])
def test_the_rows_of_a_kernel_may_be_sparse_of_every_kind(kind):
    X = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]])
    sparse = nystrom_features(lambda X, Y: (X @ Y.T).toarray(), [0, 1], X=kind(X))
    assert_allclose(sparse.F @ sparse.F.T, X @ X.T, atol=1e-9)
    with pytest.raises(TypeError, match="X must be a matrix with entries to read"):
        nystrom(lambda X, Y: X @ Y.T, [0], X=aslinearoperator(X))


def test_columns_and_diagonals_that_are_none_are_refused():
    with pytest.raises(ValueError, match="columns must not be masked"):
        nystrom(GOOD, np.ma.masked_array([0, 1], [0, 1]))
    with pytest.raises(TypeError, match="columns must be an array of numbers; got None"):
        nystrom(GOOD, None)
    with pytest.raises(TypeError, match="diagonal must have a real floating dtype"):
        pivoted_cholesky(GOOD, 1, diagonal=np.ones(3) + 1j)
    diagonal = np.diag(GOOD).copy()
    pivoted_cholesky(GOOD, 2, diagonal=diagonal)
    assert_array_equal(diagonal, np.diag(GOOD))


# --- Peers: equal or better at equal work -------------------------------------------------------


@pytest.mark.parametrize(
    "method",
    [
        lambda *a: scipy_interpolative.interp_decomp(*a, rand=False),
        scipy_interpolative.interp_decomp,
    ],
)
def test_interpolative_is_as_accurate_as_scipy(method, rng):
    sigma = np.arange(1, 101.0) ** -1.5
    losses = []
    for _ in range(30):
        A = with_spectrum(sigma, 150, 100, rng)
        indices, T = interpolative(A, 10, rng=rng)
        pivots, projection = method(A, 10)
        skeleton = scipy_interpolative.reconstruct_skel_matrix(A, 10, pivots)
        B = scipy_interpolative.reconstruct_matrix_from_id(skeleton, pivots, projection)
        losses.append(np.linalg.norm(A - A[:, indices] @ T) / np.linalg.norm(A - B) - 1)
    standard_error = np.std(losses, ddof=1) / np.sqrt(len(losses))
    assert np.mean(losses) <= 3 * standard_error
    assert standard_error < 0.01


def test_nystrom_features_are_those_of_scikit_learn(rng):
    X = rng.standard_normal((100, 3))
    peer = Nystroem(gamma=0.5, n_components=12, random_state=0).fit(X)
    theirs = peer.transform(X)
    F, _ = nystrom_features(gaussian_kernel, peer.component_indices_, X=X)
    assert_allclose(F @ F.T, theirs @ theirs.T, atol=1e-8)


def test_pivoted_cholesky_agrees_with_its_own_columns_and_beats_the_svd_never(rng):
    X = rng.standard_normal((80, 3))
    K = gaussian_kernel(X, X)
    F, indices, trace = pivoted_cholesky(K, 15)
    assert_allclose(F @ F.T, rebuilt(nystrom_features(K, indices)), atol=1e-8)
    best = np.linalg.eigvalsh(K)[::-1]
    assert trace[-1] >= best[15:].sum()
    assert randomized_svd(K, 15, n_iter=4, rng=0).s.sum() >= best.sum() - trace[-1]
