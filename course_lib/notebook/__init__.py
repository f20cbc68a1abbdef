"""What serves notebooks: checks of labs, and the figures, tables and questions of chapters.

No algorithm imports it: `from course_lib.notebook import checks, plots`.
"""

__all__ = ["checks", "explorable", "plots", "quiz", "tables"]
