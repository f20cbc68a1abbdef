"""Right answers to lab 16 in unusual styles."""

import numpy as np
import scipy.linalg

from tests.answers import answer


@answer(
    "16.1", style="signed variables between walls, the other pair rule, float32 columns, a list"
)
def with_walls(kernel, X, diagonal, y, C, tol):
    n = len(y)
    low, high = np.minimum(0, C * y), np.maximum(0, C * y)
    beta, K = np.zeros(n), {}
    slope = y.copy()
    while True:
        up = np.flatnonzero(beta < high - 1e-12 * C)
        down = np.flatnonzero(beta > low + 1e-12 * C)
        i, j = up[slope[up].argmax()], down[slope[down].argmin()]
        if slope[i] - slope[j] <= tol:
            break
        for t in (i, j):
            if t not in K:
                K[t] = kernel(X, X[t : t + 1]).ravel()
        eta = max(K[i][i] + K[j][j] - 2 * K[i][j], 1e-10)
        d = min((slope[i] - slope[j]) / eta, high[i] - beta[i], beta[j] - low[j])
        beta[i] += d
        beta[j] -= d
        slope = slope - d * K[i] + d * K[j]
    b = 0.5 * (slope[i] + slope[j])
    primal = beta @ (y - slope) / 2 + C * sum(
        max(0.0, 1 - y[t] * (y[t] - slope[t] + b)) for t in range(n)
    )
    dual = np.abs(beta).sum() - beta @ (y - slope) / 2
    return [list(np.abs(beta)), b, primal - dual]


@answer("16.1", style="the gradient of -D, columns in one array, b as an array")
def with_sets(kernel, X, diagonal, y, C, tol):
    n = len(y)
    K, known = np.empty((n, n)), np.zeros(n, bool)
    alpha, gradient = np.zeros(n), -np.ones(n)  # of the minimum of -D

    def need(t):
        if not known[t]:
            K[t] = kernel(X[[t]], X)[0]
            known[t] = True

    while True:
        up = np.union1d(
            np.flatnonzero((y > 0) & (alpha < C)), np.flatnonzero((y < 0) & (alpha > 0))
        )
        down = np.setdiff1d(np.arange(n), np.flatnonzero(np.where(y > 0, alpha == 0, alpha == C)))
        i = up[np.argmax(-y[up] * gradient[up])]
        m, M = -y[i] * gradient[i], np.min(-y[down] * gradient[down])
        if m - M <= tol:
            break
        need(i)
        gains = -np.full(n, np.inf)
        lag = m + y[down] * gradient[down]
        eta = np.maximum(diagonal[i] + diagonal[down] - 2 * K[i, down], 1e-12)
        gains[down] = np.where(lag > 0, lag**2 / eta, -1.0)
        j = int(gains.argmax())
        need(j)
        d = (m + y[j] * gradient[j]) / max(diagonal[i] + diagonal[j] - 2 * K[i, j], 1e-12)
        d = min(d, C - alpha[i] if y[i] > 0 else alpha[i])
        d = min(d, alpha[j] if y[j] > 0 else C - alpha[j])
        alpha[i] += y[i] * d
        alpha[j] -= y[j] * d
        alpha[[i, j]] = np.where(alpha[[i, j]] < 1e-13 * C, 0, alpha[[i, j]])
        alpha[[i, j]] = np.where(alpha[[i, j]] > C - 1e-13 * C, C, alpha[[i, j]])
        gradient += y * d * (K[i] - K[j])
    b = np.array((m + M) / 2)
    f = y * (gradient + 1) + b
    square = (y * alpha) @ (f - b)
    return alpha, b, square - alpha.sum() + C * np.clip(1 - y * f, 0, None).sum()


