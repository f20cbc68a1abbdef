"""What kernel learners share: their rows, their classes, and scores as sums of kernels."""

from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import check_finite, learner_rows
from course_lib.kernel_training._kernels import KernelRows

__all__ = ["KernelMachine"]


class KernelMachine(ClassifierMixin, BaseEstimator):
    """What learners share whose scores are sums of kernels with some of the fitted rows."""

    __metadata_request__score: ClassVar = {"sample_weight": UNUSED}  # no pipeline needs to route it

    def _check_rows(self, X, y="no_validation", *, reset=True, **options):
        options |= {"accept_sparse": "csr", "order": "C", "reset": reset}
        options |= {} if isinstance(y, str) else {"y": y}
        if callable(self.kernel):
            options["order"] = None
        return learner_rows(self, X, **options)

    def _check_classes(self, y):
        """Set the classes; return the number of each row's class."""
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y must hold at least two classes; got one class, {self.classes_[0]!r}."
            )
        return numbers

    def _kernel_of(self, X):
        gamma = self._gamma if hasattr(self, "_gamma") else self.gamma
        return KernelRows(X, self.kernel, gamma, self.degree, self.coef0)

    def _scores(self, X):
        """Return weighted sums of kernels (q, n_scores) with the support vectors."""
        check_is_fitted(self)
        X = self._check_rows(X, reset=False)
        weights = self._weights()
        if self.kernel == "precomputed":
            blocks = (X[s : s + 1024][:, self.support_] for s in range(0, X.shape[0], 1024))
        else:
            blocks = self._support.cross(X)
        scores = [block @ weights for block in blocks]
        return check_finite(np.vstack(scores) + self.intercept_, "X")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags
