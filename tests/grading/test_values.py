"""Values, messages and states of random numbers: what crosses, as what, and what does not."""

import json
import socket
import struct
import threading
import time
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from course_lib.cost import CountedDistance, CountedMatrix, CountedStream, Meter
from course_lib.notebook._values import changed
from grading.isolation.border import COUNTED, Reader, Writer
from grading.isolation.examiner import Examiner
from grading.isolation.link import as_exception, describe
from grading.isolation.rngs import new_rng, restore_rng, rng_state
from grading.isolation.wire import BrokenBorder, Unportable, Wire

Point = namedtuple("Point", "x y")

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text()
    | st.binary()
)
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.builds(Point, inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
        | st.frozensets(st.integers(), max_size=3)
    ),
    max_leaves=20,
)
arrays = st_numpy.arrays(
    dtype=st_numpy.boolean_dtypes()
    | st_numpy.integer_dtypes()
    | st_numpy.unsigned_integer_dtypes()
    | st_numpy.floating_dtypes()
    | st_numpy.complex_number_dtypes()
    | st_numpy.unicode_string_dtypes(max_len=4)
    | st_numpy.datetime64_dtypes(),
    shape=st_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
)


def refuse(value):
    raise Unportable(f"a {type(value).__name__} object cannot cross.")


def crossed(value):
    """A value after it was written, sent as bytes and read."""
    writer = Writer(refuse)
    node = json.loads(json.dumps(writer.write(value)))
    return Reader([bytearray(buffer) for buffer in writer.buffers], refuse).read(node)


# ---- Facts ------------------------------------------------------------------------------


@given(plain)
def test_plain_values_arrive_as_they_left(value):
    back = crossed(value)
    assert back == value
    assert type(back) is type(value) or isinstance(value, Point)


@given(arrays)
def test_arrays_arrive_with_dtype_shape_and_order(array):
    for sent in (array, array.T, array[..., ::-1] if array.ndim else array):
        back = crossed(sent)
        assert back.dtype == sent.dtype and back.shape == sent.shape
        assert back.tobytes() == sent.tobytes()
        assert back.flags.writeable
        if sent.flags.f_contiguous and not sent.flags.c_contiguous:
            assert back.flags.f_contiguous


@given(st.lists(st.integers(0, 255), min_size=1, max_size=40), st.sampled_from([list, tuple]))
def test_many_equal_items_go_as_one_array(values, kind):
    for items in (np.array(values, np.uint8), np.outer(values, [1.0, 2.0])):
        back = crossed(kind(items))
        assert type(back) is kind and len(back) == len(values)
        assert all(np.array_equal(got, sent) for got, sent in zip(back, items, strict=True))
        assert type(back[0]) is type(items[0])


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_sparse_matrices_cross(form, kind, rng):
    dense = rng.random((6, 4)) * (rng.random((6, 4)) < 0.5)
    sparse = getattr(scipy.sparse, f"{form}_{kind}")(dense)
    back = crossed(sparse)
    assert type(back).__name__.endswith(kind)
    assert np.array_equal(back.toarray(), dense)


def test_subclasses_arrive_as_what_they_are_underneath():
    class Equal(float):
        def __eq__(self, other):
            return True

        __hash__ = None

    class Always(np.ndarray):
        def __eq__(self, other):
            return True

    number = crossed(Equal(3.0))
    assert type(number) is float and number != 4.0
    array = crossed(np.zeros(2).view(Always))
    assert type(array) is np.ndarray and not (array == 1).any()
    assert type(crossed(OrderedDict(a=1))) is dict
    assert type(crossed(np.ma.array([1.0], mask=[True]))) is np.ndarray


