"""Counting distinct things in a memory that does not grow with them.

Book: ``book/04-distinct.md``.
"""

from course_lib.distinct.hyperloglog import HyperLogLog
from course_lib.distinct.kmv import KMV
from course_lib.distinct.morris import Morris
from course_lib.distinct.registers import PCSA, LogLog

__all__ = ["KMV", "PCSA", "HyperLogLog", "LogLog", "Morris"]
