"""Core sets: certified balls, few rows, and a machine whose theorem bounds the wrong number."""

import itertools
import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from course_lib import kernel_training as kt
from course_lib.cost import CountedDistance, Meter
from tests.kernels import as_python


def dot(X, Z):
    return X @ Z.T


def on_a_sphere(seed, n=40, d=4):
    """Rows of length at most 1 around zero, with two antipodes: the least ball has radius 1."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X *= (rng.random(n) ** 0.2 / np.linalg.norm(X, axis=1))[:, None]
    X[0] /= np.linalg.norm(X[0])
    X[1] = -X[0]
    return X + rng.standard_normal(d)


# --- Facts: true for every input ----------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32 - 1),
    epsilon=st.sampled_from([0.5, 0.1, 0.01, 1e-4]),
    max_size=st.sampled_from([None, 2, 4]),
)
def test_the_least_radius_lies_between_the_two(seed, epsilon, max_size):
    X = on_a_sphere(seed)
    ball = kt.minimum_enclosing_ball(dot, X=X, epsilon=epsilon, max_size=max_size, rng=seed)
    assert ball.radius <= 1 + 1e-9
    assert ball.farthest >= 1 - 1e-9
    assert ball.weights.min() >= 0
    assert ball.weights.sum() == pytest.approx(1)
    center = ball.weights @ X[ball.indices]
    assert np.linalg.norm(X - center, axis=1).max() == pytest.approx(ball.farthest)
    assert len(set(ball.indices)) == len(ball.indices)
    if max_size is None:
        assert ball.farthest <= (1 + epsilon) * ball.radius + 1e-6
    else:
        assert len(ball.indices) <= max_size


@pytest.mark.parametrize("epsilon", [0.5, 0.2, 0.05])
def test_of_orthogonal_rows_the_size_is_known(epsilon):
    """m of them have radius**2 = 1 - 1/m, and all others are 1 + 1/m from the center, squared."""
    ball = kt.minimum_enclosing_ball(np.eye(100), epsilon=epsilon, rng=0)
    square = (1 + epsilon) ** 2
    m = math.ceil((square + 1) / (square - 1))
    assert len(ball.indices) == m
    assert_allclose(ball.weights, 1 / m, atol=1e-4)
    assert ball.radius**2 == pytest.approx(1 - 1 / m, rel=1e-4)
    assert ball.farthest**2 == pytest.approx(1 + 1 / m, rel=1e-3)


def test_equal_rows_have_a_ball_of_radius_zero():
    ball = kt.minimum_enclosing_ball(np.full((5, 5), 9.0), rng=0)
    assert (ball.radius, ball.farthest, len(ball.indices)) == (0.0, 0.0, 1)


def test_evaluations_are_counted():
    X, meter = on_a_sphere(0), Meter()
    counted = CountedDistance(dot, meter, "kernels")
    ball = kt.minimum_enclosing_ball(counted, X=X, epsilon=0.1, rng=0)
    assert ball.n_evaluations == meter.kernels == 40 * (len(ball.indices) + 1)
    again = kt.minimum_enclosing_ball(X @ X.T, epsilon=0.1, rng=0)
    assert_array_equal(again.indices, ball.indices)
    assert again.n_evaluations == 0


def test_kernels_are_their_python():
    X = on_a_sphere(1)
    compiled = kt.minimum_enclosing_ball(dot, X=X, epsilon=1e-3, rng=1)
    with as_python("kernel_training"):
        plain = kt.minimum_enclosing_ball(dot, X=X, epsilon=1e-3, rng=1)
    for one, other in zip(compiled, plain, strict=True):
        assert_allclose(one, other, rtol=1e-10)


def machine_problem(seed, n=60):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 3))
    return X, np.where(X[:, 0] + 0.5 * rng.standard_normal(n) > 0, 1.0, -1.0)


@pytest.mark.parametrize("C", [1.0, 50.0])
def test_the_machine_is_the_ball_of_its_kernel(C):
    X, y = machine_problem(0)
    K = np.outer(y, y) * (np.exp(-0.5 * cdist(X, X, "sqeuclidean")) + 1) + np.eye(60) / C
    machine = kt.CoreVectorMachine(C=C, gamma=0.5, epsilon=1e-4, random_state=3).fit(X, y)
    weights = np.zeros(60)
    weights[machine.support_] = machine.dual_coef_[0] * y[machine.support_]
    assert machine.value_ == pytest.approx(weights @ K @ weights, abs=1e-5)
    assert machine.radius_**2 == pytest.approx(2 + 1 / C - machine.value_)
    scores = (weights * y) @ (np.exp(-0.5 * cdist(X, X, "sqeuclidean")) + 1)
    assert_allclose(machine.decision_function(X), scores, atol=1e-4)
    rows = sp.csr_array(X)
    same = kt.CoreVectorMachine(C=C, gamma=0.5, epsilon=1e-4, random_state=3).fit(rows, y)
    assert_allclose(same.decision_function(rows), scores, atol=1e-3)
    assert machine.n_kernel_evaluations_ == 60 * len(machine.support_)


# --- Theorems -----------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**32 - 1), epsilon=st.sampled_from([0.5, 0.2, 0.1]))
def test_core_sets_are_small_whatever_the_rows(seed, epsilon):
    """Some center after at most 2/epsilon rows is good; the method knows it a little later."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((60, 30)) if seed % 2 else on_a_sphere(seed, 60, 30)
    K = X @ X.T
    least = kt.minimum_enclosing_ball(K, epsilon=1e-4, rng=0).radius  # at most the truth
    ball = kt.minimum_enclosing_ball(K, epsilon=epsilon, rng=seed)
    assert len(ball.indices) <= kt.core_set_bound(epsilon, certified=True)
    sizes = range(2, math.ceil(kt.core_set_bound(epsilon)) + 1)
    reached = [
        kt.minimum_enclosing_ball(K, epsilon=1e-6, max_size=m, rng=seed).farthest for m in sizes
    ]
    assert min(reached) <= (1 + epsilon) * least * (1 + 1e-4)


