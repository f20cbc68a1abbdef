"""Chapter 22, deep compression: a network pruned, its weights shared, and coded to a file.

In the order to read it::

    prune      which weights to leave, and a schedule that leaves fewer
    share      weights that share a few values: k-means on a line
    retrain    training that goes on meanwhile
    indices    positions of what is left: differences in a few bits, with fillers
    storage    what all that takes, by arithmetic
    huffman    the paper's code for differences and values
    golomb     the best code for gaps that a coin has made, and what no code can beat
    coder      a coder that learns while it codes
    files      a compressed network as bytes, everything counted
    tables     what the paper printed
    audit      the paper's arithmetic, done again
    entries    any model of the book as a file of few bytes, and the budgets it must keep

``_bits`` and ``_streams`` hold what the codes and the files share.

Book: ``book/22-deep-compression.md``. Lab: ``labs/22-deep-compression``.
"""

from course_lib.deep_compression.audit import Cell, audit
from course_lib.deep_compression.coder import context_decode, context_encode
from course_lib.deep_compression.entries import (
    BUDGETS,
    PARCEL,
    POSTCARD,
    STAMP,
    Budget,
    Entry,
    Front,
    SeededFeatures,
    Work,
    code_entry,
    feature_entry,
    landmark_entry,
    linear_entry,
    load,
    neighbor_entry,
    network_entry,
    product_entry,
)
from course_lib.deep_compression.files import CompressedLayer, CompressedNetwork, FilePart
from course_lib.deep_compression.golomb import (
    coin_bits,
    golomb_decode,
    golomb_encode,
    golomb_expected_bits,
    golomb_lengths,
    golomb_parameter,
)
from course_lib.deep_compression.huffman import (
    canonical_codes,
    entropy,
    gallager_bound,
    huffman_decode,
    huffman_encode,
    huffman_lengths,
    kraft_sum,
)
from course_lib.deep_compression.indices import (
    RelativeIndex,
    expected_fillers,
    filler_count,
    from_relative_index,
    relative_index,
)
from course_lib.deep_compression.prune import cubic_density, lamp_scores, prune_masks
from course_lib.deep_compression.retrain import PrunedIterate, TunedIterate, prune_sgd, tune_sgd
from course_lib.deep_compression.share import (
    SharedWeights,
    centroid_gradient,
    panter_dite,
    share_weights,
)
from course_lib.deep_compression.storage import (
    best_index_bits,
    bits_per_nonzero,
    sharing_rate,
    stored_fraction,
)
from course_lib.deep_compression.tables import (
    NETWORKS,
    RATES,
    PrintedLayer,
    PrintedNetwork,
    printed,
)

__all__ = [
    "BUDGETS",
    "NETWORKS",
    "PARCEL",
    "POSTCARD",
    "RATES",
    "STAMP",
    "Budget",
    "Cell",
    "CompressedLayer",
    "CompressedNetwork",
    "Entry",
    "FilePart",
    "Front",
    "PrintedLayer",
    "PrintedNetwork",
    "PrunedIterate",
    "RelativeIndex",
    "SeededFeatures",
    "SharedWeights",
    "TunedIterate",
    "Work",
    "audit",
    "best_index_bits",
    "bits_per_nonzero",
    "canonical_codes",
    "centroid_gradient",
    "code_entry",
    "coin_bits",
    "context_decode",
    "context_encode",
    "cubic_density",
    "entropy",
    "expected_fillers",
    "feature_entry",
    "filler_count",
    "from_relative_index",
    "gallager_bound",
    "golomb_decode",
    "golomb_encode",
    "golomb_expected_bits",
    "golomb_lengths",
    "golomb_parameter",
    "huffman_decode",
    "huffman_encode",
    "huffman_lengths",
    "kraft_sum",
    "lamp_scores",
    "landmark_entry",
    "linear_entry",
    "load",
    "neighbor_entry",
    "network_entry",
    "panter_dite",
    "printed",
    "product_entry",
    "prune_masks",
    "prune_sgd",
    "relative_index",
    "share_weights",
    "sharing_rate",
    "stored_fraction",
    "tune_sgd",
]
