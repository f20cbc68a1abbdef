"""Training with kernels: the dual, its certificate, and what memory allows.

In the order to read it::

    smo            smo: two variables at a time, columns when they are needed
    svc            KernelSVC: the same as a learner
    core_vectors   minimum_enclosing_ball, CoreVectorMachine: few rows, however many there are
    bounds         support_vector_bound, sdca_epochs, core_set_bound: what theory promises

``_pairs`` holds the compiled steps, ``_cache`` columns in bounded memory, ``_kernels`` kernels of
rows in blocks. Dual coordinate descent is `online_optimization.sdca`.

Book: ``book/16-kernel-training.md``. Lab: ``labs/16-kernel-training``.
"""

from course_lib.kernel_training.bounds import core_set_bound, sdca_epochs, support_vector_bound
from course_lib.kernel_training.core_vectors import (
    CoreVectorMachine,
    EnclosingBall,
    minimum_enclosing_ball,
)
from course_lib.kernel_training.smo import SMOIterate, smo
from course_lib.kernel_training.svc import KernelSVC

__all__ = [
    "CoreVectorMachine",
    "EnclosingBall",
    "KernelSVC",
    "SMOIterate",
    "core_set_bound",
    "minimum_enclosing_ball",
    "sdca_epochs",
    "smo",
    "support_vector_bound",
]
