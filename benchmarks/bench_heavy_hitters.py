"""Speed of heavy_hitters against Apache DataSketches; see benchmarks/harness.py.

The peer takes items one by one, so each comparison is printed twice: our array call against its
best, and item against item. The limits are what the same numbers of hashes and of additions at
random places take, and nothing else.
"""

import collections

import numpy as np
from numba import njit

from benchmarks import harness
from course_lib.hashing import hash_items
from course_lib.heavy_hitters import (
    AMS,
    KLL,
    CountMin,
    CountSketch,
    LossyCounting,
    MisraGries,
    SpaceSaving,
)
from course_lib.heavy_hitters.linear import cell_numbers

datasketches = harness.peer("datasketches")

WIDTH, DEPTH = 1 << 14, 4


def workloads(quick):
    """Yield the workloads one by one."""
    n = 100_000 if quick else 1_000_000
    stream = np.random.default_rng(0).zipf(1.2, n).astype(np.int64) % 2**40
    yield count_min(n, stream)
    yield count_min_questions(n, stream)
    yield count_min_words(n, stream)
    yield frequent_items(n, stream)
    yield others(n, stream)
    yield quantiles(n)
    yield quantile_questions(n)


def truth(stream):
    """Different items and their counts."""
    return np.unique(stream, return_counts=True)


def one_by_one(update, items):
    """Feed items to a sketch as its users do."""
    for item in items:
        update(item)


def ours(make, items, single=False):
    """A contestant: one of our sketches, fed at once or item by item."""

    def call(seed):
        sketch = make(seed)
        if single:
            one_by_one(sketch.update, items)
        else:
            sketch.update(items)
        sketch.estimate(items[:1])  # items that wait are counted now
        return sketch

    return call


def peer(make, items):
    """A contestant: a sketch of DataSketches, item by item, which is its only way."""

    def call(seed):
        sketch = make(seed)
        one_by_one(sketch.update, items)
        return sketch

    return call


def peer_count_min(seed):
    """Count-Min of DataSketches; seed 0 is not allowed there."""
    return datasketches.count_min_sketch(DEPTH, WIDTH, seed + 1)


def mean_excess(stream):
    """Return the error meter of Count-Min: by how much an estimate is too high, on average."""
    items, counts = truth(stream)

    def error(sketch):
        if isinstance(sketch, CountMin):
            estimates = sketch.estimate(items)
        elif isinstance(sketch, np.ndarray):
            return 0.0  # a limit estimates nothing
        else:
            estimates = [sketch.get_estimate(item) for item in items.tolist()]
        return float(np.mean(estimates - counts))

    return error


@njit(cache=True)
def _add_ones(table, cells):
    for row in range(len(table)):
        for i in range(cells.shape[1]):
            table[row, cells[row, i]] += 1


def limits(stream):
    """Contestants that only hash, and only add one at the places of a Count-Min."""
    sketch = CountMin(WIDTH, DEPTH)
    hashes = hash_items(stream)
    cells = np.array([cell_numbers(hashes, sketch, row) for row in range(DEPTH)])
    blocks = [stream[start : start + 2**14] for start in range(0, len(stream), 2**14)]

    def hash_all(_):
        for block in blocks:
            answer = hash_items(block)
        return answer

    def add(_):
        table = np.zeros((DEPTH, WIDTH), np.int64)
        _add_ones(table, cells)
        return table

    return {"limit: hashes": hash_all, "limit: additions": add}


def count_min(n, stream):
    """Counting integers."""
    items = stream.tolist()

    def make(seed):
        return CountMin(WIDTH, DEPTH, seed=seed)

    return harness.Workload(
        "count_min",
        f"Count-Min, {DEPTH} x {WIDTH}, of {n} integers (Zipf 1.2)",
        {
            "ours array": ours(make, stream),
            "ours list": ours(make, items),
            "ours item": ours(make, items, single=True),
            "ours conservative, array": ours(
                lambda seed: CountMin(WIDTH, DEPTH, conservative=True, seed=seed), stream
            ),
            "datasketches item": peer(peer_count_min, items),
            **limits(stream),
        },
        mean_excess(stream),
        "mean excess of the estimates",
        [
            ("ours array", "datasketches item", 20.0),
            ("ours list", "datasketches item", None),
            ("ours item", "datasketches item", 1.0),
        ],
    )


