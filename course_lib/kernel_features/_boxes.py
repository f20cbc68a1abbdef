"""Points by the boxes of a grid; only boxes that hold points exist."""

from typing import NamedTuple

import numpy as np

__all__ = ["STRIDES", "Boxes", "boxes", "load", "slots"]

MOST = 1 << 21  # boxes along an axis, so that three indices fit into 63 bits
STRIDES = np.array([MOST * MOST, MOST, 1])
SAMPLE = 2000


class Boxes(NamedTuple):
    """Points sorted by box, in three dimensions: absent ones come first, and are 0."""

    points: np.ndarray  # (n, 3)
    order: np.ndarray  # (n,): the row that stands at each place
    start: np.ndarray  # (b + 1,): the points of box i stand at start[i] to start[i + 1] - 1
    cells: np.ndarray  # (b, 3): indices along the axes
    centers: np.ndarray  # (b, 3)
    keys: np.ndarray  # (b,): cells @ STRIDES, increasing

    def held(self, slots):
        """Return how many points lie in boxes with a slot."""
        return int(np.diff(self.start)[slots >= 0].sum())

    def largest(self):
        """Return the most points in a box."""
        return int(np.diff(self.start).max())


def boxes(X, side):
    """Return points (n, d), whose coordinates are positive and below ``MOST`` sides, by boxes."""
    n, d = X.shape
    cells = np.zeros((n, 3), np.int64)
    cells[:, 3 - d :] = X / side
    keys = cells @ STRIDES
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    cells = cells[order[first]]
    centers = side * (cells + 0.5)
    centers[:, : 3 - d] = 0
    points = np.zeros((n, 3))
    points[:, 3 - d :] = X[order]
    return Boxes(points, order, np.append(first, n), cells, centers, keys[first])


def slots(some, fewest):
    """Number the boxes with more than ``fewest`` points; -1 for the others."""
    many = np.diff(some.start) > fewest
    return np.where(many, np.cumsum(many) - 1, -1)


def load(X, side):
    """Return with how many points a point shares its box, and how many boxes there are.

    Both are estimated from a sample; the boxes are at least those that the sample meets.
    """
    some = X[:: max(1, len(X) // SAMPLE)]
    keys = (some / side).astype(np.int64) @ STRIDES[3 - X.shape[1] :]
    counts = np.unique(keys, return_counts=True)[1]
    m = max(2, len(some))
    shared = 1 + (len(X) - 1) * float((counts * (counts - 1.0)).sum()) / (m * (m - 1))
    return shared, max(len(counts), len(X) / shared)
