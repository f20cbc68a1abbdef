"""k-means: Lloyd's iteration by matrix products, greedy seeding, and bounds that skip points."""

from typing import NamedTuple

import numpy as np
from numba import njit

from course_lib._neighbors import check_points, squared_distance
from course_lib._validation import as_rng, check_count, check_number
from course_lib.lsh._blocks import ROWS, assign, moved, off_origin, one_thread, scaled

__all__ = ["KMeansResult", "kmeans", "kmeans_plus_plus"]


class KMeansResult(NamedTuple):
    """Centers, and what belongs to them.

    Attributes
    ----------
    centers : array, shape (k, d)
    labels : array of int64, shape (n,)
        The nearest of these centers for each point.
    inertia : float
        Sum of the squared distances to them.
    n_iter : int
        Steps that were made.
    converged : bool
        Whether the last step changed no label; then each center is the mean of its points.
    evaluations : int
        Distances between a point and a center that were computed, seeding left out.
    """

    centers: np.ndarray
    labels: np.ndarray
    inertia: float
    n_iter: int
    converged: bool
    evaluations: int


def kmeans(X, k, *, init="k-means++", n_iter=100, tol=1e-4, bounds=False, rng=None):
    r"""Return k centers with a small sum of squared distances.

    Parameters
    ----------
    X : array, shape (n, d)
    k : int
        Between 1 and n.
    init : {"k-means++", "sample"} or array, shape (k, d)
        Where centers start: `kmeans_plus_plus`, k random rows, or given.
    n_iter : int, default 100
        Steps at most.
    tol : float, default 1e-4
        Stop when all centers together move, in squares, by less than this share of the mean
        variance of the columns. With 0 stop only when no label changes.
    bounds : bool, default False
        Skip points whose center cannot have changed, by Hamerly's bounds [2]_. Same result up to
        rounding; pays when most points rest, in many steps and few dimensions.
    rng : int, Generator or None
        Source of the start.

    Returns
    -------
    KMeansResult

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix, ``init`` is unknown or of another shape, or a number is out
        of range.

    Notes
    -----
    **Cost.** ``2 n k d`` flops a step, in blocks of 384 points that stay in the cache.

    **Guarantee.** The inertia never rises [1]_. A center without points moves to the point that
    is farthest from its own.

    References
    ----------
    .. [1] S. P. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inform. Theory 28(2),
       1982, 129-137.
    .. [2] G. Hamerly, "Making k-means even faster", SDM 2010, 130-140.

    Examples
    --------
    >>> found = kmeans([[0.0], [1.0], [10.0], [11.0]], 2, rng=0)
    >>> sorted(found.centers.ravel().tolist()), found.inertia
    ([0.5, 10.5], 1.0)
    """
    X = check_points(X)
    k = check_count(k, "k", low=1, high=len(X), high_name="n")
    n_iter = check_count(n_iter, "n_iter", low=1)
    tol = check_number(tol, "tol", low=0) * float(X.var(axis=0, dtype=np.float64).mean())
    centers, origin = _start(X, k, init, as_rng(rng)), off_origin(X)
    X, centers = moved(X, origin), moved(centers, origin)
    step = _Bounded(X) if bounds else _Plain(X)
    labels = np.full(len(X), -1, np.int64)
    done, changed = 0, True
    while changed and done < n_iter:
        done += 1
        changed, sums, counts = step(centers, labels)
        if not changed:
            break
        new = _means(X, centers, labels, sums, counts)
        way = float(((new - centers).astype(np.float64) ** 2).sum())
        centers = new
        if way <= tol and tol > 0:
            break
    evaluations = step.evaluations
    if changed:
        least = np.empty(len(X), X.dtype)
        assign(X, *scaled(centers), labels, least)
        evaluations += len(X) * k
    inertia = float(_inertia(X, centers, labels))
    centers = centers if origin is None else centers + origin
    return KMeansResult(centers, labels, inertia, done, not changed, evaluations)


