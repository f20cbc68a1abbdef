"""Nearest centers of many points: the loop that k-means and product quantization live in.

A product with all centers gives ``|c|**2 - 2 c x`` for a block of points that stays in the cache;
it differs from the squared distance by ``|x|**2``, which is the same for all centers. Scores are
kept with a row for each center: the least of each column is then found for many points at once.
Far from zero such products lose the distances; `off_origin` says what to subtract first.
"""

import functools

import numpy as np
from numba import njit
from threadpoolctl import ThreadpoolController

__all__ = ["assign", "moved", "off_origin", "one_thread", "scaled"]

ROWS = 384  # of a block: its scores against 256 centers in float32 take 384 KB


def off_origin(points, edges=None):
    """Return the mean row where rounding of its length reaches into the spread, None if nowhere.

    With edges each group of columns, from one edge to the next, is judged alone: the row holds
    zeros in those that need not move.
    """
    edges = np.array([0, points.shape[1]]) if edges is None else edges
    mean = points.mean(axis=0, dtype=np.float64)
    squares = np.einsum("ij,ij->j", points, points, dtype=np.float64) / len(points)
    length, spread = np.add.reduceat([mean**2, squares - mean**2], edges[:-1], axis=1)
    far = np.finfo(points.dtype).eps * length > 1e-4 * spread
    if not far.any():
        return None
    return np.where(np.repeat(far, np.diff(edges)), mean, 0).astype(points.dtype)


def moved(points, origin):
    """Return points as seen from the origin, or themselves if there is None."""
    return points if origin is None else points - origin


def scaled(centers):
    """Return ``-2 centers`` and the squared lengths of the centers, as `assign` wants them."""
    return np.ascontiguousarray(-2 * centers), np.einsum("ij,ij->i", centers, centers)


def assign(X, doubled, lengths, labels, least, second=None, sums=None):
    """Write the nearest center of each row of ``X`` and how far it is.

    Parameters
    ----------
    X : array, shape (n, d)
    doubled, lengths : array
        From `scaled`, in the dtype of ``X``.
    labels : array of int64, shape (n,)
        Written; of equal centers the first.
    least : array, shape (n,)
        Written: the squared distance less the squared length of the row.
    second : array, shape (n,), optional
        Written: the same of the second nearest center.
    sums : tuple of arrays of float64, shape (k, d) and (k,), optional
        Each row is added to those of its center.
    """
    with one_thread():
        _assign(X, doubled, lengths, labels, least, second, sums)


def one_thread():
    """Return a context of one BLAS thread: two that met after each block took 12 times as long."""
    return _controller().limit(limits=1, user_api="blas")


@functools.cache
def _controller():
    return ThreadpoolController()


def _assign(X, doubled, lengths, labels, least, second, sums):
    scores = np.empty((len(lengths), min(ROWS, len(X))), X.dtype)
    for start in range(0, len(X), ROWS):
        rows = slice(start, start + ROWS)
        block = scores[:, : len(X[rows])]
        if block.shape[1] < scores.shape[1]:  # BLAS writes into whole rows
            block = np.empty(block.shape, X.dtype)
        np.matmul(doubled, X[rows].T, out=block)
        if second is None:
            _least(block, lengths, labels[rows], least[rows])
        else:
            _two_least(block, lengths, labels[rows], least[rows], second[rows])
        if sums is not None:
            _add(X[rows], labels[rows], *sums)


@njit(cache=True)
def _least(scores, lengths, labels, least):
    """Pass over the centers; the inner loop has no branch, so that it runs in vectors."""
    n = len(least)
    best, nearest = np.full(n, np.inf, scores.dtype), np.zeros(n, np.int32)
    for c in range(len(scores)):
        row, length, center = scores[c], lengths[c], np.int32(c)
        for i in range(n):
            score = row[i] + length
            nearer = score < best[i]
            nearest[i] = center if nearer else nearest[i]
            best[i] = score if nearer else best[i]
    labels[:] = nearest
    least[:] = best


@njit(cache=True)
def _two_least(scores, lengths, labels, least, second):
    """As `_least`, with the runner-up."""
    n = len(least)
    best, nearest = np.full(n, np.inf, scores.dtype), np.zeros(n, np.int32)
    other = np.full(n, np.inf, scores.dtype)
    for c in range(len(scores)):
        row, length, center = scores[c], lengths[c], np.int32(c)
        for i in range(n):
            score = row[i] + length
            nearer = score < best[i]
            loser = best[i] if nearer else score
            other[i] = loser if loser < other[i] else other[i]
            nearest[i] = center if nearer else nearest[i]
            best[i] = score if nearer else best[i]
    labels[:] = nearest
    least[:] = best
    second[:] = other


@njit(cache=True)
def _add(X, labels, sums, counts):
    for i in range(len(X)):
        total = sums[labels[i]]
        counts[labels[i]] += 1
        for j in range(X.shape[1]):
            total[j] += X[i, j]
