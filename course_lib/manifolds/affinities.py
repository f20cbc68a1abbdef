"""Who is near whom, as t-SNE sees it: probabilities with the same number of neighbors for all."""

import numpy as np
import scipy.sparse as sp
from numba import njit

from course_lib._validation import check_finite, check_matrix, check_number
from course_lib.manifolds._points import check_points, nearest

__all__ = ["affinities", "joint_affinities"]

HALVINGS = 100  # of the search for a bandwidth; it ends sooner, when the perplexity is right
ACCURACY = 1e-10  # of the logarithm of the perplexity


def affinities(squared_distances, perplexity):
    r"""Return for each point a distribution over its neighbors, of given perplexity.

    Parameters
    ----------
    squared_distances : array, shape (n, k)
        From each of n points to k others.
    perplexity : float
        Between 1 and k: :math:`e` to the entropy of each distribution, its effective number of
        neighbors. At 1 the nearest has all, at k all have the same, to five digits.

    Returns
    -------
    array, shape (n, k)
        Rows :math:`p_{j|i} \propto e^{-\beta_i d_{ij}^2}` that sum to one.

    Raises
    ------
    ValueError, TypeError
        If the distances are not finite and non-negative, or the perplexity is out of range.

    Notes
    -----
    **Cost.** :math:`O(n k)` for each of some 30 halvings.

    **Guarantee.** The perplexity falls as :math:`\beta` grows, so halving finds it. A row does not
    change if its squared distances are all multiplied by a number, or all raised by one. Where
    more than `perplexity` neighbors tie for the nearest, no bandwidth reaches it, and the
    tied ones share the row.

    Examples
    --------
    >>> affinities([[1.0, 4.0], [10.0, 40.0]], 1.6494).round(3)    # -0.8 log 0.8 - 0.2 log 0.2
    array([[0.8, 0.2],
           [0.8, 0.2]])
    """
    name = "squared_distances"
    D = check_finite(check_matrix(squared_distances, name, sparse=False, operator=False), name)
    if D.min() < 0:
        raise ValueError("squared_distances must not be negative; got one that is.")
    perplexity = _check_perplexity(perplexity, D.shape[1], "the number of neighbors")
    D = D.astype(np.float64) - D.min(axis=1, keepdims=True)  # nor does this change a row
    scale = check_finite(D.mean(axis=1, keepdims=True), name)
    return _search(D / np.where(scale > 0, scale, 1.0), np.log(perplexity))


def _check_perplexity(perplexity, most, name):
    perplexity = check_number(perplexity, "perplexity", low=1.0)
    if perplexity > most:
        raise ValueError(f"perplexity must be at most {name} = {most}; got {perplexity:g}.")
    return perplexity


@njit(cache=True)
def _search(D, entropy):
    """Find each row's bandwidth by doubling and halving; the smallest entry of a row is zero."""
    n, k = D.shape
    P = np.empty((n, k))
    for i in range(n):
        low, high, beta = 0.0, np.inf, 1.0
        for _ in range(HALVINGS):
            total, moment = 0.0, 0.0
            for j in range(k):
                P[i, j] = np.exp(-beta * D[i, j])
                total += P[i, j]
                moment += D[i, j] * P[i, j]
            gap = np.log(total) + beta * moment / total - entropy
            if abs(gap) < ACCURACY:
                break
            if gap > 0:  # too flat
                low = beta
                beta = 2 * beta if high == np.inf else (low + high) / 2
            else:
                high = beta
                beta = (low + high) / 2
        for j in range(k):
            P[i, j] /= total
    return P


def joint_affinities(X, perplexity):
    r"""Return the symmetric affinities of t-SNE between the rows of ``X``.

    Parameters
    ----------
    X : array or sparse matrix, shape (n, d)
    perplexity : float
        Between 1 and n - 1. Each point looks at its nearest ones, :math:`3 \times` perplexity
        (rounded down) and one more; those farther away count as zero.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, n)
        :math:`p_{ij} = (p_{j|i} + p_{i|j}) / 2n`; the entries sum to one.

    Raises
    ------
    ValueError, TypeError
        As `affinities`.

    Notes
    -----
    **Cost.** One neighbor search and `affinities`.

    **Guarantee.** If the points fall into groups such that each point's neighbors are in its
    own, the affinities do not depend on how far apart the groups are, nor on the size of any of
    them: each may be moved or magnified by itself. To the bit, if the numbers moved and
    magnified are exact.

    Examples
    --------
    >>> import numpy as np
    >>> P = joint_affinities(np.arange(6.0)[:, None], 2)
    >>> P.shape, round(float(P.sum()), 12)
    ((6, 6), 1.0)
    """
    X = check_points(X, sparse=True)
    n = X.shape[0]
    perplexity = _check_perplexity(perplexity, n - 1, "n - 1")
    k = min(n - 1, int(3 * perplexity) + 1)
    lengths, neighbors = nearest(X, k)
    P = affinities(lengths.astype(np.float64) ** 2, perplexity)
    rows = sp.csr_array((P.ravel(), neighbors.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    joint = sp.csr_array((rows + rows.T) / (2 * n))
    joint.sort_indices()
    return joint
