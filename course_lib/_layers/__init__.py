"""Small networks, for chapters 21 and 22: layers as tuples of arrays, and how they learn.

In the order to read it::

    layers       Dense, BinaryDense, BatchNorm, Sign and others; forward, backward
    losses       what an output costs, and the gradient of that
    optimizers   adam, sgd, cosine
    train        batches, targets, recalibrate, predict
    networks     binary_mlp, float_mlp; a network as arrays for a file
    images       affine: digits moved a little
    kernels      the compiled loops
"""

from course_lib._layers.images import affine
from course_lib._layers.layers import (
    BatchNorm,
    BinaryDense,
    Dense,
    Dropout,
    HardTanh,
    Relu,
    Scale,
    Sign,
    backward,
    forward,
)
from course_lib._layers.losses import cross_entropy, distillation, square_hinge, taught
from course_lib._layers.networks import binary_mlp, float_mlp, from_arrays, to_arrays
from course_lib._layers.optimizers import Iterate, Moments, adam, cosine, sgd
from course_lib._layers.train import batches, error_rate, predict, recalibrate, scaled, targets

__all__ = [
    "BatchNorm",
    "BinaryDense",
    "Dense",
    "Dropout",
    "HardTanh",
    "Iterate",
    "Moments",
    "Relu",
    "Scale",
    "Sign",
    "adam",
    "affine",
    "backward",
    "batches",
    "binary_mlp",
    "cosine",
    "cross_entropy",
    "distillation",
    "error_rate",
    "float_mlp",
    "forward",
    "from_arrays",
    "predict",
    "recalibrate",
    "scaled",
    "sgd",
    "square_hinge",
    "targets",
    "taught",
    "to_arrays",
]
