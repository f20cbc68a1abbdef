r"""Smooth losses of a linear model, :math:`f(x) = \phi(Ax)`: what proximal methods step along.

A loss knows its matrix, the value and slope of :math:`\phi`, and its smoothness. Keeping
:math:`z = Ax` outside lets a method evaluate objective and gradient with one product each.
"""

import functools

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh
from scipy.special import expit

from course_lib._validation import check_finite, check_matrix, check_vector

__all__ = ["LogisticLoss", "SquaredLoss", "largest_eigenvalue"]

SMALL = 32  # below this side the Gram matrix is formed and decomposed


class _LinearLoss:
    """A matrix, and a target with one entry a row."""

    def __init__(self, A, b):
        self.A = check_matrix(A)
        self.b = check_vector(b, "b", dtype=np.result_type(self.A.dtype, np.float32))
        if len(self.b) != self.A.shape[0]:
            raise ValueError(
                f"b must have one entry for each of the {self.A.shape[0]} rows of A; "
                f"got shape {self.b.shape}."
            )

    def gradient(self, z):
        """Return the gradient at ``x`` from ``z = A @ x``: one product with ``A.T``."""
        return check_finite(_transposed(self.A, self.slope(z)))

    @functools.cached_property
    def smoothness(self):
        """The Lipschitz constant :math:`L` of the gradient; found at its first use."""
        return self.curvature * largest_eigenvalue(self.A)


class SquaredLoss(_LinearLoss):
    r"""The loss of least squares, :math:`f(x) = \tfrac12 \|Ax - b\|^2`.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        Only the products ``A @ x`` and ``A.T @ y`` are used.
    b : array, shape (m,)
        What ``A @ x`` should come near to.

    Raises
    ------
    ValueError, TypeError
        If ``A`` is not a real matrix, or ``b`` does not fit it or is not finite.

    Notes
    -----
    **Cost.** The first use of ``smoothness`` costs a Lanczos iteration on ``A.T @ A``.

    **Guarantee.** :math:`L = \lambda_{\max}(A^T A)`.

    Examples
    --------
    >>> loss = SquaredLoss([[3.0, 0.0], [0.0, 1.0]], [3.0, 0.0])
    >>> loss.smoothness
    9.0
    >>> loss.gradient(np.zeros(2))
    array([-9.,  0.])
    """

    curvature = 1.0

    def value(self, z):
        """Return the loss at ``x`` from ``z = A @ x``."""
        residual = z - self.b
        return 0.5 * float(residual @ residual)

    def slope(self, z):
        """Return the derivative of the loss with respect to ``z``, shape (m,)."""
        return z - self.b


class LogisticLoss(_LinearLoss):
    r"""The mean logistic loss, :math:`f(x) = \frac1m \sum_i \log(1 + e^{-b_i a_i^T x})`.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        One row an item.
    b : array, shape (m,)
        Labels, -1 or +1.

    Raises
    ------
    ValueError, TypeError
        As `SquaredLoss`, or if a label is neither -1 nor +1.

    Notes
    -----
    **Guarantee.** The second derivative of the logistic function is at most 1/4, so
    :math:`L = \lambda_{\max}(A^T A) / (4m)`.

    Examples
    --------
    >>> loss = LogisticLoss([[2.0], [0.0]], [1, -1])
    >>> round(loss.value(np.zeros(2)), 6)                   # log 2
    0.693147
    >>> loss.smoothness                                     # 4 / (4 * 2)
    0.5
    """

    def __init__(self, A, b):
        super().__init__(A, b)
        if not np.all(np.abs(self.b) == 1):
            raise ValueError("b must hold labels -1 and +1 only; map them first.")
        self.curvature = 0.25 / len(self.b)

    def value(self, z):
        """Return the loss at ``x`` from ``z = A @ x``."""
        return float(np.mean(np.logaddexp(0, -self.b * z)))

    def slope(self, z):
        """Return the derivative of the loss with respect to ``z``, shape (m,)."""
        return -self.b * expit(-self.b * z) / len(self.b)


def _transposed(A, y):
    """Return ``A.T @ y``, or say in words that a linear operator has no such product."""
    try:
        return A.T @ y
    except (NotImplementedError, TypeError) as error:
        if not isinstance(A, LinearOperator):
            raise
        raise TypeError(
            "A must offer products with its transpose too; give the LinearOperator an rmatvec."
        ) from error


def largest_eigenvalue(A):
    r"""Return :math:`\lambda_{\max}(A^T A)` from products with ``A`` and ``A.T``.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If ``A`` is not a finite real matrix.

    Notes
    -----
    **Cost.** Lanczos steps to full precision, two products each; with ``min(m, n)`` at most 32,
    as many products as the shorter side is long. The start is fixed: the result has no luck.

    Examples
    --------
    >>> largest_eigenvalue(np.array([[3.0, 0.0], [0.0, 1.0]]))
    9.0
    """
    A = check_matrix(A)
    wide = A.shape[0] < A.shape[1]  # the shorter side is the one of the basis
    n = min(A.shape)
    if n <= SMALL:
        half = _transposed(A, np.eye(n)) if wide else A @ np.eye(n)
        half = check_finite(np.asarray(half))
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.linalg.eigvalsh(check_finite(half.T @ half))[-1])

    def square(v):
        with np.errstate(over="ignore", invalid="ignore"):
            return check_finite(A @ _transposed(A, v) if wide else _transposed(A, A @ v))

    gram = LinearOperator((n, n), matvec=square, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(n)
    if not np.any(gram @ start):  # Lanczos has nowhere to go from there
        return 0.0
    return float(eigsh(gram, 1, which="LA", v0=start, return_eigenvectors=False)[0])
