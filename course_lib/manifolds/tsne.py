"""t-SNE with Barnes-Hut repulsion: near points attract each other, all points repel."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numba import njit
from scipy.sparse.linalg import LinearOperator
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin

from course_lib._validation import (
    as_random_state,
    check_array,
    check_count,
    check_number,
    in_reach,
    learner_rows,
)
from course_lib.low_rank import randomized_svd
from course_lib.manifolds._points import canonical, check_graph
from course_lib.manifolds.affinities import joint_affinities
from course_lib.manifolds.quadtree import check_plane, repulsion

__all__ = ["TSNE", "TSNEStep", "kl_divergence", "tsne_steps"]

START = 1e-4  # spread of the first positions: small, so that all points can still pass each other
SMALLEST_GAIN = 0.01


class TSNEStep(NamedTuple):
    """One iterate of t-SNE."""

    Y: np.ndarray  # (n, 2), a view that the next step changes
    visits: int  # of the quadtree in this step


def tsne_steps(P, Y, *, theta=0.5, early_exaggeration=12.0, n_early=250, learning_rate=None):
    r"""Yield the iterates of gradient descent on `kl_divergence`.

    Parameters
    ----------
    P : array or sparse matrix, shape (n, n)
        Symmetric affinities that sum to one, as from `joint_affinities`.
    Y : array, shape (n, 2)
        Where to start; not changed.
    theta : float, default 0.5
        As for `repulsion`.
    early_exaggeration : float, default 12
        Factor on the attraction in the first ``n_early`` steps, in which clusters form.
    n_early : int, default 250
        Steps with exaggeration and momentum 0.5; later ones have momentum 0.8.
    learning_rate : float or "auto", optional
        By default, and with "auto", ``n / (4 early_exaggeration)``, at least 50.

    Yields
    ------
    TSNEStep
        Without end; the caller stops.

    Raises
    ------
    ValueError, TypeError
        At the first ``next``, as with every generator: if P is not square, symmetric, finite and
        non-negative, Y is not a point in the plane for each of its rows, or a number is out of
        range. Later, if steps too long have thrown the points apart.

    Notes
    -----
    **Cost.** A step: one tree, `repulsion`, and one look at each affinity.

    References
    ----------
    .. [1] L. van der Maaten, G. Hinton, "Visualizing data using t-SNE", JMLR 9, 2008.
    .. [2] L. van der Maaten, "Accelerating t-SNE using tree-based algorithms", JMLR 15, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> P = joint_affinities(np.arange(20.0)[:, None], 3)
    >>> Y = np.random.default_rng(0).standard_normal((20, 2))
    >>> steps = tsne_steps(P, Y, n_early=0)
    >>> first, *_, last = [kl_divergence(P, next(steps).Y) for _ in range(50)]
    >>> last < first
    True
    """
    P, Y = _check_affinities(P, Y, symmetric=True)
    early_exaggeration = check_number(early_exaggeration, "early_exaggeration", low=1.0)
    n_early = check_count(n_early, "n_early", low=0)
    learning_rate = _check_rate(learning_rate) or max(len(Y) / (4 * early_exaggeration), 50.0)
    moves, gains = np.zeros_like(Y), np.ones_like(Y)
    turn = 0
    while True:
        early = turn < n_early
        forces, _, visits = repulsion(Y, theta)
        pull = _attraction(P.indptr, P.indices, P.data, Y)
        gradient = 4 * ((early_exaggeration if early else 1.0) * pull - forces)
        turning = np.sign(gradient) == np.sign(moves)  # downhill is against the last move
        gains = np.maximum(np.where(turning, 0.8 * gains, gains + 0.2), SMALLEST_GAIN)
        moves = (0.5 if early else 0.8) * moves - learning_rate * gains * gradient
        Y += moves
        turn += 1
        yield TSNEStep(Y, visits)


def _check_rate(learning_rate):
    """Return a given step size, or None where the usual one is wanted."""
    if learning_rate is None or (isinstance(learning_rate, str) and learning_rate == "auto"):
        return None
    return check_number(learning_rate, "learning_rate", low=0.0, open_low=True)


def _check_affinities(P, Y, *, symmetric):
    """Return affinities as a CSR array and a point in the plane for each of its rows, copied."""
    P = check_graph(P, "P", "weights", symmetric=symmetric)
    Y = check_plane(Y)
    if len(Y) != P.shape[0]:
        raise ValueError(f"Y must have {P.shape[0]} points, as P has rows; got {len(Y)}.")
    return P, Y


@njit(cache=True)
def _attraction(indptr, indices, P, Y):
    """Return the pull of its neighbors on each point."""
    n = len(Y)
    pull = np.empty((n, 2))
    for i in range(n):
        x, y = Y[i]
        pull_x, pull_y = 0.0, 0.0
        for edge in range(indptr[i], indptr[i + 1]):
            dx, dy = x - Y[indices[edge], 0], y - Y[indices[edge], 1]
            weight = P[edge] / (1.0 + dx * dx + dy * dy)
            pull_x += weight * dx
            pull_y += weight * dy
        pull[i] = pull_x, pull_y
    return pull


def kl_divergence(P, Y, *, theta=0.0):
    r"""Return the Kullback-Leibler divergence that t-SNE makes small.

    Parameters
    ----------
    P : array or sparse matrix, shape (n, n)
        Affinities that sum to one.
    Y : array, shape (n, 2)
    theta : float, default 0
        As for `repulsion`, which finds the sum over all pairs.

    Returns
    -------
    float
        :math:`\sum_{ij} p_{ij} \log(p_{ij} / q_{ij})` with :math:`q_{ij} = w_{ij} / Z`.

    Raises
    ------
    ValueError, TypeError
        If P is not square, finite and non-negative, Y is not a point in the plane for each of
        its rows, or theta is out of range.

    Notes
    -----
    **Cost.** One `repulsion` and one look at each affinity.

    Examples
    --------
    >>> import numpy as np
    >>> P = joint_affinities(np.array([[0.0], [1.0], [3.0], [4.0]]), 2)
    >>> equal = np.zeros((4, 2))                        # all q are 1/12
    >>> p = P.data[P.data > 0]
    >>> bool(np.isclose(kl_divergence(P, equal), np.sum(p * np.log(12 * p))))
    True
    """
    P, Y = _check_affinities(P, Y, symmetric=False)
    if len(Y) < 2:
        raise ValueError("Y must hold at least two points; got one, which has no neighbor.")
    edges = P.tocoo()
    p = edges.data
    log_w = -np.log1p(np.sum((Y[edges.row] - Y[edges.col]) ** 2, axis=1))
    log_z = np.log(repulsion(Y, theta).normalizer)
    return float(np.sum(p * (np.log(np.maximum(p, np.finfo(float).tiny)) - log_w + log_z)))


class TSNE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""A map in the plane that keeps neighbors together and promises nothing else.

    Parameters
    ----------
    perplexity : float, default 30
        Effective number of neighbors of a point, from 1 to n - 1.
    theta : float, default 0.5
        Accuracy of the repulsion, 0 exact, at most 0.7.
    early_exaggeration : float, default 12
        See `tsne_steps`.
    learning_rate : float or "auto", optional
        See `tsne_steps`.
    max_iter : int, default 1000
        Steps, the first quarter of them, at most 250, with exaggeration.
    init : {"pca", "random"} or array, shape (n, 2)
        Where to start. The only part that knows how clusters lie to each other.
    random_state : int, RandomState or None
        Draws the random start.

    Attributes
    ----------
    embedding_ : array, shape (n, 2)
    kl_divergence_ : float
        At the end, up to the accuracy of ``theta``.

    Notes
    -----
    **Cost.** One search for :math:`3 \times` perplexity neighbors; then for each step
    :math:`O(n \log n)` visits and :math:`O(n \times \text{perplexity})` affinities. Rows of a
    sparse ``X`` stay sparse, and each is compared with all others.

    **Guarantee.** None on distances between groups or on their sizes: see `joint_affinities`.
    There is no transform: a further point moves all others.

    References
    ----------
    .. [1] L. van der Maaten, "Accelerating t-SNE using tree-based algorithms", JMLR 15, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.r_[np.arange(10.0), 100 + np.arange(10.0)][:, None]
    >>> Y = TSNE(perplexity=3, max_iter=500, random_state=0).fit_transform(X)
    >>> gap = Y[:10].mean(axis=0) - Y[10:].mean(axis=0)                 # two groups, apart
    >>> bool((Y[:10] @ gap).min() > (Y[10:] @ gap).max())
    True
    """

    def __init__(
        self,
        perplexity=30.0,
        *,
        theta=0.5,
        early_exaggeration=12.0,
        learning_rate=None,
        max_iter=1000,
        init="pca",
        random_state=None,
    ):
        self.perplexity = perplexity
        self.theta = theta
        self.early_exaggeration = early_exaggeration
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.init = init
        self.random_state = random_state

    def fit(self, X, y=None):
        """Map the rows of ``X`` (n, d), an array or a sparse matrix."""
        X = learner_rows(self, X, accept_sparse="csr", ensure_min_samples=4)
        X = canonical(X)
        max_iter = check_count(self.max_iter, "max_iter", low=1)
        exaggeration = check_number(self.early_exaggeration, "early_exaggeration", low=1.0)
        _check_rate(self.learning_rate)
        in_reach(X)
        P = joint_affinities(X, self.perplexity)
        steps = tsne_steps(
            P,
            self._start(X),
            theta=self.theta,
            early_exaggeration=exaggeration,
            n_early=min(250, max_iter // 4),
            learning_rate=self.learning_rate,
        )
        for _ in range(max_iter):
            step = next(steps)
        self.embedding_ = step.Y.astype(X.dtype)
        self.kl_divergence_ = kl_divergence(P, step.Y, theta=self.theta)
        return self

    def fit_transform(self, X, y=None):
        """Map the rows of ``X`` and return the map (n, 2)."""
        return self.fit(X).embedding_

    @property
    def _n_features_out(self):
        return self.embedding_.shape[1]

    def _start(self, X):
        rng, n = as_random_state(self.random_state), X.shape[0]
        if not isinstance(self.init, str):
            start = check_array(self.init, "init", dtype=np.float64)
            if start.shape != (n, 2):
                raise ValueError(f"init must be {n} points in the plane; got {start.shape}.")
            return check_plane(start, "init")
        if self.init not in ("pca", "random"):
            raise ValueError(f"init must be 'pca', 'random' or an array; got {self.init!r}.")
        start = START * rng.standard_normal((n, 2))
        if self.init == "pca":
            centered = _centered(X) if sp.issparse(X) else X - X.mean(axis=0)
            U, s, _ = randomized_svd(centered, min(2, *X.shape), n_iter=4, rng=rng.randint(2**31))
            if s[0] > 0:
                start[:, : len(s)] = U * (s / s[0]) * (START * np.sqrt(n))
        return start

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _centered(X):
    """Return sparse rows less their mean by their products; the difference would not be sparse."""
    mean = np.asarray(X.mean(axis=0)).ravel()

    def product(V):
        return X @ V - mean @ V

    def transposed(V):
        return X.T @ V - np.multiply.outer(mean, V.sum(axis=0))

    return LinearOperator(
        X.shape, product, transposed, matmat=product, rmatmat=transposed, dtype=X.dtype
    )
