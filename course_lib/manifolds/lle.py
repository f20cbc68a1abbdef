"""Locally linear embedding: each point stays the same mean of its neighbors."""

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import (
    as_random_state,
    check_count,
    check_indices,
    check_number,
    in_reach,
    learner_rows,
)
from course_lib.manifolds._eigen import smallest_eigenpairs
from course_lib.manifolds._points import check_points
from course_lib.manifolds.graph import bridges

__all__ = ["LocallyLinearEmbedding", "barycenter_weights"]

BLOCK = 1024  # points whose small systems are solved together
MOST_REG = 1e6  # from there on weights are equal in six digits


def barycenter_weights(X, neighbors, *, reg=1e-3):
    r"""Return the weights that write each point as a mean of given others.

    Parameters
    ----------
    X : array, shape (n, d)
    neighbors : array of int, shape (n, k)
        For each point the k others.
    reg : float, default 1e-3
        Positive, at most 1e6. What is added to the diagonal of the k x k Gram matrix :math:`G`,
        in units of its trace; without it the weights are not unique where :math:`k > d`.

    Returns
    -------
    array, shape (n, k)
        Rows sum to one and minimize
        :math:`\|x_i - \sum_j w_j x_j\|^2 + \text{reg}\,\mathrm{tr}(G)\,\|w\|^2`.

    Raises
    ------
    ValueError, TypeError
        If ``X`` is not a finite matrix, a neighbor is not a row of it, shapes do not fit, or
        ``reg`` is not positive.

    Notes
    -----
    **Cost.** :math:`O(n (k^2 d + k^3))` flops in batched solves.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [-1.0], [3.0]])
    >>> barycenter_weights(X, [[1, 2], [0, 2], [0, 1]], reg=1e-9)[0].round(4)
    array([0.75, 0.25])
    """
    X = check_points(X)
    neighbors = check_indices(neighbors, "neighbors", len(X), ndim=2)
    if len(neighbors) != len(X) or not neighbors.size:
        raise ValueError(f"neighbors must be ({len(X)}, k) integers; got {neighbors.shape}.")
    reg = check_number(reg, "reg", low=0.0, high=MOST_REG, open_low=True)
    return _barycenters(X, X, neighbors, reg)


def _barycenters(X, others, neighbors, reg):
    """Return the weights that write each row of ``X`` as a mean of some of the ``others``."""
    weights = np.empty(neighbors.shape, X.dtype)
    for start in range(0, len(X), BLOCK):
        rows = slice(start, start + BLOCK)
        weights[rows] = _weights(others[neighbors[rows]] - X[rows, None], reg)
    return weights / weights.sum(axis=1, keepdims=True)


def _weights(offsets, reg):
    """Return the weights (b, k), up to a factor a row, of neighbors at ``offsets`` (b, k, d)."""
    k = offsets.shape[1]
    G = offsets @ offsets.transpose(0, 2, 1)
    trace = np.trace(G, axis1=1, axis2=2)
    ridge = np.where(trace > 0, reg * trace, 1.0)
    G[:, range(k), range(k)] += ridge[:, None]
    return np.linalg.solve(G, np.ones((k, 1), G.dtype))[:, :, 0]


