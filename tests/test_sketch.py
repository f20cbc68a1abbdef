"""What all sketches share: items, one vocabulary, bytes. Each promise is tried on each sketch."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from course_lib import heavy_hitters as hh
from course_lib._sketch import items as item_hashing
from course_lib._sketch import random_words
from course_lib.distinct import KMV, PCSA, HyperLogLog, LogLog, Morris
from course_lib.hashing import (
    BlockedBloomFilter,
    BloomFilter,
    CountingBloomFilter,
    XorFilter,
    hash_items,
)
from course_lib.heavy_hitters import (
    AMS,
    CountMin,
    CountSketch,
    Hokusai,
    LossyCounting,
    MisraGries,
    SpaceSaving,
)
from tests.kernels import as_python

# A small one of each kind, so small that each of them overflows in the tests.
SKETCHES = {
    "BloomFilter": lambda seed=0: BloomFilter(500, 4, seed=seed),
    "BlockedBloomFilter": lambda seed=0: BlockedBloomFilter(1024, 4, seed=seed),
    "CountingBloomFilter": lambda seed=0: CountingBloomFilter(500, 4, seed=seed),
    "PCSA": lambda seed=0: PCSA(16, seed=seed),
    "LogLog": lambda seed=0: LogLog(5, seed=seed),
    "HyperLogLog": lambda seed=0: HyperLogLog(5, seed=seed),
    "HyperLogLog, sparse": lambda seed=0: HyperLogLog(14, seed=seed),
    "KMV": lambda seed=0: KMV(16, seed=seed),
    "CountMin": lambda seed=0: CountMin(50, 3, seed=seed),
    "CountMin, conservative": lambda seed=0: CountMin(50, 3, conservative=True, seed=seed),
    "CountSketch": lambda seed=0: CountSketch(50, 3, seed=seed),
    "AMS": lambda seed=0: AMS(70, 3, seed=seed),
    "MisraGries": lambda seed=0: MisraGries(5, seed=seed),
    "SpaceSaving": lambda seed=0: SpaceSaving(5, seed=seed),
    "LossyCounting": lambda seed=0: LossyCounting(0.2, seed=seed),
    "Hokusai": lambda seed=0: Hokusai(16, 3, seed=seed),
}
ORDER_MATTERS = {"CountMin, conservative", "MisraGries", "SpaceSaving", "LossyCounting"}
COUNTS = {"CountMin", "CountSketch", "AMS", "MisraGries", "SpaceSaving", "Hokusai"}

every_sketch = pytest.mark.parametrize("kind", SKETCHES)
texts = st.text(max_size=20) | st.binary(max_size=20)
any_items = st.integers(-(2**63), 2**64 - 1) | texts
ASKED = {kind for kind in SKETCHES if "Bloom" in kind} | {
    "CountMin",
    "CountSketch",
    "MisraGries",
    "SpaceSaving",
    "LossyCounting",
}


def read(kind, items, seed=0):
    sketch = SKETCHES[kind](seed)
    sketch.update(items)
    return sketch


# --- Facts: items and their hashes ---------------------------------------------------------


@given(st.lists(any_items, max_size=30), st.integers(0, 2**64 - 1))
def test_a_hash_depends_on_the_item_and_the_seed_alone(items, seed):
    together = hash_items(items, seed)
    alone = [hash_items(item, seed)[0] for item in items]
    assert_array_equal(together, np.array(alone, np.uint64))


@given(st.lists(any_items, min_size=2, max_size=30))
def test_different_items_have_different_hashes(items):
    def identity(item):
        if isinstance(item, int):
            return item % 2**64
        return item.encode("utf-8", "surrogatepass") if isinstance(item, str) else item

    assert len(set(hash_items(items).tolist())) == len({identity(item) for item in items})


@given(st.lists(st.text(max_size=30), max_size=10))
def test_zero_bytes_and_lengths_do_not_change_the_hash(items):
    """Items with a zero byte take the slow path through lengths: both give the same hashes."""
    fast = hash_items(items)
    slow = hash_items([*items, "a\0b"])[:-1]
    assert_array_equal(fast, slow)
    as_bytes = [item.encode("utf-8", "surrogatepass") for item in items]
    assert_array_equal(fast, hash_items(as_bytes))


def test_blocks_of_a_long_list_hash_alike(monkeypatch):
    items = [f"item {i}" for i in range(1000)]
    whole = hash_items(items, 3)
    monkeypatch.setattr(item_hashing, "BLOCK", 64)
    assert_array_equal(hash_items(items, 3), whole)
    assert_array_equal(hash_items(items[:64], 3), whole[:64])


def test_the_hash_is_splitmix64_on_every_machine():
    """Vigna's published first outputs of splitmix64 with seed 1234567."""
    golden = int(item_hashing.GOLDEN)
    states = [np.uint64((1234567 + golden * i) % 2**64) for i in (1, 2, 3)]
    outputs = [int(item_hashing.mix(state)) for state in states]
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_words_of_different_streams_are_unrelated():
    words = np.concatenate([random_words(seed, 50, stream) for seed in (0, 1) for stream in (0, 1)])
    assert len(np.unique(words)) == 200
    assert_array_equal(random_words(7, 3), random_words(7, 5)[:3])


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8, np.uint64, ">i4"])
def test_an_integer_is_its_value_whatever_its_width(dtype):
    expected = hash_items([1, 2, 3])
    assert_array_equal(hash_items(np.array([1, 2, 3], dtype)), expected)
    assert_array_equal(hash_items(np.array([1, 0, 2, 0, 3], dtype)[::2]), expected)


