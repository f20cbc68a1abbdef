"""Right answers to lab 08 in unusual styles."""

import math

import numpy as np
import scipy.linalg
import scipy.spatial
import scipy.stats

from tests.answers import answer


@answer("08.1", style="LQ first, then the SVD of the small triangle; a list, n of np.int64")
def by_triangle(first, second, size):
    (n1, mean1, F1), (n2, mean2, F2) = first, second
    n = n1 + n2
    if n == 0:
        return [np.int64(0), mean1, F1]
    gap = np.sqrt(n1 / n) * np.sqrt(n2) * (mean2 - mean1)
    stack = np.concatenate([gap[None].astype(F1.dtype), F2, F1])
    Q, R = scipy.linalg.qr(stack.T, mode="economic")
    _, s, Vt = scipy.linalg.svd(R.T, lapack_driver="gesvd")
    small = s[:, None] * Vt[: len(s)]
    mean = (n1 / n * mean1 + n2 / n * mean2).astype(F1.dtype)
    return [np.int64(n), mean, (small @ Q.T)[:size]]


@answer("08.1", style="the left singular vectors turn the stack, with opposite signs")
def by_left_vectors(first, second, size):
    n1, n2 = int(first[0]), int(second[0])
    dtype = first[2].dtype
    rows = [np.array(row, float) for part in (first, second) for row in part[2]]
    if n1 and n2:
        gap = np.array(second[1], float) - np.array(first[1], float)
        rows.append(gap * math.sqrt(n1 * n2 / (n1 + n2)))
    weight = n2 / max(1, n1 + n2)
    mean = np.array(first[1], float) * (1 - weight) + np.array(second[1], float) * weight
    stack = np.array(rows).reshape(len(rows), len(mean))
    left = np.linalg.svd(stack, full_matrices=False)[0][:, :size]
    return n1 + n2, mean.astype(dtype), -(left.T @ stack).astype(dtype)


@answer(
    "08.2", style="normal equations of all points at once; landmarks are a list; a list of rows"
)
def by_normal_equations(ask, n, m, k, rng):
    order = np.argsort(rng.random(n))[:m].tolist()
    squares = np.square(ask(order))
    own = squares[:, order]
    mu = own.mean(1)
    B = -(own - mu[:, None] - mu + own.mean()) / 2
    size, vectors = scipy.linalg.eigh(B, subset_by_index=[m - k, m - 1])
    A = np.concatenate([vectors * np.sqrt(size), np.ones((m, 1))], axis=1)
    came = np.isfinite(squares).astype(float)
    right = np.where(came > 0, (mu[:, None] - squares) / 2, 0)
    grams = np.einsum("ap,ai,aj->pij", came, A, A)
    return np.linalg.solve(grams, (A.T @ right).T[:, :, None])[:, ::-1, 0][:, 1:].tolist()


@answer("08.2", style="c eliminated: answers centered at each point, then the pseudo-inverse")
def by_centering(ask, n, m, k, rng):
    landmarks = rng.permutation(n)[:m].astype(np.int32)
    rows = ask(landmarks)
    own = rows[:, landmarks] ** 2
    U, s, _ = np.linalg.svd(own - own.mean(0) - own.mean(1)[:, None] + own.mean())
    anchors = U[:, :k] * np.sqrt(s[:k] / 2)
    places = np.empty((n, k), np.float64)
    for point in range(n):
        came = np.flatnonzero(rows[:, point] == rows[:, point])
        pull = own.mean(1)[came] / 2 - rows[came, point] ** 2 / 2
        left = anchors[came] - anchors[came].mean(0)
        places[point] = np.linalg.pinv(left) @ (pull - pull.mean())
    return np.matrix(places)


@answer("08.3", style="np.bincount instead of np.add.at; complex numbers; a list of a list")
def by_bincount(look, n_queries, theta):
    pushes, sums = np.zeros(n_queries, complex), np.zeros(n_queries)
    rows, cells = list(range(n_queries)), [0] * n_queries
    while len(cells):
        seen = look(rows, cells)
        z, rows = seen.offsets @ [1, 1j], np.array(rows)
        inner = seen.children.max(axis=1) >= 0
        onward = inner & ~(seen.sides < theta * np.abs(z))
        near = ~onward
        w = seen.counts[near] / (1 + np.abs(z[near]) ** 2)
        sums += np.bincount(rows[near], w, n_queries)
        w = w * z[near] / (1 + np.abs(z[near]) ** 2)
        pushes.real += np.bincount(rows[near], w.real, n_queries)
        pushes.imag += np.bincount(rows[near], w.imag, n_queries)
        level = seen.children[onward]
        which, where = np.nonzero(level >= 0)
        rows, cells = rows[onward][which], level[which, where]
    return [[[push.real, push.imag] for push in pushes], sums.tolist()]


@answer("08.3", style="plain Python numbers, level by level; the offsets' lengths by math.hypot")
def in_plain_python(look, n_queries, theta):
    forces, sums = [[0.0, 0.0] for _ in range(n_queries)], [0.0] * n_queries
    level = [(query, 0) for query in range(n_queries)]
    while level:
        rows, cells = zip(*level, strict=True)
        seen = look(np.array(rows, np.int16), np.array(cells, np.int32))
        found = zip(rows, *(part.tolist() for part in seen), strict=True)
        level = []
        for row, (x, y), count, side, children in found:
            inside = [child for child in children if child >= 0]
            if inside and side >= theta * math.hypot(x, y):
                level += [(row, child) for child in inside]
                continue
            w = 1 / (1 + x * x + y * y)
            sums[row] += count * w
            forces[row][0] += count * w * w * x
            forces[row][1] += count * w * w * y
    return np.array(forces), np.array(sums)


@answer("08.4", style="scipy's rankdata and a k-d tree of the map; a list of NumPy numbers")
def by_ranks(ask, Y, r, budget, rng):
    n = len(Y)
    points = rng.permutation(n)[:budget]
    ranks = scipy.stats.rankdata(ask(points.tolist()), method="ordinal", axis=1) - 1
    tree = scipy.spatial.KDTree(Y)
    trust = []
    for point, rank in zip(points, ranks, strict=True):
        _, near = tree.query(Y[point], r + 1)
        near = near[near != point][:r] if point in near else near[:r]
        trust.append(1 - 2 * np.maximum(rank[near] - r, 0).sum() / (r * (2 * n - 3 * r - 1)))
    scale = np.sqrt((n - budget) / n)
    return np.array([np.mean(trust), scipy.stats.sem(trust) * scale])


@answer("08.4", style="plain loops: Floyd's sample, ranks by counting who is nearer")
def by_counting(ask, Y, r, budget, rng):
    n, sample = len(Y), set()
    for last in range(n - budget, n):
        draw = int(rng.integers(last + 1))
        sample.add(last if draw in sample else draw)
    points = sorted(sample)
    trust = []
    for point, row in zip(points, ask(np.array(points, np.uint16)), strict=True):
        others = [j for j in range(n) if j != point]
        others.sort(key=lambda j: math.dist(Y[point], Y[j]))
        late = 0
        for j in others[:r]:
            nearer = np.count_nonzero(row < row[j]) - (row[point] < row[j])
            late += max(0, int(nearer) + 1 - r)
        trust.append(1 - 2 / (r * (2 * n - 3 * r - 1)) * late)
    mean = sum(trust) / budget
    square = sum((t - mean) ** 2 for t in trust) / (budget - 1)
    return mean, math.sqrt(square / budget * (1 - budget / n))
