"""Wrong answers to lab 18."""

import math

import numpy as np

import course_lib.placement as toolbox
from course_lib.hashing import hash_items
from course_lib.placement import BoundedRing, Ring
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def points_of(racks, v, text="{name} {j}"):
    """Sorted points of all nodes, and their owners."""
    points = [
        hash_items([text.format(name=name, i=i, j=j) for j in range(v)])
        for i, name in enumerate(racks)
    ]
    points, owners = np.concatenate(points), np.repeat(np.arange(len(racks)), v)
    order = np.argsort(points)
    return points[order], owners[order]


def walk(points, owners, places, racks, n_copies, *, side="left", by_rack=True, limit=None):
    """The copies of each key by a walk, for mistakes made before and on the way."""
    rack_of = np.array(list(racks.values())) if by_rack else np.array(list(racks))
    copies = np.empty((len(places), n_copies), np.int64)
    for k, at in enumerate(np.searchsorted(points, places, side=side).tolist()):
        found, used, steps = [], set(), 0
        while len(found) < n_copies:
            node = owners[at % len(points)]
            if rack_of[node] not in used or (limit and steps >= limit and node not in found):
                used.add(rack_of[node])
                found.append(node)
            at, steps = at + 1, steps + 1
        copies[k] = found
    return copies


def ring_of(places, racks, n_copies, v=2_000, text="{name} {j}", **how):
    points, owners = points_of(racks, v, text)
    return points, owners, walk(points, owners, places, racks, n_copies, **how)


