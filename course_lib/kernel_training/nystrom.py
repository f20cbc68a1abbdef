r"""Kernel ridge regression restricted to few landmarks, from one pass over the rows."""

import numpy as np

from course_lib._validation import as_random_state, check_count, check_indices
from course_lib.kernel_training._streamed import StreamedRidge, TakesClasses, TakesNumbers
from course_lib.kernel_training._sums import KernelMap
from course_lib.kernel_training.kernels import Kernel, kernel_values
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
        return self.map_.landmarks

    @property
    def root_(self):
        return block_root(self._block, self._block.dtype)

    @property
    def dual_coef_(
        self,
    ):  # Weights of the kernels with the landmarks: (m, t), or (m,) for one target of numbers
        return self._shaped(self._line()[0].T).T

    def _start(self, X):
        """Choose the landmarks; return their own features, which tell where features lie."""
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
        return self._block if root is None else self._block @ root

    def _choose(self, kernel, X):
        n = X.shape[0]
        if not isinstance(self.landmarks, str):
            indices = check_indices(self.landmarks, "landmarks", n)
            if len(indices) == 0 or len(np.unique(indices)) < len(indices):
                raise ValueError("landmarks must be different rows, at least one.")
            return indices
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

    def _weights(self, weights):
        return weights if self.map_.root is None else self.map_.root @ weights


class NystromRidge(TakesNumbers, _OfLandmarks):
    r"""Kernel ridge regression on landmarks: few columns of the kernel matrix, one pass.

    Minimizes :math:`\sum_i |y_i - b - f(x_i)|^2 + \alpha \|f\|_k^2` over the functions
    :math:`f = \sum_j \beta_j\, k(\cdot, z_j)` of m landmarks :math:`z_j`; the intercept has no
    penalty.

    Parameters
    ----------
    kernel : {"rbf", "laplacian", "polynomial", "linear"} or callable
        A name for `Kernel`, or ``kernel(X, Y)``, which returns the matrix of all pairs.
    gamma, degree, coef0
        Of a kernel given by its name.
    n_components : int, default 100
        Landmarks :math:`m`; cut to the number of rows of the first block.
    landmarks : {"uniform", "random pivots"} or array of int, default "uniform"
        How landmarks are drawn from the rows of the first block: uniformly; by
        `pivoted_cholesky` with random pivots; or which rows they are.
    alpha : float, default 1
        Weight of the penalty, positive; :math:`\lambda n` where the loss is a mean.
    random_state : int, RandomState or None
        Source of randomness, as in scikit-learn.

    Attributes
    ----------
    dual_coef_ : array, shape (m, t), or (m,) for one target
    intercept_ : array, shape (t,), or float
    landmarks_ : array or sparse matrix, shape (m, d)
    landmark_indices_ : array of int, shape (m,)
        Their places in the first block.
    root_ : array, shape (m, m)
        ``kernel(X, landmarks_) @ root_`` are the features whose inner products approximate the
        kernel, as `nystrom_features` makes them.
    rounding_ : float
        By which part the rounding of the sums changes the weights: measured on eight random
        weights, root mean square.
    n_rows_ : int
        Rows seen.

    See Also
    --------
    FeatureRidge : with a transformer in place of landmarks.
    nystrom_preconditioner : the same weights from several passes, without a matrix (m, m) to send.

    Notes
    -----
    **Cost.** One pass; :math:`nm + m^2` evaluations of the kernel, :math:`n m^2 + 2nmt` flops
    beside them, :math:`O(m^3)` at the end; a row to predict takes m evaluations. Memory
    :math:`m^2` and one block of 2048 rows, never :math:`nm`. Random pivots take :math:`nm`
    evaluations more, and hold :math:`nm` numbers while they choose: give a first block that is a
    sample. The raw columns are summed, which saves the :math:`2nm^2` flops of `nystrom_features`,
    unless the kernel of the landmarks is too close to singular for the dtype; then features are.

    **Guarantee.** The minimizer, up to rounding, which is measured as in `FeatureRidge`. The kernel
    of the landmarks is shifted by 4 units of rounding of its trace, as in `nystrom_features`: for
    float32 rows and a smooth kernel that damps directions, and float64 rows keep them. With all
    rows as landmarks it is exact kernel ridge regression. With fewer, the approximation lies
    below the kernel (`nystrom_features`), and for :math:`\lambda` of the usual size
    :math:`O(\sqrt n \log n)` uniform landmarks keep the rate of the exact solution ([2]).

    References
    ----------
    .. [1] C. Williams, M. Seeger, "Using the Nyström method to speed up kernel machines",
       NIPS 2000.
    .. [2] A. Rudi, R. Camoriano, L. Rosasco, "Less is more: Nyström computational
       regularization", NIPS 2015.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[-1.0], [0.0], [1.0]]), np.array([1.0, 3.0, 5.0])
    >>> model = NystromRidge("linear", landmarks=[2], alpha=2.0).fit(X, y)
    >>> model.dual_coef_.round(12), round(model.intercept_, 12)   # f(x) = x beta, slope 4 / 4
    (array([1.]), np.float64(3.0))
    """


class NystromRidgeClassifier(TakesClasses, _OfLandmarks):
    r"""Classes one against all by kernel ridge regression on landmarks, in one pass.

    Targets are 1 for a class and -1 for all others; the highest score wins. Two classes have one
    target. All else as `NystromRidge`.

    Parameters
    ----------
    kernel, gamma, degree, coef0, n_components, landmarks, alpha, random_state
        As of `NystromRidge`.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    dual_coef_ : array, shape (m, t)
    intercept_ : array, shape (t,)
    landmarks_, landmark_indices_, root_, rounding_, n_rows_
        As of `NystromRidge`.

    See Also
    --------
    NystromRidge : cost and guarantee.

    Notes
    -----
    **Cost.** As `NystromRidge` with t targets, one for each class: the Gram matrix is shared.

    **Guarantee.** As `NystromRidge` for the scores.

    References
    ----------
    .. [1] R. Rifkin, A. Klautau, "In defense of one-vs-all classification", JMLR 5, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), [0, 1, 1, 0]
    >>> NystromRidgeClassifier(gamma=1.0, n_components=4, alpha=0.1).fit(X, y).predict(X)
    array([0, 1, 1, 0])
    """
