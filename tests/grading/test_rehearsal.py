"""The rehearsal of a term in small: twenty students, one lab of a few lines, four copies."""

import json

import pytest

from grading.records.late import LatePolicy

from . import population
from .fixtures.notebooks import answer, check, hidden, locked, solution, student
from .population import Fault, Subject
from .rehearsal import Rehearsal, Spoilt
from .rehearsal_figures import grades, moved, table

LAB = "91-term"
RUNNING = """\
    means = []
    for end in range(len(values)):
        start = max(0, end + 1 - width)
        total = 0.0
        for place in range(start, end + 1):
            total += values[place]
        means.append(total / (end + 1 - start))
    return means
"""
RUNS = """\
    found = []
    for value in values:
        if found and found[-1][0] == value:
            found[-1][1] += 1
        else:
            found.append([value, 1])
    return [tuple(one) for one in found]
"""
MERGED = """\
    out, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            out.append(left[i])
            i += 1
        else:
            out.append(right[j])
            j += 1
    return out + left[i:] + right[j:]
"""
HEADS = {
    "answer-91-1": "def running(values, width):\n",
    "answer-91-2": "def runs(values):\n",
    "answer-91-3": "def merged(left, right):\n",
}
WRONG = {
    "answer-91-1": [
        RUNNING.replace("(end + 1 - start)", "width"),
        RUNNING.replace("end + 1 - width", "end - width"),
        "    return [sum(values[i : i + width]) / width for i in range(len(values))]\n",
    ],
    "answer-91-2": [
        RUNS.replace("found and found[-1][0] == value", "value in [one[0] for one in found]"),
        RUNS.replace("[value, 1]", "[value, 0]"),
        "    return [(value, values.count(value)) for value in sorted(set(values))]\n",
    ],
    "answer-91-3": [
        MERGED.replace(" + right[j:]", ""),
        MERGED.replace("<=", ">="),
        "    return [x for pair in zip(left, right) for x in sorted(pair)]\n",
    ],
}
ACCURACY = """\
values = rng.standard_normal(60).tolist()
expected = []
for end in range(60):
    total = 0.0
    for value in values[max(0, end - 6) : end + 1]:
        total += value
    expected.append(total / min(7, end + 1))
check.close(answer(values, 7), expected, "The running means")
"""
FAULT = Fault(
    LAB,
    "hidden-91-1-accuracy",
    'check.close(answer(values, 7), expected, "The running means")',
    'check.that(answer(values, 7) == expected, "The running means are off.")',
)


def notebook():
    """Three exercises with a check and a hidden test each, and the cell of the name."""
    return solution(
        student(),
        locked("setup", "from course_lib.notebook import checks"),
        answer("91-1", HEADS["answer-91-1"].strip(), RUNNING),
        check(
            "91-1",
            1,
            'with checks.exercise("91.1", running) as check:\n'
            '    check.close(running([1.0, 3.0, 8.0], 2), [1.0, 2.0, 5.5], "The means")',
        ),
        hidden("91-1", "accuracy", 2, ACCURACY),
        answer("91-2", HEADS["answer-91-2"].strip(), RUNS),
        check(
            "91-2",
            1,
            'with checks.exercise("91.2", runs) as check:\n'
            '    check.that(runs([4, 4, 7]) == [(4, 2), (7, 1)], "The runs are wrong.")',
        ),
        hidden(
            "91-2",
            "edge case",
            1,
            'check.that(answer([]) == [], "No values, no runs.")\n'
            'check.that(len(answer([1, 2, 1])) == 3, "A value may come again.")',
        ),
        answer("91-3", HEADS["answer-91-3"].strip(), MERGED),
        check(
            "91-3",
            1,
            'with checks.exercise("91.3", merged) as check:\n'
            '    check.that(merged([1, 4], [2, 3]) == [1, 2, 3, 4], "It is not sorted.")',
        ),
        hidden(
            "91-3",
            "edge case",
            1,
            'check.that(answer([], [5, 6]) == [5, 6], "One list may be empty.")\n'
            'check.that(answer([9], [5, 6]) == [5, 6, 9], "The rest is missing.")',
        ),
    )


def small():
    bodies = {"answer-91-1": RUNNING, "answer-91-2": RUNS, "answer-91-3": MERGED}
    return Subject(
        notebook(),
        {cell: HEADS[cell] + body for cell, body in bodies.items()},
        {cell: [HEADS[cell] + body for body in found] for cell, found in WRONG.items()},
    )


