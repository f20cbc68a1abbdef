r"""The normal equations of the Nyström ridge by products, and a preconditioner from landmarks.

They are :math:`(K_{nm}^T K_{nm} + \alpha K_{mm})\,\beta = K_{nm}^T y`. `NystromProduct` multiplies
by their matrix in one pass over the rows; `nystrom_preconditioner` makes the passes few.
"""

from typing import NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_matrix,
    check_number,
)
from course_lib.kernel_training.cg import NOT_DEFINITE, as_function
from course_lib.low_rank.kernel import shifted_block

__all__ = ["NystromPreconditioner", "NystromProduct", "nystrom_preconditioner"]

ROWS_AT_ONCE = 2048


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
        H = self.B.T @ as_function(product, self.B.shape, self.B.dtype, "product")(self.B)
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
    try:
        T = np.linalg.cholesky(shifted_block(K_mm, K_mm.dtype)).T
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
