"""What ridge learners share: one pass over blocks of rows, targets, and the weights at the end."""

import operator
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from course_lib._team import Team
from course_lib._validation import check_finite, check_number, learner_rows, same_classes
from course_lib.kernel_training._sums import (
    MOST_ROUNDING,
    PROBES,
    ROWS_AT_ONCE,
    block_sums,
    solved,
)

__all__ = ["StreamedRidge", "TakesClasses", "TakesNumbers"]


class StreamedRidge(BaseEstimator):
    """What these learners share: sums of blocks of rows, and the weights solved from them.

    A subclass makes the map of a row to its features (``_start``) and says how scores are
    computed with it; a mixin says what the targets are.
    """

    # No pipeline needs to route these.
    __metadata_request__partial_fit: ClassVar = {"classes": UNUSED}
    __metadata_request__score: ClassVar = {"sample_weight": UNUSED}

    def fit(self, X, y):
        """Learn from all rows.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)
        y : array, shape (n,) or (n, t)
            Numbers, or of a classifier labels (n,).

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If the data or a parameter are not what they must be, or if ``alpha`` is so small that
            the rounding of the sums would decide the weights.
        """
        self._forget()
        self._add([self._read(X, y)])
        self.solve()
        return self

    def partial_fit(self, X, y, classes=None):
        """Learn from some more rows; their order does not matter beyond rounding.

        The features are made from the rows of the first call. The weights are solved when
        they are first asked for.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)
        y : array, shape (n,) or (n, t)
        classes : array of labels, optional
            Of a classifier, at the first call: its rows may not have all of them.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As `fit`.
        """
        if not hasattr(self, "sums_"):
            self._forget()  # what a fit began that was refused
        self._add([self._read(X, y, classes)])
        return self

    def fit_blocks(self, blocks, *, classes=None, client=None, meter=None):
        """Learn from blocks of rows, one after the other, or each on a machine of its own.

        Parameters
        ----------
        blocks : iterable of (X, y)
            Without ``client`` and ``meter`` they are taken one at a time, and none is kept.
        classes : array of labels, optional
            Of a classifier: needed.
        client : distributed.Client, optional
            Sends each block to a machine, once; one all-reduce brings the sums back.
        meter : cost.Meter, optional
            Counts messages, bytes sent and rounds, as if each block lived on its own machine.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As `fit`, and if there is no block.

        Notes
        -----
        **Cost.** On b machines 2b messages in two rounds: the map of the features out,
        :math:`m^2 + m(t + p + 1) + t` numbers of 8 bytes back, p = 8 of them to measure rounding.

        **Guarantee.** The same sums, added in the same order, with and without machines.
        """
        self._forget()
        read = (self._read(X, y, classes) for X, y in blocks)
        try:
            if client is None and meter is None:
                for block in read:
                    self._add([block])
            elif read := list(read):
                self._add(read, client, meter)
        except Exception:
            self._forget()  # some blocks would be no answer
            raise
        if not hasattr(self, "sums_"):
            raise ValueError("blocks must hold at least one pair (X, y); got none.")
        return self.solve()

    def solve(self):
        """Solve for the weights again, after ``alpha`` was changed: no pass over the rows.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If ``alpha`` is not positive, or too small for the rounding of the sums.
        """
        check_is_fitted(self, "sums_")
        alpha = check_number(self.alpha, "alpha", low=0.0, open_low=True, open_high=True)
        solution = solved(self.sums_, self._penalty, alpha, self._probes)
        if not solution.rounding <= MOST_ROUNDING:
            raise ValueError(
                f"alpha must be larger for sums of {self._dtype}, whose rounding changes weights "
                f"by a share of {solution.rounding:.2g}; got {alpha:g}: raise it, or give X in "
                "float64."
            )
        self.solution_ = solution
        return self

    @property
    def rounding_(self):
        return self._solution().rounding

    @property
    def n_rows_(self):
        return int(self.sums_[0])

    @property
    def intercept_(
        self,
    ):  # What is added to the weighted features: (t,), or a number for one target of numbers
        return self._shaped(self._line()[1])

    def _solution(self):
        check_is_fitted(self, "sums_")
        if not hasattr(self, "solution_"):
            self.solve()
        return self.solution_

    def _forget(self):
        for name in ("map_", "sums_", "solution_"):
            vars(self).pop(name, None)

    def _read(self, X, y, classes=None):
        """Return a block of rows and its targets (n, t), checked; begin with the first one."""
        fresh = not hasattr(self, "map_")
        X, y = learner_rows(self, X, y=y, accept_sparse="csr", reset=fresh, **self._takes)
        check_number(self.alpha, "alpha", low=0.0, open_low=True, open_high=True)
        Y = self._targets(y, classes, fresh)
        if fresh:
            self._begin(X, Y)
        elif Y.shape[1] != len(self._target_shift):
            raise ValueError(
                f"y must have {len(self._target_shift)} targets as before; got {Y.shape[1]}."
            )
        return X, Y

    def _begin(self, X, Y):
        """Make the features from the first rows, and the fixed shifts of the sums."""
        first = self._start(X)
        self._dtype = first.dtype
        self._shift = check_finite(first.mean(axis=0, dtype=np.float64), "X")
        self._target_shift = Y.mean(axis=0)
        signs = np.random.default_rng(0).choice([-1.0, 1.0], (len(self._shift), PROBES))
        self._probes = self._whitened(signs)

    def _add(self, blocks, client=None, meter=None):
        """Add the sums of some blocks: here, or on the machines of a team."""
        shared = self.map_, self._shift, self._target_shift, self._probes
        sums = Team(blocks, client=client, meter=meter).sum(block_sums, *shared)
        if hasattr(self, "sums_"):
            sums = tuple(map(operator.add, self.sums_, sums))
        self.sums_ = sums
        vars(self).pop("solution_", None)

    def _line(self):
        """Return the weights (m, t) of what `_columns` gives, and the intercepts (t,)."""
        s = self._solution()
        feature_mean, target_mean = self._shift + s.feature_mean, self._target_shift + s.target_mean
        return self._weights(s.weights), target_mean - feature_mean @ s.weights

    def _scores(self, X):
        """Return the predicted targets (n, t), by blocks of rows."""
        check_is_fitted(self, "sums_")
        X = learner_rows(self, X, accept_sparse="csr", reset=False)
        weights, intercept = self._line()
        scores = np.empty((X.shape[0], len(intercept)), X.dtype)
        for start in range(0, X.shape[0], ROWS_AT_ONCE):
            F = self._columns(X[start : start + ROWS_AT_ONCE])
            scores[start : start + ROWS_AT_ONCE] = F @ weights.astype(F.dtype) + intercept
        return scores

    def __sklearn_is_fitted__(self):
        return hasattr(self, "sums_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class TakesNumbers(RegressorMixin):
    """Targets are numbers, one a row or several."""

    _takes: ClassVar = {"y_numeric": True, "multi_output": True}

    def predict(self, X):
        """Return the predicted targets.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)

        Returns
        -------
        array, shape (n,) or (n, t)
        """
        scores = self._scores(X)
        return scores[:, 0] if self.one_target_ else scores

    def _shaped(self, values):
        return values[0] if self.one_target_ else values

    def _targets(self, y, classes, fresh):
        if fresh:
            self.one_target_ = y.ndim == 1
        return y.reshape(len(y), -1).astype(np.float64, copy=False)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class TakesClasses(ClassifierMixin):
    """Targets are labels: 1 and -1 for each class against all others, or once if they are two."""

    _takes: ClassVar = {}

    def decision_function(self, X):
        """Return the score of each class, or of the second if they are two.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)

        Returns
        -------
        array, shape (n,) or (n, n_classes)
        """
        scores = self._scores(X)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X):
        """Return the class of the highest score.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)

        Returns
        -------
        array, shape (n,)
        """
        scores = self._scores(X)
        best = scores[:, 0] > 0 if scores.shape[1] == 1 else scores.argmax(axis=1)
        return self.classes_[best.astype(np.intp)]

    def _shaped(self, values):
        return values

    def _targets(self, y, classes, fresh):
        check_classification_targets(y)
        if fresh:
            self.classes_ = np.unique(y if classes is None else classes)
            if len(self.classes_) < 2:
                raise ValueError(
                    f"{type(self).__name__} needs at least two classes; got one class: name all "
                    "of them in classes if they come in later blocks."
                )
        else:
            same_classes(classes, self.classes_)
        places = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        if not np.array_equal(self.classes_[places], y):
            wrong = y[self.classes_[places] != y][0]
            raise ValueError(f"y must hold {self.classes_} only; got {wrong!r}.")
        Y = np.where(places[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)
        return Y[:, 1:] if len(self.classes_) == 2 else Y
