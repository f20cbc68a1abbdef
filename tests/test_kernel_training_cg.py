"""Conjugate gradients, and Falkon's preconditioner for the equations of the Nyström ridge."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse.linalg import LinearOperator, aslinearoperator, cg

from course_lib.cost import CountedMatrix, Meter
from course_lib.kernel_training import (
    Kernel,
    KernelBlocks,
    NystromProduct,
    NystromRidge,
    condition_bound,
    conjugate_gradient,
    conjugate_gradient_bound,
    nystrom_preconditioner,
)


def definite(rng, m, condition):
    """A matrix with known eigenvalues, spread evenly in their logarithms."""
    Q = np.linalg.qr(rng.standard_normal((m, m))).Q
    w = np.geomspace(1, condition, m)
    return (Q * w) @ Q.T, w


def last(steps):
    *_, step = steps
    return step


@pytest.fixture
def normal(rng):
    """Normal equations of 600 rows, 40 of them landmarks."""
    X = rng.standard_normal((600, 3))
    kernel = Kernel("rbf", gamma=0.5)
    K_nm, K_mm = kernel(X, X[:40]), kernel(X[:40], X[:40])
    return K_nm, K_mm, rng.standard_normal(600), X


# --- Facts -----------------------------------------------------------------------------------


@given(
    m=st.integers(1, 12),
    t=st.integers(1, 3),
    condition=st.floats(1, 1e4),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_last_iterate_solves_all_systems(m, t, condition, seed):
    rng = np.random.default_rng(seed)
    A, _ = definite(rng, m, condition)
    B = rng.standard_normal((m, t))
    step = last(conjugate_gradient(A, B, tol=1e-8))
    assert step.measured
    assert np.all(step.residual <= 1e-8)
    assert_allclose(
        np.linalg.norm(B - A @ step.x, axis=0), step.residual * np.linalg.norm(B, axis=0)
    )
    assert_allclose(step.x, np.linalg.solve(A, B), atol=1e-7 * np.linalg.norm(B))


@given(seed=st.integers(0, 2**32 - 1))
def test_several_sides_are_solved_as_one_by_one(seed):
    rng = np.random.default_rng(seed)
    A, _ = definite(rng, 10, 50.0)
    B = rng.standard_normal((10, 3))
    together = list(itertools.islice(conjugate_gradient(A, B), 4))
    for j in range(3):
        alone = itertools.islice(conjugate_gradient(A, B[:, j]), 4)
        for one, all_ in zip(alone, together, strict=True):
            assert_allclose(all_.x[:, j], one.x, rtol=1e-6, atol=1e-9)
            assert_allclose(all_.value[j], one.value, rtol=1e-6)


def test_the_value_is_that_of_the_quadratic_and_falls(rng):
    A, _ = definite(rng, 30, 1e3)
    b = rng.standard_normal(30)
    steps = list(conjugate_gradient(A, b, tol=1e-9))
    values = [step.value for step in steps]
    for step in steps:
        assert_allclose(step.value, step.x @ A @ step.x / 2 - b @ step.x, rtol=1e-9)
    assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise(values))


def test_steps_minimize_over_the_krylov_space(rng):
    A, _ = definite(rng, 20, 100.0)
    b = rng.standard_normal(20)
    x = np.linalg.solve(A, b)
    krylov = [b]
    for step in itertools.islice(conjugate_gradient(A, b), 5):
        Q = np.linalg.qr(np.column_stack(krylov)).Q
        best = Q @ np.linalg.solve(Q.T @ A @ Q, Q.T @ b)
        assert_allclose((step.x - x) @ A @ (step.x - x), (best - x) @ A @ (best - x), rtol=1e-6)
        krylov.append(A @ krylov[-1])


def test_a_start_and_a_zero_side(rng):
    A, _ = definite(rng, 8, 10.0)
    b = rng.standard_normal(8)
    x = np.linalg.solve(A, b)
    step = last(conjugate_gradient(A, b, x0=x))
    assert step.measured and step.products == 1
    assert_allclose(step.x, x)
    nothing = last(conjugate_gradient(A, np.zeros((8, 2))))
    assert nothing.products == 0
    assert_array_equal(nothing.x, 0)
    mixed = last(conjugate_gradient(A, np.column_stack([b, 0 * b])))
    assert_array_equal(mixed.x[:, 1], 0)
    assert_allclose(mixed.x[:, 0], x, atol=1e-5)


def test_the_product_is_that_of_the_matrix(normal):
    K_nm, K_mm, y, X = normal
    H = K_nm.T @ K_nm + 0.3 * K_mm
    V = np.arange(80.0).reshape(40, 2)
    blocks = KernelBlocks(Kernel("rbf", gamma=0.5), X, X[:40])
    for source in (K_nm, sp.csr_matrix(K_nm), blocks):
        product = NystromProduct(source, K_mm, 0.3)
        assert_allclose(product(V), H @ V)
        assert_allclose(product(V[:, 0]), H @ V[:, 0])
        assert_allclose(product.right_side(y), K_nm.T @ y)
        assert product.products == 2


def test_with_all_rows_as_landmarks_one_step_is_enough(normal):
    _, K_mm, y, _ = normal
    P = nystrom_preconditioner(K_mm, K_mm, 0.5)
    product = NystromProduct(K_mm, K_mm, 0.5)
    assert_allclose(P.condition(product), 1.0, rtol=1e-6)
    steps = list(conjugate_gradient(product, K_mm @ y[:40], preconditioner=P))
    assert len(steps) == 1


# --- Theorems ------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [4.0, 100.0, 1e4])
def test_the_error_stays_below_its_bound(rng, condition):
    A, w = definite(rng, 60, condition)
    b = rng.standard_normal(60)
    x = np.linalg.solve(A, b)
    for k, step in enumerate(conjugate_gradient(A, b, tol=1e-8), 1):
        e = step.x - x
        bound = conjugate_gradient_bound(w[-1] / w[0], k)
        assert np.sqrt(e @ A @ e) <= bound * np.sqrt(x @ A @ x) * (1 + 1e-6) + 1e-10


def test_both_bounds_say_the_same():
    kappa = condition_bound()
    assert 16.6 < kappa < 16.7
    assert_allclose(conjugate_gradient_bound(kappa, 10), 2 * np.exp(-5), rtol=1e-12)
    assert conjugate_gradient_bound(1.0, 1) == 0.0
    assert conjugate_gradient_bound(1e6, 3) == 1.0


@pytest.mark.parametrize("alpha", [0.06, 0.6, 6.0])
def test_condition_is_below_what_the_landmarks_miss(normal, alpha):
    K_nm, K_mm, _, _ = normal
    P = nystrom_preconditioner(K_nm, K_mm, alpha)
    E = P.B.T @ (K_nm.T @ K_nm - 600 / 40 * K_mm @ K_mm) @ P.B
    missed = np.linalg.norm(E, 2)
    condition = P.condition(NystromProduct(K_nm, K_mm, alpha))
    w = np.linalg.eigvalsh(np.eye(40) + (E + E.T) / 2)
    assert_allclose(condition, w[-1] / w[0], rtol=1e-5)
    if missed < 1:
        assert condition <= (1 + missed) / (1 - missed) * (1 + 1e-6)


def test_the_preconditioner_saves_passes(normal):
    K_nm, K_mm, y, _ = normal
    answers = []
    for P in (None, nystrom_preconditioner(K_nm, K_mm, 0.6)):
        meter = Meter()
        product = NystromProduct(CountedMatrix(K_nm, meter), K_mm, 0.6)
        b = product.right_side(y)
        step = last(conjugate_gradient(product, b, preconditioner=P, tol=1e-8))
        assert meter.passes == product.products + 1 == step.products + 1
        answers.append(step)
    plain, helped = answers
    assert 3 * helped.products <= plain.products
    kappa = nystrom_preconditioner(K_nm, K_mm, 0.6).condition(product)
    bound = next(k for k in range(1000) if conjugate_gradient_bound(kappa, k) <= 1e-8)
    assert helped.products <= bound + 5


def test_it_finds_the_weights_of_the_ridge(normal):
    K_nm, K_mm, y, X = normal
    ridge = NystromRidge(gamma=0.5, landmarks=np.arange(40), alpha=0.6).fit(X, y)
    C = K_nm - K_nm.mean(0)  # the ridge has an intercept
    product = NystromProduct(C, K_mm, 0.6)
    step = last(
        conjugate_gradient(
            product,
            product.right_side(y),
            preconditioner=nystrom_preconditioner(600, K_mm, 0.6),
            tol=1e-10,
        )
    )
    assert_allclose(K_nm @ step.x, K_nm @ ridge.dual_coef_, atol=1e-6)


# --- Contracts -----------------------------------------------------------------------------------


def test_matrix_operator_and_function_are_one(rng):
    A, _ = definite(rng, 15, 30.0)
    b = rng.standard_normal(15)
    expected = last(conjugate_gradient(A, b)).x
    for same in (sp.csr_matrix(A), aslinearoperator(A), lambda V: A @ V, A.tolist()):
        assert_allclose(last(conjugate_gradient(same, b)).x, expected, atol=1e-6)


def test_float32_ends_at_its_rounding_and_says_so(rng):
    A, _ = definite(rng, 40, 1e4)
    b = rng.standard_normal(40).astype(np.float32)
    step = last(conjugate_gradient(A.astype(np.float32), b, tol=1e-12))
    assert step.x.dtype == np.float32
    assert step.measured and step.residual > 1e-12
    assert step.residual < 1e-2
    assert step.products < 2000


def test_iterates_are_their_own_and_input_is_untouched(rng):
    A, _ = definite(rng, 10, 10.0)
    b = rng.standard_normal(10)
    copies = A.copy(), b.copy()
    steps = [(step.x, step.x.copy()) for step in conjugate_gradient(A, b)]
    for x, then in steps:
        assert_array_equal(x, then)
    assert_array_equal(A, copies[0])
    assert_array_equal(b, copies[1])


ONE = np.eye(3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: last(conjugate_gradient(-ONE, np.ones(3))), "A must be symmetric positive"),
        (
            lambda: last(conjugate_gradient(ONE, np.ones(3), preconditioner=-ONE)),
            "preconditioner must be symmetric positive",
        ),
        (lambda: conjugate_gradient(ONE, np.ones(4)), r"product must have shape \(4, 4\)"),
        (lambda: conjugate_gradient(ONE, np.ones((1, 1, 3))), "b must be a vector"),
        (lambda: conjugate_gradient(ONE, np.ones(3), x0=np.ones(2)), "x0 must have the shape"),
        (lambda: conjugate_gradient(ONE, np.ones(3), tol=0.0), "tol must lie"),
        (lambda: conjugate_gradient(ONE, np.ones(3) * np.nan), "b contains NaN"),
        (
            lambda: last(conjugate_gradient(np.full((3, 3), np.inf), np.ones(3))),
            "contains NaN or infinity",
        ),
        (lambda: last(conjugate_gradient(lambda V: V[:2], np.ones(3))), "must have the shape of V"),
        (lambda: NystromProduct(ONE, np.eye(2), 1.0), r"K_mm must have shape \(3, 3\)"),
        (lambda: NystromProduct(ONE, ONE, -1.0), "alpha must lie"),
        (lambda: NystromProduct(ONE, ONE, 1.0)(np.ones(2)), "V must have 3 rows"),
        (lambda: nystrom_preconditioner(ONE, ONE, 0.0), "alpha must lie"),
        (lambda: nystrom_preconditioner(0, ONE, 1.0), "number of rows must be at least 1"),
        (lambda: nystrom_preconditioner(5, -ONE, 1.0), "K_mm must be positive semidefinite"),
        (lambda: condition_bound(1.0), "contraction"),
        (lambda: conjugate_gradient_bound(0.5, 1), "condition must lie"),
        (lambda: Kernel("linear")(ONE, np.eye(2)), "as many columns"),
        (
            lambda: list(KernelBlocks(lambda X, Y: X, ONE, ONE[:1]).blocks(2)),
            r"must return shape \(2, 1\)",
        ),
    ],
)
def test_refusals_say_what_must_be(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# --- Peers ---------------------------------------------------------------------------------------


def test_it_takes_the_steps_of_scipy(rng):
    A, _ = definite(rng, 50, 200.0)
    b = rng.standard_normal(50)
    P, _ = definite(rng, 50, 5.0)
    for preconditioner in (None, P):
        theirs = []
        cg(A, b, rtol=1e-8, M=preconditioner, callback=lambda x, seen=theirs: seen.append(x.copy()))
        ours = list(conjugate_gradient(A, b, preconditioner=preconditioner, tol=1e-8))
        assert abs(len(ours) - len(theirs)) <= 1
        for step, x in zip(ours[:10], theirs[:10], strict=True):
            assert_allclose(step.x, x, rtol=1e-6, atol=1e-8)


def test_an_operator_of_scipy_is_enough(rng):
    A, _ = definite(rng, 12, 20.0)
    operator = LinearOperator((12, 12), matvec=lambda v: A @ v, dtype=float)
    b = rng.standard_normal(12)
    assert_allclose(last(conjugate_gradient(operator, b)).x, np.linalg.solve(A, b), atol=1e-5)
