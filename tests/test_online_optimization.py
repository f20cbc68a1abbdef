"""Online methods: exact projections, lazy steps equal to plain ones, regret, certificates."""

import itertools

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from course_lib import online_optimization as oo
from course_lib.batch_optimization import (
    HingeLoss,
    HuberLoss,
    LogisticLoss,
    SquaredLoss,
    bmrm,
    lbfgs,
)
from course_lib.sparse_coding import FTRLProximal, Iterate
from tests.kernels import as_python

KINDS = [SquaredLoss, HuberLoss, LogisticLoss, HingeLoss]
SMOOTH = KINDS[:3]
PROJECTIONS = [oo.project_ball, oo.project_l1, oo.project_simplex]
numbers = st.lists(st.sampled_from([-3.0, -1.0, 0.0, 0.5, 1.0, 2.5]) | st.floats(-1e3, 1e3))


def after(steps, k):
    return next(itertools.islice(steps, k, None))


def problem(rng, kind, m=40, n=8, ridge=0.1, container=sp.csr_array, dtype=np.float64):
    """Half the entries zero, one row and one column all zero."""
    A = rng.standard_normal((m, n)) * (rng.random((m, n)) < 0.5)
    A[3], A[:, 2] = 0, 0
    b = A @ rng.standard_normal(n) + rng.standard_normal(m)
    b = np.where(b > 0, 1, -1) if kind in (LogisticLoss, HingeLoss) else b
    return kind(container(A.astype(dtype)), b.astype(dtype), ridge=ridge)


def ball(x):
    return oo.project_ball(x, 1.5)


# --- Facts: true for every input ----------------------------------------------------------------


@given(v=numbers.filter(len), total=st.floats(1e-3, 1e3))
def test_the_simplex_meets_its_conditions(v, total):
    v = np.array(v)
    w = oo.project_simplex(v, total)
    scale = max(total, np.abs(v).max())
    assert w.min() >= 0
    assert w.sum() == pytest.approx(total, abs=1e-12 * scale)
    thresholds = (v - w)[w > 0]
    assert np.ptp(thresholds) <= 1e-12 * scale
    assert np.all(v[w == 0] <= thresholds.max() + 1e-12 * scale)


@given(v=numbers, radius=st.floats(1e-3, 1e3))
def test_the_l1_ball_meets_its_conditions(v, radius):
    v = np.array(v)
    w = oo.project_l1(v, radius)
    if np.abs(v).sum() <= radius:
        assert_array_equal(w, v)
        return
    assert_allclose(np.abs(w), oo.project_simplex(np.abs(v), radius))
    assert np.all(w * v >= 0)
    assert not np.signbit(w[w == 0]).any()


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 100))
@pytest.mark.parametrize("project", PROJECTIONS)
def test_projections_never_part_points_and_happen_once(project, seed, scale):
    u, v = scale * np.random.default_rng(seed).standard_normal((2, 6))
    near, far = np.linalg.norm(project(u) - project(v)), np.linalg.norm(u - v)
    assert near <= far * (1 + 1e-12)
    assert_allclose(project(project(u)), project(u), atol=1e-14)
    inside = project(v)  # the angle at the nearest point is not acute
    assert (u - project(u)) @ (inside - project(u)) <= 1e-11 * scale**2


