"""Dictionaries, sparse weights from a stream, patches: facts, theorems, contracts, peers."""

import itertools
import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import MiniBatchDictionaryLearning
from sklearn.feature_extraction.image import extract_patches_2d, reconstruct_from_patches_2d
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_lib import datasets
from course_lib.sparse_coding import (
    FTRLProximal,
    LogisticLoss,
    OnlineDictionary,
    TruncatedGradient,
    denoise,
    extract_patches,
    fista,
    ksvd,
    lasso_encode,
    omp,
    online_dictionary,
    psnr,
    reassemble,
    soft_threshold,
    streams,
    update_atoms,
)

LEARNERS = [TruncatedGradient, FTRLProximal]


def unit(D):
    return D / np.linalg.norm(D, axis=1, keepdims=True)


def planted(rng, n=2000, d=20, n_atoms=30, k=2):
    """Signals of k atoms each from a dictionary: (X, dictionary)."""
    D = unit(rng.standard_normal((n_atoms, d)))
    codes = np.zeros((n, n_atoms))
    for row in codes:
        row[rng.choice(n_atoms, k, replace=False)] = rng.choice([-1, 1], k) * (1 + rng.random(k))
    return codes @ D, D


def mean_objective(X, D, alpha):
    codes = lasso_encode(X, D, alpha)
    return (0.5 * np.sum((X - codes @ D) ** 2) + alpha * abs(codes).sum()) / len(X)


def stream(rng, n=500, d=30):
    """Sparse rows and labels that a few features decide."""
    X = sp.csr_array(rng.standard_normal((n, d)) * (rng.random((n, d)) < 0.2))
    margin = X[:, [0, 1, 2]].sum(axis=1) * 2
    return X, np.where(margin + 0.3 * rng.standard_normal(n) > 0, 1, -1)


# --- Facts ------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_patches_put_back_are_the_picture(height, width, side, seed):
    side = min(side, height, width)
    picture = np.random.default_rng(seed).standard_normal((height, width))
    patches = extract_patches(picture, side)
    assert patches.shape == ((height - side + 1) * (width - side + 1), side**2)
    assert_allclose(reassemble(patches, picture.shape), picture)


def test_patches_lie_in_order_and_strides_leave_an_edge():
    picture = np.arange(30.0).reshape(5, 6)
    patches = extract_patches(picture, 2, stride=2)
    assert_array_equal(patches[4], [14, 15, 20, 21])
    again = reassemble(patches, (5, 6), stride=2)
    assert_array_equal(again[:4], picture[:4])
    assert np.all(np.isnan(again[4]))


def test_noise_of_25_grey_levels_is_20_decibels(rng):
    clean = np.zeros((500, 500))
    assert psnr(rng.normal(0, 25, clean.shape), clean) == pytest.approx(20.17, abs=0.1)
    assert psnr(clean, clean) == np.inf
    assert psnr(clean + 0.1, clean, peak=1.0) == pytest.approx(20)


def test_fitting_atoms_never_raises_the_error_and_keeps_places_and_lengths(rng):
    X, _ = planted(rng, n=300)
    D = unit(rng.standard_normal((30, 20)))
    for _ in range(5):
        codes = omp(X, D, n_nonzero=3)
        before = np.sum((X - codes @ D) ** 2)
        D, fitted, residual = update_atoms(X, D, codes)
        assert np.sum(residual**2) <= before * (1 + 1e-12)
        assert_allclose(residual, X - fitted @ D, atol=1e-10)
        assert_allclose(np.linalg.norm(D, axis=1), 1)
        assert np.all((fitted != 0).toarray() <= (codes != 0).toarray())


def test_an_unused_atom_becomes_a_signal_and_two_become_two(rng):
    X = rng.standard_normal((10, 4))
    codes = sp.csr_array(([1.0], ([0], [0])), shape=(10, 3))
    D, _, residual = update_atoms(X, unit(rng.standard_normal((3, 4))), codes)
    worst = np.argsort(-np.sum(residual**2, axis=1))[:2]
    assert_allclose(D[1:], unit(X[worst]))


def recovered(truth, D):
    """Share of true atoms that some atom is all but parallel to."""
    return np.mean(np.abs(truth @ unit(D).T).max(axis=1) > 0.98)


