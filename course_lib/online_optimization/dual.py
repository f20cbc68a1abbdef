r"""Dual coordinate descent: a variable a row, exact steps, a lower bound beside the value."""

import itertools
import math
from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._ahead import ROWS_AHEAD, fetch_row
from course_lib._losses import HingeLoss, LogisticLoss, SquaredHingeLoss
from course_lib._validation import as_rng, check_count, check_finite, check_flag
from course_lib.online_optimization._rows import check_rows, lengths

__all__ = ["DualIterate", "sdca"]


SETTLED = 0.1  # spread of the slopes, beside the largest, at which all rows are looked at again
MOST = 1_000_000  # epochs between two iterates
PATIENCE = 10  # or after that many epochs: what remains may settle slowly, and be the wrong rows
NEWTON, CLOSE = 100, 1e-6  # steps for one variable, and the change of the margin that ends them


class DualIterate(NamedTuple):
    """Where a dual method is."""

    x: np.ndarray  # (n,)
    value: float  # the objective there
    lower_bound: float  # no point has a smaller objective


def sdca(loss, *, n_epochs=1, replace=False, rng=None):
    r"""Yield the iterates of dual coordinate descent, and how good they are for certain.

    Parameters
    ----------
    loss : HingeLoss, SquaredHingeLoss or LogisticLoss
        Of an array or a sparse matrix, shape (m, n), with a positive ridge.
    n_epochs : int, default 1
        Epochs between two iterates that are yielded, from 1 to a million: value and bound cost
        half an epoch or so.
    replace : bool, default False
        Whether an epoch draws as many rows as there are with replacement, as theorems have it, in
        place of a random order.
    rng : int, Generator or None, default None
        Draws or orders the rows anew in each epoch.

    Yields
    ------
    DualIterate
        ``x`` (n,), the loss there, and a lower bound on the minimum; without end. The first one
        is zero. An epoch looks at each row once; of the hinge losses it leaves out rows whose
        variable has long stood at an end of its range, and looks at them again when the others
        are settled.

    Raises
    ------
    ValueError, TypeError
        If ``loss`` is none of them or has no ridge, ``n_epochs`` is no positive integer,
        ``replace`` is no truth value, or the data are not finite. At the first ``next``.

    See Also
    --------
    course_lib.batch_optimization.bmrm : whose rounds can be shared by machines.

    Notes
    -----
    The dual has a variable :math:`\alpha_i` from 0 to 1 for each row, and :math:`x = \frac{1}
    {\lambda m} \sum_i \alpha_i b_i a_i`; that of a squared hinge has no upper end. A step makes one
    of them the best it can be: exactly for the hinge losses, by Newton's method for the logistic
    loss.

    **Cost.** A step reads and writes the weights of its row: :math:`O(\text{nnz})` an epoch.
    Memory four numbers a row beside the data.

    **Guarantee.** ``lower_bound`` is the dual value, :math:`\frac1m \sum_i -\phi_i^\ast(-\alpha_i)
    - \frac\lambda2 \|x\|^2`, true for any :math:`\alpha` (weak duality). Rows drawn with
    replacement come within :math:`\epsilon` on average after :math:`O(m + R^2/(\lambda\epsilon))`
    steps of the hinge loss, and after a number of steps of the others, which are smooth, that grows
    with :math:`\log(1/\epsilon)` ([2], `kernel_training.sdca_epochs`); without ``replace`` they
    come in random order, each once an epoch, of which less is known.

    References
    ----------
    .. [1] C.-J. Hsieh et al., "A dual coordinate descent method for large-scale linear SVM", ICML
       2008, Algorithm 3.
    .. [2] S. Shalev-Shwartz, T. Zhang, "Stochastic dual coordinate ascent methods for regularized
       loss minimization", JMLR 14, 2013.

    Examples
    --------
    >>> from course_lib.batch_optimization import HingeLoss
    >>> steps = sdca(HingeLoss([[1.0]], [1], ridge=2.0))    # max(1 - x, 0) + x**2, least at 1/2
    >>> next(steps).value
    1.0
    >>> next(steps)
    DualIterate(x=array([0.5]), value=0.75, lower_bound=0.75)
    """
    rows = check_rows(loss, (HingeLoss, SquaredHingeLoss, LogisticLoss))
    if not loss.ridge > 0:
        raise ValueError("loss must have a positive ridge; got 0, try 1e-4.")
    n_epochs = check_count(n_epochs, "n_epochs", low=1, high=MOST)
    replace, rng = check_flag(replace, "replace"), as_rng(rng)
    squares = lengths(rows)
    box = 1 / (loss.ridge * loss.count)
    check_finite(box * squares, "A or ridge")
    m, n = loss.data.shape
    x, alphas = np.zeros(n), np.zeros(m)
    if isinstance(loss, LogisticLoss):
        epochs = _logistic_epochs(rows, squares, box, x, alphas, replace, rng)
    else:
        bend, top = (0.0, box) if isinstance(loss, HingeLoss) else (0.5 / box, np.inf)
        epochs = _hinge_epochs(rows, squares, bend, top, x, alphas, replace, rng)
    for _ in itertools.islice(epochs, 0, None, n_epochs):
        yield _certified(loss, x, alphas, box)