# --- Facts ---------------------------------------------------------------------------------


def test_the_rules_make_copiers_with_a_victim_each():
    subjects = {LAB: small(), "92-other": small()}
    people = population.population(60, subjects, 12)
    copiers = [one for one in people if one.origin]
    victims = [origin for one in copiers for origin in one.origin.values()]
    assert len(copiers) == len(set(victims)) == 12
    assert not {one.name for one in copiers} & set(victims)
    assert sum(LAB in one.origin for one in copiers) == 6
    assert sum(one.forgets for one in copiers) == 3
    numbers = {one.name: one.number for one in people}
    for one in copiers:
        ((lab, origin),) = one.origin.items()
        cells = population.answers(one, lab, subjects[lab], numbers)
        signed = origin if one.forgets else one.name
        assert cells["student"] == f"student = {signed!r}"
        theirs = population.honest(numbers[origin], lab, subjects[lab])
        assert cells.keys() - {"student"} == theirs.keys()


def test_a_class_too_small_for_its_copies_is_refused():
    with pytest.raises(ValueError, match="three times n_copies; got 8 and 3"):
        population.population(8, {LAB: small()}, 3)


def test_a_student_writes_the_same_each_time_and_not_the_same_in_each_lab():
    one = small()
    assert population.honest(7, LAB, one) == population.honest(7, LAB, one)
    assert any(
        population.honest(n, LAB, one) != population.honest(n, "other", one) for n in range(5)
    )


def test_what_moved_is_counted_by_hand():
    before = {
        f"ann {LAB}": {"check-91-1": [1, 1], "hidden-91-1-accuracy": [0, 2], "check-91-2": [0, 1]},
        f"bob {LAB}": {"check-91-1": [0, 1], "hidden-91-1-accuracy": [0, 2], "check-91-2": [1, 1]},
    }
    after = json.loads(json.dumps(before))
    after[f"ann {LAB}"]["hidden-91-1-accuracy"][0] = 2
    after[f"bob {LAB}"]["check-91-2"][0] = 0
    found = moved(before, after, FAULT)
    assert (found["gained"], found["lost"]) == (["ann"], [])
    assert (found["rejected"], found["regained"], found["others changed"]) == (1, 1, 1)


def test_grades_by_the_rules_are_those_of_a_calculation_by_hand():
    late = {"a": 30.0, "b": 30.0}  # hours: two days, and one after the extension
    person = population.Person("ann", 0, late, {"b": 1}, {})
    marks = {"ann a": {"t": [10, 10]}, "ann b": {"t": [10, 10]}}
    policy = LatePolicy(late_days=1, grace_minutes=15, per_day=0.1)
    found = grades([person], ["a", "b", "c"], marks, policy)
    assert found == {("ann", "a"): 9.0, ("ann", "b"): 9.0}


# --- The term ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    root = tmp_path_factory.mktemp("rehearsal")
    played = Rehearsal(root, {LAB: small()}, FAULT, 20, n_copies=4, workers=1)
    played.run()
    return played


@pytest.mark.slow
def test_the_term_shows_that_the_desk_works(rehearsal):
    done = rehearsal.done
    items, again = done["analyze"], done["regrade"]
    assert len(done["compare"]["found"]) >= 2  # of four: answers of a few lines are hard to tell
    assert len(done["compare"]["honest"]) <= 2  # of some 180
    assert items["in its lab"] == 1 and "is it right" in items["remark"]
    assert again["rejected"] == again["regained"] == len(again["gained"]) > 0
    assert again["lost"] == [] and again["others changed"] == 0
    assert again["in changes.csv as found"]
    n = done["make"]["submissions"]
    assert again["ran"] == {"repaired": n, "its check": n, "others": 0}
    assert again["items"]["remark"] != items["remark"]
    for settled in (done["settle"], again["grades"]):
        assert settled == {"grades": n, "as the rules say": n, "more": 0}
    assert "copies found" in table(done, FAULT)
    assert json.loads(rehearsal.path.read_text()) == done


@pytest.mark.slow
def test_a_finished_rehearsal_is_not_played_again_and_another_is_refused(rehearsal):
    again = Rehearsal(rehearsal.root, {LAB: small()}, FAULT, 20, n_copies=4)
    assert again.run() == rehearsal.done
    with pytest.raises(Spoilt, match="take an empty folder"):
        Rehearsal(rehearsal.root, {LAB: small()}, FAULT, 21, n_copies=4).run()