def test_containers_do_not_matter():
    expected = hash_items(["to", "be"])
    for same in (("to", "be"), np.array(["to", "be"]), np.array(["to", "be"], object)):
        assert_array_equal(hash_items(same), expected)
    assert_array_equal(hash_items(item for item in ("to", "be")), expected)
    assert_array_equal(hash_items(np.array([b"to", b"be"])), expected)
    assert_array_equal(hash_items([np.int64(-1), 2**64 - 1]), hash_items([-1, -1]))


def test_hashing_kernels_equal_their_python_source(rng):
    items = [*rng.integers(-100, 100, 20).tolist(), "to", "be, or not to be", "", b"\0", "\0" * 9]
    for batch in (items, items[:20], items[20:23], items[23:]):
        compiled = hash_items(batch, 5)
        with as_python("_sketch"):
            assert_array_equal(hash_items(batch, 5), compiled)


@pytest.mark.parametrize("kind", SKETCHES)
def test_sketching_kernels_equal_their_python_source(kind, rng):
    items, absent = rng.integers(0, 60, 200), np.arange(100, 120)
    compiled = read(kind, items)
    ask = getattr(compiled, "contains", compiled.estimate)
    with as_python("_sketch", "hashing", "distinct", "heavy_hitters"):
        source = read(kind, items)
        assert source.to_bytes() == compiled.to_bytes()
        if kind in ASKED:
            answers = getattr(source, ask.__name__)(absent)
    if kind in ASKED:
        assert_array_equal(answers, ask(absent))


# --- Theorems: the mixer behaves as a random function would ----------------------------------


def test_each_bit_of_the_item_flips_each_bit_of_the_hash_half_of_the_time(rng):
    """64 x 64 shares of 4096 items, each 1/2 with a standard error of 1/128.

    The greatest of 4096 deviations exceeds five standard errors by chance once in 400 runs.
    """
    items = rng.integers(0, 2**64, 4096, dtype=np.uint64)
    for bit in range(64):
        flipped = hash_items(items) ^ hash_items(items ^ np.uint64(1 << bit))
        shares = [((flipped >> np.uint64(b)) & np.uint64(1)).mean() for b in range(64)]
        assert np.abs(np.array(shares) - 0.5).max() < 5 / 128


@pytest.mark.parametrize("step", [1, 2**10, 2**32, 2**40 + 1])
def test_hashes_of_an_arithmetic_progression_fill_cells_like_random_ones(step):
    """Chi-square of 1000 cells over 100 seeds: its mean is 999 with a standard error of 4.5."""
    items = np.arange(10_000) * step
    statistics = []
    for seed in range(100):
        cells = (hash_items(items, seed) >> np.uint64(32)) * np.uint64(1000) >> np.uint64(32)
        statistics.append(np.sum((np.bincount(cells.astype(int), minlength=1000) - 10.0) ** 2 / 10))
    assert abs(np.mean(statistics) - 999) < 4 * np.sqrt(2 * 999 / 100)


# --- Contracts: one vocabulary ---------------------------------------------------------------


@every_sketch
@given(st.lists(any_items, max_size=60))
@settings(max_examples=20)
def test_items_may_come_one_by_one_or_together(kind, items):
    together = read(kind, items)
    one_by_one = SKETCHES[kind]()
    for item in items:
        one_by_one.update(item)
    assert one_by_one.to_bytes() == together.to_bytes()


@every_sketch
def test_blocks_leave_no_trace(kind, rng, monkeypatch):
    items = rng.integers(0, 100, 1000)
    whole = read(kind, items)
    pieces = SKETCHES[kind]()
    for piece in np.array_split(items, 7):
        pieces.update(piece)
    monkeypatch.setattr(type(whole), "_block_size", 64)
    blocks = read(kind, items)
    assert pieces.to_bytes() == whole.to_bytes() == blocks.to_bytes()


