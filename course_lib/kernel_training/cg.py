"""Conjugate gradients: systems that are known by their products alone."""

import math
from typing import NamedTuple

import numpy as np

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_fraction,
    check_matrix,
    check_number,
)

__all__ = [
    "NOT_DEFINITE",
    "CGIterate",
    "as_function",
    "condition_bound",
    "conjugate_gradient",
    "conjugate_gradient_bound",
]

EACH_STEP = math.exp(-0.5)  # by which Falkon wants the error to fall
NOT_DEFINITE = "{} must be symmetric positive definite; x'Ax = {:g} showed for x != 0."


class CGIterate(NamedTuple):
    """A solution so far, one for each right-hand side."""

    x: np.ndarray  # (m,) or (m, t), as b
    value: np.ndarray  # () or (t,): x'Ax / 2 - b'x, which falls at every step
    residual: np.ndarray  # () or (t,): |b - A x| / |b|
    products: int  # calls of product so far
    measured: bool  # whether residual came from a product, or from the recursion


def conjugate_gradient(product, b, *, x0=None, preconditioner=None, tol=1e-6):
    r"""Solve :math:`A x = b` by products with a symmetric positive definite ``A``.

    Parameters
    ----------
    product : callable, matrix or LinearOperator, shape (m, m)
        ``product(V)`` returns :math:`A V` for ``V`` of the shape of ``b``.
    b : array, shape (m,) or (m, t)
        One right-hand side, or t that share each product.
    x0 : array of the shape of ``b``, optional
        Where to start; zero by default, which saves a product.
    preconditioner : callable, matrix or LinearOperator, optional
        ``preconditioner(V)`` returns :math:`P V`, ``P`` symmetric positive definite and close to
        the inverse of ``A``.
    tol : float, default 1e-6
        Stop when :math:`\|b - Ax\| \le tol \|b\|` for all right-hand sides, measured by a product.

    Yields
    ------
    CGIterate
        After each step, and at the end, with a measured residual.

    Raises
    ------
    ValueError
        If ``b`` or a product is not finite or of another shape, or if ``A`` or ``P`` visibly is
        not positive definite.
    TypeError
        If an argument is not of the kind above.

    Notes
    -----
    **Cost.** One product and one preconditioning a step; :math:`10 m t` flops beside them; one
    product more where the residual is measured. The recursion's residual drifts from the true
    one; where the measured one is above ``tol``, the iteration starts again from it, and ends
    when that no longer halves it: rounding allows no more.

    **Guarantee.** In exact arithmetic the error :math:`\|x_k - x\|_A` is at most
    `conjugate_gradient_bound` times the first one, with the condition number of :math:`PA` ([1],
    Theorem 6.29), and zero after m steps.

    References
    ----------
    .. [1] Y. Saad, "Iterative methods for sparse linear systems", 2nd edition, SIAM, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> for step in conjugate_gradient(np.diag([1.0, 4.0]), [1.0, 1.0]):
    ...     print(step.x, step.products, step.measured)
    [0.4 0.4] 1 False
    [1.   0.25] 3 True
    """
    b = check_array(b, "b")
    if b.ndim not in (1, 2) or b.size == 0:
        raise ValueError(f"b must be a vector, or a matrix of several; got shape {b.shape}.")
    check_finite(b, "b")
    tol = check_number(tol, "tol", low=0.0, open_low=True)
    A = as_function(product, b.shape, b.dtype, "product")
    P = None if preconditioner is None else as_function(preconditioner, b.shape, b.dtype, "P")
    if x0 is not None:
        x0 = check_finite(check_array(x0, "x0", dtype=b.dtype), "x0")
        if x0.shape != b.shape:
            raise ValueError(f"x0 must have the shape of b, {b.shape}; got {x0.shape}.")
    return _iterates(A, b, x0, P, tol)


