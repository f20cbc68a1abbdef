"""nbgrader for this course: where its folders are, what an empty answer looks like.

Submissions are graded by ``make grade``, which runs them in isolation. nbgrader's own
autograder would run them as the instructor, beside the hidden tests; here it hands over to
the isolated one, so that the button in formgrader is safe too.
"""

from pathlib import Path

root = Path(__file__).parent
c = get_config()  # noqa: F821 - nbgrader defines it

c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.db_url = f"sqlite:///{root / 'grading' / 'gradebook.db'}"

c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("write your answer here")'}
c.ClearSolutions.text_stub = "Write your answer here."

# What a late lab loses; see the instructors' page on late days.
c.LateSubmissionPlugin.penalty_method = "none"

c.Autograde.sanitize_preprocessors = []
c.Autograde.autograde_preprocessors = ["grading.records.nbgrader_steps.GradeIsolated"]
