"""Random features that a seed makes again: on every machine, with every version of NumPy.

A `numpy.random.Generator` promises no stream: its methods may change from version to version. So
signs are the bits of `random_words`, splitmix64 in whole numbers, which this library defines; and
lengths are fixed, so that signs are all that is random.
"""

import numpy as np

from course_lib._sketch import random_words
from course_lib._validation import check_count
from course_lib.kernel_features import FourierFeatures
from course_lib.kernel_features._structured import padded

__all__ = ["SeededFeatures", "seeded_signs"]

MOST_SEED = (1 << 32) - 1


def seeded_signs(seed, shape):
    """Return signs -1 and 1, int8: bit 1 of the words of a seed is 1, the lowest bit first."""
    count = int(np.prod(shape))
    words = random_words(seed, -(-count // 64)).astype("<u8")
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")[:count]
    return (bits.astype(np.int8) * 2 - 1).reshape(shape)


class SeededFeatures(FourierFeatures):
    r"""Random Fourier features of the Gaussian kernel, all of whose randomness is one seed.

    The kind "hadamard" with fixed lengths of `FourierFeatures`: frequencies are rows of
    H D3 H D2 H D1, all of length :math:`\sqrt{2\gamma P}`. The signs D are drawn by splitmix64,
    and so is the one offset if D is odd.

    Parameters
    ----------
    n_components : int, default 100
        Numbers D of a row of features.
    gamma : float, default 1.0
        Inverse width of the kernel :math:`e^{-\gamma|x-y|^2}`.
    random_state : int, default 0
        The seed, from 0 to :math:`2^{32} - 1`.

    Attributes
    ----------
    n_frequencies_, signs_, lengths_, offsets_, n_stored_, n_features_in_
        As of `FourierFeatures`.

    Raises
    ------
    ValueError, TypeError
        From `fit`, if a parameter is out of range.

    See Also
    --------
    feature_entry : a file that keeps the seed in place of the frequencies.

    Notes
    -----
    **Cost.** As `fourier_cost` counts for "hadamard".

    **Guarantee.** The same seed gives the same signs on every machine and with every version of
    NumPy. Fixed lengths have the bias `fixed_length_bias`.

    References
    ----------
    .. [1] F. X. Yu, A. T. Suresh, K. Choromanski, D. Holtmann-Rice, S. Kumar, "Orthogonal random
       features", NIPS 2016.

    Examples
    --------
    >>> features = SeededFeatures(8, gamma=0.5, random_state=7).fit([[0.0, 0.0, 0.0]])
    >>> features.signs_[0].tolist()
    [[-1, 1, 1, 1], [1, -1, -1, 1], [-1, -1, 1, -1]]
    """

    def __init__(self, n_components=100, *, gamma=1.0, random_state=0):
        super().__init__(
            n_components, gamma=gamma, kind="hadamard", lengths="fixed", random_state=random_state
        )

    def _check_parameters(self):
        count = super()._check_parameters()
        check_count(self.random_state, "random_state", low=0, high=MOST_SEED)
        return count

    def _draw(self, d, dtype, random):
        count, size = self._check_parameters(), padded(d)
        blocks = -(-count // size)
        self.signs_ = seeded_signs(self.random_state, (blocks, 3, size))
        self.lengths_ = np.full(count, np.sqrt(2 * float(self.gamma) * size), dtype)
        words = random_words(self.random_state, self.n_components % 2, stream=1)
        self.offsets_ = ((words >> np.uint64(11)) * (2 * np.pi / 2**53)).astype(dtype)
        self.n_frequencies_, self._n_features_out = count, int(self.n_components)
        self.n_stored_ = self.signs_.size + count
