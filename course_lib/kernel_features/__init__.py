"""Chapter 17, kernels without kernel matrices: explicit features.

The rooms, in the order to read them::

    variances       how far one estimate strays: exactly for random Fourier features
    bounds          how many random frequencies many estimates need at once
    costs           what they cost, by formula
    _waves          cosine and sine of many phases at once
    _structured     products with random matrices that are made of Hadamard transforms
    fourier         random Fourier features of four kinds, as a scikit-learn transformer
    tensor_sketch   features of polynomial kernels by hashing and the fast Fourier transform

Book: ``book/17-kernel-features.md``.
"""

from course_lib.kernel_features.bounds import (
    finite_set_bound,
    finite_set_frequencies,
    fourier_uniform_bound,
    fourier_uniform_frequencies,
    frequency_sigma,
)
from course_lib.kernel_features.costs import FourierCost, fourier_cost
from course_lib.kernel_features.fourier import FourierFeatures
from course_lib.kernel_features.tensor_sketch import TensorSketch
from course_lib.kernel_features.variances import (
    fixed_length_bias,
    fourier_variance,
    tensor_sketch_variance_bound,
)

__all__ = [
    "FourierCost",
    "FourierFeatures",
    "TensorSketch",
    "finite_set_bound",
    "finite_set_frequencies",
    "fixed_length_bias",
    "fourier_cost",
    "fourier_uniform_bound",
    "fourier_uniform_frequencies",
    "fourier_variance",
    "frequency_sigma",
    "tensor_sketch_variance_bound",
]
