"""Batch methods: how many times must all rows be read until the model is good?

In the order to read it::

    _losses, below   SquaredLoss, LogisticLoss, HuberLoss, HingeLoss, SquaredHingeLoss
    descent          subgradient, momentum, ogm, conjugate_gradients
    bounds           gd_bound, ogm_bound, momentum_bound, subgradient_bound, bmrm_rounds, gap_bound
    worst_case       chain, chain_bound: what no method of this kind can beat
    quasi_newton     lbfgs, two_loop: curvature from the last steps
    bundle           bmrm, bundle_minimum: cutting planes, with a lower bound beside the value
    distributed      DistributedLoss: the rows on several machines, one round an evaluation

``_line_search`` finds the step of `lbfgs`, ``_simplex`` solves the small problem of `bmrm`.
Gradient descent is ``ista(loss, 0)``, Nesterov's method ``fista(loss, 0)`` of `sparse_coding`.

Book: ``book/13-batch-optimization.md``. Lab: ``labs/13-batch-optimization``.
"""

from course_lib._losses import (
    HingeLoss,
    HuberLoss,
    LogisticLoss,
    SquaredHingeLoss,
    SquaredLoss,
)
from course_lib.batch_optimization.bounds import (
    bmrm_rounds,
    gap_bound,
    gd_bound,
    momentum_bound,
    ogm_bound,
    subgradient_bound,
)
from course_lib.batch_optimization.bundle import BundleIterate, bmrm, bundle_minimum
from course_lib.batch_optimization.descent import (
    conjugate_gradients,
    momentum,
    ogm,
    subgradient,
)
from course_lib.batch_optimization.distributed import DistributedLoss
from course_lib.batch_optimization.quasi_newton import GradientIterate, lbfgs, two_loop
from course_lib.batch_optimization.worst_case import Chain, chain, chain_bound

__all__ = [
    "BundleIterate",
    "Chain",
    "DistributedLoss",
    "GradientIterate",
    "HingeLoss",
    "HuberLoss",
    "LogisticLoss",
    "SquaredHingeLoss",
    "SquaredLoss",
    "bmrm",
    "bmrm_rounds",
    "bundle_minimum",
    "chain",
    "chain_bound",
    "conjugate_gradients",
    "gap_bound",
    "gd_bound",
    "lbfgs",
    "momentum",
    "momentum_bound",
    "ogm",
    "ogm_bound",
    "subgradient",
    "subgradient_bound",
    "two_loop",
]
