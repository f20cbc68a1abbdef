"""Ridge on features and on landmarks: one pass, any blocks, any machines; what rounding does."""

import itertools
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from distributed import Client
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.preprocessing import FunctionTransformer

from course_lib.cost import CountedDistance, Meter
from course_lib.kernel_training import (
    FeatureRidge,
    FeatureRidgeClassifier,
    Kernel,
    KernelBlocks,
    NystromRidge,
    NystromRidgeClassifier,
    nystrom,
)
from course_lib.low_rank import nystrom_features

KERNELS = [
    Kernel("rbf", gamma=0.3),
    Kernel("laplacian", gamma=0.3),
    Kernel("polynomial", gamma=0.5, degree=2, coef0=1.0),
    Kernel("linear"),
]


@pytest.fixture
def data(rng):
    X = rng.standard_normal((300, 5))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.standard_normal(300)
    return X, y


def labels(y):
    return np.array(["low", "middle", "high"])[np.digitize(y, [-0.5, 0.5])]


def cut(X, y, edges):
    edges = [0, *edges, len(y)]
    return [(X[a:b], y[a:b]) for a, b in itertools.pairwise(edges)]


def by_hand(F, Y, alpha):
    """Ridge with an intercept, from its normal equations in float64."""
    F, Y = F.astype(float), Y.astype(float)
    f, y = F - F.mean(0), Y - Y.mean(0)
    W = np.linalg.solve(f.T @ f + alpha * np.eye(F.shape[1]), f.T @ y)
    return W, Y.mean(0) - F.mean(0) @ W


# --- Facts -----------------------------------------------------------------------------------


@given(
    n=st.integers(2, 40),
    m=st.integers(1, 6),
    t=st.integers(1, 3),
    alpha=st.floats(1e-3, 1e3),
    offset=st.floats(-100, 100),
    seed=st.integers(0, 2**32 - 1),
)
def test_weights_solve_the_normal_equations(n, m, t, alpha, offset, seed):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((n, m)) + offset, rng.standard_normal((n, t)) - offset
    W, b = by_hand(X, Y, alpha)
    model = FeatureRidge(alpha=alpha).fit(X, Y)
    assert_allclose(model.coef_, W.T, rtol=1e-6, atol=1e-8)
    assert_allclose(model.intercept_, b, rtol=1e-6, atol=1e-6)
    assert_allclose(model.predict(X), X @ W + b, rtol=1e-6, atol=1e-6)


