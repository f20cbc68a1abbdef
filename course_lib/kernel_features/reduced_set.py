"""A kernel machine with few vectors of its own in place of many support vectors."""

from typing import NamedTuple

import numpy as np

from course_lib._neighbors import check_points
from course_lib._validation import (
    as_rng,
    check_count,
    check_finite,
    check_number,
    check_vector,
    squared_norms,
)
from course_lib.batch_optimization import lbfgs
from course_lib.lsh import kmeans

__all__ = ["ReducedSet", "reduced_set", "reduced_set_bound"]

JITTER = 1e-10  # of the diagonal: keeps the weights of nearly equal vectors in bounds
TINY = 1e-150  # slopes whose squares would vanish
ROWS = 1024  # of a kernel matrix at a time


class ReducedSet(NamedTuple):
    """An expansion in m vectors, and how far it is from the one that it replaces.

    Attributes
    ----------
    Z : array, shape (m, d)
        Vectors; none of them need be a row of X.
    coef : array, shape (m,)
        The best coefficients for these vectors.
    distance : float
        :math:`|\\Psi - \\Psi^*|` in the space of the kernel, see `reduced_set_bound`.
    norm : float
        :math:`|\\Psi|`, the distance of the zero function.
    n_iter : int
        Steps that were made.
    evaluations : int
        Entries of kernel matrices that were computed.
    """

    Z: np.ndarray
    coef: np.ndarray
    distance: float
    norm: float
    n_iter: int
    evaluations: int


def reduced_set(X, coef, m, *, gamma, init="kmeans", n_iter=60, rng=None):
    r"""Return m vectors and coefficients whose kernel machine is near that of all rows of ``X``.

    :math:`\Psi = \sum_i a_i \phi(x_i)` is replaced by :math:`\Psi^* = \sum_j b_j \phi(z_j)` for
    the kernel :math:`e^{-\gamma |x - z|^2}`. For given vectors the best coefficients are
    :math:`K_{zz}^{-1} K_{zx} a`; the vectors are moved by L-BFGS.

    Parameters
    ----------
    X : array, shape (n, d)
        Support vectors.
    coef : array, shape (n,)
        Their coefficients a.
    m : int
        Vectors wanted, from 1 to n.
    gamma : float
        Of the kernel, positive.
    init : {"kmeans", "sample"} or array, shape (m, d)
        Where vectors start: centers of the rows with positive and of those with negative
        coefficients, m random rows, or given.
    n_iter : int, default 60
        Steps of L-BFGS at most; with 0 the vectors stay where they start.
    rng : int, Generator or None
        Source of the start.

    Returns
    -------
    ReducedSet

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit each other or are not finite, or an option is out of range.

    See Also
    --------
    reduced_set_bound : the distance for any vectors and coefficients.

    Notes
    -----
    **Cost.** :math:`n^2` kernel evaluations once, then :math:`m (n + m)` and :math:`O(m n d + m^3)`
    flops for each evaluation of the distance and its gradient, about one a step. Memory
    :math:`m (n + m)` numbers and 1,024 rows of n. Arithmetic is in float64.

    **Guarantee.** At every x, :math:`|f(x) - f^*(x)| \le |\Psi - \Psi^*| \sqrt{k(x, x)}`
    (Cauchy-Schwarz), which may be far from tight. The distance never rises from step to step;
    it is no convex function of the vectors, so another start may end elsewhere.

    References
    ----------
    .. [1] C. Burges, "Simplified support vector decision rules", ICML 1996, 71-77.

    Examples
    --------
    >>> found = reduced_set([[0.0], [0.0]], [1.0, 2.0], 1, gamma=1.0, rng=0)  # one will do for two
    >>> found.Z.round(6), found.coef.round(6)
    (array([[0.]]), array([3.]))
    """
    X, coef, gamma = _check_machine(X, coef, gamma)
    m = check_count(m, "m", low=1, high=len(X), high_name="n")
    n_iter = check_count(n_iter, "n_iter", low=0)
    Z = _start(X, coef, m, init, as_rng(rng))
    machine = _Machine(X, coef, gamma, m)
    done = 0
    if n_iter > 0:
        flat, steps = Z.ravel(), lbfgs(machine, x0=Z.ravel())
        for done, step in enumerate(steps):
            flat = step.x
            if done == n_iter:
                break
        Z = flat.reshape(m, -1)
    weights, reached = machine.solve(Z)
    norm = float(np.sqrt(max(0.0, machine.square)))
    Z, weights = Z.astype(machine.dtype), weights.astype(machine.dtype)
    return ReducedSet(Z, weights, reached, norm, done, machine.evaluations)


