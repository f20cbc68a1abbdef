"""Run the tests: ``all`` of them, the ``fast`` ones, ``nightly`` more, or all with their ``costs``.

By day some tests take a sample: one seed of three, one view of a page of four, some labs of all.
``nightly`` takes everything, and ten times as many of hypothesis's examples.

Three processes on two cores, each with one BLAS thread: some tests wait for a browser, a sandbox
or a deadline. A file's tests stay in one process, so that what they share (a built book, a graded
class) is made once; the files come in the order of `tests/conftest.py`, longest first.
"""

import os
import subprocess
import sys
import tempfile

COMMON = ["-q", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder", "-p", "no:nbval"]
KINDS = {
    "all": ["tests", "course_lib", "grading", "--doctest-modules", "--durations=15"],
    "nightly": ["tests", "course_lib", "grading", "--doctest-modules", "--durations=30"],
    "fast": ["tests", "course_lib", "grading", "--doctest-modules", "-m", "not slow"],
    "costs": ["tests", "course_lib", "grading", "--doctest-modules", "-p", "tests.costs"],
}


def main(kind):
    """Run one kind of tests and return pytest's exit code."""
    if kind not in KINDS:
        sys.exit(f"Choose one of {', '.join(KINDS)}; got {kind!r}.")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "pytest", *COMMON, *KINDS[kind]]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **threads, "COURSE_COSTS": folder if kind == "costs" else ""}
        if kind == "nightly":
            environment |= {"COURSE_NIGHTLY": "1", "HYPOTHESIS_PROFILE": "nightly"}
        code = subprocess.run(command, env=environment, check=False).returncode
        if kind == "costs":
            from tests import costs

            print(costs.table(folder))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
