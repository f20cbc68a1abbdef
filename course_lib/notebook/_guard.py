"""Functions that an exercise asks the student to write may not be called to answer it."""

import functools
import hashlib
import importlib
import inspect
import sys
import threading

__all__ = ["NotYours", "forbidden_now", "guard", "source_file"]

_in_force = []  # the names of every guard that is open, innermost last

# What gives the same thing under another name, besides the underscored name beside it.
TWINS = {
    "sklearn.manifold.smacof": ("sklearn.manifold._mds._smacof_single",),
    "sklearn.manifold.MDS": ("sklearn.manifold.smacof", "sklearn.manifold._mds._smacof_single"),
    "scipy.sparse.linalg.svds": ("scipy.sparse.linalg._svdp._svdp",),
    "sklearn.decomposition.TruncatedSVD": ("sklearn.utils.extmath.randomized_svd",),
}


class NotYours(RuntimeError):
    """A call of a function that would give the answer away."""

    def __init__(self, name):
        super().__init__(f"write this one yourself: {name} is what the exercise asks for.")


class guard:
    """Refuse calls of functions while the ``with`` block runs, on every thread that it starts.

    The functions are recognized by their code, so that an alias, an import under another
    name or a call from inside another library does not help.

    Parameters
    ----------
    names : sequence of str or function
        Dotted names, such as ``"course_lib.low_rank.range_finder"`` or, for a method,
        ``"course_lib.binary_networks.Sign.backward"``; a package that is not installed is passed
        over. A function of the notebook itself, such as a helper of its
        set-up cell, is given as it is; a copy of its text under its name counts as the same. A
        class stands for its ``__init__`` and the public methods that it defines, so that an
        object made beforehand does not help. The same name with an underscore in the same
        module is forbidden too.
    inside : str or None
        Refuse only calls below code of this source file; the checks themselves may compare
        with the library. None refuses every call.
    running : callable, optional
        Whether the answer runs just now; then calls on other threads are refused too.

    Raises
    ------
    NotYours
        From the call itself and, if that was swallowed, again at the end of the block.
    AttributeError
        If a package is installed and does not have the name: nothing would be refused.
    """

    def __init__(self, names, inside=None, running=None):
        self.names = tuple(name if isinstance(name, str) else _token(name) for name in names)
        self._inside, self._running = inside, running
        self._refused, self._thread = None, threading.get_ident()
        self._kept = [
            (code, name) for name, function in _resolved(self.names) for code in _codes(function)
        ]
        self._known = {id(code): name for code, name in self._kept}
        self._texts = dict(name.split("#")[::-1] for name in self.names if "#" in name)
        self._titles = set(self._texts.values())

    def __enter__(self):
        _in_force.append(self.names)
        self._before = sys.getprofile(), threading.getprofile()
        if self._known or self._texts:
            _watch(self._on_call)
        return self

    def __exit__(self, kind, error, tb):
        _in_force.pop()
        if self._known or self._texts:
            _watch(None)
            sys.setprofile(self._before[0])
            threading.setprofile(self._before[1])
        if self._refused is not None and error is not self._refused:
            raise self._refused  # the student's code caught it, or failed on the way out

    def _on_call(self, frame, event, function):
        if event == "call":
            name = self._known.get(id(frame.f_code))
            if name is None and frame.f_code.co_name in self._titles:
                name = self._by_text(frame.f_code)
        elif event == "c_call":
            name = self._known.get(id(function))
        else:
            return
        if name is not None and self._counts(frame):
            self._refused = NotYours(name)
            raise self._refused

    def _counts(self, frame):
        if self._inside is None or _below(frame, self._inside):
            return True
        elsewhere = threading.get_ident() != self._thread
        return elsewhere and self._running is not None and bool(self._running())

    def _by_text(self, code):
        name = self._texts.get(_digest(code))
        if name is not None:
            self._kept.append((code, name))
            self._known[id(code)] = name
        return name


def forbidden_now():
    """Return the names that the open guards refuse, without repetition.

    A function of the notebook is its name and a digest of its code.
    """
    return tuple(dict.fromkeys(name for names in _in_force for name in names))


