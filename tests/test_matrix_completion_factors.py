"""Least squares, stochastic gradient, recommenders: facts, theorems, contracts, peers."""

import itertools
import math
import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from course_lib import datasets
from course_lib.cost import Meter
from course_lib.matrix_completion import (
    ALSRecommender,
    Factors,
    SGDRecommender,
    SoftImpute,
    als,
    csr,
    fold_in,
    implicit_als,
    sgd,
    soft_impute,
)
from tests.kernels import as_python


def at(steps, count):
    """The iterate with this number; the first is number 0."""
    return next(itertools.islice(steps, count, None))


def ratings(rng, m=40, n=30, count=500, dtype=np.float64):
    """Ratings of random places, some rows and columns without any."""
    places = rng.choice((m - 2) * (n - 2), count, replace=False)
    rows, columns = np.divmod(places, n - 2)
    return csr(rows, columns, rng.normal(3, 1, count).astype(dtype), (m, n))


def everything(factors):
    """All numbers of a model in one array, to compare bit by bit."""
    return np.concatenate([np.ravel(part) for part in factors])


def objective(R, F, alpha, bias_alpha):
    e = R.data - F.at(R.rows(), R.indices)
    penalty = alpha * (np.sum(F.P**2) + np.sum(F.Q**2))
    return 0.5 * (np.sum(e**2) + penalty + bias_alpha * np.sum(F.row_bias**2) + bias_alpha
                  * np.sum(F.column_bias**2))  # fmt: skip


def implicit_objective(R, P, Q, alpha):
    weight, target = np.ones(R.shape), np.zeros(R.shape)
    weight[R.rows(), R.indices], target[R.rows(), R.indices] = R.data, 1
    return np.sum(weight * (target - P @ Q.T) ** 2) + alpha * (np.sum(P**2) + np.sum(Q**2))


@pytest.fixture(scope="module")
def movielens():
    data = datasets.movielens()
    pairs = np.column_stack([data.user, data.item]).astype(np.int64)
    return pairs, data.stars


def halves(movielens, seed, share=0.1):
    """Train and test parts of the ratings."""
    pairs, stars = movielens
    order = np.random.default_rng(seed).permutation(len(stars))
    held = order[: int(share * len(order))]
    kept = order[int(share * len(order)) :]
    return pairs[kept], stars[kept], pairs[held], stars[held]


def rmse(model, pairs, stars):
    return float(np.sqrt(np.mean((model.predict(pairs) - stars) ** 2)))


# --- Facts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rank", [0, 1, 5])
def test_a_step_of_als_is_a_ridge_regression_of_each_row(rng, rank):
    R = ratings(rng)
    before, after = (at(als(R, rank, alpha=2, bias_alpha=0.7, rng=0), t).factors for t in (2, 3))
    penalty = np.diag(np.r_[np.full(rank, 2.0), 0.7])
    for i in range(R.shape[0]):
        mine = R.rows() == i
        j = R.indices[mine]
        F = np.column_stack([before.Q[j], np.ones(len(j))])
        target = R.data[mine] - before.mean - before.column_bias[j]
        expected = np.linalg.solve(F.T @ F + penalty, F.T @ target)
        assert_allclose(np.r_[after.P[i], after.row_bias[i]], expected, atol=1e-10)


def test_the_objective_of_als_is_the_one_stated_and_never_rises(rng):
    R = ratings(rng)
    steps = list(itertools.islice(als(R, 4, alpha=0.5, bias_alpha=0.2, rng=0), 30))
    values = [step.value for step in steps]
    assert np.all(np.diff(values) <= 1e-10)
    assert values[7] == pytest.approx(objective(R, steps[7].factors, 0.5, 0.2), rel=1e-12)


@pytest.mark.parametrize("solver", ["cg", "cholesky"])
def test_the_objective_of_implicit_als_is_over_all_entries_and_never_rises(rng, solver):
    R = ratings(rng)._replace(data=rng.uniform(0.5, 9, 500))
    steps = list(itertools.islice(implicit_als(R, 4, alpha=0.3, solver=solver, rng=0), 20))
    values = [step.value for step in steps]
    assert np.all(np.diff(values) <= 1e-8)
    assert values[5] == pytest.approx(implicit_objective(R, *steps[5].factors, 0.3), rel=1e-10)


