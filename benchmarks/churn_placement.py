"""Chord when nodes die, for chapter 18: ``python -m benchmarks.churn_placement``.

First, of 1,024 nodes three in ten die at once, each by itself or rack by rack, and nobody mends
anything: how many lookups fail, for several numbers of successors. Then churn: 256 machines, of
which about half live at a time, for exponential times of the same mean. Each ring first runs for
one mean life, and is then looked at for two minutes; some are looked at for two minutes twice more,
since a ring may fall apart, and one of mean life 60 seconds for twelve minutes. Counts only, from
the simulator `course_lib.cost.Cluster`, so they do not depend on the machine. Takes about twenty
minutes; writes ``results/placement_churn.json``.
"""

import datetime
import json

import numpy as np

from benchmarks import harness
from course_lib.placement import Chord, chord_ids, simulate_churn

NODES, SUCCESSORS, SECONDS, SEEDS = 256, 8, 120.0, (0, 1, 2)
LIVES = (15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 150.0, 300.0, 600.0)
DEAD, CRASHES = 0.3, ((1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (8, 1), (8, 32))
KINDS = {  # seconds between rounds of housekeeping, seconds to wait for an answer
    "period 1 s, timeout 1 s": (1.0, 1.0, LIVES),
    "period 0.25 s, timeout 1 s": (0.25, 1.0, (20.0,)),
    "period 1 s, timeout 0.25 s": (1.0, 0.25, (20.0,)),
    "period 0.25 s, timeout 0.25 s": (0.25, 0.25, (20.0,)),
    "no housekeeping": (None, 1.0, (150.0, 600.0)),
}
LATER = [("period 1 s, timeout 1 s", 30.0), ("period 1 s, timeout 1 s", 60.0)]
LATER += [(kind, 20.0) for kind, (_, _, lives) in KINDS.items() if 20.0 in lives]


def ring(life_s, period_s, timeout_s, seed):
    """One ring that has been under churn for one mean life."""
    chord = Chord(
        chord_ids(NODES, rng=seed),
        n_successors=SUCCESSORS,
        period_s=period_s or 1.0,
        timeout_s=timeout_s,
        rng=seed + 100,
    )
    if period_s:
        chord.keep_house()
    simulate_churn(chord, life_s, life_s, every_s=life_s)
    return chord


def one(life_s, period_s, timeout_s, seed):
    """One ring under churn, as a dict."""
    chord = ring(life_s, period_s, timeout_s, seed)
    return {"life_s": life_s, "seed": seed, **simulate_churn(chord, life_s, SECONDS)._asdict()}


def later(kind, life_s, seed, times=3):
    """Right lookups in each of the first times two minutes, as a dict."""
    chord = ring(life_s, *KINDS[kind][:2], seed)
    right = [simulate_churn(chord, life_s, SECONDS).right for _ in range(times)]
    return {"kind": kind, "life_s": life_s, "seed": seed, "right": right}


def crash(n_successors, seed, rack=1):
    """500 lookups after three in ten of 1,024 nodes have died, whole racks of neighbors at once."""
    rng = np.random.default_rng(seed + 50)
    ids = chord_ids(1024, rng=seed)
    chord = Chord(ids, n_successors=n_successors, rng=seed + 100)
    alone = rng.random(1024) < DEAD
    racks = np.isin(
        np.arange(1024) // rack, rng.choice(1024 // rack, round(DEAD * 1024 / rack), False)
    )
    chord.crash(ids[alone if rack == 1 else racks])
    keys = rng.integers(0, 1 << chord.bits, 500)
    found = chord.lookup(keys)
    return {
        "successors": n_successors,
        "rack": rack,
        "seed": seed,
        "dead": 1 - len(chord.nodes) / 1024,
        "failed": float(np.mean(~found.right)),
        "cut_off": cut_off(ids, chord.nodes, keys, n_successors),
        "hops": float(found.hops[found.right].mean()),
        "timeouts": float(found.timeouts[found.right].mean()),
        "questions": float(found.questions[found.right].mean()),
    }


def cut_off(ids, live, keys, n_successors):
    """Share of keys before which the last living node knows no living one after it."""
    before = np.searchsorted(ids, live[np.searchsorted(live, keys) - 1])
    after = ids[(before[:, None] + np.arange(1, n_successors + 1)) % len(ids)]
    return float(np.mean(~np.isin(after, live).any(axis=1)))


def main():
    """Run all, print and write."""
    report = {
        "name": "placement_churn",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "nodes": NODES,
        "successors": SUCCESSORS,
        "seconds": SECONDS,
        "crashes": [crash(r, seed, rack) for r, rack in CRASHES for seed in SEEDS],
        "kinds": {},
    }
    for kind, (period_s, timeout_s, lives) in KINDS.items():
        report["kinds"][kind] = []
        for life_s in lives:
            for seed in SEEDS:
                report["kinds"][kind].append(one(life_s, period_s, timeout_s, seed))
                print(kind, report["kinds"][kind][-1], flush=True)
    report["later"] = [later(kind, life_s, seed) for kind, life_s in LATER for seed in SEEDS]
    report["longer"] = later("period 1 s, timeout 1 s", 60.0, 0, times=6)
    path = harness.RESULTS / "placement_churn.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