@pytest.mark.parametrize("bits", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_a_generator_goes_on_where_the_other_side_stopped(bits):
    here = np.random.Generator(getattr(np.random, bits)(5))
    there = crossed(here)
    drawn = there.standard_normal(1001), there.integers(7, dtype=np.int32), there.spawn(1)
    restore_rng(here, rng_state(there))
    twin = np.random.Generator(getattr(np.random, bits)(5))
    assert np.array_equal(twin.standard_normal(1001), drawn[0])
    assert twin.integers(7, dtype=np.int32) == drawn[1]
    assert here.random() == twin.random() == there.random()


def test_one_generator_in_two_places_stays_one():
    rng = np.random.default_rng(1)
    first, second = crossed([rng, {"again": rng}])
    assert first is second["again"]


def test_legacy_generators_cross():
    here = np.random.RandomState(3)
    there = new_rng(*rng_state(here))
    assert there.rand() == np.random.RandomState(3).rand()
    restore_rng(here, rng_state(there))
    assert here.rand() == there.rand()


@given(plain | arrays)
def test_nothing_changed_is_nothing_changed(value):
    assert not changed(crossed(value), crossed(value))


def test_changes_in_place_are_noticed(rng):
    sparse = scipy.sparse.csr_array(np.eye(3))
    value = [np.zeros(3), {"a": [1, 2]}, {1, 2}, sparse]
    for change in (
        lambda v: v[0].__setitem__(0, np.nan),
        lambda v: v[1]["a"].append(3),
        lambda v: v[1]["a"].__setitem__(0, 7),
        lambda v: v[1].pop("a"),
        lambda v: v[2].add(3),
        lambda v: v[3].data.fill(2),
        lambda v: v.clear(),
    ):
        copy = crossed(value)
        change(copy)
        assert changed(copy, value)


# ---- Contracts: what does not cross ------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [object(), np.array([print]), np.zeros(1, [("a", object)]), json, iter([]), lambda: 1],
    ids=["object", "object array", "object field", "module", "iterator", "function"],
)
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(Unportable):
        crossed(value)


def test_what_contains_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(Unportable, match="nested deeper"):
        crossed(loop)


nodes = st.recursive(
    st.none() | st.integers(-3, 10**6) | st.sampled_from(["<f8", "|O", "list", "C", "x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=10,
)
TAGS = ["array", "scalar", "packed", "named", "rng", "sparse", "sketch", "dtype", "int", "dict"]


@given(st.sampled_from([*TAGS, "type", "range", "slice", "dtype type", "bytes"]), st.data())
def test_no_nonsense_makes_anything_but_a_refusal(tag, data):
    """Whatever nodes arrive, reading them gives a value or one of the two exceptions."""
    node = [tag, *data.draw(st.lists(nodes, max_size=5))]
    try:
        value = Reader([bytearray(16), bytearray(8)], refuse).read(node)
    except (BrokenBorder, Unportable):
        return
    assert not (isinstance(value, np.ndarray) and value.dtype.hasobject)


@pytest.mark.parametrize("index", [[0, 9], [-1, 0]])
def test_sparse_indices_outside_the_matrix_are_refused(index):
    writer = Writer(refuse)
    parts = [writer.write(np.array(part)) for part in ([1.0, 1.0], index, [0, 1, 2])]
    buffers = [bytearray(buffer) for buffer in writer.buffers]
    with pytest.raises(BrokenBorder):
        Reader(buffers, refuse).read(["sparse", "csr", True, [2, 3], parts])


@pytest.mark.parametrize("shape", [[10**12], [3], [2, -1]])
def test_an_array_without_its_entries_is_refused(shape):
    with pytest.raises(BrokenBorder):
        Reader([bytearray()], refuse).read(["array", "<f8", shape, "C", 0])


def test_a_generator_that_was_set_and_not_drawn_from_is_refused():
    rng, other = np.random.default_rng(1), np.random.default_rng(2)
    with pytest.raises(BrokenBorder, match="was set"):
        restore_rng(rng, rng_state(other))
    other.bit_generator.state = rng.bit_generator.state
    other.bit_generator.advance(2**60)
    with pytest.raises(BrokenBorder, match="was set"):
        restore_rng(rng, rng_state(other))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (range(10**9), "a range of 1,000,000,000 items cannot be checked"),
        (range(0, -(10**30), -1), "or more as one array"),
        ([[range(1 << 23)]], "a range of"),
        ([np.uint8(1)] * (COUNTED + 1), "a list of 4,194,305 items"),
        ([[np.uint8(1)] * COUNTED, (np.uint8(1),) * 16], "a tuple of 4,194,320 items"),
        (np.broadcast_to(1.0, (10**12,)), "larger than 256 MB"),
        (np.lib.stride_tricks.as_strided(np.zeros(2), (1 << 20, 64), (0, 8)), "larger than 256 MB"),
    ],
    ids=["range", "down", "nested", "list", "together", "broadcast", "strides"],
)
def test_few_bytes_do_not_stand_for_much(value, words):
    with pytest.raises(Unportable, match=words):
        crossed(value)


