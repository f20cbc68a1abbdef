"""Proximal steps, the lasso, sparse codes of many signals: facts, theorems, contracts, peers."""

import itertools
import math
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import hadamard
from scipy.sparse.linalg import LinearOperator, aslinearoperator
from sklearn.decomposition import sparse_encode
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.linear_model import Lasso as SklearnLasso
from sklearn.linear_model import lasso_path as sklearn_path

from course_lib.cost import CountedMatrix, Meter
from course_lib.sparse_coding import (
    LogisticLoss,
    SquaredLoss,
    _codes,
    codes,
    coherence,
    duality_gaps,
    fista,
    fista_bound,
    ista,
    ista_bound,
    largest_eigenvalue,
    lasso,
    lasso_encode,
    lasso_path,
    omp,
    recovery_limit,
    soft_threshold,
    welch_bound,
)
from tests.matrices import with_spectrum

METHODS = [ista, fista]
TIGHT = {"abs": 1e-10, "rel": 1e-10}


def unit(D):
    return D / np.linalg.norm(D, axis=1, keepdims=True)


def objective(A, b, x, alpha):
    return 0.5 * np.sum((A @ x - b) ** 2) + alpha * np.abs(x).sum()


def after(steps, k):
    """The iterate with number ``k``."""
    return next(itertools.islice(steps, k, None))


def spikes_and_waves(d=64):
    """Unit vectors and Hadamard rows: two bases whose coherence is 1 / sqrt(d)."""
    return np.vstack([np.eye(d), hadamard(d) / math.sqrt(d)])


def sparse_signals(D, k, n, rng):
    """Signals of k atoms each, with their coefficients (n, n_atoms)."""
    truth = np.zeros((n, len(D)))
    for row in truth:
        row[rng.choice(len(D), k, replace=False)] = rng.standard_normal(k)
    return truth @ D, truth


def violation(D, x, code, alpha):
    """Largest violation of the optimality condition of the lasso, relative to alpha."""
    slope = D @ (x - code @ D)
    inner = np.abs(slope) - alpha
    on = code != 0
    return max(inner.max(), np.abs(slope - alpha * np.sign(code))[on].max(initial=0)) / alpha


def plain_omp(x, D, k):
    """Orthogonal matching pursuit as it is written, with a least-squares fit at every step."""
    chosen, residual = [], x
    while len(chosen) < k:
        chosen.append(int(np.argmax(np.abs(D @ residual))))
        fit = np.linalg.lstsq(D[chosen].T, x, rcond=None)[0]
        residual = x - fit @ D[chosen]
    return chosen, fit


def plain_ormp(x, D, k):
    """The same, choosing the atom that leaves the shortest residual."""
    chosen = []
    for _ in range(k):
        left = [
            np.inf
            if j in chosen
            else np.linalg.norm(
                x - np.linalg.lstsq(D[[*chosen, j]].T, x, rcond=None)[0] @ D[[*chosen, j]]
            )
            for j in range(len(D))
        ]
        chosen.append(int(np.argmin(left)))
    return chosen, np.linalg.lstsq(D[chosen].T, x, rcond=None)[0]


@st.composite
def coding_problems(draw):
    """Signals, a dictionary, an alpha below the one that makes all codes zero: (X, D, alpha)."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    d, n_atoms, n = draw(st.integers(1, 12)), draw(st.integers(1, 30)), draw(st.integers(1, 5))
    scale = draw(st.sampled_from([1e-3, 1.0, 1e3]))
    D = rng.standard_normal((n_atoms, d))
    if draw(st.booleans()):
        D = unit(D)
    X = rng.standard_normal((n, d)) * scale
    fraction = draw(st.sampled_from([1e-3, 0.1, 0.5, 0.9, 1.1]))
    return X, D, fraction * np.abs(X @ D.T).max()


@st.composite
def lasso_problems(draw):
    """A design, a target, and a fraction of alpha_max: (A, b, alpha)."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    m, n = draw(st.integers(1, 15)), draw(st.integers(1, 25))
    A = rng.standard_normal((m, n)) * rng.choice([0, 1, 10], size=n)
    b = rng.standard_normal(m)
    largest = np.abs(A.T @ b).max()
    return A, b, draw(st.sampled_from([0.02, 0.3, 0.8, 1.2])) * (largest or 1.0)


# --- Facts: true for every problem ------------------------------------------------------------


@given(st.floats(-100, 100), st.floats(0, 10))
def test_soft_threshold_minimizes(z, t):
    x = float(soft_threshold(z, t))
    value = 0.5 * (x - z) ** 2 + t * abs(x)
    for other in (x - 1e-3, x + 1e-3, 0.0, z):
        assert value <= 0.5 * (other - z) ** 2 + t * abs(other) + 1e-9


