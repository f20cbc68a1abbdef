"""Hunts: an answer that tells right functions from wrong ones is asked about them one by one."""

from typing import NamedTuple

import numpy as np

from course_lib.notebook._forms import Boolean
from course_lib.notebook._values import CheckFailed

__all__ = ["Verdict", "ask", "judge", "judge_in_numbers"]


class Verdict(NamedTuple):
    """What an answer says about one function."""

    name: str
    right: bool
    accepted: bool
    calls: int


def ask(accepts, right, wrong, rng):
    """Return the verdicts on right and wrong functions, asked in an order that is drawn.

    Each function comes as ``colleague``, whatever it is called; an error in it says no more than
    that there was one. `accepts` gets a generator of its own for each, from which neither the
    order nor the other functions can be found.
    """
    functions = [(function, True) for function in right] + [(one, False) for one in wrong]
    verdicts = []
    for place in rng.permutation(len(functions)):
        function, is_right = functions[place]
        calls = [0]
        own = np.random.default_rng(rng.integers(2**63))
        verdict = Boolean()(accepts(_anonymous(function, calls), own), "The verdict")
        verdicts.append((place, Verdict(function.__name__, is_right, verdict, calls[0])))
    return [verdict for _, verdict in sorted(verdicts)]


def judge(verdicts, rejected):
    """Fail, naming the functions, unless right ones are accepted and wrong ones are not."""
    if not any(one.accepted for one in verdicts):
        raise CheckFailed("Your test rejects everything, also what is right.")
    if all(one.accepted for one in verdicts):
        raise CheckFailed("Your test accepts everything.")
    for one in verdicts:
        if one.right and not one.accepted:
            because = f": {rejected}" if rejected else "."
            raise CheckFailed(f"{one.name} is right, and your test rejects it{because}")
    wrong = [one for one in verdicts if not one.right]
    missed = [one.name for one in wrong if one.accepted]
    caught = [one.name for one in wrong if not one.accepted]
    if missed:
        raise CheckFailed(
            f"Your test accepts {len(missed)} of {len(wrong)} wrong ones: {', '.join(missed)}. "
            f"Caught: {', '.join(caught) or 'none'}."
        )
    return f"{len(verdicts) - len(wrong)} right ones accepted; caught: {', '.join(caught)}."


def judge_in_numbers(verdicts):
    """Fail, saying only how many, unless right ones are accepted and wrong ones are not."""
    for is_right, done in ((True, "rejects"), (False, "accepts")):
        asked = [one for one in verdicts if one.right == is_right]
        bad = sum(one.accepted != is_right for one in asked)
        if bad:
            kind = "right" if is_right else "wrong"
            raise CheckFailed(f"Your test {done} {bad} of {len(asked)} {kind} ones.")


def _anonymous(function, calls):
    def colleague(*args, **kwargs):
        calls[0] += 1
        try:
            return function(*args, **kwargs)
        except Exception:
            pass  # raised below, so that it carries nothing of where it came from
        raise RuntimeError("the function that is tested stopped with an error.")

    return colleague
