"""Bounds of memory: what a process may grow by, who had no room, what is read as code."""

import gc
import time

import numpy as np
import pytest

from grading.isolation.limits import Limits
from grading.isolation.proxies import WRITTEN_IN
from grading.isolation.room import address_space, had_no_room, room
from grading.isolation.sandbox import Sandbox
from grading.lab import CODE_CHARACTERS, parse, parsed
from grading.similarity.fingerprints import tokens

from .fixtures.course import Course
from .fixtures.labs import small_lab


def test_a_process_grows_by_so_much_and_no_more():
    gc.collect()
    with room(200 << 20):
        np.zeros(1 << 20)
        with pytest.raises(MemoryError):
            np.zeros(1 << 26)
    assert np.zeros(1 << 26).nbytes == 1 << 29
    assert address_space() > 1 << 27


def no_room(wrapped=True, file=__file__):
    try:
        try:
            exec(compile("raise MemoryError", file, "exec"))
        except MemoryError as error:
            if not wrapped:
                raise
            raise AssertionError(f"in words: {error}") from None
    except Exception as error:
        return error


def test_who_had_no_room_is_found_below_other_errors_and_not_on_the_other_side():
    assert had_no_room(no_room()) and had_no_room(no_room(wrapped=False))
    assert not had_no_room(None) and not had_no_room(ValueError())
    assert not had_no_room(no_room(file=WRITTEN_IN), elsewhere=(WRITTEN_IN,))


def test_a_process_started_meanwhile_has_its_own_limit():
    """The student's process may be larger than what the tests' may grow by, and the reverse."""
    limits = Limits(memory_bytes=2 << 30, tests_memory_bytes=64 << 20)
    with room(limits.tests_memory_bytes), Sandbox(limits, {}) as one:
        one.wire.send({"ask": "look", "number": 1, "args": ["In"], "kwargs": {}})
        assert one.wire.receive(time.monotonic() + 300)[0]["number"] == 1


@pytest.mark.slow
def test_tests_with_less_memory_than_answers_grade_as_usual(tmp_path):
    course = Course(tmp_path, _90_small=small_lab())
    course.hand_in("good", "90-small", "solution")
    course.grade_apart("--limit", "tests_memory_bytes=400000000")
    assert course.scores() == {"good": 10}


def test_code_that_would_make_an_enormous_tree_is_not_read():
    long = "student = " + "*".join("2" * (3 << 20))
    for read in (parse, parsed):
        with pytest.raises(SyntaxError, match=f"at most {CODE_CHARACTERS:,} characters"):
            read(long)
    before = time.process_time()
    assert tokens(long)
    assert time.process_time() - before < 4  # under 1 s; tree and words took 21
