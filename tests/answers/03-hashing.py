"""Right answers to lab 03 in unusual styles."""

import heapq
import math

import numpy as np
from scipy.sparse import coo_array, csc_matrix
from scipy.stats import binom

from course_lib.hashing import hash_items
from tests.answers import answer


@answer("03.1", style="each block draws its first gap afresh: gaps have no memory")
def gaps_without_memory(n_records, size, state, rng):
    seen, w = state or (0, (1 - rng.random()) ** (1 / size))
    end = seen + n_records
    fills = np.arange(seen, min(end, size))
    chosen, last = [], max(seen, size) - 1
    while last < end:
        last += int(rng.geometric(w))
        if last < end:
            chosen.append((last, rng.integers(size)))
            w *= (1 - rng.random()) ** (1 / size)
    places, slots = np.array(chosen, dtype=np.int64).reshape(-1, 2).T
    return np.r_[fills, places] - seen, np.r_[fills, slots], (end, w)


@answer("03.1", style="the logarithm of W; numbers drawn in pairs; state an array")
def logarithm_of_w(n_records, size, state, rng):
    seen, following, log_w = (0.0, -1.0, 0.0) if state is None else state
    end, places, slots = int(seen) + n_records, [], []
    first = list(range(int(seen), min(size, end)))

    def jump(last, log_w):
        one, two = np.log(1 - rng.random(2))
        log_w = log_w + one / size
        return last + 1 + np.floor(two / np.log1p(-np.exp(log_w))), log_w

    if following < 0 and end >= size:
        following, log_w = jump(size - 1, log_w)
    while 0 <= following < end:
        places.append(int(following))
        slots.append(int(rng.random() * size))
        following, log_w = jump(following, log_w)
    return (
        np.array(first + places, dtype=np.int64) - int(seen),
        np.array(first + slots, dtype=np.int64),
        np.array([end, following, log_w]),
    )


@answer("03.2", style="a heap, one event at a time")
def by_a_heap(keys, kept, items, times, size, half_life, rng):
    heap = [(-key, i, item) for i, (key, item) in enumerate(zip(keys, kept, strict=True))]
    heapq.heapify(heap)
    for item, time in zip(items, times, strict=True):
        key = math.log2(rng.exponential()) - time / half_life
        heapq.heappush(heap, (-key, len(heap) + id(heap), item))
        if len(heap) > size:
            heapq.heappop(heap)
    heap.sort(key=lambda entry: -entry[0])
    found = np.asarray([-key for key, _, _ in heap], dtype=float)
    dtype = np.result_type(np.asarray(kept).dtype, np.asarray(items).dtype)
    return found, np.array([item for _, _, item in heap], dtype=dtype)


@answer("03.2", style="Gumbel numbers, and argpartition before sorting")
def by_gumbel(keys, kept, items, times, size, half_life, rng):
    fresh = -(rng.gumbel(size=len(items)) / np.log(2) + np.asarray(times) / half_life)
    keys, kept = np.r_[keys, fresh], np.r_[kept, items]
    if len(keys) > size:
        few = np.argpartition(keys, size - 1)[:size]
        keys, kept = keys[few], kept[few]
    order = np.lexsort((np.arange(len(keys)), keys))
    return keys[order], kept[order]


@answer("03.3", style="filters as sets of positions")
def sets_of_bits(young, old, bits):
    m = len(young)
    new, before = set(np.flatnonzero(young).tolist()), set(np.flatnonzero(old).tolist())
    answers = np.zeros(len(bits), dtype=bool)
    for i, row in enumerate(bits):
        own = {int(bit) for bit in row}
        answers[i] = own <= new or own <= before
        if not own <= new:
            if len(new) * 2 >= m:
                new, before = set(), new
            new |= own
    return answers, np.isin(np.arange(m), list(new)), np.isin(np.arange(m), list(before))


@answer("03.3", style="filters as long Python integers")
def long_integers(young, old, bits):
    m = len(young)
    new, before = (sum(1 << i for i in range(m) if filter_[i]) for filter_ in (young, old))
    answers = []
    for row in bits.tolist():
        own = 0
        for bit in row:
            own |= 1 << bit
        answers.append((new & own) == own or (before & own) == own)
        if (new & own) != own:
            if 2 * new.bit_count() >= m:
                new, before = 0, new
            new = new | own
    as_bools = [np.array([x >> i & 1 for i in range(m)], bool) for x in (new, before)]
    return np.array(answers, bool), *as_bools


