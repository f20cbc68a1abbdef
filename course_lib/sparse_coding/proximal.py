r"""Proximal gradient methods: minimize a smooth loss plus :math:`\alpha \|x\|_1`.

    soft_threshold   the proximal map of the l1 norm: shrink, and what is small becomes zero
    ista             a gradient step, then the threshold
    fista            the same from an extrapolated point

Each is a generator: it yields iterates for as long as they are asked for, and the caller stops,
plots and records.
"""

import math
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_array, check_finite, check_number, check_vector

__all__ = ["Iterate", "fista", "ista", "soft_threshold"]


class Iterate(NamedTuple):
    """Where an optimizer is."""

    x: np.ndarray  # (n,); of `ksvd` the dictionary (K, d)
    value: float  # the objective there


def soft_threshold(z, threshold):
    r"""Return the minimizer of :math:`\tfrac12 (x - z)^2 + t |x|`, entry by entry.

    Parameters
    ----------
    z : array
    threshold : float or array
        How far each entry moves towards zero, where it stays; not negative.

    Returns
    -------
    array, shape of ``z``

    Raises
    ------
    ValueError, TypeError
        If ``z`` is not made of finite real numbers, or a threshold is negative or does not fit.

    Examples
    --------
    >>> soft_threshold([-3.0, -0.5, 0.5, 3.0], 1.0)
    array([-2., -0.,  0.,  2.])
    """
    z = check_finite(check_array(z, "z"), "z")
    if np.ndim(threshold) == 0:
        return _shrunk(z, check_number(threshold, "threshold", low=0))
    threshold = check_finite(check_array(threshold, "threshold"), "threshold")
    if threshold.size and threshold.min() < 0:
        raise ValueError(f"threshold must not be negative; got {threshold.min():g}.")
    if threshold.shape not in (z.shape, z.shape[-threshold.ndim :]):
        raise ValueError(f"threshold must fit z of shape {z.shape}; got {threshold.shape}.")
    return _shrunk(z, threshold)


def _shrunk(z, threshold):
    """The same unchecked, for the steps of a method."""
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0)


def ista(loss, alpha, *, x0=None, step=None):
    r"""Yield the iterates of proximal gradient descent on :math:`f(x) + \alpha \|x\|_1`.

    Parameters
    ----------
    loss : SquaredLoss or LogisticLoss
        The smooth part :math:`f`.
    alpha : float
        Weight of the l1 norm, not negative.
    x0 : array, shape (n,), optional
        Start; zero by default. It is the first iterate that is yielded, with number 0.
    step : float, optional
        Step length :math:`\eta`; by default :math:`1/L`, ``L = loss.smoothness``.

    Yields
    ------
    Iterate
        ``x`` (n,) and the objective there; without end.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range, ``x0`` does not fit, or the data are not finite. As with
        every generator, at the first ``next``.

    See Also
    --------
    fista : the same price a step, and a better rate.

    Notes
    -----
    **Cost.** One product with ``A`` and one with ``A.T`` a step, the objective included.

    **Guarantee.** With :math:`\eta = 1/L` the objective never rises, and for every minimizer
    :math:`F(x_k) - F^\ast \le L \|x_0 - x^\ast\|^2 / (2k)` ([1], Theorem 3.1).

    References
    ----------
    .. [1] A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear
       inverse problems", SIAM J. Imaging Sci. 2(1), 2009.

    Examples
    --------
    >>> from course_lib.sparse_coding import SquaredLoss
    >>> steps = ista(SquaredLoss(np.eye(2), [3.0, 0.5]), 1.0)
    >>> next(steps).value, next(steps).x                    # exact after one step
    (4.625, array([2., 0.]))
    """
    alpha, x, z, step = _start(loss, alpha, x0, step)
    while True:
        yield Iterate(x, loss.value(z) + alpha * float(np.abs(x).sum()))
        x = _shrunk(x - step * loss.gradient(z), step * alpha)
        z = loss.A @ x


def fista(loss, alpha, *, x0=None, step=None):
    r"""Yield the iterates of accelerated proximal gradient descent (FISTA).

    Each step starts from a point beyond the last iterate, on the line from the one before. The
    product with that point is the same combination of products that are known.

    Parameters
    ----------
    loss, alpha, x0, step
        As for `ista`.

    Yields
    ------
    Iterate
        ``x`` (n,) and the objective there; without end. The objective may rise now and then.

    Raises
    ------
    ValueError, TypeError
        As `ista`.

    Notes
    -----
    **Cost.** As `ista`: one product with ``A`` and one with ``A.T`` a step.

    **Guarantee.** With :math:`\eta = 1/L`, for every minimizer,
    :math:`F(x_k) - F^\ast \le 2L \|x_0 - x^\ast\|^2 / (k + 1)^2` ([1], Theorem 4.4).

    References
    ----------
    .. [1] A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear
       inverse problems", SIAM J. Imaging Sci. 2(1), 2009, Section 4.

    Examples
    --------
    >>> from course_lib.sparse_coding import SquaredLoss
    >>> steps = fista(SquaredLoss(np.eye(2), [3.0, 0.5]), 1.0)
    >>> [round(next(steps).value, 6) for _ in range(2)]
    [4.625, 2.625]
    """
    alpha, x, z, step = _start(loss, alpha, x0, step)
    last_x, last_z, t, last_t = x, z, 1.0, 1.0
    while True:
        yield Iterate(x, loss.value(z) + alpha * float(np.abs(x).sum()))
        beyond = (last_t - 1) / t
        y = x + beyond * (x - last_x)
        slope = loss.gradient(z + beyond * (z - last_z))  # A y, without a product
        last_x, last_z = x, z
        x = _shrunk(y - step * slope, step * alpha)
        z = loss.A @ x
        t, last_t = (1 + math.sqrt(1 + 4 * t * t)) / 2, t


def _start(loss, alpha, x0, step):
    """Return the checked weight, the start, its product and the step length."""
    alpha = check_number(alpha, "alpha", low=0, open_high=True)
    m, n = loss.A.shape
    if step is None:
        step = 1 / loss.smoothness if loss.smoothness > 0 else 1.0
    step = check_number(step, "step", low=0, open_low=True, open_high=True)
    if x0 is None:
        x, z = np.zeros(n, loss.b.dtype), np.zeros(m, loss.b.dtype)
    else:
        x = check_vector(x0, "x0", dtype=loss.b.dtype).copy()
        if len(x) != n:
            raise ValueError(f"x0 must have one entry for each of the {n} columns; got {x.shape}.")
        z = check_finite(loss.A @ x, "x0")
    with np.errstate(over="ignore"):
        check_finite(np.float64(loss.value(z)), "b" if x0 is None else "x0")
    return alpha, x, z, step
