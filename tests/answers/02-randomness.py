"""Right answers to lab 02 in unusual styles."""

import numpy as np
import scipy.sparse

from tests.answers import answer


@answer("02.1", style="signs instead of zeros and ones, compared trial by trial")
def with_signs(A, B, C, trials, tol, rng):
    signs = 1 - 2 * rng.integers(0, 2, size=(trials, B.shape[1]), dtype=np.int8).astype(int)
    left, right = A @ (B @ signs.T), C @ signs.T
    wrong = set()
    for row in range(A.shape[0]):
        for trial in range(trials):
            if not abs(left[row, trial] - right[row, trial]) <= tol:
                wrong.add(row)
    return np.array(sorted(wrong), dtype=np.int32)


@answer("02.1", style="random bytes as floats, and a generator spawned from rng")
def with_bits(A, B, C, trials, tol, rng):
    own = rng.spawn(1)[0]
    n = C.shape[1]
    bits = np.unpackbits(np.frombuffer(own.bytes(n * trials // 8 + 1), np.uint8))
    R = bits[: n * trials].reshape(n, trials).astype(float)
    agree = np.abs(np.subtract(A @ (B @ R), C @ R)) <= tol
    return np.where(~agree.all(axis=1))[0]


@answer("02.2", style="the sizes of the groups first, by a multinomial law; then a shuffle")
def sizes_first(state, draws, rng):
    groups = state.shape[1]
    sizes = rng.multinomial(len(draws), [1 / groups] * groups)
    ends = np.r_[0, np.cumsum(sizes)]
    running = np.r_[0.0, np.cumsum(rng.permutation(draws))]
    new = state.copy()
    new[0] += sizes
    new[1] += running[ends[1:]] - running[ends[:-1]]
    return new


@answer("02.2", style="one matrix product with the table of who sits where")
def by_a_product(state, draws, rng):
    groups = state.shape[1]
    group = (rng.random(len(draws)) * groups).astype(np.intp)
    seats = scipy.sparse.coo_array(
        (np.ones(len(draws)), (group, np.arange(len(draws)))), shape=(groups, len(draws))
    )
    return np.stack([state[0] + seats.sum(axis=1), state[1] + seats.tocsr() @ np.asarray(draws)])


@answer("02.2", style="groups as equal as can be: a shuffle, dealt round from a random group")
def dealt_evenly(state, draws, rng):
    size = state.shape[1]
    group = (rng.permutation(len(draws)) + rng.integers(size)) % size
    new = np.array(state)
    np.add.at(new[0], group, 1)
    np.add.at(new[1], group, draws)
    return new


@answer("02.3", style="any s different rows, by Floyd's method; a COO matrix")
def by_floyd(d, k, s, rng):
    rows = np.empty((d, s), dtype=np.int64)
    for i, top in enumerate(range(k - s, k)):
        guess = rng.integers(top + 1, size=d)
        taken = (rows[:, :i] == guess[:, None]).any(axis=1)
        rows[:, i] = np.where(taken, top, guess)
    signs = np.where(rng.random((d, s)) < 0.5, -1.0, 1.0)
    columns = np.arange(d).repeat(s)
    return scipy.sparse.coo_matrix((signs.ravel() / s**0.5, (rows.ravel(), columns)), shape=(k, d))


@answer("02.3", style="the hint's lines with csc_matrix, an old kind that sums to np.matrix")
def of_the_old_kind(d, k, s, rng):
    edges = np.arange(s + 1) * k // s
    rows = edges[:-1] + np.floor(rng.random((d, s)) * np.diff(edges)).astype(np.int32)
    signs = 2.0 * rng.integers(2, size=d * s) - 1
    starts = np.arange(0, d * s + 1, s)
    return scipy.sparse.csc_matrix((signs / np.sqrt(s), rows.ravel(), starts), shape=(k, d))


@answer("02.4", style="a race: each place keeps the pair with the earliest exponential clock")
def by_a_race(columns, rows, size, rng):
    best, total = np.full(size, np.inf), 0.0
    C = R = held = None
    for a, b in zip(columns, rows, strict=True):
        if C is None:
            C, R, held = np.zeros((len(a), size)), np.zeros((size, len(b))), np.ones(size)
        weight = np.sqrt(np.sum(a * a)) * np.sqrt(np.sum(b * b))
        if weight == 0:
            continue
        total += weight
        clock = rng.exponential(1 / weight, size)
        for place in np.flatnonzero(clock < best):
            best[place], held[place] = clock[place], weight
            C[:, place], R[place] = a, b
    factor = np.sqrt(total / (size * held))
    return C * factor, R * factor[:, None]


@answer("02.4", style="block by block: how many places change, and to which pair; a list")
def in_blocks(columns, rows, size, rng):
    held, kept, total = np.ones(size), None, 0.0
    for A, B in zip(columns.blocks(16), rows.blocks(16), strict=True):
        if kept is None:
            kept = [np.zeros((size, A.shape[1])), np.zeros((size, B.shape[1]))]
        weights = np.linalg.norm(A, axis=1) * np.linalg.norm(B, axis=1)
        ends = total + np.cumsum(weights)
        if ends[-1] == 0:
            continue
        point = rng.random(size) * ends[-1]
        new = np.flatnonzero(point >= total)
        pick = np.searchsorted(ends, point[new], side="right")
        kept[0][new], kept[1][new], held[new] = A[pick], B[pick], weights[pick]
        total = ends[-1]
    factor = np.sqrt(total / held / size)[:, None]
    return [(factor * kept[0]).T, factor * kept[1]]


@answer("02.5", style="plain lists, the stride from large to small")
def in_lists(x, sums):
    y, half = list(x), len(x) // 2
    while half:
        low = [i for i in range(len(y)) if not i & half]
        plus, minus = sums([y[i] for i in low], [y[i + half] for i in low])
        for i, more, less in zip(low, plus, minus, strict=True):
            y[i], y[i + half] = more, less
        half //= 2
    return np.array(y, dtype=x.dtype)


@answer("02.5", style="a perfect shuffle: the same halves in each round, and nothing to put back")
def by_shuffles(x, sums):
    n = len(x)
    y = x.copy()
    for _ in range(n.bit_length() - 1):
        y = np.column_stack(sums(y[: n // 2], y[n // 2 :])).ravel()
    return y
