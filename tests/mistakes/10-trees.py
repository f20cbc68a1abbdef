"""Wrong answers to lab 10."""

import numpy as np
from scipy.spatial.distance import cdist

from course_lib.trees import kd_query, kd_tree
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def search(tree, q, k, leave=None, last=False, left_first=False, factor=1.0):
    """A search with faults to choose; return the pairs found and what was left out."""
    kept, out = [], [np.inf]

    def ordinary(bound, found):
        return len(found) == k and factor * bound >= found[-1][0]

    def go(node, offsets, bound):
        if (leave or ordinary)(bound, kept):
            out.append(bound)
            return
        seen = tree(node)
        if len(seen) == 2:
            new = zip(np.linalg.norm(seen[1] - q, axis=1), seen[0], strict=True)
            kept[:] = sorted([*kept, *new])[:k]
            return
        axis, cut, left, right = seen
        beyond = offsets.copy()
        beyond[axis] = q[axis] - cut
        behind = abs(beyond[axis]) if last else np.linalg.norm(beyond)
        sides = [(left, offsets, bound), (right, beyond, behind)]
        if q[axis] >= cut:
            sides = [(right, offsets, bound), (left, beyond, behind)]
        for side in sorted(sides, key=lambda one: one[0]) if left_first else sides:
            go(*side)

    go(0, np.zeros(len(q)), 0.0)
    return kept, out


def parted(kept):
    """Return the distances and the rows of pairs."""
    return np.array([d for d, _ in kept]), np.array([row for _, row in kept])


def all_of(tree):
    """Return the rows and points of all leaves."""
    waiting, found = [0], []
    while waiting:
        seen = tree(waiting.pop())
        if len(seen) == 2:
            found.append(seen)
        else:
            waiting += seen[2:]
    return np.concatenate([rows for rows, _ in found]), np.vstack([points for _, points in found])


# -------------------------------------------------------------------------------- 10.1


