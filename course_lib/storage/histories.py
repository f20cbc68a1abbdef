"""What clients saw of a register, and whether one copy of it could have shown them that.

Operation       a read or a write: when it began, when it ended, its value
record_history  clients read and write a store at random; what they saw
linearizable    whether there is one order of all operations that explains it
"""

import math
from typing import NamedTuple

from course_lib._validation import as_rng, check_count, check_number

__all__ = ["Operation", "linearizable", "record_history"]

MOST = 10**6  # clients, and operations of each


class Operation(NamedTuple):
    """A read or a write of one register, as its client saw it."""

    client: object  # name of the machine
    kind: str  # "read" or "write"
    value: object  # what was read or written; None is the value before the first write
    start_s: float  # when it was invoked
    end_s: float  # when it returned; infinity if it failed or never did, so that a write may count


def record_history(
    store, *, n_writers=1, n_readers=2, n_operations=5, pause_s=1e-3, key="x", until_s=60.0, rng=0
):
    """Let clients write and read one key of a store at random times, and return what they saw.

    Parameters
    ----------
    store : QuorumStore
        Its cluster is run; crashes and cuts may be planned before, by `Cluster.at`.
    n_writers, n_readers : int
        Clients that write, each value once: ``(client, 1)``, ``(client, 2)``, ...; and clients
        that read. Each is a new machine of the cluster.
    n_operations : int
        Operations of each client, one after the other.
    pause_s : float, default 0.001
        Mean of the exponential pause before each operation.
    key : str, bytes or int
    until_s : float, default 60
        Seconds from now after which operations that are under way are given up.
    rng : Generator, int or None, default 0
        Draws the pauses.

    Returns
    -------
    list of Operation
        In the order of their beginnings. A read that failed is left out; a write that failed
        ends at infinity, since it may have reached a replica. Several values that were
        concurrent to a store with vector clocks are read as a tuple.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Examples
    --------
    >>> from course_lib.cost import Cluster
    >>> from course_lib.storage import QuorumStore
    >>> store = QuorumStore(Cluster(latency_s=1e-3), 3)
    >>> history = record_history(store, n_operations=2)
    >>> len(history), linearizable(history)
    (6, True)
    """
    check_count(n_writers, "n_writers", low=0, high=MOST)
    check_count(n_readers, "n_readers", low=0, high=MOST)
    check_count(n_operations, "n_operations", low=1, high=MOST)
    pause_s = check_number(pause_s, "pause_s", low=0.0, high=1e9)
    cluster, rng = store.cluster, as_rng(rng)
    until_s = cluster.now + check_number(until_s, "until_s", low=0.0, high=1e9)
    kinds = ["write"] * n_writers + ["read"] * n_readers
    begun = []
    for kind in kinds:
        client = cluster.machine(f"client-{len(cluster.machines)}")
        pauses = rng.exponential(pause_s, n_operations).tolist()
        client.start(_live(store, client, kind, key, pauses, begun))
    cluster.run(until_s)
    return [Operation(*seen) for seen in begun if seen[1] == "write" or seen[4] < math.inf]


def _live(store, client, kind, key, pauses, begun):
    """The life of a client: an operation is noted when it begins, and its end when it ends."""
    for number, pause in enumerate(pauses, 1):
        yield client.sleep(pause)
        value = (client.name, number) if kind == "write" else None
        seen = [client.name, kind, value, client.cluster.now, math.inf]
        begun.append(seen)
        if kind == "write":
            outcome = yield from store.put(client, key, value)
        else:
            outcome = yield from store.get(client, key)
            values = outcome.values
            seen[2] = values if len(values) > 1 else values[0] if values else None
        if outcome.ok:
            seen[4] = client.cluster.now


def linearizable(history, initial=None):
    r"""Return whether one copy of the register, used by one at a time, could have shown this.

    Parameters
    ----------
    history : sequence of Operation
        Of any clients; writers may be concurrent, and values may be written twice. A write that
        ends at infinity may have happened at any time after its beginning, or never.
    initial : hashable, default None
        Value before the first write.

    Returns
    -------
    bool
        Whether each operation can be given a moment between its beginning and its end so that
        each read returns the value of the last write before it: the register is atomic ([1]).

    Raises
    ------
    ValueError
        If an operation ends before it begins, or its kind is neither "read" nor "write".

    Notes
    -----
    **Cost.** A search over the sets of operations that may come first ([2]), each pair of a set
    and a value looked at once ([3]): :math:`O(n\, 2^c)` where c operations overlap in time, at
    worst :math:`O(n\, 2^n)`. The problem is NP-complete in general ([4]).

    **Guarantee.** Exact.

    References
    ----------
    .. [1] M. P. Herlihy, J. M. Wing, "Linearizability: a correctness condition for concurrent
       objects", ACM TOPLAS 12(3), 1990.
    .. [2] J. M. Wing, C. Gong, "Testing and verifying concurrent objects", J. Parallel and
       Distributed Computing 17(1-2), 1993.
    .. [3] G. Lowe, "Testing for linearizability", Concurrency and Computation 29(4), 2017.
    .. [4] P. B. Gibbons, E. Korach, "Testing shared memories", SIAM J. Computing 26(4), 1997.

    Examples
    --------
    Of two reads during a write, the first may be new and the second old in no single copy:

    >>> write = Operation("anna", "write", 1, 0.0, 9.0)
    >>> new, old = Operation("ben", "read", 1, 1.0, 2.0), Operation("ben", "read", None, 3.0, 4.0)
    >>> linearizable([write, new]), linearizable([write, old]), linearizable([write, new, old])
    (True, True, False)
    """
    operations = sorted(map(_checked, history), key=lambda operation: operation.start_s)
    needed = sum(1 << i for i, op in enumerate(operations) if op.end_s < math.inf)
    # What had ended before it began must have had its moment before.
    ahead = [
        sum(1 << j for j, other in enumerate(operations) if other.end_s < operation.start_s)
        for operation in operations
    ]
    seen, waiting = set(), [(0, initial)]
    while waiting:
        done, value = waiting.pop()
        writes = []
        for i, operation in enumerate(operations):
            if done >> i & 1 or ahead[i] & ~done:
                continue
            if operation.kind == "write":
                writes.append(i)
            elif operation.value == value:  # at once: to read now takes nothing from the others
                done |= 1 << i
        if not needed & ~done:
            return True
        if (done, value) not in seen:
            seen.add((done, value))
            waiting += [(done | 1 << i, operations[i].value) for i in writes]
    return False


def _checked(operation):
    if not isinstance(operation, Operation):
        raise TypeError(f"history must hold Operations; got {operation!r}.")
    if operation.kind not in ("read", "write"):
        raise ValueError(f'kind must be "read" or "write"; got {operation.kind!r}.')
    if not operation.start_s <= operation.end_s:
        raise ValueError(f"an operation must end after it begins; got {operation}.")
    return operation
