r"""Consensus ADMM: machines fit their own rows and bargain until they agree."""

from typing import NamedTuple

import numpy as np

from course_lib._team import Team
from course_lib._validation import check_number
from course_lib.parallel_optimization.averaging import minimize, ridged_blocks

__all__ = ["ConsensusIterate", "admm"]


class ConsensusIterate(NamedTuple):
    """Where the machines are."""

    x: np.ndarray  # (n,): what they agree on
    value: float  # the objective there
    disagreement: float  # root mean square distance of the machines' models from x
    moved: float  # how far x has moved in this round


def admm(loss, n_blocks=2, *, rho=None, tol=1e-12, client=None, meter=None):
    r"""Yield the iterates of consensus ADMM with a machine for each block of rows.

    In a round machine i minimizes :math:`f_i(x) + \tfrac\rho2 \|x - z + u_i\|^2` over its own
    rows, z becomes the minimizer of what is left, the ridge and the squares, and
    :math:`u_i \mathrel{+}= x_i - z`.

    Parameters
    ----------
    loss : LogisticLoss with a ridge
        Or another smooth mean loss with a ridge.
    n_blocks : int, default 2
        From 1 to the number of rows.
    rho : float, optional
        :math:`\rho`, positive; the ridge by default. Speed hangs on it.
    tol : float, default 1e-12
        Each machine comes so near to the minimum of its own problem.
    client, meter
        As for `average_models`.

    Yields
    ------
    ConsensusIterate
        The first is zero, before any round; it goes on for ever.

    Raises
    ------
    ValueError, TypeError
        As `average_models`; as with every generator, at the first ``next``.

    Notes
    -----
    **Cost.** A round is two messages a block, n numbers each way: z goes out, and what comes back
    is :math:`x_i + u_i`, all that z needs; the machine knows it, and with the next z also
    :math:`u_i`. The value is computed here and not counted.

    **Guarantee.** :math:`f(z) \to f^\ast` for every :math:`\rho > 0` ([1], Section 3.2.1), with
    exact minimizers and no promise how soon.

    References
    ----------
    .. [1] S. Boyd, N. Parikh, E. Chu, B. Peleato, J. Eckstein, "Distributed optimization and
       statistical learning via the alternating direction method of multipliers", Found. Trends
       Mach. Learn. 3(1), 2011.

    Examples
    --------
    >>> from course_lib.batch_optimization import LogisticLoss
    >>> loss = LogisticLoss([[1.0], [1.0], [1.0], [1.0]], [1, 1, 1, -1], ridge=0.1)
    >>> rounds = admm(loss, 2)
    >>> [round(next(rounds).value, 4) for _ in range(4)]     # the minimum is 0.6025
    [0.6931, 0.6219, 0.6068, 0.6035]
    """
    blocks, _ = ridged_blocks(loss, n_blocks)
    ridge, n, p = loss.ridge, loss.data.shape[1], len(blocks)
    rho = ridge if rho is None else check_number(rho, "rho", low=0, open_low=True, open_high=True)
    tol = check_number(tol, "tol", low=0, open_low=True)
    for block in blocks:
        block.ridge = 0.0  # the ridge belongs to z
    team = Team(blocks, np.arange(p + 1), client, meter)
    z, held = np.zeros(n, loss.b.dtype), np.zeros((p, n), loss.b.dtype)
    yield ConsensusIterate(z, loss.evaluate(z)[0], 0.0, 0.0)
    while True:
        before, u = z, held - z
        held = team.map(_bargain, held, z, rho, tol)
        z = (rho / (ridge + p * rho) * held.sum(0)).astype(held.dtype)
        apart = float(np.sqrt(((held - u - z) ** 2).sum(1).mean()))
        moved = float(np.linalg.norm(z - before))
        yield ConsensusIterate(z, loss.evaluate(z)[0], apart, moved)


def _bargain(block, held, z, rho, tol):
    u = held[0] - z
    return (minimize(block, z - u, tol, rho, start=z) + u)[None]
