"""Chapter 02, randomness: answers that are wrong with a probability you choose.

The rooms, in the order to read them::

    bounds        what Chebyshev, Hoeffding, Bernstein, Chernoff and median of means promise
    freivalds     is A @ B equal to C?  three products with a vector tell
    sampling      A @ B from a few columns of A and rows of B
    hadamard      the fast Walsh-Hadamard transform
    dimension     how many dimensions distances need: the Johnson-Lindenstrauss bounds
    projection    Gaussian, sparse and Hadamard projections, as scikit-learn transformers
    compare       a bound beside the truth, as numbers for a plot

Book: ``book/02-randomness.md``.
"""

from course_lib.randomness.bounds import (
    bernstein,
    chebyshev,
    chernoff,
    hoeffding,
    median_of_means,
    median_of_means_error,
    median_of_means_groups,
)
from course_lib.randomness.compare import BoundVersusTruth, bound_versus_truth
from course_lib.randomness.dimension import (
    hadamard_dimension,
    jl_dimension,
    jl_failure,
    pair_ratios,
)
from course_lib.randomness.freivalds import freivalds
from course_lib.randomness.hadamard import fwht
from course_lib.randomness.projection import (
    GaussianProjection,
    HadamardProjection,
    SparseProjection,
)
from course_lib.randomness.sampling import (
    SampledFactors,
    sample_product,
    sampled_product_variance,
)

__all__ = [
    "BoundVersusTruth",
    "GaussianProjection",
    "HadamardProjection",
    "SampledFactors",
    "SparseProjection",
    "bernstein",
    "bound_versus_truth",
    "chebyshev",
    "chernoff",
    "freivalds",
    "fwht",
    "hadamard_dimension",
    "hoeffding",
    "jl_dimension",
    "jl_failure",
    "median_of_means",
    "median_of_means_error",
    "median_of_means_groups",
    "pair_ratios",
    "sample_product",
    "sampled_product_variance",
]