@settings(max_examples=60)
@given(coding_problems())
def test_lasso_codes_meet_the_optimality_condition(problem):
    X, D, alpha = problem
    found = lasso_encode(X, D, alpha).toarray()
    for x, code in zip(X, found, strict=True):
        assert violation(D, x, code, alpha) <= 1e-5
    scale = 0.5 * np.sum(X**2, axis=1)
    assert np.all(duality_gaps(X, D, found, alpha) <= 1e-6 * scale + 1e-300)


@settings(max_examples=40)
@given(coding_problems(), st.integers(0, 2**32 - 1))
def test_a_gap_bounds_what_is_left_to_gain(problem, seed):
    X, D, alpha = problem
    best = lasso_encode(X, D, alpha, tol=1e-10).toarray()
    other = best + np.random.default_rng(seed).standard_normal(best.shape) * np.abs(best).max()
    for x, b, o, gap in zip(X, best, other, duality_gaps(X, D, other, alpha), strict=True):
        gain = objective(D.T, x, o, alpha) - objective(D.T, x, b, alpha)
        assert gain <= gap * (1 + 1e-9) + 1e-12


@settings(max_examples=60)
@given(lasso_problems(), st.booleans(), st.booleans())
def test_lasso_is_as_good_as_its_certificate_says(problem, screen, sparse):
    A, b, alpha = problem
    x, gap, *_ = lasso(sp.csr_array(A) if sparse else A, b, alpha, tol=1e-9, screen=screen)
    exact = lasso_encode(b[None], A.T + 0, alpha, tol=1e-10).toarray()[0] if A.any(0).all() else x
    gain = objective(A, b, x, alpha) - objective(A, b, exact, alpha)
    assert gain <= gap + 1e-12 and gap <= 1e-9 * 0.5 * (b @ b)


@settings(max_examples=40)
@given(lasso_problems())
def test_screening_leaves_out_only_zeros(problem):
    A, b, alpha = problem
    screened, plain = (lasso(A, b, alpha, tol=1e-12, screen=s) for s in (True, False))
    assert plain.screened == 0
    assert objective(A, b, screened.x, alpha) == pytest.approx(
        objective(A, b, plain.x, alpha), rel=1e-9, abs=1e-12
    )


@settings(max_examples=40)
@given(lasso_problems(), st.sampled_from([0.1, 5.0]), st.booleans(), st.booleans())
def test_the_elastic_net_is_the_lasso_with_more_rows(problem, alpha2, sparse, screen):
    A, b, alpha = problem
    n = A.shape[1]
    x, gap, *_ = lasso(
        sp.csr_array(A) if sparse else A, b, alpha, alpha2=alpha2, tol=1e-12, screen=screen
    )
    longer, zeros = np.vstack([A, np.sqrt(alpha2) * np.eye(n)]), np.zeros(n)
    rows = lasso(longer, np.r_[b, zeros], alpha, tol=1e-12)
    assert gap <= 1e-12 * 0.5 * (b @ b)
    # Curvature alpha2: what is at most a gap above the minimum is at most so far from it.
    assert np.linalg.norm(x - rows.x) <= 2 * np.sqrt(2 * max(gap, rows.gap) / alpha2) + 1e-9
    stopped = lasso(A, b, alpha, alpha2=alpha2, tol=0.03)
    gain = objective(longer, np.r_[b, zeros], stopped.x, alpha)
    assert gain - objective(longer, np.r_[b, zeros], x, alpha) <= stopped.gap + 1e-9 * (b @ b)


def test_equal_columns_get_equal_coefficients_from_the_elastic_net(rng):
    a = rng.standard_normal(20)
    A, b = np.column_stack([a, a, rng.standard_normal(20)]), 3 * a
    x = lasso(A, b, 1.0, alpha2=0.5, tol=1e-14).x
    # By hand, for the sum s of the two: |a|^2 (3 - s) - 1 = 0.5 s / 2.
    assert_allclose(x, [*[(3 * (a @ a) - 1) / (2 * (a @ a) + 0.5)] * 2, 0.0], atol=1e-6)


def test_screening_saves_visits_and_says_how_many_columns_it_dropped(rng):
    A, truth = rng.standard_normal((100, 400)), np.zeros(400)
    truth[:5] = 10
    b = A @ truth + rng.standard_normal(100)
    alpha = 0.3 * np.abs(A.T @ b).max()
    result = lasso(A, b, alpha, tol=1e-8)
    assert 300 < result.screened <= 400 - np.count_nonzero(result.x)
    assert result.visits < lasso(A, b, alpha, tol=1e-8, screen=False).visits + 1