def source_file(function):
    """Return the file that a function or class was written in; None if it has none."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, type):
        methods = [m for m in vars(function).values() if inspect.isfunction(m)]
        return inspect.unwrap(methods[0]).__code__.co_filename if methods else None
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    if code is None and callable(function) and not isinstance(function, type(print)):
        code = getattr(inspect.getattr_static(type(function), "__call__", None), "__code__", None)
    return code.co_filename if code else None


def _watch(profile):
    """Watch this thread and those to come; where Python can, those that run already too."""
    if hasattr(threading, "setprofile_all_threads"):
        threading.setprofile_all_threads(profile)
        return
    threading.setprofile(profile)
    sys.setprofile(profile)


def _below(frame, file):
    while frame is not None:
        if frame.f_code.co_filename == file:
            return True
        frame = frame.f_back
    return False


def _resolved(names):
    """Yield each forbidden thing with the name that is told, its twins under the same one."""
    for name in names:
        if "#" in name:
            continue
        if "." not in name:
            raise ValueError(
                f"forbids holds dotted names, or the functions of the notebook themselves; got "
                f"{name!r}. Write forbids=[{name}]."
            )
        try:
            home, owner, attribute = _found(name)
        except ImportError:
            continue  # a peer that is not installed cannot be called either
        function = getattr(owner, attribute)
        yield name, function
        if isinstance(owner, type):  # a method: its twin is one too
            twin = inspect.getattr_static(owner, f"_{attribute}", None)
            if inspect.isfunction(twin):
                yield name, twin
            continue
        homes = (home, getattr(function, "__module__", None) or home)
        twins = [f"{home}._{attribute}" for home in dict.fromkeys(homes)]
        for twin in (*twins, *TWINS.get(name, ())):
            home, _, attribute_there = twin.rpartition(".")
            found = getattr(sys.modules.get(home), attribute_there, None)
            if found is None and twin not in twins:
                found = _imported(home, attribute_there)
            if callable(found) and (inspect.isfunction(found) or isinstance(found, type)):
                yield name, found


def _found(name):
    """Return the module of a dotted name, what its last part belongs to, and that last part.

    An ImportError means that a package is not installed; a part that a module which is there
    does not have is an AttributeError, so that no misspelled name passes for a missing package.
    """
    home, *parts, attribute = name.split(".")
    owner = importlib.import_module(home)
    while parts and (module := _submodule(home, parts[0])) is not None:
        owner, home = module, f"{home}.{parts.pop(0)}"
    for part in parts:  # classes
        owner = getattr(owner, part)
    return home, owner, attribute


def _submodule(module, part):
    """Return a submodule, or None if there is none of that name."""
    name = f"{module}.{part}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name == name:
            return None
        raise  # it is there, and needs what is not installed


def _imported(module, attribute):
    try:
        return getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None


def _codes(function):
    """What the interpreter reports when ``function`` is called: codes, or a C function."""
    if isinstance(function, type):
        own = [
            getattr(member, "__func__", member)
            for name, member in vars(function).items()
            if not name.startswith("_") or name == "__call__"
        ]
        methods = [inspect.unwrap(member) for member in own if callable(member)]
        return [_code(function.__init__)] + [
            method.__code__ for method in methods if hasattr(method, "__code__")
        ]
    return [_code(function)]


def _code(function):
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    if code is not None:
        return code
    if inspect.isbuiltin(function):
        return function
    raise TypeError(f"calls of {function!r} cannot be watched; forbid the function that calls it.")


def _token(function):
    """A function of the notebook as text that another process can recognize it by."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or hasattr(function, "py_func"):  # calls of compiled code are not seen
        raise TypeError(
            f"forbids holds dotted names and plain functions of the notebook; got {function!r}."
        )
    return f"{code.co_name}#{_digest(code)}"


def _digest(code):
    """A digest of what code does, wherever it stands."""
    parts = [code.co_code.hex(), repr(code.co_names), repr(code.co_varnames)]
    for const in code.co_consts:
        parts.append(_digest(const) if hasattr(const, "co_code") else repr(const))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
