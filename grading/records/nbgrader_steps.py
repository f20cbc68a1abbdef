"""What nbgrader's own autograder does here: it asks this package, which isolates.

So the button in formgrader, and ``nbgrader autograde``, run no submission as the instructor.
"""

import subprocess
import sys
from pathlib import Path

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor

__all__ = ["GradeIsolated"]


class GradeIsolated(NbGraderPreprocessor):
    """Grade one submission by ``python -m grading`` and return the graded notebook."""

    def preprocess(self, notebook, resources):
        """See nbconvert's Preprocessor; raises RuntimeError with what the grader said."""
        names = resources["nbgrader"]
        student, lab = names["student"], names["assignment"]
        root = Path(self.config.CourseDirectory.root)
        command = [sys.executable, "-m", "grading", "--root", root, "--again"]
        command += ["--lab", lab, f"--student={student}"]
        # Not from the course's folder: its data lies in a folder of this package's name.
        home = Path(__file__).parents[2]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True)
        graded = root / "grading" / "autograded" / student / lab / f"{lab}.ipynb"
        if done.returncode or not graded.exists():
            raise RuntimeError(f"{done.stdout}{done.stderr}".strip())
        return nbformat.read(graded, 4), resources
