"""Right answers to lab 19 in unusual styles."""

import itertools

import numpy as np
from scipy.optimize import minimize

from course_lib.storage import gf_inverse, gf_multiply
from tests.answers import answer


def slow_product(a, b):
    """Multiply two bytes as polynomials, bit by bit."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 256:
            a ^= 0x11D
        b >>= 1
    return product


TABLE = [[slow_product(a, b) for b in range(256)] for a in range(256)]
INVERSE = [0] + [TABLE[a].index(1) for a in range(1, 256)]


def parity_row(i):
    """What fragment i of lab 19's code is made of, as a list of 12 bytes."""
    if i < 12:
        return [int(i == j) for j in range(12)]
    if i < 14:
        return [int(j // 6 == i - 12) for j in range(12)]
    alpha = [1, 2, 3, 4, 5, 6, 16, 32, 48, 64, 80, 96]
    return alpha if i == 14 else [TABLE[a][a] for a in alpha]


@answer("19.1", style="Gauss in plain loops with tables of its own; greedy choice; lists of ints")
def by_elimination(read, lost):
    if len(lost) == 1 and lost[0] <= 13:
        (gone,) = lost
        own = [0, 1, 2, 3, 4, 5, 12] if gone < 6 or gone == 12 else [6, 7, 8, 9, 10, 11, 13]
        total = 0
        for i in own:
            if i != gone:
                total = total ^ read(i)
        return [list(map(int, total))]
    basis, chosen = [], []  # reduced rows with their combinations of the chosen fragments
    for i in (i for i in range(16) if i not in lost):
        row, how = parity_row(i), [0] * 16
        how[i] = 1
        for pivot, other, other_how in basis:
            if row[pivot]:
                f = row[pivot]
                row = [x ^ TABLE[f][y] for x, y in zip(row, other, strict=True)]
                how = [x ^ TABLE[f][y] for x, y in zip(how, other_how, strict=True)]
        pivot = next((j for j in range(12) if row[j]), None)
        if pivot is None:
            continue
        f = INVERSE[row[pivot]]
        row, how = [TABLE[f][x] for x in row], [TABLE[f][x] for x in how]
        cleared = []
        for p, other, other_how in basis:
            f = other[pivot]
            other = [x ^ TABLE[f][y] for x, y in zip(other, row, strict=True)]
            other_how = [x ^ TABLE[f][y] for x, y in zip(other_how, how, strict=True)]
            cleared.append((p, other, other_how))
        basis = [*cleared, (pivot, row, how)]
        chosen.append(i)
    if len(basis) < 12:
        return None
    known = {i: read(i) for i in chosen}
    weights = {pivot: how for pivot, _, how in basis}
    result = []
    for i in lost:
        out = np.zeros(len(known[chosen[0]]), np.uint8)
        for j, coefficient in enumerate(parity_row(i)):
            for source in chosen:
                f = TABLE[coefficient][weights[j][source]]
                if f:
                    out ^= np.array(TABLE[f], np.uint8)[known[source]]
        result.append(out.tolist())
    return result


@answer("19.1", style="solves for the lost data by Cramer's rule; local repair first; int64")
def by_cramer(read, lost):
    def times(a, b):
        return int(gf_multiply(a, b))

    def determinant(A):
        if not A:
            return 1
        total = 0
        for j, entry in enumerate(A[0]):
            if entry:
                minor = [row[:j] + row[j + 1 :] for row in A[1:]]
                total ^= times(entry, determinant(minor))
        return total

    held = {}

    def fetch(i):
        if i not in held:
            held[i] = np.asarray(read(i))
        return held[i]

    rows = [parity_row(i) for i in range(16)]
    if len(lost) == 1 and lost[0] < 14:
        i = lost[0]
        group = {*range(6), 12} if i in {*range(6), 12} else {*range(6, 12), 13}
        out = np.zeros_like(fetch(min(group - {i})))
        for j in group - {i}:
            out = out ^ fetch(j)
        return out[None].astype(np.int64)
    gone = [i for i in lost if i < 12]
    there = [i for i in range(12) if i not in gone]
    for choice in itertools.combinations([i for i in (12, 13, 14, 15) if i not in lost], len(gone)):
        A = [[rows[i][j] for j in gone] for i in choice]
        det = determinant(A)
        if det:
            break
    else:
        return None
    right = []
    for i in choice:
        out = fetch(i)
        for j in there:
            out = out ^ gf_multiply(rows[i][j], fetch(j))
        right.append(out)
    data = {j: fetch(j) for j in there}
    for c, j in enumerate(gone):
        out = 0
        for r in range(len(gone)):
            minor = [row[:c] + row[c + 1 :] for n, row in enumerate(A) if n != r]
            out = out ^ gf_multiply(times(int(gf_inverse(det)), determinant(minor)), right[r])
        data[j] = out
    found = []
    for i in lost:
        out = 0
        for j in range(12):
            out = out ^ gf_multiply(rows[i][j], data[j])
        found.append(out)
    return np.array(found).astype(np.int64)


@answer("19.2", style="determinants as sums over permutations, all rows tried where there are more")
def by_permutations(P, n_lost):
    P = [[int(x) for x in row] for row in P]
    m, k = len(P), len(P[0])

    def determinant(rows, columns):
        total = 0
        for order in itertools.permutations(columns):
            product = 1
            for row, column in zip(rows, order, strict=True):
                product = TABLE[product][P[row][column]]
            total ^= product
        return total

    known, fatal = {}, []
    for lost in itertools.combinations(range(k + m), n_lost):
        D, R = [i for i in lost if i < k], [i for i in range(m) if k + i not in lost]
        for rows in itertools.combinations(R, len(D)):
            key = rows, tuple(D)
            if key not in known:
                known[key] = determinant(*key)
            if known[key]:
                break
        else:
            fatal.append(list(lost))
    return fatal[::-1]


@answer("19.2", style="counts kernel vectors: rank by column operations on logarithms; an array")
def by_column_echelon(P, n_lost):
    P = np.asarray(P)
    m, k = P.shape
    found = []
    for lost in itertools.combinations(range(k + m), n_lost):
        columns = [
            [int(P[i, j]) for i in range(m) if k + i not in lost] for j in range(k) if j in lost
        ]
        good = True
        for c, column in enumerate(columns):
            pivot = next((i for i, x in enumerate(column) if x), None)
            if pivot is None:
                good = False
                break
            for later in columns[c + 1 :]:
                f = TABLE[later[pivot]][INVERSE[column[pivot]]]
                later[:] = [x ^ TABLE[f][y] for x, y in zip(later, column, strict=True)]
        if not good:
            found.append(lost)
    return np.array(found, dtype=np.int32).reshape(-1, n_lost)


@answer("19.3", style="trial by trial in plain loops; bisection for the wait; lists")
def trial_by_trial(legs, r, w, gaps, share):
    write, ack, read, reply = (leg.astype(float).tolist() for leg in legs)
    least = []
    for a, b, c, d in zip(write, ack, read, reply, strict=True):
        copies = range(len(a))
        done = sorted(x + y for x, y in zip(a, b, strict=True))[w - 1]
        first = sorted(copies, key=lambda i: c[i] + d[i])[:r]
        least.append(min(a[i] - c[i] - done for i in first))
    rates = [sum(x > g for x in least) / len(least) for g in np.asarray(gaps).tolist()[:50]]
    rates += [float(np.mean(np.array(least) > g)) for g in np.asarray(gaps)[50:]]
    low, high = 0.0, max(0.0, *least) if len(least) > 1 else max(0.0, least[0])
    if sum(x > 0 for x in least) <= share * len(least):
        return rates, 0
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        if np.mean(np.array(least) > middle) <= share:
            high = middle
        else:
            low = middle
    return rates, high


@answer("19.3", style="every gap for itself, fresh copies as booleans; the wait by partition")
def gap_by_gap(legs, r, w, gaps, share):
    legs = np.asarray(legs, float)
    write, ack, read, reply = legs
    done = np.partition(write + ack, w - 1, axis=1)[:, w - 1 : w]
    rank = np.argsort(np.argsort(read + reply, axis=1), axis=1)
    asked = rank < r
    rates = np.array([1 - ((done + g + read >= write) & asked).any(axis=1).mean() for g in gaps])
    least = np.where(asked, write - read - done, np.inf).min(axis=1).clip(0)
    candidates = np.append(np.sort(least), 0.0)
    allowed = np.floor(share * len(least) + 1e-9)
    enough = [g for g in np.unique(candidates) if np.count_nonzero(least > g) <= allowed]
    return [rates, np.float64(enough[0])]


@answer("19.3", style="one less the share of fresh trials; bisection that stops within 0.1%")
def by_bisection(legs, r, w, gaps, share):
    write, ack, read, reply = legs
    done = np.sort(write + ack, axis=1)[:, w - 1, None]
    first = np.argsort(read + reply, axis=1)[:, :r]
    heard = np.take_along_axis(write, first, axis=1)
    asked = done + np.take_along_axis(read, first, axis=1)

    def stale(gap):
        return 1 - (asked + gap >= heard).any(axis=1).mean()

    rates = [stale(gap) for gap in gaps]
    low, high = 0.0, 0.0 if stale(0.0) <= share else 1e-9
    while stale(high) > share:
        low, high = high, 2 * high
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if stale(middle) <= share else (middle, high)
    return rates, high


@answer("19.4", style="all pairs of operations in plain loops; NumPy booleans in a list")
def by_pairs(history):
    writes = [op for op in history if op.kind == "write"]
    reads = [op for op in history if op.kind == "read"]
    place = {op.value: sum(other.start_s < op.start_s for other in writes) for op in writes}
    place[None] = -1
    regular = True
    for read in reads:
        if read.value not in place:
            return [np.False_, np.False_]
        mine = place[read.value]
        for write in writes:
            number = place[write.value]
            if write.end_s < read.start_s and number > mine:
                regular = False
            if number == mine and write.start_s > read.end_s:
                regular = False
    atomic = regular
    for a in reads:
        for b in reads:
            if a.end_s < b.start_s and place[a.value] > place[b.value]:
                atomic = False
    return [np.bool_(regular), np.bool_(atomic)]


@answer("19.4", style="one sweep over the ends and beginnings in time")
def by_sweep(history):
    moments = []
    for op in history:
        moments += [(op.start_s, op, True), (op.end_s, op, False)]
    moments.sort(key=lambda moment: moment[0])
    begun, ended, newest_seen = 0, 0, 0
    number, least_regular, least_atomic = {None: 0}, {}, {}
    for op in sorted((op for op in history if op.kind == "write"), key=lambda op: op.start_s):
        number[op.value] = len(number)
    regular = atomic = True
    for _, op, begins in moments:
        if op.kind == "write":
            begun, ended = begun + begins, ended + (not begins)
        elif begins:
            least_regular[op], least_atomic[op] = ended, newest_seen
        else:
            own = number.get(op.value, -1)
            regular = regular and least_regular[op] <= own <= begun
            atomic = atomic and own >= least_atomic[op]
            newest_seen = max(newest_seen, own)
    return regular, regular and atomic


@answer("19.5", style="table by table as a tree grows; bits by bisection of the multiplier; lists")
def as_it_grows(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    logs = np.log1p(-np.minimum(np.asarray(probabilities, float), 1 - 1e-16))
    known = {}

    def entries(puts):
        if puts not in known:
            known[puts] = float(np.sum(-np.expm1(puts * logs)))
        return known[puts]

    levels, written = [[]], 0.0
    for _ in range(n_tables):
        levels[0].insert(0, memtable_puts)
        written += entries(memtable_puts)
        for i in range(100):
            if len(levels[i]) < ratio:
                break
            if i + 1 == len(levels):
                levels.append([])
            merged = sum(levels[i])
            levels[i] = []
            levels[i + 1].insert(0, merged)
            written += entries(merged)
    sizes = [entries(puts) for level in levels for puts in level]
    n, square = np.array(sizes), np.log(2) ** 2

    def bits_at(level):
        return np.maximum(0.0, level - np.log(n)) / square

    low, high = np.log(n.min()), np.log(n.max()) + bits_per_key * square + 1
    for _ in range(100):
        middle = (low + high) / 2
        if n @ bits_at(middle) <= bits_per_key * n.sum():
            low = middle
        else:
            high = middle
    bits = bits_at(low).tolist()
    return written / n_tables / memtable_puts, sizes, bits


@answer("19.5", style="digits in base T; bits given out in small portions to who gains the most")
def by_portions(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    digits, n = [], n_tables
    while n:
        digits.append(n % ratio)
        n //= ratio

    def entries(level):
        return sum(1 - (1 - probabilities) ** (memtable_puts * ratio**level))

    D = np.array([entries(level) for level in range(len(digits))])
    made = sum(D[i] * (n_tables // ratio**i) for i in range(len(digits)))
    sizes = np.repeat(D, digits)
    p = np.ones(len(sizes))
    left = bits_per_key * sizes.sum() * np.log(2) ** 2
    portion = left / 4000
    while portion > 0 and left > portion / 2:
        i = np.argmax(p / sizes)  # the loss of p for a bit
        p[i] *= np.exp(-portion / sizes[i])
        left -= portion
    bits = -np.log(p) / np.log(2) ** 2
    return np.float64(made / (n_tables * memtable_puts)), sizes, bits


@answer("19.5", style="bits by a general optimizer of SciPy, as it comes")
def by_optimizer(n_tables, memtable_puts, ratio, probabilities, bits_per_key):
    amplification, sizes, _ = as_it_grows(
        n_tables, memtable_puts, ratio, probabilities, bits_per_key
    )
    n = np.array(sizes)
    found = minimize(
        lambda bits: np.exp(-bits * np.log(2) ** 2).sum(),
        np.full(len(n), float(bits_per_key)),
        bounds=[(0, None)] * len(n),
        constraints=[{"type": "ineq", "fun": lambda bits: bits_per_key * n.sum() - n @ bits}],
        method="SLSQP",
        options={"maxiter": 1000},
    )
    return amplification, n, found.x


@answer("19.6", style="each byte plus one as two hex-like digits; time by struct")
def as_pairs(row, column, time):
    import struct

    out = bytearray()
    for name in (row, column):
        for byte in name.encode():
            out += bytes([1 + byte // 16, 1 + byte % 16])
        out.append(0)
    return bytes(out + struct.pack(">Q", 2**64 - 1 - (time + 2**63)))


@answer(
    "19.6", style="groups of seven bytes with a count, as some databases do; complement of time"
)
def in_groups(row, column, time):
    out = b""
    for name in (row, column):
        text = name.encode("utf-8")
        for start in range(0, len(text) + 1, 7):
            piece = text[start : start + 7]
            more = len(text) >= start + 7
            out += piece.ljust(7, b"\0") + bytes([8 if more else len(piece)])
    return out + bytes(255 - byte for byte in (2**63 + time).to_bytes(8, "big"))