@pytest.mark.parametrize(("recursive", "plain"), [(False, plain_omp), (True, plain_ormp)])
def test_pursuit_is_the_one_that_is_written(recursive, plain, rng):
    D, X = unit(rng.standard_normal((40, 15))), rng.standard_normal((30, 15))
    for k in (1, 4, 9):
        found = omp(X, D, n_nonzero=k, order_recursive=recursive)
        for i, x in enumerate(X):
            row = slice(*found.indptr[i : i + 2])
            chosen, fit = plain(x, D, k)
            assert_array_equal(found.indices[row], chosen)
            assert_allclose(found.data[row], fit, atol=1e-9)


@settings(max_examples=60)
@given(coding_problems(), st.booleans())
def test_pursuit_leaves_a_residual_orthogonal_to_its_atoms(problem, recursive):
    X, D, _ = problem
    k = min(D.shape)
    found = omp(X, D, n_nonzero=k, order_recursive=recursive)
    residual = X - found @ D
    assert np.all(np.linalg.norm(residual, axis=1) <= np.linalg.norm(X, axis=1) * (1 + 1e-9))
    inner = np.abs(residual @ D.T) * (found.toarray() != 0)
    assert inner.max() <= 1e-6 * np.abs(X).max() * np.abs(D).max()


def test_pursuit_stops_at_the_tolerance_and_not_before(rng):
    D, X = unit(rng.standard_normal((60, 20))), rng.standard_normal((50, 20))
    found = omp(X, D, tol=1.0)
    left = np.linalg.norm(X - found @ D, axis=1)
    assert np.all(left <= 1 + 1e-9)
    for i, count in enumerate(np.diff(found.indptr)):
        one_less = omp(X[[i]], D, n_nonzero=int(count) - 1) if count > 1 else np.zeros((1, 60))
        assert np.linalg.norm(X[[i]] - one_less @ D) > 1


def test_a_repeated_atom_is_never_taken_twice(rng):
    D = np.repeat(unit(rng.standard_normal((5, 8))), 3, axis=0)
    for recursive in (False, True):
        found = omp(rng.standard_normal((20, 8)), D, n_nonzero=8, order_recursive=recursive)
        assert np.all(np.diff(found.indptr) == 5)
        assert np.all(np.isfinite(found.data))


def test_a_signal_that_is_zero_or_coded_needs_no_more_atoms():
    D = np.eye(4)
    found = omp([[0.0, 0, 0, 0], [0, 2, 0, 0]], D, n_nonzero=4)
    assert_array_equal(np.diff(found.indptr), [0, 1])
    assert lasso_encode(np.zeros((2, 4)), D, 1.0).nnz == 0


def test_an_accelerated_step_is_the_one_that_is_written(rng):
    A, b, alpha = rng.standard_normal((20, 8)), rng.standard_normal(20), 0.5
    step = 1 / np.linalg.norm(A, 2) ** 2
    x = y = np.zeros(8)
    t = 1.0
    for iterate in itertools.islice(fista(SquaredLoss(A, b), alpha), 30):
        assert_allclose(iterate.x, x, atol=1e-10)
        assert iterate.value == pytest.approx(objective(A, b, x, alpha), **TIGHT)
        new = soft_threshold(y - step * A.T @ (A @ y - b), step * alpha)
        t, last = (1 + math.sqrt(1 + 4 * t * t)) / 2, t
        x, y = new, new + (last - 1) / t * (new - x)


@pytest.mark.parametrize("loss", [SquaredLoss, LogisticLoss])
def test_gradients_are_the_derivatives_of_the_values(loss, rng):
    A, x = rng.standard_normal((15, 6)), rng.standard_normal(6)
    f = loss(A, np.sign(rng.standard_normal(15)))
    numeric = [(f.value(A @ (x + h)) - f.value(A @ (x - h))) / 2e-6 for h in 1e-6 * np.eye(6)]
    assert_allclose(f.gradient(A @ x), numeric, rtol=1e-5, atol=1e-8)


def test_smoothness_is_the_largest_curvature(rng):
    A = rng.standard_normal((50, 40))
    top = np.linalg.norm(A, 2) ** 2
    assert SquaredLoss(A, np.zeros(50)).smoothness == pytest.approx(top)
    assert LogisticLoss(A, np.ones(50)).smoothness == pytest.approx(top / 200)
    for matrix in (A, A.T, A[:, :5], sp.csr_array(A), aslinearoperator(A)):
        assert largest_eigenvalue(matrix) == pytest.approx(
            top if matrix.shape[1] > 5 else np.linalg.norm(A[:, :5], 2) ** 2
        )
    assert largest_eigenvalue(np.zeros((50, 40))) == 0


@settings(max_examples=60)
@given(st.integers(1, 40))
def test_the_recovery_limit_is_strict(k):
    assert recovery_limit(1 / (2 * k - 1)) == k - 1
    assert recovery_limit(1 / (2 * k - 1) * (1 - 1e-6)) == k