def test_ksvd_recovers_most_of_a_planted_dictionary(rng):
    X, truth = planted(rng)
    steps = ksvd(X, X[:30], n_nonzero=2)
    start, last = next(steps), next(itertools.islice(steps, 30, None))
    assert last.value < 0.3 * start.value  # 0.08 to 0.16 over 12 seeds
    assert recovered(truth, start.x) < 0.2
    assert recovered(truth, last.x) > 0.5  # 0.73 to 0.87 over 12 seeds


def test_improving_in_blocks_is_improving_one_by_one(rng):
    K, d = 70, 9  # more than two blocks
    C = rng.standard_normal((200, K)) * (rng.random((200, K)) < 0.2)
    A, B = C.T @ C, C.T @ rng.standard_normal((200, d))
    D = unit(rng.standard_normal((K, d)))
    expected = D.copy()
    for j in range(K):
        u = expected[j] + (B[j] - A[j] @ expected) / A[j, j]
        expected[j] = u / max(1, np.linalg.norm(u))
    online_dictionary._improve(D, A, B, np.zeros(K, dtype=bool))
    assert_allclose(D, expected, atol=1e-10)
    unused = np.arange(K) % 3 == 0
    kept = D.copy()
    for j in np.flatnonzero(~unused):
        u = kept[j] + (B[j] - A[j] @ kept) / A[j, j]
        kept[j] = u / max(1, np.linalg.norm(u))
    online_dictionary._improve(D, A, B, unused)
    assert_allclose(D, kept, atol=1e-10)


def test_memories_are_the_sums_that_they_stand_for(rng):
    X = rng.standard_normal((40, 8))
    D = unit(rng.standard_normal((12, 8)))
    learner = OnlineDictionary(12, alpha=0.3, dict_init=D, batch_size=40).partial_fit(X)
    codes = lasso_encode(X, D, 0.3).toarray()
    assert_allclose(learner.inner_, codes.T @ codes, atol=1e-9)
    assert_allclose(learner.outer_, codes.T @ X, atol=1e-9)
    E = learner.components_
    promised = 0.5 * np.sum((X - codes @ E) ** 2) + 0.3 * np.abs(codes).sum()
    assert learner.surrogate_ == pytest.approx(promised / 40)
    assert np.all(np.linalg.norm(E, axis=1) <= 1 + 1e-12)
    later = lasso_encode(2 * X, E, 0.3).toarray()
    learner.partial_fit(2 * X)
    keep = 41 / 81  # (theta + 1 - b) / (theta + 1) with theta = 2 b
    assert_allclose(learner.inner_, keep * codes.T @ codes + later.T @ later, atol=1e-9)
    assert_allclose(learner.outer_, keep * codes.T @ X + 2 * later.T @ X, atol=1e-9)
    old, new = (
        0.5 * np.sum((signals - c @ learner.components_) ** 2) + 0.3 * np.abs(c).sum()
        for signals, c in ((X, codes), (2 * X, later))
    )
    assert learner.surrogate_ == pytest.approx((keep * old + new) / (40 * keep + 40))


def test_an_unused_atom_is_drawn_anew_and_not_too_soon(rng):
    X = np.abs(rng.standard_normal((30, 4))) * [1, 1, 0, 0]
    D = np.eye(4)  # the last two are orthogonal to all signals
    learner = OnlineDictionary(4, alpha=0.01, dict_init=D, batch_size=30, random_state=0)
    learner.partial_fit(X)
    assert_array_equal(learner.components_[2:], D[2:])
    learner.partial_fit(X)
    assert np.all(learner.components_[2:, 2:] == 0)
    assert_allclose(np.linalg.norm(learner.components_[2:], axis=1), 1)


@settings(max_examples=40)
@given(
    st.integers(1, 4),
    st.sampled_from([np.inf, 0.3]),
    st.sampled_from([0.0, 0.02, 0.3]),
    st.integers(0, 2**32 - 1),
)
def test_lazy_truncation_is_truncation_at_every_row(every, threshold, alpha, seed):
    rng = np.random.default_rng(seed)
    X, y = stream(rng, n=40, d=8)
    step = 0.5
    learner = TruncatedGradient(
        alpha=alpha, step=step, every=every, threshold=threshold, shuffle=False
    ).fit(X, y)
    w, b, loss = np.zeros(8), 0.0, 0.0
    for t, (x, sign) in enumerate(zip(X.toarray(), y, strict=True), 1):
        margin = sign * (x @ w + b)
        loss += np.log1p(np.exp(-margin))
        slope = -sign / (1 + np.exp(margin))
        w, b = w - step * slope * x, b - step * slope
        if t % every == 0:
            cut = soft_threshold(w, every * step * alpha)
            w = np.where(np.abs(w) <= threshold, cut, w)
    assert_allclose(learner.coef_[0], w, atol=1e-12)
    assert learner.intercept_[0] == pytest.approx(b)
    assert learner.loss_sum_ == pytest.approx(loss)


