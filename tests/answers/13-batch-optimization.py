"""Right answers to lab 13 in unusual styles."""

import itertools
import math

import numpy as np

from course_lib.batch_optimization import HingeLoss, SquaredLoss, bundle_minimum, ogm_bound
from tests.answers import answer


@answer("13.1", style="halves an interval, plain Python floats and loops")
def by_halving(u, v, ridge, x, d):
    u, v = u.tolist(), v.tolist()
    along, square = float(x @ d), float(d @ d)

    def slope(beta):
        pull = sum(change for at, change in zip(u, v, strict=True) if at + beta * change < 1)
        return ridge * (along + beta * square) - pull / len(u)

    at_once = sum(c for at, c in zip(u, v, strict=True) if at < 1 or (at == 1 and c < 0))
    if ridge * along - at_once / len(u) >= 0:
        return 0
    low, high = 0.0, 1.0
    while slope(high) < 0:
        low, high = high, 2 * high
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) >= 0 else (middle, high)
    return high


@answer("13.1", style="walks from kink to kink by a heap; an array without axes")
def by_a_heap(u, v, ridge, x, d):
    import heapq

    m = len(u)
    slope = ridge * x @ d - v[np.where(v < 0, u <= 1, u < 1)].sum() / m
    bend, at = ridge * d @ d, 0.0
    heap = [((1 - a) / c, abs(c) / m) for a, c in zip(u, v, strict=True) if (1 - a) * c > 0]
    heapq.heapify(heap)
    if slope >= 0:
        return np.array(0.0)
    while True:
        zero = at - slope / bend
        if not heap or zero <= heap[0][0]:
            return np.array(zero)
        kink, jump = heapq.heappop(heap)
        slope += bend * (kink - at)
        at = kink
        if slope + jump >= 0:
            return np.array(at)
        slope += jump


@answer("13.2", style="restart where the value rises, loops that count; a list")
def restart_by_values(evaluate, value, done, n):
    x, y, t, L, last = np.zeros(n), np.zeros(n), 1.0, 1.0, math.inf
    while True:
        f, g = evaluate(y)
        for _ in range(200):
            new = y - g / L
            f_new = value(new)
            if f_new <= f - 0.5 * (g @ g) / L + 1e-13:
                break
            L = 2 * L
        if done(new):
            return new.tolist()
        if f_new > last:
            t = 1.0
        last = f_new
        t, before = 0.5 + math.sqrt(0.25 + t * t), t
        y, x = new + (before - 1) / t * (new - x), new
        L -= L / 10


@answer("13.2", style="steps of Barzilai and Borwein with a safeguard: no momentum at all")
def spectral(evaluate, value, done, n):
    x = np.zeros(n)
    f, g = evaluate(x)
    length, last = 1.0, [f]
    while True:
        while True:
            new = x - length * g
            f_new, g_new = evaluate(new)
            if f_new <= max(last[-10:]) - 1e-4 * length * (g @ g) + 1e-14:
                break
            length /= 2
        if done(new):
            return new
        s, y = new - x, g_new - g
        length = (s @ s) / max(s @ y, 1e-300)
        x, g = new, g_new
        last.append(f_new)


@answer("13.3", style="the loss of the library, five products a round, cuts in lists")
def with_the_library(A, b, ridge, gap):
    def by_a_heap(u, v, ridge, x, d):
        import heapq

        m = len(u)
        slope = ridge * x @ d - v[np.where(v < 0, u <= 1, u < 1)].sum() / m
        bend, at = ridge * d @ d, 0.0
        heap = [((1 - a) / c, abs(c) / m) for a, c in zip(u, v, strict=True) if (1 - a) * c > 0]
        heapq.heapify(heap)
        if slope >= 0:
            return np.array(0.0)
        while True:
            zero = at - slope / bend
            if not heap or zero <= heap[0][0]:
                return np.array(zero)
            kink, jump = heapq.heappop(heap)
            slope += bend * (kink - at)
            at = kink
            if slope + jump >= 0:
                return np.array(at)
            slope += jump

    loss = HingeLoss(A, b, ridge=ridge)
    x = z = np.zeros(A.shape[1])
    best, cuts = loss.evaluate(x)[0], []
    u, low = np.zeros(len(b)), -np.inf
    while True:
        risk, a = loss.risk(z)
        cuts.append((a, risk - a @ z))
        w, bound, _ = bundle_minimum(
            [a for a, _ in cuts], [c for _, c in cuts], ridge, slack=gap / 50
        )
        low = max(low, bound)
        if best - low <= gap:
            return [x, best, low]
        v = b * (A @ w) - u
        beta = by_a_heap(u, v, ridge, x, w - x)
        x, u = x + beta * (w - x), u + beta * v
        best = np.maximum(0, 1 - u).mean() + ridge / 2 * x @ x
        z = 0.9 * x + 0.1 * w


