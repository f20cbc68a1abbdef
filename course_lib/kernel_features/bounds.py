"""What random features promise: exact variances for one pair, and bounds for many pairs at once.

All functions count *frequencies*, F. With cosine and sine pairs F frequencies make 2F numbers a
row, with random offsets F numbers.
"""

import math

import numpy as np
from scipy.special import hyp0f1, lambertw

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_flag,
    check_fraction,
    check_number,
)

__all__ = [
    "KERNELS",
    "check_kernel",
    "finite_set_bound",
    "finite_set_frequencies",
    "fixed_length_bias",
    "fourier_uniform_bound",
    "fourier_uniform_frequencies",
    "fourier_variance",
    "frequency_sigma",
    "tensor_sketch_variance_bound",
]

KERNELS = ("rbf", "laplacian", "matern")
MOST = 2**62  # frequencies
SMALL = 128  # dimensions; SciPy's hyp0f1 overflows from about 500 on


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
        has it.
    paired : bool, default True
        Whether each frequency gives a cosine and a sine (2F numbers), or a cosine with a random
        offset (F numbers).

    Returns
    -------
    float or array
        :math:`(1 + k_2 - 2k^2) / (2F)` for pairs, :math:`(1 + k_2/2 - k^2) / F` for offsets.
    """
    k = _kernel_values(kernel_value, "kernel_value")
    k2 = k**4 if doubled is None else _kernel_values(doubled, "doubled", k.shape)
    count = check_count(n_frequencies, "n_frequencies", low=1, high=MOST)
    paired = check_flag(paired, "paired")
    variance = (1 + k2 - 2 * k**2) / (2 * count) if paired else (1 + k2 / 2 - k**2) / count
    return np.maximum(variance, 0.0) if k.ndim else max(0.0, float(variance))


def fixed_length_bias(kernel_value, n_features):
    r"""Return how far frequencies of one fixed length are off the Gaussian kernel, on average.

    Parameters
    ----------
    kernel_value : float or array_like
        :math:`k = e^{-x}`, above 0 and at most 1.
    n_features : int
        Dimension d of the data, padded if the features pad it.

    Returns
    -------
    float or array
        :math:`E \cos(\omega^T (x - y)) - k` for frequencies of length :math:`\sqrt{2\gamma d}`
        in uniform directions: :math:`-x^2/(d + 2)` and smaller terms.
    """
    k = _kernel_values(kernel_value, "kernel_value")
    if not (k > 0).all():
        raise ValueError(f"kernel_value must be above 0; got {k.min():g}.")
    d = check_count(n_features, "n_features", low=1, high=MOST)
    mean = hyp0f1(d / 2, d / 2 * np.log(k)) if d < SMALL else _cosine_of_fixed_length(k, d)
    return mean - k if k.ndim else float(mean - k)


def finite_set_bound(n_frequencies, n_pairs, *, delta=0.05, paired=True):
    r"""Return the error that random features keep on all of ``n_pairs`` pairs, but for a chance.

    Parameters
    ----------
    n_frequencies : int
        Independent frequencies F.
    n_pairs : int
        Pairs N of points; :math:`n(n-1)/2` for n points.
    delta : float, default 0.05
        Chance of a larger error.
    paired : bool, default True
        Cosine and sine pairs, or cosines with random offsets.

    Returns
    -------
    float
        :math:`\sqrt{2 \ln(2N/\delta) / F}`; for offsets twice that.
    """
    count = check_count(n_frequencies, "n_frequencies", low=1, high=MOST)
    return math.sqrt(_log_pairs(n_pairs, delta) * _spread(paired) / count)


def finite_set_frequencies(epsilon, n_pairs, *, delta=0.05, paired=True):
    r"""Return how many frequencies `finite_set_bound` asks for.

    Parameters
    ----------
    epsilon : float
        Error, positive.
    n_pairs, delta, paired
        As in `finite_set_bound`.

    Returns
    -------
    int
        The least F whose bound is at most ``epsilon``.
    """
    epsilon = _positive(epsilon, "epsilon")
    return math.ceil(_log_pairs(n_pairs, delta) * _spread(paired) / epsilon**2)


def fourier_uniform_bound(n_frequencies, n_features, diameter, sigma, *, delta=0.05):
    r"""Return the error that pairs keep on *all* points of a ball of that diameter: Claim 1.

    Parameters
    ----------
    n_frequencies : int
        Independent frequencies F, each with cosine and sine.
    n_features : int
        Dimension d of the data.
    diameter : float
        Largest distance of two points.
    sigma : float
        Root mean square length of a frequency, `frequency_sigma`; may be infinite.
    delta : float, default 0.05
        Chance of a larger error.

    Returns
    -------
    float
        The :math:`\epsilon` at which
        :math:`2^8 (\sigma \cdot \text{diam} / \epsilon)^2 e^{-F \epsilon^2 / (4(d + 2))} = \delta`;
        infinite if that would be above :math:`\sigma` times the diameter.
    """
    count = check_count(n_frequencies, "n_frequencies", low=1, high=MOST)
    width, reach, delta = _claim(n_features, diameter, sigma, delta)
    if math.isinf(reach):
        return math.inf
    rate = count / width
    epsilon = math.sqrt(lambertw(rate * 256 * reach**2 / delta).real / rate)
    return epsilon if epsilon <= reach else math.inf


def fourier_uniform_frequencies(epsilon, n_features, diameter, sigma, *, delta=0.05):
    r"""Return how many frequencies `fourier_uniform_bound` asks for.

    Parameters
    ----------
    epsilon : float
        Error, positive.
    n_features, diameter, sigma, delta
        As in `fourier_uniform_bound`, but ``sigma`` is finite.

    Returns
    -------
    int
        The least F whose bound is at most ``epsilon``.
    """
    epsilon = _positive(epsilon, "epsilon")
    width, reach, delta = _claim(n_features, diameter, sigma, delta)
    if math.isinf(reach):
        raise ValueError("sigma must be finite: no number of frequencies will do; got inf.")
    epsilon = min(epsilon, reach)
    return math.ceil(width / epsilon**2 * math.log(256 * (reach / epsilon) ** 2 / delta))


def frequency_sigma(kernel, gamma, n_features, *, nu=1.5):
    r"""Return the root mean square length of a frequency of a kernel.

    Parameters
    ----------
    kernel : {"rbf", "laplacian", "matern"}
        As in `FourierFeatures`.
    gamma : float
        Inverse width, positive.
    n_features : int
        Dimension d of the data.
    nu : float, default 1.5
        Smoothness, of the Matérn kernel only.

    Returns
    -------
    float
        :math:`\sqrt{2\gamma d}` for "rbf"; :math:`\sqrt{2\gamma d\nu/(\nu - 1)}` for "matern",
        infinite for :math:`\nu \le 1`; infinite for "laplacian".
    """
    kernel = check_kernel(kernel)
    gamma, nu = _positive(gamma, "gamma"), _positive(nu, "nu")
    d = check_count(n_features, "n_features", low=1, high=MOST)
    if kernel == "laplacian" or (kernel == "matern" and nu <= 1):
        return math.inf
    return math.sqrt(2 * gamma * d * (nu / (nu - 1) if kernel == "matern" else 1.0))


def tensor_sketch_variance_bound(x_norm, y_norm, degree, n_components, *, gamma=1.0, coef0=0.0):
    r"""Bound the variance of the estimate of one polynomial kernel value by `TensorSketch`.

    Parameters
    ----------
    x_norm, y_norm : float
        Lengths of the two vectors.
    degree : int
        Degree p of the kernel.
    n_components : int
        Numbers D of a sketch.
    gamma, coef0 : float
        Of the kernel :math:`(\gamma x^T y + c_0)^p`.

    Returns
    -------
    float
        :math:`(3^p - 1) \big((\gamma|x|^2 + c_0)(\gamma|y|^2 + c_0)\big)^p / D`.
    """
    p = check_count(degree, "degree", low=1, high=64)
    count = check_count(n_components, "n_components", low=1, high=MOST)
    gamma = _positive(gamma, "gamma")
    coef0 = check_number(coef0, "coef0", low=0.0, open_high=True)
    norms = [
        check_number(norm, name, low=0.0, open_high=True)
        for norm, name in ((x_norm, "x_norm"), (y_norm, "y_norm"))
    ]
    squares = [np.float64(gamma) * norm * norm + coef0 for norm in norms]
    with np.errstate(over="ignore"):
        return float((3.0**p - 1) * (squares[0] * squares[1]) ** p / count)


def _cosine_of_fixed_length(k, d):
    """The mean cosine for frequencies of one length in many dimensions, by the trapezoid rule.

    Along the difference of two points they have the density (1 - s^2 / d)^((d - 3) / 2), which
    vanishes to all digits at the ends of the rule.
    """
    s = np.linspace(0.0, 11.0, 1101)  # the density is even
    weights = np.exp((d - 3) / 2 * np.log1p(-(s**2) / d))
    weights[0] /= 2
    phases = np.multiply.outer(np.sqrt(-2 * np.log(k)), s)
    return np.cos(phases) @ weights / weights.sum()


def check_kernel(kernel):
    """Return ``kernel`` if features are known for it; refuse anything else."""
    if not (isinstance(kernel, str) and kernel in KERNELS):
        raise ValueError(f"kernel must be one of {', '.join(KERNELS)}; got {kernel!r}.")
    return kernel


def _kernel_values(values, name, shape=None):
    k = check_finite(check_array(values, name, dtype=np.float64), name)
    if shape is not None and k.shape != shape:
        raise ValueError(f"{name} must have the shape of kernel_value, {shape}; got {k.shape}.")
    if not (np.abs(k) <= 1).all():
        raise ValueError(f"{name} must lie in [-1, 1]; got {k.flat[np.abs(k).argmax()]:g}.")
    return k


def _positive(value, name):
    return check_number(value, name, low=0.0, open_low=True, open_high=True)


def _log_pairs(n_pairs, delta):
    count = check_count(n_pairs, "n_pairs", low=1, high=MOST)
    return math.log(2 * count / check_fraction(delta, "delta"))


def _spread(paired):
    """Hoeffding: terms in [-1, 1] for pairs, in [-2, 2] for offsets."""
    return 2.0 if check_flag(paired, "paired") else 8.0


def _claim(n_features, diameter, sigma, delta):
    d = check_count(n_features, "n_features", low=1, high=MOST)
    diameter = _positive(diameter, "diameter")
    sigma = check_number(sigma, "sigma", low=0.0, open_low=True)
    return 4.0 * (d + 2), sigma * diameter, check_fraction(delta, "delta")
