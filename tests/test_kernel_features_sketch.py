"""Tensor sketches: what they are, and how far they stray."""

import itertools
import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.kernel_approximation import PolynomialCountSketch

from course_lib.hashing import ColumnHasher
from course_lib.kernel_features import TensorSketch, tensor_sketch_variance_bound
from tests.chance import assert_mean, assert_variance
from tests.kernels import as_python, assert_same_answers


def pairs(d=6):
    """Unit vectors: equal, alike, and nearly at right angles."""
    x = np.arange(1.0, d + 1)
    x, e = x / np.linalg.norm(x), np.eye(d)[0]
    alike = x + 0.5 * e
    return [(x, x), (x, alike / np.linalg.norm(alike)), (x, e)]


def drawn_values(x, y, draws, degree, n_components, make=TensorSketch):
    """One kernel value as many independent sketches estimate it.

    Each draw has columns of its own, whose hashes are independent, in one wide matrix.
    """
    sketch = make(degree=degree, n_components=n_components, random_state=11)
    wide = [sp.csr_array(sp.block_diag([v[None]] * draws)) for v in (x, y)]
    Z = sketch.fit(wide[0]).transform(sp.csr_array(sp.vstack(wide)))
    return np.einsum("ij,ij->i", Z[:draws], Z[draws:])


# --- Facts: true for every input -----------------------------------------------------------------


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**31),
    degree=st.integers(1, 3),
    d=st.integers(1, 4),
    n_components=st.integers(1, 17),
    coef0=st.sampled_from([0.0, 0.4]),
)
def test_it_is_the_hashed_tensor_product(seed, degree, d, n_components, coef0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3, d))
    sketch = TensorSketch(
        degree, gamma=0.7, coef0=coef0, n_components=n_components, random_state=seed
    )
    Z = sketch.fit_transform(X)
    wide = np.hstack([math.sqrt(0.7) * X, np.full((3, 1), math.sqrt(coef0))])
    exact = np.zeros((3, n_components))
    for places in itertools.product(range(d + 1), repeat=degree):
        column = sum(sketch.columns_[k, j] for k, j in enumerate(places)) % n_components
        sign = math.prod(int(sketch.signs_[k, j]) for k, j in enumerate(places))
        exact[:, column] += sign * np.prod(wide[:, places], axis=1)
    assert_allclose(Z, exact, atol=1e-12)


def test_degree_one_is_hashing():
    X = np.random.default_rng(0).standard_normal((5, 20))
    wide = np.hstack([X, np.zeros((5, 1))])
    hashed = ColumnHasher(8, random_state=3).fit_transform(wide)
    assert_allclose(TensorSketch(1, n_components=8, random_state=3).fit_transform(X), hashed)


def test_each_degree_has_a_hash_function_of_its_own():
    sketch = TensorSketch(3, n_components=64, random_state=0).fit(np.eye(30))
    assert sketch.columns_.shape == sketch.signs_.shape == (3, 31)
    for a, b in itertools.combinations(range(3), 2):
        assert (sketch.columns_[a] != sketch.columns_[b]).sum() > 15
        assert 3 < (sketch.signs_[a] != sketch.signs_[b]).sum() < 28


def test_kernels_do_what_their_text_says():
    X = np.random.default_rng(0).standard_normal((7, 5)) * (np.arange(5) != 2)
    sketch = TensorSketch(2, coef0=1.0, n_components=12, random_state=0).fit(X)

    def answers():
        return [(sketch.transform(form(X)),) for form in (np.array, sp.csr_array)]

    compiled = answers()
    with as_python("kernel_features"):
        assert_same_answers(compiled, answers(), rtol=1e-9)


# --- Theorems: true on average -------------------------------------------------------------------
# Each assertion of tests.chance raises a false alarm with a chance below 1e-5.


@pytest.mark.parametrize("degree", [2, 3])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_it_is_unbiased_and_strays_no_more_than_the_bound(which, degree):
    """The slack for the variance is 4.42 standard errors, computed from the draws."""
    x, y = pairs()[which]
    values = drawn_values(x, y, 5000, degree, 16)
    assert_mean(values, (x @ y) ** degree)
    squares = (values - values.mean()) ** 2
    slack = 4.42 * squares.std() / math.sqrt(len(squares))
    bound = tensor_sketch_variance_bound(1.0, 1.0, degree, 16)
    assert bound / 40 < squares.mean() <= bound + slack