@answer("13.3", style="a smaller share of the new point, weights kept from round to round, halving")
def warm(A, b, ridge, gap):
    def bottom(u, v, x, d):
        def slope(at):
            return ridge * (x @ d + at * (d @ d)) - v[u + at * v < 1].sum() / m

        low, high = 0.0, 1.0
        while slope(high) < 0:
            low, high = high, 2 * high
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if slope(middle) >= 0 else (middle, high)
        return high

    m, n = A.shape
    x, u, z, zu = np.zeros(n), np.zeros(m), np.zeros(n), np.zeros(m)
    slopes, offsets, weights, low = np.zeros((0, n)), np.zeros(0), None, -np.inf
    t = -1
    while True:
        t += 1
        a = A.T @ np.where(zu < 1, -b / m, 0.0)
        slopes = np.concatenate([slopes, a[None]])
        offsets = np.append(offsets, np.clip(1 - zu, 0, None).sum() / m - a @ z)
        weights = None if t == 0 else np.append(weights, 0.0)
        w, bound, weights = bundle_minimum(slopes, offsets, ridge, weights=weights, slack=gap / 200)
        low = max(low, bound)
        value = np.clip(1 - u, 0, None).sum() / m + ridge * float(np.dot(x, x)) / 2
        if value - low <= gap:
            return np.asarray(x), np.float64(value), low
        wu = (A @ w) * b
        beta = bottom(u, wu - u, x, w - x)
        x, u = x + beta * (w - x), u + beta * (wu - u)
        z, zu = 0.93 * x + 0.07 * w, 0.93 * u + 0.07 * wu


@answer("13.4", style="half of the Gram matrix, dictionaries and plain Python; a list")
def half_a_matrix(S, Y, g, all_reduce):
    r = len(S)
    vectors = [*S, *Y, g]
    pairs = list(itertools.combinations_with_replacement(range(2 * r + 1), 2))
    sums = all_reduce([float(np.dot(vectors[i], vectors[j])) for i, j in pairs])
    dot = {pair: float(total) for pair, total in zip(pairs, sums, strict=True)}
    dot.update({(j, i): total for (i, j), total in list(dot.items())})
    q, pull = {2 * r: 1.0}, {}
    good = [i for i in range(r) if dot[i, r + i] > 0]
    for i in reversed(good):
        pull[i] = sum(c * dot[i, k] for k, c in q.items()) / dot[i, r + i]
        q[r + i] = q.get(r + i, 0.0) - pull[i]
    if good:
        last = good[-1]
        q = {k: c * dot[last, r + last] / dot[r + last, r + last] for k, c in q.items()}
    for i in good:
        back = sum(c * dot[r + i, k] for k, c in q.items()) / dot[i, r + i]
        q[i] = q.get(i, 0.0) + pull[i] - back
    return [-sum(c * vectors[k][e] for k, c in q.items()) for e in range(len(g))]


@answer("13.4", style="the compact form of Byrd, Nocedal and Schnabel")
def compact(S, Y, g, all_reduce):
    r = len(S)
    V = np.concatenate([S, Y, g.reshape(1, -1)])
    gram = np.asarray(all_reduce(np.einsum("ik,jk->ij", V, V)))
    keep = np.flatnonzero(np.diag(gram[:r, r : 2 * r]) > 0)
    if len(keep) == 0:
        return -g
    SY, YY = gram[np.ix_(keep, r + keep)], gram[np.ix_(r + keep, r + keep)]
    Sg, Yg = gram[keep, 2 * r], gram[r + keep, 2 * r]
    scale = SY[-1, -1] / YY[-1, -1]
    R, D = np.triu(SY), np.diag(np.diag(SY))
    Rinv = np.linalg.inv(R)
    top = Rinv.T @ (D + scale * YY) @ Rinv @ Sg - scale * Rinv.T @ Yg
    bottom = -Rinv @ Sg
    return -(scale * g + S[keep].T @ top + scale * Y[keep].T @ bottom)


