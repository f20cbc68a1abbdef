"""The sum of a radial kernel over all pairs, the reference for all that is faster."""

import numpy as np
from scipy.spatial.distance import cdist

from course_lib.kernel_features._terms import as_given, check_kernel, check_terms, values

__all__ = ["direct_sum"]

ENTRIES = 1 << 15  # of the kernel matrix at a time: 256 KiB, which stay in the cache


def direct_sum(X, weights, targets=None, *, bandwidth, kernel="gaussian"):
    r"""Return :math:`\sum_j a_j\, k(|t_i - x_j| / h)` for every target, pair by pair.

    Parameters
    ----------
    X : array, shape (n, d)
        Sources.
    weights : array, shape (n,) or (n, k)
        Weights :math:`a` of the sources; each column is a sum of its own.
    targets : array, shape (t, d), optional
        Where the sums are wanted; at the sources by default.
    bandwidth : float
        Length h, positive.
    kernel : {"gaussian", "laplacian", "cauchy", "epanechnikov"} or callable
        Of :math:`r = |t - x| / h`: :math:`e^{-r^2}`, :math:`e^{-r}`, :math:`1 / (1 + r^2)`,
        :math:`\max(1 - r^2, 0)`. A function gets an array of r and returns as many values.

    Returns
    -------
    array, shape (t,) or (t, k)
        In the dtype of ``X``; computed in float64.

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit each other or are not finite, or an option is out of range.

    See Also
    --------
    gauss_sum : the same for the Gaussian in time that grows with n + t.

    Notes
    -----
    **Cost.** ``n t`` kernel evaluations and ``n t (3 d + 2 k)`` flops; memory 256 KiB or a row of
    the kernel matrix.

    **Guarantee.** Exact up to rounding.

    Examples
    --------
    >>> direct_sum([[0.0], [1.0]], [1.0, 1.0], bandwidth=1.0).round(4)    # 1 + 1 / e
    array([1.3679, 1.3679])
    """
    terms = check_terms(X, weights, targets, bandwidth)
    kernel = check_kernel(kernel)
    rows = max(1, ENTRIES // len(terms.X))
    sums = np.empty((len(terms.targets), terms.weights.shape[1]))
    for start in range(0, len(sums), rows):
        distances = cdist(terms.targets[start : start + rows], terms.X)
        with np.errstate(over="ignore", under="ignore"):
            sums[start : start + rows] = values(kernel, distances) @ terms.weights
    return as_given(sums, terms)