def test_nor_do_they_where_the_other_side_forged_them():
    packed = ["packed", "list", ["array", "|u1", [COUNTED], "C", 0]]
    for node, error in (
        (["range", [0, 10**9, 1]], Unportable),
        (["list", [packed, packed]], Unportable),
        (["array", "|V0", [10**15], "C", 0], BrokenBorder),
        (["named", "course_lib", "N", ["x" * 10**5], [1]], BrokenBorder),
        (["named", "course_lib", "N", [f"f{i}" for i in range(201)], [1]], BrokenBorder),
    ):
        with pytest.raises(error):
            Reader([bytearray(COUNTED)], refuse).read(node)


def test_small_ranges_cross_as_ranges():
    for value in (range(0), range(7), range(9, -1, -2), range(2**60, 2**60 + 5)):
        assert crossed(value) == value


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy before 2.0")
def test_a_dtype_that_cannot_cross_is_told_in_a_sentence():
    for array in (np.array(["a"], np.dtypes.StringDType()), np.array([None])):
        with pytest.raises(Unportable, match="cannot be checked"):
            crossed(array)


def test_the_seed_of_a_generator_does_not_cross():
    seed = 3405691582
    there = crossed(np.random.default_rng([seed, 7]))
    told = json.dumps(rng_state(np.random.default_rng([seed, 7])))
    assert str(seed) not in told and str(seed) not in str(there.bit_generator.seed_seq)
    twins = [crossed(np.random.default_rng(3)).spawn(2)[1].random() for _ in range(2)]
    assert twins[0] == twins[1] != crossed(np.random.default_rng(4)).spawn(2)[1].random()


# ---- Contracts: errors ------------------------------------------------------------------


class Custom(ValueError):
    pass


class Unreadable(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (ValueError("x"), ValueError, "x"),
        (Custom("x"), ValueError, "Custom: x"),
        (np.linalg.LinAlgError("singular"), np.linalg.LinAlgError, "singular"),
        (NotImplementedError("write it"), NotImplementedError, "write it"),
        (SystemExit(0), RuntimeError, "SystemExit: 0"),
        (StopIteration(), Exception, "StopIteration"),
        (Unreadable(), Exception, "could not be read"),
        (ValueError("x" * 10**6), ValueError, "x" * 100),
    ],
)
def test_errors_cross_as_known_types_with_bounded_text(error, kind, text):
    back = as_exception(json.loads(json.dumps(describe(error))))
    assert isinstance(back, kind)
    assert text in str(back)
    assert len(str(back)) < 3000


def test_no_error_of_the_other_side_is_more_than_an_exception():
    for name in ("SystemExit", "KeyboardInterrupt", "object", "Gone", "eval", "__import__"):
        back = as_exception({"type": name, "name": name, "text": "x"})
        assert type(back) is RuntimeError


# ---- Contracts: messages ----------------------------------------------------------------


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Wire(ours, limit=1 << 20), theirs


def test_messages_arrive_whole(ends):
    wire, theirs = ends
    wire.send({"ask": "x"}, [np.arange(4, dtype=np.uint8)])
    header, buffers = Wire(theirs).receive()
    assert header == {"ask": "x", "buffers": [4]}
    assert bytes(buffers[0]) == bytes(range(4))


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack(">I", 1 << 31),
        struct.pack(">I", 3) + b"{]}",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 17) + b'{"buffers": [-1]}',
        struct.pack(">I", 26) + b'{"buffers": [99999999999]}',
        struct.pack(">I", 20) + b'{"buffers": ["many"]',
        struct.pack(">I", 100_000) + b"[" * 100_000,
    ],
)
def test_nonsense_on_the_wire_breaks_the_border(ends, raw):
    wire, theirs = ends
    sender = threading.Thread(target=theirs.sendall, args=(raw,))
    sender.start()
    with pytest.raises(BrokenBorder, match="message"):
        wire.receive(time.monotonic() + 120)
    sender.join()


