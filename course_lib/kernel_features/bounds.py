"""How many random frequencies estimates of a kernel need, to be good for many pairs at once.

All functions count *frequencies*, F. With cosine and sine pairs F frequencies make 2F numbers a
row, with random offsets F numbers.
"""

import math

from scipy.special import lambertw

from course_lib._validation import check_count, check_flag, check_fraction, check_number
from course_lib.kernel_features.variances import MOST

__all__ = [
    "KERNELS",
    "check_kernel",
    "finite_set_bound",
    "finite_set_frequencies",
    "fourier_uniform_bound",
    "fourier_uniform_frequencies",
    "frequency_sigma",
]

KERNELS = ("rbf", "laplacian", "matern")


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

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or none.

    See Also
    --------
    finite_set_frequencies : the inverse.

    Notes
    -----
    **Guarantee.** With probability at least :math:`1 - \delta` over the draw of the frequencies
    every estimate is within the bound, for any shift-invariant kernel in any dimension. It is
    Hoeffding's inequality for F independent terms, in [-1, 1] for pairs and in [-2, 2] for
    offsets, and a union over the pairs, which are chosen before the frequencies.

    Examples
    --------
    >>> round(finite_set_bound(4096, 500 * 499 // 2), 3)
    0.087
    """
    count = check_count(n_frequencies, "n_frequencies", low=1, high=MOST)
    return math.sqrt(_hoeffding(n_pairs, delta, paired) / count)


def finite_set_frequencies(epsilon, n_pairs, *, delta=0.05, paired=True):
    r"""Return how many frequencies `finite_set_bound` asks for.

    Parameters
    ----------
    epsilon : float
        Error, positive.
    n_pairs : int
        Pairs N of points.
    delta : float, default 0.05
        Chance of a larger error.
    paired : bool, default True
        Cosine and sine pairs, or cosines with random offsets.

    Returns
    -------
    int
        The least F whose bound is at most ``epsilon``.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or none, or F would be above 2**62.

    See Also
    --------
    finite_set_bound : the guarantee.

    Examples
    --------
    >>> finite_set_frequencies(0.1, 500 * 499 // 2)
    3085
    """
    epsilon = _positive(epsilon, "epsilon")
    return _round_up(_hoeffding(n_pairs, delta, paired) / epsilon / epsilon)


def fourier_uniform_bound(n_frequencies, n_features, diameter, sigma, *, delta=0.05):
    r"""Return the error that pairs keep on *all* points of a set of that diameter: Claim 1.

    Parameters
    ----------
    n_frequencies : int
        Independent frequencies F, each with cosine and sine.
    n_features : int
        Dimension d of the data.
    diameter : float
        Largest distance of two points, positive.
    sigma : float
        Root mean square length of a frequency, `frequency_sigma`; may be infinite.
    delta : float, default 0.05
        Chance of a larger error.

    Returns
    -------
    float
        The :math:`\epsilon` at which
        :math:`2^8 (\sigma\,\text{diam} / \epsilon)^2 e^{-F \epsilon^2 / (4(d + 2))} = \delta`;
        infinite where that is above :math:`\sigma\,\text{diam}`, for which it is not proved.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or none.

    See Also
    --------
    finite_set_bound : for finitely many pairs, sharper, and in any dimension the same.

    Notes
    -----
    **Guarantee.** With probability at least :math:`1 - \delta` over the draw of the frequencies
    every estimate on the set is within the bound ([1], Claim 1, whose constant holds for pairs).
    No estimate is ever off by more than 2: above that the bound says nothing. A kernel whose
    frequencies have no second moment, such as the Laplacian one, has no bound.

    References
    ----------
    .. [1] A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NIPS 2007.

    Examples
    --------
    >>> sigma = frequency_sigma("rbf", 1.0, 16)
    >>> epsilon = fourier_uniform_bound(4096, 16, 2.0, sigma)
    >>> fourier_uniform_frequencies(epsilon * 1.000001, 16, 2.0, sigma)
    4096
    """
    count = check_count(n_frequencies, "n_frequencies", low=1, high=MOST)
    width, reach, delta = _claim(n_features, diameter, sigma, delta)
    # epsilon^2 (F / width) exp(epsilon^2 F / width) = z, which Lambert's W solves.
    z = count / width * 256 * reach * (reach / delta)
    if math.isinf(z):
        return math.inf
    epsilon = math.sqrt(lambertw(z).real * (width / count))
    return epsilon if epsilon <= reach else math.inf


def fourier_uniform_frequencies(epsilon, n_features, diameter, sigma, *, delta=0.05):
    r"""Return how many frequencies `fourier_uniform_bound` asks for.

    Parameters
    ----------
    epsilon : float
        Error, positive.
    n_features : int
        Dimension d of the data.
    diameter : float
        Largest distance of two points, positive.
    sigma : float
        Root mean square length of a frequency, finite.
    delta : float, default 0.05
        Chance of a larger error.

    Returns
    -------
    int
        The least F whose bound is at most ``epsilon``.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or none, or F would be above 2**62.

    See Also
    --------
    fourier_uniform_bound : the guarantee.

    Examples
    --------
    Half the error takes four times the frequencies, and some more for the logarithm.

    >>> [fourier_uniform_frequencies(epsilon, 16, 2.0, 5.0) for epsilon in (0.2, 0.1)]
    [29457, 127810]
    """
    epsilon = _positive(epsilon, "epsilon")
    width, reach, delta = _claim(n_features, diameter, sigma, delta)
    if math.isinf(reach):
        raise ValueError("sigma * diameter must be finite: else no number will do; got inf.")
    epsilon = min(epsilon, reach)
    logarithm = math.log(256 / delta) + 2 * (math.log(reach) - math.log(epsilon))
    return _round_up(width * logarithm / epsilon / epsilon)


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

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or none, or the kernel is unknown.

    Notes
    -----
    It is also the root of the trace of the kernel's curvature at 0: frequencies without a second
    moment belong to kernels with a kink there.

    Examples
    --------
    >>> round(frequency_sigma("rbf", 0.5, 16), 6), frequency_sigma("laplacian", 0.5, 16)
    (4.0, inf)
    """
    kernel = check_kernel(kernel)
    gamma, nu = _positive(gamma, "gamma"), _positive(nu, "nu")
    d = check_count(n_features, "n_features", low=1, high=MOST)
    if kernel == "laplacian" or (kernel == "matern" and nu <= 1):
        return math.inf
    return math.sqrt(2 * d) * math.sqrt(gamma * (nu / (nu - 1) if kernel == "matern" else 1.0))


def check_kernel(kernel):
    """Return ``kernel`` if features are known for it; refuse anything else."""
    if not (isinstance(kernel, str) and kernel in KERNELS):
        raise ValueError(f"kernel must be one of {', '.join(KERNELS)}; got {kernel!r}.")
    return kernel


def _positive(value, name):
    return check_number(value, name, low=0.0, open_low=True, open_high=True)


def _hoeffding(n_pairs, delta, paired):
    count = check_count(n_pairs, "n_pairs", low=1, high=MOST)
    spread = 2.0 if check_flag(paired, "paired") else 8.0  # terms in [-1, 1], in [-2, 2]
    return spread * (math.log(2 * count) - math.log(check_fraction(delta, "delta")))


def _claim(n_features, diameter, sigma, delta):
    d = check_count(n_features, "n_features", low=1, high=MOST)
    diameter = _positive(diameter, "diameter")
    sigma = check_number(sigma, "sigma", low=0.0, open_low=True)
    return 4.0 * (d + 2), sigma * diameter, check_fraction(delta, "delta")


def _round_up(number):
    if number > MOST:
        raise ValueError(
            f"epsilon must be large enough for 2**62 frequencies; it asks for {number:.3g}."
        )
    return math.ceil(number)
