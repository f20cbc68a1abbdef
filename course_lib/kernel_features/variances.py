"""How far one estimate of a kernel value strays: exact variances, one exact bias, and one bound.

All functions count *frequencies*, F. With cosine and sine pairs F frequencies make 2F numbers a
row, with random offsets F numbers.
"""

import numpy as np
from scipy.special import hyp0f1

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_flag,
    check_number,
)

__all__ = ["MOST", "fixed_length_bias", "fourier_variance", "tensor_sketch_variance_bound"]

MOST = 2**62  # of anything that is counted
FEW = 100  # dimensions
NODES = 1001


def fourier_variance(kernel_value, n_frequencies, *, doubled=None, paired=True):
    r"""Return the variance of the estimate of one kernel value by random Fourier features.

    Parameters
    ----------
    kernel_value : float or array_like
        :math:`k = k(x - y)`, between -1 and 1.
    n_frequencies : int
        Independent frequencies F.
    doubled : float or array_like, optional
        :math:`k_2 = k(2(x - y))`, of the same shape; default :math:`k^4`, as the Gaussian kernel
        has it. A Laplacian kernel has :math:`k^2`.
    paired : bool, default True
        Whether each frequency gives a cosine and a sine (2F numbers), or a cosine with a random
        offset (F numbers).

    Returns
    -------
    float or array, float64
        :math:`(1 + k_2 - 2k^2) / (2F)` for pairs, :math:`(1 + k_2/2 - k^2) / F` for offsets.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or none, or shapes differ.

    Notes
    -----
    **Guarantee.** Exact, for frequencies drawn independently from the transform of any
    shift-invariant kernel. With :math:`\delta = x - y` a pair adds :math:`\cos\omega^T\delta`,
    whose mean is :math:`k` and whose square has the mean :math:`(1 + k_2)/2`, because
    :math:`2\cos^2 a = 1 + \cos 2a`. An offset adds :math:`\cos\omega^T\delta` and
    :math:`\cos(\omega^T(x + y) + 2b)`; the second has mean 0 and variance 1/2, and is uncorrelated
    with the first. For a Gaussian kernel pairs have :math:`(1 - k^2)^2/(2F)`, which is 0 at
    :math:`x = y`; offsets have :math:`1/(2F)` there. Orthogonal and structured frequencies are not
    independent, and have another variance.

    References
    ----------
    .. [1] A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NIPS 2007.
    .. [2] D. J. Sutherland, J. Schneider, "On the error of random Fourier features", UAI 2015,
       which compares the two.

    Examples
    --------
    Equal points: pairs are always right, offsets are not. The numbers of a row are 100 in both.

    >>> fourier_variance(1.0, 50), fourier_variance(1.0, 100, paired=False)
    (0.0, 0.005)
    """
    k = _kernel_values(kernel_value, "kernel_value")
    k2 = k**4 if doubled is None else _kernel_values(doubled, "doubled", k.shape)
    count = check_count(n_frequencies, "n_frequencies", low=1, high=MOST)
    paired = check_flag(paired, "paired")
    variance = (1 + k2 - 2 * k**2) / (2 * count) if paired else (1 + k2 / 2 - k**2) / count
    variance = np.maximum(variance, 0.0)
    return variance if k.ndim else float(variance)


def fixed_length_bias(kernel_value, n_features):
    r"""Return how far frequencies of one fixed length are off the Gaussian kernel, on average.

    Parameters
    ----------
    kernel_value : float or array_like
        :math:`k = e^{-s}`, above 0 and at most 1; :math:`s = \gamma|x - y|^2`.
    n_features : int
        Dimension d of the data; where they are padded, as for a Hadamard transform, the padded
        one.

    Returns
    -------
    float or array, float64
        :math:`E \cos(\omega^T (x - y)) - k` for frequencies of length :math:`\sqrt{2\gamma d}`
        in uniform directions: :math:`-s^2/(d + 2) + O(s^3)`.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or none.

    Notes
    -----
    **Guarantee.** Exact but for rounding: the mean of a cosine over a sphere is a Bessel function,
    :math:`{}_0F_1(d/2;\, -s d/2)`. Directions of a product of three Hadamard
    transforms are only nearly uniform, and obey it nearly. Lengths drawn from a chi distribution
    with d degrees of freedom have no such bias.

    Examples
    --------
    In one dimension all frequencies are :math:`\pm\sqrt{2\gamma}`, and the mean is a cosine.

    >>> import math
    >>> round(fixed_length_bias(math.exp(-0.5), 1), 6), round(math.cos(1.0) - math.exp(-0.5), 6)
    (-0.066228, -0.066228)
    """
    k = _kernel_values(kernel_value, "kernel_value")
    if not (k > 0).all():
        raise ValueError(f"kernel_value must be above 0; got {k.min():g}.")
    d = check_count(n_features, "n_features", low=1, high=MOST)
    bias = _mean_cosine(-np.log(k), d) - k
    return bias if k.ndim else float(bias)


