"""What transformers share that are drawn without a look at the data."""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import as_random_state, learner_rows

__all__ = ["RandomMap", "generator"]


class RandomMap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """The conventions of scikit-learn for a map of rows that is random.

    A subclass has ``random_state`` among its parameters, draws its map (``_draw``), which sets
    ``_n_features_out``, and maps checked rows (``_map``).
    """

    _formats = "csr"  # of sparse rows
    _preserves = ("float64", "float32")

    def fit(self, X, y=None):
        """Draw the map; of ``X`` only the number of columns and the dtype are used.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)
            Training data.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If ``X`` is not a finite matrix, or a parameter is out of range.
        """
        X = learner_rows(self, X, accept_sparse=self._formats)
        self._draw(X.shape[1], X.dtype, as_random_state(self.random_state))
        return self

    def transform(self, X):
        """Map each row.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)
            Rows.

        Returns
        -------
        array, shape (n, number of features)
            Float32 if ``X`` is float32, else float64; codes of bits are unsigned integers.

        Raises
        ------
        ValueError, TypeError
            If ``X`` is not a finite matrix with the columns seen in `fit`, or its image overflows.
        """
        check_is_fitted(self)
        return self._map(learner_rows(self, X, accept_sparse=self._formats, reset=False))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = list(self._preserves)
        return tags


def generator(random):
    """Return a Generator that starts where draws of a RandomState say."""
    return np.random.default_rng(random.randint(0, 2**32, size=4, dtype=np.uint32))
