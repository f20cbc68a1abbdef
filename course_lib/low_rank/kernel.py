"""Positive semidefinite matrices from a few of their columns.

K is a matrix, or a kernel function and the rows it compares; either way only the columns that
are needed are looked at::

    nystrom              extend the eigenvectors of a sampled block: K ~ C W^+ C.T
    column_sampling      scale the singular vectors of the sampled columns
    nystrom_features     F with F @ F.T the Nyström approximation, without eigenvectors
"""

from typing import NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from course_lib._validation import as_rng, check_count, plain_array
from course_lib.low_rank._blocks import product, thin_svd
from course_lib.low_rank._entries import NOT_PSD, KernelColumns

__all__ = [
    "Features",
    "KernelEigh",
    "block_root",
    "column_sampling",
    "nystrom",
    "nystrom_features",
    "shifted_block",
]


class KernelEigh(NamedTuple):
    """A factorization ``V @ diag(w) @ V.T`` of K, made from the columns ``indices``."""

    w: np.ndarray  # (k,), positive, non-increasing
    V: np.ndarray  # (n, k)
    indices: np.ndarray  # (c,)


class _Features(NamedTuple):
    F: np.ndarray  # (n, c)
    indices: np.ndarray  # (c,)


class Features(_Features):
    """Rows of ``F`` whose inner products approximate K: ``K ~ F @ F.T``.

    ``F, indices = features`` are its two parts. Beside them ``features.root`` (c, c) maps other
    rows as these were mapped: ``kernel(X_new, X[indices]) @ features.root``.
    """

    root: np.ndarray

    def __new__(cls, F, indices, root=None):
        """Make the pair, and keep the root beside it."""
        features = super().__new__(cls, F, indices)
        features.root = root
        return features


def nystrom(K, columns, *, rank=None, X=None, orthonormal=False, rng=None):
    r"""Approximate eigenpairs of a positive semidefinite matrix from some of its columns.

    Parameters
    ----------
    K : array, sparse matrix, LinearOperator, CountedMatrix (n, n), or callable
        The matrix, or ``kernel(X, Y)`` that returns the (len(X), len(Y)) matrix of all pairs.
    columns : int or array of ints
        Number :math:`c` of columns to draw uniformly without replacement, or the columns.
    rank : int, optional
        Eigenpairs to return, at most :math:`c`; by default all that are not rounding.
    X : array, shape (n, d), optional
        The rows that a callable ``K`` compares.
    orthonormal : bool, default False
        False: eigenpairs of the sampled block, scaled and extended to all rows ([1]); the
        ``V`` are not orthogonal. True: the exact eigenpairs of the approximation
        :math:`C W^+ C^T` itself, so the cut to ``rank`` is its best one.
    rng : Generator, int or None
        Source of randomness.

    Returns
    -------
    KernelEigh
        ``w`` (r,), ``V`` (n, r) with :math:`K \approx V \mathrm{diag}(w) V^T`, and the column
        indices (c,); r is smaller than ``rank`` where the sampled block has lower rank.

    Raises
    ------
    ValueError
        If ``K`` is not a finite square matrix or visibly not positive semidefinite, if a count
        or an index is out of range, or if a callable comes without ``X``.
    TypeError
        If ``K`` is not real, or a count is not an integer.

    Notes
    -----
    **Cost.** :math:`n c` evaluations of the kernel; :math:`O(n c r + c^3)` flops, or
    :math:`O(n c^2)` with ``orthonormal``; memory :math:`O(n c)`. A matrix that is known only
    by its products is read once.

    **Guarantee.** :math:`0 \preceq C W^+ C^T \preceq K` for every choice of columns, cut to any
    rank, up to rounding; equality if the columns span the range of ``K`` ([2]).

    References
    ----------
    .. [1] C. Williams, M. Seeger, "Using the Nyström method to speed up kernel machines",
       NIPS 2000.
    .. [2] S. Kumar, M. Mohri, A. Talwalkar, "Sampling methods for the Nyström method",
       JMLR 13, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0], [2.0], [3.0]])
    >>> w, V, _ = nystrom(lambda X, Y: X @ Y.T, [1], X=X)       # rank one: one column will do
    >>> ((V * w) @ V.T).round(6)
    array([[1., 2., 3.],
           [2., 4., 6.],
           [3., 6., 9.]])
    """
    C, indices = _sampled(K, columns, X, rng)
    rank = len(indices) if rank is None else rank
    rank = check_count(rank, "rank", low=1, high=len(indices), high_name="number of columns")
    if orthonormal:
        V, s, _ = thin_svd(_features(C, indices))
        kept = _above_rounding(s[:rank])
        return KernelEigh(s[kept] ** 2, V[:, kept], indices)
    w, S = _block_eigh(C, indices)
    scale = len(C) / len(indices)
    V = product(C, (S[:, :rank] / w[:rank] / np.sqrt(scale)).astype(C.dtype))
    return KernelEigh((scale * w[:rank]).astype(C.dtype), V, indices)


