"""Input checks shared by every algorithm: one sentence an error, naming the mend."""

import contextlib
import functools
import math
import numbers
import operator
import os

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator

__all__ = [
    "MOST_COUNTED",
    "as_random_state",
    "as_rng",
    "check_array",
    "check_count",
    "check_counts",
    "check_finite",
    "check_flag",
    "check_fraction",
    "check_indices",
    "check_matrix",
    "check_memory",
    "check_number",
    "check_room",
    "check_scatter",
    "check_vector",
    "in_reach",
    "learner_rows",
    "numbers_only",
    "plain_array",
    "same_classes",
    "squared_norms",
    "transposed_products",
]

MOST_COUNTED = 1 << 62  # by counters of 64 bits
ROOM = 1 << 28  # bytes that a few bytes may ask for
TIMES = 64  # a full sketch takes less than that many times its bytes


def plain_array(A, name="A"):
    """Return ``A`` as an ordinary array in the byte order of the machine; read no entry.

    Lists, tuples, data frames and subclasses of arrays, such as `numpy.matrix`, become arrays of
    their values; a memory-mapped file stays one. Every function of the library that takes an
    array takes it through here.

    Raises
    ------
    TypeError
        If ``A`` is sparse, an operator, a generator, a set, or nothing.
    ValueError
        If its rows differ in size, or entries are masked: what a mask means, only the caller
        knows.
    """
    if type(A) is np.ndarray and A.dtype.isnative:
        return A
    if np.ma.is_masked(A):
        raise ValueError(
            f"{name} must not be masked, and {np.ma.count_masked(A)} entries are; "
            "fill them (A.filled) or leave them out."
        )
    if not _holds_values(A):
        raise TypeError(f"{name} must be an array of numbers; got {_kind(A)}.")
    try:
        array = A if type(A) is np.memmap else np.asarray(A)
    except ValueError:
        raise ValueError(f"{name} must be an array of numbers; its rows differ in size.") from None
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _holds_values(A):
    """Whether ``np.asarray(A)`` gives the values of ``A`` and not ``A`` itself as an object."""
    if A is None or isinstance(A, str | bytes | dict | set | frozenset) or _is_operator(A):
        return hasattr(A, "__array__")  # data frames have a dtype or a shape, and values too
    return hasattr(A, "__array__") or hasattr(A, "__len__") or isinstance(A, numbers.Number)


def _kind(A):
    return "None" if A is None else f"a {type(A).__name__}"


def check_array(A, name, *, ndim=None, dtype=None):
    """Return ``A`` as a real floating array, in ``dtype`` if one is given.

    Integer and Boolean arrays become float64, float16 becomes float32, longer floats become
    float64. Text, dates, records, objects and complex numbers are refused.
    """
    array = plain_array(A, name)
    if array.dtype.kind == "O":
        raise TypeError(f"{name} must be an array of numbers; got objects, convert them first.")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must have a real floating dtype; got {array.dtype}.")
    if ndim is not None and array.ndim != ndim:
        axes = {0: "a number", 1: "a vector", 2: "a matrix with two axes"}[ndim]
        raise ValueError(f"{name} must be {axes}; got shape {array.shape}.")
    return array.astype(dtype or _working(array.dtype), copy=False)


def _working(dtype):
    """The dtype that numbers of this one are computed in."""
    if dtype == np.float16:
        return np.dtype(np.float32)
    return dtype if dtype in (np.float32, np.float64) else np.dtype(np.float64)


def check_vector(x, name, size=None, *, dtype=None, finite=True):
    """Return ``x`` as a real floating vector of ``size`` entries; refuse anything else."""
    x = check_array(x, name, ndim=1, dtype=dtype)
    if size is not None and len(x) != size:
        raise ValueError(f"{name} must have {size} entries; got {len(x)}.")
    return check_finite(x, name) if finite else x


def check_indices(indices, name, n, *, ndim=1):
    """Return ``indices`` as int64, each from 0 to ``n - 1``, before a kernel reads by them."""
    indices = plain_array(indices, name)
    if indices.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes; got shape {indices.shape}.")
    if indices.size and indices.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers; got {indices.dtype}, convert them first.")
    if indices.size and not (indices.min() >= 0 and indices.max() < n):
        wrong = indices[(indices < 0) | (indices >= n)].flat[0]
        raise ValueError(f"{name} must lie between 0 and {n - 1}; got {wrong}.")
    return indices.astype(np.int64, copy=False)


