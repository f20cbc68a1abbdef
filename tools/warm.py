"""Compile what the labs use, once, so that no first check waits for the compiler in silence.

Numba keeps what it compiled beside the library, for every kernel that comes after. ``make course``
starts ``python -m tools.warm`` in the background, at the lowest priority: it runs the cells of each
lab and throws away what they show.
"""

import contextlib
import io
import os
import pathlib
import signal
import subprocess
import sys

import nbformat

from tools.imports import digest_of

__all__ = ["in_background", "is_warm", "main", "run"]

ROOT = pathlib.Path(__file__).parents[1]
STAMP = ROOT / "_build" / "labs-compiled"
PATIENCE_S = 600  # for one lab


@contextlib.contextmanager
def in_background():
    """Compile while the block runs, unless that was done for this state of the library."""
    if is_warm():
        yield
        return
    print(
        "Compiling what the labs use, in the background and once; until that ends, a first check "
        "may take ten seconds longer.",
        flush=True,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.warm"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def is_warm():
    """Whether everything was compiled since the library or a lab changed."""
    return STAMP.exists() and STAMP.read_text() == _state()


def _state():
    notebooks = sorted((ROOT / "solutions").glob("*/*.ipynb"))
    return digest_of([*sorted((ROOT / "course_lib").rglob("*.py")), *notebooks], ROOT)


def main(slugs=()):
    """Run the labs one after the other, each in a process of its own, and note that it was done."""
    os.nice(19)
    if slugs:
        for slug in slugs:
            run(nbformat.read(ROOT / "solutions" / slug / f"{slug}.ipynb", as_version=4))
        return
    state = _state()
    for path in sorted((ROOT / "solutions").glob("*/*.ipynb")):
        with contextlib.suppress(subprocess.TimeoutExpired):
            command = [sys.executable, "-W", "ignore", "-m", "tools.warm", path.stem]
            environment = os.environ | {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
            subprocess.run(command, cwd=ROOT, env=environment, timeout=PATIENCE_S, check=False)
    STAMP.parent.mkdir(exist_ok=True)
    STAMP.write_text(state)


def run(notebook):
    """Run the cells of a lab that a student has too; one that raises is left behind."""
    names = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.id.startswith("hidden-"):
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, f"<{cell.id}>", "exec"), names)


if __name__ == "__main__":
    main(sys.argv[1:])
