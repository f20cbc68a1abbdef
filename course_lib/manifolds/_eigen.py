"""The smallest eigenpairs of a sparse positive semidefinite matrix, by two ways.

Where neighbors are far apart in a path, as on a sheet, the small eigenvalues crowd towards zero: a
Lanczos iteration needs many steps, and factorizing the matrix is cheap, since a sheet is easily
cut in two. Where every point is a few steps from every other, as in data of many dimensions,
the factor is nearly full, and the eigenvalues are well apart. A breadth-first search tells them
apart: as many steps across as points in a step, or hundreds of points in each of a few steps.
"""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh, splu

__all__ = ["smallest_eigenpairs"]

DENSE = 200  # up to this size all eigenpairs are computed
SHEET = 8  # of a square sheet n is 2 to 3 times the square of the depth of a search, of digits 40
PATIENCE = 4  # restarts of the plain Lanczos iteration
SHIFT = 1e-10  # in units of the largest eigenvalue, so that there is an inverse


def smallest_eigenpairs(M, count, *, null, top, rng, tol=1e-6, method="auto"):
    """Return the ``count`` smallest eigenvalues, increasing, and eigenvectors of a sparse M.

    ``M`` (n, n) is symmetric positive semidefinite with no eigenvalue above ``top``; the unit
    vector ``null`` (n,), which it sends to zero, is left out. ``method`` is "lanczos", "factor",
    or "auto": the second for a sheet, the first for other M if it converges soon.
    """
    n = M.shape[0]
    if n <= max(DENSE, 4 * count):
        w, V = np.linalg.eigh(M.toarray() + 2 * top * np.outer(null, null))
        return w[:count], V[:, :count]
    start = rng.standard_normal(n)
    if method == "lanczos" or (method == "auto" and not _is_sheet(M)):
        try:
            return _by_products(M, count, null, top, start, tol, method == "auto")
        except ArpackNoConvergence:
            if method == "lanczos":
                raise
    return _by_factor(M, count, null, top, start, tol)


def _is_sheet(M):
    """Whether a breadth-first search over M takes about as many steps as it finds points in each.

    Steps of n / depth points make M a band of about that width. For a sheet it is at most
    ``sqrt(SHEET * n)``, so that a factorization takes some ``SHEET * n**2`` flops and no more.
    """
    order, before = breadth_first_order(M, 0, directed=False)
    node, depth = order[-1], 0
    while before[node] >= 0:
        node, depth = before[node], depth + 1
    return SHEET * depth**2 >= M.shape[0]


def _by_products(M, count, null, top, start, tol, hurried):
    """Lanczos on ``top I - M``, whose largest eigenvalues are wanted."""
    inner = _without(null, lambda x: top * x - M @ x)
    steps = min(len(null), 2 * count + 34)
    patience = PATIENCE if hurried else None
    w, V = eigsh(inner, count, which="LA", v0=start, tol=tol, ncv=steps, maxiter=patience)
    order = np.argsort(-w)
    return top - w[order], V[:, order]


def _by_factor(M, count, null, top, start, tol):
    """Lanczos on the inverse of M, shifted by little, from a sparse symmetric factorization.

    Minimum degree on the pattern of M itself, which is symmetric, and no pivoting: half of the
    fill of SciPy's default, which orders for the pattern of M.T @ M.
    """
    n = len(null)
    factor = splu(
        sp.csc_array(M + SHIFT * top * sp.eye_array(n)),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    inverse = _without(null, factor.solve)
    steps = min(n, 2 * count + 6)
    V = eigsh(inverse, count, which="LA", v0=start, tol=tol, ncv=steps)[1]
    V = np.linalg.qr(V - np.outer(null, null @ V))[0]
    w, turn = np.linalg.eigh(V.T @ (M @ V))
    return w, V @ turn


def _without(null, apply):
    """Return a linear map restricted to what is orthogonal to ``null``."""

    def matvec(x):
        x = x.ravel()
        y = apply(x - null * (null @ x))
        return y - null * (null @ y)

    return LinearOperator((len(null), len(null)), matvec=matvec, dtype=np.float64)
