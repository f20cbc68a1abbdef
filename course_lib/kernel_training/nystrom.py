r"""Kernel ridge regression restricted to few landmarks, from one pass over the rows."""

import numpy as np

from course_lib._validation import as_random_state, check_count, check_indices
from course_lib.kernel_training._sums import KernelMap
from course_lib.kernel_training.kernels import Kernel, kernel_values
from course_lib.kernel_training.ridge import StreamedRidge, TakesClasses, TakesNumbers
from course_lib.low_rank import pivoted_cholesky
from course_lib.low_rank.kernel import block_root, shifted_block

__all__ = ["NystromRidge", "NystromRidgeClassifier"]

SAFE = 0.01  # rounding of the Gram matrix of raw columns, after whitening


class _OfLandmarks(StreamedRidge):
    """Features are kernels with the landmarks; the penalty is the norm in the kernel's space."""

    def __init__(
        self,
        kernel="rbf",
        *,
        gamma=None,
        degree=3,
        coef0=1.0,
        n_components=100,
        landmarks="uniform",
        alpha=1.0,
        random_state=None,
    ):
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.n_components = n_components
        self.landmarks = landmarks
        self.alpha = alpha
        self.random_state = random_state

    @property
    def landmarks_(self):
        """The landmarks, rows of the first block, (m, d)."""
        return self.map_.landmarks

    @property
    def root_(self):
        """The map to features: ``kernel(X, landmarks_) @ root_``, shape (m, m)."""
        return block_root(self._block, self._block.dtype)

    @property
    def dual_coef_(self):
        """Weights of the landmarks, (m, t)."""
        weights = self._solution().weights
        return weights if self.map_.root is None else self.map_.root @ weights

    @property
    def intercept_(self):
        """What is added to the weighted kernels, (t,)."""
        return self._line()[1]

    def _start(self, X, Y):
        kernel = self.kernel
        if not callable(kernel):
            kernel = Kernel(kernel, self.gamma, self.degree, self.coef0)
        self.landmark_indices_ = self._choose(kernel, X)
        L = X[self.landmark_indices_]
        self._block = kernel_values(kernel, L, L)
        root = None
        self._penalty = shifted_block(self._block, self._block.dtype)
        if not self._is_safe(self._penalty):
            root, self._penalty = block_root(self._block, self._block.dtype), None
        self.map_ = KernelMap(kernel, L, root)
        return L.shape[0]

    def _choose(self, kernel, X):
        n = X.shape[0]
        if not isinstance(self.landmarks, str):
            return check_indices(self.landmarks, "landmarks", n)
        m = min(check_count(self.n_components, "n_components", low=1), n)
        random = as_random_state(self.random_state)
        if self.landmarks == "uniform":
            return random.choice(n, m, replace=False)
        if self.landmarks != "random pivots":
            raise ValueError(
                "landmarks must be 'uniform', 'random pivots' or indices of rows; "
                f"got {self.landmarks!r}."
            )
        diagonal = kernel.diagonal(X) if hasattr(kernel, "diagonal") else None
        rng = random.randint(2**31)
        return pivoted_cholesky(kernel, m, X=X, diagonal=diagonal, rule="random", rng=rng).indices

    def _is_safe(self, W):
        """Whether sums of raw columns lose few enough digits when they are whitened later."""
        w = np.linalg.eigvalsh(W)
        return w[0] > 0 and np.finfo(self._block.dtype).eps * w.sum() <= SAFE * w[0]

    def _whitened(self, signs):
        if self._penalty is None:
            return signs
        return np.linalg.solve(np.linalg.cholesky(self._penalty).T, signs)

    def _columns(self, X):
        return kernel_values(self.map_.kernel, X, self.map_.landmarks)

    def _line(self):
        s = self._solution()
        feature_mean, target_mean = self._shift + s.feature_mean, self._target_shift + s.target_mean
        return self.dual_coef_, target_mean - feature_mean @ s.weights


class NystromRidge(TakesNumbers, _OfLandmarks):
    r"""Kernel ridge regression on landmarks: few columns of the kernel matrix, one pass."""


class NystromRidgeClassifier(TakesClasses, _OfLandmarks):
    r"""Classes one against all by `NystromRidge`."""