def test_a_large_simplex_is_exact_far_from_zero(rng):
    v = rng.standard_normal(100_000)
    w = oo.project_simplex(v + 1e6)
    assert w.sum() == pytest.approx(1, abs=1e-9)  # one part in 1e6 of 1e-16 is 1e-10
    assert_allclose(w, oo.project_simplex(v), atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_rounds_are_the_terms_of_the_loss(rng, kind):
    loss = problem(rng, kind)
    x = rng.standard_normal(8)
    values, slopes = zip(*(f(x) for f in oo.rounds_of(loss)), strict=True)
    share = 1 / 40 if kind in (LogisticLoss, HingeLoss) else 1.0
    bare = problem(np.random.default_rng(0), kind, ridge=0)
    bare.data, bare.A, bare.b = loss.data, loss.data, loss.b
    value, slope = bare.evaluate(x)
    assert share * (sum(values) - 40 * 0.05 * x @ x) == pytest.approx(value)
    assert_allclose(share * (sum(slopes) - 40 * 0.1 * x), slope, atol=1e-12)


def plain_ogd(loss, x, step, project, delays):
    """Gradients that come in a list, sorted when it is looked at."""
    x, mail, came, played = project(x), [], 0, []
    for t, f in enumerate(oo.rounds_of(loss)):
        for place in sorted(range(len(mail)), key=lambda i: mail[i][0]):
            if mail[place][0] <= t:
                came += 1
                x = project(x - step / np.sqrt(came) * mail[place][1])
        mail = [letter for letter in mail if letter[0] > t]
        value, slope = f(x)
        played.append((x, value))
        mail.append((t + 1 + delays[t], slope))
    return played


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("late", [0.0, 6.5])
def test_three_texts_of_online_descent_agree(rng, kind, late):
    loss = problem(rng, kind, m=80, ridge=0)
    delays, x0 = late * rng.random(80), rng.standard_normal(8)
    plain = plain_ogd(loss, x0, 0.5, ball, delays)
    steps = list(oo.ogd(oo.rounds_of(loss), x0, step=0.5, project=ball, delays=delays))
    found = oo.ogd_pass(loss, step=0.5, radius=1.5, delays=delays, x0=x0)
    assert len(steps) == 80
    assert_allclose([s.x for s in steps], [x for x, _ in plain])
    assert_allclose([s.value for s in steps], [value for _, value in plain])
    assert_allclose(found.losses, [value for _, value in plain])
    assert np.linalg.norm(found.x) <= 1.5 * (1 + 1e-12)


def test_a_gradient_is_taken_where_the_point_was_played():
    asked = []

    def f(x):
        asked.append(float(x[0]))
        return float(x[0]), np.ones(1)

    played = [float(s.x[0]) for s in oo.ogd([f] * 4, [0.0], step=lambda k: k, delays=[1, 0, 0, 0])]
    assert played == asked == [0.0, 0.0, -3.0, -6.0]  # two gradients come before the third round
    lost = list(oo.ogd([f] * 3, [0.0], delays=np.inf))
    assert [s.x[0] for s in lost] == [0.0, 0.0, 0.0]


def test_many_projections_do_not_wear_the_ball_out(rng):
    loss = LogisticLoss(rng.standard_normal((4000, 5)), np.ones(4000))
    found = oo.ogd_pass(loss, step=1e6, radius=1e-3)  # the scale shrinks past its limit
    steps = oo.ogd(
        oo.rounds_of(loss), np.zeros(5), step=1e6, project=lambda x: oo.project_ball(x, 1e-3)
    )
    assert_allclose(found.losses, [s.value for s in steps])


def row_gradient(loss, i, x):
    """The gradient of one of the m functions whose mean the loss is."""
    m = len(loss.b)
    share = 1.0 if isinstance(loss, LogisticLoss) else m
    f = after(oo.rounds_of(loss), i)
    return share * (f(x)[1] - loss.ridge * x) + loss.ridge * x


@pytest.mark.parametrize("kind", SMOOTH)
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_lazy_svrg_takes_the_plain_steps(rng, kind, ridge):
    loss = problem(rng, kind, ridge=ridge)
    eta, x, draw = 0.3 / oo.row_smoothness(loss), rng.standard_normal(8), np.random.default_rng(5)
    steps = oo.svrg(loss, x0=x, step=eta, n_inner=25, rng=5)
    for _ in range(3):
        step = next(steps)
        assert_allclose(step.x, x, rtol=1e-10)
        assert step.value == pytest.approx(loss.evaluate(x)[0])
        anchor, full = x, loss.evaluate(x)[1]
        for i in draw.integers(0, 40, 25):
            x = x - eta * (row_gradient(loss, i, x) - row_gradient(loss, i, anchor) + full)


@pytest.mark.parametrize("kind", SMOOTH)
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_lazy_saga_takes_the_plain_steps(rng, kind, ridge):
    loss = problem(rng, kind, ridge=ridge)
    eta, x, draw = 1 / (3 * oo.row_smoothness(loss)), rng.standard_normal(8), rng.spawn(1)[0]
    draw = np.random.default_rng(5)
    steps = oo.saga(loss, x0=x, rng=5)
    table = np.array([row_gradient(loss, i, x) - ridge * x for i in range(40)])
    for _ in range(3):
        step = next(steps)
        assert_allclose(step.x, x, rtol=1e-10)
        assert step.value == pytest.approx(loss.evaluate(x)[0])
        for i in draw.integers(0, 40, 40):
            new = row_gradient(loss, i, x) - ridge * x
            x = x - eta * (new - table[i] + table.mean(0) + ridge * x)
            table[i] = new


@pytest.mark.parametrize("kind", SMOOTH)
def test_the_roughest_row_is_the_steepest(rng, kind):
    loss = problem(rng, kind)
    L = oo.row_smoothness(loss)
    assert loss.smoothness <= L <= 40 * loss.smoothness
    for i in range(40):
        x, y = rng.standard_normal((2, 8))
        change = row_gradient(loss, i, x) - row_gradient(loss, i, y)
        assert np.linalg.norm(change) <= L * np.linalg.norm(x - y) * (1 + 1e-12)


def test_averages_weigh_by_powers(rng):
    points = rng.standard_normal((9, 3))
    steps = [Iterate(x, float(x @ x)) for x in points]
    for power, weights in ((0, np.ones(9)), (1, np.arange(1, 10)), (2, np.arange(1, 10) * 1.0)):
        weights = weights * (weights + 1) if power == 2 else weights
        *_, last = oo.averaged(steps, power=power)
        assert_allclose(last.x, weights @ points / weights.sum())
        assert last.value == pytest.approx(weights @ (points**2).sum(1) / weights.sum())
        assert last.x @ last.x <= last.value
    assert_array_equal(points[0], steps[0].x)


@pytest.mark.parametrize("keep", [False, True])
def test_adam_and_amsgrad_are_the_algorithms_of_their_papers(rng, keep):
    slopes = rng.standard_normal((30, 4))
    rounds = [lambda x, g=g: (float(g @ x), g) for g in slopes]
    method = oo.amsgrad if keep else oo.adam
    played = [s.x for s in method(rounds, np.ones(4), step=0.1, beta1=0.8, beta2=0.9)]
    x, m, v, top = np.ones(4), np.zeros(4), np.zeros(4), np.zeros(4)
    for t, g in enumerate(slopes, 1):
        assert_allclose(played[t - 1], x)
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        top = np.maximum(top, v)
        fixed = m / (1 - 0.8**t) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8)
        x = x - 0.1 * (m / (np.sqrt(top) + 1e-8) if keep else fixed)


