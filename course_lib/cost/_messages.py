"""What machines send each other: by value, as over a real network, and with a known size.

Blob      stands for so many bytes that nobody has to allocate
Delivery  what became of a message
"""

import copy
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

__all__ = ["Blob", "Delivery", "Letter", "copied"]

_NEVER_CHANGE = {type(None), bool, int, float, str, bytes}


class Blob(NamedTuple):
    """A message, or a part of one, of which only the size matters.

    Examples
    --------
    >>> Blob(8_000_000).nbytes
    8000000
    """

    nbytes: int


class Delivery(NamedTuple):
    """What became of a message: an arrow of a space-time diagram."""

    sent_s: float  # when its machine sent it
    arrived_s: float  # when it had arrived, all of it; infinity if it has not
    source: object  # name of the machine that sent it
    target: object  # name of the machine that it was sent to
    message: object
    nbytes: int
    round: int  # 1 more than those of all messages that its machine had received by then
    fate: str  # "arrived", "lost", "cut", "crashed" or "under way"


@dataclass(slots=True, eq=False)
class Letter:
    """A message on its way between two machines; `Cluster` fills it in as it goes.

    ``answer`` is called with the name of who replies, and the reply. A letter with ``is_reply``
    is the reply itself.
    """

    source: object
    target: object
    message: object
    nbytes: int
    sent_s: float
    round: int
    answer: object = None
    is_reply: bool = False
    left_s: float = math.inf  # when the last byte has left the source
    source_life: int = 0  # crashes of the source when it was sent
    target_life: int = 0  # crashes of the target when its first byte arrived
    arrived_s: float = math.inf
    fate: str = "under way"

    def delivery(self):
        """Return what is known about it now."""
        return Delivery(
            self.sent_s,
            self.arrived_s,
            self.source.name,
            self.target.name,
            self.message,
            self.nbytes,
            self.round,
            self.fate,
        )


def copied(message):
    """Return a copy that later changes of the original do not reach."""
    kind = type(message)
    if kind in _NEVER_CHANGE or kind is Blob:
        return message
    if kind is tuple:
        return tuple(map(copied, message))
    if kind is np.ndarray and not message.dtype.hasobject:
        return message.copy()
    return copy.deepcopy(message)
