"""Randomized SVD: a rank-k factorization of A from a few passes over it.

The story of this file, in the order to read it::

    range_finder     A @ (random block)  ->  Q, an orthonormal basis of A's main range
    randomized_svd   SVD of the small matrix Q.T @ A, rotated back by Q
    residual_norm    how wrong is the answer?  estimated without ever forming A - U S Vt

It differs from scikit-learn's extmath in three ways. Every half-step is orthonormalized, by
Cholesky-QR, so small singular values survive any number of iterations. ``method="krylov"``
keeps the blocks that the power iteration throws away. And float32 stays float32.
"""

from typing import NamedTuple

import numpy as np

from course_lib._validation import (
    as_rng,
    check_array,
    check_count,
    check_finite,
    check_matrix,
)
from course_lib.low_rank._blocks import (
    gaussian,
    leading_svd,
    orthonormalize,
    product,
    thin_svd,
    working_dtype,
)

__all__ = ["SVD", "randomized_svd", "range_finder", "residual_norm"]


class SVD(NamedTuple):
    """A thin factorization ``U @ diag(s) @ Vt`` with ``s`` non-increasing."""

    U: np.ndarray  # (m, k), orthonormal columns
    s: np.ndarray  # (k,), non-negative
    Vt: np.ndarray  # (k, n), orthonormal rows


def range_finder(A, size, *, n_iter=2, rng=None):
    r"""Return an orthonormal basis that captures most of the range of ``A``.

    A random block is multiplied by :math:`(A A^T)^{q} A`. Each power shrinks the small singular
    values relative to the large ones, so the columns turn towards the leading left singular
    vectors.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        Real matrix; only the products ``A @ X`` and ``A.T @ Y`` are used.
    size : int
        Number of basis vectors :math:`l`, ``1 <= size <= min(m, n)``.
    n_iter : int, default 2
        Number of power iterations :math:`q`. 0 is enough when the spectrum decays fast; 2 is a
        good default for data matrices.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    Q : array, shape (m, size)
        Orthonormal columns; float32 if ``A`` is float32, else float64.

    Raises
    ------
    ValueError
        If ``A`` is not a finite matrix, is empty, or a count is out of range.
    TypeError
        If ``A`` is not real, or a count is not an integer.

    See Also
    --------
    randomized_svd : the factorization that uses this basis.

    Notes
    -----
    **Cost.** :math:`2q + 1` passes over ``A``, each a product with ``size`` columns:
    :math:`2(2q + 1) m n l` flops if ``A`` is dense. The bases cost another
    :math:`O(q (m + n) l^2)`. Memory :math:`O((m + n) l)`; ``A`` itself is never copied.

    **Guarantee.** Let :math:`l = k + p` with :math:`k, p \ge 2`. For ``n_iter=0``,

    .. math:: E\,\|A - QQ^T A\|_F \le \Big(1 + \tfrac{k}{p-1}\Big)^{1/2}
              \Big(\sum_{j>k} \sigma_j^2\Big)^{1/2}  \qquad \text{[1], Theorem 10.5,}

    and for every :math:`q` ([1], Theorem 10.6 for :math:`q = 0`, Corollary 10.10 for all)

    .. math:: E\,\|A - QQ^T A\|_2 \le \bigg[\Big(1 + \sqrt{\tfrac{k}{p-1}}\Big)
              \sigma_{k+1}^{2q+1} + \frac{e\sqrt{k+p}}{p}
              \Big(\sum_{j>k} \sigma_j^{2(2q+1)}\Big)^{1/2}\bigg]^{1/(2q+1)}.

    References
    ----------
    .. [1] N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding structure with randomness",
       SIAM Review 53(2), 2011, Algorithms 4.1 and 4.4.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.outer([3.0, 0.0, 4.0], [1.0, 2.0])       # rank one
    >>> Q = range_finder(A, 1, rng=0)
    >>> bool(np.allclose(Q @ (Q.T @ A), A))
    True
    """
    A = check_matrix(A)
    m, n = A.shape
    size = check_count(size, "size", low=1, high=min(m, n), high_name="min(m, n)")
    n_iter = check_count(n_iter, "n_iter", low=0)
    Omega = gaussian(as_rng(rng), (n, size), working_dtype(A))
    Y = product(A, Omega)
    for _ in range(n_iter):
        # Without a new basis at every half-step all columns collapse onto u_1, and directions
        # with sigma_j < eps**(1/(2q+1)) * sigma_1 are lost. A rough basis is enough here.
        Z = product(A.T, orthonormalize(Y, rounds=1))
        Y = product(A, orthonormalize(Z, rounds=1))
    return orthonormalize(Y)


