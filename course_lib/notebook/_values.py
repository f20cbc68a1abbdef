"""What an answer is given and what it may return: the same here and when graded.

An answer works on copies of its arguments, and what it returns is plain: numbers, strings, arrays,
and lists, tuples and dictionaries of them. When graded the values travel between two processes
and become so on the way; here `copied` and `returned` make them so. What stands for a subclass is
what it is underneath, an array without dimensions is a number, and what is counted (a matrix, a
stream) or called stays what it is.
"""

import sys

import numpy as np

__all__ = [
    "OBJECTS",
    "CheckFailed",
    "as_number",
    "changed",
    "copied",
    "is_library_sketch",
    "not_plain",
    "returned",
]

DEPTH = 60  # containers inside containers
PIECE = 1 << 17  # words that are compared at once, in the cache
ATOMS = {type(None), bool, int, float, complex, str, bytes, range, slice, type(...)}
BARE = {  # a subclass is what it is underneath
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    bytes: lambda value: bytes(bytes.__iter__(value)),
}
SCALARS = (bool, int, float, complex, str, bytes, set, frozenset, range, slice, np.generic)
PARTS = ("data", "indices", "indptr", "coords", "offsets")  # of a sparse matrix
OBJECTS = (
    "an array of Python objects (dtype object) cannot be checked; "
    "give it a dtype of numbers, such as dtype=np.int64."
)


class CheckFailed(AssertionError):
    """A check that failed: one paragraph that says what was expected and what came."""

    def _render_traceback_(self):
        # IPython calls this instead of printing a stack that shows nobody's mistake.
        return str(self).splitlines()


def not_plain(asked, kind):
    """Return the sentence on a value that is neither plain nor what the exercise asks for."""
    return (
        f"{asked} returned a {kind} object; "
        "return numbers, strings, arrays, or lists, tuples and dictionaries of them."
    )


def is_library_sketch(kind):
    """Whether a class is one of ``course_lib`` with the verbs to_bytes and from_bytes."""
    module = sys.modules.get(kind.__module__) if kind.__module__.startswith("course_lib.") else None
    known = getattr(module, kind.__qualname__, None) is kind
    return known and hasattr(kind, "to_bytes") and hasattr(kind, "from_bytes")


def copied(value):
    """Return a copy of a plain value; what is not plain is returned itself."""
    return _plain(value, _itself, 0)


def returned(value, asked, live):
    """Return what came back as plain values, or fail in words.

    Parameters
    ----------
    value : object
    asked : str
        What the student's function is called.
    live : callable
        ``live(value)`` stands for a function, an iterator or an object; None refuses it.
    """

    def rest(value):
        kind = value if isinstance(value, type) else type(value)
        found = live(value)
        if found is None:
            raise CheckFailed(not_plain(asked, kind.__name__))
        return found

    try:
        value = _plain(value, rest, 0, strict=True)
    except RecursionError:
        raise CheckFailed(f"what {asked} returned is nested too deeply to be checked.") from None
    return as_number(value)


def as_number(value):
    """Return the number that an array without axes holds; any other value as it is."""
    return value[()] if type(value) is np.ndarray and value.ndim == 0 else value


def _itself(value):
    return value


def _plain(value, rest, depth, strict=False):
    kind = type(value)
    if kind in ATOMS or isinstance(value, np.generic | np.dtype):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            if strict:
                raise CheckFailed(OBJECTS)
            return value
        return np.array(value, order="A", subok=False)
    if depth > DEPTH:
        raise RecursionError
    if isinstance(value, list | tuple | set | frozenset | dict):
        return _container(value, kind, lambda one: _plain(one, rest, depth + 1, strict))
    for plain, bare in BARE.items():
        if isinstance(value, plain):  # the base's own method, never the subclass's
            return bare(value)
    if kind.__module__.startswith("scipy.sparse") and hasattr(value, "format"):
        return value.tocsr() if value.format in ("lil", "dok") else value.copy()
    if is_library_sketch(kind):
        return kind.from_bytes(value.to_bytes())
    if isinstance(value, np.random.Generator | np.random.RandomState):
        return value
    if isinstance(value, type) and (issubclass(value, np.generic) or value in ATOMS):
        return value
    return rest(value)


def _container(value, kind, one):
    if isinstance(value, dict):
        return {one(key): one(item) for key, item in dict.items(value)}
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return kind._make(map(one, tuple.__iter__(value)))
    base = next(base for base in (list, tuple, set, frozenset) if isinstance(value, base))
    if ATOMS.issuperset(map(type, base.__iter__(value))):
        return base(base.__iter__(value))
    return base(map(one, base.__iter__(value)))


def changed(value, pristine):
    """Whether a plain value differs from what it was when it was handed over.

    Parameters
    ----------
    value : object
        What the answer worked on.
    pristine : object
        The original, or another copy of it; what is not plain is not compared.
    """
    if pristine is None or value is pristine:
        return False  # nothing, or a reference: what it stands for is not here
    if not isinstance(pristine, type(value)):
        return True
    if isinstance(pristine, np.ndarray):
        same_kind = value.dtype == pristine.dtype and value.shape == pristine.shape
        return not same_kind or not _same_bytes(value, pristine)
    if isinstance(pristine, list | tuple):
        if len(value) != len(pristine):
            return True
        known = ATOMS.issuperset(map(type, pristine)) and value == pristine
        return not known and any(map(changed, value, pristine))
    if isinstance(pristine, dict):
        return list(value) != list(pristine) or any(
            changed(value[key], pristine[key]) for key in pristine
        )
    if isinstance(pristine, SCALARS):
        return bool(value != pristine) and bool(pristine == pristine)  # NaN is not itself
    if type(pristine).__module__.startswith("scipy.sparse"):
        return changed(_parts(value), _parts(pristine))
    return is_library_sketch(type(pristine)) and value.to_bytes() != pristine.to_bytes()


def _same_bytes(left, right):
    if left.dtype.hasobject or left.size == 0:
        return True
    order = "C" if left.flags.c_contiguous else "A"
    word = np.uint64 if left.nbytes % 8 == 0 else np.uint8
    left, right = (np.ravel(array, order).view(np.uint8).view(word) for array in (left, right))
    starts = range(0, len(left), PIECE)
    return all(np.array_equal(left[i : i + PIECE], right[i : i + PIECE]) for i in starts)


def _parts(matrix):
    return [matrix.shape, *(getattr(matrix, name) for name in PARTS if hasattr(matrix, name))]