@settings(max_examples=30)
@given(st.integers(1, 8), st.integers(2, 20), st.integers(0, 2**32 - 1))
def test_no_dictionary_is_less_coherent_than_welch_says(d, n_atoms, seed):
    D = np.random.default_rng(seed).standard_normal((n_atoms, d))
    assert coherence(D) >= welch_bound(n_atoms, d) - 1e-12


def test_known_coherences():
    assert coherence(spikes_and_waves()) == pytest.approx(1 / 8)
    assert coherence([[2.0, 0.0]]) == 0
    assert recovery_limit(0) == math.inf
    simplex = np.eye(4) - 0.25  # four directions in three dimensions, as far apart as can be
    assert coherence(simplex) == pytest.approx(welch_bound(4, 3))


def test_the_argmax_of_bits_is_the_argmax(rng):
    for dtype in (np.float32, np.float64):
        for size in (1, 2, 7, 64, 257):
            values = (rng.random(size) ** 9).astype(dtype)
            assert _codes.argmax(_codes.as_bits(values)) == np.argmax(values)


# --- Theorems ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "bound"), [(ista, ista_bound), (fista, fista_bound)])
@pytest.mark.parametrize("loss", [SquaredLoss, LogisticLoss])
def test_descent_stays_below_its_bound_at_every_step(method, bound, loss, rng):
    for spectrum in (np.ones(30), np.arange(1, 31.0) ** -1, np.arange(1, 31.0) ** -3):
        A = with_spectrum(spectrum, 60, 30, rng) * 3
        f = loss(A, np.sign(rng.standard_normal(60)))
        alpha = 0.05 * np.abs(f.gradient(np.zeros(60))).max()
        limit = after(fista(f, alpha), 4000)
        gaps = np.array([s.value for s in itertools.islice(method(f, alpha), 1, 200)]) - limit.value
        promised = bound(f.smoothness, np.linalg.norm(limit.x), np.arange(1, 200))
        assert np.all(gaps <= promised + 1e-12)


def test_plain_descent_never_rises_and_accelerated_descent_may(rng):
    A = with_spectrum(np.arange(1, 31.0) ** -2, 60, 30, rng)
    f = SquaredLoss(A, A @ rng.standard_normal(30))
    plain, fast = (
        np.array([s.value for s in itertools.islice(method(f, 1e-4), 500)]) for method in METHODS
    )
    assert np.all(np.diff(plain) <= 1e-15)
    assert np.any(np.diff(fast) > 0)


@pytest.mark.parametrize("recursive", [False, True])
def test_every_sparse_signal_is_found_below_the_limit(recursive, rng):
    D = spikes_and_waves()
    assert recovery_limit(coherence(D)) == 4
    for k in (1, 2, 3, 4):
        X, truth = sparse_signals(D, k, 300, rng)
        found = omp(X, D, n_nonzero=k, order_recursive=recursive).toarray()
        assert_allclose(found, truth, atol=1e-8)


def test_pursuit_fails_beyond_the_limit_on_a_signal_made_for_it():
    """Equal weights on spikes that a wave agrees with: the wave is the first choice."""
    D = spikes_and_waves(16)  # coherence 1/4: two atoms are safe
    k = 6
    x = D[:k].sum(axis=0)
    wave = int(np.argmax(np.abs(D @ x)))
    assert wave >= 16
    assert omp(x[None], D, n_nonzero=1).indices[0] == wave


def test_the_smallest_l1_norm_finds_them_too(rng):
    D = spikes_and_waves()
    X, truth = sparse_signals(D, 4, 50, rng)
    found = lasso_encode(X, D, 1e-7).toarray()
    assert_allclose(found, truth, atol=1e-4)


def test_zero_is_the_minimizer_from_alpha_max_on(rng):
    A, b = rng.standard_normal((20, 30)), rng.standard_normal(20)
    largest = np.abs(A.T @ b).max()
    assert not lasso(A, b, largest).x.any()
    assert lasso(A, b, 0.999 * largest, tol=1e-12).x.any()


# --- Contracts --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay_and_single_precision_is_good_to_single_precision(dtype, rng):
    D, X = unit(rng.standard_normal((50, 20))), rng.standard_normal((40, 20))
    tolerance = 1e-3 if dtype == np.float32 else 1e-9
    exact = lasso_encode(X, D, 0.5, tol=1e-10)
    for coder in (
        lambda X, D: omp(X, D, n_nonzero=3),
        lambda X, D: lasso_encode(X, D, 0.5, tol=1e-10),
    ):
        found = coder(X.astype(dtype), D.astype(dtype))
        assert found.dtype == dtype
        assert_allclose(found.toarray(), coder(X, D).toarray(), atol=tolerance)
    x = after(fista(SquaredLoss(D.T.astype(dtype), X[0].astype(dtype)), 0.5), 500).x
    assert x.dtype == dtype
    assert_allclose(x, exact.toarray()[0], atol=1e-3)


