"""Right answers to lab 05 in unusual styles."""

import collections
import heapq

import numpy as np

from course_lib import hashing
from tests.answers import answer

PRIME = 2**61 - 1


@answer("05.1", style="a whole block at a time, then one sort; a Counter of NumPy integers")
def block_at_once(counters, items, counts, m):
    kept = collections.Counter(counters)
    for item, count in zip(items, np.asarray(counts, np.int64), strict=True):
        kept[item] += count
    if len(kept) > m:
        kept -= dict.fromkeys(kept, sorted(kept.values())[-m - 1])
    return kept


@answer("05.1", style="a heap of the totals at which each counter will be empty")
def by_a_heap(counters, items, counts, m):
    taken, ends = 0, dict(counters)
    queue = [(end, str(item), item) for item, end in ends.items()]
    heapq.heapify(queue)
    for item, count in zip(items, counts, strict=True):
        ends[item] = ends.get(item, taken) + count
        heapq.heappush(queue, (ends[item], str(item), item))
        while len(ends) > m or queue[0][0] <= taken:
            end, _, first = heapq.heappop(queue)
            if ends.get(first) == end:
                taken = end
                del ends[first]
            if not queue:
                break
    return {item: end - taken for item, end in ends.items()}


@answer("05.2", style="part after part, m + 1 counters at least pay each time")
def one_by_one(parts, m):
    kept = {}
    for part in parts:
        for item, count in part.items():
            kept[item] = kept.get(item, 0) + count
        less = ([0] * (m + 1) + sorted(kept.values()))[-m - 1]
        kept = {item: count - less for item, count in kept.items() if count > less}
    return kept


@answer("05.2", style="arrays and np.partition; keys and counters in arrays of NumPy")
def by_partition(parts, m):
    names, where = [], {}
    for name in (name for part in parts for name in part):
        if name not in where:
            where[name] = len(names)
            names.append(name)
    sums = np.zeros(len(names) + m + 1, np.int64)
    for part in parts:
        for name, count in part.items():
            sums[where[name]] += count
    sums -= np.partition(sums, -m - 1)[-m - 1]
    return {name: count for name, count in zip(names, sums, strict=False) if count > 0}


@answer("05.3", style="plain loops, lists of Python integers in and out")
def in_lists(ask, n_bits, threshold):
    heavy = [0]
    for level in range(n_bits - 1, -1, -1):
        halves = [half for prefix in heavy for half in (2 * prefix, 2 * prefix + 1)]
        if not halves:
            return []
        answers = ask(level, halves)
        heavy = [half for half, count in zip(halves, answers, strict=True) if count >= threshold]
    return heavy


@answer(
    "05.3", style="asks at level b too, and goes down two levels at a time; int32 where it fits"
)
def in_quarters(ask, n_bits, threshold):
    prefixes = np.zeros(1, np.int64)
    prefixes = prefixes[ask(n_bits, prefixes) >= threshold]
    level = n_bits
    while level and len(prefixes):
        step = 1 if level % 2 else 2
        level -= step
        prefixes = np.add.outer(prefixes << step, np.arange(1 << step)).reshape(-1)
        prefixes = prefixes[ask(level, prefixes) >= threshold]
    return prefixes.astype(np.int32) if n_bits < 31 else prefixes


@answer("05.4", style="50 bits of one polynomial, then the next; loops over counters; a list")
def bits_of_few(items, counts, s1, s2, seed):
    Z = []
    for number in range(s1 * s2):
        if number % 50 == 0:
            values = hashing.Polynomial(4, seed=(int(seed) * 1009 + number) % 2**63)(items)
        bits = (values >> np.uint64(number % 50)) & np.uint64(1)
        Z.append(sum(np.where(bits == 1, counts, np.negative(counts)).tolist()))
    return [Z[row * s1 : (row + 1) * s1] for row in range(s2)]


