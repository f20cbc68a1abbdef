"""Feature hashing: a feature's name is hashed to its column, and no vocabulary is kept."""

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from course_lib._sketch import as_batches, check_seed, hash_items
from course_lib._validation import as_random_state, check_count, learner_rows

__all__ = ["ColumnHasher", "TokenHasher"]

SPARSE = ["csr", "csc"]


def _columns_and_signs(hashes, n_features):
    """A column from the first 32 bits of each hash, a sign from the last."""
    columns = ((hashes >> np.uint64(32)) * np.uint64(n_features)) >> np.uint64(32)
    # 32-bit indices where they fit: liblinear and libsvm take no others.
    index = sp.get_index_dtype(maxval=max(n_features, len(hashes)))
    return columns.astype(index), 1.0 - 2.0 * (hashes & np.uint64(1))


def _check_n_features(n_features):
    """An index of a column is 32 bits of a hash."""
    return check_count(n_features, "n_features", low=1, high=2**32, high_name="2**32")


class ColumnHasher(TransformerMixin, BaseEstimator):
    r"""Hash the columns of a matrix to fewer, with random signs; inner products stay, on average.

    A scikit-learn transformer: X times a sparse matrix with one +1 or -1 in each row.

    Parameters
    ----------
    n_features : int, default 1024
        Columns m of the result, at most 2**32.
    random_state : int, RandomState instance or None, default None
        Draws the hash function in `fit`.

    Attributes
    ----------
    components_ : sparse array, shape (m, n_features_in_)
        Column j holds the sign of feature j, in the row that is its new column.
    n_features_in_ : int
        Columns seen in `fit`.

    Notes
    -----
    **Cost.** One product and one addition for each stored entry of X; sparse stays sparse.

    **Guarantee.** Hashed inner products are unbiased, with variance
    :math:`\frac1m \sum_{i \ne j} (x_i^2 y_j^2 + x_i y_i x_j y_j)` ([1], Lemma 2), over the draw
    of the hash function.

    References
    ----------
    .. [1] K. Weinberger, A. Dasgupta, J. Langford, A. Smola, J. Attenberg, "Feature hashing
       for large scale multitask learning", ICML 2009.

    Examples
    --------
    >>> X = np.eye(3)
    >>> hashed = ColumnHasher(n_features=8, random_state=0).fit_transform(X)
    >>> hashed.shape, np.abs(hashed).sum(axis=1).tolist()
    ((3, 8), [1.0, 1.0, 1.0])
    """

    def __init__(self, n_features=1024, *, random_state=None):
        self.n_features = n_features
        self.random_state = random_state

    def fit(self, X, y=None):
        """Draw the hash function for the columns of X.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)
            Only its width is used.
        y : ignored

        Returns
        -------
        self
        """
        X = learner_rows(self, X, accept_sparse=SPARSE)
        n_features = _check_n_features(self.n_features)
        seed = as_random_state(self.random_state).randint(2**31)
        columns, signs = _columns_and_signs(hash_items(np.arange(X.shape[1]), seed), n_features)
        entries = signs.astype(X.dtype), (columns, np.arange(X.shape[1], dtype=columns.dtype))
        self.components_ = sp.csc_array(entries, shape=(n_features, X.shape[1]))
        return self

    def transform(self, X):
        """Return X with hashed columns.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)

        Returns
        -------
        array or sparse matrix, shape (n, n_features)
            Dense if X is dense.
        """
        check_is_fitted(self)
        X = learner_rows(self, X, accept_sparse=SPARSE, reset=False)
        components = self.components_.astype(X.dtype, copy=False)
        return X @ components.T if sp.issparse(X) else (components @ X.T).T

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class TokenHasher(TransformerMixin, BaseEstimator):
    r"""Hash the tokens of documents to columns: a bag of words without a vocabulary.

    Parameters
    ----------
    n_features : int, default 4096
        Columns m of the result.
    signed : bool, default True
        Give each token a random sign, so that collisions cancel on average.
    seed : int, default 0
        Number of the hash function. Rows compare only if their seeds are equal.

    See Also
    --------
    ColumnHasher : the same map for the columns of a matrix, and its guarantee.

    Notes
    -----
    **Cost.** One hash for each token; no pass to fit, no memory but the result. It differs
    from scikit-learn's ``FeatureHasher`` in the hash (64 bits, of all tokens in one call).

    scikit-learn checks an estimator on matrices of numbers, and this one reads documents: of
    ``check_estimator`` only the checks without data apply to it.

    Examples
    --------
    >>> X = TokenHasher(n_features=16, signed=False).transform([["to", "be", "to"], []])
    >>> X.shape, X.sum(axis=1).tolist()
    ((2, 16), [3.0, 0.0])
    """

    def __init__(self, n_features=4096, *, signed=True, seed=0):
        self.n_features = n_features
        self.signed = signed
        self.seed = seed

    def fit(self, X=None, y=None):
        """Check the parameters; there is nothing to learn.

        Parameters
        ----------
        X, y : ignored

        Returns
        -------
        self
        """
        _check_n_features(self.n_features)
        check_seed(self.seed)
        return self

    def transform(self, X):
        """Return the counts of hashed tokens.

        Parameters
        ----------
        X : iterable of iterables of str, bytes or int, length n
            The tokens of each document.

        Returns
        -------
        sparse array, shape (n, n_features), float64

        Raises
        ------
        TypeError
            If a document is a string or a dict, not a list of tokens, or a token is no item.
        """
        self.fit()
        documents = as_batches(X, "document")
        ends = np.cumsum([0] + [len(document) for document in documents])
        tokens = [token for document in documents for token in document]
        columns, signs = _columns_and_signs(hash_items(tokens, self.seed), self.n_features)
        values = signs if self.signed else np.ones(len(tokens))
        parts = values, columns, ends.astype(columns.dtype)
        counts = sp.csr_array(parts, shape=(len(documents), self.n_features))
        counts.sum_duplicates()
        return counts

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        return tags
