"""How the public functions of `course_lib.placement` are called when all is well."""

import numpy as np

from course_lib import placement as pl
from tests.contract.judge import Call

__all__ = ["PLACEMENT"]

words = ["to", "be", "or", "not", "to", "be"]
ids = np.array([1, 5, 9, 14])
weights = np.array([1.0, 2.0, 0.5])
KEYS = np.arange(20)
RULES = {
    "Ring": lambda nodes=3, weights=None, **k: pl.Ring(nodes, weights, **k),
    "Rendezvous": lambda nodes=3, weights=None, **k: pl.Rendezvous(nodes, weights, **k),
    "SegmentTable": lambda nodes=3, weights=None, **k: pl.SegmentTable(9.0, nodes, weights, **k),
    "BoundedRing": lambda nodes=3, **k: pl.BoundedRing(nodes, **k),
    "JumpHash": lambda nodes=3, **k: pl.JumpHash(nodes, **k),
    "Modulo": lambda nodes=3, **k: pl.Modulo(nodes, **k),
}
NO_KEYS = {"empty": "no keys, no nodes"}


def named(make):
    """A rule as a function of the names of its nodes."""

    def run(nodes):
        rule = make(nodes=nodes)
        return rule.assign(KEYS) if rule.n_nodes else [rule.n_nodes]

    return run


def joined(node):
    """What a ring answers after a node, of any kind of name, has come and gone."""
    ring = pl.Ring(3, n_points=2)
    ring.add(node)
    at = ring.assign(KEYS)
    ring.remove(node)
    return [at, ring.assign(KEYS)]


def crashed(ids):
    chord = pl.Chord([1, 5, 9, 14], bits=4)
    chord.crash(ids)
    return chord.nodes


def came(ids):
    chord = pl.Chord([1, 5, 9, 14], bits=4)
    chord.join(ids)
    chord.run(1.0)
    return chord.nodes


def churned(life_s, seconds, every_s):
    return tuple(pl.simulate_churn(pl.Chord(ids, bits=4), life_s, seconds, every_s=every_s))


PLACEMENT = [
    *[
        Call(
            f"placement.{name}",
            lambda keys, make=make: make().assign(keys),
            keys=words,
            stream=["keys"],
        )
        for name, make in RULES.items()
    ],
    *[
        Call(
            f"placement.{name} of numbers",
            lambda nodes, seed, make=make: make(nodes=nodes, seed=seed).assign(KEYS),
            nodes=3,
            seed=1,
        )
        for name, make in RULES.items()
    ],
    *[
        Call(f"placement.{name} of names", named(make), nodes=["anna", "ben"], stream=["nodes"])
        for name, make in RULES.items()
    ],
    *[
        Call(
            f"placement.{name} weighted",
            lambda weights, make=RULES[name]: make(weights=weights).assign(KEYS),
            weights=weights,
            excused={"None": "all 1"},
        )
        for name in ("Ring", "Rendezvous", "SegmentTable")
    ],
    Call("placement.Ring points", lambda n: pl.Ring(3, n_points=n).assign(KEYS), n=4),
    Call("placement.Ring one key", lambda key: [pl.Ring(3).lookup(key)], key=7),
    Call("placement.Ring one node", joined, node=7),
    Call(
        "placement.Ring copies",
        lambda keys, n_copies: pl.Ring(3).copies(keys, n_copies),
        keys=words,
        n_copies=2,
        stream=["keys"],
    ),
    Call("placement.SegmentTable space", lambda s: pl.SegmentTable(s, 2).assign(KEYS), s=9.0),
    Call(
        "placement.SegmentTable capacity",
        lambda capacity: (lambda t: (t.add(9, capacity), t.assign(KEYS)))(pl.SegmentTable(9.0, 2)),
        capacity=1.5,
    ),
    Call(
        "placement.Rendezvous reweighted",
        lambda weight: (lambda r: (r.reweight(1, weight), r.assign(KEYS)))(pl.Rendezvous(3)),
        weight=1.5,
    ),
    Call(
        "placement.BoundedRing factor",
        lambda factor, n_keys: pl.BoundedRing(3, factor=factor).assign(KEYS, n_keys),
        factor=1.5,
        n_keys=30,
        excused={"NoneType None": "n_keys as if not given"},
    ),
    Call("placement.BoundedRing capacity", lambda m: pl.BoundedRing(3).capacity(m), m=30),
    Call(
        "placement.jump_hash",
        pl.jump_hash,
        words=np.array([3, 5, 8], np.uint64),
        n_buckets=7,
        excused={**NO_KEYS, "a number": "one word"},
    ),
    Call("placement.murmur3_token", pl.murmur3_token, keys=words, stream=["keys"]),
    Call("placement.expected_max_share", pl.expected_max_share, n_nodes=10),
    Call("placement.share_deviation", pl.share_deviation, n_nodes=10, n_points=100),
    Call("placement.lookup_failure", pl.lookup_failure, dead=0.3, n_successors=4),
    Call("placement.chord_hops", pl.chord_hops, n_nodes=1024, even=False),
    Call("placement.chord_ids", pl.chord_ids, n_nodes=5, bits=8, even=False, rng=0),
    Call("placement.finger_table", pl.finger_table, ids=ids, bits=4),
    Call(
        "placement.chord_routes",
        lambda **k: tuple(pl.chord_routes(**k)),
        ids=ids,
        keys=np.array([0, 7, 15]),
        sources=np.array([0, 3, 1]),
        bits=4,
    ),
    Call(
        "placement.Chord",
        lambda **k: tuple(pl.Chord(**k).lookup([0, 7, 15])),
        ids=ids,
        bits=4,
        n_successors=2,
        latency_s=0.05,
        timeout_s=1.0,
        period_s=1.0,
        rng=0,
    ),
    Call(
        "placement.Chord lookup",
        lambda keys, sources, every_s: tuple(
            pl.Chord(ids, bits=4).lookup(keys, sources, every_s=every_s)
        ),
        keys=np.array([0, 7, 15]),
        sources=np.array([1, 14, 5]),
        every_s=0.01,
        excused={"None": "sources drawn at random"},
    ),
    Call("placement.Chord crash", crashed, ids=np.array([5, 9]), excused={"empty": "nobody"}),
    Call("placement.Chord join", came, ids=np.array([3, 7]), excused={"empty": "nobody"}),
    Call(
        "placement.Chord identifiers",
        lambda keys: pl.Chord(ids, bits=4).identifiers(keys),
        keys=words,
        stream=["keys"],
    ),
    Call(
        "placement.Chord owners",
        lambda keys: pl.Chord(ids, bits=4).owners(keys),
        keys=np.array([0, 7, 15]),
        excused=NO_KEYS,
    ),
    Call("placement.Chord run", lambda s: pl.Chord(ids, bits=4).run(s), s=3.0),
    Call("placement.simulate_churn", churned, life_s=5.0, seconds=2.0, every_s=0.5),
]
