"""Two processes and the border between them: student's code in a sandbox, tests outside.

The lowest room: it imports nothing else of `grading`, since half of it is mounted into the
sandbox. From it come `limits.Limits`, `sandbox`, and `candidate.Candidate`, the student's process
as the tests see it.
"""
