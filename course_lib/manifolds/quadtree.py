"""Sums over all pairs of points in the plane, with far cells taken as one point (Barnes and Hut).

The tree is four flat arrays in preorder. A cell is followed by its children, and ``skip`` says
where its subtree ends, so that a walk needs no stack: go to the next cell to look closer, or
skip to pass on::

    quadtree            sort the points along a Z-shaped curve and cut the curve into cells
    repulsion           the repulsive forces of t-SNE, in about n log n cell visits
    exact_repulsion     the same from all pairs
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._validation import check_number
from course_lib.manifolds._points import check_points

__all__ = ["QuadTree", "Repulsion", "exact_repulsion", "quadtree", "repulsion"]

BITS = 24  # an axis: points closer than 2**-24 of the width share a leaf
LEAF = 4  # points in a leaf that are then looked at one by one
CLOSEST = 1e-290  # points that all lie closer are one: cells of a 2**-24 would vanish


class QuadTree(NamedTuple):
    """Cells in preorder. Points are in the order of a Z-shaped curve, a cell's side by side."""

    order: np.ndarray  # (n,), the point that stands at each place of the curve
    points: np.ndarray  # (n, 2), in that order
    cells: np.ndarray  # (c, 4): center of mass x and y, number of points, squared side
    spans: np.ndarray  # (c, 2): first place, and the one after the last
    skip: np.ndarray  # (c,), the cell after the subtree
    leaf: np.ndarray  # (c,) of bool


class Repulsion(NamedTuple):
    """Repulsive forces of t-SNE, and what they cost."""

    forces: np.ndarray  # (n, 2)
    normalizer: float  # Z
    visits: int  # cells looked at, and points looked at one by one


def check_plane(Y, name="Y"):
    """Return points in the plane in float64, finite and not too far apart to square."""
    Y = np.array(check_points(Y, name), dtype=np.float64, order="C")
    if Y.shape[1] != 2:
        raise ValueError(f"{name} must have two columns; got shape {Y.shape}.")
    return Y


def quadtree(Y):
    """Return the tree of the points ``Y``.

    Parameters
    ----------
    Y : array, shape (n, 2)

    Returns
    -------
    QuadTree
        Fewer than 2 n cells: a cell with one child is left out, its child stands for it.

    Raises
    ------
    ValueError, TypeError
        If ``Y`` is not a finite matrix of width 2.

    Notes
    -----
    **Cost.** A sort, then :math:`O(n)`: the bits in which the first and the last point of a cell
    differ tell its size and its children.

    Examples
    --------
    >>> tree = quadtree([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.9, 0.9], [0.8, 0.9]])
    >>> tree.cells[0].round(2), tree.leaf
    (array([0.62, 0.63, 6.  , 1.  ]), array([False,  True,  True,  True,  True]))
    """
    Y = check_plane(Y)
    side = float(np.ptp(Y, axis=0).max())
    side = side if side > CLOSEST else 1.0
    grid = np.minimum((Y - Y.min(axis=0)) * (2.0**BITS / side), 2**BITS - 1).astype(np.uint64)
    codes = _spread(grid[:, 0]) | (_spread(grid[:, 1]) << np.uint64(1))
    order = np.argsort(codes)
    points = Y[order]
    parts = _cut(codes[order], points, side)
    return QuadTree(order, points, *parts)


