r"""Orthogonal matching pursuit: take the atom that helps most, fit again, repeat.

All signals share one Gram matrix. The atoms are made orthogonal to the chosen ones as these are
chosen, one row of a triangular factor at a time, so that a step costs as many multiplications
as there are atoms, times the number of atoms chosen so far.
"""

import warnings

import numpy as np
from numba import njit

from course_lib._validation import check_count, check_finite, check_number
from course_lib.sparse_coding._codes import (
    argmax,
    as_bits,
    blocks,
    check_pair,
    dense_rows,
    gram,
    stack,
)

__all__ = ["omp"]

NEARLY = 1e-4  # of an atom's squared length: with less left beside the others, codes are refined
ROUNDS = 2
NEAR = 1e-3  # of a signal's length: a residual as short is measured, not taken from the pursuit


def omp(X, D, *, n_nonzero=None, tol=None, order_recursive=False):
    r"""Return sparse codes of signals by orthogonal matching pursuit, all signals at once.

    Parameters
    ----------
    X : array or sparse matrix, shape (n, d)
        One signal a row.
    D : array, shape (n_atoms, d)
        The dictionary, one atom a row. For the guarantee, and for a fair choice without
        ``order_recursive``, atoms have length one.
    n_nonzero : int, optional
        Most atoms for one signal, at most ``min(n_atoms, d)``, which is the default if ``tol``
        is given.
    tol : float, optional
        Stop as soon as the residual of a signal is at most this long. At least one of
        ``n_nonzero`` and ``tol`` must be given.
    order_recursive : bool, default False
        Choose the atom that leaves the shortest residual, in place of the one that is most
        correlated with it: correlations are divided by what is left of each atom beside the
        chosen ones.

    Returns
    -------
    codes : csr_array, shape (n, n_atoms)
        ``codes @ D`` approximates ``X``; in each row, entries in the order of choice. float32
        if ``X`` and ``D`` are, else float64.

    Raises
    ------
    ValueError
        If shapes do not fit, data are not finite, neither limit is given, or one is out of range.
    TypeError
        If the data are not real, or a limit is not a number.

    Warns
    -----
    RuntimeWarning
        If ``tol`` is given and a residual is longer, though ``n_nonzero`` would allow more atoms:
        nothing that is left is along an atom, or rounding hides it. The Gram matrix squares the
        condition of the atoms, so that below some 1e-6 of a signal's length rounding may.

    See Also
    --------
    lasso_encode : the convex way to sparse codes.

    Notes
    -----
    **Cost.** For each signal :math:`K d` multiplications for its correlations with the
    :math:`K` atoms, and :math:`K s^2 / 2` for :math:`s` steps; the Gram matrix, :math:`K^2 d`,
    once. Memory :math:`K^2` beside the codes and a block of correlations.

    **Guarantee.** Atoms of length one, coherence :math:`\mu`, and a signal that is an exact
    combination of :math:`k < (1 + 1/\mu)/2` atoms: the first :math:`k` steps find these atoms
    ([1], Corollary 3.6). The residual never grows.

    References
    ----------
    .. [1] J. Tropp, "Greed is good: algorithmic results for sparse approximation", IEEE Trans.
       Inf. Theory 50(10), 2004.

    Examples
    --------
    >>> D = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    >>> omp([[0.0, 2.0], [3.0, 4.0]], D, n_nonzero=1).toarray()
    array([[0., 2., 0.],
           [0., 0., 5.]])
    """
    X, D = check_pair(X, D)
    n_atoms, d = D.shape
    if n_nonzero is None and tol is None:
        raise ValueError("n_nonzero or tol must say when to stop; give at least one of them.")
    most = min(n_atoms, d)
    if n_nonzero is not None:
        most = check_count(n_nonzero, "n_nonzero", low=1, high=most, high_name="min(n_atoms, d)")
    short = 0.0 if tol is None else min(check_number(tol, "tol", low=0), 1e150)  # has a square
    G = gram(D)
    eps = 100 * np.finfo(D.dtype).eps
    scores = np.empty(n_atoms, dtype=D.dtype)
    parts, failed = [], 0
    for rows, B in blocks(X, D):
        rows = dense_rows(rows, np.float64)
        energy = _energy(rows, G)
        before = energy.copy()
        values = np.empty((len(B), most), dtype=D.dtype)
        atoms = np.empty((len(B), most), dtype=np.int32)
        counts = np.zeros(len(B), dtype=np.int64)
        _pursue_all(
            B, rows, D, G, energy, short**2, eps, order_recursive, scores, as_bits(scores), values,
            atoms, counts,
        )  # fmt: skip
        kept = np.arange(most) < counts[:, None]
        parts.append((values[kept], atoms[kept], counts))
        if tol is not None:
            open_ = counts < most if n_nonzero is not None else counts <= most
            failed += _too_long(rows, D, parts[-1], before, energy, open_, short)
    if failed:
        warnings.warn(
            f"{failed} of {X.shape[0]} residuals are longer than tol = {short:g}; raise tol, or "
            "use atoms that are less alike or more of them.",
            RuntimeWarning,
            stacklevel=2,
        )
    return stack(parts, n_atoms, D.dtype)