@settings(max_examples=40)
@given(st.sampled_from([0.0, 0.5, 3.0]), st.sampled_from([0.0, 1.0]), st.integers(0, 2**32 - 1))
def test_ftrl_minimizes_what_it_says(alpha, alpha2, seed):
    """Each weight minimizes linearized losses, proximal terms and penalties, by definition."""
    X, y = stream(np.random.default_rng(seed), n=30, d=6)
    step, beta = 0.4, 1.0
    learner = FTRLProximal(alpha=alpha, alpha2=alpha2, step=step, beta=beta, shuffle=False)
    learner.fit(X, y)
    Z = np.column_stack([X.toarray(), np.ones(30)])
    w, g_sum, g_squares, pull = np.zeros((4, 7))
    l1, l2 = np.r_[np.full(6, alpha), 0], np.r_[np.full(6, alpha2), 0]
    for z, sign in zip(Z, y, strict=True):
        g = -sign * z / (1 + np.exp(sign * (z @ w)))
        sigma = (np.sqrt(g_squares + g * g) - np.sqrt(g_squares)) / step
        pull += sigma * w  # of the quadratics sigma_s / 2 (w - w_s)^2
        g_sum, g_squares = g_sum + g, g_squares + g * g
        curvature = (beta + np.sqrt(g_squares)) / step + l2
        w = soft_threshold((pull - g_sum), l1) / curvature
    assert_allclose(np.r_[learner.coef_[0], learner.intercept_], w, atol=1e-10)


# --- Theorems ---------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.0, 0.01, 0.1])
@pytest.mark.parametrize("order", ["as drawn", "sorted by label"])
def test_regret_stays_below_its_bound_for_every_rival(alpha, order, rng):
    X, y = stream(rng, n=400)
    if order != "as drawn":
        rank = np.argsort(y, kind="stable")
        X, y = X[rank], y[rank]
    T, step = len(y), 0.2
    B = (X.multiply(X).sum(axis=1) + 1).max()
    learner = TruncatedGradient(alpha=alpha, step=step)
    paid = 0.0
    for i in range(T):
        learner.partial_fit(X[[i]], y[[i]], classes=[-1, 1])
        paid += alpha * np.abs(learner.coef_).sum()
    paid += learner.loss_sum_
    Z = sp.hstack([X, np.ones((T, 1))]).tocsr()
    rivals = [np.zeros(31), *rng.standard_normal((5, 31))]
    rivals += [s.x for s in itertools.islice(fista(LogisticLoss(Z, y), alpha), 0, 200, 40)]
    for u in rivals:
        theirs = np.logaddexp(0, -y * (Z @ u)).sum() + alpha * T * np.abs(u[:-1]).sum()
        assert paid <= theirs + step * B * T / 2 + u @ u / (2 * step) + 1e-9


def test_the_surrogate_never_rises_and_bounds_the_best_codes(rng):
    X, _ = planted(rng, n=600)
    learner = OnlineDictionary(20, alpha=0.2, batch_size=100, random_state=0)
    for t in range(6):
        batch = X[100 * t : 100 * (t + 1)]
        learner.partial_fit(batch)
        A, B, D = learner.inner_, learner.outer_, learner.components_
        value = 0.5 * np.vdot(A @ D, D) - np.vdot(B, D)
        better = D.copy()
        online_dictionary._improve(better, A, B, np.diag(A) <= 1e-9)
        assert 0.5 * np.vdot(A @ better, better) - np.vdot(B, better) <= value + 1e-10
    whole = OnlineDictionary(20, alpha=0.2, batch_size=600, random_state=0).partial_fit(X)
    assert whole.surrogate_ >= mean_objective(X, whole.components_, 0.2) - 1e-12


def test_the_online_dictionary_recovers_most_of_a_planted_one(rng):
    X, truth = planted(rng)
    learner = OnlineDictionary(30, alpha=0.2, batch_size=64, n_epochs=8, random_state=0).fit(X)
    assert recovered(truth, learner.components_) > 0.5  # 0.70 to 0.93 over 12 seeds
    assert mean_objective(X, learner.components_, 0.2) <= 1.2 * mean_objective(X, truth, 0.2)


