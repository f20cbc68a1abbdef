"""How far the estimate of an angle strays: the bound of the paper, and the truth.

Each bit says whether a row of the matrix separates two vectors; it is 1 with chance theta / pi.
If the bits were independent, their mean would have the variance t (1 - t) / k, t = theta / pi.
Rows that share numbers make bits that agree more often than by chance, which widens it. For a
Toeplitz or a circulant matrix the correlation of two bits depends on how many rows they are apart
alone, so one correlation a lag tells everything.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy.fft

from course_lib._validation import check_count, check_number, check_vector
from course_lib.binary_embeddings.angles import angle_share

__all__ = ["VarianceBound", "hash_variance", "lag_correlations", "variance_bound"]

NODES = 64  # of the quadrature; see `_sign_covariance`
KINDS = ("circulant", "toeplitz")


class VarianceBound(NamedTuple):
    """The two terms of Theorem 4.2; their sum bounds the variance."""

    independent: float  # the variance of independent bits
    structure: float  # what sharing numbers may add

    @property
    def total(self):
        """The bound: the sum of both."""
        return self.independent + self.structure


def variance_bound(theta, n_bits, *, log_base=math.e):
    r"""Return the bound of the paper on the variance of the estimate of an angle.

    Parameters
    ----------
    theta : float
        Angle in radians, from 0 to :math:`\pi`.
    n_bits : int
        Bits :math:`k` of a code, at least 2.
    log_base : float, default e
        Base of the logarithm. The theorem names none; the figure of the paper was drawn with 10.

    Returns
    -------
    VarianceBound
        ``independent`` is :math:`\frac1k \frac{\theta(\pi-\theta)}{\pi^2}`, ``structure`` is
        :math:`(\log k / k^2)^{1/3}`, and ``total`` their sum.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Guarantee.** The sum bounds the variance of the share of differing bits for the short hash
    with a Toeplitz matrix and D ([1], Theorem 4.2). The second term is never the smaller one: at a
    right angle it is :math:`4 (k \log k)^{1/3}` times the first, which grows with :math:`k`.

    References
    ----------
    .. [1] A. Choromanska, K. Choromanski, M. Bojarski, T. Jebara, S. Kumar, Y. LeCun, "Binary
       embeddings with structured hashed projections", ICML 2016, Theorem 4.2.

    Examples
    --------
    >>> import math
    >>> bound = variance_bound(math.pi / 2, 1000)
    >>> bound.independent, round(bound.total, 4)
    (0.00025, 0.0193)
    """
    theta = check_number(theta, "theta", low=0.0, high=math.pi)
    k = check_count(n_bits, "n_bits", low=2)
    base = check_number(log_base, "log_base", low=1.0, high=1e9, open_low=True)
    t = theta / math.pi
    return VarianceBound(t * (1 - t) / k, (math.log(k) / math.log(base) / k**2) ** (1 / 3))


def hash_variance(p, r, n_bits, *, matrix="toeplitz"):
    r"""Return the exact variance of the estimate of the angle between two vectors.

    Parameters
    ----------
    p, r : array_like, shape (n,)
        The vectors that the matrix is applied to. For a hash with signs D pass ``D * p`` and
        ``D * r``: the answer is the variance for this D, and its mean over draws of D is the
        variance of the hash.
    n_bits : int
        Bits :math:`k` of a code; for a circulant matrix at most n.
    matrix : {"toeplitz", "circulant"}
        Kind of the matrix.

    Returns
    -------
    float
        Variance of the share of differing bits.

    Raises
    ------
    ValueError, TypeError
        If a vector is zero or not finite, sizes differ, or a choice is out of range.

    See Also
    --------
    lag_correlations : where it comes from.

    Notes
    -----
    **Cost.** :math:`O(n \log n)` for the correlations of the vectors, and a quadrature with 64
    nodes a lag.

    **Guarantee.** With :math:`t = \theta/\pi` and the lag correlations :math:`\rho_l`,

    .. math:: \operatorname{Var}\tilde\theta = \frac{t(1-t)}{k}
              \Big[1 + 2\sum_{l=1}^{k-1} \Big(1 - \frac lk\Big) \rho_l\Big],

    since the sequence of bits is stationary.

    **Guarantee.** Over random signs D that are independent of the matrix, the mean of
    ``hash_variance(D * p, D * r, k)``, which is the variance of the short hash, is at most
    :math:`5\,t(1-t)/k`, for all vectors; the proof is in chapter 12 of the book. Five is not known
    to be reached: the circulant matrix with k = n and two unit vectors n/2 coordinates apart
    has two, for every D.

    Examples
    --------
    Two unit vectors whose shifts have nothing in common: as if bits were independent.

    >>> import numpy as np
    >>> e = np.eye(8)
    >>> round(hash_variance(e[0], e[0] + e[4], 2), 6), 0.25 * 0.75 / 2
    (0.09375, 0.09375)
    """
    p, r = _check_pair(p, r)
    _check_kind(matrix)
    high = {"high": len(p), "high_name": "n"} if matrix == "circulant" else {}
    k = check_count(n_bits, "n_bits", low=1, **high)
    t = angle_share(p, r)
    rho = lag_correlations(p, r, matrix=matrix)[1:k]
    lags = np.arange(1, len(rho) + 1)
    return float(t * (1 - t) / k * (1 + 2 * ((1 - lags / k) @ rho)))


def lag_correlations(p, r, *, matrix="toeplitz"):
    r"""Return the correlations of two bits of a code pair, by how many rows apart they are.

    Parameters
    ----------
    p, r : array_like, shape (n,)
        The vectors that the matrix is applied to; with signs D, ``D * p`` and ``D * r``.
    matrix : {"toeplitz", "circulant"}
        Kind of the matrix.

    Returns
    -------
    array, shape (n,)
        Entry :math:`l` is the correlation :math:`\rho_l` of the events that row :math:`i`
        separates ``p`` and ``r`` and that row :math:`i + l` does. Entry 0 is 1; rows of a Toeplitz
        matrix that lie n or more apart share nothing.

    Raises
    ------
    ValueError, TypeError
        If a vector is zero or not finite, sizes differ, or the kind is unknown.

    Notes
    -----
    **Cost.** :math:`O(n \log n)` and a quadrature with 64 nodes a lag.

    **Guarantee.** The four products of rows :math:`i, i + l` with the unit vectors are normal
    with a correlation matrix that holds :math:`\cos\theta` and the four lag products such as
    :math:`\sum_j p_j r_{j+l}`. The correlation of the bits is a probability of orthants in four
    dimensions. Its derivative by one entry of that matrix has a closed form ([1]), so that one
    integral from "rows share nothing" to the truth gives it. Without a pair of shared directions
    it is zero; it is zero too if ``p`` and ``r`` are parallel, by convention.

    References
    ----------
    .. [1] R. L. Plackett, "A reduction formula for normal multivariate integrals", Biometrika
       41(3/4), 1954.

    Examples
    --------
    >>> import numpy as np
    >>> e = np.eye(4)
    >>> lag_correlations(e[0], e[2]).round(6) + 0.0
    array([1., 0., 0., 0.])
    """
    p, r = _check_pair(p, r)
    cyclic = _check_kind(matrix) == "circulant"
    t = angle_share(p, r)
    rho = np.zeros(len(p))
    rho[0] = 1.0
    if 0 < t < 1:
        shared = [_lag_products(x, z, cyclic)[1:] for x, z in ((p, p), (p, r), (r, p), (r, r))]
        rho[1:] = _sign_covariance(math.cos(math.pi * t), *shared) / (4 * t * (1 - t))
    return rho


def _lag_products(x, z, cyclic):
    """Return sum_j x_j z_{j+l} for each lag l."""
    n = len(x)
    length = n if cyclic else scipy.fft.next_fast_len(2 * n - 1, real=True)
    F = np.conj(scipy.fft.rfft(x, length)) * scipy.fft.rfft(z, length)
    return scipy.fft.irfft(F, length)[:n]


def _sign_covariance(c, pp, pr, rp, rr):
    """Return the covariance of sgn(u v) and sgn(u' v') for normal u, v, u', v'.

    u, v have correlation c, and so have u', v'; the four others, such as pp of u and u', grow
    from 0 to their values with a factor tau. The sine moves nodes to where the integrand may have
    the root of a singularity, tau = 1.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    total = np.zeros(len(pp))
    for phi, weight in zip((nodes + 1) * np.pi / 4, weights * np.pi / 4, strict=True):
        tau = math.sin(phi)
        for a, x, y, b in ((pp, rp, pr, rr), (rr, pr, rp, pp), (pr, rr, pp, rp), (rp, pp, rr, pr)):
            total += weight * math.cos(phi) * a * _slope(c, tau * a, tau * x, tau * y, tau * b)
    return total


