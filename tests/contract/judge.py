"""Call a function with an awkward argument in a process of its own, and judge what came."""

import copy
import inspect
import itertools
import math
import multiprocessing
import pathlib
import traceback
import warnings

import numpy as np
import scipy.sparse as sp

from tests.contract import zoo

__all__ = ["BAD", "Call", "fitted", "judge", "judge_apart"]

SECONDS = 60  # for one call, compiling included; the slowest plain call takes less than one
LIBRARY = str(pathlib.Path(__file__).parents[2] / "course_lib")
OUTSIDE = ("sklearn/utils", "sklearn/base")  # estimators let scikit-learn check X
BAD = ("raw error", "wrong", "not finite", "changed", "hang", "crash", "accepted")


class Call:
    """A public function with arguments that it likes.

    Parameters
    ----------
    name : str
        ``module.function``, and what it is tried with if that is not its first way.
    function : callable
        Called by keywords.
    arguments : dict
        Plain values. Arrays are tried in all forms of the zoo, numbers as odd numbers.
    stream : sequence of str
        Arguments that are items of a stream.
    finite : bool
        Whether its answer is finite for finite input; of a bound, which may be infinite, False.
    fixed : sequence of str
        Arguments that are not tried.
    excused : dict of str to str
        Forms that are judged otherwise here, each with the reason, such as
        ``{"NaN": "stands in a column that is not read"}``.
    """

    def __init__(
        self, name, function, *, stream=(), finite=True, fixed=(), excused=None, **arguments
    ):
        self.name, self.function, self.arguments = name, function, arguments
        self.stream, self.finite, self.fixed = tuple(stream), finite, tuple(fixed)
        self.excused = excused or {}

    def __repr__(self):
        return self.name


def judge(call, cases):
    """Yield ``(argument, form, verdict, words)`` for each of `zoo.cases`, in this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = _answer(call, {})
        for argument, group, form in cases:
            try:
                value = zoo.make(group, form, copy.deepcopy(call.arguments[argument]))
            except Exception:  # this form does not exist for this argument
                yield argument, form, "does not apply", ""
                continue
            verdict, words = _verdict(call, argument, value, group, plain)
            if verdict in BAD and form in call.excused:
                verdict, words = "excused", call.excused[form]
            yield argument, form, verdict, words


def judge_apart(call, cases):
    """As `judge`, in a process of its own, which may hang or die; a new one goes on after it."""
    context = multiprocessing.get_context("spawn")
    while cases:
        here, there = context.Pipe(duplex=False)
        child = context.Process(target=_judge_for, args=(call.name, cases, there), daemon=True)
        child.start()
        there.close()
        done = 0
        try:
            while done < len(cases) and here.poll(SECONDS):
                yield here.recv()
                done += 1
        except EOFError:
            pass
        if done < len(cases):
            argument, _, form = cases[done]
            yield argument, form, "hang" if child.is_alive() else "crash", ""
        child.kill()
        child.join()
        cases = cases[done + 1 :]


def _judge_for(name, cases, pipe):
    from tests.contract.calls import CALLS

    call = next(call for call in CALLS if call.name == name)
    for verdict in judge(call, cases):
        pipe.send(verdict)


def _verdict(call, argument, value, group, plain):
    before = _state(value)
    try:
        got = _answer(call, {argument: value})
    except MemoryError as error:
        return "raw error", f"MemoryError: {error}"
    except Exception as error:
        if before != _state(value):
            return "changed", "and refused"
        return ("sentence" if _is_sentence(error) else "raw error"), _short(error)
    if before != _state(value):
        return "changed", "in place"
    if group == "REFUSED":
        return "accepted", str(got)[:100]
    if call.finite and not all(np.all(np.isfinite(part)) for part in got if part.dtype.kind == "f"):
        return "not finite", str(got)[:100]
    if group == "SAME" and not _equal(got, plain):
        return "wrong", f"{str(got)[:100]} for {str(plain)[:100]}"
    return "right", ""


def _answer(call, changes):
    arguments = copy.deepcopy({k: v for k, v in call.arguments.items() if k not in changes})
    return list(_parts(call.function(**arguments, **changes)))


def _parts(result):
    """The numbers of an answer, as arrays."""
    if result is None or isinstance(result, str | bytes):
        return
    if sp.issparse(result):
        yield np.asarray(result.todense())
    elif isinstance(result, np.ndarray | np.generic | bool | int | float):
        array = np.asarray(result)
        if array.dtype.kind in "biuf":
            yield array
    elif inspect.isgenerator(result):
        for step in itertools.islice(result, 3):
            yield from _parts(step)
    elif isinstance(result, dict):
        for key in result:
            yield from _parts(result[key])
    elif isinstance(result, tuple | list):
        for part in result:
            yield from _parts(part)


def _equal(got, plain):
    if len(got) != len(plain):
        return False
    return all(
        a.shape == b.shape
        and np.allclose(a.astype(float), b.astype(float), rtol=1e-4, atol=1e-6, equal_nan=True)
        for a, b in zip(got, plain, strict=True)
    )


def _is_sentence(error):
    """Whether the library itself, or scikit-learn's checks, refused in a sentence."""
    frames = traceback.extract_tb(error.__traceback__)
    last, words = frames[-1], str(error)
    if any(part in last.filename for part in OUTSIDE):
        return isinstance(error, TypeError | ValueError)
    ours = last.filename.startswith(LIBRARY) and last.line.startswith("raise")
    return ours and len(words) > 15 and not isinstance(error, AssertionError)


def _short(error):
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{pathlib.Path(last.filename).name}:{last.lineno}"
    return f"{type(error).__name__}: {str(error)[:110]} ({where})"


def _state(value):
    """What shows whether an argument was changed."""
    if sp.issparse(value):
        parts = [getattr(value, n, None) for n in ("data", "indices", "indptr", "row", "col")]
        return str([np.asarray(p).tolist() for p in parts if isinstance(p, np.ndarray)])
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return (value.dtype, value.shape, np.ascontiguousarray(value).tobytes())
    if isinstance(value, list | tuple | dict | np.ndarray):
        return repr(value)
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    return type(value).__name__


def fitted(estimator, method="transform", new=None):
    """An estimator as a function of X (and y): what it gives for ``new`` or for X itself."""

    def run(X, y=None, **options):
        made = estimator(**options)
        if method.startswith("fit"):
            return getattr(made, method)(X)
        made.fit(X, y) if y is not None else made.fit(X)
        return getattr(made, method)(X if new is None else new)

    return run
