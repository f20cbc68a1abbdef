"""The intersection kernel of integers by look-ups: exact tables, whatever the support vectors."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_indices,
    check_memory,
    check_number,
    plain_array,
)

__all__ = ["AdditiveScores", "AdditiveTables", "additive_scores", "additive_tables"]

MOST_VALUES = 1 << 20  # of a feature; tables that large no longer pay


class AdditiveTables(NamedTuple):
    """One table for each feature: what its values add to each of F functions.

    Attributes
    ----------
    tables : array, shape (d, V, F)
        ``tables[j, v]`` is added where feature j is v; V - 1 stands for all larger values too.
    intercept : array, shape (F,)
    """

    tables: np.ndarray
    intercept: np.ndarray


class AdditiveScores(NamedTuple):
    """Scores by look-ups, and how many there were.

    Attributes
    ----------
    scores : array, shape (t, F)
    lookups : int
        Table entries that were read, t d F.
    """

    scores: np.ndarray
    lookups: int


def additive_tables(
    support_vectors, dual_coef, intercept=0.0, n_support=None, *, n_values=None, scale=1.0
):
    r"""Return tables of :math:`f(x) = \sum_s c_s \sum_j \min(x_j, z_{sj}) + b` for integers.

    Parameters
    ----------
    support_vectors : array of ints, shape (n, d)
        Vectors z, entries 0 or more; class by class if ``n_support`` is given.
    dual_coef : array, shape (n,), (F, n), or (classes - 1, n) with ``n_support``
        Coefficients c.
    intercept : float or array, shape (F,), default 0
        Offsets b.
    n_support : array of ints, shape (classes,), optional
        Support vectors of each class. Then the functions are those of one class against another,
        F = classes (classes - 1) / 2, in the order (0, 1), (0, 2), ..., (1, 2), ..., with
        coefficients laid out as in scikit-learn's ``SVC``.
    n_values : int, optional
        Size V of the tables, more than the largest entry; by default one more.
    scale : float, default 1
        Factor of the kernel.

    Returns
    -------
    AdditiveTables

    Raises
    ------
    ValueError, TypeError
        If entries are no integers or negative, the arrays do not fit each other, or are not finite.

    See Also
    --------
    additive_scores : the functions at other rows.

    Notes
    -----
    **Cost.** ``n d`` additions a function (a pair of classes reads its own vectors only) and
    ``d V F`` numbers, however many support vectors there are.

    **Guarantee.** Exact up to rounding: :math:`\min(x, z)` for integers is the inner product of
    unary codes, :math:`\sum_{v \ge 1} [x \ge v][z \ge v]`, so what a feature adds depends on its
    value alone. For real features the tables of [1] are interpolated, and approximate.

    References
    ----------
    .. [1] S. Maji, A. Berg, J. Malik, "Efficient classification for additive kernel SVMs", IEEE
       TPAMI 35(1), 2013.

    Examples
    --------
    >>> made = additive_tables([[1, 3], [2, 0]], [1.0, 10.0])      # min(x, 1) + 10 min(x, 2)
    >>> made.tables[0, :, 0]
    array([ 0., 11., 21., 21.])
    """
    Z = _check_values(support_vectors, "support_vectors")
    coef = check_array(dual_coef, "dual_coef")
    scale = check_number(scale, "scale", low=-1e300, high=1e300)
    n, d = Z.shape
    V = int(Z.max()) + 1
    if V > MOST_VALUES:
        raise ValueError(
            f"support_vectors must be below {MOST_VALUES}; got {V - 1}, take fewer levels."
        )
    if n_values is not None:
        V = check_count(n_values, "n_values", low=V, high=MOST_VALUES)
    coef, owner = _owners(coef, n, n_support)
    F = len(coef) if owner is None else len(coef) * (len(coef) + 1) // 2
    check_memory(d * V * F * coef.itemsize, "table")
    tables = np.zeros((d, V, F), coef.dtype)
    columns = np.ascontiguousarray(coef.T)
    if owner is None:
        _count(Z, columns, tables)
    else:
        _count_pairs(Z, columns, owner, tables)
    # from the weight of z = v to that of z >= v, then to the sum over all v up to x
    np.cumsum(tables[:, ::-1], axis=1, out=tables[:, ::-1])
    tables[:, 0] = 0
    np.cumsum(tables, axis=1, out=tables)
    with np.errstate(over="ignore", invalid="ignore"):
        tables *= tables.dtype.type(scale)
    offsets = check_array(intercept, "intercept", dtype=coef.dtype)
    if offsets.ndim > 1 or (offsets.ndim == 1 and len(offsets) != F):
        raise ValueError(f"intercept must be a number or have {F} entries; got {offsets.shape}.")
    offsets = check_finite(np.array(np.broadcast_to(offsets, (F,))), "intercept")
    return AdditiveTables(check_finite(tables, "dual_coef"), offsets)


def additive_scores(tables, X):
    r"""Return what the functions of `additive_tables` are at the rows of ``X``, by look-ups.

    Parameters
    ----------
    tables : AdditiveTables
    X : array of ints, shape (t, d)
        Entries 0 or more, of any size.

    Returns
    -------
    AdditiveScores
        ``scores`` (t, F) in the dtype of the tables, and the look-ups that were made.

    Raises
    ------
    ValueError, TypeError
        If ``X`` holds no integers, negative ones, or has other columns than the tables.

    Notes
    -----
    **Cost.** ``d`` look-ups and additions for each row and function; no kernel is evaluated.

    **Guarantee.** As for `additive_tables`.

    Examples
    --------
    >>> made = additive_tables([[1, 3], [2, 0]], [1.0, 10.0])
    >>> additive_scores(made, [[2, 2]])                  # (1 + 2) + 10 (2 + 0)
    AdditiveScores(scores=array([[23.]]), lookups=2)
    """
    if not isinstance(tables, AdditiveTables):
        raise TypeError(f"tables must come from additive_tables; got {type(tables).__name__}.")
    X = _check_values(X, "X")
    d, V, F = tables.tables.shape
    if X.shape[1] != d:
        raise ValueError(f"X must have {d} columns, as the tables have; got {X.shape[1]}.")
    scores = np.empty((len(X), F), tables.tables.dtype)
    _look_up(tables.tables, tables.intercept, np.minimum(X, V - 1), scores)
    return AdditiveScores(scores, len(X) * d * F)


def _check_values(X, name):
    """Return a matrix of integers, 0 or more, as int64."""
    X = plain_array(X, name)
    if X.ndim == 2 and X.dtype.kind == "f" and np.all(np.floor(X) == X):
        X = np.where(np.abs(X) < 2**53, X, -1).astype(np.int64)
    X = check_indices(X, name, 1 << 62, ndim=2)
    if X.size == 0:
        raise ValueError(f"{name} must not be empty; got shape {X.shape}.")
    return np.ascontiguousarray(X)


def _owners(coef, n, n_support):
    """Return coefficients as a matrix, and the class of each vector; None without classes."""
    if n_support is None:
        coef = np.atleast_2d(coef)
        if coef.ndim != 2 or coef.shape[1] != n or len(coef) == 0:
            raise ValueError(f"dual_coef must have {n} columns, one a vector; got {coef.shape}.")
        return check_finite(coef, "dual_coef"), None
    sizes = check_indices(n_support, "n_support", n + 1)
    classes = len(sizes)
    if classes < 2 or sizes.sum() != n:
        raise ValueError(
            f"n_support must count the {n} support vectors of 2 classes or more; got {sizes}."
        )
    if coef.shape != (classes - 1, n):
        raise ValueError(f"dual_coef must have shape {(classes - 1, n)}; got {coef.shape}.")
    return check_finite(coef, "dual_coef"), np.repeat(np.arange(classes), sizes)


@njit(cache=True)
def _count(Z, coef, tables):
    """Add the coefficients (n, F) of each vector to the entries of its values."""
    for s in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            for f in range(coef.shape[1]):
                tables[j, Z[s, j], f] += coef[s, f]


@njit(cache=True)
def _count_pairs(Z, coef, owner, tables):
    """The same where a vector of class i has a coefficient against each other class."""
    classes = coef.shape[1] + 1
    for s in range(Z.shape[0]):
        for other in range(classes):
            if other == owner[s]:
                continue
            i, k = min(owner[s], other), max(owner[s], other)
            pair = i * classes - i * (i + 1) // 2 + k - i - 1
            c = coef[s, other - 1 if other > owner[s] else other]
            for j in range(Z.shape[1]):
                tables[j, Z[s, j], pair] += c


@njit(cache=True)
def _look_up(tables, intercept, X, scores):
    """Fill the scores of each row, all functions of a feature at once."""
    for i in range(X.shape[0]):
        scores[i] = intercept
        for j in range(X.shape[1]):
            row = tables[j, X[i, j]]
            for f in range(len(row)):
                scores[i, f] += row[f]