@answer("16.2", style="the rows of the start are drawn, pairs by what they gain, rho of free rows")
def from_anywhere(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap = 1.0 / (nu * n)
    alpha, left = np.zeros(n), 1.0
    for i in np.random.default_rng(5).permutation(n):
        alpha[i] = min(cap, left)
        left = max(left - alpha[i], 0.0)
        if left == 0:
            break
    K = {}

    def column(t):
        if t not in K:
            K[t] = np.ravel(kernel(X[[t]], X))
        return K[t]

    used = np.flatnonzero(alpha)
    g = np.sum([alpha[t] * column(t) for t in used], axis=0)
    while True:
        up = np.flatnonzero(alpha < cap - 1e-12 * cap)
        down = np.flatnonzero(alpha > 1e-12 * cap)
        if not len(up):
            return alpha, g.max()
        j = down[g[down].argmax()]
        if g[j] - g[up].min() <= tol:
            break
        gain = np.maximum(g[j] - g[up], 0)
        eta = np.maximum(diagonal[j] + diagonal[up] - 2 * column(j)[up], 1e-12)
        best = (gain**2 / eta).argmax()
        i = up[best]
        d = min(gain[best] / eta[best], cap - alpha[i], alpha[j])
        alpha[i] += d
        alpha[j] -= d
        g = g + d * column(i) - d * column(j)
    free = (alpha > 1e-9 * cap) & (alpha < cap * (1 - 1e-9))
    rho = g[free].mean() if free.any() else (g[j] + g[up].min()) / 2
    return [alpha.tolist(), np.float64(rho)]


@answer("16.2", style="one list of floats, the start at the end of the rows, tol halved")
def from_the_end(kernel, X, diagonal, nu, tol):
    n = len(X)
    cap, K = 1 / (nu * n), {}
    alpha = np.clip(1 - cap * np.arange(n), 0, cap)[::-1].copy()
    g = np.zeros(n)
    for t in range(n):
        if alpha[t] > 0:
            K[t] = kernel(X, X[[t]])[:, 0]
            g += alpha[t] * K[t]
    i, j = 0, n - 1
    for _ in range(100_000):
        rows = np.arange(n)
        up, down = rows[alpha < cap * (1 - 1e-11)], rows[alpha > 1e-11 * cap]
        if not up.size:
            i = j = down[0]
            break
        i, j = up[np.argmin(g[up])], down[np.argmax(g[down])]
        if g[j] - g[i] < tol / 2:
            break
        for t in (i, j):
            if t not in K:
                K[t] = kernel(X, X[[t]])[:, 0]
        step = (g[j] - g[i]) / (diagonal[i] + diagonal[j] - 2 * K[i][j] + 1e-14)
        step = np.clip(step, 0, min(cap - alpha[i], alpha[j]))
        alpha[i], alpha[j] = alpha[i] + step, alpha[j] - step
        g += step * K[i]
        g -= step * K[j]
    return tuple(alpha), (g[i] + g[j]) / 2


@answer("16.3", style="whitened features of the landmarks, plain ridge there, mapped back")
def whitened(kernel, blocks, landmarks, weight):
    W = np.asarray(kernel(landmarks, landmarks), float)
    w, V = np.linalg.eigh(W)
    keep = w > 1e-12 * w[-1]
    root = V[:, keep] / np.sqrt(w[keep])
    A, B = weight * np.eye(keep.sum()), 0
    for X, Y in blocks:
        F = np.asarray(kernel(X, landmarks), float) @ root
        A += F.T @ F
        B = B + F.T @ Y
    return root @ scipy.linalg.solve(A, B, assume_a="pos")


@answer("16.3", style="a triangular factor that takes in each block by QR; a list")
def by_qr(kernel, blocks, landmarks, weight):
    W = np.asarray(kernel(landmarks, landmarks), float)
    w, V = np.linalg.eigh((W + W.T) / 2)
    R, Q = np.sqrt(weight) * np.sqrt(w.clip(0))[:, None] * V.T, None
    for X, Y in blocks:
        Q = np.zeros((len(R), Y.shape[1])) if Q is None else Q
        C = np.asarray(kernel(X, landmarks), float)
        U, R = np.linalg.qr(np.vstack([R, C]))
        Q = U.T @ np.vstack([Q, Y])
    return np.linalg.lstsq(R, Q, rcond=1e-10)[0].tolist()


@answer("16.4", style="residuals by solving with the kernel of the chosen rows, no Cholesky update")
def by_schur(kernel, X, diagonal, m, block, rng):
    n, chosen, C = len(X), [], np.zeros((len(X), 0))
    e = np.array(diagonal, float)
    whole = e.sum()
    while len(chosen) < m and e.sum() > 1e-10 * whole:
        P = np.searchsorted(np.cumsum(e), rng.random(block) * e.sum()).clip(0, n - 1)
        P = [int(i) for i in P if e[i] > 0]
        A = np.asarray(kernel(X[P], X[P]), float)
        if chosen:
            A = A - C[P] @ np.linalg.lstsq(C[chosen], C[P].T, rcond=1e-14)[0]
        taken = []
        for t in range(len(P)):
            if len(chosen) + len(taken) == m:
                break
            left = A[t, t]
            if taken:
                left = left - A[t, taken] @ np.linalg.lstsq(A[np.ix_(taken, taken)], A[taken, t])[0]
            if P[t] not in [P[q] for q in taken] and rng.uniform(0, e[P[t]]) < left:
                taken.append(t)
        rows = [P[t] for t in taken]
        C = np.hstack([C, kernel(X, X[rows])])
        chosen += rows
        w, V = np.linalg.eigh(C[chosen])
        F = C @ (V / np.sqrt(w.clip(1e-15)))
        e = np.clip(np.asarray(diagonal) - np.einsum("ij,ij->i", F, F), 0, None)
        e[chosen] = 0.0
    return F, chosen


@answer("16.4", style="accepts with explicit loops, one column of F after the other, a list")
def by_columns(kernel, X, diagonal, m, block, rng):
    n = len(X)
    F, e, chosen = np.zeros((n, m)), [float(v) for v in diagonal], []
    limit = 1e-10 * sum(e)
    while len(chosen) < m and sum(e) > limit:
        k = len(chosen)
        chances = np.array(e) / np.sum(e)
        P = [int(rng.choice(n, p=chances)) for _ in range(block)] if block < 10 else None
        P = rng.choice(n, size=block, replace=True, p=chances) if P is None else P
        R = kernel(X[P], X[P]) - F[P, :k] @ F[P, :k].T
        coins, new = rng.random(block), []
        for p in range(block):
            if k + len(new) < m and coins[p] < R[p, p] / e[P[p]]:
                R -= np.outer(R[:, p], R[p]) / R[p, p]
                new.append(P[p])
        if not new:
            continue
        columns = np.array(kernel(X, X[new]))
        for i, c in zip(new, columns.T, strict=True):
            k = len(chosen)
            c = c - F[:, :k] @ F[i, :k]
            F[:, k] = c / np.sqrt(c[i])
            chosen.append(i)
            e = [max(0.0, a - f * f) for a, f in zip(e, F[:, k], strict=True)]
            for done in chosen:
                e[done] = 0.0
    return [F[:, : len(chosen)], chosen]


@answer("16.5", style="in the variables of the preconditioner, B from eigenvectors of K_mm; a list")
def in_other_variables(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    w, V = np.linalg.eigh(K_mm)
    w = w.clip(1e-12 * w[-1])
    B = V / np.sqrt(n / m * w**2 + weight * w)
    g = np.asarray(K_nm.T @ y)
    beta, r = np.zeros(m), np.array(g)
    u = B.T @ r
    p = u
    for _ in range(10 * m):
        if np.sum(r**2) <= tol**2 * np.sum(g**2):
            break
        v = B @ p
        q = K_nm.T @ (K_nm @ v) + weight * (K_mm @ v)
        a = np.sum(u * u) / np.sum(v * q)
        beta += a * v
        r -= a * q
        new = B.T @ r
        p = new + np.sum(new * new) / np.sum(u * u) * p
        u = new
    return list(beta)


@answer(
    "16.5", style="directions kept and made conjugate anew, factors by cho_factor of P's inverse"
)
def all_directions(K_nm, K_mm, y, weight, tol):
    n, m = K_nm.shape
    P = n / m * K_mm @ K_mm + weight * K_mm
    P = scipy.linalg.cho_factor(P + 1e-12 * np.trace(P) * np.eye(m))
    g = K_nm.T @ y
    beta, r, kept = np.zeros((m, 1))[:, 0], 1.0 * g, []
    while np.linalg.norm(r) > tol * np.linalg.norm(g):
        p = scipy.linalg.cho_solve(P, r)
        for d, Ad, dAd in kept:
            p = p - (Ad @ p) / dAd * d
        Ap = K_nm.T @ (K_nm @ p) + K_mm @ (weight * p)
        kept.append((p, Ap, p @ Ap))
        a = (p @ r) / (p @ Ap)
        beta, r = beta + a * p, r - a * Ap
    return beta


@answer("16.6", style="one problem after the other until one fails, the primal by its own sum")
def by_proof(train, rng):
    def wrong(K, y, C):
        try:
            alpha, b = train(K, y, C)
            alpha, b = np.array(alpha, float).reshape(len(y)), float(b)
        except Exception:
            return True
        if not (np.isfinite(alpha).all() and np.isfinite(b)):
            return True
        beta = alpha * y
        feasible = (alpha >= -1e-9 * C).all() and (alpha <= (1 + 1e-9) * C).all()
        if not feasible or abs(beta.sum()) > 1e-9 * len(y) * C:
            return True
        square = sum(beta[i] * (K[i] @ beta) for i in range(len(y)))
        hinge = sum(max(0.0, 1 - y[i] * (K[i] @ beta + b)) for i in range(len(y)))
        return bool(
            square / 2 + C * hinge - alpha.sum() + square / 2 > 1e-4 * (alpha.sum() - square / 2)
        )

    for C in (0.03, 0.3, 3.0):
        for n in (40, 130):
            X = rng.random((n, 3)) * 2
            y = np.sign(X[:, 0] + 0.5 * rng.standard_normal(n) - 0.6)
            y[:2] = -1, 1
            K = (0.3 + X @ X.T / 3) ** 2
            if wrong(K * min(1.0, 9 / K.max()) + 0.1 * np.eye(n), y, C):
                return False
    return True


@answer("16.6", style="many small problems, one set of matrix operations")
def many_small(train, rng):
    good = []
    for n in (12, 25, 30, 44, 70, 77, 140):
        C = 10 ** rng.uniform(-1.5, 0.9)
        X = rng.standard_normal((n, 2))
        y = np.where(X.sum(axis=1) + rng.standard_normal(n) > 0.7, 1.0, -1.0)
        y[0], y[1] = 1, -1
        s = rng.uniform(0.5, 3, n) ** 0.5
        K = s[:, None] * np.exp(-np.abs(X[:, None] - X).sum(axis=2)) * s
        try:
            alpha, b = train(K, y, C)
            alpha = np.asarray(alpha)
            f = K @ (y * alpha)
            D = np.sum(alpha) - 0.5 * (y * alpha) @ f
            P = np.sum(alpha) - D + C * np.clip(1 - y * (f + b), 0, None).sum()
            good += [np.all(np.abs(alpha - C / 2) <= C / 2 + 1e-9 * C), P - D <= 1e-4 * D]
            good += [abs(y @ alpha) <= 1e-9 * n * C]
        except Exception:
            good += [False]
    return bool(np.all(good))
