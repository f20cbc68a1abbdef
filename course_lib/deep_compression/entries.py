"""Entries: a model as a file of few bytes, and what it costs to use it.

An entry is bytes. `load` makes of them something that predicts, and that says by formula what an
image costs. Nothing in the file is executed, and nothing random is in it but a seed.

    offset   content
    0        magic, 2 bytes
    2        number of the family, 1 byte
    3        the front: pixels, pooling, mean, components
             the model of the family
    end - 4  CRC-32 of all before

The families, and the functions that write them::

    linear_entry     weights of pixels
    feature_entry    weights of random features that a seed makes again
    landmark_entry   weights of kernels with some images
    neighbor_entry   images, and the nearest of them
    product_entry    images by a product quantizer, and the nearest
    code_entry       images as codes of bits, and the nearest
    network_entry    a BinaryNetwork or a CompressedNetwork, as its own bytes
"""

from course_lib._validation import check_count
from course_lib.binary_networks import BinaryNetwork
from course_lib.deep_compression._entry_budgets import (
    BUDGETS,
    PARCEL,
    POSTCARD,
    STAMP,
    Budget,
    Work,
)
from course_lib.deep_compression._entry_codes import code
from course_lib.deep_compression._entry_features import SeededFeatures
from course_lib.deep_compression._entry_format import Entry, file_of, load
from course_lib.deep_compression._entry_front import Front
from course_lib.deep_compression._entry_models import Features, Head, Landmarks, Linear
from course_lib.deep_compression._entry_nets import Binary, Compressed
from course_lib.deep_compression._entry_search import (
    Codes,
    Examples,
    Products,
    by_label,
    seeded_bits,
)
from course_lib.deep_compression.files import CompressedNetwork
from course_lib.lsh.quantization import check_bytes, check_quantizer

__all__ = [
    "BUDGETS",
    "PARCEL",
    "POSTCARD",
    "STAMP",
    "Budget",
    "Entry",
    "Front",
    "SeededFeatures",
    "Work",
    "code_entry",
    "feature_entry",
    "landmark_entry",
    "linear_entry",
    "load",
    "neighbor_entry",
    "network_entry",
    "product_entry",
]


def linear_entry(weights, intercept, *, front=None, bits=4):
    """Return the file of a linear classifier: logistic regression, ridge, class means.

    Parameters
    ----------
    weights : array, shape (d, c)
        A column for each class; a single one tells two classes by the sign of its score.
    intercept : array, shape (c,)
    front : Front, optional
        What is done to an image first; its rows have d columns. By default the pixels themselves.
    bits : int, default 4
        Bits of a weight: 2 to 8 with a scale for each class, or 32.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit, are not finite, or a number is out of range.

    Notes
    -----
    **Cost.** ``d c bits / 8 + 8 c`` bytes and a dozen; of work ``d c + c``.

    Examples
    --------
    >>> import numpy as np
    >>> load(linear_entry(np.eye(784, 10), np.zeros(10))).nbytes
    4013
    """
    return file_of(Linear(_front(front), Head.coded(weights, intercept, bits)))


def feature_entry(weights, intercept, features, *, front=None, bits=4):
    """Return the file of a linear classifier on random features.

    Parameters
    ----------
    weights : array, shape (D, c)
    intercept : array, shape (c,)
    features : SeededFeatures
        Those that the weights were learned on.
    front : Front, optional
    bits : int, default 4

    Returns
    -------
    bytes

    Raises
    ------
    ValueError, TypeError
        As `linear_entry`, or if ``features`` are of another kind: only a seed is kept of them.

    Notes
    -----
    **Cost.** ``D c bits / 8`` bytes: frequencies cost a seed. Of work what `fourier_cost` counts,
    and ``D c + c``.

    Examples
    --------
    >>> import numpy as np
    >>> features = SeededFeatures(2048, gamma=0.01, random_state=3)
    >>> load(feature_entry(np.ones((2048, 10)), np.zeros(10), features)).work
    Work(multiply_adds=24576, additions=30730, look_ups=2048)
    """
    if type(features) is not SeededFeatures:
        raise TypeError(f"features must be SeededFeatures; got a {type(features).__name__}.")
    front = _front(front)
    fresh = SeededFeatures(
        features.n_components, gamma=features.gamma, random_state=features.random_state
    )
    return file_of(Features(front, Head.coded(weights, intercept, bits), fresh))


