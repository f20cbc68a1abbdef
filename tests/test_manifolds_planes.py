"""Principal directions in a stream: facts, theorems, contracts, peers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import decomposition
from sklearn.base import clone

from course_lib import datasets
from course_lib.cost import CountedMatrix, Meter
from course_lib.manifolds import (
    FrequentDirectionsPCA,
    IncrementalPCA,
    OjaPCA,
    captured_variance,
)
from tests.matrices import with_spectrum

ALL = [IncrementalPCA(3), FrequentDirectionsPCA(3), OjaPCA(3, random_state=0)]


@pytest.fixture(scope="module")
def digits():
    X = datasets.mnist().train_images[:5000].reshape(5000, 784)[:, 100:684] / np.float32(255)
    return X[np.random.default_rng(0).permutation(5000)]


def best(X, k):
    return captured_variance(
        X, decomposition.PCA(k, svd_solver="covariance_eigh").fit(X).components_
    )


def blocks(X, rng):
    """Cut the rows into blocks of uneven lengths."""
    cuts = np.sort(rng.choice(np.arange(1, len(X)), 6, replace=False))
    return np.split(X, cuts)


# --- Facts ---------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(20, 60), st.integers(3, 12), st.integers(0, 2**32 - 1))
def test_what_fits_into_the_factor_is_found_exactly(n, d, seed):
    """The scatter of blocks adds up, whatever their means: rank 2 is found by 2 and one more."""
    rng = np.random.default_rng(seed)
    X = with_spectrum([5.0, 2.0], n, d, rng) + 10 * rng.standard_normal(d)
    centered = X - X.mean(axis=0)
    _, s, Vt = np.linalg.svd(centered, full_matrices=False)
    for model in (IncrementalPCA(2, oversample=1), FrequentDirectionsPCA(2, sketch_size=4)):
        for block in blocks(X, rng):
            model.partial_fit(block)
        assert_allclose(model.mean_, X.mean(axis=0), atol=1e-10)
        assert_allclose(np.abs(model.components_ @ Vt[:2].T), np.eye(2), atol=1e-5)
        assert_allclose(model.explained_variance_, s[:2] ** 2 / (n - 1), rtol=1e-6)
        assert model.n_samples_seen_ == n


@pytest.mark.parametrize("model", ALL, ids=str)
def test_directions_are_orthonormal_and_transform_is_a_projection(model, digits):
    fitted = clone(model).fit(digits[:600])
    V = fitted.components_.astype(float)
    assert_allclose(V @ V.T, np.eye(3), atol=1e-5)
    scores = fitted.transform(digits[600:700])
    assert_allclose(scores, (digits[600:700] - fitted.mean_) @ V.T, atol=1e-4)
    again = fitted.transform(fitted.inverse_transform(scores).astype(np.float32))
    assert_allclose(again, scores, atol=1e-4)


def test_variances_are_never_overstated(rng):
    X = rng.standard_normal((400, 30)) * np.arange(1, 31.0) ** -0.5
    truth = np.linalg.eigvalsh(np.cov(X.T))[::-1]
    for model in (IncrementalPCA(5, oversample=2, batch_size=40), FrequentDirectionsPCA(5)):
        model.fit(X)
        assert np.all(model.explained_variance_ <= truth[:5] * (1 + 1e-10))
        assert np.all(np.diff(model.explained_variance_) <= 0)


def test_captured_variance_is_a_share(rng):
    X = rng.standard_normal((50, 4)) + 3
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    assert_allclose(captured_variance(X, Q), 1.0)
    assert_allclose(captured_variance(X, Q[:2]) + captured_variance(X, Q[2:]), 1.0)
    about_zero = np.sum((X @ Q[:2].T) ** 2) / np.sum(X**2)
    assert_allclose(captured_variance(X, Q[:2], mean=np.zeros(4)), about_zero)


# --- Theorems ------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(
    st.sampled_from(["random", "sorted", "one direction at a time"]),
    st.integers(1, 5),
    st.integers(1, 10),
    st.integers(0, 2**32 - 1),
)
def test_frequent_directions_leaves_at_most_its_share_more(order, k, extra, seed):
    """Ghashami et al. 2016, for centered rows: variance left <= l / (l - k) times the least."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((300, 20)) * np.arange(1, 21.0) ** -rng.uniform(0, 1.5)
    if order == "sorted":
        X = X[np.argsort(X[:, 0])]
    elif order == "one direction at a time":
        X = X * (rng.integers(0, 20, 300)[:, None] == np.arange(20))
        X = X[np.argsort(np.argmax(X != 0, axis=1), kind="stable")]
    l = k + extra
    model = FrequentDirectionsPCA(k, sketch_size=l)
    for block in blocks(X, rng):
        model.partial_fit(block)
    left = 1 - captured_variance(X, model.components_)
    assert left <= l / (l - k) * (1 - best(X, k)) + 1e-12
    scatter = (X - X.mean(axis=0)).T @ (X - X.mean(axis=0))
    rows = model._sketch.rows
    missed = np.linalg.eigvalsh(scatter - rows.T @ rows)
    assert missed[0] >= -1e-9 * missed.sum() - 1e-9 and missed[-1] <= model.error_bound_ + 1e-9


