"""What crosses the border between the two processes: plain values, never pickle.

A message is a JSON header followed by raw buffers. A value is a JSON scalar, or a list
``[tag, ...]``; arrays leave their bytes in the buffers. Whatever is neither plain nor a
container of plain values is handed to a `refer` callback, which may let a number stand for
it or refuse with `Unportable`. Reading builds exact base types only: a subclass of an array,
a list or a number that redefines its operators arrives without them.
"""

import json
import math
import sys
import warnings
from collections import namedtuple
from functools import lru_cache

import numpy as np
import numpy.random  # numpy imports it late; here memory may be short by then

from course_lib.notebook._values import OBJECTS, is_library_sketch

from .rngs import new_rng, rng_state
from .wire import MESSAGE_BYTES, BrokenBorder, Unportable

__all__ = ["Reader", "Writer"]

DEPTH = 60  # containers inside containers
FIELDS = 200  # of one named tuple
NAMES = 20_000  # characters of its fields' names
COUNTED = 1 << 22  # Python objects that a few bytes may stand for
PACKED = 16  # items of one kind that are worth an array
SMALL_BYTES = 1 << 14
SAFE_INT = 1 << 53
SPARSE_FORMATS = {"csr": 3, "csc": 3, "bsr": 3, "coo": 3, "dia": 2}
PLAIN_TYPES = {t.__name__: t for t in (bool, int, float, complex, str, bytes, list, tuple, dict)}
SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class Writer:
    """Turns one message's values into JSON nodes and buffers.

    Parameters
    ----------
    refer : callable
        ``refer(value)`` returns a JSON description of what is not plain, or raises `Unportable`.
    """

    def __init__(self, refer):
        self.refer = refer
        self.buffers, self.packed = [], 0
        self.rngs = []  # in the order of their numbers; their advanced state comes back

    def write(self, value, depth=0):
        """Return the JSON node of a value; arrays go to `buffers`."""
        if depth > DEPTH:
            raise Unportable(f"a value nested deeper than {DEPTH} levels cannot be checked.")
        kind = type(value)
        if value is None or kind in (bool, str) or (kind is int and abs(value) < SAFE_INT):
            return value
        if kind is float:
            return value
        if kind in _WRITERS:
            return _WRITERS[kind](self, value, depth)
        if isinstance(value, np.ndarray):
            return self._array(np.array(value, subok=False, copy=None), depth)
        if isinstance(value, np.generic):
            return ["scalar", self._array(np.asarray(value), depth)]
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            head = ["named", kind.__module__, kind.__name__, list(kind._fields)]
            return head + [self._items(tuple.__iter__(value), depth)]
        return self._rest(value, kind, depth)

    def _rest(self, value, kind, depth):
        if isinstance(value, np.random.Generator | np.random.RandomState):
            return ["rng", self._rng(value)]
        if isinstance(value, np.dtype):
            return ["dtype", _dtype_text(value)]
        if isinstance(value, type) and issubclass(value, np.generic):
            return ["dtype type", value.__name__]
        if isinstance(value, type) and PLAIN_TYPES.get(value.__name__) is value:
            return ["type", value.__name__]
        if kind.__module__.startswith("scipy.sparse"):
            return self._sparse(value, depth)
        for plain, bare in _BARE.items():
            if isinstance(value, plain):  # a subclass crosses as what it is underneath
                return self.write(bare(value), depth)
        return self._sketch(value, kind) or ["ref", self.refer(value)]

    def _sketch(self, value, kind):
        """An object of the library that knows how to become bytes crosses as those."""
        if not is_library_sketch(kind):
            return None
        self.buffers.append(np.frombuffer(kind.to_bytes(value), np.uint8))
        return ["sketch", kind.__module__, kind.__qualname__, len(self.buffers) - 1]

    def _items(self, values, depth):
        return [self.write(value, depth + 1) for value in values]

    def _sequence(self, value, depth, name):
        """A list; many equal things in it, such as the items of a stream, go as one array."""
        if name in ("list", "tuple") and len(value) >= PACKED and _alike(value):
            self.packed = _check_count(self.packed + len(value), f"a {name}")
            _check_bytes(len(value) * value[0].nbytes)
            return ["packed", name, self._array(np.stack(value), depth)]
        return [name, self._items(value, depth)]

    def _array(self, array, depth):
        if array.dtype.hasobject:
            raise Unportable(OBJECTS)
        descr = _dtype_text(array.dtype)
        _check_bytes(array.nbytes)  # of a broadcast array too, which holds less than it shows
        order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        flat = np.ascontiguousarray(array.T if order == "F" else array)
        self.buffers.append(flat.reshape(-1).view(np.uint8) if flat.size else np.empty(0, np.uint8))
        return ["array", descr, list(array.shape), order, len(self.buffers) - 1]

    def _range(self, value, depth):
        _check_count(_length(value), "a range")
        return ["range", self._items((value.start, value.stop, value.step), depth)]

    def _bytes(self, value, depth):
        self.buffers.append(np.frombuffer(value, np.uint8))
        return ["bytes", len(self.buffers) - 1]

    def _dict(self, value, depth):
        return ["dict", [self._items(pair, depth) for pair in value.items()]]

    def _rng(self, rng):
        for number, known in enumerate(self.rngs):
            if known is rng:
                return [number, None]
        self.rngs.append(rng)
        return [len(self.rngs) - 1, rng_state(rng)]

    def _sparse(self, matrix, depth):
        form = getattr(matrix, "format", None)
        if form in ("lil", "dok"):
            matrix, form = matrix.tocsr(), "csr"
        if form not in SPARSE_FORMATS:
            return ["ref", self.refer(matrix)]
        if form == "coo":
            parts = [matrix.data, *matrix.coords]
        elif form == "dia":
            parts = [matrix.data, matrix.offsets]
        else:
            parts = [matrix.data, matrix.indices, matrix.indptr]
        is_array = type(matrix).__name__.endswith("_array")
        return ["sparse", form, is_array, list(matrix.shape), self._items(parts, depth)]


