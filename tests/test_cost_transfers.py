"""The cache that is counted, and the loads that no order of a matrix product can avoid."""

import math
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.cost import lru_misses, matmul_loads_bound
from course_lib.cost.transfers import _misses

traces = st.lists(st.integers(0, 30), min_size=1, max_size=120)
capacities = st.integers(1, 12)


def products(order):
    """Addresses that the products (i, j, k) touch, in order: A[i, k], B[k, j], C[i, j]."""
    i, j, k = order.T
    n = order.max() + 1
    return np.stack([i * n + k, n**2 + k * n + j, 2 * n**2 + i * n + j], axis=1).ravel()


def nested(n):
    """All triples (i, j, k) below n, the last running fastest."""
    return np.indices((n, n, n)).reshape(3, -1).T


def in_blocks(n, side):
    """The triples in blocks: C stays, column by column of A and row by row of B."""
    i, j, k = nested(n).T
    return nested(n)[np.lexsort([j, i, k, j // side, i // side])]


# --- Facts ---------------------------------------------------------------------------------


@given(traces, capacities, st.integers(1, 4))
def test_misses_are_those_of_an_ordered_dictionary(addresses, capacity, line):
    cache, misses = OrderedDict(), 0
    for address in addresses:
        if address // line not in cache:
            misses += 1
            if len(cache) == capacity:
                cache.popitem(last=False)
        cache[address // line] = True
        cache.move_to_end(address // line)
    assert lru_misses(addresses, capacity, line=line) == misses


@given(traces, capacities)
def test_a_larger_cache_never_loads_more(addresses, capacity):
    misses = [lru_misses(addresses, capacity + more) for more in range(3)]
    assert misses[0] >= misses[1] >= misses[2] >= len(set(addresses))
    assert lru_misses(addresses, len(set(addresses))) == len(set(addresses))


def future_misses(addresses, capacity):
    """Belady's cache, which drops what is needed last."""
    cache, misses = set(), 0
    for now, address in enumerate(addresses):
        if address not in cache:
            misses += 1
            if len(cache) == capacity:
                later = addresses[now:]
                cache.remove(max(cache, key=lambda a: later.index(a) if a in later else math.inf))
            cache.add(address)
    return misses


@given(traces, st.integers(1, 6))
def test_twice_the_memory_makes_up_for_not_knowing_the_future(addresses, capacity):
    best = future_misses(addresses, capacity)
    assert lru_misses(addresses, 2 * capacity) <= 2 * best + capacity


def test_the_kernel_is_its_python_text(rng):
    lines = rng.integers(0, 40, 500)
    assert _misses(lines, 7, 40) == _misses.py_func(lines, 7, 40)


# --- Theorems: always, for every order -------------------------------------------------------


@pytest.mark.parametrize("memory", [3, 4, 9, 16])
def test_no_order_of_a_matrix_product_loads_less_than_the_bound(memory, rng):
    n = 12
    orders = {
        "rows": nested(n),
        "outer": nested(n)[:, [1, 2, 0]],
        "random": rng.permutation(nested(n)),
        "blocks": in_blocks(n, max(1, math.isqrt(memory) - 1)),
    }
    loads = {name: lru_misses(products(order), memory) for name, order in orders.items()}
    bound = matmul_loads_bound(n, n, n, memory)
    assert bound > n**2
    assert min(loads.values()) >= bound
    future = future_misses(products(orders["blocks"]).tolist(), memory)
    assert bound <= future <= loads["blocks"]


def test_blocks_come_close_to_the_bound():
    """Derived: n^2 + 2 n^3 / side loads, for blocks of C that fit with a column and a row."""
    n, side = 60, 10
    memory = side**2 + 4 * side
    loads = lru_misses(products(in_blocks(n, side)), memory)
    assert loads == n**2 + 2 * n**3 // side
    assert loads < 1.5 * matmul_loads_bound(n, n, n, memory)


# --- Contracts -------------------------------------------------------------------------------


def test_by_hand():
    assert lru_misses([0, 1, 0, 2, 0, 1], 2) == 4  # 0, 1, 2 and 1 again
    assert lru_misses(np.array([0, 1, 8, 9]), 1, line=8) == 2
    assert lru_misses([], 3) == 0
    far = np.array([0, 2**62, 2**64 - 1, 0], np.uint64)  # without a table of all addresses
    assert [lru_misses(far, capacity) for capacity in (1, 2, 3, 2**70)] == [4, 4, 3, 3]
    assert lru_misses(far, 1, line=2**64) == 1
    assert lru_misses(far, 1, line=2**63) == 3
    assert lru_misses(np.array([100, 3], np.int8), 1, line=1000) == 1
    assert matmul_loads_bound(10, 20, 30, 100) == 2 * 6000 / 10 - 200
    assert matmul_loads_bound(2, 2, 2, 1000) == 0.0


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lru_misses([[0]], 1), ValueError, "one axis"),
        (lambda: lru_misses([0.5], 1), TypeError, "addresses must be integers"),
        (lambda: lru_misses([-1], 1), ValueError, "not be negative"),
        (lambda: lru_misses([1], 0), ValueError, "capacity must be"),
        (lambda: lru_misses([1], 1, line=0), ValueError, "line must be"),
        (lambda: matmul_loads_bound(1, 1, 0, 1), ValueError, "k must be"),
        (lambda: matmul_loads_bound(1, 1, 1, 0), ValueError, "memory must be"),
    ],
)
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
