"""What chapter 13 says of its opening claim: ``python -m benchmarks.causes_batch_optimization``.

How many gradients does each method take until its objective is within a gap of the minimum: on all
rows of a9a, on three random halves of them, with a larger ridge, and on hashed text messages?
Gradient descent takes tens of thousands, which is why this is no cell of the page. Further: when do
the planes of the subgradient method certify a gap, how many sums over the rows do scikit-learn's
solvers ask for, and how much longer does a row take if its columns are scattered over a million?
Some five minutes; writes ``results/batch_optimization_causes.json``. The last is the only time.
"""

import datetime
import itertools
import json
import time

import numpy as np
import scipy.sparse as sp

from benchmarks import harness
from course_lib import datasets
from course_lib.batch_optimization import (
    HingeLoss,
    LogisticLoss,
    gap_bound,
    lbfgs,
    momentum,
    subgradient,
)
from course_lib.sparse_coding import fista, ista

GAPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
MOST = 60_000  # steps


class Counted:
    """A loss that counts its evaluations."""

    def __init__(self, loss):
        self.loss, self.count = loss, 0
        self.A, self.b, self.ridge = loss.A, loss.b, loss.ridge

    def evaluate(self, x):
        """One product with the matrix and one with its transpose."""
        self.count += 1
        return self.loss.evaluate(x)


