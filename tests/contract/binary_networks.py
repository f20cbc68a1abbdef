"""How the public functions of `course_lib.binary_networks` are called when all is well."""

import numpy as np

from course_lib import binary_networks as bn
from tests.contract.judge import Call

__all__ = ["BINARY_NETWORKS", "NOT_CALLED_OF_BINARY_NETWORKS"]

rng = np.random.default_rng(21)
X = rng.standard_normal((6, 5))
T = bn.targets([0, 1, 2, 0, 1, 2], 3).astype(float)
IMAGES = rng.integers(0, 256, (4, 9), dtype=np.uint8)
WORDS = bn.pack_signs(rng.standard_normal((3, 70)))
NORM = {name: rng.uniform(0.5, 1.5, 4) for name in ("gamma", "beta", "mean", "var")}
EACH = dict.fromkeys(("empty", "three axes", "a number"), "works on each number")
# Functions of whole networks, of batches that training makes, and of both; tested as a reader
# uses them.
NOT_CALLED_OF_BINARY_NETWORKS = {
    "backward": "takes tapes",
    "cross_entropy": "called in each step; takes what forward returns",
    "error_rate": "as predict",
    "forward": "called in each step",
    "from_arrays": "reads its own files",
    "square_hinge": "called in each step; takes what forward returns",
    "taught": "takes batches",
    "to_arrays": "takes layers",
}


def network():
    return bn.binary_mlp((5, 4, 3), 0, dtype=np.float64)


def steps(optimizer):
    """Two steps of an optimizer, as a function of its numbers."""

    def run(step, rng, **options):
        layers = network()
        batches = [(X, T)] * 2
        found = [
            i.value for i in optimizer(layers, batches, bn.square_hinge, step, rng=rng, **options)
        ]
        return [found, *(part.W for part in layers[::3])]

    return run


BINARY_NETWORKS = [
    Call("binary_networks.pack_signs", bn.pack_signs, X=X),
    Call("binary_networks.unpack_signs", bn.unpack_signs, words=WORDS, n=70),
    Call("binary_networks.product", bn.product, A=WORDS, B=WORDS, n=70),
    Call("binary_networks.pack_planes", bn.pack_planes, images=IMAGES, fixed=("images",)),
    Call(
        "binary_networks.plane_product",
        lambda B, n: bn.plane_product(bn.pack_planes(IMAGES), B, n),
        B=bn.pack_signs(rng.standard_normal((3, 9))),
        n=9,
    ),
    Call("binary_networks.word_operations", bn.word_operations, m=2, k=3, n=70, planes=8),
    Call("binary_networks.fold", bn.fold, **NORM, n=9, eps=1e-4, levels=3),
    Call(
        "binary_networks.BinaryNetwork",
        lambda X: bn.BinaryNetwork.from_layers(bn.binary_mlp((9, 4, 3), 0)).scores(X),
        X=IMAGES,
        fixed=("X",),
    ),
    Call("binary_networks.ap2", bn.ap2, x=X, excused=EACH),
    Call("binary_networks.stochastic_sign", bn.stochastic_sign, X=X, rng=0, excused=EACH),
    Call(
        "binary_networks.connection_energy",
        bn.connection_energy,
        weight_bits=1.0,
        batch=10,
        mac_pj=4.6,
        dram_pj=1300.0,
        finite=False,
    ),
    Call(
        "binary_networks.crossing_batch",
        bn.crossing_batch,
        weight_bits=1.0,
        mac_pj=4.6,
        dram_pj=1300.0,
        finite=False,
    ),
    Call(
        "binary_networks.scaled",
        bn.scaled,
        X=X,
        low=-1.0,
        excused={"three axes": "images are flattened"},
    ),
    Call("binary_networks.targets", bn.targets, y=np.array([0, 2, 1]), n_classes=3),
    Call(
        "binary_networks.batches",
        bn.batches,
        X=X,
        T=T,
        size=2,
        n_passes=2,
        rng=0,
    ),
    Call("binary_networks.affine", bn.affine, X=X[:, :4], rng=0, strength=0.5, background=-1.0),
    Call("binary_networks.cosine", lambda **o: bn.cosine(**o)(3), step=0.1, n_steps=10),
    Call("binary_networks.adam", steps(bn.adam), step=0.1, rng=0),
    Call("binary_networks.sgd", steps(bn.sgd), step=0.1, rng=0, momentum=0.9, decay=0.1),
    Call("binary_networks.shift_adamax", steps(bn.shift_adamax), step=0.1, rng=0),
    Call(
        "binary_networks.distillation",
        lambda weight, temperature: bn.distillation(weight, temperature)(T, (T, T)),
        weight=0.5,
        temperature=2.0,
    ),
    Call(
        "binary_networks.predict",
        lambda X, batch: bn.predict(network(), X, batch=batch),
        X=X,
        batch=4,
    ),
    Call("binary_networks.recalibrate", lambda X: bn.recalibrate(network(), X), X=X),
    *[
        Call(
            f"binary_networks.{make.__name__}",
            lambda make=make, **o: list(bn.to_arrays(make((5, 4, 3), **o)).values()),
            rng=0,
            input_dropout=0.1,
            dropout=0.2,
        )
        for make in (bn.binary_mlp, bn.float_mlp)
    ],
]
