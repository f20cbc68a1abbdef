"""What online learners of two classes share: rows one by one, an intercept; the logistic loss."""

from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numba import njit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import as_random_state, check_count, learner_rows, same_classes

__all__ = ["OnlineClassifier", "OnlineLogistic", "loss_and_slope", "places", "plain_rows"]

LARGEST = 1e100  # entry of a row: weights and margins stay finite for steps below 1e100


class OnlineClassifier(ClassifierMixin, BaseEstimator):
    """What these learners share: two classes, rows one by one, an intercept.

    A subclass keeps its memory, one column a weight with the intercept last, in ``state_``, and
    says how a row changes it (``_step``) and how weights are read from it (``_weights``).
    """

    _kept = 2  # numbers a weight
    # No pipeline needs to route these.
    __metadata_request__partial_fit: ClassVar = {"classes": UNUSED}
    __metadata_request__score: ClassVar = {"sample_weight": UNUSED}

    def fit(self, X, y):
        """Learn from all rows, ``n_epochs`` times.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, n_features)
        y : array, shape (n,)
            Two classes.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If the data or a parameter are not what they must be.
        """
        X, y = learner_rows(self, X, y=y, accept_sparse="csr", dtype=np.float64)
        _in_reach(X)
        n_epochs = check_count(self.n_epochs, "n_epochs", low=1)
        self._start(y, None, X.shape[1])
        rng = as_random_state(self.random_state)
        order = np.arange(X.shape[0])
        for _ in range(n_epochs):
            if self.shuffle:
                rng.shuffle(order)
            self._learn(X, y, order)
        return self

    def partial_fit(self, X, y, classes=None):
        """Learn from some more rows, in the order given.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, n_features)
        y : array, shape (n,)
        classes : array of two labels
            Needed at the first call: its rows may all be of one class.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As `fit`; also if the first call does not name the classes, or a later one names
            others. What was learned is then what it was before.
        """
        fresh = not hasattr(self, "state_")
        X, y = learner_rows(self, X, y=y, accept_sparse="csr", dtype=np.float64, reset=fresh)
        _in_reach(X)
        if fresh:
            if classes is None:
                raise ValueError("classes must name the two labels at the first partial_fit.")
            self._start(y, classes, X.shape[1])
        else:
            same_classes(classes, self.classes_)
        self._check_parameters()
        self._learn(X, y, np.arange(X.shape[0]))
        return self

    def decision_function(self, X):
        """Return the margin of each row, positive for the second class.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, n_features)

        Returns
        -------
        array, shape (n,)
        """
        check_is_fitted(self)
        X = learner_rows(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        _in_reach(X)
        return X @ self.coef_[0] + self.intercept_[0]

    def predict(self, X):
        """Return the more probable class of each row.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, n_features)

        Returns
        -------
        array, shape (n,)
        """
        second = self.decision_function(X) > 0
        return self.classes_[second.astype(np.int64)]

    @property
    def coef_(self):
        """Weights of the features, shape (1, n_features)."""
        return self._weights()[None, :-1]

    @property
    def intercept_(self):
        """The intercept, shape (1,)."""
        return self._weights()[-1:]

    def _start(self, y, classes, n_features):
        self._check_parameters()
        kind = type_of_target(y)
        if kind != "binary":  # it takes a while, and would find the kind again
            check_classification_targets(y)
        labels = np.unique(y if classes is None else classes)
        if classes is None and kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        if len(labels) != 2:
            raise ValueError(
                f"{type(self).__name__} needs two classes; got {len(labels)} class"
                f"{'' if len(labels) == 1 else 'es'}."
            )
        if classes is not None:
            _are_second(y, labels)
        self.classes_ = labels
        self.state_ = np.zeros((self._kept, n_features + 1))
        self.n_samples_seen_ = 0
        self.loss_sum_ = 0.0

    def _learn(self, X, y, order):
        signs = np.where(_are_second(y, self.classes_), 1.0, -1.0)
        X = plain_rows(X)
        rows = (X.data, places(X), X.indptr, signs, order)
        self.loss_sum_ += self._step(rows)
        self.n_samples_seen_ += len(order)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.sparse = True
        return tags


class OnlineLogistic(OnlineClassifier):
    """Those whose margins are the log odds of the second class; their intercept has no penalty."""

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, n_features)

        Returns
        -------
        array, shape (n, 2)
        """
        odds = self.decision_function(X)
        second = 0.5 * (1 + np.tanh(0.5 * odds))  # the logistic function, without overflow
        return np.column_stack([1 - second, second])


def _are_second(y, labels):
    """Return which labels are the second of two; refuse others."""
    second = y == labels[1]
    known = second | (y == labels[0])
    if not known.all():
        raise ValueError(f"y must hold {labels} only; got {y[~known][0]!r}.")
    return second


def plain_rows(X):
    """Return a matrix by rows, each column at most once in a row."""
    X = sp.csr_array(X)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def places(X, name="X"):
    """Return the columns of the entries as unsigned integers, which no kernel counts from the end.

    SciPy takes any numbers for columns; a kernel would write wherever they point.
    """
    if X.nnz and not (X.indices.min() >= 0 and X.indices.max() < X.shape[1]):
        raise ValueError(f"{name} must have columns from 0 to {X.shape[1] - 1} only; rebuild it.")
    return X.indices.view(f"u{X.indices.itemsize}")


def _in_reach(X):
    """Refuse rows so long that a step along one of them, or its margin, would overflow."""
    values = X.data if sp.issparse(X) else X
    largest = max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))
    if largest > LARGEST:
        raise ValueError(
            f"X must have entries of at most {LARGEST:g}; got {largest:g}, rescale it."
        )


@njit(cache=True)
def loss_and_slope(margin, sign):
    """The logistic loss and its derivative, without overflow."""
    agreement = sign * margin
    small = np.exp(-abs(agreement))
    loss = np.log1p(small) + max(-agreement, 0.0)
    chance = small / (1 + small) if agreement > 0 else 1 / (1 + small)
    return loss, -sign * chance
