"""Speed of Reed-Solomon codes against zfec and ISA-L; see benchmarks/harness.py.

Stripes of a megabyte, as object stores cut them, and the whole message in one. pyeclib calls ISA-L,
whose kernels look up 16, 32 or 64 products at a time in a register, and adds a header to each
fragment. zfec codes by look-ups byte by byte.
"""

import numpy as np

from benchmarks import harness
from course_lib.storage import ReedSolomon

zfec = harness.peer("zfec")
pyeclib = harness.peer("pyeclib.ec_iface")

MEGABYTE = 1 << 20


def workloads(quick):
    """Yield the workloads one by one."""
    n_stripes = 8 if quick else 64
    for k, m in ((10, 4), (6, 3)):
        yield encoding(k, m, MEGABYTE, n_stripes)
        yield decoding(k, m, MEGABYTE, n_stripes)
        yield encoding(k, m, n_stripes * MEGABYTE, 1)


def stripe(k, size):
    """Fragments of data, their bytes one by one, and in one piece."""
    n = size // k // 64 * 64
    data = np.random.default_rng(19).integers(0, 256, (k, n), dtype=np.uint8)
    return data, [row.tobytes() for row in data], data.tobytes()


def again(code, n_stripes):
    """Return a contestant that keeps its last answer only, so that memory is used again."""

    def run(_):
        for _ in range(n_stripes):
            answer = code()
        return answer

    return run


def goals(what):
    """Return the pairs: a claim on zfec, none on ISA-L."""
    return [(f"ours {what}", f"zfec {what}", 1.2), (f"ours {what}", f"ISA-L {what}", None)]


def encoding(k, m, size, n_stripes):
    """Parity of the same stripe many times."""
    data, rows, message = stripe(k, size)
    code, encoder = ReedSolomon(k, m), zfec.Encoder(k, k + m)
    driver = pyeclib.ECDriver(k=k, m=m, ec_type="isa_l_rs_cauchy")
    numbers = list(range(k, k + m))  # parity only: the data are there already
    expected = code.encode(data)

    return harness.Workload(
        f"encode_{k}_{m}_{size // MEGABYTE}",
        f"parity of {n_stripes} x {size // MEGABYTE} MiB, {k} + {m} fragments",
        {
            "ours encode": again(lambda: code.encode(data), n_stripes),
            "zfec encode": again(lambda: encoder.encode(rows, numbers), n_stripes),
            "ISA-L encode": again(lambda: driver.encode(message), n_stripes),
        },
        lambda parity: wrong(parity, expected, rows, numbers),
        "share of wrong bytes of parity (zfec has another matrix: of what it gives back)",
        goals("encode"),
    )


def wrong(parity, expected, rows, numbers):
    """Return the share of wrong bytes in an answer of any of the three."""
    if isinstance(parity, np.ndarray):
        return float(np.mean(parity != expected))
    n, (m, _) = len(rows[0]), expected.shape
    if len(parity) > m:  # with the data, and headers
        got = [np.frombuffer(fragment, np.uint8)[-n:] for fragment in parity[-m:]]
        return float(np.mean(np.array(got) != expected))
    k = len(rows)
    left = [*rows[m:], *parity]
    got = zfec.Decoder(k, k + m).decode(left, [*range(m, k), *numbers])
    return float(np.mean([a != b for a, b in zip(got, rows, strict=True)]))


def decoding(k, m, size, n_stripes):
    """The first m fragments are lost, all of data: the most work."""
    data, rows, message = stripe(k, size)
    code, decoder = ReedSolomon(k, m), zfec.Decoder(k, k + m)
    driver = pyeclib.ECDriver(k=k, m=m, ec_type="isa_l_rs_cauchy")
    ours = dict(enumerate([*data, *code.encode(data)][m:], start=m))
    theirs, numbers = zfec.Encoder(k, k + m).encode(rows)[m:], list(range(m, k + m))
    fragments = driver.encode(message)[m:]

    def error(answer):
        if isinstance(answer, list):
            answer = b"".join(answer)
        return float((answer if isinstance(answer, bytes) else answer.tobytes()) != message)

    return harness.Workload(
        f"decode_{k}_{m}",
        f"data of {n_stripes} x {size // MEGABYTE} MiB, {m} of {k} + {m} fragments lost",
        {
            "ours decode": again(lambda: code.decode(ours), n_stripes),
            "zfec decode": again(lambda: decoder.decode(list(theirs), list(numbers)), n_stripes),
            "ISA-L decode": again(lambda: driver.decode(fragments), n_stripes),
        },
        error,
        "1 if a byte is wrong",
        goals("decode"),
    )


if __name__ == "__main__":
    harness.main("storage", workloads)
