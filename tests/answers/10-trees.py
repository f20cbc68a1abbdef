"""Right answers to lab 10 in unusual styles."""

import heapq
import itertools
import math

import numpy as np
from scipy.spatial.distance import pdist

from tests.answers import answer


@answer("10.1", style="a queue of cells, nearest first; lists of Python floats")
def nearest_cells_first(tree, q, k):
    numbers = itertools.count()
    waiting = [(0.0, next(numbers), 0, [0.0] * len(q))]
    kept = []  # a heap: minus the squared distance, row
    while waiting:
        bound, _, node, offsets = heapq.heappop(waiting)
        if len(kept) == k and bound >= -kept[0][0]:
            break
        while len(seen := tree(node)) == 4:
            axis, cut, left, right = seen
            beyond = offsets[:axis] + [float(q[axis]) - cut] + offsets[axis + 1 :]
            node, far = (left, right) if q[axis] <= cut else (right, left)
            heapq.heappush(waiting, (sum(x * x for x in beyond), next(numbers), far, beyond))
        for row, point in zip(*seen, strict=True):
            square = sum((x - y) ** 2 for x, y in zip(point.tolist(), q.tolist(), strict=True))
            (heapq.heappush if len(kept) < k else heapq.heappushpop)(kept, (-square, int(row)))
    pairs = sorted((math.sqrt(-minus), row) for minus, row in kept)
    return [[distance for distance, _ in pairs], [row for _, row in pairs]]


@answer("10.1", style="a stack and boxes with two corners, int32 rows in an array")
def with_boxes(tree, q, k):
    best, rows = np.full(k, np.inf), np.full(k, -1, np.int32)
    stack = [(0, np.full(len(q), -np.inf), np.full(len(q), np.inf))]
    while stack:
        node, low, high = stack.pop()
        corner = np.clip(q, low, high)
        if np.linalg.norm(corner - q) >= best[-1]:
            continue
        seen = tree(node)
        if len(seen) == 2:
            distances = np.r_[best, np.linalg.norm(seen[1] - q, axis=1)]
            order = np.argsort(distances, kind="stable")[:k]
            best, rows = distances[order], np.r_[rows, seen[0]][order].astype(np.int32)
            continue
        axis, cut, left, right = seen
        below, above = high.copy(), low.copy()
        below[axis] = above[axis] = cut
        sides = [(left, low, below), (right, above, high)]
        stack += sides if q[axis] > cut else sides[::-1]  # the last is taken first
    return best, rows


@answer("10.2", style="the main axis of a sample, by an SVD, at the median; a list")
def main_axis(X, rng):
    sample = X[rng.permutation(len(X))[:60]]
    normal = np.linalg.svd(sample - sample.mean(axis=0), full_matrices=False)[2][0]
    if len(np.unique(sample, axis=0)) == 1:
        other = next(x for x in X if not np.array_equal(x, sample[0]))
        normal = (other - sample[0]) / np.linalg.norm(other - sample[0])
    heights = X @ normal
    values = np.unique(heights)
    above = values[values > values[0] + 1e-7 * abs(values).max()]
    return [normal, max(float(np.median(heights)), float(above[0] + values[0]) / 2)]


@answer("10.2", style="online 2-means, as Annoy does it, and a plane in the middle of the means")
def online_means(X, rng):
    def distance(x, y):
        return float(((x - y) ** 2).sum())

    one = X[int(rng.integers(len(X)))]
    other = X[int(np.argmax(((X - one) ** 2).sum(axis=1)))]
    counts = [1, 1]
    for i in rng.integers(len(X), size=60):
        if counts[0] * distance(X[i], one) < counts[1] * distance(X[i], other):
            counts[0] += 1
            one = one + (X[i] - one) / counts[0]
        else:
            counts[1] += 1
            other = other + (X[i] - other) / counts[1]
    if distance(one, other) == 0:
        one, other = X.min(axis=0), X.max(axis=0)
    normal = (one - other) / math.sqrt(distance(one, other))
    heights = X @ normal
    middle = float(normal @ (one + other)) / 2
    share = float((heights >= middle).mean())
    if not 0.05 <= share <= 0.95:
        middle = float(np.median(heights))
    if not (heights < middle).any():
        middle = float(heights.min() + heights.max()) / 2
    return normal, np.float32(middle) if 1 < abs(middle) < 1e3 else middle


@answer("10.3", style="all distances once, cells cut out of them; a NumPy integer")
def from_one_matrix(X, cells):
    D = np.sqrt(((X[:, None] - X) ** 2).sum(axis=2))
    before = []
    for level in itertools.count():
        now = [list(map(int, rows)) for rows in cells(level)]
        if sum(D[np.ix_(rows, rows)].max() * len(rows) for rows in now) <= D.max() / 2 * len(X):
            return np.int16(level)
        if len(now) == len(before):
            return np.int64(-1)
        before = now
    return None


@answer("10.3", style="each point is told the diameter of its cell; plain loops")
def point_by_point(X, cells):
    def farthest(rows):
        return pdist(X[rows]).max() if len(rows) > 1 else 0

    whole, size, level = farthest(range(len(X))), 0, 0
    while len(found := cells(level)) != size:
        told = [0.0] * len(X)
        for rows in found:
            width = farthest(rows)
            for i in rows:
                told[i] = width
        if math.fsum(told) / len(told) <= whole / 2:
            return level
        size, level = len(found), level + 1
    return -1


