"""Wrong answers to lab 20."""

import collections

import numpy as np

from course_lib.dataflow import (
    AlignedBarriers,
    count_job,
    map_reduce,
    map_task,
    route_jobs,
    salt_pieces,
    salted_join,
)
from course_lib.dataflow import TumblingWindows as Windows
from course_lib.dataflow import route_jobs as shortest
from tests.mistakes import mistake

# ruff: noqa: F811, B006 (exercises may share the name of a mistake; a default may be the mistake)


@mistake("20.1", caught_by="check", says="is there a `yield`?")
def forgot_to_yield(blocks, M):
    table = collections.Counter(word for block in blocks for word in block)
    table.most_common(M)


@mistake("20.1", caught_by="check", says="grown beyond M")
def no_limit(blocks, M):
    yield from collections.Counter(word for block in blocks for word in block).items()


@mistake("20.1", caught_by="check", says="name a word twice")
def one_for_each_word(blocks, M):
    for block in blocks:
        for word in block:
            yield word, 1


@mistake("20.1", caught_by="check", says="go out at the end too")
def forgets_the_rest(blocks, M):
    table = {}
    for block in blocks:
        for word in block:
            if word not in table and len(table) == M:
                yield from table.items()
                table = {}
            table[word] = table.get(word, 0) + 1


@mistake("20.1", caught_by="check", says="add up to")
def loses_the_newcomer(blocks, M):
    table = {}
    for block in blocks:
        for word in block:
            if word in table or len(table) < M:
                table[word] = table.get(word, 0) + 1
            else:
                yield from table.items()
                table = {}
    yield from table.items()


@mistake("20.1", caught_by="check", says="only a new word needs room")
def as_soon_as_it_is_full(blocks, M):
    table = {}
    for block in blocks:
        for word in block:
            table[word] = table.get(word, 0) + 1
            if len(table) == M:
                yield from table.items()
                table = {}
    yield from table.items()


@mistake("20.1", caught_by="check", says="All entries go out together")
def one_at_a_time(blocks, M):
    table = {}
    for block in blocks:
        for word in block:
            if word not in table and len(table) == M:
                oldest = next(iter(table))
                yield oldest, table.pop(oldest)
            table[word] = table.get(word, 0) + 1
    yield from table.items()


@mistake("20.1", caught_by="check", says="start empty at every call")
def table_of_all_calls(blocks, M, table={}):
    for block in blocks:
        for word in block:
            if word not in table and len(table) == M:
                yield from table.items()
                table.clear()
            table[word] = table.get(word, 0) + 1
    yield from table.items()


@mistake("20.1", caught_by="check", says="name a word twice")
def a_table_for_each_block(blocks, M):
    for block in blocks:
        table = {}
        for word in block:
            if word not in table and len(table) == M:
                yield from table.items()
                table = {}
            table[word] = table.get(word, 0) + 1
        yield from table.items()


@mistake("20.1", caught_by="check", says="write this one yourself")
def by_the_library(blocks, M):
    words = [word for block in blocks for word in block]
    return [pair for run in map_task(count_job(), words).runs for pair in run.pairs()]


@mistake("20.1", caught_by="check", says="write this one yourself")
def by_the_library_under_another_name(blocks, M):
    run = map_reduce
    return run(count_job(combine=False), list(blocks)).to_dict().items()


@mistake("20.1", caught_by="cost", says="collect the pairs?")
def returns_a_list(blocks, M):
    table, pairs = {}, []
    for block in blocks:
        for word in block:
            if word not in table and len(table) == M:
                pairs += table.items()
                table = {}
            table[word] = table.get(word, 0) + 1
    return [*pairs, *table.items()]


@mistake("20.1", caught_by="edge case", says="that was begun once before")
def cleared_at_the_end(blocks, M, table={}):
    for block in blocks:
        for word in block:
            if word not in table and len(table) == M:
                yield from table.items()
                table.clear()
            table[word] = table.get(word, 0) + 1
    yield from table.items()
    table.clear()


