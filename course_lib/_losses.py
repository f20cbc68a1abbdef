r"""Losses of a linear model, :math:`f(x) = \phi(Ax) + \tfrac{\lambda}{2} \|x\|^2`.

A loss knows its matrix, the value and slope of :math:`\phi`, its ridge and its smoothness. Keeping
:math:`z = Ax` outside lets a method evaluate objective and gradient with one product each.

A ridge is written as more rows: below ``A`` stands :math:`\sqrt\lambda I`, and the loss of these
rows is half the square. So ``loss.A @ x`` carries what the ridge needs, and every method that
knows :math:`f(x) = \phi(Ax)` knows the ridge too.
"""

import copy
import functools

import numpy as np
from scipy.special import expit

from course_lib._spectrum import largest_eigenvalue, transposed
from course_lib._validation import (
    check_finite,
    check_matrix,
    check_number,
    check_vector,
)

__all__ = [
    "HingeLoss",
    "HuberLoss",
    "LogisticLoss",
    "SquaredHingeLoss",
    "SquaredLoss",
    "largest_eigenvalue",
    "with_ridge",
]


class _LinearLoss:
    """A matrix, a target with one entry a row, and a ridge."""

    def __init__(self, A, b, *, ridge=0.0):
        self.data = check_matrix(A)  # without the rows of the ridge
        self.b = check_vector(b, "b", dtype=np.result_type(self.data.dtype, np.float32))
        if len(self.b) != self.data.shape[0]:
            raise ValueError(
                f"b must have one entry for each of the {self.data.shape[0]} rows of A; "
                f"got shape {self.b.shape}."
            )
        self.ridge = check_number(ridge, "ridge", low=0, open_high=True)
        self.A = _WithRidge(self.data, self.ridge) if self.ridge else self.data

    def value(self, z):
        """Return the loss at ``x`` from ``z = loss.A @ x``."""
        m = len(self.b)
        below = z[m:]  # empty without a ridge
        return self._value(z[:m]) + 0.5 * float(below @ below)

    def slope(self, z):
        """Return the derivative of the loss with respect to ``z``, shape of ``z``."""
        m = len(self.b)
        slope = self._slope(z[:m])
        return np.concatenate([slope, z[m:]]) if self.ridge else slope

    def gradient(self, z):
        """Return the gradient at ``x`` from ``z = loss.A @ x``: one product with ``A.T``."""
        return check_finite(transposed(self.A, self.slope(z)))

    def risk(self, x):
        """Return the loss without its ridge, and its gradient: one product with A, one with A.T."""
        x = check_vector(x, "x", self.data.shape[1], dtype=self.b.dtype)
        z = check_finite(self.data @ x)
        value = check_finite(np.float64(self._value(z)), "A or b")
        return float(value), check_finite(transposed(self.data, self._slope(z)))

    def evaluate(self, x):
        """Return the loss at ``x`` and its gradient: one product with A, one with A.T."""
        return with_ridge(self, x, *self.risk(x))

    def block(self, start, stop):
        """Return the terms of some rows: blocks of all rows add up to the loss without ridge."""
        part = copy.copy(self)
        part.__dict__.pop("smoothness", None)
        part.ridge, part.b = 0.0, self.b[start:stop]
        part.data = part.A = self.data[start:stop]
        return part

    @functools.cached_property
    def smoothness(self):
        """The Lipschitz constant :math:`L` of the gradient; found at its first use."""
        return self.curvature * largest_eigenvalue(self.data) + self.ridge


def with_ridge(loss, x, value, gradient):
    """Return a value and a gradient with those of the loss's ridge added, if they are finite."""
    x = np.asarray(x, dtype=gradient.dtype)
    value += 0.5 * loss.ridge * float(x @ x)
    check_finite(np.float64(value), "x or ridge")
    return value, check_finite(gradient + loss.ridge * x, "x or ridge")


