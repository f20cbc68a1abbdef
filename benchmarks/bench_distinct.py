"""Speed of distinct against Apache DataSketches; see benchmarks/harness.py.

The error of one count is luck. So each contestant's error is the root mean square of 100 counts
of other items, taken once, and not that of the timed run.
"""

import numpy as np

from benchmarks import harness
from course_lib.distinct import KMV, PCSA, HyperLogLog, LogLog
from course_lib.hashing import hash_items

datasketches = harness.peer("datasketches")

P = 12
N_TRIALS, TRIAL_SIZE = 100, 100_000


def workloads(quick):
    """Yield the workloads one by one."""
    n = 100_000 if quick else 1_000_000
    stream = np.random.default_rng(0).integers(0, n // 2, n)
    yield hyperloglog(n, stream)
    yield strings(n, stream)
    yield set_operations(n, stream)
    yield others(n, stream)


def ours(make, items, single=False):
    """A contestant: one of our sketches, fed at once or item by item."""

    def call(_):
        sketch = make(0)
        if single:
            for item in items:
                sketch.update(item)
        else:
            sketch.update(items)
        sketch.estimate()
        return make

    return call


def peer(make, items):
    """A contestant: a sketch of DataSketches, item by item, which is its only way."""

    def call(_):
        sketch = make(0)
        for item in items:
            sketch.update(item)
        sketch.get_estimate()
        return make

    return call


class RootMeanSquare:
    """The error meter: 100 counts by what a contestant makes, each made once."""

    def __init__(self):
        self.known = {}

    def __call__(self, make):
        if make is None:
            return 0.0  # a limit estimates nothing
        if make not in self.known:
            found = [self.trial(make, trial) for trial in range(N_TRIALS)]
            self.known[make] = float(np.sqrt(np.mean(np.square(found))))
        return self.known[make]

    @staticmethod
    def trial(make, trial):
        """Return the relative error of one count."""
        items = np.arange(trial * TRIAL_SIZE, (trial + 1) * TRIAL_SIZE)
        sketch = make(trial)
        if hasattr(sketch, "get_estimate"):
            for item in items.tolist():
                sketch.update(item)
            return sketch.get_estimate() / TRIAL_SIZE - 1
        sketch.update(items)
        estimate = getattr(sketch, "estimate_stream", sketch.estimate)
        return estimate() / TRIAL_SIZE - 1


def make_ours(seed):
    """Our HyperLogLog, read by its history as the peer's is."""
    return HyperLogLog(P, seed=seed)


def make_peer(_):
    """HyperLogLog of DataSketches with a byte for a register; its seed is fixed."""
    return datasketches.hll_sketch(P, datasketches.HLL_8)


def limit(stream):
    """A contestant that only hashes."""

    def call(_):
        for start in range(0, len(stream), 2**14):
            hash_items(stream[start : start + 2**14])

    return call


def hyperloglog(n, stream):
    """Counting different integers."""
    items = stream.tolist()
    return harness.Workload(
        "hyperloglog",
        f"HyperLogLog, p = {P}, of {n} integers, half of them different",
        {
            "ours array": ours(make_ours, stream),
            "ours list": ours(make_ours, items),
            "ours item": ours(make_ours, items, single=True),
            "datasketches item": peer(make_peer, items),
            "limit: hashes": limit(stream),
        },
        RootMeanSquare(),
        f"root mean square relative error of {N_TRIALS} counts",
        [
            ("ours array", "datasketches item", 12.0),
            ("ours list", "datasketches item", None),
            ("ours item", "datasketches item", None),
        ],
    )


def strings(n, stream):
    """Counting different Python strings."""
    items = [f"token{number}" for number in stream.tolist()]
    return harness.Workload(
        "hyperloglog_strings",
        f"the same of {n} Python strings of about 10 letters",
        {
            "ours list": ours(make_ours, items),
            "ours item": ours(make_ours, items, single=True),
            "datasketches item": peer(make_peer, items),
        },
        RootMeanSquare(),
        f"root mean square relative error of {N_TRIALS} counts",
        [("ours list", "datasketches item", 3.0), ("ours item", "datasketches item", None)],
    )


def set_operations(n, stream):
    """Sketches that intersect: our KMV and the theta sketch, both of 4096 hashes."""
    items = stream.tolist()

    def kmv(seed):
        return KMV(4096, seed=seed)

    def theta(seed):
        return datasketches.update_theta_sketch(12, seed=seed + 1)

    return harness.Workload(
        "set_operations",
        f"k = 4096 smallest hashes of {n} integers, half of them different",
        {"ours array": ours(kmv, stream), "datasketches item": peer(theta, items)},
        RootMeanSquare(),
        f"root mean square relative error of {N_TRIALS} counts",
        [("ours array", "datasketches item", 3.0)],
    )


def others(n, stream):
    """The ancestors, beside the compressed sketch of DataSketches."""
    items = stream.tolist()

    def pcsa(seed):
        return PCSA(4096, seed=seed)

    def loglog(seed):
        return LogLog(P, seed=seed)

    def cpc(_):
        return datasketches.cpc_sketch(12)

    return harness.Workload(
        "others",
        f"other counts of {n} integers, half of them different",
        {
            "ours PCSA 4096": ours(pcsa, stream),
            "ours LogLog p=12": ours(loglog, stream),
            "datasketches CPC item": peer(cpc, items),
        },
        RootMeanSquare(),
        f"root mean square relative error of {N_TRIALS} counts",
        [],
    )


if __name__ == "__main__":
    harness.main("distinct", workloads)
