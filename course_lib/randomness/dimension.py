"""How many dimensions distances need: the Johnson-Lindenstrauss bounds and the exact answer."""

import math

import numpy as np
from scipy.stats import chi2

from course_lib._validation import (
    MOST_COUNTED,
    check_count,
    check_finite,
    check_fraction,
    check_matrix,
)

__all__ = ["hadamard_dimension", "jl_dimension", "jl_failure", "pair_ratios"]


def jl_dimension(n_points, epsilon, *, delta=None):
    r"""Return a dimension that keeps all squared distances of ``n_points`` within 1 ± epsilon.

    Parameters
    ----------
    n_points : int
        Number of points :math:`n`, at least 2.
    epsilon : float
        Relative error of a *squared* distance, between 0 and 1.
    delta : float, optional
        Probability that some distance is off. Not given: the dimension at which a good map
        *exists*, the number that is usually quoted.

    Returns
    -------
    int
        :math:`\lceil 4 \ln n / (\epsilon^2/2 - \epsilon^3/3) \rceil`, or with ``delta``
        :math:`\lceil 2 \ln(n(n-1)/\delta) / (\epsilon^2/2 - \epsilon^3/3) \rceil`. It does not
        depend on the dimension of the data, and may well exceed it.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    See Also
    --------
    jl_failure : what a dimension really gives.
    hadamard_dimension : for projections by the Hadamard transform.

    Notes
    -----
    **Guarantee.** For Gaussian maps, and sparse ones with density 1/3 or more ([2], Theorem
    1.1), a squared distance is off by more than :math:`\epsilon` with probability at most
    :math:`2 \exp(-\tfrac k2(\epsilon^2/2 - \epsilon^3/3))`; the sum over the
    :math:`n(n-1)/2` pairs does the rest. The existence bound leaves a probability of success of
    only :math:`1/n`. It differs from scikit-learn's `johnson_lindenstrauss_min_dim` in the last
    digit: that function rounds down.

    References
    ----------
    .. [1] S. Dasgupta, A. Gupta, "An elementary proof of a theorem of Johnson and
       Lindenstrauss", Random Structures & Algorithms 22(1), 2003, Theorem 2.1.
    .. [2] D. Achlioptas, "Database-friendly random projections", JCSS 66(4), 2003.

    Examples
    --------
    >>> jl_dimension(10_000, 0.1), jl_dimension(10_000, 0.5), jl_dimension(10_000, 0.5, delta=0.01)
    (7895, 443, 553)
    """
    n = check_count(n_points, "n_points", low=2)
    epsilon = check_fraction(epsilon, "epsilon")
    logarithm = 4 * math.log(n)
    if delta is not None:
        logarithm = 2 * (math.log(n * (n - 1)) - math.log(check_fraction(delta, "delta")))
    rate = epsilon**2 / 2 - epsilon**3 / 3
    if rate * MOST_COUNTED <= logarithm:
        raise ValueError(
            f"epsilon must not ask for 2**62 dimensions or more; got {epsilon:g}, raise it."
        )
    return math.ceil(logarithm / rate)


def hadamard_dimension(n_points, epsilon, *, n_features, delta):
    r"""Return a dimension that suffices for `HadamardProjection`.

    Parameters
    ----------
    n_points : int
        Number of points :math:`n`, at least 2.
    epsilon : float
        Relative error of a squared distance, between 0 and 1.
    n_features : int
        Dimension of the data; padded to a power of two, :math:`D`.
    delta : float
        Probability that some distance is off.

    Returns
    -------
    int
        :math:`\lceil 6 \ln(4 N D / \delta) \ln(4 N / \delta) / \epsilon^2 \rceil` with
        :math:`N = n(n-1)/2` pairs, cut to :math:`D`, where the projection keeps all distances.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Notes
    -----
    **Guarantee.** In two steps of :math:`\delta/2` each. Random signs make every rotated unit
    vector flat: by Hoeffding no squared entry exceeds :math:`B/D`, :math:`B = 2 \ln(4ND/\delta)`.
    Then ``k`` sampled entries, times :math:`D`, are numbers between 0 and ``B`` with mean 1; by
    Chernoff, which holds without replacement too, their mean is off by :math:`\epsilon` with
    probability at most :math:`2 \exp(-k \epsilon^2 / (3B))`.

    It is far above the truth: in the second moment the transform is *better* than a Gaussian
    map, see `HadamardProjection`.

    References
    ----------
    .. [1] N. Ailon, B. Chazelle, "The fast Johnson-Lindenstrauss transform and approximate
       nearest neighbors", SIAM J. Comput. 39(1), 2009, Lemma 1 for the first step.
    .. [2] W. Hoeffding, "Probability inequalities for sums of bounded random variables",
       J. Amer. Statist. Assoc. 58(301), 1963, Theorem 4, on sampling without replacement.

    Examples
    --------
    >>> hadamard_dimension(1000, 0.5, n_features=2**20, delta=0.01)
    15127
    """
    n = check_count(n_points, "n_points", low=2)
    epsilon, delta = check_fraction(epsilon, "epsilon"), check_fraction(delta, "delta")
    padded = 1 << (check_count(n_features, "n_features", low=1) - 1).bit_length()
    # Logarithms of factors, each of which may be beyond the largest float.
    bound = math.log(2 * n * (n - 1)) - math.log(delta)  # ln(4 N / delta)
    flatness = 2 * (bound + math.log(padded))
    if 3 * flatness * bound >= padded * epsilon**2:
        return padded
    return math.ceil(3 * flatness * bound / epsilon**2)