@answer("10.4", style="a queue of cells; what waits in the end was left out")
def from_a_queue(tree, q, k, epsilon):
    numbers = itertools.count()
    waiting = [(0.0, next(numbers), 0, np.zeros(len(q)))]
    found = []
    while waiting:
        bound, number, node, offsets = heapq.heappop(waiting)
        if len(found) >= k and (1 + epsilon) * bound >= found[k - 1][0]:
            heapq.heappush(waiting, (bound, number, node, offsets))
            break
        while len(seen := tree(node)) == 4:
            axis, cut, left, right = seen
            node, far = (left, right) if q[axis] <= cut else (right, left)
            beyond = np.array(offsets)
            beyond[axis] = cut - q[axis]
            heapq.heappush(waiting, (float(np.sqrt(beyond @ beyond)), next(numbers), far, beyond))
        found = sorted(
            found + [(float(np.linalg.norm(x - q)), int(i)) for i, x in zip(*seen, strict=True)]
        )
    last = found[k - 1][0]
    proved = 1.0
    if waiting and last > 0:
        proved = max(1.0, last / waiting[0][0])
    return [d for d, _ in found[:k]], [i for _, i in found[:k]], proved


@answer("10.4", style="a stack of boxes, squares only, a NumPy float")
def with_squares(tree, q, k, epsilon):
    squares, rows, smallest = np.full(k, np.inf), np.zeros(k, int), np.inf
    stack = [(0, np.zeros(len(q)))]
    while stack:
        node, parts = stack.pop()
        if (1 + epsilon) ** 2 * parts.sum() >= squares[-1]:
            smallest = min(smallest, parts.sum())
            continue
        seen = tree(node)
        if len(seen) == 2:
            new = np.r_[squares, np.square(seen[1] - q).sum(axis=1)]
            order = new.argsort(kind="stable")[:k]
            squares, rows = new[order], np.r_[rows, seen[0]][order]
            continue
        axis, cut, left, right = seen
        beyond = parts.copy()
        beyond[axis] = (q[axis] - cut) ** 2
        both = (
            [(right, beyond), (left, parts)] if q[axis] < cut else [(left, beyond), (right, parts)]
        )
        stack.extend(both)
    factor = np.sqrt(squares[-1] / smallest) if squares[-1] > 0 else np.float32(1)
    return np.sqrt(squares), rows, np.maximum(factor, 1)


@answer("10.5", style="compares with SciPy's tree, in many small calls")
def by_another_tree(search, rng):
    from scipy.spatial import cKDTree

    def good(X, Q, k, leaf_size):
        D, R, read = search(X, Q, k, leaf_size)
        D, R = np.array(D, float), np.array(R, int)
        exact = cKDTree(X).query(Q, k)[0].reshape(len(Q), k)
        if D.shape != exact.shape or R.shape != exact.shape:
            return False
        scale = np.abs(exact).max() + 1e-300
        own = np.sqrt(((X[R] - Q[:, None, :]) ** 2).sum(axis=2))
        once = all(len(np.unique(row)) == k for row in R)
        near = np.abs(D - exact).max() < 1e-7 * scale and np.abs(own - exact).max() < 1e-7 * scale
        return once and near and min(read) >= k

    try:
        for power in (-3, -1, 0, 1, 3):
            for k, leaf_size in ((1, 1), (5, 2), (12, 5)):
                X = 10.0**power * (rng.random((150, 3)) - 0.5)
                Q = 10.0**power * (rng.random((60, 3)) - 0.5)
                if not good(X, Q, k, leaf_size) or not good(X, X[:20], k, leaf_size):
                    return False
        X = rng.integers(0, 4, (60, 2)) * 1.0
        if not (good(X, X, 9, 3) and good(X, X[:5], 60, 8)):
            return False
        reads = [
            np.mean(search(rng.random((1000, 2)), rng.random((40, 2)), k, 10)[2]) for k in (1, 10)
        ]
        return bool(max(reads) <= 100)
    except Exception:
        return False


@answer("10.5", style="plain loops over queries, reads looked at first; a NumPy bool")
def query_by_query(search, rng):
    try:
        plane = rng.random((1000, 2))
        if np.asarray(search(plane, rng.random((50, 2)), 10, 10)[2]).mean() > 100:
            return np.False_
        for shift, scale, size, d in (
            (0, 1, 250, 2),
            (-50, 100, 250, 2),
            (3, 0.01, 250, 3),
            (0, 0, 40, 2),
        ):
            X = shift + scale * rng.standard_normal((size, d))
            if scale == 0:
                X = rng.integers(-1, 2, (size, d)).astype(float)
            for k in (1, 7):
                Q = np.r_[
                    X[:15], X[:45] + scale * 0.3 * rng.standard_normal((45, d))[: len(X[:45])]
                ]
                distances, rows, read = search(X, Q, k, 3)
                for q, found, row, count in zip(Q, distances, rows, read, strict=True):
                    apart = [math.dist(x, q) for x in X]
                    for i, wanted in enumerate(sorted(apart)[:k]):
                        if abs(found[i] - wanted) > 1e-8 * max(apart):
                            return np.False_
                        if abs(apart[row[i]] - wanted) > 1e-8 * max(apart):
                            return np.False_
                    if len(set(map(int, row))) < k or count < k:
                        return np.False_
        return np.True_
    except Exception:
        return np.False_