@every_sketch
def test_single_items_are_never_forgotten_in_the_waiting_list(kind):
    sketch, expected = SKETCHES[kind](), SKETCHES[kind]()
    for item in range(5000):
        sketch.update(item)
    expected.update(range(5000))
    assert sketch.copy().to_bytes() == expected.to_bytes()
    both = SKETCHES[kind]()
    if kind != "CountMin, conservative":
        both.merge(sketch)
        assert both.nbytes == expected.nbytes


@every_sketch
def test_an_array_is_not_changed_and_seeds_matter(kind, rng):
    items = rng.integers(0, 1000, 500)
    before = items.copy()
    assert read(kind, items).to_bytes() == read(kind, items).to_bytes()
    assert read(kind, items, seed=1).to_bytes() != read(kind, items, seed=2).to_bytes()
    assert_array_equal(items, before)


@every_sketch
def test_shards_merge_to_one_pass(kind, rng):
    """Exactly, where the state does not depend on the order."""
    items = rng.integers(0, 300, 2000)
    shards = [read(kind, shard) for shard in np.array_split(items, 8)]
    if kind == "CountMin, conservative":
        with pytest.raises(ValueError, match="conservative sketches do not merge"):
            shards[0].merge(shards[1])
        return
    untouched = shards[1].to_bytes()
    for shard in shards[1:]:
        shards[0].merge(shard)
    assert shards[1].to_bytes() == untouched
    whole = read(kind, items)
    if kind in ORDER_MATTERS:
        assert shards[0].total == whole.total == 2000
    elif kind == "HyperLogLog":
        assert_array_equal(shards[0].registers, whole.registers)
        assert shards[0].estimate() == whole.estimate()
    else:
        assert shards[0].to_bytes() == whole.to_bytes()


@pytest.mark.parametrize("kind", sorted(set(SKETCHES) - {"CountMin, conservative"}))
def test_a_sketch_merges_with_itself_as_with_a_copy(kind, rng):
    items = rng.integers(0, 300, 500)
    doubled, expected = read(kind, items), read(kind, items)
    doubled.merge(doubled)
    expected.merge(read(kind, items))
    assert doubled.to_bytes() == expected.to_bytes()


@pytest.mark.parametrize("kind", sorted(COUNTS))
def test_counts_are_repetitions(kind, rng):
    items, counts = rng.permutation(40)[:20], rng.integers(0, 5, 20)
    weighted = SKETCHES[kind]()
    weighted.update(items, counts)
    assert weighted.to_bytes() == read(kind, np.repeat(items, counts)).to_bytes()
    once, thrice = read(kind, ["a", "a", "a"]), SKETCHES[kind]()
    thrice.update("a", counts=3)
    assert thrice.to_bytes() == once.to_bytes()


@pytest.mark.parametrize("kind", ["CountMin", "CountSketch", "AMS", "Hokusai"])
def test_what_is_taken_back_is_gone(kind, rng):
    items = rng.integers(0, 300, 500)
    sketch = read(kind, items)
    sketch.update(items[:400], counts=np.full(400, -1))
    assert sketch.to_bytes() == read(kind, items[400:]).to_bytes()


@every_sketch
def test_an_empty_update_changes_nothing(kind):
    sketch = read(kind, ["a"])
    for nothing in ([], np.empty(0, int), ()):
        sketch.update(nothing)
    assert sketch.to_bytes() == read(kind, ["a"]).to_bytes()


@every_sketch
def test_a_bad_item_is_refused_in_words_and_nothing_is_counted(kind):
    sketch = read(kind, ["a"])
    before = sketch.to_bytes()
    for bad in (2.5, None, ["b", 2.5], [1, 2.5], [1, None], np.array([0.5]), [["b"]], [(1, 2)]):
        with pytest.raises(TypeError, match="items must be integers, strings or bytes; got"):
            sketch.update(bad)
    with pytest.raises(ValueError, match=r"one axis; got shape \(1, 2\)"):
        sketch.update(np.array([[1, 2]]))
    assert sketch.to_bytes() == before


@pytest.mark.parametrize("kind", sorted(COUNTS))
def test_bad_counts_are_refused_in_words(kind):
    sketch = SKETCHES[kind]()
    with pytest.raises(ValueError, match="one for each of the 2 items"):
        sketch.update(["a", "b"], counts=[1, 2, 3])
    with pytest.raises(TypeError, match="counts must be integers; got float64"):
        sketch.update(["a"], counts=[0.5])


@pytest.mark.parametrize("kind", ["CountMin, conservative", "MisraGries", "SpaceSaving"])
def test_what_cannot_be_taken_back_is_not(kind):
    with pytest.raises(ValueError, match="counts must not be negative"):
        SKETCHES[kind]().update(["a"], counts=-1)


