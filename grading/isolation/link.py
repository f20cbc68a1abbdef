"""Questions and answers between the two processes, one at a time, in both directions.

Whoever waits for an answer meanwhile serves the other side's questions, so that a test's call
of the student's function may call back into a matrix or a function that the test handed over.
"""

import builtins
import itertools
import operator
import sys
import traceback
import types

import numpy as np

from .border import Reader, Writer
from .rngs import restore_rng, rng_state
from .wire import BrokenBorder, Unportable

__all__ = ["NOT_LENT", "OPERATIONS", "Link", "as_exception", "describe"]

TEXT = 2000  # characters of an error message
# What a test hands over is never one of these; nor is what an answer returns.
NOT_LENT = (types.ModuleType, types.FrameType, types.CodeType, types.TracebackType)
# What may be asked of a thing that stays on the other side, besides a call and an attribute.
OPERATIONS = {
    "len": len,
    "contains": operator.contains,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "iter": iter,
    "add": operator.add,
    "iadd": operator.iadd,
    "or": operator.or_,
    "and": operator.and_,
    "sub": operator.sub,
    "matmul": operator.matmul,
    "rmatmul": lambda right, left: left @ right,
}


class Link:
    """One end of the border. A side overrides `refer`, `resolve` and `serve`.

    Parameters
    ----------
    wire : border.Wire
        The connection.
    """

    def __init__(self, wire):
        self.wire = wire
        self.caught = Exception  # what serving a question may raise without ending this side
        self.numbers = itertools.count(1)

    def refer(self, value):
        """Describe a value that stays on this side; refuse it by `Unportable`."""
        raise Unportable(f"a {type(value).__name__} object cannot cross.")

    def resolve(self, description):
        """Return what stands on this side for a value that stays on the other."""
        raise Unportable("a reference cannot cross here.")

    def serve(self, header, args, kwargs):
        """Return the answer to a question of the other side."""
        raise BrokenBorder("an unexpected question arrived.")

    def failure(self, description):
        """Return the exception for an error of the other side."""
        return as_exception(description)

    def told(self, error):
        """Return what the other side hears of an error of this one."""
        return describe(error)

    def copies(self, header, buffers):
        """Return what is needed to notice in-place changes, before a question is served."""

    def changes(self, copies, args, kwargs):
        """Return the names of the arguments that serving a question changed in place."""
        return []

    def noticed(self, names):
        """Hear which arguments the other side changed in place."""

    def ask(self, what, *args, deadline=None, keywords=None, **header):
        """Ask the other side and return its answer, or raise the exception that it raised.

        Parameters
        ----------
        what : str
            The question's kind.
        *args
            Values to send along; `keywords` is a dictionary of named ones.
        deadline : float, optional
            Latest `time.monotonic` for the answer.
        **header
            JSON that belongs to the question.
        """
        writer = Writer(self.refer)
        number = next(self.numbers)
        header |= {"ask": what, "number": number}
        header["args"] = [writer.write(value) for value in args]
        header["kwargs"] = {key: writer.write(value) for key, value in (keywords or {}).items()}
        self.wire.send(header, writer.buffers, deadline)
        while True:
            reply, buffers = self.wire.receive(deadline)
            if "ask" in reply:
                self.answer(reply, buffers, deadline)
            elif reply.get("number") != number:
                raise BrokenBorder("an answer arrived that nobody asked for.")
            else:
                return self._received(reply, buffers, writer.rngs)

    def _received(self, reply, buffers, rngs):
        states = reply.get("rngs") or []
        if len(states) not in (0, len(rngs)):
            raise BrokenBorder("the states of random number generators are missing.")
        for rng, state in zip(rngs, states, strict=False):
            restore_rng(rng, state)
        if "error" in reply:
            raise self.failure(reply["error"])
        self.noticed(reply.get("changed") or [])
        return Reader(buffers, self.resolve).read(reply.get("ok"))

    def answer(self, header, buffers, deadline=None):
        """Serve one question and send its answer."""
        reader, writer = Reader(buffers, self.resolve), Writer(self.refer)
        reply = {"number": header.get("number")}
        try:
            reply |= self._served(header, buffers, reader, writer)
            reply["rngs"] = [rng_state(rng) for rng in reader.rngs]
            self.wire.send(reply, writer.buffers, deadline)
        except BrokenBorder:
            raise
        except self.caught as error:
            failure = {"number": reply["number"], "error": self.told(error)}
            failure["rngs"] = [rng_state(rng) for rng in reader.rngs]
            self.wire.send(failure, (), deadline)

    def _served(self, header, buffers, reader, writer):
        args = [reader.read(node) for node in header.get("args", ())]
        kwargs = {key: reader.read(node) for key, node in header.get("kwargs", {}).items()}
        copies = self.copies(header, buffers)
        result = self.serve(header, args, kwargs)
        return {"ok": writer.write(result), "changed": self.changes(copies, args, kwargs)}


def describe(error):
    """Return an exception as JSON: the nearest built-in type, its own name, text and place."""
    try:
        text = str(error)[:TEXT]
    except Exception:
        text = "(its message could not be read)"
    kinds = (kind.__name__ for kind in type(error).__mro__ if _known(kind.__name__) is kind)
    return {
        "type": next(kinds, "RuntimeError"),
        "name": type(error).__name__[:80],
        "text": text,
        "place": _place(error),
    }


def _place(error):
    """The last line of a notebook cell that an exception passed through, in words."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "ipython-input" in frame.filename and frame.line:
            return f"in {frame.name}, line {frame.lineno}: {frame.line[:160]}"
    return ""


def as_exception(description):
    """Return the exception that `describe` described; only known types, only text."""
    name, text = str(description.get("name")), str(description.get("text"))[:TEXT]
    kind = _known(str(description.get("type"))) or RuntimeError
    text = text if name == kind.__name__ else f"{name}: {text}"
    # NotYours would put its own words around the text.
    error = RuntimeError.__new__(kind, text) if name == "NotYours" else kind(text)
    if description.get("place"):
        error.add_note(str(description["place"])[:300])
    return error


def _known(name):
    """The exception type of this name, if it may cross."""
    if name == "NotYours":
        return getattr(sys.modules.get("course_lib.notebook.checks"), name, None)
    kind = np.linalg.LinAlgError if name == "LinAlgError" else getattr(builtins, name, None)
    ordinary = isinstance(kind, type) and issubclass(kind, Exception)
    return kind if ordinary and kind not in _SPECIAL else None


# Their constructors need more than a text, or the interpreter gives them a meaning of its own.
_SPECIAL = (StopIteration, StopAsyncIteration, ExceptionGroup, *UnicodeError.__subclasses__())