def problems():
    """Name, rows, labels and ridge of each problem."""
    train = datasets.a9a()[0]
    X, y = train.X, train.y.astype(float)
    yield "all rows", X, y, 1e-4
    for seed in range(3):
        half = np.random.default_rng(seed).permutation(len(y))[: len(y) // 2]
        yield f"half {seed}", X[half], y[half], 1e-4
    yield "all rows, ridge 0.001", X, y, 1e-3
    yield "messages", *messages(), 1e-4


def messages():
    """SMS messages as counts of hashed words and pairs of words, each row of length one."""
    from sklearn.feature_extraction.text import HashingVectorizer

    sms = datasets.sms_spam()
    rows = HashingVectorizer(n_features=2**14, ngram_range=(1, 2), norm="l2").transform(sms.texts)
    return sp.csr_array(rows), np.where(sms.spam, 1.0, -1.0)


def newton(loss, steps=12):
    """Yield the values of Newton's method with full steps; the Hessian is a dense matrix."""
    x, X = np.zeros(loss.data.shape[1]), loss.data
    for _ in range(steps):
        value, gradient = loss.evaluate(x)
        yield value
        chance = 1 / (1 + np.exp(-(X @ x)))
        weighted = sp.diags_array(chance * (1 - chance) / X.shape[0]) @ X
        x = x - np.linalg.solve((X.T @ weighted).toarray() + loss.ridge * np.eye(len(x)), gradient)


def steepest(loss):
    """Yield the values of gradient descent that goes to the lowest point along each gradient."""
    x, m = np.zeros(loss.data.shape[1]), len(loss.b)
    z = loss.A @ x
    while True:
        yield loss.value(z)
        p = -loss.gradient(z)
        q, length = loss.A @ p, 0.0
        for _ in range(30):  # Newton in one variable
            here = z + length * q
            chance = 1 / (1 + np.exp(-here[:m]))
            bend = q[:m] ** 2 @ (chance * (1 - chance)) / m + q[m:] @ q[m:]
            change = loss.slope(here) @ q / bend
            length -= change
            if abs(change) <= 1e-10 * abs(length):
                break
        x, z = x + length * p, z + length * q


def first(values, minimum):
    """The number of the first value within each gap; a value is a pair with its own count."""
    found, rest = {}, list(GAPS)
    for count, value in itertools.islice(values, MOST):
        while rest and value <= minimum + rest[0]:
            found[f"{rest.pop(0):g}"] = count
        if not rest:
            break
    return found


def counts(X, y, ridge):
    """Gradients of each method until it is within each gap, and how well the minimum is known."""
    loss = LogisticLoss(X, y, ridge=ridge)
    for best in itertools.islice(lbfgs(loss), 400):
        if gap_bound(best.gradient, ridge) < 1e-12:
            break
    counted = Counted(loss)
    rows = {
        "L-BFGS": first(((counted.count, s.value) for s in lbfgs(counted)), best.value),
        "momentum": first(enumerate(s.value for s in momentum(loss)), best.value),
        "FISTA": first(enumerate(s.value for s in fista(loss, 0)), best.value),
        "gradient descent": first(enumerate(s.value for s in ista(loss, 0)), best.value),
    }
    if X.shape[1] < 1000:
        rows["Newton"] = first(enumerate(newton(loss)), best.value)
    condition = loss.smoothness / ridge
    return {"condition": condition, "unknown": gap_bound(best.gradient, ridge), "counts": rows}


def certified_by_own_planes(X, y, ridge=1e-3, gap=1e-3):
    """Rounds until the subgradient method's own planes, weighted by t, certify the gap."""
    loss, best, lower = HingeLoss(X, y, ridge=ridge), np.inf, -np.inf
    slope, height, total = np.zeros(X.shape[1]), 0.0, 0
    for t, step in enumerate(itertools.islice(subgradient(loss), MOST), 1):
        risk, g = loss.risk(step.x)
        slope, height, total = slope + t * g, height + t * (risk - g @ step.x), total + t
        mean = slope / total
        best, lower = min(best, step.value), max(lower, height / total - mean @ mean / (2 * ridge))
        if best - lower <= gap:
            return t
    return None


def peer_sums(X, y, ridge=1e-4):
    """Sums over all rows that solvers of scikit-learn ask for: values, slopes, Hessian products."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.linear_model._linear_loss import LinearModelLoss

    class Watched(LinearModelLoss):
        calls, products, hessians = 0, 0, 0

    def watch(name):
        def call(self, *args, **kwargs):
            Watched.calls += 1
            Watched.hessians += name == "gradient_hessian"
            out = getattr(LinearModelLoss, name)(self, *args, **kwargs)
            return (out[0], product(out[1])) if name.endswith("product") else out

        return call

    def product(apply):
        def call(v):
            Watched.products += 1
            return apply(v)

        return call

    for name in (
        "loss",
        "loss_gradient",
        "gradient",
        "gradient_hessian",
        "gradient_hessian_product",
    ):
        setattr(Watched, name, watch(name))
    module, found = __import__("sklearn.linear_model._logistic", fromlist=["_"]), {}
    module.LinearModelLoss = Watched
    try:
        for solver, options in (
            ("lbfgs", {"tol": 2e-5, "max_iter": 1000}),
            ("newton-cg", {}),
            ("newton-cholesky", {}),
        ):
            Watched.calls = Watched.products = Watched.hessians = 0
            C = 1 / (ridge * len(y))
            LogisticRegression(C=C, fit_intercept=False, solver=solver, **options).fit(X, y)
            sums = Watched.calls + Watched.products
            found[solver] = {
                "sums": sums,
                "hessian products": Watched.products,
                "hessians": Watched.hessians,
            }
    finally:
        module.LinearModelLoss = LinearModelLoss
    return found


def scattered(rows=500_000, entries=14, turns=5):
    """How many times as long a row takes with its columns at random in a million, not in 123."""
    seconds = {}
    for n in (123, 10**6):
        rng = np.random.default_rng(0)
        columns = np.sort(rng.integers(0, n, (rows, entries)).astype(np.int32), axis=1)
        starts = np.arange(0, entries * rows + 1, entries)
        X = sp.csr_array((np.ones(columns.size), columns.ravel(), starts), shape=(rows, n))
        loss = LogisticLoss(X, rng.choice([-1.0, 1.0], rows), ridge=1e-4)
        x, times = rng.normal(size=n) / 100, []
        for _ in range(turns + 1):
            began = time.process_time()
            loss.evaluate(x)
            times.append(time.process_time() - began)
        seconds[n] = float(np.median(times[1:]))
    return {
        "ns a row": {str(n): round(1e9 * s / rows, 1) for n, s in seconds.items()},
        "times": round(seconds[10**6] / seconds[123], 2),
    }


def beside(X, y):
    """What is counted beside the claim."""
    return {
        "own planes": certified_by_own_planes(X, y),
        "peers": peer_sums(X, y),
        "scattered": scattered(),
    }


def main():
    """Count on every problem and write the file."""
    found = {"date": datetime.date.today().isoformat(), "problems": {}}
    for name, X, y, ridge in problems():
        record = {"rows": X.shape[0], "columns": X.shape[1], "ridge": ridge, **counts(X, y, ridge)}
        found["problems"][name] = record
        if name == "all rows":  # does the line search make the difference?
            loss = LogisticLoss(X, y, ridge=ridge)
            best = list(itertools.islice(lbfgs(loss), 200))[-1]
            record["counts"]["steepest"] = first(enumerate(steepest(loss)), best.value)
            long = ista(loss, 0, step=2 / (loss.smoothness + ridge))  # the best constant step
            values = enumerate(step.value for step in long)
            record["counts"]["long steps"] = first(values, best.value)
        print(name, record, flush=True)
    found |= beside(*next(problems())[1:3])
    path = harness.RESULTS / "batch_optimization_causes.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