class _MeanLoss(_LinearLoss):
    """A mean over rows of a function of the margin, with slope at most 1."""

    def __init__(self, A, b, *, ridge=0.0):
        super().__init__(A, b, ridge=ridge)
        if not np.all(np.abs(self.b) == 1):
            raise ValueError("b must hold labels -1 and +1 only; map them first.")
        self.count = len(self.b)  # a block divides by all rows too

    @functools.cached_property
    def lipschitz(self):
        r"""A bound on the gradients without ridge, :math:`\|A\|_2/\sqrt m`; found when first used.

        Each row pulls with a weight of at most :math:`1/m`, and :math:`m` such weights have length
        :math:`1/\sqrt m` at most.
        """
        return float(np.sqrt(largest_eigenvalue(self.data) / self.count))


class _WithRidge:
    """The matrix with the rows of its ridge below it, known by its products."""

    def __init__(self, data, ridge, transpose=False):
        m, n = data.shape
        self.data, self.ridge, self.transpose, self.m = data, ridge, transpose, m
        self.shape = (n, m + n) if transpose else (m + n, n)
        self.dtype, self.ndim = data.dtype, 2

    @property
    def T(self):
        return _WithRidge(self.data, self.ridge, not self.transpose)

    def __matmul__(self, x):
        root = float(np.sqrt(self.ridge))
        if self.transpose:
            return transposed(self.data, x[: self.m]) + root * x[self.m :]
        return np.concatenate([self.data @ x, root * x])


class SquaredLoss(_LinearLoss):
    r"""The loss of least squares, :math:`f(x) = \tfrac12 \|Ax - b\|^2`.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        Only the products ``A @ x`` and ``A.T @ y`` are used.
    b : array, shape (m,)
        What ``A @ x`` should come near to.
    ridge : float, default 0
        Adds :math:`\tfrac{\lambda}{2} \|x\|^2`, which makes it :math:`\lambda`-strongly convex.

    Raises
    ------
    ValueError, TypeError
        If ``A`` is not a real matrix, ``b`` does not fit it or is not finite, or ``ridge`` is
        negative.

    Notes
    -----
    **Cost.** The first use of ``smoothness`` costs a Lanczos iteration on ``A.T @ A``.

    **Guarantee.** :math:`L = \lambda_{\max}(A^T A) + \lambda`.

    Examples
    --------
    >>> loss = SquaredLoss([[3.0, 0.0], [0.0, 1.0]], [3.0, 0.0])
    >>> loss.smoothness
    9.0
    >>> loss.gradient(np.zeros(2))
    array([-9.,  0.])
    """

    curvature = 1.0

    def _value(self, z):
        residual = z - self.b
        return 0.5 * float(residual @ residual)

    def _slope(self, z):
        return z - self.b


class HuberLoss(_LinearLoss):
    r"""The loss of robust regression: a parabola near zero, straight beyond ``width``.

    :math:`f(x) = \sum_i h(a_i^T x - b_i)` with :math:`h(r) = r^2/2` for :math:`|r| \le w` and
    :math:`w |r| - w^2/2` beyond.

    Parameters
    ----------
    A, b
        As for `SquaredLoss`.
    width : float, default 1
        :math:`w`, positive.
    ridge : float, default 0
        Adds :math:`\tfrac{\lambda}{2} \|x\|^2`.

    Raises
    ------
    ValueError, TypeError
        As `SquaredLoss`, or if ``width`` is not positive.

    Notes
    -----
    **Guarantee.** :math:`L = \lambda_{\max}(A^T A) + \lambda`. In one dimension, with the right
    width, it is the worst smooth convex function for gradient descent: see `gd_bound`.

    Examples
    --------
    >>> loss = HuberLoss([[1.0]], [0.0], width=0.5)
    >>> loss.evaluate(np.array([2.0]))                      # 0.5 * 2 - 0.125
    (0.875, array([0.5]))
    """

    curvature = 1.0

    def __init__(self, A, b, *, width=1.0, ridge=0.0):
        super().__init__(A, b, ridge=ridge)
        self.width = check_number(width, "width", low=0, open_low=True, open_high=True)

    def _value(self, z):
        size = np.abs(z - self.b)
        inside = np.minimum(size, self.width)
        return float(inside @ (size - inside / 2))

    def _slope(self, z):
        return np.clip(z - self.b, -self.width, self.width)


