"""The form in which checks and hidden tests see what an answer returns.

A task allows what it does not exclude: a list where an array is meant, a list of two for a pair,
integers of any width, both kinds of sparse matrices. So a check cell says the form once::

    pair = checks.Parts(checks.Number(), checks.Array(ndim=1))
    with checks.exercise("07.3", welcome, returns=pair) as check: ...

and the answer's result arrives in this form in the check *and* in every hidden test. Neither calls
`np.asarray` on a result by itself, so that what one accepts the other accepts too. `check.shape`
and `check.orthonormal` ask for arrays: they see what the form made. Without ``returns`` a result
stays what it was, and a list is no array. ``check.array(value, name)`` and its kin do the same to
a part of a result.
"""

import collections.abc
import contextlib
from dataclasses import dataclass

import numpy as np

from course_lib.notebook._values import CheckFailed

__all__ = ["Array", "Boolean", "Mapping", "Number", "Parts", "Sequence", "Sparse"]

THE_RESULT = "The result"


@dataclass(frozen=True)
class Array:
    """An array of numbers, made from whatever `np.asarray` turns into one.

    Parameters
    ----------
    dtype : type, optional
        ``float`` keeps float32 and float64 and makes float64 of integers; ``int`` makes int64 of
        integers of any width, np.uint64 and so on likewise; None keeps every dtype of numbers.
    ndim : int, optional
        How many axes it must have.
    """

    dtype: type | None = float
    ndim: int | None = None

    def __call__(self, value, name=THE_RESULT):
        _there(value, name)
        if hasattr(value, "toarray"):
            raise CheckFailed(f"{name} should be a dense array; got a sparse one. Use .toarray().")
        try:
            array = np.asarray(value)
        except ValueError:
            array = None
        if array is not None and array.dtype.kind == "f" and self.dtype is np.uint64:
            array = _words(value, array)
        if array is None or array.dtype.kind not in "biufc":
            raise CheckFailed(f"{name} should be an array of numbers; got {_what(value)}.")
        if self.ndim is not None and array.ndim != self.ndim:
            raise CheckFailed(
                f"{name} should be an array with {self.ndim} axes; got shape {array.shape}."
            )
        return array if self.dtype is None else _cast(array, np.dtype(self.dtype), name)


@dataclass(frozen=True)
class Number:
    """One number: a Python float, or with ``dtype=int`` a Python int.

    Any width of NumPy's will do, and an array without axes.
    """

    dtype: type = float

    def __call__(self, value, name=THE_RESULT):
        _there(value, name)
        shape = np.shape(value) if isinstance(value, np.ndarray | np.generic) else ()
        wanted = "an integer" if self.dtype is int else "one number"
        if shape != () or isinstance(value, str | bytes | list | tuple | dict | set):
            raise CheckFailed(f"{name} should be {wanted}; got {_what(value)}.")
        if self.dtype is int and isinstance(value, int) and not isinstance(value, bool):
            return value  # of any size
        array = np.asarray(value)
        if array.dtype.kind not in ("iu" if self.dtype is int else "iuf"):
            raise CheckFailed(f"{name} should be {wanted}; got {value!r}.")
        return self.dtype(array[()])


@dataclass(frozen=True)
class Boolean:
    """True or False, Python's or NumPy's."""

    def __call__(self, value, name=THE_RESULT):
        _there(value, name)
        if not isinstance(value, bool | np.bool_):
            raise CheckFailed(f"{name} should be True or False; got {_what(value)}.")
        return bool(value)


