"""Powers of two for multiplications: batch norm and AdaMax by shifts."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._layers import kernels
from course_lib._layers.layers import EPS, RATE
from course_lib._layers.optimizers import descend
from course_lib._validation import check_array, check_finite, check_number

__all__ = ["ShiftBatchNorm", "ap2", "shift_adamax"]


def ap2(x):
    r"""Return the power of two nearest to each number in the exponent, with its sign.

    Parameters
    ----------
    x : array
        Finite; 0 stays 0.

    Returns
    -------
    array, shape of ``x``

    Raises
    ------
    ValueError, TypeError
        If ``x`` is not made of finite numbers.

    Notes
    -----
    **Guarantee.** :math:`\mathrm{AP2}(x)/x` lies between :math:`2^{-1/2}` and :math:`2^{1/2}`;
    if the exponent is spread evenly, with mean 1.020 and standard deviation 0.203.

    Examples
    --------
    >>> ap2([3.0, -0.3, 0.0])                       # 2**1.58, 2**-1.74
    array([ 4.  , -0.25,  0.  ])
    """
    x = check_finite(check_array(x, "x"), "x")
    return _ap2(x)


def _ap2(x):
    with np.errstate(divide="ignore"):
        power = np.exp2(np.round(np.log2(np.abs(x))))  # of 0: 2**-inf
    return np.where(x < 0, -power, power).astype(x.dtype)


class ShiftBatchNorm(NamedTuple):
    r"""A batch norm whose factors are powers of two: it only shifts.

    Attributes
    ----------
    gamma, beta, mean, var : array, shape (n,)
        As of `BatchNorm`; ``var`` is the mean of :math:`C\,\mathrm{AP2}(C)`, C being what differs
        from the mean.

    Notes
    -----
    **Guarantee.** The factor of C is within :math:`2^{\pm 3/4}` of that of `BatchNorm` if gamma is
    a power of two, and within :math:`2^{\pm 5/4}` else. Without ``beta`` the sign of the output is
    that of `BatchNorm`, as the factor is positive for both: then it acts on training alone.
    """

    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    var: np.ndarray

    def forward(self, X, rng):
        """Return the shifted rows and the tape; with ``rng`` by statistics of the batch."""
        mean, var = (self.mean, self.var) if rng is None else self.measure(X)
        unit, gamma = _ap2(1 / np.sqrt(var + self.var.dtype.type(EPS))), _ap2(self.gamma)
        Z = (X - mean) * unit
        if rng is not None:
            for running, now in ((self.mean, mean), (self.var, var)):
                running += self.gamma.dtype.type(RATE) * (now - running)
        return gamma * Z + self.beta, (Z, gamma * unit)

    def backward(self, tape, G, pull=True):
        """Return the gradient, with None for the statistics, and that of the input."""
        dgamma, dbeta, D = kernels.normalize_back(*tape, G)
        return ShiftBatchNorm(dgamma, dbeta, None, None), D

    def measure(self, X):
        """Return mean and shifted variance of the columns of ``X``."""
        mean = X.mean(axis=0)
        C = X - mean
        return mean, (C * _ap2(C)).mean(axis=0)


def shift_adamax(layers, batches, loss, step, *, rng=None, betas=(1 - 2**-3, 1 - 2**-10),
                 clip=True, pace=True, moments=None):  # fmt: skip
    """Yield an Iterate after each batch: AdaMax whose divisions are shifts.

    Parameters
    ----------
    layers, batches, loss, step, rng, clip, pace, moments
        As in `adam`.
    betas : pair of float
        How much of the average, and of the largest gradient, a step keeps.

    Yields
    ------
    Iterate

    Raises
    ------
    ValueError, TypeError
        As `adam`.

    Notes
    -----
    Instead of the root of averaged squares it divides by the largest recent gradient, rounded to
    a power of two. **Cost.** As `adam`.

    References
    ----------
    .. [1] M. Courbariaux, I. Hubara, D. Soudry, R. El-Yaniv, Y. Bengio, "Binarized neural
       networks", arXiv:1602.02830, 2016. The constants are as others quote them.

    Examples
    --------
    >>> from course_lib.binary_networks import Dense, square_hinge
    >>> layers = (Dense(np.zeros((1, 1)), np.zeros(1)),)
    >>> batch = np.array([[2.0]]), np.array([[1.0]])
    >>> _ = next(shift_adamax(layers, [batch], square_hinge, 0.125))     # slopes -4 and -2
    >>> layers[0].W, layers[0].b
    (array([[0.125]]), array([0.125]))
    """
    beta1, beta2 = (check_number(b, "betas", low=0, high=1, open_high=True) for b in betas)

    def move(a, g, m, v, eta, limit, decays, t):
        kind = a.dtype.type
        fix = 2.0 ** np.round(-np.log2(1 - beta1**t))
        _adamax_step(a, g, m, v, kind(eta * fix), kind(beta1), kind(beta2), kind(limit))

    yield from descend(layers, batches, loss, step, rng, move, moments, clip, int(pace))


@njit(cache=True)
def _adamax_step(w, g, m, v, step, beta1, beta2, limit):
    kind = w.dtype.type
    zero, one, tiny = kind(0), kind(1), kind(kernels.TINY)
    for i in range(w.size):
        mi = beta1 * m[i] + (one - beta1) * g[i]
        vi = max(beta2 * v[i], abs(g[i]))
        m[i] = mi if abs(mi) > tiny else zero
        v[i] = vi if vi > tiny else zero
        if v[i] > zero:
            moved = w[i] - step * m[i] * np.exp2(np.round(-np.log2(v[i])))
            w[i] = min(limit, max(-limit, moved))