def plain_pegasos(X, signs, orders, alpha, project):
    w, mean, t = np.zeros(X.shape[1]), np.zeros(X.shape[1]), 0
    for i in orders:
        t += 1
        mean = mean + (w - mean) / t
        pulls = signs[i] * (X[i] @ w) < 1
        w = (1 - 1 / t) * w + pulls * signs[i] * X[i] / (alpha * t)
        if project and alpha * (w @ w) > 1:
            w = w / np.sqrt(alpha * (w @ w))
    return w, mean


@pytest.mark.parametrize("alpha", [1e-6, 0.01, 1.0])
@pytest.mark.parametrize("project", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
def test_pegasos_takes_the_plain_steps(rng, alpha, project, intercept):
    X = rng.standard_normal((60, 5)) * (rng.random((60, 5)) < 0.6)
    y = np.where(X[:, 0] + 0.3 * rng.standard_normal(60) > 0, 1, -1)
    wide = np.column_stack([X, np.full(60, float(intercept))])
    orders = np.tile(np.arange(60), 3)
    last, mean = plain_pegasos(wide, y, orders, alpha, project)
    for average, w in ((True, mean), (False, last)):
        learner = oo.Pegasos(
            alpha=alpha, project=project, average=average, fit_intercept=intercept, shuffle=False
        )
        learner.set_params(n_epochs=3).fit(sp.csr_array(X), y)
        found = np.r_[learner.coef_[0], learner.intercept_]
        assert_allclose(found, w, rtol=1e-8, atol=1e-9 * np.abs(w).max())
        piece = oo.Pegasos(**learner.get_params())
        for part in np.split(np.arange(180), [7, 100]):
            piece.partial_fit(X[orders[part]], y[orders[part]], classes=[-1, 1])
        assert_allclose(np.r_[piece.coef_[0], piece.intercept_], found, rtol=1e-10, atol=1e-12)
        assert piece.loss_sum_ == pytest.approx(learner.loss_sum_)


def test_ftrl_without_penalty_is_adagrad(rng):
    X, y = rng.standard_normal((200, 6)), np.where(rng.random(200) < 0.5, -1, 1)
    wide, w, squares = np.column_stack([X, np.ones(200)]), np.zeros(7), np.zeros(7)
    for row, sign in zip(wide, y, strict=True):
        g = -sign / (1 + np.exp(sign * (row @ w))) * row
        squares += g * g
        w -= 0.3 * g / (2.0 + np.sqrt(squares))
    learner = FTRLProximal(alpha=0, step=0.3, beta=2.0, shuffle=False).fit(X, y)
    assert_allclose(np.r_[learner.coef_[0], learner.intercept_], w, atol=1e-12)


@pytest.mark.parametrize("kind", [HingeLoss, LogisticLoss])
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-3, 1.0, 4.0]))
def test_the_dual_bound_is_true_and_closes(kind, seed, scale):
    rng = np.random.default_rng(seed)
    made = problem(rng, kind, m=12, n=4)
    loss = kind(made.data * scale, made.b, ridge=0.2)
    highest = max(s.lower_bound for s in itertools.islice(bmrm(loss), 60))
    for step in itertools.islice(oo.sdca(loss, n_epochs=7, rng=seed), 40):
        assert step.value == pytest.approx(loss.evaluate(step.x)[0])
        assert step.lower_bound <= step.value + 1e-12
        assert highest <= step.value + 1e-10
    assert step.value - step.lower_bound <= 1e-6
    assert highest >= step.lower_bound - 1e-6


def test_kernels_are_their_python(rng):
    losses = [problem(rng, kind, m=12) for kind in (LogisticLoss, HingeLoss, HuberLoss)]
    bare = [problem(rng, kind, m=12, ridge=0) for kind in KINDS]
    X, y = losses[0].data, losses[0].b

    def answers():
        yield from (oo.ogd_pass(loss, radius=0.5, delays=1.5) for loss in bare)
        yield from (after(oo.sdca(loss, rng=0), 4) for loss in losses[:2])
        yield from (after(m(losses[2], rng=0), 3) for m in (oo.svrg, oo.saga))
        for learner in (oo.Pegasos(random_state=0), FTRLProximal(random_state=0, alpha=0.1)):
            yield learner.fit(X, y).state_

    compiled = list(answers())
    with as_python("online_optimization", "_online", "sparse_coding"):
        plain = list(answers())
    for one, other in zip(compiled, plain, strict=True):
        for a, b in zip(one, other, strict=True):
            assert_allclose(a, b, rtol=1e-10, atol=1e-13)
