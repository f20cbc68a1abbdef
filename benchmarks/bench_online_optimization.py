"""Speed of online and stochastic methods against scikit-learn and liblinear; see the harness.

Every contestant is told the number of epochs with which it ends within the gap, tuned on all rows
and the full size; SGDClassifier with the hinge loss is not there after 60 and is given 20. The
error is how far its objective, computed by us, lies above the best that is known. In one pass
nobody has a choice of epochs but of steps: AdaGrad's, river's, Vowpal Wabbit's and ours of plain
gradients were tuned by the progressive loss on the training rows, all others, which have none or
another, by cross-validation there, each on a grid of factors of two to three.

River and Vowpal Wabbit read rows in forms of their own, dicts and lines of text, which are made
before the clock starts. Where they are not installed their workload is left out, with a line.
"""

import itertools
import pathlib
import tempfile
import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.svm import LinearSVC

from benchmarks import harness
from course_lib import datasets
from course_lib.batch_optimization import HingeLoss, LogisticLoss
from course_lib.notebook import tables
from course_lib.online_optimization import Pegasos, saga, sdca, svrg
from course_lib.sparse_coding import FTRLProximal, TruncatedGradient

GAP = 1e-3  # beside the minimum


def workloads(quick):
    """Yield the workloads one by one."""
    X, y = text_like(10_000 if quick else 100_000, 50_000, 50)
    yield machine(X, y)
    yield logistic(X, y)
    yield one_pass(*census())
    yield one_pass(*messages())
    river, vowpal = tables.peer("river"), tables.peer("vowpalwabbit")
    if river and vowpal:
        with tempfile.TemporaryDirectory() as folder:
            yield items(pathlib.Path(folder), river, vowpal, *messages()[2:])


def text_like(n, n_columns, per_row):
    """Rows of length 1 with few entries, most of them in a few columns, as words are."""
    rng = np.random.default_rng(0)
    columns = (rng.random((n, per_row)) ** 2.5 * n_columns).astype(np.int32)
    starts = np.arange(0, n * per_row + 1, per_row, dtype=np.int32)
    X = sp.csr_array((np.ones(n * per_row), columns.ravel(), starts), shape=(n, n_columns))
    X.sum_duplicates()
    X.data[:] = np.repeat(1 / np.sqrt(np.diff(X.indptr)), np.diff(X.indptr))
    noise = 0.3 * rng.standard_normal(n)
    return X, np.where(X @ rng.standard_normal(n_columns) + noise > 0, 1.0, -1.0)


def machine(X, y):
    """A support vector machine with C = 1."""
    loss = HingeLoss(X, y, ridge=1 / len(y))
    contestants = {
        "ours, dual": lambda seed: ours(sdca, loss, seed, 12),
        "liblinear, dual": lambda seed: fitted(
            LinearSVC(loss="hinge", **PLAIN, max_iter=13, random_state=seed), X, y
        ),
        "sklearn, SGDClassifier": lambda seed: fitted(
            SGDClassifier(
                loss="hinge", fit_intercept=False, alpha=1 / len(y), max_iter=20, tol=None,
                average=10 * len(y), random_state=seed,
            ),
            X,
            y,
        ),
    }  # fmt: skip
    pairs = [("ours, dual", "liblinear, dual", 1.2), ("ours, dual", "sklearn, SGDClassifier", None)]
    return to_the_gap("svm", "hinge loss", loss, contestants, pairs)


def logistic(X, y):
    """Logistic regression with C = 1."""
    loss = LogisticLoss(X, y, ridge=1 / len(y))
    contestants = {
        "ours, dual": lambda seed: ours(sdca, loss, seed, 3),
        "ours, SAGA": lambda seed: ours(saga, loss, seed, 5),
        "ours, SVRG": lambda seed: ours(svrg, loss, seed, 3),
        "liblinear, dual": lambda seed: fitted(
            LogisticRegression(
                solver="liblinear", dual=True, **PLAIN, max_iter=3, random_state=seed
            ),
            X,
            y,
        ),
        "sklearn, saga": lambda seed: fitted(
            LogisticRegression(solver="saga", **PLAIN, max_iter=6, random_state=seed), X, y
        ),
        "sklearn, lbfgs": lambda _: fitted(
            LogisticRegression(solver="lbfgs", **PLAIN, max_iter=18), X, y
        ),
    }
    pairs = [
        ("ours, dual", "liblinear, dual", 1.2),
        ("ours, dual", "sklearn, saga", 3.0),
        ("ours, SAGA", "sklearn, saga", 1.3),
        ("ours, dual", "sklearn, lbfgs", None),
    ]
    return to_the_gap("logistic", "logistic loss", loss, contestants, pairs)