def test_a_silent_a_slow_and_a_closed_other_side(ends):
    wire, theirs = ends
    with pytest.raises(BrokenBorder, match="in time"):
        wire.receive(time.monotonic() + 0.05)
    theirs.sendall(struct.pack(">I", 50) + b"{")
    with pytest.raises(BrokenBorder, match="in time"):
        wire.receive(time.monotonic() + 0.05)
    theirs.close()
    with pytest.raises(BrokenBorder, match="ended"):
        wire.receive(time.monotonic() + 120)


def test_too_large_a_message_is_not_sent(ends):
    wire, _ = ends
    with pytest.raises(Unportable, match="larger than 1 MB"):
        wire.send({}, [np.zeros(2 << 20, np.uint8)])


# ---- Contracts: what a test lends --------------------------------------------------------


CELL = """
import functools
class SecretBag:
    size = 3
    def fill(self, secret_item):
        return self.size[secret_item]
    @classmethod
    def of(cls):
        return cls()
def secret_curve(secret_width):
    if secret_width == 0:
        raise ValueError("secret_curve needs a width that is not 0")
    return secret_helper(1 / (secret_width - 1))
def secret_helper(secret_value):
    return {"secret_key": 1}[secret_value]
def secret_items():
    yield 1
bound = functools.partial(secret_curve, 0)
"""


ATTRIBUTES = ["gi_frame", "gi_code", "gi_yieldfrom", "func", "args", "keywords", "mro", "fill"]
ATTRIBUTES += ["size", "of", "no", "__name__", "__code__", "__class__", "__doc__", "__self__"]
ATTRIBUTES += ["py_func", "__wrapped__", "throw", "send"]


@pytest.fixture(scope="module")
def lent():
    names = {"__name__": "__main__"}
    exec(compile(CELL, "<ipython-input-3-secret>", "exec"), names)
    return names


def heard(target, what, *args):
    """What an answer hears, of what it asked of something that a test lent."""
    header = {"target": 1, "ask": what}
    examiner = Examiner(None, None)
    examiner.refer(target)
    try:
        return str(examiner.refer(examiner.serve(header, list(args), {})))
    except Exception as error:
        return json.dumps(examiner.told(error)) + str(as_exception(examiner.told(error)))


@pytest.mark.parametrize("name", ["secret_curve", "SecretBag", "bound", "bag", "items", "method"])
def test_nothing_tells_the_name_or_a_line_of_what_was_lent(lent, name):
    bag = lent["SecretBag"]()
    target = {"bag": bag, "items": lent["secret_items"](), "method": bag.fill}.get(name)
    target = lent[name] if target is None else target
    said = str(Examiner(None, None).refer(target))
    for what in ("call", "len", "iter", "getitem", "contains", "add", "matmul", "next", "array"):
        for args in ((), (0,), (1,), ("x",), (7, 8), (target,)):
            said += heard(target, what, *args)
    for attribute in ATTRIBUTES:
        said += heard(target, "attr", attribute)
    assert "secret" not in said.lower()
    assert "line" not in said and "ipython" not in said


def test_the_words_that_somebody_wrote_for_the_answer_cross(lent):
    assert "it needs a width that is not 0" in heard(lent["secret_curve"], "call", 0)
    A = CountedMatrix(np.eye(3), Meter())
    assert "vector or a matrix; got shape" in heard(A, "matmul", np.ones((2, 3, 1)))
    assert "3 columns is multiplied by as many rows; got" in heard(A, "matmul", np.ones(4))
    assert "has no 'sum': use A @ X, A.T @ Y" in heard(A, "attr", "sum")
    assert "no entries or rows to index: use A @ X" in heard(A, "getitem", 0)
    assert "no items to index: read them in order" in heard(
        CountedStream([1], Meter()), "getitem", 0
    )
    assert "no attribute 'meter' here" in heard(CountedDistance(np.dot, Meter()), "attr", "meter")
    assert "'CountedMatrix'" in str(Examiner(None, None).refer(A))


def test_what_an_answer_may_ask_of_a_lent_object_still_works(lent):
    examiner = Examiner(None, None)
    for target in (lent["SecretBag"], lent["SecretBag"]()):
        examiner.refer(target)
        number = max(examiner.lent)
        for name in ("size", "of"):
            assert examiner.serve({"target": number, "ask": "attr"}, [name], {}) is not None
