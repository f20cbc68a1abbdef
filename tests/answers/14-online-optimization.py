"""Right answers to lab 14 in unusual styles."""

import math

import numpy as np

from course_lib.hashing import hash_items
from tests.answers import answer


@answer("14.1", style="sorted landings and a pointer, plain Python floats; a list")
def by_a_pointer(places, late, departs, lands, step, radius, n):
    rows, labels = places.tolist(), late.tolist()
    leaves, comes = departs.tolist(), lands.tolist()
    weights, losses, slopes = [0.0] * n, [], {}
    queue = sorted(range(len(labels)), key=lambda s: (comes[s], s))
    used = 0
    for t, now in enumerate(leaves):
        # What landed in the minute of its own departure may stand before a later row: wait for it.
        waiting, i = [], used
        while i < len(queue) and comes[queue[i]] <= now:
            waiting.append(queue[i])
            i += 1
        ready = [s for s in waiting if s < t]
        if len(ready) < len(waiting):
            rest = [s for s in waiting if s >= t]
            queue[used:i] = ready + rest
        for s in ready:
            used += 1
            for j in rows[s]:
                weights[j] -= step * used**-0.5 * slopes.pop((s, j))
            length = math.hypot(*weights)
            if length > radius:
                weights = [w * (radius / length) for w in weights]
        margin = labels[t] * sum(weights[j] for j in rows[t])
        losses.append(math.log1p(math.exp(-abs(margin))) + max(0.0, -margin))
        for j in rows[t]:
            slopes[t, j] = -labels[t] / (1 + math.exp(margin))
    return losses


@answer("14.1", style="events in one list, a scale beside the weights, float32 losses at the end")
def by_events(places, late, departs, lands, step, radius, n):
    # A flight that lands in the minute of a departure is heard first; one that lands in the
    # minute of its own departure is heard before the next row.
    events = []
    for t, (leaves, comes) in enumerate(zip(departs, lands, strict=True)):
        events.append((leaves, t, 1, t))
        if np.isfinite(comes):
            first = max(t + 1, int(np.searchsorted(departs, comes, side="left")))
            events.append((departs[first], first, 0, (comes, t)) if first < len(late) else None)
    events = sorted((one for one in events if one), key=lambda e: (e[1], e[2], e[3]))
    v, scale, square, count = np.zeros(n), 1.0, 0.0, 0
    slopes, losses = np.zeros(len(late)), np.zeros(len(late))
    for _, _, departure, what in events:
        if departure:
            margin = late[what] * scale * np.sum(v[places[what]])
            losses[what] = np.logaddexp(0.0, -margin)
            slopes[what] = -late[what] * np.exp(-np.logaddexp(0.0, margin))
            continue
        s = what[1]
        count += 1
        length = step * slopes[s] / np.sqrt(count)
        square += length * (length * len(places[s]) - 2 * scale * v[places[s]].sum())
        v[places[s]] -= length / scale
        if square > radius**2:
            scale *= radius / np.sqrt(square)
            square = radius**2
        if scale < 1e-9:
            v, scale = v * scale, 1.0
    return losses


@answer("14.1", style="no heap: masks of who is in the air, lexsort, dense gradients")
def by_masks(places, late, departs, lands, step, radius, n):
    w, k, air = np.zeros(n), 0, np.empty(0, int)
    slopes, losses = np.zeros(len(places)), []
    for t, row in enumerate(places):
        down = lands[air] <= departs[t]
        here, air = air[down], air[~down]
        for s in here[np.lexsort((here, lands[here]))]:
            k += 1
            g = np.zeros(n)
            np.add.at(g, places[s], slopes[s])
            w = w - step * k**-0.5 * g
            w *= min(1, radius / max(np.sqrt(w @ w), 1e-300))
        z = late[t] * w[row].sum()
        slopes[t] = -late[t] * np.exp(-np.logaddexp(0, z))
        losses.append(np.logaddexp(0, -z))
        air = np.append(air, t)
    return losses or np.zeros(0)


@answer("14.2", style="Newton's method on theta, in loops")
def by_newton(v, cap):
    v = [float(one) for one in v]
    low, high = min(v) - cap, max(v)
    theta = (low + high) / 2
    for _ in range(100):
        total = math.fsum(min(cap, max(0.0, one - theta)) for one in v)
        free = sum(theta < one < theta + cap for one in v)
        if total > 1:
            low = theta
        else:
            high = theta
        if abs(total - 1) < 1e-12:
            break
        step = theta + (total - 1) / free if free else math.inf
        theta = step if low < step < high else (low + high) / 2
    return [min(cap, max(0.0, one - theta)) for one in v]