def _certified(loss, x, alphas, box):
    """Return the iterate with its value and the value of the dual."""
    found = x.astype(loss.b.dtype)
    value = math.log(2) if isinstance(loss, LogisticLoss) else 1.0  # at zero
    value *= len(alphas) / loss.count
    if x.any():
        z = check_finite(loss.A @ found, "A or ridge")
        value = float(loss.value(z))
    if isinstance(loss, HingeLoss):
        gain = float(alphas.sum()) / box
    elif isinstance(loss, SquaredHingeLoss):
        gain = float((alphas / box).sum()) - float(alphas @ alphas) / (2 * box) ** 2
    else:
        gain = _entropy(alphas / box)
    bound = gain / loss.count - 0.5 * loss.ridge * float(x @ x)
    return DualIterate(found, value, bound)


def _hinge_epochs(rows, squares, bend, top, x, alphas, replace, rng):
    """Make the epochs of Hsieh et al. with shrinking; pause before each."""
    m = len(squares)
    active, n_active = np.arange(m, dtype=np.int32), m
    low, high = -np.inf, np.inf
    for epoch in itertools.count():
        yield
        if replace:
            active[:] = rng.integers(0, m, m)
        else:
            active[:n_active] = rng.permutation(active[:n_active])
        n_active, least, most = _hinge_epoch(
            rows.data, rows.indices, rows.starts, rows.b, squares, bend, top, x, alphas,
            active, n_active, low, high,
        )  # fmt: skip
        settled = n_active == 0 or most - least <= SETTLED * max(most, -least, 0.1)
        if replace or settled or epoch % PATIENCE == PATIENCE - 1:
            n_active, low, high = m, -np.inf, np.inf
        else:
            low = least if least < 0 else -np.inf
            high = most if most > 0 else np.inf


def _logistic_epochs(rows, squares, box, x, alphas, replace, rng):
    """Make epochs over all rows; pause before each."""
    m = len(squares)
    while True:
        yield
        order = rng.integers(0, m, m) if replace else rng.permutation(m)
        _logistic_epoch(
            rows.data, rows.indices, rows.starts, rows.b, squares, box, x, alphas, order
        )


@njit(cache=True)
def _hinge_epoch(
    data, indices, starts, b, squares, bend, top, x, alphas, active, n_active, low, high
):  # fmt: skip
    """Step along each active variable; put those at an end of the range, and content, aside.

    Variables lie between 0 and ``top``; ``bend`` is the curvature that the loss adds.
    """
    least, most = np.inf, -np.inf
    s = 0
    while s < n_active:
        i, ahead = active[s], active[min(s + ROWS_AHEAD, n_active - 1)]
        fetch_row(data, indices, starts[ahead], starts[ahead + 1])
        margin = 0.0
        for p in range(starts[i], starts[i + 1]):
            margin += x[indices[p]] * data[p]
        before, curve = alphas[i], squares[i] + bend
        slope = b[i] * margin - 1 + bend * before
        pull = slope
        if (before <= 0 and slope > high) or (before >= top and slope < low):
            n_active -= 1
            active[s], active[n_active] = active[n_active], i
            continue
        s += 1
        if before <= 0:
            pull = min(slope, 0.0)
        elif before >= top:
            pull = max(slope, 0.0)
        least, most = min(least, pull), max(most, pull)
        if pull != 0:
            now = top
            if slope > -top * curve:
                now = min(max(before - slope / curve, 0.0), top)
            elif slope > 0:
                now = 0.0
            alphas[i] = now
            change = (now - before) * b[i]
            for p in range(starts[i], starts[i + 1]):
                x[indices[p]] += change * data[p]
    return n_active, least, most


@njit(cache=True)
def _logistic_epoch(data, indices, starts, b, squares, box, x, alphas, order):
    """Step along each variable: solve for the margin that agrees with its own slope."""
    for k in range(len(order)):
        i, ahead = order[k], order[min(k + ROWS_AHEAD, len(order) - 1)]
        fetch_row(data, indices, starts[ahead], starts[ahead + 1])
        margin = 0.0
        for p in range(starts[i], starts[i + 1]):
            margin += x[indices[p]] * data[p]
        before, bend = alphas[i], box * squares[i]
        rest = b[i] * margin - squares[i] * before  # without this row
        left, right = rest, rest + bend
        u = b[i] * margin
        for _ in range(NEWTON):
            share = 1 / (1 + np.exp(u))
            error = u - rest - bend * share
            if error > 0:
                right = u
            else:
                left = u
            after = u - error / (1 + bend * share * (1 - share))
            if not left < after < right:  # an end twice in turn would never settle
                after = 0.5 * (left + right)
            if abs(after - u) <= CLOSE:
                break
            u = after
        now = box / (1 + np.exp(u))
        alphas[i] = now
        change = (now - before) * b[i]
        for p in range(starts[i], starts[i + 1]):
            x[indices[p]] += change * data[p]


@njit(cache=True)
def _entropy(shares):
    """Return the sum of the entropies of coins, in nats."""
    total = 0.0
    for p in shares:
        if 0 < p < 1:
            total -= p * np.log(p) + (1 - p) * np.log1p(-p)
    return total
