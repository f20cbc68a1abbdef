"""The rows of a loss, one by one: what kernels read, and the terms that they add up."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numba import njit

from course_lib._losses import (
    HingeLoss,
    HuberLoss,
    LogisticLoss,
    SquaredHingeLoss,
    SquaredLoss,
)
from course_lib._online import loss_and_slope, places, plain_rows
from course_lib._validation import check_finite

__all__ = ["KINDS", "SMOOTH", "Rows", "check_rows", "lengths", "term"]

KINDS = {LogisticLoss: 0, SquaredLoss: 1, HuberLoss: 2, HingeLoss: 3, SquaredHingeLoss: 4}
SMOOTH = (LogisticLoss, SquaredLoss, HuberLoss, SquaredHingeLoss)


class Rows(NamedTuple):
    """A sparse matrix row by row, the target, and which function of the margin is meant."""

    data: np.ndarray
    indices: np.ndarray  # unsigned: the kernels need not ask whether one is negative
    starts: np.ndarray
    b: np.ndarray
    kind: int
    width: float  # of `HuberLoss`


def check_rows(loss, kinds=tuple(KINDS)):
    """Return the rows of a loss of one of these kinds, its indices and numbers checked."""
    if type(loss) not in kinds:
        names = ", ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"loss must be one of {names}; got {type(loss).__name__}.")
    A = loss.data
    if not (sp.issparse(A) or isinstance(A, np.ndarray)):
        raise TypeError(
            "loss must have a matrix with rows to read; "
            f"got a {type(A).__name__}, give an array or a sparse matrix."
        )
    A = plain_rows(A)
    check_finite(A.data)
    width = float(getattr(loss, "width", 1.0))
    return Rows(A.data, places(A, "A"), A.indptr, loss.b.astype(A.dtype), KINDS[type(loss)], width)


def lengths(rows):
    """Return the squared length of each row, in float64."""
    with np.errstate(over="ignore"):
        return check_finite(_lengths(rows.data, rows.starts))


@njit(cache=True)
def _lengths(data, starts):
    squares = np.zeros(len(starts) - 1)
    for i in range(len(squares)):
        for p in range(starts[i], starts[i + 1]):
            squares[i] += np.float64(data[p]) * data[p]
    return squares


@njit(cache=True)
def term(kind, width, margin, b):
    """Return the term of one row and its derivative with respect to the margin."""
    if kind == 0:
        return loss_and_slope(margin, b)
    if kind == 3:
        return max(1 - b * margin, 0.0), -b if b * margin < 1 else 0.0
    if kind == 4:
        short = max(1 - b * margin, 0.0)
        return short * short, -2 * b * short
    residual = margin - b
    if kind == 1 or abs(residual) <= width:
        return 0.5 * residual * residual, residual
    return width * (abs(residual) - 0.5 * width), width if residual > 0 else -width