def test_conjugate_gradients_reach_cholesky(rng):
    R = ratings(rng)._replace(data=rng.uniform(0.5, 9, 500))
    exact = at(implicit_als(R, 4, alpha=0.3, solver="cholesky", rng=0), 0).factors
    steps = at(implicit_als(R, 4, alpha=0.3, solver="cg", cg_steps=12, rng=0), 0).factors
    for mine, other in zip(exact, steps, strict=True):
        assert_allclose(mine, other, atol=1e-6)


def test_a_step_of_sgd_is_the_one_stated():
    R = csr([0, 0], [0, 1], [5.0, 3.0], (1, 2))  # mean 4: errors of one and minus one
    F = at(sgd(R, 2, alpha=0.1, step=0.01, rng=3), 0).factors
    first = at(sgd(R, 2, alpha=0.1, step=1e-12, rng=3), 0).factors  # where it began
    answers = []
    for order in ((0, 1), (1, 0)):
        b, c, p, q = 0.0, np.zeros(2), first.P[0].copy(), first.Q.copy()
        for j in order:
            e = (1.0, -1.0)[j] - b - c[j] - p @ q[j]
            b, c[j] = b + 0.01 * (e - 0.1 * b), c[j] + 0.01 * (e - 0.1 * c[j])
            p, q[j] = p + 0.01 * (e * q[j] - 0.1 * p), q[j] + 0.01 * (e * p - 0.1 * q[j])
        answers.append(np.r_[4.0, b, c, p, q.ravel()])
    assert min(np.abs(everything(F) - answer).max() for answer in answers) < 1e-11


def test_every_rating_is_visited_once_a_pass(rng):
    """With a tiny step and no factors each bias moves by step times the sum of its errors."""
    R = ratings(rng)
    errors = R.data - R.data.mean()
    for n_blocks in (1, 3, 5):
        F = at(sgd(R, 0, alpha=0, step=1e-9, n_blocks=n_blocks, rng=0), 0).factors
        assert_allclose(F.row_bias / 1e-9, np.bincount(R.rows(), errors, 40), atol=1e-4)
        assert_allclose(F.column_bias / 1e-9, np.bincount(R.indices, errors, 30), atol=1e-4)


def test_a_newcomer_is_the_row_that_als_would_have_computed(rng):
    R = ratings(rng)
    old, new = (at(als(R, 3, alpha=1.5, bias_alpha=0.5, rng=0), t).factors for t in (4, 5))
    i = 7
    mine = R.rows() == i
    bias, p = fold_in(old, R.indices[mine], R.data[mine], alpha=1.5, bias_alpha=0.5)
    assert_allclose(np.r_[bias, p], np.r_[new.row_bias[i], new.P[i]], atol=1e-10)


def test_recommendations_are_the_best_unrated_items(rng):
    R = ratings(rng)
    model = ALSRecommender(rank=3, alpha=2.0, random_state=0)
    model.fit(np.column_stack([R.rows(), R.indices]), R.data)
    items, predicted = model.recommend([3, 5, 8], [5, 1, 4], count=20)
    bias, p = fold_in(model.factors_, [3, 5, 8], [5, 1, 4], alpha=2.0, bias_alpha=3.0)
    F = model.factors_
    scores = F.mean + bias + F.column_bias + F.Q @ p
    assert not {3, 5, 8} & set(items) and len(set(items)) == 20
    assert_allclose(predicted, scores[items])
    assert np.all(np.diff(predicted) <= 0)
    left = set(range(len(scores))) - set(items) - {3, 5, 8}
    assert max(scores[list(left)]) <= predicted[-1]

    counts = np.bincount(R.indices, minlength=len(scores))
    items, predicted = model.recommend([3, 5, 8], [5, 1, 4], count=5, alpha=0.1, least=16)
    assert np.all(counts[items] >= 16) and np.any(counts < 16)
    bias, p = fold_in(F, [3, 5, 8], [5, 1, 4], alpha=0.1, bias_alpha=3.0)
    assert_allclose(predicted, (F.mean + bias + F.column_bias + F.Q @ p)[items])


