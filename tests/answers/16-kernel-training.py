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
