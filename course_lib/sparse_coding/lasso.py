r"""The lasso along its path: coordinate descent on few columns, stopped by a certificate.

lasso        one weight: working sets, safe screening, duality gap
lasso_path   from the weight where all is zero downwards, each start where the last one ended
"""

import warnings
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_matrix,
    check_number,
    check_vector,
)
from course_lib.sparse_coding._codes import canonical
from course_lib.sparse_coding._descent import descend, descend_sparse
from course_lib.sparse_coding.codes import encoder

__all__ = ["Lasso", "LassoPath", "lasso", "lasso_path"]

SWEEPS = 500  # over a working set in a round, at most
SMALL = 512  # columns whose minimizer is then found from their Gram matrix
MOST = 1_000_000  # weights of a path
EXACT = 1e-10  # violation of the optimality condition there, relative to the weight
AGAIN = 50  # sweeps of each round after that
INNER = 0.3  # the gap on the working set is brought below this much of the gap on all columns


class Lasso(NamedTuple):
    """A minimizer and its certificate."""

    x: np.ndarray  # (n,)
    gap: float  # the objective at x exceeds the minimum by at most this
    visits: int  # columns that coordinate descent looked at, with repetitions
    passes: int  # products of all columns with a residual
    screened: int  # columns that were proved to be zero at the minimum


class LassoPath(NamedTuple):
    """Minimizers for a falling sequence of weights."""

    alphas: np.ndarray  # (n_alphas,), decreasing
    coefs: np.ndarray  # (n_alphas, n)
    gaps: np.ndarray  # (n_alphas,)
    visits: np.ndarray  # (n_alphas,), columns that coordinate descent looked at
    passes: np.ndarray  # (n_alphas,)


def lasso(A, b, alpha, *, alpha2=0.0, x0=None, tol=1e-6, screen=True, max_rounds=100):
    r"""Minimize :math:`\tfrac12 \|Ax - b\|^2 + \alpha \|x\|_1` by coordinate descent.

    With ``alpha2`` it minimizes that plus :math:`\tfrac12 \alpha_2 \|x\|^2`: the elastic net.

    Parameters
    ----------
    A : array or sparse matrix, shape (m, n)
        Columns are read one by one: a dense matrix is fastest in Fortran order, a sparse one
        as CSC; anything else, float32 too, is copied into that form.
    b : array, shape (m,)
    alpha : float
        Weight of the l1 norm, positive.
    alpha2 : float, default 0.0
        Weight of half the squared l2 norm, not negative.
    x0 : array, shape (n,), optional
        Start, such as the minimizer of a neighboring weight; zero by default.
    tol : float, default 1e-6
        Stop when the duality gap is at most ``tol`` times :math:`\tfrac12 \|b\|^2`.
    screen : bool, default True
        Leave out columns that the gap proves to be zero.
    max_rounds : int, default 100
        Working sets at most, each with at most 500 sweeps over its columns.

    Returns
    -------
    Lasso
        ``x``, the duality gap ``gap`` and what it cost.

    Raises
    ------
    ValueError
        If shapes do not fit, data are not finite, or a number is out of range.
    TypeError
        If the data are not real, or ``A`` is known by its products only.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If the gap is still above ``tol`` after ``max_rounds`` rounds.

    See Also
    --------
    lasso_encode : one matrix with few columns and many right sides.

    Notes
    -----
    **Cost.** A round reads all columns once, for the gap, and then columns of a working set
    again and again: each visit is a product with one column. A working set of at most 512
    columns that 500 sweeps do not settle, since its columns are nearly dependent, is solved from
    its Gram matrix as by `lasso_encode`.

    **Guarantee.** ``gap`` bounds what is left to gain, whatever the method did. Let
    :math:`\theta` be the residual, scaled down until :math:`\|A^T\theta\|_\infty \le \alpha`. A
    column with :math:`|a_j^T\theta| + \|a_j\| \sqrt{2\,\mathrm{gap}} < \alpha` is zero in every
    minimizer ([1], the gap safe sphere). The elastic net is the lasso whose matrix has
    :math:`\sqrt{\alpha_2}` times the identity below it and whose right side has zeros there ([2],
    Lemma 1), so both hold for it; the rows are never built. With :math:`\alpha_2 > 0` the
    minimizer is unique, and equal columns get equal coefficients.

    References
    ----------
    .. [1] E. Ndiaye, O. Fercoq, A. Gramfort, J. Salmon, "Gap safe screening rules for sparsity
       enforcing penalties", JMLR 18(128), 2017.
    .. [2] H. Zou, T. Hastie, "Regularization and variable selection via the elastic net",
       J. R. Stat. Soc. B 67(2), 2005.

    Examples
    --------
    >>> x, gap, *_ = lasso(np.eye(2), [3.0, 0.5], 1.0)
    >>> x, gap
    (array([2., 0.]), 0.0)
    >>> lasso(np.eye(2), [3.0, 0.5], 1.0, alpha2=1.0).x     # (3 - 1) / (1 + 1)
    array([1., 0.])
    """
    problem = _Problem(A, b, alpha2)
    alpha = check_number(alpha, "alpha", low=0, open_low=True, open_high=True)
    tol = check_number(tol, "tol", low=0, open_low=True)
    max_rounds = check_count(max_rounds, "max_rounds", low=1)
    x = problem.start(x0)
    result = _solve(problem, x, alpha, tol, screen, max_rounds)
    _warn(result.gap, tol * problem.scale, 1)
    return result