def test_the_constant_is_part_of_the_kernel_and_of_the_bound():
    x, y = 2 * pairs()[1][0], pairs()[1][1]
    X = np.stack([x, y])
    maps = (
        TensorSketch(2, gamma=0.5, coef0=0.3, n_components=32, random_state=s) for s in range(300)
    )
    values = np.array([a @ b for a, b in (m.fit_transform(X) for m in maps)])
    assert_mean(values, (0.5 * (x @ y) + 0.3) ** 2)
    bound = tensor_sketch_variance_bound(2.0, 1.0, 2, 32, gamma=0.5, coef0=0.3)
    assert bound == pytest.approx(8 * (2.3 * 0.8) ** 2 / 32)
    assert values.var() <= 1.3 * bound


def test_the_variance_of_degree_one_is_known():
    x, y = pairs()[1]
    exact = (1 + (x @ y) ** 2 - 2 * (x**2) @ (y**2)) / 16  # chapter 03
    values = drawn_values(x, y, 5000, 1, 16)
    assert_mean(values, x @ y)
    assert_variance(values, exact)
    assert exact <= tensor_sketch_variance_bound(1.0, 1.0, 1, 16)


# --- Contracts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_dtype_containers_and_seeds(degree):
    X = np.random.default_rng(0).standard_normal((300, 11)) * (np.arange(11) % 3 > 0)
    before = X.copy()
    make = TensorSketch(degree, coef0=0.5, n_components=1 << 10, random_state=5)
    Z = make.fit_transform(X)
    assert_array_equal(X, before)
    assert_array_equal(Z, make.fit_transform(X))
    assert np.abs(Z - make.set_params(random_state=6).fit_transform(X)).max() > 0.01
    make.set_params(random_state=5).fit(X)
    for form in (sp.csr_array, sp.csc_matrix, np.asfortranarray):
        assert_allclose(make.transform(form(X)), Z, atol=1e-12)
    single = make.transform(X.astype(np.float32))
    assert single.dtype == np.float32 and Z.dtype == np.float64
    assert_allclose(single, Z, atol=1e-5 * np.abs(Z).max())
    assert_allclose(make.transform(X[250:260]), Z[250:260], atol=1e-12)  # beyond one block
    assert len(make.get_feature_names_out()) == 1 << 10


@pytest.mark.parametrize(
    "options, words",
    [
        ({"degree": 0}, "degree must be between 1 and 64"),
        ({"gamma": -1}, "gamma must lie in"),
        ({"coef0": -0.5}, "coef0 must lie in"),
        ({"n_components": 1.5}, "n_components must be an integer"),
        ({"random_state": -1}, "random_state must be"),
    ],
)
def test_parameters_out_of_range_are_refused_in_words(options, words):
    with pytest.raises((ValueError, TypeError), match=words):
        TensorSketch(**options).fit(np.eye(3))


def test_powers_that_overflow_are_refused():
    sketch = TensorSketch(3, n_components=8, random_state=0).fit(np.eye(3, dtype=np.float32))
    with pytest.raises(ValueError, match="do not overflow; rescale"), np.errstate(all="ignore"):
        sketch.transform(np.full((2, 3), 1e30, np.float32))


def test_a_bound_that_overflows_is_infinite():
    assert tensor_sketch_variance_bound(1e200, 1e200, 2, 4) == np.inf
    assert tensor_sketch_variance_bound(0.0, 1.0, 2, 4) == 0.0


# --- Peers ---------------------------------------------------------------------------------------


def test_it_strays_as_scikit_learns_does():
    """Two variances of 1,000 draws each; the standard error of their ratio is near .1."""
    x, y = pairs()[1]
    ours = drawn_values(x, y, 1000, 2, 16)
    peer = drawn_values(x, y, 1000, 2, 16, make=PolynomialCountSketch)
    assert_mean(peer, (x @ y) ** 2)
    assert 0.65 < ours.var() / peer.var() < 1.54
