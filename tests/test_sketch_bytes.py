"""Bytes that somebody wrote on purpose: any of them give a refusal in words, or a sketch.

A checksum finds damage; here it always fits. What is read must then be a sketch like any other:
it can be asked, updated and merged, and its kernels stay inside their arrays.
"""

import inspect
import json
import math
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib._sketch.wire import pack, unpack
from course_lib.distinct import Morris
from course_lib.hashing import XorFilter
from course_lib.heavy_hitters import KLL, CountMin, ExponentialHistogram, Hokusai
from course_lib.low_rank import FrequentDirections
from tests.kernels import as_python
from tests.test_sketch import SKETCHES, read


def ticked(n_ticks):
    sketch = Hokusai(16, 3)
    for tick in range(n_ticks):
        sketch.update(range(tick))
        sketch.tick()
    return sketch


def counted(sketch, what):
    sketch.update("event", what) if isinstance(what, int) else sketch.update(what)
    return sketch


MADE = {
    **{kind: lambda kind=kind: read(kind, [*range(40), "a", "a", b"b"]) for kind in SKETCHES},
    "dense HyperLogLog": lambda: read("HyperLogLog", range(500)),
    "Hokusai, ticked": lambda: ticked(11),
    "Morris": lambda: counted(Morris(0.1, rng=0), 100),
    "XorFilter": lambda: XorFilter([*range(40), "a"]),
    "XorFilter, 16 bits": lambda: XorFilter([*range(40), "a"], bits=16),
    "KLL": lambda: counted(KLL(8, rng=0), np.linspace(-5, 5, 300)),
    "KLL, exact": lambda: counted(KLL(8, rng=0), [1.0, 2.0, 2.0]),
    "KLL, empty": lambda: KLL(8, rng=0),
    "ExponentialHistogram": lambda: counted(ExponentialHistogram(40, 2), [1, 1, 0, 1, 1] * 20),
    "ExponentialHistogram, empty": lambda: ExponentialHistogram(40, 2),
    "FrequentDirections": lambda: counted(FrequentDirections(3), np.eye(7, 4)),
    "FrequentDirections, empty": lambda: FrequentDirections(3),
}
DATA = {kind: make().to_bytes() for kind, make in MADE.items()}
LONGEST = max(map(len, DATA.values()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 99) | st.sampled_from([2**31, 2**63, 2**400])
    | st.floats() | st.text(max_size=3) | st.sampled_from(["int", "bytes", "<u8", "|u1", "|O"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)  # fmt: skip


def signed(body):
    """The bytes with a checksum that fits."""
    return bytes(body) + zlib.crc32(body).to_bytes(4, "little")


def split(data):
    """The header of a sketch as a dict, and its arrays as bytes."""
    size = int.from_bytes(data[6:10], "little")
    return json.loads(data[10 : 10 + size]), data[10 + size : -4]


def joined(data, header, arrays):
    text = json.dumps(header).encode()
    return signed(data[:6] + len(text).to_bytes(4, "little") + text + arrays)


def assert_usable(sketch):
    """All that a sketch can be asked without its stream, before and after more items."""
    items = ["a", b"b", 0, -1, *range(30, 60)]
    if isinstance(sketch, FrequentDirections):
        items = np.ones((9, sketch.width or 2))
    elif isinstance(sketch, KLL):
        items = [0.5, -1, *range(100)]
    elif isinstance(sketch, ExponentialHistogram):
        items = [1, 0, *[1] * 30]
    for _ in range(2):
        ask_everything(sketch, items)
        if hasattr(sketch, "update"):
            sketch.update(items)
            other = sketch.copy() if hasattr(sketch, "copy") else sketch
            in_words(lambda other=other: sketch.merge(other))


def assert_sentence(refusal):
    """The library's own words are a short sentence; those of NumPy and Python end without a dot."""
    assert str(refusal).endswith(".") and len(str(refusal)) < 200


def in_words(call):
    """Call what may be refused in words."""
    try:
        call()
    except ValueError as refusal:
        assert_sentence(refusal)


def ask_everything(sketch, items):
    repr(sketch), sketch.to_bytes(), sketch.nbytes
    for name, _ in inspect.getmembers(type(sketch), lambda member: isinstance(member, property)):
        in_words(lambda name=name: getattr(sketch, name))
    for name in ("items", "errors", "second_moment", "estimate_stream", "shrink"):
        in_words(getattr(sketch, name, list))
    if hasattr(sketch, "contains"):
        sketch.contains(items)
    if isinstance(sketch, Hokusai):
        for time in range(1, sketch.time + 1):
            for method in ("item", "time", "interpolate"):
                sketch.estimate(items, time, method=method)
    elif isinstance(sketch, FrequentDirections):
        in_words(lambda: sketch.estimate(items[0]))
        in_words(lambda: sketch.components(1))
    elif isinstance(sketch, KLL):
        for question in (sketch.rank, sketch.cdf, sketch.quantile):
            in_words(lambda question=question: question([0.5, 1.0]))
        in_words(lambda: sketch.error_bound(0.01))
    elif "items" in inspect.signature(getattr(sketch, "estimate", list)).parameters:
        sketch.estimate(items)
    elif hasattr(sketch, "estimate"):
        sketch.estimate()


def assert_refused_or_usable(kind, data):
    """A ValueError of one sentence, or a sketch like any other; and no great memory for either."""
    reader = type(MADE[kind]())
    tracemalloc.start()
    try:
        sketch = reader.from_bytes(data)
    except ValueError as refusal:
        assert_sentence(refusal)
        return
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**29 + 256 * len(data)
    assert vars(sketch).keys() == vars(MADE[kind]()).keys()
    # A kernel reads what is beside its array without a word; its Python source raises IndexError.
    with as_python("_sketch", "hashing", "distinct", "heavy_hitters"):
        assert_usable(sketch)


every_kind_of_bytes = pytest.mark.parametrize("kind", MADE)
in_one_format = pytest.mark.parametrize("kind", [kind for kind in MADE if "Directions" not in kind])


@every_kind_of_bytes
def test_the_sketches_of_the_next_tests_are_usable_themselves(kind):
    sketch = type(MADE[kind]()).from_bytes(DATA[kind])
    assert vars(sketch).keys() == vars(MADE[kind]()).keys()
    assert_usable(sketch)


@every_kind_of_bytes
@given(st.data())
@settings(max_examples=30)
def test_cut_and_flipped_bytes_with_a_right_checksum(kind, draw):
    """The first eight bytes hold the magic, which other tests break."""
    body = bytearray(DATA[kind][:-4])
    if draw.draw(st.booleans(), "cut"):
        del body[draw.draw(st.integers(0, len(body)), "length") :]
    for place in draw.draw(st.lists(st.integers(8, LONGEST), max_size=4), "places"):
        if len(body) > 8:
            body[8 + place % (len(body) - 8)] ^= draw.draw(st.integers(1, 255), "mask")
    assert_refused_or_usable(kind, signed(body))


@every_kind_of_bytes
@given(other=st.sampled_from(sorted(DATA)), tail=st.binary(max_size=40))
@settings(max_examples=30)
def test_bytes_of_another_sketch_under_this_name(kind, other, tail):
    """With a foreign name they are refused; with this one, the values must be this one's too."""
    reader = type(MADE[kind]())
    if type(MADE[other]()) is not reader:
        with pytest.raises(ValueError, match="must"):
            reader.from_bytes(DATA[other])
    if "Directions" in kind or "Directions" in other:
        assert_refused_or_usable(kind, signed(DATA[kind][:-4] + tail))
        return
    header, arrays = split(DATA[other])
    header["kind"] = reader.__name__
    assert_refused_or_usable(kind, joined(DATA[other], header, arrays + tail))


@in_one_format
@given(st.data())
@settings(max_examples=60)
def test_headers_that_were_written_by_hand(kind, draw):
    """A value, or a part of one, is anything that JSON can hold; and there may be one more."""
    header, arrays = split(DATA[kind])
    values = header["values"]
    name = draw.draw(st.sampled_from(sorted(values)), "name")
    spot = values
    if isinstance(values[name], (dict, list)) and values[name] and draw.draw(st.booleans()):
        spot = values[name]
        name = draw.draw(
            st.sampled_from(sorted(spot if isinstance(spot, dict) else range(len(spot))))
        )
    spot[name] = draw.draw(JSON, "value")
    if draw.draw(st.booleans(), "grow"):
        values[draw.draw(st.text(max_size=8), "extra")] = draw.draw(JSON, "more")
    assert_refused_or_usable(kind, joined(DATA[kind], header, arrays))


@in_one_format
@given(st.data())
@settings(max_examples=60)
def test_resized_headers(kind, draw):
    """Other numbers, shapes and dtypes; the arrays are as long as the header says."""
    header, arrays = split(DATA[kind])
    for name, value in header["values"].items():
        if isinstance(value, dict) and draw.draw(st.booleans(), name):
            value["shape"] = draw.draw(st.lists(st.integers(0, 70), max_size=2), "shape")
            value["dtype"] = draw.draw(
                st.sampled_from([value["dtype"], "<i8", "<u8", "|u1"]), "dtype"
            )
        elif not isinstance(value, (dict, list)) and draw.draw(st.booleans(), name):
            header["values"][name] = draw.draw(st.integers(-1, 70) | st.just(2**63), "value")
    shapes = [value for value in header["values"].values() if isinstance(value, dict)]
    size = sum(np.dtype(one["dtype"]).itemsize * math.prod(one["shape"]) for one in shapes)
    assert_refused_or_usable(kind, joined(DATA[kind], header, arrays[:size].ljust(size, b"\1")))


@in_one_format
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_arrays_of_any_values(kind, seed):
    """Extreme entries are the likely ones: zeros, ones, the greatest and the least."""
    rng = np.random.default_rng(seed)
    header, arrays = split(DATA[kind])
    body = rng.choice(np.array([0, 1, 2, 127, 128, 255], np.uint8), len(arrays))
    kept = rng.random(len(arrays)) < rng.choice([0.0, 0.9, 0.99])
    assert_refused_or_usable(
        kind,
        joined(DATA[kind], header, np.where(kept, np.frombuffer(arrays, np.uint8), body).tobytes()),
    )


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"1", b'{"kind": "CountMin"}', b"[" * 10**5, b"\xff"]
)
def test_a_header_that_is_none(text):
    data = DATA["CountMin"]
    data = signed(data[:6] + len(text).to_bytes(4, "little") + text)
    with pytest.raises(ValueError, match=r"^these bytes hold values that no CountMin has; get new"):
        CountMin.from_bytes(data)


