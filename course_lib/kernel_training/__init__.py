"""Training with kernels: the dual with its certificate, few landmarks, one pass over many rows.

In the order to read it::

    kernels             Kernel, KernelBlocks: the matrix of all pairs, by blocks
    smo                 smo: two variables at a time, columns when they are needed
    svc                 KernelSVC: the same as a learner
    core_vectors        minimum_enclosing_ball, CoreVectorMachine: few rows, however many there are
    bounds              support_vector_bound, sdca_epochs, core_set_bound: what theory promises
    ridge               FeatureRidge, FeatureRidgeClassifier: a linear model on any features
    nystrom             NystromRidge, NystromRidgeClassifier: the kernel machine on landmarks
    cg                  conjugate_gradient: systems that are known by their products
    falkon              NystromProduct, nystrom_preconditioner: the same ridge, by few passes

``_streamed`` and ``_sums`` hold what the ridges share.

``_pairs`` holds the compiled steps of SMO, ``_cache`` columns in bounded memory, ``_kernels``
kernels of rows in blocks, ``_sums`` what a pass adds up. Dual coordinate descent is
`online_optimization.sdca`, random pivots are `low_rank.pivoted_cholesky`.

Book: ``book/16-kernel-training.md``. Lab: ``labs/16-kernel-training``.
"""

from course_lib.kernel_training.bounds import core_set_bound, sdca_epochs, support_vector_bound
from course_lib.kernel_training.cg import (
    CGIterate,
    condition_bound,
    conjugate_gradient,
    conjugate_gradient_bound,
)
from course_lib.kernel_training.core_vectors import (
    CoreVectorMachine,
    EnclosingBall,
    minimum_enclosing_ball,
)
from course_lib.kernel_training.falkon import (
    NystromPreconditioner,
    NystromProduct,
    nystrom_preconditioner,
)
from course_lib.kernel_training.kernels import Kernel, KernelBlocks
from course_lib.kernel_training.nystrom import NystromRidge, NystromRidgeClassifier
from course_lib.kernel_training.ridge import FeatureRidge, FeatureRidgeClassifier
from course_lib.kernel_training.smo import SMOIterate, smo
from course_lib.kernel_training.svc import KernelSVC

__all__ = [
    "CGIterate",
    "CoreVectorMachine",
    "EnclosingBall",
    "FeatureRidge",
    "FeatureRidgeClassifier",
    "Kernel",
    "KernelBlocks",
    "KernelSVC",
    "NystromPreconditioner",
    "NystromProduct",
    "NystromRidge",
    "NystromRidgeClassifier",
    "SMOIterate",
    "condition_bound",
    "conjugate_gradient",
    "conjugate_gradient_bound",
    "core_set_bound",
    "minimum_enclosing_ball",
    "nystrom_preconditioner",
    "sdca_epochs",
    "smo",
    "support_vector_bound",
]
