"""Speed of batch methods against SciPy, scikit-learn and liblinear; see the harness.

Each contestant stops at the first iterate within the gap, or is tuned to end there: the error is
how far its objective, computed by us, lies above the best that is known.
"""

import itertools
import warnings

import numpy as np
import scipy.optimize
import sklearn.linear_model
import sklearn.svm

from benchmarks import harness
from course_lib import datasets
from course_lib.batch_optimization import HingeLoss, LogisticLoss, bmrm, lbfgs, momentum
from course_lib.sparse_coding import fista

RIDGE = 1e-4  # of the logistic loss
GAP = 1e-6
SVM_RIDGE, SVM_GAP = 1e-3, 1e-3


def workloads(quick):
    """Yield the workloads one by one."""
    train = datasets.a9a()[0]
    rows = slice(0, 8000 if quick else None)
    X, y = train.X[rows], train.y[rows].astype(float)
    yield logistic(X, y)
    yield machine(X, y)


def logistic(X, y):
    """Logistic regression to a gap of a millionth; tolerances and rounds are tuned on all rows."""
    loss = LogisticLoss(X, y, ridge=RIDGE)
    minimum = list(itertools.islice(lbfgs(loss), 400))[-1].value
    goal = minimum + GAP

    def ours(method):
        return lambda _: next(step for step in method() if step.value <= goal).x

    def by_scipy(_):
        found = []

        def stop(intermediate_result):
            found.append(intermediate_result)
            if intermediate_result.fun <= goal:
                raise StopIteration

        options = {"maxcor": 10, "ftol": 0, "gtol": 0, "maxiter": 5000}
        start = np.zeros(X.shape[1])
        return scipy.optimize.minimize(
            loss.evaluate, start, jac=True, method="L-BFGS-B", callback=stop, options=options
        ).x

    def by_sklearn(seed, tol, **options):
        return _fitted(
            sklearn.linear_model.LogisticRegression(
                C=1 / (RIDGE * len(y)), fit_intercept=False, tol=tol, random_state=seed, **options
            ),
            X,
            y,
        )

    contestants = {
        "ours, L-BFGS": ours(lambda: lbfgs(loss)),
        "ours, constant momentum": ours(lambda: momentum(loss)),
        "ours, FISTA": ours(lambda: fista(loss, 0)),
        "SciPy, L-BFGS-B": by_scipy,
        "sklearn, lbfgs": lambda s: by_sklearn(s, 2e-5, solver="lbfgs", max_iter=1000),
        "sklearn, newton-cholesky": lambda s: by_sklearn(s, 1e-4, solver="newton-cholesky"),
        "sklearn, saga": lambda s: by_sklearn(s, 0.0, solver="saga", max_iter=14),
        "liblinear, dual": lambda s: by_sklearn(
            s, 1e-9, solver="liblinear", dual=True, max_iter=11
        ),
    }
    return harness.Workload(
        "logistic",
        f"logistic regression on {X.shape[0]} rows of a9a, ridge {RIDGE:g}, to a gap of {GAP:g}",
        contestants,
        lambda x: max(GAP, loss.evaluate(x)[0] - minimum),
        f"objective above the minimum; below {GAP:g} counts as {GAP:g}",
        [
            ("ours, L-BFGS", "SciPy, L-BFGS-B", 1.0),
            ("ours, L-BFGS", "sklearn, lbfgs", 1.0),
            ("ours, L-BFGS", "sklearn, newton-cholesky", None),
            ("ours, L-BFGS", "sklearn, saga", None),
            ("ours, L-BFGS", "liblinear, dual", None),
        ],
    )


def machine(X, y):
    """A support vector machine to a certified gap of a thousandth; liblinear gives no certificate.

    Its tolerance is the largest of 1, .3, .1 and .03 that ends within the gap on all rows.
    """
    loss = HingeLoss(X, y, ridge=SVM_RIDGE)
    lower = next(s for s in bmrm(loss) if s.value - s.lower_bound <= SVM_GAP / 20).lower_bound

    def ours(_):
        return next(s for s in bmrm(loss) if s.value - s.lower_bound <= SVM_GAP).x

    def by_liblinear(seed):
        return _fitted(
            sklearn.svm.LinearSVC(
                loss="hinge",
                C=1 / (SVM_RIDGE * len(y)),
                fit_intercept=False,
                tol=0.3,
                random_state=seed,
            ),
            X,
            y,
        )

    return harness.Workload(
        "svm",
        f"hinge loss on {X.shape[0]} rows of a9a, ridge {SVM_RIDGE:g}, to a gap of {SVM_GAP:g}",
        {"ours, BMRM": ours, "liblinear, dual": by_liblinear},
        lambda x: max(SVM_GAP, loss.evaluate(x)[0] - lower),
        f"objective above a lower bound; below {SVM_GAP:g} counts as {SVM_GAP:g}",
        [("ours, BMRM", "liblinear, dual", None)],
    )


def _fitted(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y).coef_[0]


if __name__ == "__main__":
    harness.main("batch_optimization", workloads)
