"""Chapter 19, storage: data on many machines, that fail.

In the order to read it::

    gf256          bytes that can be divided: the field of 256 elements
    reed_solomon   any k of k + m fragments; RAID-5 and RAID-6
    durability     mean time to data loss
    copysets       which machines hold copies: how often a power cut loses something
    strips         files in coded strips on chunk servers that crash, repaired
    chunks         files that many append to: a master, leases, copies

Book: ``book/19-storage.md``. Lab: ``labs/19-storage``.
"""

from course_lib.storage.chunks import ChunkStore, Lease, Record, safe_hold_s, two_primaries
from course_lib.storage.copysets import (
    copyset_loss,
    permuted_copysets,
    random_copysets,
    simulate_power_cuts,
)
from course_lib.storage.durability import mttdl, mttdl_approximation, simulate_data_loss
from course_lib.storage.gf256 import (
    POLYNOMIAL,
    gf_inverse,
    gf_matmul,
    gf_matrix_inverse,
    gf_multiply,
    gf_power,
)
from course_lib.storage.reed_solomon import ReedSolomon, Update, raid5, raid6
from course_lib.storage.strips import Repair, StripStore

__all__ = [
    "POLYNOMIAL",
    "ChunkStore",
    "Lease",
    "Record",
    "ReedSolomon",
    "Repair",
    "StripStore",
    "Update",
    "copyset_loss",
    "gf_inverse",
    "gf_matmul",
    "gf_matrix_inverse",
    "gf_multiply",
    "gf_power",
    "mttdl",
    "mttdl_approximation",
    "permuted_copysets",
    "raid5",
    "raid6",
    "random_copysets",
    "safe_hold_s",
    "simulate_data_loss",
    "simulate_power_cuts",
    "two_primaries",
]
