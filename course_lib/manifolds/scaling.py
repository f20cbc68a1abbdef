"""Points from distances: classical scaling, and the same from the distances to a few landmarks.

::

    classical_mds     all distances: the leading eigenvectors of a matrix of inner products
    landmark_mds      distances to m landmarks: the same from m columns of that matrix
    place             where new points go, by their distances to the landmarks
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh

from course_lib._validation import (
    as_rng,
    check_array,
    check_count,
    check_finite,
    check_indices,
    check_vector,
)
from course_lib.manifolds._points import check_distances

__all__ = ["LandmarkMap", "Scaling", "classical_mds", "landmark_mds", "place"]

BLOCK = 64  # rows
ROUNDING = 100  # times the root of the dtype's: distances may come from differences of squares
DENSE = 500  # up to this many points all eigenvectors are computed
NOT_ENOUGH = (
    "distances must have at least n_components = {} directions of positive variance; got {}: "
    "ask for fewer components."
)


class Scaling(NamedTuple):
    """A map and the variances along its axes, the largest first."""

    Y: np.ndarray  # (n, k), columns orthogonal and centered
    eigenvalues: np.ndarray  # (k,), squared lengths of the columns of Y


class LandmarkMap(NamedTuple):
    """A map from distances to landmarks, and what places further points on it."""

    Y: np.ndarray  # (n, k)
    eigenvalues: np.ndarray  # (k,), estimates for all n points
    means: np.ndarray  # (m,), mean squared distance from each landmark
    basis: np.ndarray  # (m, k), what turns centered squared distances into coordinates


def classical_mds(distances, n_components=2, *, rng=None):
    r"""Return points in k dimensions whose inner products are nearest to those of the distances.

    Parameters
    ----------
    distances : array, shape (n, n)
        Symmetric, non-negative, zero on the diagonal.
    n_components : int, default 2
        Dimensions :math:`k`, less than n.
    rng : Generator, int or None
        Starts the eigenvalue iteration where n is large; no part of the answer but its signs.

    Returns
    -------
    Scaling
        ``Y`` (n, k) and the k largest eigenvalues of :math:`B = -\frac12 J D^{(2)} J`, where
        :math:`D^{(2)}` holds squared distances and :math:`J = I - \frac1n 1 1^T`.

    Raises
    ------
    ValueError, TypeError
        If the distances are not a finite square matrix, symmetric, non-negative and zero on the
        diagonal up to rounding, or fewer than k eigenvalues are positive.

    Notes
    -----
    **Cost.** Memory :math:`n^2`; some 20 to 50 products of B with a vector.

    **Guarantee.** :math:`Y Y^T` minimizes :math:`\|B - Y Y^T\|_F` over all :math:`Y` of width k.
    If the distances are Euclidean between points of dimension at most k, the distances of Y are
    exactly these ([1], [2]).

    References
    ----------
    .. [1] G. Young, A. Householder, "Discussion of a set of points in terms of their mutual
       distances", Psychometrika 3, 1938.
    .. [2] W. Torgerson, "Multidimensional scaling: I. Theory and method", Psychometrika 17, 1952.

    Examples
    --------
    >>> import numpy as np
    >>> D = np.array([[0.0, 3.0, 5.0], [3.0, 0.0, 2.0], [5.0, 2.0, 0.0]])       # on a line
    >>> Y, eigenvalues = classical_mds(D, 1)
    >>> np.abs(Y[:, 0] - Y[0, 0]).round(6)
    array([0., 3., 5.])
    """
    D = check_distances(distances, square=True)
    n = len(D)
    _check_both_ways(D)
    k = check_count(n_components, "n_components", low=1, high=n - 1, high_name="n - 1")
    B = inner_products(D) if n <= DENSE else _products(D)
    w, U = _leading(B, k, as_rng(rng))
    return Scaling(U * np.sqrt(w), w)


def landmark_mds(distances, landmarks, n_components=2, *, method="columns"):
    r"""Return the map of `classical_mds`, approximately, from distances to some of the points.

    The squared distances to m landmarks, centered, are m columns :math:`C` of the matrix B of
    classical scaling, but for the means over all points that nobody has seen. As for kernel
    matrices in chapter 6, there is more than one use of them.

    Parameters
    ----------
    distances : array, shape (m, n)
        From each landmark to all n points.
    landmarks : array of int, shape (m,)
        Which of the points the landmarks are.
    n_components : int, default 2
        Dimensions :math:`k`, less than m.
    method : {"columns", "nystrom"}
        ``"nystrom"``: scale the landmarks alone, and place the others by their distances to them;
        this is landmark MDS [1], a Nyström extension [2]. ``"columns"``: take the left singular
        vectors of :math:`C`, to which every point contributes, some ten for each dimension, and
        choose among them by the small matrix that B is on them. The book calls this fitted
        columns; plain column sampling would take the leading k of them as they are.

    Returns
    -------
    LandmarkMap
        ``Y`` (n, k), estimated eigenvalues, and what `place` needs.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, a landmark is none of the points, a distance is negative or not
        finite, or fewer than k directions have positive variance.

    Notes
    -----
    **Cost.** :math:`O(m^3 + n m k)` flops by Nyström, :math:`O(n m^2)` by columns; memory
    :math:`2 n m`.

    **Guarantee.** Both are exact if the distances are Euclidean of dimension at most k and the
    landmarks do not lie in a plane of lower dimension. For others none; columns come nearer to
    the map of all distances, on digits many times.

    References
    ----------
    .. [1] V. de Silva, J. Tenenbaum, "Global versus local methods in nonlinear dimensionality
       reduction", NIPS 2002.
    .. [2] A. Talwalkar, S. Kumar, H. Rowley, "Large-scale manifold learning", CVPR 2008.

    Examples
    --------
    >>> import numpy as np
    >>> D = np.array([[0.0, 3.0, 5.0, 9.0], [5.0, 2.0, 0.0, 4.0]])      # from points 0 and 2
    >>> Y = landmark_mds(D, [0, 2], 1).Y[:, 0]
    >>> np.abs(Y - Y[0]).round(6)
    array([0., 3., 5., 9.])
    """
    D = check_distances(distances)
    m, n = D.shape
    landmarks = check_indices(landmarks, "landmarks", n)
    if len(landmarks) != m:
        raise ValueError(f"landmarks must be {m} point numbers, one for each row of distances.")
    if m > n:
        raise ValueError(f"distances must have at most as many rows as columns; got {D.shape}.")
    k = check_count(n_components, "n_components", low=1, high=m - 1, high_name="landmarks - 1")
    if method not in ("columns", "nystrom"):
        raise ValueError(f"method must be 'columns' or 'nystrom'; got {method!r}.")
    squares = (D**2).T  # (n, m), and centered in its place
    whole = m == n  # then both are classical scaling
    seen = squares[landmarks] if method == "nystrom" and not whole else squares
    means = seen.mean(axis=0)
    C = _centered(squares, means)
    fit = _by_nystrom if method == "nystrom" or whole else _by_columns
    eigenvalues, basis = fit(C, landmarks, k)
    basis = basis.astype(C.dtype)
    return LandmarkMap(C @ basis, eigenvalues.astype(C.dtype), means, basis)


def place(distances, means, basis):
    """Return the coordinates of points with given distances to the landmarks of a map.

    Parameters
    ----------
    distances : array, shape (m, j)
        From each landmark to j points, old or new.
    means, basis : array, shape (m,) and (m, k)
        Of a `LandmarkMap`.

    Returns
    -------
    array, shape (j, k)

    Raises
    ------
    ValueError, TypeError
        If distances are negative or not finite, or shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> D = np.array([[0.0, 3.0, 5.0], [5.0, 2.0, 0.0]])
    >>> line = landmark_mds(D, [0, 2], 1)
    >>> far = place(np.array([[10.0], [5.0]]), line.means, line.basis)
    >>> np.abs(far[0] - line.Y[0]).round(6)
    array([10.])
    """
    D = check_distances(distances)
    means = check_vector(means, "means", len(D))
    basis = check_array(basis, "basis", ndim=2)
    if len(basis) != len(D):
        raise ValueError(f"basis must have {len(D)} rows, as distances; got {len(basis)}.")
    squares = check_finite(np.square(D.astype(means.dtype, copy=False)), "distances").T
    return check_finite(_centered(squares, means) @ basis, "basis")


def _check_both_ways(D):
    """Refuse a square matrix that is not symmetric, or not zero on the diagonal, up to rounding."""
    tolerance = ROUNDING * np.sqrt(np.finfo(D.dtype).eps) * D.max()
    # Blocks of the upper triangle, which fit into a cache with their mirror images.
    blocks = [slice(start, start + BLOCK) for start in range(0, len(D), BLOCK)]
    pairs = ((D[rows, rows.start :], D[rows.start :, rows]) for rows in blocks)
    if any(np.abs(upper - lower.T).max() > tolerance for upper, lower in pairs):
        raise ValueError("distances must be symmetric; use (distances + distances.T) / 2.")
    if np.diag(D).max() > tolerance:
        raise ValueError(f"distances must be zero on the diagonal; got {np.diag(D).max():g} there.")


def inner_products(D):
    """Return B, the centered inner products that distances ``D`` (n, n) stand for."""
    squares = D**2
    return _centered(squares, squares.mean(axis=0))


def _products(D):
    """Return B known by its products with vectors.

    A product centers two vectors. That costs less than centering a matrix, and loses no more.
    """
    squares = D**2

    def times(x):
        y = (x - x.mean()) @ squares  # symmetric; as the right factor it is read faster
        return -0.5 * (y - y.mean())

    return LinearOperator(D.shape, times, dtype=D.dtype)


def _centered(squares, means):
    """Turn squared distances (n, m) into columns of B: less their column and row means."""
    squares -= means
    squares -= squares.mean(axis=1, keepdims=True)
    squares *= -0.5
    return squares


def _leading(B, k, rng):
    """Return the k largest eigenvalues of B, largest first, and their eigenvectors."""
    n = B.shape[0]
    if n <= DENSE:
        copy = B.astype(np.float64).T  # symmetric, and in the order that LAPACK writes into
        w, U = eigh(copy, subset_by_index=[n - k, n - 1], overwrite_a=True, check_finite=False)
    else:
        w, U = eigsh(B, k, which="LA", v0=rng.standard_normal(n).astype(B.dtype))
    order = np.argsort(w)[::-1]
    _require_positive(w[order], k, n, B.dtype)
    return w[order].astype(B.dtype), U[:, order].astype(B.dtype)


def _by_nystrom(C, landmarks, k):
    w, U = _leading(C[landmarks], k, as_rng(0))
    return w * (len(C) / len(landmarks)), U / np.sqrt(w)


def _by_columns(C, landmarks, k):
    """Many directions that the columns of B share; among them the best k.

    On the left singular vectors ``U = C @ V`` B is a small matrix S, which fits the columns that
    are known: ``C = U @ S @ own.T``. Near eigenvalues of B mix in the singular vectors, which err
    with the draw of the landmarks; S sets them apart again.
    """
    m = len(landmarks)
    candidates = min(m, max(2 * k + 2, min(10 * k, m // 4)))
    gram = _gram(C)
    w, V = eigh(gram, subset_by_index=[m - candidates, m - 1], check_finite=False)
    sure = w > m * np.finfo(C.dtype).eps * w[-1]
    V = V[:, sure] / np.sqrt(w[sure])
    own = C[landmarks] @ V
    own -= own.mean(axis=0)  # the columns of B are about the mean of the landmarks
    S = np.linalg.pinv(own) @ gram @ V
    lengths, turn = np.linalg.eigh((S + S.T) / 2)
    lengths, turn = lengths[::-1][:k], turn[:, ::-1][:, :k]
    _require_positive(lengths, k, len(C), C.dtype)
    basis = V @ (turn * np.sqrt(lengths))
    return lengths, basis


def _gram(C):
    with np.errstate(over="ignore", invalid="ignore"):
        return check_finite(C.T @ C, "distances").astype(np.float64)


def _require_positive(w, k, n, dtype):
    """Refuse eigenvalues that the rounding of n distances in this dtype would have made alone."""
    share = max(1e-10, 4 * np.sqrt(n) * float(np.finfo(dtype).eps))  # of a line, measured: 1/20
    found = int(np.count_nonzero(w[:k] > share * w.max(initial=0.0)))
    if found < k:
        raise ValueError(NOT_ENOUGH.format(k, found))
