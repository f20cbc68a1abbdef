"""Nearest neighbors by hashes and codes.

Read in this order: ``minhash`` (a set as a short row of numbers whose agreement estimates the
Jaccard similarity), ``banding`` (candidates without comparing all pairs), ``similar`` (the
candidates compared exactly); ``families`` (hashes under which near points collide), ``tables``
(many of them as an index, with multi-probe search); ``hamming`` (codes of bits, packed and
searched), ``codes`` (random and learned ones); ``kmeans``, ``quantization`` (vectors as a few
bytes), ``inverted`` (lists by cell); ``graph`` (neighbors of neighbors).
"""

from course_lib._neighbors import Neighbors
from course_lib.lsh.banding import Bands, candidate_pairs, candidate_probability, choose_bands
from course_lib.lsh.codes import (
    LinearCode,
    encode_bits,
    itq,
    pca_signs,
    random_hyperplanes,
    semi_supervised_hash,
)
from course_lib.lsh.families import E2LSH, BitSampling, SimHash, TableSizes, from_theorem, rho
from course_lib.lsh.graph import NeighborGraph, build_graph, search_graph
from course_lib.lsh.hamming import hamming_distances, hamming_search, pack_bits, unpack_bits
from course_lib.lsh.inverted import InvertedFile, build_ivf, search_ivf
from course_lib.lsh.kmeans import KMeansResult, kmeans, kmeans_plus_plus
from course_lib.lsh.minhash import jaccard, minhash
from course_lib.lsh.quantization import (
    ProductQuantizer,
    distance_tables,
    pq_decode,
    pq_distances,
    pq_encode,
    pq_search,
    recenter,
    train_pq,
)
from course_lib.lsh.similar import SimilarPairs, exact_jaccard, similar_pairs
from course_lib.lsh.tables import HashTables, build_tables, probe_sequence, search_tables

__all__ = [
    "E2LSH",
    "Bands",
    "BitSampling",
    "HashTables",
    "InvertedFile",
    "KMeansResult",
    "LinearCode",
    "NeighborGraph",
    "Neighbors",
    "ProductQuantizer",
    "SimHash",
    "SimilarPairs",
    "TableSizes",
    "build_graph",
    "build_ivf",
    "build_tables",
    "candidate_pairs",
    "candidate_probability",
    "choose_bands",
    "distance_tables",
    "encode_bits",
    "exact_jaccard",
    "from_theorem",
    "hamming_distances",
    "hamming_search",
    "itq",
    "jaccard",
    "kmeans",
    "kmeans_plus_plus",
    "minhash",
    "pack_bits",
    "pca_signs",
    "pq_decode",
    "pq_distances",
    "pq_encode",
    "pq_search",
    "probe_sequence",
    "random_hyperplanes",
    "recenter",
    "rho",
    "search_graph",
    "search_ivf",
    "search_tables",
    "semi_supervised_hash",
    "similar_pairs",
    "train_pq",
    "unpack_bits",
]
