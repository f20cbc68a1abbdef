"""Sequential minimal optimization, its cache, its learner, and what theory says of them."""

import itertools
import math
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import SVC

from course_lib import kernel_training as kt
from course_lib.batch_optimization import SquaredHingeLoss
from course_lib.cost import CountedDistance, Meter
from course_lib.kernel_training import _kernels
from course_lib.online_optimization import sdca
from tests.kernels import as_python


def gaussian(X, Z):
    return np.exp(-0.5 * cdist(X, Z, "sqeuclidean"))


def problem(seed, n=40, d=3, noise=1.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    y = np.where(X[:, 0] + noise * rng.standard_normal(n) > 0, 1.0, -1.0)
    y[:2] = 1, -1
    return X, y


def last(*args, **options):
    *_, iterate = kt.smo(*args, **options)
    return iterate


# --- Facts: true for every input ----------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32 - 1),
    rank=st.integers(1, 30),
    C=st.sampled_from([1e-2, 1.0, 1e3]),
    tol=st.sampled_from([1e-1, 1e-3]),
)
def test_every_iterate_is_feasible_and_certified(seed, rank, C, tol):
    """The gap is at most n C / 2 times the violation: each row adds at most its share of that."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((30, rank))
    A[:2] = A[2:4]  # two pairs of equal rows
    K, y = A @ A.T, rng.choice([-1.0, 1.0], 30)
    y[:2] = 1, -1
    steps = list(itertools.islice(kt.smo(K, y, C=C, tol=tol, n_steps=3), 3000))
    scale = C * 30
    for step in steps:
        assert step.alpha.min() >= 0
        assert step.alpha.max() <= C
        assert abs(y @ step.alpha) <= 1e-12 * scale
        assert -1e-9 * scale <= step.gap <= 15 * C * max(step.violation, 0) + 1e-9 * scale
    assert np.diff([s.dual for s in steps]).min() >= -1e-9 * scale
    end = steps[-1]
    if len(steps) < 3000:
        assert end.violation <= tol
    scores = K @ (end.alpha * y)
    dual = end.alpha.sum() - end.alpha * y @ scores / 2
    losses = np.maximum(0, 1 - y * (scores + end.offset))
    assert end.dual == pytest.approx(dual, rel=1e-6, abs=1e-9 * scale)
    primal = end.alpha * y @ scores / 2 + C * losses.sum()
    assert end.primal == pytest.approx(primal, rel=1e-6, abs=1e-9 * scale)


@given(seed=st.integers(0, 2**32 - 1), slots=st.integers(0, 40))
def test_the_cache_changes_the_cost_only(seed, slots):
    X, y = problem(seed)
    meter = Meter()
    counted = CountedDistance(gaussian, meter, "kernels")
    whole = last(gaussian(X, X), y)
    kept = last(counted, y, X=X, diagonal=np.ones(40), cache_bytes=slots * 40 * 8)
    assert_allclose(kept.alpha, whole.alpha, atol=1e-9)
    assert kept[6:9] == whole[6:9]
    assert kept.n_evaluations == meter.kernels
    assert 40 * kept.n_touched <= kept.n_evaluations <= 40 * kept.n_fetched
    assert whole.n_evaluations == 0
    assert kept.n_fetched == 2 * kept.n_steps
    if slots == 40:
        assert kept.n_evaluations == 40 * kept.n_touched


def test_the_diagonal_is_evaluated_where_it_is_not_given():
    X, y = problem(0)
    one, other = last(gaussian, y, X=X), last(gaussian, y, X=X, diagonal=np.ones(40))
    assert one.n_evaluations == other.n_evaluations + 40


def test_of_two_rows_one_step_is_all():
    step = last(np.array([[4.0, -4.0], [-4.0, 4.0]]), [1, -1], C=3.0)
    assert (step.n_steps, step.gap, step.offset) == (1, 0.0, 0.0)
    assert_array_equal(step.alpha, [1 / 8, 1 / 8])  # 2a - 8 a**2
    clipped = last(np.array([[4.0, -4.0], [-4.0, 4.0]]), [1, -1], C=0.1)
    assert_array_equal(clipped.alpha, [0.1, 0.1])


def test_the_second_of_a_pair_is_where_the_step_gains_most():
    """From zero: row 0 and, of two rows with the same slope, the one that is farther away."""
    K = np.array([[1.0, 0.0, 0.9], [0.0, 1.0, 0.0], [0.9, 0.0, 1.0]])
    first = next(itertools.islice(kt.smo(K, [1, -1, -1], C=100.0, n_steps=1), 1, None))
    assert_allclose(first.alpha, [10, 0, 10])  # 4 / .2 beats 4 / 2; length 2 / .2


def test_kernels_are_their_python():
    X, y = problem(3, n=200)
    compiled = last(gaussian(X, X), y)
    with as_python("kernel_training"):
        plain = last(gaussian(X, X), y)
    for one, other in zip(compiled, plain, strict=True):
        assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kernel", ["rbf", "linear", "polynomial"])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_blocks_are_the_kernel(monkeypatch, kernel, container):
    monkeypatch.setattr(_kernels, "AT_ONCE", 7)
    X, _ = problem(1, n=30)
    truth = {
        "rbf": np.exp(-0.5 * cdist(X + 100, X + 100, "sqeuclidean")),
        "linear": X @ X.T,
        "polynomial": (0.5 * X @ X.T + 1) ** 3,
    }[kernel]
    rows = X + 100 * (kernel == "rbf")  # far from zero, where squares of distances cancel
    for dense_bytes in (0, 1 << 20):
        monkeypatch.setattr(_kernels, "DENSE_BYTES", dense_bytes)
        made = _kernels.KernelRows(container(rows), kernel, 0.5, 3, 1.0)
        close = {"rtol": 1e-4, "atol": 1e-4}
        assert_allclose(made.of_all(), truth, **close)
        assert made.evaluations < 30 * 37 / 2 + 1
        assert_allclose(made.block([3, 29]), truth[:, [3, 29]], **close)
        assert_allclose(made.diagonal(), truth.diagonal(), **close)
        for other in (np.asarray, sp.csr_array):
            assert_allclose(np.vstack(list(made.cross(other(rows[4:])))), truth[4:], **close)


# --- Theorems -----------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32 - 1),
    C=st.sampled_from([0.1, 1.0, 100.0]),
    noise=st.sampled_from([0.0, 1.0, 3.0]),
)
def test_there_are_no_fewer_support_vectors_than_the_bound(seed, C, noise):
    X, y = problem(seed, noise=noise)
    K = gaussian(X, X)
    end = last(K, y, C=C, tol=1e-3)
    scores = K @ (end.alpha * y) + end.offset
    bound = kt.support_vector_bound(scores, y, tol=1e-3)
    assert bound <= (end.alpha > 0).sum()
    inside = y * scores < 1 - 1e-3
    assert_array_equal(end.alpha[inside], C)
    assert bound == 2 * max((inside & (y > 0)).sum(), (inside & (y < 0)).sum())
    assert kt.support_vector_bound(scores, y, tol=1e-3, offset=False) == inside.sum()


def test_expected_gap_of_sdca_is_below_the_bound():
    """Mean of 30 runs against epsilon; measured .2 of it, spread of a run .1 of it."""
    rng = np.random.default_rng(0)
    A = rng.standard_normal((60, 5))
    A /= np.linalg.norm(A, axis=1).max()
    loss = SquaredHingeLoss(A, rng.choice([-1.0, 1.0], 60), ridge=1 / 60)
    epsilon = 1e-2
    n_epochs = math.ceil(kt.sdca_epochs(60, 1 / 60, epsilon))
    gaps = []
    for seed in range(30):
        steps = sdca(loss, n_epochs=n_epochs, replace=True, rng=seed)
        step = next(itertools.islice(steps, 1, None))
        gaps.append(step.value - step.lower_bound)
    assert np.mean(gaps) <= epsilon
    assert min(gaps) >= -1e-12


def test_bounds_are_their_formulas():
    assert kt.sdca_epochs(100, 0.01, 0.5, gamma=2.0, length=2.0) == pytest.approx(3 * math.log(600))
    assert kt.sdca_epochs(1, 1.0, 1e9) == 0
    assert kt.sdca_epochs(10, 1e-4, 1e-3) > kt.sdca_epochs(10, 1e-3, 1e-3)


# --- Contracts ----------------------------------------------------------------------------------

K2, Y2 = np.eye(2), [1, -1]
REFUSED = [
    (lambda: next(kt.smo(K2, [1, 2])), ValueError, r"labels -1 and \+1; got 2"),
    (lambda: next(kt.smo(K2, [1, 1])), ValueError, "both labels"),
    (lambda: next(kt.smo(K2, [1, -1, 1])), ValueError, "y must have 2 entries"),
    (lambda: next(kt.smo(K2[:1], [1])), ValueError, "square"),
    (lambda: next(kt.smo(K2, Y2, C=0)), ValueError, "C must lie in"),
    (lambda: next(kt.smo(K2, Y2, diagonal=[2.0, 1.0])), ValueError, "must be that of K; got 2"),
    (lambda: next(kt.smo(gaussian, Y2)), ValueError, "X must be given"),
    (lambda: last(gaussian, Y2, X=K2, diagonal=[1.0, 3.0]), ValueError, "got 3 where K has 1"),
    (lambda: next(kt.smo(K2 * np.nan, Y2)), ValueError, "NaN"),
    (lambda: kt.KernelSVC(kernel="rbq").fit(K2, Y2), ValueError, "kernel must be one of"),
    (lambda: kt.KernelSVC(tol=2).fit(K2, Y2), ValueError, "tol must lie in"),
    (lambda: kt.KernelSVC(kernel="precomputed").fit(np.ones((2, 3)), Y2), ValueError, "square"),
    (lambda: kt.KernelSVC().fit(K2, [1, 1]), ValueError, "two classes; got one class"),
    (lambda: kt.KernelSVC(kernel=lambda X, Y: X).fit(np.eye(3), [1, 0, 1]), ValueError, "shape"),
    (lambda: kt.support_vector_bound([1.0], Y2), ValueError, "y must have 1 entries"),
    (lambda: kt.sdca_epochs(0, 1.0, 1.0), ValueError, "n must be at least 1"),
]


@pytest.mark.parametrize("refused", REFUSED, ids=range(len(REFUSED)))
def test_refusals_are_in_words(refused):
    call, kind, words = refused
    with pytest.raises(kind, match=words):
        call()


def test_all_ways_to_a_kernel_give_one_machine():
    X, y = load_iris(return_X_y=True)
    y = np.array(["a", "b", "c"])[y]
    K = gaussian(X, X)
    plain = kt.KernelSVC(gamma=0.5).fit(X, y)
    rows = sp.csr_array(X)
    others = [
        kt.KernelSVC(gamma=0.5).fit(rows, y).decision_function(rows),
        kt.KernelSVC(gamma=0.5).fit(X.astype(np.float32), y).decision_function(X),
        kt.KernelSVC(gamma=0.5, cache_bytes=2000).fit(X, y).decision_function(X),
        kt.KernelSVC(kernel=gaussian).fit(X, y).decision_function(X),
        kt.KernelSVC(kernel="precomputed").fit(K, y).decision_function(K),
    ]
    for scores in others:
        assert_allclose(scores, plain.decision_function(X), atol=3e-3)  # tol 1e-3 of an offset
    assert set(plain.predict(X)) == {"a", "b", "c"}
    assert plain.support_vectors_.shape == (len(plain.support_), 4)
    assert_array_equal(plain.support_vectors_, X[plain.support_])


def test_columns_in_little_memory_cost_fewer_evaluations_or_more():
    X, y = problem(5, n=300)
    whole = kt.KernelSVC(gamma=0.5).fit(X, y)
    roomy = kt.KernelSVC(gamma=0.5, cache_bytes=4 * 300 * 299).fit(X, y)
    tight = kt.KernelSVC(gamma=0.5, cache_bytes=0).fit(X, y)
    assert whole.n_kernel_evaluations_ <= 300 * (300 + _kernels.AT_ONCE) / 2
    assert roomy.n_kernel_evaluations_ % 300 == 0
    assert roomy.n_kernel_evaluations_ < tight.n_kernel_evaluations_
    assert_allclose(roomy.dual_value_, whole.dual_value_, rtol=1e-5)
    assert_allclose(tight.dual_value_, whole.dual_value_, rtol=1e-5)


def test_who_may_not_go_on_says_so():
    X, y = problem(6)
    with pytest.warns(ConvergenceWarning, match="still off by .* after 3 steps"):
        machine = kt.KernelSVC(max_iter=3).fit(X, y)
    assert machine.n_iter_.tolist() == [3]
    assert machine.gap_[0] > 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kt.KernelSVC().fit(X, y)


# --- Peers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("C", [0.1, 1.0, 1e6])
def test_the_dual_ends_where_libsvm_ends(C):
    X, y = problem(7, n=150)
    K = gaussian(X, X)
    theirs = SVC(kernel="precomputed", C=C, tol=1e-9 if C < 10 else 1e-4).fit(K, y)
    beta = np.zeros(150)
    beta[theirs.support_] = theirs.dual_coef_[0]
    best = np.abs(beta).sum() - beta @ K @ beta / 2
    end = last(K, y, C=C, tol=1e-4)
    assert end.dual == pytest.approx(best, rel=1e-5)
    assert end.primal >= best * (1 - 1e-5)
    assert end.offset == pytest.approx(theirs.intercept_[0], abs=2e-3, rel=1e-3)


@pytest.mark.parametrize("kernel", ["rbf", "linear", "polynomial"])
def test_the_learner_is_scikit_learns(kernel):
    X, y = load_iris(return_X_y=True)
    options = {"gamma": 0.5, "coef0": 1.0, "tol": 1e-6}
    ours = kt.KernelSVC(kernel=kernel, **options).fit(X, y)
    name = "poly" if kernel == "polynomial" else kernel
    theirs = SVC(kernel=name, break_ties=True, **options).fit(X, y)
    assert_array_equal(ours.predict(X), theirs.predict(X))
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=4e-3)
    if kernel == "rbf":  # of the others alpha need not be unique
        assert_array_equal(ours.support_, theirs.support_)
        assert_array_equal(ours.n_support_, theirs.n_support_)
        assert_allclose(-ours.dual_coef_, theirs.dual_coef_, atol=1e-3)
        assert_allclose(-ours.intercept_, theirs.intercept_, atol=1e-3)