def landmark_entry(landmarks, weights, intercept, *, gamma, front=None, bits=8, pixel_bits=8):
    r"""Return the file of a kernel expansion :math:`\sum_j w_j e^{-\gamma|x - z_j|^2}`.

    Parameters
    ----------
    landmarks : array of uint8, shape (m, 28, 28) or (m, n_pixels)
        Images: landmarks of the Nyström method, or all rows of an exact machine.
    weights : array, shape (m, c)
    intercept : array, shape (c,)
    gamma : float
        For pixels from 0 to 1.
    front : Front, optional
        With pooling alone.
    bits, pixel_bits : int, default 8
        Bits of a weight, and of a pixel of a landmark.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError, TypeError
        As `linear_entry`, and if the front subtracts a mean.

    Notes
    -----
    **Cost.** ``m (d pixel_bits + c bits) / 8`` bytes; of work ``m (d + c + 3)``.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.arange(4, dtype=np.uint8).reshape(2, 2) * 80
    >>> file = landmark_entry(images, np.eye(2), np.zeros(2), gamma=1.0, front=Front(n_pixels=2))
    >>> load(file).predict(images)
    array([0, 1], dtype=uint8)
    """
    front = _front(front)
    if front.n_columns != front.n_pooled or front.centered:
        raise ValueError("front must do no more than pool where landmarks are kept as pixels.")
    rows = front.rows(landmarks)
    return file_of(
        Landmarks.coded(front, Head.coded(weights, intercept, bits), gamma, rows, pixel_bits)
    )


def neighbor_entry(images, labels, *, n_neighbors=1, front=None, bits=8):
    """Return the file of a search among images, by brute force.

    Parameters
    ----------
    images : array of uint8, shape (n, 28, 28) or (n, n_pixels)
    labels : array of int, shape (n,)
        From 0 to 254.
    n_neighbors : int, default 1
        Neighbors that vote; of classes with equally many, the one with the nearest wins. Of rows
        at equal distances, those that come first in an order drawn from seed 0, whatever their
        class. So in all families that search.
    front : Front, optional
        Pooling, or principal components.
    bits : int, default 8
        Bits of a number of a row: 1 to 8.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit each other, or a number is out of range.

    Notes
    -----
    **Cost.** ``n d bits / 8`` bytes, and of work ``n (d + 1)``, d being the columns of the front.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.array([[0, 0], [255, 0], [0, 255]], np.uint8)
    >>> load(neighbor_entry(images, [0, 1, 1], front=Front(n_pixels=2))).predict(images)
    array([0, 1, 1], dtype=uint8)
    """
    front = _front(front)
    rows = front.rows(images)
    order, counts = by_label(labels, len(rows))
    return file_of(Examples.coded(front, counts, n_neighbors, rows[order], bits))


def product_entry(quantizer, codes, labels, *, n_neighbors=1, front=None, bits=8):
    """Return the file of a search among codes of a product quantizer.

    Parameters
    ----------
    quantizer : ProductQuantizer
        Trained on rows of the front.
    codes : array of uint8, shape (n, M)
        By `pq_encode`.
    labels : array of int, shape (n,)
    n_neighbors : int, default 1
    front : Front, optional
    bits : int, default 8
        Bits of a number of the codebooks: 2 to 8 with a scale for each column, or 32.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError, TypeError
        If quantizer, codes, labels and front do not fit each other.

    Notes
    -----
    **Cost.** ``n M`` bytes and the codebooks; of work ``n M`` look-ups and as many additions, and
    ``n_centers d`` multiply-adds for the tables.

    Examples
    --------
    >>> import numpy as np
    >>> from course_lib.lsh import ProductQuantizer, pq_encode
    >>> quantizer = ProductQuantizer(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 2]))
    >>> images = np.array([[0, 255], [255, 0]], np.uint8)
    >>> codes = pq_encode(quantizer, images / 255)
    >>> load(product_entry(quantizer, codes, [0, 1], front=Front(n_pixels=2))).predict(images)
    array([0, 1], dtype=uint8)
    """
    front = _front(front)
    codebooks, edges = check_quantizer(quantizer)
    codes = check_bytes(codes, len(codebooks), len(edges) - 1)
    if codebooks.shape[1] != front.n_columns:
        raise ValueError(
            f"quantizer must be of the {front.n_columns} columns of the front; "
            f"got {codebooks.shape[1]}."
        )
    order, counts = by_label(labels, len(codes))
    books = code(codebooks, bits, "codebooks")
    return file_of(Products(front, counts, n_neighbors, books, edges, codes[order]))


