r"""Lasso codes: many signals, one dictionary, the exact minimizer for each signal.

Each signal keeps a small set of active atoms. The strongest violators of the optimality
condition are admitted; coordinate descent runs on the Gram matrix of the active atoms alone;
once it has settled which are zero and of which sign the others are, one Cholesky factorization
finishes. Only then are the correlations with all atoms brought up to date.
"""

import warnings

import numpy as np
from numba import njit
from sklearn.exceptions import ConvergenceWarning

from course_lib._validation import check_finite, check_matrix, check_number
from course_lib.sparse_coding import _codes
from course_lib.sparse_coding._codes import argmax, as_bits, blocks, check_pair, stack

__all__ = ["duality_gaps", "encoder", "lasso_encode"]

ADMIT = 0.7  # of the way from alpha to the strongest violation: who is above is admitted
SETTLED = 2  # sweeps without a change of signs before the factorization is tried
UNSETTLED = 20  # sweeps after which it is tried all the same
SWEEPS, ROUNDS = 1000, 1000  # never reached unless atoms are all but linearly dependent
DEPENDENT = 100  # times rounding: what is left of an atom beside others that make it up


def lasso_encode(X, D, alpha, *, tol=1e-6):
    r"""Return the codes that minimize :math:`\tfrac12 \|x - c D\|^2 + \alpha \|c\|_1`.

    Parameters
    ----------
    X : array or sparse matrix, shape (n, d)
        One signal a row.
    D : array, shape (n_atoms, d)
        The dictionary, one atom a row, none of them zero.
    alpha : float
        Weight of the l1 norm, positive.
    tol : float, default 1e-6
        Largest violation of the optimality condition, relative to ``alpha``; float32 stops at
        its rounding.

    Returns
    -------
    codes : csr_array, shape (n, n_atoms)
        ``codes @ D`` approximates ``X``. float32 if ``X`` and ``D`` are, else float64.

    Raises
    ------
    ValueError
        If shapes do not fit, data are not finite, an atom is zero, or a number is out of range.
    TypeError
        If the data or a number are not real.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If a signal did not converge; `duality_gaps` says how far it is from the minimum.

    See Also
    --------
    omp : greedy codes, with a given number of atoms.
    lasso_path : one signal, columns too many for a Gram matrix.

    Notes
    -----
    **Cost.** For each signal :math:`K d` multiplications for its correlations with the
    :math:`K` atoms, and :math:`K` for each active atom in each of a few rounds; the Gram
    matrix, :math:`K^2 d`, once. Memory :math:`K^2` beside the codes and a block of correlations.

    **Guarantee.** A code is a minimizer if and only if the correlations of its residual are
    :math:`\alpha\,\mathrm{sign}(c_j)` where :math:`c_j \ne 0` and at most :math:`\alpha`
    elsewhere; that is tested for every atom before a code is returned.

    References
    ----------
    .. [1] H. Lee, A. Battle, R. Raina, A. Ng, "Efficient sparse coding algorithms", NIPS 2006:
       search for the signs, then solve.

    Examples
    --------
    >>> lasso_encode([[3.0, 0.5]], np.eye(2), 1.0).toarray()
    array([[2., 0.]])
    """
    X, D = check_pair(X, D)
    alpha = check_number(alpha, "alpha", low=0, open_low=True)
    tol = check_number(tol, "tol", low=0, open_low=True)
    G = _codes.gram(D)
    if not np.diag(G).all():
        raise ValueError(f"atoms must not be zero; atom {int(np.argmin(np.diag(G)))} is.")
    encode = encoder(G, alpha, tol)
    parts, failed = [], 0
    for _, B in blocks(X, D):
        values, atoms, counts, misses = encode(B)
        parts.append((values, atoms, counts))
        failed += misses
    if failed:
        warnings.warn(
            f"{failed} of {X.shape[0]} codes did not converge; merge atoms that are alike, or "
            "raise alpha or tol.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return stack(parts, len(D), D.dtype)


def encoder(G, alpha, tol):
    """Return a function of correlations (n, n_atoms): values, atoms, counts, how many failed."""
    scores = np.empty(len(G), dtype=G.dtype)
    with np.errstate(over="ignore"):
        numbers = np.array([alpha, tol, 20 * np.finfo(G.dtype).eps], dtype=G.dtype)
    return lambda B: _encode_all(B, G, numbers, scores, as_bits(scores))


def duality_gaps(X, D, codes, alpha):
    r"""Return how far codes are from the minimum at most: a certificate that needs no trust.

    Parameters
    ----------
    X : array or sparse matrix, shape (n, d)
    D : array, shape (n_atoms, d)
    codes : array or sparse matrix, shape (n, n_atoms)
        From any method.
    alpha : float
        Weight of the l1 norm, positive.

    Returns
    -------
    array, shape (n,)
        An upper bound on the objective at each code minus its minimum; 0 at the minimum.

    Raises
    ------
    ValueError, TypeError
        As `lasso_encode`.

    Notes
    -----
    **Cost.** One product with ``D`` and one with ``D.T``.

    **Guarantee.** For every :math:`\theta` with :math:`\|D\theta\|_\infty \le \alpha` the
    minimum is at least :math:`\tfrac12\|x\|^2 - \tfrac12\|x - \theta\|^2`. The residual, scaled
    down until it is such a :math:`\theta`, gives the bound.

    Examples
    --------
    >>> duality_gaps([[3.0, 0.5]], np.eye(2), [[2.0, 0.0]], 1.0)
    array([0.])
    """
    X, D = check_pair(X, D)
    codes = check_matrix(codes, "codes", operator=False)
    if codes.shape != (X.shape[0], len(D)):
        raise ValueError(f"codes must have shape {(X.shape[0], len(D))}; got {codes.shape}.")
    alpha = check_number(alpha, "alpha", low=0, open_low=True, open_high=True)
    X = _codes.dense_rows(X, np.float64)
    weight = check_finite(np.asarray(abs(codes).sum(axis=1)).ravel(), "codes")
    residual = X - codes @ D
    largest = np.abs(residual @ D.T).max(axis=1)
    scale = alpha / np.maximum(largest, alpha)
    with np.errstate(over="ignore", invalid="ignore"):
        check_finite(4 * np.sum(X**2, axis=1), "X")
        primal = check_finite(0.5 * np.sum(residual**2, axis=1) + alpha * weight, "codes")
    dual = 0.5 * np.sum(X**2, axis=1) - 0.5 * np.sum((X - scale[:, None] * residual) ** 2, axis=1)
    return np.maximum(primal - dual, 0.0)


@njit(cache=True, fastmath=True)
def _encode_all(B, G, numbers, scores, bits):
    """Code each row of ``B``; return values, atoms and counts one after the other, and misses."""
    n, n_atoms = B.shape
    values, atoms = np.empty(16 * n, B.dtype), np.empty(16 * n, np.int32)
    counts = np.zeros(n, np.int64)
    r = np.empty(n_atoms, B.dtype)
    active = np.empty(n_atoms, np.int64)
    work = np.empty((6, n_atoms), B.dtype)  # x, its last value, c, right side, two spare
    g, R = np.empty((n_atoms, n_atoms), B.dtype), np.empty((n_atoms, n_atoms), B.dtype)
    end, misses = 0, 0
    for i in range(n):
        r[:] = B[i]
        m, done = _encode(r, G, numbers, scores, bits, active, work, g, R)
        misses += not done
        if end + m > len(values):  # no bound on the number of nonzeros is safe and small
            values = np.concatenate((values, np.empty(len(values) + m, B.dtype)))
            atoms = np.concatenate((atoms, np.empty(len(atoms) + m, np.int32)))
        for t in range(m):
            values[end + t], atoms[end + t] = work[0, t], active[t]
        counts[i] = m
        end += m
    return values[:end].copy(), atoms[:end].copy(), counts, misses


@njit(cache=True, fastmath=True)
def _encode(r, G, numbers, scores, bits, active, work, g, R):
    """Code one signal into ``work[0]`` and ``active``; ``r`` are its correlations.

    Returns the number of active atoms, and whether all atoms meet the optimality condition.
    """
    alpha, tol, rounding = numbers
    x, before, c = work[0], work[1], work[2]
    n_atoms, m = len(r), 0
    largest = np.max(np.abs(r))
    slack = max(tol * alpha, rounding * largest)
    converged = True
    for _ in range(ROUNDS):
        for q in range(n_atoms):
            scores[q] = abs(r[q])
        for t in range(m):
            scores[active[t]] = 0
        strongest = scores[argmax(bits)]
        if strongest <= alpha + slack:
            return m, converged
        enough = alpha + ADMIT * (strongest - alpha)
        for q in range(n_atoms):
            if scores[q] >= enough and m < n_atoms:
                active[m], x[m], before[m], c[m] = q, 0, 0, r[q]
                m += 1
        converged = _descend(G, alpha, slack, rounding, active, m, work, g, R)
        kept = 0
        for t in range(m):
            change = x[t] - before[t]
            if change != 0:
                row = G[active[t]]
                for q in range(n_atoms):
                    r[q] -= change * row[q]
            if x[t] != 0:
                active[kept], x[kept], before[kept] = active[t], x[t], x[t]
                kept += 1
        m = kept
        for t in range(m):
            c[t] = r[active[t]]
    return m, False


@njit(cache=True, fastmath=True)
def _descend(G, alpha, slack, rounding, active, m, work, g, R):
    """Minimize over the active atoms alone; return whether that succeeded.

    ``c`` are their correlations with the residual.
    """
    x, c = work[0], work[2]
    _gather(G, active, m, g)
    quiet = 0
    for sweep in range(SWEEPS):
        largest, same = x[0] * 0, True
        for t in range(m):
            old, square = x[t], g[t, t]
            pull = c[t] + old * square
            new = x[t] * 0
            if pull > alpha:
                new = (pull - alpha) / square
            elif pull < -alpha:
                new = (pull + alpha) / square
            change = new - old
            if change != 0:
                x[t] = new
                largest = max(largest, abs(change) * square)
                same = same and new * old > 0
                row = g[t]
                for s in range(m):
                    c[s] -= change * row[s]
        if largest <= slack:
            return True
        quiet = quiet + 1 if same else 0
        if quiet == SETTLED or sweep % UNSETTLED == UNSETTLED - 1:
            quiet = 0
            if _finish(G, alpha, slack, rounding, active, m, work, g, R):
                return True
    return False


@njit(cache=True, fastmath=True)
def _gather(G, active, m, g):
    """Copy the Gram matrix of the active atoms into ``g``."""
    for t in range(m):
        row = G[active[t]]
        for s in range(m):
            g[t, s] = row[active[s]]


@njit(cache=True, fastmath=True)
def _finish(G, alpha, slack, rounding, active, m, work, g, R):
    """Minimize exactly for the signs at hand, dropping atoms on the way; return whether done.

    Towards the minimizer for fixed signs the objective falls until a sign would change: there
    the atom is dropped and the rest is solved again.
    """
    x, c, right, y = work[0], work[2], work[3], work[4]
    while True:
        k = _nonzeros_first(active, m, work)
        _gather(G, active, m, g)
        for t in range(k):
            right[t] = c[t] - (alpha if x[t] > 0 else -alpha)
            for s in range(k):
                right[t] += g[t, s] * x[s]
        solved = _solve(g, right, k, rounding, R, y)
        if solved < k:
            dropped = _thin(x, y, solved, k, R)
        else:
            dropped = _first_to_change_sign(x, y, k)
        for t in range(k):
            change, x[t] = y[t] - x[t], y[t]
            for s in range(m):
                c[s] -= change * g[t, s]
        if dropped < 0:
            break
    wants = solved < k
    for t in range(k, m):
        wants |= abs(c[t]) > alpha + slack  # a zero wants to move
    return not wants


@njit(cache=True, fastmath=True)
def _nonzeros_first(active, m, work):
    """Move the nonzeros to the front, so that theirs is the corner of ``g``; return how many."""
    x, before, c = work[0], work[1], work[2]
    k = 0
    for t in range(m):
        if x[t] != 0:
            if k < t:
                active[t], active[k] = active[k], active[t]
                x[t], x[k] = x[k], x[t]
                before[t], before[k] = before[k], before[t]
                c[t], c[k] = c[k], c[t]
            k += 1
    return k


@njit(cache=True, fastmath=True)
def _first_to_change_sign(x, y, k):
    """Cut the way from ``x`` to ``y`` where the first sign would change; return its place or -1."""
    first, share = -1, x[0] * 0 + 1
    for t in range(k):
        if y[t] * x[t] <= 0 and (first < 0 or x[t] / (x[t] - y[t]) < share):
            first, share = t, x[t] / (x[t] - y[t])
    if first >= 0:
        for t in range(k):
            y[t] = x[t] + share * (y[t] - x[t])
        y[first] = 0
    return first


@njit(cache=True, fastmath=True)
def _thin(x, y, t, k, R):
    """Take one of ``k`` atoms out, of those before ``t`` and ``t`` itself, which depends on them.

    Along the dependence the fit does not change and the l1 norm is linear: ``y`` becomes ``x``
    moved downhill until the first coordinate is zero, whose place is returned.
    """
    w = y  # atom t is the sum of the atoms before it, each times its w
    for s in range(t - 1, -1, -1):
        w[s] = R[t, s]
        for q in range(s + 1, t):
            w[s] -= R[q, s] * w[q]
        w[s] *= R[s, s]
    w[t] = -1
    slope = w[0] * 0
    for s in range(t + 1):
        slope += w[s] if x[s] > 0 else -w[s]
    toward = -1 if slope > 0 else 1
    first, shortest = -1, w[0] * 0
    for s in range(t + 1):
        if toward * w[s] * x[s] < 0 and (first < 0 or abs(x[s]) < shortest * abs(w[s])):
            first, shortest = s, abs(x[s] / w[s])
    for s in range(k):
        y[s] = x[s] + toward * shortest * w[s] if s <= t else x[s]
    if first >= 0:
        y[first] = 0
    return first


@njit(cache=True, fastmath=True)
def _solve(g, right, k, rounding, R, y):
    """Solve ``g[:k, :k] y = right`` by Cholesky and return ``k``.

    If the matrix is singular to rounding, return the first column that depends on those before.
    """
    for t in range(k):
        new = R[t]
        value = right[t]
        for s in range(t):
            old, entry = R[s], g[t, s]
            for q in range(s):
                entry -= new[q] * old[q]
            new[s] = entry * old[s]  # the diagonal is kept inverted
            value -= new[s] * y[s]
        pivot = g[t, t]
        for q in range(t):
            pivot -= new[q] * new[q]
        if pivot <= DEPENDENT * rounding * g[t, t]:
            return t
        new[t] = 1 / np.sqrt(pivot)
        y[t] = value * new[t]
    for t in range(k - 1, -1, -1):
        y[t] *= R[t, t]
        for q in range(t):
            y[q] -= R[t, q] * y[t]
    return k
