"""Write the API pages from the library itself: every public name of every public module.

The page ``api/low_rank`` documents ``course_lib.low_rank``, the page ``api/checks``
``course_lib.notebook.checks``; the page ``api`` lists the modules, those of chapters first, in the
order of the syllabus. On a module's page functions come before classes, and classes before
constants.
"""

import importlib
import inspect
import pkgutil
import re

import syllabus
from sphinx.util import logging

import course_lib
from course_lib import notebook

LOGGER = logging.getLogger(__name__)

NAMES_MARK = "<!-- every public name of the module -->"
MODULES_MARK = "<!-- every module of course_lib -->"

TYPED = re.compile(r"(\s*\w+ : )(.+)")
FITTED = re.compile(r"\b([a-z]\w*)_(?!\w)")


def modules():
    """Return the public modules by name, each with its chapter or None."""
    found = {info.name for info in pkgutil.iter_modules(course_lib.__path__)}
    found = found - {"notebook"} | set(notebook.__all__)
    chapters = {
        chapter["slug"][3:].replace("-", "_"): chapter for chapter in syllabus.chapters().values()
    }
    taught = [name for name in chapters if name in found]
    others = sorted(name for name in found - set(taught) if not name.startswith("_"))
    return {name: chapters.get(name) for name in taught + others}


def full_name(name):
    """Return the dotted name of the module that a page documents."""
    return f"course_lib.notebook.{name}" if name in notebook.__all__ else f"course_lib.{name}"


def list_of_modules():
    """Return a table of the modules, each with a link to its page and its first sentence."""
    rows = ["| module | chapter | what it holds |", "|---|---|---|"]
    for name, chapter in modules().items():
        taught = f"{chapter['number']:02d} {chapter['title']}" if chapter else ""
        rows.append(f"| [`{name}`](api/{name}.md) | {taught} | {_summary(name)} |")
    return "\n".join(rows)


def names_of_module(name):
    """Return the MyST Markdown that documents one module."""
    module = importlib.import_module(full_name(name))
    names = getattr(module, "__all__", [])
    if not names:
        LOGGER.warning("%s must say in __all__ which names are public.", full_name(name))
    entries = sorted((_rank(getattr(module, n)), n) for n in names)
    lines = [_summary(name), "", "```{eval-rst}", f".. currentmodule:: {full_name(name)}", ""]
    for _, n in entries:
        lines += _entry(
            getattr(module, n), n, again=_is_documented_before(getattr(module, n), name)
        )
    return "\n".join([*lines, "```"])


def _summary(name):
    """Return the first paragraph of a module's docstring on one line."""
    docstring = inspect.getdoc(importlib.import_module(full_name(name))) or ""
    return " ".join(docstring.partition("\n\n")[0].split())


def _rank(value):
    """Return 0 for functions, 1 for classes, 2 for errors, 3 for constants."""
    if inspect.isclass(value):
        return 2 if issubclass(value, Exception) else 1
    return 0 if callable(value) else 3


def _is_documented_before(value, name):
    """Whether two modules share a function or a class, and the other one's page comes first."""
    names = list(modules())
    earlier = (importlib.import_module(full_name(n)) for n in names[: names.index(name)])
    shared = (getattr(module, n) for module in earlier for n in getattr(module, "__all__", []))
    return callable(value) and any(other is value for other in shared)


def _entry(value, name, again=False):
    """Return the lines of one autodoc directive; links lead to the first page that has it."""
    directive = ("autofunction", "autoclass", "autoexception", "autodata")[_rank(value)]
    plain = directive != "autoclass" or hasattr(value, "_fields")  # a NamedTuple has only fields
    options = ["   :members:"] * (not plain) + ["   :no-index:"] * again
    options += ["   :no-value:"] * (directive == "autodata")
    return [f".. {directive}:: {name}", *options, ""]


def write_page(_app, docname, source):
    """Put the library in the place that a page keeps for it."""
    if docname == "api":
        source[0] = source[0].replace(MODULES_MARK, list_of_modules())
    elif docname.startswith("api/"):
        source[0] = source[0].replace(NAMES_MARK, names_of_module(docname.removeprefix("api/")))


def escape_fitted(_app, _what, _name, _object, _options, lines):
    """Escape names such as ``coef_`` in types: reStructuredText takes them for links."""
    for i, line in enumerate(lines):
        if typed := TYPED.fullmatch(line):
            lines[i] = typed[1] + FITTED.sub(r"\1\\_", typed[2])


def setup(app):
    app.connect("source-read", write_page)
    # Before numpydoc, which listens at 500, turns the sections into markup.
    app.connect("autodoc-process-docstring", escape_fitted, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
