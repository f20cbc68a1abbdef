"""Right answers to lab 00 in unusual styles."""

import math
import statistics

import numpy as np

from tests.answers import answer


@answer("00.1", style="one product with a vector of ones; no blocks")
def by_one_product(A):
    rows = A.shape[0]
    return A.T @ np.full(rows, 1 / rows)


@answer("00.1", style="a running mean over blocks of an odd size")
def running_mean(A):
    means, seen = [0.0] * A.shape[1], 0
    for block in A.blocks(777):
        seen += len(block)
        step = (block - np.array(means)).sum(axis=0, dtype=np.longdouble) / seen
        means = [mean + float(more) for mean, more in zip(means, step, strict=True)]
    return np.array(means)


@answer("00.2", style="the standard library, no NumPy")
def by_statistics(sizes, costs):
    x, y = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    return statistics.linear_regression(x, y).slope


@answer("00.2", style="np.linalg.lstsq, logarithms to base 2")
def by_least_squares(sizes, costs):
    design = np.column_stack([np.log2(sizes), np.ones(len(sizes))])
    return np.linalg.lstsq(design, np.log2(costs), rcond=None)[0][0]
