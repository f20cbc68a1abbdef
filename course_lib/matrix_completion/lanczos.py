"""Singular triplets of a sparse matrix by Golub, Kahan and Lanczos: one vector at a time.

Where randomized SVD throws a block at the matrix and keeps the last product, Lanczos multiplies
a single vector, keeps every product, and stops when the triplets have settled. On a matrix whose
products are cheap and whose spectrum falls slowly that is the better bargain.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse

from course_lib._validation import (
    as_rng,
    check_count,
    check_finite,
    check_matrix,
    check_number,
    transposed_products,
)
from course_lib.low_rank import SVD
from course_lib.matrix_completion.operators import SparsePlusLowRank
from course_lib.matrix_completion.sparse import CSR, check_csr

__all__ = ["Bidiagonal", "bidiagonalize", "lanczos_svd"]


class Bidiagonal(NamedTuple):
    """``A @ V = U @ B`` and ``A.T @ U = V @ B.T + beta[-1] * outer(v, last unit vector)``."""

    U: np.ndarray  # (m, t)
    alpha: np.ndarray  # (t,), the diagonal of B
    beta: np.ndarray  # (t,), the superdiagonal of B, and what is left at the end
    V: np.ndarray  # (n, t)

    @property
    def B(self):
        """The upper bidiagonal matrix, (t, t)."""
        return np.diag(self.alpha) + np.diag(self.beta[:-1], 1)


def bidiagonalize(A, steps, *, reorthogonalize=True, rng=None):
    """Return so many Golub-Kahan-Lanczos steps on ``A`` from a random start.

    Parameters
    ----------
    A : array, sparse matrix, CSR, LinearOperator or CountedMatrix, shape (m, n)
        Real matrix; only the products ``A @ x`` and ``A.T @ y`` are used.
    steps : int
        ``1 <= steps <= min(m, n)``.
    reorthogonalize : bool, default True
        Whether each vector is made orthogonal to all before it. In exact arithmetic it is
        already; in floating point, without it, large singular values come back as ghosts.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    Bidiagonal

    Raises
    ------
    ValueError
        If ``A`` is not a finite matrix, is empty, or ``steps`` is out of range.
    TypeError
        If ``A`` is not real, or ``steps`` is not an integer.

    Notes
    -----
    **Cost.** ``2 steps`` products with one vector; bases cost another
    :math:`O((m + n)\\,\\text{steps}^2)` flops and :math:`O((m + n)\\,\\text{steps})` memory if
    reorthogonalized.

    Examples
    --------
    >>> process = bidiagonalize(np.diag([3.0, 2.0, 1.0]), 3, rng=0)
    >>> np.linalg.svd(process.B, compute_uv=False).round(6)
    array([3., 2., 1.])
    """
    A = _matrix(A)
    steps = check_count(steps, "steps", low=1, high=min(A.shape), high_name="min(m, n)")
    process = _Process(A, steps, reorthogonalize, as_rng(rng))
    while process.steps < steps:
        process.step()
    return process.result()


def lanczos_svd(A, rank, *, tol=1e-8, max_steps=None, rng=None):
    r"""Return the leading singular triplets of ``A``, each to a residual that is known.

    Parameters
    ----------
    A : array, sparse matrix, CSR, LinearOperator or CountedMatrix, shape (m, n)
        Real matrix; only the products ``A @ x`` and ``A.T @ y`` are used.
    rank : int
        Number of triplets, ``1 <= rank <= min(m, n)``.
    tol : float, default 1e-8
        Stop when :math:`\|A^T u_i - \sigma_i v_i\|`, or the same of the transpose if ``m < n``,
        is at most ``tol`` times the first singular value, for each triplet.
    max_steps : int, optional
        Most Lanczos steps; ``min(m, n)`` by default, where the answer is exact.
    rng : Generator, int or None
        Source of randomness: the first vector.

    Returns
    -------
    SVD
        ``U`` (m, rank), ``s`` (rank,), ``Vt`` (rank, n), in float64, or float32 for float32.

    Raises
    ------
    ValueError
        If ``A`` is not a finite matrix, is empty, or an argument is out of range.
    TypeError
        If ``A`` is not real, or an argument has the wrong type.
    ArithmeticError
        If ``max_steps`` did not reach ``tol``.

    See Also
    --------
    course_lib.low_rank.randomized_svd : fewer passes, each with a block of vectors.

    Notes
    -----
    **Cost.** Two products a step, with one vector each; a few times ``rank`` steps where the
    spectrum falls, more where it crowds. Full reorthogonalization: :math:`O((m + n) t^2)` flops
    for :math:`t` steps, memory :math:`O((m + n) t)`. There is no restart: the basis grows.

    **Guarantee.** For each returned triplet some singular value of ``A`` lies within
    ``tol * s[0]`` of ``s[i]``, and ``s[i] <= sigma_i(A)``. How soon is a theorem of Kaniel, Paige
    and Saad: see the chapter. Of a singular value that occurs twice, one start vector sees one
    copy; rounding brings the other, later.

    References
    ----------
    .. [1] G. Golub, W. Kahan, "Calculating the singular values and pseudo-inverse of a matrix",
       SIAM J. Numer. Anal. 2(2), 1965.

    Examples
    --------
    >>> lanczos_svd(np.diag([3.0, 2.0, 1.0]), 2, rng=0).s.round(6)
    array([3., 2.])
    """
    A = _matrix(A)
    smaller = min(A.shape)
    rank = check_count(rank, "rank", low=1, high=smaller, high_name="min(m, n)")
    tol = check_number(tol, "tol", low=0)
    if max_steps is None:
        max_steps = smaller
    max_steps = check_count(max_steps, "max_steps", low=rank, high=smaller, high_name="min(m, n)")
    if A.shape[0] < A.shape[1]:  # on the short side the start cannot miss the row space
        U, s, Vt = lanczos_svd(A.T, rank, tol=tol, max_steps=max_steps, rng=rng)
        return SVD(Vt.T, s, U.T)
    process = _Process(A, max_steps, True, as_rng(rng))
    look = min(max_steps, rank + 10)
    while True:
        while process.steps < look:
            process.step()
        found, rest = process.triplets(rank)
        if rest <= tol * found.s[0] or process.steps == smaller:
            return found
        if process.steps == max_steps:
            raise ArithmeticError(
                f"{max_steps} steps leave a residual of {rest:.2g}, "
                f"{rest / found.s[0]:.2g} of the norm; raise max_steps or tol."
            )
        look = min(max_steps, process.steps + max(5, process.steps // 5))


class _Process:
    """The Lanczos process, its bases in arrays that grow by doubling, up to ``most`` steps."""

    def __init__(self, A, most, reorthogonalize, rng):
        self._A, self._reorthogonalize, self._rng = A, reorthogonalize, rng
        self._dtype = np.float32 if A.dtype == np.float32 else np.float64
        room = min(most, 32)
        # One row a vector: a new vector is then one contiguous row.
        self._U = np.empty((room, A.shape[0]), self._dtype)
        self._V = np.empty((room + 1, A.shape[1]), self._dtype)
        self._alpha, self._beta = [], []
        self._V[0] = self._fresh(self._V[:0])
        self.steps = 0

    def step(self):
        """Multiply by A and by its transpose, and append to both bases."""
        t = self.steps
        if t == len(self._U):
            self._U, self._V = (np.concatenate([F, np.empty_like(F)]) for F in (self._U, self._V))
        u = self._times(self._A, self._V[t])
        if t:
            u = u - self._beta[-1] * self._U[t - 1]
        self._U[t], alpha = self._unit(u, self._U[:t])
        v = self._times(self._A.T, self._U[t])
        self._V[t + 1], beta = self._unit(v - alpha * self._V[t], self._V[: t + 1])
        self._alpha.append(alpha)
        self._beta.append(beta)
        self.steps = t + 1

    def _times(self, A, x):
        with transposed_products(A), np.errstate(over="ignore", invalid="ignore"):
            return check_finite(np.asarray(A @ x, dtype=self._dtype))

    def _unit(self, x, basis):
        """Return ``x`` over its length, and the length; a new direction and 0 if none is left."""
        before = length_of(x)
        if self._reorthogonalize:
            x = _orthogonal(x, basis)
        length = length_of(x)
        scale = max([before, *self._alpha[:1]])
        if (
            length <= 10 * np.finfo(self._dtype).eps * scale
        ):  # the space is invariant: go on elsewhere
            return self._fresh(basis), 0.0
        return x / length, length

    def _fresh(self, basis):
        size = basis.shape[1]
        if len(basis) >= size:
            return np.zeros(size, self._dtype)  # there is no other direction
        x = _orthogonal(self._rng.standard_normal(size).astype(self._dtype), basis)
        return x / np.linalg.norm(x)

    def result(self):
        t = self.steps
        return Bidiagonal(self._U[:t].T, np.array(self._alpha), np.array(self._beta), self._V[:t].T)

    def triplets(self, rank):
        """Return the leading triplets, and the largest of their residuals."""
        process = self.result()
        P, s, Qt = np.linalg.svd(process.B)
        found = SVD(
            process.U @ P[:, :rank].astype(self._dtype),
            s[:rank].astype(self._dtype),
            Qt[:rank].astype(self._dtype) @ process.V.T,
        )
        return found, float(np.max(process.beta[-1] * np.abs(P[-1, :rank])))


def length_of(x):
    """Return the norm of a vector, also where its square would overflow or vanish."""
    with np.errstate(over="ignore"):
        length = float(np.linalg.norm(x))
    tiny = np.sqrt(np.finfo(x.dtype).tiny)
    if tiny < length < np.inf:
        return length
    largest = float(np.abs(x).max(initial=0))
    return largest * float(np.linalg.norm(x / largest)) if 0 < largest < np.inf else largest


def _orthogonal(x, basis):
    """Take the span of the rows of ``basis`` out of ``x``, twice: that is enough."""
    for _ in range(2):
        x = x - (basis @ x) @ basis
    return x


def _matrix(A):
    """Return ``A`` with products by ``@``: a `CSR` gets them."""
    if isinstance(A, CSR):
        A = check_csr(A)
        return scipy.sparse.csr_array((A.data, A.indices, A.indptr), shape=A.shape)
    return A if isinstance(A, SparsePlusLowRank) else check_matrix(A)
