"""Streams for sketches: as they are dreamt of, as they are feared, and as they are."""

import functools
import re

import numpy as np

from course_lib import datasets


def zipf(n, rng, exponent=1.1, n_items=10_000):
    """n draws from items 1, 2, ... with chances proportional to ``rank**-exponent``."""
    weights = np.arange(1, n_items + 1.0) ** -exponent
    return rng.choice(n_items, n, p=weights / weights.sum()) + 1


def uniform(n, rng, n_items=10_000):
    """n draws from n_items equally likely ones."""
    return rng.integers(n_items, size=n)


def strides(n, rng):
    """Multiples of a large power of 2, which all meet in one cell of ``x mod 2**b``."""
    return zipf(n, rng) << 32


@functools.cache
def words():
    """The words of Shakespeare in the order they were written, 900,000 of them."""
    return re.findall(r"[a-z']+", " ".join(datasets.shakespeare().values()).lower())


@functools.cache
def trigrams():
    """Every three successive words of Shakespeare."""
    text = words()
    return [" ".join(three) for three in zip(text, text[1:], text[2:], strict=False)]


@functools.cache
def tails():
    """The aircraft of each flight of 2013."""
    flights = datasets.flights()
    return np.array(flights["tailnum_names"])[flights["tailnum"]].tolist()


def real(n, items):
    """The first n items of a real stream."""
    return np.array(items()[:n])


STREAMS = {
    "zipf": zipf,
    "uniform": uniform,
    "strides": strides,
    "words": lambda n, rng: real(n, words),
    "flights": lambda n, rng: real(n, tails),
}


def counted(stream):
    """``(items, counts)`` of a stream: what a linear sketch needs to know."""
    return np.unique(stream, return_counts=True)