def weak_and_steady(d=40, strong=6):
    """Rows that IncrementalPCA forgets: the strongest direction comes a little at a time."""
    X = np.zeros((2 * strong + 2 * 3000, d))
    X[: 2 * strong : 2, :strong] = X[1 : 2 * strong : 2, :strong] = 10 * np.eye(strong)
    X[1 : 2 * strong : 2] *= -1
    X[2 * strong :: 2, -1], X[2 * strong + 1 :: 2, -1] = 1.0, -1.0
    return X


def test_cutting_at_each_block_may_lose_the_strongest_direction():
    X = weak_and_steady()  # sum of squares: 200 in each of 6 directions, 6000 in the last
    lost = IncrementalPCA(1, oversample=5, batch_size=4).fit(X)
    kept = FrequentDirectionsPCA(1, sketch_size=6, batch_size=4).fit(X)
    assert captured_variance(X, lost.components_) < 0.05
    assert captured_variance(X, kept.components_) > 0.8


@pytest.mark.slow
def test_oja_finds_the_directions_of_independent_rows(rng):
    """20 streams of 4000 rows: the worst captures 98% of what is best; the median error is .1%."""
    spectrum = np.r_[4.0, 3.0, 2.0, np.full(17, 0.5)]
    shares = []
    for seed in range(20):
        X = np.random.default_rng(seed).standard_normal((4000, 20)) * np.sqrt(spectrum)
        model = OjaPCA(3, batch_size=20, random_state=seed).fit(X)
        shares.append(captured_variance(X, model.components_) / best(X, 3))
    assert min(shares) > 0.98
    few = OjaPCA(3, batch_size=20, random_state=0).fit(X[:200])
    assert captured_variance(X, few.components_) / best(X, 3) < np.median(shares)


# --- Contracts -----------------------------------------------------------------------------------


def test_singular_values_are_those_of_the_centered_rows(rng):
    X = rng.standard_normal((60, 4)) @ rng.standard_normal((4, 9)) + 3
    pca = IncrementalPCA(5, batch_size=20).fit(X)
    exact = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)[:5]
    assert_allclose(pca.singular_values_, exact, rtol=1e-10, atol=1e-6)
    assert_allclose(pca.singular_values_**2 / 59, pca.explained_variance_, rtol=1e-12)


