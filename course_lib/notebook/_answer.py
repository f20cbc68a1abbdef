"""The one place through which checks and hidden tests call a student's answer.

An answer works on copies of its arguments, may not change them, and returns plain values; see
`course_lib.notebook._values`. While it runs, its own name means the function itself again, so that
recursion, compiled callers and the other answers of the notebook find what was written.
"""

import contextlib
import functools
import inspect
import threading
import types
from collections.abc import Iterator

from course_lib.notebook._values import CheckFailed, as_number, changed, copied, returned

__all__ = ["Answer", "ArgumentChanged", "Last", "change_of"]

FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType)
_ABSENT = object()
_classes = set()  # the answers that are classes; their objects may be returned


class ArgumentChanged(CheckFailed):
    """An answer changed what it was given to read."""


def change_of(asked, argument):
    """Return the failure of an answer that changes an argument in place."""
    return ArgumentChanged(
        f"{asked} changes its argument {argument} in place; work on a copy of it."
    )


class Last:
    """The last call of an answer by a check that failed, as `checks.last`.

    Attributes
    ----------
    name : str or None
        What was called; None when no check has failed.
    args : tuple
        Copies of the positional arguments; ``f(*checks.last.args)`` calls once more.
    kwargs : dict
        The named ones.
    returned : object
        What came back; None if the answer stopped with an error.
    """

    def __init__(self):
        self.forget()

    def forget(self):
        """Hold nothing."""
        self.name, self.args, self.kwargs, self.returned = None, (), {}, None

    def __repr__(self):
        if self.name is None:
            return "no check has failed yet."
        given = [_short(value) for value in self.args]
        given += [f"{key}={_short(value)}" for key, value in self.kwargs.items()]
        return f"{self.name}({', '.join(given)}) returned {_short(self.returned)}"


class Answer:
    """A student's answer as checks call it.

    Parameters
    ----------
    raw : callable
        A function, a class or another callable, as the student wrote it.
    form : callable, optional
        ``form(value)`` brings what a function returns to the form that the task asks for.
    last : Last, optional
        Where calls are noted.

    Attributes
    ----------
    guarded : callable
        What a test calls: the class itself, whose methods are guarded while the answer is open.
    running : bool
        Whether the student's code runs just now.
    """

    def __init__(self, raw, form=None, last=None):
        self.raw, self._form, self._last = raw, form, last
        self.name = _name_of(raw)
        self.running = False
        self._names, self._methods = (None, []), []
        # When graded, what arrives here has crossed a border that did all this.
        self._isolated = getattr(type(raw), "isolated", False)
        if isinstance(raw, type):
            _classes.add(raw)
            self.guarded = raw
        elif not callable(raw) or self._isolated == "class":
            self.guarded = raw
        else:
            self.guarded = self._wrapped(raw, self.name, form)

    def open(self, names=None):
        """Guard the answer under each name by which the notebook's namespace knows it."""
        if isinstance(self.raw, type):
            self._patch()
        elif names is not None and self.guarded is not self.raw:
            known = [name for name, value in names.items() if value is self.raw]
            self._names = (names, known)
            self._bind(self.guarded)
        return self

    def close(self):
        """Let every name mean what it meant before."""
        for kind, name, method in self._methods:
            setattr(kind, name, method)
        self._methods.clear()
        self._bind(self.raw)
        self._names = (None, [])

    def _bind(self, value):
        names, known = self._names
        for name in known:
            if names.get(name) is self.raw or names.get(name) is self.guarded:
                names[name] = value

    @contextlib.contextmanager
    def _inside(self):
        self.running = threading.get_ident()
        self._bind(self.raw)
        try:
            yield
        finally:
            self._bind(self.guarded)
            self.running = False

    def _wrapped(self, raw, name, form=None, first=0):
        def call(*args, **kwargs):
            if self.running:  # by itself, or by what a test lent to it
                return raw(*args, **kwargs)
            if self._isolated:
                result = as_number(raw(*args, **kwargs))
                return result if form is None else form(result)
            return self._call(raw, name, form, args, kwargs, first)

        with contextlib.suppress(Exception):  # some callables have none of what is copied
            functools.update_wrapper(call, raw)
        call.__wrapped__ = raw
        return call

    def _call(self, raw, name, form, args, kwargs, first):
        given = (*args[:first], *map(copied, args[first:]))
        named = {key: copied(value) for key, value in kwargs.items()}
        self._note(name, given[first:], named)
        with self._inside():
            result = raw(*given, **named)
        for position, (one, before) in enumerate(zip(given[first:], args[first:], strict=True)):
            if changed(one, before):
                self._note(name, tuple(map(copied, args[first:])), kwargs)
                raise change_of(name, _argument(raw, position + first))
        for key, before in kwargs.items():
            if changed(named[key], before):
                raise change_of(name, key)
        if first and result is given[0]:
            return result  # a method that returns its own object
        result = returned(result, name, self._live)
        if self._last is not None:
            self._last.returned = result
        return result if form is None else form(result)

    def _note(self, name, args, kwargs):
        if self._last is not None:
            self._last.name, self._last.args, self._last.kwargs = name, args, kwargs
            self._last.returned = None

    def _live(self, value):
        """What stands for a value that is not plain; None if it cannot be checked."""
        if isinstance(value, Iterator):
            return _Items(self, value)
        if isinstance(value, FUNCTIONS):
            return value if value is self.guarded else self._wrapped(value, self.name)
        kind = value if isinstance(value, type) else type(value)
        return value if kind in _classes else None

    def _patch(self):
        """Guard the public methods of a class, and of the classes in its notebook below it."""
        for kind in self.raw.__mro__:
            if kind.__module__ != self.raw.__module__:
                continue
            for name, method in list(vars(kind).items()):
                if name.startswith("_") and name not in ("__init__", "__call__"):
                    continue
                if guarded := self._guarded_method(name, method):
                    self._methods.append((kind, name, method))
                    setattr(kind, name, guarded)

    def _guarded_method(self, name, method):
        called = f"{self.name}.{name}" if name[0] != "_" else self.name
        if isinstance(method, staticmethod):
            return staticmethod(self._wrapped(method.__func__, called))
        if isinstance(method, classmethod):
            return classmethod(self._wrapped(method.__func__, called, first=1))
        if inspect.isfunction(method):
            return self._wrapped(method, called, first=1)
        return None


class _Items:
    """The items of a student's iterator, each as it was when it came."""

    def __init__(self, answer, items):
        self._answer, self._items = answer, items

    def __iter__(self):
        return self

    def __next__(self):
        answer = self._answer
        if answer.running:
            return next(self._items)
        with answer._inside():
            item = next(self._items)
        return returned(item, answer.name, answer._live)


def _name_of(answer):
    name = getattr(answer, "__name__", None)
    if name is None and isinstance(answer, functools.partial):
        return _name_of(answer.func)
    return name if name and name != "<lambda>" else "your answer"


def _argument(function, position):
    """The name of a positional argument; its number where it has none."""
    with contextlib.suppress(TypeError, ValueError):
        parameters = list(inspect.signature(function).parameters.values())
        if parameters[position].kind is not inspect.Parameter.VAR_POSITIONAL:
            return parameters[position].name
    return position + 1


def _short(value):
    shape = getattr(value, "shape", ())
    if shape:
        return f"<{type(value).__name__} {shape}>"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
