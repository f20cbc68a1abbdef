"""Right answers to lab 18 in unusual styles."""

import bisect
import collections
import hashlib
import math

import numpy as np

from tests.answers import answer


def sha(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


@answer("18.1", style="points by SHA-256, bisect on a sorted list, sets of racks; all lists")
def by_bisection(places, racks, n_copies):
    nodes = list(racks)
    ring = sorted((sha(f"{node}/{j}"), i) for i, node in enumerate(nodes) for j in range(1_400))
    points = [point for point, _ in ring]
    copies = []
    for place in places.tolist():
        at, found, used = bisect.bisect_left(points, place), [], set()
        while len(found) < n_copies:
            node = ring[at % len(ring)][1]
            if racks[nodes[node]] not in used:
                used.add(racks[nodes[node]])
                found.append(node)
            at += 1
        copies.append(found)
    return points, [node for _, node in ring], copies


@answer("18.1", style="points of a generator seeded by the name, unsorted; racks by their distance")
def by_distance(places, racks, n_copies):
    v = 2_900
    drawn = [np.random.default_rng([*name.encode()]).bytes(8 * v) for name in racks]
    tables = [np.sort(np.frombuffer(one, np.uint64)) for one in drawn]
    near = np.array([t[np.searchsorted(t, places) % v] for t in tables]) - places
    labels = sorted(set(racks.values()))
    rows = [[i for i, name in enumerate(racks) if racks[name] == label] for label in labels]
    best = np.array([near[own].min(axis=0) for own in rows])
    who = np.array([np.array(own)[near[own].argmin(axis=0)] for own in rows])
    order = np.argsort(best, axis=0)[:n_copies]
    copies = np.take_along_axis(who, order, axis=0).T.astype(np.int16)
    points = np.concatenate([t[::-1] for t in tables])
    return [points, np.repeat(np.arange(len(racks)), v).astype(np.uint8), copies]


@answer("18.2", style="one piece at a time, Gumbel's maximum, lists")
def piece_by_piece(n_keys, draw, weights, segments):
    best, bidders = [-math.inf] * n_keys, [0] * n_keys
    for number, weight in weights.items():
        for key, u in enumerate(draw(f"bid {number}", range(n_keys)).tolist()):
            bid = math.log(weight) - math.log(-math.log(u))
            if bid > best[key]:
                best[key], bidders[key] = bid, number
    holders, waiting, salt = [None] * n_keys, list(range(n_keys)), -1
    while waiting:
        left = []
        for key, u in zip(waiting, draw(salt, waiting), strict=True):
            for start, end, number in segments:
                if start <= u < end:
                    holders[key] = number
                    break
            else:
                left.append(key)
        waiting, salt = left, salt - 1
    return bidders, holders


@answer("18.2", style="u to the power 1 / w in logarithms; segments as an array of edges; int16")
def by_edges(n_keys, draw, weights, segments):
    numbers, w = np.array(list(weights)), np.array(list(weights.values()))
    u = np.stack([draw(int(number), np.arange(n_keys)) for number in numbers], axis=1)
    bidders = numbers[np.argmax(np.log(u) / w, axis=1)]
    edges = np.array([edge for start, end, _ in segments for edge in (start, end)])
    inside = np.array([number for *_, number in segments])
    holders, todo, salt = np.zeros(n_keys, int), np.ones(n_keys, bool), 0
    while todo.any():
        which = np.flatnonzero(todo)
        u = draw(("again" + " and again" * salt), which)
        hit = (edges[::2] <= u[:, None]) & (u[:, None] < edges[1::2])
        found = hit.any(axis=1)
        holders[which[found]] = inside[hit[found].argmax(axis=1)]
        todo[which[found]] = False
        salt += 1
    return np.array([bidders.astype(np.int16), holders.astype(np.int16)])


@answer("18.3", style="lists of balls in bins, deques; the nearest ball comes back")
def nearest_first(homes, bins, n_bins, c):
    m = len(homes)
    most = -(-int(8 * c * m) // (8 * n_bins))
    homes, where = homes.tolist(), bins.tolist()
    inside = [[] for _ in range(n_bins)]
    new = []
    for ball, to in enumerate(where):
        if to >= 0 and len(inside[to]) < most:
            inside[to].append(ball)
        else:
            new.append(ball)
    for ball in new:
        to = homes[ball]
        while len(inside[to]) == most:
            to = (to + 1) % n_bins
        inside[to].append(ball)
    holes = collections.deque(b for b in range(n_bins) if len(inside[b]) < most)
    while holes:
        hole = holes.popleft()
        for step in range(1, n_bins):
            at = (hole + step) % n_bins
            while len(inside[hole]) < most:
                late = [k for k in inside[at] if (at - homes[k]) % n_bins >= step]
                if not late:
                    break
                inside[at].remove(late[-1])
                inside[hole].append(late[-1])
                holes.append(at)
    result = [0] * m
    for number, balls in enumerate(inside):
        for ball in balls:
            result[ball] = number
    return result


@answer("18.3", style="until nothing is wrong: mend the first thing that is; int32")
def one_thing_at_a_time(homes, bins, n_bins, c):
    most, bins = math.ceil(len(homes) * c / n_bins), np.array(bins, np.int32)
    while True:
        counts = np.bincount(bins + 1, minlength=n_bins + 1)[1:]
        room = np.flatnonzero(counts < most)
        steps = (bins - homes) % n_bins
        steps[bins < 0] = n_bins + 1
        late = [(b, np.flatnonzero((b - homes) % n_bins < steps)) for b in room]
        late = [(b, passed) for b, passed in late if len(passed)]
        if late:
            b, passed = late[0]
            if (steps[passed] > n_bins).any():  # a ball without a bin goes where it has to stop
                ball = passed[steps[passed] > n_bins][0]
                b = min(room, key=lambda b: (b - homes[ball]) % n_bins)
            else:
                ball = passed[np.argmax((bins[passed] - b) % n_bins)]
            bins[ball] = b
        elif counts.max() > most:
            full = np.argmax(counts)
            bins[np.flatnonzero(bins == full)[0]] = -1
        else:
            return bins


@answer("18.4", style="recursion with a budget; the way back by exceptions; NumPy's integers")
def by_recursion(start, key, bits, ask):
    size, tables = 1 << bits, {}

    def knows(node):
        if node not in tables:
            tables[node] = ask(np.int64(node))
        return tables[node]

    visited = set()

    def search(at):
        visited.add(at)
        if at == key:
            return at
        fingers, successors = tables[at]
        to_key = (key - at) % size
        options = sorted({*fingers, *successors}, key=lambda node: -((node - at) % size))
        for node in options:
            step = (node - at) % size
            if 0 < step <= to_key and node not in visited and knows(node) is not None:
                found = search(node)
                if found >= 0:
                    return found
        if at == successors[0]:
            return at
        for node in successors:
            if ((node - at) % size >= to_key or node == at) and knows(node) is not None:
                return node
        return -1

    knows(start)
    return np.int64(search(start))


@answer("18.4", style="starts over after each dead node, and gives up after 200 questions")
def starts_over(start, key, bits, ask):
    bad, mine, asked = set(), ask(start), 0
    if start == key:
        return key
    while asked < 200:
        at, table = start, mine
        while True:
            distance = lambda node, at=at: (node - at) & ((1 << bits) - 1)  # noqa: E731
            known = [node for node in table[0] + table[1] if node != at and node not in bad]
            before = [node for node in known if distance(node) <= distance(key)]
            after = [node for node in table[1] if distance(node) >= distance(key)]
            after = [node for node in after if node not in bad]
            if before:
                to = max(before, key=distance)
            elif at in table[1]:
                return at
            elif after:
                to = after[0]
            elif at == start:
                return -1
            else:
                bad.add(at)
                break
            if to == start:
                return start
            asked += 1
            reply = ask(to)
            if reply is None:
                bad.add(to)
                break
            if to == key or not before:
                return to
            at, table = to, reply
    return -1


@answer("18.5", style="counts in dictionaries, random weights, many small changes")
def by_counting(place, rng):
    k = 12_000
    streams = [
        rng.integers(0, 2**63, k).astype(np.uint64) * np.uint64(2),
        np.arange(k).astype("u8"),
    ]
    try:
        for n in (7, 12):
            nodes = [int(i) for i in rng.choice(9_000, n, replace=False)]
            weights = {i: int(w) for i, w in zip(nodes, [8, 1, 7, 3, *[2] * 8], strict=False)}
            for keys in streams:
                last, state = list(place(keys, weights)), weights
                for turn in range(6):
                    one = nodes[turn % n]
                    new = {i: w for i, w in state.items() if i != one}
                    if turn % 3:
                        new = new | {one: 9 - state[one]}
                    now = list(place(keys, new))
                    grew = new.get(one, 0) > state[one]
                    for a, b in zip(last, now, strict=False):
                        if a != b and (b if grew else a) != one:
                            return False
                    counts, total = collections.Counter(now), sum(new.values())
                    if set(counts) - set(new):
                        return False
                    for i, w in new.items():
                        mean = k * w / total
                        if abs(counts[i] - mean) > 0.1 * mean + 5 * mean**0.5:
                            return False
                    turned = dict(reversed(new.items()))
                    if list(place(keys[50:90], turned)) != now[50:90]:
                        return False
        return True
    except Exception:
        return False


@answer("18.5", style="sets of keys a node, nodes that come one by one")
def by_sets(place, rng):
    k, numbers = 15_000, rng.choice(10_001, 9, replace=False)
    keys = rng.permutation(np.arange(k, dtype=np.uint64))
    other = np.frombuffer(rng.bytes(8 * k), np.uint64)
    ages = [1, 8, 3, 6, 2, 8, 1, 5, 4]

    def sets(weights, keys):
        nodes = np.asarray(place(keys, weights))
        if not set(np.unique(nodes)) <= set(weights):
            raise ValueError
        total = sum(weights.values())
        for i, w in weights.items():
            mean = len(keys) * w / total
            if abs(np.sum(nodes == i) - mean) > 0.1 * mean + 5 * np.sqrt(mean):
                raise ValueError
        return nodes

    try:
        for some in (keys, other):
            weights, nodes = {}, None
            for number, w in zip(numbers.tolist(), ages, strict=True):
                weights = {number: w, **weights}
                new = sets(weights, some)
                if nodes is not None and np.any((new != nodes) & (new != number)):
                    return False
                nodes = new
            for number in numbers[[4, 0, 8]].tolist():
                fewer = {i: w for i, w in weights.items() if i != number}
                new = sets(fewer, some)
                if np.any((new != nodes) & (nodes != number)):
                    return False
            for number in numbers[[1, 2]].tolist():
                new = sets(weights | {number: weights[number] - 2}, some)
                if np.any((new != nodes) & (nodes != number)):
                    return False
            turned = {i: weights[i] for i in sorted(weights)}
            if np.any(sets(turned, some) != nodes):
                return False
            if np.any(place(some[:3:-1], weights) != nodes[:3:-1]):
                return False
        return True
    except Exception:
        return False