def test_soft_impute_fills_holes_and_keeps_the_rest(rng):
    truth = rng.standard_normal((60, 3)) @ rng.standard_normal((3, 12))
    X = np.where(rng.random(truth.shape) < 0.75, truth, np.nan)
    model = SoftImpute(alpha=0.3, tol=1e-10, random_state=0)
    filled = model.fit_transform(X)
    seen = ~np.isnan(X)
    assert_array_equal(filled[seen], X[seen])
    assert np.abs(filled - truth)[~seen].mean() < 0.1 * np.abs(truth).mean()
    assert_allclose(model.transform(X), filled, atol=0.02)  # rows again, by regression
    fresh = rng.standard_normal((1, 3)) @ np.linalg.svd(truth)[2][:3]
    holed = fresh.copy()
    holed[0, [2, 7]] = np.nan
    assert_allclose(model.transform(holed), fresh, atol=0.05)


# --- Theorems --------------------------------------------------------------------------------


@pytest.mark.parametrize("n_blocks", [2, 4])
def test_dsgd_does_not_depend_on_the_number_of_workers(rng, n_blocks):
    """Gemulla et al.: blocks of a stratum touch different numbers. To the last bit."""
    R = ratings(rng, 60, 50, 1500, np.float32)
    alone = everything(at(sgd(R, 6, n_blocks=n_blocks, workers=1, rng=5), 6).factors)
    for workers in (2, 3, n_blocks):
        shared = everything(at(sgd(R, 6, n_blocks=n_blocks, workers=workers, rng=5), 6).factors)
        assert_array_equal(shared, alone)
    other = everything(at(sgd(R, 6, n_blocks=n_blocks + 1, rng=5), 6).factors)
    assert np.any(other != alone)  # the blocks fix the order, and so the result


@pytest.mark.parametrize("method", [als, implicit_als])
def test_als_does_not_depend_on_the_number_of_blocks(rng, method):
    R = ratings(rng)._replace(data=rng.uniform(1, 5, 500))
    alone = everything(at(method(R, 4, rng=0), 3).factors)
    for n_blocks in (2, 7, 30):
        assert_array_equal(everything(at(method(R, 4, n_blocks=n_blocks, rng=0), 3).factors), alone)


def test_messages_are_those_of_the_algorithms(rng):
    R = ratings(rng)
    for p in (2, 5):
        meter = Meter()
        at(als(R, 3, n_blocks=p, meter=meter, rng=0), 2)
        # In a step all m + n rows of 4 numbers go to p machines and come from one; 4 penalties too.
        numbers = (p + 1) * (40 + 30) * 4 + 2 * p * 4
        assert meter == Meter(messages=3 * 4 * p, sent_bytes=3 * 8 * numbers, rounds=3 * 4)
        meter.reset()
        at(sgd(R, 3, n_blocks=p, meter=meter, rng=0), 2)
        expected = Meter(messages=3 * p * p, sent_bytes=3 * p * 30 * 4 * 8, rounds=3 * p)
        assert meter == expected  # in each stratum all columns travel
    meter.reset()
    at(sgd(R, 3, meter=meter, rng=0), 2)
    assert meter.messages == 0


@pytest.mark.slow
def test_a_cluster_gives_the_same_bits(rng):
    from dask.distributed import Client, LocalCluster

    R = ratings(rng, dtype=np.float32)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        for method in (als, sgd, implicit_als):
            positive = R._replace(data=np.abs(R.data) + np.float32(0.1))
            here = everything(at(method(positive, 3, n_blocks=3, rng=0), 2).factors)
            there = method(positive, 3, n_blocks=3, client=client, rng=0)
            assert_array_equal(everything(at(there, 2).factors), here)


