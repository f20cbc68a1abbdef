r"""Weights that share a few values: k-means on a line, and what a shared value is taught.

share_weights       a codebook for the weights that are left, and which value each takes
centroid_gradient   the gradient of a shared value: the sum over all that share it
panter_dite         the least error that many shared values can reach, as a limit
STARTS              the names of the ways to begin
"""

from typing import NamedTuple

import numpy as np

from course_lib._validation import as_rng, check_array, check_count, check_finite
from course_lib.deep_compression._bits import check_symbols

__all__ = ["STARTS", "SharedWeights", "centroid_gradient", "panter_dite", "share_weights"]

STARTS = ("linear", "density", "random")


class SharedWeights(NamedTuple):
    """Weights that share values.

    Attributes
    ----------
    codebook : array, shape (n_shared,)
        The values, rising.
    symbols : array of int64
        0 where a weight is zero, else 1 + its place in the codebook; of the shape of the weights.
    errors : array of float64, shape (rounds + 1,)
        Sum of the squared distances to the values, at the start and after each round.
    """

    codebook: np.ndarray
    symbols: np.ndarray
    errors: np.ndarray


def share_weights(W, n_shared, *, start="linear", n_iter=50, rng=None):
    r"""Return a codebook for the weights that are not zero, by Lloyd's k-means on a line.

    Parameters
    ----------
    W : array
        Of any shape. Zeros are pruned weights: they stay, and take no part.
    n_shared : int
        Values k, from 1 to 65,535.
    start : {"linear", "density", "random"}, default "linear"
        Values at equal steps from the least to the largest weight, at equal steps of rank, or at
        random weights.
    n_iter : int, default 50
        Rounds at most; it ends sooner where no value moves.
    rng : seed or numpy.random.Generator, optional
        For ``start="random"``.

    Returns
    -------
    SharedWeights
        The codebook in the dtype of ``W``.

    Raises
    ------
    ValueError, TypeError
        If ``W`` is not finite or all zero, or an argument is out of range.

    See Also
    --------
    centroid_gradient : how shared values go on learning.

    Notes
    -----
    **Cost.** One sort, then each round is k binary searches and one pass over the weights.
    On a line clusters are intervals, whose ends lie half way between values.

    **Guarantee.** The sum of squares never rises, up to rounding, and the end is a local optimum if
    the rounds suffice. A value that no weight is nearest to stays where it is. With many values
    the rounds are many: 256 values of normal weights, from a linear start, are after 1000 rounds
    still close to equal steps.

    References
    ----------
    .. [1] S. Han, H. Mao, W. J. Dally, "Deep compression", ICLR 2016, section 3.
    .. [2] S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory
       28(2), 1982.

    Examples
    --------
    >>> shared = share_weights([[0.0, 1.0, 1.2], [-2.0, 0.0, 4.0]], 3)
    >>> shared.codebook, shared.symbols
    (array([-2. ,  1.1,  4. ]), array([[0, 2, 2],
           [1, 0, 3]]))
    """
    W = check_finite(check_array(W, "W"), "W")
    n_shared = check_count(n_shared, "n_shared", low=1, high=65535)
    n_iter = check_count(n_iter, "n_iter", low=0)
    if start not in STARTS:
        raise ValueError(f"start must be one of {', '.join(STARTS)}; got {start!r}.")
    rng = as_rng(rng)
    left = np.sort(W[W != 0].astype(np.float64))
    if len(left) == 0:
        raise ValueError("W must have a weight that is not zero; all of them are.")
    with np.errstate(over="ignore"):
        check_finite(np.array(4 * len(left) * np.abs(left).max() ** 2), "W")
    values = _start(left, n_shared, start, rng)
    values, errors = _lloyd(left, values, n_iter)
    codebook = values.astype(W.dtype)
    symbols = np.zeros(W.shape, np.int64)
    symbols[W != 0] = 1 + np.searchsorted(_middles(values), W[W != 0].astype(np.float64))
    return SharedWeights(codebook, symbols, np.array(errors))


def _start(left, n_shared, start, rng):
    """Rising values from sorted weights."""
    if start == "linear":
        return np.linspace(left[0], left[-1], n_shared)
    if start == "density":
        ranks = (np.arange(n_shared) + 0.5) / n_shared * len(left)
        return left[ranks.astype(np.int64)]
    return np.sort(rng.choice(left, n_shared, replace=n_shared > len(left)))


def _middles(values):
    return values[:-1] + np.diff(values) / 2


