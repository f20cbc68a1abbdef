r"""Gradients that say little, and a memory of what was not said."""

import math
from typing import NamedTuple

import numpy as np

from course_lib._validation import check_array, check_count, check_finite, check_number

__all__ = [
    "ErrorFeedback",
    "OneBit",
    "TopK",
    "feedback_bound",
    "one_bit",
    "top_k",
]


class TopK(NamedTuple):
    """The largest entries of an array, as a message."""

    values: np.ndarray  # (k,)
    indices: np.ndarray  # (k,) int32, in rising order
    shape: tuple

    @property
    def nbytes(self):
        """Bytes of values and indices."""
        return self.values.nbytes + self.indices.nbytes

    def toarray(self):
        """Return the array that the message stands for: zero elsewhere."""
        whole = np.zeros(self.shape, self.values.dtype)
        whole.reshape(-1)[self.indices] = self.values
        return whole


class OneBit(NamedTuple):
    """The signs of an array and one size, as a message."""

    bits: np.ndarray  # packed, uint8: 1 where not negative
    scale: np.floating  # the mean of the absolute values
    shape: tuple

    @property
    def nbytes(self):
        """Bytes of signs and size."""
        return self.bits.nbytes + self.scale.nbytes

    def toarray(self):
        """Return the array that the message stands for."""
        positive = np.unpackbits(self.bits, count=math.prod(self.shape)).astype(bool)
        return np.where(positive, self.scale, -self.scale).reshape(self.shape)


def top_k(x, k):
    r"""Return the ``k`` entries of largest absolute value, as a message.

    Parameters
    ----------
    x : array, of at most 2**31 - 1 entries
    k : int
        From 1 to the number of entries.

    Returns
    -------
    TopK
        Of ties, which entries are kept is not said, but the same for the same ``x``.

    Raises
    ------
    ValueError, TypeError
        If ``x`` is no finite real array or ``k`` is out of range.

    Notes
    -----
    **Cost.** :math:`O(d)` for d entries. The message has :math:`8k` bytes of float32.

    **Guarantee.** :math:`\|x - \mathrm{top}_k\, x\|^2 \le (1 - k/d) \|x\|^2`: the largest
    squares are at least their share.

    Examples
    --------
    >>> message = top_k([3.0, -5.0, 1.0], 1)
    >>> message.toarray(), message.nbytes
    (array([ 0., -5.,  0.]), 12)
    """
    x = check_finite(check_array(x, "x"), "x")
    k = check_count(k, "k", low=1, high=min(x.size, 2**31 - 1), high_name="entries")
    flat = x.reshape(-1)
    kept = np.sort(np.argpartition(np.abs(flat), x.size - k)[x.size - k :]).astype(np.int32)
    return TopK(flat[kept], kept, x.shape)


def one_bit(x):
    r"""Return the signs of an array and the mean of its absolute values, as a message.

    Parameters
    ----------
    x : array, not empty

    Returns
    -------
    OneBit

    Raises
    ------
    ValueError, TypeError
        If ``x`` is no finite real array, or empty.

    Notes
    -----
    **Guarantee.** Of all messages :math:`c \cdot \mathrm{sign}(x)` it is the nearest to x:
    :math:`\|x - q\|^2 = \|x\|^2 - \|x\|_1^2/d` ([1], its :math:`\delta` being
    :math:`\|x\|_1^2 / (d \|x\|^2)`).

    References
    ----------
    .. [1] S. P. Karimireddy, Q. Rebjock, S. Stich, M. Jaggi, "Error feedback fixes SignSGD and
       other gradient compression schemes", ICML 2019.

    Examples
    --------
    >>> message = one_bit([3.0, -5.0, 1.0])
    >>> message.toarray(), message.nbytes
    (array([ 3., -3.,  3.]), 9)
    """
    x = check_finite(check_array(x, "x"), "x")
    if x.size == 0:
        raise ValueError("x must not be empty; give it an entry.")
    scale = x.dtype.type(np.abs(x).mean())
    return OneBit(np.packbits(x.reshape(-1) >= 0), scale, x.shape)


class ErrorFeedback:
    r"""A sender that remembers what its messages left out, and adds it to what comes next.

    Parameters
    ----------
    compress : callable
        Such as `one_bit`, or ``lambda x: top_k(x, 8)``: its result has ``toarray`` and ``nbytes``.

    Attributes
    ----------
    memory : array or None
        What has not been said so far.

    Notes
    -----
    **Guarantee.** What was said and the memory together are what was to be said, to rounding.
    If a message leaves out at most :math:`1 - \delta` of the squared length and each update has
    length at most :math:`\eta G`, the memory is at most `feedback_bound`.

    References
    ----------
    .. [1] S. Stich, J.-B. Cordonnier, M. Jaggi, "Sparsified SGD with memory", NeurIPS 2018.

    Examples
    --------
    >>> sender = ErrorFeedback(lambda x: top_k(x, 1))
    >>> [sender.send([2.0, 3.0]).toarray().tolist() for _ in range(3)]
    [[0.0, 3.0], [4.0, 0.0], [0.0, 6.0]]
    >>> sender.memory
    array([2., 0.])
    """

    def __init__(self, compress):
        if not callable(compress):
            raise TypeError(f"compress must be a function of an array; got {compress!r}.")
        self._compress, self.memory = compress, None

    def send(self, update):
        """Return the message for an update, which includes its step length."""
        update = check_array(update, "update")
        if self.memory is None:
            self.memory = np.zeros_like(update)
        if self.memory.shape != update.shape:
            raise ValueError(
                f"update must keep its shape, {self.memory.shape}; got {update.shape}."
            )
        wanted = self.memory + update
        message = self._compress(wanted)
        self.memory = wanted - message.toarray()
        return message


def feedback_bound(delta, step=1.0, lipschitz=1.0):
    r"""Return how long the memory of `ErrorFeedback` can get, :math:`\eta G\, r / (1 - r)`.

    Parameters
    ----------
    delta : float
        Share of the squared length that a message keeps at least, in (0, 1]; k/d for `top_k`.
    step, lipschitz : float, default 1
        :math:`\eta` and :math:`G`: no update is longer than their product.

    Returns
    -------
    float
        With :math:`r = \sqrt{1 - \delta}`; at most :math:`2\eta G \sqrt{1-\delta}/\delta`.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    Notes
    -----
    **Guarantee.** :math:`\|e'\| \le r \|e + \eta g\| \le r(\|e\| + \eta G)`, from
    :math:`e = 0`. [1] has the same with other constants.

    References
    ----------
    .. [1] S. P. Karimireddy, Q. Rebjock, S. Stich, M. Jaggi, "Error feedback fixes SignSGD and
       other gradient compression schemes", ICML 2019.

    Examples
    --------
    >>> feedback_bound(0.75)                                # r = 1/2
    1.0
    """
    delta = check_number(delta, "delta", low=0, high=1, open_low=True)
    step = check_number(step, "step", low=0, high=1e100)
    lipschitz = check_number(lipschitz, "lipschitz", low=0, high=1e100)
    r = math.sqrt(1 - delta)
    bound = np.float64(step * lipschitz * r * (1 + r)) / delta  # r / (1 - r), without cancellation
    return float(check_finite(bound, "step * lipschitz / delta"))
