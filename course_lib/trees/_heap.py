"""A binary heap in two arrays: the smallest key on top."""

from numba import njit

__all__ = ["pop", "push"]


@njit(cache=True)
def push(keys, items, size, key, item):
    """Add an item to a heap of ``size`` items."""
    place = size
    while place > 0 and keys[(place - 1) >> 1] > key:
        keys[place] = keys[(place - 1) >> 1]
        items[place] = items[(place - 1) >> 1]
        place = (place - 1) >> 1
    keys[place] = key
    items[place] = item


@njit(cache=True)
def pop(keys, items, size):
    """Take the top off a heap of ``size`` items; the caller has read it."""
    key, item = keys[size - 1], items[size - 1]
    place, below = 0, 1
    while below < size - 1:
        if below + 1 < size - 1 and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[place] = keys[below]
        items[place] = items[below]
        place, below = below, 2 * below + 1
    keys[place] = key
    items[place] = item
