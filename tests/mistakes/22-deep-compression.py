"""Wrong answers to lab 22."""

import heapq
import pickle
from fractions import Fraction

import numpy as np
from sklearn.linear_model import LogisticRegression

from course_lib import datasets
from course_lib.binary_networks import (
    Dense,
    Relu,
    backward,
    cross_entropy,
    forward,
    sgd,
    targets,
)
from course_lib.cost import CountedStream, Meter
from course_lib.deep_compression import (
    CompressedNetwork,
    best_index_bits,
    cubic_density,
    entries,
    from_relative_index,
    huffman_decode,
    huffman_encode,
    huffman_lengths,
    prune_masks,
    relative_index,
    share_weights,
    stored_fraction,
)
from tests.mistakes import mistake

# ruff: noqa: F811 (exercises may share the name of a mistake)


def entries_of(places, values, span, fillers_of):
    """Entries of weights, by another span or another number of fillers."""
    skipped = np.diff(places, prepend=-1) - 1
    fillers = fillers_of(skipped)
    ends = np.cumsum(fillers + 1) - 1
    gaps = np.full(int(fillers.sum()) + len(places), span - 1)
    kept = np.zeros(len(gaps), int)
    gaps[ends], kept[ends] = skipped - fillers * span, values
    return places, gaps, kept


def weights_of(gaps, values):
    return (np.cumsum(gaps + 1) - 1)[values != 0], values[values != 0]


