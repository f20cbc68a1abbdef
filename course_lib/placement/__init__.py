"""Placing data: which of many nodes has a key, when nodes come and go; and how peers find it.

    Modulo, JumpHash   nodes are numbers
    Ring, BoundedRing  nodes are points on a circle
    Rendezvous         every node bids for every key
    SegmentTable       nodes are segments as long as their capacity
    Chord              no node knows all others

All but the last have one vocabulary: ``add(node)``, ``remove(node)`` where the rule can, and
``assign(keys)``, which returns the index of the node of each key.

Book: ``book/18-placement.md``.
"""

from course_lib.placement.bounded import BoundedRing
from course_lib.placement.buckets import JumpHash, Modulo, jump_hash
from course_lib.placement.chord import Chord, Lookups
from course_lib.placement.churn import Churn, simulate_churn
from course_lib.placement.facts import (
    chord_hops,
    expected_max_share,
    lookup_failure,
    share_deviation,
)
from course_lib.placement.fingers import Routes, chord_ids, chord_routes, finger_table
from course_lib.placement.rendezvous import Rendezvous
from course_lib.placement.ring import Ring
from course_lib.placement.segments import SegmentTable
from course_lib.placement.tokens import murmur3_token

__all__ = [
    "BoundedRing",
    "Chord",
    "Churn",
    "JumpHash",
    "Lookups",
    "Modulo",
    "Rendezvous",
    "Ring",
    "Routes",
    "SegmentTable",
    "chord_hops",
    "chord_ids",
    "chord_routes",
    "expected_max_share",
    "finger_table",
    "jump_hash",
    "lookup_failure",
    "murmur3_token",
    "share_deviation",
    "simulate_churn",
]
