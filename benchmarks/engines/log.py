"""What happened, step by step, and which records were acknowledged and which were read again."""

import time


class Log:
    """The record of one run of an engine.

    Parameters
    ----------
    engine, title : str
        The engine, and what is tried on it.
    settings : str
        The setting that decides what may be lost.
    may_lose : bool
        Whether that setting lets acknowledged records be lost.
    """

    def __init__(self, engine, title, settings, may_lose=False):
        self.record = {"engine": engine, "title": title, "settings": settings}
        self.record |= {"may_lose": may_lose, "steps": []}
        self._start = time.perf_counter()
        print(f"\n{engine}: {title} ({settings})", flush=True)

    def step(self, text):
        """Print one line and keep it."""
        step = {"at_s": round(time.perf_counter() - self._start, 2), "text": text}
        self.record["steps"].append(step)
        print(line(step), flush=True)

    def count(self, sent, acknowledged, read):
        """Keep how many records were sent, and the numbers of those acknowledged and read."""
        self.record |= {"sent": sent, "acknowledged": runs(acknowledged), "read": runs(read)}
        missing = lost(self.record)
        self.record["lost"] = len(missing)
        self.step(
            f"sent {sent}, acknowledged {len(set(acknowledged))}, read again {len(set(read))}; "
            f"acknowledged and lost: {len(missing)}"
        )
        if missing and not self.record["may_lose"]:
            raise RuntimeError(f"nothing acknowledged may be lost here; lost: {runs(missing)}.")

    def note(self, **figures):
        """Keep figures by name."""
        self.record |= figures


def line(step):
    """Return one step as it is printed."""
    return f"{step['at_s']:7.2f} s  {step['text']}"


def runs(found):
    """Return numbers as runs ``[first, last]``.

    Examples
    --------
    >>> runs([7, 1, 2, 3])
    [[1, 3], [7, 7]]
    """
    result = []
    for number in sorted(set(found)):
        if result and result[-1][1] == number - 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return result


def numbers(found):
    """Return the set of numbers in runs: ``runs`` backwards."""
    return {number for first, last in found for number in range(first, last + 1)}


def lost(record):
    """Return the numbers of one run's records that were acknowledged and not read again."""
    return sorted(numbers(record["acknowledged"]) - numbers(record["read"]))