@mistake("18.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(places, racks, n_copies):
    ring_of(places[:5], racks, n_copies)


@mistake("18.1", caught_by="check", says="depend on its name alone")
def with_the_rack(places, racks, n_copies):
    names = [f"{name} of {rack}" for name, rack in racks.items()]
    return ring_of(places, dict(zip(names, racks.values(), strict=True)), n_copies)


@mistake("18.1", caught_by="check", says="some of eleven nodes has more than 1.1")
def as_a_blog_says(places, racks, n_copies):
    return ring_of(places, racks, n_copies, v=150)


@mistake("18.1", caught_by="check", says="*any* may be it")
def for_one_node(places, racks, n_copies):
    return ring_of(places, racks, n_copies, v=1_050)


@mistake("18.1", caught_by="check", says="number of points of a node should be at most 3000")
def as_many_as_you_like(places, racks, n_copies):
    return ring_of(places, racks, n_copies, v=5_000)


@mistake("18.1", caught_by="check", says="Points of the circle coincide")
def without_the_name(places, racks, n_copies):
    return ring_of(places, racks, n_copies, text="point {j}")


@mistake("18.1", caught_by="check", says="depend on its name alone")
def by_position(places, racks, n_copies):
    return ring_of(places, racks, n_copies, text="node {i}, point {j}")


@mistake("18.1", caught_by="check", says="stand at even distances")
def evenly_spaced(places, racks, n_copies):
    v = 2_048
    steps = np.arange(v, dtype=np.uint64) << np.uint64(53)
    points = np.concatenate([hash_items([name]) + steps for name in racks])
    order = np.argsort(points)
    owners = np.repeat(np.arange(len(racks)), v)
    return points[order], owners[order], np.zeros((len(places), n_copies), int)


@mistake("18.1", caught_by="check", says="should be at most")
def clustered(places, racks, n_copies):
    v = 2_000
    near = [hash_items([f"{name} {j}" for j in range(v)]) >> np.uint64(3) for name in racks]
    points = np.concatenate(
        [hash_items([name]) + one for name, one in zip(racks, near, strict=False)]
    )
    order = np.argsort(points)
    owners = np.repeat(np.arange(len(racks)), v)
    return points[order], owners[order], np.zeros((len(places), n_copies), int)


@mistake("18.1", caught_by="check", says="Keys after the last point belong to the first")
def clipped_at_the_end(places, racks, n_copies):
    points, owners, copies = ring_of(places, racks, n_copies)
    last = places > points[-1]
    copies[last] = walk(points, owners, np.full(last.sum(), points[-1]), racks, n_copies)
    return points, owners, copies


@mistake("18.1", caught_by="check", says="What of keys after the last point?")
def fell_off(places, racks, n_copies):
    points, owners, copies = ring_of(places, racks, n_copies)
    copies[places > points[-1]] = -1
    return points, owners, copies


@mistake("18.1", caught_by="check", says="before* the key")
def the_point_before(places, racks, n_copies):
    points, owners = points_of(racks, 2_000)
    before = (np.searchsorted(points, places) - 1) % len(points)
    return points, owners, walk(points, owners, points[before], racks, n_copies)


@mistake("18.1", caught_by="edge case", says="exactly at a point")
def the_other_side(places, racks, n_copies):
    return ring_of(places, racks, n_copies, side="right")


@mistake("18.1", caught_by="check", says="in a rack of its own")
def three_nodes(places, racks, n_copies):
    return ring_of(places, racks, n_copies, by_rack=False)


@mistake("18.1", caught_by="check", says="rack of its own")
def gives_up_the_rack(places, racks, n_copies):
    return ring_of(places, racks, n_copies, limit=2)


@mistake("18.1", caught_by="check", says="which has no copy yet")
def next_rack_in_a_list(places, racks, n_copies):
    points, owners, copies = ring_of(places, racks, n_copies)
    labels = sorted(set(racks.values()))
    rack_of = list(racks.values())
    for nodes in copies:
        first = labels.index(rack_of[nodes[0]])
        for copy in range(1, n_copies):
            rack = labels[(first + copy) % len(labels)]
            nodes[copy] = rack_of.index(rack)
    return points, owners, copies


@mistake("18.1", caught_by="check", says="write this one yourself")
def forwards(places, racks, n_copies):
    ring = Ring(list(racks), n_points=2_000)
    return ring.points, ring.owners, ring.copies(places, n_copies)


@mistake("18.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(places, racks, n_copies):
    from course_lib.placement.ring import Ring as Circle

    circle = Circle(list(racks), n_points=1_500)
    copies = [circle.copies(int(place), n_copies)[0] for place in places[:9]]
    return circle.points, circle.owners, copies


def auction(n_keys, draw, weights, better=lambda u, w: -np.log(u) / w, salt=lambda i, at: i):
    """The number of the node with the least, by a rule that a mistake chooses."""
    keys = np.arange(n_keys)
    rows = [better(draw(salt(i, at), keys), w) for at, (i, w) in enumerate(weights.items())]
    return np.array(list(weights))[np.argmin(rows, axis=0)]


def pieces(n_keys, draw, segments, salt=lambda turn: f"turn {turn}", rounds=3_000, everybody=False):
    """The holders, by a chain of salts that a mistake chooses."""
    holders, keys = np.full(n_keys, segments[0][2]), np.arange(n_keys)
    for turn in range(rounds):
        if not len(keys):
            break
        u = draw(salt(turn), np.arange(n_keys))[keys] if everybody else draw(salt(turn), keys)
        left = np.ones(len(keys), bool)
        for start, end, node in segments:
            hit = (u >= start) & (u < end)
            holders[keys[hit]] = node
            left &= ~hit
        keys = keys[left]
    return holders


@mistake("18.2", caught_by="check", says="of the largest w u")
def weight_times_u(n_keys, draw, weights, segments):
    return auction(n_keys, draw, weights, lambda u, w: -w * u), pieces(n_keys, draw, segments)


@mistake("18.2", caught_by="check", says="the power w; divide")
def power_of_the_weight(n_keys, draw, weights, segments):
    return auction(n_keys, draw, weights, lambda u, w: -(u**w)), pieces(n_keys, draw, segments)


@mistake("18.2", caught_by="check", says="times -w ln(u), or")
def multiplied(n_keys, draw, weights, segments):
    bids = auction(n_keys, draw, weights, lambda u, w: -w * np.log(u))
    return bids, pieces(n_keys, draw, segments)


@mistake("18.2", caught_by="check", says="of equal weights")
def no_weights(n_keys, draw, weights, segments):
    return auction(n_keys, draw, weights, lambda u, w: -u), pieces(n_keys, draw, segments)


@mistake("18.2", caught_by="check", says="one number for all nodes")
def one_salt(n_keys, draw, weights, segments):
    return auction(n_keys, draw, weights, salt=lambda i, at: "bid"), pieces(n_keys, draw, segments)


@mistake("18.2", caught_by="check", says="The auction without the first node")
def salt_by_position(n_keys, draw, weights, segments):
    return auction(n_keys, draw, weights, salt=lambda i, at: at), pieces(n_keys, draw, segments)


@mistake("18.2", caught_by="check", says="a weight of 2 becomes 2.5")
def normalized_salt(n_keys, draw, weights, segments):
    total = sum(weights.values())
    bids = auction(n_keys, draw, weights, salt=lambda i, at: f"{i} of {total}")
    return bids, pieces(n_keys, draw, segments)


@mistake("18.2", caught_by="check", says="draw was called 5,000 times")
def two_salts_for_ever(n_keys, draw, weights, segments):
    holders = pieces(n_keys, draw, segments, salt=lambda turn: f"turn {turn % 2}", rounds=10**6)
    return auction(n_keys, draw, weights), holders


@mistake("18.2", caught_by="check", says="By the segments, a share")
def what_is_left_to_the_first(n_keys, draw, weights, segments):
    return auction(n_keys, draw, weights), pieces(n_keys, draw, segments, rounds=3)


@mistake("18.2", caught_by="check", says="The segments without the shortest")
def filled_from_the_left(n_keys, draw, weights, segments):
    total = sum(end - start for start, end, _ in segments)
    ends = np.cumsum([end - start for start, end, _ in sorted(segments)]) / total
    owners = np.array([node for *_, node in sorted(segments)])
    at = np.searchsorted(ends, draw("place", np.arange(n_keys)), side="right")
    draw("idle", np.arange(n_keys))
    return auction(n_keys, draw, weights), owners[at.clip(0, len(owners) - 1)]


@mistake("18.2", caught_by="check", says="By the segments, a share")
def to_the_next_piece(n_keys, draw, weights, segments):
    starts, owners = zip(*[(start, node) for start, _, node in sorted(segments)], strict=False)
    at = np.searchsorted(starts, draw("place", np.arange(n_keys)), side="right") - 1
    draw("idle", np.arange(n_keys))
    return auction(n_keys, draw, weights), np.array(owners)[at]


@mistake("18.2", caught_by="check", says="The segments without the shortest")
def salt_of_the_table(n_keys, draw, weights, segments):
    size = len(segments)
    holders = pieces(n_keys, draw, segments, salt=lambda turn: f"{turn} of {size}")
    return auction(n_keys, draw, weights), holders


@mistake("18.2", caught_by="check", says="Numbers that the segments draw for a key")
def everybody_draws_again(n_keys, draw, weights, segments):
    return auction(n_keys, draw, weights), pieces(n_keys, draw, segments, everybody=True)


@mistake("18.2", caught_by="check", says="do both rules use")
def segments_of_the_bidders(n_keys, draw, weights, segments):
    bids = auction(n_keys, draw, weights)
    total = sum(weights.values())
    return bids, pieces(n_keys, draw, segments, salt=lambda turn: f"{turn}, {total}")


@mistake("18.2", caught_by="edge case", says="hold their starts.")
def ends_included(n_keys, draw, weights, segments):
    holders, keys, turn = np.zeros(n_keys, int), np.arange(n_keys), 0
    while len(keys):
        u, left = draw(f"turn {turn}", keys), np.ones(len(keys), bool)
        for start, end, node in segments:
            hit = (u > start) & (u <= end) & left
            holders[keys[hit]] = node
            left &= ~hit
        keys, turn = keys[left], turn + 1
    return auction(n_keys, draw, weights), holders


@mistake("18.2", caught_by="check", says="write this one yourself")
def forwards(n_keys, draw, weights, segments):
    rule = toolbox.Rendezvous(list(weights), list(weights.values()))
    bidders = np.array(rule.nodes)[rule.assign(np.arange(n_keys))]
    return bidders, pieces(n_keys, draw, segments)


@mistake("18.2", caught_by="check", says="write this one yourself")
def forwards_the_segments(n_keys, draw, weights, segments):
    from course_lib.placement.segments import SegmentTable as Table

    lengths = [end - start for start, end, _ in segments]
    table = Table(1.0, range(len(lengths)), lengths)
    at = table.assign(np.arange(n_keys))
    return auction(n_keys, draw, weights), np.array([node for *_, node in segments])[at]


def put(homes, bins, n_bins, most, order=None):
    """Put what has no bin into the first with room, in an order."""
    bins = bins.copy()
    counts = np.bincount(bins[bins >= 0], minlength=n_bins)
    for ball in np.flatnonzero(bins < 0) if order is None else order:
        to = homes[ball]
        while counts[to] >= most:
            to = (to + 1) % n_bins
        bins[ball], counts[to] = to, counts[to] + 1
    return bins


def pushed(bins, n_bins, most):
    """Take the last balls out of bins that hold too many."""
    bins = bins.copy()
    for full in range(n_bins):
        bins[np.flatnonzero(bins == full)[most:]] = -1
    return bins


def filled(homes, bins, n_bins, most, rounds=10**6, linear=False):
    """Fill holes from behind, so often."""
    bins = bins.copy()
    for _ in range(rounds):
        counts = np.bincount(bins, minlength=n_bins)
        for to in np.flatnonzero(counts < most):
            passed = (to - homes) % n_bins < (bins - homes) % n_bins
            if linear:
                passed = (homes <= to) & (to < bins)
            if passed.any():
                bins[np.flatnonzero(passed)[0]] = to
                break
        else:
            break
    return bins


def capacity(homes, n_bins, c):
    return math.ceil(c * len(homes) / n_bins)


@mistake("18.3", caught_by="check", says="Is the capacity rounded up?")
def rounded_down(homes, bins, n_bins, c):
    most = max(math.floor(c * len(homes) / n_bins), -(-len(homes) // n_bins))
    return filled(homes, put(homes, pushed(bins, n_bins, most), n_bins, most), n_bins, most)


@mistake("18.3", caught_by="check", says="the capacity is")
def old_balls_do_not_go(homes, bins, n_bins, c):
    most = capacity(homes, n_bins, c)
    return filled(homes, put(homes, bins, n_bins, most), n_bins, most)


@mistake("18.3", caught_by="check", says="the capacity is")
def no_bound(homes, bins, n_bins, c):
    return homes


@mistake("18.3", caught_by="check", says="the capacity is")
def only_the_next(homes, bins, n_bins, c):
    most = capacity(homes, n_bins, c)
    bins = pushed(bins, n_bins, most)
    for ball in np.flatnonzero(bins < 0):
        to = homes[ball]
        bins[ball] = to if np.sum(bins == to) < most else (to + 1) % n_bins
    return filled(homes, bins, n_bins, most)


@mistake("18.3", caught_by="check", says="Is what left filled from behind?")
def leaves_holes(homes, bins, n_bins, c):
    most = capacity(homes, n_bins, c)
    return put(homes, pushed(bins, n_bins, most), n_bins, most)


@mistake("18.3", caught_by="check", says="Is what left filled from behind?")
def one_ball_back(homes, bins, n_bins, c):
    most = capacity(homes, n_bins, c)
    bins = put(homes, pushed(bins, n_bins, most), n_bins, most)
    return filled(homes, bins, n_bins, most, rounds=1)


@mistake("18.3", caught_by="edge case", says="Eight balls")
def three_sweeps(homes, bins, n_bins, c):
    most = capacity(homes, n_bins, c)
    bins = put(homes, pushed(bins, n_bins, most), n_bins, most)
    for to in 3 * list(range(n_bins)):
        for _ in range(most - np.sum(bins == to)):
            steps = np.where((to - homes) % n_bins < (bins - homes) % n_bins, bins - to, 0) % n_bins
            bins[np.argmax(steps)] = to if steps.any() else bins[np.argmax(steps)]
    return bins


@mistake("18.3", caught_by="check", says="beyond bin")
def no_circle(homes, bins, n_bins, c):
    most = capacity(homes, n_bins, c)
    bins = put(homes, pushed(bins, n_bins, most), n_bins, most)
    return filled(homes, bins, n_bins, most, linear=True)


@mistake("18.3", caught_by="check", says="A state that is good stays as it is")
def all_anew_backwards(homes, bins, n_bins, c):
    order = np.arange(len(homes))[::-1]
    return put(homes, np.full(len(homes), -1), n_bins, capacity(homes, n_bins, c), order)


@mistake("18.3", caught_by="check", says="Balls that move, on average")
def all_anew_by_the_number_of_balls(homes, bins, n_bins, c):
    most = capacity(homes, n_bins, c)
    counts = np.bincount(bins[bins >= 0], minlength=n_bins)
    room = np.flatnonzero(counts < most)
    late = [np.any((b - homes) % n_bins < (bins - homes) % n_bins) for b in room]
    if (bins >= 0).all() and counts.max() <= most and not np.any(late):
        return bins
    order = np.random.default_rng(len(homes)).permutation(len(homes))
    return put(homes, np.full(len(homes), -1), n_bins, most, order)


@mistake("18.3", caught_by="check", says="changes its argument bins in place")
def in_place(homes, bins, n_bins, c):
    bins[:] = put(homes, np.full(len(homes), -1), n_bins, capacity(homes, n_bins, c))
    return bins


@mistake("18.3", caught_by="check", says="write this one yourself")
def forwards(homes, bins, n_bins, c):
    return BoundedRing(n_bins, factor=c).assign(np.arange(len(homes)))


@mistake("18.3", caught_by="check", says="write this one yourself")
def forwards_under_another_name(homes, bins, n_bins, c):
    bounded = toolbox.BoundedRing
    ring = bounded(range(n_bins), factor=c, n_points=1)
    return ring.assign(homes)


def go(start, key, bits, ask, *, beyond=0, pick=max, forget=False, verify=True, tries=None):
    """A lookup whose steps a mistake chooses; right as it stands, but for a dead end."""
    size, dead, at, table = 1 << bits, set(), start, ask(start)
    if key == start:
        return start
    while True:
        left, failures = (key - at) % size, 0
        known = {*table[0], *table[1]} - dead - {at}
        steps = [(node - at) % size for node in known if (node - at) % size <= left - beyond]
        moved = False
        while steps and not moved:
            step = pick(steps)
            steps.remove(step)
            node = (at + step) % size
            reply = ask(node)
            if reply is None:
                failures += 1
                if tries is not None and failures >= tries:
                    return -1
                if not forget:
                    dead.add(node)
                continue
            if node == key:
                return node
            at, table, moved = node, reply, True
        if moved:
            continue
        for node in table[1]:
            if (node - at) % size < left and node != at:
                continue
            if node == start or not verify or (node not in dead and ask(node) is not None):
                return node
        return -1


@mistake("18.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(start, key, bits, ask):
    go(start, key, bits, ask)


@mistake("18.4", caught_by="edge case", says="Seven nodes in a row are dead")
def four_successors(start, key, bits, ask):
    def some(node):
        table = ask(node)
        return table and (table[0], table[1][:4])

    return go(start, key, bits, some)


@mistake("18.4", caught_by="check", says="also the one exactly at it")
def strictly_before(start, key, bits, ask):
    return go(start, key, bits, ask, beyond=1)


@mistake("18.4", caught_by="check", says="it belongs to")
def half_open_the_wrong_way(start, key, bits, ask):
    return go(start, (key + 1) % (1 << bits), bits, ask)


@mistake("18.4", caught_by="check", says="it belongs to")
def no_circle(start, key, bits, ask):
    fingers, successors = ask(start)
    later = [node for node in [*fingers, *successors, start] if node >= key]
    return min(later, default=start)


@mistake("18.4", caught_by="check", says="the distance has")
def one_after_the_other(start, key, bits, ask):
    return go(start, key, bits, ask, pick=min)


@mistake("18.4", caught_by="check", says="Ask the owner before you name it")
def trusts_the_table(start, key, bits, ask):
    return go(start, key, bits, ask, verify=False)


@mistake("18.4", caught_by="check", says="end at -1")
def gives_up_at_the_first(start, key, bits, ask):
    return go(start, key, bits, ask, tries=1)


@mistake("18.4", caught_by="check", says="asked 3,000 questions")
def asks_the_dead_for_ever(start, key, bits, ask):
    if key == start:
        return start
    size, at, table = 1 << bits, start, ask(start)
    while True:
        left = (key - at) % size
        known = [n for n in {*table[0], *table[1]} if n != at and (n - at) % size <= left]
        if not known:
            for node in table[1]:
                after = (node - at) % size >= left or node == at
                if after and (node == start or ask(node)):
                    return node
            return -1
        to = max(known, key=lambda node: (node - at) % size)
        reply = ask(to)
        if reply is not None:
            at, table = to, reply
            if to == key:
                return to


@mistake("18.4", caught_by="check", says="it belongs to")
def any_finger_beyond(start, key, bits, ask):
    size = 1 << bits
    fingers, successors = ask(start)
    known = [node for node in {*fingers, *successors} if ask(node) is not None]
    return min(known, key=lambda node: (node - key) % size)


@mistake("18.4", caught_by="check", says="bits that are 1")
def counts_twice(start, key, bits, ask):
    return go(start, key, bits, lambda node: (node == start or ask(node)) and ask(node))


heard = {}


@mistake("18.4", caught_by="check", says="remember what nodes said")
def remembers(start, key, bits, ask):
    def once(node):
        if (bits, node) not in heard:
            heard[bits, node] = ask(node)
        return heard[bits, node]

    return go(start, key, bits, once)


@mistake("18.4", caught_by="check", says="write this one yourself")
def forwards(start, key, bits, ask):
    ids, at = [start], ask(start)[1][0]
    while at != start:
        ids.append(at)
        at = ask(at)[1][0]
    ids = np.sort(ids)
    found = toolbox.chord_routes(ids, [key], [int(np.searchsorted(ids, start))], bits=bits)
    return ids[found.owners[0]]


@mistake("18.4", caught_by="check", says="write this one yourself")
def forwards_to_the_ring(start, key, bits, ask):
    ids, at = [start], ask(start)[1][0]
    while at != start:
        ids.append(at)
        at = ask(at)[1][0]
    ring = toolbox.Chord(np.sort(ids), bits=bits)
    return ring.lookup([key], [start]).owners[0]


def hunt(place, rng, *, shares=True, moves=True, ordered=True, ages=(4, 1, 8, 2, 5, 3), most=8):
    """A test from which a mistake takes parts away."""
    k = 10_000
    keys = np.concatenate([np.arange(k), rng.integers(0, 2**63, k)]).astype(np.uint64)
    numbers = rng.choice(10_000, 7, replace=False).tolist()
    weights = dict(zip(numbers[:6], ages, strict=True))

    def fair(nodes, weights):
        total = sum(weights.values())
        share = np.array([w / total for w in weights.values()])
        halves = [[np.mean(half == i) for i in weights] for half in (nodes[:k], nodes[k:])]
        allowed = 0.1 * share + 5 * np.sqrt(share / k)
        return np.isin(nodes, list(weights)).all() and np.all(abs(halves - share) <= allowed)

    try:
        before = place(keys, weights)
        if shares and not fair(before, weights):
            return False
        changes = [(i, 0) for i in numbers[:6]] + [(numbers[6], most)]
        changes += [(numbers[1], most), (numbers[2], 2)]
        for node, weight in changes if moves else []:
            other = {i: w for i, w in weights.items() if i != node} | {node: weight}
            other = {i: w for i, w in other.items() if w}
            after = place(keys, other)
            moved = before != after
            side = after if weight > weights.get(node, 0) else before
            if np.any(side[moved] != node) or (shares and not fair(after, other)):
                return False
        turned = dict(reversed(weights.items()))
        again = place(keys[:500][::-1], turned)[::-1]
        return not ordered or bool(np.array_equal(again, before[:500]))
    except Exception:
        return False


@mistake("18.5", caught_by="check", says="rejects everything")
def never(place, rng):
    return False


@mistake("18.5", caught_by="check", says="accepts everything")
def always(place, rng):
    return True


@mistake("18.5", caught_by="check", says="jump")
def shares_alone(place, rng):
    return hunt(place, rng, moves=False, ordered=False)


@mistake("18.5", caught_by="check", says="ties")
def moves_alone(place, rng):
    return hunt(place, rng, shares=False)


@mistake("18.5", caught_by="check", says="is right, and your test rejects it")
def no_room_for_chance(place, rng):
    keys = rng.integers(0, 2**63, 100_000).astype(np.uint64)
    found = [np.mean(place(keys, {3: 1, 4: 2, 5: 4}) == i) for i in (3, 4, 5)]
    return bool(np.allclose(found, np.array([1, 2, 4]) / 7, rtol=0.027)) and hunt(place, rng)


@mistake("18.5", caught_by="edge case", says="Your test accepts 1 of 4")
def small_weights(place, rng):
    return hunt(place, rng, ages=(4, 1, 3, 2, 4, 3), most=4)


@mistake("18.5", caught_by="accuracy", says="Your test accepts 1 of 5")
def the_same_call_in_the_same_order(place, rng):
    return hunt(place, rng, ordered=False)


@mistake("18.5", caught_by="check", says="accepts")
def one_change(place, rng):
    keys = rng.integers(0, 2**63, 10_000).astype(np.uint64)
    weights = {5: 1, 2: 2, 9: 4}
    before, after = place(keys, weights), place(keys, weights | {11: 2})
    moved = before != after
    return bool(np.all(after[moved] == 11) and abs(np.mean(moved) - 2 / 9) < 0.03)


@mistake("18.5", caught_by="check", says="number of calls of one function")
def many_calls(place, rng):
    for _ in range(70):
        place(np.zeros(1, np.uint64), {1: 1})
    return hunt(place, rng)