class Parts:
    """A tuple of so many parts, each in its form; a list or an array of as many is one too."""

    def __init__(self, *forms, names=()):
        self.forms, self.names = forms, names

    def __call__(self, value, name=THE_RESULT):
        _there(value, name)
        size = len(self.forms)
        several = isinstance(value, tuple | list) or np.ndim(value) > 0
        if not several or len(value) != size:
            wanted = {2: "a pair"}.get(size, f"a tuple of {size}")
            got = f"{type(value).__name__} of {len(value)}" if several else type(value).__name__
            raise CheckFailed(f"{name} should be {wanted}; got {got}.")
        names = self.names or [f"part {i + 1} of {name[0].lower()}{name[1:]}" for i in range(size)]
        return tuple(
            part if form is None else form(part, f"{own[0].upper()}{own[1:]}")
            for form, part, own in zip(self.forms, value, names, strict=True)
        )


class Sequence:
    """A list of items, each in its form; a tuple or an array will do."""

    def __init__(self, form=None):
        self.form = form

    def __call__(self, value, name=THE_RESULT):
        _there(value, name)
        if not isinstance(value, tuple | list) and np.ndim(value) == 0:
            raise CheckFailed(f"{name} should be a list; got {_what(value)}.")
        if self.form is None:
            return list(value)
        return [self.form(item, f"{name}, item {i},") for i, item in enumerate(value)]


class Mapping:
    """A dictionary whose values are each in their form; a Counter or another mapping will do.

    Keys that are NumPy's integers become Python's, which print as numbers.
    """

    def __init__(self, form=None):
        self.form = form

    def __call__(self, value, name=THE_RESULT):
        _there(value, name)
        if not isinstance(value, collections.abc.Mapping):
            raise CheckFailed(f"{name} should be a dictionary; got {_what(value)}.")
        form = self.form or (lambda item, _: item)
        return {
            key.item() if isinstance(key, np.generic) else key: form(item, f"{name}, at {key!r},")
            for key, item in value.items()
        }


@dataclass(frozen=True)
class Sparse:
    """A sparse array of SciPy's, such as `scipy.sparse.csc_array`, from any sparse array or matrix.

    Parameters
    ----------
    format : str
    dense : bool
        Whether a dense array of two axes will do too.
    """

    format: str = "csr"
    dense: bool = False

    def __call__(self, value, name=THE_RESULT):
        import scipy.sparse

        _there(value, name)
        if not (scipy.sparse.issparse(value) or (self.dense and np.ndim(value) == 2)):
            raise CheckFailed(f"{name} should be a sparse array or matrix; got {_what(value)}.")
        return getattr(scipy.sparse, f"{self.format}_array")(value)


def _there(value, name):
    if value is None:
        raise CheckFailed(f"{name} is None: is there a `return`?")


def _what(value):
    shape = getattr(value, "shape", ())
    return f"{type(value).__name__} of shape {shape}" if shape else type(value).__name__


def _words(value, array):
    """A list of Python's integers on both sides of 2**63, of which NumPy makes floats."""
    exact = np.array(value, dtype=object)
    if all(isinstance(one, int | np.integer) for one in exact.flat):
        with contextlib.suppress(OverflowError):
            return exact.astype(np.uint64)
    return array


def _cast(array, dtype, name):
    """The same numbers in a dtype of this kind, if it holds them all."""
    if dtype.kind == "f" and array.dtype.kind in "iuf":
        return array if array.dtype.kind == "f" else array.astype(dtype)
    if dtype.kind in "iu" and array.dtype.kind in "iu":
        cast = array.astype(dtype)
        if np.array_equal(cast, array) and not np.any((cast < 0) != (array < 0)):
            return cast
        raise CheckFailed(f"{name} should hold integers that fit {dtype}; one does not.")
    if dtype.kind in "iu" and array.size == 0:
        return array.astype(dtype)  # np.array([]) is of floats
    if dtype.kind == array.dtype.kind or (dtype.kind == "c" and array.dtype.kind in "iuf"):
        return array.astype(dtype)
    wanted = {"i": "integers", "u": "integers", "b": "True and False"}.get(dtype.kind, "numbers")
    raise CheckFailed(f"{name} should hold {wanted}; got dtype {array.dtype}.")
