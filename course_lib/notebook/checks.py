"""What the cells of a lab use: checks that name the mistake, hints, hidden tests, a summary.

A check cell looks at the student's answer, as often as he likes::

    with checks.exercise("06.1", find_range, hidden=["accuracy"], hints=[...]) as check:
        Q = find_range(A, 4, rng)
        check.shape(Q, (50, 4), "Q")
        check.that(..., "The columns of Q are not orthonormal: did you orthonormalize them?")

A hidden test sees the same answer when the lab is graded, with inputs that differ from run
to run::

    @checks.hidden("06.1", "accuracy")
    def accuracy(check, find_range, rng): ...

An answer that is still empty prints "not attempted yet", so that an unsolved lab runs from
top to bottom; when graded (``SML_GRADING=1``) it fails, as every other mistake does.
"""

import os
import traceback
import unicodedata

import numpy as np

from course_lib.notebook._guard import NotYours, forbidden_now, guard, source_file

__all__ = [
    "KINDS",
    "CheckFailed",
    "Exercise",
    "NotYours",
    "exercise",
    "forbidden_now",
    "grading",
    "guard",
    "hidden",
    "hint",
    "normal_id",
    "personal",
    "summary",
]

KINDS = ("accuracy", "cost", "edge case")  # of hidden tests

_exercises = {}  # number -> Exercise, in the order of the lab
_personal = []  # what tells this student's visible checks from everybody's


class CheckFailed(AssertionError):
    """A check that failed: one paragraph that says what was expected and what came."""

    def _render_traceback_(self):
        # IPython calls this instead of printing a stack that shows nobody's mistake.
        return str(self).splitlines()


def grading():
    """Return whether the lab is being graded, which turns an empty answer into a failure."""
    return os.environ.get("SML_GRADING") == "1"


def personal(lab, student):
    """Return the generator that chooses a student's own data in a lab.

    The visible checks draw other numbers for each student too, and the same at each run. When
    graded, ``student`` is the id that the notebook was handed in under.

    Parameters
    ----------
    lab : str
        The lab's number, such as ``"06"``.
    student : str or int
        The student's id; case and space around it do not matter. Empty for everybody's data.

    Returns
    -------
    rng : numpy.random.Generator

    Examples
    --------
    >>> mine = personal("06", "Ann")
    The data of Ann.
    >>> mine.integers(1000) == personal("06", " ann").integers(1000)
    The data of  ann.
    np.True_
    >>> rng = personal("06", "")
    Everybody's data; write your id into the cell above for your own.
    """
    if isinstance(student, bool) or not isinstance(student, str | int):
        raise TypeError(
            f'student should be your id in quotes, such as "ann"; got {type(student).__name__}.'
        )
    own = normal_id(student)
    _personal[:] = own.encode()
    if own:
        print(f"The data of {student}.")
    else:
        print("Everybody's data; write your id into the cell above for your own.")
    return np.random.default_rng([*lab.encode(), 0, *_personal])


def normal_id(student):
    """Return an id as text in one form, whatever its case and the space around it."""
    return unicodedata.normalize("NFC", str(student)).strip().casefold()


def exercise(number, answer, *, forbids=(), hidden=(), hints=()):
    """Return the `Exercise` whose checks stand in the ``with`` block that this opens.

    Parameters
    ----------
    number : str
        Chapter and exercise, such as ``"06.1"``.
    answer : callable
        What the student wrote: a function or a class.
    forbids : sequence of str
        Dotted names of functions that would give the answer away. A call that reaches one
        from the student's code, directly or not, fails with "write this one yourself".
    hidden : sequence of str
        The `KINDS` of the tests that run when the lab is graded.
    hints : sequence of str
        From a nudge to almost the answer; each `hint` shows one more.
    """
    _exercises[number] = Exercise(number, answer, forbids, hidden, hints)
    return _exercises[number]


