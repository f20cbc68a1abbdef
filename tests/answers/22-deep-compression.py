"""Right answers to lab 22 in unusual styles."""

import decimal
import itertools
from collections import Counter, deque

import numpy as np

from course_lib.binary_networks import Dense, Relu, cross_entropy, sgd, targets
from course_lib.deep_compression import (
    CompressedNetwork,
    cubic_density,
    entries,
    prune_masks,
    prune_sgd,
    share_weights,
    tune_sgd,
)
from tests.answers import answer


@answer("22.1", style="plain loops over entries and lists")
def in_loops(gaps, values, bits):
    most, place, last = 2**bits - 1, -1, -1
    places, new_gaps, new_values = [], [], []
    for gap, value in zip(gaps.tolist(), values.tolist(), strict=True):
        place += gap + 1
        if not value:
            continue
        while place - last - 1 > most:
            new_gaps.append(most)
            new_values.append(0)
            last += most + 1
        new_gaps.append(place - last - 1)
        new_values.append(value)
        places.append(place)
        last = place
    return places, new_gaps, new_values


@answer("22.1", style="the whole row first, then the positions of all entries; small dtypes")
def by_the_row(gaps, values, bits):
    row = np.zeros(int(np.sum(gaps + 1)), np.int32)
    row[np.cumsum(gaps + 1) - 1] = values
    places = np.flatnonzero(row).astype(np.uint32)
    stops = []
    for before, now in zip([-1, *places.tolist()], places.tolist(), strict=False):
        stops += [*range(before + 2**bits, now, 2**bits), now]
    stops = np.array(stops, int)
    return places, np.diff(stops, prepend=-1) - 1, row[stops]


@answer("22.2", style="integers alone: hundredths of units, products for means; a set of names")
def in_integers(layers, total):
    def scaled(text):
        whole, _, decimals = text.partition(".")
        unit = 10 ** (4 - len(decimals))
        return int(whole + decimals) * unit * 2, unit  # twice a ten-thousandth, and half a digit

    sizes, widths, found = [], [], set()
    for row in layers:
        p, w = float(row.kept) / 100, int(row.value_bits)
        with np.errstate(divide="ignore"):
            never = np.exp(2.0 ** np.arange(1, 17) * np.log1p(-p)) if p < 1 else np.zeros(16)
        bits = (w + np.arange(1, 17)) / (1 - never)
        sizes.append(p * bits[int(row.index_bits) - 1] / 0.32 + 100 * 2.0**w / row.n_weights)
        widths.append(np.argmin(bits) + 1)
    n = sum(row.n_weights for row in layers)
    for column in layers[0]._fields[2:]:
        middle, half = zip(*(scaled(getattr(row, column)) for row in layers), strict=True)
        t, s = scaled(getattr(total, column))
        if column in ("kept", "stored", "coded"):
            m = [row.n_weights for row in layers]
            off = sum(a * b for a, b in zip(m, middle, strict=True)) - n * t
            if abs(off) > sum(a * b for a, b in zip(m, half, strict=True)) + n * s:
                found.add(column)
        else:
            low = min(a - b for a, b in zip(middle, half, strict=True))
            high = max(a + b for a, b in zip(middle, half, strict=True))
            if t + s < low or t - s > high:
                found.add(column)
    return np.array(sizes, np.float64), widths, found


@answer("22.2", style="decimals with fifty digits and dictionaries; a tuple of names")
def in_decimals(layers, total):
    D = decimal.Decimal

    def ends(text):
        half = D(5).scaleb(D(text).as_tuple().exponent - 1)
        return D(text) - half, D(text) + half

    with decimal.localcontext() as context:
        context.prec = 50
        sizes, widths = [], []
        for row in layers:
            p, w, b = D(row.kept) / 100, int(row.value_bits), int(row.index_bits)
            cost = {k: (w + k) / (1 - (1 - p) ** (2**k)) for k in range(1, 17)}
            sizes.append(float(100 * p * cost[b] / 32 + D(100 * 2**w) / row.n_weights))
            widths.append(min(cost, key=lambda k: (cost[k], k)))
        names = []
        for column in ("value_bits", "coded_value_bits", "index_bits", "coded_index_bits"):
            lows, highs = zip(*(ends(getattr(row, column)) for row in layers), strict=True)
            least, most = ends(getattr(total, column))
            names += [column] * (not (min(lows) <= most and least <= max(highs)))
        for column in ("coded", "stored", "kept"):
            pairs = [(row.n_weights, *ends(getattr(row, column))) for row in layers]
            n = sum(pair[0] for pair in pairs)
            least, most = ends(getattr(total, column))
            low, high = sum(m * a for m, a, _ in pairs), sum(m * b for m, _, b in pairs)
            names += [column] * (not (low <= n * most and n * least <= high))
    return sizes, widths, tuple(names)


