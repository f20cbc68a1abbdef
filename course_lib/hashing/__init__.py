"""Hash functions, random subsets and filters: the ground floor of the sketches.

Book: ``book/03-hashing.md``.
"""

from course_lib._sketch import hash_items
from course_lib.hashing.bloom import BlockedBloomFilter, BloomFilter
from course_lib.hashing.counting_bloom import CountingBloomFilter
from course_lib.hashing.families import PRIME, MultiplyShift, Polynomial, Tabulation
from course_lib.hashing.features import ColumnHasher, TokenHasher
from course_lib.hashing.priority import PrioritySample
from course_lib.hashing.reservoir import Reservoir, WeightedReservoir, reservoir_sample
from course_lib.hashing.xor import XorFilter

__all__ = [
    "PRIME",
    "BlockedBloomFilter",
    "BloomFilter",
    "ColumnHasher",
    "CountingBloomFilter",
    "MultiplyShift",
    "Polynomial",
    "PrioritySample",
    "Reservoir",
    "Tabulation",
    "TokenHasher",
    "WeightedReservoir",
    "XorFilter",
    "hash_items",
    "reservoir_sample",
]