@pytest.mark.slow
def test_completion_beats_biases_by_more_than_its_standard_error(movielens):
    """Five splits, 10% held out; the penalty is chosen on a tenth of the training part.

    Calibrated: the gap is .018 with a standard error of .0005 over splits.
    """
    gaps = []
    for seed in range(5):
        pairs, stars, test_pairs, test_stars = halves(movielens, seed)
        inner = halves((pairs, stars), seed + 100)
        chosen = min(
            (8.0, 16.0, 24.0),
            key=lambda alpha: rmse(
                ALSRecommender(20, alpha=alpha, random_state=0).fit(*inner[:2]), *inner[2:]
            ),
        )
        factors = ALSRecommender(20, alpha=chosen, random_state=0).fit(pairs, stars)
        biases = ALSRecommender(0).fit(pairs, stars)
        gaps.append(rmse(biases, test_pairs, test_stars) - rmse(factors, test_pairs, test_stars))
    standard_error = np.std(gaps, ddof=1) / math.sqrt(len(gaps))
    assert np.mean(gaps) > 4 * standard_error
    assert 0.01 < np.mean(gaps) < 0.03


# --- Contracts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [ALSRecommender(rank=3, random_state=0), SGDRecommender(rank=3, random_state=0)]
)
def test_recommenders_work_in_scikit_learn(rng, model):
    R = ratings(rng)
    X, y = np.column_stack([R.rows(), R.indices]), R.data
    before = model.get_params()
    fitted = clone(model).fit(X, y)
    assert fitted.get_params() == before and not hasattr(model, "factors_")
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), fitted.predict(X))
    assert_array_equal(clone(model).fit(X, y).predict(X), fitted.predict(X))
    assert_array_equal(make_pipeline(FunctionTransformer(), clone(model)).fit(X, y).predict(X),
                       fitted.predict(X))  # fmt: skip
    search = GridSearchCV(model, {"alpha": [0.1, 1.0]}, cv=ShuffleSplit(3, random_state=0),
                          scoring="neg_root_mean_squared_error")  # fmt: skip
    assert search.fit(X, y).best_score_ < 0
    assert len(cross_val_score(model, X, y, cv=3)) == 3
    assert np.all(fitted.predict(X) >= y.min() - 1e-6) and np.all(
        fitted.predict(X) <= y.max() + 1e-6
    )
    average = fitted.factors_.mean
    assert fitted.predict([[10_000, 10_000]])[0] == pytest.approx(average, rel=1e-6)


def test_soft_impute_works_behind_a_scaler_and_in_a_grid_search(rng):
    X = rng.standard_normal((50, 2)) @ rng.standard_normal((2, 8)) + 5
    y = X[:, 0] > 5
    X[rng.random(X.shape) < 0.2] = np.nan
    chain = make_pipeline(StandardScaler(), SoftImpute(random_state=0), LogisticRegression())
    search = GridSearchCV(chain, {"softimpute__rank": [1, 2]}, cv=3).fit(X, y)
    assert search.best_score_ > 0.7


@pytest.mark.parametrize("method", [als, sgd, implicit_als])
def test_float32_stays_and_seeds_repeat(rng, method):
    R = ratings(rng)._replace(data=rng.uniform(1, 5, 500).astype(np.float32))
    before = R.data.copy()
    one, same, other = (at(method(R, 3, rng=seed), 2).factors for seed in (1, 1, 2))
    assert {np.asarray(part).dtype for part in one[-2:]} == {np.dtype(np.float32)}
    assert_array_equal(everything(one), everything(same))
    assert np.any(everything(one) != everything(other))
    assert_array_equal(R.data, before)


def test_kernels_are_their_own_reference(rng):
    R = ratings(rng, 12, 10, 60)._replace(data=rng.uniform(1, 5, 60))

    def answers():
        return [
            everything(at(steps, 1).factors)
            for steps in (
                als(R, 3, rng=0),
                sgd(R, 3, n_blocks=2, rng=0),
                implicit_als(R, 3, rng=0),
                implicit_als(R, 3, solver="cholesky", rng=0),
            )
        ]

    compiled = answers()
    with as_python("matrix_completion"):
        reference = answers()
    for mine, other in zip(compiled, reference, strict=True):
        assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


