"""What others wrote, made ours: texts, names, times, tables; a sentence where that cannot be done.

It imports nothing of `grading`. Nothing that is read here stops a run: `text.Unreadable` carries
the sentence that says what was expected, what came, in which line, and how to mend it.
"""
