"""How the public functions of `course_lib.online_optimization` are called when all is well."""

import numpy as np

from course_lib import online_optimization as oo
from course_lib.batch_optimization import HingeLoss, LogisticLoss, SquaredHingeLoss, SquaredLoss
from course_lib.sparse_coding import Iterate
from tests.contract.judge import Call, fitted

__all__ = ["ONLINE"]

rng = np.random.default_rng(14)
A = rng.standard_normal((12, 5))
signs = np.where(rng.standard_normal(12) > 0, 1.0, -1.0)
AT_ZERO = {"None": "starts at zero"}
DEFAULT = {"None": "is the default"}
logistic = LogisticLoss(A, signs, ridge=0.1)
bare = LogisticLoss(A, signs)
lines = [lambda x, g=g: (float(g * x.sum()), np.full_like(x, g)) for g in A[0]]


def taken(generator, steps=3):
    """The first few iterates."""
    return lambda **k: [step for step, _ in zip(generator(**k), range(steps), strict=False)]


def played(method, **options):
    return taken(lambda x0, **k: method(lines, x0, **options, **k))


MOMENTS = {"x0": np.ones(5), "step": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-8}
ONLINE = [
    Call("online_optimization.project_ball", oo.project_ball, v=A[0], radius=0.5),
    Call("online_optimization.project_l1", oo.project_l1, v=A[0], radius=0.5),
    Call("online_optimization.project_simplex", oo.project_simplex, v=A[0], total=0.5),
    Call(
        "online_optimization.rounds_of",
        lambda A: [f(np.ones(5)) for f in oo.rounds_of(SquaredLoss(A, signs))],
        A=A,
    ),
    Call("online_optimization.ogd", played(oo.ogd), x0=np.ones(5), step=0.1, delays=1.0),
    Call(
        "online_optimization.ogd with delays",
        played(oo.ogd),
        x0=np.ones(5),
        delays=np.array([0.0, 2.0, 1.0, 0.0]),
        fixed=["delays"],
    ),
    Call(
        "online_optimization.ogd_pass",
        lambda **k: oo.ogd_pass(bare, **k),
        step=0.1,
        radius=1.0,
        delays=np.arange(12.0),
        x0=np.ones(5),
        excused=AT_ZERO | {"a number": "serves all rows", "infinity": "never comes"},
    ),
    Call(
        "online_optimization.ogd_pass of rows",
        lambda A: oo.ogd_pass(LogisticLoss(A, signs)),
        A=A,
    ),
    Call("online_optimization.adam", played(oo.adam), **MOMENTS),
    Call("online_optimization.amsgrad", played(oo.amsgrad), **MOMENTS),
    Call(
        "online_optimization.reddi_stream",
        lambda **k: [f(np.ones(1)) for f in taken(oo.reddi_stream)(**k)],
        C=3.0,
        n_rounds=4,
    ),
    Call(
        "online_optimization.averaged",
        lambda A, power: taken(oo.averaged)(steps=[Iterate(x, 1.0) for x in A], power=power),
        A=A,
        power=1.0,
        fixed=["A"],
    ),
    Call(
        "online_optimization.svrg",
        taken(lambda **k: oo.svrg(logistic, **k)),
        x0=np.ones(5),
        step=0.1,
        n_inner=9,
        rng=0,
        excused=DEFAULT,
    ),
    Call(
        "online_optimization.svrg of rows",
        taken(lambda A: oo.svrg(SquaredLoss(A, signs, ridge=0.1), rng=0)),
        A=A,
    ),
    Call(
        "online_optimization.saga",
        taken(lambda **k: oo.saga(logistic, **k)),
        x0=np.ones(5),
        step=0.1,
        rng=0,
        excused=DEFAULT,
    ),
    Call(
        "online_optimization.row_smoothness",
        lambda A: oo.row_smoothness(LogisticLoss(A, signs)),
        A=A,
    ),
    Call(
        "online_optimization.sdca",
        taken(lambda A, **k: oo.sdca(HingeLoss(A, signs, ridge=0.1), **k)),
        A=A,
        n_epochs=2,
        rng=0,
    ),
    Call(
        "online_optimization.sdca of squared hinges",
        taken(lambda A, **k: oo.sdca(SquaredHingeLoss(A, signs, ridge=0.1), rng=0, **k)),
        A=A,
        replace=True,
    ),
    Call(
        "online_optimization.Pegasos",
        fitted(oo.Pegasos, "decision_function", new=A),
        X=A,
        y=signs,
        alpha=0.1,
        random_state=0,
        fixed=["y"],
    ),
    Call("online_optimization.best_step", oo.best_step, diameter=2.0, lipschitz=1.5),
    Call("online_optimization.regret_bound", oo.regret_bound, diameter=2.0, lipschitz=1.5, k=3,
         step=0.5),
    Call("online_optimization.reddi_regret", oo.reddi_regret, C=3.0),
    Call("online_optimization.pegasos_bound", oo.pegasos_bound, length=2.0, alpha=0.1, k=3),
    Call("online_optimization.svrg_rate", oo.svrg_rate, finite=False, smoothness=2.0,
         strong_convexity=0.1, step=0.1, n_inner=100),
    Call("online_optimization.saga_bound", oo.saga_bound, smoothness=2.0, strong_convexity=0.1,
         n=10, distance=1.0, start_gap=0.5, k=3),
]  # fmt: skip
