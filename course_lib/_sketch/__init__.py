"""What the sketches share: items to hashes, one vocabulary, and a form in bytes."""

from course_lib._sketch.base import CountingSketch, Sketch
from course_lib._sketch.items import as_batch, as_numbers, hash_items, mix, random_words

__all__ = [
    "CountingSketch",
    "Sketch",
    "as_batch",
    "as_numbers",
    "hash_items",
    "mix",
    "random_words",
]