SMALL = [[1.0, np.nan], [2.0, 3.0]]
KNOWN = Factors(3.0, np.zeros(1), np.zeros(2), np.zeros((1, 1)), np.ones((2, 1)))
REFUSED = [
    (lambda: next(als(SMALL, -1)), ValueError, "rank must be between 0"),
    (lambda: next(als(SMALL, 1, alpha=0)), ValueError, "alpha must lie in (0, inf)"),
    (lambda: next(als(SMALL, 1, bias_alpha=-1)), ValueError, "bias_alpha must lie in (0, inf)"),
    (lambda: next(als(SMALL, 1, n_blocks=3)), ValueError, "n_blocks must be between 1 and min"),
    (lambda: next(als([[np.nan]], 1)), ValueError, "observed must hold at least one entry"),
    (lambda: next(implicit_als([[-1.0]], 1)), ValueError, "confidence must be positive"),
    (lambda: next(implicit_als([[1.0]], 1, solver="lu")), ValueError, "solver must be 'cg' or"),
    (lambda: next(implicit_als([[1.0]], 0)), ValueError, "rank must be between 1"),
    (lambda: next(sgd(SMALL, 1, step=0)), ValueError, "step must lie in (0, inf)"),
    (lambda: next(sgd([[np.nan]], 1)), ValueError, "observed must hold at least one entry"),
    (lambda: at(sgd(SMALL, 1, step=50.0), 200), ValueError, "step = 50 is too long"),
    (lambda: fold_in(KNOWN, [], []), ValueError, "at least one rating"),
    (lambda: fold_in(KNOWN, [2], [1.0]), ValueError, "columns must lie between 0 and 1"),
    (lambda: fold_in(KNOWN, [1, 1], [1.0, 2.0]), ValueError, "given twice"),
    (lambda: ALSRecommender().fit([[0.5, 1.0]], [1]), TypeError, "X must hold integers"),
    (lambda: ALSRecommender().fit([[0, 1, 2]], [1]), ValueError, "pairs of user and item"),
    (lambda: ALSRecommender().fit([[0, -1]], [1]), ValueError, "numbered from zero"),
    (lambda: ALSRecommender(n_iter=0).fit([[0, 1]], [1]), ValueError, "n_iter must be at least 1"),
    (lambda: ALSRecommender(1).fit([[0, 1]], [1]).recommend([0], [3], count=2), ValueError,
     "count must be between 1 and items left to recommend = 1"),
    (lambda: SoftImpute(tol=-1).fit([[1.0, 2.0], [3.0, 4.0]]), ValueError, "tol must lie in"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error) as refusal:
        call()
    assert words in str(refusal.value)


@pytest.mark.parametrize("n_blocks", [1, 2])
def test_implicit_cholesky_in_float32_solves_what_float32_cannot_factor(n_blocks):
    """Faults: NaN from 2 x 2 diag(1e6), and for all of 50 users with confidences to 1e5 and 1e7."""
    diagonal = sp.csr_array(np.diag([1e6, 1e6]).astype(np.float32))
    P, Q = at(implicit_als(diagonal, 2, solver="cholesky", n_blocks=n_blocks, rng=0), 10).factors
    assert_allclose(P @ Q.T, np.eye(2), atol=0.01)  # the exact solution, to a weight of 1e6 on one
    assert P.dtype == np.float32


@pytest.mark.parametrize("alpha", [0.01, 1.0])
@pytest.mark.parametrize("largest", [1e5, 1e7])
def test_implicit_cholesky_in_float32_is_as_good_as_the_exact_columns(rng, largest, alpha):
    rows, columns = np.nonzero(rng.random((50, 1000)) < 0.02)
    weights = rng.uniform(1, largest, len(rows)).astype(np.float32)
    confidence = csr(rows, columns, weights, (50, 1000))
    steps = implicit_als(confidence, 64, alpha=alpha, solver="cholesky", rng=0)
    values = [next(steps).value for _ in range(5)]
    last = next(steps)
    assert np.all(np.diff(values) <= 0)
    P = last.factors[0].astype(np.float64)
    gram = P.T @ P + alpha * np.eye(64)
    best = alpha * np.sum(P**2)  # with the exact column for these P, one by one
    for j in range(1000):
        F, w = P[rows[columns == j]], weights[columns == j].astype(np.float64)
        b = F.T @ w
        best += w.sum() - b @ np.linalg.solve(gram + (F.T * (w - 1)) @ F, b)
    assert_allclose(last.value, best, rtol=1e-3)


def test_rows_that_float32_cannot_solve_are_solved_in_float64(rng):
    """Faults: ZeroDivisionError from alpha = 1e-6 in float32, NaN from 1e-8."""
    table = (1 + np.round(4 * rng.random((12, 8)))).astype(np.float32)
    for alpha in (1e-6, 1e-8):
        values = [at(als(table, 10, alpha=alpha, rng=0), count).value for count in range(5)]
        assert max(values) < 0.05  # of 65; twenty numbers a row fit eight ratings
    with pytest.raises(
        ValueError, match=r"alpha must be positive and finite in float32; got 1e-46"
    ):
        next(als(table, 1, alpha=1e-46))


@pytest.mark.parametrize(
    "call",
    [
        lambda A: at(als(A, 1, rng=0), 2),
        lambda A: at(als(A, 1, alpha=1e-300, bias_alpha=1e-300, rng=0), 2),
        lambda A: at(implicit_als(A, 2, rng=0), 2),
        lambda A: at(implicit_als(A, 2, solver="cholesky", rng=0), 2),
        lambda A: at(soft_impute(A, 1.0, rank=1, rng=0), 2),
    ],
)
def test_entries_that_overflow_are_refused_in_words(call):
    with pytest.raises(ValueError, match=r"overflow|rescale"):
        call(np.array([[1e300, 2e300, 1e200], [3e300, 1.0, 1e250]]))


def test_a_newcomer_is_checked_as_everybody_is():
    known = Factors(3.0, np.zeros(1), np.zeros(2), np.zeros((1, 1)), np.array([[1.0], [2.0]]))
    refused = [
        (lambda: fold_in(known, [0], [4.0], alpha=-1.0), ValueError, "alpha must lie in [0, inf)"),
        (lambda: fold_in(known, [0], [4.0], alpha=np.nan), ValueError, "alpha must lie in"),
        (lambda: fold_in(known, [0], [4.0], alpha=None), TypeError, "alpha must be a number"),
        (lambda: fold_in(known, [-1], [4.0]), ValueError, "columns must lie between 0 and 1"),
        (lambda: fold_in(known, [0.0], [4.0]), TypeError, "columns must be integers"),
        (lambda: fold_in(known, None, [4.0]), TypeError, "columns must be an array"),
        (lambda: fold_in(known, [0], [4j]), TypeError, "values must have a real floating"),
        (lambda: fold_in([1], [0], [4.0]), TypeError, "factors must be Factors"),
        (lambda: fold_in(known, [0], [4.0], alpha=0, bias_alpha=0), ValueError, "raise alpha"),
    ]
    for call, error, words in refused:
        with pytest.raises(error) as caught:
            call()
        assert words in str(caught.value)


def test_recommenders_refuse_what_is_no_rating_and_no_person():
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]], [1.0, 2, 3, 4, 2]
    for wrong in (np.array(y) + 1j, np.array(y).astype(str), np.zeros(5, "datetime64[D]")):
        with pytest.raises(TypeError, match="y must have a real floating dtype"):
            ALSRecommender(1).fit(X, wrong)
    with pytest.raises(ValueError, match="y contains NaN or infinity, or overflows"):
        ALSRecommender(1).fit(X, [1e200, 2, 3, 4, 2])
    model = ALSRecommender(0).fit(X, y)
    with pytest.raises(ValueError, match="X must lie between 0 and"):
        model.predict(np.array([[2**64 - 1, 0]], np.uint64))
    with pytest.raises(ValueError, match="no mask"):
        SoftImpute().fit(np.ma.masked_array(np.eye(3), np.eye(3) == 1))


