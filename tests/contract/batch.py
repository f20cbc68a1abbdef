"""How the public functions of `course_lib.batch_optimization` are called when all is well."""

import numpy as np

from course_lib import batch_optimization as bo
from tests.contract.judge import Call

__all__ = ["BATCH"]

rng = np.random.default_rng(13)
A = rng.standard_normal((12, 5))
b = rng.standard_normal(12)
signs = np.where(b > 0, 1.0, -1.0)
S = rng.standard_normal((3, 5))
Y = 2 * S + 0.01 * rng.standard_normal((3, 5))
AT_ZERO = {"None": "starts at zero"}
logistic = bo.LogisticLoss(A, signs, ridge=0.1)
squared = bo.SquaredLoss(A, b, ridge=0.1)


def loss(kind, target):
    """A loss as a function of its matrix, target and numbers: its value and slope at ones."""
    return Call(
        f"batch_optimization.{kind.__name__}",
        lambda A, b, **numbers: kind(A, b, **numbers).evaluate(np.ones(5)),
        A=A,
        b=target,
        ridge=0.1,
        **({"width": 0.5} if kind is bo.HuberLoss else {}),
    )


BATCH = [
    loss(bo.SquaredLoss, b),
    loss(bo.HuberLoss, b),
    loss(bo.LogisticLoss, signs),
    loss(bo.HingeLoss, signs),
    loss(bo.SquaredHingeLoss, signs),
    Call(
        "batch_optimization.DistributedLoss",
        lambda A, n_blocks: bo.DistributedLoss(bo.SquaredLoss(A, b), n_blocks).evaluate(np.ones(5)),
        A=A,
        n_blocks=2,
    ),
    Call(
        "batch_optimization.subgradient",
        lambda A, x0, step: bo.subgradient(bo.HingeLoss(A, signs, ridge=0.1), x0=x0, step=step),
        A=A,
        x0=np.zeros(5),
        step=0.5,
        excused={"None": "is the default"},
    ),
    Call(
        "batch_optimization.momentum",
        lambda **k: bo.momentum(logistic, **k),
        x0=np.zeros(5),
        strong_convexity=0.05,
        excused={"None": "is the default"},
    ),
    Call(
        "batch_optimization.ogm",
        lambda **k: bo.ogm(logistic, **k),
        n_steps=3,
        x0=np.zeros(5),
        excused=AT_ZERO,
    ),
    Call(
        "batch_optimization.conjugate_gradients",
        lambda **k: bo.conjugate_gradients(squared, **k),
        x0=np.zeros(5),
        excused=AT_ZERO,
    ),
    Call(
        "batch_optimization.lbfgs",
        lambda **k: bo.lbfgs(logistic, **k),
        memory=3,
        x0=np.zeros(5),
        excused=AT_ZERO,
    ),
    Call("batch_optimization.two_loop", bo.two_loop, S=S, Y=Y, g=np.ones(5)),
    Call(
        "batch_optimization.bmrm",
        lambda A, b: bo.bmrm(bo.HingeLoss(A, b, ridge=0.1)),
        A=A,
        b=signs,
    ),
    Call(
        "batch_optimization.bundle_minimum",
        lambda **k: bo.bundle_minimum(**k)[:2],
        slopes=S,
        offsets=np.array([0.1, 0.2, 0.0]),
        ridge=0.5,
        weights=np.array([0.5, 0.25, 0.25]),
        slack=1e-12,
        excused={"None": "is the default"},
    ),
    Call("batch_optimization.chain", lambda **k: bo.chain(**k)[1:], n=3, smoothness=2.0),
    Call("batch_optimization.chain_bound", bo.chain_bound, smoothness=2.0, n=5, k=2),
    Call("batch_optimization.gd_bound", bo.gd_bound, smoothness=2.0, distance=1.0, k=3),
    Call("batch_optimization.ogm_bound", bo.ogm_bound, smoothness=2.0, distance=1.0, n_steps=3),
    Call(
        "batch_optimization.momentum_bound",
        bo.momentum_bound,
        smoothness=2.0,
        strong_convexity=0.5,
        start_gap=1.0,
        distance=1.0,
        k=3,
    ),
    Call(
        "batch_optimization.subgradient_bound", bo.subgradient_bound, lipschitz=2.0, ridge=0.5, k=3
    ),
    Call(
        "batch_optimization.bmrm_rounds",
        bo.bmrm_rounds,
        lipschitz=2.0,
        ridge=0.5,
        gap=0.1,
        start=1.0,
    ),
    Call("batch_optimization.gap_bound", bo.gap_bound, gradient=np.ones(5), strong_convexity=0.5),
]
