"""What stands for the student's functions and objects where the tests run.

A proxy offers exactly what the instructor's solution offers: a function can be called, an
object of a class that the exercise asks for has the methods of the solution's class. An object
that claims to equal everything has nowhere to say so.
"""

import weakref
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from course_lib.notebook import checks

from .link import OPERATIONS

__all__ = [
    "WRITTEN_IN",
    "Class",
    "Function",
    "Gone",
    "Items",
    "Late",
    "Missing",
    "Student",
    "instances",
]

WRITTEN_IN = "<the student's notebook>"


class Gone(BaseException):
    """The student's process ended, or had to be ended, while it was needed.

    It is no `Exception`, so that a test that expects one does not take it for the answer's.

    Parameters
    ----------
    text : str
    cut : limits.Cut, optional
        The limit that was reached.
    """

    def __init__(self, text, cut=None):
        super().__init__(text)
        self.cut = cut


class Late(Gone):
    """The student's code used more than it may; its process goes on."""


@dataclass
class Missing:
    """Stands for a name that the notebook does not define; calling it says why."""

    name: str
    reason: str
    __code__ = compile("", WRITTEN_IN, "exec")

    def __call__(self, *args, **kwargs):
        raise checks.CheckFailed(f"{self.name} is not defined: {self.reason}")


class Student:
    """A function, class, object or iterator of the student's; see the subclasses."""

    __array_ufunc__ = None
    # Labs look here for the file that an answer was written in.
    __code__ = compile("", WRITTEN_IN, "exec")

    def __init__(self, examiner, number, name, interface=frozenset()):
        self._examiner, self._number, self._name = examiner, number, name
        self._interface = interface
        weakref.finalize(self, examiner.dropped.append, number).atexit = False

    def __eq__(self, other):
        return isinstance(other, Student) and self._number == other._number

    def __hash__(self):
        return hash(self._number)

    def __repr__(self):
        return f"<the student's {self._name}>"

    def _ask(self, what, *args, **header):
        return self._examiner.call(self, what, *args, **header)

    def _allow(self, operation):
        if f"__{operation}__" not in self._interface:
            raise TypeError(f"a {self._name} does not support __{operation}__ in this exercise.")


class Function(Student):
    """A function of the student's; it can be called."""

    isolated = "function"  # its values have crossed a border

    @property
    def __name__(self):
        return self._name

    def __call__(self, *args, **kwargs):
        return self._ask("call", *args, keywords=kwargs)


class Instance(Student):
    """An object of a class that the exercise asks for, with what the solution's class offers."""

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._interface:
            raise AttributeError(f"{self._name!r} has no attribute {name!r} in this exercise.")
        return self._ask("attr", name=name)

    def __call__(self, *args, **kwargs):
        self._allow("call")
        return self._ask("call", *args, keywords=kwargs)

    def __contains__(self, item):
        self._allow("contains")
        return bool(self._plain("contains", item, kinds=(bool, np.bool_)))

    def __len__(self):
        self._allow("len")
        return self._plain("len", kinds=(int,))

    def __bool__(self):
        return True

    def _plain(self, operation, *args, kinds):
        result = self._ask(operation, *args)
        if not isinstance(result, kinds):
            raise TypeError(f"__{operation}__ returned a {type(result).__name__}.")
        return result


def _forward(operation):
    def forward(self, *args):
        self._allow(operation)
        return self._ask(operation, *args)

    return forward


for _name in OPERATIONS.keys() - {"len", "contains"}:
    setattr(Instance, f"__{_name}__", _forward(_name))


class Class(Function):
    """A class that the exercise asks for; it can be called, and asked for its constructors."""

    isolated = "class"

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._interface:
            raise AttributeError(f"class {self._name} has no attribute {name!r} in this exercise.")
        return self._ask("attr", name=name)

    def __instancecheck__(self, value):
        return isinstance(value, Instance) and value._name == self._name


class Items(Student):
    """An iterator of the student's, taken item by item and never further than asked."""

    def __iter__(self):
        return self

    def __next__(self):
        items, done = self._ask("next")
        if done or len(items) != 1:
            raise StopIteration
        return items[0]


@lru_cache(maxsize=256)
def instances(name):
    """Return the type of the student's objects of one class, under the class's own name."""
    return type(name, (Instance,), {})


# Messages of checks and of the interpreter say of what type a value is.
for _type, _name in {Items: "generator", Function: "function", Class: "type"}.items():
    _type.__name__ = _type.__qualname__ = _name
Missing.__name__ = Missing.__qualname__ = "missing answer"
