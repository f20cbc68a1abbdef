"""What the sums over all points share: points, weights, targets, and radial kernels by name."""

from typing import NamedTuple

import numpy as np

from course_lib._neighbors import check_points, check_queries
from course_lib._validation import check_array, check_finite, check_number

__all__ = ["KERNELS", "Terms", "as_given", "check_kernel", "check_terms", "values"]

KERNELS = {  # of the distance in bandwidths
    "gaussian": lambda r: np.exp(-r * r),
    "laplacian": lambda r: np.exp(-r),
    "cauchy": lambda r: 1 / (1 + r * r),
    "epanechnikov": lambda r: np.maximum(1 - r * r, 0),
}


class Terms(NamedTuple):
    """The parts of a sum over all points, checked; lengths are in bandwidths."""

    X: np.ndarray  # (n, d) float64
    weights: np.ndarray  # (n, k) float64
    targets: np.ndarray  # (t, d) float64, the same array as X where there are none
    extent: np.ndarray  # (d,): all coordinates lie between 0 and that
    dtype: np.dtype  # of the answer
    flat: bool  # whether the weights came as a vector


def check_terms(X, weights, targets, bandwidth):
    """Return points, weights and targets for a kernel to add up."""
    X = check_points(X)
    weights = check_array(weights, "weights", dtype=np.float64)
    if weights.ndim not in (1, 2) or len(weights) != len(X):
        raise ValueError(
            f"weights must have one row for each of the {len(X)} points; got {weights.shape}."
        )
    check_finite(weights, "weights")
    bandwidth = check_number(bandwidth, "bandwidth", low=0, open_low=True)
    T = X if targets is None else check_queries(targets, X.shape[1], X.dtype, "targets")
    columns = np.ascontiguousarray(weights.reshape(len(X), -1))
    if columns.shape[1] == 0:
        raise ValueError("weights must have a column; got none.")
    parts = [X] if targets is None else [X, T]
    low = np.array([min(part[:, c].min() for part in parts) for c in range(X.shape[1])], float)
    high = np.array([max(part[:, c].max() for part in parts) for c in range(X.shape[1])], float)
    with np.errstate(over="ignore", under="ignore"):
        extent = (high - low) / bandwidth
        units = [(part - low) / bandwidth for part in parts]
    if not extent.max() < 1e150:
        raise ValueError(
            f"bandwidth must be at least 1e-150 of the extent of the points; got {bandwidth:g}."
        )
    return Terms(units[0], columns, units[-1], extent, X.dtype, weights.ndim == 1)


def as_given(sums, terms):
    """Return sums (t, k) in the dtype of the points; a vector where the weights were one."""
    with np.errstate(over="ignore"):
        sums = check_finite(sums.astype(terms.dtype, copy=False), "weights")
    return sums[:, 0] if terms.flat else sums


def check_kernel(kernel):
    """Return a radial kernel as a function of an array of distances in bandwidths."""
    if callable(kernel):
        return kernel
    if not isinstance(kernel, str) or kernel not in KERNELS:
        raise ValueError(f"kernel must be a function or one of {sorted(KERNELS)}; got {kernel!r}.")
    return KERNELS[kernel]


def values(kernel, distances):
    """Return the kernel at an array of distances in bandwidths, checked."""
    found = check_array(kernel(distances), "kernel", dtype=np.float64)
    if found.shape != distances.shape:
        raise ValueError(
            f"kernel must return one value for each distance; got {found.shape} "
            f"for {distances.shape}."
        )
    return check_finite(found, "kernel")