def randomized_svd(A, rank, *, oversample=10, n_iter=2, method="power", rng=None):
    r"""Return an approximate truncated singular value decomposition of ``A``.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        Real matrix to factor; only the products ``A @ X`` and ``A.T @ Y`` are used.
    rank : int
        Number of singular triplets :math:`k`, ``1 <= rank <= min(m, n)``.
    oversample : int, default 10
        Extra columns :math:`p` in each product; ``rank + oversample`` is cut to ``min(m, n)``.
    n_iter : int, default 2
        Iterations :math:`q`, see `range_finder`.
    method : {"power", "krylov"}
        ``"power"`` uses the last block of the iteration. ``"krylov"`` makes the same passes and
        keeps every block, which is often worth several iterations, for :math:`q + 1` times the
        memory.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    SVD
        ``U`` (m, rank), ``s`` (rank,), ``Vt`` (rank, n), in the dtype of ``A``. Signs of the
        singular vectors are not normalized; compare ``U @ diag(s) @ Vt`` instead.

    Raises
    ------
    ValueError
        If ``A`` is not a finite matrix, is empty, a count is out of range, or ``method`` is
        neither of the two.
    TypeError
        If ``A`` is not real, or a count is not an integer.

    See Also
    --------
    residual_norm : measures the error of the result.

    Notes
    -----
    **Cost.** :math:`2(q + 1)` passes over ``A``, each a product with :math:`l = k + p` columns:
    4 passes for ``n_iter=1``. Bases cost another :math:`O(q (m + n) l^2)` flops by power, and
    :math:`O(q^2 (m + n) l^2)` by Krylov. Memory :math:`O((m + n) l)` and
    :math:`O(q (m + n) l)`.

    **Guarantee.** ``s[i] <= sigma_i(A)`` always: a compression cannot stretch. The error of the
    basis obeys the bounds of `range_finder`; cutting it to ``rank`` adds at most
    :math:`\sigma_{k+1}` ([1], Theorem 9.3). By Krylov, :math:`q = O(\log n / \sqrt\epsilon)`
    brings the error of the rank-k result to :math:`(1 + \epsilon) \sigma_{k+1}` with constant
    probability, where the power iteration needs :math:`O(\log n / \epsilon)`
    ([2], Theorem 1).

    References
    ----------
    .. [1] N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding structure with randomness",
       SIAM Review 53(2), 2011, Algorithm 5.1.
    .. [2] C. Musco, C. Musco, "Randomized block Krylov methods for stronger and faster
       approximate singular value decomposition", NIPS 2015, Algorithms 1 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> U, s, Vt = randomized_svd(np.diag([3.0, 2.0, 1.0]), rank=2, rng=0)
    >>> s.round(6)
    array([3., 2.])
    """
    A = check_matrix(A)
    m, n = A.shape
    rank = check_count(rank, "rank", low=1, high=min(m, n), high_name="min(m, n)")
    oversample = check_count(oversample, "oversample", low=0)
    n_iter = check_count(n_iter, "n_iter", low=0)
    if method not in ("power", "krylov"):
        raise ValueError(f"method must be 'power' or 'krylov'; got {method!r}.")
    rng = as_rng(rng)

    size = min(rank + oversample, m, n)
    if method == "krylov":
        return _krylov_svd(A, rank, size, n_iter, rng)
    if m < n:  # so that the small SVD is on the short side
        U, s, Vt = randomized_svd(A.T, rank, oversample=oversample, n_iter=n_iter, rng=rng)
        return SVD(Vt.T, s, U.T)

    Q = range_finder(A, size, n_iter=n_iter, rng=rng)
    projected = product(A.T, Q)
    V, s, Ut = thin_svd(projected)  # of A.T @ Q, whose transpose is the compression of A
    return SVD(Q @ Ut[:rank].T, s[:rank], V[:, :rank].T)


def _krylov_svd(A, rank, size, n_iter, rng):
    """Return the SVD from all blocks; the large basis is kept orthonormal on the short side."""
    if A.shape[0] > A.shape[1]:
        U, s, Vt = _krylov_svd(A.T, rank, size, n_iter, rng)
        return SVD(Vt.T, s, U.T)
    Q, projected = _krylov(A, size, n_iter, rng)
    V, s, Ut = leading_svd(projected, rank)
    return SVD(Q @ Ut.T, s, V.T)


