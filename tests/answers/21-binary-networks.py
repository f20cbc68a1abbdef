"""Right answers to lab 21 in unusual styles."""

import math

import numpy as np

from course_lib.binary_networks import (
    BatchNorm,
    BinaryDense,
    BinaryNetwork,
    Sign,
    backward,
    binary_mlp,
    forward,
    recalibrate,
    square_hinge,
    targets,
)
from tests.answers import answer


@answer("21.1", style="plain loops over bits; Python's integers; a pair of words at a time; lists")
def in_loops(X, W, popcount):
    def packed(V):
        rows = []
        for row in V.tolist():
            words = [0] * math.ceil(len(row) / 64)
            for j, v in enumerate(row):
                if not v < 0:
                    words[j // 64] |= 1 << (j % 64)
            rows.append([np.uint64(word) for word in words])
        return rows

    A, B, Z = packed(X), packed(W), []
    for a in A:
        Z.append([])
        for b in B:
            differ = sum(int(popcount(u ^ v)) for u, v in zip(a, b, strict=True))
            Z[-1].append(X.shape[1] - 2 * differ)
    return np.array(A), np.array(B), Z


@answer("21.1", style="XNOR with the filling taken off, word by word; float64 products; dot packs")
def by_xnor(X, W, popcount):
    n = X.shape[1]
    words = (n + 63) // 64
    powers = np.uint64(1) << np.arange(64, dtype=np.uint64)

    def packed(V):
        bits = np.zeros((V.shape[0], words * 64), np.uint64)
        bits[:, :n] = V >= 0
        return (bits.reshape(-1, words, 64) * powers).sum(axis=2, dtype=np.uint64)

    A, B = packed(X), packed(W)
    agree = np.zeros((len(A), len(B)))
    for i in range(words):
        agree += popcount(np.invert(np.bitwise_xor.outer(A[:, i], B[:, i])))
    return [A, B, 2 * (agree - (64 * words - n)) - n]


@answer("21.2", style="each limit by bisection on the batch norm itself; rows unpacked; lists")
def by_bisection(planes, B, n, gamma, beta, mean, var, eps):
    P = len(planes)
    top = (2**P - 1) * n

    def bits(words):
        raw = np.ascontiguousarray(words).view(np.uint8)
        return np.unpackbits(raw, axis=-1, bitorder="little")[..., :n].astype(np.int64)

    z = np.tensordot(2 ** np.arange(P), bits(planes), 1) @ (2 * bits(B) - 1).T
    limit, flip = [], []
    for unit in zip(gamma.tolist(), beta.tolist(), mean.tolist(), var.tolist(), strict=True):
        g, b, mu, v = unit

        def fires(at, g=g, b=b, mu=mu, v=v):
            return g * (at - mu) / math.sqrt(v + eps) + b >= 0

        turned = fires(-top) and not fires(top)
        low, high = -top - 1, top + 1  # the first z that differs from what lies below
        while high - low > 1:
            middle = (low + high) // 2
            if fires(middle) != turned:
                high = middle
            else:
                low = middle
        limit.append(high)
        flip.append(turned)
    fired = np.stack([(z[:, j] >= one) ^ flip[j] for j, one in enumerate(limit)], axis=1)
    return limit, flip, fired.astype(int).tolist()


@answer("21.2", style="the unit turned over: gamma < 0 as -z >= -t; a dictionary of planes; loops")
def turned_over(planes, B, n, gamma, beta, mean, var, eps):
    z = np.zeros((planes.shape[1], B.shape[0]))
    ones = {i: np.bitwise_count(plane).sum(axis=1).astype(float) for i, plane in enumerate(planes)}
    for j, w in enumerate(B):
        for i in ones:
            dark = np.bitwise_count(planes[i] & ~w).sum(axis=1).astype(float)
            z[:, j] += 2.0**i * (ones[i] - 2 * dark)
    limit, flip = np.zeros(len(B), np.int32), np.zeros(len(B), np.int8)
    for j in range(len(B)):
        if gamma[j] == 0:
            limit[j] = 2**30
            flip[j] = beta[j] >= 0
            continue
        t = mean[j] - beta[j] * (var[j] + eps) ** 0.5 / gamma[j]
        t = min(max(t, -(2.0**29)), 2.0**29)
        if gamma[j] > 0:
            limit[j] = math.ceil(t)
        else:  # fires where z <= floor(t)
            limit[j], flip[j] = math.floor(t) + 1, 1
    return limit, flip, np.logical_xor(z >= limit, flip)


@answer("21.3", style="column by column, by the Jacobian of the batch norm; lists")
def by_jacobians(X, W, gamma, beta, G, eps):
    n, k = G.shape
    S = 2.0 * (W >= 0) - 1
    dS, dX, dgamma, dbeta = np.zeros(W.shape), np.zeros(X.shape), [], []
    for j in range(k):
        z = X @ S[:, j]
        c = z - np.mean(z)
        s = np.sqrt(np.mean(c**2) + eps)
        y = gamma[j] * c / s + beta[j]
        d = np.where(np.abs(y) <= 1, G[:, j], 0)
        J = (np.eye(n) - 1 / n) / s - np.outer(c, c) / (n * s**3)
        dz = gamma[j] * (J @ d)
        dS[:, j] = X.T @ dz
        dX += np.outer(dz, S[:, j])
        dgamma.append(d @ c / s)
        dbeta.append(d.sum())
    return [dS.tolist(), dgamma, dbeta, dX]


@answer("21.3", style="the chain rule through variance and mean one after the other; einsum")
def step_by_step(X, W, gamma, beta, G, eps):
    S = np.copysign(1.0, W + 0.0)
    S[W == 0] = 1
    Z = np.einsum("nd,dk->nk", X, S)
    n = len(Z)
    mu = Z.sum(axis=0) / n
    var = ((Z - mu) ** 2).sum(axis=0) / n
    N = (Z - mu) * (var + eps) ** -0.5
    Y = gamma * N + beta
    D = G.copy()
    D[(Y > 1) | (Y < -1)] = 0
    dN = D * gamma
    dvar = np.sum(dN * (Z - mu), axis=0) * -0.5 * (var + eps) ** -1.5
    dmu = -np.sum(dN, axis=0) * (var + eps) ** -0.5 - 2 * dvar * (Z - mu).mean(axis=0)
    dZ = dN * (var + eps) ** -0.5 + dvar * 2 * (Z - mu) / n + dmu / n
    return np.einsum("nd,nk->dk", X, dZ), np.einsum("nk,nk->k", D, N), D.sum(0), dZ.dot(S.T)


def corrected(m, v, t):
    return m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


@answer(
    "21.4",
    style="momentum of Adam in one flat vector; batches of 80; a straight slope down",
    by_night=True,  # by day it trains in the grader
)
def flat(stream, rng):
    layers = binary_mlp((784, 256, 256, 256, 10), rng)
    arrays = [part for one in layers if not isinstance(one, Sign) for part in one[:2]]
    pace = [math.sqrt(sum(a.shape) / 1.5) if a.ndim == 2 else 1.0 for a in arrays]
    pace = np.repeat(np.array(pace, np.float32), [a.size for a in arrays])
    cuts = np.cumsum([a.size for a in arrays])[:-1]
    m = np.zeros(len(pace), np.float32)
    v, t, steps = m.copy(), 0, 3 * math.ceil(len(stream) / 80)
    seen = []
    for _ in range(3):
        for block in stream.blocks(80):
            X = block[:, :784].astype(np.float32) / np.float32(127.5) - 1
            Y, tapes = forward(layers, X, rng)
            slopes = backward(layers, tapes, square_hinge(Y, targets(block[:, 784]))[1])
            own = [part for one in slopes if not isinstance(one, Sign) for part in one[:2]]
            g = np.concatenate([part.ravel() for part in own])
            t += 1
            m = np.float32(0.9) * m + np.float32(0.1) * g
            v = np.float32(0.999) * v + np.float32(0.001) * g**2
            far = np.float32(0.005 * (1 - (t - 1) / steps)) * pace * corrected(m, v, t)
            for a, move in zip(arrays, np.split(far, cuts), strict=True):
                a -= move.reshape(a.shape)
                if a.ndim == 2:
                    a[:] = a.clip(-1, 1)
            seen = [*seen[-20:], X]
    recalibrate(layers, np.vstack(seen))
    return BinaryNetwork.from_layers(layers).to_bytes()


@answer(
    "21.4",
    style="layers in a list, made anew at each step; blocks of 1,000 shuffled",
    by_night=True,
)
def anew(stream, rng):
    sizes, net = (784, 256, 256, 256, 10), []
    for i in range(4):
        b = sizes[i + 1]
        W = rng.choice([-0.5, 0.5], (sizes[i], b)) * rng.random((sizes[i], b))
        zeros, ones = np.zeros(b, np.float32), np.ones(b, np.float32)
        net += [BinaryDense(W.astype(np.float32)), BatchNorm(ones, zeros, zeros.copy(), ones + 0)]
        net += [Sign()] if i < 3 else []
    memory, t, steps = {}, 0, 3 * len(stream) / 100
    for _ in range(3):
        for block in stream.blocks(1_000):
            block = rng.permutation(block)
            for rows in np.array_split(block, max(1, len(block) // 100)):
                X = np.float32(2 / 255) * rows[:, :784] - np.float32(1)
                Y, tapes = forward(net, X, rng)
                slopes = backward(net, tapes, square_hinge(Y, targets(rows[:, 784]))[1])
                eta = 0.005 * math.cos(math.pi / 2 * min(1, t / steps)) ** 2
                t += 1
                for i, (one, slope) in enumerate(zip(net, slopes, strict=True)):
                    if isinstance(one, Sign):
                        continue
                    new = []
                    for a, g, old in zip(
                        one[:2], slope[:2], memory.get(i, [(0, 0)] * len(one[:2])), strict=True
                    ):
                        m, v = (old[0] * 9 + g) / 10, (old[1] * 999 + g * g) / 1000
                        a = a - eta * corrected(m, v, t) * (sum(a.shape) / 1.5) ** (
                            0.5 * (a.ndim - 1)
                        )
                        a = np.clip(a, -1, 1) if a.ndim == 2 else a
                        new.append((a.astype(np.float32), (m, v)))
                    memory[i] = [pair for _, pair in new]
                    net[i] = one._replace(
                        **dict(zip(one._fields[: len(new)], [a for a, _ in new], strict=True))
                    )
        last = block[:, :784]
    recalibrate(net, np.ascontiguousarray(last))
    return BinaryNetwork.from_layers(net).to_bytes()


@answer("21.5", style="planes of Python's integers; trits digit by digit; masked from both sides")
def digit_by_digit(A, W, popcount):
    n, words = W.shape[1], A.shape[1]

    def packed(bits):
        rows = [sum(1 << j for j in np.flatnonzero(row).tolist()) for row in bits]
        return np.array(
            [[(row >> (64 * i)) & (2**64 - 1) for i in range(words)] for row in rows], np.uint64
        )

    nonzero, positive = packed(W != 0), packed(W == 1)
    trits = []
    for row in W.tolist():
        row = row + [0] * (-n % 5)
        trits.append([])
        for i in range(0, len(row), 5):
            byte = 0
            for w in reversed(row[i : i + 5]):
                byte = 3 * byte + w + 1
            trits[-1].append(byte)
    Z = np.zeros((len(A), len(W)), int)
    for j in range(len(W)):
        own = int(popcount(nonzero[j]).sum())
        for i in range(len(A)):
            agree = popcount(nonzero[j] & ~(A[i] ^ positive[j])).sum()
            Z[i, j] = 2 * int(agree) - own
    return nonzero.tolist(), positive.tolist(), trits, Z.tolist()


@answer("21.5", style="words one after the other in float64; packbits of strided bits; int16 trits")
def word_by_word(A, W, popcount):
    k, n = W.shape
    words = A.shape[1]
    bits = np.zeros((2, k, 64 * words), bool)
    bits[0, :, :n], bits[1, :, :n] = W, W > 0
    planes = np.packbits(bits, axis=2, bitorder="little").view(np.uint64)
    Z = np.zeros((len(A), k))
    for i in range(words):
        Z += popcount(planes[0, :, i])
        differ = np.bitwise_and(A[:, i, None] ^ planes[1, None, :, i], planes[0, :, i])
        Z -= 2.0 * popcount(differ)
    trits = np.zeros((k, -(-n // 5)), np.int16)
    for digit in range(5):
        part = W[:, digit::5].astype(np.int16) + 1
        trits[:, : part.shape[1]] += part * 3**digit
        trits[:, part.shape[1] :] += 3**digit
    return planes[0], planes[1], trits, Z


@answer("21.6", style="fractions in place of floats, few units, chosen borders")
def by_fractions(layer, rng):
    from fractions import Fraction

    for n, k, kind in [(1, 9, 0), (70, 140, 0), (300, 9, 0), (9, 140, 1), (100, 30, 1)]:
        S = rng.choice([-1, 1], (k, n)).astype(np.int8)
        X = np.vstack([S[:2], -S[:2], rng.choice([-1, 1], (3, n))]).astype(np.int8)
        if kind:
            X = rng.integers(0, 256, (6, n), dtype=np.uint8)
        Z = [
            [sum(a * b for a, b in zip(x, s, strict=True)) for s in S.tolist()] for x in X.tolist()
        ]
        gamma, beta, mean, root = [], [], [], []
        for j in range(k):
            gamma.append(float([2, -2, 0, 1, -1, 0.5, -0.5][j % 7]))
            beta.append([0.75, -0.25, 0.0][j % 3])
            root.append(float([1, 2, 4, 8][j % 4]))
            shift = beta[j] * root[j] / gamma[j] if gamma[j] else 0
            mean.append(Z[j % len(X)][j] + shift + [0, 0, 0.25, -0.25][j % 4 if j % 5 else 0])
        wanted = [
            [
                Fraction(gamma[j]) * (z - Fraction(mean[j])) / Fraction(root[j]) + Fraction(beta[j])
                >= 0
                for j, z in enumerate(row)
            ]
            for row in Z
        ]
        try:
            came = layer(X, S, *(np.array(v) for v in (gamma, beta, mean)), np.array(root) ** 2)
            if np.array(came).astype(bool).tolist() != wanted:
                return np.False_
        except Exception:
            return np.False_
    return np.True_


@answer("21.6", style="many units for each product, which step over the border by quarters")
def around_the_border(layer, rng):
    right = True
    for n in (2, 64, 65, 160, 784):
        for top in (1, 255):
            S = np.where(rng.random((24, n)) < 0.5, -1, 1)
            X = (
                np.where(rng.random((30, n)) < 0.5, -1, 1)
                if top == 1
                else rng.integers(0, 256, (30, n))
            )
            if top == 1:
                X[:5] = -S[:5]
            S = np.tile(S, (9, 1))
            z = X @ S.T
            step = np.repeat(np.arange(9) % 3 - 1, 24) / 4
            gamma = np.repeat([1.0, 1, 1, -2, -2, -2, 0, 0, 0], 24)
            beta = np.repeat([0.5, 0.5, -1, 0.25, -0.5, 1, 0, 1, -1], 24)
            t = z[np.arange(216) % 30, np.arange(216)] + step
            mean = t + np.divide(4 * beta, gamma, out=np.zeros(216), where=gamma != 0)
            truth = np.select([gamma > 0, gamma < 0], [z >= t, z <= t], beta >= 0)
            kind = np.int8 if top == 1 else np.uint8
            try:
                came = layer(
                    X.astype(kind), S.astype(np.int8), gamma, beta, mean, np.full(216, 16.0)
                )
            except Exception:
                return False
            right &= came.shape == truth.shape and bool(np.all(came == truth))
    return bool(right)