def reduced_set_bound(X, coef, Z, reduced_coef, *, gamma):
    r"""Return :math:`|\Psi - \Psi^*|`, a bound on how far two kernel machines differ anywhere.

    Parameters
    ----------
    X : array, shape (n, d)
        Support vectors of the first machine.
    coef : array, shape (n,)
    Z : array, shape (m, d)
        Vectors of the second.
    reduced_coef : array, shape (m,)
    gamma : float
        Of the kernel :math:`e^{-\gamma |x - z|^2}`, positive.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit each other or are not finite, or ``gamma`` is not positive.

    Notes
    -----
    **Cost.** :math:`(n + m)^2` kernel evaluations in blocks of 1,024 rows.

    **Guarantee.** :math:`|f(x) - f^*(x)| \le |\Psi - \Psi^*| \sqrt{k(x, x)}`, and
    :math:`k(x, x) = 1` here, up to the rounding of :math:`|\Psi|^2`: distances below
    :math:`10^{-8} |\Psi|` are not resolved.

    Examples
    --------
    >>> reduced_set_bound([[0.0]], [1.0], [[0.0]], [0.5], gamma=1.0)
    0.5
    """
    X, coef, gamma = _check_machine(X, coef, gamma)
    Z, reduced_coef, _ = _check_machine(Z, reduced_coef, gamma, "Z", "reduced_coef")
    if Z.shape[1] != X.shape[1]:
        raise ValueError(f"Z must have {X.shape[1]} columns, as X has; got {Z.shape[1]}.")
    rows, signed = np.concatenate([X, Z]), np.concatenate([coef, -reduced_coef])
    square, _ = _square(rows.astype(np.float64), signed.astype(np.float64), gamma)
    return float(np.sqrt(max(0.0, square)))


def _check_machine(X, coef, gamma, name="X", coef_name="coef"):
    X = check_points(X, name)
    coef = check_vector(coef, coef_name, len(X), dtype=np.float64)
    return X, coef, check_number(gamma, "gamma", low=0, open_low=True)


def _start(X, coef, m, init, rng):
    """Return m vectors to begin with, in float64."""
    if not isinstance(init, str):
        Z = check_points(init, "init")
        if Z.shape != (m, X.shape[1]):
            raise ValueError(f"init must have shape {(m, X.shape[1])}; got {Z.shape}.")
        return Z.astype(np.float64)
    if init == "sample":
        return X[rng.choice(len(X), m, replace=False)].astype(np.float64)
    if init != "kmeans":
        raise ValueError(f"init must be 'kmeans', 'sample' or an array; got {init!r}.")
    sides = [side for side in (X[coef > 0], X[coef <= 0]) if len(side)]
    if m == 1:
        sides = [X]
    share = [m] if len(sides) == 1 else [m // 2, m - m // 2]
    if len(sides) == 2:  # a side cannot give more centers than it has rows
        share[0] = min(max(share[0], m - len(sides[1])), len(sides[0]))
        share[1] = m - share[0]
    parts = [kmeans(side, k, rng=rng).centers for side, k in zip(sides, share, strict=True)]
    return np.concatenate(parts).astype(np.float64)


def _kernel(X, Z, gamma):
    """The kernel matrix (n, m) in float64."""
    squares = squared_norms(X)[:, None] + squared_norms(Z) - 2 * (X @ Z.T)
    return np.exp(-gamma * np.maximum(squares, 0))


def _square(X, coef, gamma):
    """Return the squared length of an expansion, and how many evaluations it took."""
    total = 0.0
    for start in range(0, len(X), ROWS):
        block = slice(start, start + ROWS)
        total += float(coef[block] @ (_kernel(X[block], X, gamma) @ coef))
    return check_finite(np.float64(total), "coef"), len(X) ** 2


class _Machine:
    """The squared distance as a loss of the vectors, whose coefficients are always the best.

    ``A`` and ``b`` only tell `lbfgs` how many numbers it moves, and in which dtype.
    """

    def __init__(self, X, coef, gamma, m):
        self.dtype = X.dtype
        self.X, self.coef, self.gamma, self.m = X.astype(np.float64), coef, gamma, m
        self.square, self.evaluations = _square(self.X, coef, gamma)
        self.b = np.zeros(0)
        self.A = np.empty((0, m * X.shape[1]))

    def _best(self, Z):
        """Return both kernel matrices and the best coefficients."""
        K_zz, K_zx = _kernel(Z, Z, self.gamma), _kernel(Z, self.X, self.gamma)
        self.evaluations += K_zz.size + K_zx.size
        pull = K_zx @ self.coef
        ridge = K_zz + JITTER * self.m * np.eye(self.m)
        return K_zz, K_zx, pull, np.linalg.solve(ridge, pull)

    def evaluate(self, x):
        """Return the squared distance and its gradient; coefficients at their best add nothing."""
        Z = x.reshape(self.m, -1)
        K_zz, K_zx, pull, weights = self._best(Z)
        towards = (2 * self.gamma) * weights[:, None] * K_zx * self.coef
        apart = (2 * self.gamma) * weights[:, None] * K_zz * weights
        gradient = 2 * (apart @ Z - apart.sum(axis=1)[:, None] * Z)
        gradient -= 2 * (towards @ self.X - towards.sum(axis=1)[:, None] * Z)
        gradient[np.abs(gradient) < TINY] = 0
        return self.square - float(weights @ pull), gradient.ravel()

    def solve(self, Z):
        """Return the best coefficients and the distance that they reach."""
        K_zz, _, pull, weights = self._best(Z)
        square = self.square - 2 * float(weights @ pull) + float(weights @ K_zz @ weights)
        return weights, float(np.sqrt(max(0.0, square)))
