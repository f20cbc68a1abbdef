"""Awkward forms of an argument: the same values in other clothes, what is to be refused, odd sizes.

Each is a function of the plain argument. ``SAME`` must give the plain answer, or a sentence;
``REFUSED`` a sentence; ``ODD`` a finite answer, or a sentence.
"""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, aslinearoperator

try:
    import pandas as pd
except ImportError:
    pd = None

__all__ = ["cases", "make"]


class Sub(np.ndarray):
    """A subclass without behavior of its own."""


class Labelled:
    """As a data frame or a series: values behind labels, so that ``x[0]`` is not the first."""

    def __init__(self, values):
        self._values = np.asarray(values)
        self.shape, self.dtype = self._values.shape, self._values.dtype

    def __array__(self, dtype=None, copy=None):
        return self._values.astype(dtype or self.dtype)

    to_numpy = __array__

    def __len__(self):
        return len(self._values)

    def __iter__(self):
        return iter(self._values.tolist())

    def __getitem__(self, label):
        raise KeyError(label)


def strided(a):
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
    wide[..., ::2] = a
    return wide[..., ::2]


def frozen(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def no_adjoint(a):
    return LinearOperator(a.shape, matvec=lambda x: a @ x, dtype=a.dtype)


def unsorted(a):
    """A CSR matrix whose rows run backwards."""
    rows = sp.csr_array(a[:, ::-1])
    return sp.csr_array((rows.data, a.shape[1] - 1 - rows.indices, rows.indptr), shape=a.shape)


def doubled(a):
    """A COO matrix that holds each entry as two of half the size."""
    coo = sp.coo_array(a)
    twice = np.concatenate([coo.data / 2, coo.data / 2])
    return sp.coo_array((twice, (np.tile(coo.row, 2), np.tile(coo.col, 2))), shape=a.shape)


SAME = {
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(map(tuple, a.tolist())) if a.ndim == 2 else tuple(a.tolist()),
    "Fortran order": np.asfortranarray,
    "strided": strided,
    "read-only": frozen,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "longdouble": lambda a: a.astype(np.longdouble) if a.dtype.kind == "f" else a,
    "objects": lambda a: a.astype(object),
    "subclass": lambda a: a.view(Sub),
    "nothing masked": np.ma.masked_array,
    "np.matrix": lambda a: np.matrix(a) if a.ndim == 2 else a,
    "labelled": Labelled,
    "data frame": lambda a: (
        pd.DataFrame(a, index=range(9, 9 + len(a)))
        if a.ndim == 2
        else pd.Series(a, index=range(9, 9 + len(a)))
    ),
    "permuted series": lambda a: pd.Series(a, index=range(len(a))[::-1]) if a.ndim == 1 else a,
    **{f"{kind}_array": getattr(sp, f"{kind}_array") for kind in ("csr", "csc", "coo", "lil")},
    **{f"{kind}_matrix": getattr(sp, f"{kind}_matrix") for kind in ("csr", "dia", "bsr", "dok")},
    "unsorted csr": unsorted,
    "duplicates in coo": doubled,
    "operator": aslinearoperator,
    "operator without adjoint": no_adjoint,
}


def with_one(value):
    def form(a):
        a = a.astype(float)
        a.flat[a.size // 2] = value
        return a

    return form


REFUSED = {
    "masked": lambda a: np.ma.masked_array(a, mask=np.arange(a.size).reshape(a.shape) == 1),
    "complex": lambda a: a + 1j,
    "NaN": with_one(np.nan),
    "infinity": with_one(np.inf),
    "text": lambda a: a.astype(str),
    "dates": lambda a: np.zeros(a.shape, "datetime64[D]"),
    "records": lambda a: np.zeros(a.shape, [("x", float)]),
    "None": lambda a: None,
    "a word": lambda a: "matrix",
    "dict": lambda a: {"A": a},
    "set": lambda a: {1.0, 2.0},
    "an object": lambda a: object(),
    "generator": lambda a: (row for row in a.tolist()),
    "empty": lambda a: a[:0],
    "three axes": lambda a: np.zeros((2, 2, 2)),
    "a number": lambda a: np.float64(3.0),
    "ragged": lambda a: [[1.0, 2.0], [3.0]],
    "complex csr": lambda a: sp.csr_array(np.atleast_2d(a) + 1j),
}

ODD = {
    "1e200": lambda a: a * 1e200,
    "1e-200": lambda a: a * 1e-200,
    "1e300": lambda a: a * 1e300,
    "float32 1e30": lambda a: (a * 1e30).astype(np.float32),
    "float32 1e-30": lambda a: (a * 1e-30).astype(np.float32),
    "zeros": np.zeros_like,
    "constant": np.ones_like,
    "equal rows": lambda a: np.repeat(a[:1], len(a), axis=0),
    "one row": lambda a: a[:1],
    "offset 1e8": lambda a: a + 1e8,
    "one giant": with_one(1e150),
    "float16": lambda a: a.astype(np.float16),
    "bool": lambda a: a > 0,
    "uint8": lambda a: np.abs(a * 10).astype(np.uint8),
    "int64 near its end": lambda a: np.full(a.shape, 2**63 - 1, np.int64),
    "uint64 near its end": lambda a: np.full(a.shape, 2**64 - 1, np.uint64),
    "one column": lambda a: a[:, :1] if a.ndim == 2 else a,
}

NUMBERS = [
    -1,
    0,
    0.5,
    -0.5,
    1.5,
    np.nan,
    np.inf,
    -np.inf,
    1e308,
    5e-324,
    1e-14,
    2**63,
    2**70,
    True,
    None,
    "3",
    1j,
    [1],
    np.array([1, 2]),
    np.float32(0.25),
    np.int8(3),
    object(),
]

ITEMS = {
    "generator": lambda a: (x for x in list(a)),
    "object array": lambda a: np.array(a, dtype=object),
    "tuple": tuple,
    "labelled": Labelled,
    "series": lambda a: pd.Series(list(a), index=range(len(a))[::-1]),
    "floats": lambda a: [1.5, 2.5],
    "None": lambda a: None,
    "masked": lambda a: np.ma.masked_array([1, 2, 3], mask=[0, 1, 1]),
    "dates": lambda a: np.array(["2020-01-01"], "datetime64[D]"),
    "a date": lambda a: np.datetime64(7, "ns"),
    "bools": lambda a: [np.True_, np.False_],
    "bool array": lambda a: np.array([True, False]),
    "bytearray": lambda a: bytearray(b"abc"),
    "set": set,
    "dict": lambda a: dict.fromkeys(a, 1),
    "empty list": lambda a: [],
    "empty array": lambda a: np.array([]),
    "nested": lambda a: [["a"], ["b"]],
    "mixed": lambda a: ["a", 1, b"b"],
    "2-d": lambda a: np.zeros((2, 2), int),
    "huge int": lambda a: [2**70, -(2**70)],
    "frame": lambda a: pd.DataFrame({"x": [1, 2]}),
    "csr": lambda a: sp.csr_array(np.eye(2, dtype=int)),
}

ENDLESS = ("n_iter", "steps", "trials")  # a number of rounds may be as large as one likes
GROUPS = {"SAME": SAME, "REFUSED": REFUSED, "ODD": ODD, "ITEMS": ITEMS}


def cases(call):
    """Return the cases of a call: ``(argument, group, form)``, each a name."""
    found = []
    for name, value in call.arguments.items():
        if name in call.fixed:
            continue
        if name in call.stream:
            groups = ["ITEMS"]
        elif isinstance(value, np.ndarray):
            groups = ["SAME", "REFUSED", "ODD"]
        elif isinstance(value, int | float):
            rounds = name in ENDLESS
            found += [
                (name, "NUMBERS", form)
                for form, number in _NUMBERS.items()
                if not (rounds and isinstance(number, int) and number > 2**60)
            ]
            continue
        else:
            continue
        found += [(name, group, form) for group in groups for form in GROUPS[group]]
    return found


def make(group, form, plain):
    """Return the plain argument in this form."""
    return _NUMBERS[form] if group == "NUMBERS" else GROUPS[group][form](plain)


_NUMBERS = {f"{type(number).__name__} {number}"[:30]: number for number in NUMBERS[:-1]}
_NUMBERS["an object"] = NUMBERS[-1]