@answer("14.2", style="a walk over the sorted breakpoints with running counts")
def by_a_walk(v, cap):
    v = np.asarray(v, dtype=np.float64)
    enter, leave = np.sort(v)[::-1], np.sort(v - cap)[::-1]
    points = np.concatenate([enter, leave])
    change = np.concatenate([np.ones(len(v)), -np.ones(len(v))])
    order = np.argsort(-points, kind="stable")
    points, free = points[order], np.cumsum(change[order])
    sums = np.concatenate([[0.0], np.cumsum(free[:-1] * (points[:-1] - points[1:]))])
    after = np.flatnonzero(sums >= 1 - 1e-13)
    if len(after) == 0:
        return np.full(len(v), cap)
    i = max(int(after[0]), 1)
    theta = points[i] + (sums[i] - 1) / max(free[i - 1], 1.0)
    w = np.clip(v - theta, 0.0, cap)
    inside = (w > 0) & (w < cap)
    if inside.any():  # mend what rounding left
        w[inside] += (1 - w.sum()) / inside.sum()
    return np.clip(w, 0.0, cap)


@answer("14.2", style="rounds: cap what is above and project the others again, on less than 1")
def by_rounds(v, cap):
    v = np.asarray(v, dtype=float)
    w, free = np.zeros(len(v)), np.ones(len(v), bool)
    while free.any() and (left := 1 - cap * np.count_nonzero(~free)) > 0:
        u = np.sort(v[free])[::-1]
        thetas = (np.cumsum(u) - left) / np.arange(1, len(u) + 1)
        w[free] = np.maximum(v[free] - thetas[np.flatnonzero(u > thetas)[-1]], 0)
        over = free & (w > cap)
        if not over.any():
            break
        w[over] = cap
        free &= ~over
    return np.minimum(w, cap)


@answer("14.3", style="lengths of the stretches from the geometric law, a nested loop")
def by_stretches(gradient, full, n, d, ridge, step, gap, rng):
    snapshot = np.zeros((d,))
    while True:
        mean = np.array(full(snapshot))
        if np.linalg.norm(mean) ** 2 / (2 * ridge) <= gap:
            return snapshot.tolist()
        x = snapshot.copy()
        for _ in range(rng.geometric(1 / n)):
            i = rng.choice(n)
            at_snapshot = gradient(i, snapshot)
            x = x - step * (mean - at_snapshot + gradient(i, x))
        snapshot = x


@answer("14.3", style="as the authors write it: the snapshot before the step; in-place on copies")
def before_the_step(gradient, full, n, d, ridge, step, gap, rng):
    x, old = np.zeros(d), np.zeros(d)
    mean = full(old)
    while np.dot(mean, mean) / (2 * ridge) > gap:
        row = math.floor(n * rng.random())
        change = gradient(row, x)
        change = change - gradient(row, old)
        change += mean
        if rng.uniform() * n < 1:
            old = x.copy()
            mean = full(old)
        x -= step * change
    return old


@answer("14.3", style="rows and coins drawn in blocks, narrow integers, binomial coins")
def in_blocks(gradient, full, n, d, ridge, step, gap, rng):
    x = old = np.zeros(d)
    mean = full(old)
    while np.linalg.norm(mean) > np.sqrt(2 * ridge * gap):
        rows = rng.integers(n, size=64, dtype=np.int32)
        for i, coin in zip(rows, rng.binomial(1, 1 / n, size=64), strict=True):
            x = x - step * (gradient(i, x) - gradient(i, old) + mean)
            if coin:
                old, mean = x, full(x)
                if mean @ mean <= 2 * ridge * gap:
                    break
    return old


@answer("14.4", style="dictionaries and plain Python; nothing dense before the end")
def with_dictionaries(read, hear, bits, step, seed):
    weights, squares = {}, {}
    while True:
        words = read()
        if words is None:
            break
        row = {}
        for h in hash_items(words, seed).tolist() if words else []:
            row[h >> (64 - bits)] = row.get(h >> (64 - bits), 0) + (-1 if h & 1 else 1)
        length = math.sqrt(sum(c * c for c in row.values())) or 1.0
        row = {j: c / length for j, c in row.items() if c}
        row[2**bits] = 1.0
        z = sum(weights.get(j, 0.0) * c for j, c in row.items())
        y = hear(z)
        for j, c in row.items():
            g = -y * c / (1 + math.exp(y * z))
            squares[j] = squares.get(j, 0.0) + g * g
            weights[j] = weights.get(j, 0.0) - step * g / (1 + squares[j] ** 0.5)
    return [weights.get(j, 0.0) for j in range(2**bits + 1)]


