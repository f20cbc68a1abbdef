r"""Ridge regression on the features of a transformer, from one pass over the rows.

Kept are the Gram matrix of the features, (m, m), and their products with the targets, (m, t):
sums over rows, so rows may come in blocks, once, and from several machines.
"""

from sklearn.base import clone
from sklearn.preprocessing import FunctionTransformer

from course_lib.kernel_training._streamed import StreamedRidge, TakesClasses, TakesNumbers
from course_lib.kernel_training._sums import TransformerMap

__all__ = ["FeatureRidge", "FeatureRidgeClassifier"]

FIRST = 256  # rows whose mean feature is the fixed shift


class _OfTransformer(StreamedRidge):
    """Features are those of a scikit-learn transformer."""

    def __init__(self, transformer=None, *, alpha=1.0):
        self.transformer = transformer
        self.alpha = alpha

    @property
    def transformer_(self):
        return self.map_.transformer

    @property
    def coef_(self):
        return self._shaped(self._line()[0].T)

    def _start(self, X):
        """Fit the transformer; return the features of some rows, which tell where they lie."""
        transformer = FunctionTransformer() if self.transformer is None else self.transformer
        if not hasattr(transformer, "transform"):
            raise TypeError(f"transformer must have fit and transform; got {transformer!r}.")
        self.map_ = TransformerMap(clone(transformer).fit(X))
        self._penalty = None
        return self.map_(X[:FIRST])

    def _whitened(self, signs):
        return signs

    def _columns(self, X):
        return self.map_(X)

    def _weights(self, weights):
        return weights


class FeatureRidge(TakesNumbers, _OfTransformer):
    r"""Ridge regression on the features that a transformer makes of the rows, in one pass.

    Minimizes :math:`\sum_i |y_i - b - W^T F(x_i)|^2 + \alpha \|W\|_F^2`; the intercept has no
    penalty.

    Parameters
    ----------
    transformer : scikit-learn transformer, optional
        Is cloned, and fitted on the first block. Random features look only at its width. By
        default features are the rows themselves.
    alpha : float, default 1
        Weight of the penalty, positive.

    Attributes
    ----------
    coef_ : array, shape (t, m), or (m,) for one target
    intercept_ : array, shape (t,), or float
    rounding_ : float
        By which part the rounding of the sums changes the weights: measured on eight random
        weights, root mean square.
    transformer_ : transformer
        The clone, fitted.
    n_rows_ : int
        Rows seen.

    See Also
    --------
    NystromRidge : with landmarks in place of a transformer.

    Notes
    -----
    **Cost.** One pass, whatever the number of blocks: what the transformer costs, and
    :math:`n m^2 + 2nmt` flops in the dtype of the features; :math:`O(m^3)` at the end. Memory
    :math:`m^2` and one block of 2048 rows, never :math:`nm`.

    **Guarantee.** The minimizer, up to rounding. Blocks are multiplied in the dtype of the rows
    and summed in float64, from fixed shifts near the means. What rounding does is measured, not
    bounded: products with eight random vectors are also taken in float64, and weights that would
    change by more than a tenth are refused. That happens to float32 rows with a tiny ``alpha``.

    References
    ----------
    .. [1] A. Rahimi, B. Recht, "Weighted sums of random kitchen sinks", NIPS 2008.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[-1.0], [0.0], [1.0]]), np.array([1.0, 3.0, 5.0])
    >>> model = FeatureRidge(alpha=2.0).fit(X, y)            # slope 4 / (2 + alpha)
    >>> model.coef_.round(12), round(model.intercept_, 12)
    (array([1.]), np.float64(3.0))
    >>> blocks = FeatureRidge(alpha=2.0).fit_blocks([(X[:1], y[:1]), (X[1:], y[1:])])
    >>> blocks.predict([[2.0]]).round(12)
    array([5.])
    """


class FeatureRidgeClassifier(TakesClasses, _OfTransformer):
    r"""Classes one against all by ridge regression on the features of a transformer.

    Targets are 1 for a class and -1 for all others; the highest score wins. Two classes have one
    target. All else as `FeatureRidge`.

    Parameters
    ----------
    transformer : scikit-learn transformer, optional
        Is cloned, and fitted on the first block. By default features are the rows themselves.
    alpha : float, default 1
        Weight of the penalty, positive.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    coef_ : array, shape (t, m)
    intercept_ : array, shape (t,)
    rounding_ : float
        As of `FeatureRidge`.
    transformer_ : transformer
        The clone, fitted.
    n_rows_ : int
        Rows seen.

    See Also
    --------
    FeatureRidge : cost and guarantee.

    Notes
    -----
    **Cost.** As `FeatureRidge` with t targets, one for each class: the Gram matrix is shared.

    **Guarantee.** As `FeatureRidge` for the scores. A squared loss also punishes scores beyond 1;
    where classes are many and features few, that can hide a class between two others.

    References
    ----------
    .. [1] R. Rifkin, A. Klautau, "In defense of one-vs-all classification", JMLR 5, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[-2.0], [-1.0], [1.0], [2.0]]), ["no", "no", "yes", "yes"]
    >>> model = FeatureRidgeClassifier(alpha=2.0).fit(X, y)     # slope 6 / (10 + alpha)
    >>> model.decision_function([[1.0]]).round(12), model.predict([[-0.1]])
    (array([0.5]), array(['no'], dtype='<U3'))
    """
