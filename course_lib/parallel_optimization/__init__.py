"""Parallel optimization: what machines must tell each other, how often, and what if one is late.

In the order to read it::

    collectives   star, tree, doubling, halving: one text, two engines
    rings         ring, two_level, all_gather: the same round rings
    links         SimulatedLink, MpiLink: what a rank sends and receives by
    simulator     simulate: the ranks of a simulated cluster, that may be late or crash
    mpi           on_mpi, mpi_run, mpi_missing: the same over MPI
    costs         collective_cost, crossover_bytes: the alpha-beta model of each
    ranks         RankLoss: a loss over ranks that all run the same method
    averaging     average_models: one round
    consensus     admm: many rounds, few of them hard
    delay         delayed_gradient, delay_limit, best_delay_step, delay_rate, delay_regret_bound
    server        parameter_server: gradients of all ages
    hogwild       hogwild, sharing: threads without locks
    compression   top_k, one_bit, ErrorFeedback, feedback_bound
    compressed    compressed_descent: workers that send such messages to a server
    queues        makespan, makespan_bound, simulate_work, work_queue

Gradient sums, BMRM and L-BFGS on Dask are ``DistributedLoss`` of `batch_optimization`; stochastic
gradients without staleness are ``sgd`` of `matrix_completion`.

Book: ``book/15-parallel-optimization.md``. Lab: ``labs/15-parallel-optimization``.
"""

from course_lib.parallel_optimization.averaging import Averaged, average_models
from course_lib.parallel_optimization.collectives import (
    COLLECTIVES,
    doubling,
    halving,
    star,
    tree,
)
from course_lib.parallel_optimization.compressed import CompressedIterate, compressed_descent
from course_lib.parallel_optimization.compression import (
    ErrorFeedback,
    OneBit,
    TopK,
    feedback_bound,
    one_bit,
    top_k,
)
from course_lib.parallel_optimization.consensus import ConsensusIterate, admm
from course_lib.parallel_optimization.costs import (
    CollectiveCost,
    collective_cost,
    crossover_bytes,
)
from course_lib.parallel_optimization.delay import (
    best_delay_step,
    delay_limit,
    delay_rate,
    delay_regret_bound,
    delayed_gradient,
)
from course_lib.parallel_optimization.hogwild import Sharing, hogwild, sharing
from course_lib.parallel_optimization.links import MpiLink, SimulatedLink
from course_lib.parallel_optimization.mpi import mpi_missing, mpi_run, on_mpi
from course_lib.parallel_optimization.queues import (
    QueueRun,
    makespan,
    makespan_bound,
    simulate_work,
    work_queue,
)
from course_lib.parallel_optimization.ranks import RankLoss
from course_lib.parallel_optimization.rings import all_gather, ring, two_level
from course_lib.parallel_optimization.server import ServerRun, parameter_server
from course_lib.parallel_optimization.simulator import Simulated, simulate

__all__ = [
    "COLLECTIVES",
    "Averaged",
    "CollectiveCost",
    "CompressedIterate",
    "ConsensusIterate",
    "ErrorFeedback",
    "MpiLink",
    "OneBit",
    "QueueRun",
    "RankLoss",
    "ServerRun",
    "Sharing",
    "Simulated",
    "SimulatedLink",
    "TopK",
    "admm",
    "all_gather",
    "average_models",
    "best_delay_step",
    "collective_cost",
    "compressed_descent",
    "crossover_bytes",
    "delay_limit",
    "delay_rate",
    "delay_regret_bound",
    "delayed_gradient",
    "doubling",
    "feedback_bound",
    "halving",
    "hogwild",
    "makespan",
    "makespan_bound",
    "mpi_missing",
    "mpi_run",
    "on_mpi",
    "one_bit",
    "parameter_server",
    "ring",
    "sharing",
    "simulate",
    "simulate_work",
    "star",
    "top_k",
    "tree",
    "two_level",
    "work_queue",
]
