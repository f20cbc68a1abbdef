"""Monoids: what can be combined in any tree, and so on any machines.

Monoid     an associative operation and its identity
merge_all  parts combined left to right, along a ring, in a tree, or in an order drawn at random
"""

import copy
import operator
from typing import NamedTuple

from course_lib._validation import as_rng
from course_lib.cost import Meter, size_bytes

__all__ = ["ORDERS", "Monoid", "merge_all"]

ORDERS = ("left", "ring", "tree", "random")


class Monoid(NamedTuple):
    """An associative operation with an identity.

    Attributes
    ----------
    zero : callable
        ``zero()`` returns the identity.
    add : callable
        ``add(a, b)`` returns the combination and leaves both as they are.

    Notes
    -----
    **Guarantee.** If ``add(add(a, b), c) == add(a, add(b, c))`` and ``add(zero(), a) == a ==
    add(a, zero())``, every tree over the same parts in the same order gives the same answer. If
    ``add(a, b) == add(b, a)`` too, so does every order of the parts. Nobody checks this here.

    Examples
    --------
    A mean is no monoid, but a sum and a count together are one:

    >>> total = Monoid.of_numbers()
    >>> both = Monoid.product(total, total)
    >>> s, n = merge_all([(6.0, 2), (1.0, 1), (8.0, 2)], both)
    >>> s / n
    3.0
    """

    zero: object
    add: object

    @classmethod
    def of_numbers(cls):
        """Return the sums of numbers or of arrays of one shape, with the zero 0."""
        return cls(int, operator.add)

    @classmethod
    def of_sketch(cls, make):
        """Return the merges of sketches, of which ``make()`` returns an empty one."""
        if not callable(make):
            raise TypeError(f"make must be a function that returns a sketch; got {make!r}.")
        return cls(make, _merged)

    @classmethod
    def product(cls, *monoids):
        """Return the monoid of tuples whose entries belong to these monoids."""

        def zero():
            return tuple(monoid.zero() for monoid in monoids)

        def add(a, b):
            return tuple(m.add(x, y) for m, x, y in zip(monoids, a, b, strict=True))

        return cls(zero, add)


def merge_all(parts, monoid, *, order="tree", rng=None, meter=None):
    r"""Combine parts, each on a machine of its own, into one.

    Parameters
    ----------
    parts : sequence
        They stay as they are.
    monoid : Monoid
    order : {"left", "ring", "tree", "random"}, default "tree"
        Who sends to whom. ``"left"``: all to the first machine, in their order; ``"ring"``: each
        to the next, which adds what it has; ``"tree"``: neighbors in pairs, then pairs of
        pairs; ``"random"``: two of those left, drawn at random, in a random order, which takes a
        commutative monoid.
    rng : Generator, int or None
        For ``"random"``.
    meter : course_lib.cost.Meter, optional
        Counts messages, their bytes and rounds.

    Returns
    -------
    object
        The combination; the identity of no part.

    Raises
    ------
    ValueError
        If ``order`` is none of these.
    TypeError
        If ``monoid`` is none, or ``meter`` is none.

    Notes
    -----
    **Cost.** With p parts, p - 1 messages. Rounds: 1 if all send to the first, p - 1 along a
    ring, :math:`\lceil \log_2 p \rceil` in a tree.

    Examples
    --------
    >>> from course_lib.cost import Meter
    >>> meter = Meter()
    >>> merge_all([1, 2, 3, 4, 5], Monoid.of_numbers(), order="tree", meter=meter), meter
    (15, Meter(messages=4, sent_bytes=32, rounds=3))
    """
    if order not in ORDERS:
        raise ValueError(f"order must be one of {ORDERS}; got {order!r}.")
    if not isinstance(monoid, Monoid):
        raise TypeError(f"monoid must be a Monoid; got {monoid!r}.")
    if meter is not None and not isinstance(meter, Meter):
        raise TypeError(f"meter must be a Meter or None; got {meter!r}.")
    parts = list(parts)
    if not parts:
        return monoid.zero()
    add = _counted(monoid.add, meter)
    if order == "tree":
        return _tree(parts, add, meter)
    if order == "random":
        return _random(parts, add, meter, as_rng(rng))
    total = parts[0]
    for part in parts[1:]:
        # Along a ring the sum so far travels, else the part does.
        total = add(total, part, sent=total if order == "ring" else part)
    _rounds(meter, (len(parts) - 1) if order == "ring" else min(1, len(parts) - 1))
    return total


def _tree(parts, add, meter):
    while len(parts) > 1:
        pairs = [
            add(parts[i], parts[i + 1], sent=parts[i + 1]) for i in range(0, len(parts) - 1, 2)
        ]
        parts = pairs + parts[len(parts) - len(parts) % 2 :]
        _rounds(meter, 1)
    return parts[0]


def _random(parts, add, meter, rng):
    """Each merge takes place one round after the later of the two that it merges."""
    tagged = [(part, 0) for part in parts]
    while len(tagged) > 1:
        i, j = rng.choice(len(tagged), 2, replace=False)
        (a, before), (b, beside) = tagged[i], tagged[j]
        tagged = [one for k, one in enumerate(tagged) if k not in (i, j)]
        tagged.append((add(a, b, sent=b), 1 + max(before, beside)))
    _rounds(meter, tagged[0][1])
    return tagged[0][0]


def _counted(add, meter):
    def counting(a, b, sent):
        if meter is not None:
            meter.messages += 1
            meter.sent_bytes += size_bytes(sent)
        return add(a, b)

    return counting


def _rounds(meter, count):
    if meter is not None:
        meter.rounds += count


def _merged(a, b):
    both = copy.deepcopy(a)
    both.merge(b)
    return both