_WRITERS = {
    int: lambda writer, value, depth: ["int", hex(value)],
    complex: lambda writer, value, depth: ["complex", value.real, value.imag],
    bytes: Writer._bytes,
    dict: Writer._dict,
    type(...): lambda writer, value, depth: ["ellipsis"],
    slice: lambda w, v, depth: ["slice", w._items((v.start, v.stop, v.step), depth)],
    range: Writer._range,
} | {
    kind: lambda writer, value, depth, name=name: writer._sequence(value, depth, name)
    for name, kind in SEQUENCES.items()
}


# The base's own method, never the subclass's, says what a subclass is underneath.
_BARE = {
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    bytes: bytes.__bytes__,
    dict: lambda value: dict(dict.items(value)),
} | {kind: lambda value, kind=kind: kind(kind.__iter__(value)) for kind in SEQUENCES.values()}


def _alike(values):
    """Whether all are NumPy numbers of one type, or small arrays of one dtype and shape."""
    first, kinds = values[0], {type(value) for value in values}
    if len(kinds) > 1 or not isinstance(first, np.generic | np.ndarray):
        return False
    if first.dtype.kind not in "biufc" or not 0 < first.nbytes <= SMALL_BYTES:
        return False
    return all(value.dtype == first.dtype and value.shape == first.shape for value in values)


def _dtype_text(dtype):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it would be saved as Python objects
            descr = np.lib.format.dtype_to_descr(dtype)
        if np.lib.format.descr_to_dtype(_descr(json.loads(json.dumps(descr)))) == dtype:
            return descr
    except (TypeError, ValueError, UserWarning):
        pass
    raise Unportable(f"an array of dtype {str(dtype)[:80]} cannot be checked.") from None