def _slope(c, a, x, y, b):
    """Return the derivative of E sgn(z1) sgn(z2) sgn(z3) sgn(z4) by a, the correlation of z1, z2.

    z3 has correlations c, x with z1, z2, and z4 has y, c; b is that of z3, z4. The derivative is
    the density of z1 = z2 = 0 times the mean of sgn(z3) sgn(z4) there, an arc sine.
    """
    rest = np.maximum(1 - a * a, 1e-15)
    third = np.maximum(1 - (c * c - 2 * a * c * x + x * x) / rest, 1e-15)
    fourth = np.maximum(1 - (y * y - 2 * a * c * y + c * c) / rest, 1e-15)
    both = b - (c * y - a * (c * c + x * y) + c * x) / rest
    partial = np.clip(both / np.sqrt(third * fourth), -1, 1)
    return 4 / np.pi**2 * np.arcsin(partial) / np.sqrt(rest)


def _check_pair(p, r):
    p = check_vector(p, "p", dtype=np.float64)
    r = check_vector(r, "r", len(p), dtype=np.float64)
    for x, name in ((p, "p"), (r, "r")):
        if not x.any():
            raise ValueError(f"{name} must not be zero: it has no direction.")
    p, r = p / np.abs(p).max(), r / np.abs(r).max()
    return p / np.linalg.norm(p), r / np.linalg.norm(r)


def _check_kind(matrix):
    if not (isinstance(matrix, str) and matrix in KINDS):
        raise ValueError(f"matrix must be one of {', '.join(KINDS)}; got {matrix!r}.")
    return matrix