def kept(*values):
    return np.array(values, float).view(np.int64)


ONE = {"n": 1, "names": [["int", 7]], "counts": np.array([1])}
FEW = {"n": 9, "names": [["int", i] for i in range(9)], "counts": np.ones(9, np.int64)}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("BloomFilter", {"_cells": np.full(8, 2**64 - 1, np.uint64)}),
        ("BloomFilter", {"_cells": np.zeros(7, np.uint64)}),
        ("BloomFilter", {"n_hashes": 2**40}),
        ("CountMin", {"_table": np.zeros((3, 50))}),
        ("CountMin", {"_table": [0] * 150}),
        ("CountMin", {"width": 1.5}),
        ("CountMin", {"width": "a"}),
        ("XorFilter", {"_fingerprints": np.zeros(0, np.uint8)}),
        ("XorFilter", {"_fingerprints": np.zeros(31, np.uint8)}),
        ("XorFilter", {"_fingerprints": np.zeros(30, np.uint16)}),
        ("XorFilter", {"_salt": -1}),
        ("XorFilter", {"bits": 12}),
        ("KMV", {"_smallest": np.arange(17, dtype=np.uint64)}),
        ("KMV", {"_smallest": np.array([2, 1], np.uint64)}),
        ("HyperLogLog, sparse", {"codes": np.array([2**31 + 1], np.uint32)}),
        ("HyperLogLog, sparse", {"codes": np.array([64], np.uint32)}),
        ("HyperLogLog, sparse", {"codes": np.array([64 + 41], np.uint32)}),
        ("HyperLogLog, sparse", {"codes": np.arange(65, 64 * 5000, 64, dtype=np.uint32)}),
        ("dense HyperLogLog", {"registers": np.full(32, 60, np.uint8)}),
        ("dense HyperLogLog", {"registers": np.arange(30, 62, dtype=np.uint8)}),
        ("dense HyperLogLog", {"chance": 0.0}),
        ("dense HyperLogLog", {"stream": math.inf}),
        ("Morris", {"register": -1}),
        ("Morris", {"register": 10**6}),
        ("Morris", {"a": math.inf}),
        ("MisraGries", {**ONE, "counts": np.array([2])}),
        ("MisraGries", {**ONE, "counts": np.array([0])}),
        ("MisraGries", {**ONE, "counts": np.array([1, 1])}),
        ("MisraGries", {**ONE, "n": 2**62 + 1}),
        ("MisraGries", {**ONE, "names": [["int", "7"]]}),
        ("MisraGries", {**ONE, "names": [["float", 7.0]]}),
        ("MisraGries", {**ONE, "names": [["bytes", "!"]]}),
        ("MisraGries", FEW),
        ("MisraGries", {"n": 2, "names": [["int", 7], ["int", 7]], "counts": np.ones(2, np.int64)}),
        ("MisraGries", {"n": 2, "names": [["int", 7], ["int", 8]], "counts": np.array([2, 2])}),
        ("SpaceSaving", {**ONE, "errors": np.array([2])}),
        ("SpaceSaving", {**ONE, "errors": np.array([-1])}),
        ("SpaceSaving", {**ONE, "errors": np.array([0, 0])}),
        ("SpaceSaving", {**FEW, "errors": np.zeros(9, np.int64)}),
        ("LossyCounting", {**ONE, "buckets": 0, "in_bucket": 2, "missed": np.array([0])}),
        ("LossyCounting", {**ONE, "buckets": 0, "in_bucket": 1, "missed": np.array([1])}),
        ("LossyCounting", {**ONE, "n": 6, "buckets": 0, "in_bucket": 6, "missed": np.array([0])}),
        ("Hokusai", {"widths": [16, 16], "ends": []}),
        ("Hokusai", {"widths": [16, 8, 16], "ends": [1], "counters": np.zeros(120, np.int64)}),
        ("Hokusai", {"widths": [16, 16, 16], "ends": [7], "counters": np.zeros(144, np.int64)}),
        ("Hokusai", {"counters": np.zeros(47, np.int64)}),
        ("KLL", {"variance": 0}),
        ("KLL", {"variance": 10**9}),
        ("KLL", {"sizes": []}),
        ("KLL", {"sizes": [1, 2, 3]}),
        ("KLL", {"k": 7}),
        ("KLL, exact", {"kept": kept(1, 2, 2, 1, math.nan)}),
        ("KLL, exact", {"kept": kept(1, 2, math.inf, 1, math.inf)}),
        ("KLL, exact", {"kept": kept(2, 1, 2, 1, 2)}),
        ("KLL, exact", {"kept": kept(1, 2, 2, 1.5, 2)}),
        ("KLL, exact", {"kept": kept(1, 2, 2, 1, 3)}),
        ("KLL, exact", {"kept": np.ones(5)}),
        ("KLL, exact", {"sizes": [3, 0], "variance": 1}),
        ("KLL, exact", {"sizes": [9], "kept": kept(*[1] * 11)}),
        ("ExponentialHistogram", {"clock": 10}),
        ("ExponentialHistogram", {"clock": 200}),
        ("ExponentialHistogram", {"levels": [[100, 99]]}),
        ("ExponentialHistogram", {"levels": [[97, 98, 99, 100]]}),
        ("ExponentialHistogram", {"levels": [[98], [90, 95]]}),
        ("ExponentialHistogram", {"levels": [[99, 100], [97, 98]]}),
        ("ExponentialHistogram", {"levels": [[99, 100], []]}),
        ("ExponentialHistogram", {"levels": [[99.5]]}),
    ],
)
def test_values_that_no_sketch_has_are_refused(kind, change):
    name = type(MADE[kind]()).__name__
    data = pack(name, {**unpack(name, DATA[kind]), **change})
    with pytest.raises(ValueError, match=f"^these bytes hold values that no {name} has"):
        type(MADE[kind]()).from_bytes(data)


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (10, b"x"),  # dtype
        (11, (1).to_bytes(8, "little")),  # size
        (19, (5).to_bytes(8, "little")),  # width
        (27, (9).to_bytes(8, "little")),  # rows in use
        (35, (0).to_bytes(8, "little")),  # rows seen
        (43, struct.pack("<d", math.nan)),  # squared norm
        (51, struct.pack("<d", -1.0)),  # error bound
        (59, struct.pack("<d", math.inf)),  # the first entry
        (59, struct.pack("<d", 1e300)),
    ],
)
def test_rows_that_no_frequent_directions_has_are_refused(place, change):
    body = bytearray(DATA["FrequentDirections"][:-4])
    body[place : place + len(change)] = change
    with pytest.raises(
        ValueError, match=r"^data holds (what|sums that) no sketch has; get it from"
    ):
        FrequentDirections.from_bytes(signed(body))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("BloomFilter", {"n_bits": 2**32}),
        ("CountMin", {"width": 2**32, "depth": 2**30}),
        ("AMS", {"n_means": 2**50}),
        ("PCSA", {"n_bitmaps": 2**31}),
        ("MisraGries", {"n_counters": 2**40}),
        ("SpaceSaving", {"n_counters": 10**7}),
        ("LossyCounting", {"epsilon": 1e-300}),
        ("Hokusai", {"width": 2**32}),
    ],
)
def test_a_few_bytes_get_no_great_memory(kind, change):
    header, arrays = split(DATA[kind])
    header["values"].update(change)
    with pytest.raises(ValueError, match=r"must take at most 256 MiB of memory or 64 times its"):
        type(MADE[kind]()).from_bytes(joined(DATA[kind], header, arrays))
