"""A network is a tuple of layers; a layer is a tuple of arrays, and so is its gradient.

A layer has two methods. ``forward(X, rng)`` returns its output and a tape, what ``backward`` must
remember; without ``rng`` it predicts. ``backward(tape, G)`` takes the gradient with respect to the
output and returns that of the layer, **a layer of the same kind** with None where nothing is
trained, and that with respect to the input, unless ``pull`` is False: the first layer needs none.
"""

from typing import NamedTuple

import numpy as np

from course_lib._layers import kernels

__all__ = [
    "BatchNorm",
    "BinaryDense",
    "Dense",
    "Dropout",
    "HardTanh",
    "Relu",
    "Scale",
    "Sign",
    "backward",
    "forward",
]

EPS = 1e-4  # added to variances, as the authors of binarized networks did
RATE = 0.1  # at which running statistics follow those of the batches


class Dense(NamedTuple):
    """Weights and a bias.

    Attributes
    ----------
    W : array, shape (n_in, n_out)
    b : array, shape (n_out,)
    """

    W: np.ndarray
    b: np.ndarray

    def forward(self, X, rng):
        """Return ``X @ W + b`` and the tape."""
        return X @ self.W + self.b, X

    def backward(self, X, G, pull=True):
        """Return the gradient, a `Dense`, and that of the input."""
        return Dense(X.T @ G, G.sum(axis=0)), G @ self.W.T if pull else None


class BinaryDense(NamedTuple):
    """Real weights of which only the signs multiply.

    Attributes
    ----------
    W : array, shape (n_in, n_out)
        Numbers in [-1, 1]; training clips them to that.
    """

    W: np.ndarray

    limit = 1.0  # where optimizers clip W

    @property
    def pace(self):
        """How many steps of others its weights take in one: the authors' Glorot factor."""
        return np.sqrt(sum(self.W.shape) / 1.5)

    def forward(self, X, rng):
        """Return ``X @ sign(W)`` and the tape."""
        signs = kernels.sign(self.W)
        return X @ signs, (X, signs)

    def backward(self, tape, G, pull=True):
        """Return the gradient as if ``W`` were its signs, and that of the input."""
        X, signs = tape
        return BinaryDense(X.T @ G), G @ signs.T if pull else None


class BatchNorm(NamedTuple):
    """Each column minus its mean, divided by its standard deviation; then scaled and shifted.

    Attributes
    ----------
    gamma, beta : array, shape (n,)
        Scale and shift, trained.
    mean, var : array, shape (n,)
        What predictions use: they follow the batches of training, and `recalibrate` sets them.
    """

    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    var: np.ndarray

    def forward(self, X, rng):
        """Return the normalized rows and the tape; with ``rng`` by statistics of the batch."""
        eps = self.gamma.dtype.type(EPS)
        if rng is None:
            scale = self.gamma / np.sqrt(self.var + eps)
            return X * scale + (self.beta - self.mean * scale), None
        Y, Z, scale, mean, var = kernels.normalize(X, self.gamma, self.beta, eps)
        for running, now in ((self.mean, mean), (self.var, var)):
            running += self.gamma.dtype.type(RATE) * (now - running)
        return Y, (Z, scale)

    def backward(self, tape, G, pull=True):
        """Return the gradient, with None for the statistics, and that of the input."""
        dgamma, dbeta, D = kernels.normalize_back(*tape, G)
        return BatchNorm(dgamma, dbeta, None, None), D

    def measure(self, X):
        """Return mean and variance of the columns of ``X``."""
        return X.mean(axis=0), X.var(axis=0)


class Sign(NamedTuple):
    """The sign of each number, and a gradient straight through it.

    Attributes
    ----------
    width : float
        The gradient passes where ``|x| <= width``; infinity lets all pass.
    """

    width: float = 1.0

    def forward(self, X, rng):
        """Return +1 where ``X >= 0``, -1 elsewhere, and the tape."""
        return kernels.sign(X), X

    def backward(self, X, G, pull=True):
        """Return an empty gradient, and ``G`` as if the forward pass had been a hard tanh."""
        return Sign(None), kernels.window(X, G, X.dtype.type(self.width))