def _mean_cosine(s, d):
    """Return the mean of cos(u sqrt(2 s d)), u being an entry of a random unit vector."""
    if d <= FEW:
        return hyp0f1(d / 2, -d / 2 * s)
    # There the Gamma function overflows. The density of asin(u) falls to zero within 12 standard
    # deviations, so that equally spaced nodes integrate it to rounding.
    angles = np.linspace(-1.0, 1.0, NODES) * 12 / np.sqrt(d)
    weights = np.exp((d - 2) * np.log(np.cos(angles)))
    waves = np.cos(np.sqrt(2 * d * s)[..., None] * np.sin(angles))
    return waves @ (weights / weights.sum())


def tensor_sketch_variance_bound(x_norm, y_norm, degree, n_components, *, gamma=1.0, coef0=0.0):
    r"""Bound the variance of the estimate of one polynomial kernel value by `TensorSketch`.

    Parameters
    ----------
    x_norm, y_norm : float
        Lengths of the two vectors.
    degree : int
        Degree p of the kernel, at most 64.
    n_components : int
        Numbers D of a sketch.
    gamma, coef0 : float
        Of the kernel :math:`(\gamma x^T y + c_0)^p`.

    Returns
    -------
    float
        :math:`(3^p - 1) (ab)^p / D` with :math:`a = \gamma|x|^2 + c_0` and
        :math:`b = \gamma|y|^2 + c_0`; infinite where that overflows.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or none.

    Notes
    -----
    **Guarantee.** For pairwise independent columns and 4-wise independent signs ([1] proves a
    bound of this form). Write :math:`u, v` for p-tuples of columns, H for the column and s for the
    sign of a tuple. The error is :math:`\sum_{u \ne v} x_u y_v\, s(u) s(v)\, 1[H(u) = H(v)]`. Its
    square has only terms in which every sign meets itself, each with a chance of at most
    :math:`P(H(u) = H(v)) = 1/D`. Summed with absolute values and without the condition on u and v,
    these are :math:`M^p` with :math:`M \le |x|^2|y|^2 + 2\langle|x|,|y|\rangle^2`; those with
    :math:`u = v` among them sum to :math:`\langle|x|,|y|\rangle^{2p}`. The difference,
    :math:`(1 + 2t)^p - t^p` in units of :math:`|x|^{2p}|y|^{2p}`, grows with t in [0, 1].

    References
    ----------
    .. [1] N. Pham, R. Pagh, "Fast and scalable polynomial kernels via explicit feature maps",
       KDD 2013.

    Examples
    --------
    >>> tensor_sketch_variance_bound(1.0, 1.0, 2, 8)        # (9 - 1) / 8
    1.0
    """
    p = check_count(degree, "degree", low=1, high=64)
    count = check_count(n_components, "n_components", low=1, high=MOST)
    gamma = check_number(gamma, "gamma", low=0.0, open_low=True, open_high=True)
    coef0 = check_number(coef0, "coef0", low=0.0, open_high=True)
    product = np.float64(1.0)
    with np.errstate(over="ignore"):
        for norm, name in ((x_norm, "x_norm"), (y_norm, "y_norm")):
            norm = check_number(norm, name, low=0.0, open_high=True)
            product *= np.sqrt(gamma * np.float64(norm) ** 2 + coef0)
        return float((3.0**p - 1) / count * (product**p) ** 2)


def _kernel_values(values, name, shape=None):
    k = check_finite(check_array(values, name, dtype=np.float64), name)
    if shape is not None and k.shape != shape:
        raise ValueError(f"{name} must have the shape of kernel_value, {shape}; got {k.shape}.")
    if not k.size:
        raise ValueError(f"{name} must not be empty; got shape {k.shape}.")
    if not (np.abs(k) <= 1).all():
        raise ValueError(f"{name} must lie in [-1, 1]; got {k.flat[np.abs(k).argmax()]:g}.")
    return k
