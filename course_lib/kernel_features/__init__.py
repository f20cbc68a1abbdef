"""Kernel machines made fast when they are used: sums over all points, and fewer terms.

In the order to read it::

    direct       direct_sum: every pair, the reference
    gauss        gauss_sum, gauss_bound: boxes and Hermite series, in 1 to 3 dimensions
    dual_tree    dual_tree_sum: pairs of nodes with bounds, for any decreasing kernel
    reduced_set  reduced_set, reduced_set_bound: a kernel machine with m vectors of its own
    additive     additive_tables, additive_scores: the intersection kernel by look-ups

Book: ``book/17-kernel-features.md``. Lab: ``labs/17-kernel-features``.
"""

from course_lib.kernel_features.additive import (
    AdditiveScores,
    AdditiveTables,
    additive_scores,
    additive_tables,
)
from course_lib.kernel_features.direct import direct_sum
from course_lib.kernel_features.dual_tree import DualTreeSum, dual_tree_sum
from course_lib.kernel_features.gauss import GaussSum, gauss_bound, gauss_sum
from course_lib.kernel_features.reduced_set import ReducedSet, reduced_set, reduced_set_bound

__all__ = [
    "AdditiveScores",
    "AdditiveTables",
    "DualTreeSum",
    "GaussSum",
    "ReducedSet",
    "additive_scores",
    "additive_tables",
    "direct_sum",
    "dual_tree_sum",
    "gauss_bound",
    "gauss_sum",
    "reduced_set",
    "reduced_set_bound",
]