def _spread(bits):
    """Return numbers below 2**32 with a zero bit put before each of their bits."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits


@njit(cache=True)
def _cut(codes, points, side):
    """Return cells, spans, skip and leaf of sorted codes, in preorder."""
    n = len(codes)
    cells, spans = np.empty((2 * n, 4)), np.empty((2 * n, 2), np.int32)
    leaf = np.empty(2 * n, np.bool_)
    first_cell = np.empty(n + 1, np.int32)  # that begins at a place: the largest one does
    sums = np.zeros((n + 1, 2))
    for i in range(n):
        sums[i + 1] = sums[i] + points[i]
    todo = np.empty((3 * BITS + 4, 2), np.int32)
    todo[0, 0], todo[0, 1] = 0, n
    waiting, count, previous = 1, 0, -1
    while waiting:
        waiting -= 1
        low, high = todo[waiting]
        level = 0  # of 4**level grid squares is the smallest cell that holds the span
        difference = codes[low] ^ codes[high - 1]
        while difference >> np.uint64(2 * level):
            level += 1
        cells[count, :2] = (sums[high] - sums[low]) / (high - low)
        cells[count, 2] = high - low
        cells[count, 3] = (side * 2.0 ** (level - BITS)) ** 2
        spans[count] = low, high
        leaf[count] = high - low <= LEAF or level == 0
        if low != previous:
            first_cell[low], previous = count, low
        if not leaf[count]:
            waiting = _push_children(codes, low, high, np.uint64(2 * (level - 1)), todo, waiting)
        count += 1
    first_cell[n] = count
    skip = np.empty(count, np.int32)
    for cell in range(count):
        skip[cell] = first_cell[spans[cell, 1]]
    return cells[:count].copy(), spans[:count].copy(), skip, leaf[:count].copy()


@njit(cache=True)
def _push_children(codes, low, high, shift, todo, waiting):
    """Put the spans of the quadrants on the stack, the first on top."""
    end = high
    for quadrant in range(3, -1, -1):
        start, stop = low, end  # the first code of this quadrant, by halving
        while start < stop:
            middle = (start + stop) // 2
            if (codes[middle] >> shift) & np.uint64(3) < np.uint64(quadrant):
                start = middle + 1
            else:
                stop = middle
        if start < end:
            todo[waiting] = start, end
            waiting += 1
        end = start
    return waiting


def repulsion(Y, theta=0.5):
    r"""Return the repulsive forces of t-SNE between points in the plane, approximately.

    Parameters
    ----------
    Y : array, shape (n, 2)
    theta : float, default 0.5
        Between 0 and 0.7. A cell whose side is less than ``theta`` times its distance counts as
        one point. 0 is exact. Above :math:`1/\sqrt2` a cell could stand for a point inside it.

    Returns
    -------
    Repulsion
        ``forces`` (n, 2), :math:`F_i = \frac1Z \sum_{j \ne i} w_{ij}^2 (y_i - y_j)` with
        :math:`w_{ij} = 1/(1 + \|y_i - y_j\|^2)`; ``normalizer``,
        :math:`Z = \sum_{i \ne j} w_{ij}`; and ``visits``.

    Raises
    ------
    ValueError, TypeError
        If ``Y`` is not a finite matrix of width 2, or theta is out of range.

    Notes
    -----
    **Cost.** About :math:`n \log n / \theta^2` visits; on maps of digits the exponent of n is
    1.1 to 1.2.

    **Guarantee.** None from a theorem. At ``theta=0.5`` the forces on maps of digits are wrong by
    about 1%, all together. The center of mass makes the error of a cell second order in its side
    over its distance.

    References
    ----------
    .. [1] J. Barnes, P. Hut, "A hierarchical O(N log N) force-calculation algorithm", Nature 324,
       1986.
    .. [2] L. van der Maaten, "Accelerating t-SNE using tree-based algorithms", JMLR 15, 2014.

    Examples
    --------
    >>> repulsion([[0.0, 0.0], [1.0, 0.0]]).forces
    array([[-0.25,  0.  ],
           [ 0.25,  0.  ]])
    """
    theta = check_number(theta, "theta", low=0.0, high=0.7)
    tree = quadtree(Y)
    ordered, total, visits = _walk(
        tree.points, tree.cells, tree.spans, tree.skip, tree.leaf, theta**2
    )
    forces = np.empty_like(ordered)
    forces[tree.order] = ordered
    return Repulsion(forces / total if total > 0 else forces, total, visits)


@njit(cache=True)
def _walk(points, cells, spans, skip, leaf, theta2):
    """Sum over the tree for each point; return forces times Z, Z, and the visits."""
    n, n_cells = len(points), len(cells)
    forces = np.empty((n, 2))
    total, visits = 0.0, 0
    for i in range(n):
        x, y = points[i]
        force_x, force_y = 0.0, 0.0
        cell = 0
        while cell < n_cells:
            visits += 1
            dx, dy = x - cells[cell, 0], y - cells[cell, 1]
            distance2 = dx * dx + dy * dy
            if cells[cell, 3] < theta2 * distance2:
                w = 1.0 / (1.0 + distance2)
                mass = cells[cell, 2] * w
                total += mass
                force_x += mass * w * dx
                force_y += mass * w * dy
                cell = skip[cell]
            elif leaf[cell]:
                for j in range(spans[cell, 0], spans[cell, 1]):
                    if j != i:
                        dx, dy = x - points[j, 0], y - points[j, 1]
                        w = 1.0 / (1.0 + dx * dx + dy * dy)
                        total += w
                        force_x += w * w * dx
                        force_y += w * w * dy
                visits += spans[cell, 1] - spans[cell, 0]
                cell = skip[cell]
            else:
                cell += 1
        forces[i] = force_x, force_y
    return forces, total, visits


def exact_repulsion(Y):
    """Return what `repulsion` approximates, from all pairs; ``visits`` is n (n - 1).

    Parameters
    ----------
    Y : array, shape (n, 2)

    Returns
    -------
    Repulsion

    Raises
    ------
    ValueError, TypeError
        As `repulsion`.

    Examples
    --------
    >>> exact_repulsion([[0.0, 0.0], [1.0, 0.0]]).normalizer
    1.0
    """
    Y = check_plane(Y)
    forces, total = _all_pairs(Y)
    n = len(Y)
    return Repulsion(forces / total if total > 0 else forces, total, n * (n - 1))


@njit(cache=True)
def _all_pairs(Y):
    n = len(Y)
    forces = np.zeros((n, 2))
    total = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                dx, dy = Y[i, 0] - Y[j, 0], Y[i, 1] - Y[j, 1]
                w = 1.0 / (1.0 + dx * dx + dy * dy)
                total += w
                forces[i, 0] += w * w * dx
                forces[i, 1] += w * w * dy
    return forces, total