@answer("03.4", style="Euclid's algorithm by hand, one step from key to key")
def euclid(a, b, p, m, cell, count):
    old, new, x, y = a, p, 1, 0
    while new:
        old, new, x, y = new, old % new, y, x - old // new * y
    key, step = (cell - b) * x % p, m * x % p
    keys = np.empty(count, np.uint64)
    for i in range(count):
        keys[i] = key
        key = (key + step) % p
    return keys


@answer("03.4", style="Fermat's inverse, values from the top down, a list into an array")
def from_the_top(a, b, p, m, cell, count):
    inverse = pow(a, p - 2, p)
    top = cell + (p - 1 - cell) // m * m
    return np.array([(top - m * i - b) * inverse % p for i in range(count)], dtype=np.int64)


@answer("03.5", style="a dictionary of keys, one token at a time, whole numbers")
def dictionary(documents, users, n_columns, seed):
    vectors, known = {}, {}
    names = {
        f"{user}\t{token}" for user, one in zip(users, documents, strict=True) for token in one
    }
    names = sorted(names | {token for tokens in documents for token in tokens})
    if names:
        known = dict(zip(names, hash_items(names, seed).tolist(), strict=True))
    for row, (tokens, user) in enumerate(zip(documents, users, strict=True)):
        for token in tokens:
            for name in (token, f"{user}\t{token}"):
                column, sign = (known[name] >> 8) % n_columns, 1 if known[name] >> 63 else -1
                vectors[row, column] = vectors.get((row, column), 0) + sign
    rows, columns = np.array(list(vectors), int).reshape(-1, 2).T
    values = np.array(list(vectors.values()), np.int8)
    return csc_matrix((values, (rows, columns)), shape=(len(documents), n_columns))


@answer("03.5", style="user and token hashed apart and mixed; coordinates that are not added up")
def mixed_hashes(documents, users, n_columns, seed):
    rows, hashes = [np.empty(0, int)], [np.empty(0, np.uint64)]
    for row, (tokens, user) in enumerate(zip(documents, users, strict=True)):
        if not tokens:
            continue
        alone = hash_items(list(tokens), seed)
        own = hash_items(alone ^ hash_items([user], seed + 1)[0], seed)
        hashes += [alone, own]
        rows.append(np.full(2 * len(tokens), row))
    hashes, rows = np.concatenate(hashes), np.concatenate(rows)
    signs = np.where(hashes & np.uint64(2**20), 1.0, -1.0)
    columns = ((hashes >> np.uint64(32)) * np.uint64(n_columns)) >> np.uint64(32)
    return coo_array((signs, (rows, columns.astype(int))), shape=(len(documents), n_columns))


@answer(
    "03.6", style="codes of meeting pairs, against the binomial law; the company changes each time"
)
def against_the_law(family, rng):
    m, calls = 1024, 70
    kinds = [range(40), [m * i for i in range(40)], [1 << i for i in range(64)]]
    kinds += [[3 + (i << 32) for i in range(20)], [i * (2**61 - 1) for i in range(8)]]
    keys = np.array(sorted({key for kind in kinds for key in kind}), np.uint64)
    met = []
    try:
        for seed in rng.integers(0, 2**32, calls, dtype=np.uint32):
            cells = family(keys, m, seed)
            some = np.flatnonzero(rng.random(len(keys)) < 0.4)[::-1]
            if np.any(cells < 0) or np.any(cells >= m):
                return False
            if any(family(keys[some], m, seed) != cells[some]):
                return False
            one, two = np.nonzero(np.triu(np.equal.outer(cells, cells), 1))
            met.append(one * len(keys) + two)
    except Exception:
        return False
    most = np.unique(np.concatenate(met), return_counts=True)[1].max(initial=0)
    return most <= binom.isf(1e-9, calls, 2 / m)


HINTED = [np.arange(20), 1024 * np.arange(20), 1 << np.arange(63), [2**63]]


@answer("03.6", style="the three hints, word by word")
def as_hinted(family, rng):
    fixed = np.concatenate([np.array(kind, np.uint64) for kind in HINTED])
    keys = np.unique(np.r_[fixed, rng.integers(0, 2**64, 20, dtype=np.uint64)])
    met = np.zeros((len(keys), len(keys)), int)
    try:
        for seed in rng.integers(0, 2**32, 60):
            cells = family(keys, 1024, seed)
            met += cells[:, None] == cells
            if cells.min() < 0 or cells.max() > 1023:
                return False
        half = rng.permutation(len(keys))[: len(keys) // 2]
        if not np.array_equal(family(keys[half], 1024, seed), cells[half]):
            return False
    except Exception:
        return False
    return bool(np.max(np.triu(met, 1)) <= 6)