def kmeans_plus_plus(X, k, *, n_trials=None, rng=None):
    r"""Return k rows that lie far apart, the start that Arthur and Vassilvitskii proposed.

    Parameters
    ----------
    X : array, shape (n, d)
    k : int
        Between 1 and n.
    n_trials : int or None
        Candidates for each center, of which the one that lowers the sum most is taken; by default
        :math:`2 + \lfloor \ln k \rfloor`, as in scikit-learn. With 1 the method of the theorem.
    rng : int, Generator or None

    Returns
    -------
    indices : array of int64, shape (k,)
        Distinct unless fewer than k rows of ``X`` are, or rounding cannot tell them apart.

    Raises
    ------
    ValueError, TypeError
        If ``X`` is no finite matrix, or a number is out of range.

    Notes
    -----
    **Cost.** ``2 n k d n_trials`` flops.

    **Guarantee.** With one trial the expected sum of squares is at most
    :math:`8 (\ln k + 2)` times the least [1]_. A candidate is drawn with probability
    proportional to the squared distance from the nearest center so far.

    References
    ----------
    .. [1] D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007,
       1027-1035.

    Examples
    --------
    >>> sorted(kmeans_plus_plus([[0.0], [0.0], [9.0], [9.0]], 2, rng=0) // 2)
    [np.int64(0), np.int64(1)]
    """
    X = check_points(X)
    k = check_count(k, "k", low=1, high=len(X), high_name="n")
    n_trials = 2 + int(np.log(k)) if n_trials is None else n_trials
    n_trials, rng = check_count(n_trials, "n_trials", low=1, high=2**16), as_rng(rng)
    X = moved(X, off_origin(X))
    lengths = np.einsum("ij,ij->i", X, X)
    indices = np.empty(k, np.int64)
    indices[0] = rng.integers(len(X))
    closest = np.full(len(X), np.inf, X.dtype)
    _squares(X, lengths, indices[:1], closest[None])
    closest[indices[0]] = 0
    for c in range(1, k):
        reach = np.cumsum(closest, dtype=np.float64)
        if reach[-1] > 0:
            drawn = np.searchsorted(reach, reach[-1] * rng.random(n_trials), side="right")
            drawn = np.minimum(drawn, len(X) - 1)
        else:
            drawn = rng.integers(len(X), size=n_trials)
        trials = np.repeat(closest[None], n_trials, axis=0)
        sums = _squares(X, lengths, drawn, trials)
        best = int(np.argmin(sums))
        indices[c], closest = drawn[best], trials[best]
        closest[indices[c]] = 0
    return indices


def _squares(X, lengths, drawn, closest):
    """Lower ``closest`` to the squared distances from the drawn rows; return the new sums."""
    doubled, own = -2 * X[drawn], lengths[drawn]
    sums = np.zeros(len(drawn))
    with one_thread():
        for start in range(0, len(X), 8 * ROWS):
            rows = slice(start, start + 8 * ROWS)
            _lower(doubled @ X[rows].T, own, lengths[rows], closest[:, rows], sums)
    return sums


@njit(cache=True, fastmath={"reassoc", "contract"})
def _lower(scores, own, lengths, closest, sums):
    for c in range(len(scores)):
        total = 0.0
        for i in range(len(lengths)):
            square = scores[c, i] + own[c] + lengths[i]
            square = square if square > 0 else 0 * square
            near = square if square < closest[c, i] else closest[c, i]
            closest[c, i] = near
            total += near
        sums[c] += total


def _start(X, k, init, rng):
    """Return the first centers, in the dtype of the points."""
    if isinstance(init, str):
        if init == "k-means++":
            return X[kmeans_plus_plus(X, k, rng=rng)]
        if init == "sample":
            return X[rng.choice(len(X), k, replace=False)]
        raise ValueError(f'init must be "k-means++", "sample" or centers; got {init!r}.')
    centers = check_points(init, "init")
    if centers.shape != (k, X.shape[1]):
        raise ValueError(f"init must have shape {(k, X.shape[1])}; got {centers.shape}.")
    return centers.astype(X.dtype)


def _means(X, centers, labels, sums, counts):
    """Return the mean of each center's points; a center without any moves to a far point."""
    new = (sums / np.maximum(counts, 1)[:, None]).astype(X.dtype)
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        away = _away(X, centers, labels)
        new[empty] = X[np.argsort(-away, kind="stable")[: len(empty)]]
    return new


