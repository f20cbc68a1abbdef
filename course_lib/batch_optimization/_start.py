"""Where the methods start, and the factors of the optimized gradient method."""

import math

import numpy as np

from course_lib._validation import check_count, check_vector

__all__ = ["check_start", "ogm_factors"]


MOST = 1_000_000  # steps whose factors are kept


def check_start(loss, x0):
    """Return the start as a vector of the loss's dtype; zero if none is given."""
    n = loss.A.shape[1]
    if x0 is None:
        return np.zeros(n, loss.b.dtype)
    x = check_vector(x0, "x0", dtype=loss.b.dtype).copy()
    if len(x) != n:
        raise ValueError(f"x0 must have one entry for each of the {n} columns; got {x.shape}.")
    return x


def ogm_factors(n_steps):
    """Return the factors theta_0 to theta_N; the last one grows by another rule."""
    n_steps = check_count(n_steps, "n_steps", low=1, high=MOST)
    factors = [1.0]
    for i in range(1, n_steps + 1):
        growth = 8 if i == n_steps else 4
        factors.append((1 + math.sqrt(1 + growth * factors[-1] ** 2)) / 2)
    return factors
