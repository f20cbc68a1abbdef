"""What a test lends to an answer: what the answer may ask of it, and what it hears of it.

A test's source, its places and the names of its functions and classes stay on the tests' side.
"""

import opcode
import re
import sys
import types
from collections.abc import Iterator
from functools import partial

import numpy as np

from course_lib import cost

from .link import OPERATIONS, describe

__all__ = ["names_of", "public_name", "serve", "told"]

ITEMS_AT_ONCE = 4096
ITEM_BYTES_AT_ONCE = 4 << 20

# What a test hands over may be asked for these; of other objects, whatever is public.
LENT = {
    cost.CountedMatrix: {"shape", "dtype", "ndim", "T", "blocks"},
    cost.CountedStream: {"blocks"},
    cost.CountedDistance: set(),
    cost.Meter: {"passes", "bytes", "products", "distances", "kernels", "messages", "rounds"},
}
# Attributes of such objects tell how they were written, or hand out what they hide.
CLOSED = ("builtins", "functools", "itertools", "numba", "numpy", "operator")
KNOWN = ("builtins", "course_lib", "numpy", "scipy", "sklearn")  # whose names everybody may hear
CELL = "ipython-input"
RAISES = bytes([opcode.opmap["RAISE_VARARGS"]])


def public_name(value):
    """Return what an answer may call a lent value; the name of a test's own class is not told."""
    kind = type(value)
    if isinstance(value, types.FunctionType | types.MethodType | partial):
        return "function"
    if isinstance(value, Iterator):
        return "iterator"
    return kind.__name__ if _top(kind) in KNOWN else "object"


def names_of(value):
    """Return the names of a lent value that an answer must not hear."""
    value = getattr(value, "func", value) if isinstance(value, partial) else value
    kinds = [kind for kind in type(value).__mro__ if _top(kind) not in KNOWN]
    names = {kind.__name__ for kind in kinds}
    if isinstance(value, type | types.FunctionType | types.MethodType):
        names |= {value.__name__, *value.__qualname__.split(".")}
    return names


def _top(kind):
    return kind.__module__.partition(".")[0]


def serve(target, what, args, kwargs):
    """Return the answer to a question about what a test lent."""
    if what == "attr":
        return _public(target, *args)
    if what == "next":
        return _take(target, *args)
    if what == "array":
        return np.array(target, dtype=float)
    if what == "call":
        return target(*args, **kwargs)
    if isinstance(target, tuple(LENT)) and not hasattr(target, f"__{what}__"):
        raise TypeError(f"a {public_name(target)} has no __{what}__.")
    return OPERATIONS[what](target, *args)


def _public(target, name):
    allowed = next((names for kind, names in LENT.items() if isinstance(target, kind)), None)
    if isinstance(target, type):
        closed = hasattr(type(target), name)  # such as mro
    else:
        closed = allowed is None and (_top(type(target)) in CLOSED or _is_code(target))
    missing = AttributeError(f"{public_name(target)!r} has no attribute {name!r} here.")
    if name.startswith("_") or closed:
        raise missing
    if allowed is not None and name not in allowed and hasattr(target, name):
        raise missing  # of what it has not, it says so in its own words
    try:
        return getattr(target, name)
    except AttributeError as error:
        own = allowed is None and error.obj is target and error.name == name
        raise (missing if own else error) from None


def _is_code(target):
    return isinstance(target, types.FunctionType | types.MethodType | types.GeneratorType)


def _take(iterator, wanted):
    """Up to `wanted` items, fewer if they are large; and whether that was all."""
    items, size = [], 0
    while len(items) < min(wanted, ITEMS_AT_ONCE) and size < ITEM_BYTES_AT_ONCE:
        try:
            items.append(next(iterator))
        except StopIteration:
            return items, True
        size += getattr(items[-1], "nbytes", 64)
    return items, False


def told(error, names):
    """Return what an answer hears of an error on the tests' side, as `link.describe` would.

    Its nearest built-in type crosses, and its text where somebody wrote it: in a ``raise``, or
    in a library. The interpreter's own texts tell names, so they do not cross. No text tells the
    ``names`` of what was lent or of what the error passed through; no place crosses at all.
    """
    description = describe(error)
    if description["name"] != "NotYours":
        description["name"] = description["type"]
    description["place"] = ""
    text, frames = description["text"], list(_frames(error.__traceback__))
    names = {*names, *(frame.f_code.co_name for frame, _ in frames if _in_cell(frame))}
    if not frames or not _written(*frames[-1]):
        text = "what the exercise handed over raised this; do the arguments fit?"
    for name in sorted(names - {"<lambda>", "<module>"}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "it", text)
    description["text"] = re.sub(r"(<\w+>|\bit)\.<locals>\.|<ipython-input[^>]*>", "", text)
    return description


def _frames(traceback):
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lasti
        traceback = traceback.tb_next


def _written(frame, at):
    """Whether the text of an error that left this frame was written for a reader."""
    module = str(frame.f_globals.get("__name__"))
    if module.partition(".")[0] in KNOWN and module in sys.modules:
        return True
    return frame.f_code.co_code[at : at + 1] == RAISES


def _in_cell(frame):
    return CELL in frame.f_code.co_filename
