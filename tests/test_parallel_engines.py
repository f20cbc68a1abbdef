"""The same programs over MPI: between threads that play its ranks, and between real processes."""

import itertools
import queue
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from course_lib import parallel_optimization as po
from course_lib.batch_optimization import LogisticLoss, lbfgs

PATIENCE_S = 30
PROGRAMS = {**po.COLLECTIVES, "all_gather": po.all_gather}


class Comm:
    """A communicator of MPI between threads, as far as `MpiLink` asks it."""

    def __init__(self, rank, boxes):
        self.rank, self.size, self.boxes = rank, len(boxes), boxes

    def Send(self, array, target):
        self.boxes[target][self.rank].put(array.copy())

    def Recv(self, into, source):
        into[...] = self.boxes[self.rank][source].get(timeout=PATIENCE_S)

    def Sendrecv(self, array, target, sent_tag, into, source, tag):
        self.Send(array, target)
        self.Recv(into, source)


def on_threads(function, p, *args):
    """What ``function(comm, *args)`` returns on each of p threads."""
    boxes = [[queue.SimpleQueue() for _ in range(p)] for _ in range(p)]
    results = [None] * p

    def run(rank):
        results[rank] = function(Comm(rank, boxes), *args)

    threads = [threading.Thread(target=run, args=(rank,), daemon=True) for rank in range(p)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads)
    return results


@pytest.fixture(scope="module")
def on_processes():
    """The same on processes of MPI, started once for all that is asked of them."""
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    if reason := po.mpi_missing():
        pytest.skip(reason)
    asked = [(all_sums, sums_of(3)), (descent, *rows()), (against_mpi, 1000)]
    ranks = po.mpi_run(in_turn, 3, asked, deadline_s=2 * PATIENCE_S)
    answers = dict(zip([function for function, *_ in asked], zip(*ranks, strict=True), strict=True))
    return lambda function, p, *args: answers[function]


@pytest.fixture(params=["threads", "processes"])
def engine(request):
    return on_threads if request.param == "threads" else request.getfixturevalue("on_processes")


def in_turn(comm, asked):
    return [function(comm, *args) for function, *args in asked]


def sums_of(p):
    rng = np.random.default_rng(0)
    return {n: [rng.standard_normal(n) for _ in range(p)] for n in (1, 100, 5000)}


def rows():
    rng = np.random.default_rng(1)
    A = rng.standard_normal((101, 4))
    return A, np.where(A[:, 0] + rng.standard_normal(101) > 0, 1.0, -1.0)


def all_sums(comm, inputs):
    """Every program on this rank, and what it sent."""
    results = {}
    for name, n in itertools.product(PROGRAMS, inputs):
        link = po.MpiLink(comm)
        result = po.on_mpi(PROGRAMS[name], inputs[n][comm.rank], link)
        results[name, n] = result, link.sent_bytes, link.messages
    return results


def descent(comm, A, b):
    """L-BFGS of this rank, and how many all-reduces it took."""
    loss = po.RankLoss(LogisticLoss(A, b, ridge=0.1), comm)
    *_, last = itertools.islice(lbfgs(loss), 12)
    return last.x, last.value, loss.rounds, loss.link.messages


# --- Facts --------------------------------------------------------------------------------------


def test_both_engines_give_the_same_bits_and_send_the_same(engine):
    p, inputs = 3, sums_of(3)
    ranks = engine(all_sums, p, inputs)
    for name, n in ranks[0]:
        run = po.simulate(PROGRAMS[name], inputs[n])
        for rank in range(p):
            result, sent_bytes, _ = ranks[rank][name, n]
            assert_array_equal(result, run.results[rank])
            assert sent_bytes == run.sent_bytes[rank]
        assert sum(rank[name, n][2] for rank in ranks) == run.messages


@pytest.mark.parametrize("p", [2, 3, 5])
def test_long_messages_that_travel_in_pieces_give_the_same_bits(monkeypatch, p):
    monkeypatch.setattr(po.links, "PIECE", 64)  # eight entries
    inputs = sums_of(p)
    ranks = on_threads(all_sums, p, inputs)
    for name, n in ranks[0]:
        run = po.simulate(PROGRAMS[name], inputs[n])
        for rank in range(p):
            assert_array_equal(ranks[rank][name, n][0], run.results[rank])
        assert sum(rank[name, n][2] for rank in ranks) == run.messages


def test_ranks_that_run_one_method_agree_and_find_the_model_of_one_machine(engine):
    A, b = rows()
    *_, alone = itertools.islice(lbfgs(LogisticLoss(A, b, ridge=0.1)), 12)
    ranks = engine(descent, 3, A, b)
    for x, value, rounds, messages in ranks:
        assert_array_equal(x, ranks[0][0])
        assert_allclose(x, alone.x, rtol=1e-8)
        assert_allclose(value, alone.value, rtol=1e-12)
        assert messages == 4 * rounds  # a ring of three: four messages an all-reduce


# --- Contracts ----------------------------------------------------------------------------------


def test_memory_is_used_again_and_sliced_arrays_are_sent(rng):
    link = po.MpiLink(Comm(0, [[None]]))
    big, small = link.scratch(np.zeros(10)), link.scratch(np.zeros((2, 2), np.float32))
    assert np.shares_memory(big, small)
    assert small.shape == (2, 2)
    assert small.dtype == np.float32

    def columns(comm):
        link, x = po.MpiLink(comm), np.arange(6.0).reshape(3, 2)
        into = np.empty(3)
        link.exchange(x[:, comm.rank], 1 - comm.rank, into, 1 - comm.rank)
        return into

    assert_array_equal(on_threads(columns, 2), [[1, 3, 5], [0, 2, 4]])


def test_a_loss_needs_a_row_a_rank():
    with pytest.raises(ValueError, match="a row for each of 2 ranks; it has 1"):
        po.RankLoss(LogisticLoss([[1.0]], [1.0]), Comm(0, [[None]] * 2))


def both_receive(comm):
    comm.recv(source=1 - comm.rank)


def one_fails(comm):
    if comm.rank == 1:
        raise ValueError("rank one is out of rows")
    comm.Barrier()


@pytest.mark.parametrize(
    ("function", "deadline_s", "words"), [(both_receive, 3, "Timeout"), (one_fails, 60, "of rows")]
)
def test_ranks_that_hang_or_fail_end_and_say_where(function, deadline_s, words):
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    if reason := po.mpi_missing():
        pytest.skip(reason)
    start = time.monotonic()
    with pytest.raises(RuntimeError, match=f"(?s)every rank must return.*{words}"):
        po.mpi_run(function, 2, deadline_s=deadline_s)
    assert time.monotonic() - start < deadline_s + 30  # it ends: no gate on speed


def test_without_mpi_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr("course_lib.parallel_optimization.mpi._mpiexec", lambda: None)
    assert po.mpi_missing()
    with pytest.raises(RuntimeError, match="MPI must be installed"):
        po.mpi_run(print, 2)
    with pytest.raises(TypeError, match="function must be one"):
        po.mpi_run(3, 2)


# --- Peers --------------------------------------------------------------------------------------


def against_mpi(comm, n):
    """The sum of MPI and ours."""
    x = np.random.default_rng(comm.rank).standard_normal(n)
    theirs = np.empty(n)
    comm.Allreduce(x, theirs)
    return theirs, po.on_mpi(po.halving, x, comm)


def test_mpi_gives_the_same_sum_up_to_rounding(on_processes):
    for theirs, ours in on_processes(against_mpi, 3, 1000):
        assert_allclose(ours, theirs, rtol=0, atol=3 * 2 * 2**-53 * 10)