def test_more_gravity_leaves_fewer_weights(rng):
    X, y = stream(rng, n=2000)
    for learners in (
        [TruncatedGradient(alpha=a, random_state=0) for a in (0, 0.03, 0.1)],
        [FTRLProximal(alpha=a, random_state=0) for a in (0, 10, 30)],
    ):
        counts = [np.count_nonzero(learner.fit(X, y).coef_) for learner in learners]
        assert counts[0] == 30 > counts[1] > counts[2] >= 3
        assert np.all(learners[1].coef_[0, :3] > 0)


@pytest.mark.slow
def test_one_pass_over_noisy_patches_cleans_a_picture(rng):
    clean = datasets.photographs()["camera"][100:356, 100:356].astype(float)
    noisy = clean + rng.normal(0, 25, clean.shape)
    patches = extract_patches(noisy)
    patches -= patches.mean(axis=1, keepdims=True)
    learner = OnlineDictionary(128, alpha=60.0, random_state=0).fit(patches)
    gain = psnr(denoise(noisy, unit(learner.components_), 25), clean) - psnr(noisy, clean)
    assert gain > 7.5


# --- Contracts --------------------------------------------------------------------------------


def test_learners_work_in_a_pipeline_and_a_grid_search(rng):
    X, _ = planted(rng, n=200)
    y = (X[:, 0] > 0).astype(int)
    pipeline = make_pipeline(
        StandardScaler(), OnlineDictionary(10, alpha=0.3, random_state=0), LogisticRegression()
    )
    search = GridSearchCV(pipeline, {"onlinedictionary__alpha": [0.1, 1.0]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.7
    for learner in (TruncatedGradient(random_state=0), FTRLProximal(random_state=0)):
        search = GridSearchCV(learner, {"alpha": [1e-3, 1.0]}, cv=2).fit(X, y)
        assert search.best_score_ > 0.7


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dictionary_keeps_the_dtype_and_the_input(dtype, rng):
    X = planted(rng, n=200)[0].astype(dtype)
    before = X.copy()
    learner = OnlineDictionary(10, alpha=0.2, random_state=0).fit(X)
    assert learner.components_.dtype == learner.transform(X).dtype == dtype
    assert_array_equal(X, before)


def test_same_seed_same_dictionary_and_batches_may_come_one_by_one(rng):
    X, _ = planted(rng, n=300)
    one, two = (OnlineDictionary(10, alpha=0.2, random_state=3).fit(X) for _ in range(2))
    assert_array_equal(one.components_, two.components_)
    options = {"alpha": 0.2, "dict_init": unit(X[:10]), "batch_size": 100}
    at_once = OnlineDictionary(10, shuffle=False, **options).fit(X)
    by_parts = OnlineDictionary(10, **options)
    for batch in np.split(X, 3):
        by_parts.partial_fit(batch)
    assert_allclose(at_once.components_, by_parts.components_)
    assert at_once.n_samples_seen_ == by_parts.n_samples_seen_ == 300
    assert_array_equal(pickle.loads(pickle.dumps(one)).components_, one.components_)


def test_transform_codes_by_either_method(rng):
    X, D = planted(rng, n=50)
    learner = OnlineDictionary(30, alpha=0.2, dict_init=D).partial_fit(X)
    atoms = learner.components_
    assert_allclose(learner.transform(X).toarray(), lasso_encode(X, atoms, 0.2).toarray())
    greedy = learner.set_params(n_nonzero=2).transform(X)
    assert_allclose(greedy.toarray(), omp(X, atoms, n_nonzero=2, order_recursive=True).toarray())


@pytest.mark.parametrize("learner", LEARNERS)
def test_rows_may_come_one_by_one_dense_or_sparse(learner, rng):
    X, y = stream(rng, n=60)
    whole = learner(shuffle=False).fit(X, y)
    dense = learner(shuffle=False).fit(X.toarray(), y)
    parts = learner()
    for i in range(0, 60, 7):
        parts.partial_fit(X[i : i + 7], y[i : i + 7], classes=[-1, 1])
    for other in (dense, parts):
        assert_allclose(other.coef_, whole.coef_, atol=1e-12)
        assert other.loss_sum_ == pytest.approx(whole.loss_sum_)
    doubled = sp.csr_array(  # every entry stored as two halves
        (np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), 2 * X.indptr), shape=X.shape
    )
    assert_allclose(learner(shuffle=False).fit(doubled, y).coef_, whole.coef_, atol=1e-12)
    assert_allclose(whole.predict_proba(X).sum(axis=1), 1)
    assert whole.score(X, y) > 0.7


@pytest.mark.parametrize("column", [-1, 5])
def test_columns_beyond_the_ends_are_refused_before_a_kernel_writes_there(rng, column):
    X, y = stream(rng, n=30, d=5)
    X.indices[7] = column
    with pytest.raises(ValueError, match="columns from 0 to 4 only"):
        FTRLProximal().fit(X, y)


def test_kernels_are_their_python_selves(rng):
    X, y = stream(rng, n=30, d=5)
    rows = (X.data, X.indices, X.indptr, y.astype(float), np.arange(30))
    for kernel, kept, numbers in (
        (streams._truncated_gradient, 2, (0, 0.2, 0.01, 1, np.inf)),
        (streams._ftrl, 3, (0.5, 0.1, 0.2, 1.0)),
    ):
        fast, slow = np.zeros((2, kept, 6))
        assert kernel(*rows, *fast, *numbers) == pytest.approx(
            kernel.py_func(*rows, *slow, *numbers)
        )
        assert_allclose(fast, slow, atol=1e-12)


X2 = np.eye(2)
REFUSED = [
    (lambda: extract_patches(X2, 3), r"min\(h, w\) = 2"),
    (lambda: reassemble(np.ones((3, 4)), (4, 4)), "patches must be 9 squares"),
    (lambda: reassemble(np.ones((9, 3)), (4, 4)), "patches must be"),
    (lambda: psnr(X2, np.ones(2)), "shapes must be equal"),
    (lambda: denoise(np.ones((8, 8)), np.ones((3, 5)), 1.0), "atoms must be squares"),
    (lambda: denoise(np.full((8, 8), np.nan), np.eye(4), 1.0), "picture contains NaN"),
    (lambda: denoise(np.ones((8, 8)), np.eye(4), 0.0), "sigma must lie"),
    (lambda: next(ksvd(X2, [[0.0, 0.0], [1.0, 0.0]], n_nonzero=1)), "atom 0 is"),
    (lambda: OnlineDictionary(alpha=0.0).fit(X2), "alpha must lie"),
    (lambda: OnlineDictionary(3, dict_init=X2).fit(X2), r"dict_init must have shape \(3, 2\)"),
    (lambda: OnlineDictionary(batch_size=0).fit(X2), "batch_size must be"),
    (lambda: TruncatedGradient(step=0.0).fit(X2, [0, 1]), "step must lie"),
    (lambda: FTRLProximal(beta=0.0).fit(X2, [0, 1]), "beta must lie"),
    (lambda: FTRLProximal().partial_fit(X2, [0, 1]), "classes must name the two labels"),
    (lambda: FTRLProximal().partial_fit(X2, [0, 2], classes=[0, 1]), "y must hold"),
    (lambda: FTRLProximal().fit(X2, [1, 1]), "needs two classes"),
]


@pytest.mark.parametrize(("call", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_psnr_of_anything_is_a_number_or_refused():
    """Equal is infinite, and nothing else is: not NaN, no pixels, a tiny or a huge difference."""
    zero, one = np.zeros((2, 2)), np.ones((2, 2))
    assert psnr(one, one) == np.inf
    assert psnr(1e-170 * one, zero) == pytest.approx(20 * (np.log10(255) + 170))
    assert psnr(1e200 * one, zero) == pytest.approx(20 * (np.log10(255) - 200))
    assert psnr([[25, 0]], [[0, 0]]) == pytest.approx(10 * np.log10(255**2 / 312.5))
    for wrong, words in (
        ((np.full((2, 2), np.nan), zero), "picture contains NaN"),
        ((zero, np.full((2, 2), np.inf)), "reference contains NaN"),
        ((np.zeros((0, 2)), np.zeros((0, 2))), "a pixel at least"),
        ((1e308 * one, -1e308 * one), "overflows"),
    ):
        with pytest.raises(ValueError, match=words):
            psnr(*wrong)
    with pytest.raises(TypeError, match="picture must be an array of numbers"):
        psnr(np.array([[None]]), np.array([[None]]))


def test_codes_in_parts_or_whole_numbers_are_codes(rng):
    """Residual and coefficients are those of the same codes in floats, each stored once."""
    X, D = rng.standard_normal((4, 3)), np.eye(3)[:2]
    plain = sp.csr_array([[2.0, 0], [0, 3], [1, 1], [0, 4]])
    parts = sp.csr_array(
        (plain.data.repeat(2) / 2, plain.indices.repeat(2), 2 * plain.indptr), shape=(4, 2)
    )
    for awkward in (parts, plain.astype(int), plain.toarray()):
        for got, right in zip(update_atoms(X, D, awkward), update_atoms(X, D, plain), strict=True):
            right, got = (M.toarray() if sp.issparse(M) else M for M in (right, got))
            assert_allclose(got, right, atol=1e-12)
    assert parts.nnz == 2 * plain.nnz
    with pytest.raises(ValueError, match="codes must have shape"):
        update_atoms(X, D, plain[:3])


def test_a_refused_batch_teaches_nothing(rng):
    X = rng.standard_normal((30, 4))
    learner = OnlineDictionary(3, alpha=0.1, random_state=0)
    for wrong in (np.full((5, 4), 1e200), np.full((5, 4), np.nan)):
        with pytest.raises(ValueError, match=r"X|NaN"):
            learner.partial_fit(wrong)
    right = OnlineDictionary(3, alpha=0.1, random_state=0).partial_fit(X)
    before = learner.partial_fit(X).components_.copy()
    assert_array_equal(before, right.components_)
    with pytest.raises(ValueError, match="squares can be summed"):
        learner.partial_fit(np.full((5, 4), 1e200))
    with pytest.raises(ValueError, match="n_components must stay 3 between batches; got 2"):
        learner.set_params(n_components=2).partial_fit(X)
    assert_array_equal(learner.components_, before)
    assert learner.n_samples_seen_ == 30


@pytest.mark.parametrize("kind", [FTRLProximal, TruncatedGradient])
def test_refused_rows_teach_nothing(kind, rng):
    X, y = rng.standard_normal((20, 3)), rng.integers(0, 2, 20)
    learner = kind()
    for wrong in ((X, np.where(y, 1, 2)), (1e200 * X, y)):
        with pytest.raises(ValueError, match=r"y must hold|entries of at most"):
            learner.partial_fit(*wrong, classes=[0, 1])
    learner.partial_fit(X, y, classes=[0, 1])
    before = learner.coef_.copy()
    assert_array_equal(before, kind().partial_fit(X, y, classes=[0, 1]).coef_)
    with pytest.raises(ValueError, match="classes must stay"):
        learner.partial_fit(X, y, classes=[1, 2])
    with pytest.raises(ValueError, match="entries of at most"):
        learner.partial_fit(1e200 * X, y)
    with pytest.raises(ValueError, match="step must lie in"):
        learner.set_params(step=-1).partial_fit(X, y)
    assert_array_equal(learner.set_params(step=0.1).coef_, before)


# --- Peers ------------------------------------------------------------------------------------


def test_patches_are_scikit_learns(rng):
    picture = rng.standard_normal((9, 11))
    theirs = extract_patches_2d(picture, (4, 4))
    assert_array_equal(extract_patches(picture, 4), theirs.reshape(-1, 16))
    changed = rng.standard_normal(theirs.shape)
    assert_allclose(
        reassemble(changed.reshape(-1, 16), picture.shape),
        reconstruct_from_patches_2d(changed, picture.shape),
    )


def test_the_dictionary_is_no_worse_than_scikit_learns(rng):
    X, _ = planted(rng, n=1500)
    ours, theirs = [], []
    for seed in range(3):
        options = {"alpha": 0.2, "batch_size": 100, "random_state": seed}
        ours.append(OnlineDictionary(24, **options).fit(X).components_)
        peer = MiniBatchDictionaryLearning(
            24, max_iter=1, fit_algorithm="cd", tol=0, max_no_improvement=None, **options
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs.append(peer.fit(X).components_)
    means = [np.mean([mean_objective(X, D, 0.2) for D in each]) for each in (ours, theirs)]
    assert means[0] <= 1.02 * means[1]


def test_one_pass_predicts_as_well_as_scikit_learns_one_pass():
    train, test = datasets.a9a()
    peer = SGDClassifier(
        loss="log_loss",
        penalty="l1",
        alpha=3e-4,
        max_iter=1,
        tol=None,
        learning_rate="constant",
        eta0=0.05,
        random_state=0,
    ).fit(train.X, train.y)
    theirs = peer.score(test.X, test.y)
    for learner in (
        TruncatedGradient(alpha=3e-4, step=0.05, random_state=0),
        FTRLProximal(alpha=5, step=0.1, random_state=0),
    ):
        ours = learner.fit(train.X, train.y).score(test.X, test.y)
        assert ours > theirs - 0.01 and ours > 0.84
