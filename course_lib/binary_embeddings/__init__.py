"""Chapter 12, binary embeddings: codes of bits from few random numbers.

The rooms, in the order to read them::

    structured   what the seven random matrices share: numbers, and an index of where they stand
    shifts       five of them, whose rows are shifts: products by the fast Fourier transform
    matrices     the dense one, the one of permuted blocks, and the table of all seven
    hashes       signs of their products, as packed codes
    angles       the angle between two vectors, and what two codes tell of it
    variance     how far that angle strays: exactly, and by the bound of the paper
    coherence    which numbers two rows share: the graph that the proofs color
    embedding    all of it as a scikit-learn transformer

Codes are searched by ``course_lib.lsh.hamming_search``. Book: ``book/12-binary-embeddings.md``.
"""

from course_lib.binary_embeddings.angles import angle_share, estimate_angle_share
from course_lib.binary_embeddings.coherence import (
    CoherenceGraph,
    chromatic_number,
    coherence_graph,
    pair_chromatic_number,
)
from course_lib.binary_embeddings.embedding import BinaryEmbedding
from course_lib.binary_embeddings.hashes import BinaryHash, extended_hash, random_signs, short_hash
from course_lib.binary_embeddings.matrices import MATRICES, BinPerm, Random
from course_lib.binary_embeddings.shifts import (
    BinCirc,
    Circulant,
    HalfShift,
    Toeplitz,
    VerHorShift,
)
from course_lib.binary_embeddings.structured import StructuredMatrix
from course_lib.binary_embeddings.variance import (
    VarianceBound,
    hash_variance,
    lag_correlations,
    variance_bound,
)

__all__ = [
    "MATRICES",
    "BinCirc",
    "BinPerm",
    "BinaryEmbedding",
    "BinaryHash",
    "Circulant",
    "CoherenceGraph",
    "HalfShift",
    "Random",
    "StructuredMatrix",
    "Toeplitz",
    "VarianceBound",
    "VerHorShift",
    "angle_share",
    "chromatic_number",
    "coherence_graph",
    "estimate_angle_share",
    "extended_hash",
    "hash_variance",
    "lag_correlations",
    "pair_chromatic_number",
    "random_signs",
    "short_hash",
    "variance_bound",
]
