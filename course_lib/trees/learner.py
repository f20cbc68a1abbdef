"""Neighbor search as scikit-learn knows it: a transformer that gives a sparse distance graph."""

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from course_lib._neighbors import check_points
from course_lib._validation import as_random_state, check_count, learner_rows
from course_lib.trees.ball import ball_query, ball_tree
from course_lib.trees.brute import brute_force
from course_lib.trees.forest import rp_query
from course_lib.trees.kd import kd_tree
from course_lib.trees.kd_search import best_bin_first, kd_query
from course_lib.trees.projections import rp_forest

__all__ = ["TreeNeighborsTransformer"]

ALGORITHMS = ("kd_tree", "ball_tree", "rp_forest", "brute")


class TreeNeighborsTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""The graph of nearest neighbors, by a tree; takes `KNeighborsTransformer`'s place in a pipe.

    Parameters
    ----------
    n_neighbors : int, default 5
        Neighbors of each row. A distance graph holds one more, as scikit-learn's does: of a row
        that was fitted that is the row itself.
    mode : {"distance", "connectivity"}
        Entries of the graph: Euclidean distances, or ones.
    algorithm : {"kd_tree", "ball_tree", "rp_forest", "brute"}
    leaf_size : int, default 16
    epsilon : float, default 0
        Distances may be that much longer than the true ones, as a factor of :math:`1 + \epsilon`;
        of kd and ball trees.
    n_trees : int, default 10
        Of the forest.
    search_budget : int, optional
        Evaluations for each row; of kd-trees (which then search best bins first) and forests,
        where the default is a fiftieth of the fitted points, and at least 100 and twenty times the
        neighbors.
    random_state : int, RandomState or None
        For the forest.

    Attributes
    ----------
    index_ : KDTree, BallTree, RPForest or array
    n_samples_fit_ : int
    n_features_in_ : int

    Notes
    -----
    **Cost.** That of `kd_tree` and `kd_query`, or of the other pairs.

    **Guarantee.** Exact for "kd_tree", "ball_tree" and "brute", if ``epsilon`` is 0 and there is
    no budget.

    Examples
    --------
    >>> import numpy as np
    >>> graph = TreeNeighborsTransformer(1).fit_transform(np.array([[0.0], [1.0], [3.0]]))
    >>> graph.toarray()
    array([[0., 1., 0.],
           [1., 0., 0.],
           [0., 2., 0.]])
    """

    def __init__(
        self,
        n_neighbors=5,
        *,
        mode="distance",
        algorithm="kd_tree",
        leaf_size=16,
        epsilon=0.0,
        n_trees=10,
        search_budget=None,
        random_state=None,
    ):
        self.n_neighbors = n_neighbors
        self.mode = mode
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.epsilon = epsilon
        self.n_trees = n_trees
        self.search_budget = search_budget
        self.random_state = random_state

    def fit(self, X, y=None):
        """Build the index of the rows of ``X`` (n, d)."""
        if self.mode not in ("distance", "connectivity"):
            raise ValueError(f"mode must be 'distance' or 'connectivity'; got {self.mode!r}.")
        X = self._points(X, reset=True)
        check_count(self.n_neighbors, "n_neighbors", low=1)
        self.n_samples_fit_ = self._n_features_out = len(X)
        if self.algorithm == "kd_tree":
            self.index_ = kd_tree(X, leaf_size=self.leaf_size)
        elif self.algorithm == "ball_tree":
            self.index_ = ball_tree(X, leaf_size=self.leaf_size)
        elif self.algorithm == "rp_forest":
            rng = np.random.default_rng(as_random_state(self.random_state).randint(2**31))
            self.index_ = rp_forest(X, self.n_trees, leaf_size=self.leaf_size, rng=rng)
        elif self.algorithm == "brute":
            self.index_ = X.copy()
        else:
            raise ValueError(f"algorithm must be one of {ALGORITHMS}; got {self.algorithm!r}.")
        self._fitted = X
        return self

    def _points(self, X, reset=False):
        X = learner_rows(self, X, reset=reset)
        return check_points(X)

    def _search(self, Q, k):
        """Return `Neighbors` by whatever was fitted."""
        if k > self.n_samples_fit_:
            raise ValueError(
                f"n_neighbors must leave {k} neighbors of the {self.n_samples_fit_} fitted "
                "samples; fit more or ask for fewer."
            )
        if self.algorithm == "brute":
            return brute_force(self.index_, Q, k)
        if self.algorithm == "ball_tree":
            return ball_query(self.index_, Q, k, epsilon=self.epsilon)
        budget = self.search_budget
        if self.algorithm == "rp_forest":
            budget = max(100, 20 * k, self.n_samples_fit_ // 50) if budget is None else budget
            return rp_query(self.index_, Q, k, search_budget=budget)
        if budget is None:
            return kd_query(self.index_, Q, k, epsilon=self.epsilon)
        return best_bin_first(self.index_, Q, k, search_budget=budget, epsilon=self.epsilon)

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """Return distances (q, k) and indices (q, k) of the neighbors of each row of ``X``.

        Without ``X``, those of the fitted rows, of which none is its own neighbor.
        """
        check_is_fitted(self)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        k = check_count(k, "n_neighbors", low=1)
        if X is None:
            found = self._search(self._fitted, k + 1)
            distances, indices = _without_self(found)
        else:
            found = self._search(self._points(X), k)
            distances, indices = found.distances, found.indices
        return (distances, indices) if return_distance else indices

    def transform(self, X):
        """Return the graph (q, n) of the neighbors of each row of ``X``, as a CSR matrix."""
        check_is_fitted(self)
        k = check_count(self.n_neighbors, "n_neighbors", low=1) + (self.mode == "distance")
        distances, indices = self.kneighbors(X, k)
        if self.mode == "connectivity":
            distances = np.ones_like(distances)
        indptr = np.arange(0, indices.size + 1, k)
        shape = (len(indices), self.n_samples_fit_)
        return sp.csr_matrix((distances.ravel(), indices.ravel(), indptr), shape=shape)

    def fit_transform(self, X, y=None):
        """Return the graph (n, n) of the rows of ``X``, of which each is its own first neighbor."""
        return self.fit(X).transform(X)


def _without_self(found):
    """Return distances and indices without the row itself, or else without the last."""
    q, k = found.indices.shape
    own = found.indices == np.arange(q)[:, None]
    own[~own.any(axis=1), -1] = True
    return found.distances[~own].reshape(q, k - 1), found.indices[~own].reshape(q, k - 1)
