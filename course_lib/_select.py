"""The k-th smallest of some numbers, without sorting them all."""

from numba import njit

__all__ = ["kth_smallest"]


@njit(cache=True)
def kth_smallest(values, k):
    """Return the value that k others precede in rising order; reorder the values (Hoare)."""
    low, high = 0, len(values) - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return values[k]
