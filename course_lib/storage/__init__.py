"""Storing data: clocks and quorums of copies, and trees that write in order.

Book: ``book/19-storage.md``.
"""

from course_lib.storage.clocks import LamportClock, VectorClock, compare
from course_lib.storage.disks import FileDisk, MemoryDisk
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
from course_lib.storage.rows import Cell, WideRows
from course_lib.storage.runs import SortedRun, merge_runs
from course_lib.storage.staleness import miss_probability, sloppy_miss_probability, stale_rate

__all__ = [
    "Amplification",
    "Cell",
    "FileDisk",
    "LSMTree",
    "LamportClock",
    "MemoryDisk",
    "MerkleTree",
    "Operation",
    "Outcome",
    "QuorumStore",
    "SortedRun",
    "VectorClock",
    "WideRows",
    "Written",
    "compare",
    "distinct_keys",
    "expected_false_reads",
    "leveled_amplification",
    "linearizable",
    "merge_runs",
    "miss_probability",
    "monkey_bits",
    "record_history",
    "sloppy_miss_probability",
    "stale_rate",
]
