"""Functions that an exercise asks the student to write may not be called to answer it."""

import functools
import importlib
import inspect
import sys

__all__ = ["NotYours", "forbidden_now", "guard", "source_file"]

_in_force = []  # the names of every guard that is open, innermost last


class NotYours(RuntimeError):
    """A call of a function that would give the answer away."""

    def __init__(self, name):
        super().__init__(f"write this one yourself: {name} is what the exercise asks for.")


class guard:
    """Refuse calls of functions while the ``with`` block runs.

    The functions are recognized by their code, so that an alias, an import under another
    name or a call from inside another library does not help.

    Parameters
    ----------
    names : sequence of str
        Dotted names, such as ``"course_lib.low_rank.range_finder"``. A name that is not
        installed is passed over. A class stands for its ``__init__``.
    inside : str or None
        Refuse only calls below code of this source file; the checks themselves may compare
        with the library. None refuses every call.

    Raises
    ------
    NotYours
        From the call itself and, if that was swallowed, again at the end of the block.
    """

    def __init__(self, names, inside=None):
        self.names = tuple(names)
        self._inside = inside
        self._refused = None
        self._codes = {_code(function): name for name, function in _resolved(self.names)}

    def __enter__(self):
        _in_force.append(self.names)
        self._before = sys.getprofile()
        if self._codes:
            sys.setprofile(self._on_call)
        return self

    def __exit__(self, kind, error, tb):
        _in_force.pop()
        if self._codes:
            sys.setprofile(self._before)
        if self._refused is not None and error is not self._refused:
            raise self._refused  # the student's code caught it, or failed on the way out

    def _on_call(self, frame, event, function):
        called = function if event == "c_call" else frame.f_code if event == "call" else None
        if called is None or called not in self._codes:
            return
        if self._inside is None or _below(frame, self._inside):
            self._refused = NotYours(self._codes[called])
            raise self._refused


def forbidden_now():
    """Return the dotted names that the open guards refuse, without repetition."""
    return tuple(dict.fromkeys(name for names in _in_force for name in names))


def source_file(function):
    """Return the file that a function or class was written in; None if it has none."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, type):
        methods = [m for m in vars(function).values() if inspect.isfunction(m)]
        return methods[0].__code__.co_filename if methods else None
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    return code.co_filename if code else None


def _below(frame, file):
    while frame is not None:
        if frame.f_code.co_filename == file:
            return True
        frame = frame.f_back
    return False


def _resolved(names):
    for name in names:
        module, _, attribute = name.rpartition(".")
        try:
            yield name, getattr(importlib.import_module(module), attribute)
        except ImportError:
            continue  # a peer that is not installed cannot be called either


def _code(function):
    """What the interpreter reports when ``function`` is called: code, or a C function."""
    function = inspect.unwrap(function.__init__ if isinstance(function, type) else function)
    code = getattr(function, "__code__", None)
    if code is not None:
        return code
    if inspect.isbuiltin(function):
        return function
    raise TypeError(f"calls of {function!r} cannot be watched; forbid the function that calls it.")