@answer("05.4", style="own arithmetic with Python integers, one item after the other")
def own_polynomials(items, counts, s1, s2, seed):
    rng = np.random.default_rng([7, int(seed)])
    a, b, c, d = (rng.integers(PRIME, size=-(-s1 * s2 // 48)).astype(object) for _ in range(4))
    Z = np.zeros((s1 * s2), np.int64)
    for item, count in zip(np.asarray(items).tolist(), np.asarray(counts).tolist(), strict=True):
        values = (((a * item + b) % PRIME * item + c) % PRIME * item + d) % PRIME
        bits = values.astype(np.int64)[:, None] >> np.arange(1, 49) & 1
        Z += count * (2 * bits.ravel()[: s1 * s2] - 1)
    return Z.reshape(s2, s1)


@answer("05.5", style="plain loops over Python integers, a list of floats")
def by_loops(window, day, columns):
    fold = len(window[0]) // len(day[0])
    window, day, estimates = window.tolist(), day.tolist(), []
    for places in columns.T.tolist():
        rows = []
        for cells, folded, c in zip(window, day, places, strict=True):
            joined = sum(cells[c - c % fold : c - c % fold + fold])
            rows.append(cells[c] * folded[c // fold] / joined if joined else 0)
        estimates.append(min(rows))
    return estimates


@answer("05.5", style="folds by halves, spreads the share to full width by np.repeat")
def by_repeat(window, day, columns):
    joined, fold = window, 1
    while joined.shape[1] > day.shape[1]:
        joined, fold = joined[:, ::2] + joined[:, 1::2], 2 * fold
    share = np.divide(day, joined, out=np.zeros(day.shape), where=joined > 0)
    guesses = window * np.repeat(share, fold, axis=1)
    return np.take_along_axis(guesses, columns, axis=1).min(axis=0)


def excess(count_all, stream, questions, truth, width, depth, seeds):
    """Return the estimates minus the truth, shape (seeds, q)."""
    return np.array([count_all(stream, questions, width, depth, s) for s in seeds]) - truth


@answer("05.6", style="what the hints say, taken literally")
def by_the_hints(count_all, rng):
    seeds = rng.integers(2**60, size=20).tolist()
    try:
        many = np.repeat(np.arange(2, 32), [1000, *range(1, 30)])
        stream = np.concatenate([[0], rng.permutation(many), [1]])
        items, counts = np.unique(stream, return_counts=True)
        if excess(count_all, stream, items, counts, 100, 5, seeds[:1]).min() < 0:
            return False
        for step in (1, 40):
            few, absent = step * np.arange(400), step * np.arange(1000, 4000)
            over = excess(count_all, few, absent, 0, 40, 1, seeds[:10])
            if not 8 < over.mean() < 12:
                return False
        one, again, two = (count_all(stream, items, 20, 2, seeds[k]) for k in (0, 0, 1))
        if np.any(one != again) or np.all(one == two):
            return False
        for width, depth in [(3, 4), (6, 2)]:
            absent = np.arange(10, 4010)
            hit = excess(count_all, np.full(100, 5), absent, 0, width, depth, seeds) > 0
            if not 0.5 < hit.mean() * width**depth < 2:
                return False
    except Exception:
        return False
    return True


@answer("05.6", style="one list of conditions, integers of NumPy as seeds and sizes")
def by_numbers(count_all, rng):
    def conditions():
        seeds = rng.integers(2**20, size=16)
        near, far = np.arange(600, dtype=np.int32), 2**20 + np.arange(3000)
        stream = np.concatenate([np.full(900, 7), near[::-1]])
        for width, depth in [(2, 2), (100, 5), (99, 6)]:
            few = stream[: 900 + width // 10]
            items, counts = np.unique(few, return_counts=True)
            over = excess(count_all, few, items, counts, np.int64(width), depth, seeds[:2])
            yield over.min() >= 0
        yield count_all(near[:1], near[:1], 64, 2, seeds[0])[0] == 1
        yield not np.any(count_all(near[:0], near, 10, 3, seeds[0]))
        for step in (1, 16, 50):
            over = excess(count_all, step * near, step * far, 0, np.int64(50), 1, seeds)
            yield 0.75 < over.mean() / 12 < 1.3
            yield np.any(over[0] != over[1])
            yield np.array_equal(over[0], count_all(step * near, step * far, 50, 1, seeds[0]))
        hits = excess(count_all, np.array([3] * 9), far, 0, 3, 4, seeds) > 0
        yield 0.6 < hits.mean() * 81 < 1.6

    try:
        return np.bool_(all(conditions()))
    except Exception:
        return np.bool_(False)