@given(seed=st.integers(0, 2**32 - 1))
def test_each_row_makes_the_radius_larger_as_the_proof_says(seed):
    X = on_a_sphere(seed, 40, 10)
    balls = [
        kt.minimum_enclosing_ball(X @ X.T, epsilon=1e-6, max_size=m, rng=seed) for m in range(2, 9)
    ]
    assert balls[0].radius >= 0.5 - 1e-9
    for ball, wider in itertools.pairwise(balls):
        if len(wider.indices) > len(ball.indices):
            promised = (ball.farthest**2 + ball.radius**2) / (2 * ball.farthest)
            assert wider.radius >= promised - 1e-5


def test_the_ball_is_right_and_the_value_of_the_machine_is_not():
    """The theorem holds for the radius; what is left of the diagonal may be smaller than that."""
    X, y = machine_problem(1, n=400)
    found = {
        eps: kt.CoreVectorMachine(C=50.0, gamma=0.5, epsilon=eps, random_state=0).fit(X, y)
        for eps in (0.05, 1e-4)
    }
    rough, fine = found[0.05], found[1e-4]
    assert fine.lower_bound_ <= fine.value_ <= rough.value_
    assert rough.radius_ <= fine.farthest_ <= 1.05 * rough.radius_ + 1e-9
    assert rough.lower_bound_ == 0
    assert rough.value_ > 3 * fine.value_  # the radius is off by at most 5%
    assert fine.score(X, y) > rough.score(X, y)


def test_bounds_are_their_formulas():
    assert kt.core_set_bound(0.25) == 8
    assert kt.core_set_bound(0.25, certified=True) == 18.5
    for epsilon in (0.01, 0.3, 0.99):  # the steps of the proof
        grow = 1 + epsilon**2 / (2 * (1 + epsilon))
        second = math.log(1 + epsilon) / math.log(grow)
        steps = 2 + math.ceil(max(2 / epsilon - 2, 0)) + second
        assert steps <= kt.core_set_bound(epsilon, certified=True)


# --- Contracts ----------------------------------------------------------------------------------

REFUSED = [
    (lambda: kt.minimum_enclosing_ball(np.ones((2, 3))), ValueError, "square"),
    (lambda: kt.minimum_enclosing_ball(dot), ValueError, "X must be given"),
    (lambda: kt.minimum_enclosing_ball(np.eye(2), epsilon=1.0), ValueError, "epsilon must lie"),
    (lambda: kt.minimum_enclosing_ball(np.eye(2), max_size=1), ValueError, "at least 2"),
    (lambda: kt.minimum_enclosing_ball(-np.eye(2)), ValueError, "positive semidefinite"),
    (lambda: kt.minimum_enclosing_ball(np.eye(2), rng="x"), TypeError, "rng must be"),
    (lambda: kt.CoreVectorMachine().fit(np.eye(3), [0, 1, 2]), ValueError, "got 3 classes"),
    (lambda: kt.CoreVectorMachine(C=-1).fit(np.eye(2), [0, 1]), ValueError, "C must lie in"),
    (lambda: kt.core_set_bound(0), ValueError, "epsilon must lie"),
    (lambda: kt.core_set_bound(0.1, certified=1), TypeError, "True or False"),
]


@pytest.mark.parametrize("refused", REFUSED, ids=range(len(REFUSED)))
def test_refusals_are_in_words(refused):
    call, kind, words = refused
    with pytest.raises(kind, match=words):
        call()


def test_the_same_seed_gives_the_same_core_set():
    K = on_a_sphere(2) @ on_a_sphere(2).T
    one, again = (kt.minimum_enclosing_ball(K, epsilon=0.01, rng=5) for _ in range(2))
    assert_array_equal(one.indices, again.indices)
    assert one.radius == again.radius


# --- Peers --------------------------------------------------------------------------------------


def test_the_ball_is_the_one_that_scipy_finds():
    X = np.random.default_rng(3).standard_normal((25, 3))
    found = minimize(
        lambda c: c[-1],
        np.r_[X.mean(axis=0), 10.0],
        constraints={"type": "ineq", "fun": lambda c: c[-1] - ((X - c[:-1]) ** 2).sum(axis=1)},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    ball = kt.minimum_enclosing_ball(X @ X.T, epsilon=1e-6, rng=0)
    assert ball.radius == pytest.approx(np.sqrt(found.x[-1]), rel=1e-5)
    assert_allclose(ball.weights @ X[ball.indices], found.x[:-1], atol=1e-3)
