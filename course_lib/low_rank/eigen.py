"""Randomized eigendecomposition of a symmetric matrix, indefinite or positive semidefinite."""

import math
from typing import NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from course_lib._validation import as_rng, check_count, check_matrix
from course_lib.low_rank._blocks import (
    gaussian,
    orthonormalize,
    product,
    thin_svd,
    working_dtype,
)

__all__ = ["Eigh", "randomized_eigh"]


class Eigh(NamedTuple):
    """A factorization ``V @ diag(w) @ V.T`` with ``|w|`` non-increasing."""

    w: np.ndarray  # (k,)
    V: np.ndarray  # (n, k), orthonormal columns


def randomized_eigh(A, rank, *, psd=False, oversample=10, n_iter=2, rng=None):
    r"""Return the ``rank`` eigenpairs of symmetric ``A`` that are largest in modulus.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator or CountedMatrix, shape (n, n)
        Real symmetric matrix; only the products ``A @ X`` are used.
    rank : int
        Number of eigenpairs :math:`k`, ``1 <= rank <= n``.
    psd : bool, default False
        True promises that ``A`` is positive semidefinite. The same products then give a more
        accurate answer, and a broken promise that shows in them is refused.
    oversample : int, default 10
        Extra columns :math:`p` in each product; ``rank + oversample`` is cut to ``n``.
    n_iter : int, default 2
        Iterations :math:`q`, two products each.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    Eigh
        ``w`` (rank,) and ``V`` (n, rank), in the dtype of ``A``; with ``psd`` all ``w >= 0``. Signs
        of the eigenvectors are not normalized.

    Raises
    ------
    ValueError
        If ``A`` is not a finite square matrix, is empty, is visibly not symmetric or, with
        ``psd``, not positive semidefinite; or if a count is out of range.
    TypeError
        If ``A`` is not real, or a count is not an integer.

    Notes
    -----
    **Cost.** :math:`2(q + 1)` passes over ``A``, each a product with :math:`l = k + p` columns,
    and :math:`O(q n l^2)` flops for the bases. Symmetry is looked for in the first product,
    :math:`\Omega^T (A \Omega)`, and costs no pass; one column alone cannot show it.

    **Guarantee.** Without ``psd``, ``V diag(w) V.T`` is a compression :math:`PAP` by a
    projection, cut to ``rank``: its eigenvalues interlace those of ``A``, so none is larger in
    modulus, and :math:`\|A - QQ^TAQQ^T\|_2 \le 2 \|A - QQ^TA\|_2` ([1], Section 5.3). With ``psd``
    it is the Nyström approximation from the same basis, which satisfies
    :math:`0 \preceq V \mathrm{diag}(w) V^T \preceq A` up to rounding and
    :math:`\|A - A_{Nys}\|_2 \le \|A - QQ^TA\|_2` before the cut ([2], Section 14).

    References
    ----------
    .. [1] N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding structure with randomness",
       SIAM Review 53(2), 2011, Algorithms 5.3 and 5.5.
    .. [2] P.-G. Martinsson, J. A. Tropp, "Randomized numerical linear algebra: foundations and
       algorithms", Acta Numerica 29, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> w, V = randomized_eigh(np.diag([1.0, -3.0, 2.0]), rank=2, rng=0)
    >>> w.round(6)
    array([-3.,  2.])
    """
    A = check_matrix(A)
    n = check_square(A)
    rank = check_count(rank, "rank", low=1, high=n, high_name="n")
    oversample = check_count(oversample, "oversample", low=0)
    n_iter = check_count(n_iter, "n_iter", low=0)
    Omega = gaussian(as_rng(rng), (n, min(rank + oversample, n)), working_dtype(A))
    Y = product(A, Omega)
    _check_symmetric(Omega.T @ Y)
    for _ in range(2 * n_iter):
        Y = product(A, orthonormalize(Y, rounds=1))
    Q = orthonormalize(Y)
    w, V = _nystrom(Q, product(A, Q)) if psd else _rayleigh_ritz(Q, product(A, Q))
    return Eigh(w[:rank], V[:, :rank])


def check_square(A, name="A"):
    """Return n of the (n, n) matrix ``A``; refuse other shapes."""
    m, n = A.shape
    if m != n:
        raise ValueError(f"{name} must be square and symmetric; got shape ({m}, {n}).")
    return n


def _check_symmetric(core):
    """Refuse ``A`` if ``Omega.T @ A @ Omega`` is not symmetric up to rounding."""
    tolerance = np.sqrt(np.finfo(core.dtype).eps) * np.abs(core).max()
    if np.abs(core - core.T).max() > tolerance:
        raise ValueError("A must be symmetric; pass (A + A.T) / 2, or use randomized_svd.")


def _rayleigh_ritz(Q, image):
    """Return the eigenpairs of ``Q Q^T A Q Q^T``, given ``image = A @ Q``."""
    core = Q.T @ image
    w, S = np.linalg.eigh((core + core.T) / 2)
    order = np.argsort(-np.abs(w), kind="stable")
    return w[order], Q @ S[:, order]


def _nystrom(Q, image):
    """Return the eigenpairs of ``(A Q) (Q^T A Q)^-1 (A Q)^T``, given ``image = A @ Q``.

    A shift of rounding size keeps the middle matrix positive definite and is taken back at
    the end (Tropp, Yurtsever, Udell, Cevher, NIPS 2017, Algorithm 3).
    """
    largest = np.abs(image).max()
    if largest == 0.0:
        return np.zeros(Q.shape[1], Q.dtype), Q
    # Or squares of large entries would overflow, and of small ones vanish. A power of four, whose
    # root is a power of two, changes no digit.
    scale = image.dtype.type(4.0 ** round(math.log2(largest) / 2))
    image = image / scale
    shift = np.finfo(image.dtype).eps * np.linalg.norm(image)
    image = image + shift * Q
    core = (Q.T @ image).astype(np.float64)
    try:
        L = np.linalg.cholesky((core + core.T) / 2)
    except LinAlgError:
        raise ValueError(
            "A must be positive semidefinite when psd=True; a negative eigenvalue showed, "
            "pass psd=False."
        ) from None
    factor = np.linalg.solve(L, image.T.astype(np.float64)).T
    V, s, _ = thin_svd(factor)
    return (scale * np.maximum(s**2 - shift, 0.0)).astype(Q.dtype), V.astype(Q.dtype)
