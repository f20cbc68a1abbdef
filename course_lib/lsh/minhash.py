"""MinHash: the share of equal minima estimates the Jaccard similarity of two sets."""

import itertools

import numpy as np
from numba import njit

from course_lib._sketch import (
    as_batches,
    check_seed,
    hash_items,
    random_words,
)
from course_lib._validation import check_count, check_memory, plain_array

__all__ = ["jaccard", "minhash"]

EMPTY = np.uint64(2**64 - 1)


def minhash(sets, n_hashes=128, *, seed=0):
    r"""Return the MinHash signature of each set.

    Parameters
    ----------
    sets : iterable of n sets
        Each a set, array or other iterable of integers, strings or bytes; an item that occurs
        twice counts once. A text is none: split it.
    n_hashes : int, default 128
        Length k of a signature.
    seed : int, default 0
        Signatures can be compared if their seeds and lengths are equal.

    Returns
    -------
    signatures : array of uint64, shape (n, k)
        Column i holds the least value of hash function i over the set; the largest 64-bit number
        for the empty set.

    Raises
    ------
    TypeError
        If an item is neither an integer, a string nor bytes, or a set is a text or a dict.
    ValueError
        If `n_hashes` is less than 1 or too large for the memory, or the seed is out of range.

    Notes
    -----
    **Cost.** k hashes for each item, no memory beyond the signatures; one reading of the sets.

    **Guarantee.** Two signatures agree in a column with probability
    :math:`J = |A \cap B| / |A \cup B|`, so the share of agreeing columns has mean J and
    variance :math:`J(1 - J)/k` [1]_, if the hash functions are random ones. Here an item is mixed
    once, which makes it a random-looking word; a column takes that through an exclusive or and a
    product with words of its own, one-to-one. A product of the items themselves would be biased
    on consecutive numbers. Of random words no bias and no correlation of columns was seen.

    References
    ----------
    .. [1] A. Z. Broder, "On the resemblance and containment of documents", SEQUENCES 1997,
       21-29.

    Examples
    --------
    >>> a, b = minhash([["to", "be", "or", "not"], ["not", "to", "be", "or", "or"]], 8)
    >>> bool((a == b).all())
    True
    """
    n_hashes = check_count(n_hashes, "n_hashes", low=1)
    seed, sets = check_seed(seed), as_batches(sets, "set")
    check_memory(8 * n_hashes * (len(sets) + 1), "matrix of signatures")
    words = random_words(seed, 2 * n_hashes, stream=11).reshape(2, n_hashes)
    hashes, starts = hash_sets(sets, seed)
    signatures = np.full((len(sets), n_hashes), EMPTY)
    _least(hashes, starts, words[0], words[1] | np.uint64(1), signatures)
    return signatures


def hash_sets(sets, seed):
    """Return the hashes of all items of batches, one after the other, and where each begins."""
    starts = np.cumsum([0, *map(len, sets)])
    if all(isinstance(items, list) for items in sets):
        return hash_items(list(itertools.chain(*sets)), seed), starts
    if all(isinstance(items, np.ndarray) for items in sets):  # modulo 2**64, as everywhere
        return hash_items(np.concatenate([items.astype(np.int64) for items in sets]), seed), starts
    return np.concatenate([hash_items(items, seed) for items in sets]), starts


@njit(cache=True)
def _least(hashes, starts, words, factors, signatures):
    """Write the least ``(hash ^ word) * factor`` of each set and column.

    Four items a turn, so that the row is read and written a fourth as often; an item that is
    taken twice, at the end of a set, changes no minimum.
    """
    for s in range(len(starts) - 1):
        row, last = signatures[s], starts[s + 1] - 1
        for i in range(starts[s], last + 1, 4):
            a, b = hashes[i], hashes[min(i + 1, last)]
            c, d = hashes[min(i + 2, last)], hashes[min(i + 3, last)]
            for j in range(len(words)):
                x, y = words[j], factors[j]
                first = min((a ^ x) * y, (b ^ x) * y)
                row[j] = min(row[j], min(first, min((c ^ x) * y, (d ^ x) * y)))


def check_signatures(signatures, name):
    """Return signatures as an array of integers with one axis at least, and columns."""
    signatures = plain_array(signatures, name)
    if signatures.dtype.kind not in "iu":
        raise TypeError(f"{name} must be signatures from minhash; got {signatures.dtype}.")
    if not signatures.ndim or not signatures.shape[-1]:
        raise ValueError(f"{name} must have columns; got shape {signatures.shape}.")
    return signatures


def jaccard(first, second):
    """Return the estimated Jaccard similarity of sets from their signatures.

    Parameters
    ----------
    first, second : array of uint64, shape (..., k)
        From `minhash` with one length and seed; the leading axes broadcast.

    Returns
    -------
    similarity : float, or array of float, shape (...)
        The share of columns in which they agree.

    Raises
    ------
    ValueError
        If the signatures differ in length, have no columns, or do not broadcast.
    TypeError
        If they are not integers.

    Examples
    --------
    >>> few, many = minhash([range(50), range(100)], 4096)
    >>> round(float(jaccard(few, many)), 1)
    0.5
    """
    first, second = check_signatures(first, "first"), check_signatures(second, "second")
    if first.shape[-1:] != second.shape[-1:]:
        raise ValueError(
            f"signatures must have equal length; got {first.shape[-1:]} and {second.shape[-1:]}."
        )
    try:
        np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        raise ValueError(
            f"the leading axes of the signatures must broadcast; "
            f"got shapes {first.shape} and {second.shape}."
        ) from None
    return np.mean(first == second, axis=-1)
