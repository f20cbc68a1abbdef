"""The inner loops of the lasso: coordinate descent on some columns until their gap is small."""

from numba import njit

__all__ = ["descend", "descend_sparse"]

CYCLE = 5  # one sweep over the working set, then so many less one over its nonzeros


@njit(cache=True, fastmath=True)
def descend(A, squares, columns, x, r, b, alpha, alpha2, goal, sweeps):
    """Visit the columns of a dense matrix in turn until their own duality gap is small."""
    visits = 0
    for sweep in range(1, sweeps + 1):
        for j in columns:
            if squares[j] == 0 or (sweep % CYCLE != 1 and x[j] == 0):
                continue
            visits += 1
            a, old = A[:, j], x[j]
            pull = old * (squares[j] - alpha2)
            for i in range(len(r)):
                pull += a[i] * r[i]
            new = _shrink(pull, alpha) / squares[j]
            if new != old:
                x[j] = new
                change = new - old
                for i in range(len(r)):
                    r[i] -= change * a[i]
        if sweep % CYCLE == 0:
            largest = alpha * 0
            for j in columns:
                product = -alpha2 * x[j]
                a = A[:, j]
                for i in range(len(r)):
                    product += a[i] * r[i]
                largest = max(largest, abs(product))
            visits += len(columns)
            if _small_gap(columns, x, r, b, alpha, alpha2, largest, goal):
                return visits, True
    return visits, False


@njit(cache=True, fastmath=True)
def descend_sparse(data, rows, starts, squares, columns, x, r, b, alpha, alpha2, goal, sweeps):
    """The same as `descend` for the columns of a CSC matrix."""
    visits = 0
    for sweep in range(1, sweeps + 1):
        for j in columns:
            if squares[j] == 0 or (sweep % CYCLE != 1 and x[j] == 0):
                continue
            visits += 1
            old = x[j]
            pull = old * (squares[j] - alpha2)
            for p in range(starts[j], starts[j + 1]):
                pull += data[p] * r[rows[p]]
            new = _shrink(pull, alpha) / squares[j]
            if new != old:
                x[j] = new
                change = new - old
                for p in range(starts[j], starts[j + 1]):
                    r[rows[p]] -= change * data[p]
        if sweep % CYCLE == 0:
            largest = alpha * 0
            for j in columns:
                product = -alpha2 * x[j]
                for p in range(starts[j], starts[j + 1]):
                    product += data[p] * r[rows[p]]
                largest = max(largest, abs(product))
            visits += len(columns)
            if _small_gap(columns, x, r, b, alpha, alpha2, largest, goal):
                return visits, True
    return visits, False


@njit(cache=True, fastmath=True)
def _shrink(pull, alpha):
    if pull > alpha:
        return pull - alpha
    if pull < -alpha:
        return pull + alpha
    return pull * 0


@njit(cache=True, fastmath=True)
def _small_gap(columns, x, r, b, alpha, alpha2, largest, goal):
    """Whether the duality gap of the problem with these columns only is at most the goal."""
    shrink = alpha / max(alpha, largest)
    primal, off, weight = 0.0, 0.0, 0.0
    for i in range(len(r)):
        primal += r[i] * r[i] - b[i] * b[i]
        off += (b[i] - shrink * r[i]) ** 2
    for j in columns:
        weight += abs(x[j])
        primal += alpha2 * x[j] ** 2
        off += alpha2 * (shrink * x[j]) ** 2
    return 0.5 * (primal + off) + alpha * weight <= goal
