r"""Descent of workers that send compressed steps to a server."""

from typing import NamedTuple

import numpy as np

from course_lib._validation import check_array, check_count, check_finite, check_number
from course_lib.parallel_optimization.compression import ErrorFeedback

__all__ = ["CompressedIterate", "compressed_descent"]


class CompressedIterate(NamedTuple):
    """Where compressed descent is."""

    x: np.ndarray
    sent_bytes: int  # up to the server, by all workers so far
    memory: float  # the length of the longest memory of a worker


def compressed_descent(gradients, x0, *, step, compress=None, feedback=True):
    r"""Yield the iterates of workers that send compressed steps to a server.

    Parameters
    ----------
    gradients : sequence of callable
        ``gradients[r](x)`` returns the gradient of worker r, for the rows that it draws now.
    x0 : array
        Start, of any shape.
    step : float
        :math:`\eta`, positive: x moves by the mean of what the workers' messages of
        :math:`\eta g_r` stand for.
    compress : callable, optional
        As of `ErrorFeedback`; everything is sent by default.
    feedback : bool, default True
        Whether each worker remembers what its messages left out.

    Yields
    ------
    CompressedIterate
        The first is the start; it goes on for ever.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range. As with every generator, at the first ``next``.

    Notes
    -----
    **Cost.** Counted is the way up to a server. The way down, and an all-gather in its place, are
    not: a sum of sparse messages is less sparse.

    Examples
    --------
    >>> from course_lib.parallel_optimization import top_k
    >>> pull = lambda x: x - np.array([1.0, 2.0])
    >>> steps = compressed_descent([pull], [0.0, 0.0], step=0.5, compress=lambda x: top_k(x, 1))
    >>> [next(steps).x.tolist() for _ in range(3)]
    [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    """
    gradients = list(gradients)
    check_count(len(gradients), "gradients", low=1)
    x = check_finite(check_array(x0, "x0"), "x0")
    step = check_number(step, "step", low=0, open_low=True, open_high=True)
    senders = [ErrorFeedback(compress or _whole) for _ in gradients]
    sent = 0
    while True:
        longest = max(np.linalg.norm(s.memory) if s.memory is not None else 0.0 for s in senders)
        yield CompressedIterate(x, sent, float(longest))
        total = np.zeros_like(x)
        for sender, gradient in zip(senders, gradients, strict=True):
            message = sender.send((step * gradient(x)).astype(x.dtype, copy=False))
            if not feedback:
                sender.memory = None
            sent += message.nbytes
            total += message.toarray()
        x = check_finite(x - total / x.dtype.type(len(senders)), "a gradient")


class _Whole(NamedTuple):
    array: np.ndarray

    @property
    def nbytes(self):
        return self.array.nbytes

    def toarray(self):
        return self.array


def _whole(x):
    return _Whole(x)
