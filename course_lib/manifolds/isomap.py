"""Isomap: scaling of the distances along the surface, from all points or from landmarks."""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import as_random_state, check_count, in_reach, learner_rows
from course_lib.manifolds._points import canonical, check_graph
from course_lib.manifolds.graph import (
    connect,
    geodesic_distances,
    neighbor_graph,
    shortest_paths,
)
from course_lib.manifolds.scaling import inner_products, landmark_mds, place

__all__ = ["Isomap", "maxmin_landmarks"]


class Isomap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""A map whose straight distances follow the shortest paths through near neighbors.

    Parameters
    ----------
    n_neighbors : int, default 10
        Neighbors that a point is tied to.
    n_components : int, default 2
        Dimensions of the map.
    n_landmarks : int, optional
        Points whose distances to all others are computed; all points by default.
    method : {"columns", "nystrom"}
        How the map is made of these distances, see `landmark_mds`.
    landmarks : {"random", "maxmin"}
        Landmarks drawn uniformly, or each as far as possible from those before.
    random_state : int, RandomState or None
        Draws the landmarks.

    Attributes
    ----------
    embedding_ : array, shape (n, n_components)
    eigenvalues_ : array, shape (n_components,)
    landmarks_ : array of int, shape (m,)
    dist_matrix_ : array, shape (m, n)
        Lengths of the shortest paths from the landmarks to all points.
    graph_ : scipy.sparse.csr_array, shape (n, n)
        Lengths of the edges, with those that `connect` added.
    nbrs_ : sklearn.neighbors.NearestNeighbors
        The search among the rows of ``X`` by which further points find their places.

    Notes
    -----
    **Cost.** The neighbor graph, then m rows of shortest paths (see `geodesic_distances`), then
    :math:`O(n m^2)` flops. Memory :math:`2 n m`: the whole matrix is :math:`n^2`, and
    landmarks are what lets n grow. Pieces of the neighbor graph are joined by their shortest
    edges, as in `LocallyLinearEmbedding` and `LaplacianEigenmaps`. Rows of a sparse ``X`` stay
    sparse, and each is compared with all others.

    **Guarantee.** Distances along the surface are found up to factors that go to 1 as the points
    get dense ([2]), provided that no edge jumps from one fold of the surface to another.

    References
    ----------
    .. [1] J. Tenenbaum, V. de Silva, J. Langford, "A global geometric framework for nonlinear
       dimensionality reduction", Science 290, 2000.
    .. [2] M. Bernstein, V. de Silva, J. Langford, J. Tenenbaum, "Graph approximations to
       geodesics on embedded manifolds", Stanford University, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> angle = np.linspace(0, 3, 31)
    >>> arc = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> Y = Isomap(n_neighbors=2, n_components=1).fit_transform(arc)[:, 0]
    >>> abs(Y[30] - Y[0]).round(1)                              # the length of the arc
    np.float64(3.0)
    """

    def __init__(
        self,
        n_neighbors=10,
        n_components=2,
        *,
        n_landmarks=None,
        method="columns",
        landmarks="random",
        random_state=None,
    ):
        self.n_neighbors = n_neighbors
        self.n_components = n_components
        self.n_landmarks = n_landmarks
        self.method = method
        self.landmarks = landmarks
        self.random_state = random_state

    def fit(self, X, y=None):
        """Map the rows of ``X`` (n, d), an array or a sparse matrix.

        Raises
        ------
        ValueError, TypeError
            If ``X`` is not a finite matrix, or a parameter is out of range, or the distances have
            fewer than ``n_components`` directions of positive variance, as points on a line do.
        """
        X = learner_rows(self, X, accept_sparse="csr", ensure_min_samples=3)
        X = canonical(X)
        if self.landmarks not in ("random", "maxmin"):
            raise ValueError(f"landmarks must be 'random' or 'maxmin'; got {self.landmarks!r}.")
        n = X.shape[0]
        k = check_count(self.n_components, "n_components", low=1)
        m = n if self.n_landmarks is None else self.n_landmarks
        m = check_count(m, "n_landmarks", low=k + 1, high=n, high_name="n_samples")
        self.graph_ = connect(neighbor_graph(X, self.n_neighbors), X)
        rng = as_random_state(self.random_state)
        if m == n:
            self.landmarks_ = np.arange(n)
        elif self.landmarks == "random":
            self.landmarks_ = rng.choice(n, m, replace=False)
        else:
            self.landmarks_ = maxmin_landmarks(self.graph_, m, first=rng.randint(n))
        self.dist_matrix_ = geodesic_distances(self.graph_, self.landmarks_)
        self.embedding_, self.eigenvalues_, self._means, self._basis = landmark_mds(
            self.dist_matrix_, self.landmarks_, self.n_components, method=self.method
        )
        self.nbrs_ = NearestNeighbors(n_neighbors=self.n_neighbors).fit(X)
        return self

    def transform(self, X):
        """Return the places (j, n_components) of further points ``X`` (j, d), sparse or not.

        A point reaches a landmark through whichever of its nearest fitted points is best.
        """
        check_is_fitted(self)
        X = learner_rows(self, X, accept_sparse="csr", reset=False)
        X = canonical(X)
        in_reach(X)
        lengths, neighbors = self.nbrs_.kneighbors(X)
        reach = np.full((len(self.landmarks_), X.shape[0]), np.inf, self.dist_matrix_.dtype)
        for length, neighbor in zip(lengths.T, neighbors.T, strict=True):
            np.minimum(reach, self.dist_matrix_[:, neighbor] + length, out=reach)
        return place(reach, self._means, self._basis)

    def reconstruction_error(self):
        r"""Return what the map leaves of the inner products :math:`B` of `classical_mds`.

        Returns
        -------
        float
            :math:`\|B - Y Y^T\|_F / n`.

        Raises
        ------
        ValueError
            If there are landmarks: between the other points no distances are known.
        """
        check_is_fitted(self)
        m, n = self.dist_matrix_.shape
        if m < n:
            raise ValueError(
                f"reconstruction_error needs the distances of all {n} points; got those of {m} "
                "landmarks, leave n_landmarks out."
            )
        B = inner_products(self.dist_matrix_.astype(np.float64))
        left = np.vdot(B, B) - np.sum(self.eigenvalues_.astype(np.float64) ** 2)
        return float(np.sqrt(max(0.0, left))) / n

    def fit_transform(self, X, y=None):
        """Map the rows of ``X`` and return the map (n, n_components)."""
        return self.fit(X).embedding_

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def maxmin_landmarks(graph, size, *, first=0):
    """Return nodes of which each is as far as possible from those before it.

    Parameters
    ----------
    graph : array or sparse matrix, shape (n, n)
        Symmetric lengths.
    size : int
        Between 1 and n.
    first : int, default 0
        The node to begin with.

    Returns
    -------
    array of int, shape (size,)

    Raises
    ------
    ValueError, TypeError
        If the graph is none for `geodesic_distances`, or a number is out of range.

    Notes
    -----
    **Cost.** ``size`` shortest-path rows, one at a time, so each costs as much as many together.

    **Guarantee.** Every node is within twice the least possible distance of a landmark (Gonzalez
    1985). That helps fitted columns a little and Nyström not (see the book).

    Examples
    --------
    >>> import numpy as np
    >>> maxmin_landmarks(neighbor_graph(np.arange(9.0)[:, None], 2), 3)
    array([0, 8, 4])
    """
    graph = check_graph(graph)
    n = graph.shape[0]
    size = check_count(size, "size", low=1, high=n, high_name="n")
    chosen = [check_count(first, "first", low=0, high=n - 1, high_name="n - 1")]
    nearest = np.full(n, np.inf)
    while len(chosen) < size:
        np.minimum(nearest, shortest_paths(graph, np.array(chosen[-1:]))[0], out=nearest)
        nearest[chosen[-1]] = -1.0  # also where two nodes coincide, none is chosen twice
        chosen.append(int(nearest.argmax()))
    return np.array(chosen)
