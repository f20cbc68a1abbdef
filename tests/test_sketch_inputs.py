"""What a sketch may be given: items of odd kinds, sizes beyond all memory; and what `==` says."""

import math

import numpy as np
import pytest

from course_lib import cost
from course_lib._sketch import as_batches
from course_lib.distinct import KMV, PCSA, HyperLogLog, LogLog, Morris
from course_lib.hashing import (
    BlockedBloomFilter,
    BloomFilter,
    CountingBloomFilter,
    Polynomial,
    XorFilter,
    hash_items,
)
from course_lib.heavy_hitters import (
    AMS,
    KLL,
    CountMin,
    CountSketch,
    ExponentialHistogram,
    LossyCounting,
    MisraGries,
    SpaceSaving,
)

FILTERS = [BloomFilter, BlockedBloomFilter, CountingBloomFilter]
SMALL = {
    "HyperLogLog": lambda seed=0: HyperLogLog(5, seed=seed),
    "HyperLogLog, sparse": lambda seed=0: HyperLogLog(14, seed=seed),
    "KMV": lambda seed=0: KMV(16, seed=seed),
    "BloomFilter": lambda seed=0: BloomFilter(500, 4, seed=seed),
    "CountMin": lambda seed=0: CountMin(50, 3, seed=seed),
    "MisraGries": lambda seed=0: MisraGries(5, seed=seed),
    "SpaceSaving": lambda seed=0: SpaceSaving(5, seed=seed),
    "LossyCounting": lambda seed=0: LossyCounting(0.2, seed=seed),
}
WORDS = ["to", "be", "or", "not", "to", "be", "that", "is", "the", "question"]


# --- Items ---------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [np.datetime64(7, "ns"), np.timedelta64(7, "ns")])
def test_a_date_is_no_integer(one):
    sketch = BloomFilter(500, 4)
    sketch.update(7)
    for items in (one, np.array(one), np.array([one]), [one], np.array([one], object)):
        for ask in (sketch.update, sketch.contains, hash_items):
            with pytest.raises(TypeError, match="items must be integers, strings or bytes"):
                ask(items)
    with pytest.raises(TypeError, match="items must be"):
        sketch.__contains__(one)


def test_a_boolean_is_0_or_1_wherever_it_stands():
    expected = hash_items([1, 0])
    for items in ([True, False], [np.True_, np.False_], np.array([True, False])):
        assert hash_items(items).tolist() == expected.tolist()
    assert hash_items(np.True_).tolist() == hash_items(1).tolist()
    assert hash_items(["a", np.True_])[1] == hash_items(1)[0]


def test_no_items_are_no_items():
    for items in ([], (), set(), np.array([]), np.array([], np.int8), np.array([], str)):
        assert len(hash_items(items)) == 0
    with pytest.raises(ValueError, match="one axis"):
        hash_items(np.zeros((0, 2)))


@pytest.mark.parametrize("items", [bytearray(b"abc"), memoryview(b"abc"), {"a": 3}])
def test_what_would_lose_something_is_refused(items):
    with pytest.raises(TypeError, match="must be integers, strings or bytes; got a "):
        hash_items(items)


def test_masked_items_are_refused():
    with pytest.raises(ValueError, match="must not be masked, and 2 entries are"):
        HyperLogLog(5).update(np.ma.masked_array([1, 2, 3], mask=[0, 1, 1]))
    with pytest.raises(ValueError, match="must not be masked"):
        KLL(32).update(np.ma.masked_array([1.0, 2, 3], mask=[0, 1, 1]))
    assert len(hash_items(np.ma.masked_array([1, 2, 3]))) == 3


def test_strings_of_numpys_own_kind_are_strings():
    kind = np.dtypes.StringDType()
    assert hash_items(np.array(["a", "b"], kind)).tolist() == hash_items(["a", "b"]).tolist()


def test_a_counted_stream_says_itself_how_to_be_read():
    stream = cost.CountedStream(np.arange(3), cost.Meter())
    with pytest.raises(TypeError, match="A counted stream cannot be copied"):
        HyperLogLog(5).update(stream)


def test_groups_are_iterables_of_items():
    groups = as_batches(iter([iter("ab"), {1}, np.arange(2), []]), "set")
    assert [list(group) for group in groups] == [["a", "b"], [1], [0, 1], []]
    for wrong in ("ab", {"a": 1}, None, 3):
        with pytest.raises(TypeError, match="there must be a sequence of sets; got"):
            as_batches(wrong, "set")
    for wrong in ("ab", b"ab", 3, {"a": 3}):
        with pytest.raises(TypeError, match="a set must be a sequence of tokens; got a"):
            as_batches([["a"], wrong], "set")


# --- Sizes ---------------------------------------------------------------------------------

BY_BOTH = [HyperLogLog, LogLog, PCSA, KMV, Morris, AMS, CountMin, CountSketch, KLL]


