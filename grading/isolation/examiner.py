"""The tests' side of the border: asks the student's process, answers for what tests lend it.

A test calls the student's function as if it were its own; the call runs in the sandbox. What
comes back is plain, or a proxy. What a test hands over is a plain value too, or stays here and
answers for itself: a counted matrix, a stream, a distance, a function.
"""

import itertools
import linecache
from collections.abc import Iterator

from course_lib.notebook import checks
from course_lib.notebook._answer import change_of
from course_lib.notebook._memory import seen_by
from course_lib.notebook._values import not_plain

from . import lending
from .link import NOT_LENT, Link
from .proxies import (
    WRITTEN_IN,
    Class,
    Function,
    Gone,
    Items,
    Late,
    Student,
    instances,
)
from .wire import BrokenBorder, Unportable

__all__ = ["Examiner"]

BEYOND_S = 600


class Refused(Unportable):
    """An answer that is neither plain nor something that the exercise asks for."""


class Examiner(Link):
    """Asks the student's process on behalf of the tests.

    Parameters
    ----------
    wire : wire.Wire
    watch : watch.Watch
        Knows the limits.
    interfaces : dict of str to frozenset of str
        The names that the solution's classes define, by class.
    signatures : dict of str to tuple of str
        The arguments of the solution's functions, by function, for messages.
    """

    def __init__(self, wire, watch, interfaces=None, signatures=None):
        super().__init__(wire)
        self.watch, self.turn, self.seconds = watch, 0, 0.0
        self.interfaces, self.signatures = interfaces or {}, signatures or {}
        self.lent = {}  # number -> what a test handed over
        self.names = set()  # of its functions and classes, which the answer does not hear
        self.count = itertools.count(1)
        self.dropped = []
        self.looking = False
        self.asked = None  # the student's function that is being called, for messages

    # -- questions to the student ------------------------------------------------------

    def begin(self, allowance):
        """Begin another cell or test, which may use this much."""
        self.turn, self.seconds = self.turn + 1, allowance.seconds
        self.watch.begin(allowance)
        seen_by(self.resident)
        return allowance

    def resident(self):
        """Return the bytes of memory that the student's processes hold, seen from outside."""
        return self.watch.tree.look().resident

    def ask(self, what, *args, **header):
        with self.watch.question():
            # The watch ends a process long before; this is for the case that it died.
            deadline = self.watch.end + BEYOND_S
            return super().ask(what, *args, deadline=deadline, **header)

    def run_cell(self, source, allowance):
        """Run a cell of the student's; return its outputs and its error as plain values."""
        return self.ask("cell", source, self.begin(allowance).seconds)

    def look(self, name):
        """Return what the student's notebook calls by this name."""
        self.asked, self.looking = name, True
        try:
            return self.ask("look", name)
        finally:
            self.looking = False

    def call(self, target, what, *args, **header):
        """Let the student's process do something with a thing of its own."""
        if self.watch.cut:
            raise self._late()
        outer, self.asked = self.asked, target._name
        drop, self.dropped[:] = list(self.dropped), []
        try:
            return self.ask(
                what,
                *args,
                target=target._number,
                turn=self.turn,
                seconds=self.seconds,
                forbids=list(checks.forbidden_now()),
                drop=drop,
                **header,
            )
        except BrokenBorder as broken:
            raise Gone(str(broken)) from None
        except Refused as refused:
            raise checks.CheckFailed(str(refused)) from None
        except Exception as error:
            _raise_as_written(error)
        finally:
            self.asked = outer

    def noticed(self, names):
        if not names:
            return
        name = str(names[0])[:40]
        arguments = self.signatures.get(self.asked, ())
        if name.isdigit() and int(name) <= len(arguments):
            name = arguments[int(name) - 1]
        raise change_of(self.asked, name)

    def _late(self):
        return Late(f"{self.asked} was stopped: it {self.watch.cut}", self.watch.cut)

    def failure(self, description):
        if self.watch.late(description):
            return self._late()
        if description.get("name") == "Unportable":
            return Refused(str(description.get("text")))
        return super().failure(description)

    def resolve(self, description):
        if "yours" in description:
            return self.lent[description["yours"]]
        number, kind = int(description["number"]), description["kind"]
        name = str(description["name"])[:80]
        if kind in ("class", "object", "callable") and name in self.interfaces:
            proxy = Class if kind == "class" else instances(name)
            return proxy(self, number, name, self.interfaces[name])
        if kind == "iterator":
            return Items(self, number, name)
        # A callable object, such as a compiled function, may have the name of an answer; what
        # an answer returns must be a plain function.
        if kind == "function" or (self.looking and kind in ("callable", "class")):
            return Function(self, number, self.asked or name)
        raise Refused(not_plain(self.asked, name))

    # -- questions of the student, about what a test lent him ---------------------------

    def refer(self, value):
        if isinstance(value, Student):
            return {"yours": value._number}
        if isinstance(value, NOT_LENT) or hasattr(value, "fileno"):
            raise Unportable(f"a test may not hand over a {type(value).__name__}.")
        number = next(self.count)
        self.lent[number] = value
        self.names |= lending.names_of(value)
        kind = "iterator" if isinstance(value, Iterator) else "object"
        return {"number": number, "kind": kind, "name": lending.public_name(value)}

    def serve(self, header, args, kwargs):
        target = self.lent.get(header.get("target"))
        if target is None:
            raise LookupError("what a test handed over can be used while that test runs.")
        return lending.serve(target, header["ask"], args, kwargs)

    def told(self, error):
        return lending.told(error, self.names)

    def forget(self):
        """Take back what the last test lent."""
        self.lent.clear()
        self.names.clear()


def _raise_as_written(error):
    """Raise the student's exception from a line of his own, so that a check can quote it."""
    note = (getattr(error, "__notes__", None) or [""])[0]
    _, found, place = note.partition(", line ")
    if not found:
        raise error
    number, _, text = place.partition(": ")
    number = int(number) if number.isdigit() and len(number) < 5 else 1
    linecache.cache[WRITTEN_IN] = (1, None, ["\n"] * (number - 1) + [f"{text}\n"], WRITTEN_IN)
    code = compile("\n" * (number - 1) + "raise error.with_traceback(None)", WRITTEN_IN, "exec")
    exec(code, {"error": error})