def _lloyd(left, values, n_iter):
    """Sorted weights and rising values: move each to the mean of its interval, again and again."""
    sums = np.concatenate([[0.0], np.cumsum(left)])
    ends = _ends(left, values)
    errors = [_error(left, values, ends)]
    for _ in range(n_iter):
        sizes = np.diff(ends)
        means = np.diff(sums[ends]) / np.maximum(sizes, 1)
        moved = np.sort(np.where(sizes > 0, means, values))
        if np.array_equal(moved, values):
            break
        values, ends = moved, _ends(left, moved)
        errors.append(_error(left, values, ends))
    return values, errors


def _ends(left, values):
    """Where the interval of each value begins, and the end."""
    return np.concatenate([[0], np.searchsorted(left, _middles(values), "right"), [len(left)]])


def _error(left, values, ends):
    return float(np.square(left - np.repeat(values, np.diff(ends))).sum())


def centroid_gradient(gradient, symbols, n_shared):
    r"""Return the gradient of each shared value: the sum over the weights that share it.

    Parameters
    ----------
    gradient : array
        Of the weights, each for itself.
    symbols : array of ints, of the same shape
        0 for pruned weights, which count for nothing, else 1 + the place of the value.
    n_shared : int
        Values k, from 1 to 65,535.

    Returns
    -------
    array of float64, shape (n_shared,)

    Raises
    ------
    ValueError, TypeError
        If shapes differ, a symbol is above ``n_shared``, or the gradient is not finite.

    Notes
    -----
    **Cost.** One pass.

    **Guarantee.** Exact by the chain rule, equation (3) of [1]. The *mean* over a cluster points
    elsewhere: it is this gradient with each entry divided by the size of its cluster, a
    preconditioner.

    References
    ----------
    .. [1] S. Han, H. Mao, W. J. Dally, "Deep compression", ICLR 2016, equation (3).

    Examples
    --------
    >>> centroid_gradient([[1.0, 2.0], [5.0, 4.0]], [[1, 2], [0, 2]], 2)
    array([1., 6.])
    """
    gradient = check_finite(check_array(gradient, "gradient", dtype=np.float64), "gradient")
    n_shared = check_count(n_shared, "n_shared", low=1, high=65535)
    symbols = check_symbols(symbols, "symbols", n_shared, ndim=gradient.ndim)
    if symbols.shape != gradient.shape:
        raise ValueError(
            f"symbols must have the shape of the gradient, {gradient.shape}; got {symbols.shape}."
        )
    sums = np.bincount(symbols.ravel(), gradient.ravel(), minlength=n_shared + 1)
    return check_finite(sums[1:], "gradient")


def panter_dite(weights, n_shared, *, n_bins=400):
    r"""Return the mean squared error that the best k shared values have, as k grows.

    Parameters
    ----------
    weights : array
        Zeros are left out.
    n_shared : int
        Values k.
    n_bins : int, default 400
        Of the histogram that stands for the density f of the weights.

    Returns
    -------
    float
        :math:`\left(\int f^{1/3}\right)^3 / (12 k^2)`.

    Raises
    ------
    ValueError, TypeError
        If ``weights`` is not finite or all zero, or an argument is out of range.

    Notes
    -----
    **Guarantee.** A limit for :math:`k \to \infty` [1], neither a bound from above nor from below.
    The histogram of a sample cuts the tails of f: for 50,000 normal weights it gives about a tenth
    less than the formula does for the normal density.

    References
    ----------
    .. [1] P. F. Panter, W. Dite, "Quantization distortion in pulse-count modulation with nonuniform
       spacing of levels", Proc. IRE 39(1), 1951.

    Examples
    --------
    Weights spread evenly from 1 to 2, in ten intervals of which each has variance 1/1200:

    >>> print(f"{1200 * panter_dite(np.linspace(1, 2, 100_001), 10):.3f}")
    1.000
    """
    weights = check_finite(check_array(weights, "weights"), "weights")
    n_shared = check_count(n_shared, "n_shared", low=1, high=1 << 31)
    n_bins = check_count(n_bins, "n_bins", low=1, high=1 << 20)
    left = weights[weights != 0].astype(np.float64)
    if len(left) == 0:
        raise ValueError("weights must have one that is not zero; all of them are.")
    low, high = float(left.min()), float(left.max())
    width = (high - low) / n_bins
    if not 0 < width < 1e150:  # equal weights need one value; 1e150 squared is too large
        check_finite(np.array(width * width), "weights")
        return 0.0
    shares = np.histogram((left - low) / width, n_bins, (0, n_bins))[0] / len(left)
    return float(np.cbrt(shares).sum() ** 3 * width**2 / (12.0 * n_shared**2))