class HardTanh(NamedTuple):
    """Each number clipped to [-1, 1]: the function whose gradient `Sign` borrows."""

    def forward(self, X, rng):
        """Return the clipped numbers and the tape."""
        return np.clip(X, -1, 1), X

    def backward(self, X, G, pull=True):
        """Return an empty gradient, and ``G`` where nothing was clipped."""
        return HardTanh(), kernels.window(X, G, X.dtype.type(1))


class Relu(NamedTuple):
    """Each number, or 0 where it is negative."""

    def forward(self, X, rng):
        """Return ``max(X, 0)`` and the tape."""
        Y = np.maximum(X, 0)
        return Y, Y

    def backward(self, Y, G, pull=True):
        """Return an empty gradient, and ``G`` where the output is positive."""
        return Relu(), G * (Y > 0)


class Scale(NamedTuple):
    """Each number times a constant, which is not trained.

    Attributes
    ----------
    c : float
    """

    c: float

    def forward(self, X, rng):
        """Return ``c * X`` and an empty tape."""
        return X * X.dtype.type(self.c), None

    def backward(self, tape, G, pull=True):
        """Return an empty gradient and ``c * G``."""
        return Scale(None), G * G.dtype.type(self.c)


class Dropout(NamedTuple):
    """While training each number is 0 with probability ``rate``; the others grow to make up.

    Attributes
    ----------
    rate : float
        From 0 up to, not including, 1.
    """

    rate: float

    def forward(self, X, rng):
        """Return ``X``, or with ``rng`` what is left of it, and the tape."""
        if rng is None:
            return X, None
        kept = rng.random(X.shape, dtype=np.float32) >= self.rate
        keep = kept * X.dtype.type(1 / (1 - self.rate))
        return X * keep, keep

    def backward(self, keep, G, pull=True):
        """Return an empty gradient, and ``G`` where the number was kept."""
        return Dropout(None), G * keep


def forward(layers, X, rng=None):
    """Return the output of a network, and what each layer must remember for `backward`.

    Parameters
    ----------
    layers : tuple of layers
    X : array, shape (n, n_in)
        Floating numbers in the dtype of the layers.
    rng : numpy.random.Generator, optional
        Given, this is training: dropout draws, and batch norms use and follow the batch.

    Returns
    -------
    array, shape (n, n_out)
    tapes : list
        One for each layer.

    Examples
    --------
    >>> layers = (Dense(np.array([[1.0], [-1.0]]), np.zeros(1)), Sign())
    >>> forward(layers, np.array([[3.0, 1.0], [0.0, 2.0]]))[0].ravel()
    array([ 1., -1.])
    """
    tapes = []
    for layer in layers:
        X, tape = layer.forward(X, rng)
        tapes.append(tape)
    return X, tapes


def backward(layers, tapes, G):
    """Return the gradient of a network: a tuple of layers, as the network is.

    Parameters
    ----------
    layers : tuple of layers
    tapes : list
        What `forward` returned.
    G : array, shape (n, n_out)
        Gradient of the loss with respect to the output.

    Returns
    -------
    tuple of layers
        None stands in them for what is not trained.

    Notes
    -----
    **Cost.** Two products for each `Dense`, of the size of the one in `forward`; the first of
    them all has one.

    Examples
    --------
    The slope of Sign is 0 almost everywhere; straight through it is 1 inside [-1, 1].

    >>> layers = (Dense(np.array([[0.5, 3.0]]), np.zeros(2)), Sign())
    >>> Y, tapes = forward(layers, np.array([[1.0]]))
    >>> backward(layers, tapes, np.array([[1.0, 1.0]]))[0].W
    array([[1., 0.]])
    """
    gradients = []
    trained = [any(isinstance(part, np.ndarray) for part in layer) for layer in layers]
    first = trained.index(True) if any(trained) else len(layers)
    for i in range(len(layers) - 1, -1, -1):
        if i >= first:
            gradient, G = layers[i].backward(tapes[i], G, i > first)
        else:
            gradient = type(layers[i])(*(None for _ in layers[i]))
        gradients.append(gradient)
    return tuple(gradients[::-1])