def check_counts(counts, name, size, *, total=0):
    """Return ``counts`` as int64, one for each of ``size`` items; one integer serves them all.

    ``total`` is what was counted before, in absolute value: together they must stay below 2**62.
    From 2**63 on counters would turn negative; the room between is for counts of one.
    """
    counts = plain_array(counts, name)
    if counts.dtype.kind == "O" and all(isinstance(c, int) for c in counts.ravel().tolist()):
        raise ValueError(f"{name} must keep the sum of all counts below 2**62; got more.")
    if counts.size and counts.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers; got {counts.dtype}, convert them first.")
    if counts.ndim > 1 or (counts.ndim == 1 and len(counts) != size):
        raise ValueError(
            f"{name} must be one integer, or one for each of the {size} items; "
            f"got shape {counts.shape}."
        )
    repeats = size if counts.ndim == 0 else 1
    if total + repeats * float(np.abs(counts, dtype=np.float64).sum()) >= MOST_COUNTED:
        raise ValueError(f"{name} must keep the sum of all counts below 2**62; got more.")
    return np.ascontiguousarray(np.broadcast_to(counts, (size,)), dtype=np.int64)


def check_matrix(A, name="A", *, sparse=True, operator=True):
    """Return the matrix ``A`` with a real floating dtype; refuse anything else.

    Lists, integer and Boolean arrays become float64, float16 becomes float32; float32 and
    float64 stay as they are, unread: a memory-mapped file is not touched. Sparse matrices of
    integers become float64 too. Linear operators and counted matrices pass through if they are
    real floating. NaN is looked for by `check_finite`, in the first product, where it costs no
    pass of its own.

    Parameters
    ----------
    sparse, operator : bool
        Whether sparse matrices, and matrices known by their products alone, will do.
    """
    if not _is_operator(A):
        A = check_array(A, name, ndim=2)
    elif sp.issparse(A):
        A = _check_sparse(A, name, sparse)
    elif not operator:
        raise TypeError(f"{name} must be a matrix with entries to read; got {_kind(A)}.")
    if len(A.shape) != 2:
        raise ValueError(f"{name} must be a matrix with two axes; got shape {tuple(A.shape)}.")
    if min(A.shape) == 0:
        raise ValueError(f"{name} must not be empty; got shape {tuple(A.shape)}.")
    if A.dtype is None or A.dtype.kind != "f":
        raise TypeError(f"{name} must have a real floating dtype; got {A.dtype}.")
    return A


def _check_sparse(A, name, allowed):
    if not allowed:
        raise TypeError(f"{name} must be a dense array; got {_kind(A)}, use {name}.toarray().")
    if A.dtype.kind not in "biuf":
        raise TypeError(f"{name} must have a real floating dtype; got {A.dtype}.")
    return A.astype(_working(A.dtype), copy=False)


def _is_operator(A):
    """Whether ``A`` is a matrix known by its products: sparse, an operator, counted."""
    return (
        not isinstance(A, np.ndarray)
        and (isinstance(getattr(A, "dtype", 0), np.dtype) or getattr(A, "dtype", 0) is None)
        and hasattr(A, "shape")
        and not hasattr(A, "to_numpy")  # a series of pandas has both, and values
    )


@contextlib.contextmanager
def transposed_products(A):
    """Say in words that a linear operator has no products with its transpose."""
    try:
        yield
    except (NotImplementedError, TypeError) as error:
        if not isinstance(A, LinearOperator):
            raise
        raise TypeError(
            "A must offer products with its transpose too; give the LinearOperator an rmatvec."
        ) from error


def check_finite(product, name="A"):
    """Return ``product`` if it is finite; NaN or infinity can only have come from ``name``.

    One sum tells: NaN and infinity survive addition, so a finite sum proves that every entry
    is finite. An infinite sum of finite entries is looked at again.
    """
    if not math.isfinite(product.sum()) and not np.isfinite(product).all():
        raise ValueError(f"{name} contains NaN or infinity, or overflows; clean or rescale it.")
    return product


def in_reach(X, name="X"):
    """Refuse rows that are not finite, or so long that the square of a distance overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        check_finite(4 * squared_norms(X), name)  # (|x| + |y|)**2 at most


def squared_norms(X):
    """Return the sum of squares (n,) of each row of a dense or sparse matrix."""
    if sp.issparse(X):
        return np.asarray(X.power(2).sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", X, X)


def check_scatter(X, name="X"):
    """Refuse rows that are not finite, or whose squares, a hundred times as many, would overflow.

    The one pass over what scikit-learn took with ``ensure_all_finite=False``: NaN and infinity
    show in the sum of squares, and are then refused in scikit-learn's words.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        flat = X.ravel(order="K")
        total = float(flat @ flat)
    if not total <= 0.01 * np.finfo(X.dtype).max:
        from sklearn.utils import assert_all_finite  # as in `as_random_state`

        assert_all_finite(X, input_name=name)
        largest = np.abs(X).max()
        raise ValueError(
            f"{name} must have entries whose squares can be summed; got {largest:g}, rescale it."
        )


