"""Which machine a key belongs to: by a hash that is the same in every process."""

import numpy as np

from course_lib._sketch import check_seed, hash_items
from course_lib._validation import check_count

__all__ = ["folded", "partition_keys"]


def partition_keys(keys, n_parts, *, seed=0):
    r"""Return the part to which each key belongs, from 0 to ``n_parts`` - 1.

    Parameters
    ----------
    keys : sequence of int, str or bytes, length n
        Or of tuples of these, all of one length.
    n_parts : int
        At least 1.
    seed : int, default 0
        Which hash function, see `course_lib.hashing.hash_items`.

    Returns
    -------
    array of int64, shape (n,)
        ``hash_items(keys, seed) % n_parts``; the hash of a tuple folds those of its entries.

    Raises
    ------
    TypeError
        If a key is none of these.
    ValueError
        If tuples differ in length, or a number is out of range.

    Notes
    -----
    Python's own ``hash`` of strings differs from process to process: two workers that used it
    would send one word to two reducers.

    **Cost.** One hash a key.

    **Guarantee.** The part depends on the key, the seed and ``n_parts`` alone. Equal keys share
    a part; a key holds its part with probability :math:`1/p` up to :math:`p\,2^{-64}`.

    Examples
    --------
    >>> parts = partition_keys(["to", "be", "or", "not", "to", "be"], 4)
    >>> bool(parts[0] == parts[4] and parts[1] == parts[5] and parts.max() < 4)
    True
    """
    n_parts = check_count(n_parts, "n_parts", low=1, high=2**62)
    seed = check_seed(seed)
    if not isinstance(keys, np.ndarray | list | str | bytes | int) and hasattr(keys, "__iter__"):
        keys = list(keys)
    if isinstance(keys, list) and any(isinstance(key, tuple) for key in keys):
        hashes = _hash_tuples(keys, seed)
    else:
        hashes = hash_items(keys, seed)
    return (hashes % np.uint64(n_parts)).astype(np.int64)


def _hash_tuples(keys, seed):
    lengths = {len(key) if isinstance(key, tuple) else -1 for key in keys}
    if len(lengths) > 1 or lengths == {0}:
        raise ValueError(
            "keys must be tuples of one length, at least 1, if one of them is a tuple; "
            f"got lengths {sorted(lengths)}, where -1 is no tuple."
        )
    return folded([hash_items(list(column), seed) for column in zip(*keys, strict=True)], seed)


def folded(columns, seed):
    """Return the hashes of tuples, of whose entries ``columns`` holds the hashes."""
    hashes = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        hashes = hash_items(hashes, seed) ^ column
    return hash_items(hashes, seed)
