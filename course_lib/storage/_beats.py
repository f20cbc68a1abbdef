"""Servers tell their master that they are alive."""

from course_lib._validation import check_number

__all__ = ["beat", "check_beats"]


def check_beats(heartbeat_s, patience_s):
    """Return both, if the patience is longer than the time between two heartbeats."""
    heartbeat_s = check_number(heartbeat_s, "heartbeat_s", low=0.0, high=1e9, open_low=True)
    patience_s = check_number(patience_s, "patience_s", low=0.0, high=1e9)
    if patience_s <= heartbeat_s:
        raise ValueError(
            f"patience_s must be longer than heartbeat_s = {heartbeat_s:g}; got {patience_s:g}."
        )
    return heartbeat_s, patience_s


def beat(machine, heartbeat_s):
    """Tell the master again and again that one is alive."""
    while True:
        machine.send("master", ("alive",))
        yield machine.sleep(heartbeat_s)
