"""Run the tests: ``all`` of them, or the ``fast`` ones.

Two processes, each with one BLAS thread. A file's tests stay in one process, so that what they
share (a built book, a graded class) is made once.
"""

import os
import subprocess
import sys

COMMON = ["-q", "-n", "2", "--dist", "loadfile"]
KINDS = {
    "all": ["tests", "course_lib", "--doctest-modules", "--durations=15"],
    "fast": ["tests", "course_lib", "--doctest-modules", "-m", "not slow"],
}


def main(kind):
    """Run one kind of tests and return pytest's exit code."""
    if kind not in KINDS:
        sys.exit(f"Choose one of {', '.join(KINDS)}; got {kind!r}.")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "pytest", *COMMON, *KINDS[kind]]
    return subprocess.run(command, env={**os.environ, **threads}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
