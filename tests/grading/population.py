"""A term that does not exist: who hands in what, when, who copies, and which test is broken.

Skill and habits of a student are the same in all labs (`synthetic`). By further rules

- one lab in twenty-five is not handed in;
- one in eight is one hour to five days late, and four in ten of those have an extension of one
  to four days;
- a copier copies one lab from somebody who handed it in and answered at least one exercise;
  nobody is copied twice, and no copier is copied. The other labs he writes himself, and labs of
  one or two exercises, such as Lab 00, nobody copies;
- every fourth copier also leaves the other's name in the cell `student`.
"""

import ast
import functools
import inspect
import random
from typing import NamedTuple

from tests import labs, mistakes

from .synthetic import Style, copied, rewritten

__all__ = [
    "FAULTS",
    "Fault",
    "Person",
    "Subject",
    "answers",
    "copy_of",
    "honest",
    "population",
    "subject",
]

MISSING, LATE, EXTENDED = 1 / 25, 1 / 8, 4 / 10
FEW = 2  # exercises of a lab that nobody bothers to copy
EMPTY = 0.9  # of the wrong starts, the share that is handed in; the others stay empty


class Subject(NamedTuple):
    """What answers to a lab start from, by answer cell.

    Attributes
    ----------
    notebook : nbformat.NotebookNode
        The instructor's.
    solution : dict of str to str
    wrong : dict of str to list of str
    """

    notebook: object
    solution: dict
    wrong: dict


class Person(NamedTuple):
    """One student of the term.

    Attributes
    ----------
    name : str
    number : int
        Decides skill and habits.
    late : dict of str to float
        Hours after the due date by lab, negative before it; a lab that is missing here was not
        handed in.
    extension : dict of str to int
        Days, by lab.
    origin : dict of str to str
        Who was copied, by lab.
    forgets : bool
        Whether the other's name stays in the notebook.
    """

    name: str
    number: int
    late: dict
    extension: dict
    origin: dict
    forgets: bool = False


class Fault(NamedTuple):
    """A broken test: in one cell of a lab, ``wrong`` stands where ``right`` should."""

    lab: str
    test: str
    right: str
    wrong: str


FAULTS = [
    Fault(
        "01-cost",
        "hidden-01-2-edge-case",
        '        check.close(seconds, 8e9 / speed, f"Reading 8 GB at a footprint of {footprint}, '
        'seconds")',
        "        for size in rng.uniform(1e9, 9e9, 20).tolist():\n"
        '            step = {"footprint": footprint, "bytes": size}\n'
        "            seconds = predict_program(machine, [step])[0]\n"
        '            check.that(seconds == size / speed, f"Reading {size} bytes: {seconds} s.")',
    ),
    Fault(
        "00-how-labs-work",
        "hidden-00-1-edge-case",
        '        check.close(means, A.mean(axis=0), f"The mean of {m} rows")',
        "        A = rng.integers(0, 256, (m, 50 * n)).astype(np.float32)\n"
        "        means = column_means(CountedMatrix(A, Meter()))\n"
        "        exact = A.sum(axis=0, dtype=float) / m\n"
        '        check.that(np.array_equal(means, exact), f"The mean of {m} rows is off.")',
    ),
]


def subject(slug):
    """Return the `Subject` of one of the course's labs."""
    solution = {cell.id: cell.source for cell in labs.cells(slug, "answer-")}
    names = {cell: ast.parse(source).body[-1].name for cell, source in solution.items()}
    wrong = {cell: [] for cell in solution}
    for one in mistakes.load(slug):
        cell = f"answer-{one.exercise.replace('.', '-')}"
        wrong[cell].append(complete(one, names[cell]))
    return Subject(labs.solution(slug), solution, wrong)


def complete(wrong, name):
    """Return a mistake as an answer that defines ``name``, with what it needs of its file."""
    parts = _parts(inspect.getmodule(wrong.function))
    text = mistakes.source(wrong, name)
    waiting, needed = [ast.parse(text)], set()
    while waiting:
        used = {part.id for part in ast.walk(waiting.pop()) if isinstance(part, ast.Name)}
        for word in used & parts.keys() - needed:
            needed.add(word)
            waiting.append(parts[word])
    kept = dict.fromkeys(ast.unparse(node) for word, node in parts.items() if word in needed)
    return "\n\n".join([*kept, text])


@functools.cache
def _parts(module):
    """What a file of mistakes imports and defines, no mistakes, by name."""
    parts = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            parts[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            parts |= {(one.asname or one.name).partition(".")[0]: node for one in node.names}
    return parts


def student(number):
    """Return the skill and the style of a student."""
    rng = random.Random(number)
    return min(1.0, max(0.2, rng.gauss(0.75, 0.2))), Style(rng)


def copy_of(cells, seed):
    """Return the cells of a copier."""
    rng = random.Random(seed)
    return {name: copied(source, rng) for name, source in cells.items()}


def honest(number, slug, one):
    """Return the answer cells of student ``number`` for a lab, without what stays empty.

    Parameters
    ----------
    number : int
    slug : str
        The lab's name, which the student's luck depends on.
    one : Subject
    """
    skill, style = student(number)
    style.rng = random.Random(f"{number} {slug}")
    cells = {}
    for cell, source in one.solution.items():
        luck = style.rng.random()
        if luck > skill:
            source = style.rng.choice(one.wrong[cell])
        if luck < skill + EMPTY * (1 - skill):
            cells[cell] = rewritten(source, style)
    return cells


def population(n, subjects, n_copies, seed=0):
    """Return the students of a term.

    Parameters
    ----------
    n : int
        Copiers included.
    subjects : dict of str to Subject
        By lab; the copiers take turns over those of more than two exercises.
    n_copies, seed : int

    Returns
    -------
    list of Person

    Raises
    ------
    ValueError
        If there are not three students for each copy.
    """
    if n < 3 * n_copies:
        raise ValueError(f"n must be at least three times n_copies; got {n} and {n_copies}.")
    rng = random.Random(seed)
    people = [_person(number, subjects, rng) for number in range(n)]
    chosen = rng.sample(range(n), n)
    copiers, others = chosen[:n_copies], chosen[n_copies:]
    worth = [lab for lab, one in subjects.items() if len(one.solution) > FEW] or list(subjects)
    for turn, number in enumerate(copiers):
        lab = worth[turn % len(worth)]
        victim = next(
            one for one in others if lab in people[one].late and honest(one, lab, subjects[lab])
        )
        others.remove(victim)
        mine = people[number]
        people[number] = mine._replace(
            origin={lab: people[victim].name},
            late={lab: people[victim].late[lab]} | mine.late,
            forgets=turn % 4 == 3,
        )
    return people


def _person(number, subjects, rng):
    late, extension = {}, {}
    for lab in subjects:
        if rng.random() < MISSING:
            continue
        late[lab] = -rng.uniform(1, 72)
        if rng.random() < LATE:
            late[lab] = rng.uniform(1, 120)
            if rng.random() < EXTENDED:
                extension[lab] = rng.randint(1, 4)
    return Person(f"s{number:03}", number, late, extension, {})


def answers(person, lab, one, numbers):
    """Return the cells that a person hands in.

    Parameters
    ----------
    person : Person
    lab : str
    one : Subject
    numbers : dict of str to int
        Of all students, by name.
    """
    if lab not in person.origin:
        return honest(person.number, lab, one) | {"student": _signed(person.name)}
    cells = copy_of(honest(numbers[person.origin[lab]], lab, one), person.number)
    return cells | {"student": _signed(person.origin[lab] if person.forgets else person.name)}


def _signed(name):
    return f"student = {name!r}"