def learner_rows(learner, X, *, summable=False, **options):
    """Return the rows that a learner is given, as scikit-learn's ``validate_data`` takes them.

    They are numbers in float64 or float32, unless ``options`` say another dtype, and dense, unless
    ``accept_sparse`` is among these. With a ``y`` among them ``(X, y)`` comes back.
    With ``summable`` one pass sees that they are finite, and so are the sums of their squares.
    """
    from sklearn.utils.validation import validate_data  # as in `as_random_state`

    options = {"dtype": [np.float64, np.float32]} | options
    if not summable:
        return validate_data(learner, numbers_only(X), **options)
    X = validate_data(learner, numbers_only(X), ensure_all_finite=False, **options)
    check_scatter(X.data if sp.issparse(X) else X)
    return X


def same_classes(classes, known):
    """Refuse classes, if given again, that are not those of the first block."""
    if classes is not None and not np.array_equal(np.unique(classes), known):
        raise ValueError(f"classes must stay {known}; got {np.unique(classes)}.")


def check_count(value, name, *, low, high=None, high_name=None):
    """Return ``value`` as an int in ``[low, high]``; refuse anything else.

    ``high_name`` says in words where the upper limit comes from, such as ``"min(m, n)"``.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer; got {value!r}.") from None
    if high is None and count < low:
        raise ValueError(f"{name} must be at least {low}; got {count}.")
    if high is not None and not low <= count <= high:
        limit = f"{high_name} = {high}" if high_name else high
        raise ValueError(f"{name} must be between {low} and {limit}; got {count}.")
    return count


def check_number(value, name, *, low=-math.inf, high=math.inf, open_low=False, open_high=False):
    """Return ``value`` as a float between ``low`` and ``high``; refuse anything else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number; got {value!r}.")
    number = float(value)
    above = number > low if open_low else number >= low
    below = number < high if open_high else number <= high
    if not (above and below):  # NaN fails both comparisons
        left, right = ("(" if open_low else "["), (")" if open_high else "]")
        raise ValueError(f"{name} must lie in {left}{low:g}, {high:g}{right}; got {number:g}.")
    return number


def check_flag(value, name):
    """Return ``value`` as a bool; refuse anything else."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False; got {value!r}.")
    return bool(value)


def check_fraction(value, name):
    """Return ``value`` as a float between 0 and 1, neither of them; refuse anything else."""
    return check_number(value, name, low=0, high=1, open_low=True, open_high=True)


def check_room(n_bytes, n_read, kind):
    """Refuse to make a ``kind`` of ``n_bytes`` that ``n_read`` bytes from outside ask for."""
    if n_bytes > max(ROOM, TIMES * n_read):
        raise ValueError(
            f"a {kind} from bytes must take at most {ROOM >> 20} MiB of memory or {TIMES} times "
            f"its bytes, and {n_read} bytes ask for more; build a smaller one."
        )


def check_memory(n_bytes, kind):
    """Refuse a ``kind`` of ``n_bytes`` that does not fit in the memory of this machine."""
    if n_bytes > _memory_bytes():
        raise ValueError(
            f"a {kind} must fit in the memory of this machine, {_memory_bytes() / 2**30:.3g} GiB; "
            f"this one takes {n_bytes / 2**30:.3g} GiB, make it smaller or allow larger errors."
        )


@functools.cache
def _memory_bytes():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def numbers_only(X, name="X"):
    """Return what an estimator was given, for scikit-learn to check; refuse what it would take.

    It reads texts, dates and records as numbers, and what lies under a mask.
    """
    if np.ma.is_masked(X):
        plain_array(X, name)  # which says what to do
    if getattr(getattr(X, "dtype", None), "kind", "f") in "SUTMmV":
        raise TypeError(f"{name} must hold real numbers; got {X.dtype}, convert them first.")
    return X


def as_random_state(random_state):
    """Return a `numpy.random.RandomState`, as scikit-learn's estimators take one."""
    from sklearn.utils import check_random_state  # half a second, that functions need not pay

    try:
        return check_random_state(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            "random_state must be a seed from 0 to 2**32 - 1, a RandomState or None; "
            f"got {random_state!r}."
        ) from None


def as_rng(rng):
    """Return a `numpy.random.Generator`: the one given, or one seeded by ``rng``."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(
            f"rng must be a seed, a numpy.random.Generator or None; got {rng!r}."
        ) from None