def test_sparse_and_dense_signals_agree_and_input_stays(rng):
    X, D = (
        rng.standard_normal((30, 10)) * (rng.random((30, 10)) < 0.3),
        rng.standard_normal((20, 10)),
    )
    before = X.copy(), D.copy()
    for coder in (lambda X: omp(X, D, tol=0.1), lambda X: lasso_encode(X, D, 0.1)):
        assert_allclose(coder(X).toarray(), coder(sp.csr_array(X)).toarray(), atol=1e-10)
    assert_array_equal(X, before[0])
    assert_array_equal(D, before[1])


def test_more_signals_than_a_block_are_coded_as_one_by_one(rng):
    D = unit(rng.standard_normal((12, 6)))
    X = rng.standard_normal((_codes.BLOCK + 5, 6))
    for coder in (lambda X: omp(X, D, n_nonzero=2), lambda X: lasso_encode(X, D, 0.3)):
        assert_allclose(coder(X)[[0, 3, -1]].toarray(), coder(X[[0, 3, -1]]).toarray(), atol=1e-12)


def test_a_step_costs_one_product_each_way_and_the_objective_is_free(rng):
    A = rng.standard_normal((40, 20))
    for method in METHODS:
        meter = Meter()
        loss = SquaredLoss(CountedMatrix(A, meter), rng.standard_normal(40))
        steps = method(loss, 0.1, step=0.01)
        next(steps)
        assert meter.products == 0
        after(steps, 9)
        assert meter.products == 20


@pytest.mark.parametrize("method", METHODS)
def test_containers_agree_and_a_start_is_taken(method, rng):
    A, b, x0 = rng.standard_normal((30, 10)), rng.standard_normal(30), rng.standard_normal(10)
    expected = after(method(SquaredLoss(A, b), 0.2, x0=x0), 20).x
    assert_array_equal(next(method(SquaredLoss(A, b), 0.2, x0=x0)).x, x0)
    for container in (sp.csr_array(A), aslinearoperator(A)):
        assert_allclose(after(method(SquaredLoss(container, b), 0.2, x0=x0), 20).x, expected)


def test_a_path_is_what_single_problems_give(rng):
    A, b = rng.standard_normal((40, 60)), rng.standard_normal(40)
    path = lasso_path(A, b, n_alphas=10, ratio=0.01, tol=1e-10)
    assert path.coefs.shape == (10, 60) and not path.coefs[0].any()
    assert path.alphas[-1] == pytest.approx(0.01 * np.abs(A.T @ b).max())
    for alpha, x in zip(path.alphas, path.coefs, strict=True):
        alone = lasso(A, b, alpha, tol=1e-10)
        assert_allclose(x, alone.x, atol=1e-4)
        assert_allclose(lasso(A, b, alpha, x0=x, tol=1e-9).x, x, atol=1e-6)
    assert path.visits.sum() > 0 and np.all(path.passes >= 1)


@pytest.mark.parametrize("container", [np.asarray, sp.csc_array])
def test_a_warm_start_is_corrected_where_the_data_say_nothing(container):
    A = container(np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]))
    found = lasso(A, np.array([1.0, 2, 3]), 0.1, x0=np.array([0.0, 0, 5, 0]))
    assert_allclose(found.x, [0.9, 1.9, 0, 2.9], atol=1e-6)


def test_kernels_are_their_python_selves(rng):
    D, X = unit(rng.standard_normal((15, 6))), rng.standard_normal((4, 6))
    B, G = X @ D.T, D @ D.T
    scores = np.empty(15)
    numbers = np.array([0.2, 1e-9, 1e-15])
    fast = codes._encode_all(B, G, numbers, scores, _codes.as_bits(scores))
    slow = codes._encode_all.py_func(B, G, numbers, scores, _codes.as_bits(scores))
    for one, other in zip(fast, slow, strict=True):
        assert_allclose(one, other, atol=1e-12)