def code_entry(images, labels, *, n_bits=256, seed=0, n_neighbors=1, front=None):
    """Return the file of a search among codes of bits, the signs of H D3 H D2 H D1.

    Parameters
    ----------
    images : array of uint8, shape (n, 28, 28) or (n, n_pixels)
    labels : array of int, shape (n,)
    n_bits : int, default 256
        Bits of a code, a multiple of 8.
    seed : int, default 0
        Of the signs D.
    n_neighbors : int, default 1
    front : Front, optional
        Subtract the mean: codes tell angles, seen from zero.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit each other, or a number is out of range.

    Notes
    -----
    **Cost.** ``n n_bits / 8`` bytes; of work three operations a 64-bit word of each code.

    **Guarantee.** The share of differing bits of two rows tells their angle, as
    `course_lib.binary_embeddings` shows for such hashes.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.array([[0, 255], [255, 0]], np.uint8)
    >>> front = Front(n_pixels=2, mean=[0.5, 0.5])
    >>> load(code_entry(images, [0, 1], n_bits=8, front=front)).predict(images)
    array([0, 1], dtype=uint8)
    """
    front = _front(front)
    n_bits = check_count(n_bits, "n_bits", low=8, high=8 * ((1 << 16) - 1))
    if n_bits % 8:
        raise ValueError(f"n_bits must be a multiple of 8; got {n_bits}.")
    rows = front.rows(images)
    order, counts = by_label(labels, len(rows))
    seed = check_count(seed, "seed", low=0, high=(1 << 32) - 1)
    octets = seeded_bits(rows[order], n_bits, seed)
    return file_of(Codes(front, counts, n_neighbors, seed, n_bits, octets))


def network_entry(network, *, front=None):
    """Return the file of a network of signs, or of a pruned and coded one.

    Parameters
    ----------
    network : BinaryNetwork or CompressedNetwork, or the bytes of one
    front : Front, optional
        Makes the numbers that the network takes; for a network of signs by pooling alone, rounded
        to bytes. By default pixels stay as they are.

    Returns
    -------
    bytes
        Eleven more than those of the network; of a `CompressedNetwork` the smallest, "best".

    Raises
    ------
    ValueError, TypeError
        If it is something else, its bytes are damaged, or the front does not fit.

    Notes
    -----
    **Cost.** Of work, beside the front's, for a network of signs three operations a word,
    `word_operations`; for a pruned one a multiply-add for each weight that is left and an addition
    for each unit.

    Examples
    --------
    >>> import numpy as np
    >>> from course_lib.deep_compression import CompressedNetwork
    >>> codebook, symbols = np.array([-0.5, 1.0]), np.array([[2, 0], [0, 1], [0, 2]])
    >>> entry = load(network_entry(CompressedNetwork([(codebook, symbols)], [[0.0, 0.5]])))
    >>> entry.work
    Work(multiply_adds=3, additions=2, look_ups=0)
    >>> entry.predict(np.array([[255, 0, 0], [0, 0, 255]], np.uint8))
    array([0, 1], dtype=uint8)
    """
    if isinstance(network, bytes | bytearray | memoryview):
        data, kind = bytes(network), Binary if bytes(network[:2]) == b"SM" else Compressed
    elif isinstance(network, BinaryNetwork | CompressedNetwork):
        data = network.to_bytes()
        kind = Binary if isinstance(network, BinaryNetwork) else Compressed
    else:
        raise TypeError(
            "network must be a BinaryNetwork or a CompressedNetwork; "
            f"got a {type(network).__name__}."
        )
    inner = kind.kind.from_bytes(data)
    if front is None:
        front = Front(n_pixels=inner.sizes[0] if kind is Binary else len(inner.layers[0].symbols))
    return file_of(kind(_front(front), data))


def _front(front):
    if front is None:
        return Front()
    if not isinstance(front, Front):
        raise TypeError(f"front must be a Front; got a {type(front).__name__}.")
    return front
