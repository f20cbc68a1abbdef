"""What a submission may use before it is stopped."""

from dataclasses import asdict, dataclass, fields, replace

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Limits for one submission.

    A lab that needs more says so in the metadata of its solution notebook, under ``grading``:
    ``{"cell_seconds": 120}``.

    Attributes
    ----------
    cell_seconds : float
        Wall time of one cell, and of all that one test asks of the student's code together.
    setup_seconds : float
        Wall time of one of the instructor's cells.
    submission_seconds : float
        Wall time of everything.
    cpu_seconds : int
        Processor time of the student's process.
    grace_seconds : float
        Time to react to an interrupt before the process is killed.
    memory_bytes : int
        Address space of one process, and memory of all processes together.
    tests_memory_bytes : int
        Address space of the process that runs the tests, answers included.
    processes : int
        Processes and threads.
    file_bytes : int
        Space for files, and the largest file.
    output_chars : int
        Output that is kept of one cell.
    notebook_bytes : int
        Size of the submitted file, and of all that an archive unpacks to.
    restarts : int
        How often a process that died is started again for the exercises that are left.
    """

    cell_seconds: float = 30.0
    setup_seconds: float = 120.0
    submission_seconds: float = 600.0
    cpu_seconds: int = 600
    grace_seconds: float = 2.0
    memory_bytes: int = 4 << 30
    tests_memory_bytes: int = 12 << 30
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
