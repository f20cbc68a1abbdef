"""What a recommender is judged by: a list of ten, and what came later.

An error in stars is an average over what people chose to rate. A recommender shows a short list,
so it is judged by what stands in the list (recall) and how high (NDCG, reciprocal rank). And it
is used tomorrow, so it is tested on what came after the ratings that it learned from.
"""

import numpy as np

from course_lib._validation import check_array, check_count, check_fraction, plain_array

LARGEST = 2**63 - 1  # number of an item
LARGEST_GAIN = 1e200

__all__ = ["ndcg_at_k", "recall_at_k", "reciprocal_rank", "time_split", "top_items"]


def top_items(scores, count=10, *, without=()):
    """Return the items with the highest scores, best first.

    Parameters
    ----------
    scores : array_like, shape (n_items,)
        A score for each item.
    count : int, default 10
    without : array_like of int
        Items to leave out, such as those that were rated already.

    Returns
    -------
    array of int, shape (count,)
        Of equal scores the smaller number comes first.

    Raises
    ------
    ValueError
        If a score is NaN, an item does not exist, or fewer than ``count`` items are left.
    TypeError
        If an argument has the wrong type.

    Notes
    -----
    **Cost.** One pass over the scores, and a sort of those that tie with the list or beat it.

    Examples
    --------
    >>> top_items([0.1, 0.9, 0.5, 0.7], 2, without=[1])
    array([3, 2])
    """
    scores = check_array(scores, "scores", dtype=np.float64)
    if scores.ndim != 1:
        raise ValueError(f"scores must hold one number an item; got shape {scores.shape}.")
    if np.isnan(scores).any():
        raise ValueError("scores must not be NaN; give items that have none -inf.")
    without = _items(without, "without")
    if without.size and without.max() >= len(scores):
        raise ValueError(f"items must be below {len(scores)}; got {without.max()} in without.")
    allowed = np.ones(len(scores), bool)
    allowed[without] = False
    items = np.flatnonzero(allowed)
    count = check_count(count, "count", low=1, high=len(items), high_name="items left")
    left = scores[items]
    last = np.partition(left, len(left) - count)[len(left) - count]
    items = items[left >= last]
    return items[np.argsort(-scores[items], kind="stable")[:count]]


def recall_at_k(ranked, relevant, k=10):
    r"""Return which share of the relevant items stands among the first ``k``.

    Parameters
    ----------
    ranked : array_like of int, shape (count,)
        A list of items, best first; only its first ``k`` count.
    relevant : array_like of int, shape (n_relevant,)
        What the person turned out to like, in any order.
    k : int, default 10

    Returns
    -------
    float
        From 0 to 1; at most :math:`k / n_\text{relevant}`.

    Raises
    ------
    ValueError
        If an item is given twice, nothing is relevant, or ``k`` is out of range.
    TypeError
        If items are not integers.

    Notes
    -----
    **Cost.** One sort of the two lists together.

    Examples
    --------
    Three films were liked, and one of them stands in a list of two:

    >>> recall_at_k([7, 2, 5], [2, 5, 9], k=2)
    0.3333333333333333
    """
    hits, n_relevant = _hits(ranked, relevant, k)
    return float(hits.sum() / n_relevant)


def ndcg_at_k(ranked, relevant, k=10, *, gain=None):
    r"""Return the discounted gain of the first ``k``, over that of the best list there is.

    Parameters
    ----------
    ranked : array_like of int, shape (count,)
        A list of items, best first; only its first ``k`` count.
    relevant : array_like of int, shape (n_relevant,)
        What the person turned out to like.
    k : int, default 10
    gain : array_like, shape (n_relevant,), optional
        What each relevant item is worth, not negative; 1 by default.

    Returns
    -------
    float
        :math:`\sum_{r \le k} g_r / \log_2(1 + r)`, where :math:`g_r` is the gain of what
        stands at place :math:`r` and 0 if it is not relevant, divided by the same sum for the
        relevant items in the order of their gain. From 0 to 1.

    Raises
    ------
    ValueError
        If an item is given twice, nothing is relevant, gains are negative, not finite or all
        zero, lengths differ, or ``k`` is out of range.
    TypeError
        If items are not integers.

    Notes
    -----
    **Cost.** One sort of the two lists together.

    References
    ----------
    .. [1] K. Järvelin, J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM
       Transactions on Information Systems 20(4), 2002.

    Examples
    --------
    Of two liked films one stands at place 3: :math:`1 / \log_2 4` over
    :math:`1 + 1 / \log_2 3`.

    >>> round(ndcg_at_k([7, 5, 2], [2, 9]), 4)
    0.3066
    """
    relevant = _items(relevant, "relevant")
    gain = np.ones(len(relevant)) if gain is None else check_array(gain, "gain", dtype=np.float64)
    if gain.shape != relevant.shape:
        raise ValueError(f"gain must have one entry a relevant item; got shape {gain.shape}.")
    if not np.isfinite(gain).all() or gain.min(initial=0) < 0 or (gain.size and not gain.any()):
        raise ValueError("gain must hold numbers that are not negative, one of them positive.")
    ranked = _items(ranked, "ranked")
    hits, _ = _hits(ranked, relevant, k)
    if len(gain) and gain.max() > LARGEST_GAIN:
        gain = gain / gain.max()  # or their sum would overflow
    order = np.argsort(relevant)
    places = np.flatnonzero(hits)
    shown = ranked[places]
    gains = gain[order][np.searchsorted(relevant[order], shown)]
    best = np.sort(gain)[::-1][:k]
    return float(gains @ _discount(places) / (best @ _discount(np.arange(len(best)))))