@pytest.mark.parametrize("model", ALL, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_fit_is_partial_fit_of_the_batches(model, dtype, digits):
    X = digits[:1000].astype(dtype)
    whole, parts = clone(model).fit(X), clone(model)
    for start in range(0, 1000, 250):
        parts.partial_fit(X[start : start + 250])
    assert_array_equal(whole.components_, parts.components_)
    assert whole.components_.dtype == whole.transform(X).dtype == dtype
    assert_array_equal(whole.fit(X).components_, parts.components_)  # fit forgets


def test_memory_is_a_few_directions_and_the_data_are_read_once(digits):
    k, d = 20, digits.shape[1]
    numbers = {
        IncrementalPCA(k): k + 10 + k,
        FrequentDirectionsPCA(k): 2 * (2 * k + 10),
        OjaPCA(k, random_state=0): k,
    }
    for model, rows in numbers.items():
        meter = Meter()
        for block in CountedMatrix(digits, meter).blocks(500):
            model.partial_fit(block)
        assert meter.passes == 1
        assert model.nbytes <= 4 * d * rows + 8 * d + 16 * k


@pytest.mark.parametrize("model", ALL, ids=str)
def test_refusals_say_what_must_be(model, digits):
    with pytest.raises(ValueError, match="at most the number of features"):
        clone(model).set_params(n_components=600).fit(digits)
    with pytest.raises(ValueError, match="n_components must be at least 1"):
        clone(model).set_params(n_components=0).fit(digits)
    with pytest.raises(ValueError, match="features"):
        clone(model).fit(digits).partial_fit(digits[:, :5])
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        clone(model).set_params(batch_size=0).fit(digits)


def test_refusals_of_single_parameters(digits):
    with pytest.raises(ValueError, match="step must lie in"):
        OjaPCA(step=0.0).fit(digits)
    with pytest.raises(ValueError, match="sketch_size must be at least 4"):
        FrequentDirectionsPCA(3, sketch_size=3).fit(digits)
    with pytest.raises(ValueError, match="components must be 584 wide"):
        captured_variance(digits, np.eye(3))
    with pytest.raises(ValueError, match="all its rows are equal"):
        captured_variance(np.ones((3, 2)), np.eye(2))


@pytest.mark.parametrize("model", ALL, ids=lambda model: type(model).__name__)
def test_a_refused_block_changes_nothing(model, rng):
    X = rng.standard_normal((30, 5))
    model = clone(model).partial_fit(X)
    before = model.mean_.copy(), model.components_.copy(), model.n_samples_seen_
    for wrong in (np.full((2, 5), 1e200), np.full((2, 5), np.nan), np.ones((2, 4))):
        with pytest.raises(ValueError, match=r"X|NaN|features"):
            model.partial_fit(wrong)
    assert_array_equal(model.mean_, before[0])
    assert_array_equal(model.components_, before[1])
    assert model.n_samples_seen_ == before[2]


@pytest.mark.parametrize("model", ALL, ids=lambda model: type(model).__name__)
def test_after_a_refused_first_block_a_right_one_begins(model, rng):
    X = rng.standard_normal((30, 5))
    wrong = {"IncrementalPCA": "oversample", "FrequentDirectionsPCA": "sketch_size"}
    name = wrong.get(type(model).__name__, "step")
    broken = clone(model).set_params(**{name: -1})
    for method in (broken.partial_fit, broken.fit):
        with pytest.raises(ValueError, match=name):
            method(X)
    mended = broken.set_params(**{name: getattr(model, name)})
    with pytest.raises(ValueError, match="squares can be summed"):
        mended.partial_fit(np.full((30, 5), 1e200))
    assert_array_equal(mended.partial_fit(X).components_, clone(model).partial_fit(X).components_)


@pytest.mark.parametrize("model", ALL, ids=lambda model: type(model).__name__)
def test_parameters_stay_between_blocks(model, rng):
    X = rng.standard_normal((30, 5))
    model = clone(model).partial_fit(X).set_params(n_components=1)
    with pytest.raises(ValueError, match="n_components must stay 3 between blocks; got 1"):
        model.partial_fit(X)
    assert model.fit(X).components_.shape == (1, 5)
    model = OjaPCA(2, random_state=0).partial_fit(X).set_params(step=-1)
    with pytest.raises(ValueError, match=r"step must stay 5.0"):
        model.partial_fit(X)


def test_tiny_rows_turn_the_directions_as_large_ones(rng):
    X = rng.standard_normal((500, 3)).astype(np.float32) * np.float32([3, 1, 1])
    large, tiny = (OjaPCA(1, random_state=0, batch_size=50).fit(s * X) for s in (1, 2.0**-90))
    assert_allclose(tiny.components_, large.components_, rtol=1e-4, atol=1e-5)


# --- Peers ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_pass_captures_what_batch_pca_does(digits):
    truth = best(digits, 20)
    peer = decomposition.IncrementalPCA(20, batch_size=250).fit(digits)
    theirs = captured_variance(digits, peer.components_.astype(np.float32))
    shares = {
        type(model).__name__: captured_variance(digits, model.fit(digits).components_)
        for model in (IncrementalPCA(20), FrequentDirectionsPCA(20), OjaPCA(20, random_state=0))
    }
    assert shares["IncrementalPCA"] >= theirs and shares["IncrementalPCA"] >= 0.999 * truth
    assert shares["FrequentDirectionsPCA"] >= 0.999 * truth
    assert shares["OjaPCA"] >= 0.97 * truth  # 20 steps only; 80 reach 0.99, see the chapter


def test_variances_are_those_of_the_whole_analysis(rng):
    """Where all directions are kept nothing is lost: scikit-learn's PCA of all rows at once."""
    X = rng.standard_normal((90, 6)) * [9.0, 5.0, 3.0, 2.0, 1.0, 0.5] + 7.0
    exact = decomposition.PCA(3).fit(X)
    sketch = FrequentDirectionsPCA(3, sketch_size=92, batch_size=20).fit(X)
    pca = IncrementalPCA(3, batch_size=20).fit(X)
    for name in ("explained_variance_", "explained_variance_ratio_", "singular_values_"):
        for model in (pca, sketch):
            assert_allclose(getattr(model, name), getattr(exact, name), rtol=1e-10)
    assert_allclose(pca.noise_variance_, exact.noise_variance_, rtol=1e-10)
    whole = IncrementalPCA(6).fit(X)
    assert_allclose(whole.explained_variance_ratio_.sum(), 1.0, rtol=1e-12)
    assert whole.noise_variance_ == pytest.approx(0.0, abs=1e-12)
    assert not IncrementalPCA(2).fit(np.ones((5, 3))).explained_variance_ratio_.any()


@pytest.mark.parametrize("model", ALL, ids=str)
def test_without_a_number_there_are_as_many_directions_as_the_first_block_allows(model, rng):
    X = rng.standard_normal((60, 7))
    for batch_size, k in ((60, 7), (4, 4)):
        free = clone(model).set_params(n_components=None, batch_size=batch_size)
        assert free.fit(X).n_components_ == len(free.components_) == k
        assert free.transform(X).shape == (60, k)
        assert len(free.get_feature_names_out()) == k
        free.partial_fit(X[:2])  # not the first
        assert free.n_components_ == k
