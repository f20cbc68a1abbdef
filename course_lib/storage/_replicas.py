"""The nodes of a quorum store: what they keep, how they answer, and the hints they hand over."""

from course_lib._validation import check_number
from course_lib.storage.clocks import VectorClock, compare
from course_lib.storage.merkle import MerkleTree

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
    """What all nodes do alike: `serve` requests, hand over what they keep for others, compare.

    ``owners(key)`` returns the names of the nodes that hold copies of a key.
    """

    def __init__(self, owners, handoff_s, timeout_s):
        self.owners = owners
        self.handoff_s = check_number(handoff_s, "handoff_s", low=0.0, open_low=True, high=1e9)
        self.timeout_s = timeout_s

    def boot(self, node):
        if node.disk.get("hints"):
            node.start(self._hand_over(node))

    def stored(self, node, key):
        return node.disk.get("copies", {}).get(key, ())

    def serve(self, node, source, message):
        kind, *rest = message
        if kind == "read":
            return self.stored(node, *rest)
        if kind == "write":
            return self.keep(node, *rest)
        if kind == "hint":
            return self.keep_for(node, *rest)
        if kind == "hashes":
            depth, level, places = rest
            return self.tree(node, source, depth).hashes[level][list(places)]
        return self.shared(node, source, *rest)

    def keep_for(self, node, key, pairs, owner):
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
                taken = yield node.ask(owner, message, timeout_s=self.timeout_s)
                if taken and hints[key, owner] == pairs:  # nothing newer came meanwhile
                    del hints[key, owner]

    def synchronize(self, node, other, depth):
        """Find where two nodes differ, level by level, and give each what only the other has."""
        places, repaired = [0], 0
        for level in range(depth + 1):
            message = ("hashes", depth, level, tuple(places))
            theirs = yield node.ask(other, message, timeout_s=self.timeout_s)
            if theirs is None:
                return None
            mine = self.tree(node, other, depth).hashes[level]
            differing = [p for p, hash_ in zip(places, theirs, strict=True) if mine[p] != hash_]
            if not differing:
                return 0
            places = [2 * place + side for place in differing for side in (0, 1)]
        items = yield node.ask(other, ("items", depth, tuple(differing)), timeout_s=self.timeout_s)
        if items is None:
            return None
        theirs, mine = dict(items), dict(self.shared(node, other, depth, differing))
        for key in theirs | mine:
            both = newest((*theirs.get(key, ()), *mine.get(key, ())))
            if same(both, mine.get(key, ())):
                if same(both, theirs.get(key, ())):
                    continue
            else:
                self.keep(node, key, both)
            repaired += 1
            node.send(other, ("write", key, both))
        return repaired

    def tree(self, node, other, depth):
        """The tree over the copies that a node and another should both have."""
        items = [(key, pairs) for key, pairs in self._copies(node) if other in self.owners(key)]
        stamps = ["".join(sorted(map(stamp, pairs))) for _, pairs in items]
        return MerkleTree([key for key, _ in items], stamps, depth=depth)

    def shared(self, node, other, depth, buckets):
        """Those of these copies that lie in some buckets of the tree, as pairs."""
        tree, buckets = MerkleTree([], [], depth=depth), set(buckets)
        return tuple(
            (key, pairs)
            for key, pairs in self._copies(node)
            if other in self.owners(key) and tree.bucket(key) in buckets
        )

    def _copies(self, node):
        copies = node.disk.get("copies", {}).items()
        return [(key, pairs) for key, pairs in copies if node.name in self.owners(key)]


def stamp(pair):
    """A text that tells a version from all others."""
    version, _ = pair
    counts = version.counts if isinstance(version, VectorClock) else None
    return repr(version if counts is None else sorted(counts.items(), key=repr))


def same(pairs, others):
    """Whether both hold the same versions, in whatever order."""
    return sorted(map(stamp, pairs)) == sorted(map(stamp, others))
