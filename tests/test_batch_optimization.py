"""Batch methods: exact worst cases, certificates, one round an evaluation, and SciPy's answers."""

import itertools

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp
from distributed import Client
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import batch_optimization as bo
from course_lib.batch_optimization import (
    DistributedLoss,
    HingeLoss,
    HuberLoss,
    LogisticLoss,
    SquaredHingeLoss,
    SquaredLoss,
    bmrm,
    bundle_minimum,
    chain,
    chain_bound,
    conjugate_gradients,
    gap_bound,
    lbfgs,
    momentum,
    ogm,
    subgradient,
    two_loop,
)
from course_lib.batch_optimization._line_search import strong_wolfe
from course_lib.batch_optimization._start import ogm_factors
from course_lib.cost import CountedMatrix, Meter
from course_lib.sparse_coding import fista, fista_bound, ista
from tests.kernels import as_python

KINDS = [SquaredLoss, HuberLoss, LogisticLoss, SquaredHingeLoss, HingeLoss]
SMOOTH = KINDS[:4]


def after(steps, k):
    return next(itertools.islice(steps, k, None))


def problem(rng, kind, m=60, n=8, ridge=0.1, container=np.asarray, dtype=np.float64):
    A = rng.standard_normal((m, n)).astype(dtype)
    b = A @ rng.standard_normal(n).astype(dtype) + rng.standard_normal(m).astype(dtype)
    if kind in (LogisticLoss, HingeLoss, SquaredHingeLoss):
        b = np.where(b > 0, 1, -1).astype(dtype)
    return kind(container(A), b, ridge=ridge)


def best(loss):
    """The minimum of a smooth loss by another library."""
    n = loss.A.shape[1]
    found = scipy.optimize.minimize(loss.evaluate, np.zeros(n), jac=True, tol=1e-14)
    return found.x, found.fun


# --- Facts: true for every input ----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_the_slope_of_the_value(rng, kind):
    loss = problem(rng, kind)
    x, p = rng.standard_normal(8), rng.standard_normal(8)
    h = 1e-6
    slope = (loss.evaluate(x + h * p)[0] - loss.evaluate(x - h * p)[0]) / (2 * h)
    assert loss.evaluate(x)[1] @ p == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_rows_of_the_ridge_say_the_same_as_its_formula(rng, kind, ridge):
    loss, bare = (problem(np.random.default_rng(1), kind, ridge=r) for r in (ridge, 0.0))
    x = rng.standard_normal(8)
    z = loss.A @ x
    value, slope = bare.evaluate(x)
    assert loss.value(z) == pytest.approx(value + ridge / 2 * x @ x)
    assert_allclose(loss.gradient(z), slope + ridge * x)
    assert_allclose(loss.gradient(z), loss.A.T @ loss.slope(z))
    assert loss.evaluate(x)[0] == pytest.approx(loss.value(z))
    assert_allclose(loss.evaluate(x)[1], loss.gradient(z))
    assert_allclose(loss.risk(x)[1], slope)


@pytest.mark.parametrize("kind", SMOOTH)
def test_smoothness_and_strong_convexity_hold_between_any_two_points(rng, kind):
    loss = problem(rng, kind)
    for _ in range(20):
        x, y = rng.standard_normal((2, 8))
        change = loss.evaluate(x)[1] - loss.evaluate(y)[1]
        assert np.linalg.norm(change) <= loss.smoothness * np.linalg.norm(x - y) * (1 + 1e-12)
        assert change @ (x - y) >= loss.ridge * (x - y) @ (x - y) * (1 - 1e-12)
    bare = problem(np.random.default_rng(0), kind, ridge=0.0)
    assert problem(np.random.default_rng(0), kind).smoothness == pytest.approx(
        bare.smoothness + 0.1
    )


