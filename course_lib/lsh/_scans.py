"""Distances of codes by tables: for one query, and for many side by side."""

import numpy as np
from numba import njit

from course_lib._neighbors import insert

__all__ = ["keep", "look_up", "scan"]

BLOCK = 256  # codes that are scanned together: their distances to 64 queries take 64 KB


@njit(cache=True)
def look_up(codes, tables):
    """Add up the table entries of each code, four at a time."""
    distances = np.zeros((len(tables), len(codes)), tables.dtype)
    full = codes.shape[1] // 4 * 4
    for q in range(len(tables)):
        table = tables[q]
        for i in range(len(codes)):
            code = codes[i]
            total = distances[q, i]
            for m in range(0, full, 4):
                first = table[m, code[m]] + table[m + 1, code[m + 1]]
                total += first + (table[m + 2, code[m + 2]] + table[m + 3, code[m + 3]])
            for m in range(full, len(code)):
                total += table[m, code[m]]
            distances[q, i] = total
    return distances


@njit(cache=True)
def keep(distances, indices, squares):
    last = indices.shape[1] - 1
    for q in range(len(distances)):
        for i in range(distances.shape[1]):
            if distances[q, i] < squares[q, last]:
                insert(indices[q], squares[q], i, distances[q, i])


@njit(cache=True)
def scan(codes, lanes, indices, squares):
    """As `look_up` and `keep`; entry c of group m is ``lanes[m, c]``, one for each query.

    The sums are added in the same order, so that a query finds the same alone and among others.
    """
    n, n_groups = codes.shape
    full, n_lanes, last = n_groups // 4 * 4, lanes.shape[2], indices.shape[1] - 1
    sums, least = np.empty((BLOCK, n_lanes), lanes.dtype), np.empty(n_lanes, lanes.dtype)
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        sums[:] = 0
        for i in range(size):
            code, total = codes[start + i], sums[i]
            for m in range(0, full, 4):
                a, b = lanes[m, code[m]], lanes[m + 1, code[m + 1]]
                c, d = lanes[m + 2, code[m + 2]], lanes[m + 3, code[m + 3]]
                for lane in range(n_lanes):
                    total[lane] += (a[lane] + b[lane]) + (c[lane] + d[lane])
            for m in range(full, n_groups):
                a = lanes[m, code[m]]
                for lane in range(n_lanes):
                    total[lane] += a[lane]
        least[:] = sums[0]
        for i in range(size):
            for lane in range(n_lanes):
                nearer = sums[i, lane] < least[lane]
                least[lane] = sums[i, lane] if nearer else least[lane]
        for lane in range(n_lanes):
            if least[lane] < squares[lane, last]:
                for i in range(size):
                    if sums[i, lane] < squares[lane, last]:
                        insert(indices[lane], squares[lane], start + i, sums[i, lane])
