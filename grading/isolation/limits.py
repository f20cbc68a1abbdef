"""What a submission may use before it is stopped, and what is said of one that was."""

from dataclasses import asdict, dataclass, fields, replace
from typing import NamedTuple

__all__ = ["PROCESSOR", "SLEEP", "TESTS", "WALL", "WHOLE", "Allowance", "Cut", "Limits"]

PROCESSOR, SLEEP, WALL = "processor time", "sleep", "wall time"
TESTS = "processor time of the test"  # what an answer made the tests' side spend
WHOLE = "processor time of the notebook"


class Allowance(NamedTuple):
    """What one cell, one test or a whole notebook may use.

    Attributes
    ----------
    seconds : float
        Of processor time.
    wall : float
        Seconds by the clock; far more, and reached only by code that sleeps and hides it.
    solution : float or None
        Processor time that the solution needs; None where it does nothing of the kind.
    """

    seconds: float
    wall: float
    solution: float | None = None


class Cut(NamedTuple):
    """A limit that was reached.

    Attributes
    ----------
    limit : str
        `PROCESSOR`, `SLEEP`, `WALL`, `TESTS` or `WHOLE`.
    used, allowed : float
        Seconds.
    solution : float or None
        As in `Allowance`.
    """

    limit: str
    used: float
    allowed: float
    solution: float | None = None

    def __str__(self):
        used, allowed = _seconds(self.used), _seconds(self.allowed)
        if self.limit == SLEEP:
            return f"slept: nothing in it ran for {used} s, and the limit is {allowed}."
        if self.limit == WALL:
            return f"slept: no answer came for {used} s by the clock, and the limit is {allowed}."
        start = {
            PROCESSOR: f"used {used} s of processor time",
            TESTS: f"made the test use {used} s of processor time",
            WHOLE: f"used {used} s of processor time in the whole notebook",
        }[self.limit]
        if self.solution is None:
            return f"{start}; the limit is {allowed}."
        return f"{start}; the solution needs {_seconds(self.solution)} and the limit is {allowed}."


def _seconds(value):
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


@dataclass(frozen=True)
class Limits:
    """Limits for one submission.

    What counts is processor time, of all processes of the submission together. It does not depend
    on what else the machine does. A limit is `multiple` times what the solution needs for
    the same cell or test, and never below a floor. A lab that needs other limits says so in the
    metadata of its solution notebook, under ``grading``: ``{"cell_seconds": 120}``.

    Attributes
    ----------
    multiple : float
        How many times the solution's processor time an answer may use.
    cell_seconds : float
        Floor of the limit for one cell, for all that one test asks of the student's code
        together, and for what that makes the test itself spend.
    setup_seconds : float
        Floor of the limit for one of the instructor's cells.
    submission_seconds : float
        Floor of the limit for everything.
    sleep_seconds : float
        How long, in one cell or test, none of the processes may want a processor while their
        answer is awaited. Waiting for a busy machine is no sleep.
    patience : float
        Wall time is a backstop: seconds by the clock, for each second of processor time that is
        allowed.
    grace_seconds : float
        Processor time, or sleep, after an interrupt and before the process is killed.
    memory_bytes : int
        Address space of one process, and memory of all processes together.
    tests_memory_bytes : int
        Address space by which the process that runs the tests may grow in one of them.
    processes : int
        Processes and threads.
    file_bytes : int
        Space for files, and the largest file.
    output_chars : int
        Output that is kept of one cell.
    notebook_bytes : int
        Size of the text of a notebook's cells; its file, outputs included, may have five times
        as much.
    restarts : int
        How often a process that died, the student's or the tests', is started again for the
        exercises that are left.
    """

    multiple: float = 10.0
    cell_seconds: float = 30.0
    setup_seconds: float = 120.0
    submission_seconds: float = 600.0
    sleep_seconds: float = 30.0
    patience: float = 20.0
    grace_seconds: float = 2.0
    memory_bytes: int = 4 << 30
    tests_memory_bytes: int = 4 << 30
    processes: int = 64
    file_bytes: int = 256 << 20
    output_chars: int = 100_000
    notebook_bytes: int = 10 << 20
    restarts: int = 10

    def updated(self, changes):
        """Return these limits with some of them changed; refuse unknown names.

        Raises
        ------
        ValueError
            If a name is not a limit, or a value is not a positive number.
        """
        kinds = {limit.name: limit.type for limit in fields(self)}
        for name, value in changes.items():
            if name not in kinds:
                raise ValueError(f"limits must be among {', '.join(kinds)}; got {name!r}.")
            if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
                raise ValueError(f"{name} must be a positive number; got {value!r}.")
        now = asdict(self)
        return replace(self, **{name: type(now[name])(value) for name, value in changes.items()})

    def allow(self, floor, solution=None):
        """Return the `Allowance` of work that takes the solution this much processor time.

        Parameters
        ----------
        floor : float
            One of the limits above, in seconds.
        solution : float, optional
            Seconds; None where the solution does nothing of the kind.
        """
        seconds = max(floor, self.multiple * (solution or 0.0))
        return Allowance(seconds, self.patience * seconds, solution)