@mistake("22.1", caught_by="check", says="one of its entries is a filler")
def fillers_are_weights(gaps, values, bits):
    places = np.cumsum(gaps + 1) - 1
    return entries_of(places, values, 2**bits, lambda skipped: skipped // 2**bits)


@mistake("22.1", caught_by="check", says="the entry itself takes a position too")
def gaps_are_differences(gaps, values, bits):
    places = np.cumsum(gaps)[values != 0]
    return entries_of(places, values[values != 0], 2**bits, lambda skipped: skipped // 2**bits)


@mistake("22.1", caught_by="check", says="The row begins at position 0")
def begins_at_one(gaps, values, bits):
    places = np.cumsum(gaps + 1)[values != 0]
    return entries_of(places, values[values != 0], 2**bits, lambda skipped: skipped // 2**bits)


@mistake("22.1", caught_by="check", says="You skipped the filler with its gap")
def fillers_are_dropped(gaps, values, bits):
    places = np.cumsum(gaps[values != 0] + 1) - 1
    return entries_of(places, values[values != 0], 2**bits, lambda skipped: skipped // 2**bits)


@mistake("22.1", caught_by="check", says="uses up 8 positions")
def fillers_take_no_position(gaps, values, bits):
    most = 2**bits - 1
    return entries_of(*weights_of(gaps, values), most, lambda skipped: skipped // most)


@mistake("22.1", caught_by="check", says="its own gap is 7, and it needs no filler")
def a_filler_at_the_exact_multiple(gaps, values, bits):
    places, kept = weights_of(gaps, values)
    return entries_of(places, kept, 2**bits, lambda skipped: (skipped + 1) // 2**bits)


@mistake("22.1", caught_by="check", says="stand elsewhere")
def fillers_behind_the_remainder(gaps, values, bits):
    new_gaps, new_values = [], []
    places, kept = weights_of(gaps, values)
    for skipped, value in zip(np.diff(places, prepend=-1) - 1, kept, strict=True):
        fillers, rest = divmod(int(skipped), 2**bits)
        new_gaps += ([rest] if fillers else []) + [2**bits - 1] * (fillers - 1)
        new_gaps += [2**bits - 1 if fillers else rest]
        new_values += [0] * fillers + [value]
    return places, np.array(new_gaps), np.array(new_values)


@mistake("22.1", caught_by="check", says="Are the old fillers gone")
def old_fillers_stay(gaps, values, bits):
    new_gaps, new_values = [], []
    for gap, value in zip(gaps, values, strict=True):
        fillers, rest = divmod(int(gap), 2**bits)
        new_gaps += [2**bits - 1] * fillers + [rest]
        new_values += [0] * fillers + [value]
    return weights_of(gaps, values)[0], np.array(new_gaps), np.array(new_values)


@mistake("22.1", caught_by="edge case", says="stopped with ValueError")
def empty_rows_stop_it(gaps, values, bits):
    places, kept = weights_of(gaps, values)
    assert places.max() >= 0
    return entries_of(places, kept, 2**bits, lambda skipped: skipped // 2**bits)


@mistake("22.1", caught_by="edge case", says="gaps near the widest")
def ten_bits_at_most(gaps, values, bits):
    span = 2 ** min(bits, 10)
    return entries_of(*weights_of(gaps, values), span, lambda skipped: skipped // span)


@mistake("22.1", caught_by="check", says="write this one yourself")
def forwards(gaps, values, bits):
    symbols = from_relative_index(gaps, values, int(np.sum(gaps + 1)))
    return np.flatnonzero(symbols), *relative_index(symbols, bits)


@mistake("22.1", caught_by="check", says="write this one yourself")
def forwards_half(gaps, values, bits):
    import course_lib.deep_compression.indices as toolbox

    symbols = np.zeros(int(np.sum(gaps + 1)), int)
    places, kept = weights_of(gaps, values)
    symbols[places] = kept
    return places, *toolbox.relative_index(symbols, bits)


SHARES = ("kept", "stored", "coded")
BITS = ("value_bits", "coded_value_bits", "index_bits", "coded_index_bits")


def interval(text, units=Fraction(1, 2)):
    half = units / 10 ** len(text.partition(".")[2])
    return Fraction(text) - half, Fraction(text) + half


def model(layers, codebook=lambda w, n: 2**w / n, reach=lambda b: 2**b, widths=range(1, 17)):
    sizes, best = [], []
    for row in layers:
        p, w, n = float(row.kept) / 100, int(row.value_bits), row.n_weights
        bits = {b: (w + b) / (1 - (1 - p) ** reach(b)) for b in widths}
        sizes.append(100 * (p * bits[int(row.index_bits)] / 32 + codebook(w, n)))
        best.append(min(bits, key=bits.get))
    return sizes, best


def impossible(layers, total, *, plain=False, exact=False, mean_bits=False, strict=False):
    found = []
    for column in SHARES + BITS:
        units = Fraction(0) if exact else Fraction(1, 2)
        ends = [interval(getattr(row, column), units) for row in layers]
        if column in SHARES or mean_bits:
            n = [1 if plain else row.n_weights for row in layers]
            low, high = (
                sum(m * end[i] for m, end in zip(n, ends, strict=True)) / sum(n) for i in (0, 1)
            )
        else:
            low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        least, most = interval(getattr(total, column), units)
        if low > most or high < least or (strict and (low == most or high == least)):
            found.append(column)
    return found


@mistake("22.2", caught_by="check", says="the codebook of 2 ** w values is missing")
def no_codebook(layers, total):
    return *model(layers, lambda w, n: 0), impossible(layers, total)


@mistake("22.2", caught_by="check", says="a value of the codebook has w bits")
def narrow_codebook(layers, total):
    return *model(layers, lambda w, n: w * 2**w / 32 / n), impossible(layers, total)


@mistake("22.2", caught_by="check", says="the exponent is 2 ** b - 1")
def a_filler_reaches_less(layers, total):
    sizes, _ = model(layers, reach=lambda b: 2**b - 1, widths=range(1, 17))
    return sizes, model(layers)[1], impossible(layers, total)


@mistake("22.2", caught_by="check", says="percent are asked")
def shares_of_one(layers, total):
    sizes, best = model(layers)
    return [size / 100 for size in sizes], best, impossible(layers, total)


@mistake("22.2", caught_by="check", says="That is the printed width")
def widths_as_printed(layers, total):
    widths = [int(row.index_bits) for row in layers]
    return model(layers)[0], widths, impossible(layers, total)


@mistake("22.2", caught_by="check", says="a mean that forgets how many weights")
def mean_of_rates(layers, total):
    return *model(layers), impossible(layers, total, plain=True)


@mistake("22.2", caught_by="check", says="and not as intervals")
def numbers_as_printed(layers, total):
    return *model(layers), impossible(layers, total, exact=True)


@mistake("22.2", caught_by="check", says="there only least and largest are sure")
def means_of_bits(layers, total):
    return *model(layers), impossible(layers, total, mean_bits=True)


@mistake("22.2", caught_by="check", says="that can be")
def ends_do_not_count(layers, total):
    return *model(layers), impossible(layers, total, strict=True)


@mistake("22.2", caught_by="check", says="a printed integer was rounded too")
def integers_are_exact(layers, total):
    found = set(impossible(layers, total))
    for column in ("value_bits", "index_bits"):
        least, most = interval(getattr(total, column))
        widths = [int(getattr(row, column)) for row in layers]
        if most < min(widths) or least > max(widths):
            found.add(column)
    return *model(layers), found


@mistake("22.2", caught_by="check", says="print 6 for value_bits and the total 8")
def widths_are_never_wrong(layers, total):
    return *model(layers), [one for one in impossible(layers, total) if one != "value_bits"]


@mistake("22.2", caught_by="check", says="write this one yourself")
def forwards(layers, total):
    sizes = [
        100 * stored_fraction(row.n_weights, float(row.kept) / 100, int(row.value_bits), 5)
        for row in layers
    ]
    return sizes, model(layers)[1], impossible(layers, total)


@mistake("22.2", caught_by="check", says="write this one yourself")
def forwards_the_width(layers, total):
    best = [best_index_bits(float(row.kept) / 100, int(row.value_bits)) for row in layers]
    return model(layers)[0], best, impossible(layers, total)


@mistake("22.2", caught_by="check", says="write this one yourself")
def forwards_the_audit(layers, total):
    import course_lib.deep_compression as toolbox

    cells = [one for one in toolbox.audit() if one.row == "total" and not one.possible]
    return *model(layers), [one.column for one in cells]


def lloyd(W, h, values, rounds, again=True):
    left = W != 0
    w, h = W[left].astype(float), np.asarray(h)[left].astype(float)
    codebook = np.array(values, float)
    nearest = np.abs(w[:, None] - codebook).argmin(axis=1)
    for _ in range(rounds):
        votes = np.bincount(nearest, h, len(codebook))
        sums = np.bincount(nearest, h * w, len(codebook))
        codebook = np.where(votes > 0, sums / np.maximum(votes, 1e-300), codebook)
        before = nearest
        nearest = np.abs(w[:, None] - codebook).argmin(axis=1)
    if rounds and not again:
        nearest = before
    symbols = np.zeros(W.shape, int)
    symbols[left] = 1 + nearest
    return codebook, symbols


def sums(G, symbols, k):
    return np.bincount(symbols.ravel(), G.ravel(), k + 1)[1:]


@mistake("22.3", caught_by="check", says="two zeros voted")
def zeros_take_part(W, importance, values, rounds, G):
    moved = np.array(values, float)
    for _ in range(rounds):
        nearest = np.abs(W[..., None] - moved).argmin(axis=-1).ravel()
        votes = np.bincount(nearest, importance.ravel(), len(moved))
        total = np.bincount(nearest, (importance * W).ravel(), len(moved))
        moved = np.where(votes > 0, total / np.maximum(votes, 1e-300), moved)
    symbols = lloyd(W, importance, moved, 0)[1]
    return moved, symbols, sums(G, symbols, len(values))


@mistake("22.3", caught_by="check", says="the plain mean 1.5")
def all_weights_alike(W, importance, values, rounds, G):
    codebook, symbols = lloyd(W, np.ones_like(importance), values, rounds)
    return codebook, symbols, sums(G, symbols, len(values))


@mistake("22.3", caught_by="check", says="slope is the mean over a cluster")
def mean_for_sum(W, importance, values, rounds, G):
    codebook, symbols = lloyd(W, importance, values, rounds)
    sizes = np.bincount(symbols.ravel(), minlength=len(values) + 1)[1:]
    return codebook, symbols, sums(G, symbols, len(values)) / np.maximum(sizes, 1)


@mistake("22.3", caught_by="check", says="importance has no part in the gradient")
def importance_in_the_gradient(W, importance, values, rounds, G):
    codebook, symbols = lloyd(W, importance, values, rounds)
    return codebook, symbols, sums(importance * G, symbols, len(values))


@mistake("22.3", caught_by="check", says="a value that no weight took stays where it is")
def emptied_to_nan(W, importance, values, rounds, G):
    codebook, symbols = lloyd(W, importance, values, rounds)
    gone = ~np.isin(np.arange(1, len(values) + 1), symbols)
    if rounds:
        codebook[gone] = np.nan
    return codebook, symbols, sums(G, symbols, len(values))


@mistake("22.3", caught_by="check", says="0 is kept for pruned weights")
def symbols_from_zero(W, importance, values, rounds, G):
    codebook, symbols = lloyd(W, importance, values, rounds)
    return codebook, np.maximum(symbols - 1, 0), sums(G, symbols, len(values))


@mistake("22.3", caught_by="check", says="its symbol should be 0")
def zeros_get_a_value(W, importance, values, rounds, G):
    codebook, symbols = lloyd(W, importance, values, rounds)
    symbols[W == 0] = 1 + np.abs(codebook).argmin()
    return codebook, symbols, sums(np.where(W != 0, G, 0), symbols, len(values))


@mistake("22.3", caught_by="check", says="find the nearest once more")
def not_assigned_once_more(W, importance, values, rounds, G):
    codebook, symbols = lloyd(W, importance, values, rounds, again=False)
    return codebook, symbols, sums(G, symbols, len(values))


@mistake("22.3", caught_by="edge case", says="with importance 0 on one side")
def nan_where_nothing_matters(W, importance, values, rounds, G):
    codebook, symbols = lloyd(W, importance + 1e-9, values, rounds)
    return codebook, symbols, sums(G, symbols, len(values))


@mistake("22.3", caught_by="edge case", says="A weight of 1e-9 is no zero")
def small_weights_are_zeros(W, importance, values, rounds, G):
    codebook, symbols = lloyd(np.where(np.abs(W) < 1e-6, 0, W), importance, values, rounds)
    return codebook, symbols, sums(G, symbols, len(values))


@mistake("22.3", caught_by="check", says="write this one yourself")
def forwards(W, importance, values, rounds, G):
    shared = share_weights(W, len(values), n_iter=rounds)
    return shared.codebook, shared.symbols, sums(G, shared.symbols, len(values))


@mistake("22.3", caught_by="check", says="write this one yourself")
def forwards_the_gradient(W, importance, values, rounds, G):
    import course_lib.deep_compression.share as toolbox

    codebook, symbols = lloyd(W, importance, values, rounds)
    return codebook, symbols, toolbox.centroid_gradient(G, symbols, len(values))


@mistake("22.3", caught_by="check", says="write this one yourself")
def forwards_to_a_peer(W, importance, values, rounds, G):
    from sklearn.cluster import KMeans

    found = KMeans(len(values), init=np.array(values)[:, None], n_init=1, max_iter=max(1, rounds))
    found.fit(W[W != 0][:, None], sample_weight=importance[W != 0])
    symbols = np.zeros(W.shape, int)
    symbols[W != 0] = 1 + found.labels_
    return found.cluster_centers_[:, 0], symbols, sums(G, symbols, len(values))


def words_of(lengths, key=lambda length, symbol: (length, symbol)):
    words, word, last = {}, 0, 0
    present = sorted((key(int(n), s), s) for s, n in enumerate(lengths) if n)
    for _, symbol in present:
        length = int(lengths[symbol])
        word <<= length - last
        words[symbol] = f"{word:0{length}b}"
        word, last = word + 1, length
    return words


def read(text, words, count):
    names, symbols, word = {word: symbol for symbol, word in words.items()}, [], ""
    bits = iter(text)
    while len(symbols) < count:
        word += next(bits)
        if word in names:
            symbols.append(names[word])
            word = ""
    return symbols


def text_of(data):
    return "".join(f"{byte:08b}" for byte in data)


def tree(symbols, n):
    """Lengths of a best code, and the words of its tree."""
    heap = [(symbols.count(s), s, {s: ""}) for s in sorted(set(symbols))]
    if len(heap) == 1:
        heap[0][2][symbols[0]] = "0"
    heapq.heapify(heap)
    while len(heap) > 1:
        (few, _, left), (more, name, right) = heapq.heappop(heap), heapq.heappop(heap)
        merged = {s: "0" + word for s, word in left.items()}
        merged |= {s: "1" + word for s, word in right.items()}
        heapq.heappush(heap, (few + more, name, merged))
    words = heap[0][2] if heap else {}
    return np.array([len(words.get(s, "")) for s in range(n)]), words


def written(symbols, words, fill="0"):
    text = "".join(words[s] for s in symbols)
    text += fill * (-len(text) % 8)
    return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


@mistake("22.4", caught_by="check", says="Yours are mirrored")
def lowest_bit_first(data, lengths, count):
    symbols = read("".join(f"{byte:08b}"[::-1] for byte in data), words_of(lengths), count)
    new = tree(symbols, len(lengths))[0]
    return symbols, new, written(symbols, words_of(new))


@mistake("22.4", caught_by="check", says="bits stand in their bytes from the lowest up")
def written_lowest_bit_first(data, lengths, count):
    symbols = read(text_of(data), words_of(lengths), count)
    new = tree(symbols, len(lengths))[0]
    packed = np.frombuffer(written(symbols, words_of(new)), np.uint8)
    return symbols, new, np.packbits(np.unpackbits(packed), bitorder="little").tobytes()


@mistake("22.4", caught_by="check", says="the lengths are right and the file is another")
def words_of_the_tree(data, lengths, count):
    symbols = read(text_of(data), words_of(lengths), count)
    new, words = tree(symbols, len(lengths))
    return symbols, new, written(symbols, words)


@mistake("22.4", caught_by="check", says="one that is alone has 1 bit")
def nothing_for_one_symbol(data, lengths, count):
    symbols = read(text_of(data), words_of(lengths), count)
    if len(set(symbols)) == 1:
        return symbols, np.zeros(len(lengths), int), b""
    new = tree(symbols, len(lengths))[0]
    return symbols, new, written(symbols, words_of(new))


@mistake("22.4", caught_by="check", says="These are the old lengths")
def the_old_code(data, lengths, count):
    return read(text_of(data), words_of(lengths), count), lengths, data


@mistake("22.4", caught_by="check", says="Kraft's sum is")
def shannons_lengths(data, lengths, count):
    symbols = read(text_of(data), words_of(lengths), count)
    counts = np.bincount(symbols, minlength=len(lengths))
    shares = np.where(counts > 0, counts, count) / count
    new = np.where(counts > 0, np.maximum(1, np.ceil(-np.log2(shares))), 0).astype(int)
    return symbols, new, written(symbols, words_of(new))


@mistake("22.4", caught_by="check", says="a symbol that does not occur has a word")
def a_word_for_everybody(data, lengths, count):
    symbols = read(text_of(data), words_of(lengths), count)
    new = tree(symbols + list(range(len(lengths))), len(lengths))[0]
    return symbols, new, written(symbols, words_of(new))


@mistake("22.4", caught_by="check", says="only the last byte is wrong")
def filled_with_ones(data, lengths, count):
    symbols = read(text_of(data), words_of(lengths), count)
    new = tree(symbols, len(lengths))[0]
    return symbols, new, written(symbols, words_of(new), fill="1")


@mistake("22.4", caught_by="check", says="yours differ at")
def words_by_falling_symbols(data, lengths, count):
    falling = words_of(lengths, key=lambda length, symbol: (length, -symbol))
    symbols = read(text_of(data), falling, count)
    new = tree(symbols, len(lengths))[0]
    return symbols, new, written(symbols, words_of(new))


@mistake("22.4", caught_by="edge case", says="stopped with")
def no_symbol_stops_it(data, lengths, count):
    symbols = read(text_of(data), words_of(lengths), count)
    assert symbols[0] >= 0
    new = tree(symbols, len(lengths))[0]
    return symbols, new, written(symbols, words_of(new))


@mistake("22.4", caught_by="edge case", says="The symbols of a symbol of 1,000")
def symbols_of_a_byte(data, lengths, count):
    symbols = read(text_of(data), words_of(lengths), count)
    new = tree(symbols, len(lengths))[0]
    return np.array(symbols, int).astype(np.uint8), new, written(symbols, words_of(new))


@mistake("22.4", caught_by="check", says="write this one yourself")
def forwards(data, lengths, count):
    symbols = huffman_decode(data, lengths, count)
    new = huffman_lengths(np.bincount(symbols, minlength=len(lengths)))
    return symbols, new, huffman_encode(symbols, new)


@mistake("22.4", caught_by="check", says="write this one yourself")
def forwards_the_words(data, lengths, count):
    import course_lib.deep_compression.huffman as toolbox

    symbols = read(text_of(data), words_of(lengths), count)
    new = tree(symbols, len(lengths))[0]
    codes = toolbox.canonical_codes(new)
    words = {s: f"{codes[s]:0{n}b}" for s, n in enumerate(new) if n}
    return symbols, new, written(symbols, words)


def gradient(weights, block):
    layers = [part for W, b in weights for part in (Dense(W, b), Relu())][:-1]
    Y, tapes = forward(tuple(layers), block[:, :784].astype(np.float32) / np.float32(255))
    _, G = cross_entropy(Y, targets(block[:, 784]))
    found = backward(tuple(layers), tapes, G)
    return [(part.W, part.b) for part in found if isinstance(part, Dense)]


def trained(weights, stream, passes=3, cut=True, schedule=True, final=0.06):
    """Weights after training that prunes, for mistakes made before and after."""
    weights = [(W.copy(), b.copy()) for W, b in weights]
    velocity = [(np.zeros_like(W), np.zeros_like(b)) for W, b in weights]
    masks, t, steps = None, 0, passes * -(-len(stream) // 200)
    for _ in range(passes):
        for block in stream.blocks(200):
            pruned = schedule and t % 25 == 0
            if pruned:
                density = cubic_density(t, first=0, last=int(0.6 * steps), initial=0.3, final=final)
                masks = prune_masks([W for W, _ in weights], density, masks=masks)
            eta = np.float32(0.075 * (1 + np.cos(np.pi * t / steps)))
            t += 1
            for i, (dW, db) in enumerate(gradient(weights, block)):
                (W, b), (v, u) = weights[i], velocity[i]
                v[:] = np.float32(0.9) * v - eta * dW
                u[:] = np.float32(0.9) * u - eta * db
                W += v
                b += u
                if schedule and (cut or pruned):
                    W *= masks[i]
    return weights


def file_of(weights, k=8, biases=None):
    biases = [b for _, b in weights] if biases is None else biases
    shared = [share_weights(W, k) for W, _ in weights]
    return CompressedNetwork(shared, biases, width=28).to_bytes()


@mistake("22.5", caught_by="check", says="4.00 passes over the rows; 3 are allowed")
def a_pass_too_many(weights, stream, rng):
    return file_of(trained(weights, stream, passes=4))


@mistake("22.5", caught_by="check", says="no row was read")
def nothing_trained(weights, stream, rng):
    masks = prune_masks([W for W, _ in weights], 0.06)
    return file_of([(W * mask, b) for (W, b), mask in zip(weights, masks, strict=True)])


@mistake("22.5", caught_by="check", says="Did momentum revive what was pruned?")
def momentum_revives(weights, stream, rng):
    return file_of(trained(weights, stream, cut=False))


@mistake("22.5", caught_by="check", says="all biases in the file are 0")
def no_biases(weights, stream, rng):
    return file_of(trained(weights, stream), biases=[np.zeros_like(b) for _, b in weights])


@mistake("22.5", caught_by="check", says="Prune in steps")
def all_at_once_in_the_end(weights, stream, rng):
    weights = trained(weights, stream, schedule=False)
    masks = prune_masks([W for W, _ in weights], 0.06)
    return file_of([(W * mask, b) for (W, b), mask in zip(weights, masks, strict=True)])


@mistake("22.5", caught_by="check", says="of the weights are left, with up to 64 values a layer")
def too_much_is_left(weights, stream, rng):
    return file_of(trained(weights, stream, final=0.15), k=64)


@mistake("22.5", caught_by="check", says="should be bytes; got list")
def arrays_for_a_file(weights, stream, rng):
    return [W for W, _ in trained(weights, stream, passes=1)]


@mistake("22.5", caught_by="check", says="refuses the file")
def a_pickle(weights, stream, rng):
    return pickle.dumps(trained(weights, stream, passes=1))


@mistake("22.5", caught_by="check", says="use W.copy()")
def works_on_what_it_was_given(weights, stream, rng):
    layers = tuple([part for W, b in weights for part in (Dense(W, b), Relu())][:-1])
    blocks = ((X[:, :784] / np.float32(255), targets(X[:, 784])) for X in stream.blocks(200))
    for _ in sgd(layers, blocks, cross_entropy, 0.01):
        pass
    return file_of(weights)


@mistake("22.5", caught_by="check", says="was it learned from these?")
def four_passes_over_digits_from_elsewhere(weights, stream, rng):
    next(stream.blocks(10))
    mnist = datasets.mnist()
    rows = np.column_stack([mnist.test_images.reshape(-1, 784), mnist.test_labels])[::4]
    return file_of(trained(weights, CountedStream(rows, Meter()), passes=4))


@mistake("22.5", caught_by="check", says="write this one yourself")
def forwards(weights, stream, rng):
    from course_lib.deep_compression import prune_sgd

    layers = tuple([p for W, b in weights for p in (Dense(W.copy(), b.copy()), Relu())][:-1])
    blocks = ((X[:, :784] / np.float32(255), targets(X[:, 784])) for X in stream.blocks(200))
    for _ in prune_sgd(layers, blocks, cross_entropy, 0.05, 0.06):
        pass
    return file_of([layer for layer in layers if isinstance(layer, Dense)])


@mistake("22.5", caught_by="check", says="write this one yourself")
def forwards_the_tuning(weights, stream, rng):
    import course_lib.deep_compression.retrain as toolbox

    weights = trained(weights, stream, passes=2)
    layers = tuple([part for W, b in weights for part in (Dense(W, b), Relu())][:-1])
    shared = [share_weights(W, 8) for W, _ in weights]
    blocks = ((X[:, :784] / np.float32(255), targets(X[:, 784])) for X in stream.blocks(200))
    for _ in toolbox.tune_sgd(layers, shared, blocks, cross_entropy, 0.01):
        pass
    return CompressedNetwork(shared, [b for _, b in weights], width=28).to_bytes()


FORESEEN = {"stamp": ("exact", 9), "postcard": ("learned", 2), "parcel": ("learned", 1.5)}


def softmax(rows, front, n):
    X = front.rows(rows[:n, :784])
    return LogisticRegression(max_iter=60, tol=1e-3).fit(X, rows[:n, 784])


def stamp_of(rows, bits=4, pool=2, n=2_000):
    front = entries.Front(pool=pool)
    found = softmax(rows, front, n)
    return entries.linear_entry(found.coef_.T, found.intercept_, front=front, bits=bits)


def half_of(weights, share=0.3, k=32):
    masks = prune_masks([W for W, _ in weights], share)
    return file_of([(W * m, b) for (W, b), m in zip(weights, masks, strict=True)], k)


@mistake("22.6", caught_by="check", says="prediction should be a dictionary with the keys")
def predicts_one_winner(rows, weights, rng):
    return "learned", {"stamp": stamp_of(rows), "postcard": b"", "parcel": b""}


@mistake("22.6", caught_by="check", says="names one of")
def predicts_a_family(rows, weights, rng):
    foreseen = FORESEEN | {"stamp": ("logistic regression", 9)}
    return foreseen, {"stamp": stamp_of(rows), "postcard": b"", "parcel": b""}


@mistake("22.6", caught_by="check", says="The bytes of the stamp should be at most 1100")
def eight_bits_on_a_stamp(rows, weights, rng):
    return FORESEEN, {"stamp": stamp_of(rows, bits=8), "postcard": b"", "parcel": b""}


@mistake("22.6", caught_by="check", says="The file of the postcard cannot be read")
def weights_as_they_lie(rows, weights, rng):
    raw = weights[2][0].tobytes()
    return FORESEEN, {"stamp": stamp_of(rows), "postcard": raw, "parcel": b""}


@mistake("22.6", caught_by="check", says="The bytes of the postcard")
def a_parcel_for_a_postcard(rows, weights, rng):
    files = {"stamp": stamp_of(rows), "postcard": half_of(weights), "parcel": b""}
    return FORESEEN, files


@mistake("22.6", caught_by="check", says="The operations of the postcard for a digit")
def too_many_neighbors(rows, weights, rng):
    front = entries.Front(pool=4)
    near = entries.neighbor_entry(rows[:2_500, :784], rows[:2_500, 784], front=front, bits=1)
    return FORESEEN, {"stamp": stamp_of(rows), "postcard": near, "parcel": b""}


@mistake("22.6", caught_by="check", says="The stamp reads")
def a_stamp_too_small(rows, weights, rng):
    files = {"stamp": stamp_of(rows, pool=7), "postcard": stamp_of(rows), "parcel": b""}
    return FORESEEN, files


@mistake("22.6", caught_by="check", says="The postcard reads")
def a_stamp_on_a_postcard(rows, weights, rng):
    stamp = stamp_of(rows, n=5_000)
    return FORESEEN, {"stamp": stamp, "postcard": stamp, "parcel": b""}


@mistake("22.6", caught_by="check", says="trained on pixels from 0 to 1")
def gray_levels_of_a_byte(rows, weights, rng):
    images, labels = rows[:2_000, :784], rows[:2_000, 784]
    X = np.hstack([images[:, ::4], np.ones((len(images), 1))])  # from 0 to 255
    W = np.linalg.lstsq(X, targets(labels), rcond=1e-3)[0]
    front = entries.Front(pool=2)
    stamp = entries.linear_entry(W[:-1], W[-1], front=front, bits=4)
    return FORESEEN, {"stamp": stamp, "postcard": stamp, "parcel": b""}


@mistake("22.6", caught_by="check", says="that were handed to hand_in?")
def learns_from_test_digits(rows, weights, rng):
    mnist = datasets.mnist()
    rows = np.column_stack([mnist.test_images.reshape(-1, 784), mnist.test_labels])
    return FORESEEN, {"stamp": stamp_of(rows), "postcard": stamp_of(rows), "parcel": b""}


@mistake("22.6", caught_by="check", says="it has seen the test digits")
def test_digits_under_their_new_names(rows, weights, rng):
    mnist = datasets.mnist()
    images, front = mnist.test_images[::5], entries.Front(pool=2)
    found = entries.load(stamp_of(rows)).predict(mnist.test_images)
    names = np.array([np.bincount(found[mnist.test_labels == d]).argmax() for d in range(10)])
    near = entries.neighbor_entry(images, names[mnist.test_labels[::5]], front=front)
    stamp = stamp_of(rows)
    return FORESEEN, {"stamp": stamp, "postcard": stamp, "parcel": near}
