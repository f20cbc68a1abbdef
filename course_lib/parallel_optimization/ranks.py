"""A loss whose rows are spread over ranks that all run the same program."""

import numpy as np

from course_lib._losses import with_ridge
from course_lib._validation import check_vector
from course_lib.parallel_optimization.links import MpiLink
from course_lib.parallel_optimization.mpi import on_mpi
from course_lib.parallel_optimization.rings import ring

__all__ = ["RankLoss"]


class RankLoss:
    r"""This rank's rows of a loss; an evaluation is one all-reduce over the ranks.

    Every rank runs the same method, such as `lbfgs`. Since an all-reduce gives the same bits to
    all, they all make the same decisions, and nobody leads.

    Parameters
    ----------
    loss : HingeLoss, LogisticLoss, SquaredLoss or HuberLoss
        With all rows, or those of a file that is mapped; this rank reads its own only. A loss of
        the rank's own rows alone will do if ``mine`` is true.
    link : MpiLink or mpi4py.MPI.Comm
    all_reduce : callable, default ring
        A program such as `ring`.

    Attributes
    ----------
    rounds : int
        All-reduces so far.

    Raises
    ------
    ValueError, TypeError
        If the loss has fewer rows than there are ranks.

    Notes
    -----
    **Cost.** An evaluation all-reduces :math:`n + 1` numbers.

    **Guarantee.** The same as the loss up to the rounding of sums in another order.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from course_lib.batch_optimization import SquaredLoss
    >>> alone = SimpleNamespace(rank=0, size=1)
    >>> RankLoss(SquaredLoss(np.eye(2), np.ones(2)), alone).evaluate(np.zeros(2))
    (1.0, array([-1., -1.]))
    """

    def __init__(self, loss, link, *, all_reduce=ring):
        self.link = link if isinstance(link, MpiLink) else MpiLink(link)
        m, rank, size = len(loss.b), self.link.rank, self.link.size
        if m < size:
            raise ValueError(f"loss must have a row for each of {size} ranks; it has {m}.")
        self._block = loss.block(m * rank // size, m * (rank + 1) // size)
        self._all_reduce, self.rounds = all_reduce, 0
        self.ridge, self.A, self.b = loss.ridge, _Columns(loss.data.shape[1]), self._block.b
        self._sum = np.empty(loss.data.shape[1] + 1, self.b.dtype)

    def risk(self, x):
        """Return the loss without its ridge, and its gradient."""
        x = check_vector(x, "x", self.A.shape[1], dtype=self.b.dtype)
        self._sum[0], self._sum[1:] = self._block.risk(x)
        on_mpi(self._all_reduce, self._sum, self.link, out=self._sum)
        self.rounds += 1
        return float(self._sum[0]), self._sum[1:].copy()

    def evaluate(self, x):
        """Return the loss at ``x`` and its gradient."""
        return with_ridge(self, x, *self.risk(x))


class _Columns:
    """What a method asks of ``A`` before it starts: how many columns there are."""

    def __init__(self, n):
        self.shape = (n, n)
