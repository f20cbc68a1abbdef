"""Coding a pruned network beside general packers, pruning beside torch; see benchmarks/harness.py.

The network is ``results/lenet300_40.bin``, 266,200 weights of which 12% are left, 16 values a
layer. Packers are given the symbols as bytes, unit by unit, or as the sparse matrices of SciPy. The
*error* of a code is its size in bytes, without codebooks and biases: what one pays for speed. The
training step is measured with chapter 21.
"""

import io
import lzma
import zlib

import numpy as np
import scipy.sparse as sp

from benchmarks import harness
from course_lib import deep_compression as dc

torch = harness.peer("torch")
zstandard = harness.peer("zstandard")
prune = harness.peer("torch.nn.utils.prune")

TIMES = 10  # a network is coded in one call: a hundredth of a second is too little to time


def workloads(quick):
    """Yield the workloads one by one."""
    symbols = [layer.symbols.astype(np.int64) for layer in network().layers]
    yield encoding(symbols, 2 if quick else TIMES)
    yield decoding(symbols, 2 if quick else TIMES)
    for n in (1000,) if quick else (1000, 3000):
        yield pruning(n)


def network():
    return dc.CompressedNetwork.from_bytes((harness.RESULTS / "lenet300_40.bin").read_bytes())


def huffman(symbols):
    """Differences of five bits and values, a Huffman code each; tables of a byte a length."""
    parts = []
    for layer in symbols:
        for entries in dc.relative_index(layer.T.ravel(), 5):
            lengths = dc.huffman_lengths(np.bincount(entries))
            parts.append((dc.huffman_encode(entries, lengths), lengths, len(entries)))
    return parts


def unhuffman(parts, shapes):
    entries = [dc.huffman_decode(*part) for part in parts]
    return [
        dc.from_relative_index(gaps, values, a * b).reshape(b, a).T
        for gaps, values, (a, b) in zip(entries[::2], entries[1::2], shapes, strict=True)
    ]


def context(symbols):
    return [dc.context_encode(layer, 16, 28 if len(layer) == 784 else 0) for layer in symbols]


def uncontext(streams, shapes):
    return [
        dc.context_decode(stream, shape, 16, 28 if shape[0] == 784 else 0)
        for stream, shape in zip(streams, shapes, strict=True)
    ]


def plain(symbols):
    return b"".join(layer.T.astype(np.uint8).tobytes() for layer in symbols)


def unplain(data, shapes):
    rows = np.split(np.frombuffer(data, np.uint8), np.cumsum([a * b for a, b in shapes])[:-1])
    return [row.reshape(b, a).T for row, (a, b) in zip(rows, shapes, strict=True)]


def sparse(symbols):
    parts = []
    for layer in symbols:
        file = io.BytesIO()
        sp.save_npz(file, sp.csr_array(layer.T.astype(np.uint8)))
        parts.append(file.getvalue())
    return parts


def unsparse(parts):
    return [sp.load_npz(io.BytesIO(part)).toarray().T for part in parts]


def n_bytes(code):
    """Bytes of a code, with a byte for each length of a Huffman table."""
    if isinstance(code, bytes):
        return float(len(code))
    if isinstance(code[0], tuple):
        return float(sum(len(data) + len(lengths) for data, lengths, _ in code))
    return float(sum(map(len, code)))


def again(call, times):
    def run(_):
        for _ in range(times):
            answer = call()
        return answer

    return run


def encoding(symbols, times):
    packer = zstandard.ZstdCompressor(level=19)
    contestants = {
        "ours Huffman": lambda: huffman(symbols),
        "ours context": lambda: context(symbols),
        "zlib 9": lambda: zlib.compress(plain(symbols), 9),
        "lzma 9": lambda: lzma.compress(plain(symbols), preset=9 | lzma.PRESET_EXTREME),
        "zstd 19": lambda: packer.compress(plain(symbols)),
        "scipy.sparse npz": lambda: sparse(symbols),
    }
    return harness.Workload(
        "encode",
        f"{times} times 266,200 symbols to bytes",
        {name: again(call, times) for name, call in contestants.items()},
        n_bytes,
        "bytes",
        [
            ("ours Huffman", "zlib 9", 1.0),
            ("ours Huffman", "zstd 19", 1.0),
            ("ours Huffman", "scipy.sparse npz", 1.0),
            ("ours context", "lzma 9", 1.0),
        ],
    )


def decoding(symbols, times):
    shapes = [layer.shape for layer in symbols]
    codes = huffman(symbols), context(symbols), sparse(symbols)
    text = plain(symbols)
    packed = zlib.compress(text, 9), lzma.compress(text, preset=9), zstandard.compress(text, 19)
    contestants = {
        "ours Huffman": lambda: unhuffman(codes[0], shapes),
        "ours context": lambda: uncontext(codes[1], shapes),
        "zlib 9": lambda: unplain(zlib.decompress(packed[0]), shapes),
        "lzma 9": lambda: unplain(lzma.decompress(packed[1]), shapes),
        "zstd 19": lambda: unplain(zstandard.decompress(packed[2]), shapes),
        "scipy.sparse npz": lambda: unsparse(codes[2]),
    }

    def wrong(answer):
        return float(sum(np.sum(a != b) for a, b in zip(answer, symbols, strict=True)))

    return harness.Workload(
        "decode",
        f"{times} times bytes to 266,200 symbols",
        {name: again(call, times) for name, call in contestants.items()},
        wrong,
        "wrong symbols",
        [
            ("ours Huffman", "zlib 9", None),
            ("ours Huffman", "scipy.sparse npz", None),
            ("ours context", "lzma 9", None),
        ],
    )


def pruning(n):
    """Global magnitude pruning to 10% of two square layers."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((n, n)).astype(np.float32) for _ in range(2)]
    modules = []
    for W in weights:
        modules.append(torch.nn.Linear(n, n, bias=False))
        modules[-1].weight.data = torch.from_numpy(W)
    asked = [(module, "weight") for module in modules]

    def peer(_):
        prune.global_unstructured(asked, prune.L1Unstructured, amount=0.9)
        masks = [module.weight_mask.numpy() for module in modules]
        for module in modules:
            prune.remove(module, "weight")
            module.weight.data = torch.from_numpy(weights[modules.index(module)])
        return masks

    largest = sum(float(np.abs(W).sum()) for W in weights)
    return harness.Workload(
        f"prune {n}",
        f"masks of the largest 10% of 2 x {n} x {n} weights, float32",
        {
            "ours": lambda _: dc.prune_masks(weights, 0.1, score="global"),
            "ours LAMP": lambda _: dc.prune_masks(weights, 0.1),
            "torch": peer,
        },
        lambda masks: (
            1 - sum(np.abs(W)[m > 0].sum() for W, m in zip(weights, masks, strict=True)) / largest
        ),
        "share of the sum of magnitudes that is cut",
        [("ours", "torch", 1.0), ("ours LAMP", "torch", None)],
        dtype="float32",
    )


if __name__ == "__main__":
    harness.main("deep_compression", workloads)