@mistake("20.1", caught_by="edge case", says="depend on the arguments only")
def in_an_order_of_its_own(blocks, M):
    rng, table = np.random.default_rng(), {}
    for block in blocks:
        for word in block:
            if word not in table and len(table) == M:
                yield from (list(table.items())[i] for i in rng.permutation(M))
                table = {}
            table[word] = table.get(word, 0) + 1
    yield from table.items()


def least_loaded(sizes, p):
    loads, home = np.zeros(p, np.int64), np.zeros(len(sizes), np.int64)
    for i in np.argsort(-sizes, kind="stable"):
        home[i] = loads.argmin()
        loads[home[i]] += sizes[i]
    return home


def in_pieces(keys, n_keys, pieces):
    """The piece of each fact, and the key of each piece."""
    counts = np.bincount(keys, minlength=n_keys)
    order = np.argsort(keys, kind="stable")
    turn = np.empty(len(keys), np.int64)
    turn[order] = np.arange(len(keys)) - np.repeat(np.cumsum(counts) - counts, counts)
    piece = (np.cumsum(pieces) - pieces)[keys] + turn % pieces[keys]
    return piece, np.repeat(np.arange(n_keys), pieces)


def pieces_of(keys, n_keys, p, share=0.25):
    counts = np.bincount(keys, minlength=n_keys)
    largest = max(1.0, share * len(keys) / p)
    return np.maximum(1, np.ceil(counts / largest).astype(np.int64))