PLAIN = {"C": 1.0, "fit_intercept": False, "tol": 1e-12}


def ours(method, loss, seed, count):
    """Where a method of ours is after so many epochs; the dual one is asked for nothing before."""
    if method is sdca:
        return next(itertools.islice(sdca(loss, n_epochs=count, rng=seed), 1, None)).x
    return next(itertools.islice(method(loss, rng=seed), count, None)).x


def fitted(model, X, y):
    """What a peer finds, without its warning that the epochs were not enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y).coef_[0]


def to_the_gap(key, kind, loss, contestants, pairs):
    """A workload with a known minimum: the dual certifies it."""
    best = next(s for s in sdca(loss, n_epochs=20, rng=0) if s.value - s.lower_bound < 1e-8)
    m, n = loss.data.shape
    return harness.Workload(
        key,
        f"{kind} on {m} rows like text, {n} words, to {GAP:g} of the minimum",
        contestants,
        lambda x: max(GAP, loss.evaluate(x)[0] / best.lower_bound - 1),
        f"objective above the minimum, as a share of it; below {GAP:g} counts as {GAP:g}",
        pairs,
    )


def census():
    """Rows and labels to learn from and to be judged by, and steps tuned on the former."""
    train, test = datasets.a9a()
    steps = {
        "adagrad": 0.2, "gradients": 0.02, "pegasos": 3e-4,
        "constant": 0.01, "averaged": 0.3, "own": 1e-6,
    }  # fmt: skip
    return "census", "a9a", (train.X, train.y), (test.X, test.y), steps


def messages():
    """Messages, their words and pairs of words hashed to 2**14 columns."""
    found = datasets.sms_spam()
    X = HashingVectorizer(n_features=2**14, ngram_range=(1, 2)).transform(found.texts)
    y = np.where(np.array(found.spam), 1, -1)
    order = np.random.default_rng(7).permutation(len(y))
    learned, judged = order[:4459], order[4459:]
    steps = {
        "adagrad": 8.0, "gradients": 4.0, "pegasos": 3e-4,
        "constant": 10.0, "averaged": 10.0, "own": 1e-5,
    }  # fmt: skip
    return "messages", "SMS, hashed", (X[learned], y[learned]), (X[judged], y[judged]), steps


def one_pass(key, name, learned, judged, steps):
    """One look at each row in random order; the error is that on other rows."""
    constant = {"learning_rate": "constant", "alpha": 1e-9}
    once = {"loss": "log_loss", "max_iter": 1, "tol": None}
    contestants = {
        "ours, AdaGrad": lambda s: FTRLProximal(alpha=0, step=steps["adagrad"], random_state=s),
        "ours, gradients": lambda s: TruncatedGradient(
            alpha=0, step=steps["gradients"], random_state=s
        ),
        "ours, Pegasos": lambda s: Pegasos(alpha=steps["pegasos"], random_state=s),
        "sklearn, SGDClassifier": lambda s: SGDClassifier(
            random_state=s, eta0=steps["constant"], **once, **constant
        ),
        "sklearn, SGDClassifier, averaged": lambda s: SGDClassifier(
            random_state=s, eta0=steps["averaged"], average=True, **once, **constant
        ),
        "sklearn, SGDClassifier, its own steps": lambda s: SGDClassifier(
            random_state=s, average=True, alpha=steps["own"], **once
        ),
    }
    return harness.Workload(
        f"one pass, {key}",
        f"one pass over {name}: {learned[0].shape[0]} rows, {learned[0].shape[1]} columns",
        {
            kind: lambda seed, make=make: make(seed).fit(*learned)
            for kind, make in contestants.items()
        },
        lambda learner: 1 - learner.score(*judged),
        "share of other rows that are labeled wrong",
        [
            ("ours, AdaGrad", "sklearn, SGDClassifier, averaged", 1.0),
            ("ours, AdaGrad", "sklearn, SGDClassifier, its own steps", 1.0),
            ("ours, gradients", "sklearn, SGDClassifier", 1.0),
            ("ours, Pegasos", "sklearn, SGDClassifier, its own steps", None),
        ],
    )


def items(folder, river, vowpal, learned, judged, steps):
    """The messages again, one by one or all in one call; steps tuned by the progressive loss."""
    (X, y), (judged_X, judged_y) = learned, judged
    one_row = [(X[[i]], y[[i]]) for i in range(len(y))]
    dicts, judged_dicts = (as_dicts(rows) for rows in (X, judged_X))
    lines, judged_lines = as_lines(X, y), as_lines(judged_X, judged_y)
    file = folder / "messages.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = "--loss_function logistic -b 18 --quiet --adaptive --invariant -l 4"

    def by_items(model):
        for row, label in one_row:
            model.partial_fit(row, label, classes=[-1, 1])
        return model.predict(judged_X)

    def by_river(_):
        from river import linear_model, optim

        model = linear_model.LogisticRegression(optimizer=optim.AdaGrad(1.0), intercept_lr=0.1)
        for row, label in zip(dicts, y.tolist(), strict=True):
            model.learn_one(row, label > 0)
        return np.array([1 if model.predict_one(row) else -1 for row in judged_dicts])

    def by_vowpal(more, rows):
        model = vowpal.Workspace(options + more)
        for line in rows:
            model.learn(line)
        found = [model.predict(line) for line in judged_lines]
        model.finish()
        return np.where(np.array(found) > 0, 1, -1)

    plain = {"loss": "log_loss", "learning_rate": "constant", "alpha": 1e-9}
    return harness.Workload(
        "items",
        f"one pass over {len(y)} messages, an item a call or all in one call, and the labels of "
        f"{len(judged_y)} others",
        {
            "ours, AdaGrad, arrays": lambda _: (
                FTRLProximal(alpha=0, step=steps["adagrad"], shuffle=False)
                .fit(X, y)
                .predict(judged_X)
            ),
            "ours, AdaGrad, items": lambda _: by_items(
                FTRLProximal(alpha=0, step=steps["adagrad"])
            ),
            "sklearn, SGDClassifier, items": lambda _: by_items(
                SGDClassifier(eta0=steps["constant"], **plain)
            ),
            "river, AdaGrad, items": by_river,
            "Vowpal Wabbit, items": lambda _: by_vowpal("", lines),
            "Vowpal Wabbit, a file": lambda _: by_vowpal(f" -d {file}", []),
        },
        lambda labels: np.mean(labels != judged_y),
        "share of other rows that are labeled wrong",
        [
            ("ours, AdaGrad, arrays", "Vowpal Wabbit, a file", None),
            ("ours, AdaGrad, arrays", "river, AdaGrad, items", None),
            ("ours, AdaGrad, items", "river, AdaGrad, items", None),
            ("ours, AdaGrad, items", "Vowpal Wabbit, items", None),
            ("ours, AdaGrad, items", "sklearn, SGDClassifier, items", None),
        ],
    )


def as_dicts(X):
    """Rows as dicts from column to entry."""
    parts = itertools.pairwise(X.indptr)
    return [dict(zip(X.indices[a:b].tolist(), X.data[a:b].tolist(), strict=True)) for a, b in parts]


def as_lines(X, y):
    """Rows as the lines of text that Vowpal Wabbit reads."""
    rows = zip(y.tolist(), as_dicts(X), strict=True)
    return [
        f"{label} | " + " ".join(f"{j}:{entry:.6g}" for j, entry in row.items())
        for label, row in rows
    ]


if __name__ == "__main__":
    harness.main("online_optimization", workloads)
