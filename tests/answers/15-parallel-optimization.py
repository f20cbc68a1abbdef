"""Right answers to lab 15 in unusual styles."""

import math

import numpy as np

from tests.answers import answer


@answer(
    "15.1", style="pairs that exchange directly in place of rings, level by level, no recursion"
)
def pairwise(x, rank, sizes, exchange):
    pieces, apart, levels = np.asarray(x, dtype=float).tolist(), 1, []
    for size in sizes:
        place = (rank // apart) % size

        def at(other, apart=apart, size=size, place=place):
            return rank + (other % size - place) * apart

        cut = np.array_split(np.array(pieces, float), size)
        own = cut[place].copy()
        for t in range(1, size):
            own = own + exchange(cut[(place + t) % size], at(place + t), at(place - t))
        levels.append((size, place, at, [len(c) for c in cut]))
        pieces, apart = own.tolist(), apart * size
    for size, place, at, _ in reversed(levels):
        found = {place: np.array(pieces, float)}
        for t in range(1, size):
            found[(place - t) % size] = exchange(found[place], at(place + t), at(place - t))
        pieces = [value for i in range(size) for value in found[i]]
    return pieces


@answer(
    "15.1", style="rings in the other direction, each level a generator of its neighbors; tuples"
)
def leftwards(x, rank, sizes, exchange):
    def whole(part, sizes, apart):
        if len(sizes) == 0:
            return part
        s, here = int(sizes[0]), rank // apart % int(sizes[0])
        base = rank - here * apart
        left, right = base + (here - 1) % s * apart, base + (here + 1) % s * apart
        step = -(-len(part) // s)
        chunks = [part[i * step : (i + 1) * step] for i in range(s)]
        for t in range(s - 1):
            came = exchange(chunks[(here + t) % s], left, right)
            chunks[(here + t + 1) % s] = chunks[(here + t + 1) % s] + came
        done = (here - 1) % s
        chunks[done] = whole(chunks[done], sizes[1:], apart * s)
        for t in range(s - 1):
            chunks[(here + t) % s] = exchange(chunks[(here + t - 1) % s], left, right)
        return np.concatenate(chunks)

    return tuple(whole(np.array(x), list(sizes), 1))


@answer("15.1", style="interleaved chunks as lists of places; a stack down and up, plain floats")
def interleaved(x, rank, sizes, exchange):
    total, mine, apart, stack = [float(v) for v in x], list(range(len(x))), 1, []
    for s in sizes:
        here = rank // apart % s
        base, places = rank - here * apart, [mine[i::s] for i in range(s)]
        right, left = base + (here + 1) % s * apart, base + (here - 1) % s * apart
        for t in range(s - 1):
            came = exchange([total[i] for i in places[(here - t) % s]], right, left)
            for i, value in zip(places[(here - t - 1) % s], came, strict=True):
                total[i] += float(value)
        stack.append((s, here, places, right, left))
        mine, apart = places[(here + 1) % s], apart * s
    while stack:
        s, here, places, right, left = stack.pop()
        for t in range(s - 1):
            came = exchange(np.array([total[i] for i in places[(here + 1 - t) % s]]), right, left)
            for i, value in zip(places[(here - t) % s], came, strict=True):
                total[i] = float(value)
    return total


@answer("15.1", style="halving and doubling where a level has a power of two, else a ring")
def halves(x, rank, sizes, exchange):
    def level(part, sizes, apart):
        if not sizes:
            return part
        s, here = sizes[0], rank // apart % sizes[0]
        base, cut = rank - here * apart, np.array_split(part, s)
        lengths = [len(c) for c in cut]

        def swap(sent, received, target, source):
            ends = np.cumsum([lengths[i] for i in received])[:-1]
            sent = np.concatenate([cut[i] for i in sent])
            came = exchange(sent, base + target * apart, base + source * apart)
            return zip(received, np.split(came, ends), strict=True)

        distances = [2**i for i in range(s.bit_length() - 1)] if s & (s - 1) == 0 else []
        for d in distances[::-1]:
            keep = [i for i in range(s) if i // (2 * d) == here // (2 * d) and not (i ^ here) & d]
            for i, came in swap([i ^ d for i in keep], keep, here ^ d, here ^ d):
                cut[i] = cut[i] + came
        for t in range(0 if distances else s - 1):
            ring = [(here - t - 1) % s], [(here - t - 2) % s], (here + 1) % s, (here - 1) % s
            for i, came in swap(*ring):
                cut[i] = cut[i] + came
        cut[here] = level(cut[here], sizes[1:], apart * s)
        for d in distances:
            have = [i for i in range(s) if i // d == here // d]
            for i, came in swap(have, sorted(i ^ d for i in have), here ^ d, here ^ d):
                cut[i] = came
        for t in range(0 if distances else s - 1):
            for i, came in swap(
                [(here - t) % s], [(here - t - 1) % s], (here + 1) % s, (here - 1) % s
            ):
                cut[i] = came
        return np.concatenate(cut)

    return level(np.array(x), tuple(sizes), 1)


@answer("15.2", style="a list of events, sorted; the worker's model kept with its letter")
def by_events(gradient, x0, read_s, arrive_s, L):
    K = len(arrive_s)
    events = [(float(arrive_s[k]), 0, k) for k in range(K)]
    events += [(float(read_s[k]), 1, k) for k in range(K) if read_s[k] < arrive_s[k]]
    path, seen, ages = [np.array(x0, dtype=float)], {}, []
    for _, kind, k in sorted(events):
        if kind == 1:
            seen[k] = len(ages)
            continue
        version = seen.get(k, len(ages))
        age = len(ages) - version
        g = np.asarray(gradient(k, path[version]), float)
        ages.append(age)
        path.append(path[-1] - g * (math.sin(math.pi / (4 * age + 2)) / L))
    return path, ages


@answer("15.2", style="counts arrivals anew for each letter, in plain loops; integers of 16 bits")
def by_counting(gradient, x0, read_s, arrive_s, L):
    K = len(arrive_s)
    path = np.empty((K + 1, len(x0)))
    path[0] = x0
    ages = np.zeros(K, np.int16)
    left = list(range(K))
    for i in range(K):
        k = left[0]
        for j in left:
            if arrive_s[j] < arrive_s[k]:
                k = j
        left.remove(k)
        old = min(i, sum(bool(arrive_s[j] <= read_s[k]) for j in range(K)))
        ages[i] = i - old
        limit = 2 * math.sin(math.pi / (4 * (i - old) + 2)) / L
        path[i + 1] = path[i] - 0.5 * limit * np.array(gradient(k, path[old].copy()))
    return path, ages


@answer("15.3", style="Newton's method on dense rows, half of the Hessian, one flat message; lists")
def dense_newton(A, b, ridge, most, all_reduce):
    X = A.toarray()
    m, n = X.shape
    upper = np.triu_indices(n)

    def sums(x):
        p = 0.5 - 0.5 * np.tanh(0.5 * b * (X @ x))
        return -X.T @ (b * p), (X.T * (p * (1 - p))) @ X

    def value(x):
        return np.logaddexp(0, -b * (X @ x)).mean() + ridge / 2 * x @ x

    x = np.zeros(n)
    for _ in range(100):
        g, H = sums(x)
        g = g / m + ridge * x
        step = np.linalg.solve(H / m + ridge * np.eye(n), g)
        length = 1.0
        while value(x - length * step) > value(x) - 1e-4 * length * (g @ step) and length > 1e-9:
            length /= 2
        x = x - length * step
        if g @ step < 1e-14:
            break
    told = all_reduce([m, *(m * x)])
    N, x = told[0], np.array(told[1:]) / told[0]
    g, H = sums(x)
    told = np.array(all_reduce(np.concatenate([g, H[upper]])))
    H = np.zeros((n, n))
    H[upper] = told[n:] / N
    H = H + np.triu(H, 1).T
    H[np.diag_indices(n)] += ridge
    g = told[:n] / N + ridge * x
    factor = np.linalg.cholesky(H)
    half = np.linalg.solve(factor, g)
    win = float(half @ half) / 2
    if win > most:
        raise ValueError(f"sorted shards? {win}")
    return [(x - np.linalg.solve(factor.T, half)).tolist(), win]


@answer("15.3", style="local fits by SciPy's Newton-CG, the two messages as matrices")
def with_scipy(A, b, ridge, most, all_reduce):
    import scipy.optimize
    import scipy.sparse
    from scipy.special import expit

    n = A.shape[1]

    def value(x):
        return np.logaddexp(0, -b * (A @ x)).mean() + ridge / 2 * x @ x

    def slope(x):
        return A.T @ (-b * expit(-b * (A @ x))) / len(b) + ridge * x

    def bend(x):
        s = expit(-b * (A @ x))
        W = scipy.sparse.diags_array(s * (1 - s) / len(b))
        return (A.T @ (W @ A)).toarray() + ridge * np.eye(n)

    own = scipy.optimize.minimize(
        value, np.zeros(n), jac=slope, hess=bend, method="trust-exact", options={"gtol": 1e-7}
    ).x
    message = np.zeros((2, n))
    message[0], message[1, 0] = len(b) * own, len(b)
    first = np.asarray(all_reduce(message))
    N = first[1, 0]
    x = first[0] / N
    share = len(b) / N
    # Every machine sends its share of the ridge, too.
    second = all_reduce(share * np.column_stack([slope(x), bend(x)]))
    g, H = second[:, 0], second[:, 1:]
    step = np.linalg.lstsq(H, g, rcond=None)[0]
    win = 0.5 * (g @ step)
    if win > most:
        raise ValueError("the shards are not alike.")
    return x - step, np.array(win)


@answer("15.4", style="dictionaries from place to value, a heap for the largest; lists")
def by_dictionaries(memory, update, k, rank, size, exchange):
    import heapq

    wanted = [np.float32(a + c) for a, c in zip(memory, update, strict=True)]
    d = len(wanted)
    said = heapq.nlargest(k, range(d), key=lambda i: abs(wanted[i]))
    have = {int(i): wanted[i] for i in said}
    memory = [np.float32(0) if i in have else w for i, w in enumerate(wanted)]
    j = 1
    while j < size:
        if 2 * len(have) < d:
            places = sorted(have)
            values = np.array([have[i] for i in places], np.float32)
            came = exchange((np.array(places, np.int32), values), rank ^ j, rank ^ j)
        else:
            whole = np.zeros(d, np.float32)
            for i, v in have.items():
                whole[i] = v
            came = exchange(whole, rank ^ j, rank ^ j)
        if isinstance(came, tuple):
            items = zip(came[0].tolist(), came[1], strict=True)
        else:
            items = ((i, v) for i, v in enumerate(came) if v != 0)
        for i, v in items:
            have[i] = np.float32(have.get(i, np.float32(0)) + v)
        j *= 2
    return [float(have.get(i, 0)) for i in range(d)], memory


@answer("15.4", style="the widest distance first, sorted unions by np.unique; zeros are not said")
def widest_first(memory, update, k, rank, size, exchange):
    wanted = (memory + update).astype(np.float32)
    d = wanted.size
    order = np.argsort(-np.abs(wanted), kind="stable")[:k]
    places = np.sort(order[wanted[order] != 0]).astype(np.int32)
    values = wanted[places]
    rest = wanted.copy()
    rest[places] = 0
    distance = size // 2
    while distance:
        partner = rank ^ distance
        if 8 * len(places) <= 4 * d:
            came = exchange([places, values], partner, partner)
        else:
            whole = np.zeros(d, np.float32)
            whole[places] = values
            came = exchange(whole, partner, partner)
        if not isinstance(came, tuple):
            came = (np.flatnonzero(came).astype(np.int32), came[came != 0])
        places, inverse = np.unique(np.concatenate([places, came[0]]), return_inverse=True)
        values = np.bincount(
            inverse, np.concatenate([values, came[1]]).astype(float), minlength=len(places)
        ).astype(np.float32)
        distance //= 2
    total = np.zeros(d, np.float32)
    total[places] = values
    return total, rest


@answer("15.4", style="sparse rows of SciPy that add themselves up; the memory in double")
def sparse_rows(memory, update, k, rank, size, exchange):
    import scipy.sparse

    wanted, d = memory + update, len(memory)
    said = np.lexsort((np.arange(d), -np.abs(wanted)))[:k].astype(np.int32)
    have = scipy.sparse.csr_array((wanted[said], said, [0, k]), shape=(1, d))
    for j in range(int(math.log2(size))):
        if 2 * have.nnz < d:
            message = [have.indices.astype(np.int32), have.data]
        else:
            message = have.toarray().ravel()
        came = exchange(message, rank ^ (1 << j), rank ^ (1 << j))
        if isinstance(came, tuple):
            came = scipy.sparse.csr_array((came[1], came[0], [0, len(came[0])]), shape=(1, d))
        have = have + scipy.sparse.csr_array(
            np.reshape(came, (1, -1)) if np.ndim(came) == 1 else came
        )
    rest = wanted.astype(float)
    rest[said] = 0
    return have.toarray()[0], rest


@answer("15.5", style="exact fractions, one case after the other; numpy booleans")
def by_fractions(colleague, rng):
    from fractions import Fraction

    ok = np.True_
    cases = [(p, n) for p in (1, 2, 3, 5, 9) for n in (0, p - 1, p + 3)] + [(4, 8), (9, 5)]
    for p, n in cases:
        for dtype, bits in ((np.float64, 53), (np.float32, 24)):
            xs = rng.uniform(-1, 1, (p, n)).astype(dtype)
            xs[0] *= 1000
            try:
                sums, after, sent = colleague(xs.copy())
                for r in range(p):
                    ok &= sums[r].dtype == dtype and sums[r].shape == (n,)
                    ok &= sums[r].tobytes() == sums[0].tobytes()
                    ok &= np.array_equal(after[r], xs[r])
                    ok &= sent[r] <= 2 * (p - 1) * math.ceil(n / p) * xs.itemsize
                    for i in range(n):
                        column = [Fraction(float(v)) for v in xs[:, i]]
                        room = 2 * (p - 1) * sum(map(abs, column)) / 2**bits
                        ok &= abs(Fraction(float(sums[r][i])) - sum(column)) <= room
            except Exception:
                return np.False_
    return ok


@answer("15.5", style="powers of two that add up exactly, and random numbers for the bits")
def by_exact_sums(colleague, rng):
    def runs(xs, exact):
        sums, after, sent = colleague(np.array(xs))
        p, n = xs.shape
        u = {np.dtype(np.float32): 2.0**-24, np.dtype(np.float64): 2.0**-53}[xs.dtype]
        room = 2 * (p - 1) * u * np.abs(xs.astype(float)).sum(0)
        bound = 2 * (p - 1) * ((n + p - 1) // p) * xs.dtype.itemsize
        if max(map(int, sent)) > bound or not np.array_equal(np.array(after), xs):
            return False
        if len({(one.dtype, one.shape, bytes(one)) for one in sums}) > 1:
            return False
        if sums[0].dtype != xs.dtype or sums[0].shape != (n,):
            return False
        off = np.abs(sums[0].astype(float) - exact)
        return bool(np.all(off <= room))

    try:
        for p in (1, 2, 3, 4, 5, 6, 8, 9, 11, 12):
            for n in (0, 2, 12, 29):
                whole = rng.integers(1, 1000, (p, n))
                small = 1.0 + whole * 2.0**-48  # 53 bits are enough, 24 are not
                xs = rng.standard_normal((p, n)).astype(np.float32)
                exact = np.array([math.fsum(c) for c in xs.T.astype(float)])
                if not runs(small, np.array([math.fsum(c) for c in small.T])):
                    return False
                if not runs(xs, exact):
                    return False
        return True
    except Exception:
        return False
