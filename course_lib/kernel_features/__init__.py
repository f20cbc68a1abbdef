"""Kernel machines made fast when they are used: features, sums over all points, fewer terms.

In the order to read it::

    fourier        FourierFeatures: random waves of four kinds, as a scikit-learn transformer
    tensor_sketch  TensorSketch: polynomial kernels by hashing and the fast Fourier transform
    bounds         what random features promise: exact variances, and bounds for all pairs
    direct         direct_sum: every pair, the reference
    gauss          gauss_sum, gauss_bound: boxes and Hermite series, in 1 to 3 dimensions
    dual_tree      dual_tree_sum: pairs of nodes with bounds, for any decreasing kernel
    reduced_set    reduced_set, reduced_set_bound: a kernel machine with m vectors of its own
    additive       additive_tables, additive_scores: the intersection kernel by look-ups

``_waves`` and ``_structured`` hold the compiled products of the features, ``_boxes``, ``_series``
and ``_terms`` those of the sums.

Book: ``book/17-kernel-features.md``. Lab: ``labs/17-kernel-features``.
"""

from course_lib.kernel_features.additive import (
    AdditiveScores,
    AdditiveTables,
    additive_scores,
    additive_tables,
)
from course_lib.kernel_features.bounds import (
    finite_set_bound,
    finite_set_frequencies,
    fourier_uniform_bound,
    fourier_uniform_frequencies,
    frequency_sigma,
)
from course_lib.kernel_features.costs import FourierCost, fourier_cost
from course_lib.kernel_features.direct import direct_sum
from course_lib.kernel_features.dual_tree import DualTreeSum, dual_tree_sum
from course_lib.kernel_features.fourier import FourierFeatures
from course_lib.kernel_features.gauss import GaussSum, gauss_bound, gauss_sum
from course_lib.kernel_features.reduced_set import ReducedSet, reduced_set, reduced_set_bound
from course_lib.kernel_features.tensor_sketch import TensorSketch
from course_lib.kernel_features.variances import (
    fixed_length_bias,
    fourier_variance,
    tensor_sketch_variance_bound,
)

__all__ = [
    "AdditiveScores",
    "AdditiveTables",
    "DualTreeSum",
    "FourierCost",
    "FourierFeatures",
    "GaussSum",
    "ReducedSet",
    "TensorSketch",
    "additive_scores",
    "additive_tables",
    "direct_sum",
    "dual_tree_sum",
    "finite_set_bound",
    "finite_set_frequencies",
    "fixed_length_bias",
    "fourier_cost",
    "fourier_uniform_bound",
    "fourier_uniform_frequencies",
    "fourier_variance",
    "frequency_sigma",
    "gauss_bound",
    "gauss_sum",
    "reduced_set",
    "reduced_set_bound",
    "tensor_sketch_variance_bound",
]
