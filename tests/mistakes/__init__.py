"""Wrong answers that the labs must reject, one file a lab, named after its slug.

Each is a function that a student could have written, with the part of the lab that is the
first to reject it, and words that its message must contain::

    @mistake("06.1", caught_by="check", says="not orthonormal")
    def left_as_it_is(A, size, rng):
        return A @ rng.standard_normal((A.shape[1], size))

At least three an exercise; one of them calls the library, one under another name. One that
takes many seconds is marked ``by_night=True`` and waits for `make test-nightly`.
"""

import importlib
import inspect
import re
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Mistake", "load", "mistake", "source"]

_written = {}  # module -> its mistakes, in order


class Mistake(NamedTuple):
    """A wrong answer to an exercise."""

    exercise: str  # such as "06.1"
    name: str
    function: object
    caught_by: str  # "check", or the kind of the hidden test
    says: str  # words of the message
    by_night: bool = False


@dataclass
class mistake:
    """Decorator that adds a function to the mistakes of its file; see the module."""

    exercise: str
    caught_by: str
    says: str
    by_night: bool = False

    def __call__(self, function):
        found = Mistake(
            self.exercise, function.__name__, function, self.caught_by, self.says, self.by_night
        )
        _written.setdefault(function.__module__, []).append(found)
        return function


def load(slug):
    """Return the mistakes of a lab, in the order of its file."""
    module = importlib.import_module(f"{__name__}.{slug}")
    return list(_written[module.__name__])


def source(wrong, answer):
    """Return a mistake as the text of an answer cell that defines ``answer``."""
    text = inspect.getsource(wrong.function)
    text = text[text.index("def ") :]
    return re.sub(r"def \w+", f"def {answer}", text, count=1)
