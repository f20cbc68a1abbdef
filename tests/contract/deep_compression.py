"""How the public functions of `course_lib.deep_compression` are called when all is well."""

import numpy as np

from course_lib import deep_compression as dc
from tests.contract.judge import Call

__all__ = ["DEEP_COMPRESSION", "NOT_CALLED_OF_DEEP_COMPRESSION"]

rng = np.random.default_rng(22)
SYMBOLS = np.array([0, 0, 3, 0, 0, 0, 0, 0, 0, 1, 2, 0])
LAYER = rng.integers(0, 5, (6, 4)) * (rng.random((6, 4)) < 0.5)
COUNTS = np.array([5, 1, 2, 0, 9])
LENGTHS = np.array([1, 3, 2, 3])
W = rng.standard_normal((6, 4))
SIGNS = rng.integers(1, 4, (6, 4))
BIAS = rng.standard_normal(4)
EMPTY = {"empty": "nothing is coded in nothing"}
SHAPES = dict.fromkeys(("three axes", "a number"), "any shape is right")

NOT_CALLED_OF_DEEP_COMPRESSION = {
    "audit": "takes nothing",
    "printed": "takes a text: tests/test_deep_compression.py",
    "huffman_decode": "takes bytes: tests/test_deep_compression_codes.py",
    "golomb_decode": "takes bytes: tests/test_deep_compression_codes.py",
    "context_decode": "takes bytes: tests/test_deep_compression_codes.py",
    "prune_sgd": "takes layers: tests/test_deep_compression.py",
    "tune_sgd": "takes layers: tests/test_deep_compression.py",
}
DEEP_COMPRESSION = [
    Call(
        "deep_compression.relative_index",
        dc.relative_index,
        symbols=SYMBOLS,
        bits=2,
        excused=EMPTY,
    ),
    Call(
        "deep_compression.from_relative_index",
        dc.from_relative_index,
        gaps=np.array([1, 2, 3]),
        values=np.array([3, 0, 1]),
        size=12,
    ),
    Call(
        "deep_compression.filler_count",
        dc.filler_count,
        symbols=SYMBOLS,
        bits=2,
        excused=EMPTY,
    ),
    Call(
        "deep_compression.expected_fillers", dc.expected_fillers, density=0.1, bits=3, finite=False
    ),
    Call("deep_compression.huffman_lengths", dc.huffman_lengths, counts=COUNTS, excused=EMPTY),
    Call("deep_compression.canonical_codes", dc.canonical_codes, lengths=LENGTHS, excused=EMPTY),
    Call(
        "deep_compression.kraft_sum",
        lambda lengths: float(dc.kraft_sum(lengths)),
        lengths=LENGTHS,
        excused=EMPTY,
    ),
    Call(
        "deep_compression.huffman_encode",
        lambda **k: len(dc.huffman_encode(**k)),
        symbols=np.array([0, 1, 2, 3, 0]),
        lengths=LENGTHS,
        excused=EMPTY,
    ),
    Call("deep_compression.entropy", dc.entropy, counts=COUNTS, excused=EMPTY),
    Call("deep_compression.gallager_bound", dc.gallager_bound, counts=COUNTS, excused=EMPTY),
    Call("deep_compression.golomb_parameter", dc.golomb_parameter, density=0.1),
    Call(
        "deep_compression.golomb_expected_bits",
        dc.golomb_expected_bits,
        density=0.1,
        m=5,
        excused={"NoneType None": "takes the best"},
    ),
    Call("deep_compression.coin_bits", dc.coin_bits, density=0.1),
    Call("deep_compression.golomb_lengths", dc.golomb_lengths, values=SYMBOLS, m=3, excused=EMPTY),
    Call(
        "deep_compression.golomb_encode",
        lambda **k: len(dc.golomb_encode(**k)),
        values=SYMBOLS,
        m=3,
        excused=EMPTY,
    ),
    Call(
        "deep_compression.context_encode",
        lambda **k: len(dc.context_encode(**k)),
        symbols=LAYER,
        n_values=4,
        width=3,
        excused=EMPTY,
    ),
    Call("deep_compression.sharing_rate", dc.sharing_rate, n_weights=16, n_shared=4, width_bits=32),
    Call(
        "deep_compression.bits_per_nonzero",
        dc.bits_per_nonzero,
        density=0.1,
        value_bits=5.0,
        index_bits=4,
        finite=False,
    ),
    Call("deep_compression.best_index_bits", dc.best_index_bits, density=0.1, value_bits=5.0),
    Call(
        "deep_compression.stored_fraction",
        dc.stored_fraction,
        n_weights=1000,
        density=0.1,
        value_bits=5,
        index_bits=4,
        finite=False,
    ),
    Call("deep_compression.lamp_scores", dc.lamp_scores, W=W, excused=EMPTY | SHAPES),
    Call(
        "deep_compression.cubic_density",
        dc.cubic_density,
        step=5,
        first=2,
        last=10,
        initial=0.5,
        final=0.1,
    ),
    *[
        Call(
            f"deep_compression.prune_masks {score}",
            lambda W, density, score=score: dc.prune_masks([W, BIAS], density, score=score),
            W=W,
            density=0.4,
            excused=SHAPES,
        )
        for score in ("layer", "global", "lamp")
    ],
    *[
        Call(
            f"deep_compression.share_weights {start}",
            lambda W, n_shared, rng, start=start, **k: dc.share_weights(
                W, n_shared, start=start, rng=rng, **k
            ),
            W=W,
            n_shared=3,
            n_iter=5,
            rng=0,
            excused=SHAPES,
        )
        for start in ("linear", "density", "random")
    ],
    Call(
        "deep_compression.centroid_gradient",
        dc.centroid_gradient,
        gradient=W,
        symbols=SIGNS,
        n_shared=3,
        excused=EMPTY,
    ),
    Call(
        "deep_compression.panter_dite",
        dc.panter_dite,
        weights=W,
        n_shared=4,
        n_bins=10,
        excused=SHAPES,
    ),
    Call(
        "deep_compression.CompressedNetwork",
        lambda codebook, symbols, bias, width: len(
            dc.CompressedNetwork([(codebook, symbols)], [bias], width=width).to_bytes()
        ),
        codebook=np.array([-0.5, 0.25, 1.0, 2.0]),
        symbols=LAYER,
        bias=BIAS,
        width=3,
    ),
    Call(
        "deep_compression.CompressedNetwork paper",
        lambda index_bits: len(
            dc.CompressedNetwork([(np.arange(1.0, 5.0), LAYER)], [BIAS]).to_bytes(
                "paper", index_bits=index_bits
            )
        ),
        index_bits=3,
    ),
    Call(
        "deep_compression.CompressedNetwork predict",
        dc.CompressedNetwork([(np.arange(1.0, 5.0), LAYER)], [BIAS]).predict,
        X=W.T.copy(),
    ),
]