def column_sampling(K, columns, *, rank=None, X=None, rng=None):
    r"""Approximate eigenpairs of a positive semidefinite matrix by those of its columns.

    Parameters
    ----------
    K, columns, rank, X, rng
        As for `nystrom`.

    Returns
    -------
    KernelEigh
        ``w`` (r,), the singular values of the sampled columns times :math:`\sqrt{n/c}`; ``V``
        (n, r), their left singular vectors, orthonormal; and the column indices (c,).

    Raises
    ------
    ValueError, TypeError
        As `nystrom`.

    See Also
    --------
    nystrom : the other use of the same columns.

    Notes
    -----
    **Cost.** :math:`n c` evaluations of the kernel, as `nystrom`; :math:`O(n c^2)` flops.

    **Guarantee.** None for :math:`V \mathrm{diag}(w) V^T`, which is not exact even if the
    columns span the range of ``K``, and need not lie below ``K``. ``V`` is the better basis to
    project on, and ``w`` the better spectrum; `nystrom` is the better reconstruction ([1]).

    References
    ----------
    .. [1] S. Kumar, M. Mohri, A. Talwalkar, "On sampling-based approximate spectral
       decomposition", ICML 2009.

    Examples
    --------
    >>> import numpy as np
    >>> w, V, _ = column_sampling(np.ones((4, 4)), [0])
    >>> w.round(6), V.shape
    (array([4.]), (4, 1))
    """
    C, indices = _sampled(K, columns, X, rng)
    rank = len(indices) if rank is None else rank
    rank = check_count(rank, "rank", low=1, high=len(indices), high_name="number of columns")
    V, s, _ = thin_svd(C)
    kept = _above_rounding(s[:rank])
    w = np.sqrt(len(C) / len(indices)) * s[kept]
    return KernelEigh(w.astype(C.dtype), V[:, kept], indices)


def nystrom_features(K, columns, *, X=None, rng=None):
    r"""Return ``F`` whose rows have the Nyström approximation as inner products.

    Parameters
    ----------
    K, columns, X, rng
        As for `nystrom`.

    Returns
    -------
    Features
        ``F`` (n, c) in the dtype of the columns, and the column indices (c,). A linear model
        on ``F`` is the kernel machine restricted to these columns. Its attribute ``root``
        (c, c) is in the same dtype; new rows map as ``kernel(X_new, X[indices]) @ root``.

    Raises
    ------
    ValueError, TypeError
        As `nystrom`.

    Notes
    -----
    **Cost.** :math:`n c` evaluations of the kernel; :math:`2 n c^2 + c^3/3` flops, nearly all
    in one product: ``C R^-1`` with the Cholesky factor of the sampled block, where
    scikit-learn's ``Nystroem`` takes an SVD of it. The two ``F`` differ by a rotation.

    **Guarantee.** :math:`0 \preceq F F^T \preceq K` up to rounding. The block is shifted by
    rounding size, so ``F F.T`` is the approximation of `nystrom` up to that.

    References
    ----------
    .. [1] S. Fine, K. Scheinberg, "Efficient SVM training using low-rank kernel
       representations", JMLR 2, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]])
    >>> features = nystrom_features(lambda X, Y: X @ Y.T, [0, 1], X=X)
    >>> F, indices = features
    >>> bool(np.allclose(F @ F.T, X @ X.T))
    True
    >>> new = np.array([[5.0, 6.0]])
    >>> bool(np.allclose(new @ X[indices].T @ features.root @ F.T, new @ X.T))
    True
    """
    C, indices = _sampled(K, columns, X, rng)
    root = block_root(C[indices], C.dtype)
    return Features(product(C, root), indices, root)


def _sampled(K, columns, X, rng):
    """Return the sampled columns ``C`` (n, c) of K and their indices (c,)."""
    source = KernelColumns(K, X)
    columns = plain_array(columns, "columns")
    if columns.ndim == 0:
        columns = columns.item()
        c = check_count(columns, "columns", low=1, high=source.n, high_name="n")
        indices = as_rng(rng).choice(source.n, c, replace=False)
    else:
        indices = _check_indices(columns, source.n)
    return source.block(indices), indices


def _check_indices(columns, n):
    if columns.ndim != 1 or columns.dtype.kind not in "iu" or columns.size == 0:
        raise TypeError("columns must be a number, or a list of column indices; got neither.")
    if columns.min() < 0 or columns.max() >= n or len(np.unique(columns)) < len(columns):
        raise ValueError(f"columns must be different indices between 0 and n - 1 = {n - 1}.")
    return columns


def _above_rounding(s):
    """Return the slice of the sorted singular values ``s`` that are more than rounding."""
    return slice(np.count_nonzero(s > len(s) * np.finfo(s.dtype).eps * s[0]))


def _features(C, indices):
    """Return ``C R^-1`` where ``R^T R`` is the sampled block, shifted by rounding size."""
    return product(C, block_root(C[indices], C.dtype))


def block_root(W, dtype):
    """Return ``R^-1`` where ``R^T R`` is ``W`` (c, c), shifted by the rounding of ``dtype``."""
    if not W.any():
        return np.zeros(W.shape, dtype)
    try:
        R = np.linalg.cholesky(shifted_block(W, dtype)).T
    except LinAlgError:
        raise ValueError(NOT_PSD) from None
    return np.linalg.inv(R).astype(dtype)


def shifted_block(W, dtype):
    """Return ``W`` in float64, symmetric, its diagonal raised by the rounding of ``dtype``."""
    W = W.astype(np.float64)
    W = (W + W.T) / 2
    W[np.diag_indices_from(W)] += 4 * np.finfo(dtype).eps * np.trace(W)
    return W


def _block_eigh(C, indices):
    """Return the positive eigenpairs of the sampled block, largest first, in float64."""
    W = C[indices].astype(np.float64)
    w, S = np.linalg.eigh((W + W.T) / 2)
    w, S = w[::-1], S[:, ::-1]
    largest = np.abs(w).max()
    if w[-1] < -np.sqrt(np.finfo(C.dtype).eps) * largest:
        raise ValueError(NOT_PSD)
    kept = w > len(w) * np.finfo(C.dtype).eps * largest
    return w[kept], S[:, kept]
