"""Signs that are drawn: on average they are a hard tanh."""

from typing import NamedTuple

import numpy as np

from course_lib._layers import kernels
from course_lib._layers.layers import BinaryDense
from course_lib._validation import as_rng, check_array, check_finite

__all__ = ["StochasticDense", "StochasticSign", "stochastic_sign"]


def stochastic_sign(X, rng=None):
    r"""Return +1 with probability ``clip((x + 1) / 2, 0, 1)`` and -1 else, for each number.

    Parameters
    ----------
    X : array
    rng : int, numpy.random.Generator or None

    Returns
    -------
    array, shape of ``X``

    Raises
    ------
    ValueError, TypeError
        If ``X`` is not made of finite numbers.

    Notes
    -----
    **Guarantee.** The mean is :math:`\mathrm{Htanh}(x)`, x clipped to [-1, 1]. So for a loss that
    is linear in the sign the straight-through gradient is right on average. For
    :math:`f(s)` quadratic it is off by :math:`f'' x`: the truth inside (-1, 1) is
    :math:`(f(1) - f(-1))/2`, and its mean :math:`p f'(1) + (1 - p) f'(-1)` [1]_.

    References
    ----------
    .. [1] Y. Bengio, N. Leonard, A. Courville, "Estimating or propagating gradients through
       stochastic neurons for conditional computation", arXiv:1308.3432, 2013.

    Examples
    --------
    >>> stochastic_sign([-1.5, 1.0], rng=0)
    array([-1.,  1.])
    """
    X = check_finite(check_array(X, "X"), "X")
    return _draw(X, as_rng(rng))


def _draw(X, rng):
    drawn = rng.random(X.shape, dtype=np.float32) < (X + 1) / 2
    return np.where(drawn, X.dtype.type(1), X.dtype.type(-1))


class StochasticSign(NamedTuple):
    """`stochastic_sign` while training, the plain sign when predicting; straight through both."""

    def forward(self, X, rng):
        """Return the signs and the tape."""
        return (kernels.sign(X) if rng is None else _draw(X, rng)), X

    def backward(self, X, G, pull=True):
        """Return an empty gradient, and ``G`` where ``|X| <= 1``."""
        return StochasticSign(), kernels.window(X, G, X.dtype.type(1))


class StochasticDense(NamedTuple):
    """`BinaryDense` whose signs are drawn for each batch of training.

    Attributes
    ----------
    W : array, shape (n_in, n_out)
        Numbers in [-1, 1].
    """

    W: np.ndarray

    limit = 1.0
    pace = BinaryDense.pace

    def forward(self, X, rng):
        """Return the product with the signs, and the tape."""
        signs = kernels.sign(self.W) if rng is None else _draw(self.W, rng)
        return X @ signs, (X, signs)

    def backward(self, tape, G, pull=True):
        """Return the gradient as if ``W`` were its signs, and that of the input."""
        X, signs = tape
        return StochasticDense(X.T @ G), G @ signs.T if pull else None