@answer("22.3", style="all distances at once; np.add.at; lists come back")
def by_distances(W, importance, values, rounds, G):
    where = np.nonzero(W)
    w, h, c = W[where].astype(float), importance[where].astype(float), np.array(values, float)
    for i in range(rounds + 1):
        nearest = ((w[:, None] - c) ** 2).argmin(axis=1)
        if i < rounds:
            above, below = np.zeros((2, len(c)))
            np.add.at(above, nearest, h * w)
            np.add.at(below, nearest, h)
            np.divide(above, below, out=c, where=below > 0)
    symbols, slope = np.zeros(W.shape, np.uint8), np.zeros(len(c))
    symbols[where] = nearest + 1
    np.add.at(slope, nearest, G[where])
    return [c.tolist(), symbols.tolist(), slope.tolist()]


@answer("22.3", style="cluster by cluster with masks of the whole matrix")
def cluster_by_cluster(W, importance, values, rounds, G):
    c = [float(value) for value in values]

    def masks():
        edges = [-np.inf, *((a + b) / 2 for a, b in itertools.pairwise(c)), np.inf]
        return [(W != 0) & (low < W) & ~(high < W) for low, high in itertools.pairwise(edges)]

    for _ in range(rounds):
        for i, mask in enumerate(masks()):
            weight = importance[mask].sum(dtype=float)
            if weight:
                c[i] = float((importance[mask].astype(float) * W[mask]).sum() / weight)
    symbols = sum((i + 1) * mask for i, mask in enumerate(masks()))
    return np.array(c), symbols, np.array([G[mask].sum(dtype=float) for mask in masks()])


@answer("22.4", style="numbers and intervals for words; two queues for the best code")
def by_numbers(data, lengths, count):
    def codes(lengths):
        first, code, found = {}, 0, {}
        for length in range(1, int(max(lengths, default=0)) + 1):
            code <<= 1
            first[length] = code
            for symbol in np.flatnonzero(np.asarray(lengths) == length).tolist():
                found[length, code] = symbol
                code += 1
        return found

    table, symbols, position = codes(lengths), [], 0
    whole, size = int.from_bytes(data, "big"), 8 * len(data)
    for _ in range(count):
        length, code = 0, 0
        while (length, code) not in table or not length:
            code = code << 1 | whole >> (size - 1 - position) & 1
            position, length = position + 1, length + 1
        symbols.append(table[length, code])
    counts = Counter(symbols)
    leaves = deque(sorted((n, [s]) for s, n in counts.items()))
    nodes, bits = deque(), Counter()
    if len(leaves) == 1:
        bits[symbols[0]] = 1
    while len(leaves) + len(nodes) > 1:
        pair = []
        for _ in range(2):
            from_nodes = nodes and (not leaves or nodes[0][0] < leaves[0][0])
            pair.append((nodes if from_nodes else leaves).popleft())
        bits.update(pair[0][1] + pair[1][1])
        nodes.append((pair[0][0] + pair[1][0], pair[0][1] + pair[1][1]))
    new = [bits[s] for s in range(len(lengths))]
    words = {symbol: key for key, symbol in codes(new).items()}
    out, held, n = bytearray(), 0, 0
    for symbol in symbols:
        length, code = words[symbol]
        held, n = held << length | code, n + length
        while n >= 8:
            out.append(held >> (n - 8) & 255)
            held, n = held & (1 << (n - 8)) - 1, n - 8
    if n:
        out.append(held << (8 - n) & 255)
    return symbols, new, bytes(out)


