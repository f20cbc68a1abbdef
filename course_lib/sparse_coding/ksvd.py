r"""K-SVD: code all signals, then fit one atom at a time together with its coefficients."""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import eigh

from course_lib._validation import check_finite, check_matrix
from course_lib.sparse_coding._codes import canonical, check_pair, dense_rows
from course_lib.sparse_coding.proximal import Iterate
from course_lib.sparse_coding.pursuit import omp

__all__ = ["ksvd", "update_atoms"]


def ksvd(X, D, *, n_nonzero=None, tol=None, order_recursive=True):
    r"""Yield dictionaries that fit signals better and better, at fixed sparsity.

    Parameters
    ----------
    X : array, shape (n, d)
        Signals; all of them are needed at every step.
    D : array, shape (n_atoms, d)
        The start, such as some of the signals; none of the atoms zero.
    n_nonzero, tol, order_recursive
        When `omp` stops and how it chooses.

    Yields
    ------
    Iterate
        ``x``, the dictionary (n_atoms, d) with atoms of length one, and ``value``, the squared
        error :math:`\|X - CD\|_F^2 / n` of the codes from which it was fitted, after the fit;
        without end. The first is the start, with the error of its codes.

    Raises
    ------
    ValueError, TypeError
        As `omp`, at the first ``next``; also if an atom is zero.

    Notes
    -----
    **Cost.** A step is one `omp` over all signals, and for each atom with :math:`n_j` users
    :math:`n_j d^2` multiplications and one eigenvector of a :math:`d \times d` matrix.

    **Guarantee.** Fitting the atoms never increases the error, for the codes' places stay and
    each fit is the best one of rank one. The pursuit may increase it.

    References
    ----------
    .. [1] M. Aharon, M. Elad, A. Bruckstein, "K-SVD: an algorithm for designing overcomplete
       dictionaries for sparse representation", IEEE Trans. Signal Process. 54(11), 2006.

    Examples
    --------
    >>> X = np.array([[2.0, 0.0], [3.0, 0.0], [0.0, 1.0]])
    >>> steps = ksvd(X, [[0.8, 0.6], [0.0, 1.0]], n_nonzero=1)
    >>> next(steps).value > 1, round(next(steps).value, 6)
    (True, 0.0)
    """
    X, D = check_pair(X, D)
    X = dense_rows(X, D.dtype)
    length = np.linalg.norm(D, axis=1, keepdims=True)
    if not length.all():
        raise ValueError(f"atoms must not be zero; atom {int(np.argmin(length))} is.")
    D = D / length
    codes = omp(X, D, n_nonzero=n_nonzero, tol=tol, order_recursive=order_recursive)
    yield Iterate(D, float(np.sum((X - codes @ D) ** 2) / len(X)))
    while True:
        D, codes, residual = update_atoms(X, D, codes)
        yield Iterate(D, float(np.sum(residual**2) / len(X)))
        codes = omp(X, D, n_nonzero=n_nonzero, tol=tol, order_recursive=order_recursive)


def update_atoms(X, D, codes):
    r"""Return atoms and coefficients fitted one atom at a time, and the residual.

    Parameters
    ----------
    X : array, shape (n, d)
    D : array, shape (n_atoms, d)
        Atoms of length one.
    codes : array or sparse matrix, shape (n, n_atoms)
        Which signal uses which atom; the places stay, the numbers change.

    Returns
    -------
    D : array, shape (n_atoms, d)
    codes : csr_array, shape (n, n_atoms)
    residual : array, shape (n, d)
        ``X - codes @ D``.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, or data are not real and finite.

    Notes
    -----
    An atom that no signal uses becomes the signal that is represented worst, a new one for each
    such atom.

    Examples
    --------
    >>> X = np.array([[2.0, 0.0], [4.0, 0.0]])
    >>> D, codes, residual = update_atoms(X, np.array([[0.6, 0.8]]), sp.csr_array([[1.2], [2.4]]))
    >>> abs(D).round(6), float(abs(residual).max().round(6))
    (array([[1., 0.]]), 0.0)
    """
    X, D, columns = _check_update(X, D, codes)
    residual = X - columns @ D
    with np.errstate(over="ignore"):
        check_finite(np.einsum("ij,ij->i", residual, residual), "codes")
    d = X.shape[1]
    unused = []
    for j in range(len(D)):
        place = slice(columns.indptr[j], columns.indptr[j + 1])
        users, numbers = columns.indices[place], columns.data[place]
        if len(users) == 0 or not numbers.any():
            unused.append(j)
            continue
        own = residual[users] + numbers[:, None] * D[j]  # what the other atoms leave
        direction = eigh(own.T @ own, subset_by_index=[d - 1, d - 1])[1][:, 0]
        D[j] = direction if direction @ D[j] >= 0 else -direction
        columns.data[place] = own @ D[j]
        residual[users] = own - columns.data[place, None] * D[j]
    worst = np.argsort(-np.sum(residual**2, axis=1))
    for j, i in zip(unused, worst, strict=False):
        if X[i].any():
            direction = X[i] / np.abs(X[i]).max()  # or squares of small numbers would vanish
            D[j] = direction / np.linalg.norm(direction)
    return D, columns.tocsr(), residual


def _check_update(X, D, codes):
    """Return signals, a copy of the atoms, and the codes as columns, each entry once, copied."""
    X, D = check_pair(X, D)
    codes = check_matrix(codes, "codes", operator=False)
    if codes.shape != (X.shape[0], len(D)):
        raise ValueError(f"codes must have shape {(X.shape[0], len(D))}; got {codes.shape}.")
    columns = canonical(sp.csc_array(codes, dtype=D.dtype, copy=True), sp.csc_array)
    check_finite(columns.data, "codes")
    X = dense_rows(X, D.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        check_finite(np.einsum("ij,ij->i", X, X), "X")
    return X, D.copy(), columns
