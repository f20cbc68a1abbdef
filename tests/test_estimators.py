"""Every public estimator, found by walking the library, against scikit-learn's own checks.

A new estimator is checked from the day on which a module exports it. Two kinds do not read
matrices of numbers, documents and pairs of user and item; they read them here made from such rows,
so that scikit-learn can ask them the same questions.
"""

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
import warnings
import zlib

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted, validate_data

import course_lib
from course_lib.hashing import TokenHasher
from course_lib.matrix_completion import ALSRecommender, SGDRecommender
from tests.sample import NIGHTLY

# What cannot be asked here: pandas is not installed, SciPy learns at its import about arrays of
# other libraries. The nightly test below asks the second.
NOT_ASKED = ("pandas is not installed", "SCIPY_ARRAY_API is not set")

# scikit-learn's checks have 10 rows and 2 columns at the least; it sets its own as small.
SETTINGS = {
    "FourierFeatures": [
        {},
        {"kind": "orthogonal", "paired": False},
        {"kind": "hadamard", "kernel": "matern"},
        {"kind": "fastfood"},
    ],
    "HadamardProjection": [{"n_components": 2}],
    "Isomap": [{"n_neighbors": 5}, {"n_neighbors": 5, "n_landmarks": 8, "random_state": 0}],
    "LaplacianEigenmaps": [{"n_neighbors": 5}, {"n_neighbors": 5, "affinity": "heat"}],
    "LocallyLinearEmbedding": [{"n_neighbors": 5}],
    "TSNE": [{"perplexity": 2, "max_iter": 20}],
}


def estimators():
    """Return each class that learns and that a module of the library exports."""
    found = {}
    for module in pkgutil.iter_modules(course_lib.__path__):
        if module.name.startswith("_"):
            continue
        exports = importlib.import_module(f"{course_lib.__name__}.{module.name}")
        for name in getattr(exports, "__all__", ()):
            kind = getattr(exports, name, None)  # a module, where it is not imported yet
            if inspect.isclass(kind) and issubclass(kind, BaseEstimator):
                found[name] = kind
    return found


class Rows:
    """What scikit-learn's checks feed: rows of numbers, looked at as its own estimators do."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.requires_fit = True
        return tags


class Documents(Rows, TokenHasher):
    """Each row is a document, each number a token."""

    def fit(self, X=None, y=None):
        if X is not None:  # hashing asks again whether the parameters are right
            validate_data(self, X)
        return super().fit()

    def transform(self, X):
        check_is_fitted(self, "n_features_in_")
        X = validate_data(self, X, reset=False)
        return super().transform([[str(number) for number in row] for row in X])


class Ratings(Rows):
    """Each row is a pair of user and item that no other row is."""

    def fit(self, X, y):
        X, y = validate_data(self, X, y, y_numeric=True)
        pairs, first = np.unique(self.pairs(X), axis=0, return_index=True)
        super().fit(pairs, y[first])  # iris holds one flower twice
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        check_is_fitted(self)
        return super().predict(self.pairs(validate_data(self, X, reset=False)))

    def pairs(self, X):
        numbers = np.array([zlib.crc32(row.tobytes()) for row in np.ascontiguousarray(X)])
        return np.column_stack([numbers % 1009, numbers // 1009 % 1013])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # nobody rates twice: all are average
        return tags


class ALSRatings(Ratings, ALSRecommender):
    pass


class SGDRatings(Ratings, SGDRecommender):
    pass


READERS = {
    "TokenHasher": Documents,
    "ALSRecommender": ALSRatings,
    "SGDRecommender": SGDRatings,
}
CASES = [
    READERS.get(name, kind)(**settings)
    for name, kind in sorted(estimators().items())
    for settings in SETTINGS.get(name, [{}])
]


def checked(estimator):
    """Return how many checks an estimator passed, and what each of the others said."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        results = check_estimator(estimator, on_skip=None, on_fail=None)
    others = [r for r in results if r["status"] != "passed"]
    return len(results) - len(others), [f"{r['check_name']}: {r['exception']}" for r in others]


@pytest.mark.slow
@pytest.mark.parametrize("estimator", CASES, ids=str)
def test_every_estimator_is_scikit_learns(estimator):
    passed, others = checked(estimator)
    assert [said for said in others if not any(reason in said for reason in NOT_ASKED)] == []
    assert passed >= 38


def test_every_public_estimator_is_walked():
    names = set(estimators())
    assert {"Isomap", "TSNE", "TokenHasher", "SoftImpute", "FTRLProximal"} <= names
    assert set(SETTINGS) | set(READERS) <= names
    assert len(names) >= 17


@pytest.mark.parametrize("name", sorted(READERS))
def test_who_reads_no_matrix_says_so(name):
    """Without its data, scikit-learn's checks of an estimator are few, and it warns of that."""
    with pytest.warns(SkipTestWarning, match="requires input"):
        results = check_estimator(estimators()[name](), on_skip=None, on_fail=None)
    assert {result["status"] for result in results} == {"passed"}


@pytest.mark.skipif(not NIGHTLY, reason="by night")
def test_nothing_changes_where_scipy_takes_arrays_of_other_libraries():
    """The switch is read when SciPy is imported, so this one needs a process of its own."""
    code = (
        "from tests.test_estimators import CASES, checked\n"
        "for estimator in CASES:\n"
        "    for said in checked(estimator)[1]:\n"
        "        if 'pandas is not installed' not in said: print(estimator, said)\n"
    )
    switched = {**os.environ, "SCIPY_ARRAY_API": "1"}
    run = subprocess.run([sys.executable, "-c", code], env=switched, capture_output=True, text=True)
    assert (run.stdout, run.returncode) == ("", 0), run.stderr
