"""Low-rank approximation from few passes, few columns, or one look at each row.

In the order to read it::

    svd                   range_finder, randomized_svd, residual_norm: 2(q + 1) passes
    eigen                 randomized_eigh: the same for symmetric matrices
    single_pass           single_pass_svd: rows that are seen once
    frequent_directions   FrequentDirections: rows that are seen once, with a sure bound
    columns               leverage_scores, cur, interpolative: actual columns as the basis
    bounds                best_error, range_finder_bound, random_pivot_bound: what theory promises
    kernel                nystrom, column_sampling, nystrom_features: few columns are evaluated
    cholesky              pivoted_cholesky: columns chosen one by one

``_blocks`` and ``_entries`` hold what they share.

Book: ``book/06-low-rank.md``. Lab: ``labs/06-low-rank``.
"""

from course_lib.low_rank.bounds import best_error, random_pivot_bound, range_finder_bound
from course_lib.low_rank.cholesky import PivotedCholesky, pivoted_cholesky
from course_lib.low_rank.columns import CUR, Interpolative, cur, interpolative, leverage_scores
from course_lib.low_rank.eigen import Eigh, randomized_eigh
from course_lib.low_rank.frequent_directions import FrequentDirections
from course_lib.low_rank.kernel import (
    Features,
    KernelEigh,
    column_sampling,
    nystrom,
    nystrom_features,
)
from course_lib.low_rank.single_pass import single_pass_svd
from course_lib.low_rank.svd import SVD, randomized_svd, range_finder, residual_norm

__all__ = [
    "CUR",
    "SVD",
    "Eigh",
    "Features",
    "FrequentDirections",
    "Interpolative",
    "KernelEigh",
    "PivotedCholesky",
    "best_error",
    "column_sampling",
    "cur",
    "interpolative",
    "leverage_scores",
    "nystrom",
    "nystrom_features",
    "pivoted_cholesky",
    "random_pivot_bound",
    "randomized_eigh",
    "randomized_svd",
    "range_finder",
    "range_finder_bound",
    "residual_norm",
    "single_pass_svd",
]