def _length(value):
    """How many numbers a range has; `len` fails beyond 2**63."""
    return max(0, -((value.start - value.stop) // value.step))


def _check_count(count, name):
    if count > COUNTED:
        raise Unportable(
            f"{name} of {count:,} items cannot be checked; at most {COUNTED:,} can, "
            "or more as one array."
        )
    return count


def _check_bytes(count):
    if count > MESSAGE_BYTES:
        raise Unportable(f"a value larger than {MESSAGE_BYTES >> 20} MB cannot be checked.")


class Reader:
    """Builds the values of one message; the counterpart of `Writer`.

    Parameters
    ----------
    buffers : list of bytearray
        What followed the header.
    resolve : callable
        ``resolve(description)`` returns what a reference stands for.
    """

    def __init__(self, buffers, resolve):
        self.buffers = buffers
        self.resolve = resolve
        self.rngs, self.packed = [], 0

    def read(self, node):
        """Return the value of a JSON node; raise `BrokenBorder` for anything unexpected."""
        try:
            return self._read(node)
        except (BrokenBorder, Unportable):
            raise
        except RecursionError:
            raise BrokenBorder("a message was nested too deeply.") from None
        except Exception as error:
            raise BrokenBorder(f"a message could not be read ({type(error).__name__}).") from None

    def _read(self, node):
        if not isinstance(node, list):
            if isinstance(node, dict):
                raise BrokenBorder("a message contained an unknown value.")
            return node
        tag, *rest = node
        return _READERS[tag](self, *rest)

    def _sequence(self, kind, nodes):
        return kind([self._read(node) for node in nodes])

    def _array(self, descr, shape, order, number):
        dtype = np.lib.format.descr_to_dtype(_descr(descr))
        if dtype.hasobject:
            raise BrokenBorder("a message contained an array of objects.")
        if not dtype.itemsize and math.prod(shape) > COUNTED:
            raise BrokenBorder("a message contained an array of nothing.")
        if self.buffers[number]:
            return np.frombuffer(self.buffers[number], dtype).reshape(shape, order=order)
        if math.prod(shape) * dtype.itemsize:
            raise BrokenBorder("a message contained an array without its entries.")
        return np.empty(shape, dtype, order)

    def _packed(self, name, node):
        items = self._read(node)
        self.packed = _check_count(self.packed + len(items), f"a {name}")
        return SEQUENCES[name](items)

    def _range(self, nodes):
        value = range(*map(self._read, nodes))
        _check_count(_length(value), "a range")
        return value

    def _dict(self, pairs):
        return {self._read(key): self._read(value) for key, value in pairs}

    def _named(self, module, name, fields, nodes):
        module, name, fields = str(module), str(name), tuple(map(str, fields))
        if len(fields) > FIELDS or sum(map(len, (module, name, *fields))) > NAMES:
            raise BrokenBorder("a named tuple had too many fields.")
        return _named_class(module, name, fields)(*(self._read(node) for node in nodes))

    def _rng(self, pair):
        number, state = pair
        if state is not None:
            self.rngs.append(new_rng(*state))
        return self.rngs[number]

    def _sparse(self, form, is_array, shape, nodes):
        import scipy.sparse

        parts = [self._read(node) for node in nodes]
        make = getattr(scipy.sparse, f"{form}_{'array' if is_array else 'matrix'}")
        data, *index = parts
        if form == "coo":
            inputs = (data, tuple(index))
        else:
            inputs = (data, *index)
        matrix = make(inputs, shape=tuple(shape))
        if form in ("csr", "csc", "bsr"):
            matrix.check_format(full_check=True)  # wrong indices would make compiled code crash
        return matrix


def _descr(descr):
    """JSON has no tuples; a structured dtype is a list of tuples."""
    if isinstance(descr, str):
        return descr
    return [
        tuple(
            _descr(part)
            if isinstance(part, list) and part and isinstance(part[0], list)
            else tuple(part)
            if isinstance(part, list)
            else part
            for part in field
        )
        for field in descr
    ]


@lru_cache(maxsize=256)
def _named_class(module, name, fields):
    """The library's own class where it has these fields, else a fresh named tuple."""
    known = getattr(sys.modules.get(module), name, None) if _is_ours(module) else None
    if isinstance(known, type) and getattr(known, "_fields", None) == fields:
        return known
    return namedtuple(name, fields)


def _is_ours(module):
    return module.partition(".")[0] in ("course_lib", "numpy", "scipy", "sklearn")


def _read_sketch(reader, module, name, number):
    kind = getattr(sys.modules.get(module), name, None)
    if not isinstance(kind, type) or not is_library_sketch(kind):
        raise Unportable(f"a {name} object cannot be checked.")
    return kind.from_bytes(bytes(reader.buffers[number]))


_READERS = {
    "int": lambda reader, text: int(text, 16),
    "complex": lambda reader, real, imag: complex(real, imag),
    "bytes": lambda reader, number: bytes(reader.buffers[number]),
    "array": Reader._array,
    "scalar": lambda reader, node: reader._read(node)[()],
    "packed": Reader._packed,
    "dict": Reader._dict,
    "named": Reader._named,
    "rng": Reader._rng,
    "sparse": Reader._sparse,
    "sketch": _read_sketch,
    "dtype": lambda reader, descr: np.lib.format.descr_to_dtype(_descr(descr)),
    "dtype type": lambda reader, name: np.dtype(name.removesuffix("_")).type,
    "type": lambda reader, name: PLAIN_TYPES[name],
    "ellipsis": lambda reader: ...,
    "slice": lambda reader, nodes: slice(*map(reader._read, nodes)),
    "range": Reader._range,
    "ref": lambda reader, description: reader.resolve(description),
} | {
    name: lambda reader, nodes, kind=kind: reader._sequence(kind, nodes)
    for name, kind in SEQUENCES.items()
}
