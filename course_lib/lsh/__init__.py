"""Sets that resemble each other: MinHash signatures, and bands that find similar pairs.

Read in this order: ``minhash`` (a set as a short row of numbers whose agreement estimates the
Jaccard similarity), ``banding`` (candidates without comparing all pairs).
"""

from course_lib.lsh.banding import Bands, candidate_pairs, candidate_probability, choose_bands
from course_lib.lsh.minhash import jaccard, minhash

__all__ = [
    "Bands",
    "candidate_pairs",
    "candidate_probability",
    "choose_bands",
    "jaccard",
    "minhash",
]
