"""Tests of course_lib, the book, the labs and the grader."""
