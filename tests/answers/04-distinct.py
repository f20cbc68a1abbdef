"""Right answers to lab 04 in unusual styles."""

import bisect
import math
from collections import Counter, deque

import numpy as np

from tests.answers import answer


def constant(m):
    return {16: 0.673, 32: 0.697, 64: 0.709}.get(m, 0.7213 / (1 + 1.079 / m))


@answer("04.1", style="hashes as rows of 64 truth values")
def bit_by_bit(stream, p):
    m = 2**p
    table = [0] * m
    for block in stream.blocks(5000):
        bits = np.unpackbits(block.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)
        index = bits[:, :p] @ (1 << np.arange(p)[::-1])
        coins = np.column_stack([bits[:, p:], np.ones(len(bits), np.uint8)])
        for code in np.unique(64 * index + coins.argmax(axis=1)).tolist():
            table[code // 64] = max(table[code // 64], code % 64 + 1)
    estimate = constant(m) * m * m / math.fsum(2.0**-value for value in table)
    if estimate <= 2.5 * m and 0 in table:
        estimate = m * math.log(m / table.count(0))
    return np.array(table, np.uint8), estimate


@answer("04.1", style="sorted blocks: the smallest hash of a register has its largest value")
def by_sorting(stream, p):
    m, width = 2**p, np.uint64(64 - p)
    smallest = {}
    for block in stream.blocks(50_000):
        block = np.unique(block)
        which, first = np.unique(block >> width, return_index=True)
        for index, number in zip(which.tolist(), block[first].tolist(), strict=True):
            coins = number & ((1 << int(width)) - 1)
            smallest[index] = min(smallest.get(index, coins), coins)
    powers = [2**j for j in range(64 - p)]
    registers = np.zeros(m, np.uint8)
    for index, coins in smallest.items():
        registers[index] = 65 - p - bisect.bisect_right(powers, coins)
    V = m - np.count_nonzero(registers)
    E = constant(m) * m / np.mean(np.exp2(-registers.astype(float)))
    return registers, np.float64(m * (np.log(m) - np.log(V)) if V and 5 * m >= 2 * E else E)


@answer("04.2", style="one bit at a time: neighbors become one register")
def halving(first, second):
    first, second = sorted([first, second], key=len)
    while len(second) > len(first):
        even, odd = second[::2], second[1::2]
        second = np.maximum(np.where(even > 0, even + 1, 0), odd > 0).astype(np.uint8)
    return np.where(first < second, second, first)


@answer("04.2", style="plain loops, dictionaries, Python integers")
def loops(first, second):
    m = min(len(first), len(second))
    found = [0] * m
    for table in (first, second):
        b = (len(table) // m).bit_length() - 1
        for index, value in enumerate(table.tolist()):
            if value:
                place = f"{index:064b}"[64 - b :] if b else ""
                run = b + value if "1" not in place else place.index("1") + 1
                found[index >> b] = max(found[index >> b], run)
    return np.array(found, dtype="u1")


@answer("04.3", style="dictionary of Python integers, exact arithmetic")
def dictionary(samples, k):
    total = Counter()
    for hashes, counts in samples:
        for number, times in zip(hashes.tolist(), counts.tolist(), strict=True):
            total[number] += times
    kept = sorted(total)[:k]
    once = sum(total[number] == 1 for number in kept)
    return once if len(kept) < k else float(2**64 * (k - 1) * once / (k * (kept[-1] + 1)))


@answer("04.3", style="samples joined two by two, cut to k after each")
def one_after_another(samples, k):
    kept, times = np.empty(0, np.uint64), np.empty(0, np.int64)
    for hashes, counts in samples:
        every, amount = np.append(kept, hashes), np.append(times, counts)
        order = np.argsort(every, kind="stable")
        every, amount = every[order], amount[order]
        starts = np.flatnonzero(np.r_[True, every[1:] != every[:-1]][: len(every)])
        if len(starts):
            kept, times = every[starts][:k], np.add.reduceat(amount, starts)[:k]
    once = np.count_nonzero(times == 1)
    if kept.size < k:
        return np.int64(once)
    return once * (1 - 1 / k) / (np.longdouble(int(kept[-1]) + 1) / np.longdouble(2) ** 64)


@answer("04.4", style="deques; NumPy integers in the pairs")
def deques(table, times, hashes, window):
    table = [deque(pairs) for pairs in table]
    p = len(table).bit_length() - 1
    which = hashes >> np.uint64(64 - p)
    for time, number, register in zip(times, hashes, which, strict=True):
        value = 65 - p - (int(number) & (2 ** (64 - p) - 1)).bit_length()
        pairs = table[int(register)]
        while pairs and pairs[0][0] <= time - window:
            pairs.popleft()
        while pairs and pairs[-1][1] <= value:
            pairs.pop()
        pairs.append((time, np.uint8(value)))
    return [list(pairs) for pairs in table]


@answer("04.4", style="all arrivals first; then each register backwards, by record values")
def backwards(table, times, hashes, window):
    p = int(math.log2(len(table)))
    every = [list(pairs) for pairs in table]
    touched = set()
    for time, number in zip(times.tolist(), hashes.tolist(), strict=True):
        index, text = number >> (64 - p), f"{number:064b}"[p:]
        every[index].append((time, len(text.split("1")[0]) + 1))
        touched.add(index)
    for index in touched:
        kept, highest, last = [], 0, every[index][-1][0]
        for time, value in reversed(every[index]):
            if value > highest and time > last - window:
                kept.append((time, value))
            highest = max(highest, value)
        every[index] = kept[::-1]
    return every


@answer("04.5", style="seventeen sizes at p = 12, three draws of each")
def many_sizes(estimate, rng):
    def draw(n):
        return rng.integers(0, 2**64, int(n), dtype=np.uint64)

    p, m = 12, 4096
    try:
        if estimate(draw(0), p) != 0:
            return False
        for n in (50, 9000):
            hashes = draw(n)
            if estimate(hashes, p) != estimate(rng.permutation(np.r_[hashes, hashes[: n // 2]]), p):
                return False
        for n in [1, 30, 400, *np.arange(0.25, 6, 0.45) * m, 50_000, 100_000]:
            errors = [estimate(draw(n), p) / int(n) - 1 for _ in range(3)]
            if not abs(np.mean(errors)) <= 0.03 + 4.5 * 1.4 / 64 / np.sqrt(3):
                return False
    except Exception:
        return False
    return True


@answer("04.5", style="a sequential test: more draws only where one draw is suspicious")
def sequential(estimate, rng):
    def off(n, draws):
        hashes = rng.integers(0, 2**64, (draws, n), dtype=np.uint64)
        return abs(math.fsum(estimate(row, 12) / n - 1 for row in hashes) / draws)

    sizes = [1, 7, 90, 800, *range(2000, 26_000, 2000), 40_000, 100_000]
    try:
        for n in (3, 6000, 70_000):
            one = rng.integers(0, 2**64, n, dtype=np.uint64)
            if (
                len(
                    {
                        float(estimate(x, 12))
                        for x in (one, np.sort(one), np.tile(one[::-1], 2)[:100_000])
                    }
                )
                > 1
            ):
                return False
        if any(off(n, 1) > 0.045 and off(n, 7) > 0.065 for n in sizes):
            return False
        return estimate(np.empty(0, np.uint64), 9) == 0
    except Exception:
        return False


@answer("04.5", style="the three hints, word by word")
def as_hinted(estimate, rng):
    m = 4096
    try:
        if estimate(np.empty(0, np.uint64), 12) != 0:
            return False
        for n in (5, 100, m // 2, m, 5 * m // 2, 5 * m, 10 * m, 20 * m):
            drawn = [rng.integers(0, 2**64, n, dtype=np.uint64) for _ in range(4)]
            found = [estimate(hashes, 12) for hashes in drawn]
            again = rng.permutation(np.r_[drawn[3], drawn[3][: n // 5]])
            if estimate(again, 12) != found[3]:
                return False
            if abs(np.mean(found) / n - 1) > 0.03 + 4 * 1.4 / 64 / 2:
                return False
    except Exception:
        return False
    return True
