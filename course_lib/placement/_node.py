"""What a node of Chord knows and does; the ring is in `course_lib.placement.chord`.

Its memory holds "successors", the next nodes on the ring, "predecessor", the one before it, and
"fingers", where finger j is the first node ``2**j`` or more after it.
"""

from course_lib.placement.fingers import finger_table

__all__ = ["answer", "is_between", "join", "keep_house", "right_tables", "route", "step"]


def right_tables(ids, bits, n_successors):
    """Yield the name of each node, and its memory when nothing has changed for a long time."""
    fingers, names = ids[finger_table(ids, bits=bits)].tolist(), ids.tolist()
    n = len(names)
    for i, name in enumerate(names):
        after = [names[(i + k) % n] for k in range(1, min(n_successors, n - 1) + 1)]
        yield (
            name,
            {
                "predecessor": names[i - 1],
                "successors": after or [name],
                "fingers": dict(enumerate(fingers[i])),
            },
        )


def is_between(x, a, b, bits):
    """Whether x is on the arc (a, b], without a and with b; the whole circle if a is b."""
    size = 1 << bits
    return a == b or 0 < (x - a) % size <= (b - a) % size


def answer(bits, timeout_s, budget):
    """Return the function by which a node answers questions."""

    def serve(machine, _source, message):
        kind, *rest = message
        memory = machine.memory
        if kind == "step":
            return step(machine, *rest, bits)
        if kind == "neighbors":
            return memory.get("predecessor"), tuple(memory.get("successors", ()))
        if kind == "notify":
            _hear_of_predecessor(machine, rest[0], bits)
            return None
        if kind == "find":  # for one who is not on the ring yet
            return _find(machine, rest[0], bits, timeout_s, budget)
        return True  # it is alive

    return serve


def step(machine, key, dead, bits):
    """What a node knows of a key: ("owner", name), or ("next", name), or ("stuck", its own name).

    ``dead`` are nodes that did not answer who asks.
    """
    me, memory, size = machine.name, machine.memory, 1 << bits
    before = memory.get("predecessor")
    if key == me or (before is not None and is_between(key, before, me, bits)):
        return "owner", me
    successors = [s for s in memory.get("successors", ()) if s not in dead]
    if not successors:
        return "stuck", me
    if is_between(key, me, successors[0], bits):
        return "owner", successors[0]
    distance = (key - me) % size
    known = {*memory["fingers"].values(), successors[0]}.difference(dead)
    ahead, nearest = max(((f - me) % size, f) for f in known if (f - me) % size <= distance)
    return ("next" if ahead < distance else "owner"), nearest


def route(machine, key, bits, timeout_s, budget):
    """Process: find the owner of a key; return (owner or None, hops, timeouts, questions).

    A lookup that meets a dead node starts over, and tells whom it asks which nodes are dead.
    """
    dead, questions, timeouts = (), 0, 0
    while questions < budget:
        at, hops = machine.name, 0
        while questions < budget:
            if at == machine.name:
                reply = step(machine, key, dead, bits)
            else:
                questions, hops = questions + 1, hops + 1
                reply = yield machine.ask(at, ("step", key, dead), timeout_s=timeout_s)
            if reply is None or reply[0] == "stuck":
                timeouts += reply is None
                break
            if reply[0] == "owner":
                if reply[1] in (at, machine.name):
                    return reply[1], hops, timeouts, questions
                at, questions = reply[1], questions + 1
                if (yield machine.ask(at, ("ping",), timeout_s=timeout_s)):
                    return at, hops + 1, timeouts, questions
                timeouts += 1
                break
            at = reply[1]
        if at == machine.name:
            break  # all that it knew is dead
        dead = (*dead, at)
    return None, hops, timeouts, questions


def _find(machine, key, bits, timeout_s, budget):
    owner, *_ = yield machine.start(route(machine, key, bits, timeout_s, budget))
    return owner


def _hear_of_predecessor(machine, other, bits):
    known = machine.memory.get("predecessor")
    if known is None or (other != known and is_between(other, known, machine.name, bits)):
        machine.memory["predecessor"] = other


def join(machine, friends, bits, timeout_s):
    """Process: get onto the ring by asking one node after the other for the own successor."""
    for friend in friends:
        # Its own name would not do: others may still think that it is there.
        after = (machine.name + 1) % (1 << bits)
        owner = yield machine.ask(friend, ("find", after), timeout_s=10 * timeout_s)
        if owner is not None and owner != machine.name:
            machine.memory.update(successors=[owner], fingers={}, predecessor=None)
            return True
    return False


def keep_house(machine, n_successors, bits, period_s, timeout_s, budget):
    """Process, without end: mend successors, predecessor and one finger in each period."""
    memory, j = machine.memory, 0
    yield machine.sleep(period_s * machine.rng.random())
    while True:
        yield machine.start(_mend_successors(machine, n_successors, bits, timeout_s))
        before = memory["predecessor"]
        if before is not None and not (yield machine.ask(before, ("ping",), timeout_s=timeout_s)):
            memory["predecessor"] = None
        start = (machine.name + (1 << j)) % (1 << bits)
        owner, *_ = yield machine.start(route(machine, start, bits, timeout_s, budget))
        if owner is not None:
            memory["fingers"][j] = owner
        j = (j + 1) % bits
        yield machine.sleep(period_s)


def _mend_successors(machine, n_successors, bits, timeout_s):
    """Process: find the first successor that lives, or one that came before it; take its list.

    The list of a newcomer is short, so what was known before fills it up.
    """
    memory, me, size = machine.memory, machine.name, 1 << bits
    for successor in list(memory["successors"]):
        heard = yield machine.ask(successor, ("neighbors",), timeout_s=timeout_s)
        if heard is None:
            memory["successors"].remove(successor)
            continue
        between, theirs = heard
        if between not in (None, me, successor) and is_between(between, me, successor, bits):
            nearer = yield machine.ask(between, ("neighbors",), timeout_s=timeout_s)
            if nearer is not None:
                successor, theirs = between, nearer[1]
        known = {successor, *theirs}
        if len(theirs) < n_successors - 1:
            known.update(memory["successors"])
        nearest = sorted(known - {me}, key=lambda name: (name - me) % size)
        memory["successors"] = nearest[:n_successors] or [successor]
        machine.send(successor, ("notify", me))
        return