def jl_failure(n_components, epsilon, *, n_points=2):
    r"""Return the probability that a Gaussian projection distorts a pair, or some pair.

    Parameters
    ----------
    n_components : int
        Dimension :math:`k` of the projection.
    epsilon : float
        Relative error of a squared distance, between 0 and 1.
    n_points : int, default 2
        Number of points. For one pair the probability is exact; for more it is a sum over the
        pairs, an upper bound.

    Returns
    -------
    float
        :math:`\tbinom n2 P(|\chi^2_k / k - 1| > \epsilon)`, at most 1.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or no number.

    Examples
    --------
    >>> round(jl_failure(100, 0.2), 4)
    0.1547
    """
    k = check_count(n_components, "n_components", low=1, high=MOST_COUNTED)
    epsilon = check_fraction(epsilon, "epsilon")
    n = check_count(n_points, "n_points", low=2, high=MOST_COUNTED)
    one_pair = chi2.sf(k * (1 + epsilon), float(k)) + chi2.cdf(k * (1 - epsilon), float(k))
    return float(min(1.0, n * (n - 1) / 2 * one_pair))


def pair_ratios(X, Y, *, block=512):
    r"""Return, for all pairs of rows, squared distance in ``Y`` over squared distance in ``X``.

    Parameters
    ----------
    X : array or sparse matrix, shape (n, d)
        Points.
    Y : array, shape (n, k)
        Their images.
    block : int, default 512
        Rows compared at a time; bounds the memory.

    Returns
    -------
    array, shape (p,)
        A ratio for each pair ``i < j`` of different points, in the order of rows, float64;
        p is at most n (n - 1) / 2, pairs of equal points have no ratio and are left out.

    Raises
    ------
    ValueError
        If lengths differ, an entry is not finite, or ``block`` is not positive.
    TypeError
        If a matrix is not real.

    Notes
    -----
    **Cost.** :math:`n^2 (d + k)` flops, by products of blocks; memory for the ratios.
    Squared distances come from inner products, so a pair nearer than :math:`10^{-7}` times its
    distance from the mean (sparse rows: from the origin) counts as equal: its ratio would be
    rounding.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]])
    >>> pair_ratios(X, X[:, :1])
    array([0.36      , 0.        , 0.69230769])
    """
    X, Y = (check_matrix(M, name, operator=False) for M, name in ((X, "X"), (Y, "Y")))
    if X.shape[0] != Y.shape[0]:
        raise ValueError(f"X and Y must have equally many rows; got {X.shape[0]}, {Y.shape[0]}.")
    block = check_count(block, "block", low=1)
    ratios = []
    for (before, rounding), (after, _) in zip(
        _squared_distances(X, "X", block), _squared_distances(Y, "Y", block), strict=True
    ):
        different = before > rounding
        ratios.append(after[different] / before[different])
    return np.concatenate(ratios) if ratios else np.empty(0)


def _squared_distances(X, name, block):
    """Yield, block by block, squared distances of pairs i < j and the size of their rounding."""
    X = X.astype(np.float64)
    if isinstance(X, np.ndarray):
        X = X - X.mean(axis=0)  # distances stay, and rounding shrinks
        norms = np.einsum("ij,ij->i", X, X)
    else:
        X = X.tocsr()  # whose rows can be cut
        norms = np.asarray(X.power(2).sum(axis=1)).ravel()
    check_finite(norms, name)
    for start in range(0, X.shape[0], block):
        rows = X[start : start + block]
        inner = rows @ X[start:].T
        inner = inner if isinstance(inner, np.ndarray) else inner.toarray()
        scale = norms[start : start + block, None] + norms[start:]
        above = np.triu_indices(*inner.shape[:1], 1, inner.shape[1])
        yield np.maximum(scale - 2 * inner, 0.0)[above], 1e-14 * scale[above]
