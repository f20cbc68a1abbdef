"""What the cells of a lab use: checks that name the mistake, hints, hidden tests, a summary.

A check cell looks at the student's answer, as often as he likes::

    with checks.exercise("06.1", find_range, hidden=["accuracy"], hints=[...]) as check:
        Q = find_range(A, 4, rng)
        check.shape(Q, (50, 4), "Q")
        check.that(..., "The columns of Q are not orthonormal: did you orthonormalize them?")

A hidden test sees the same answer when the lab is graded, with other inputs at each run::

    @checks.hidden("06.1", "accuracy")
    def accuracy(check, find_range, rng): ...

An answer that is still empty prints "not attempted yet", so that an unsolved lab runs from
top to bottom; when graded (``SML_GRADING=1``) it fails, as every other mistake does.
"""

import os
import sys
import traceback
import unicodedata

import numpy as np

from course_lib.notebook._answer import Answer, Last
from course_lib.notebook._assertions import Assertions
from course_lib.notebook._forms import Array, Boolean, Mapping, Number, Parts, Sequence, Sparse
from course_lib.notebook._guard import NotYours, forbidden_now, guard, source_file
from course_lib.notebook._memory import held_bytes
from course_lib.notebook._scope import Scope
from course_lib.notebook._values import CheckFailed

__all__ = [
    "KINDS",
    "Array",
    "Boolean",
    "CheckFailed",
    "Exercise",
    "Mapping",
    "NotYours",
    "Number",
    "Parts",
    "Sequence",
    "Sparse",
    "exercise",
    "forbidden_now",
    "grading",
    "guard",
    "held_bytes",
    "hidden",
    "hint",
    "last",
    "normal_id",
    "personal",
    "points",
    "replay",
    "summary",
]

KINDS = ("accuracy", "cost", "edge case")  # of hidden tests

last = Last()  # the call before the last failure; see `Last`

_exercises = {}  # number -> Exercise, in the order of the lab
_points = {}  # number -> (visible, hidden), where the lab tells
_seeds = {}  # number -> the seed that `replay` asked for
_personal = []  # what tells this student's visible checks from everybody's


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


def exercise(number, answer, *, returns=None, forbids=(), hidden=(), hints=()):
    """Return the `Exercise` whose checks stand in the ``with`` block that this opens.

    Inside the block, and in hidden tests, the answer works on copies of its arguments, and a
    check that fails leaves its last call in `last`. The names that the block binds over names of
    the notebook mean the same as before when it ends.

    Parameters
    ----------
    number : str
        Chapter and exercise, such as ``"06.1"``.
    answer : callable
        What the student wrote: a function or a class.
    returns : callable, optional
        The form of what a function returns, such as ``checks.Array()``, for the check and the
        hidden tests; see `Array`, `Number`, `Boolean`, `Parts`, `Sequence`, `Mapping` and `Sparse`.
    forbids : sequence of str or function
        Dotted names of functions that would give the answer away, and functions of the
        notebook's own cells. A call that reaches one from the student's code, directly or not,
        fails with "write this one yourself".
    hidden : sequence of str
        The `KINDS` of the tests that run when the lab is graded.
    hints : sequence of str
        From a nudge to almost the answer; each `hint` shows one more.
    """
    made = Exercise(number, answer, forbids, hidden, hints, returns)
    if number in _exercises:
        made._goes_on_from(_exercises[number])
    _exercises[number] = made
    return made


