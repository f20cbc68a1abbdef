r"""L-BFGS: curvature from the last steps, and from how they changed the gradient."""

from typing import NamedTuple

import numpy as np

from course_lib._validation import check_array, check_count, check_finite, check_vector
from course_lib.batch_optimization._line_search import strong_wolfe
from course_lib.batch_optimization._start import check_start

__all__ = ["GradientIterate", "lbfgs", "two_loop"]


class GradientIterate(NamedTuple):
    """Where an optimizer is, and the slope there."""

    x: np.ndarray  # (n,)
    value: float  # the objective there
    gradient: np.ndarray  # (n,): with strong convexity its length bounds the gap, see `gap_bound`


def lbfgs(loss, *, memory=10, x0=None):
    r"""Yield the iterates of L-BFGS with a strong Wolfe line search.

    Parameters
    ----------
    loss : LogisticLoss, SquaredLoss, HuberLoss or SquaredHingeLoss, or a DistributedLoss of one
    memory : int, default 10
        Steps that are remembered, at least 1.
    x0 : array, shape (n,), optional
        Start; zero by default. It is the first iterate that is yielded, with number 0.

    Yields
    ------
    GradientIterate
        ``x`` (n,), the loss there and its gradient (n,). It ends where the gradient is zero or no
        step descends; within rounding of the minimum it may go on for long, so stop by
        `gap_bound`.

    Raises
    ------
    ValueError, TypeError
        If ``memory`` is no positive integer, ``x0`` does not fit, or the data are not finite. As
        with every generator, at the first ``next``.

    See Also
    --------
    two_loop : the direction of a step.
    gap_bound : how far the minimum can be, from the gradient.

    Notes
    -----
    **Cost.** An evaluation is one product with ``A`` and one with ``A.T``; with a
    `DistributedLoss` one sum over the machines. A step takes one evaluation, now and then two or
    three, and :math:`4mn` multiplications for the direction, ``memory`` being :math:`m`.

    **Guarantee.** On a twice differentiable, strongly convex function with a bounded second
    derivative the value converges linearly ([1], Theorem 6.1). With exact line searches and
    enough memory the iterates on least squares are those of `conjugate_gradients`.

    References
    ----------
    .. [1] D. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization",
       Math. Program. 45, 1989.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> steps = lbfgs(SquaredLoss(np.diag([1.0, 2.0]), [1.0, 2.0]))
    >>> [step.x.round(6).tolist() for step in steps][-1]
    [1.0, 1.0]
    """
    memory = check_count(memory, "memory", low=1)
    x = check_start(loss, x0)
    value, g = loss.evaluate(x)
    S, Y = [], []
    yield GradientIterate(x, value, g)
    while g.any():
        p = _direction(S, Y, g)
        found = strong_wolfe(loss.evaluate, x, value, g, p, 1.0 if S else _first(g))
        stuck = found is None or np.array_equal(found[0], x)
        if stuck and not S:
            return
        if stuck:  # what is remembered misleads: begin again with the gradient
            S, Y = [], []
            continue
        last_x, last_g = x, g
        x, value, g = found
        yield GradientIterate(x, value, g)
        s, y = x - last_x, g - last_g
        if s @ y > np.finfo(y.dtype).eps * (y @ y):
            S, Y = [*S, s][-memory:], [*Y, y][-memory:]


def two_loop(S, Y, g):
    r"""Return the direction :math:`-Hg` of L-BFGS by the two-loop recursion.

    Parameters
    ----------
    S : array, shape (m, n)
        The last steps :math:`s_i = x_{i+1} - x_i`, the oldest first.
    Y : array, shape (m, n)
        How each changed the gradient, :math:`y_i = g_{i+1} - g_i`; :math:`s_i^T y_i` must be
        positive.
    g : array, shape (n,)
        The gradient.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit each other, are not finite, or a product :math:`s_i^T y_i` is not
        positive.

    Notes
    -----
    **Cost.** :math:`4mn` multiplications, in :math:`2m + 1` dot products one after the other.

    **Guarantee.** :math:`H` is the BFGS matrix from :math:`\gamma I`,
    :math:`\gamma = s_m^T y_m / y_m^T y_m`, after the :math:`m` pairs; it is positive definite and
    maps :math:`y_m` to :math:`s_m`.

    References
    ----------
    .. [1] J. Nocedal, "Updating quasi-Newton matrices with limited storage", Math. Comp. 35, 1980.

    Examples
    --------
    >>> two_loop([[1.0, 0.0]], [[4.0, 0.0]], [4.0, 4.0])    # curvature 4 in every direction
    array([-1., -1.])
    """
    g = check_vector(g, "g")
    S, Y = (check_finite(check_array(part, name, ndim=2, dtype=g.dtype), name)
            for part, name in ((S, "S"), (Y, "Y")))  # fmt: skip
    if S.shape != Y.shape or S.shape[1] != len(g) or len(S) == 0:
        raise ValueError(
            "S and Y must have one row for each step and the columns of g; "
            f"got {S.shape}, {Y.shape} and {g.shape}."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.all(np.einsum("ij,ij->i", S, Y) > 0):
            raise ValueError("S and Y must have positive products s @ y; leave out pairs without.")
        return check_finite(_direction(S, Y, g), "S")


def _direction(S, Y, g):
    """The same unchecked, for the steps of a method; without a pair the negative gradient."""
    q, pulls = g.copy(), []
    for s, y in zip(S[::-1], Y[::-1], strict=True):
        pulls.append((s @ q) / (s @ y))
        q -= pulls[-1] * y
    if len(S):
        q *= (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1])
    for s, y, pull in zip(S, Y, pulls[::-1], strict=True):
        q += (pull - (y @ q) / (s @ y)) * s
    return -q


def _first(g):
    """The length of the first trial step, before anything is known of the curvature."""
    return min(1.0, 1 / float(np.linalg.norm(g)))
