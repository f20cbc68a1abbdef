"""Nearest neighbors by hashes and codes.

Read in this order: ``minhash`` (a set as a short row of numbers whose agreement estimates the
Jaccard similarity), ``banding`` (candidates without comparing all pairs), ``hamming`` (codes of
bits, packed and searched).
"""

from course_lib.lsh.banding import Bands, candidate_pairs, candidate_probability, choose_bands
from course_lib.lsh.hamming import hamming_distances, hamming_search, pack_bits, unpack_bits
from course_lib.lsh.minhash import jaccard, minhash
from course_lib.lsh.neighbors import Neighbors

__all__ = [
    "Bands",
    "Neighbors",
    "candidate_pairs",
    "candidate_probability",
    "choose_bands",
    "hamming_distances",
    "hamming_search",
    "jaccard",
    "minhash",
    "pack_bits",
    "unpack_bits",
]
