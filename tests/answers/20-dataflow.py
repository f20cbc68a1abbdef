"""Right answers to lab 20 in unusual styles."""

import bisect
import collections
import heapq
import itertools

import numpy as np

from tests.answers import answer


@answer("20.1", style="a Counter; groups are cut by a set of words; largest counts first")
def by_counter(blocks, M):
    table = collections.Counter()
    for word in itertools.chain.from_iterable(blocks):
        if word not in table and len(table) >= M:
            yield from table.most_common()
            table.clear()
        table[word] += 1
    for word in sorted(table):
        yield [word, table[word]]


@answer("20.1", style="two lists, searched by halves; counts are NumPy's; an inner generator")
def in_sorted_lists(blocks, M):
    words, counts = [], []

    def all_of_it():
        for word, count in zip(words, counts, strict=True):
            yield word, np.int32(count)

    for block in iter(blocks):
        for word in block:
            place = bisect.bisect_left(words, word)
            if place == len(words) or words[place] != word:
                if len(words) == M:
                    yield from all_of_it()
                    words, counts, place = [], [], 0
                words.insert(place, word)
                counts.insert(place, 0)
            counts[place] += 1
    yield from all_of_it()


@answer(
    "20.2", style="plain loops over facts, a heap, a piece is full when it holds its quota; lists"
)
def one_fact_at_a_time(keys, n_keys, p):
    keys = [int(key) for key in keys]
    counts = collections.Counter(keys)
    quota = max(1, int(len(keys) / (4 * p)) + (len(keys) % (4 * p) > 0))
    heap = [(0, reducer) for reducer in range(p)]
    homes = {}
    for key, count in counts.most_common():
        homes[key] = []
        while count > 0:
            size = min(count, quota)
            load, reducer = heapq.heappop(heap)
            heapq.heappush(heap, (load + size, reducer))
            homes[key] += [reducer] * size
            count -= size
    rows = sorted({(key, reducer) for key, where in homes.items() for reducer in where})
    where = [homes[key].pop() for key in keys]
    return where, np.array(rows, np.int32).reshape(-1, 2)


@answer("20.2", style="facts sorted by key and cut into p equal stretches; other rows to 0; int16")
def stretches(keys, n_keys, p):
    order = np.argsort(keys, kind="stable")
    where = np.empty(len(keys), np.int16)
    where[order] = np.arange(len(keys)) * p // max(1, len(keys))
    pairs = {(int(k), int(r)) for k, r in zip(keys, where, strict=True)}
    if len(keys):  # without facts no row is needed
        pairs |= {(k, 0) for k in set(range(n_keys)) - set(keys.tolist())}
    return [where, list(pairs)]


def agree(a, b):
    a, b = np.atleast_1d(np.asarray(a, float)), np.atleast_1d(np.asarray(b, float))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) < 1e-6))


@answer("20.3", style="all cuts and orders of a few hard cases, without rng; np.bool_")
def hard_cases(query, rng):
    cases = [
        [[5, 5, 7], [5, 5, 7], [7, 7, 1, 1, 1, 2], [], [9, 9, 2, 2, 7, 30, 30, 31, 31, 31]],
        [[-5], [-9, -9, -3], [], [-7, -2]],
        [[], [], [4], []],
        [[1, 2, 3, 4], [10, 200, 600], [-1000, 1000, 3], [17], [17], [17, 18]],
        [list(range(-40, 60, 3)), [60, 61], list(range(7)), [0], [900]],
    ]
    try:
        for parts in cases:
            n = len(parts)
            whole = query([sorted(x for part in parts for x in part)], 0)
            for turn in range(n):
                order = [*range(turn, n), *range(turn)]
                left = right = order[0]
                for i in order[1:]:
                    left, right = (left, i), (i, right)
                level = list(order)
                while len(level) > 1:
                    level = [
                        (level[i], level[i + 1]) if i + 1 < len(level) else level[i]
                        for i in range(0, len(level), 2)
                    ]
                for tree in (left, right, level[0]):
                    if not agree(query(parts, tree), whole):
                        return np.False_
    except Exception:
        return np.False_
    return np.True_