@pytest.mark.parametrize("kind", [LogisticLoss, HingeLoss])
def test_slopes_of_mean_losses_are_bounded(rng, kind):
    loss = problem(rng, kind)
    slopes = [loss.risk(10 * rng.standard_normal(8))[1] for _ in range(50)]
    assert np.linalg.norm(slopes, axis=1).max() <= loss.lipschitz


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 6))
def test_two_loop_is_the_dense_recursion(seed, m):
    rng = np.random.default_rng(seed)
    R = rng.standard_normal((9, 9))
    S = rng.standard_normal((m, 9))
    Y = S @ (R @ R.T + np.eye(9))
    H = np.eye(9) * (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1])
    for s, y in zip(S, Y, strict=True):
        V = np.eye(9) - np.outer(y, s) / (s @ y)
        H = V.T @ H @ V + np.outer(s, s) / (s @ y)
    g = rng.standard_normal(9)
    assert_allclose(two_loop(S, Y, g), -H @ g, rtol=1e-6, atol=1e-8 * np.abs(H @ g).max())
    assert_allclose(two_loop(S, Y, Y[-1]), -S[-1], rtol=1e-6, atol=1e-8 * np.abs(S).max())


@given(seed=st.integers(0, 2**32 - 1), t=st.integers(1, 8))
def test_the_bound_from_cuts_is_below_and_its_gap_closes(seed, t):
    rng = np.random.default_rng(seed)
    slopes, offsets = rng.standard_normal((t, 4)), rng.standard_normal(t)

    def objective(w):
        return (slopes @ w + offsets).max() + 0.25 * w @ w

    start = rng.dirichlet(np.ones(t))
    w, low, weights = bundle_minimum(slopes, offsets, 0.5, weights=start, slack=1e-10)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    assert low <= objective(w) + 1e-12
    assert objective(w) - low <= 1e-9
    for point in rng.standard_normal((20, 4)):
        assert objective(point) >= low - 1e-12


def test_the_small_problem_is_its_python(rng):
    slopes, offsets = rng.standard_normal((12, 4)), rng.standard_normal(12)
    fast = bundle_minimum(slopes, offsets, 0.1)
    with as_python("batch_optimization"):
        slow = bundle_minimum(slopes, offsets, 0.1)
    for one, other in zip(fast, slow, strict=True):
        assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("first", [1e-3, 1.0, 50.0])
def test_the_line_search_keeps_both_wolfe_conditions(rng, first):
    loss = problem(rng, LogisticLoss)
    for _ in range(10):
        x = 3 * rng.standard_normal(8)
        value, g = loss.evaluate(x)
        point, new, slope = strong_wolfe(loss.evaluate, x, value, g, -g, first)
        length = np.linalg.norm(point - x) / np.linalg.norm(g)
        assert new <= value - 1e-4 * length * (g @ g) + 1e-12
        assert abs(slope @ g) <= 0.9 * (g @ g)
    assert strong_wolfe(loss.evaluate, x, value, g, g, first) is None  # uphill


def test_a_flat_slope_far_up_the_other_side_is_no_step():
    loss = LogisticLoss([[10.0], [1.0]], [1, -1])  # steep on the left, shallow on the right
    x = np.array([-1.0])
    value, g = loss.evaluate(x)
    far = x + 7 * -g
    assert loss.evaluate(far)[0] > value
    assert abs(loss.evaluate(far)[1] @ g) < 0.9 * (g @ g)
    assert strong_wolfe(loss.evaluate, x, value, g, -g, 7.0)[1] < value


# --- Theorems: bounds from the source, the exact ones attained ------------------------------------


@pytest.mark.parametrize("k", [1, 10, 100])
def test_gradient_descent_attains_its_bound(k):
    loss = HuberLoss([[1.0]], [0.0], width=1 / (2 * k + 1))
    assert after(ista(loss, 0, x0=[1.0]), k).value == pytest.approx(bo.gd_bound(1.0, 1.0, k))


