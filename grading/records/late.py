"""What lateness costs: a budget of late days for the term, then a share of the score a day."""

import math
from typing import NamedTuple

__all__ = ["LatePolicy", "late_penalties"]

DAY = 86400


class LatePolicy(NamedTuple):
    """The rules of a term.

    Attributes
    ----------
    late_days : int
        Days that each student may use without asking; a day begun is a day.
    grace_minutes : float
        What is handed in at most this late counts as on time.
    per_day : float
        Share of a lab's score that each day beyond them costs, until nothing is left.
    """

    late_days: int = 0
    grace_minutes: float = 0.0
    per_day: float = 0.0


def late_penalties(scores, labs, policy):
    """Return what each late lab loses, and the days by which it was late.

    Parameters
    ----------
    scores : dict of str to dict of str to dict
        By lab and student, with ``score`` and ``seconds_late``, extensions taken into account.
    labs : sequence of str
        In the order in which late days are spent: that of the due dates.
    policy : LatePolicy

    Returns
    -------
    dict of (str, str) to (float, int)
        By student and lab, for those that were late: points lost and whole days.

    Examples
    --------
    >>> scores = {"a": {"ann": {"score": 50.0, "seconds_late": 3 * 86400}}}
    >>> late_penalties(scores, ["a"], LatePolicy(late_days=1, per_day=0.1))
    {('ann', 'a'): (10.0, 3)}
    """
    left, lost = {}, {}
    for lab in labs:
        for student, one in scores.get(lab, {}).items():
            seconds = one["seconds_late"]
            if seconds <= 60 * policy.grace_minutes:
                continue
            days = math.ceil(seconds / DAY)
            budget = left.get(student, policy.late_days)
            used = min(days, budget)
            left[student] = budget - used
            share = min(1.0, max(0.0, policy.per_day * (days - used)))
            lost[student, lab] = (share * one["score"], days)
    return lost
