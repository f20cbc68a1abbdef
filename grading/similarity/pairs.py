"""Pairs of submissions that share what few others wrote."""

import math
from collections import Counter
from typing import NamedTuple

from course_lib.lsh import candidate_pairs, choose_bands, minhash

from .fingerprints import fingerprints

__all__ = [
    "Bar",
    "Pair",
    "Submission",
    "groups",
    "marked_lines",
    "prepare",
    "resembling",
    "similarity",
]

N_HASHES = 256
FOUND = 0.2  # Jaccard similarity from which on a pair is compared
WIDESPREAD = 0.2  # share of the class from which on a pattern says nothing about two of it
FEW = 4  # students who may share a pattern in a class however small


class Bar(NamedTuple):
    """What a pair must reach to be listed.

    Attributes
    ----------
    similarity : float
        0 to 1.
    evidence : float
        Shared patterns, in units of one that only these two wrote.
    """

    similarity: float = 0.7
    evidence: float = 3.0


class Submission(NamedTuple):
    """One student's code of one lab.

    Attributes
    ----------
    student : str
    cells : dict of str to str
        The code that the student wrote, by cell.
    prints : dict of int to list of Place
        What is left of its fingerprints without those of the lab.
    """

    student: str
    cells: dict
    prints: dict


class Pair(NamedTuple):
    """Two submissions that resemble each other.

    Attributes
    ----------
    first, second : Submission
    similarity : float
        The weight of the patterns that both have among those that one of them has, 0 to 1.
    evidence : float
        The weight of what they share; a pattern that nobody else has weighs 1.
    shared : tuple of int
        The patterns.
    """

    first: Submission
    second: Submission
    similarity: float
    evidence: float
    shared: tuple


def prepare(answers, scaffold, known=()):
    """Return submissions with the lab's own patterns taken away.

    Parameters
    ----------
    answers : dict of str to dict of str to str
        By student, the code of the cells in which he may write.
    scaffold : dict of str to str
        The code of the lab as it was released, all cells.
    known : collection of str
        The names that the lab defines.

    Returns
    -------
    list of Submission
    """
    given = set(fingerprints(scaffold, known))
    submissions = []
    for student, cells in sorted(answers.items()):
        own = {
            value: places
            for value, places in fingerprints(cells, known).items()
            if value not in given
        }
        submissions.append(Submission(student, cells, own))
    return submissions


def weights(submissions):
    r"""Return the weight of each pattern: :math:`\log(n/d) / \log(n/2)` if d of n students have it.

    A pattern of two students weighs 1, one of the whole class nothing; those of more than a
    fifth of the class are left out.
    """
    n = len(submissions)
    count = Counter(value for one in submissions for value in one.prints)
    limit = max(FEW, WIDESPREAD * n)
    unit = math.log(n / 2) if n > 2 else 1.0
    return {
        value: min(1.0, math.log(n / d) / unit) if n > 2 else 1.0
        for value, d in count.items()
        if d <= limit
    }


def similarity(first, second, weight):
    """Return the `Pair` of two submissions."""
    mine = {value for value in first.prints if value in weight}
    other = {value for value in second.prints if value in weight}
    shared = tuple(sorted(mine & other))
    evidence = sum(weight[value] for value in shared)
    total = sum(weight[value] for value in mine | other)
    return Pair(first, second, evidence / total if total else 0.0, evidence, shared)


def resembling(submissions, bar):
    """Return the pairs that reach the bar, and the similarities of all that were compared.

    Parameters
    ----------
    submissions : list of Submission
    bar : Bar

    Returns
    -------
    pairs : list of Pair
        The most similar first.
    compared : list of float
        Of the candidates; all other pairs share less than the bands can see.

    Notes
    -----
    **Cost.** Signatures of 256 hashes, and a comparison for each candidate. A pair whose
    patterns have a Jaccard similarity of 0.2 is a candidate with probability 0.999.
    """
    weight = weights(submissions)
    sets = [[value for value in one.prints if value in weight] for one in submissions]
    some = [i for i, own in enumerate(sets) if own]
    if len(some) < 2:
        return [], []
    signatures = minhash([_signed(sets[i]) for i in some], N_HASHES)
    found = candidate_pairs(signatures, choose_bands(N_HASHES, FOUND))
    compared = [
        similarity(submissions[some[i]], submissions[some[j]], weight) for i, j in found.tolist()
    ]
    pairs = [
        one for one in compared if one.similarity >= bar.similarity and one.evidence >= bar.evidence
    ]
    pairs.sort(key=lambda one: (-one.similarity, one.first.student, one.second.student))
    return pairs, [one.similarity for one in compared]


def _signed(values):
    return [value - 2**64 if value >= 2**63 else value for value in values]


def groups(pairs):
    """Return the students that similar pairs connect, each group sorted, the largest first."""
    leader = {}

    def find(student):
        while leader.setdefault(student, student) != student:
            student = leader[student]
        return student

    for pair in pairs:
        leader[find(pair.first.student)] = find(pair.second.student)
    members = {}
    for student in leader:
        members.setdefault(find(student), []).append(student)
    return sorted(map(sorted, members.values()), key=lambda group: (-len(group), group))


def marked_lines(pair, side):
    """Return ``{cell: {line: number of the pattern}}`` for one side of a pair."""
    submission = (pair.first, pair.second)[side]
    found = {}
    for number, value in enumerate(pair.shared, 1):
        for place in submission.prints[value]:
            lines = found.setdefault(place.cell, {})
            for line in place.lines:
                lines.setdefault(line, number)
    return found