@pytest.mark.parametrize("N", [1, 2, 10, 100])
def test_the_optimized_method_attains_its_bound_twice(N):
    bound = bo.ogm_bound(1.0, 1.0, N)
    assert bound <= 1 / ((N + 1) * (N + 1 + 2**0.5))
    width = 1 / ogm_factors(N)[-1] ** 2
    for loss in (HuberLoss([[1.0]], [0.0], width=width), SquaredLoss([[1.0]], [0.0])):
        steps = list(ogm(loss, N, x0=[1.0]))
        assert len(steps) == N + 1
        assert steps[-1].value == pytest.approx(bound, rel=1e-10)


@pytest.mark.parametrize("seed", range(20))
def test_conjugate_gradients_end_where_they_arrive(seed):
    """Without an end, rounding drives them away: one unknown was at 1e17 after 60 steps."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    A = rng.standard_normal((12, n)) * 10.0 ** rng.integers(-3, 4, n)
    loss = SquaredLoss(A, rng.standard_normal(12), ridge=1e-4 * 10.0 ** rng.integers(-6, 7))
    steps = list(itertools.islice(conjugate_gradients(loss), 500))
    values = np.array([step.value for step in steps])
    assert np.all(np.diff(values) <= 1e-15 * values[:-1]) and len(steps) < 500
    best = np.linalg.lstsq(loss.A @ np.eye(n), np.r_[loss.b, np.zeros(n)], rcond=None)[0]
    assert values[-1] <= loss.value(loss.A @ best) + 1e-12 * values[0]


def test_the_chain_stops_every_method_and_conjugate_gradients_touch_it():
    n, L = 101, 4.0
    loss, minimizer, minimum = chain(n, L)
    assert loss.smoothness == pytest.approx(L, rel=1e-3)
    assert loss.smoothness <= L
    assert_allclose(loss.evaluate(minimizer)[1], 0, atol=1e-14)
    assert loss.evaluate(minimizer)[0] == pytest.approx(minimum)
    R = np.linalg.norm(minimizer)
    runs = [conjugate_gradients(loss), fista(loss, 0)]
    for k, steps in enumerate(itertools.islice(zip(*runs, strict=False), 51)):
        floor = chain_bound(L, n, k)
        conjugate, nesterov = (step.value - minimum for step in steps)
        assert conjugate == pytest.approx(floor, rel=1e-7)
        assert nesterov >= floor * (1 - 1e-9)
        assert k == 0 or nesterov <= fista_bound(L, R, k)
        assert not steps[0].x[k:].any()  # each gradient moves one coordinate more
    assert after(ogm(loss, 50), 50).value - minimum >= floor
    assert n == 2 * k + 1
    assert floor >= 3 * L * R**2 / (32 * (k + 1) ** 2)


@pytest.mark.parametrize("kind", SMOOTH)
def test_momentum_stays_below_its_bound(rng, kind):
    loss = problem(rng, kind, ridge=0.02)
    x, minimum = best(loss)
    gaps = np.array([step.value - minimum for step in itertools.islice(momentum(loss), 80)])
    bounds = bo.momentum_bound(
        loss.smoothness, loss.ridge, gaps[0], float(np.linalg.norm(x)), np.arange(80)
    )
    assert np.all(gaps <= bounds + 1e-12)


def test_momentum_keeps_its_bound_where_gradient_descent_breaks_it():
    loss = SquaredLoss(np.diag(np.logspace(-3, 0, 30)), np.zeros(30), ridge=1e-3)
    assert loss.smoothness == pytest.approx(1.001)
    x0 = np.ones(30)
    start, R = loss.evaluate(x0)[0], np.linalg.norm(x0)
    bound = bo.momentum_bound(1.001, 1e-3, start, float(R), 300)
    assert after(momentum(loss, x0=x0), 300).value <= bound
    assert after(ista(loss, 0, x0=x0), 300).value > 10 * bound


def test_the_subgradient_method_stays_below_its_bound(rng):
    loss = problem(rng, HingeLoss)
    low = after(bmrm(loss), 80).lower_bound
    steps = list(itertools.islice(subgradient(loss), 300))
    G = max(np.linalg.norm(loss.evaluate(step.x)[1]) for step in steps)
    assert 2 * loss.lipschitz >= G
    means = np.cumsum([step.value - low for step in steps]) / np.arange(1, 301)
    assert np.all(means <= bo.subgradient_bound(float(G), loss.ridge, np.arange(1, 301)))


@pytest.mark.parametrize("kind", [HingeLoss, LogisticLoss])
def test_the_certificate_is_true_and_the_gap_shrinks_as_proved(rng, kind):
    loss = problem(rng, kind, ridge=0.01)
    steps = list(itertools.islice(bmrm(loss), 60))
    gaps = np.array([step.value - step.lower_bound for step in steps])
    assert gaps[-1] < 1e-5
    lower = [step.lower_bound for step in steps]
    assert np.all(np.diff(lower) >= 0)
    assert max(lower) <= min(step.value for step in steps) + 1e-12
    assert all(step.value == pytest.approx(loss.evaluate(step.x)[0]) for step in steps)
    # The lemma of the proof, with a share left for the small problem that stops early.
    speed = np.minimum(1, loss.ridge * gaps[:-1] / (4 * loss.lipschitz**2))
    assert np.all(gaps[1:] <= gaps[:-1] * (1 - 0.5 * speed) + 0.02 * gaps[:-1])
    rounds = int(np.argmax(gaps <= 1e-3)) + 1
    assert rounds <= bo.bmrm_rounds(loss.lipschitz, loss.ridge, 1e-3)


@pytest.mark.parametrize("kind", SMOOTH)
def test_the_gradient_bounds_the_gap(rng, kind):
    loss = problem(rng, kind)
    minimum = best(loss)[1]
    for step in itertools.islice(lbfgs(loss), 15):
        assert step.value - minimum <= gap_bound(step.gradient, loss.ridge) + 1e-12


# --- Contracts ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client():
    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as one:
        yield one


METHODS = {
    "lbfgs": lbfgs,
    "ogm": lambda loss: ogm(loss, 12),
    "momentum": momentum,
    "fista": lambda loss: fista(loss, 0),
    "ista": lambda loss: ista(loss, 0),
    "subgradient": subgradient,
    "bmrm": bmrm,
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array, sp.coo_array])
def test_cut_rows_give_the_same_iterates(name, container):
    make = METHODS[name]
    plain = problem(np.random.default_rng(3), LogisticLoss)
    whole = problem(np.random.default_rng(3), LogisticLoss, container=container)
    cut = DistributedLoss(whole, 3)
    assert cut.smoothness == pytest.approx(plain.smoothness)
    assert cut.lipschitz == pytest.approx(plain.lipschitz)
    expected = after(make(plain), 6)
    for loss in (whole, cut):
        got = after(make(loss), 6)
        assert_allclose(got.x, expected.x, rtol=1e-6, atol=1e-9)
        assert got.value == pytest.approx(expected.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cluster_and_a_file_give_the_same_loss(rng, kind, client, tmp_path):
    loss = problem(rng, kind, n=40)
    file = np.memmap(tmp_path / "A", dtype=np.float64, mode="w+", shape=loss.data.shape)
    file[:] = loss.data
    mapped = kind(file, loss.b, ridge=0.1)
    x = rng.standard_normal(40)
    value, slope = loss.evaluate(x)
    for other in (mapped, DistributedLoss(mapped, 2), DistributedLoss(loss, 3, client=client)):
        assert other.evaluate(x)[0] == pytest.approx(value)
        assert_allclose(other.evaluate(x)[1], slope, rtol=1e-10, atol=1e-12)
    if kind is not HingeLoss:
        assert DistributedLoss(loss, 2).smoothness == pytest.approx(loss.smoothness)


def test_an_evaluation_is_one_round_trip(rng):
    meter = Meter()
    loss = DistributedLoss(problem(rng, LogisticLoss), 3, meter=meter)
    x = rng.standard_normal(8)
    loss.evaluate(x)
    assert (meter.messages, meter.rounds) == (6, 2)
    assert meter.sent_bytes == 3 * (64 + 64 + 8)
    loss.value(x), loss.gradient(x)  # known
    assert meter.rounds == 2
    meter.reset()
    after(bmrm(loss), 9)
    assert meter.rounds == 2 * 10


@pytest.mark.parametrize("name", ["ogm", "momentum", "subgradient", "bmrm"])
def test_a_step_is_two_products(rng, name):
    meter = Meter()
    loss = problem(rng, LogisticLoss, container=lambda A: CountedMatrix(A, meter))
    if name in ("ogm", "momentum"):
        assert loss.smoothness > 0  # its products are not counted here
    meter.reset()
    steps = METHODS[name](loss)
    next(steps)
    start = meter.products
    assert start <= 2
    after(steps, 4)
    assert meter.products == start + 5 * 2


@pytest.mark.parametrize("name", METHODS)
def test_the_dtype_is_kept_and_the_start_untouched(rng, name):
    loss = problem(rng, LogisticLoss, dtype=np.float32)
    assert after(METHODS[name](loss), 5).x.dtype == np.float32
    x0 = rng.standard_normal(8)
    kept = x0.copy()
    if name in ("lbfgs", "momentum", "subgradient"):
        assert_array_equal(next(METHODS[name](loss)).x, 0)
        steps = {"lbfgs": lbfgs, "momentum": momentum, "subgradient": subgradient}[name](
            loss, x0=x0
        )
        assert_array_equal(after(steps, 3).x.shape, x0.shape)
    assert_array_equal(x0, kept)


def test_methods_end_at_a_minimum():
    loss = SquaredLoss(np.eye(3), np.zeros(3))
    assert len(list(lbfgs(loss))) == 1
    assert len(list(conjugate_gradients(loss))) == 1
    squared = SquaredLoss(np.diag([1.0, 2.0, 3.0]), np.ones(3), ridge=0.5)
    last = list(itertools.islice(conjugate_gradients(squared), 10))[3]
    assert_allclose(squared.evaluate(last.x)[1], 0, atol=1e-14)


E = np.eye(3)
ONE = np.ones(3)
REFUSED = [
    (lambda: SquaredLoss(E, ONE, ridge=-1.0), ValueError, "ridge must lie"),
    (lambda: HuberLoss(E, ONE, width=0.0), ValueError, "width must lie"),
    (lambda: HingeLoss(E, 2 * ONE), ValueError, r"labels -1 and \+1"),
    (lambda: HingeLoss(E, ONE).smoothness, TypeError, "the hinge has no smoothness"),
    (lambda: SquaredHingeLoss(E, ONE).lipschitz, TypeError, "no bound on its slopes"),
    (lambda: HingeLoss(E, ONE).evaluate(np.ones(2)), ValueError, "x must have 3 entries"),
    (lambda: next(bmrm(HingeLoss(E, ONE))), ValueError, "loss must have a ridge"),
    (lambda: next(subgradient(HingeLoss(E, ONE))), ValueError, "step must be given"),
    (lambda: next(momentum(LogisticLoss(E, ONE))), ValueError, "strong_convexity must lie"),
    (lambda: next(momentum(HingeLoss(E, ONE, ridge=1.0))), TypeError, "no smoothness"),
    (lambda: next(ogm(SquaredLoss(E, ONE), 0)), ValueError, "n_steps must be between 1"),
    (lambda: next(conjugate_gradients(LogisticLoss(E, ONE))), TypeError, "must be a SquaredLoss"),
    (lambda: next(lbfgs(SquaredLoss(E, ONE), x0=np.ones(2))), ValueError, "x0 must have one entry"),
    (lambda: next(lbfgs(SquaredLoss(E, ONE), memory=0)), ValueError, "memory must be at least 1"),
    (lambda: next(lbfgs(SquaredLoss(E * np.nan, ONE))), ValueError, "NaN"),
    (lambda: two_loop(E, -E, ONE), ValueError, "positive products"),
    (lambda: two_loop(E, E[:2], ONE), ValueError, "one row for each step"),
    (lambda: bundle_minimum(E, ONE, 1.0, weights=ONE), ValueError, "weights must have one entry"),
    (lambda: DistributedLoss(SquaredLoss(E, ONE), 4), ValueError, "rows = 3"),
    (
        lambda: DistributedLoss(SquaredLoss(CountedMatrix(E, Meter()), ONE)),
        TypeError,
        "whose rows can be cut",
    ),
    (lambda: DistributedLoss(HingeLoss(E, ONE)).smoothness, TypeError, "no smoothness"),
    (lambda: DistributedLoss(SquaredLoss(E, ONE)).lipschitz, TypeError, "use a mean loss"),
    (lambda: chain_bound(1.0, 3, 4), ValueError, "between 0 and n = 3"),
    (lambda: bo.gap_bound([], 1.0), ValueError, "gradient must have an entry"),
]


@pytest.mark.parametrize(("call", "kind", "words"), REFUSED)
def test_bad_input_is_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


# --- Peers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SMOOTH)
def test_lbfgs_needs_no_more_evaluations_than_scipy(kind):
    rng = np.random.default_rng(5)
    counts = []
    for _ in range(5):
        meter = Meter()
        ridge = 1e-3 if kind is LogisticLoss else 0.1
        loss = problem(rng, kind, m=200, n=40, ridge=ridge)
        counted = kind(CountedMatrix(loss.data * np.logspace(0, 1, 40), meter), loss.b, ridge=ridge)
        n = 40
        theirs = scipy.optimize.minimize(
            counted.evaluate, np.zeros(n), jac=True, method="L-BFGS-B",
            options={"maxcor": 10, "ftol": 0, "gtol": 1e-10, "maxiter": 2000},
        )  # fmt: skip
        meter.reset()
        goal = theirs.fun + 1e-8 * abs(theirs.fun)
        scipy_count = _evaluations_until(counted, meter, goal)
        meter.reset()
        next(step for step in lbfgs(counted) if step.value <= goal)
        counts.append((meter.products / 2, scipy_count))
    ours, theirs = np.sum(counts, axis=0)
    assert ours <= 1.25 * theirs


def _evaluations_until(loss, meter, goal):
    class Near(Exception):
        pass

    def watched(x):
        value, gradient = loss.evaluate(x)
        if value <= goal:
            raise Near
        return value, gradient

    n = loss.A.shape[1]
    options = {"maxcor": 10, "ftol": 0, "gtol": 0, "maxiter": 2000}
    with pytest.raises(Near):
        scipy.optimize.minimize(watched, np.zeros(n), jac=True, method="L-BFGS-B", options=options)
    return meter.products / 2


def test_bmrm_agrees_with_liblinear(rng):
    svm = pytest.importorskip("sklearn.svm")
    loss = problem(rng, HingeLoss, ridge=0.05)
    step = next(s for s in bmrm(loss) if s.value - s.lower_bound <= 1e-6)
    peer = svm.LinearSVC(loss="hinge", C=1 / (0.05 * 60), fit_intercept=False, tol=1e-9)
    peer.set_params(max_iter=1_000_000, random_state=0).fit(loss.data, loss.b)
    theirs = loss.evaluate(peer.coef_[0])[0]
    assert step.lower_bound <= theirs + 1e-12
    assert step.value == pytest.approx(theirs, abs=2e-6)