@pytest.mark.parametrize("kind", BY_BOTH, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("tiny", [5e-324, 1e-200, 1e-60])
def test_tiny_errors_get_a_sketch_or_a_sentence(kind, tiny):
    for asked in ((tiny, 0.1), (tiny, tiny)):
        try:
            made = kind.from_error(*asked)
        except ValueError as error:
            assert str(error).endswith(".")
            assert " must " in str(error)
        else:
            assert kind in (KMV, Morris), "which take no memory before they are used"
            assert made.nbytes < 2**10


@pytest.mark.parametrize("kind", [MisraGries, SpaceSaving, LossyCounting])
@pytest.mark.parametrize("epsilon", [5e-324, 1e-300, 1e-14])
def test_tiny_shares_are_refused_in_words(kind, epsilon):
    make = kind if kind is LossyCounting else kind.from_error
    with pytest.raises(ValueError, match=r"must fit in the memory|must ask for a"):
        make(epsilon)


def test_tiny_shares_of_a_window_and_of_a_filter_are_refused_in_words():
    with pytest.raises(ValueError, match="size is a finite number"):
        ExponentialHistogram.from_error(100, 5e-324)
    for kind in FILTERS:
        with pytest.raises(ValueError, match="size is a finite number"):
            kind.from_error(100, 5e-324)
        with pytest.raises(ValueError, match="n_items must be at most"):
            kind.from_error(2**70, 0.1)


@pytest.mark.parametrize(
    "make",
    [
        lambda size: AMS(size, 3),
        lambda size: CountMin(8, size),
        lambda size: CountSketch(8, size + 1),
        MisraGries,
        SpaceSaving,
        Polynomial,
    ],
)
@pytest.mark.parametrize("size", [2**62, 2**70])
def test_a_size_beyond_the_memory_is_refused_in_words(make, size):
    with pytest.raises(ValueError, match="must fit in the memory of this machine"):
        make(size)


def test_sizes_that_fit_are_what_they_were():
    assert repr(CountMin.from_error(0.001, 0.01)).startswith("CountMin(width=2719, depth=5")
    assert repr(AMS.from_error(0.2, 0.1)) == "AMS(n_means=400, n_medians=7, seed=0)"
    assert repr(CountSketch.from_error(0.1, 0.1)) == "CountSketch(width=300, depth=15, seed=0)"
    assert MisraGries.from_error(0.1).n_counters == 9
    assert SpaceSaving.from_error(0.1).n_counters == 10
    assert LossyCounting(0.1).bucket_size == 10


def test_the_rate_of_a_crowded_filter_is_one_at_most():
    crowded = BlockedBloomFilter(1024, 3)
    for n_items in (10**5, 10**8, 10**12, 2**64):  # 1 + 1.5e-11 was one answer, 7 TiB another
        assert 1 - 1e-9 < crowded.false_positive_rate(n_items) <= 1
    assert BlockedBloomFilter(512, 3).false_positive_rate(40_039) == 1.0, "the sum is 1 + 1.1e-11"
    assert crowded.false_positive_rate(0) == 0.0
    # Just below the load from which 1 is answered unread, the sum gives the same.
    load = 10**5 - 1
    assert crowded._error(512, 1, load) == pytest.approx(1.0, abs=1e-9)
    with pytest.raises(ValueError, match="n_items must be at most"):
        crowded.false_positive_rate(2**70)


def test_counts_of_a_morris_counter_fit_its_items():
    with pytest.raises(ValueError, match="one for each of the 2 items"):
        Morris(rng=0).update(["a", "b"], counts=[1, 2, 3])
    with pytest.raises(ValueError, match=r"epsilon and delta must leave 2 epsilon\*\*2 delta"):
        Morris.from_error(1e-200, 0.1)


# --- Equality and truth ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", SMALL)
def test_sketches_are_equal_by_kind_parameters_and_state(kind):
    first, second, other = SMALL[kind](), SMALL[kind](), SMALL[kind](seed=1)
    assert first == second
    assert first != other, "another seed"
    first.update(WORDS)
    assert first != second
    for word in WORDS:  # some of them still wait when they are compared
        second.update(word)
    third = SMALL[kind]()
    third.update(WORDS)
    assert first == third == first.copy()
    assert type(first).from_bytes(first.to_bytes()) == first
    third.update("more")
    third.update("words")
    assert first != third
    assert first != WORDS
    assert first != CountSketch(8, 3)
    with pytest.raises(TypeError, match="unhashable"):
        hash(first)


def test_equal_sketches_that_are_no_hash_tables():
    xor = [XorFilter(WORDS), XorFilter(WORDS[::-1]), XorFilter(WORDS, seed=1)]
    assert xor[0] == xor[1] != xor[2]
    counters = [Morris(0.5, rng=seed) for seed in (0, 1)]
    assert counters[0] == counters[1] != Morris(0.25)
    counters[0].update("event")
    assert counters[0] != counters[1]


@pytest.mark.parametrize("kind", FILTERS)
def test_a_filter_is_true_if_it_holds_something(kind):
    made = kind(1024, 3)
    assert not made
    made.update("a")
    assert made, "though the item still waits"
    assert bool(XorFilter(["a"])) and not XorFilter([])


@pytest.mark.parametrize("make", [*(lambda k=kind: k(1024, 3) for kind in FILTERS), None])
def test_in_a_filter_is_a_plain_boolean(make):
    made = XorFilter(["a", 1]) if make is None else make()
    if make is not None:
        made.update(["a", 1])
    assert ("a" in made) is True
    assert (1 in made) is True
    assert (["a", 1] in made) is True
    assert (["a", "certainly not"] in made) is False
    assert ([] in made) is True
    assert math.isclose(sum(f"absent {i}" in made for i in range(1000)) / 1000, 0, abs_tol=0.05)
