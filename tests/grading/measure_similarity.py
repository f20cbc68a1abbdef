"""Measure what the search for similar answers finds in a class that does not exist.

    python -m tests.grading.measure_similarity 01 02 06

For each lab, 300 students answer by the rules of `synthetic`, and 12 more copy one of them. Printed
is how many copies and how many honest pairs are listed, by threshold and by least evidence.
"""

import random
import sys
from itertools import product

from grading import course
from grading.lab import load_config
from grading.similarity.__main__ import known_names, scaffold
from grading.similarity.pairs import Bar, prepare, resembling

from .population import copy_of, honest, subject

__all__ = ["found", "made_up_class", "main"]

THRESHOLDS = (0.5, 0.6, 0.7, 0.8)
EVIDENCE = (3, 5, 8)


def made_up_class(slug, n, n_copies):
    """Return answers of students who do not exist.

    Parameters
    ----------
    slug : str
        A lab of the course.
    n, n_copies : int
        How many honest students there are, and how many copy one of them.

    Returns
    -------
    answers : dict of str to dict of str to str
        By student, the code of his cells.
    copies : set of (str, str)
    """
    one = subject(slug)
    answers = {f"honest-{number:03}": honest(number, slug, one) for number in range(n)}
    copies = set()
    for number, origin in enumerate(random.Random(n).sample(range(n), n_copies)):
        name = f"zz-{number:02}"
        answers[name] = copy_of(answers[f"honest-{origin:03}"], 1000 + number)
        copies.add((f"honest-{origin:03}", name))
    return answers, copies


def found(lab, answers, bar):
    """Return the `Pair` of each two students that resemble each other, as the command finds them.

    Parameters
    ----------
    lab : grading.lab.Lab
    answers : dict of str to dict of str to str
    bar : Bar
    """
    return resembling(prepare(answers, scaffold(lab), known_names(lab)), bar)[0]


def main(asked):
    """Print a table for each lab that was asked for, by name or number."""
    labs, chosen = course.find_labs(course.ROOT, load_config(course.ROOT), asked)
    for name in chosen:
        answers, copies = made_up_class(name, 300, 12)
        pairs = found(labs[name], answers, Bar(min(THRESHOLDS)))
        print(f"{name}: {len(answers)} students\nthreshold  evidence  copies  honest pairs")
        for threshold, evidence in product(THRESHOLDS, EVIDENCE):
            listed = {
                (one.first.student, one.second.student)
                for one in pairs
                if one.similarity >= threshold and one.evidence >= evidence
            }
            print(
                f"{threshold:9} {evidence:9} {len(listed & copies):7} {len(listed - copies):13}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