class LogisticLoss(_MeanLoss):
    r"""The mean logistic loss, :math:`f(x) = \frac1m \sum_i \log(1 + e^{-b_i a_i^T x})`.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        One row an item.
    b : array, shape (m,)
        Labels, -1 or +1.
    ridge : float, default 0
        Adds :math:`\tfrac{\lambda}{2} \|x\|^2`, which makes it :math:`\lambda`-strongly convex.

    Raises
    ------
    ValueError, TypeError
        As `SquaredLoss`, or if a label is neither -1 nor +1.

    Notes
    -----
    **Guarantee.** The second derivative of the logistic function is at most 1/4, so
    :math:`L = \lambda_{\max}(A^T A) / (4m) + \lambda`. If a hyperplane separates the classes,
    or a column without negative entries occurs in one class only, and the ridge is 0, no
    minimizer exists.

    Examples
    --------
    >>> loss = LogisticLoss([[2.0], [0.0]], [1, -1])
    >>> round(loss.value(np.zeros(2)), 6)                   # log 2
    0.693147
    >>> loss.smoothness                                     # 4 / (4 * 2)
    0.5
    """

    @property
    def curvature(self):
        """The largest second derivative of a term."""
        return 0.25 / self.count

    def _value(self, z):
        return float(np.logaddexp(0, -self.b * z).sum() / self.count)

    def _slope(self, z):
        return -self.b * expit(-self.b * z) / self.count


class HingeLoss(_MeanLoss):
    r"""The mean hinge loss of a support vector machine.

    :math:`f(x) = \frac1m \sum_i \max(0, 1 - b_i a_i^T x) + \tfrac{\lambda}{2} \|x\|^2`.
    It has corners: what is called its gradient is a subgradient, and there is no smoothness.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        One row an item.
    b : array, shape (m,)
        Labels, -1 or +1.
    ridge : float, default 0
        :math:`\lambda`, not negative.

    Raises
    ------
    ValueError, TypeError
        As `LogisticLoss`.

    Notes
    -----
    At a corner, where a margin is exactly 1, the term pulls with 0.

    **Guarantee.** Subgradients without ridge are at most :math:`\|A\|_2 / \sqrt m`: `lipschitz`.

    Examples
    --------
    >>> loss = HingeLoss([[2.0], [1.0]], [1, -1])
    >>> loss.evaluate(np.array([0.25]))                     # (0.5 + 1.25) / 2
    (0.875, array([-0.5]))
    """

    def _value(self, z):
        return float(np.maximum(0, 1 - self.b * z).sum() / self.count)

    def _slope(self, z):
        return -self.b * (self.b * z < 1) / self.count

    @property
    def smoothness(self):
        """There is none: the slope jumps."""
        raise TypeError("the hinge has no smoothness, its slope jumps; use bmrm or subgradient.")


class SquaredHingeLoss(_MeanLoss):
    r"""The mean of squared hinges: as `HingeLoss`, and smooth.

    .. math:: f(x) = \frac1m \sum_i \max(0, 1 - b_i a_i^T x)^2 + \tfrac{\lambda}{2} \|x\|^2

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        One row an item.
    b : array, shape (m,)
        Labels, -1 or +1.
    ridge : float, default 0
        :math:`\lambda`, not negative.

    Raises
    ------
    ValueError, TypeError
        As `LogisticLoss`.

    Notes
    -----
    **Guarantee.** The slope of a squared hinge changes by at most twice the margin, so
    :math:`L = 2 \lambda_{\max}(A^T A) / m + \lambda`. Its slopes grow without bound, so there is
    no `lipschitz`.

    Examples
    --------
    >>> loss = SquaredHingeLoss([[2.0], [1.0]], [1, -1])
    >>> loss.evaluate(np.array([0.25]))                     # (0.25 + 1.5625) / 2, (-2 + 2.5) / 2
    (0.90625, array([0.25]))
    """

    @property
    def curvature(self):
        """The largest second derivative of a term."""
        return 2 / self.count

    @property
    def lipschitz(self):
        """There is none: the slope of a square grows."""
        raise TypeError("a squared hinge has no bound on its slopes; use a smooth method, or sdca.")

    def _value(self, z):
        short = np.maximum(0, 1 - self.b * z)
        return float(short @ short / self.count)

    def _slope(self, z):
        return -2 * self.b * np.maximum(0, 1 - self.b * z) / self.count