class LocallyLinearEmbedding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""A map on which each point is the same weighted mean of its neighbors as in the data.

    Parameters
    ----------
    n_neighbors : int, default 10
    n_components : int, default 2
    reg : float, default 1e-3
        As for `barycenter_weights`.
    random_state : int, RandomState or None
        The start of the eigenvalue iteration.

    Attributes
    ----------
    embedding_ : array, shape (n, n_components)
        Orthonormal columns, each orthogonal to the constant one.
    reconstruction_error_ : float
        The sum of the eigenvalues used: :math:`\sum_i \|y_i - \sum_j w_{ij} y_j\|^2`.

    Notes
    -----
    **Cost.** The neighbors, `barycenter_weights`, and the smallest eigenvectors of
    :math:`(I - W)^T(I - W)`, whose rows hold about :math:`k^2` entries. Pieces of the neighbor
    graph are joined by their shortest edges, as in `Isomap` and `LaplacianEigenmaps`: the ends
    of such an edge get each other as one more neighbor. Sparse rows are refused: the offsets of
    neighbors, from which the weights come, would not be sparse enough to gain from it.

    **Guarantee.** None about distances. Points on a plane, each in the convex hull of its
    neighbors, are mapped to an affine image of that plane.

    References
    ----------
    .. [1] S. Roweis, L. Saul, "Nonlinear dimensionality reduction by locally linear embedding",
       Science 290, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(0, 1, 30)[:, None] * [1.0, 2.0]
    >>> Y = LocallyLinearEmbedding(n_neighbors=4, n_components=1).fit_transform(X)[:, 0]
    >>> bool(np.all(np.diff(Y) > 0) or np.all(np.diff(Y) < 0))
    True
    """

    def __init__(self, n_neighbors=10, n_components=2, *, reg=1e-3, random_state=None):
        self.n_neighbors = n_neighbors
        self.n_components = n_components
        self.reg = reg
        self.random_state = random_state

    def fit(self, X, y=None):
        """Map the rows of ``X`` (n, d)."""
        X = learner_rows(self, X, ensure_min_samples=3)
        in_reach(X)
        n = len(X)
        k = check_count(self.n_neighbors, "n_neighbors", low=1, high=n - 1, high_name="n - 1")
        dims = check_count(self.n_components, "n_components", low=1, high=n - 1, high_name="n - 1")
        self._X, self._search = X, NearestNeighbors(n_neighbors=k).fit(X)
        neighbors = self._search.kneighbors(return_distance=False)
        weights = barycenter_weights(X, neighbors, reg=self.reg).astype(np.float64)
        gap = sp.eye_array(n) - self._joined(X, neighbors, weights)
        M = sp.csr_array(gap.T @ gap)
        rng = np.random.default_rng(as_random_state(self.random_state).randint(2**31))
        top = abs(M).sum(axis=1).max()
        null = np.full(n, n**-0.5)
        w, V = smallest_eigenpairs(M, dims, null=null, top=top, rng=rng, method="factor")
        self.embedding_ = V.astype(X.dtype)
        self.reconstruction_error_ = float(w.sum())
        return self

    def transform(self, X):
        """Return the places (j, n_components) of further points ``X`` (j, d).

        Each becomes the same weighted mean of the places of its nearest fitted points that it is
        of these points.
        """
        check_is_fitted(self)
        X = learner_rows(self, X, reset=False)
        in_reach(X)
        neighbors = self._search.kneighbors(X, return_distance=False)
        reg = check_number(self.reg, "reg", low=0.0, high=MOST_REG, open_low=True)
        weights = _barycenters(X, self._X.astype(X.dtype, copy=False), neighbors, reg)
        return np.einsum("jn,jnk->jk", weights, self.embedding_[neighbors].astype(X.dtype))

    def _joined(self, X, neighbors, weights):
        """Return the weights as a CSR matrix, with pieces joined: see `bridges`."""
        n, k = neighbors.shape
        starts = np.arange(0, n * k + 1, k)
        W = sp.csr_array((weights.ravel(), neighbors.ravel(), starts), (n, n))
        ends = bridges(W, X)
        if not ends.size:
            return W
        lists, rows = list(neighbors), list(weights)
        for i in np.unique(ends):
            others = np.concatenate([neighbors[i], ends[0][ends[1] == i], ends[1][ends[0] == i]])
            lists[i] = np.unique(others)
            rows[i] = _weights((X[lists[i]] - X[i])[None], self.reg)[0].astype(np.float64)
            rows[i] /= rows[i].sum()
        starts = np.cumsum([0, *map(len, lists)])
        return sp.csr_array((np.concatenate(rows), np.concatenate(lists), starts), (n, n))

    def fit_transform(self, X, y=None):
        """Map the rows of ``X`` and return the map (n, n_components)."""
        return self.fit(X).embedding_

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]
