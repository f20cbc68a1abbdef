r"""A loss whose rows are spread over machines: each evaluation is one sum over them."""

import copy
import functools
import itertools

import numpy as np
import scipy.sparse as sp

from course_lib._losses import with_ridge
from course_lib._spectrum import SMALL, top_eigenvalue
from course_lib._team import Team, cuts
from course_lib._validation import check_count, check_finite, check_vector

__all__ = ["DistributedLoss", "row_blocks"]


class DistributedLoss:
    r"""A loss cut into blocks of rows, each on a machine of its own.

    The model travels to the machines, one value and one gradient come back from each, and their
    sums are the value and the gradient of the whole. The ridge is added here. It can be given to
    every method that takes a loss: `lbfgs`, `bmrm`, `subgradient`, `ogm`, and also `momentum`,
    `ista` and `fista`; for these ``loss.A @ x`` is ``x`` itself.

    Parameters
    ----------
    loss : HingeLoss, LogisticLoss, SquaredLoss or HuberLoss
        Its matrix must have rows to cut: an array, a memory-mapped one too, or a sparse matrix.
    n_blocks : int, default 2
        From 1 to the number of rows. Blocks of sparse rows hold about equally many entries.
    client : distributed.Client, optional
        Where the blocks live; without one there is a thread for each block.
    meter : cost.Meter, optional
        Counts messages, bytes sent and rounds.

    Attributes
    ----------
    ridge, smoothness : float
        As of the loss.

    Raises
    ------
    ValueError, TypeError
        If the matrix has no rows to cut, or ``n_blocks`` is out of range.

    Notes
    -----
    **Cost.** An evaluation takes two messages a block, in two rounds: :math:`n` numbers out,
    :math:`n + 1` back. `value` and `gradient` at one point are one evaluation together;
    `momentum` and `fista` ask at two points a step, which makes two.
    `smoothness` takes as many sums as its Lanczos iteration has steps, two products each.

    **Guarantee.** The same as the loss up to the rounding of sums in another order, for every
    number of blocks.

    Examples
    --------
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> from course_lib.cost import Meter
    >>> meter = Meter()
    >>> loss = DistributedLoss(SquaredLoss(np.eye(4), np.ones(4)), 2, meter=meter)
    >>> loss.evaluate(np.zeros(4))
    (2.0, array([-1., -1., -1., -1.]))
    >>> meter                                               # 2 * (32 out + 40 back)
    Meter(messages=4, sent_bytes=144, rounds=2)
    """

    def __init__(self, loss, n_blocks=2, *, client=None, meter=None):
        _, blocks = row_blocks(loss, n_blocks)
        n = loss.data.shape[1]
        self._team = Team(blocks, client=client, meter=meter)
        self._curvature = getattr(loss, "curvature", None)
        self._lipschitz_scale = getattr(loss, "count", None)
        self._known = None
        self.ridge, self.A, self.b = loss.ridge, _Same(n, loss.b.dtype), np.zeros(0, loss.b.dtype)

    def risk(self, x):
        """Return the loss without its ridge, and its gradient: one sum over the machines."""
        x = check_vector(x, "x", self.A.shape[1], dtype=self.b.dtype)
        if self._known is None or not np.array_equal(self._known[0], x):
            value, gradient = self._team.sum(_risk, x)
            self._known = x.copy(), float(value), check_finite(gradient)
        return self._known[1], self._known[2].copy()

    def evaluate(self, x):
        """Return the loss at ``x`` and its gradient: one sum over the machines."""
        return with_ridge(self, x, *self.risk(x))

    def value(self, z):
        """Return the loss at ``z``, which is ``x``."""
        return self.evaluate(z)[0]

    def gradient(self, z):
        """Return the gradient at ``z``, which is ``x``."""
        return self.evaluate(z)[1]

    @functools.cached_property
    def smoothness(self):
        """The Lipschitz constant of the gradient; found at its first use."""
        if self._curvature is None:
            raise TypeError(
                "the hinge has no smoothness, its slope jumps; use bmrm or subgradient."
            )
        return self._curvature * self._top + self.ridge

    @functools.cached_property
    def lipschitz(self):
        """A bound on the gradients without ridge, of a mean loss; found at its first use."""
        if self._lipschitz_scale is None:
            raise TypeError("squares and their sums have no bounded slope; use a mean loss.")
        return float(np.sqrt(self._top / self._lipschitz_scale))

    @functools.cached_property
    def _top(self):
        n = self.A.shape[1]
        if n <= SMALL:
            return float(np.linalg.eigvalsh(self._team.sum(_gram, np.eye(n)))[-1])
        return top_eigenvalue(lambda v: self._team.sum(_gram, np.ravel(v)), n)


def row_blocks(loss, n_blocks):
    """Cut a loss into blocks of rows; return where each begins, and the blocks."""
    data = getattr(loss, "data", None)
    if sp.issparse(data):
        loss = copy.copy(loss)
        loss.data = data.tocsr()
    elif not isinstance(data, np.ndarray):
        raise TypeError(
            "loss must hold an array or a sparse matrix, whose rows can be cut; "
            f"got {type(loss).__name__} of {type(data).__name__}."
        )
    m = loss.data.shape[0]
    n_blocks = check_count(n_blocks, "n_blocks", low=1, high=m, high_name="rows")
    if sp.issparse(data):
        edges = cuts(loss.data.indptr, n_blocks)
    else:
        edges = np.linspace(0, m, n_blocks + 1).astype(np.int64)
    return edges, [loss.block(a, b) for a, b in itertools.pairwise(edges)]


class _Same:
    """The identity: what stands for ``A`` where products stay on the machines."""

    def __init__(self, n, dtype):
        self.shape, self.dtype, self.ndim = (n, n), dtype, 2

    def __matmul__(self, x):
        return x


def _risk(block, x):
    return block.risk(x)


def _gram(block, v):
    return check_finite(block.data.T @ (block.data @ v))
