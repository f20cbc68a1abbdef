"""Online and stochastic methods: when is one look at each row enough?

In the order to read it::

    projections          project_ball, project_simplex, project_l1
    descent              ogd, rounds_of: play, hear what it cost, step
    passes               ogd_pass: the same over rows, compiled
    bounds               regret_bound, best_step, reddi_regret, pegasos_bound, svrg_rate, saga_bound
    adaptive             adam, amsgrad, reddi_stream: where Adam fails
    averaging            averaged: means of iterates
    pegasos              Pegasos: a support vector machine from rows that pass
    variance_reduction   svrg, saga, row_smoothness: noise that goes to zero
    dual                 sdca: a variable a row, with a lower bound beside the value

``_rows`` holds what the kernels share. AdaGrad is ``FTRLProximal(alpha=0)`` of `sparse_coding`,
stochastic gradients with a constant step are ``TruncatedGradient(alpha=0)``. Losses are those of
`batch_optimization`.

Book: ``book/14-online-optimization.md``. Lab: ``labs/14-online-optimization``.
"""

from course_lib.online_optimization.adaptive import adam, amsgrad, reddi_stream
from course_lib.online_optimization.averaging import averaged
from course_lib.online_optimization.bounds import (
    best_step,
    pegasos_bound,
    reddi_regret,
    regret_bound,
    saga_bound,
    svrg_rate,
)
from course_lib.online_optimization.descent import ogd, rounds_of
from course_lib.online_optimization.dual import DualIterate, sdca
from course_lib.online_optimization.passes import OnlinePass, ogd_pass
from course_lib.online_optimization.pegasos import Pegasos
from course_lib.online_optimization.projections import project_ball, project_l1, project_simplex
from course_lib.online_optimization.variance_reduction import row_smoothness, saga, svrg

__all__ = [
    "DualIterate",
    "OnlinePass",
    "Pegasos",
    "adam",
    "amsgrad",
    "averaged",
    "best_step",
    "ogd",
    "ogd_pass",
    "pegasos_bound",
    "project_ball",
    "project_l1",
    "project_simplex",
    "reddi_regret",
    "reddi_stream",
    "regret_bound",
    "rounds_of",
    "row_smoothness",
    "saga",
    "saga_bound",
    "sdca",
    "svrg",
    "svrg_rate",
]