@answer("20.3", style="each number a part, halves of halves, many random multisets")
def each_a_part(query, rng):
    def halves(indices):
        middle = len(indices) // 2
        if middle == 0:
            return indices[0]
        return (halves(indices[:middle]), halves(indices[middle:]))

    for _ in range(40):
        kinds = rng.choice(np.arange(-900, 900 if rng.random() < 0.5 else -1), 9)
        numbers = rng.choice(kinds, rng.integers(2, 60), p=np.arange(9, 0, -1) / 45).tolist()
        parts = [[x] for x in numbers] + [[], []]
        parts = [parts[i] for i in rng.permutation(len(parts))]
        a, b = numbers[: len(numbers) // 3], numbers[len(numbers) // 3 :]
        try:
            whole = query([sorted(numbers)], 0)
            for given, tree in (
                (parts, halves(range(len(parts)))),
                ([a, b], (1, 0)),
                ([b, a, []], ((2, 0), 1)),
                ([b[::2], a, b[1::2], []], ((0, 2), (3, 1))),
            ):
                if not agree(query(given, tree), whole):
                    return False
        except RuntimeError:
            return False
    return True


@answer("20.4", style="holds nothing back: counts by source and barrier, some of 0, added up")
def by_source(arrivals, n_channels, width, bound, saved):
    base = {"counts": [], "late": 0, "clocks": {}} if saved is None else saved
    clocks = {int(c): t for c, t in base["clocks"].items()}
    since = [collections.Counter() for _ in range(n_channels)]
    late = [0] * n_channels
    marks = collections.defaultdict(dict)
    snapshots = {}

    def together(sums, lates):
        counts = collections.Counter()
        for key, start, count in base["counts"]:
            counts[key, start] += count
        for one in sums:
            counts.update(one)
        return counts, base["late"] + sum(lates)

    for channel, kind, *rest in arrivals:
        if kind == "event":
            key, time, clock = rest
            clocks[channel] = max(clock, clocks.get(channel, clock))
            start = time - time % width
            too_late = start + width + bound <= clocks[channel]
            late[channel] += too_late
            since[channel][key, start] += not too_late
            continue
        marks[rest[0]][channel] = (since[channel].copy(), late[channel], clocks.get(channel))
        if len(marks[rest[0]]) == n_channels:
            sums, lates, then = zip(*marks[rest[0]].values(), strict=True)
            counts, n_late = together(sums, lates)
            snapshots[rest[0]] = {
                "counts": [(*place, count) for place, count in counts.items()],
                "late": n_late,
                "clocks": {
                    c: t for c, t in zip(marks[rest[0]], then, strict=True) if t is not None
                },
            }
    counts, n_late = together(since, late)
    return [counts, np.int64(n_late), snapshots]


@answer(
    "20.4", style="queues by source, drained barrier by barrier; floats for the starts of windows"
)
def by_queues(arrivals, n_channels, width, bound, saved):
    counts, n_late, clocks = saved or ((), 0, (-1e18,) * n_channels)
    counts, clocks = dict(counts), np.array(clocks)
    queues = [collections.deque() for _ in range(n_channels)]
    for channel, *message in arrivals:
        queues[channel].append(message)
    snapshots = {}
    while True:
        for c, queue in enumerate(queues):
            while queue and queue[0][0] == "event":
                _, key, time, clock = queue.popleft()
                clocks[c] = max(clocks[c], clock)
                place = (key, float(np.floor(time / width) * width))
                if place[1] + width > clocks[c] - bound:
                    counts[place] = counts.get(place, 0) + 1
                else:
                    n_late += 1
        if not all(queues):
            break
        (number,) = {queue.popleft()[1] for queue in queues}
        snapshots[number] = (tuple(counts.items()), n_late, tuple(clocks.tolist()))
    for c, queue in enumerate(queues):
        for kind, *rest in queue:
            if kind == "event":
                key, time, clock = rest
                clocks[c] = max(clocks[c], clock)
                place = (key, float(np.floor(time / width) * width))
                if place[1] + width > clocks[c] - bound:
                    counts[place] = counts.get(place, 0) + 1
                else:
                    n_late += 1
    return counts, n_late, snapshots


@answer("20.5", style="renewals one after the other, heaps of departures; plain lists")
def renewal_by_renewal(arrival_s, service_s, choices, n_queues, board_s):
    heaps = [[] for _ in range(n_queues)]
    last = [0.0] * n_queues
    board, sent = [0] * n_queues, [0] * n_queues
    renewal, queue, departure_s = 0, [], []
    for now, service, options in zip(arrival_s, service_s, choices, strict=True):
        if (renewal + 1) * board_s <= now:
            while (renewal + 1) * board_s <= now:
                renewal += 1
            for q, heap in enumerate(heaps):
                while heap and heap[0] <= renewal * board_s:
                    heapq.heappop(heap)
                board[q], sent[q] = len(heap), 0
        lengths = [board[q] + sent[q] for q in options]
        best = int(options[lengths.index(min(lengths))])
        sent[best] += 1
        last[best] = max(float(now), last[best]) + float(service)
        heapq.heappush(heaps[best], last[best])
        queue.append(best)
        departure_s.append(last[best])
    return queue, departure_s


@answer("20.5", style="from the definition: all earlier jobs are looked at for each job; uint8")
def from_the_definition(arrival_s, service_s, choices, n_queues, board_s):
    n = len(arrival_s)
    queue, departure_s = np.zeros(n, np.uint8), np.zeros(n)
    free = np.zeros(n_queues)
    for i in range(n):
        renewed = np.floor(arrival_s[i] / board_s) * board_s
        counted = (departure_s[:i] > renewed) | (arrival_s[:i] >= renewed)
        lengths = np.array([np.count_nonzero(counted & (queue[:i] == q)) for q in choices[i]])
        queue[i] = choices[i][lengths.argmin()]
        free[queue[i]] = max(free[queue[i]], arrival_s[i]) + service_s[i]
        departure_s[i] = free[queue[i]]
    return queue, departure_s
