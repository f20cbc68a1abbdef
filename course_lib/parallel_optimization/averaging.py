r"""One round: every machine fits its own rows, and the models are averaged."""

from typing import NamedTuple

import numpy as np

from course_lib._losses import with_ridge
from course_lib._team import Team
from course_lib._validation import check_number
from course_lib.batch_optimization import gap_bound, lbfgs
from course_lib.batch_optimization.distributed import row_blocks

__all__ = ["Averaged", "average_models", "minimize"]

MOST_STEPS = 2000


class Averaged(NamedTuple):
    """The average, and the models of which it is made."""

    x: np.ndarray  # (n,)
    models: np.ndarray  # (p, n)
    weights: np.ndarray  # (p,): shares of the rows, which sum to 1


def average_models(loss, n_blocks=2, *, tol=1e-10, client=None, meter=None):
    r"""Return the average of the models that ``n_blocks`` machines fit to their own rows.

    Machine i minimizes the mean loss of its rows with the same ridge; the average weighs it by
    its share of the rows.

    Parameters
    ----------
    loss : LogisticLoss with a ridge
        Or another smooth mean loss with a ridge. Blocks are consecutive rows: shuffle them first.
    n_blocks : int, default 2
        From 1 to the number of rows.
    tol : float, default 1e-10
        Each machine comes so near to its own minimum, by `gap_bound`.
    client : distributed.Client, optional
        Where the blocks live; without one there is a thread for each block.
    meter : cost.Meter, optional
        Counts messages, bytes sent and rounds.

    Returns
    -------
    Averaged

    Raises
    ------
    ValueError, TypeError
        If the loss has no ridge, is no mean over rows, or a number is out of range.

    Notes
    -----
    **Cost.** Two messages a block: the start out, :math:`n` numbers back. An L-BFGS run each.

    **Guarantee.** For p equal blocks of independent rows the average has the expectation of one
    model, and 1/p of its variance: an identity. The squared error of one model beyond its
    variance, its bias, remains: [1] bounds it. Rows that are sorted are not independent.

    References
    ----------
    .. [1] Y. Zhang, J. Duchi, M. Wainwright, "Communication-efficient algorithms for statistical
       optimization", JMLR 14, 2013.

    Examples
    --------
    >>> from course_lib.batch_optimization import LogisticLoss
    >>> loss = LogisticLoss([[1.0], [1.0], [1.0], [1.0]], [1, -1, 1, -1], ridge=1.0)
    >>> average_models(loss, 2).models.round(6).tolist()     # each sees one of both
    [[0.0], [0.0]]
    """
    blocks, edges = ridged_blocks(loss, n_blocks)
    tol = check_number(tol, "tol", low=0, open_low=True)
    team = Team(blocks, np.arange(len(blocks) + 1), client, meter)
    n = loss.data.shape[1]
    models = team.map(_fit, np.zeros((len(blocks), n), loss.b.dtype), tol)
    weights = np.diff(edges) / edges[-1]
    return Averaged((weights @ models).astype(models.dtype), models, weights)


def ridged_blocks(loss, n_blocks):
    """Return blocks of rows, each with its share of the ridge, and where they begin."""
    if not getattr(loss, "ridge", 0) > 0:
        raise ValueError("loss must have a positive ridge, else a machine may have no minimum.")
    if not hasattr(loss, "count") or not hasattr(loss, "curvature"):
        raise TypeError(
            f"loss must be a smooth mean over rows, such as LogisticLoss; "
            f"got {type(loss).__name__}."
        )
    edges, blocks = row_blocks(loss, n_blocks)
    for block, rows in zip(blocks, np.diff(edges), strict=True):
        block.ridge = loss.ridge * float(rows) / loss.count
    return blocks, edges


def _fit(block, own, tol):
    share = len(block.b) / block.count
    return minimize(block, np.zeros(len(own[0])), tol * share)[None]


def minimize(block, center, tol, pull=0.0, start=None):
    r"""Return the minimizer of a block plus ``pull / 2 * |x - center|**2``, to a gap of ``tol``."""
    pulled = _Pulled(block, center, pull)
    bend = block.ridge + pull
    x = start
    for step, iterate in enumerate(lbfgs(pulled, x0=start)):
        x = iterate.x
        if gap_bound(iterate.gradient, bend) <= tol or step >= MOST_STEPS:
            break
    return x


class _Pulled:
    """A loss that pulls to a center, with what `lbfgs` asks of a loss."""

    def __init__(self, block, center, pull):
        self.block, self.center, self.pull = block, center, pull
        self.A, self.b, self.ridge = block.data, block.b, block.ridge

    def evaluate(self, x):
        value, gradient = with_ridge(self, x, *self.block.risk(x))
        off = x - self.center
        return value + 0.5 * self.pull * float(off @ off), gradient + self.pull * off
