"""Laplacian eigenmaps: coordinates that change as little as possible along the edges of a graph."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin

from course_lib._validation import (
    as_random_state,
    as_rng,
    check_count,
    check_finite,
    check_number,
    check_vector,
    learner_rows,
)
from course_lib.manifolds._eigen import smallest_eigenpairs
from course_lib.manifolds._points import check_graph
from course_lib.manifolds.graph import connect, neighbor_graph

__all__ = ["LaplacianEigenmaps", "SpectralMap", "laplacian_eigenmaps", "sweep_conductance"]


FAR = 6.0  # medians: an edge of that length has weight 2e-16, and longer ones not less


class SpectralMap(NamedTuple):
    """Coordinates from a graph, and the eigenvalues they belong to, smallest first."""

    Y: np.ndarray  # (n, k), with Y.T @ D @ Y = I and Y.T @ D @ 1 = 0
    eigenvalues: np.ndarray  # (k,), between 0 and 2


def laplacian_eigenmaps(W, n_components=2, *, tol=1e-6, method="auto", rng=None):
    r"""Return the smoothest coordinates on a weighted graph.

    Parameters
    ----------
    W : array or sparse matrix, shape (n, n)
        Symmetric non-negative weights; the diagonal counts for nothing.
    n_components : int, default 2
        Coordinates :math:`k`, at most n - 1; the constant one is left out.
    tol : float, default 1e-6
        Size at which the residual of an eigenpair is small enough; its eigenvalue is then
        right to about ``tol**2`` over the gap to the next.
    method : {"auto", "lanczos", "factor"}
        Products with W only, or a sparse factorization, or the second where the graph is that
        of a sheet or the first takes long.
    rng : Generator, int or None
        The start of the iteration; no part of the answer but its signs.

    Returns
    -------
    SpectralMap
        ``Y`` (n, k) and its eigenvalues, in :math:`(D - W) y = \lambda D y`, smallest first.

    Raises
    ------
    ValueError, TypeError
        If W is not square, symmetric, finite and non-negative, or a node has no edge, or the
        graph falls into pieces: then the first coordinates would only say which piece; or if a
        number is out of range.

    Notes
    -----
    **Cost.** Lanczos: some hundred products with W, :math:`O(n)` memory beside it. Factorization:
    :math:`O(n \log n)` entries for neighbor graphs of a sheet, up to :math:`n^2` for those of
    high dimension.

    **Guarantee.** Y minimizes :math:`\frac12\sum_{ij} w_{ij} \|y_i - y_j\|^2 = \sum_j \lambda_j`
    among all Y with :math:`Y^T D Y = I`, :math:`Y^T D 1 = 0` ([1]). By Cheeger's inequality
    :math:`\lambda_2 / 2 \le \phi \le \sqrt{2\lambda_2}`, with :math:`\phi` the conductance of the
    best cut ([2], Lemma 2.1 and Theorem 2.2), which `sweep_conductance` of the first coordinate
    respects.

    References
    ----------
    .. [1] M. Belkin, P. Niyogi, "Laplacian eigenmaps for dimensionality reduction and data
       representation", Neural Computation 15(6), 2003.
    .. [2] F. Chung, "Spectral Graph Theory", AMS, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> path = np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1)         # four nodes in a row
    >>> Y, eigenvalues = laplacian_eigenmaps(path, 1)
    >>> eigenvalues.round(6), bool(np.all(np.diff(Y[:, 0]) > 0) or np.all(np.diff(Y[:, 0]) < 0))
    (array([0.5]), True)
    """
    W, degrees = _check_weights(W)
    n = W.shape[0]
    k = check_count(n_components, "n_components", low=1, high=n - 1, high_name="n - 1")
    tol = check_number(tol, "tol", low=0.0)
    if method not in ("auto", "lanczos", "factor"):
        raise ValueError(f"method must be 'auto', 'lanczos' or 'factor'; got {method!r}.")
    if connected_components(W, directed=False)[0] > 1:
        raise ValueError("W must be in one piece; join its pieces, for example by connect.")
    scale = 1.0 / np.sqrt(degrees)
    normalized = sp.diags_array(scale) @ W @ sp.diags_array(scale)
    laplacian = sp.csr_array(sp.eye_array(n) - normalized)
    null = np.sqrt(degrees / degrees.sum())
    w, V = smallest_eigenpairs(
        laplacian, k, null=null, top=2.0, rng=as_rng(rng), tol=tol, method=method
    )
    return SpectralMap(V * scale[:, None], w.clip(0))


def _check_weights(W):
    """Return W as float64 CSR without its diagonal, and its row sums."""
    W = check_graph(W, "W", "weights").astype(np.float64)
    if W.shape[0] < 2:
        raise ValueError(f"W must have at least two nodes; got shape {W.shape}.")
    W = W - sp.diags_array(W.diagonal())
    degrees = check_finite(np.asarray(W.sum(axis=1)).ravel(), "W")
    if degrees.min() <= 0:
        raise ValueError("W must give each node an edge; a node without one has no place.")
    return sp.csr_array(W), degrees


def sweep_conductance(W, y):
    r"""Return the least conductance of the cuts ``y <= t`` of a graph, over all t.

    Parameters
    ----------
    W : array or sparse matrix, shape (n, n)
        Symmetric non-negative weights.
    y : array, shape (n,)
        A number for each node, such as the first coordinate of `laplacian_eigenmaps`.

    Returns
    -------
    float
        The weight that is cut, over the smaller of the two sums of degrees.

    Raises
    ------
    ValueError, TypeError
        If W is not one of weights, or ``y`` has not n finite entries.

    Notes
    -----
    **Cost.** One sort and one look at each edge.

    **Guarantee.** At most :math:`\sqrt{2\lambda}` for a vector ``y`` that is orthogonal to the
    degrees and has Rayleigh quotient :math:`\lambda` ([1], Theorem 2.2 and its proof).

    References
    ----------
    .. [1] F. Chung, "Spectral Graph Theory", AMS, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> path = np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1)
    >>> round(sweep_conductance(path, [0.0, 1.0, 2.0, 3.0]), 4)         # 1 of 3
    0.3333
    """
    W, degrees = _check_weights(W)
    y = check_vector(y, "y", dtype=np.float64)
    if len(y) != W.shape[0]:
        raise ValueError(f"y must be {W.shape[0]} finite numbers, one for each node.")
    order = np.argsort(y, kind="stable")
    ordered = W[order][:, order]
    inner = np.asarray(sp.triu(ordered).sum(axis=0)).ravel()  # weight to nodes before
    volume = np.cumsum(degrees[order])[:-1]
    cut = np.cumsum(degrees[order] - 2 * inner)[:-1]
    between = np.flatnonzero(np.diff(y[order]) > 0)  # no threshold parts equal values
    if not len(between):
        raise ValueError("y must take at least two values; a constant cuts nothing.")
    share = cut / np.minimum(volume, degrees.sum() - volume)
    return float(share[between].min())


class LaplacianEigenmaps(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A map of points by the smoothest coordinates on their neighbor graph.

    Parameters
    ----------
    n_components : int, default 2
        Coordinates.
    n_neighbors : int, default 10
        Neighbors that a point is tied to.
    affinity : {"connectivity", "heat", "precomputed"}
        Weight 1 an edge; or ``exp(-length**2 / s**2)`` with s the median length of the edges
        between different points, and at least 2e-16, so that no edge is lost; or ``X`` is itself
        the matrix of weights.
    tol : float, default 1e-6
        As for `laplacian_eigenmaps`.
    random_state : int, RandomState or None
        The start of the eigenvalue iteration.

    Attributes
    ----------
    embedding_ : array, shape (n, n_components)
    eigenvalues_ : array, shape (n_components,)
    weights_ : scipy.sparse.csr_array, shape (n, n)

    Notes
    -----
    **Cost.** The neighbor graph, then `laplacian_eigenmaps`. Pieces of the graph are joined by
    their shortest edges. Rows of a sparse ``X`` stay sparse, and each is compared with all others.
    There is no transform: a further point changes the graph.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [9.0], [10.0], [11.0]])
    >>> Y = LaplacianEigenmaps(n_components=1, n_neighbors=2).fit_transform(X)[:, 0]
    >>> sign = np.sign(Y) * np.sign(Y[0])
    >>> sign                                                    # two groups and a bridge
    array([ 1.,  1.,  1., -1., -1., -1.])
    """

    def __init__(
        self,
        n_components=2,
        *,
        n_neighbors=10,
        affinity="connectivity",
        tol=1e-6,
        random_state=None,
    ):
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.affinity = affinity
        self.tol = tol
        self.random_state = random_state

    def fit(self, X, y=None):
        """Map the rows of ``X`` (n, d), or the nodes of the weights ``X`` (n, n); sparse or not."""
        if self.affinity not in ("connectivity", "heat", "precomputed"):
            raise ValueError(
                f"affinity must be 'connectivity', 'heat' or 'precomputed'; got {self.affinity!r}."
            )
        given = self.affinity == "precomputed"
        X = learner_rows(self, X, accept_sparse="csr", ensure_min_samples=2)
        self.weights_ = sp.csr_array(X) if given else self._weigh(X)
        rng = as_random_state(self.random_state).randint(2**31)
        Y, self.eigenvalues_ = laplacian_eigenmaps(
            self.weights_, self.n_components, tol=self.tol, rng=rng
        )
        self.embedding_ = Y.astype(X.dtype)
        return self

    def fit_transform(self, X, y=None):
        """Map the rows of ``X`` and return the map (n, n_components)."""
        return self.fit(X).embedding_

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.affinity == "precomputed"
        tags.input_tags.sparse = True
        return tags

    def _weigh(self, X):
        graph = connect(neighbor_graph(X, self.n_neighbors), X)
        if self.affinity == "connectivity":
            graph.data[:] = 1.0
        else:
            apart = graph.data > np.finfo(graph.dtype).tiny  # the length between equal points
            scale = np.median(graph.data[apart]) if apart.any() else 1.0
            graph.data[:] = np.exp(-(np.minimum(graph.data / scale, FAR) ** 2))
        return graph