def test_atoms_that_are_alike_end_in_a_minimum_or_a_warning(rng):
    D = np.vstack([unit(rng.standard_normal((6, 5)))] * 2)
    X = rng.standard_normal((20, 5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = lasso_encode(X, D, 0.1)
    assert np.all(duality_gaps(X, D, found, 0.1) <= 1e-5)


def test_a_code_that_did_not_converge_is_said(rng, monkeypatch):
    """No problem was found on which the kernel fails, so its sweeps are taken away."""
    D, X = unit(rng.standard_normal((15, 6))), rng.standard_normal((3, 6))
    scores = np.empty(15)
    numbers = np.array([0.1, 1e-9, 1e-15])
    monkeypatch.setattr(codes, "SWEEPS", 1)
    for kernel in ("_descend", "_encode", "_encode_all"):
        monkeypatch.setattr(codes, kernel, getattr(codes, kernel).py_func)
    *_, misses = codes._encode_all(X @ D.T, D @ D.T, numbers, scores, _codes.as_bits(scores))
    assert misses == 3
    with pytest.warns(ConvergenceWarning, match="3 of 3 codes did not converge"):
        lasso_encode(X, D, 0.1)


def test_a_gap_that_is_not_reached_is_said(rng):
    A, b = rng.standard_normal((30, 50)), rng.standard_normal(30)
    with pytest.warns(ConvergenceWarning, match="duality gap"):
        result = lasso(A, b, 0.01, tol=1e-14, max_rounds=1)
    assert result.gap > 0.5e-14 * (b @ b)


E5 = np.eye(5)
REFUSED = [
    (lambda: omp([[1.0, 2.0]], E5, n_nonzero=1), "equally many columns"),
    (lambda: omp(E5, E5), "n_nonzero or tol"),
    (lambda: omp(E5, E5, n_nonzero=6), r"min\(n_atoms, d\) = 5"),
    (lambda: omp(E5, E5, tol=-1), "tol must lie"),
    (lambda: omp(np.full((2, 5), np.nan), E5, n_nonzero=1), "X contains NaN"),
    (lambda: omp(E5, np.full((2, 5), np.inf), n_nonzero=1), "D contains NaN"),
    (lambda: lasso_encode(E5, np.vstack([E5, np.zeros(5)]), 1.0), "atom 5 is"),
    (lambda: lasso_encode(E5, E5, 0.0), "alpha must lie"),
    (lambda: duality_gaps(E5, E5, E5[:2], 1.0), "codes must have shape"),
    (lambda: lasso(E5, np.ones(4), 1.0), "b must have 5 entries"),
    (lambda: lasso(E5, np.ones(5), 1.0, x0=np.ones(4)), "x0 must have one entry"),
    (lambda: lasso(E5, np.ones(5), -1.0), "alpha must lie"),
    (lambda: lasso(E5, np.ones(5), 1.0, alpha2=-1.0), "alpha2 must lie"),
    (lambda: lasso(np.full((5, 5), np.nan), np.ones(5), 1.0), "NaN"),
    (lambda: lasso_path(E5, np.zeros(5)), "orthogonal to all columns"),
    (lambda: lasso_path(E5, np.ones(5), [1.0, 0.0]), "alphas must be positive"),
    (lambda: coherence([[0.0, 0.0], [1.0, 0.0]]), "atom 0 is"),
    (lambda: recovery_limit(1.5), "mu must lie"),
    (lambda: SquaredLoss(E5, np.ones(4)), "one entry for each of the 5 rows"),
    (lambda: LogisticLoss(E5, np.arange(5.0)), r"labels -1 and \+1"),
    (lambda: next(ista(SquaredLoss(E5, np.ones(5)), -1.0)), "alpha must lie"),
    (lambda: next(fista(SquaredLoss(E5, np.ones(5)), 1.0, step=0.0)), "step must lie"),
    (lambda: next(fista(SquaredLoss(E5, np.ones(5)), 1.0, x0=np.ones(2))), "x0 must have"),
    (lambda: after(ista(SquaredLoss(np.full((5, 5), np.nan), np.ones(5)), 1.0, step=1), 1), "NaN"),
]


@pytest.mark.parametrize(("call", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_columns_cannot_be_read_from_an_operator():
    with pytest.raises(TypeError, match="array or a sparse matrix"):
        lasso(aslinearoperator(E5), np.ones(5), 1.0)


def hilbert(m, n):
    return 1.0 / (np.arange(m)[:, None] + np.arange(n) + 1)


def test_dependent_columns_end_and_reach_their_gap(rng):
    """Coordinate descent alone took minutes, or 5e8 visits and ended above its goal."""
    alike = rng.standard_normal((100, 1)) + np.sqrt(1 / 999) * rng.standard_normal((100, 200))
    A = hilbert(20, 60)
    vandermonde = np.vander(np.linspace(0, 1, 50), 40)
    for matrix, share in ((alike, 1e-3), (A, 1e-5), (vandermonde, 1e-5)):
        b = matrix @ rng.standard_normal(matrix.shape[1]) + rng.standard_normal(len(matrix))
        alpha = share * np.abs(matrix.T @ b).max()
        result = lasso(matrix, b, alpha)
        assert result.gap <= 1e-6 * 0.5 * (b @ b)
        assert result.visits < 500 * 2 * matrix.shape[1] * 10
        exact = lasso_encode(b[None], matrix.T, alpha).toarray()[0]
        value = [
            0.5 * np.sum((b - matrix @ x) ** 2) + alpha * np.abs(x).sum() for x in (result.x, exact)
        ]
        assert value[0] <= value[1] + result.gap
        sparse = lasso(sp.csc_array(matrix), b, alpha)
        assert sparse.gap <= 1e-6 * 0.5 * (b @ b)
        assert lasso(matrix, b, alpha, alpha2=alpha).gap <= 1e-6 * 0.5 * (b @ b)


def test_pursuit_says_when_it_stops_too_early():
    """Atoms of a Hilbert matrix: below 1e-7 of its length rounding hides the rest of a signal."""
    D = unit(hilbert(60, 20))
    X = np.random.default_rng(0).standard_normal((200, 60)) @ D
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codes_ = omp(X, D, tol=1e-5)
        omp(X, D, tol=1e-12, n_nonzero=1)  # stopped by the other limit
        omp(np.eye(2), np.eye(2), tol=0.0)
    assert np.linalg.norm(X - codes_ @ D, axis=1).max() <= 1e-5
    with pytest.warns(RuntimeWarning, match="residuals are longer than tol = 1e-08") as caught:
        codes_ = omp(X, D, tol=1e-8)
    above = np.count_nonzero(np.linalg.norm(X - codes_ @ D, axis=1) > 1e-8 * (1 + 1e-6))
    assert str(caught[0].message).startswith(f"{above} of 200 ")
    with pytest.warns(RuntimeWarning, match="1 of 1 residuals"):
        omp([[1.0, 1.0]], [[1.0, 0.0], [2.0, 0.0]], tol=0.5)  # no atom points there


def test_pursuit_fits_atoms_that_nearly_depend():
    """Eight atoms of a Hilbert matrix: the Gram matrix alone left codes wrong by 1e-4."""
    D = unit(hilbert(60, 20))
    X = np.random.default_rng(0).standard_normal((50, 60)) @ D
    for x, row in zip(X, omp(X, D, n_nonzero=8), strict=True):
        best = np.linalg.lstsq(D[row.indices].T, x, rcond=None)[0]
        assert np.linalg.norm(row.data - best) < 1e-8 * np.linalg.norm(best)


def test_columns_stored_in_parts_are_added_up(rng):
    A = sp.csc_array(rng.standard_normal((8, 5)) * (rng.random((8, 5)) < 0.5))
    rows = np.concatenate(
        [A.indices[s:e].repeat(2) for s, e in zip(A.indptr, A.indptr[1:], strict=False)]
    )
    parts = sp.csc_array((A.data.repeat(2) / 2, rows, 2 * A.indptr), shape=A.shape)
    b = rng.standard_normal(8)
    assert_allclose(lasso(parts, b, 0.1, tol=1e-12).x, lasso(A, b, 0.1, tol=1e-12).x, atol=1e-9)
    assert_allclose(
        lasso_encode(parts, np.eye(5), 0.1).toarray(), lasso_encode(A, np.eye(5), 0.1).toarray()
    )
    assert parts.nnz == 2 * A.nnz


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: soft_threshold([1.0], -2), "threshold must lie in"),
        (lambda: soft_threshold([1.0, 2.0], [0.5, -2]), "threshold must not be negative"),
        (lambda: soft_threshold([1.0, 2.0], [1, 2, 3]), "threshold must fit z"),
        (lambda: ista_bound(1.0, 1.0, 0), "k must be at least 1; got 0"),
        (lambda: fista_bound(1.0, 1.0, np.array([2, -1])), "k must be at least 1; got -1"),
        (lambda: ista_bound(-1.0, 1.0, 1), "smoothness must lie in"),
        (lambda: ista_bound(1.0, 1e200, 1), "must be finite"),
        (lambda: coherence([[np.nan, 1.0], [1.0, 0.0]]), "D contains NaN"),
        (lambda: omp(1e200 * E5, E5, n_nonzero=1), "X contains NaN or infinity, or overflows"),
        (lambda: lasso_encode(E5, 1e200 * E5, 1.0), "D contains NaN or infinity, or overflows"),
    ],
)
def test_numbers_out_of_range_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("wrong", [np.ones(5) + 1j, np.full(5, "1"), np.zeros(5, "M8[D]")])
def test_vectors_are_checked_as_matrices_are(wrong):
    for call in (
        lambda: lasso(E5, wrong, 1.0),
        lambda: lasso(E5, np.ones(5), 1.0, x0=wrong),
        lambda: lasso_path(E5, np.ones(5), wrong),
        lambda: SquaredLoss(E5, wrong),
        lambda: next(ista(SquaredLoss(E5, np.ones(5)), 1.0, x0=wrong)),
        lambda: soft_threshold(wrong, 1.0),
    ):
        with pytest.raises(TypeError, match="must have a real floating dtype"):
            call()


def test_an_operator_without_a_transpose_is_refused_in_words():
    forward = LinearOperator((5, 5), matvec=lambda x: x, dtype=float)
    for call in (
        lambda: SquaredLoss(forward, np.ones(5)).gradient(np.ones(5)),
        lambda: largest_eigenvalue(LinearOperator((5, 9), matvec=lambda x: x[:5], dtype=float)),
    ):
        with pytest.raises(TypeError, match="give the LinearOperator an rmatvec"):
            call()


# --- Peers ------------------------------------------------------------------------------------


def patches_like(rng, n=200, n_atoms=128, d=64):
    """Smooth random signals and a dictionary of others."""
    walk = np.cumsum(rng.standard_normal((n + n_atoms, d)), axis=1)
    walk = unit(walk - walk.mean(axis=1, keepdims=True))
    return walk[:n], walk[n:]


def test_codes_are_as_good_as_scikit_learns(rng):
    X, D = patches_like(rng)
    ours = lasso_encode(X, D, 0.1).toarray()
    theirs = sparse_encode(X, D, algorithm="lasso_lars", alpha=0.1)
    for x, one, other in zip(X, ours, theirs, strict=True):
        assert objective(D.T, x, one, 0.1) <= objective(D.T, x, other, 0.1) * (1 + 1e-9)


def test_pursuit_leaves_what_scikit_learns_leaves_and_order_recursive_less(rng):
    X, D = patches_like(rng)
    left = {
        name: np.linalg.norm(X - found @ D)
        for name, found in {
            "theirs": sparse_encode(X, D, algorithm="omp", n_nonzero_coefs=5),
            "ours": omp(X, D, n_nonzero=5),
            "recursive": omp(X, D, n_nonzero=5, order_recursive=True),
        }.items()
    }
    assert left["ours"] == pytest.approx(left["theirs"], rel=1e-6)
    assert left["recursive"] < 0.99 * left["ours"]


def test_a_path_is_scikit_learns(rng):
    A = rng.standard_normal((60, 100)) + rng.standard_normal((60, 1))
    b = A[:, :3].sum(axis=1) + rng.standard_normal(60)
    ours = lasso_path(A, b, n_alphas=20, ratio=0.05, tol=1e-9)
    _, theirs, _ = sklearn_path(A, b, alphas=ours.alphas / 60, tol=1e-9, max_iter=100_000)
    for alpha, one, other in zip(ours.alphas, ours.coefs, theirs.T, strict=True):
        best = objective(A, b, other, alpha)
        assert objective(A, b, one, alpha) <= best + 1e-9 * 0.5 * (b @ b)
    single = SklearnLasso(alpha=ours.alphas[9] / 60, fit_intercept=False, tol=1e-9).fit(A, b)
    assert_allclose(ours.coefs[9], single.coef_, atol=1e-3)


@pytest.mark.parametrize("l1_ratio", [0.9, 0.3])
def test_the_elastic_net_is_scikit_learns(l1_ratio, rng):
    A = rng.standard_normal((60, 100)) + rng.standard_normal((60, 1))
    b = A[:, :3].sum(axis=1) + rng.standard_normal(60)
    peer = ElasticNet(alpha=0.3, l1_ratio=l1_ratio, fit_intercept=False, tol=1e-10).fit(A, b)
    # Its loss is a mean over 60 rows.
    weights = {"alpha": 60 * 0.3 * l1_ratio, "alpha2": 60 * 0.3 * (1 - l1_ratio)}
    assert_allclose(lasso(A, b, **weights, tol=1e-10).x, peer.coef_, atol=1e-3)
    alpha = weights["alpha"]
    path = lasso_path(A, b, [2 * alpha, alpha], alpha2=weights["alpha2"], tol=1e-10)
    assert_allclose(path.coefs[1], peer.coef_, atol=1e-3)


def test_logistic_descent_ends_where_liblinear_does(rng):
    A = rng.standard_normal((200, 10))
    y = np.sign(A @ rng.standard_normal(10) + 0.5 * rng.standard_normal(200))
    alpha = 0.02
    x, value = after(fista(LogisticLoss(A, y), alpha), 3000)
    peer = LogisticRegression(
        l1_ratio=1.0, solver="liblinear", C=1 / (200 * alpha), fit_intercept=False, tol=1e-7
    ).fit(A, y)
    theirs = peer.coef_[0]
    assert value <= LogisticLoss(A, y).value(A @ theirs) + alpha * np.abs(theirs).sum() + 1e-9
    assert_allclose(x, theirs, atol=1e-3)