@given(edges=st.lists(st.integers(12, 299), max_size=5, unique=True), seed=st.integers(0, 100))
def test_blocks_give_what_all_rows_give(edges, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((300, 4))
    y = X[:, 0] ** 2
    blocks = cut(X, y, sorted(edges))
    make = lambda: NystromRidge(landmarks=np.arange(12), gamma=0.2, alpha=0.1)  # noqa: E731
    whole = make().fit(X, y)
    streamed = make().fit_blocks(iter(blocks))
    partial = make()
    for block in blocks:
        partial.partial_fit(*block)
    assert_allclose(streamed.dual_coef_, whole.dual_coef_, rtol=1e-7)
    assert_array_equal(partial.dual_coef_, streamed.dual_coef_)
    assert whole.n_rows_ == streamed.n_rows_ == partial.n_rows_ == 300


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_it_is_the_ridge_on_nystrom_features(data, kernel):
    X, y = data
    columns = np.arange(0, 60, 3)
    features = nystrom_features(kernel, columns, X=X)
    W, b = by_hand(features.F, y[:, None], 0.2)
    model = NystromRidge(kernel, landmarks=columns, alpha=0.2).fit(X, y)
    assert_allclose(model.predict(X), (features.F @ W + b)[:, 0], atol=1e-6)
    if kernel.name == "rbf":  # a well-conditioned block
        assert_allclose(model.root_, features.root, rtol=1e-6)
    new = X[:7] + 0.1
    F_new = kernel(new, model.landmarks_) @ model.root_
    assert_allclose(model.predict(new), (F_new @ W + b)[:, 0], atol=1e-6)


def test_all_rows_as_landmarks_are_exact_kernel_ridge(data):
    X, y = data[0][:80], data[1][:80]
    model = NystromRidge(gamma=0.4, landmarks=np.arange(80), alpha=0.3).fit(X, y)
    K = Kernel("rbf", gamma=0.4)(X, X)
    ones = np.ones((80, 1))  # (K + alpha I) a + b = y, sum a = 0
    a = np.linalg.solve(np.block([[K + 0.3 * np.eye(80), ones], [ones.T, 0]]), np.r_[y, 0])
    assert_allclose(model.predict(X), K @ a[:80] + a[80], atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_raw_columns_and_features_give_the_same_function(data, dtype, monkeypatch):
    X, y = data[0].astype(dtype), data[1]
    make = lambda: NystromRidge(gamma=0.5, landmarks=np.arange(30), alpha=0.5)  # noqa: E731
    late = make().fit(X, y)
    monkeypatch.setattr(nystrom, "SAFE", 0.0)
    early = make().fit(X, y)
    assert late.map_.root is None and early.map_.root is not None
    assert_allclose(late.predict(X), early.predict(X), atol=1e-3 if dtype == np.float32 else 1e-9)


def test_alpha_can_be_changed_without_a_pass(data):
    X, y = data
    model = NystromRidge(landmarks=np.arange(20), alpha=5.0).fit(X, y)
    model.set_params(alpha=0.05).solve()
    again = NystromRidge(landmarks=np.arange(20), alpha=0.05).fit(X, y)
    assert_array_equal(model.dual_coef_, again.dual_coef_)


def test_evaluations_of_the_kernel_are_counted_and_few(data):
    X, y = data
    meter = Meter()
    kernel = CountedDistance(Kernel("rbf", gamma=0.2), meter, "kernels")
    model = NystromRidge(kernel, n_components=25, random_state=0).fit(X, y)
    assert meter.kernels == 300 * 25 + 25 * 25
    model.predict(X[:10])
    assert meter.kernels == 310 * 25 + 25 * 25
    plain = NystromRidge("rbf", gamma=0.2, n_components=25, random_state=0).fit(X, y)
    assert_array_equal(plain.dual_coef_, model.dual_coef_)


def test_random_pivots_are_those_of_pivoted_cholesky_and_leave_copies_out(rng):
    X = np.repeat(rng.standard_normal((6, 3)), 20, axis=0)
    X += 1e-9 * rng.standard_normal(X.shape)
    model = NystromRidge(landmarks="random pivots", n_components=6, random_state=1)
    model.fit(X, X[:, 0])
    assert sorted(model.landmark_indices_ // 20) == list(range(6))


# --- Theorems: what is sent, what rounding does ---------------------------------------------------


def test_one_all_reduce_is_counted(data):
    X, y = data
    meter = Meter()
    blocks = cut(X, y, [100, 200])
    NystromRidge(landmarks=np.arange(16)).fit_blocks(blocks, meter=meter)
    out = 16 * 5 + 16 + 1 + 16 * 8  # landmarks, shifts, probes
    back = 1 + 16 + 1 + 16 * 16 + 16 + 16 * 8
    assert (meter.messages, meter.rounds) == (6, 2)
    assert meter.sent_bytes == 3 * 8 * (out + back)


def test_a_cluster_gives_the_same_bits(data):
    X, y = data
    blocks = cut(X, labels(y), [90, 170])
    classes = np.unique(labels(y))
    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as one:
        for make in (
            lambda: NystromRidgeClassifier(landmarks=np.arange(16), alpha=0.1),
            lambda: FeatureRidgeClassifier(RBFSampler(n_components=20, random_state=0)),
        ):
            here, there = Meter(), Meter()
            alone = make().fit_blocks(blocks, classes=classes)
            team = make().fit_blocks(blocks, classes=classes, meter=here)
            spread = make().fit_blocks(blocks, classes=classes, client=one, meter=there)
            assert_array_equal(alone.decision_function(X), team.decision_function(X))
            assert_array_equal(alone.decision_function(X), spread.decision_function(X))
            assert here == there and here.messages == 6


def test_rounding_is_measured_and_decides(rng):
    """The figure is within 30 times of what float64 shows, and a tiny alpha is refused."""
    F = rng.standard_normal((5000, 12)).astype(np.float32)
    F[:, 6:] = F[:, :6] + 1e-3 * rng.standard_normal((5000, 6)).astype(np.float32)
    y = rng.standard_normal(5000)
    rough = FeatureRidge(alpha=0.5).fit(F, y)
    W, _ = by_hand(F, y[:, None], 0.5)
    seen = np.linalg.norm(rough.coef_ - W[:, 0]) / np.linalg.norm(W)
    assert seen / 30 <= rough.rounding_ <= 30 * seen
    F[:, 11] = F[:, 5]  # now the rounding has nothing to hide in but alpha
    with pytest.raises(ValueError, match=r"alpha must be larger for sums of float32"):
        FeatureRidge(alpha=1e-6).fit(F, y)
    fine = FeatureRidge(alpha=1e-6).fit(F.astype(np.float64), y)
    assert fine.rounding_ < 1e-3
    assert_allclose(fine.coef_[5], fine.coef_[11], rtol=1e-3)


def test_float32_rows_far_from_zero_keep_their_digits(rng):
    X = rng.standard_normal((4000, 3))
    y = X @ [1.0, -2.0, 0.5] + 3e4
    far = (X + 300).astype(np.float32)
    model = FeatureRidge(alpha=1e-3).fit(far, y)
    assert_allclose(model.coef_, [1.0, -2.0, 0.5], atol=1e-3)
    same = NystromRidge(gamma=0.3, landmarks=np.arange(20), alpha=0.1)
    near = same.fit(X.astype(np.float32), y - 3e4).predict(X[:50].astype(np.float32))
    assert_allclose(same.fit(far, y).predict(far[:50]) - 3e4, near, atol=0.02)


# --- Contracts -----------------------------------------------------------------------------------


def test_the_features_are_never_held_together(rng):
    X = rng.standard_normal((40_000, 4)).astype(np.float32)
    tracemalloc.start()
    NystromRidge(landmarks=np.arange(64)).fit(X, X[:, 0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * 4 * 40_000 * 64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_input_untouched(data, dtype):
    X, y = data[0].astype(dtype), data[1]
    before = X.copy()
    for model in (FeatureRidge(FunctionTransformer()), NystromRidge(n_components=9)):
        assert model.fit(X, y).predict(X).dtype == dtype
    assert_array_equal(X, before)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_sparse_rows_are_dense_rows(data, kernel):
    X, y = np.where(np.abs(data[0]) > 1, data[0], 0.0), data[1]
    make = lambda: NystromRidge(kernel, landmarks=np.arange(15))  # noqa: E731
    dense, sparse = make().fit(X, y), make().fit(sp.csr_matrix(X), y)
    assert_allclose(sparse.predict(sp.csr_matrix(X)), dense.predict(X), atol=1e-8)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_kernels_are_their_formulas(rng, kernel):
    X, Y = rng.standard_normal((7, 3)), rng.standard_normal((4, 3))
    D = X[:, None] - Y
    dots = X @ Y.T
    formula = {
        "rbf": np.exp(-0.3 * (D**2).sum(2)),
        "laplacian": np.exp(-0.3 * np.abs(D).sum(2)),
        "polynomial": (0.5 * dots + 1) ** 2,
        "linear": dots,
    }[kernel.name]
    assert_allclose(kernel(X, Y), formula, rtol=1e-12)
    assert_allclose(kernel(X + 0.0, sp.csr_matrix(Y)), formula, rtol=1e-10)
    assert_allclose(kernel.diagonal(X), np.diag(kernel(X, X)), rtol=1e-12)
    assert kernel(X.astype(np.float32), Y.astype(np.float32)).dtype == np.float32
    blocks = KernelBlocks(kernel, X, Y)
    assert blocks.shape == (7, 4)
    assert_allclose(np.vstack(list(blocks.blocks(3))), formula, rtol=1e-12)


def test_rbf_of_rows_far_away_keeps_its_digits(rng):
    X = rng.standard_normal((9, 2))
    kernel = Kernel("rbf", gamma=0.5)
    assert_allclose(kernel(X + 1e6, X[:5] + 1e6), kernel(X, X[:5]), rtol=1e-8)


def test_labels_stand_where_they_belong(data):
    X, y = data[0], labels(data[1])
    model = NystromRidgeClassifier(n_components=60, random_state=0, alpha=0.1).fit(X, y)
    assert list(model.classes_) == ["high", "low", "middle"]
    assert model.decision_function(X).shape == (300, 3)
    assert np.mean(model.predict(X) == y) > 0.7
    two = NystromRidgeClassifier(n_components=60, random_state=0, alpha=0.1).fit(X, y == "low")
    assert two.decision_function(X).shape == (300,)
    # The second of two classes has the scores of "low" against all, up to the sign convention.
    assert_allclose(two.decision_function(X), model.decision_function(X)[:, 1], atol=1e-9)


GOOD = np.arange(12.0).reshape(6, 2)
SIX = np.array([0, 1, 0, 1, 0, 1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: NystromRidge("cosine").fit(GOOD, SIX), "kernel must be one of"),
        (lambda: NystromRidge(gamma=0.0).fit(GOOD, SIX), "gamma must lie"),
        (lambda: NystromRidge(alpha=0.0).fit(GOOD, SIX), "alpha must lie"),
        (lambda: NystromRidge(n_components=0).fit(GOOD, SIX), "n_components must be"),
        (lambda: NystromRidge(landmarks="best").fit(GOOD, SIX), "landmarks must be"),
        (lambda: NystromRidge(landmarks=[6]).fit(GOOD, SIX), "landmarks must lie between 0 and 5"),
        (lambda: NystromRidge(landmarks=[1, 1]).fit(GOOD, SIX), "landmarks must be different"),
        (
            lambda: NystromRidge(lambda X, Y: -(X @ Y.T)).fit(GOOD, SIX),
            "K must be positive semidefinite",
        ),
        (lambda: NystromRidge(lambda X, Y: X).fit(GOOD, SIX), r"must return shape \(6, 6\)"),
        (lambda: FeatureRidge().fit_blocks([]), "blocks must hold at least one"),
        (
            lambda: FeatureRidge().fit_blocks([(GOOD, SIX), (GOOD, np.c_[SIX, SIX])]),
            "y must have 1 targets",
        ),
        (
            lambda: FeatureRidgeClassifier().fit_blocks([(GOOD, SIX), (GOOD, SIX + 1)]),
            r"y must hold \[0 1\] only",
        ),
        (
            lambda: FeatureRidgeClassifier().partial_fit(GOOD, 0 * SIX),
            "needs at least two classes",
        ),
        (
            lambda: FeatureRidgeClassifier().fit(GOOD, SIX).partial_fit(GOOD, SIX, classes=[0, 2]),
            "classes must stay",
        ),
    ],
)
def test_refusals_say_what_must_be(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_transformer_must_transform():
    with pytest.raises(TypeError, match="transformer must have fit and transform"):
        FeatureRidge(3).fit(GOOD, SIX)


def test_what_was_refused_is_forgotten(data):
    X, y = data
    model = NystromRidge(n_components=5, random_state=0)
    with pytest.raises(ValueError, match="NaN"):
        model.fit_blocks([(X, y), (X * np.nan, y)])
    model.partial_fit(X[:100], y[:100])
    other = NystromRidge(n_components=5, random_state=0).fit(X[:100], y[:100])
    assert_array_equal(model.dual_coef_, other.dual_coef_)


# --- Peers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_predicts_as_nystroem_and_ridge_do(data, dtype):
    X, y = data[0].astype(dtype), data[1]
    peer = Nystroem(gamma=0.2, n_components=40, random_state=0)
    ridge = Ridge(alpha=0.3).fit(peer.fit_transform(X), y)
    ours = NystromRidge(gamma=0.2, landmarks=peer.component_indices_, alpha=0.3).fit(X, y)
    tol = 1e-2 if dtype == np.float32 else 1e-6
    assert_allclose(ours.predict(X), ridge.predict(peer.transform(X)), atol=tol)


def test_it_classifies_as_ridge_classifier_does(data):
    X, y = data[0], labels(data[1])
    features = RBFSampler(n_components=80, random_state=3)
    peer = RidgeClassifier(alpha=0.7).fit(features.fit_transform(X), y)
    ours = FeatureRidgeClassifier(features, alpha=0.7).fit(X, y)
    assert_allclose(ours.coef_, peer.coef_, atol=1e-8)
    assert_allclose(ours.intercept_, peer.intercept_, atol=1e-8)
    assert_array_equal(ours.predict(X), peer.predict(features.transform(X)))


def test_without_a_mean_it_is_kernel_ridge(data):
    """Rows and their mirror images with mirrored targets: the intercept is zero by symmetry."""
    X, y = data[0][:60], data[1][:60]
    X, y = np.vstack([X, -X]), np.r_[y, -y]
    peer = KernelRidge(kernel="rbf", gamma=0.2, alpha=0.5).fit(X, y)
    ours = NystromRidge(gamma=0.2, landmarks=np.arange(120), alpha=0.5).fit(X, y)
    assert abs(ours.intercept_) < 1e-9
    assert_allclose(ours.predict(X), peer.predict(X), atol=1e-7)
    assert_allclose(ours.dual_coef_, peer.dual_coef_, atol=1e-5)
