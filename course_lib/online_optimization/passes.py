r"""Online gradient descent over the rows of a loss, in a ball: `ogd`, compiled."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_array, check_finite, check_number, check_vector
from course_lib.online_optimization._rows import check_rows, term
from course_lib.online_optimization.projections import project_ball

__all__ = ["OnlinePass", "ogd_pass"]

SMALLEST = 1e-100  # radius; scale of the weights below which they are written out


class OnlinePass(NamedTuple):
    """What one pass over the rows cost, and where it ended."""

    x: np.ndarray  # (n,), after all gradients that came
    losses: np.ndarray  # (m,), each before its row was learned from


def ogd_pass(loss, *, step=1.0, radius=math.inf, delays=0, x0=None):
    r"""Play online gradient descent over the rows of a loss, in their order, in a ball.

    Parameters
    ----------
    loss : LogisticLoss, SquaredLoss, HuberLoss, HingeLoss or SquaredHingeLoss
        Of an array or a sparse matrix, shape (m, n), without a ridge.
    step : float, default 1
        :math:`c` of :math:`\eta_k = c/\sqrt k`, where :math:`k` counts the gradients that came.
    radius : float, default inf
        :math:`r` of the ball :math:`\|x\| \le r`, at least 1e-100.
    delays : float or array, shape (m,), default 0
        As for `ogd`.
    x0 : array, shape (n,), optional
        Start; zero by default.

    Returns
    -------
    OnlinePass
        ``x`` (n,) and ``losses`` (m,), the term of each row (not divided by m) at the point that
        was played there: minus those of a fixed point they are the regret.

    Raises
    ------
    ValueError, TypeError
        If ``loss`` is none of these or has a ridge, a number is out of range, ``delays`` or
        ``x0`` do not fit, or the data are not finite.

    See Also
    --------
    ogd : any rounds, any set.

    Notes
    -----
    **Cost.** As many operations as there are entries, and a sort of the times of arrival. The
    ball costs nothing: the weights are kept as a number times a vector, and the length is
    brought up to date with each step.

    **Guarantee.** That of `ogd`, with `regret_bound`.

    References
    ----------
    .. [1] M. Zinkevich, "Online convex programming and generalized infinitesimal gradient
       ascent", ICML 2003, Algorithm 1.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> x, losses = ogd_pass(SquaredLoss([[1.0], [1.0]], [1.0, 1.0]), step=0.5)
    >>> losses                                              # at 0, then at 0.5
    array([0.5  , 0.125])
    """
    rows = check_rows(loss)
    if loss.ridge:
        raise ValueError(f"loss must have no ridge; got {loss.ridge:g}, use ogd(rounds_of(loss)).")
    step = check_number(step, "step", low=0, open_low=True, open_high=True)
    radius = check_number(radius, "radius", low=SMALLEST)
    m, n = len(rows.b), loss.data.shape[1]
    arrivals = np.arange(1.0, m + 1) + _check_delays(delays, m)
    order = np.argsort(arrivals, kind="stable")
    x = np.zeros(n) if x0 is None else check_vector(x0, "x0", n, dtype=np.float64)
    x = project_ball(x, radius)
    losses = np.empty(m)
    with np.errstate(over="ignore", invalid="ignore"):
        _ogd_pass(*rows, arrivals, order, x, losses, step, radius)
        check_finite(losses, "step or A")
    return OnlinePass(check_finite(x, "step or A").astype(rows.b.dtype), losses)


def _check_delays(delays, m):
    delays = check_array(delays, "delays", dtype=np.float64)
    if delays.ndim == 0:
        return check_number(float(delays), "delays", low=0)
    delays = check_array(delays, "delays", ndim=1)
    if len(delays) != m:
        raise ValueError(f"delays must have one entry for each of the {m} rows; got {len(delays)}.")
    if not delays.min() >= 0:  # NaN is not
        raise ValueError(f"delays must not be negative; got {delays.min():g}.")
    return delays


@njit(cache=True)
def _ogd_pass(
    data, indices, starts, b, kind, width, arrivals, order, v, losses, step, radius
):  # fmt: skip
    """Play the rows in order; the point is ``scale * v``, its squared length ``square``."""
    m, came, scale = len(b), 0, 1.0
    slopes = np.empty(m)
    square = (v * v).sum()
    for t in range(m + 1):
        while came < m and arrivals[order[came]] <= t:
            i = order[came]
            came += 1
            length = step / np.sqrt(came) * slopes[i]
            margin, size = 0.0, 0.0
            for p in range(starts[i], starts[i + 1]):
                margin += data[p] * v[indices[p]]
                size += data[p] * data[p]
                v[indices[p]] -= length / scale * data[p]
            square += length * (length * size - 2 * scale * margin)
            if square > radius * radius:
                scale *= radius / np.sqrt(square)
                square = radius * radius
            if scale < SMALLEST:
                v *= scale
                scale = 1.0
        if t < m:
            margin = 0.0
            for p in range(starts[t], starts[t + 1]):
                margin += data[p] * v[indices[p]]
            losses[t], slopes[t] = term(kind, width, scale * margin, b[t])
    v *= scale