@pytest.mark.parametrize("method", [als, implicit_als, sgd])
def test_a_huge_rank_is_refused_before_memory_is_asked_for(method):
    for rank in (2**31, 2**63, 2**70):
        with pytest.raises(ValueError, match="rank must be between"):
            next(method(np.eye(3) + 1, rank))


@pytest.mark.parametrize("kind", [sp.csr_array, sp.coo_array, sp.lil_array, sp.dia_matrix])
def test_integers_in_sparse_matrices_are_ratings(kind):
    table = np.array([[5, 0, 3], [0, 2, 1]])
    for method in (als, sgd, implicit_als):
        ints, floats = (next(method(kind(A), 1, rng=0)) for A in (table, table.astype(float)))
        assert ints.value == floats.value


# --- Peers -----------------------------------------------------------------------------------


class Rows(list):
    """What Surprise wants of a data frame."""

    def itertuples(self, index):
        return iter(self)


@pytest.mark.slow
def test_sgd_is_as_good_as_surprise(movielens):
    surprise = pytest.importorskip("surprise")
    pairs, stars, test_pairs, test_stars = halves(movielens, 0)
    model = SGDRecommender(20, alpha=0.02, step=0.005, n_iter=20, random_state=0).fit(pairs, stars)
    rows = Rows((int(u), int(i), float(r)) for (u, i), r in zip(pairs, stars, strict=True))
    train = surprise.Dataset.load_from_df(rows, surprise.Reader(rating_scale=(0.5, 5)))
    peer = surprise.SVD(n_factors=20, n_epochs=20, random_state=0).fit(train.build_full_trainset())
    theirs = [peer.predict(int(u), int(i)).est for u, i in test_pairs]
    peer_rmse = float(np.sqrt(np.mean((np.array(theirs) - test_stars) ** 2)))
    assert rmse(model, test_pairs, test_stars) == pytest.approx(peer_rmse, abs=0.004)