@answer("13.5", style="problems by their eigenvalues, solved by hand; numpy booleans")
def by_spectra(optimize, rng):
    verdicts = []
    for steps in (1, 2, 5, 20, 80):
        for m, n, spread, ridge in [
            (1, 1, 1.0, 1e-5),
            (2, 2, 1 / (2 * steps + 1), 1e-7),
            (3, 3, 1 / (2 * steps + 1), 1e-7),
            (6, 15, 0.3, 0.01),
            (15, 6, 0.3, 0.01),
            (40, 40, 0.95, 0.01),
            (7, 7, 0.5, 50.0),
            (9, 4, 0.01, 1e-3),
        ]:
            k = min(m, n)
            s = np.sqrt(np.geomspace(1, spread, k))
            U = np.linalg.qr(rng.standard_normal((m, k)))[0]
            W = np.linalg.qr(rng.standard_normal((n, k)))[0]
            target = rng.standard_normal(k) * (np.arange(k) == k - 1 if m == 2 else 1)
            b = U @ target + (m > k) * rng.standard_normal(m)
            A = (U * s) @ W.T
            best = W @ (s * (U.T @ b) / (s * s + ridge))
            loss = SquaredLoss(A, b, ridge=ridge)
            f_best, f_zero = loss.evaluate(best)[0], 0.5 * b @ b
            try:
                x, value, low = optimize(A, b, ridge, steps)
                f, slope = loss.evaluate(x)
            except Exception:
                return np.False_
            room = 1e-9 * f_zero
            most = ogm_bound(1 + ridge, float(np.linalg.norm(best)), steps)
            loose = f - slope @ slope / (2 * ridge)
            verdicts += [
                abs(value - f) <= room,
                f - f_best <= most * (1 + 1e-6) + room,
                low <= f_best + room,
                low >= loose - room - 1e-6 * abs(loose),
            ]
    return np.all(verdicts)


@answer("13.5", style="one unknown, two unknowns and random matrices, in plain Python")
def few_problems(optimize, rng):
    for steps in (2, 15, 60, 150):
        low = 1 / (2 * steps + 1)
        chain = (np.eye(2 * steps + 2) - np.eye(2 * steps + 2, k=-1)) / 2
        for A, b, ridge in [
            ([[1.0]], [1.0], 1e-3),
            ([[1.0, 0.0], [0.0, low**0.5]], [0.0, 1.0], 1e-7),
            ([[1.0, 0.0], [0.0, low**0.5], [0.0, 0.0]], [0.0, 1.0, 2.0], 1e-3),
            (rng.standard_normal((10, 25)), rng.standard_normal(10), 0.1),
            (rng.standard_normal((60, 30)), rng.standard_normal(60), 0.1),
            (rng.standard_normal((6, 2)), rng.standard_normal(6), 20.0),
            (np.eye(50) + 0.01 * rng.standard_normal((50, 50)), np.ones(50), 0.01),
            (chain, np.eye(2 * steps + 2)[0] / 2, 1e-5),
        ]:
            A, b = np.array(A), np.array(b)
            try:
                x, value, below = optimize(A, b, ridge, steps)
            except Exception:
                return False
            n = A.shape[1]
            H = A.T @ A + ridge * np.eye(n)
            best = np.linalg.lstsq(H, A.T @ b, rcond=None)[0]
            r, e = A @ x - b, A @ best - b
            f, least = (r @ r + ridge * x @ x) / 2, (e @ e + ridge * best @ best) / 2
            room = 1e-9 * (b @ b) / 2
            theta = 1.0
            for i in range(steps):
                theta = (1 + math.sqrt(1 + (4 + 4 * (i == steps - 1)) * theta**2)) / 2
            most = np.linalg.norm(H, 2) * (best @ best) / (2 * theta**2)
            g = A.T @ r + ridge * x
            loose = f - g @ g / (2 * ridge)
            fine = abs(value - f) <= room and f - least <= 1.000001 * most + room
            if not (fine and loose - room - 1e-6 * abs(loose) <= below <= least + room):
                return False
    return True