@answer("22.4", style="arrays of bits, merging with whole arrays; the file as an array of bytes")
def by_arrays(data, lengths, count):
    def words(lengths):
        lengths = np.asarray(lengths)
        order = [s for s in np.lexsort((np.arange(len(lengths)), lengths)) if lengths[s]]
        word, found = -1, {}
        for before, s in zip([None, *order], order, strict=False):
            grown = 0 if before is None else lengths[s] - lengths[before]
            word = (word + 1) << int(grown)
            found[int(s)] = tuple(int(bit) for bit in np.binary_repr(word, int(lengths[s])))
        return found

    reverse = {bits: s for s, bits in words(lengths).items()}
    bits, symbols, start = np.unpackbits(np.frombuffer(data, np.uint8)).tolist(), [], 0
    for _ in range(count):
        end = start + 1
        while tuple(bits[start:end]) not in reverse:
            end += 1
        symbols.append(reverse[tuple(bits[start:end])])
        start = end
    symbols = np.array(symbols, np.int32)
    counts = np.bincount(symbols, minlength=len(lengths)).astype(float)
    groups, new = np.diag(counts > 0)[counts > 0], np.zeros(len(lengths), int)
    sizes = counts[counts > 0]
    if len(sizes) == 1:
        new[symbols[0]] = 1
    while len(sizes) > 1:
        i, j = np.argsort(sizes, kind="stable")[:2]
        both = groups[i] | groups[j]
        new += both
        kept = np.delete(np.arange(len(sizes)), [i, j])
        groups = np.vstack([groups[kept], both])
        sizes = np.append(sizes[kept], sizes[i] + sizes[j])
    table = words(new)
    flat = [bit for s in symbols.tolist() for bit in table[s]]
    return symbols, new, np.packbits(np.array(flat, np.uint8))