@mistake("20.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(keys, n_keys, p):
    np.bincount(keys, minlength=n_keys)


@mistake("20.2", caught_by="check", says="Is every piece small")
def whole_keys(keys, n_keys, p):
    home = least_loaded(np.bincount(keys, minlength=n_keys), p)
    return home[keys], np.column_stack([np.arange(n_keys), home])


@mistake("20.2", caught_by="check", says="does not look at the loads")
def pieces_by_a_hash(keys, n_keys, p):
    piece, owner = in_pieces(keys, n_keys, pieces_of(keys, n_keys, p))
    home = (np.arange(len(owner)) * 2654435761 % 2**32) // 7919 % p
    return home[piece], np.unique(np.column_stack([owner, home]), axis=0)


@mistake("20.2", caught_by="check", says="A row goes wherever")
def rows_stay_at_one_reducer(keys, n_keys, p):
    piece, owner = in_pieces(keys, n_keys, pieces_of(keys, n_keys, p))
    home = least_loaded(np.bincount(piece, minlength=len(owner)), p)
    first = np.unique(owner, return_index=True)[1]
    return home[piece], np.column_stack([np.arange(n_keys), home[first]])


@mistake("20.2", caught_by="check", says="A key that is small stays whole")
def every_row_everywhere(keys, n_keys, p):
    rows = np.column_stack([np.repeat(np.arange(n_keys), p), np.tile(np.arange(p), n_keys)])
    return np.arange(len(keys)) % p, rows


@mistake("20.2", caught_by="check", says="A key that is small stays whole")
def salts_every_key(keys, n_keys, p):
    pieces = np.maximum(2, pieces_of(keys, n_keys, p))
    piece, owner = in_pieces(keys, n_keys, pieces)
    home = least_loaded(np.bincount(piece, minlength=len(owner)), p)
    return home[piece], np.unique(np.column_stack([owner, home]), axis=0)


@mistake("20.2", caught_by="check", says="A row goes wherever")
def both_sides_at_random(keys, n_keys, p):
    rng = np.random.default_rng(0)
    rows = np.column_stack([np.arange(n_keys), rng.integers(p, size=n_keys)])
    return rng.integers(p, size=len(keys)), rows


@mistake("20.2", caught_by="check", says="sent twice to one reducer")
def a_row_for_each_fact(keys, n_keys, p):
    piece, owner = in_pieces(keys, n_keys, pieces_of(keys, n_keys, p))
    where = least_loaded(np.bincount(piece, minlength=len(owner)), p)[piece]
    return where, np.column_stack([keys, where])


@mistake("20.2", caught_by="check", says="A key that is small stays whole")
def pieces_too_small(keys, n_keys, p):
    piece, owner = in_pieces(keys, n_keys, pieces_of(keys, n_keys, p, share=0.02))
    home = least_loaded(np.bincount(piece, minlength=len(owner)), p)
    return home[piece], np.unique(np.column_stack([owner, home]), axis=0)


@mistake("20.2", caught_by="check", says="decided differently")
def drawn_at_random(keys, n_keys, p):
    shuffled = np.random.default_rng().permutation(p)
    piece, owner = in_pieces(keys, n_keys, pieces_of(keys, n_keys, p))
    home = shuffled[least_loaded(np.bincount(piece, minlength=len(owner)), p)]
    return home[piece], np.unique(np.column_stack([owner, home]), axis=0)


@mistake("20.2", caught_by="check", says="write this one yourself")
def by_the_librarys_pieces(keys, n_keys, p):
    counts = np.bincount(keys, minlength=n_keys).astype(float)
    piece, owner = in_pieces(keys, n_keys, salt_pieces(counts, p, 0.25))
    home = least_loaded(np.bincount(piece, minlength=len(owner)), p)
    return home[piece], np.unique(np.column_stack([owner, home]), axis=0)


@mistake("20.2", caught_by="check", says="write this one yourself")
def by_the_librarys_join(keys, n_keys, p):
    facts = [(key, i) for i, key in enumerate(keys.tolist())]
    join = salted_join(facts, dict.fromkeys(range(n_keys), 0), n_reducers=p)
    return np.zeros(len(join.rows), int), np.zeros((0, 2), int)


@mistake("20.2", caught_by="edge case", says="17 keys alike")
def only_keys_above_the_mean_are_cut(keys, n_keys, p):
    small = np.bincount(keys, minlength=n_keys) <= len(keys) / p
    pieces = np.where(small, 1, pieces_of(keys, n_keys, p))
    piece, owner = in_pieces(keys, n_keys, pieces)
    home = least_loaded(np.bincount(piece, minlength=len(owner)), p)
    return home[piece], np.unique(np.column_stack([owner, home]), axis=0)


@mistake("20.2", caught_by="edge case", says="49 keys alike")
def pieces_of_a_third(keys, n_keys, p):
    piece, owner = in_pieces(keys, n_keys, pieces_of(keys, n_keys, p, share=1 / 3))
    home = least_loaded(np.bincount(piece, minlength=len(owner)), p)
    return home[piece], np.unique(np.column_stack([owner, home]), axis=0)


@mistake("20.2", caught_by="check", says="The next 5,000 words")
def remembers_the_first_call(keys, n_keys, p, known={}):
    if (len(keys), p) not in known:
        piece, owner = in_pieces(keys, n_keys, pieces_of(keys, n_keys, p))
        home = least_loaded(np.bincount(piece, minlength=len(owner)), p)
        known[len(keys), p] = home[piece], np.unique(np.column_stack([owner, home]), axis=0)
    return known[len(keys), p]


@mistake("20.2", caught_by="edge case", says="should have shape")
def no_fact_forgotten(keys, n_keys, p):
    pieces = pieces_of(keys, n_keys, p)
    piece, owner = in_pieces(keys, n_keys, pieces)
    home = least_loaded(np.bincount(piece, minlength=len(owner)), p)
    where = home[piece] if len(keys) else np.zeros(1, int)
    return where, np.unique(np.column_stack([owner, home]), axis=0)


def same(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=0, atol=1e-6)


def chain(n):
    tree = 0
    for i in range(1, n):
        tree = (tree, i)
    return tree


def draw_parts(rng, n_parts, low=-1000):
    return [rng.integers(low, 1001, rng.integers(1, 20)).tolist() for _ in range(n_parts)]


@mistake("20.3", caught_by="check", says="The verdict")
def forgot_to_return(query, rng):
    query([[1, 2], [3]], (0, 1))


@mistake("20.3", caught_by="check", says="accepts everything")
def accepts_all(query, rng):
    return True


@mistake("20.3", caught_by="check", says="rejects everything")
def rejects_all(query, rng):
    return False


@mistake("20.3", caught_by="check", says="leave rounding no room")
def to_the_last_bit(query, rng):
    for _ in range(30):
        parts = draw_parts(rng, 5)
        whole = query([[x for part in parts for x in part]], 0)
        if query(parts, ((0, 1), (2, (3, 4)))) != whole or query(parts, chain(5)) != whole:
            return False
    return True


@mistake("20.3", caught_by="check", says="Your test accepts")
def one_tree_against_another(query, rng):
    for _ in range(20):
        parts = draw_parts(rng, 3)
        if not same(query(parts, ((0, 1), 2)), query(parts, (0, (1, 2)))):
            return False
    return True


@mistake("20.3", caught_by="check", says="Your test accepts")
def numbers_all_different(query, rng):
    try:
        for _ in range(20):
            numbers = rng.permutation(200)[:40].tolist()
            whole = query([sorted(numbers)], 0)
            if not same(query([numbers[:20], numbers[20:]], (0, 1)), whole):
                return False
    except Exception:
        return False
    return True


@mistake("20.3", caught_by="accuracy", says="Your test accepts")
def positive_and_never_empty(query, rng):
    try:
        for _ in range(60):
            parts = draw_parts(rng, 6, low=0) + [rng.integers(0, 9, 12).tolist() for _ in range(2)]
            whole = query([sorted(x for part in parts for x in part)], 0)
            for tree in (chain(8), (((0, 1), (2, 3)), ((4, 5), (6, 7)))):
                if not same(query(parts, tree), whole):
                    return False
    except Exception:
        return False
    return True


@mistake("20.3", caught_by="edge case", says="Your test accepts")
def chains_only(query, rng):
    try:
        for _ in range(80):
            parts = draw_parts(rng, 7)
            parts += [[], rng.integers(-9, -4, 40).tolist(), [], rng.integers(1, 5, 30).tolist()]
            parts += [parts[0], *(rng.integers(1, 9, 12).tolist() for _ in range(3))]
            if rng.random() < 0.4:
                parts = [[-1 - abs(x) for x in part] for part in parts]
            parts = [parts[i] for i in rng.permutation(len(parts))]
            whole = query([[x for part in parts for x in part][::-1]], 0)
            if not same(query(parts, chain(len(parts))), whole):
                return False
    except Exception:
        return False
    return True


def counter(arrivals, n_channels, width, bound, saved, *, without=""):
    """The solution, without a part of it."""
    counts, n_late, clocks = {}, 0, [-(10**9)] * n_channels
    if saved is not None:
        counts, n_late, clocks = dict(saved[0]), saved[1], list(saved[2])
    if without == "clocks":
        clocks = [-(10**9)] * n_channels
    if without == "late":
        n_late = 0
    snapshots, marked, loose, held = {}, {}, {}, []

    def take(channel, key, time, clock):
        nonlocal n_late
        own = 0 if without == "sources" else channel
        if without == "latest":
            clocks[own] = clock
        before = clocks[own]
        clocks[own] = max(before, clock)
        start = time // width * width
        behind = 0 if without == "bound" else bound
        mark = before if without == "own" else clocks[own]
        end = start if without == "end" else start + width
        closed = end < mark - behind if without == "equal" else end <= mark - behind
        if closed and without != "closing":
            n_late += 1
        else:
            counts[key, start] = counts.get((key, start), 0) + 1

    def snapshot():
        if without == "copies":
            return (counts, n_late, clocks)
        return (dict(counts), n_late, list(clocks))

    def receive(message, again=False):
        nonlocal held
        channel, kind, *rest = message
        if kind == "barrier" and without == "alignment":
            seen = loose.setdefault(rest[0], set())
            seen.add(channel)
            if len(seen) == n_channels:
                snapshots[rest[0]] = snapshot()
        elif kind == "barrier" and without == "patience":
            snapshots.setdefault(rest[0], snapshot())
        elif channel in marked and not (again and without == "order"):
            held.append(message)
        elif kind == "event":
            take(channel, *rest)
        else:
            marked[channel] = True
            if len(marked) == n_channels:
                snapshots[rest[0]] = snapshot()
                due, held = held, []
                marked.clear()
                for one in due:
                    if without == "nesting" and one[1] == "barrier":
                        continue
                    receive(one)

    for message in arrivals:
        receive(message)
    for channel, kind, *rest in held:
        if kind == "event" and without != "the rest":
            take(channel, *rest)
    return counts, n_late, snapshots


@mistake("20.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(arrivals, n_channels, width, bound, saved):
    counter(arrivals, n_channels, width, bound, saved)


@mistake("20.4", caught_by="check", says="they do not belong to the snapshot")
def no_hold_back(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="alignment")


@mistake("20.4", caught_by="check", says="The event of source 1 came before its barrier")
def at_the_first_barrier(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="patience")


@mistake("20.4", caught_by="check", says="does a snapshot hold the clocks?")
def clocks_not_saved(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="clocks")


@mistake("20.4", caught_by="check", says="Does a snapshot hold it?")
def late_events_not_saved(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="late")


@mistake("20.4", caught_by="check", says="do not belong to the snapshot")
def snapshots_that_live_on(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="copies")


@mistake("20.4", caught_by="check", says="n_late should be 1, got 0")
def nothing_is_late(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="closing")


@mistake("20.4", caught_by="check", says="Has each source a clock of its own")
def one_clock_for_all(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="sources")


@mistake("20.4", caught_by="check", says="Life 1")
def watermark_is_the_clock(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="bound")


@mistake("20.4", caught_by="check", says="n_late should be 1")
def by_the_start_of_the_window(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="end")


@mistake("20.4", caught_by="check", says="What is held back at the end counts too")
def held_back_for_ever(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="the rest")


@mistake("20.4", caught_by="check", says="Life")
def one_barrier_at_a_time(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="nesting")


@mistake("20.4", caught_by="check", says="write this one yourself")
def by_the_librarys_gate(arrivals, n_channels, width, bound, saved):
    gate = AlignedBarriers(n_channels)
    due = [item for channel, *rest in arrivals for item in gate.receive(channel, tuple(rest))]
    return collections.Counter(key for _, key, *_ in due), 0, {}


@mistake("20.4", caught_by="check", says="write this one yourself")
def by_the_librarys_windows(arrivals, n_channels, width, bound, saved):
    windows = Windows(width, bound=bound, channels=n_channels)
    closed = []
    for channel, kind, *rest in arrivals:
        if kind == "event":
            closed += windows.add(*rest, channel)
    closed += windows.flush()
    return {(key, start): count for key, start, count in closed}, windows.n_late, {}


@mistake("20.4", caught_by="cost", says="it holds no events")
def all_events_in_the_snapshot(arrivals, n_channels, width, bound, saved):
    before, marks = (list(saved), {}) if saved is not None else ([], {})
    told = [[one for one in before if one[0] == c] for c in range(n_channels)]
    for message in arrivals:
        if message[1] == "barrier":
            mark = marks.setdefault(message[2], {})
            mark[message[0]] = len(told[message[0]])
        else:
            told[message[0]].append(message)
    everything = [one for log in told for one in log]
    counts, n_late, _ = counter(everything, n_channels, width, bound, None)
    snapshots = {
        number: [one for c in range(n_channels) for one in told[c][: mark[c]]]
        for number, mark in marks.items()
        if len(mark) == n_channels
    }
    return counts, n_late, snapshots


@mistake("20.4", caught_by="cost", says="has only what stands in it")
def a_number_for_a_snapshot(arrivals, n_channels, width, bound, saved, known=[]):
    before = None if saved is None else known[saved]
    counts, n_late, snapshots = counter(arrivals, n_channels, width, bound, before)
    known += snapshots.values()
    first = len(known) - len(snapshots)
    return counts, n_late, {number: first + i for i, number in enumerate(snapshots)}


@mistake("20.4", caught_by="check", says="largest clock of its source so far")
def the_clock_of_now(arrivals, n_channels, width, bound, saved):
    return counter(arrivals, n_channels, width, bound, saved, without="latest")


def dispatcher(arrival_s, service_s, choices, n_queues, board_s, *, rule=""):
    """The solution, by another rule."""
    n = len(arrival_s)
    queue, departure_s = np.zeros(n, np.int64), np.zeros(n)
    there = [[] for _ in range(n_queues)]
    known, renewed = np.zeros(n_queues), 0.0
    for job in range(n):
        now = arrival_s[job]
        last = np.floor(now / board_s) * board_s
        if last > renewed:
            kept = known * 0 if rule != "adds up" else known
            for q in range(n_queues):
                at = now if rule == "looks" else last
                there[q] = [t for t in there[q] if t > at or (rule == "stays" and t == at)]
                kept[q] += len(there[q])
            known, renewed = kept, last
        lengths = known
        if rule == "fresh":
            lengths = np.array([sum(t > now for t in jobs) for jobs in there])
        options = choices[job]
        best = options[np.argmin(lengths[options])]
        if rule == "last of equals":
            best = options[::-1][np.argmin(lengths[options[::-1]])]
        elif rule == "lowest of equals":
            best = min(options, key=lambda q: (lengths[q], q))
        elif rule == "longest":
            best = options[np.argmax(lengths[options])]
        elif rule == "all queues":
            best = np.argmin(lengths)
        if rule != "no memory":
            known[best] += 1
        begin = max([now, *there[best]]) if rule != "no queue" else now
        there[best].append(begin + service_s[job])
        queue[job], departure_s[job] = best, begin + service_s[job]
    return queue, departure_s


@mistake("20.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(arrival_s, service_s, choices, n_queues, board_s):
    dispatcher(arrival_s[:5], service_s, choices, n_queues, board_s)


@mistake("20.5", caught_by="check", says="job 1 should join queue 1")
def no_memory(arrival_s, service_s, choices, n_queues, board_s):
    return dispatcher(arrival_s, service_s, choices, n_queues, board_s, rule="no memory")


@mistake("20.5", caught_by="check", says="should join queue")
def lengths_of_now(arrival_s, service_s, choices, n_queues, board_s):
    return dispatcher(arrival_s, service_s, choices, n_queues, board_s, rule="fresh")


@mistake("20.5", caught_by="check", says="should join queue")
def memory_is_never_emptied(arrival_s, service_s, choices, n_queues, board_s):
    return dispatcher(arrival_s, service_s, choices, n_queues, board_s, rule="adds up")


@mistake("20.5", caught_by="check", says="should join queue")
def the_last_of_equals(arrival_s, service_s, choices, n_queues, board_s):
    return dispatcher(arrival_s, service_s, choices, n_queues, board_s, rule="last of equals")


@mistake("20.5", caught_by="check", says="of equal ones the first")
def the_lowest_of_equals(arrival_s, service_s, choices, n_queues, board_s):
    return dispatcher(arrival_s, service_s, choices, n_queues, board_s, rule="lowest of equals")


@mistake("20.5", caught_by="check", says="may not choose")
def the_shortest_of_all(arrival_s, service_s, choices, n_queues, board_s):
    return dispatcher(arrival_s, service_s, choices, n_queues, board_s, rule="all queues")


@mistake("20.5", caught_by="check", says="one job at a time")
def served_at_once(arrival_s, service_s, choices, n_queues, board_s):
    return dispatcher(arrival_s, service_s, choices, n_queues, board_s, rule="no queue")


@mistake("20.5", caught_by="check", says="write this one yourself")
def by_the_library(arrival_s, service_s, choices, n_queues, board_s):
    return route_jobs(arrival_s, service_s, choices, n_queues, board_s=board_s)[:2]


@mistake("20.5", caught_by="check", says="write this one yourself")
def by_the_library_under_another_name(arrival_s, service_s, choices, n_queues, board_s):
    jobs = shortest(arrival_s, service_s, choices, n_queues, board_s=board_s)
    return jobs.queue, jobs.departure_s


@mistake("20.5", caught_by="check", says="not when somebody looks")
def board_of_the_first_look(arrival_s, service_s, choices, n_queues, board_s):
    return dispatcher(arrival_s, service_s, choices, n_queues, board_s, rule="looks")


@mistake("20.5", caught_by="edge case", says="as the board is renewed")
def still_there_as_it_leaves(arrival_s, service_s, choices, n_queues, board_s):
    return dispatcher(arrival_s, service_s, choices, n_queues, board_s, rule="stays")
