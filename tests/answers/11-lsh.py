"""Right answers to lab 11 in unusual styles."""

import collections
import heapq
import itertools

import numpy as np
from sklearn.cluster import KMeans

from course_lib import hashing
from tests.answers import answer


@answer("11.1", style="one set after the other, exclusive or and odd factors, the greatest")
def set_by_set(sets, n_hashes, seed):
    words = np.random.default_rng([11, seed]).integers(2**64, size=(2, n_hashes), dtype=np.uint64)
    rows = []
    for members in sets:
        mixed = hashing.hash_items(np.asarray(members), 77)[:, None] ^ words[0]
        rows.append((mixed * (words[1] | np.uint64(1))).max(axis=0))
    return np.array(rows).reshape(len(sets), n_hashes)


@answer("11.1", style="polynomials of degree 3, as floats, a list of lists")
def by_polynomials(sets, n_hashes, seed):
    starts = [0, *itertools.accumulate(map(len, sets))][:-1]
    everything = np.concatenate(sets)
    columns = []
    for j in range(n_hashes):
        values = hashing.Polynomial(4, seed=seed * 2**20 + j)(everything)
        columns.append((np.minimum.reduceat(values, starts) / 2.0**61).tolist())
    return [list(row) for row in zip(*columns, strict=True)]


