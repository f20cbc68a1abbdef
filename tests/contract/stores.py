"""How the public functions of quorums and LSM trees in `course_lib.storage` are called."""

import numpy as np

from course_lib import storage
from course_lib.cost import Cluster
from tests.contract.judge import Call

__all__ = ["NOT_CALLED_OF_STORES", "STORES"]

rng = np.random.default_rng(19)
p = rng.random(6)
p /= p.sum()


def store(**options):
    """A store on a new cluster, with one value that was read."""
    cluster = Cluster(rng=0)
    made = storage.QuorumStore(cluster, **options)
    client = cluster.machine("client")
    client.start(made.put(client, "x", 1))
    cluster.run()
    reading = client.start(made.get(client, "x"))
    cluster.run()
    return reading.result.ok, cluster.now


NOT_CALLED_OF_STORES = {
    "FileDisk": "takes a folder: tests/test_storage_lsm.py",
    "LamportClock": "takes a name",
    "MemoryDisk": "takes nothing",
    "SortedRun": "takes bytes: tests/test_storage_lsm.py",
    "VectorClock": "takes counts by name",
    "WideRows": "takes a tree and texts: tests/test_storage_lsm.py",
    "compare": "takes clocks",
    "linearizable": "takes operations: tests/test_storage_quorum.py",
    "merge_runs": "takes runs: tests/test_storage_lsm.py",
}
STORES = [
    Call(
        "storage.QuorumStore",
        store,
        n_nodes=5,
        n=3,
        r=2,
        w=2,
        timeout_s=1.0,
        handoff_s=1.0,
    ),
    Call(
        "storage.record_history",
        lambda **k: len(storage.record_history(storage.QuorumStore(Cluster(rng=0), 3), **k)),
        n_writers=1,
        n_readers=1,
        n_operations=2,
        pause_s=1e-3,
        until_s=60.0,
        rng=0,
    ),
    Call(
        "storage.MerkleTree",
        lambda keys, stamps, depth: storage.MerkleTree(keys, stamps, depth=depth).hashes[0],
        keys=["to", "be"],
        stamps=[1, 2],
        depth=3,
        stream=["keys", "stamps"],
    ),
    Call("storage.miss_probability", storage.miss_probability, n=3, r=1, w=1, versions=2),
    Call(
        "storage.sloppy_miss_probability",
        storage.sloppy_miss_probability,
        n=3,
        r=2,
        w=2,
        unreachable=0.1,
    ),
    Call(
        "storage.stale_rate",
        storage.stale_rate,
        n=3,
        r=1,
        w=1,
        gap_s=0.5,
        write_s=1.0,
        ack_s=1.0,
        read_s=1.0,
        reply_s=1.0,
        trials=50,
        rng=0,
    ),
    Call("storage.distinct_keys", storage.distinct_keys, probabilities=p, draws=5),
    Call(
        "storage.leveled_amplification",
        lambda **k: tuple(storage.leveled_amplification(**k)),
        n_puts=100,
        memtable_puts=10,
        ratio=3,
        probabilities=p,
        excused={"None": "is the default"},
    ),
    Call(
        "storage.monkey_bits",
        storage.monkey_bits,
        sizes=np.array([10.0, 100.0]),
        bits_per_key=5.0,
    ),
    Call(
        "storage.expected_false_reads",
        storage.expected_false_reads,
        bits=np.array([5.0, 2.0]),
        excused={"empty": "no runs, no reads"},
    ),
    Call(
        "storage.LSMTree",
        lambda **k: storage.LSMTree(**k).get(b"a"),
        memtable_bytes=1000,
        ratio=4,
        bits_per_key=5.0,
        block_bytes=100,
    ),
]
