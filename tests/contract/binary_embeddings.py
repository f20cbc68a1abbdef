"""How the public functions of `course_lib.binary_embeddings` are called when all is well."""

import functools

import numpy as np

from course_lib import binary_embeddings as be
from tests.contract.judge import Call, fitted

__all__ = ["EMBEDDINGS"]

rng = np.random.default_rng(12)
X = rng.standard_normal((30, 4))
signs = rng.choice([-1.0, 1.0], 12)
NO_ROWS = {"empty": "no rows have no products"}
CODES = np.array([[5, 1], [6, 0], [7, 3]], np.uint64)
EMBEDDINGS = [
    *[
        Call(
            f"binary_embeddings.{kind.__name__}",
            functools.wraps(kind)(lambda kind=kind, **k: kind(**k).dense()),
            k=3,
            n=8,
            rng=0,
        )
        for kind in be.MATRICES.values()
    ],
    *[
        Call(
            f"binary_embeddings.{kind.__name__} apply",
            lambda X, kind=kind: kind(3, 4, rng=0).apply(X),
            X=X,
            excused=NO_ROWS,
        )
        for kind in be.MATRICES.values()
    ],
    Call(
        "binary_embeddings.BinPerm block",
        lambda block: be.BinPerm(3, 8, block=block, rng=0).dense(),
        block=2,
    ),
    Call(
        "binary_embeddings.BinCirc block",
        lambda block: be.BinCirc(3, 8, block=block, rng=0).dense(),
        block=2,
    ),
    Call(
        "binary_embeddings.VerHorShift shifts",
        lambda horizontal, vertical: be.VerHorShift(
            3, 8, horizontal=horizontal, vertical=vertical, rng=0
        ).dense(),
        horizontal=1,
        vertical=2,
    ),
    Call(
        "binary_embeddings.StructuredMatrix variables",
        lambda row: be.Circulant(3, 8, rng=0).variables(row),
        row=1,
    ),
    *[
        Call(
            f"binary_embeddings.{make.__name__}",
            lambda X, rng, make=make: make(be.Circulant(4, 4, rng=1), rng=rng).project(X),
            X=X,
            rng=0,
            excused=NO_ROWS,
        )
        for make in (be.short_hash, be.extended_hash)
    ],
    Call(
        "binary_embeddings.BinaryHash",
        lambda X: be.BinaryHash(be.Circulant(4, 4, rng=1)).codes(X),
        X=X,
        excused=NO_ROWS,
    ),
    Call(
        "binary_embeddings.BinaryHash signs",
        lambda signs, premix: be.BinaryHash(be.Circulant(4, 4, rng=1), signs, premix).project(X),
        signs=signs[:4].copy(),
        premix=signs[4:8].copy(),
        excused={"None": "leaves a diagonal out"},
    ),
    Call("binary_embeddings.random_signs", be.random_signs, n=5, rng=0),
    Call("binary_embeddings.angle_share", be.angle_share, P=X, R=X[::-1].copy()),
    Call(
        "binary_embeddings.estimate_angle_share",
        be.estimate_angle_share,
        codes=CODES,
        others=CODES[::-1].copy(),
        n_bits=66,
    ),
    Call("binary_embeddings.variance_bound", be.variance_bound, theta=1.0, n_bits=8, log_base=10.0),
    Call(
        "binary_embeddings.hash_variance",
        be.hash_variance,
        p=X[:, 0].copy(),
        r=X[:, 1].copy(),
        n_bits=5,
    ),
    Call(
        "binary_embeddings.lag_correlations",
        be.lag_correlations,
        p=X[:, 0].copy(),
        r=X[:, 1].copy(),
    ),
    *[
        Call(
            f"binary_embeddings.{function.__name__}",
            lambda first, second, function=function: function(
                be.Circulant(3, 8, rng=0), first, second
            ),
            first=0,
            second=2,
        )
        for function in (be.coherence_graph, be.pair_chromatic_number)
    ],
    Call(
        "binary_embeddings.chromatic_number",
        lambda k: be.chromatic_number(be.Toeplitz(k, 8, rng=0)),
        k=3,
    ),
    Call(
        "binary_embeddings.BinaryEmbedding",
        fitted(be.BinaryEmbedding),
        X=X,
        n_bits=5,
        random_state=0,
    ),
]
