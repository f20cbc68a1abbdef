r"""Which weights to leave: the largest, in each layer or in all, and a schedule that leaves fewer.

prune_masks     masks that leave a share of the weights, by one of three scores
lamp_scores     the score that is fair to layers of different scale
cubic_density   a density that falls quickly at first, then slowly
SCORES          the names of the scores
"""

import numpy as np

from course_lib._validation import check_array, check_count, check_finite, check_number

__all__ = ["SCORES", "check_layers", "cubic_density", "lamp_scores", "prune_masks"]

SCORES = ("layer", "global", "lamp")


def prune_masks(weights, density, *, score="lamp", masks=None):
    r"""Return masks that leave a share of the weights of a network.

    Parameters
    ----------
    weights : sequence of arrays
        One for each layer, of any shapes.
    density : float
        Share of the weights that are left, from 0 to 1; with ``score="layer"`` one number may be
        given for each layer.
    score : {"lamp", "global", "layer"}, default "lamp"
        ``"layer"`` leaves the largest of each layer, ``"global"`` the largest of all, ``"lamp"``
        those with the largest `lamp_scores`.
    masks : sequence of arrays of bool, optional
        What was left before: what they pruned stays pruned.

    Returns
    -------
    tuple of arrays of bool
        True where a weight is left: the next integer to ``density`` times the size, and of
        equal scores those that come first.

    Raises
    ------
    ValueError, TypeError
        If weights are not finite, shapes do not fit, or an argument is out of range.

    Notes
    -----
    **Cost.** O(n), for ``"lamp"`` O(n log n).

    **Guarantee.** With ``"layer"`` and s weights left, no matrix with s nonzero entries is nearer
    in Frobenius norm; with ``"global"`` the same holds for all layers together. It is the best for
    the layer's *output* if its inputs are uncorrelated and of one size, :math:`X^T X = c I`.

    References
    ----------
    .. [1] S. Han, J. Pool, J. Tran, W. J. Dally, "Learning both weights and connections for
       efficient neural networks", NIPS 2015.

    Examples
    --------
    >>> first, second = [[3.0, -1.0], [0.5, 2.0]], [0.1, -0.2]
    >>> [m.tolist() for m in prune_masks([first, second], 0.5, score="layer")]
    [[[True, False], [False, True]], [False, True]]
    >>> [m.tolist() for m in prune_masks([first, second], 0.5, score="global")]
    [[[True, True], [False, True]], [False, False]]
    """
    weights = check_layers(weights, "weights")
    if score not in SCORES:
        raise ValueError(f"score must be one of {', '.join(SCORES)}; got {score!r}.")
    if masks is not None:
        masks = _check_masks(masks, weights)
        weights = [np.where(m, W, 0) for W, m in zip(weights, masks, strict=True)]
    if score == "layer":
        densities = _densities(density, len(weights))
        scores = [np.abs(W).ravel() for W in weights]
        kept = [_largest(s, d) for s, d in zip(scores, densities, strict=True)]
        return tuple(k.reshape(W.shape) for k, W in zip(kept, weights, strict=True))
    density = check_number(density, "density", low=0, high=1)
    rank = lamp_scores if score == "lamp" else np.abs
    kept = _largest(np.concatenate([rank(W).ravel() for W in weights]), density)
    ends = np.cumsum([W.size for W in weights])[:-1]
    return tuple(k.reshape(W.shape) for k, W in zip(np.split(kept, ends), weights, strict=True))


def _largest(scores, density):
    """The largest scores, so many; never one that is 0, since it says that a weight is pruned."""
    count = int(np.rint(density * scores.size))
    if count == 0:
        return np.zeros(scores.size, bool)
    least = np.partition(scores, scores.size - count)[scores.size - count]
    if least <= 0:
        return scores > 0
    kept = scores > least
    kept[np.flatnonzero(scores == least)[: count - np.count_nonzero(kept)]] = True
    return kept


