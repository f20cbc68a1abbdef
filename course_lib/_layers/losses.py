"""Losses: a function of outputs and targets that returns its value and its gradient.

Targets are +1 for the class of a row and -1 for the others. Values are means over rows.
"""

import numpy as np

from course_lib._layers.layers import forward
from course_lib._validation import check_number

__all__ = ["cross_entropy", "distillation", "square_hinge", "taught"]


def square_hinge(Y, T):
    """Return the squared hinge loss, summed over classes, and its gradient.

    Parameters
    ----------
    Y : array, shape (n, n_classes)
        Outputs.
    T : array, shape (n, n_classes)
        Targets, -1 or 1. With 0 for -1 nothing pushes wrong classes down.

    Returns
    -------
    value : float
    G : array, shape (n, n_classes)

    Examples
    --------
    >>> square_hinge(np.array([[0.5, -2.0]]), np.array([[1.0, -1.0]]))   # (1 - 0.5)**2
    (0.25, array([[-1.,  0.]]))
    """
    short = np.maximum(1 - T * Y, 0)
    return float(np.einsum("ij,ij->", short, short)) / len(Y), Y.dtype.type(-2 / len(Y)) * T * short


def cross_entropy(Y, T):
    """Return the cross-entropy of the softmax of the outputs, and its gradient.

    Parameters
    ----------
    Y : array, shape (n, n_classes)
        Outputs.
    T : array, shape (n, n_classes)
        Targets; positive for the class of the row.

    Returns
    -------
    value : float
    G : array, shape (n, n_classes)

    Examples
    --------
    >>> value, G = cross_entropy(np.zeros((1, 2)), np.array([[1.0, -1.0]]))
    >>> round(value, 6), G                                                # log 2
    (0.693147, array([[-0.5,  0.5]]))
    """
    P, own = softmax(Y), T > 0
    value = -float(np.log(np.maximum(P[own], np.finfo(P.dtype).tiny)).sum()) / len(Y)
    return value, (P - own) / Y.dtype.type(len(Y))


def softmax(Y):
    """Return probabilities proportional to ``exp(Y)``, without overflow."""
    P = np.exp(Y - Y.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    return P


def distillation(weight, temperature, loss=cross_entropy):
    r"""Return a loss that also asks for the outputs of a teacher.

    Parameters
    ----------
    weight : float
        Of the teacher, from 0 to 1; the rest is ``loss``.
    temperature : float
        :math:`\tau`, from 0.01 to 10,000; both outputs are divided by it.
    loss : callable, default `cross_entropy`

    Returns
    -------
    callable
        Of outputs and pairs (targets, outputs of the teacher), as `taught` yields them. The term
        of the teacher is :math:`\tau^2` times the cross-entropy of its softmax and ours.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    References
    ----------
    .. [1] G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network",
       arXiv:1503.02531, 2015, section 2.
    """
    weight = check_number(weight, "weight", low=0, high=1)
    temperature = check_number(temperature, "temperature", low=0.01, high=1e4)

    def both(Y, pair):
        T, teacher = pair
        kind = Y.dtype.type
        value, G = loss(Y, T)
        P, Q = softmax(Y / kind(temperature)), softmax(teacher / kind(temperature))
        logs = np.log(np.maximum(P, np.finfo(P.dtype).tiny))
        soft = -(temperature**2) * float((Q * logs).sum()) / len(Y)
        slope = kind(weight * temperature / len(Y)) * (P - Q)
        return (1 - weight) * value + weight * soft, kind(1 - weight) * G + slope

    return both


def taught(batches, teacher):
    """Yield each batch (X, T) as (X, (T, outputs of the teacher for X)).

    Parameters
    ----------
    batches : iterable of (X, T)
    teacher : tuple of layers
        A trained network.

    Yields
    ------
    array
    pair of arrays
    """
    for X, T in batches:
        yield X, (T, forward(teacher, X)[0])
