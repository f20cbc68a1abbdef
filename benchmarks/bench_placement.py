"""Speed of placing keys against uhashring and jump-consistent-hash; see benchmarks/harness.py.

uhashring hashes by MD5 unless it is told otherwise: it is also tried with xxhash, the fastest hash
that it could be given. Where weights differ, the error is the largest share of keys over the share
that is due, less 1.
"""

import numpy as np

from benchmarks import harness
from course_lib.hashing import hash_items
from course_lib.placement import BoundedRing, JumpHash, Rendezvous, Ring, SegmentTable, jump_hash

uhashring = harness.peer("uhashring")
jump = harness.peer("jump")
xxhash = harness.peer("xxhash")


def workloads(quick):
    """Yield the workloads one by one."""
    n = 50_000 if quick else 200_000
    yield ring(n)
    yield weighted(n)
    yield buckets(n)


def no_error(_):
    """Nothing is estimated here, or all have the same luck."""
    return 0.0


def overload(weights):
    """Return the error meter: how much more than its share the fullest node has."""
    shares = np.array(weights) / sum(weights)

    def error(found):
        counts = np.bincount(found, minlength=len(shares))
        return float((counts / counts.sum() / shares).max() - 1)

    return error


def texts(n):
    return [f"key{i}" for i in range(n)]


def fast(key):
    """A hash for uhashring that it does not have itself."""
    return xxhash.xxh3_64_intdigest(key.encode())


def ring(n):
    """Ten nodes of 1600 points, which is what uhashring makes of ``vnodes=1600``."""
    nodes, keys = [f"node{i}" for i in range(10)], texts(n)
    ours = Ring(nodes, n_points=1600)
    md5 = uhashring.HashRing(nodes=nodes, vnodes=1600)
    xxh3 = uhashring.HashRing(nodes=nodes, vnodes=1600, hash_fn=fast)

    def each(lookup):
        return lambda _: [lookup(key) for key in keys]

    return harness.Workload(
        "ring",
        f"{n} strings on a ring of 16000 points",
        {
            "ours list": lambda _: ours.assign(keys),
            "ours item": each(ours.lookup),
            "ours list, three copies": lambda _: ours.copies(keys, 3),
            "uhashring item": each(md5.get_node),
            "uhashring item, xxhash": each(xxh3.get_node),
        },
        no_error,
        "none; shares differ by 2.5% of the mean on all",
        [
            ("ours list", "uhashring item", 20.0),
            ("ours item", "uhashring item", 4.0),
            ("ours list", "uhashring item, xxhash", None),
            ("ours item", "uhashring item, xxhash", None),
        ],
    )


def weighted(n):
    """Weights 1, 2 and 4, by three rules of ours."""
    weights, keys = [1, 2, 4], texts(n)
    nodes = {f"node{i}": weight for i, weight in enumerate(weights)}
    index = {node: i for i, node in enumerate(nodes)}
    peer = uhashring.HashRing(nodes=nodes, hash_fn=fast)
    rules = {
        "ours rendezvous": Rendezvous(list(nodes), weights),
        "ours segments": SegmentTable(16, list(nodes), weights),
        "ours ring": Ring(list(nodes), weights, n_points=160),
    }
    return harness.Workload(
        "weights",
        f"{n} strings on three nodes of weights 1, 2 and 4",
        {
            **{name: lambda _, rule=rule: rule.assign(keys) for name, rule in rules.items()},
            "uhashring item, xxhash": lambda _: [index[peer.get_node(key)] for key in keys],
        },
        overload(weights),
        "fullest node over its share, less 1",
        [(name, "uhashring item, xxhash", None) for name in rules],
    )


def buckets(n):
    """Jump hash of words, and of strings; bounded loads, which nobody else offers."""
    keys = texts(n)
    words = hash_items(keys)
    listed = words.tolist()
    rule, bounded = JumpHash(1000), BoundedRing(1000, factor=1.25, n_points=16)
    return harness.Workload(
        "jump",
        f"{n} keys on 1000 nodes",
        {
            "ours words": lambda _: jump_hash(words, 1000),
            "ours strings": lambda _: rule.assign(keys),
            "ours bounded ring, strings": lambda _: bounded.assign(keys),
            "jump-consistent-hash item": lambda _: [jump.hash(word, 1000) for word in listed],
        },
        overload([1] * 1000),
        "fullest node over the mean, less 1",
        [
            ("ours words", "jump-consistent-hash item", None),
            ("ours strings", "jump-consistent-hash item", None),
        ],
    )


if __name__ == "__main__":
    harness.main("placement", workloads)
