"""Wrong answers to lab 19."""

import itertools

import numpy as np

from course_lib.storage import gf_inverse, gf_matmul, gf_matrix_inverse, gf_multiply
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)

ALPHA = np.array([1, 2, 3, 4, 5, 6, 16, 32, 48, 64, 80, 96], np.uint8)
G = np.zeros((16, 12), np.uint8)
G[:12] = np.eye(12)
G[12, :6] = G[13, 6:] = 1
G[14], G[15] = ALPHA, gf_multiply(ALPHA, ALPHA)
MEMBERS = ([*range(6), 12], [*range(6, 12), 13])


def planned(read, lost, *, local=True, reads=1):
    """Repair as it should be, and with one thing otherwise."""
    if local and len(lost) == 1 and lost[0] < 14:
        own = MEMBERS[0] if lost[0] in MEMBERS[0] else MEMBERS[1]
        return np.bitwise_xor.reduce([read(i) for i in own if i != lost[0]])[None]
    gone = [i for i in lost if i < 12]
    chosen = [i for i in range(12) if i not in gone]
    left = [i for i in range(12, 16) if i not in lost]
    for parities in itertools.combinations(left, len(gone)):
        rows = [*chosen, *parities]
        try:
            inverse = gf_matrix_inverse(G[rows])
        except ValueError:
            continue
        for _ in range(reads):
            known = np.stack([read(i) for i in rows])
        return gf_matmul(gf_matmul(G[lost], inverse), known)
    return None


