"""The sums that a ridge keeps of its rows: moments of features and targets, and their rounding.

Sums of blocks add up to the sums of all rows: on this machine one block after the other, on several
each its own, with one all-reduce at the end.
"""

import pickle
from typing import NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from course_lib._validation import check_finite
from course_lib.kernel_training.kernels import kernel_values

__all__ = ["KernelMap", "Solution", "TransformerMap", "block_sums", "solved"]

ROWS_AT_ONCE = 2048
PROBES = 8
MOST_ROUNDING = 0.1  # change of the weights that is not refused


class Solution(NamedTuple):
    """Weights of features whose mean is taken off, the means, and what rounding does."""

    weights: np.ndarray  # (m, t)
    feature_mean: np.ndarray  # (m,), from the shift
    target_mean: np.ndarray  # (t,), from the shift
    rounding: float  # relative change of random weights by rounding, root mean square


class KernelMap:
    """Features of a row: its kernel with each landmark, times ``root`` if one is given."""

    def __init__(self, kernel, landmarks, root):
        self.kernel, self.landmarks, self.root = kernel, landmarks, root

    def __call__(self, X):
        C = kernel_values(self.kernel, X, self.landmarks)
        return C if self.root is None else C @ self.root.astype(C.dtype, copy=False)

    @property
    def nbytes(self):
        """What a message with it takes; the code of the kernel is not counted."""
        L = self.landmarks
        size = L.nbytes if isinstance(L, np.ndarray) else len(pickle.dumps(L))
        return size + (0 if self.root is None else self.root.nbytes)


class TransformerMap:
    """Features of a row: what a fitted transformer makes of it."""

    def __init__(self, transformer):
        self.transformer = transformer

    def __call__(self, X):
        F = self.transformer.transform(X)
        F = F.toarray() if hasattr(F, "toarray") else np.asarray(F)
        return F if F.dtype in (np.float32, np.float64) else F.astype(np.float64)

    @property
    def nbytes(self):
        """What a message with it takes."""
        return len(pickle.dumps(self.transformer))


def block_sums(block, features, shift, target_shift, probes):
    r"""Return the moments of one block of rows, in float64.

    Features F (n, m) and targets Y (n, t) are taken from fixed shifts, near to their means, so
    that products of the dtype of the rows lose few digits. ``probes`` (m, p) measure how many:
    the last answer is what the rounded Gram matrix makes of them less what it should.
    """
    X, Y = block
    m, t = len(shift), len(target_shift)
    first, target_first = np.zeros(m), np.zeros(t)
    gram, cross, rounding = np.zeros((m, m)), np.zeros((m, t)), np.zeros_like(probes)
    for start in range(0, X.shape[0], ROWS_AT_ONCE):
        F = features(X[start : start + ROWS_AT_ONCE])
        if start == 0:  # room that is used again: fresh memory would cost as much as the sums
            room, exact = np.empty_like(F), np.empty(F.shape)
        F = np.subtract(F, shift.astype(F.dtype), out=room[: len(F)])
        T = Y[start : start + ROWS_AT_ONCE] - target_shift
        G = F.T @ F
        first += F.sum(axis=0, dtype=np.float64)
        target_first += T.sum(axis=0)
        gram += G
        cross += F.T @ T.astype(F.dtype)
        exact[: len(F)] = F
        E = exact[: len(F)]
        rounding += G @ probes - E.T @ (E @ probes)
    return X.shape[0], first, target_first, gram, cross, rounding


def solved(sums, penalty, alpha, probes):
    """Return the weights of centered features; ``penalty`` is None for the identity."""
    n, first, target_first, gram, cross, rounding = sums
    check_finite(gram, "X")
    G = gram - np.outer(first, first / n)
    B = cross - np.outer(first, target_first / n)
    if penalty is None:
        G[np.diag_indices_from(G)] += alpha
    else:
        G += alpha * penalty
    try:
        np.linalg.cholesky(G)
    except LinAlgError:
        return Solution(None, None, None, np.inf)
    answers = np.linalg.solve(G, np.column_stack([B, rounding]))
    weights, moved = np.split(answers, [B.shape[1]], axis=1)
    change = _norm(moved, penalty) / _norm(probes, penalty)
    return Solution(weights, first / n, target_first / n, float(change))


def _norm(M, penalty):
    return np.sqrt(np.sum(M * (M if penalty is None else penalty @ M)))
