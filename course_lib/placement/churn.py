"""Chord under churn: nodes come and go, and others look keys up meanwhile."""

from typing import NamedTuple

import numpy as np

from course_lib._validation import check_number
from course_lib.placement.chord import Chord

__all__ = ["Churn", "simulate_churn"]


class Churn(NamedTuple):
    """What became of a ring whose nodes come and go."""

    right: float  # share of lookups that found the owner, of those that ended
    unanswered: float  # share of lookups that found none
    hops: float  # mean
    timeouts: float  # mean
    messages: float  # in a second, for each node that lives at the end
    lookups: int  # that ended
    live: int  # nodes at the end


def simulate_churn(chord, life_s, seconds, *, every_s=0.2):
    """Let nodes of a ring come and go for some time, and look up random keys meanwhile.

    Parameters
    ----------
    chord : Chord
        It changes. Without `Chord.keep_house` nobody mends what the others know.
    life_s : float
        Mean of the exponential times for which a node lives, and for which it stays away.
    seconds : float
        How long.
    every_s : float, default 0.2
        Seconds between two lookups, each from a random node.

    Returns
    -------
    Churn

    Raises
    ------
    ValueError, TypeError
        If a number is out of range, or ``chord`` is none.

    Notes
    -----
    Nodes live and stay away for exponential times with the same mean, so that about half of them
    live after a while. Who comes back has forgotten everything, and joins through a random node.
    A lookup is right if the node that it found owned the key among all that had joined when the
    lookup ended.

    References
    ----------
    .. [1] D. Liben-Nowell, H. Balakrishnan, D. Karger, "Analysis of the evolution of peer-to-peer
       systems", PODC 2002, 233-242.

    Examples
    --------
    >>> from course_lib.placement import chord_ids
    >>> chord = Chord(chord_ids(32))
    >>> chord.keep_house()
    >>> churn = simulate_churn(chord, life_s=1000.0, seconds=20.0)
    >>> churn.right > 0.9
    True
    """
    if not isinstance(chord, Chord):
        raise TypeError(f"chord must be a Chord; got {chord!r:.60}.")
    life_s = check_number(life_s, "life_s", low=1e-3, high=1e12)
    seconds = check_number(seconds, "seconds", low=0.0, high=1e9, open_low=True)
    every_s = check_number(every_s, "every_s", low=1e-3, high=1e9)
    cluster, rng = chord.cluster, chord.rng
    sent, done, end_s = cluster.meter.messages, [], cluster.now + seconds

    def crash(machine):
        if cluster.now <= end_s:  # else it is over, and what was planned is not to happen
            machine.crash()
            cluster.after(rng.exponential(life_s), come_back, machine)

    def come_back(machine):
        if cluster.now <= end_s:
            chord._let_in(machine)
            cluster.after(rng.exponential(life_s), crash, machine)

    def ask():
        nodes = chord.nodes
        if len(nodes):
            done.append(None)
            key = int(rng.integers(1 << chord.bits))
            chord._ask(int(rng.choice(nodes)), key, len(done) - 1, done, watch)
        if cluster.now + every_s < end_s:
            cluster.after(every_s, ask)

    def watch(key):
        return int(chord.owners(np.array([key]))[0]) if len(chord.nodes) else -1

    for machine in cluster.machines.values():
        cluster.after(rng.exponential(life_s), crash if machine.alive else come_back, machine)
    cluster.after(every_s, ask)
    cluster.run(end_s)
    return _summary(chord, done, (cluster.meter.messages - sent) / seconds)


def _summary(chord, done, messages_per_s):
    ended = [entry for entry in done if isinstance(entry, tuple)]
    right = [owner == truth for owner, _, _, _, truth in ended]
    none = [owner is None for owner, *_ in ended]
    live = sum(machine.alive for machine in chord.cluster.machines.values())
    return Churn(
        float(np.mean(right)) if ended else 0.0,
        float(np.mean(none)) if ended else 0.0,
        float(np.mean([hops for _, hops, *_ in ended])) if ended else 0.0,
        float(np.mean([timeouts for _, _, timeouts, *_ in ended])) if ended else 0.0,
        messages_per_s / max(1, live),
        len(ended),
        live,
    )