def _energy(rows, G):
    """Return the squared lengths of signals; refuse those whose squared correlations overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        energy = check_finite(np.einsum("ij,ij->i", rows, rows), "X")
        most = float(energy.max()) * float(np.diag(G).max())
    if not most <= np.finfo(G.dtype).max:
        raise ValueError("X and D must have correlations whose squares are finite; rescale them.")
    return energy


def _too_long(rows, D, part, before, left, open_, tol):
    """Count the signals that may have more atoms and whose residual is longer than ``tol``.

    What the pursuit believes is left is trusted where ``tol`` is far above its rounding.
    """
    doubtful = open_ & (left > tol * tol)
    near = open_ & (tol * tol < NEAR**2 * before)
    asked = np.flatnonzero(doubtful | near)
    if not len(asked):
        return 0
    codes = stack([part], len(D), np.float64)[asked]
    lengths = np.linalg.norm(rows[asked] - codes @ D.astype(np.float64), axis=1)
    return int(np.count_nonzero(lengths > tol * (1 + 1e-6)))


@njit(cache=True, fastmath=True)
def _pursue_all(
    B, X, D, G, energy, tol2, eps, order_recursive, scores, bits, values, atoms, counts
):
    """Pursue each row of ``B``, the correlations of a signal of ``X`` with all atoms of ``D``.

    ``energy``, the squared lengths of the signals, becomes what is left of them.
    """
    most, n_atoms = values.shape[1], B.shape[1]
    W = np.empty((most, n_atoms), B.dtype)
    R = np.empty((most, most), B.dtype)
    a, left = np.empty(n_atoms, B.dtype), np.empty(n_atoms, B.dtype)
    eps = B.dtype.type(eps)
    guard = eps * np.max(np.diag(G))
    if guard == 0:
        guard = eps  # all atoms are zero, and none will be taken
    for i in range(len(B)):
        for q in range(n_atoms):
            a[q], left[q] = B[i, q], G[q, q]
        counts[i], energy[i], least = _pursue(
            G, energy[i], tol2, eps, guard, order_recursive, scores, bits, a, left, W, R,
            values[i], atoms[i],
        )  # fmt: skip
        if least < NEARLY * guard / eps:
            _refine(X[i], D, R, values[i, : counts[i]], atoms[i])


@njit(cache=True, fastmath=True)
def _pursue(G, energy, tol2, eps, guard, order_recursive, scores, bits, a, left, W, R, x, chosen):
    """Code one signal into ``x`` and ``chosen``; return how many atoms, and what is left.

    What is left of the signal, squared, and the least that was left of an atom when it was taken.
    ``a`` are correlations of the residual with all atoms, ``left`` what remains of the squared
    length of each beside the chosen ones, ``W`` the coordinates of all atoms along the
    orthogonalized chosen ones, and ``R`` the columns of ``W`` at the chosen: a triangle.
    """
    most, n_atoms, count, remaining = len(x), len(a), 0, energy
    least = guard / eps  # the longest atom
    while count < most and remaining > tol2:
        if order_recursive:
            for q in range(n_atoms):
                scores[q] = a[q] * a[q] / max(left[q], guard)
        else:
            for q in range(n_atoms):
                scores[q] = a[q] * a[q]
        j = argmax(bits)
        # Beyond rounding nothing is left: of the signal, or of the atom beside the chosen ones.
        if a[j] * a[j] <= eps * eps * G[j, j] * energy or left[j] < guard:
            break
        length = np.sqrt(left[j])
        least = min(least, length * length)
        for t in range(count):
            R[count, t] = W[t, j]
        R[count, count], x[count], chosen[count] = length, a[j] / length, j
        remaining -= x[count] * x[count]
        count += 1
        if count < most:
            _orthogonalize(G[j], R, x, chosen, count, a, left, W)
    for t in range(count - 1, -1, -1):  # R' x = coordinates, from the last to the first
        for q in range(t + 1, count):
            x[t] -= R[q, t] * x[q]
        x[t] /= R[t, t]
    return count, remaining, least


@njit(cache=True, fastmath=True)
def _refine(signal, D, R, x, chosen):
    """Correct codes by what their own residual says, where the chosen atoms nearly depend.

    The triangle ``R`` of the Gram matrix has half the digits that the atoms have. As corrected
    seminormal equations it gives nearly all of them back (Björck 1987), as the residual is taken
    from the atoms themselves.
    """
    count = len(x)
    step, rest = np.empty(count), np.empty(len(signal))
    for _ in range(ROUNDS):
        rest[:] = signal
        for t in range(count):
            for q in range(len(rest)):
                rest[q] -= x[t] * D[chosen[t], q]
        for t in range(count):
            step[t] = 0
            for q in range(len(rest)):
                step[t] += D[chosen[t], q] * rest[q]
            for q in range(t):
                step[t] -= R[t, q] * step[q]
            step[t] /= R[t, t]
        for t in range(count - 1, -1, -1):
            for q in range(t + 1, count):
                step[t] -= R[q, t] * step[q]
            step[t] /= R[t, t]
            x[t] += step[t]


@njit(cache=True, fastmath=True)
def _orthogonalize(row, R, x, chosen, count, a, left, W):
    """Take the newest direction out of all atoms: update ``W``, ``a`` and ``left``."""
    s, n_atoms = count - 1, len(a)
    w, scale, along = W[s], 1 / R[s, s], x[s]
    for q in range(n_atoms):
        w[q] = row[q]
    for t in range(s):
        factor, before = R[s, t], W[t]
        for q in range(n_atoms):
            w[q] -= factor * before[q]
    for q in range(n_atoms):
        value = w[q] * scale
        w[q] = value
        a[q] -= along * value
        left[q] -= value * value
    for t in range(count):
        a[chosen[t]], left[chosen[t]] = 0, 1  # never again