@answer("11.2", style="a dictionary of tuples, scalar comparisons, pairs (j, i) as a list of lists")
def one_by_one(signatures, compare, least):
    k = signatures.shape[1]
    rows = 1
    while (1 - least ** (rows + 1)) ** (k // (rows + 1)) <= 0.01:
        rows += 1
    buckets = collections.defaultdict(list)
    for i, row in enumerate(signatures.tolist()):
        for band in range(k // rows):
            buckets[band, *row[band * rows : (band + 1) * rows]].append(i)
    known, found = {}, []
    for members in buckets.values():
        for i, j in itertools.combinations(members, 2):
            if (i, j) not in known:
                known[i, j] = compare(i, j)
                if known[i, j] >= least:
                    found.append([j, i])
    return found


@answer("11.2", style="bands sorted by NumPy, pairs as numbers, int32")
def by_sorting(signatures, compare, least):
    n, k = signatures.shape
    miss = {r: (1 - least**r) ** (k // r) for r in range(1, 65)}
    rows = max([r for r in miss if miss[r] <= 0.01], default=1)
    keys = [np.empty(0, np.int64)]
    for band in np.split(signatures[:, : k // rows * rows], k // rows, axis=1):
        label = np.unique(band, axis=0, return_inverse=True)[1].ravel()
        order = np.argsort(label, kind="stable")
        for gap in range(1, n):
            same = label[order[gap:]] == label[order[:-gap]]
            if not same.any():
                break
            keys.append(order[:-gap][same] * n + order[gap:][same])
    pairs = np.unique(np.concatenate(keys))
    i, j = (pairs // n).astype(np.int32), (pairs % n).astype(np.int32)
    alike = compare(i, j) >= least if len(pairs) else np.empty(0, bool)
    return np.stack([i[alike], j[alike]], axis=1)


def cheapest(margins, n_probes):
    """Yield sets of bits by growing sum of squares, with a heap of shifts and expansions."""
    order = sorted(range(len(margins)), key=lambda j: margins[j] ** 2)
    squares = [float(margins[j]) ** 2 for j in order]
    yield 0
    heap, count = [(squares[0], 0, 1 << order[0])], 1
    while heap and count < n_probes:
        total, last, bits = heapq.heappop(heap)
        yield bits
        count += 1
        if last + 1 < len(order):
            more, own = 1 << order[last + 1], 1 << order[last]
            heapq.heappush(heap, (total + squares[last + 1], last + 1, bits | more))
            moved = total - squares[last] + squares[last + 1]
            heapq.heappush(heap, (moved, last + 1, bits ^ own | more))


@answer("11.3", style="a heap, Python integers, dictionaries and sets; lists in no order")
def by_heap(codes, margins, n_probes):
    tables = []
    for own in codes.tolist():
        buckets = collections.defaultdict(list)
        for i, code in enumerate(own):
            buckets[code].append(i)
        tables.append(buckets)
    found = []
    for query in margins:
        points = set()
        for buckets, own in zip(tables, query.tolist(), strict=True):
            code = sum(1 << j for j, value in enumerate(own) if value > 0)
            for bits in cheapest(own, n_probes):
                points.update(buckets.get(code ^ bits, ()))
        found.append(list(points))
    return found


@answer("11.3", style="only the T smallest margins can matter; sums merged, np.isin, a tuple")
def by_merging(codes, margins, n_probes):
    found = []
    for query in margins:
        hit = np.zeros(codes.shape[1], dtype=bool)
        for own_codes, own in zip(codes, query, strict=True):
            sums, keys = [0.0], [sum(1 << j for j in range(len(own)) if own[j] > 0)]
            for j in np.argsort(np.abs(own))[:n_probes].tolist():
                both = [(s, key) for s, key in zip(sums, keys, strict=True)]
                both += [(s + own[j] ** 2, key ^ 1 << j) for s, key in both]
                both = heapq.nsmallest(n_probes, both)
                sums, keys = [s for s, _ in both], [key for _, key in both]
            hit |= np.isin(own_codes, np.array(keys, np.int64))
        found.append(np.flatnonzero(hit).astype(np.uint16))
    return tuple(found)


@answer("11.4", style="scikit-learn's k-means, means by one-hot products, one query at a time")
def by_scikit_learn(X, queries, n_groups, n_centers, rng):
    codes, centers, tables = [], [], []
    for part in np.array_split(np.arange(X.shape[1]), n_groups):
        model = KMeans(
            n_centers, init="random", n_init=1, max_iter=12, random_state=int(rng.integers(2**31))
        )
        labels = model.fit(X[:, part]).labels_
        means = np.array(
            [
                X[np.ix_(labels == c, part)].mean(axis=0) if np.any(labels == c) else part * 0.0
                for c in range(n_centers)
            ]
        )
        codes.append(labels.astype(np.uint8))
        centers.append(means)
        tables.append([((query[part] - means) ** 2).sum(axis=1) for query in queries])
    squares = [
        sum(table[i][code.astype(int)] for table, code in zip(tables, codes, strict=True))
        for i in range(len(queries))
    ]
    return [np.array(codes).T, np.hstack(centers), squares]


@answer("11.4", style="k-means of its own, squares by the expanded product")
def by_own_kmeans(X, queries, n_groups, n_centers, rng):
    n, d = X.shape
    codes, centers = np.zeros((n, n_groups), np.uint8), np.zeros((n_centers, d))
    for m, part in enumerate(np.array_split(np.arange(d), n_groups)):
        P = X[:, part]
        own = P[rng.choice(n, n_centers, replace=False)]
        for _ in range(14):
            label = np.argmin((own**2).sum(axis=1) - 2 * P @ own.T, axis=1)
            sums = np.zeros_like(own)
            np.add.at(sums, label, P)
            sizes = np.bincount(label, minlength=n_centers)
            own[sizes > 0] = sums[sizes > 0] / sizes[sizes > 0, None]
        codes[:, m], centers[:, part] = label, own
    parts = np.array_split(np.arange(d), n_groups)
    kept = np.hstack([centers[codes[:, m]][:, part] for m, part in enumerate(parts)])
    squares = (queries**2).sum(axis=1)[:, None] + (kept**2).sum(axis=1) - 2 * queries @ kept.T
    return codes, centers, squares


@answer("11.5", style="Python integers, one pair and one column at a time")
def column_by_column(words, pairs, n_bits, n_columns):
    each, low, estimates, errors = 64 // n_bits, 2**n_bits - 1, [], []
    rows = words.tolist()
    unpacked = [
        [word >> place * n_bits & low for word in row for place in range(each)][:n_columns]
        for row in rows
    ]
    for i, j in pairs.tolist():
        same = sum(map(int.__eq__, unpacked[i], unpacked[j])) / n_columns
        estimates.append((2**n_bits * same - 1) / (2**n_bits - 1))
        errors.append((same * (1 - same) / n_columns) ** 0.5 * 2**n_bits / (2**n_bits - 1))
    return estimates, errors


@answer("11.5", style="np.unpackbits, columns that differ, a matrix of two rows")
def by_unpacked_bits(words, pairs, n_bits, n_columns):
    bits = np.unpackbits(
        np.ascontiguousarray(words).view(np.uint8), axis=1, bitorder="little"
    ).reshape(len(words), -1, 64)
    each = 64 // n_bits
    columns = bits[:, :, : each * n_bits].reshape(len(words), -1, n_bits)[:, :n_columns]
    differ = (columns[pairs[:, 0]] != columns[pairs[:, 1]]).any(axis=2).mean(axis=1)
    factor = 1 / (1 - 2.0**-n_bits)
    spread = np.sqrt(differ * (1 - differ) / n_columns)
    return np.stack([1 - factor * differ, factor * spread])


@answer("11.6", style="what the hints say, taken literally")
def by_the_hints(sign, rng):
    def sets_of(n, common, union, step):
        rows = rng.integers(0, 2**62, (n, union))
        if step:
            rows = (np.arange(n)[:, None] * 2 * union + np.arange(union)) * step
        own = (union - common) // 2
        return [part for row in rows for part in (row[: common + own], row[own:])]

    try:
        few = [np.array([5, 9, 2**50]), np.arange(30), np.array([8])]
        one, same, other = (np.asarray(sign(few, 10, seed)) for seed in (1, 1, 2))
        back = sign([x[::-1] for x in few], 10, 1)
        alone = [np.asarray(sign([x], 10, 1))[0] for x in few]
        if not (np.array_equal(one, same) and np.array_equal(one, back)):
            return False
        if not np.array_equal(one, np.array(alone)) or np.any(one == other):
            return False
        for n, common, union, step in [
            (1000, 15, 30, 1),
            (1000, 15, 30, None),
            (1000, 15, 30, 2**34),
            (1000, 1, 2, 1),
            (300, 150, 300, 1),
            (1000, 0, 30, 2**34),
        ]:
            S = np.asarray(sign(sets_of(n, common, union, step), 64, int(rng.integers(2**30))))
            share, J = (S[::2] == S[1::2]).mean(axis=1), common / union
            if common == 0 and share.any():
                return False
            if abs(share.mean() - J) > 6 * np.sqrt(J * (1 - J) / 64 / n):
                return False
            if J and abs(share.var() / (J * (1 - J) / 64) - 1) > 6 * np.sqrt(2 / n):
                return False
    except Exception:
        return False
    return True


@answer("11.6", style="pairs of columns must agree independently; no variance of the estimate")
def by_columns(sign, rng):
    said = []
    try:
        some = np.asarray(sign([np.arange(90), np.arange(60), np.arange(60, 90)], 64, 9))
        said += [np.all((some[0] == some[1]) ^ (some[0] == some[2]))]  # 90 = 60 + 30
        for size, common, scale in [
            (20, 10, 1),
            (20, 10, 2**35),
            (150, 100, 1),
            (25, 0, 1),
            (2, 1, 1),
        ]:
            J, sets = common / (2 * size - common), []
            for i in range(500):
                row = (np.arange(2 * size - common) + 1000 * i) * scale
                sets += [rng.permutation(row[:size]), rng.permutation(row[size - common :])]
            seed = int(rng.integers(2**30))
            S = np.asarray(sign(sets, 96, seed))
            said += [S.shape == (1000, 96), np.array_equal(S[-2:], sign(sets[-2:], 96, seed))]
            said += [np.array_equal(S[:9], sign([np.sort(x) for x in sets[:9]], 96, seed))]
            said += [not np.any(S[:9] == sign(sets[:9], 96, seed + 1))]
            equal = (S[::2] == S[1::2]) - J
            limit = max(6 * np.sqrt(J * (1 - J) / equal.size), 2e-4)
            said += [abs(equal.mean()) < limit]
            if common:
                together = equal.T @ equal / 500
                off = together[np.triu_indices(96, 1)]
                said += [abs(off.mean()) < 6 * J * (1 - J) / np.sqrt(500 * len(off))]
    except Exception:
        return False
    return all(said)
