"""What the sketches share: items to hashes, one vocabulary, and a form in bytes."""

from course_lib._sketch.base import CountingSketch, Sketch
from course_lib._sketch.items import (
    as_batch,
    as_batches,
    as_numbers,
    check_seed,
    hash_bytes,
    hash_items,
    hash_slices,
    hash_word,
    mix,
    random_words,
    seed_words,
    slice_hashes,
    text_key,
)
from course_lib._sketch.sizes import sizing
from course_lib._sketch.wire import SameBytes

__all__ = [
    "CountingSketch",
    "SameBytes",
    "Sketch",
    "as_batch",
    "as_batches",
    "as_numbers",
    "check_seed",
    "hash_bytes",
    "hash_items",
    "hash_slices",
    "hash_word",
    "mix",
    "random_words",
    "seed_words",
    "sizing",
    "slice_hashes",
    "text_key",
]
