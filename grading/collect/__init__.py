"""Downloads of learning platforms, brought to ``grading/submitted``: ``python -m grading.collect``.

`downloads` finds the notebooks and what the platform says of each, `who` and `lab` tell whose and
of which lab it is, `place` puts what counts in its place and keeps the rest aside.
"""