class _Plain:
    """A step of Lloyd: all points against all centers."""

    def __init__(self, X):
        self.X, self.least, self.evaluations = X, np.empty(len(X), X.dtype), 0

    def __call__(self, centers, labels):
        sums, counts = np.zeros(centers.shape), np.zeros(len(centers))
        before = labels.copy()
        assign(self.X, *scaled(centers), labels, self.least, sums=(sums, counts))
        self.evaluations += len(self.X) * len(centers)
        return not np.array_equal(before, labels), sums, counts


class _Bounded:
    """A step of Lloyd that passes over points whose nearest center cannot have changed."""

    def __init__(self, X):
        self.X, self.evaluations, self.centers = X, 0, None
        self.lengths = np.einsum("ij,ij->i", X, X)
        self.upper, self.lower = np.full(len(X), np.inf), np.zeros(len(X))

    def __call__(self, centers, labels):
        X, k = self.X, len(centers)
        doubled, lengths = scaled(centers)
        slack = 8 * np.finfo(X.dtype).eps * X.shape[1] ** 0.5
        if self.centers is None:
            chosen = np.arange(len(X))
            self.sums, self.counts = np.zeros(centers.shape), np.zeros(k)
        else:
            moved = np.linalg.norm((centers - self.centers).astype(np.float64), axis=1)
            self.upper += moved[labels]
            self.lower -= moved.max()
            apart = doubled @ centers.T + lengths + lengths[:, None]
            np.fill_diagonal(apart, np.inf)
            apart = apart.min(axis=1) - slack * (lengths + lengths.max())
            half = np.sqrt(np.maximum(apart, 0).astype(np.float64)) / 2
            chosen = _in_doubt(X, centers, labels, self.upper, self.lower, half, slack)
            self.evaluations += k * (k - 1) // 2 + int(chosen[-1])
            chosen = chosen[:-1]
        self.centers = centers
        changed = False
        for start in range(0, len(chosen), 4 * ROWS):
            rows = chosen[start : start + 4 * ROWS]
            found, least = np.empty(len(rows), np.int64), np.empty(len(rows), X.dtype)
            second = np.empty(len(rows), X.dtype)
            assign(X[rows], doubled, lengths, found, least, second)
            error = slack * (self.lengths[rows] + lengths.max())
            self.upper[rows] = np.sqrt(np.maximum(least + self.lengths[rows] + error, 0))
            self.lower[rows] = np.sqrt(np.maximum(second + self.lengths[rows] - error, 0))
            changed |= _move(X, rows, labels, found, self.sums, self.counts)
        self.evaluations += len(chosen) * k
        return changed, self.sums, self.counts


@njit(cache=True)
def _in_doubt(X, centers, labels, upper, lower, half, slack):
    """Return the points whose bounds cross, and last how many distances that took."""
    chosen, count, measured = np.empty(len(X) + 1, np.int64), 0, 0
    for i in range(len(X)):
        own = labels[i]
        safe = max(half[own], lower[i])
        if upper[i] >= safe:
            upper[i] = np.sqrt(squared_distance(X[i], centers[own])) * (1 + slack)
            measured += 1
            if upper[i] >= safe:
                chosen[count] = i
                count += 1
    chosen[count] = measured
    return chosen[: count + 1]


@njit(cache=True)
def _move(X, rows, labels, found, sums, counts):
    """Take rows whose label changed from the sum of the old center to that of the new."""
    changed = False
    for place in range(len(rows)):
        i, old, new = rows[place], labels[rows[place]], found[place]
        if old == new:
            continue
        changed = True
        labels[i] = new
        counts[new] += 1
        for j in range(X.shape[1]):
            sums[new, j] += X[i, j]
        if old >= 0:
            counts[old] -= 1
            for j in range(X.shape[1]):
                sums[old, j] -= X[i, j]
    return changed


@njit(cache=True)
def _away(X, centers, labels):
    away = np.empty(len(X))
    for i in range(len(X)):
        away[i] = squared_distance(X[i], centers[labels[i]])
    return away


def _inertia(X, centers, labels):
    return _away(X, centers, labels).sum()
