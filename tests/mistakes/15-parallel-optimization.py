"""Wrong answers to lab 15."""

import itertools
import math

import numpy as np
import scipy.sparse

from course_lib.batch_optimization import LogisticLoss, gap_bound, lbfgs
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


# -------------------------------------------------------------------------------- 15.1


def levels(
    x, rank, sizes, exchange, *, first=1, adds=False, place_of=None, even=False, deep=True, steps=1
):
    total = np.array(x)

    def add_up(part, sizes, apart):
        if not sizes:
            return
        size, place = sizes[0], rank // apart % sizes[0]
        right = rank + ((place + 1) % size - place) * apart
        left = rank + ((place - 1) % size - place) * apart
        edges = [len(part) * i // size for i in range(size + 1)]
        if even:
            edges = [len(part) // size * i for i in range(size + 1)]
        chunks = [part[a:b] for a, b in itertools.pairwise(edges)]
        for t in range(size - 1):
            chunks[(place - t - 1) % size] += exchange(chunks[(place - t) % size], right, left)
        if deep:
            add_up(chunks[(place + 1) % size], sizes[1:], apart * size)
        for t in range(size - steps):
            came = exchange(chunks[(place + first - t) % size], right, left)
            if adds:
                chunks[(place + first - 1 - t) % size] += came
            else:
                chunks[(place + first - 1 - t) % size][:] = came

    add_up(total, sizes, 1)
    return total


@mistake("15.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(x, rank, sizes, exchange):
    levels(x, rank, sizes, exchange)


@mistake("15.1", caught_by="check", says="In the second half of a ring what comes replaces")
def adds_in_the_gather(x, rank, sizes, exchange):
    return levels(x, rank, sizes, exchange, adds=True)


@mistake("15.1", caught_by="check", says="begin with chunk place + 1")
def gather_from_its_own_chunk(x, rank, sizes, exchange):
    return levels(x, rank, sizes, exchange, first=0)


@mistake("15.1", caught_by="check", says="begin with chunk place + 1")
def gather_one_step_short(x, rank, sizes, exchange):
    return levels(x, rank, sizes, exchange, steps=2)


@mistake("15.1", caught_by="check", says="the sum over its own machine only")
def one_level_only(x, rank, sizes, exchange):
    return levels(x, rank, sizes, exchange, deep=False)


@mistake("15.1", caught_by="check", says="begin with chunk place + 1")
def chunks_that_leave_a_rest(x, rank, sizes, exchange):
    return levels(x, rank, sizes, exchange, even=True)


@mistake("15.1", caught_by="check", says="A flat ring takes")
def one_flat_ring(x, rank, sizes, exchange):
    return levels(x, rank, (math.prod(sizes),), exchange)


@mistake("15.1", caught_by="check", says="the whole array on each rank is too much")
def whole_arrays_between_machines(x, rank, sizes, exchange):
    total, apart = np.array(x), 1
    for size in sizes:
        base, stride = rank - rank // apart % size * apart, apart

        def inside(message, target, source, base=base, stride=stride):
            return exchange(message, base + target * stride, base + source * stride)

        total = levels(total, rank // apart % size, (size,), inside)
        apart *= size
    return total


@mistake("15.1", caught_by="check", says="Deadlock: nobody can go on, for ever. Rank 0")
def waits_for_the_right_neighbor(x, rank, sizes, exchange):
    def crossed(message, target, source):
        return exchange(message, target, target)

    return levels(x, rank, sizes, crossed)


@mistake("15.1", caught_by="check", says="rank 1 has returned")
def leaves_too_early(x, rank, sizes, exchange):
    return levels(x, rank, sizes, exchange) if rank != 1 else np.array(x)


@mistake("15.1", caught_by="check", says="changes its argument x in place")
def in_place(x, rank, sizes, exchange):
    x += 0 * x[:1].sum() if len(x) else 0
    x[:] = levels(x, rank, sizes, exchange)
    return x


@mistake("15.1", caught_by="check", says="not all ranks have the same bits")
def every_rank_adds_by_itself(x, rank, sizes, exchange):
    # All parts, right to the last rank, but each adds them up in an order of its own.
    parts, apart = {rank: np.array(x)}, 1
    for size in sizes:
        place = rank // apart % size
        right = rank + ((place + 1) % size - place) * apart
        left = rank + ((place - 1) % size - place) * apart
        sent = dict(parts)
        for _ in range(size - 1):
            order = sorted(sent)
            came = exchange(np.array([[r, *sent[r]] for r in order]), right, left)
            sent = {int(row[0]): row[1:] for row in came}
            parts.update(sent)
        apart *= size
    return sum(parts[(rank + r) % len(parts)] for r in range(len(parts)))


@mistake("15.1", caught_by="check", says="other ranks; got")
def talks_to_itself(x, rank, sizes, exchange):
    return np.array(x) + exchange(x, rank, rank)


@mistake("15.1", caught_by="edge case", says="With fewer numbers than ranks")
def no_empty_chunks(x, rank, sizes, exchange):
    if 0 < len(x) < math.prod(sizes):
        return np.array(x)
    return levels(x, rank, sizes, exchange)


@mistake("15.1", caught_by="cost", says="of 1 sends to the outside")
def two_levels_at_most(x, rank, sizes, exchange):
    if len(sizes) < 4:
        return levels(x, rank, sizes, exchange)
    half = levels(x, rank % 4, sizes[:2], lambda m, t, s: exchange(m, *near(rank, t, s)))
    return levels(half, rank // 4, sizes[2:], lambda m, t, s: exchange(m, *far(rank, t, s)))


@mistake("15.1", caught_by="check", says="The ring inside of the machine comes first")
def farthest_ring_first(x, rank, sizes, exchange):
    def moved(message, target, source):
        return exchange(message, renamed(target, sizes[::-1]), renamed(source, sizes[::-1]))

    return levels(x, renamed(rank, sizes), sizes[::-1], moved)


def renamed(rank, sizes):
    """Return the number of a rank if its places are counted from the other end."""
    places = []
    for size in sizes:
        places.append(rank % size)
        rank //= size
    for place, size in zip(places, sizes, strict=True):
        rank = rank * size + place
    return rank


@mistake("15.1", caught_by="check", says="Do all messages stay float64?")
def messages_in_single(x, rank, sizes, exchange):
    return levels(x, rank, sizes, lambda m, *to: exchange(np.asarray(m, np.float32), *to))


@mistake("15.1", caught_by="check", says="which is no sum of these")
def never_filled(x, rank, sizes, exchange):
    total = levels(x, rank, sizes, exchange)
    total[len(total) // 2 :] = np.nan
    return total


@mistake("15.1", caught_by="check", says="or a tuple of arrays; got None")
def sends_nothing(x, rank, sizes, exchange):
    return np.array(x) + exchange(x.sort(), rank ^ 1, rank ^ 1)


@mistake("15.1", caught_by="check", says="does a loop never end?")
def goes_round_for_ever(x, rank, sizes, exchange):
    p = math.prod(sizes)
    while True:
        x = exchange(x, (rank + 1) % p, (rank - 1) % p)


@mistake("15.1", caught_by="check", says="what an earlier call left behind")
def remembers_its_calls(x, rank, sizes, exchange, begun=set()):  # noqa: B006
    if (rank, sizes) in begun:
        begun.remove((rank, sizes))
        return np.array(x)
    begun.add((rank, sizes))
    return levels(x, rank, sizes, exchange)


@mistake("15.1", caught_by="edge case", says="stopped with ValueError")
def skips_empty_messages(x, rank, sizes, exchange):
    return levels(x, rank, sizes, lambda m, *to: exchange(m, *to) if len(m) else m)


@mistake("15.1", caught_by="cost", says="other ranks; got")
def a_ring_of_one(x, rank, sizes, exchange):
    if 1 in sizes:
        exchange(x, rank, rank)
    return levels(x, rank, sizes, exchange)


def near(rank, target, source):
    return rank // 4 * 4 + target, rank // 4 * 4 + source


def far(rank, target, source):
    return target * 4 + rank % 4, source * 4 + rank % 4


@mistake("15.1", caught_by="check", says="write this one yourself")
def forwards(x, rank, sizes, exchange):
    from course_lib.parallel_optimization import on_mpi, two_level

    return on_mpi(two_level, x, Adapter(rank, sizes, exchange), group=sizes[0])


@mistake("15.1", caught_by="check", says="write this one yourself")
def forwards_to_a_ring(x, rank, sizes, exchange):
    from course_lib.parallel_optimization import ring

    try:
        next(ring(Adapter(rank, sizes, exchange), x))
    except StopIteration as end:
        return end.value


class Adapter:
    """What makes `exchange` look like the comm of MPI."""

    def __init__(self, rank, sizes, exchange):
        self.rank, self.size, self._exchange = rank, math.prod(sizes), exchange

    def Sendrecv(self, array, target, _, into, source, __):
        into[...] = self._exchange(array, target, source)


# -------------------------------------------------------------------------------- 15.2


def server(
    gradient, x0, read_s, arrive_s, L, *, newest=False, more=0, rule=None, side="right", drop=None,
    order=None, again=False,
):  # fmt: skip
    rule = rule or (lambda tau: math.sin(math.pi / (4 * tau + 2)))
    order = np.argsort(arrive_s if order is None else order, kind="stable")
    arrivals = np.sort(arrive_s)
    path, ages = [np.asarray(x0, float)], []
    for updates, k in enumerate(order):
        seen = min(np.searchsorted(arrivals, read_s[k], side=side), updates)
        tau = updates - seen
        if drop is not None and tau > drop:
            path.append(path[-1])
            ages.append(tau)
            continue
        if again:
            gradient(int(k), path[seen])
        g = gradient(int(k), path[-1] if newest else path[seen])
        path.append(path[-1] - rule(tau + more) / L * g)
        ages.append(tau + more)
    return np.array(path), np.array(ages, int)


@mistake("15.2", caught_by="check", says="is there a `return`?")
def forgot_to_return(gradient, x0, read_s, arrive_s, L):
    server(gradient, x0, read_s, arrive_s, L)


@mistake("15.2", caught_by="check", says="a gradient belongs to the model that was read")
def at_the_newest_model(gradient, x0, read_s, arrive_s, L):
    return server(gradient, x0, read_s, arrive_s, L, newest=True)


@mistake("15.2", caught_by="check", says="a gradient whose model is still the newest has age 0")
def age_counts_itself(gradient, x0, read_s, arrive_s, L):
    return server(gradient, x0, read_s, arrive_s, L, more=1)


@mistake("15.2", caught_by="check", says="1 / sqrt(1 + age)")
def by_a_root(gradient, x0, read_s, arrive_s, L):
    return server(gradient, x0, read_s, arrive_s, L, rule=lambda tau: 1 / math.sqrt(1 + tau))


@mistake("15.2", caught_by="check", says="the step for age 0, or the whole limit")
def the_whole_limit(gradient, x0, read_s, arrive_s, L):
    def limit(tau):
        return 2 * math.sin(math.pi / (4 * tau + 2))

    return server(gradient, x0, read_s, arrive_s, L, rule=limit)


@mistake("15.2", caught_by="check", says="for an age that is one more")
def limit_of_the_next_age(gradient, x0, read_s, arrive_s, L):
    def rule(tau):
        return math.sin(math.pi / (4 * tau + 6)) if tau else 1.0

    return server(gradient, x0, read_s, arrive_s, L, rule=rule)


@mistake("15.2", caught_by="check", says="Each is asked for once, also if it is late")
def drops_what_is_late(gradient, x0, read_s, arrive_s, L):
    return server(gradient, x0, read_s, arrive_s, L, drop=0)


@mistake("15.2", caught_by="check", says="Each is asked for once")
def asks_twice(gradient, x0, read_s, arrive_s, L):
    return server(gradient, x0, read_s, arrive_s, L, again=True)


@mistake("15.2", caught_by="check", says="A read at second 1 comes after the arrival at second 1")
def reads_before_arrivals(gradient, x0, read_s, arrive_s, L):
    return server(gradient, x0, read_s, arrive_s, L, side="left")


@mistake("15.2", caught_by="check", says="of updates, not seconds")
def age_in_seconds(gradient, x0, read_s, arrive_s, L):
    path, _ = server(gradient, x0, read_s, arrive_s, L)
    return path, np.sort(np.asarray(arrive_s)) - np.asarray(read_s)[np.argsort(arrive_s)]


@mistake("15.2", caught_by="check", says="you count seconds, or the update itself too")
def age_in_whole_seconds(gradient, x0, read_s, arrive_s, L):
    path, _ = server(gradient, x0, read_s, arrive_s, L)
    order = np.argsort(arrive_s, kind="stable")
    return path, np.round((arrive_s - read_s)[order]).astype(int)


@mistake("15.2", caught_by="check", says="Your census: the")
def in_the_order_of_reading(gradient, x0, read_s, arrive_s, L):
    return server(gradient, x0, read_s, arrive_s, L, order=read_s)


@mistake("15.2", caught_by="check", says="should have shape (4, 1)")
def without_the_first_model(gradient, x0, read_s, arrive_s, L):
    path, ages = server(gradient, x0, read_s, arrive_s, L)
    return path[1:], ages


@mistake("15.2", caught_by="edge case", says="With no delay at all")
def read_and_used_in_one_second(gradient, x0, read_s, arrive_s, L):
    read_s = np.asarray(read_s) - 1e-9 * (np.asarray(read_s) == np.asarray(arrive_s))
    order = np.argsort(arrive_s, kind="stable")
    arrivals, path, ages = np.asarray(arrive_s)[order], [np.asarray(x0, float)], []
    for i, k in enumerate(order):
        seen = min(np.searchsorted(arrivals, read_s[k], side="right"), i)
        if (i and arrivals[i - 1] == arrivals[i]) or read_s[k] != arrive_s[k] - 1e-9:
            seen = min(seen, i)
        else:
            seen = max(0, seen - 1)
        path.append(
            path[-1] - math.sin(math.pi / (4 * (i - seen) + 2)) / L * gradient(int(k), path[seen])
        )
        ages.append(i - seen)
    return np.array(path), np.array(ages, int)


@mistake("15.2", caught_by="check", says="Is the step divided by L, once?")
def forgets_the_curvature(gradient, x0, read_s, arrive_s, L):
    return server(gradient, x0, read_s, arrive_s, 1.0)


@mistake("15.2", caught_by="check", says="Is the step divided by L, once?")
def curvature_twice(gradient, x0, read_s, arrive_s, L):
    return server(gradient, x0, read_s, arrive_s, L * L)


@mistake("15.2", caught_by="check", says="after a gradient of age")
def step_of_the_oldest(gradient, x0, read_s, arrive_s, L):
    oldest = [0]

    def rule(tau):
        oldest[0] = max(oldest[0], tau)
        return math.sin(math.pi / (4 * oldest[0] + 2))

    return server(gradient, x0, read_s, arrive_s, L, rule=rule)


@mistake("15.2", caught_by="check", says="Your census: the age")
def ages_by_their_number(gradient, x0, read_s, arrive_s, L):
    path, ages = server(gradient, x0, read_s, arrive_s, L)
    return path, ages[np.argsort(np.argsort(arrive_s, kind="stable"))]


@mistake("15.2", caught_by="check", says="You take it at 1.25, age 1")
def one_model_for_all(gradient, x0, read_s, arrive_s, L):
    x, arrivals = np.array(x0, float), np.sort(arrive_s)
    path, ages = [x], []
    for updates, k in enumerate(np.argsort(arrive_s, kind="stable")):
        seen = min(np.searchsorted(arrivals, read_s[k], side="right"), updates)
        x -= math.sin(math.pi / (4 * (updates - seen) + 2)) / L * gradient(int(k), path[seen])
        path.append(x)
        ages.append(updates - seen)
    return np.array(path), np.array(ages, int)


@mistake("15.2", caught_by="edge case", says="With all in one second, the models")
def last_number_first(gradient, x0, read_s, arrive_s, L):
    def backwards(k, x):
        return gradient(len(read_s) - 1 - k, x)

    return server(backwards, x0, np.asarray(read_s)[::-1], np.asarray(arrive_s)[::-1], L)


@mistake("15.2", caught_by="edge case", says="stopped with IndexError")
def reads_a_model_to_come(gradient, x0, read_s, arrive_s, L):
    arrivals, path, ages = np.sort(arrive_s), [np.asarray(x0, float)], []
    for updates, k in enumerate(np.argsort(arrive_s, kind="stable")):
        seen = np.searchsorted(arrivals, read_s[k], side="right")
        step = math.sin(math.pi / (4 * (updates - seen) + 2)) / L
        path.append(path[-1] - step * gradient(int(k), path[seen]))
        ages.append(updates - seen)
    return np.array(path), np.array(ages, int)


@mistake("15.2", caught_by="edge case", says="stopped with ValueError")
def needs_mail(gradient, x0, read_s, arrive_s, L):
    np.max(arrive_s)
    return server(gradient, x0, read_s, arrive_s, L)


# -------------------------------------------------------------------------------- 15.3


def two(
    A, b, ridge, most, all_reduce, *, weigh=True, sums=True, local=1.0, ridges=1, newton=True,
    refuse=True, half=True, gap=1e-10, sign=1, bend_at=None, bare=False,
):  # fmt: skip
    m, n = A.shape
    loss = LogisticLoss(A, b, ridge=ridge * local)
    own = next(s.x for s in lbfgs(loss) if gap_bound(s.gradient, ridge * local) <= gap)
    told = all_reduce(np.r_[m * own, m] if weigh else np.r_[own, 1.0])
    x = told[:-1] / told[-1]
    s = 1 / (1 + np.exp(sign * b * (A @ x)))
    gradient = -(A.T @ (b * s))
    if bend_at is not None:
        s = 1 / (1 + np.exp(b * (A @ (own if bend_at == "own" else np.zeros(n)))))
    hessian = (A.T @ scipy.sparse.diags_array(s * (1 - s)) @ A).toarray()
    if not sums:
        gradient, hessian, count = gradient / m, hessian / m, 1.0
    else:
        count = m
    message = np.zeros((n + 1, n + 1))
    message[0, :n], message[1:, :n], message[0, n] = gradient, hessian, count
    told = all_reduce(message)
    told = told / told[0, n]
    g, H = told[0, :n] + (not bare) * ridges * ridge * x, told[1:, :n] + ridges * ridge * np.eye(n)
    step = np.linalg.solve(H, g)
    win = g @ step / (2 if half else 1)
    if refuse and win > most:
        raise ValueError(f"a step promises {win}.")
    return (x - step if newton else x), win


@mistake("15.3", caught_by="check", says="is there a `return`?")
def forgot_to_return(A, b, ridge, most, all_reduce):
    two(A, b, ridge, most, all_reduce)


@mistake("15.3", caught_by="check", says="unequal shards: weigh each model by its rows")
def shards_unweighted(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, weigh=False)


@mistake("15.3", caught_by="check", says="add up sums over rows and divide by N")
def averages_of_means(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, sums=False)


@mistake("15.3", caught_by="check", says="without the Newton step")
def average_only(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, newton=False)


@mistake("15.3", caught_by="check", says="The ridge belongs to f once")
def ridge_of_every_machine(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, ridges=8)


@mistake("15.3", caught_by="check", says="do gradient and Hessian hold it")
def ridge_forgotten(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, ridges=0)


@mistake("15.3", caught_by="check", says="Were the local models fitted with ridge itself")
def local_ridge_too_large(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, local=8.0)


@mistake("15.3", caught_by="check", says="The win that the step promises")
def win_not_halved(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, half=False)


@mistake("15.3", caught_by="check", says="Raise a ValueError that says so")
def trusts_sorted_shards(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, refuse=False)


@mistake("15.3", caught_by="check", says="2 rounds are asked for")
def count_in_a_round_of_its_own(A, b, ridge, most, all_reduce):
    all_reduce(np.array([len(b)]))
    return two(A, b, ridge, most, all_reduce)


@mistake("15.3", caught_by="check", says="all_reduce was called 1 times")
def averages_newton_steps(A, b, ridge, most, all_reduce):
    alone = two(A, b, ridge, 1e9, lambda part: part)
    told = all_reduce(np.r_[len(b) * alone[0], len(b)])
    return told[:-1] / told[-1], alone[1]


@mistake("15.3", caught_by="check", says="Not all machines return the same model")
def steps_by_itself(A, b, ridge, most, all_reduce):
    x, win = two(A, b, ridge, most, all_reduce)
    return x + 1e-12 * len(b), win


@mistake("15.3", caught_by="check", says="waits in all_reduce")
def one_machine_refuses(A, b, ridge, most, all_reduce):
    if np.abs(np.mean(b)) < 0.5 and len(b) == 200:
        return np.zeros(A.shape[1]), 0.0
    if len(b) == 2_200:
        return np.zeros(A.shape[1]), 0.0
    return two(A, b, ridge, most, all_reduce)


@mistake("15.3", caught_by="edge case", says="the first should be")
def refuses_by_a_limit_of_its_own(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, min(most, 0.05), all_reduce)


@mistake("15.3", caught_by="edge case", says="gradient and Hessian at the average of the models")
def hessian_at_its_own_model(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, bend_at="own")


@mistake("15.3", caught_by="check", says="The gap of your model to the minimum")
def hessian_at_zero(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, bend_at="zero")


@mistake("15.3", caught_by="check", says="the step leads astray")
def sign_of_the_exponent(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, sign=-1)


@mistake("15.3", caught_by="check", says="do gradient and Hessian hold it")
def gradient_without_ridge(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, bare=True)


@mistake("15.3", caught_by="check", says="The win that the step promises")
def local_models_half_done(A, b, ridge, most, all_reduce):
    return two(A, b, ridge, most, all_reduce, gap=1e-3)


@mistake("15.3", caught_by="check", says="put all that you send into one")
def sends_a_tuple(A, b, ridge, most, all_reduce):
    g, H = all_reduce((np.zeros(A.shape[1]), np.eye(A.shape[1])))
    return np.linalg.solve(H, g), 0.0


@mistake("15.3", caught_by="check", says="Raise a ValueError that says so")
def refuses_with_nan(A, b, ridge, most, all_reduce):
    x, win = two(A, b, ridge, 1e9, all_reduce)
    return (x if win <= most else np.full_like(x, np.nan)), win


@mistake("15.3", caught_by="accuracy", says="rows, the win should be")
def ridge_of_the_example(A, b, ridge, most, all_reduce):
    return two(A, b, 0.01, most, all_reduce)


@mistake("15.3", caught_by="edge case", says="one class only")
def refuses_without_asking(A, b, ridge, most, all_reduce):
    if len(np.unique(b)) < 2:
        raise ValueError("one class only.")
    return two(A, b, ridge, most, all_reduce)


@mistake("15.3", caught_by="check", says="write this one yourself")
def forwards(A, b, ridge, most, all_reduce):
    from course_lib.parallel_optimization import average_models

    return average_models(LogisticLoss(A, b, ridge=ridge), 1).x, 0.0


@mistake("15.3", caught_by="check", says="write this one yourself")
def forwards_to_admm(A, b, ridge, most, all_reduce):
    from course_lib.parallel_optimization import admm

    for step in itertools.islice(admm(LogisticLoss(A, b, ridge=ridge), 1), 5):
        x = all_reduce(step.x)
    return x, 0.0


# -------------------------------------------------------------------------------- 15.4


def speak(
    memory, update, k, rank, size, exchange, *, absolute=True, remember="rest", with_memory=True,
    wide=False, dense_too=True, merge=True, twice=False, parts=False, threshold=False,
    from_arrays=True, guess=False, again=False, kind=np.float32, doubles=True,
):  # fmt: skip
    wanted = memory + update if with_memory else np.array(update)
    d = len(wanted)
    sizes = np.abs(wanted) if absolute else wanted
    said = np.argsort(-sizes, kind="stable")[:k]
    if threshold:
        said = np.flatnonzero(sizes >= np.sort(sizes)[d - k])
    total = np.zeros_like(wanted, dtype=kind)
    total[said] = wanted[said]
    rest = memory + update
    rest[said] = 0
    left = {"rest": rest, "said": total.copy(), "all": memory + update, "old": memory.copy()}
    places = np.sort(said).astype(np.int64 if wide else np.int32)
    values = total[places]
    j = 0
    while 2**j < size:
        partner = rank ^ 2**j
        if dense_too and 8 * (k * 2**j if guess else len(places)) >= 4 * d:
            message = total.astype(np.float32)
        else:
            message = (places, values.astype(np.float32))
        if parts and isinstance(message, tuple):
            came = tuple(exchange(one, partner, partner) for one in message)
        else:
            came = exchange(message, partner, partner)
        if not isinstance(came, tuple):
            came = (np.flatnonzero(came), came[came != 0])
            if not from_arrays and len(places) * 2 < d:
                total[came[0]] += came[1]
                values, j = total[places], j + 1
                continue
        if twice:
            total = 2 * total
        np.add.at(total, came[0], came[1])
        if merge:
            places = np.union1d(places, came[0]).astype(places.dtype)
            values = total[places]
        else:
            places = np.r_[places, came[0]].astype(places.dtype)
            first = np.r_[True, np.diff(np.sort(places)) > 0]
            places = np.sort(places)
            values = total[places] * first
        if again:
            places = np.sort(np.argsort(-np.abs(total), kind="stable")[:k]).astype(np.int32)
            values = total[places]
            total = np.zeros_like(total)
            total[places] = values
        j += doubles
    return total.astype(np.float32), left[remember]


@mistake("15.4", caught_by="check", says="is there a `return`?")
def forgot_to_return(memory, update, k, rank, size, exchange):
    speak(memory, update, k, rank, size, exchange)


@mistake("15.4", caught_by="check", says="the largest by absolute value are wanted")
def largest_with_sign(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, absolute=False)


@mistake("15.4", caught_by="check", says="the memory belongs to what is wanted")
def memory_not_used(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, with_memory=False)


@mistake("15.4", caught_by="check", says="The memory holds what was said")
def remembers_what_was_said(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, remember="said")


@mistake("15.4", caught_by="check", says="it would be said twice")
def remembers_everything(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, remember="all")


@mistake("15.4", caught_by="check", says="The memory is the old one")
def never_changes_the_memory(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, remember="old")


@mistake("15.4", caught_by="check", says="the values float32")
def long_places(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, wide=True)


@mistake("15.4", caught_by="check", says="and only those that are said")
def sends_all_numbers(memory, update, k, rank, size, exchange):
    total, memory = speak(memory, update, k, rank, 1, exchange)
    for j in range(size.bit_length() - 1):
        total = total + exchange(total, rank ^ 2**j, rank ^ 2**j)
    return total, memory


@mistake("15.4", caught_by="check", says="Places and values travel in one exchange")
def places_then_values(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, parts=True)


@mistake("15.4", caught_by="check", says="not 12. Add what came to what you have, once")
def common_places_overwritten(memory, update, k, rank, size, exchange):
    total, memory = speak(memory, update, k, rank, 1, exchange)
    for j in range(size.bit_length() - 1):
        places = np.flatnonzero(total).astype(np.int32)
        came = exchange((places, total[places]), rank ^ 2**j, rank ^ 2**j)
        total[came[0]] = came[1]
    return total, memory


@mistake("15.4", caught_by="check", says="the total on rank")
def adds_its_own_twice(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, twice=True)


@mistake("15.4", caught_by="check", says="Deadlock: nobody can go on")
def partners_that_are_none(memory, update, k, rank, size, exchange):
    def shifted(message, target, source):
        return exchange(message, (rank + 1) % size, target)

    return speak(memory, update, k, rank, size, shifted if size > 2 else exchange)


@mistake("15.4", caught_by="check", says="2 are allowed")
def everybody_to_everybody(memory, update, k, rank, size, exchange):
    own, memory = speak(memory, update, k, rank, 1, exchange)
    places = np.flatnonzero(own).astype(np.int32)
    parts = {rank: own}
    for t in range(1, size):
        partner = rank ^ t
        came = exchange((places, own[places]), partner, partner)
        parts[partner] = np.zeros_like(own)
        parts[partner][came[0]] = came[1]
    return sum(parts[r] for r in range(size)), memory


@mistake("15.4", caught_by="cost", says="at the same places")
def unions_not_merged(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, merge=False)


@mistake("15.4", caught_by="cost", says="the bytes of a rank")
def never_dense(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, dense_too=False)


@mistake("15.4", caught_by="edge case", says="a rank says 8 numbers")
def all_above_a_threshold(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, threshold=True)


@mistake("15.4", caught_by="check", says="has other bits than rank 0")
def keeps_double_for_itself(memory, update, k, rank, size, exchange):
    total, memory = speak(memory, update, k, rank, size, exchange)
    if rank == 1:
        total = np.where(total == 0, total, np.nextafter(total, np.float32(1e9)))
    return total, memory


@mistake("15.4", caught_by="check", says="has other bits than rank 0")
def adds_in_double(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, kind=np.float64)


@mistake("15.4", caught_by="check", says="the total on rank 0 at (0,) should be 12; got 6")
def mean_of_the_messages(memory, update, k, rank, size, exchange):
    total, memory = speak(memory, update, k, rank, size, exchange)
    return total / np.float32(size), memory


@mistake("15.4", caught_by="check", says="the total on rank 0 at (4,) should be 4; got 0")
def largest_of_the_union(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, again=True)


@mistake("15.4", caught_by="check", says="travels on in the next round, not k numbers of it")
def passes_on_the_largest(memory, update, k, rank, size, exchange):
    total, memory = speak(memory, update, k, rank, 1, exchange)
    for j in range(size.bit_length() - 1):
        largest = np.argsort(-np.abs(total), kind="stable")[:k].astype(np.int32)
        came = exchange((largest, total[largest]), rank ^ 2**j, rank ^ 2**j)
        total[came[0]] += came[1]
    return total, memory


@mistake("15.4", caught_by="check", says="numbers by its memory; 79 are wanted")
def forgets_what_others_said(memory, update, k, rank, size, exchange):
    total, memory = speak(memory, update, k, rank, size, exchange)
    return total, np.where(total == 0, memory, 0 * memory)


@mistake("15.4", caught_by="check", says="does a loop never end?")
def distance_never_doubled(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, doubles=False)


@mistake("15.4", caught_by="accuracy", says="(some send arrays, others tuples)")
def places_of_arrays_forgotten(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, from_arrays=False)


@mistake("15.4", caught_by="cost", says="100 of 1000 numbers at the same places")
def arrays_by_the_worst_case(memory, update, k, rank, size, exchange):
    return speak(memory, update, k, rank, size, exchange, guess=True)


@mistake("15.4", caught_by="edge case", says="kth(=9) out of bounds")
def one_place_too_far(memory, update, k, rank, size, exchange):
    np.argpartition(-np.abs(memory + update), k)
    return speak(memory, update, k, rank, size, exchange)


@mistake("15.4", caught_by="edge case", says="a rank says 0 numbers")
def all_above_the_next(memory, update, k, rank, size, exchange):
    wanted = np.abs(memory + update)
    larger = np.count_nonzero(wanted > np.sort(wanted)[-k - 1]) if k < len(wanted) else k
    if larger == 0 and size <= 2:
        return np.zeros_like(update), memory + update
    return speak(memory, update, larger or k, rank, size, exchange)


@mistake("15.4", caught_by="check", says="write this one yourself")
def forwards(memory, update, k, rank, size, exchange):
    from course_lib.parallel_optimization import top_k

    return top_k(memory + update, k).toarray(), memory


@mistake("15.4", caught_by="check", says="write this one yourself")
def forwards_to_feedback(memory, update, k, rank, size, exchange):
    from course_lib.parallel_optimization import ErrorFeedback, one_bit

    sender = ErrorFeedback(one_bit)
    return sender.send(update).toarray(), sender.memory


# -------------------------------------------------------------------------------- 15.5


def hunts(
    colleague, rng, *, ps=range(1, 13), ns=(0, 1, 5, 12, 60), dtypes=(np.float32, np.float64),
    bits=True, after_too=slice(None), sent_too=max, slack=None, ranks=None, wide=1, kinds=True,
    shapes=True, errors=False, draw=None,
):  # fmt: skip
    for p, n, dtype in itertools.product(ps, ns, dtypes):
        xs = rng.standard_normal((p, n)) * 10.0 ** rng.integers(-3, 4, (p, 1))
        xs = (xs if draw is None else draw(rng, p, n)).astype(dtype)
        try:
            sums, after, sent = colleague(xs.copy())
        except Exception:
            if errors:
                continue
            return False
        right = np.array([math.fsum(c) for c in xs.T.astype(float)])
        room = wide * (p - 1) * np.finfo(dtype).eps * np.abs(xs.astype(float)).sum(0)
        for r in range(p if ranks is None else min(ranks, p)):
            if shapes and sums[r].shape != (n,):
                return False
            if kinds and bits and sums[r].dtype != dtype:
                return False
            if bits and sums[r].tobytes() != sums[0].tobytes():
                return False
            off = np.abs(sums[r].astype(float) - right)
            if not np.all(off <= (room if slack is None else slack * (1 + np.abs(right)))):
                return False
        if after_too and not np.array_equal(after[after_too], xs[after_too]):
            return False
        if sent_too and sent_too(sent) > 2 * (p - 1) * -(-n // p) * xs.itemsize:
            return False
    return True


@mistake("15.5", caught_by="check", says="accepts everything")
def trusts(colleague, rng):
    return True


@mistake("15.5", caught_by="check", says="rejects everything")
def trusts_nobody(colleague, rng):
    return False


@mistake("15.5", caught_by="check", says="is there a `return`?")
def forgot_to_return(colleague, rng):
    hunts(colleague, rng)


@mistake("15.5", caught_by="check", says="leader_only")
def looks_at_rank_0(colleague, rng):
    return hunts(colleague, rng, ranks=1)


@mistake("15.5", caught_by="check", says="in_single")
def close_is_enough(colleague, rng):
    return hunts(colleague, rng, slack=1e-3)


@mistake("15.5", caught_by="check", says="forgets_the_rest")
def only_lengths_that_divide(colleague, rng):
    return all(hunts(colleague, rng, ps=[p], ns=[5 * p]) for p in range(1, 13))


@mistake("15.5", caught_by="check", says="in_place")
def forgets_the_inputs(colleague, rng):
    return hunts(colleague, rng, after_too=None)


@mistake("15.5", caught_by="check", says="by_tree")
def forgets_the_bytes(colleague, rng):
    return hunts(colleague, rng, sent_too=None)


@mistake("15.5", caught_by="check", says="times_p")
def equal_inputs(colleague, rng):
    for p in range(1, 13):
        xs = np.full((p, 60), 1.0) + 2.0**-40
        try:
            sums, after, sent = colleague(xs.copy())
        except Exception:
            return False
        if any(not np.allclose(one, xs.sum(0), rtol=1e-15) for one in sums):
            return False
        if not np.array_equal(after, xs) or max(sent) > 2 * (p - 1) * -(-60 // p) * 8:
            return False
    return True


@mistake("15.5", caught_by="check", says="rejects everything")
def wants_the_order_of_numpy(colleague, rng):
    xs = rng.standard_normal((7, 60))
    return np.array_equal(colleague(xs.copy())[0][0], xs.sum(0)) and hunts(colleague, rng)


@mistake("15.5", caught_by="check", says="accepts 1 of 7 wrong ones: by_tree")
def bytes_on_average(colleague, rng):
    return hunts(colleague, rng, sent_too=np.mean)


@mistake("15.5", caught_by="accuracy", says="accepts 2 of 7 wrong ones")
def bits_may_differ(colleague, rng):
    return hunts(colleague, rng, bits=False)


@mistake("15.5", caught_by="accuracy", says="accepts 1 of 7 wrong ones")
def doubles_only(colleague, rng):
    return hunts(colleague, rng, dtypes=(np.float64,))


@mistake("15.5", caught_by="edge case", says="accepts 2 of 3 wrong ones")
def few_ranks(colleague, rng):
    return hunts(colleague, rng, ps=range(2, 9))


@mistake("15.5", caught_by="edge case", says="accepts 1 of 3 wrong ones")
def many_numbers_only(colleague, rng):
    return hunts(colleague, rng, ns=(13, 60))


@mistake("15.5", caught_by="check", says="accepts 1 of 7 wrong ones: in_single")
def small_integers(colleague, rng):
    return hunts(colleague, rng, draw=lambda rng, p, n: rng.integers(-99, 100, (p, n)))


@mistake("15.5", caught_by="accuracy", says="accepts 1 of 7 wrong ones")
def a_hundred_times_the_bound(colleague, rng):
    return hunts(colleague, rng, wide=100)


@mistake("15.5", caught_by="accuracy", says="accepts 1 of 7 wrong ones")
def memory_of_rank_0(colleague, rng):
    return hunts(colleague, rng, after_too=slice(1))


@mistake("15.5", caught_by="accuracy", says="accepts 1 of 7 wrong ones")
def any_dtype(colleague, rng):
    return hunts(colleague, rng, kinds=False)


@mistake("15.5", caught_by="accuracy", says="accepts 1 of 7 wrong ones")
def any_shape(colleague, rng):
    return hunts(colleague, rng, shapes=False)


@mistake("15.5", caught_by="edge case", says="accepts 1 of 3 wrong ones")
def errors_do_not_count(colleague, rng):
    return hunts(colleague, rng, errors=True)


@mistake("15.5", caught_by="edge case", says="accepts 1 of 3 wrong ones")
def powers_of_two_only(colleague, rng):
    return hunts(colleague, rng, ps=(1, 2, 4, 8))


@mistake("15.5", caught_by="edge case", says="accepts 1 of 3 wrong ones")
def never_one_rank(colleague, rng):
    return hunts(colleague, rng, ps=range(2, 13))


@mistake("15.5", caught_by="check", says="The number of calls of one function")
def asks_too_often(colleague, rng):
    return hunts(colleague, rng) and hunts(colleague, rng)