@every_sketch
def test_a_copy_goes_its_own_way(kind):
    sketch = read(kind, ["a"])
    copy = sketch.copy()
    copy.update(["b", "c"])
    assert sketch.to_bytes() == read(kind, ["a"]).to_bytes()
    assert copy.to_bytes() == read(kind, ["a", "b", "c"]).to_bytes()


@every_sketch
def test_only_alike_sketches_merge(kind):
    sketch = SKETCHES[kind](1)
    with pytest.raises(ValueError, match="seed must be equal to merge; got 1 and 2"):
        sketch.merge(SKETCHES[kind](2))
    with pytest.raises(TypeError, match=r"only a .* can be merged into a .*; got a? ?Morris"):
        sketch.merge(Morris())


@every_sketch
@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_is_a_word(kind, seed):
    with pytest.raises(ValueError, match="seed must be between 0 and"):
        SKETCHES[kind](seed)


# --- Contracts: bytes --------------------------------------------------------------------------


@every_sketch
def test_bytes_bring_back_the_sketch(kind, rng):
    items = [*rng.integers(-5, 40, 300).tolist(), "word", b"\xff\0", "ü", 2**64 - 1] * 2
    sketch = read(kind, items)
    back = type(sketch).from_bytes(sketch.to_bytes())
    assert repr(back) == repr(sketch)
    assert back.to_bytes() == sketch.to_bytes()
    for either in (sketch, back):
        either.update(rng.permutation(50)[:0])
        either.update(["more", 1, 2])
    assert back.to_bytes() == sketch.to_bytes()


@every_sketch
def test_damaged_bytes_are_refused(kind, rng):
    data = read(kind, range(100)).to_bytes()
    sketch = type(SKETCHES[kind]())
    for place in [*range(12), *rng.integers(0, len(data), 30).tolist(), len(data) - 1]:
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        with pytest.raises(ValueError, match=r"damaged|must come from to_bytes"):
            sketch.from_bytes(bytes(damaged))
    for size in (0, 3, 4, 9, len(data) - 1):
        with pytest.raises(ValueError, match=r"damaged|must come from to_bytes"):
            sketch.from_bytes(data[:size])


@every_sketch
def test_foreign_bytes_are_refused(kind):
    sketch = SKETCHES[kind]()
    with pytest.raises(ValueError, match="must come from to_bytes of a sketch"):
        type(sketch).from_bytes(b"PK\x03\x04 some archive")
    with pytest.raises(TypeError, match="data must be bytes; got str"):
        type(sketch).from_bytes("text")
    other = XorFilter(["a"]).to_bytes()
    with pytest.raises(ValueError, match=f"must hold a {type(sketch).__name__}; these bytes hold"):
        type(sketch).from_bytes(other)


def test_a_newer_format_is_refused_in_words():
    data = bytearray(SKETCHES["CountMin"]().to_bytes()[:-4])
    data[4] += 1
    data += zlib.crc32(data).to_bytes(4, "little")
    with pytest.raises(ValueError, match="written in format 2, and this library reads format 1"):
        CountMin.from_bytes(bytes(data))


COUNTING = [
    lambda: hh.CountMin(8, 3),
    lambda: hh.CountMin(8, 3, conservative=True),
    lambda: hh.CountSketch(8, 3),
    lambda: hh.MisraGries(3),
    lambda: hh.SpaceSaving(3),
    lambda: hh.AMS(4, 3),
    lambda: hh.Hokusai(8, 3),
]


@pytest.mark.parametrize("make", COUNTING)
def test_counts_never_leave_int64(make):
    """By one update, by several, by a merge, and after a way through bytes."""
    for count in (2**63 + 5, np.uint64(2**63), [2**62], 2**70):
        sketch = make()
        before = sketch.to_bytes()
        with pytest.raises(ValueError, match=r"below 2\*\*62"):
            sketch.update(["x"], count)
        assert sketch.to_bytes() == before
    sketch, other = make(), make()
    sketch.update(["x"], 2**61)
    other.update(["x"], 2**61)
    restored = type(sketch).from_bytes(sketch.to_bytes())
    for full in (sketch, restored):
        with pytest.raises(ValueError, match=r"below 2\*\*62"):
            full.update(["x"], 2**61)
        if not getattr(full, "conservative", False):
            with pytest.raises(ValueError, match=r"less than 2\*\*62"):
                full.merge(other)
        assert full.to_bytes() == other.to_bytes()


@pytest.mark.parametrize("make", COUNTING)
def test_a_batch_with_a_bad_item_weighs_nothing(make):
    sketch = make()
    with pytest.raises(TypeError):
        sketch.update(["x", 1.5], [2**61, 2**60])
    sketch.update(["x"], 2**61 + 2**60)
