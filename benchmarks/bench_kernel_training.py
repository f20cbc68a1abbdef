"""Speed of support vector machines with kernels against LIBSVM and oneDAL; see the harness.

Everyone is given the same rows, kernel and C, and stops at its tolerance of 1e-3. The error is the
duality gap beside the dual value, computed by us in float64 from the variables that came, for all
alike: the offset is chosen best for each. Ours keeps the matrix in float32, 256 MB, where others
are given a cache of as much; "ours, columns" is given an eighth of that.
"""

import importlib

import numpy as np
import scipy.sparse as sp
from scipy.spatial.distance import cdist
from sklearn.svm import SVC

from benchmarks import harness
from course_lib import datasets
from course_lib.kernel_training import CoreVectorMachine, KernelSVC
from course_lib.notebook import tables

GAMMA, C = 0.05, 1.0
CLOSE = 1e-4  # a gap below that is no difference: the tolerance of all is 1e-3


def workloads(quick):
    """Yield the workloads one by one."""
    train, test = datasets.a9a()
    n = 2000 if quick else 8000
    X, y = train.X[:n], train.y[:n].astype(float)
    yield machine(X, y)
    yield answers(X, y, test.X[:4000])
    yield core_sets(X, y)


def machine(X, y):
    """A machine with a Gaussian kernel, from rows to support vectors."""
    dense, n = X.toarray(), X.shape[0]
    mega = 4 * n * n / 2**20
    contestants = {
        "ours": lambda _: KernelSVC(C, gamma=GAMMA, cache_bytes=4 * n * n).fit(dense, y),
        "ours, sparse": lambda _: KernelSVC(C, gamma=GAMMA, cache_bytes=4 * n * n).fit(X, y),
        "ours, columns": lambda _: KernelSVC(C, gamma=GAMMA, cache_bytes=n * n // 2).fit(dense, y),
        "SVC": lambda _: SVC(C=C, gamma=GAMMA, cache_size=mega).fit(dense, y),
        "SVC, sparse": lambda _: SVC(C=C, gamma=GAMMA, cache_size=mega).fit(X, y),
    }
    pairs = [
        ("ours", "SVC", 1.0),
        ("ours, sparse", "SVC, sparse", 1.0),
        ("ours, columns", "SVC", 1.0),
    ]
    if tables.peer("sklearnex"):
        oneDAL = importlib.import_module("sklearnex.svm").SVC
        contestants["oneDAL"] = lambda _: oneDAL(C=C, gamma=GAMMA, cache_size=mega).fit(dense, y)
        pairs.append(("ours", "oneDAL", None))
    K = np.exp(-GAMMA * cdist(dense, dense, "sqeuclidean"))
    return harness.Workload(
        "svc",
        f"support vector machine of {n} rows of a9a, Gaussian kernel, gamma = {GAMMA}, C = {C:g}",
        contestants,
        lambda fitted: max(relative_gap(fitted, K, y), CLOSE),
        f"duality gap / dual value, or {CLOSE:g} if it is less",
        pairs,
        flops={"ours": n * n * X.shape[1]},
        dtype="float32",
    )


def relative_gap(fitted, K, y):
    """Return the duality gap beside the dual value; the offset is the best there is."""
    beta = np.zeros(len(y))
    weights = fitted.dual_coef_
    beta[fitted.support_] = (weights.toarray() if sp.issparse(weights) else weights)[0]
    slopes = y - K @ beta
    square = beta @ (y - slopes)
    ends = np.sort(slopes)  # where the losses, piecewise linear in the offset, can be least
    short, long = 0, len(ends) - 1
    while short < long:
        middle = (short + long) // 2
        inside = y * (slopes - ends[middle]) > 0
        if y[inside].sum() > 0:  # a larger offset costs less
            short = middle + 1
        else:
            long = middle
    losses = np.maximum(y * (slopes - ends[short]), 0).sum()
    dual = np.abs(beta).sum() - square / 2
    return float((square / 2 + C * losses - dual) / dual)


def answers(X, y, Q):
    """Scores of new rows by the same support vectors."""
    dense, new = X.toarray(), Q.toarray()
    ours, theirs = KernelSVC(C, gamma=GAMMA).fit(dense, y), SVC(C=C, gamma=GAMMA).fit(dense, y)
    truth = np.exp(-GAMMA * cdist(new, dense[ours.support_], "sqeuclidean"))
    truth = truth @ ours.dual_coef_[0] + ours.intercept_[0]
    return harness.Workload(
        "scores",
        f"scores of {Q.shape[0]} rows of a9a by {len(ours.support_)} support vectors",
        {
            "ours": lambda _: ours.decision_function(new),
            "SVC": lambda _: theirs.decision_function(new),
        },
        lambda scores: float(np.abs(scores - truth).max()),
        "largest difference from our machine in float64; SVC's machine is another one",
        [("ours", "SVC", 2.0)],
    )


def core_sets(X, y):
    """What a core set costs, and the errors of its machine, beside all columns."""
    n = X.shape[0]
    return harness.Workload(
        "core_sets",
        f"core vector machine of {n} rows of a9a, epsilon = 0.003, beside the whole machine",
        {
            "ours, core set": lambda seed: CoreVectorMachine(
                C, gamma=GAMMA, epsilon=3e-3, random_state=seed
            ).fit(X, y),
            "ours, all rows": lambda _: KernelSVC(C, gamma=GAMMA).fit(X, y),
        },
        lambda fitted: float(np.mean(fitted.predict(X) != y)),
        "share of wrong answers on the rows that were learned from",
        [("ours, core set", "ours, all rows", None)],
    )


if __name__ == "__main__":
    harness.main("kernel_training", workloads)
