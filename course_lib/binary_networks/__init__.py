"""Networks whose weights and activations are signs: trained in real numbers, run in bits.

In the order to read it::

    _layers      Dense, BinaryDense, BatchNorm, Sign and others; adam, sgd; losses
    bits         pack_signs, product: a product of signs is a count of bits
    folding      fold: a batch norm and a sign are one integer threshold
    network      BinaryNetwork: a trained network in bits, and as a file
    stochastic   signs that are drawn, and what their gradient is on average
    shifts       ap2, ShiftBatchNorm, shift_adamax: powers of two for multiplications
    costs        energy of a connection; what the ports of a processor allow

``_layers`` is shared with chapter 22.

Book: ``book/21-binary-networks.md``. Lab: ``labs/21-binary-networks``.
"""

from course_lib._layers import (
    BatchNorm,
    BinaryDense,
    Dense,
    Dropout,
    HardTanh,
    Iterate,
    Moments,
    Relu,
    Scale,
    Sign,
    adam,
    affine,
    backward,
    batches,
    binary_mlp,
    cosine,
    cross_entropy,
    distillation,
    error_rate,
    float_mlp,
    forward,
    from_arrays,
    predict,
    recalibrate,
    scaled,
    sgd,
    square_hinge,
    targets,
    taught,
    to_arrays,
)
from course_lib.binary_networks.bits import (
    pack_planes,
    pack_signs,
    plane_product,
    product,
    unpack_signs,
    word_operations,
)
from course_lib.binary_networks.costs import (
    BINARY_PJ,
    DRAM_PJ,
    FLOAT_PJ,
    PORTS,
    Port,
    connection_energy,
    crossing_batch,
)
from course_lib.binary_networks.folding import Thresholds, fold
from course_lib.binary_networks.network import BinaryNetwork
from course_lib.binary_networks.shifts import ShiftBatchNorm, ap2, shift_adamax
from course_lib.binary_networks.stochastic import (
    StochasticDense,
    StochasticSign,
    stochastic_sign,
)

__all__ = [
    "BINARY_PJ",
    "DRAM_PJ",
    "FLOAT_PJ",
    "PORTS",
    "BatchNorm",
    "BinaryDense",
    "BinaryNetwork",
    "Dense",
    "Dropout",
    "HardTanh",
    "Iterate",
    "Moments",
    "Port",
    "Relu",
    "Scale",
    "ShiftBatchNorm",
    "Sign",
    "StochasticDense",
    "StochasticSign",
    "Thresholds",
    "adam",
    "affine",
    "ap2",
    "backward",
    "batches",
    "binary_mlp",
    "connection_energy",
    "cosine",
    "cross_entropy",
    "crossing_batch",
    "distillation",
    "error_rate",
    "float_mlp",
    "fold",
    "forward",
    "from_arrays",
    "pack_planes",
    "pack_signs",
    "plane_product",
    "predict",
    "product",
    "recalibrate",
    "scaled",
    "sgd",
    "shift_adamax",
    "square_hinge",
    "stochastic_sign",
    "targets",
    "taught",
    "to_arrays",
    "unpack_signs",
    "word_operations",
]