@answer(
    "22.5", style="the library's descent in blocks of 250, weights cut after each step; an array"
)
def by_the_descent(weights, stream, rng):
    layers = tuple([p for W, b in weights for p in (Dense(W.copy(), b.copy()), Relu())][:-1])
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    steps = 3 * -(-len(stream) // 250)

    def blocks():
        for _ in range(3):
            for block in stream.blocks(250):
                yield block[:, :784] * np.float32(1 / 255), targets(block[:, 784])

    def rate(t):
        return 0.15 * (1 - min(t, steps) / steps)

    masks = [np.ones(layer.W.shape, bool) for layer in dense]
    for t, _ in enumerate(sgd(layers, blocks(), cross_entropy, rate, decay=1e-4), 1):
        if t % 20 == 0:
            density = cubic_density(t, first=0, last=steps // 2, initial=0.4, final=0.065)
            masks = prune_masks([layer.W for layer in dense], density, masks=masks)
        for layer, mask in zip(dense, masks, strict=True):
            layer.W[~mask] = 0
    shared = [share_weights(layer.W, 8, start="density") for layer in dense]
    data = CompressedNetwork(shared, [layer.b for layer in dense], width=28).to_bytes()
    return np.frombuffer(data, np.uint8)


@answer("22.5", style="two passes of Adam, a pass of centroids by their summed gradients")
def by_adam_and_centroids(weights, stream, rng):
    weights = [(W.copy(), b.copy()) for W, b in weights]
    moments = [[np.zeros_like(W), np.zeros_like(W)] for W, _ in weights]
    masks, t, steps = [np.ones(W.shape, bool) for W, _ in weights], 0, 2 * -(-len(stream) // 128)
    for _ in range(2):
        for block in stream.blocks(128):
            t += 1
            if t % 30 == 0:
                density = cubic_density(t, first=0, last=steps // 2, initial=0.3, final=0.07)
                masks = prune_masks([W for W, _ in weights], density, masks=masks)
            eta = 0.002 * (1 - t / (steps + 1))
            for (W, b), (dW, db), (m, v), mask in zip(
                weights, gradients(weights, block), moments, masks, strict=True
            ):
                m += np.float32(0.1) * (dW - m)
                v += np.float32(0.001) * (dW**2 - v)
                scale = np.float32(eta * np.sqrt(1 - 0.999**t) / (1 - 0.9**t))
                W -= scale * m / (np.sqrt(v) + np.float32(1e-8))
                W[~mask] = 0
                b -= np.float32(10 * eta) * db
    shared = [share_weights(W, 8) for W, _ in weights]
    for block in stream.blocks(500):
        spread = [(np.append(0, c)[s].astype(np.float32), b)
                  for (c, s, _), (_, b) in zip(shared, weights, strict=True)]  # fmt: skip
        for (c, s, _), (dW, _) in zip(shared, gradients(spread, block), strict=True):
            found = np.bincount(s.ravel(), dW.ravel(), 9)[1:]
            c -= (0.01 * found / np.bincount(s.ravel(), minlength=9)[1:].clip(1)).astype(c.dtype)
    return CompressedNetwork(shared, [b for _, b in weights], width=28).to_bytes()


def gradients(weights, block):
    """Backward by hand: products, rectifiers, softmax."""
    X = [block[:, :784].astype(np.float32) / np.float32(255)]
    for W, b in weights[:-1]:
        X.append(np.maximum(X[-1] @ W + b, 0))
    Y = X[-1] @ weights[-1][0] + weights[-1][1]
    G = np.exp(Y - Y.max(axis=1, keepdims=True))
    G /= G.sum(axis=1, keepdims=True)
    G[np.arange(len(G)), block[:, 784]] -= 1
    G /= len(G)
    found = []
    for (W, _), A in zip(weights[::-1], X[::-1], strict=True):
        found.append((A.T @ G, G.sum(axis=0)))
        G = (G @ W.T) * (A > 0)
    return found[::-1]


def softmax_weights(X, labels):
    """Softmax regression by accelerated gradient descent with whole batches."""
    T = np.eye(10, dtype=np.float32)[labels]
    W = V = np.zeros((X.shape[1] + 1, 10), np.float32)
    A = np.hstack([X, np.ones((len(X), 1), np.float32)])
    step = np.float32(2 / np.linalg.eigvalsh(A.T @ A / len(A))[-1])
    for t in range(150):
        P = np.exp(A @ V - (A @ V).max(axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        before, W = W, V - step * (A.T @ (P - T) / len(A))
        V = W + np.float32(t / (t + 3)) * (W - before)
    return W[:-1], W[-1]


@answer("22.6", style="no network: softmax by hand, random features and ridge, no parcel")
def without_a_network(rows, weights, rng):
    images, labels = rows[:, :784], rows[:, 784].astype(int)
    front = entries.Front(pool=2)
    stamp = entries.linear_entry(
        *softmax_weights(front.rows(images[:10_000]), labels[:10_000]), front=front
    )
    n_features = min(2_800, len(rows) // 5)
    features = entries.SeededFeatures(n_features, gamma=0.01, random_state=7)
    plain, gram, right = entries.Front(), 0, 0
    T = np.eye(10, dtype=np.float32)[labels]
    for start in range(0, len(rows), 2_500):
        X = plain.rows(images[start : start + 2_500])
        Z = features.fit(X).transform(X).astype(np.float32)
        gram = gram + Z.T @ Z
        right = right + Z.T @ (T[start : start + 2_500] - T.mean(axis=0))
    gram[np.diag_indices(len(gram))] += 0.05
    W = np.linalg.solve(gram, right)
    postcard = entries.feature_entry(W, T.mean(axis=0), features, front=plain, bits=4)
    told = {"stamp": ("exact", 10), "postcard": ("approximate", 4), "parcel": ("exact", 3)}
    return told, {"stamp": stamp, "postcard": postcard, "parcel": b""}


@answer("22.6", style="a pruned network with tuned centroids, a thousand neighbors for a parcel")
def with_neighbors(rows, weights, rng):
    images, labels = rows[:, :784], rows[:, 784]
    front = entries.Front(pool=2)
    W, b = softmax_weights(front.rows(images[-10_000:]), labels[-10_000:])
    stamp = np.frombuffer(entries.linear_entry(W, b, front=front, bits=4), np.uint8)
    layers = tuple([p for W, b in weights for p in (Dense(W.copy(), b.copy()), Relu())][:-1])

    def blocks(first, last):
        for i in range(first, last):
            some = np.arange(100 * i, 100 * i + 100) % len(rows)
            yield images[some] / np.float32(255), targets(labels[some])

    def density(t):
        return max(0.075, 0.4 * 0.97**t)

    for _ in prune_sgd(layers, blocks(0, 80), cross_entropy, 0.06, density, every=10):
        pass
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    shared = [share_weights(layer.W, 8) for layer in dense]
    for _ in tune_sgd(layers, shared, blocks(80, 100), cross_entropy, 0.01):
        pass
    postcard = CompressedNetwork(shared, [layer.b for layer in dense], width=28).to_bytes()
    parcel = entries.neighbor_entry(images[:300], labels[:300])
    told = {"stamp": ["exact", 9.2], "postcard": ("learned", 2), "parcel": ("exact", np.float64(9))}
    return told, {"stamp": stamp, "postcard": postcard, "parcel": parcel}
