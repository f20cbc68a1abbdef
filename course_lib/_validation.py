"""Input checks shared by every algorithm: one sentence an error, naming the mend."""

import math
import numbers
import operator

import numpy as np

__all__ = [
    "as_rng",
    "check_count",
    "check_finite",
    "check_fraction",
    "check_matrix",
    "check_number",
    "check_room",
]

ROOM = 1 << 28  # bytes that a few bytes may ask for
TIMES = 64  # a full sketch takes less than that many times its bytes


def check_matrix(A, name="A"):
    """Return the matrix ``A`` with a real floating dtype; refuse anything else.

    Lists, integer and Boolean arrays become float64, float16 becomes float32; float32 and
    float64 stay as they are, unread: a memory-mapped file is not touched. Sparse matrices,
    linear operators and counted matrices pass through if they are real floating. NaN is
    looked for by `check_finite`, in the first product, where it costs no pass of its own.
    """
    if not _is_operator(A):
        A = _as_float_array(A, name)
    if len(A.shape) != 2:
        raise ValueError(f"{name} must be a matrix with two axes; got shape {tuple(A.shape)}.")
    if min(A.shape) == 0:
        raise ValueError(f"{name} must not be empty; got shape {tuple(A.shape)}.")
    if A.dtype is None or A.dtype.kind != "f":
        raise TypeError(f"{name} must have a real floating dtype; got {A.dtype}.")
    return A


def _is_operator(A):
    """Whether ``A`` is a matrix known by its products: sparse, an operator, counted."""
    return not isinstance(A, np.ndarray) and hasattr(A, "dtype") and hasattr(A, "shape")


def _as_float_array(A, name):
    try:
        array = np.asanyarray(A)
    except (TypeError, ValueError):  # ragged lists
        raise ValueError(f"{name} must be a matrix of numbers; its rows differ in size.") from None
    if array.dtype.kind == "O":
        raise TypeError(f"{name} must be a matrix of numbers; got objects, convert them first.")
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def check_finite(product, name="A"):
    """Return ``product`` if it is finite; NaN or infinity can only have come from ``name``.

    One sum tells: NaN and infinity survive addition, so a finite sum proves that every entry
    is finite. An infinite sum of finite entries is looked at again.
    """
    if not math.isfinite(product.sum()) and not np.isfinite(product).all():
        raise ValueError(f"{name} contains NaN or infinity, or overflows; clean or rescale it.")
    return product


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


def as_rng(rng):
    """Return a `numpy.random.Generator`: the one given, or one seeded by ``rng``."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(
            f"rng must be a seed, a numpy.random.Generator or None; got {rng!r}."
        ) from None