@mistake("19.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(read, lost):
    planned(read, lost)


@mistake("19.1", caught_by="check", says="took 12 reads; 6 are enough")
def through_the_globals(read, lost):
    return planned(read, lost, local=False)


@mistake("19.1", caught_by="check", says="its group is the other five and one more")
def local_parities_from_nothing_less_than_all(read, lost):
    if lost[0] in (12, 13) and len(lost) == 1:
        data = np.stack([read(i) for i in range(12)])
        return gf_matmul(G[lost], data)
    return planned(read, lost)


@mistake("19.1", caught_by="check", says="with ordinary products and sums")
def ordinary_arithmetic(read, lost):
    if lost[0] >= 14:
        data = np.stack([read(i) for i in range(12)]).astype(int)
        return (G[lost].astype(int) @ data) % 256
    return planned(read, lost)


@mistake("19.1", caught_by="check", says="of the cipher AES")
def the_field_of_aes(read, lost):
    def product(a, b):
        total = np.zeros_like(b, dtype=int)
        b = b.astype(int)
        for bit in range(8):
            total ^= b * (int(a) >> bit & 1)
            b = (b << 1) ^ ((b >> 7) * 0x11B)
        return total

    if lost[0] >= 14 and len(lost) == 1:
        data = [read(i) for i in range(12)]
        rows = [product(a, d) for a, d in zip(G[lost[0]], data, strict=True)]
        return np.bitwise_xor.reduce(rows)[None]
    return planned(read, lost)


@mistake("19.1", caught_by="check", says="an array with 2 axes")
def wrong_shape(read, lost):
    return planned(read, lost)[0]


@mistake("19.1", caught_by="check", says="is one of them")
def reads_what_is_lost(read, lost):
    data = np.stack([read(i) for i in range(12)])
    return gf_matmul(G[lost], data)


@mistake("19.1", caught_by="check", says="gives up")
def one_loss_a_group(read, lost):
    if any(sum(i in lost for i in own) > 1 for own in MEMBERS):
        return None
    return planned(read, lost)


@mistake("19.1", caught_by="check", says="Is something read twice")
def reads_twice(read, lost):
    return planned(read, lost, reads=1 if len(lost) == 1 else 2)


@mistake("19.1", caught_by="check", says="Nothing can rebuild [0, 1, 2, 3]")
def never_gives_up(read, lost):
    found = planned(read, lost)
    return np.zeros((len(lost), 64), np.uint8) if found is None else found


@mistake("19.1", caught_by="accuracy", says="it can be repaired")
def gives_up_at_four(read, lost):
    if len(lost) == 4 and lost not in ([0, 1, 6, 7], [12, 13, 14, 15]):
        return None
    return planned(read, lost)


@mistake("19.1", caught_by="check", says="of its bytes are wrong")
def looks_behind_read(read, lost):
    planned(read, lost)
    return read.__self__.held[lost]


@mistake("19.1", caught_by="check", says="write this one yourself")
def forwards(read, lost):
    from course_lib.storage import ReedSolomon

    code = ReedSolomon(12, 4)
    code.parity_rows = G[12:]
    there = {i: read(i) for i in range(16) if i not in lost}
    return np.stack([code.rebuild(there, i) for i in lost])


@mistake("19.1", caught_by="check", says="write this one yourself")
def forwards_to_its_plan(read, lost):
    from course_lib.storage import reed_solomon

    there = tuple(i for i in range(16) if i not in lost)
    chosen, coefficients = reed_solomon._plan(G[12:].tobytes(), 12, there, tuple(lost))
    return gf_matmul(coefficients, np.stack([read(i) for i in chosen]))


def sets_that_fail(P, n_lost, singular, patterns=None):
    """All sets whose matrix a test calls singular."""
    m, k = P.shape
    fatal = []
    for lost in patterns or itertools.combinations(range(k + m), n_lost):
        D = [i for i in lost if i < k]
        R = [i for i in range(m) if i + k not in lost]
        if singular(P[np.ix_(R, D)]):
            fatal.append(lost)
    return fatal


def short_of_rank(A):
    """Whether the columns are dependent, by Gauss."""
    A = A.copy()
    for c in range(A.shape[1]):
        pivots = np.flatnonzero(A[c:, c]) + c
        if not len(pivots):
            return True
        A[[c, pivots[0]]] = A[[pivots[0], c]]
        for i in range(c + 1, len(A)):
            A[i] ^= gf_multiply(gf_multiply(A[i, c], gf_inverse(A[c, c])), A[c])
    return False


@mistake("19.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(P, n_lost):
    sets_that_fail(P, n_lost, short_of_rank)


@mistake("19.2", caught_by="check", says="but some data together with some parities are")
def data_only(P, n_lost):
    k = P.shape[1]
    return sets_that_fail(P, n_lost, short_of_rank, list(itertools.combinations(range(k), n_lost)))


@mistake("19.2", caught_by="check", says="At (6, 5)")
def some_of_them_at_random(P, n_lost):
    every = list(itertools.combinations(range(sum(P.shape)), n_lost))
    rng = np.random.default_rng(3)
    some = [every[i] for i in rng.permutation(len(every))[:84]]
    return sets_that_fail(P, n_lost, short_of_rank, some)


@mistake("19.2", caught_by="check", says="At (6, 5) you found")
def ordinary_determinant(P, n_lost):
    def singular(A):
        if len(A) != A.shape[1]:
            return np.linalg.matrix_rank(A.astype(float)) < A.shape[1]
        return round(np.linalg.det(A.astype(float))) % 256 == 0

    return sets_that_fail(P, n_lost, singular)


@mistake("19.2", caught_by="check", says="Are R the parities that are left?")
def rows_that_are_lost(P, n_lost):
    m, k = P.shape
    fatal = []
    for lost in itertools.combinations(range(k + m), n_lost):
        D, R = [i for i in lost if i < k], [i - k for i in lost if i >= k]
        if len(D) and (len(R) < len(D) or short_of_rank(P[np.ix_(R, D)])):
            fatal.append(lost)
    return fatal


@mistake("19.2", caught_by="check", says="more equations than unknowns")
def the_first_square(P, n_lost):
    return sets_that_fail(P, n_lost, lambda A: short_of_rank(A[: A.shape[1]]))


@mistake("19.2", caught_by="check", says="all pairs of data are fatal")
def nothing_below_m(P, n_lost):
    return sets_that_fail(P, n_lost, short_of_rank) if n_lost == len(P) else []


@mistake("19.2", caught_by="accuracy", says="were missed")
def stops_at_two(P, n_lost):
    return sets_that_fail(P, n_lost, short_of_rank)[: 2 if n_lost > 2 else None]


@mistake("19.2", caught_by="check", says="in rising order")
def in_falling_order(P, n_lost):
    return [lost[::-1] for lost in sets_that_fail(P, n_lost, short_of_rank)]


@mistake("19.2", caught_by="accuracy", says="others were called fatal")
def no_pivoting(P, n_lost):
    def singular(A):
        A = A.copy()
        for c in range(A.shape[1]):
            if not A[c, c] and not A[c:, c].any():
                return True
            if not A[c, c]:
                return len(A) == A.shape[1] < 4
            for i in range(c + 1, len(A)):
                A[i] ^= gf_multiply(gf_multiply(A[i, c], gf_inverse(A[c, c])), A[c])
        return False

    return sets_that_fail(P, n_lost, singular)


@mistake("19.2", caught_by="edge case", says="sets are fatal")
def neighboring_rows_only(P, n_lost):
    def singular(A):
        rows, columns = A.shape
        return all(short_of_rank(A[i : i + columns]) for i in range(rows - columns + 1))

    return sets_that_fail(P, n_lost, singular)


@mistake("19.2", caught_by="check", says="write this one yourself")
def forwards(P, n_lost):
    from course_lib.storage import ReedSolomon

    m, k = P.shape
    code, fatal = ReedSolomon(k, m), []
    code.parity_rows = P
    for lost in itertools.combinations(range(k + m), n_lost):
        try:
            code.decode({i: b"a" for i in range(k + m) if i not in lost})
        except ValueError:
            fatal.append(lost)
    return fatal


@mistake("19.2", caught_by="check", says="write this one yourself")
def forwards_to_an_inverse(P, n_lost):
    def singular(A):
        try:
            gf_matrix_inverse(A)
        except ValueError:
            return True
        return False

    return sets_that_fail(P, n_lost, singular)


def from_gaps(least, gaps, share):
    """The two results from the least gap of each trial."""
    least = np.sort(least)
    rates = 1 - np.searchsorted(least, gaps, side="right") / len(least)
    allowed = int(share * len(least) + 1e-9)
    return rates, max(0.0, float(np.append(-1.0, least)[max(len(least) - allowed, 0)]))


def least_gaps(legs, r, w, *, first=None, done=None):
    write, ack, read, reply = legs
    if done is None:
        done = np.sort(write + ack, axis=1)[:, w - 1, None]
    if first is None:
        first = np.argsort(read + reply, axis=1)[:, :r]
    return np.take_along_axis(write - read - done, first, axis=1).min(axis=1)


@mistake("19.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(legs, r, w, gaps, share):
    from_gaps(least_gaps(legs, r, w), gaps, share)


@mistake("19.3", caught_by="check", says="only w acknowledgments are waited for")
def waits_for_all(legs, r, w, gaps, share):
    return from_gaps(least_gaps(legs, r, legs.shape[2]), gaps, share)


@mistake("19.3", caught_by="check", says="not from the send")
def from_the_send(legs, r, w, gaps, share):
    return from_gaps(least_gaps(legs, r, w, done=np.zeros((legs.shape[1], 1))), gaps, share)


@mistake("19.3", caught_by="check", says="those of r = 1")
def the_first_answer_alone(legs, r, w, gaps, share):
    return from_gaps(least_gaps(legs, 1, w), gaps, share)


@mistake("19.3", caught_by="check", says="Yours is always fresh")
def any_copy(legs, r, w, gaps, share):
    return from_gaps(least_gaps(legs, legs.shape[2], w), gaps, share)


@mistake("19.3", caught_by="check", says="gets both at one time is fresh")
def a_tie_is_stale(legs, r, w, gaps, share):
    least = least_gaps(legs, r, w)
    rates = [np.mean(least >= gap) for gap in gaps]
    return rates, from_gaps(least, gaps, share)[1]


@mistake("19.3", caught_by="check", says="The rates with n = 3")
def first_by_the_question(legs, r, w, gaps, share):
    first = np.argsort(legs[2] + 1e-9 * legs[3], axis=1)[:, :r]
    if legs.shape[1] == 1:
        first = None
    return from_gaps(least_gaps(legs, r, w, first=first), gaps, share)


@mistake("19.3", caught_by="check", says="The rates with n = 3")
def all_of_r_must_be_fresh(legs, r, w, gaps, share):
    write, ack, read, reply = legs
    done = np.sort(write + ack, axis=1)[:, w - 1, None]
    first = np.argsort(read + reply, axis=1)[:, :r]
    return from_gaps(
        np.take_along_axis(write - read - done, first, axis=1).max(axis=1), gaps, share
    )


@mistake("19.3", caught_by="check", says="too long")
def the_wait_of_the_worst(legs, r, w, gaps, share):
    least = least_gaps(legs, r, w)
    return from_gaps(least, gaps, share)[0], max(0.0, least.max())


@mistake("19.3", caught_by="check", says="share that is still stale")
def the_mean_wait(legs, r, w, gaps, share):
    least = least_gaps(legs, r, w)
    return from_gaps(least, gaps, share)[0], max(0.0, least.mean())


@mistake("19.3", caught_by="check", says="negative")
def a_negative_wait(legs, r, w, gaps, share):
    least = least_gaps(legs, r, w)
    wait = np.quantile(least, 1 - share, method="inverted_cdf")
    return from_gaps(least, gaps, share)[0], wait


@mistake("19.3", caught_by="accuracy", says="The rates with n = ")
def sorts_the_gaps(legs, r, w, gaps, share):
    return from_gaps(least_gaps(legs, r, w), np.sort(gaps), share)


@mistake("19.3", caught_by="check", says="share that is still stale")
def a_share_rounded_up(legs, r, w, gaps, share):
    trials = legs.shape[1]
    return from_gaps(least_gaps(legs, r, w), gaps, np.ceil(share * trials - 1e-9) / trials)


@mistake("19.3", caught_by="accuracy", says="more than 1% too long")
def a_wait_in_whole_milliseconds(legs, r, w, gaps, share):
    rates, wait = from_gaps(least_gaps(legs, r, w), gaps, share)
    return rates, np.ceil(1000 * wait) / 1000


@mistake("19.3", caught_by="check", says="write this one yourself")
def forwards(legs, r, w, gaps, share):
    from course_lib.storage import stale_rate as rate

    names = ("write_s", "ack_s", "read_s", "reply_s")
    laws = {n: lambda rng, shape, leg=leg: leg for n, leg in zip(names, legs, strict=True)}
    _, trials, n = legs.shape
    return [rate(n, r, w, gap_s=gap, trials=trials, **laws) for gap in gaps], 6.0


@mistake("19.3", caught_by="check", says="write this one yourself")
def forwards_under_another_name(legs, r, w, gaps, share):
    import course_lib.storage.staleness as toolbox

    count = toolbox.stale_rate
    return [count(3, r, w, gap_s=gap) for gap in gaps], 6.0


def judged(history, *, regular_only=False, window=None, comes_after=None, neighbors=10**6):
    """Judge as it should be, and with one thing otherwise."""
    writes = sorted((op for op in history if op.kind == "write"), key=lambda op: op.start_s)
    reads = sorted((op for op in history if op.kind == "read"), key=lambda op: op.start_s)
    number = {None: 0} | {op.value: i for i, op in enumerate(writes, 1)}

    def allowed(read):
        first = sum(op.end_s < read.start_s for op in writes)
        return range(first, sum(op.start_s < read.end_s for op in writes) + 1)

    def after(a, b):
        return a.end_s < b.start_s

    window, comes_after = window or allowed, comes_after or after
    if any(number.get(op.value, -1) not in window(op) for op in reads):
        return False, False
    if regular_only:
        return True, True
    for i, a in enumerate(reads):
        later = reads[i + 1 : i + 1 + neighbors]
        if any(comes_after(a, b) and number[b.value] < number[a.value] for b in later):
            return True, False
    return True, True


@mistake("19.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(history):
    judged(history)


@mistake("19.4", caught_by="check", says="look at all pairs")
def neighbors_only(history):
    return judged(history, neighbors=1)


@mistake("19.4", caught_by="edge case", says="Of a history of 504 operations")
def fifty_neighbors(history):
    return judged(history, neighbors=50)


@mistake("19.4", caught_by="check", says="may have come first")
def overlapping_reads_in_order(history):
    return judged(history, comes_after=lambda a, b: a.start_s < b.start_s)


@mistake("19.4", caught_by="check", says="returns the older value")
def regular_is_enough(history):
    return judged(history, regular_only=True)


@mistake("19.4", caught_by="check", says="overlaps the read, which may return")
def the_newest_that_has_begun(history):
    def window(read):
        return [sum(op.kind == "write" and op.start_s < read.start_s for op in history)]

    return judged(history, window=window)


@mistake("19.4", caught_by="check", says="only after it had ended")
def any_value_from_then_on(history):
    def window(read):
        first = sum(op.kind == "write" and op.end_s < read.start_s for op in history)
        return range(first, len(history) + 1)

    return judged(history, window=window)


@mistake("19.4", caught_by="check", says="last write but one")
def one_too_old(history):
    def window(read):
        first = sum(op.kind == "write" and op.end_s < read.start_s for op in history)
        last = sum(op.kind == "write" and op.start_s < read.end_s for op in history)
        return range(max(first - 1, min(first, 1)), last + 1)

    return judged(history, window=window)


@mistake("19.4", caught_by="check", says="all three writes overlap the read")
def the_ends_of_the_window(history):
    def window(read):
        first = sum(op.kind == "write" and op.end_s < read.start_s for op in history)
        return first, sum(op.kind == "write" and op.start_s < read.end_s for op in history)

    return judged(history, window=window)


@mistake("19.4", caught_by="accuracy", says="verdicts on")
def values_as_numbers(history):
    ranks = sorted(op.value for op in history if op.kind == "write" and op.value is not None)
    renamed = {value: i for i, value in enumerate(ranks)}
    if any(op.value not in (None, *ranks) for op in history):
        return False, False
    return judged(history)[0], not any(
        a.kind == b.kind == "read"
        and a.end_s < b.start_s
        and renamed.get(b.value, -1) < renamed.get(a.value, -1)
        for a in history
        for b in history
    ) and judged(history)[0]


@mistake("19.4", caught_by="check", says="atomic should be False; got True")
def readers_for_themselves(history):
    return judged(history, comes_after=lambda a, b: a.end_s < b.start_s and a.client == b.client)


@mistake("19.4", caught_by="edge case", says="older than both writes")
def forgets_the_beginning(history):
    writes = [op for op in history if op.kind == "write"]
    kept = [op for op in history if op.value is not None or len(writes) < 2]
    return judged(kept) if len(history) < 4 else judged(history)


@mistake("19.4", caught_by="check", says="write this one yourself")
def forwards(history):
    from course_lib.storage import linearizable

    return judged(history)[0], linearizable(history)


@mistake("19.4", caught_by="check", says="write this one yourself")
def forwards_under_another_name(history):
    import course_lib.storage.histories as toolbox

    search = toolbox.linearizable
    return search(history), search(history)


SQUARE = np.log(2) ** 2


def shared(sizes, bits_per_key, clip=True):
    """Bits such that false positives are in proportion to sizes."""
    logs, n = np.log(sizes), np.asarray(sizes)
    used = np.argsort(n)
    bits = np.zeros(len(n))
    while len(used):
        level = (bits_per_key * SQUARE * n.sum() + n[used] @ logs[used]) / n[used].sum()
        if not clip or level >= logs[used].max():
            bits[used] = (level - logs[used]) / SQUARE
            break
        used = used[:-1]
    return bits


def planned_tree(N, B, T, p, bits_per_key, *, size=None, bits=shared, tables=True, order=1):
    """Plan as it should be, and with one thing otherwise."""
    size = size or (lambda puts: float(np.sum(1 - (1 - p) ** puts)))
    sizes, written, puts, left = [], 0.0, B, N
    while left:
        written += left * size(puts) if tables or puts > B else 0
        sizes += [size(puts)] * (left % T)
        left, puts = left // T, puts * T
    sizes = np.array(sizes[::order])
    return written / (N * B), sizes, bits(sizes, bits_per_key)


@mistake("19.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    planned_tree(n_tables, memtable_puts, ratio, probabilities, bits_per_key)


@mistake("19.5", caught_by="check", says="The amplification")
def the_model_of_levels(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    plan = planned_tree(n_tables, memtable_puts, ratio, probabilities, bits_per_key)
    levels = np.ceil(np.log(n_tables) / np.log(ratio))
    return 1 + levels * (ratio + 1) / 2, *plan[1:]


@mistake("19.5", caught_by="check", says="Words come again")
def all_keys_differ(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    return planned_tree(
        n_tables, memtable_puts, ratio, probabilities, bits_per_key, size=lambda puts: 1.0 * puts
    )


@mistake("19.5", caught_by="check", says="not T D(m)")
def merges_forget_nothing(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    one = np.sum(1 - (1 - probabilities) ** memtable_puts)
    return planned_tree(
        n_tables,
        memtable_puts,
        ratio,
        probabilities,
        bits_per_key,
        size=lambda puts: one * puts / memtable_puts,
    )


@mistake("19.5", caught_by="check", says="The five tables themselves are written too")
def merges_alone(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    return planned_tree(n_tables, memtable_puts, ratio, probabilities, bits_per_key, tables=False)


@mistake("19.5", caught_by="check", says="The newest run comes first")
def the_oldest_first(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    return planned_tree(n_tables, memtable_puts, ratio, probabilities, bits_per_key, order=-1)


@mistake("19.5", caught_by="check", says="two runs; you have 5")
def merges_when_above(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    return planned_tree(n_tables, memtable_puts, ratio + 2, probabilities, bits_per_key)


@mistake("19.5", caught_by="check", says="5 bits a key each")
def equal_bits(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    return planned_tree(
        n_tables,
        memtable_puts,
        ratio,
        probabilities,
        bits_per_key,
        bits=lambda sizes, b: np.full(len(sizes), b),
    )


@mistake("19.5", caught_by="check", says="at the least that 5 bits a key allow")
def equal_totals(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    return planned_tree(
        n_tables,
        memtable_puts,
        ratio,
        probabilities,
        bits_per_key,
        bits=lambda sizes, b: b * sizes.sum() / len(sizes) / sizes,
    )


@mistake("19.5", caught_by="check", says="bits are a key")
def bits_of_the_mean(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    def bits(sizes, b):
        logs = np.log(sizes)
        return np.maximum(b + (logs.max() - logs) / SQUARE, 0)

    return planned_tree(n_tables, memtable_puts, ratio, probabilities, bits_per_key, bits=bits)


@mistake("19.5", caught_by="edge case", says="negative bits")
def bits_below_zero(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    def bits(sizes, b):
        return shared(sizes, b, clip=b > 0.7 or b == 0)

    return planned_tree(n_tables, memtable_puts, ratio, probabilities, bits_per_key, bits=bits)


@mistake("19.5", caught_by="edge case", says="too few for large runs")
def cut_at_zero(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    def bits(sizes, b):
        if b > 0.9 or b == 0:
            return shared(sizes, b)
        raw = shared(sizes, b, clip=False).clip(0)
        return raw * b * sizes.sum() / (raw @ sizes)

    return planned_tree(n_tables, memtable_puts, ratio, probabilities, bits_per_key, bits=bits)


@mistake("19.5", caught_by="check", says="write this one yourself")
def forwards(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    from course_lib.storage import monkey_bits as filters

    return planned_tree(n_tables, memtable_puts, ratio, probabilities, bits_per_key, bits=filters)


@mistake("19.5", caught_by="check", says="write this one yourself")
def forwards_to_distinct_keys(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    from course_lib.storage import distinct_keys

    return planned_tree(
        n_tables,
        memtable_puts,
        ratio,
        probabilities,
        bits_per_key,
        size=lambda puts: distinct_keys(probabilities, puts),
    )


def keyed(row, column, time, *, end=b"\0\1", escape=True, shift=2**63 - 1, sign=-1, order="big"):
    """Make a key as it should be, and with one thing otherwise."""
    names = [name.encode() for name in (row, column)]
    if escape:
        names = [name.replace(b"\0", b"\0\xff") for name in names]
    number = shift + sign * time
    return b"".join(name + end for name in names) + number.to_bytes(8, order)


@mistake("19.6", caught_by="check", says="is there a `return`?")
def forgot_to_return(row, column, time):
    keyed(row, column, time)


@mistake("19.6", caught_by="check", says="The newest comes first")
def the_oldest_first(row, column, time):
    return keyed(row, column, time, shift=2**63, sign=1)


@mistake("19.6", caught_by="check", says="the highest byte should come first")
def little_endian(row, column, time):
    return keyed(row, column, time, order="little")


@mistake("19.6", caught_by="check", says="A negative time is older than 0")
def two_complement(row, column, time):
    return keyed(row, column, 0)[:-8] + ((2**64 - 1 - time) % 2**64).to_bytes(8, "big")


@mistake("19.6", caught_by="check", says="Is there an end between row and column?")
def no_end(row, column, time):
    return keyed(row, column, time, end=b"")


@mistake("19.6", caught_by="check", says="The end of a text is smaller")
def a_comma(row, column, time):
    return keyed(row, column, time, end=b",")


@mistake("19.6", caught_by="check", says="A text may hold zeros")
def zeros_are_ends(row, column, time):
    return keyed(row, column, time, end=b"\0", escape=False)


@mistake("19.6", caught_by="check", says="Times are numbers, not texts")
def time_as_text(row, column, time):
    return keyed(row, column, 0)[:-8] + bytes(255 - c for c in str(time).encode())


@mistake("19.6", caught_by="check", says="is a length written first")
def lengths_first(row, column, time):
    own = keyed("", column, time)
    return len(row).to_bytes(2, "little") + row.encode() + own


@mistake("19.6", caught_by="cost", says="The bytes of a key should be at most")
def padded(row, column, time):
    names = [keyed(name, "", 0)[:-10].ljust(2010, b"\0") for name in (row, column)]
    return b"".join(names) + keyed("", "", time)[-8:]


@mistake("19.6", caught_by="edge case", says="should be smaller than that of")
def ends_of_one_byte(row, column, time):
    return keyed(row, column, time, end=b"\0")  # and the time may begin with 255


@mistake("19.6", caught_by="check", says="write this one yourself")
def forwards(row, column, time):
    from course_lib.storage.rows import _key as made

    return made(row, column, time + 2**63)


@mistake("19.6", caught_by="check", says="write this one yourself")
def forwards_to_the_table(row, column, time):
    from course_lib.storage import LSMTree, WideRows

    tree = LSMTree()
    WideRows(tree).put(row, column, time + 2**63, b"")
    return next(iter(tree.scan()))[0]
