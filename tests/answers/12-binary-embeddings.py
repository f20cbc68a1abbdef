"""Right answers to lab 12 in unusual styles."""

import itertools
import math

import numpy as np
import scipy.fft
import scipy.signal

from course_lib.binary_embeddings import angle_share
from tests.answers import answer


@answer("12.1", style="plain Python integers and loops, a list of floats")
def bit_by_bit(codes, others, n_bits):
    found = []
    for code, other in zip(codes.tolist(), others.tolist(), strict=True):
        differ = 0
        for i in range(n_bits):
            differ += (code[i // 64] >> i % 64 & 1) != (other[i // 64] >> i % 64 & 1)
        found.append(math.pi * differ / n_bits)
    return found


@answer("12.1", style="unpacked to bytes, a matrix of one column turned into float32")
def unpacked(codes, others, n_bits):
    bits = np.unpackbits((codes ^ others).view(np.uint8), axis=1, bitorder="little")
    return (np.pi * np.asmatrix(bits[:, :n_bits]).mean(axis=1)).A1


@answer("12.2", style="the whole matrix of covariances, in loops; a list")
def by_covariances(theta, n_bits, rho):
    t = theta / math.pi
    total = sum(
        t * (1 - t) * rho[abs(i - j)] for i in range(n_bits) for j in range(n_bits) if i >= j
    )
    total = 2 * total - n_bits * t * (1 - t)
    one = theta * (math.pi - theta) / math.pi**2 / n_bits
    return [one, total / n_bits**2, one + (math.log(n_bits) / n_bits / n_bits) ** (1 / 3)]


@answer("12.2", style="cumulative sums of cumulative sums; an array of three")
def by_cumulative_sums(theta, n_bits, rho):
    t = theta / np.pi
    sums = np.cumsum(np.asarray(rho, float)[:n_bits])
    pairs = 2 * sums.sum() - n_bits * rho[0]
    base = t * (1 - t)
    return base * np.array([1 / n_bits, pairs / n_bits**2, 1 / n_bits]) + [
        0,
        0,
        np.cbrt(np.log(n_bits) / n_bits**2),
    ]


@answer("12.3", style="vector by vector, unit vectors, signs where coins fall; a list")
def vector_by_vector(make, P, R, draws, rng):
    pairs = [
        (p / np.linalg.norm(p), r / np.linalg.norm(r))
        for p, r in zip(P.astype(float), R.astype(float), strict=True)
    ]
    angles = [2 * math.asin(min(1, np.linalg.norm(p - r) / 2)) / math.pi for p, r in pairs]
    sums = [[0.0, 0.0] for _ in pairs]
    for _ in range(draws):
        matrix = make()
        k = matrix.shape[0]
        flips = rng.random(P.shape[1]) < 0.5
        for i, (p, r) in enumerate(pairs):
            for row in range(2):
                u, v = (np.where(flips, -x, x) if row == 0 else x for x in (p, r))
                unlike = np.count_nonzero((matrix.apply(u) > 0) ^ (matrix.apply(v) > 0))
                sums[i][row] += (unlike / k - angles[i]) ** 2
    ratios = [
        [one / draws / (t * (1 - t) / k) for one in both]
        for both, t in zip(sums, angles, strict=True)
    ]
    return [float(np.mean(column)) for column in zip(*ratios, strict=True)]


@answer("12.3", style="all four blocks in one product, XOR of boolean codes, arrays of shares")
def in_one_block(make, P, R, draws, rng):
    m, t = len(P), angle_share(P, R)
    shares = []
    for _ in range(draws):
        matrix, D = make(), 2.0 * rng.integers(0, 2, (1, P.shape[1])) - 1
        Y = matrix.apply(np.vstack([P * D, R * D, P, R])).reshape(4, m, -1) >= 0
        shares.append([np.mean(Y[0] ^ Y[1], axis=1), np.mean(Y[2] ^ Y[3], axis=1)])
    errors = np.mean((np.array(shares) - t) ** 2, axis=0)
    return tuple((errors * matrix.shape[0] / (t - t * t)).mean(axis=1))


@answer("12.4", style="a circulant of twice the size, signs first, complex transforms")
def by_embedding(X, k, rng):
    n = X.shape[1]
    D = np.sign(rng.random(n) - 0.5)
    column, row = rng.normal(size=k), rng.normal(size=n - 1)
    size = scipy.fft.next_fast_len(n + k)
    circulant = np.concatenate([column, np.zeros(size - n - k + 1), row[::-1]])
    padded = np.zeros((len(X), size), complex)
    padded[:, :n] = X * D
    return np.fft.ifft(np.fft.fft(padded) * np.fft.fft(circulant)).real[:, :k]


@answer("12.4", style="scipy's convolution, vector by vector; one generator for each of g and D")
def by_convolution(X, k, rng):
    for_g, for_d = (np.random.default_rng(int(seed)) for seed in rng.integers(2**60, size=2))
    n = X.shape[1]
    h, D = for_g.standard_normal(n + k - 1), 1 - 2 * for_d.integers(0, 2, n)
    method = "fft" if n > 50 else "direct"
    return [scipy.signal.convolve(h, D * x, method=method)[n - 1 : n - 1 + k].tolist() for x in X]


@answer("12.5", style="a dictionary of bytes; the first copy of a row takes all its weight")
def first_takes_all(rows):
    count, first = {}, []
    for row in rows:
        key = np.ascontiguousarray(row).tobytes()
        first.append(key not in count)
        count[key] = count.get(key, 0) + 1
    weights = [one / len(count) for one in map(float, first)]
    return sum(c * c for c in count.values()) / len(rows), weights


@answer("12.5", style="all pairs of rows compared, sorted groups; a list of two")
def by_groups(rows):
    order = sorted(range(len(rows)), key=lambda i: rows[i].tolist())
    groups = [list(group) for _, group in itertools.groupby(order, key=lambda i: rows[i].tolist())]
    weights = np.zeros(len(rows))
    for group in groups:
        weights[group] = 1 / len(groups) / len(group)
    return [np.mean([len(group) for group in groups for _ in group]), weights]


@answer("12.6", style="entry by entry through unit vectors, moments pooled over twelve calls")
def through_unit_vectors(project, rng):
    numbers, signs, starts = [], [], set()
    try:
        for call in range(12):
            n, k = int(rng.integers(200, 300)), int(rng.integers(100, 400))
            if call < 2:
                n, k = (25, 60) if call else (60, 25)
            seed = int(rng.integers(2**40))
            X = rng.standard_normal((n + 2, n))
            X[:n] = np.eye(n)
            Y, g, d = project(X, k, np.random.default_rng(seed))
            P = np.array([[g[j - i + k - 1] * d[j] for j in range(n)] for i in range(k)])
            if np.abs(Y - X @ P.T).max() > 1e-9 or set(np.unique(d)) != {-1, 1}:
                return False
            if call == 0:
                Y2, g2, d2 = project(X, k, np.random.default_rng(seed))
                if not (np.all(Y2 == Y) and np.all(g2 == g) and np.all(d2 == d)):
                    return False
            if len(set(np.abs(g).tolist())) < len(g) or g[0] in starts:
                return False
            starts.add(g[0])
            numbers += g.tolist()
            signs += d.tolist()
    except RuntimeError:
        return False
    g, d = np.array(numbers), np.array(signs)
    ok = abs(g.mean()) < 5.5 / np.sqrt(len(g)) and abs(d.mean()) < 5.5 / np.sqrt(len(d))
    ok = ok and abs(g.var() - 1) < 8 / np.sqrt(len(g))
    return np.bool_(ok and abs(np.mean(g**4) - 3) < 60 / np.sqrt(len(g)))


@answer("12.6", style="one large call against a sliding window, Kolmogorov-Smirnov")
def with_scipy(project, rng):
    import scipy.stats

    for n, k in [(1800, 700), (40, 90)]:
        X = rng.uniform(-1, 1, (6, n))
        before = rng.bit_generator.state
        calls = []
        for _ in range(2):
            rng.bit_generator.state = before
            try:
                calls.append(project(X, k, rng))
            except Exception:
                return False
        Y, g, d = calls[0]
        later = project(X, k, rng)
        windows = np.lib.stride_tricks.sliding_window_view(g, n)[::-1]
        if not np.allclose(Y, np.einsum("ij,aj->ai", windows, X * d), atol=1e-8):
            return False
        if not all(map(np.array_equal, calls[0], calls[1])) or np.array_equal(later[1], g):
            return False
        if np.any(np.abs(d) != 1) or len(np.unique(g)) != len(g):
            return False
        if n > 1000:
            fits = scipy.stats.kstest(g, "norm").pvalue > 1e-6
            even = scipy.stats.binomtest(int(np.sum(d > 0)), n).pvalue > 1e-6
            if not (fits and even):
                return False
    return True
