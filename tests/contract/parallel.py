"""How the public functions of `course_lib.parallel_optimization` are called when all is well."""

import functools

import numpy as np

from course_lib import parallel_optimization as po
from course_lib.batch_optimization import LogisticLoss, SquaredLoss
from tests.contract.judge import Call

__all__ = ["NOT_CALLED_OF_PARALLEL", "PARALLEL"]

rng = np.random.default_rng(15)
A = rng.standard_normal((12, 5))
signs = np.where(rng.standard_normal(12) > 0, 1.0, -1.0)
x, others = rng.standard_normal(7), rng.standard_normal((3, 7))
DEFAULT = {"None": "is the default"}
AXES = dict.fromkeys(("a number", "two axes", "three axes"), "any number of axes is right")
squares = [SquaredLoss(A[:6], signs[:6]), SquaredLoss(A[6:], signs[6:])]


def taken(generator, steps=3):
    """A function that yields iterates for ever, as one that returns the first few."""

    @functools.wraps(generator)
    def few(*args, **kwargs):
        return [step for step, _ in zip(generator(*args, **kwargs), range(steps), strict=False)]

    return few


PROGRAMS = {**po.COLLECTIVES, "all_gather": po.all_gather}
PROGRAMS["two_level"] = functools.partial(po.two_level, group=2)
NOT_CALLED_OF_PARALLEL = {
    "MpiLink": "takes a communicator",
    "SimulatedLink": "is made by simulate",
    "mpi_missing": "takes nothing",
    "mpi_run": "takes a function and starts processes: tests/test_parallel_engines.py",
    "on_mpi": "takes a program and a communicator: tests/test_parallel_engines.py",
    "RankLoss": "takes a loss and a communicator: tests/test_parallel_engines.py",
    "work_queue": "takes a function",
}
PARALLEL = [
    *[
        Call(
            f"parallel_optimization.{name}",
            lambda x, name=name: po.simulate(PROGRAMS[name], [x] * 4).results[0],
            x=x,
            excused=dict.fromkeys(("NaN", "infinity"), "is summed or sent as any number")
            | {"empty": "the sum of nothing is nothing", **AXES},
        )
        for name in PROGRAMS
    ],
    Call(
        "parallel_optimization.simulate",
        lambda **k: po.simulate(po.ring, others, **k).finished_s,
        alpha_s=1e-5,
        bytes_per_s=1e9,
    ),
    Call(
        "parallel_optimization.simulate starts_s",
        lambda starts_s: po.simulate(po.ring, others, starts_s=starts_s).finished_s,
        starts_s=np.array([0.0, 1.0, 0.5]),
        excused=DEFAULT,
    ),
    Call(
        "parallel_optimization.collective_cost",
        functools.partial(po.collective_cost, "ring"),
        n_ranks=4,
        n_bytes=64.0,
    ),
    Call(
        "parallel_optimization.collective_cost two_level",
        functools.partial(po.collective_cost, "two_level"),
        n_ranks=4,
        n_bytes=64.0,
        group=2,
    ),
    Call(
        "parallel_optimization.crossover_bytes",
        po.crossover_bytes,
        n_ranks=8,
        alpha_s=1e-5,
        bytes_per_s=1e9,
    ),
    Call(
        "parallel_optimization.average_models",
        lambda A, b, n_blocks, tol: tuple(
            po.average_models(LogisticLoss(A, b, ridge=0.1), n_blocks, tol=tol)
        ),
        A=A,
        b=signs,
        n_blocks=2,
        tol=1e-8,
    ),
    Call(
        "parallel_optimization.admm",
        lambda A, b, **k: taken(po.admm)(LogisticLoss(A, b, ridge=0.1), **k),
        A=A,
        b=signs,
        n_blocks=2,
        rho=0.2,
        tol=1e-8,
        excused=DEFAULT,
    ),
    Call(
        "parallel_optimization.delayed_gradient",
        lambda A, **k: taken(po.delayed_gradient)(SquaredLoss(A, signs), **k),
        A=A,
        delay=2,
        step=0.01,
        x0=np.zeros(5),
        excused={"None": "is the default"},
    ),
    Call("parallel_optimization.delay_limit", po.delay_limit, delay=3),
    Call("parallel_optimization.best_delay_step", po.best_delay_step, delay=3),
    Call("parallel_optimization.delay_rate", po.delay_rate, step=0.1, delay=3),
    Call(
        "parallel_optimization.delay_regret_bound",
        po.delay_regret_bound,
        diameter=1.0,
        lipschitz=2.0,
        n_rounds=100,
        delay=4,
    ),
    Call(
        "parallel_optimization.parameter_server",
        lambda **k: po.parameter_server(squares, **k).path,
        n_updates=5,
        step=0.01,
        alpha_s=1e-5,
        bytes_per_s=1e9,
        x0=np.zeros(5),
        excused=DEFAULT,
    ),
    Call(
        "parallel_optimization.parameter_server work_s",
        lambda work_s: po.parameter_server(squares, 5, step=0.01, work_s=work_s).applied_s,
        work_s=np.array([1.0, 2.0]),
        excused={"a number": "one time serves all workers"},
    ),
    Call(
        "parallel_optimization.hogwild",
        lambda A, b, **k: taken(po.hogwild)(LogisticLoss(A, b, ridge=0.1), **k),
        A=A,
        b=signs,
        step=0.1,
        n_threads=1,
        rng=0,
    ),
    Call("parallel_optimization.sharing", po.sharing, A=A, size=5, rng=0),
    Call(
        "parallel_optimization.top_k",
        lambda x, k: po.top_k(x, k).toarray(),
        x=x,
        k=3,
        excused=AXES,
    ),
    Call(
        "parallel_optimization.one_bit",
        lambda x: po.one_bit(x).toarray(),
        x=x,
        excused=AXES,
    ),
    Call(
        "parallel_optimization.ErrorFeedback",
        lambda update: po.ErrorFeedback(po.one_bit).send(update).toarray(),
        update=x,
        excused=AXES,
    ),
    Call(
        "parallel_optimization.compressed_descent",
        lambda x0, step: taken(po.compressed_descent)([lambda x: x], x0, step=step),
        x0=x,
        step=0.1,
        excused={"empty": "nothing moves", **AXES},
    ),
    Call(
        "parallel_optimization.feedback_bound",
        po.feedback_bound,
        delta=0.5,
        step=0.1,
        lipschitz=2.0,
    ),
    Call(
        "parallel_optimization.makespan",
        po.makespan,
        seconds=np.array([1.0, 2.0, 3.0]),
        n_workers=2,
    ),
    Call(
        "parallel_optimization.makespan_bound",
        po.makespan_bound,
        seconds=np.array([1.0, 2.0, 3.0]),
        n_workers=2,
    ),
    Call(
        "parallel_optimization.simulate_work",
        lambda **k: po.simulate_work(**k)[:3],
        seconds=np.array([1.0, 2.0, 3.0]),
        n_workers=2,
        alpha_s=0.1,
        patience_s=10.0,
        finite=False,
    ),
]