def lamp_scores(W):
    r"""Return the square of each weight, divided by the sum over those that are not smaller.

    Parameters
    ----------
    W : array
        Weights of one layer, of any shape.

    Returns
    -------
    array of float64, of the same shape
        :math:`w_i^2 / \sum_{j \ge i} w_j^2` in the order of rising :math:`|w|`; of equal weights
        those that come later count as smaller. 0 for zeros.

    Raises
    ------
    ValueError, TypeError
        If ``W`` is not finite.

    Notes
    -----
    **Cost.** A sort.

    **Guarantee.** The largest weight of a layer has the score 1, so that no layer is pruned as a
    whole; in a layer scores are ordered as magnitudes are; a factor of the layer changes
    nothing [1].

    References
    ----------
    .. [1] J. Lee, S. Park, S. Mo, S. Ahn, J. Shin, "Layer-adaptive sparsity for the
       magnitude-based pruning", ICLR 2021.

    Examples
    --------
    >>> lamp_scores([1.0, -2.0, 2.0])
    array([0.11111111, 1.        , 0.5       ])
    """
    W = check_finite(check_array(W, "W"), "W")
    magnitudes = np.abs(W).ravel()
    largest = magnitudes.max(initial=0)
    scores = np.zeros(W.size)
    if largest == 0:
        return scores.reshape(W.shape)
    order = np.argsort(-magnitudes, kind="stable")
    squares = (magnitudes[order].astype(np.float64) / float(largest)) ** 2
    scores[order] = squares / np.cumsum(squares)
    return scores.reshape(W.shape)


def cubic_density(step, first, last, initial, final):
    r"""Return the density at a step of a schedule that falls as a cube.

    Parameters
    ----------
    step : int
        0 or more.
    first, last : int
        Where the density begins to fall, and where it has fallen.
    initial, final : float
        Densities from 0 to 1.

    Returns
    -------
    float
        1 before ``first``, then
        :math:`d_1 + (d_0 - d_1)(1 - (t - t_0) / (t_1 - t_0))^3`, then ``final``.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    References
    ----------
    .. [1] M. Zhu, S. Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model
       compression", ICLR 2018 workshop.

    Examples
    --------
    Half way seven eighths of the fall are done:

    >>> [cubic_density(t, 10, 20, 0.5, 0.1) for t in (9, 10, 15, 20, 30)]
    [1.0, 0.5, 0.15000000000000002, 0.1, 0.1]
    """
    step = check_count(step, "step", low=0)
    first = check_count(first, "first", low=0)
    last = check_count(last, "last", low=first)
    initial = check_number(initial, "initial", low=0, high=1)
    final = check_number(final, "final", low=0, high=1)
    if step < first:
        return 1.0
    left = 1 - (step - first) / (last - first) if step < last else 0.0
    return final + (initial - final) * left**3


def check_layers(weights, name):
    """Return one finite array for each layer, at least one of them and none empty."""
    if isinstance(weights, np.ndarray) or not isinstance(weights, list | tuple):
        raise TypeError(
            f"{name} must be a list of arrays, one for each layer; got {type(weights).__name__}."
        )
    arrays = [
        check_finite(check_array(W, f"{name}[{i}]"), f"{name}[{i}]") for i, W in enumerate(weights)
    ]
    if not arrays or not all(W.size for W in arrays):
        raise ValueError(f"{name} must have one array for each layer, none of them empty.")
    return arrays


def _densities(density, n_layers):
    if not isinstance(density, list | tuple | np.ndarray):
        density = [density] * n_layers
    if len(density) != n_layers:
        raise ValueError(f"density must be a number or {n_layers} of them; got {len(density)}.")
    return [check_number(d, "density", low=0, high=1) for d in density]


def _check_masks(masks, weights):
    if not isinstance(masks, list | tuple) or len(masks) != len(weights):
        raise ValueError(f"masks must be a list of {len(weights)} arrays, one for each layer.")
    masks = [np.asarray(mask) for mask in masks]
    if any(m.dtype != bool or m.shape != W.shape for m, W in zip(masks, weights, strict=True)):
        raise ValueError("masks must be arrays of bool of the shapes of the weights.")
    return masks