def test_implicit_als_reaches_the_objective_of_implicit(rng):
    implicit = pytest.importorskip("implicit")
    R = ratings(rng, 200, 150, 3000)._replace(data=rng.uniform(1, 9, 3000).astype(np.float32))
    peer = implicit.als.AlternatingLeastSquares(
        factors=8, regularization=0.1, iterations=15, use_gpu=False, num_threads=1, random_state=0
    )
    copied = sp.csr_matrix((R.data, R.indices, R.indptr), R.shape, copy=True)
    peer.fit(copied, show_progress=False)
    ours = at(implicit_als(R, 8, alpha=0.1, rng=0), 14).factors
    theirs = np.array(peer.user_factors), np.array(peer.item_factors)
    assert implicit_objective(R, *ours, 0.1) <= 1.01 * implicit_objective(R, *theirs, 0.1)


def test_als_without_factors_is_ridge_regression_on_indicators(rng):
    R = ratings(rng)
    F = at(als(R, 0, bias_alpha=2.0), 200).factors
    X = np.zeros((R.nnz, sum(R.shape)))
    X[np.arange(R.nnz), R.rows()] = 1
    X[np.arange(R.nnz), R.shape[0] + R.indices] = 1
    w = np.linalg.solve(X.T @ X + 2 * np.eye(X.shape[1]), X.T @ (R.data - R.data.mean()))
    assert_allclose(np.r_[F.row_bias, F.column_bias], w, atol=1e-8)


def test_soft_impute_and_als_recommend_alike(movielens):
    """One minimum, two algorithms, on real ratings less their biases."""
    pairs, stars = movielens
    few = (pairs[:, 0] < 60) & (pairs[:, 1] < 400)
    values = (stars[few] - stars[few].mean()).astype(np.float64)
    R = csr(*pairs[few].T, values)
    convex = at(soft_impute(R, 4.0, rank=15, rng=0), 400)
    F = at(als(R, 15, alpha=4.0, bias_alpha=1e12, rng=0), 400)
    assert F.value == pytest.approx(convex.value, rel=1e-5)


def test_an_imputer_that_stops_too_early_says_so(rng):
    X = np.where(rng.random((12, 8)) < 0.4, np.nan, rng.standard_normal((12, 8)))
    with pytest.warns(ConvergenceWarning, match="after 2 steps; raise max_iter or tol"):
        SoftImpute(max_iter=2, random_state=0).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SoftImpute(random_state=0).fit(X)
