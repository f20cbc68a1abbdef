"""Wrong answers to lab 08."""

import numpy as np

from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def stacked(first, second, weight):
    """The factor of two parts whose means are apart, with another weight of their distance."""
    (n1, mean1, factor1), (n2, mean2, factor2) = first, second
    return np.vstack([factor1, factor2, weight(n1, n2) * (mean2 - mean1)])


def root(n1, n2):
    """The right weight."""
    return float(np.sqrt(n1 * n2 / max(n1 + n2, 1)))


def common(first, second):
    """The right number of rows and the right mean."""
    (n1, mean1, _), (n2, mean2, _) = first, second
    return n1 + n2, mean1 + n2 / max(n1 + n2, 1) * (mean2 - mean1)


def cut(stack, size):
    """The best rows of a factor."""
    _, s, Vt = np.linalg.svd(stack, full_matrices=False)
    return s[:size, None] * Vt[:size]


@mistake("08.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(first, second, size):
    cut(stacked(first, second, root), size)


@mistake("08.1", caught_by="check", says="the distance of the two means is not")
def means_forgotten(first, second, size):
    return *common(first, second), cut(stacked(first, second, lambda n1, n2: 0.0), size)


@mistake("08.1", caught_by="check", says="the row of the means has the wrong length")
def means_without_weight(first, second, size):
    return *common(first, second), cut(stacked(first, second, lambda n1, n2: 1.0), size)


@mistake("08.1", caught_by="check", says="is off by")
def root_forgotten(first, second, size):
    return *common(first, second), cut(stacked(first, second, lambda *n: root(*n) ** 2), size)


@mistake("08.1", caught_by="check", says="mean is half-way between the two")
def mean_of_means(first, second, size):
    n, mean = first[0] + second[0], (first[1] + second[1]) / 2
    return n, mean, cut(stacked(first, second, root), size)


@mistake("08.1", caught_by="check", says="there is room for size")
def never_cut(first, second, size):
    return *common(first, second), stacked(first, second, root)


@mistake("08.1", caught_by="check", says="is off by")
def first_rows_instead_of_best(first, second, size):
    return *common(first, second), stacked(first, second, root)[:size]


@mistake("08.1", caught_by="check", says="is off by")
def directions_without_lengths(first, second, size):
    _, _, Vt = np.linalg.svd(stacked(first, second, root), full_matrices=False)
    return *common(first, second), Vt[:size]


@mistake("08.1", caught_by="check", says="nothing is subtracted")
def shrunk_as_a_sketch(first, second, size):
    _, s, Vt = np.linalg.svd(stacked(first, second, root), full_matrices=False)
    less = s[size] ** 2 if len(s) > size else 0.0
    return *common(first, second), np.sqrt(s[:size, None] ** 2 - less) * Vt[:size]


@mistake("08.1", caught_by="check", says="next to 1 there is no 1e-16")
def by_eigenvectors_of_the_scatter(first, second, size):
    stack = stacked(first, second, root)
    w, V = np.linalg.eigh(stack.T @ stack)
    w, V = w[::-1][:size].clip(0), V[:, ::-1][:, :size]
    return *common(first, second), np.sqrt(w)[:, None] * V.T


@mistake("08.1", caught_by="check", says="yours is float64")
def doubled_by_a_root(first, second, size):
    return *common(first, second), cut(stacked(first, second, root).astype(float), size)


@mistake("08.1", caught_by="check", says="changes its argument first in place")
def in_place(first, second, size):
    n, mean = common(first, second)
    factor = cut(stacked(first, second, root), size)
    first[1][:] = mean
    return n, mean, factor


@mistake("08.1", caught_by="edge case", says="An empty part: factor has 7 rows")
def an_empty_part_ends_it(first, second, size):
    if first[0] == 0 or second[0] == 0:
        return first if second[0] == 0 else second
    return *common(first, second), cut(stacked(first, second, root), size)


@mistake("08.1", caught_by="check", says="Of singular values from 1 to 1e-8 the last is lost")
def forgets_what_is_small(first, second, size):
    _, s, Vt = np.linalg.svd(stacked(first, second, root), full_matrices=False)
    large = s > 1e-7 * s.max(initial=0)
    return *common(first, second), (s[:, None] * Vt)[large][:size]


@mistake("08.1", caught_by="edge case", says="ZeroDivisionError")
def never_empty(first, second, size):
    (n1, mean1, _), (n2, mean2, _) = first, second
    share = n2 / (n1 + n2)
    return n1 + n2, mean1 + share * (mean2 - mean1), cut(stacked(first, second, root), size)


@mistake("08.1", caught_by="check", says="write this one yourself")
def forwards(first, second, size):
    from course_lib.manifolds import IncrementalPCA

    pca = IncrementalPCA(size, oversample=0)
    for _, mean, factor in (first, second):
        pca.partial_fit(factor + mean)
    scale = np.sqrt(pca.explained_variance_ * (pca.n_samples_seen_ - 1))
    return *common(first, second), scale[:, None] * pca.components_


@mistake("08.1", caught_by="check", says="write this one yourself")
def forwards_under_another_name(first, second, size):
    from sklearn.decomposition import IncrementalPCA as Toolbox

    pca = Toolbox(size)
    pca.partial_fit(np.vstack([factor + mean for _, mean, factor in (first, second)]))
    return *common(first, second), pca.singular_values_[:, None] * pca.components_


def anchors(squares, k, *, leading=True, center=True, roots=np.sqrt):
    """Coordinates of landmarks from squared distances, with a step left out."""
    m = len(squares)
    J = np.eye(m) - 1 / m if center else np.eye(m)
    w, V = np.linalg.eigh(-0.5 * J @ squares @ J)
    w, V = (w[-k:], V[:, -k:]) if leading else (w[:k], V[:, :k])
    return V * roots(np.abs(w))


def placed(squares, means, L, *, offset=True):
    """The least squares for each point, over what is not NaN."""
    A = np.column_stack([L, np.ones(len(L))]) if offset else L
    right = -0.5 * (squares - means[:, None])
    came = ~np.isnan(squares)
    return np.array(
        [np.linalg.lstsq(A[c], r[c])[0][: L.shape[1]] for c, r in zip(came.T, right.T, strict=True)]
    )


def drawn(ask, n, m, rng):
    """Squared distances from landmarks to all points, and among the landmarks."""
    landmarks = rng.choice(n, m, replace=False)
    squares = ask(landmarks) ** 2
    return squares, squares[:, landmarks]


@mistake("08.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(ask, n, m, k, rng):
    squares, own = drawn(ask, n, m, rng)
    placed(squares, own.mean(axis=1), anchors(own, k))


def with_anchors(ask, n, m, k, rng, **wrong):
    """The right answer but for how the landmarks are mapped."""
    squares, own = drawn(ask, n, m, rng)
    return placed(squares, own.mean(axis=1), anchors(own, k, **wrong))


@mistake("08.2", caught_by="check", says="is off by")
def not_centered(ask, n, m, k, rng):
    return with_anchors(ask, n, m, k, rng, center=False)


@mistake("08.2", caught_by="check", says="is off by")
def smallest_eigenvalues(ask, n, m, k, rng):
    return with_anchors(ask, n, m, k, rng, leading=False)


@mistake("08.2", caught_by="check", says="is off by")
def eigenvalues_without_roots(ask, n, m, k, rng):
    return with_anchors(ask, n, m, k, rng, roots=lambda w: w)


@mistake("08.2", caught_by="check", says="is off by")
def not_squared(ask, n, m, k, rng):
    landmarks = rng.choice(n, m, replace=False)
    rows = ask(landmarks)
    own = rows[:, landmarks]
    return placed(rows, own.mean(axis=1), anchors(own, k))


@mistake("08.2", caught_by="check", says="Y holds NaN")
def one_matrix_product(ask, n, m, k, rng):
    squares, own = drawn(ask, n, m, rng)
    L = anchors(own, k)
    return -0.5 * (squares - own.mean(axis=1)[:, None]).T @ np.linalg.pinv(L).T


def filled(ask, n, m, k, rng, fill):
    """What is lost is replaced by something."""
    landmarks = rng.choice(n, m, replace=False)
    squares = fill(ask(landmarks)) ** 2
    own = squares[:, landmarks]
    return placed(squares, own.mean(axis=1), anchors(own, k))


@mistake("08.2", caught_by="check", says="Nothing may stand in for a lost distance")
def lost_is_zero(ask, n, m, k, rng):
    return filled(ask, n, m, k, rng, np.nan_to_num)


@mistake("08.2", caught_by="check", says="Nothing may stand in for a lost distance")
def lost_is_the_mean(ask, n, m, k, rng):
    def fill(rows):
        return np.where(np.isnan(rows), np.nanmean(rows, axis=1)[:, None], rows)

    return filled(ask, n, m, k, rng, fill)


@mistake("08.2", caught_by="check", says="so c is needed")
def no_offset(ask, n, m, k, rng):
    squares, own = drawn(ask, n, m, rng)
    return placed(squares, own.mean(axis=1), anchors(own, k), offset=False)


@mistake("08.2", caught_by="check", says="The landmarks are the first m points")
def first_points(ask, n, m, k, rng):
    squares = ask(np.arange(m)) ** 2
    own = squares[:, :m]
    return placed(squares, own.mean(axis=1), anchors(own, k))


@mistake("08.2", caught_by="check", says="different landmarks")
def drawn_with_repetition(ask, n, m, k, rng):
    landmarks = rng.integers(0, n, m) // 2
    squares = ask(landmarks) ** 2
    own = squares[:, landmarks]
    return placed(squares, own.mean(axis=1), anchors(own, k))


@mistake("08.2", caught_by="check", says="rows, and m = 12 were allowed")
def asks_for_all(ask, n, m, k, rng):
    squares = ask(np.arange(n)) ** 2
    return anchors(squares, k)


@mistake("08.2", caught_by="check", says="in one call")
def row_by_row(ask, n, m, k, rng):
    landmarks = rng.choice(n, m, replace=False)
    squares = np.vstack([ask(np.array([a])) for a in landmarks]) ** 2
    own = squares[:, landmarks]
    return placed(squares, own.mean(axis=1), anchors(own, k))


@mistake("08.2", caught_by="accuracy", says="Half is lost: the error")
def lengths_on_the_map(ask, n, m, k, rng):
    squares, own = drawn(ask, n, m, rng)
    L = anchors(own, k)
    return placed(squares, np.sum(L**2, axis=1), L)


def from_drawn(ask, n, m, k, landmarks):
    """The right answer for these landmarks."""
    squares = ask(landmarks) ** 2
    own = squares[:, landmarks]
    return placed(squares, own.mean(axis=1), anchors(own, k))


@mistake("08.2", caught_by="check", says="Two generators drew the same landmarks")
def a_generator_of_its_own(ask, n, m, k, rng):
    return from_drawn(ask, n, m, k, np.random.default_rng(0).choice(n, m, replace=False))


@mistake("08.2", caught_by="cost", says="a pair of points came 0 times")
def neighbors_in_the_list(ask, n, m, k, rng):
    return from_drawn(ask, n, m, k, (rng.integers(n) + np.arange(m)) % n)


@mistake("08.2", caught_by="cost", says="a point came 0 times")
def never_the_last(ask, n, m, k, rng):
    return from_drawn(ask, n, m, k, rng.choice(max(n - 1, m), m, replace=False))


@mistake("08.2", caught_by="check", says="And mu is the mean over the landmarks")
def means_over_all_points(ask, n, m, k, rng):
    squares, own = drawn(ask, n, m, rng)
    return placed(squares, np.nanmean(squares, axis=1), anchors(own, k))


@mistake("08.2", caught_by="check", says="write this one yourself")
def forwards(ask, n, m, k, rng):
    from course_lib.manifolds import landmark_mds

    landmarks = rng.choice(n, m, replace=False)
    return landmark_mds(np.nan_to_num(ask(landmarks)), landmarks, k, method="nystrom").Y


@mistake("08.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(ask, n, m, k, rng):
    import course_lib.manifolds.scaling as toolbox

    squares, own = drawn(ask, n, m, rng)
    L = toolbox.classical_mds(np.sqrt(own), k).Y
    return placed(squares, own.mean(axis=1), L)


def walk(look, n_queries, theta, **wrong):
    """The right walk, with one step done otherwise."""
    taken_if = wrong.get("taken_if", lambda sides, squares: sides < theta * np.sqrt(squares))
    leaf = wrong.get("leaf", lambda counts, children: np.all(children < 0, axis=1))
    push = wrong.get("push", lambda mass, w, offsets: (mass * w)[:, None] * offsets)
    add = wrong.get("add", np.add.at)
    weigh = wrong.get("weigh", lambda counts: counts)
    forces, sums = np.zeros((n_queries, 2)), np.zeros(n_queries)
    rows, cells = np.arange(n_queries), np.zeros(n_queries, int)
    while len(rows):
        offsets, counts, sides, children = look(rows, cells)
        squares = np.sum(offsets**2, axis=1)
        taken = taken_if(sides, squares) | leaf(counts, children)
        w = 1 / (1 + squares[taken])
        mass = weigh(counts[taken]) * w
        add(sums, rows[taken], mass)
        add(forces, rows[taken], push(mass, w, offsets[taken]))
        rows, cells = np.repeat(rows[~taken], 4), children[~taken].ravel()
        if not wrong.get("all_children"):
            rows, cells = rows[cells >= 0], cells[cells >= 0]
    return forces, sums


@mistake("08.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(look, n_queries, theta):
    walk(look, n_queries, theta)


@mistake("08.3", caught_by="check", says="adds once to a row that occurs twice")
def buffered_sums(look, n_queries, theta):
    def add(sums, rows, values):
        sums[rows] += values

    return walk(look, n_queries, theta, add=add)


@mistake("08.3", caught_by="check", says="Is it the square of w in them")
def w_not_squared(look, n_queries, theta):
    return walk(look, n_queries, theta, push=lambda mass, w, offsets: mass[:, None] * offsets)


@mistake("08.3", caught_by="check", says="The forces pull")
def pulls(look, n_queries, theta):
    def push(mass, w, offsets):
        return -(mass * w)[:, None] * offsets

    return walk(look, n_queries, theta, push=push)


@mistake("08.3", caught_by="check", says="the error of all forces")
def every_cell_is_one_point(look, n_queries, theta):
    return walk(look, n_queries, theta, weigh=np.ones_like)


@mistake("08.3", caught_by="check", says="visits a query on a map of 2000 points")
def opens_everything(look, n_queries, theta):
    return walk(look, n_queries, theta, taken_if=lambda sides, squares: sides < 0)


@mistake("08.3", caught_by="check", says="looked at cell 0 only")
def opens_nothing(look, n_queries, theta):
    return walk(look, n_queries, theta, taken_if=lambda sides, squares: sides >= 0)


@mistake("08.3", caught_by="check", says="did you compare a side with a squared distance?")
def side_against_a_square(look, n_queries, theta):
    def taken_if(sides, squares):
        return (sides < theta * np.sqrt(squares)) & (sides < theta * squares)

    return walk(look, n_queries, theta, taken_if=taken_if)


@mistake("08.3", caught_by="check", says="the error of all forces")
def too_generous(look, n_queries, theta):
    def taken_if(sides, squares):
        return sides < 2.5 * theta * np.sqrt(squares)

    return walk(look, n_queries, theta, taken_if=taken_if)


@mistake("08.3", caught_by="check", says="in one call")
def query_by_query(look, n_queries, theta):
    answers = []
    for query in range(n_queries):

        def at(rows, cells, query=query):
            return look(rows + query, cells)

        answers.append(walk(at, 1, theta))
    return np.vstack([f for f, _ in answers]), np.concatenate([z for _, z in answers])


@mistake("08.3", caught_by="check", says="theta = 0: sums")
def empty_children_are_the_last_cell(look, n_queries, theta):
    return walk(look, n_queries, theta, all_children=True)


@mistake("08.3", caught_by="edge case", says="All at one place")
def only_single_points_are_taken(look, n_queries, theta):
    return walk(look, n_queries, theta, leaf=lambda counts, children: counts == 1)


@mistake("08.3", caught_by="edge case", says="is taken only if the side is less")
def at_most_theta(look, n_queries, theta):
    return walk(
        look, n_queries, theta, taken_if=lambda sides, squares: sides <= theta * squares**0.5
    )


@mistake("08.3", caught_by="accuracy", says="and the rule (side less than theta times d")
def by_the_diagonal(look, n_queries, theta):
    def taken_if(sides, squares):
        return np.sqrt(2) * sides < theta * np.sqrt(squares)

    return walk(look, n_queries, theta, taken_if=taken_if)


@mistake("08.3", caught_by="edge case", says="A deep tree: sums")
def not_deeper_than_sixteen(look, n_queries, theta):
    levels = []

    def counted(rows, cells):
        levels.append(len(rows))
        return look(rows, cells)

    def leaf(counts, children):
        return np.all(children < 0, axis=1) | (len(levels) > 16)

    return walk(counted, n_queries, theta, leaf=leaf)


@mistake("08.3", caught_by="check", says="write this one yourself")
def forwards(look, n_queries, theta):
    from course_lib.manifolds import repulsion

    seen = look(np.arange(n_queries), np.zeros(n_queries, int))
    answer = repulsion(seen.offsets, theta)
    return answer.forces * answer.normalizer, np.full(n_queries, answer.normalizer)


@mistake("08.3", caught_by="check", says="write this one yourself")
def forwards_under_another_name(look, n_queries, theta):
    from course_lib import manifolds as toolbox

    tree = toolbox.quadtree(look(np.arange(n_queries), np.zeros(n_queries, int)).offsets)
    return tree.points, tree.cells[:n_queries, 2]


def examined(ask, Y, r, budget, rng, **wrong):
    """The right audit, with one step done otherwise."""
    n = len(Y)
    draw = wrong.get("draw", lambda n, budget: rng.choice(n, budget, replace=False))
    cost = wrong.get("cost", lambda ranks: np.maximum(0, ranks - r))
    first = wrong.get("first", 0)
    points = draw(n, budget)
    trust = []
    for point, row in zip(points, np.array(ask(points)), strict=True):
        on_map = np.sum((Y - Y[point]) ** 2, axis=1)
        if wrong.get("swapped"):
            on_map, row = row, on_map
        if wrong.get("apart", True):
            on_map[point] = np.inf
        row[point] = -1.0
        ranks = np.empty(n)
        ranks[np.argsort(row, kind="stable")] = np.arange(n) + first
        near = np.argsort(on_map, kind="stable")[wrong.get("skip", 0) :][:r]
        trust.append(1 - 2 * cost(ranks[near]).sum() / (r * (2 * n - 3 * r - 1)))
    return float(np.mean(trust)), trust


def standard_error(trust, n):
    """The right error."""
    b = len(trust)
    return float(np.std(trust, ddof=1) / np.sqrt(b) * np.sqrt(1 - b / n))


@mistake("08.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(ask, Y, r, budget, rng):
    examined(ask, Y, r, budget, rng)


@mistake("08.4", caught_by="check", says="The error should be one number")
def trust_of_each(ask, Y, r, budget, rng):
    return examined(ask, Y, r, budget, rng)


@mistake("08.4", caught_by="check", says="Take the neighbors from the map")
def of_the_data_in_the_map(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng, swapped=True)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="check", says="does one below r earn?")
def good_ranks_earn(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng, cost=lambda ranks: ranks - r)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="check", says="is a point its own neighbor")
def its_own_neighbor(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng, apart=False)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="check", says="do ranks begin at 0")
def ranks_off_by_one(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng, first=-1)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="check", says="the mean trust of the points you asked about")
def share_of_false_neighbors(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng, cost=lambda ranks: ranks > r)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="check", says="the square root of their number")
def deviation_for_error(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng)
    return mean, standard_error(trust, len(Y)) * budget**0.5


