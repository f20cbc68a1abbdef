"""Chapter 19, storage: data on many machines, that fail.

In the order to read it::

    gf256         bytes that can be divided: the field of 256 elements
    reed_solomon  any k of k + m fragments; RAID-5 and RAID-6
    durability    mean time to data loss
    copysets      which machines hold copies: how often a power cut loses something
    strips        files in coded strips on chunk servers that crash, repaired
    chunks        files that many append to: a master, leases, copies
    clocks        which of two versions came first, or neither
    quorum        keys and values on N of the nodes, read from R and written to W
    merkle        how two nodes find what differs
    staleness     how often a read misses the last write
    histories     what clients saw, and whether one copy could have shown it
    disks         bytes that survive a crash, or do not
    runs          keys in order, with a filter; runs merged
    lsm           a tree of sorted runs, which only appends
    lsm_model     what such a tree writes and reads, predicted
    rows          wide rows: row, column, time

Book: ``book/19-storage.md``. Lab: ``labs/19-storage``.
"""

from course_lib.storage.chunks import ChunkStore, Lease, Record, safe_hold_s, two_primaries
from course_lib.storage.clocks import LamportClock, VectorClock, compare
from course_lib.storage.copysets import (
    copyset_loss,
    permuted_copysets,
    random_copysets,
    simulate_power_cuts,
)
from course_lib.storage.disks import FileDisk, MemoryDisk
from course_lib.storage.durability import mttdl, mttdl_approximation, simulate_data_loss
from course_lib.storage.gf256 import (
    POLYNOMIAL,
    gf_inverse,
    gf_matmul,
    gf_matrix_inverse,
    gf_multiply,
    gf_power,
)
from course_lib.storage.histories import Operation, linearizable, record_history
from course_lib.storage.lsm import LSMTree, Written
from course_lib.storage.lsm_model import (
    Amplification,
    distinct_keys,
    expected_false_reads,
    leveled_amplification,
    monkey_bits,
)
from course_lib.storage.merkle import MerkleTree
from course_lib.storage.quorum import Outcome, QuorumStore
from course_lib.storage.reed_solomon import ReedSolomon, Update, raid5, raid6
from course_lib.storage.rows import Cell, WideRows
from course_lib.storage.runs import SortedRun, merge_runs
from course_lib.storage.staleness import miss_probability, sloppy_miss_probability, stale_rate
from course_lib.storage.strips import Repair, StripStore

__all__ = [
    "POLYNOMIAL",
    "Amplification",
    "Cell",
    "ChunkStore",
    "FileDisk",
    "LSMTree",
    "LamportClock",
    "Lease",
    "MemoryDisk",
    "MerkleTree",
    "Operation",
    "Outcome",
    "QuorumStore",
    "Record",
    "ReedSolomon",
    "Repair",
    "SortedRun",
    "StripStore",
    "Update",
    "VectorClock",
    "WideRows",
    "Written",
    "compare",
    "copyset_loss",
    "distinct_keys",
    "expected_false_reads",
    "gf_inverse",
    "gf_matmul",
    "gf_matrix_inverse",
    "gf_multiply",
    "gf_power",
    "leveled_amplification",
    "linearizable",
    "merge_runs",
    "miss_probability",
    "monkey_bits",
    "mttdl",
    "mttdl_approximation",
    "permuted_copysets",
    "raid5",
    "raid6",
    "random_copysets",
    "record_history",
    "safe_hold_s",
    "simulate_data_loss",
    "simulate_power_cuts",
    "sloppy_miss_probability",
    "stale_rate",
    "two_primaries",
]
