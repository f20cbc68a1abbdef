"""The student's process: runs inside the sandbox, serves the test side, knows no test.

Started as ``python -m grading.isolation.student FD SETTINGS``: the number of the connected
socket, and JSON with the limits. Nothing here is trusted by the other side; whatever code in this
process does to this module, all it can send is values.
"""

import contextlib
import ctypes
import itertools
import json
import os
import resource
import shutil
import signal
import socket
import sys
import time
import types
from collections.abc import Iterator

import numpy as np
import scipy.linalg  # noqa: F401 (its OpenBLAS, loaded when memory is short, asks for some forever)

from course_lib.notebook import checks
from course_lib.notebook._values import changed

from .border import Reader
from .cells import Cells, alarm, no_alarm
from .link import NOT_LENT, OPERATIONS, Link
from .wire import BrokenBorder, Unportable, Wire

__all__ = ["Lent", "Pupil", "die_with_parent", "main"]

PR_SET_PDEATHSIG = 1


class Lent:
    """Something that a test handed over and that stays on the test's side.

    It answers what the original answers: products, blocks of rows, calls, iteration. The data
    never come here as a whole, so that the count of what was read is the test's own.
    """

    __array_ufunc__ = None  # array @ lent comes to __rmatmul__

    def __init__(self, link, number, kind, name):
        self._link, self._number, self._kind, self._name = link, number, kind, name

    def _do(self, what, *args, **keywords):
        return self._link.ask(what, *args, keywords=keywords, target=self._number)

    def __call__(self, *args, **keywords):
        return self._do("call", *args, **keywords)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self._do("attr", name)

    def __iter__(self):
        if self._kind != "iterator":
            yield from self._do("iter")
            return
        taken, done = 0, False
        while not done:
            # A long stream comes in blocks. They grow with what was taken, so that who stops
            # early has been charged for at most an eighth more than he looked at.
            items, done = self._do("next", 1 + taken // 8)
            taken += len(items)
            yield from items

    def __next__(self):
        items, done = self._do("next", 1)
        if done and not items:
            raise StopIteration
        return items[0]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._do("array"), dtype)

    def __bool__(self):
        return True

    def __repr__(self):
        return f"<{self._name}, counted>"


def _lend(name):
    def forward(self, *args):
        return self._do(name, *args)

    return forward


for _name in OPERATIONS.keys() - {"iter"}:
    setattr(Lent, f"__{_name}__", _lend(_name))
Lent.__name__ = Lent.__qualname__ = "lent object"  # in messages of the interpreter and of NumPy


class Pupil(Link):
    """Serves the test side from the namespace of the student's cells."""

    def __init__(self, wire, output_limit):
        super().__init__(wire)
        self.cells = Cells(output_limit)
        self.caught = BaseException
        self.kept = {}  # number -> what the test side holds a number of
        self.count = itertools.count(1)
        self.turn, self.began = None, 0.0  # the test whose questions are answered, and since when

    def ask(self, *args, **header):
        with no_alarm():
            return super().ask(*args, **header)

    def refer(self, value):
        if isinstance(value, Lent):
            return {"yours": value._number}
        if isinstance(value, NOT_LENT):
            raise Unportable(f"a {type(value).__name__} cannot be checked; return plain values.")
        number = next(self.count)
        self.kept[number] = value
        return {"number": number, "kind": _kind(value), "name": _class_name(value)}

    def resolve(self, description):
        if "yours" in description:
            return self.kept[description["yours"]]
        return Lent(self, description["number"], description["kind"], description["name"])

    def copies(self, header, buffers):
        if header["ask"] not in ("call", "method"):
            return None
        reader = Reader([bytearray(buffer) for buffer in buffers], lambda description: None)
        args = [reader.read(node) for node in header["args"]]
        return args, {key: reader.read(node) for key, node in header["kwargs"].items()}

    def changes(self, copies, args, kwargs):
        if copies is None:
            return []
        before, named = copies
        numbered = [str(i + 1) for i, one in enumerate(before) if _differs(args[i], one)]
        return numbered + [key for key, one in named.items() if _differs(kwargs[key], one)]

    def serve(self, header, args, kwargs):
        for number in header.get("drop", ()):
            self.kept.pop(number, None)
        if header["ask"] == "cell":
            return self.cells.run_described(*args)
        if header["ask"] == "look":
            if args[0] not in self.cells.names:
                raise NameError(f"name {args[0]!r} is not defined")
            return self.cells.names[args[0]]
        if header["turn"] != self.turn:
            self.turn, self.began = header["turn"], time.process_time()
        left = header["seconds"] - (time.process_time() - self.began)
        with alarm(left), checks.guard(header.get("forbids", ())):
            return self._perform(header, args, kwargs)

    def _perform(self, header, args, kwargs):
        target, what = self.kept[header["target"]], header["ask"]
        if what == "call":
            return target(*args, **kwargs)
        if what == "method":
            return getattr(target, header["name"])(*args, **kwargs)
        if what == "attr":
            return getattr(target, header["name"])
        if what == "next":
            items = list(itertools.islice(target, 1))
            return items, not items
        return OPERATIONS[what](target, *args)


def _differs(value, pristine):
    try:
        return changed(value, pristine)
    except Exception:
        return True  # what cannot be compared any more was changed


def _kind(value):
    if isinstance(value, type):
        return "class"
    if isinstance(value, Iterator):
        return "iterator"
    plain = isinstance(value, types.FunctionType | types.MethodType | types.BuiltinFunctionType)
    return "function" if plain else "callable" if callable(value) else "object"


def _class_name(value):
    return (value if isinstance(value, type) else type(value)).__name__


def die_with_parent():
    """Have the kernel end this process when the one that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _settle(settings):
    """Give up what is left of root's rights, and set the limits; both before any cell runs."""
    limits = {
        resource.RLIMIT_AS: settings["memory_bytes"],
        resource.RLIMIT_CPU: settings["cpu_seconds"],
        resource.RLIMIT_FSIZE: settings["file_bytes"],
        resource.RLIMIT_NPROC: settings["processes"],
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        most = resource.getrlimit(limit)[1]  # this machine's own limit may be lower
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (value, value))
    die_with_parent()
    if settings.get("uid"):
        os.setgroups([])
        os.setresgid(settings["uid"], settings["uid"], settings["uid"])
        os.setresuid(settings["uid"], settings["uid"], settings["uid"])


def main(arguments=None):
    """Serve until the other side hangs up."""
    number, settings = (arguments or sys.argv[1:])[:2]
    settings = json.loads(settings)
    _settle(settings)
    for source, target in settings["copies"].items():
        # Caches that were filled beforehand; here they must be writable.
        with contextlib.suppress(OSError):
            shutil.copytree(source, target, dirs_exist_ok=True)
    signal.signal(signal.SIGALRM, lambda *rings: None)  # an interrupt that came too late
    sys.path.insert(0, "")
    sys.argv = [""]
    pupil = Pupil(Wire(socket.socket(fileno=int(number))), settings["output_chars"])
    with contextlib.suppress(BrokenBorder):
        while True:
            header, buffers = pupil.wire.receive()
            pupil.answer(header, buffers)


if __name__ == "__main__":
    main()