def hidden(number, kind):
    """Return a decorator that runs ``test(check, answer, rng)`` at once.

    The answer is the one that the check cell of exercise ``number`` was given. ``rng`` is
    seeded afresh at each run (``SML_GRADING_SEED`` repeats one); a failure names the seed.

    Raises
    ------
    CheckFailed
        If the test fails, or the check cell of this exercise did not run before.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}.")

    def run(test):
        if number not in _exercises:
            raise CheckFailed(f"{number}: the check cell above did not run.")
        check = _exercises[number]
        seed = _fresh_seed()
        with _HiddenTest(check, kind, seed):
            test(check, check.answer, np.random.default_rng(seed))
        return test

    return run


def hint(number):
    """Print the next hint of an exercise; each call goes one step further."""
    if number not in _exercises:
        print(f"Run the check cell of exercise {number} first; it knows the hints.")
        return
    print(_exercises[number].next_hint())


def summary():
    """Print what is done and what is left, exercise by exercise."""
    print(f"{'exercise':<10}{'visible checks':<20}hidden tests, when graded")
    for check in _exercises.values():
        print(f"{check.number:<10}{check.state:<20}{', '.join(check.hidden) or 'none'}")
    done = sum(check.state == "passed" for check in _exercises.values())
    print(f"{done} of {len(_exercises)} exercises pass their visible checks.")


def _fresh_seed():
    """A seed that nobody knows beforehand, unless ``SML_GRADING_SEED`` repeats one."""
    return int(os.environ.get("SML_GRADING_SEED") or np.random.SeedSequence().entropy % 2**32)


class Exercise:
    """One exercise while it is checked; see `exercise`.

    Attributes
    ----------
    state : {"not run", "not attempted", "failed", "passed"}
    rng : numpy.random.Generator
        What the visible checks draw from: a student's own numbers (see `personal`), the same
        at each run, so that a mistake stays where it is while he looks for it; fresh ones when
        graded.
    """

    def __init__(self, number, answer, forbids=(), hidden=(), hints=()):
        self.number, self.answer, self.hidden = number, answer, tuple(hidden)
        self.forbids, self.hints = tuple(forbids), tuple(hints)
        self.state = "not run"
        self._hints_shown = 0
        self._guard = None
        self.rng = None

    def that(self, condition, message):
        """Fail with ``message`` unless ``condition`` is true."""
        if not bool(condition):
            raise CheckFailed(message)

    def shape(self, array, shape, name):
        """Fail unless ``array`` is an array of this shape."""
        if array is None:
            raise CheckFailed(f"{name} is None: is there a `return`?")
        if not isinstance(array, np.ndarray | np.generic):
            raise CheckFailed(f"{name} should be an array; got {type(array).__name__}.")
        if array.shape != tuple(shape):
            raise CheckFailed(f"{name} should have shape {tuple(shape)}; got {array.shape}.")

    def close(self, got, expected, name, *, rtol=1e-7, atol=0.0):
        """Fail unless ``got`` equals ``expected``; show the entry that is furthest off."""
        if got is None:
            raise CheckFailed(f"{name} is None: is there a `return`?")
        try:
            got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
        except (TypeError, ValueError):
            raise CheckFailed(f"{name} should hold numbers; got {type(got).__name__}.") from None
        if got.shape != expected.shape:
            raise CheckFailed(f"{name} should have shape {expected.shape}; got {got.shape}.")
        excess = np.abs(got - expected) - (atol + rtol * np.abs(expected))
        if got.size and not np.all(excess <= 0):  # NaN fails too
            worst = np.unravel_index(np.argmax(np.nan_to_num(excess, nan=np.inf)), got.shape)
            where = f" at {tuple(int(i) for i in worst)}" if worst else ""
            raise CheckFailed(
                f"{name}{where} should be {expected[worst]:.6g}; got {got[worst]:.6g}."
            )

    def at_most(self, got, limit, name):
        """Fail unless ``got <= limit``; NaN fails."""
        if not got <= limit:
            raise CheckFailed(f"{name} should be at most {float(limit):.6g}; got {float(got):.6g}.")

    def orthonormal(self, Q, name):
        """Fail unless the columns of ``Q`` are orthonormal, to the accuracy of its dtype."""
        eps = np.finfo(Q.dtype if Q.dtype.kind == "f" else float).eps
        gram = Q.T.astype(float) @ Q
        lengths = np.sqrt(np.diag(gram))
        off = np.max(np.abs(gram - np.eye(len(gram))))
        if off <= 100 * eps * np.sqrt(len(Q)):  # NaN is not
            return
        if off < 1e-3:
            raise CheckFailed(
                f"The columns of {name} are orthonormal to {off:.1g} only; "
                f"np.linalg.qr would make them so up to rounding."
            )
        if np.max(np.abs(lengths - 1)) < 1e-3:
            raise CheckFailed(
                f"The columns of {name} have length 1 but are not orthogonal: "
                f"did you orthonormalize them, or only divide by their lengths?"
            )
        raise CheckFailed(
            f"The columns of {name} are not orthonormal: their lengths run from "
            f"{lengths.min():.3g} to {lengths.max():.3g}."
        )

    def next_hint(self):
        """Return the next hint; the last one again when all were shown."""
        if not self.hints:
            return f"{self.number} has no hints."
        self._hints_shown = min(self._hints_shown + 1, len(self.hints))
        return f"Hint {self._hints_shown} of {len(self.hints)}: {self.hints[self._hints_shown - 1]}"

    def __enter__(self):
        own = [_fresh_seed()] if grading() else [0, *_personal]
        # The number keeps it apart from default_rng(0), which a student may have chosen.
        self.rng = np.random.default_rng([*own, *self.number.encode()])
        self._guard = guard(self.forbids, inside=source_file(self.answer))
        self._guard.__enter__()
        return self

    def __exit__(self, kind, error, tb):
        error = _closed(self._guard, error)
        if error is None:
            return self._passed()
        if _left_empty(error, self.answer):
            return self._empty()
        if not isinstance(error, Exception):
            return False  # an interrupt is the student's own
        self.state = "failed"
        more = f" (A hint: checks.hint({self.number!r}).)" if self.hints and not grading() else ""
        raise CheckFailed(f"{self.number}: {_in_words(error, self.answer)}{more}") from None

    def _passed(self):
        self.state = "passed"
        if not grading():
            later = f" Hidden tests when graded: {', '.join(self.hidden)}." if self.hidden else ""
            print(f"{self.number}: the visible checks pass.{later}")

    def _empty(self):
        self.state = "not attempted"
        if grading():
            raise CheckFailed(f"{self.number}: not attempted.") from None
        print(f"{self.number}: not attempted yet.")
        return True


class _HiddenTest:
    """A hidden test while it runs: guards the answer, and says in words what failed."""

    def __init__(self, check, kind, seed):
        self._check, self._kind, self._seed = check, kind, seed

    def __enter__(self):
        self._guard = guard(self._check.forbids, inside=source_file(self._check.answer))
        self._guard.__enter__()

    def __exit__(self, kind, error, tb):
        error = _closed(self._guard, error)
        if error is None or not isinstance(error, Exception):
            return False
        number, answer = self._check.number, self._check.answer
        if _left_empty(error, answer):
            raise CheckFailed(f"{number}, hidden test ({self._kind}): not attempted.") from None
        raise CheckFailed(
            f"{number}, hidden test ({self._kind}): {_in_words(error, answer)} [seed {self._seed}]"
        ) from None


def _closed(guard, error):
    """Close the guard; a forbidden call counts even where the student's code caught it."""
    try:
        guard.__exit__(type(error), error, None)
    except NotYours as refused:
        return refused
    return error


def _left_empty(error, answer):
    """Whether the stub's own `raise NotImplementedError` ended the call."""
    if not isinstance(error, NotImplementedError):
        return False
    if source_file(answer) is None:
        return True
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == source_file(answer)]
    # Below the stub nothing runs, except where its error came from another process.
    return bool(own) and (own[-1] is frames[-1] or own[-1].line.startswith("raise NotImpl"))


def _in_words(error, answer):
    """What went wrong, with the line of the student's own code where it did."""
    if isinstance(error, CheckFailed | NotYours):
        return str(error)
    name = getattr(answer, "__name__", "your answer")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == source_file(answer)]
    if not own and source_file(answer):
        return f"the check cannot use what {name} returned ({type(error).__name__}: {error})."
    where = f" in line {own[-1].lineno} of its cell (`{own[-1].line}`)" if own else ""
    return f"{name} stopped with {type(error).__name__}{where}: {error}"
