"""Random Fourier features of shift-invariant kernels, as a scikit-learn transformer."""

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from course_lib._validation import (
    as_random_state,
    check_count,
    check_flag,
    check_memory,
    check_number,
    learner_rows,
)
from course_lib.kernel_features._structured import padded, write_fastfood, write_hadamard
from course_lib.kernel_features._waves import coefficients, write_waves
from course_lib.kernel_features.bounds import check_kernel

__all__ = ["FourierCost", "FourierFeatures", "fourier_cost"]

KINDS = ("iid", "orthogonal", "hadamard", "fastfood")
LENGTHS = ("chi", "fixed")
LARGEST = 2**31 - 1
ROWS = 1 << 10  # of X at a time: enough for a product at full speed, few enough for the cache


class FourierCost(NamedTuple):
    """What the features of one row cost; `fourier_cost`."""

    additions: int  # for the phases
    multiplications: int  # for the phases; a change of sign is one
    waves: int  # cosines and sines
    stored: int  # numbers that make the map: signs, places, lengths, entries, offsets


def fourier_cost(n_features, n_components, *, kind="iid", paired=True):
    r"""Return what random Fourier features of one row cost, by formula.

    Parameters
    ----------
    n_features : int
        Columns d of the data.
    n_components : int
        Numbers D of a row of features.
    kind : {"iid", "orthogonal", "hadamard", "fastfood"}
        As in `FourierFeatures`.
    paired : bool, default True
        As in `FourierFeatures`.

    Returns
    -------
    FourierCost
    """
    d = check_count(n_features, "n_features", low=1, high=LARGEST)
    kind = _check_choice(kind, "kind", KINDS)
    count = _frequency_count(n_components, paired)
    offsets = n_components % 2 if paired else count
    if kind in ("iid", "orthogonal"):
        return FourierCost(d * count, d * count, int(n_components), d * count + offsets)
    size = padded(d)
    entries = -(-count // size) * size
    transforms, diagonals = (3, 3) if kind == "hadamard" else (2, 2)
    additions = transforms * entries * (size.bit_length() - 1)
    return FourierCost(
        additions,
        diagonals * entries + count,
        int(n_components),
        3 * entries + count + offsets,
    )


class FourierFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Features whose inner products estimate a shift-invariant kernel.

    Parameters
    ----------
    n_components : int, default 100
        *Numbers* D in a row of features.
    gamma : float, default 1.0
        Inverse width :math:`\gamma` of the kernel.
    kernel : {"rbf", "laplacian", "matern"}, default "rbf"
        :math:`e^{-\gamma|x-y|^2}`; :math:`e^{-\gamma|x-y|_1}`; or the Matérn kernel of length
        scale :math:`1/\sqrt{2\gamma}`, which tends to the first as ``nu`` grows.
    kind : {"iid", "orthogonal", "hadamard", "fastfood"}, default "iid"
        How frequencies are drawn.
    lengths : {"chi", "fixed"}, default "chi"
        Whether frequencies are as long as normal vectors are, or all of the root mean square.
    paired : bool, default True
        A cosine and a sine for each of D/2 frequencies, or one cosine with a random offset for
        each of D. If D is odd, the last of the pairs' numbers is such a cosine too.
    nu : float, default 1.5
        Smoothness of the Matérn kernel.
    random_state : int, RandomState or None
        Source of randomness, as in scikit-learn.
    """

    def __init__(
        self,
        n_components=100,
        *,
        gamma=1.0,
        kernel="rbf",
        kind="iid",
        lengths="chi",
        paired=True,
        nu=1.5,
        random_state=None,
    ):
        self.n_components = n_components
        self.gamma = gamma
        self.kernel = kernel
        self.kind = kind
        self.lengths = lengths
        self.paired = paired
        self.nu = nu
        self.random_state = random_state

    def fit(self, X, y=None):
        """Draw the map; of ``X`` only the number of columns and the dtype are used.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)
            Training data.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If ``X`` is not a finite matrix, or a parameter is out of range.
        """
        X = learner_rows(self, X, accept_sparse="csr")
        d = X.shape[1]
        count = self._check_parameters()
        cost = fourier_cost(d, self.n_components, kind=self.kind, paired=self.paired)
        check_memory(8 * cost.stored, "map")
        random = as_random_state(self.random_state)
        rng = np.random.default_rng(random.randint(0, 2**32, size=4, dtype=np.uint32))
        structured = self.kind in ("hadamard", "fastfood")
        (self._draw_structured if structured else self._draw_dense)(count, d, X.dtype, rng)
        n_offsets = self.n_components % 2 if self.paired else count
        self.offsets_ = rng.uniform(0.0, 2 * np.pi, n_offsets).astype(X.dtype)
        self.n_frequencies_, self._n_features_out = count, int(self.n_components)
        self.n_stored_ = cost.stored
        return self

    def _check_parameters(self):
        """Refuse what cannot be; return the number of frequencies."""
        kernel = check_kernel(self.kernel)
        kind = _check_choice(self.kind, "kind", KINDS)
        lengths = _check_choice(self.lengths, "lengths", LENGTHS)
        for name in ("gamma", "nu"):
            check_number(getattr(self, name), name, low=0.0, open_low=True, open_high=True)
        if kernel == "laplacian" and (kind, lengths) != ("iid", "chi"):
            raise ValueError(
                "kind and lengths must be 'iid' and 'chi' for the laplacian kernel, whose "
                f"frequencies prefer directions; got {kind!r} and {lengths!r}."
            )
        return _frequency_count(self.n_components, self.paired)

    def _draw_dense(self, count, d, dtype, rng):
        if self.kernel == "laplacian":
            W = self.gamma * rng.standard_cauchy((count, d))
        elif self.kind == "orthogonal":
            W = _orthonormal_rows(count, d, rng) * self._draw_lengths(count, d, rng)[:, None]
        else:
            W = rng.standard_normal((count, d))
            if self.lengths == "fixed":
                W *= np.sqrt(d) / np.linalg.norm(W, axis=1, keepdims=True)
            W *= self._widths(count, rng)[:, None]
        self.frequencies_ = np.asfortranarray(W, dtype)

    def _draw_structured(self, count, d, dtype, rng):
        size = padded(d)
        blocks = -(-count // size)
        self.lengths_ = self._draw_lengths(count, size, rng).astype(dtype)
        if self.kind == "hadamard":
            self.signs_ = _signs((blocks, 3, size), rng)
            return
        self.signs_ = _signs((blocks, size), rng)
        self.permutations_ = rng.permuted(np.tile(np.arange(size), (blocks, 1)), axis=1)
        self.gaussians_ = rng.standard_normal((blocks, size)).astype(dtype)

    def _draw_lengths(self, count, d, rng):
        """Draw the length of each frequency in ``d`` dimensions."""
        chi = self.lengths == "chi"
        lengths = _chi_lengths(count, d, rng) if chi else np.full(count, np.sqrt(d))
        return lengths * self._widths(count, rng)

    def _widths(self, count, rng):
        """Draw the standard deviation of the entries of each frequency."""
        widths = np.full(count, np.sqrt(2 * self.gamma))
        if self.kernel == "matern":  # a multivariate t distribution with 2 nu degrees of freedom
            widths /= np.sqrt(rng.chisquare(2 * self.nu, count) / (2 * self.nu))
        return widths

    def transform(self, X):
        """Return the features of each row.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, d)
            Rows.

        Returns
        -------
        array, shape (n, n_components)
            Float32 if ``X`` is float32, else float64. With pairs all cosines come first.

        Raises
        ------
        ValueError, TypeError
            If ``X`` is not a finite matrix with the columns seen in `fit`, or overflows.
        """
        check_is_fitted(self)
        X = learner_rows(self, X, accept_sparse="csr", reset=False)
        dtype = X.dtype
        out = np.empty((X.shape[0], self._n_features_out), dtype)
        write_products = self._products(dtype)
        scale, c = dtype.type(np.sqrt(2 / self._n_features_out)), coefficients(dtype)
        offsets = self.offsets_.astype(dtype, copy=False)
        n_pairs = self.n_frequencies_ - len(offsets)
        for start in range(0, X.shape[0], ROWS):
            part = out[start : start + ROWS]
            write_products(X[start : start + ROWS], part)
            if not np.isfinite(write_waves(part, n_pairs, offsets, scale, c)):
                raise ValueError("X must have entries whose products do not overflow; rescale it.")
        return out

    def _products(self, dtype):
        """Return the function that writes the products of rows with the frequencies."""
        if self.kind in ("iid", "orthogonal"):
            W = self.frequencies_.astype(dtype, copy=False).T
            return lambda rows, phases: _write_dense(rows, W, phases[:, : W.shape[1]])
        size, lengths = padded(self.n_features_in_), self.lengths_.astype(np.float64)
        if self.kind == "hadamard":
            parts, norm, write = (self.signs_,), size**1.5, write_hadamard
        else:
            gaussians = self.gaussians_.astype(dtype, copy=False)
            norms = np.sqrt(size) * np.linalg.norm(self.gaussians_.astype(np.float64), axis=1)
            norm = np.repeat(norms, size)[: len(lengths)]
            parts, write = (self.signs_, self.permutations_, gaussians), write_fastfood
        scales = (lengths / norm).astype(dtype)

        def products(rows, phases):
            rows = rows if isinstance(rows, np.ndarray) else rows.toarray()
            write(np.ascontiguousarray(rows), *parts, scales, phases)

        return products

    def dense(self):
        """Return the frequencies as an array of shape (n_frequencies, d), one a row, in float64.

        For tests, and for looking at: a structured map is multiplied by the identity.
        """
        check_is_fitted(self)
        eye = np.eye(self.n_features_in_)
        products = np.empty((len(eye), self.n_frequencies_))
        self._products(eye.dtype)(eye, products)
        return products.T

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _chi_lengths(count, d, rng):
    """Draw the lengths of ``count`` standard normal vectors in ``d`` dimensions."""
    return np.sqrt(rng.chisquare(d, count))


def _orthonormal_rows(count, d, rng):
    """Draw ``count`` unit vectors; each run of ``d`` is orthonormal and uniformly turned."""
    blocks = []
    for start in range(0, count, d):
        Q, R = np.linalg.qr(rng.standard_normal((d, min(d, count - start))))
        blocks.append((Q * np.sign(np.diagonal(R))).T)  # else the turn would not be uniform
    return np.concatenate(blocks)


def _signs(shape, rng):
    return rng.integers(0, 2, shape, dtype=np.int8) * np.int8(2) - np.int8(1)


def _write_dense(rows, W, phases):
    if isinstance(rows, np.ndarray):
        np.matmul(rows, W, out=phases)
    else:
        phases[:] = rows @ W


def _frequency_count(n_components, paired):
    count = check_count(n_components, "n_components", low=1, high=LARGEST)
    return -(-count // 2) if check_flag(paired, "paired") else count


def _check_choice(value, name, choices):
    if not (isinstance(value, str) and value in choices):
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}.")
    return value