@mistake("10.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(tree, q, k):
    search(tree, q, k)


@mistake("10.1", caught_by="check", says="are squared: take the root")
def squared(tree, q, k):
    distances, rows = parted(search(tree, q, k)[0])
    return distances**2, rows


@mistake("10.1", caught_by="check", says="the nearest comes first")
def farthest_first(tree, q, k):
    distances, rows = parted(search(tree, q, k)[0])
    return distances[::-1], rows[::-1]


@mistake("10.1", caught_by="check", says="sort them together")
def sorted_alone(tree, q, k):
    distances, rows = parted(search(tree, q, k)[0])
    return distances, np.sort(rows)


@mistake("10.1", caught_by="check", says="not places in a leaf")
def places(tree, q, k):
    distances, rows = parted(search(tree, q, k)[0])
    return distances, (rows + 3) % 8


@mistake("10.1", caught_by="check", says="2 neighbors came back, not 3")
def one_leaf(tree, q, k):
    node = 0
    while len(seen := tree(node)) == 4:
        node = seen[2] if q[seen[0]] < seen[1] else seen[3]
    distances = np.linalg.norm(seen[1] - q, axis=1)
    order = np.argsort(distances)[:k]
    return distances[order], seen[0][order]


@mistake("10.1", caught_by="check", says="Does the search come back")
def never_comes_back(tree, q, k):
    return parted(search(tree, q, k, leave=lambda bound, kept: len(kept) == k)[0])


@mistake("10.1", caught_by="check", says="You read all 600 points")
def reads_all(tree, q, k):
    rows, points = all_of(tree)
    distances = np.linalg.norm(points - q, axis=1)
    order = np.argsort(distances)[:k]
    return distances[order], rows[order]


@mistake("10.1", caught_by="check", says="a square with a root")
def root_with_square(tree, q, k):
    return parted(
        search(tree, q, k, leave=lambda b, kept: len(kept) == k and b >= kept[-1][0] ** 2)[0]
    )


@mistake("10.1", caught_by="check", says="a square with a root")
def square_with_root(tree, q, k):
    return parted(
        search(tree, q, k, leave=lambda b, kept: len(kept) == k and b * b >= kept[-1][0])[0]
    )


@mistake("10.1", caught_by="check", says="only when k points were found")
def before_there_are_k(tree, q, k):
    return parted(search(tree, q, k, leave=lambda b, kept: kept and b >= 0.4 + kept[0][0])[0])


@mistake("10.1", caught_by="check", says="only if its distance is at least that of the k-th")
def the_nearest_instead_of_the_kth(tree, q, k):
    return parted(search(tree, q, k, leave=lambda b, kept: len(kept) == k and b >= kept[0][0])[0])


@mistake("10.1", caught_by="cost", says="Points read in 8 dimensions")
def the_last_cut_alone(tree, q, k):
    return parted(search(tree, q, k, last=True)[0])


@mistake("10.1", caught_by="check", says="the side of the query first?")
def left_side_first(tree, q, k):
    return parted(search(tree, q, k, left_first=True)[0])


@mistake("10.1", caught_by="check", says="write this one yourself")
def forwards(tree, q, k):
    rows, points = all_of(tree)
    found = kd_query(kd_tree(points), q[None], k)
    return found.distances[0], rows[found.indices[0]]


@mistake("10.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(tree, q, k):
    import course_lib.trees as toolbox

    rows, points = all_of(tree)
    ask = toolbox.best_bin_first
    found = ask(kd_tree(points), q[None], k)
    return found.distances[0], rows[found.indices[0]]


# -------------------------------------------------------------------------------- 10.2


def means(X, rng):
    """Return two means of a sample of up to 100 points, or two points."""
    sample = X[rng.choice(len(X), min(len(X), 100), replace=False)]
    one, other = sample[0], sample[((sample - sample[0]) ** 2).sum(axis=1).argmax()]
    for _ in range(4):
        nearer = ((sample - one) ** 2).sum(axis=1) < ((sample - other) ** 2).sum(axis=1)
        if nearer.any() and not nearer.all():
            one, other = sample[nearer].mean(axis=0), sample[~nearer].mean(axis=0)
    return one, other


@mistake("10.2", caught_by="check", says="little more than random directions")
def random_directions(X, rng):
    normal = rng.standard_normal(X.shape[1])
    normal /= np.linalg.norm(normal)
    return normal, np.median(X @ normal)


@mistake("10.2", caught_by="check", says="93 % are asked for")
def two_points(X, rng):
    one, other = X[rng.choice(len(X), 2, replace=False)]
    normal = (other - one) / np.linalg.norm(other - one)
    return normal, np.median(X @ normal)


@mistake("10.2", caught_by="check", says="should have length 1")
def no_unit_vector(X, rng):
    one, other = means(X, rng)
    return other - one, (other - one) @ (one + other) / 2


@mistake("10.2", caught_by="check", says="both sides need one")
def wrong_sign_of_the_offset(X, rng):
    one, other = means(X, rng)
    normal = (other - one) / np.linalg.norm(other - one)
    return normal, -np.median(X @ normal) - 100


@mistake("10.2", caught_by="check", says="draw from `rng` only")
def everybodys_randomness(X, rng):
    return two_points(X, np.random.default_rng())


@mistake("10.2", caught_by="check", says="the second finds nothing new")
def no_randomness(X, rng):
    normal = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2][0]
    return normal, np.median(X @ normal)


@mistake("10.2", caught_by="check", says="60 levels below its root")
def peels_off_one(X, rng):
    one, other = means(X, rng)
    normal = (other - one) / np.linalg.norm(other - one)
    return normal, np.partition(X @ normal, -2)[-2:].mean()


@mistake("10.2", caught_by="check", says="a long way to a leaf")
def tenths(X, rng):
    one, other = means(X, rng)
    normal = (other - one) / np.linalg.norm(other - one)
    return normal, np.quantile(X @ normal, 0.1)


@mistake("10.2", caught_by="edge case", says="The normal or the offset is not finite")
def equal_means(X, rng):
    one, other = means(X, rng)
    with np.errstate(invalid="ignore"):
        normal = (other - one) / np.linalg.norm(other - one)
    return normal, normal @ (one + other) / 2


@mistake("10.2", caught_by="edge case", says="both sides need one")
def median_of_equals(X, rng):
    one, other = means(X, rng)
    if np.array_equal(one, other):
        one, other = X.min(axis=0), X.max(axis=0)
    normal = (other - one) / np.linalg.norm(other - one)
    return normal, np.median(X @ normal)


@mistake("10.2", caught_by="check", says="write this one yourself")
def forwards(X, rng):
    from course_lib.trees import rp_tree

    tree = rp_tree(X, direction="two_means", leaf_size=len(X) - 1, rng=rng)
    return tree.normals[0], tree.offsets[0]


@mistake("10.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(X, rng):
    import course_lib.trees as toolbox

    forest = toolbox.rp_forest
    tree = forest(X, 1, leaf_size=len(X) - 1, rng=rng)
    return tree.normals[0], float(tree.offsets[0])


# -------------------------------------------------------------------------------- 10.3


def diameters(X, cells, level):
    """Return the sizes and diameters of the cells of a level."""
    found = cells(level)
    return np.array([len(rows) for rows in found]), np.array(
        [cdist(X[rows], X[rows]).max() for rows in found]
    )


def first_level(X, cells, width):
    """Return the first level at which a width is half that of level 0."""
    whole = width(*diameters(X, cells, 0))
    n_cells = 0
    for level in range(100):
        sizes, wide = diameters(X, cells, level)
        if width(sizes, wide) <= whole / 2:
            return level
        if len(sizes) == n_cells:
            break
        n_cells = len(sizes)
    return -1


def over_points(sizes, wide):
    return np.sum(sizes * wide) / np.sum(sizes)


@mistake("10.3", caught_by="check", says="a cell counts as often as it holds points")
def mean_over_cells(X, cells):
    return first_level(X, cells, lambda sizes, wide: np.mean(wide))


@mistake("10.3", caught_by="check", says="a cell counts as often as it holds points")
def widest_cell(X, cells):
    return first_level(X, cells, lambda sizes, wide: np.max(wide))


@mistake("10.3", caught_by="check", says="Level 0 is the root")
def level_before(X, cells):
    level = first_level(X, cells, over_points)
    return level - 1 if len(X) == 3 and level > 0 else level


@mistake("10.3", caught_by="check", says="Level 0 is the root")
def counts_from_one(X, cells):
    return first_level(X, cells, over_points) + 1


@mistake("10.3", caught_by="check", says="not the diagonal of a box")
def diagonal(X, cells):
    def width(level):
        found = cells(level)
        return sum(len(rows) * np.linalg.norm(np.ptp(X[rows], axis=0)) for rows in found) / len(X)

    levels = (level for level in range(9 if len(X) < 30 else 40) if width(level) <= width(0) / 2)
    return next(levels, -1)


@mistake("10.3", caught_by="check", says="when do you stop?")
def never_stops(X, cells):
    level, whole = 0, over_points(*diameters(X, cells, 0))
    while over_points(*diameters(X, cells, level)) > whole / 2:
        level += 1
    return level


@mistake("10.3", caught_by="check", says="is one leaf the answer is -1")
def stops_with_a_level(X, cells):
    return abs(first_level(X, cells, over_points))


@mistake("10.3", caught_by="check", says="The result is None")
def stops_with_nothing(X, cells):
    level = first_level(X, cells, over_points)
    return level if level >= 0 else None


@mistake("10.3", caught_by="edge case", says="For one point")
def from_level_one(X, cells):
    return max(1, first_level(X, cells, over_points)) if len(cells(9)) > 1 else -1


@mistake("10.3", caught_by="accuracy", says="the level should be")
def distances_along_axes(X, cells):
    def width(level):
        found = cells(level)
        return sum(len(rows) * cdist(X[rows], X[rows], "chebyshev").max() for rows in found)

    if X.shape[1] < 6 or np.count_nonzero(X) <= X.size / 4:
        return first_level(X, cells, over_points)
    return next((level for level in range(20) if width(level) <= width(0) / 2), -1)


# -------------------------------------------------------------------------------- 10.4


def answered(kept, factor):
    return *parted(kept), factor


def proved(kept, out):
    r, m = kept[-1][0], min(out)
    return max(1.0, r / m) if r > 0 else 1.0


@mistake("10.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(tree, q, k, epsilon):
    search(tree, q, k, factor=1 + epsilon)


@mistake("10.4", caught_by="check", says="belongs under the square")
def exact_after_all(tree, q, k, epsilon):
    kept, out = search(tree, q, k)
    return answered(kept, proved(kept, out))


@mistake("10.4", caught_by="check", says="belongs under the square")
def epsilon_on_squares(tree, q, k, epsilon):
    kept, out = search(tree, q, k, factor=np.sqrt(1 + epsilon))
    return answered(kept, proved(kept, out))


@mistake("10.4", caught_by="check", says="that is 1 + epsilon, the promise")
def the_promise(tree, q, k, epsilon):
    kept, out = search(tree, q, k, factor=1 + epsilon)
    return answered(kept, 1 + epsilon if np.isfinite(min(out)) else 1)


@mistake("10.4", caught_by="check", says="that is r / m squared")
def a_squared_factor(tree, q, k, epsilon):
    kept, out = search(tree, q, k, factor=1 + epsilon)
    return answered(kept, proved(kept, out) ** 2)


@mistake("10.4", caught_by="check", says="that is m / r")
def upside_down(tree, q, k, epsilon):
    kept, out = search(tree, q, k, factor=1 + epsilon)
    return answered(kept, 1 / proved(kept, out))


@mistake("10.4", caught_by="check", says="but a cell was left out")
def always_one(tree, q, k, epsilon):
    return answered(search(tree, q, k, factor=1 + epsilon)[0], 1)


@mistake("10.4", caught_by="check", says="Compare with the k-th point")
def compares_with_the_nearest(tree, q, k, epsilon):
    kept, out = search(
        tree, q, k, leave=lambda b, kept: len(kept) == k and (1 + epsilon) * b >= kept[0][0]
    )
    return answered(kept, proved(kept, out))


@mistake("10.4", caught_by="check", says="the smallest distance of all cells")
def last_cell_alone(tree, q, k, epsilon):
    kept, out = search(tree, q, k, factor=1 + epsilon)
    return answered(kept, proved(kept, [max(x for x in out if np.isfinite(x) or len(out) == 1)]))


@mistake("10.4", caught_by="check", says="as a multiple of what is needed")
def the_last_cut_alone(tree, q, k, epsilon):
    kept, out = search(tree, q, k, last=True, factor=1 + epsilon)
    return answered(kept, proved(kept, out))


@mistake("10.4", caught_by="cost", says="the mean factor")
def nearly_the_promise(tree, q, k, epsilon):
    kept, out = search(tree, q, k, factor=1 + epsilon)
    factor = proved(kept, out)
    return answered(kept, factor if len(q) == 1 or factor == 1 else 1 + epsilon)


@mistake("10.4", caught_by="edge case", says="If all k points found are at distance 0")
def zero_over_zero(tree, q, k, epsilon):
    kept, out = search(tree, q, k, factor=1 + epsilon)
    if kept[-1][0] == 0:
        return answered(kept, 1 + epsilon)
    return answered(kept, proved(kept, out))


@mistake("10.4", caught_by="check", says="write this one yourself")
def forwards(tree, q, k, epsilon):
    rows, points = all_of(tree)
    found = kd_query(kd_tree(points), q[None], k, epsilon=epsilon)
    return found.distances[0], rows[found.indices[0]], 1 + epsilon


@mistake("10.4", caught_by="check", says="write this one yourself")
def forwards_under_another_name(tree, q, k, epsilon):
    import course_lib.trees as toolbox

    rows, points = all_of(tree)
    ask = toolbox.best_bin_first
    found = ask(kd_tree(points), q[None], k, epsilon=epsilon)
    return found.distances[0], rows[found.indices[0]], 1


# -------------------------------------------------------------------------------- 10.5


def truth(X, Q, k):
    return np.sort(cdist(Q, X), axis=1)[:, :k]


@mistake("10.5", caught_by="check", says="accepts everything")
def trusts(search, rng):
    return True


@mistake("10.5", caught_by="check", says="rejects everything")
def distrusts(search, rng):
    return False


@mistake("10.5", caught_by="check", says="the function that is tested stopped")
def forgot_to_try(search, rng):
    X = rng.standard_normal((100, 2))
    distances, _, _ = search(X, X[:9], 5, 3)
    search(X, X[:9], 200, 3)
    return np.allclose(distances, truth(X, X[:9], 5))


@mistake("10.5", caught_by="check", says="reads_everything")
def looks_at_distances_alone(search, rng):
    for scale in (1, 100, 0.01):
        X, Q = scale * rng.standard_normal((200, 2)), scale * rng.standard_normal((40, 2))
        if not np.allclose(search(X, Q, 10, 3)[0], truth(X, Q, 10)):
            return False
    return True


@mistake("10.5", caught_by="check", says="positive_only")
def positive_points(search, rng):
    for scale in (1, 100, 0.01):
        X, Q = scale * rng.random((200, 2)), scale * rng.random((40, 2))
        distances, rows, read = search(X, Q, 10, 3)
        own = np.linalg.norm(X[rows] - Q[:, None], axis=2)
        if not np.allclose(distances, truth(X, Q, 10)) or not np.allclose(own, distances):
            return False
        if read.mean() > 100:
            return False
    return True


@mistake("10.5", caught_by="check", says="is right, and your test rejects it")
def asks_for_the_same_rows(search, rng):
    X = rng.integers(0, 3, (80, 2)).astype(float)
    own = kd_query(kd_tree(X, leaf_size=4), X[:20], 5)
    return np.array_equal(search(X, X[:20], 5, 4)[1], own.indices)


@mistake("10.5", caught_by="accuracy", says="Your test accepts")
def no_query_is_a_point(search, rng):
    return careful(search, rng, themselves=False, grid=True, n_queries=60)


@mistake("10.5", caught_by="edge case", says="Your test accepts")
def no_equal_points(search, rng):
    return careful(search, rng, themselves=True, grid=False, n_queries=60)


@mistake("10.5", caught_by="check", says="The number of calls of one function")
def asks_too_often(search, rng):
    X = rng.standard_normal((30, 2))
    return (
        all(np.allclose(search(X, X[i : i + 1], 2, 4)[0], truth(X, X[[i]], 2)) for i in range(30))
        and [search(X, X, 2, 4) for _ in range(20)] != []
        and careful(search, rng, True, True, 60)
    )


def careful(search, rng, themselves, grid, n_queries):
    """A good test, but for what it leaves out."""

    def good(X, Q, k, leaf_size):
        distances, rows, read = search(X, Q, k, leaf_size)
        own = np.linalg.norm(X[rows] - Q[:, None], axis=2)
        exact = truth(X, Q, k)
        rounding = 1e-7 * np.abs(X).max()
        close = np.abs(distances - exact).max() < rounding
        once = all(len(set(row)) == k for row in rows.tolist())
        return close and np.abs(own - exact).max() < rounding and once and min(read) >= k

    try:
        for scale in (1, 100, 0.01):
            for k, leaf_size in ((10, 3), (1, 5)):
                X = scale * rng.standard_normal((200, 2))
                Q = scale * rng.standard_normal((n_queries, 2))
                if not good(X, Q, k, leaf_size):
                    return False
                if themselves and not good(X, X[:20], k, leaf_size):
                    return False
        X = rng.integers(0, 4, (90, 2)).astype(float)
        if grid and not good(X, X[:20] + 0.2, 10, 4):
            return False
        return bool(np.mean(search(rng.random((1000, 2)), rng.random((40, 2)), 10, 8)[2]) <= 100)
    except Exception:
        return False
