r"""Conjugate gradients for products alone, and the preconditioner that a few landmarks give.

The Nyström ridge asks for :math:`(K_{nm}^T K_{nm} + \alpha K_{mm})\,\beta = K_{nm}^T y`, here
called the normal equations. `NystromProduct` multiplies by their matrix in one pass over the rows,
and `nystrom_preconditioner` makes the number of passes small.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_fraction,
    check_matrix,
    check_number,
)

__all__ = [
    "CGIterate",
    "NystromPreconditioner",
    "NystromProduct",
    "condition_bound",
    "conjugate_gradient",
    "conjugate_gradient_bound",
    "nystrom_preconditioner",
]

ROWS_AT_ONCE = 2048
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
        After each step. The last one has a measured residual.

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
    A = _as_function(product, b.shape, b.dtype, "product")
    P = None if preconditioner is None else _as_function(preconditioner, b.shape, b.dtype, "P")
    if x0 is not None:
        x0 = check_finite(check_array(x0, "x0", dtype=b.dtype), "x0")
        if x0.shape != b.shape:
            raise ValueError(f"x0 must have the shape of b, {b.shape}; got {x0.shape}.")
    return _iterates(A, b, x0, P, tol)


def _iterates(A, b, x, P, tol):
    """Yield the steps of `conjugate_gradient`, whose arguments are checked."""
    products, size = 0, np.sqrt(_dots(b, b))
    size = np.where(size > 0, size, 1)
    if x is None:
        x, r = np.zeros_like(b), b.copy()
    else:
        r, products = b - A(x), 1
    last = math.inf  # the largest residual that was measured before
    while True:
        z = r if P is None else P(r)
        p, rz = z, _positive(_dots(r, z), r, "preconditioner")
        while True:
            active = rz > 0
            if active.any():
                q, products = A(p), products + 1
                curve = _positive(_dots(p, q), p, "A")
                step = np.where(active, rz, 0) / np.where(active, curve, 1)
                x, r = x + step * p, r - step * q
            residual = np.sqrt(_dots(r, r)) / size
            if residual.max() <= tol:
                break
            yield _iterate(x, b, r, residual, products, measured=False)
            z = r if P is None else P(r)
            new = _positive(_dots(r, z), r, "preconditioner")
            p = z + np.where(active, new, 0) / np.where(active, rz, 1) * p
            rz = new
        r, products = b - A(x), products + 1
        residual = np.sqrt(_dots(r, r)) / size
        yield _iterate(x, b, r, residual, products, measured=True)
        if residual.max() <= tol or residual.max() > last / 2:
            return
        last = residual.max()


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


def _as_function(A, shape, dtype, name):
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


class NystromProduct:
    r"""Multiply by :math:`K_{nm}^T K_{nm} + \alpha K_{mm}`, one pass over blocks a product.

    Parameters
    ----------
    K_nm : array, sparse matrix, CountedMatrix or KernelBlocks, shape (n, m)
        Kernel of all rows and the landmarks. What has ``blocks(size)`` is read by it.
    K_mm : array, shape (m, m)
        Kernel of the landmarks among themselves.
    alpha : float
        Weight of the penalty, :math:`\lambda n` in the notation of [1].

    Attributes
    ----------
    products : int
        Products so far: passes over ``K_nm``.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, or an argument is not of the kind above.

    Notes
    -----
    **Cost.** :math:`4nmt + 2m^2t` flops for t columns and one pass over ``K_nm``; memory one
    block and :math:`mt`.

    References
    ----------
    .. [1] A. Rudi, L. Carratino, L. Rosasco, "FALKON: an optimal large scale kernel method",
       NIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> A = NystromProduct(np.array([[1.0, 0.0], [1.0, 2.0]]), np.eye(2), alpha=1.0)
    >>> A(np.array([1.0, 1.0])), A.products                 # [[3, 2], [2, 5]] @ [1, 1]
    (array([5., 7.]), 1)
    """

    def __init__(self, K_nm, K_mm, alpha):
        if not hasattr(K_nm, "blocks"):
            K_nm = check_matrix(K_nm, "K_nm", operator=False)
            K_nm = K_nm if isinstance(K_nm, np.ndarray) else K_nm.tocsr()
        self._K_nm, self._K_mm = K_nm, _check_block(K_mm, K_nm.shape[1])
        self._alpha = check_number(alpha, "alpha", low=0.0)
        self.products = 0

    def __call__(self, V):
        """Return the product with ``V``, shape (m,) or (m, t)."""
        V = self._check(V, "V", self._K_nm.shape[1])
        self.products += 1
        answer = self._alpha * (self._K_mm @ V)
        for block in self._blocks():
            answer = answer + block.T @ (block @ V)
        return check_finite(answer, "K_nm")

    def right_side(self, y):
        """Return :math:`K_{nm}^T y` for ``y`` of shape (n,) or (n, t): one pass, no product."""
        y = self._check(y, "y", self._K_nm.shape[0])
        answer, start = 0.0, 0
        for block in self._blocks():
            answer = answer + block.T @ y[start : start + block.shape[0]]
            start += block.shape[0]
        return check_finite(answer, "K_nm")

    def _check(self, V, name, size):
        V = check_array(V, name)
        if V.ndim not in (1, 2) or len(V) != size:
            raise ValueError(f"{name} must have {size} rows; got shape {V.shape}.")
        return check_finite(V, name)

    def _blocks(self):
        if hasattr(self._K_nm, "blocks"):
            return self._K_nm.blocks(ROWS_AT_ONCE)
        starts = range(0, self._K_nm.shape[0], ROWS_AT_ONCE)
        return (self._K_nm[start : start + ROWS_AT_ONCE] for start in starts)


class NystromPreconditioner(NamedTuple):
    """``B`` with ``B @ B.T`` close to the inverse of the normal equations; call it."""

    B: np.ndarray  # (m, m)

    def __call__(self, V):
        """Return ``B @ (B.T @ V)``."""
        return self.B @ (self.B.T @ V)

    def condition(self, product):
        """Return the condition number of ``B.T @ A @ B``: one product with m columns."""
        H = self.B.T @ _as_function(product, self.B.shape, self.B.dtype, "product")(self.B)
        w = np.linalg.eigvalsh((H + H.T) / 2)
        if w[0] <= 0:
            raise ValueError(NOT_DEFINITE.format("A", w[0]))
        return float(w[-1] / w[0])


def nystrom_preconditioner(K_nm, K_mm, alpha):
    r"""Return :math:`B B^T = (\frac{n}{m} K_{mm}^2 + \alpha K_{mm})^{-1}`, Falkon's preconditioner.

    In :math:`K_{nm}^T K_{nm} + \alpha K_{mm}` the sum over all rows is replaced by :math:`n/m`
    times that over the landmarks.

    Parameters
    ----------
    K_nm : array or anything with a shape (n, m), or int
        Only its number of rows is used; the number itself will do.
    K_mm : array, shape (m, m)
        Kernel of the landmarks among themselves.
    alpha : float
        Weight of the penalty, positive; :math:`\lambda n` in the notation of [1].

    Returns
    -------
    NystromPreconditioner
        To give to `conjugate_gradient`; its ``B`` (m, m) is float64.

    Raises
    ------
    ValueError
        If ``K_mm`` is not positive semidefinite, shapes do not fit, or ``alpha`` is not positive.
    TypeError
        If an argument is not of the kind above.

    Notes
    -----
    **Cost.** :math:`O(m^3)` once, no pass; :math:`4m^2` flops a column afterwards.

    **Guarantee.** :math:`B^T A B = I + E` with :math:`E = B^T (K_{nm}^T K_{nm} - \frac{n}{m}
    K_{mm}^2) B`, so that the condition number is at most :math:`(1 + \|E\|)/(1 - \|E\|)`. It is
    at most 17 with probability :math:`1 - \delta` for enough landmarks drawn uniformly ([1],
    Theorem 2; the number there is far larger than what is needed). Then the error falls by
    :math:`e^{-1/2}` a step, see `condition_bound`.

    References
    ----------
    .. [1] A. Rudi, L. Carratino, L. Rosasco, "FALKON: an optimal large scale kernel method",
       NIPS 2017, Section 3.

    Examples
    --------
    >>> import numpy as np
    >>> P = nystrom_preconditioner(8, np.eye(2), alpha=1.0)          # n / m = 4
    >>> P(np.array([5.0, 10.0])).round(6)
    array([1., 2.])
    """
    if hasattr(K_nm, "shape"):
        K_mm = _check_block(K_mm, K_nm.shape[1])
        n = K_nm.shape[0]
    else:
        K_mm, n = _check_block(K_mm, None), K_nm
    n = check_count(n, "the number of rows", low=1)
    alpha = check_number(alpha, "alpha", low=0.0, open_low=True)
    m = len(K_mm)
    W = K_mm.astype(np.float64)
    W = (W + W.T) / 2
    W[np.diag_indices(m)] += 4 * np.finfo(K_mm.dtype).eps * np.trace(W)
    try:
        T = np.linalg.cholesky(W).T
        A = np.linalg.cholesky(n / m * (T @ T.T) + alpha * np.eye(m)).T
    except LinAlgError:
        raise ValueError(
            "K_mm must be positive semidefinite and not zero; a negative eigenvalue showed."
        ) from None
    return NystromPreconditioner(np.linalg.inv(A @ T))


def _check_block(K_mm, m):
    """Return the kernel of the landmarks, a square matrix of ``m`` rows."""
    K_mm = check_finite(check_matrix(K_mm, "K_mm", sparse=False, operator=False), "K_mm")
    m = K_mm.shape[0] if m is None else m
    if K_mm.shape != (m, m):
        raise ValueError(f"K_mm must have shape ({m}, {m}), one row a landmark; got {K_mm.shape}.")
    return K_mm


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