def hidden(number, kind):
    """Return a decorator that runs ``test(check, answer, rng)`` at once.

    The answer is the one that the check cell of exercise ``number`` was given. ``rng`` is
    seeded afresh at each run (``SML_GRADING_SEED`` repeats one); a failure names the seed.

    Raises
    ------
    CheckFailed
        If the test fails, or the check cell of this exercise did not run before; a test of cost
        also if the check failed, since to do little is easy when the result does not matter.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}.")

    def run(test):
        if number not in _exercises:
            raise CheckFailed(f"{number}: the check cell above did not run.")
        check = _exercises[number]
        seed = _fresh_seed()
        before = getattr(test, "__globals__", {}).get(getattr(test, "__name__", ""), test)
        with _HiddenTest(check, kind, seed):
            if kind == "cost" and check.state == "failed":
                raise CheckFailed("a cost counts only for an answer that the check accepts.")
            test(check, check.answer, np.random.default_rng(seed))
        return before  # a test may be called `cost`, and so may what the notebook imported

    return run


def hint(number):
    """Print the next hint of an exercise; each call goes one step further."""
    if number not in _exercises:
        print(f"Run the check cell of exercise {number} first; it knows the hints.")
        return
    print(_exercises[number].next_hint())


def points(table):
    """Tell `summary` what each exercise is worth: ``{"06.1": (visible, hidden), ...}``."""
    _points.clear()
    _points.update(table)


def replay(number, seed):
    """Let the check of an exercise draw from a seed that the feedback of a graded lab names.

    The check cell then draws what it drew when the lab was graded. Hidden tests are not in a
    student's notebook, so what failed there shows again only if it also fails in the check. None
    goes back to the student's own numbers.
    """
    if seed is None:
        _seeds.pop(number, None)
        print(f"The check of {number} draws your own numbers again; run its cell.")
        return
    _seeds[number] = int(seed)
    print(
        f"The check of {number} now draws what it drew when the lab was graded with seed {seed}; "
        "run its cell. The hidden tests are not here: they drew other inputs from that seed. "
        f"checks.replay({number!r}, None) goes back to your own numbers."
    )


def summary():
    """Print what is done and what is left, exercise by exercise.

    At the top of a lab it knows the exercises that `points` names.
    """
    names = list(dict.fromkeys([*_points, *_exercises]))
    worth = bool(_points)
    head = f"{'points':<10}" if worth else ""
    print(f"{'exercise':<10}{head}{'visible checks':<34}{'hints':<8}hidden tests, when graded")
    for number in names:
        check = _exercises.get(number)
        visible, later = _points.get(number, ("?", "?"))
        own = f"{f'{visible} + {later}':<10}" if worth else ""
        if check is None:
            print(f"{number:<10}{own}not run")
            continue
        hints = f"{check._hints_shown} of {len(check.hints)}"
        kinds = ", ".join(check.hidden) or "none"
        print(f"{number:<10}{own}{check._told():<34}{hints:<8}{kinds}")
    passed = [number for number in names if number in _exercises and _exercises[number].passed]
    earned = f", {sum(_points.get(one, (0,))[0] for one in passed)} points" if worth else ""
    print(f"{len(passed)} of {len(names)} exercises pass their visible checks{earned}.")


def _fresh_seed():
    """A seed that nobody knows beforehand, unless ``SML_GRADING_SEED`` repeats one."""
    return int(os.environ.get("SML_GRADING_SEED") or np.random.SeedSequence().entropy % 2**32)


class Exercise(Assertions):
    """One exercise while it is checked; see `exercise`.

    Attributes
    ----------
    answer : callable
        The student's answer as a test calls it; see `Answer`.
    state : {"not run", "not attempted", "failed", "passed"}
    rng : numpy.random.Generator
        What the visible checks draw from: a student's own numbers (see `personal`), the same
        at each run, so that a mistake stays where it is while he looks for it; fresh ones when
        graded.
    """

    def __init__(self, number, answer, forbids=(), hidden=(), hints=(), returns=None):
        self.number, self.hidden = number, tuple(hidden)
        self.forbids, self.hints = tuple(forbids), tuple(hints)
        self.state, self._before = "not run", None
        self._answer = Answer(answer, returns, None if grading() else last)
        self.answer = self._answer.guarded
        self._hints_shown = 0
        self._guard = self._scope = self.rng = None

    @property
    def passed(self):
        """Whether the visible checks passed when they ran last."""
        return self.state == "passed"

    def _goes_on_from(self, earlier):
        self._hints_shown = min(earlier._hints_shown, len(self.hints))
        self._before = earlier.state

    def _told(self):
        news = {("passed", "failed"): " (passed before)", ("failed", "passed"): " (failed before)"}
        return self.state + news.get((self._before, self.state), "")

    def next_hint(self):
        """Return the next hint; the last one again when all were shown."""
        if not self.hints:
            return f"{self.number} has no hints."
        self._hints_shown = min(self._hints_shown + 1, len(self.hints))
        return f"Hint {self._hints_shown} of {len(self.hints)}: {self.hints[self._hints_shown - 1]}"

    def __enter__(self):
        seed = _seeds.get(self.number)
        own = [_fresh_seed()] if grading() else [0, *_personal] if seed is None else [seed]
        # The number keeps it apart from default_rng(0), which a student may have chosen.
        self.rng = np.random.default_rng([*own, *self.number.encode()])
        last.forget()
        self._scope = Scope(sys._getframe(1).f_globals)
        self._guard = self._new_guard()
        self._answer.open(self._scope.names)
        self._guard.__enter__()
        return self

    def __exit__(self, kind, error, tb):
        error = _closed(self._guard, error)
        self._answer.close()
        self._scope.close()
        if error is None:
            return self._passed()
        if _left_empty(error, self._answer.raw):
            return self._empty()
        if not isinstance(error, Exception):
            return False  # an interrupt is the student's own
        self.state = "failed"
        raise CheckFailed(
            f"{self.number}: {_in_words(error, self._answer.raw)}{self._more()}"
        ) from None

    def _new_guard(self):
        answer = self._answer
        return guard(self.forbids, source_file(answer.raw), lambda: answer.running)

    def _more(self):
        """Where to look on, in few words."""
        if grading():
            return ""
        more = [f"A hint: checks.hint({self.number!r})."] if self.hints else []
        more += ["The call: checks.last."] if last.name else []
        return f" ({' '.join(more)})" if more else ""

    def _passed(self):
        self.state = "passed"
        last.forget()
        if not grading():
            later = f" Hidden tests when graded: {', '.join(self.hidden)}." if self.hidden else ""
            print(f"{self.number}: the visible checks pass.{later}")

    def _empty(self):
        self.state = "not attempted"
        last.forget()
        if grading():
            raise CheckFailed(f"{self.number}: not attempted.") from None
        print(f"{self.number}: not attempted yet.")
        return True


class _HiddenTest:
    """A hidden test while it runs: guards the answer, and says in words what failed."""

    def __init__(self, check, kind, seed):
        self._check, self._kind, self._seed = check, kind, seed

    def __enter__(self):
        self._guard = self._check._new_guard()
        self._check.in_hidden_test = True
        self._check._answer.open()
        self._guard.__enter__()

    def __exit__(self, kind, error, tb):
        error = _closed(self._guard, error)
        self._check._answer.close()
        self._check.in_hidden_test = False
        if error is None or not isinstance(error, Exception):
            return False
        number, answer = self._check.number, self._check._answer.raw
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
