"""The nodes of a quorum store: what they keep, how they answer, and the hints they hand over."""

from course_lib._validation import check_number
from course_lib.storage.clocks import compare

__all__ = ["Replicas", "newest"]


def newest(pairs):
    """Return, as a tuple, those of the pairs ``(version, value)`` that no other follows."""
    kept = []
    for pair in pairs:
        orders = [compare(pair[0], other[0]) for other in kept]
        if "before" in orders or "equal" in orders:
            continue
        kept = [other for other, order in zip(kept, orders, strict=True) if order != "after"]
        kept.append(pair)
    return tuple(kept)


class Replicas:
    """What all nodes do alike: `serve` their requests, and hand over what they keep for others."""

    def __init__(self, handoff_s, timeout_s):
        self.handoff_s = check_number(handoff_s, "handoff_s", low=0.0, open_low=True, high=1e9)
        self.timeout_s = timeout_s

    def boot(self, node):
        if node.disk.get("hints"):
            node.start(self._hand_over(node))

    def stored(self, node, key):
        return node.disk.get("copies", {}).get(key, ())

    def serve(self, node, _source, message):
        kind, key, *rest = message
        if kind == "read":
            return self.stored(node, key)
        if kind == "write":
            return self.keep(node, key, rest[0])
        pairs, owner = rest
        hints = node.disk.setdefault("hints", {})
        idle = not hints
        hints[key, owner] = newest((*hints.get((key, owner), ()), *pairs))
        if idle:
            node.start(self._hand_over(node))
        return True

    def keep(self, node, key, pairs):
        copies = node.disk.setdefault("copies", {})
        copies[key] = newest((*copies.get(key, ()), *pairs))
        return True

    def _hand_over(self, node):
        """Try, again and again, until every owner has what is kept for him."""
        hints = node.disk["hints"]
        while hints:
            yield node.sleep(self.handoff_s)
            for (key, owner), pairs in list(hints.items()):
                message = ("write", key, pairs)
                if (yield node.ask(owner, message, timeout_s=self.timeout_s)):
                    if hints[key, owner] == pairs:  # nothing newer came meanwhile
                        del hints[key, owner]