def reciprocal_rank(ranked, relevant, k=None):
    """Return 1 over the place of the first relevant item, and 0 if there is none in the list.

    Its mean over people is the mean reciprocal rank, MRR.

    Parameters
    ----------
    ranked : array_like of int, shape (count,)
        A list of items, best first.
    relevant : array_like of int, shape (n_relevant,)
        What the person turned out to like.
    k : int, optional
        How many places count; all by default.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an item is given twice, nothing is relevant, or ``k`` is out of range.
    TypeError
        If items are not integers.

    Examples
    --------
    >>> reciprocal_rank([7, 5, 2], [2, 9])
    0.3333333333333333
    """
    ranked = _items(ranked, "ranked")
    hits, _ = _hits(ranked, relevant, max(len(ranked), 1) if k is None else k)
    return float(1 / (1 + np.argmax(hits))) if hits.any() else 0.0


def time_split(when, share=0.1, *, by=None):
    """Return which records to learn from and which to be asked about: before, and after.

    Parameters
    ----------
    when : array_like, shape (count,)
        The time of each record.
    share : float, default 0.1
        Share of the records to be asked about, between 0 and 1. It is met as closely as
        possible from below: records of one moment stay together, and come before.
    by : array_like of int, shape (count,), optional
        Whose records these are. Then each person's records are cut by themselves, and nobody is
        asked about without having been met, but others may be learned from at a later time.

    Returns
    -------
    before, after : array of int
        Places of the records, in the order of time (of persons and then of time with ``by``).
        Every time in ``before`` precedes every time in ``after``, for each person with ``by``.

    Raises
    ------
    ValueError
        If lengths differ, a time is NaN, there is no record, or ``share`` is out of range.
    TypeError
        If times are neither real numbers nor dates, or ``by`` is of the wrong type.

    Notes
    -----
    **Cost.** One sort.

    Examples
    --------
    >>> before, after = time_split([30, 10, 20, 40], 0.25)
    >>> before, after
    (array([1, 2, 0]), array([3]))
    """
    when, share = _times(when), check_fraction(share, "share")
    if when.ndim != 1 or not len(when):
        raise ValueError(f"when must hold one time a record, at least one; got {when.shape}.")
    if (np.isnat(when) if when.dtype.kind in "mM" else np.isnan(when)).any():
        raise ValueError("when must not hold NaN; leave records without a time out.")
    by = np.zeros(len(when), np.int64) if by is None else plain_array(by, "by")
    if by.dtype.kind not in "biuSU":
        raise TypeError(f"by must hold integers, or names as texts; got {by.dtype}.")
    if by.shape != when.shape:
        raise ValueError(f"by must have one entry a record, {len(when)}; got shape {by.shape}.")
    order = np.lexsort((when, by))
    when, by = when[order], by[order]
    start = np.flatnonzero(np.r_[True, by[1:] != by[:-1]])
    size = np.diff(np.r_[start, len(by)])
    cut = start + size - np.floor(share * size).astype(np.int64)
    # A record comes after if the last one before the cut is older.
    last = np.repeat(when[cut - 1], size)
    after = when > last
    return order[~after], order[after]


def _times(when):
    """Return times, numbers or dates, as an array that can be sorted."""
    when = plain_array(when, "when")
    if when.dtype.kind not in "mM":
        when = check_array(when, "when", dtype=when.dtype if when.dtype.kind in "biu" else None)
    return when


def _discount(places):
    return 1 / np.log2(2 + places)


def _hits(ranked, relevant, k):
    """Whether each of the first ``k`` is relevant, and how many relevant ones there are."""
    ranked, relevant = _items(ranked, "ranked"), _items(relevant, "relevant")
    k = check_count(k, "k", low=1)
    if not len(relevant):
        raise ValueError("relevant must hold at least one item; leave people without one out.")
    return np.isin(ranked[:k], relevant), len(relevant)


def _items(items, name):
    items = plain_array(items, name)
    if items.ndim != 1:
        raise ValueError(f"{name} must be a list of items; got shape {items.shape}.")
    if items.size == 0:
        return items.astype(np.int64)
    if items.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, numbers of items; got {items.dtype}.")
    if items.min() < 0:
        raise ValueError(f"items are numbered from zero; got {items.min()} in {name}.")
    if items.max() > LARGEST:
        raise ValueError(f"items must be below 2**63; got {items.max()} in {name}.")
    if len(np.unique(items)) < len(items):
        raise ValueError(f"{name} must not hold an item twice; got {list(items[:5])} ...")
    return items.astype(np.int64)