def _iterates(A, b, x, P, tol):
    """Yield the steps of `conjugate_gradient`, whose arguments are checked."""
    size = np.sqrt(_dots(b, b))
    size = np.where(size > 0, size, 1)
    x, r, products = (np.zeros_like(b), b, 0) if x is None else (x, b - A(x), 1)
    residual, last = np.sqrt(_dots(r, r)) / size, math.inf  # measured now, and before
    while tol < residual.max() <= last / 2:
        last = residual.max()
        p = z = r if P is None else P(r)
        rz = _positive(_dots(r, z), r, "preconditioner")
        while True:
            q, products = A(p), products + 1
            curve = _positive(_dots(p, q), p, "A")
            active = (residual > tol / 10) & (curve > 0)  # the others are done
            step = np.where(active, rz, 0) / np.where(active, curve, 1)
            x, r = x + step * p, r - step * q
            residual = np.sqrt(_dots(r, r)) / size
            if residual.max() <= tol:
                break
            yield _iterate(x, b, r, residual, products, measured=False)
            z = r if P is None else P(r)
            before, rz = rz, _positive(_dots(r, z), r, "preconditioner")
            p = z + np.where(active, rz, 0) / np.where(active, before, 1) * p
        r, products = b - A(x), products + 1
        residual = np.sqrt(_dots(r, r)) / size
        if tol < residual.max() <= last / 2:
            yield _iterate(x, b, r, residual, products, measured=True)
    yield _iterate(x, b, r, residual, products, measured=True)


def _iterate(x, b, r, residual, products, *, measured):
    value = -_dots(x, b + r) / 2
    return CGIterate(x, value.astype(float), residual.astype(float), products, measured)


def _dots(x, y):
    """Return the inner product of each column of ``x`` with that of ``y``."""
    return np.asarray(np.einsum("i...,i...->...", x, y))


def _positive(values, x, name):
    """Return the products x'Ax, positive unless x = 0, or say that A is not definite."""
    if (values <= 0).any() and np.any((values <= 0) & (_dots(x, x) > 0)):
        raise ValueError(NOT_DEFINITE.format(name, values.min()))
    return values


def as_function(A, shape, dtype, name):
    """Return a matrix, an operator or a function as a function whose answers are checked."""
    if hasattr(A, "shape") or not callable(A):
        A = check_matrix(A, name)
        if tuple(A.shape) != (shape[0], shape[0]):
            raise ValueError(
                f"{name} must have shape ({shape[0]}, {shape[0]}), as b has; got {A.shape}."
            )
        function = A.__matmul__
    else:
        function = A

    def checked(V):
        W = check_array(function(V), f"{name}(V)", dtype=dtype)
        if W.shape != shape:
            raise ValueError(f"{name}(V) must have the shape of V, {shape}; got {W.shape}.")
        return check_finite(W, f"{name}(V)")

    return checked


def condition_bound(contraction=EACH_STEP):
    r"""Return the condition number below which CG contracts by ``contraction`` a step.

    Parameters
    ----------
    contraction : float, default exp(-1/2)
        :math:`0 < c < 1`.

    Returns
    -------
    float
        :math:`((1 + c)/(1 - c))^2`: 16.67 for the default, which Falkon rounds to 17.

    Raises
    ------
    ValueError, TypeError
        If ``contraction`` is no number between 0 and 1.

    See Also
    --------
    conjugate_gradient_bound : the other direction.

    Examples
    --------
    >>> condition_bound(0.5)
    9.0
    """
    c = check_fraction(contraction, "contraction")
    return ((1 + c) / (1 - c)) ** 2


def conjugate_gradient_bound(condition, k):
    r"""Return the bound on :math:`\|x_k - x\|_A / \|x_0 - x\|_A` after k steps.

    Parameters
    ----------
    condition : float
        Condition number :math:`\kappa \ge 1` of the (preconditioned) matrix.
    k : int
        Steps.

    Returns
    -------
    float
        :math:`\min(1, 2 (\frac{\sqrt\kappa - 1}{\sqrt\kappa + 1})^k)`: the error never grows.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    References
    ----------
    .. [1] Y. Saad, "Iterative methods for sparse linear systems", 2nd edition, SIAM, 2003,
       Theorem 6.29.

    Examples
    --------
    >>> conjugate_gradient_bound(9.0, 3)                                  # 2 / 2**3
    0.25
    """
    root = math.sqrt(check_number(condition, "condition", low=1.0, high=1e300))
    k = check_count(k, "k", low=0)
    return min(1.0, 2 * ((root - 1) / (root + 1)) ** k)