def lasso_path(A, b, alphas=None, *, alpha2=0.0, n_alphas=100, ratio=1e-3, tol=1e-6, screen=True):
    r"""Return minimizers of the lasso for many weights, each started from the one before.

    Parameters
    ----------
    A : array or sparse matrix, shape (m, n)
    b : array, shape (m,)
    alphas : array, optional
        Positive weights, solved from the largest to the smallest. By default ``n_alphas`` from
        :math:`\alpha_{\max} = \|A^T b\|_\infty`, above which zero is the minimizer, down to
        ``ratio`` times that, equally spaced in the logarithm.
    alpha2 : float, default 0.0
        As for `lasso`, the same all along the path.
    n_alphas : int, default 100
    ratio : float, default 1e-3
        Between 0 and 1.
    tol, screen
        As for `lasso`.

    Returns
    -------
    LassoPath
        ``alphas`` decreasing, ``coefs`` one row for each, ``gaps`` and counted cost.

    Raises
    ------
    ValueError, TypeError
        As `lasso`; also if ``b`` is orthogonal to all columns and no weights are given.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        As `lasso`.

    Notes
    -----
    **Cost.** Far less than as many separate problems: a start nearby makes the first gap small,
    and with it the working sets and the columns that cannot be screened.

    Examples
    --------
    >>> path = lasso_path(np.eye(2), [4.0, 2.0], n_alphas=3, ratio=0.25)
    >>> path.alphas
    array([4., 2., 1.])
    >>> path.coefs
    array([[0., 0.],
           [2., 0.],
           [3., 1.]])
    """
    problem = _Problem(A, b, alpha2)
    tol = check_number(tol, "tol", low=0, open_low=True)
    if alphas is None:
        largest = float(np.abs(problem.A.T @ problem.b).max())
        if largest == 0:
            raise ValueError("b is orthogonal to all columns: zero solves it; pass alphas.")
        n_alphas = check_count(n_alphas, "n_alphas", low=1, high=MOST)
        ratio = check_number(ratio, "ratio", low=0, high=1, open_low=True)
        alphas = largest * np.logspace(0, np.log10(ratio), n_alphas)
    alphas = np.sort(check_array(alphas, "alphas", dtype=np.float64).ravel())[::-1]
    if not (alphas.size and np.all(alphas > 0) and np.all(np.isfinite(alphas))):
        raise ValueError("alphas must be positive finite numbers, at least one.")
    x, results = problem.start(None), []
    for alpha in alphas:
        results.append(_solve(problem, x, float(alpha), tol, screen, 100))
        x = results[-1].x.copy()
    _, gaps, visits, passes, _ = (np.array(column) for column in zip(*results, strict=True))
    _warn(gaps.max(), tol * problem.scale, len(alphas))
    return LassoPath(alphas, np.array([result.x for result in results]), gaps, visits, passes)