@mistake("08.4", caught_by="check", says="and 0 if all were")
def never_certain(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng)
    return mean, float(np.std(trust, ddof=1) / np.sqrt(budget))


@mistake("08.4", caught_by="check", says="the error should be")
def divided_by_all(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng)
    return mean, float(standard_error(trust, len(Y)) * np.std(trust) / np.std(trust, ddof=1))


@mistake("08.4", caught_by="check", says="draw without repetition")
def with_repetition(ask, Y, r, budget, rng):
    def draw(n, budget):
        return rng.integers(0, n // 2, budget)

    mean, trust = examined(ask, Y, r, budget, rng, draw=draw)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="check", says="Two generators drew the same points")
def first_points(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng, draw=lambda n, budget: np.arange(budget))
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="check", says="and the budget is 40")
def asks_for_all(ask, Y, r, budget, rng):
    def draw(n, budget):
        return np.arange(n)

    mean, trust = examined(ask, Y, r, budget, rng, draw=draw)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="accuracy", says="Draw uniformly")
def neighbors_in_the_list(ask, Y, r, budget, rng):
    def draw(n, budget):
        order = rng.permutation(n)
        return np.sort(order[order >= (n // 4 if budget < n // 2 else 0)][:budget])

    mean, trust = examined(ask, Y, r, budget, rng, draw=draw)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="accuracy", says="a point came 0 times")
def never_the_last(ask, Y, r, budget, rng):
    def draw(n, budget):
        return rng.choice(max(n - 1, budget), budget, replace=False)

    mean, trust = examined(ask, Y, r, budget, rng, draw=draw)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="edge case", says="Two points at each place")
def leaves_out_the_nearest(ask, Y, r, budget, rng):
    mean, trust = examined(ask, Y, r, budget, rng, apart=False, skip=1)
    return mean, standard_error(trust, len(Y))


@mistake("08.4", caught_by="check", says="write this one yourself")
def forwards(ask, Y, r, budget, rng):
    from course_lib.manifolds import trustworthiness

    points = rng.choice(len(Y), budget, replace=False)
    trust = trustworthiness(ask(points).T, Y, r)
    return float(trust.mean()), float(trust.std())


@mistake("08.4", caught_by="check", says="write this one yourself")
def forwards_under_another_name(ask, Y, r, budget, rng):
    from sklearn import manifold as toolbox

    points = rng.choice(len(Y), budget, replace=False)
    X = ask(points)[:, points]
    return float(toolbox.trustworthiness(X, Y[points], n_neighbors=2, metric="precomputed")), 0.0
