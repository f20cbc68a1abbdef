"""How the public functions of `course_lib.deep_compression.entries` are called."""

import numpy as np

from course_lib.deep_compression import entries as en
from course_lib.lsh import pq_encode, train_pq
from tests.contract.judge import Call, fitted

__all__ = ["ENTRIES", "NOT_CALLED_OF_ENTRIES"]

rng = np.random.default_rng(22)
images = rng.integers(0, 256, (12, 6))
labels = np.arange(12) % 3
front = en.Front(n_pixels=6)
weights, intercept = rng.standard_normal((6, 3)), rng.standard_normal(3)
quantizer = train_pq(images / 255, 2, 4, rng=0)
codes = pq_encode(quantizer, images / 255).astype(np.int64)
features = en.SeededFeatures(6, gamma=0.5, random_state=1)
file = en.linear_entry(weights, intercept, front=front)


def labelled(write, *first, **fixed):
    """A writer as a function of its arguments, whose file is asked for labels."""

    def run(**arguments):
        return en.load(write(*first, front=front, **fixed, **arguments)).predict(images)

    return run


NOT_CALLED_OF_ENTRIES = {
    "Entry": "is made by load",
    "network_entry": "takes a finished network; the tests of entries give it what is none",
}
ENTRIES = [
    Call(
        "deep_compression.Front",
        lambda n_pixels, pool: en.Front(n_pixels=n_pixels, pool=pool).work,
        n_pixels=784,
        pool=2,
    ),
    Call(
        "deep_compression.Front rows",
        lambda mean, components: en.Front(n_pixels=6, mean=mean, components=components).rows(
            images
        ),
        mean=images.mean(axis=0) / 255,
        components=rng.standard_normal((6, 2)),
        excused={"None": "stands for no components"},
    ),
    Call(
        "deep_compression.SeededFeatures",
        fitted(en.SeededFeatures),
        X=rng.standard_normal((9, 3)),
        n_components=6,
        gamma=0.5,
        random_state=0,
        excused={"None": "stands for another source in the sister class"},
    ),
    Call(
        "deep_compression.load",
        lambda images: en.load(file).predict(images),
        images=images,
        excused={"empty": "no image has no label"},
    ),
    Call(
        "deep_compression.linear_entry",
        labelled(en.linear_entry),
        weights=weights,
        intercept=intercept,
        bits=4,
    ),
    Call(
        "deep_compression.feature_entry",
        labelled(en.feature_entry, features=features),
        weights=weights,
        intercept=intercept,
        bits=4,
    ),
    Call(
        "deep_compression.landmark_entry",
        labelled(en.landmark_entry),
        landmarks=images[:6],
        weights=weights,
        intercept=intercept,
        gamma=0.5,
        bits=8,
        pixel_bits=6,
    ),
    Call(
        "deep_compression.neighbor_entry",
        lambda **k: en.load(en.neighbor_entry(front=front, **k)).predict(images),
        images=images,
        labels=labels,
        n_neighbors=1,
        bits=8,
    ),
    Call(
        "deep_compression.product_entry",
        labelled(en.product_entry, quantizer),
        codes=codes,
        labels=labels,
        n_neighbors=1,
        bits=8,
    ),
    Call(
        "deep_compression.code_entry",
        lambda **k: en.load(en.code_entry(front=front, **k)).predict(images),
        images=images,
        labels=labels,
        n_bits=16,
        seed=3,
        n_neighbors=1,
    ),
]