class _Problem:
    """Columns in the layout that the kernels read, their norms, and the right side."""

    def __init__(self, A, b, alpha2):
        self.alpha2 = float(check_number(alpha2, "alpha2", low=0))
        A = check_matrix(A)
        if not (sp.issparse(A) or isinstance(A, np.ndarray)):
            raise TypeError(f"A must be an array or a sparse matrix; got {type(A).__name__}.")
        # A gap of 1e-6 is lost in the rounding of float32.
        kind = sp.csc_array if sp.issparse(A) else np.asfortranarray
        self.A = canonical(kind(A, dtype=np.float64), sp.csc_array)
        self.b = check_vector(b, "b", dtype=np.float64).copy()
        if self.b.shape != (A.shape[0],):
            raise ValueError(
                f"b must have {A.shape[0]} entries, as A has rows; got {self.b.shape}."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            square = self.A.multiply(self.A).sum(axis=0) if self.sparse else _squares(self.A)
            # Of the columns with a further entry, the root of alpha2, below them.
            self.squares = check_finite(np.asarray(square).ravel()) + self.alpha2
            half = 0.5 * float(check_finite(4 * np.vdot(self.b, self.b), "b")) / 4
        self.scale = max(half, np.finfo(float).tiny)

    @property
    def sparse(self):
        return sp.issparse(self.A)

    def correlate(self, r, x):
        """Return the product of every column with the residual of ``x``: one pass."""
        return self.A.T @ r - self.alpha2 * x

    def start(self, x0):
        n = self.A.shape[1]
        x = np.zeros(n) if x0 is None else check_vector(x0, "x0", dtype=np.float64).copy()
        if x.shape != (n,):
            raise ValueError(f"x0 must have one entry for each of the {n} columns; got {x.shape}.")
        x[self.squares == 0] = 0.0  # where A says nothing the penalty decides; no sweep goes there
        r = self.b - check_finite(self.A @ x, "x0")
        check_finite(np.vdot(r, r) + self.alpha2 * np.vdot(x, x), "x0")
        return x

    def descend(self, columns, x, r, alpha, goal, sweeps):
        """Run coordinate descent on some columns; return the visits made, and whether it ended."""
        A, weights = self.A, (alpha, self.alpha2, goal, sweeps)
        if self.sparse:
            layout = A.data, A.indices, A.indptr
            return descend_sparse(*layout, self.squares, columns, x, r, self.b, *weights)
        return descend(A, self.squares, columns, x, r, self.b, *weights)

    def solve(self, columns, x, r, alpha):
        """Minimize over a few columns from their Gram matrix, in place, if that is better."""
        A = self.A[:, columns]
        G = (A.T @ A).toarray() if self.sparse else A.T @ A
        G[range(len(G)), range(len(G))] += self.alpha2
        used = np.diag(G) > 0
        values, atoms, *_ = encoder(G[np.ix_(used, used)], alpha, EXACT)((A.T @ self.b)[None, used])
        new = np.zeros(len(x))
        new[columns[used][atoms]] = values
        left = self.b - self.A @ new
        if self.value(new, left, alpha) < self.value(x, r, alpha):
            x[:], r[:] = new, left

    def value(self, x, r, alpha):
        """Return the objective at ``x``, whose residual is ``r``."""
        return 0.5 * (r @ r + self.alpha2 * (x @ x)) + alpha * np.abs(x).sum()


def _squares(A):
    return np.einsum("ij,ij->j", A, A)


def _warn(gap, goal, n):
    if gap > goal:
        warnings.warn(
            f"the duality gap is {gap:.2g}, above its goal {goal:.2g}, for one of {n} weights; "
            "raise tol or max_rounds.",
            ConvergenceWarning,
            stacklevel=3,
        )


def _gap(b, r, x, alpha, alpha2, largest):
    """Return the duality gap and the factor that makes the residual feasible."""
    shrink = alpha / max(alpha, float(largest))
    off = b - shrink * r
    ridge = alpha2 * float(x @ x)  # of the residual's rows that are not there
    dual = 0.5 * float(b @ b) - 0.5 * float(off @ off) - 0.5 * shrink**2 * ridge
    primal = 0.5 * float(r @ r) + alpha * float(np.abs(x).sum()) + 0.5 * ridge
    return max(primal - dual, 0.0), shrink


def _solve(problem, x, alpha, tol, screen, max_rounds):
    """Run rounds of: gap on all columns, screening, descent on a working set."""
    b, squares = problem.b, problem.squares
    r = b - problem.A @ x if x.any() else b.copy()
    alive = squares > 0
    visits = passes = 0
    size, sweeps, solved = 10, SWEEPS, None
    for _ in range(max_rounds):
        correlations = np.abs(problem.correlate(r, x))
        passes += 1
        largest = correlations[alive].max(initial=0.0)
        gap, shrink = _gap(b, r, x, alpha, problem.alpha2, largest)
        if gap <= tol * problem.scale:
            break
        if screen:
            radius = np.sqrt(2 * gap * squares)
            dead = alive & (shrink * correlations + radius < alpha)
            alive &= ~dead
            if x[dead].any():
                x[dead] = 0
                r = b - problem.A @ x
        size = min(max(size, 2 * np.count_nonzero(x)), np.count_nonzero(alive))
        columns = _working_set(correlations, x, alive, size)
        goal = INNER * max(gap, tol * problem.scale)
        made, ended = problem.descend(columns, x, r, alpha, goal, sweeps)
        visits += made
        size *= 2
        if not ended and len(columns) <= SMALL:
            if np.array_equal(columns, solved):  # and no more can be had from them
                break
            problem.solve(columns, x, r, alpha)
            solved, sweeps = columns, AGAIN
    screened = int(np.count_nonzero(~alive & (squares > 0)))
    return Lasso(x, gap, int(visits), passes, screened)


def _working_set(correlations, x, alive, size):
    """Return the nonzero columns and those nearest to becoming nonzero, ``size`` in all."""
    candidates = np.flatnonzero(alive)
    if size >= len(candidates):
        return candidates
    order = np.where(x[candidates] != 0, np.inf, correlations[candidates])
    return np.sort(candidates[np.argpartition(order, -size)[-size:]])
