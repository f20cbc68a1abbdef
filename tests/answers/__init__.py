"""Right answers in unusual styles that the labs must accept, one file a lab, named after its slug.

Each is a function or class that an able student could have written instead of the solution::

    @answer("06.1", style="modified Gram-Schmidt, in plain loops")
    def gram_schmidt(A, size, rng):
        ...

At least two an exercise, as far from the solution and from each other as the task allows: other
containers and integer widths that the task does not exclude, another algorithm, plain loops. Each
must pass the check and every hidden test, here and in the grader. One that takes many seconds is
marked ``by_night=True`` and waits for `make test-nightly`.
"""

import importlib
import inspect
import pathlib
import re
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Answer", "answer", "load", "source", "written"]

HERE = pathlib.Path(__file__).parent

_written = {}  # module -> its answers, in order


class Answer(NamedTuple):
    """A right answer to an exercise."""

    exercise: str  # such as "06.1"
    name: str
    function: object  # or a class
    style: str  # what is unusual about it
    by_night: bool = False


@dataclass
class answer:
    """Decorator that adds a function or a class to the answers of its file; see the module."""

    exercise: str
    style: str
    by_night: bool = False

    def __call__(self, function):
        found = Answer(self.exercise, function.__name__, function, self.style, self.by_night)
        _written.setdefault(function.__module__, []).append(found)
        return function


def written(slug):
    """Whether the lab has a file of answers."""
    return (HERE / f"{slug}.py").is_file()


def load(slug):
    """Return the answers to a lab, in the order of its file; none where it has no file."""
    if not written(slug):
        return []
    module = importlib.import_module(f"{__name__}.{slug}")
    return list(_written[module.__name__])


def source(right, name):
    """Return an answer as the text of an answer cell that defines ``name``."""
    lines = inspect.getsource(right.function).splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if re.match(r"def |class |@(?!answer)", line))
    return re.sub(rf"\b{right.name}\b", name, "".join(lines[first:]))