@answer("14.4", style="one token at a time, a dense row that is cleaned up, np.add.at")
def with_a_dense_row(read, hear, bits, step, seed):
    n = 1 << bits
    w, total, x = np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1)
    words = read()
    while words is not None:
        hashes = hash_items(words, seed).astype(np.uint64)
        at = (hashes // np.uint64(2 ** (64 - bits))).astype(np.int64)
        np.add.at(x, at, 1.0 - 2.0 * (hashes % np.uint64(2)).astype(float))
        touched = np.append(np.unique(at), n)
        part = x[touched]
        if np.any(part):
            part = part / np.sqrt(np.sum(part**2))
        part[-1] = 1
        margin = np.float64(np.dot(w[touched], part))
        label = hear(margin)
        gradient = part * (-label * np.exp(-np.logaddexp(0, label * margin)))
        total[touched] += gradient**2
        w[touched] += -step * gradient / (np.sqrt(total[touched]) + 1)
        x[at] = 0
        words = read()
    return w


@answer("14.5", style="streams by name, verdicts collected; numpy booleans")
def by_collecting(play, rng):
    t = np.arange(3_000)
    base = {
        "alternate": (-1.0) ** t,
        "stay": np.full(3_000, 1.0),
        "turn early": np.where(t < 600, 1.0, -1.0),
        "turn later": np.where(t < 1_000, 1.0, -1.0),
        "one of three": np.where(t % 3 == 0, 1.0, -0.3),
        "one of four": np.where(t % 4 == 0, 1.0, -0.25),
        "blocks": np.where((t // 90) % 2 == 0, 1.0, -1.0),
        "zeros": np.zeros(20),
        "zeros first": (t > 5) * 1.0,
        "one": np.array([-1.0]),
        "few": np.array([1.0, -0.5, 0.1]),
        "random": rng.uniform(-1, 1, 1_000),
        "small": np.full(2_000, 0.02),
    }
    fine = []
    for k, stream in enumerate(base.values()):
        for sign in (1, -1):
            limit = (1.0, 300.0, 0.002)[(k + sign) % 3]
            slopes = sign * limit * stream
            try:
                plays = np.array(play(slopes.copy(), limit), dtype=float)
            except Exception:
                return np.False_
            if plays.shape != slopes.shape or np.isnan(plays).any():
                return np.False_
            paid = float(np.dot(plays, slopes)) + abs(float(slopes.sum()))
            fine.append(np.max(np.abs(plays)) < 1 + 1e-9)
            fine.append(paid <= 2 * math.sqrt(2 * len(slopes)) * limit + 1e-9 * limit)
    for limit, tail in ((1.0, 1.0), (1.0, -1.0), (5.0, 0.0)):
        slopes = rng.normal(0, 0.05, 30) * limit
        first = np.array(play(slopes.copy(), limit))
        for cut in (0, 3, 15, 29):
            other = slopes.copy()
            other[cut:] = tail * limit
            again = np.array(play(other, limit))
            fine.append(np.allclose(first[: cut + 1], again[: cut + 1], rtol=0, atol=1e-10))
    return np.all(fine)


@answer("14.5", style="plain Python, an enemy who knows how the learner played before")
def by_an_enemy(play, rng):
    def legal(slopes, limit):
        plays = [float(x) for x in play(np.array(slopes), limit)]
        if len(plays) != len(slopes) or not all(-1 - 1e-9 <= x <= 1 + 1e-9 for x in plays):
            return None
        paid = sum(g * x for g, x in zip(slopes, plays, strict=True)) + abs(sum(slopes))
        return plays if paid <= (8 * len(slopes)) ** 0.5 * limit * 1.000001 else None

    def streams(limit):
        yield [0.0] * 10
        yield [limit]
        yield [0.0, 0.0, limit, -limit / 2]
        yield [limit * s for s in rng.choice([-1.0, 1.0], 300)]
        for sign in (limit, -limit):
            yield [sign * (-1) ** t for t in range(2_000)]
            yield [sign] * 2_000
            yield [sign if t < 650 else -sign for t in range(2_800)]
            yield [sign if t % 3 == 0 else -sign / 3 for t in range(3_000)]
            yield [sign if t // 100 % 2 else -sign for t in range(3_000)]

    try:
        for limit in (1.0, 40.0, 0.02):
            for slopes in streams(limit):
                if legal(slopes, limit) is None:
                    return False
        past = [0.1, -0.2, 0.05, 0.3, -0.1, 0.2]
        for cut in (0, 1, 3, 6):
            one = legal(past[:cut] + [1.0] * (8 - cut), 1.0)
            two = legal(past[:cut] + [-0.5] * (8 - cut), 1.0)
            three = legal(past[:cut] + [0.01] * (8 - cut), 1.0)
            if one is None or two is None or three is None:
                return False
            for x, y, z in list(zip(one, two, three, strict=True))[: cut + 1]:
                if abs(x - y) > 1e-9 or abs(x - z) > 1e-9:
                    return False
    except Exception:
        return False
    return True