def _krylov(A, size, n_iter, rng):
    """Return ``Q``, a basis of all blocks of a power iteration, and ``A.T @ Q``.

    Each block is made orthogonal to all before it, so its product with ``A.T``, which the next
    step needs, is also its share of ``A.T @ Q``: the larger basis costs no pass.
    """
    Omega = gaussian(rng, (A.shape[1], size), working_dtype(A))
    Q = orthonormalize(product(A, Omega))
    projected = [product(A.T, Q)]
    for _ in range(n_iter):
        width = min(size, min(A.shape) - Q.shape[1])
        if width == 0:
            break
        Y = product(A, orthonormalize(projected[-1], rounds=1)[:, :width])
        block = orthonormalize(Y, against=Q)
        projected.append(product(A.T, block))
        Q = np.hstack([Q, block])
    return Q, np.hstack(projected)


def residual_norm(A, factors, *, n_iter=20, rng=None):
    r"""Estimate the spectral norm :math:`\|A - U\,\mathrm{diag}(s)\,V^T\|_2`.

    Lanczos steps run on the residual, which is applied and never formed. The estimate never
    exceeds the true norm.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (m, n)
        The matrix that was factored.
    factors : SVD
        Its approximate factorization: any three arrays of shapes (m, k), (k,) and (k, n).
    n_iter : int, default 20
        Steps, each a product with ``A`` and one with ``A.T``.
    rng : Generator, int or None
        Source of randomness: the start of the iteration.

    Returns
    -------
    float
        A lower bound on the norm, tight with high probability.

    Raises
    ------
    ValueError
        If ``A`` is not a finite matrix, ``n_iter`` is not positive, or shapes do not fit.
    TypeError
        If ``A`` is not real, or ``n_iter`` is not an integer.

    Notes
    -----
    **Cost.** ``2 n_iter`` passes, each a product with one vector; memory
    :math:`O((m + n)\,\text{n\_iter})`.

    **Guarantee.** Never above the norm. With :math:`t = \text{n\_iter} \ge 4` and
    :math:`n \ge 8`, the expected relative error of the square of the norm is at most
    :math:`0.103\,\big(\ln(n (t-1)^4) / (t-1)\big)^2`, whatever the spectrum ([1], for
    Lanczos on :math:`R^T R`); it is far smaller where the norm stands out.

    References
    ----------
    .. [1] J. Kuczynski, H. Wozniakowski, "Estimating the largest eigenvalue by the power and
       Lanczos algorithms with a random start", SIAM J. Matrix Anal. Appl. 13(4), 1992.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.diag([3.0, 2.0, 1.0])
    >>> round(residual_norm(A, randomized_svd(A, rank=2, rng=0), rng=1), 6)
    1.0
    """
    A = check_matrix(A)
    n_iter = check_count(n_iter, "n_iter", low=1)
    residual = _Residual(A, *_check_factors(A, factors))
    if A.shape[0] > A.shape[1]:  # so that the basis is on the short side
        residual = residual.T
    _, projected = _krylov(residual, 1, n_iter - 1, as_rng(rng))
    return float(np.linalg.norm(projected.astype(np.float64), 2))


class _Residual(NamedTuple):
    """The matrix ``A - U diag(s) Vt``, known by its products."""

    A: object
    U: np.ndarray
    s: np.ndarray
    Vt: np.ndarray

    @property
    def shape(self):
        return self.A.shape

    @property
    def dtype(self):
        return self.A.dtype

    @property
    def T(self):
        return _Residual(self.A.T, self.Vt.T, self.s, self.U.T)

    def __matmul__(self, X):
        return product(self.A, X) - self.U @ (self.s[:, None] * (self.Vt @ X))


def _check_factors(A, factors):
    """Return ``U, s, Vt`` in the working dtype of ``A``, or say what does not fit."""
    if not isinstance(factors, tuple | list) or len(factors) != 3:
        raise ValueError("factors must be three arrays U, s and Vt, as randomized_svd returns.")
    arrays = (check_array(F, "factors", dtype=working_dtype(A)) for F in factors)
    U, s, Vt = (check_finite(F, "factors") for F in arrays)
    m, n = A.shape
    k = s.size
    if U.shape != (m, k) or s.shape != (k,) or Vt.shape != (k, n):
        raise ValueError(
            f"factors must have shapes ({m}, k), (k,) and (k, {n}); "
            f"got {U.shape}, {s.shape} and {Vt.shape}."
        )
    return U, s, Vt
