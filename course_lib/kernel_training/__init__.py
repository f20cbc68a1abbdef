"""Training with kernels: from the dual, one pair at a time, to one pass over millions of rows.

    kernels             Kernel, KernelBlocks: the matrix of all pairs, by blocks
    ridge               FeatureRidge, FeatureRidgeClassifier: a linear model on any features
    nystrom             NystromRidge, NystromRidgeClassifier: the kernel machine on landmarks
    cg                  conjugate_gradient: systems that are known by their products
    falkon              NystromProduct, nystrom_preconditioner: the same ridge, by few passes

``_streamed`` and ``_sums`` hold what the ridges share.

Book: ``book/16-kernel-training.md``. Lab: ``labs/16-kernel-training``.
"""

from course_lib.kernel_training.cg import (
    CGIterate,
    condition_bound,
    conjugate_gradient,
    conjugate_gradient_bound,
)
from course_lib.kernel_training.falkon import (
    NystromPreconditioner,
    NystromProduct,
    nystrom_preconditioner,
)
from course_lib.kernel_training.kernels import Kernel, KernelBlocks
from course_lib.kernel_training.nystrom import NystromRidge, NystromRidgeClassifier
from course_lib.kernel_training.ridge import FeatureRidge, FeatureRidgeClassifier

__all__ = [
    "CGIterate",
    "FeatureRidge",
    "FeatureRidgeClassifier",
    "Kernel",
    "KernelBlocks",
    "NystromPreconditioner",
    "NystromProduct",
    "NystromRidge",
    "NystromRidgeClassifier",
    "condition_bound",
    "conjugate_gradient",
    "conjugate_gradient_bound",
    "nystrom_preconditioner",
]
