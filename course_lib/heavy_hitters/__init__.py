"""Heavy hitters, moments and quantiles: what a stream holds most of, from a small memory.

Book: ``book/05-heavy-hitters.md``.
"""

from course_lib.heavy_hitters.counters import LossyCounting, MisraGries
from course_lib.heavy_hitters.hokusai import Hokusai
from course_lib.heavy_hitters.linear import CountMin, CountSketch
from course_lib.heavy_hitters.moments import AMS
from course_lib.heavy_hitters.quantiles import KLL
from course_lib.heavy_hitters.space_saving import SpaceSaving
from course_lib.heavy_hitters.windows import ExponentialHistogram

__all__ = [
    "AMS",
    "KLL",
    "CountMin",
    "CountSketch",
    "ExponentialHistogram",
    "Hokusai",
    "LossyCounting",
    "MisraGries",
    "SpaceSaving",
]