def count_min_questions(n, stream):
    """Asking for counts."""
    items = stream.tolist()
    sketch, other = CountMin(WIDTH, DEPTH), peer_count_min(0)
    sketch.update(stream)
    one_by_one(other.update, items)
    truth_of = collections.Counter(items)
    counts = np.array([truth_of[item] for item in items])
    few = items[: n // 10]  # our single questions are slow: asked of a tenth, which is said

    return harness.Workload(
        "count_min_questions",
        f"{n} questions to that Count-Min; single ones {n // 10}",
        {
            "ours array": lambda _: sketch.estimate(stream),
            "datasketches item": lambda _: [other.get_estimate(item) for item in items],
            "ours item, a tenth": lambda _: [sketch.estimate(item) for item in few],
            "datasketches item, a tenth": lambda _: [other.get_estimate(item) for item in few],
        },
        lambda answers: float(np.mean(answers - counts[: len(answers)])),
        "mean excess of the answers",
        [
            ("ours array", "datasketches item", 25.0),
            ("ours item, a tenth", "datasketches item, a tenth", None),
        ],
    )


def count_min_words(n, stream):
    """Counting Python strings."""
    items = [f"token{number}" for number in stream.tolist()]

    def make(seed):
        return CountMin(WIDTH, DEPTH, seed=seed)

    names = np.array(items)
    return harness.Workload(
        "count_min_strings",
        f"the same of {n} Python strings of about 10 letters",
        {
            "ours list": ours(make, items),
            "ours item": ours(make, items, single=True),
            "datasketches item": peer(peer_count_min, items),
            "limit: joining the strings": lambda _: np.array(["\0".join(items)]),
        },
        mean_excess(names),
        "mean excess of the estimates",
        [("ours list", "datasketches item", 3.0), ("ours item", "datasketches item", 1.0)],
    )


def frequent_items(n, stream):
    """The frequent items with the same guarantee, and with the same error."""
    items = stream.tolist()
    different, counts = truth(stream)
    epsilon = datasketches.frequent_items_sketch(11).epsilon

    def error(sketch):
        if isinstance(sketch, MisraGries):
            return float(np.max(counts - sketch.estimate(different)))
        if isinstance(sketch, SpaceSaving):
            return float(np.max(sketch.estimate(different) - counts))
        lows = [sketch.get_lower_bound(item) for item in different.tolist()]
        return float(np.max(counts - lows))

    def same_guarantee(seed):
        return MisraGries.from_error(epsilon, seed=seed)

    def same_error(seed):
        return MisraGries(850, seed=seed)

    return harness.Workload(
        "frequent_items",
        f"frequent items among {n} integers (Zipf 1.2), epsilon = 3.5/2048",
        {
            "ours same guarantee, array": ours(same_guarantee, stream),
            "ours 850 counters, array": ours(same_error, stream),
            "ours 850 counters, list": ours(same_error, items),
            "ours 850 counters, item": ours(same_error, items, single=True),
            "ours space saving, array": ours(
                lambda seed: SpaceSaving.from_error(epsilon, seed=seed), stream
            ),
            "datasketches item": peer(lambda _: datasketches.frequent_items_sketch(11), items),
        },
        error,
        "largest error of a bound",
        [
            ("ours same guarantee, array", "datasketches item", None),
            ("ours 850 counters, array", "datasketches item", 4.0),
            ("ours 850 counters, item", "datasketches item", None),
            ("ours space saving, array", "datasketches item", None),
        ],
    )


def others(n, stream):
    """Sketches that no installed peer has."""
    different, counts = truth(stream)
    F2 = float(np.sum(counts.astype(float) ** 2))

    def error(sketch):
        if isinstance(sketch, AMS):
            return abs(sketch.estimate() / F2 - 1)
        if isinstance(sketch, CountSketch):
            return abs(sketch.second_moment() / F2 - 1)
        return float(np.max(counts - sketch.estimate(different)))

    def ams(seed):
        sketch = AMS.from_error(0.1, 0.05, seed=seed)
        sketch.update(stream)
        return sketch

    return harness.Workload(
        "others",
        f"sketches without a peer, {n} integers (Zipf 1.2)",
        {
            "ours AMS 1600 x 9": ams,
            "ours CountSketch 16384 x 5": ours(
                lambda seed: CountSketch(WIDTH, 5, seed=seed), stream
            ),
            "ours LossyCounting 1/585": ours(
                lambda seed: LossyCounting(1 / 585, seed=seed), stream
            ),
        },
        error,
        "relative error of F2, or the largest undercount",
        [],
    )


def normal(n):
    """Return normal numbers."""
    return np.random.default_rng(1).standard_normal(n)


def rank_error(values):
    """Return the error meter of a quantile sketch: root mean square over the percentiles."""

    def error(sketch):
        if isinstance(sketch, np.ndarray):
            return 0.0  # a limit estimates nothing
        ours = isinstance(sketch, KLL)
        ordered = np.sort(values[: sketch.count if ours else sketch.n])  # what it has read
        points = ordered[len(ordered) // 100 :: len(ordered) // 100]
        shares = np.searchsorted(ordered, points, side="right") / len(ordered)
        found = sketch.cdf(points) if ours else sketch.get_cdf(points, True)[:-1]
        return float(np.sqrt(np.mean((found - shares) ** 2)))

    return error


def quantiles(n):
    """Reading floats for their quantiles; the peer reads arrays too."""
    values = normal(n)
    few = values[: n // 10].tolist()  # one by one is slow for both: a tenth, which is said

    def one_at_a_time(make):
        def call(seed):
            sketch = make(seed)
            one_by_one(sketch.update, few)
            return sketch

        return call

    def at_once(make):
        def call(seed):
            sketch = make(seed)
            sketch.update(values)
            return sketch

        return call

    def kll(seed):
        return KLL(200, rng=seed)

    def peer_kll(_):
        return datasketches.kll_doubles_sketch(200)

    return harness.Workload(
        "quantiles",
        f"KLL, k = 200, of {n} normal floats; single ones {n // 10}",
        {
            "ours array": at_once(kll),
            "datasketches array": at_once(peer_kll),
            "ours item, a tenth": one_at_a_time(kll),
            "datasketches item, a tenth": one_at_a_time(peer_kll),
            "limit: sorting blocks of 4096": lambda _: np.sort(
                values[: n // 4096 * 4096].reshape(-1, 4096), axis=1
            ),
        },
        rank_error(values),
        "root mean square of the rank errors at the percentiles",
        [
            ("ours array", "datasketches array", 1.0),
            ("ours item, a tenth", "datasketches item, a tenth", None),
        ],
    )


def quantile_questions(n):
    """Asking those sketches for the shares up to many points, in order for the peer."""
    values = normal(n)
    points = np.sort(np.random.default_rng(2).standard_normal(n // 10))
    shares = np.searchsorted(np.sort(values), points, side="right") / n
    sketch, other = KLL(200, rng=0), datasketches.kll_doubles_sketch(200)
    sketch.update(values)
    other.update(values)
    return harness.Workload(
        "quantile_questions",
        f"{n // 10} questions to that KLL",
        {
            "ours array": lambda _: sketch.cdf(points),
            "datasketches array": lambda _: np.array(other.get_cdf(points, True)[:-1]),
        },
        lambda answers: float(np.sqrt(np.mean((answers - shares) ** 2))),
        "root mean square of the rank errors",
        [("ours array", "datasketches array", 1.0)],
    )


if __name__ == "__main__":
    harness.main("heavy_hitters", workloads)
