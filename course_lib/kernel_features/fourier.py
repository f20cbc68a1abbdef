"""Random Fourier features of shift-invariant kernels, as a scikit-learn transformer."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from course_lib._random_map import RandomMap, generator
from course_lib._validation import check_memory, check_number
from course_lib.kernel_features._structured import (
    orthonormal_rows,
    padded,
    random_signs,
    write_fastfood,
    write_hadamard,
)
from course_lib.kernel_features._waves import coefficients, write_waves
from course_lib.kernel_features.bounds import check_kernel
from course_lib.kernel_features.costs import KINDS, check_choice, fourier_cost, frequency_count

__all__ = ["FourierFeatures"]

LENGTHS = ("chi", "fixed")
ROWS = 1 << 10  # of X at a time: enough for a product at full speed, few enough for the cache


class FourierFeatures(RandomMap):
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
        A cosine and a sine for each of D/2 frequencies, all cosines first, or one cosine with a
        random offset for each of D. If D is odd, the last of the pairs' numbers is such a cosine
        too.
    nu : float, default 1.5
        Smoothness of the Matérn kernel.
    random_state : int, RandomState or None
        Source of randomness, as in scikit-learn.

    Attributes
    ----------
    n_frequencies_ : int
        Frequencies F: D/2 with pairs, else D.
    frequencies_ : array, shape (F, d)
        Frequencies, one a row, of the kinds "iid" and "orthogonal".
    lengths_ : array, shape (F,)
        Lengths of the frequencies of the other kinds.
    signs_ : array, shape (blocks, 3, P) or (blocks, P), int8
        Random signs of "hadamard" and of "fastfood"; P is the least power of two that is not
        below d.
    permutations_, gaussians_ : array, shape (blocks, P)
        Permutations and normal numbers of "fastfood".
    offsets_ : array, shape (F,)
        Offsets; with pairs none, or one if D is odd.
    n_stored_ : int
        Numbers that make the map.
    n_features_in_ : int
        Columns seen in `fit`.

    See Also
    --------
    fourier_variance, finite_set_bound, fourier_uniform_bound : what the estimates promise.

    Notes
    -----
    A shift-invariant kernel is the mean of :math:`\cos\omega^T(x - y)` over random frequencies
    :math:`\omega` (Bochner). The features of x are :math:`\sqrt{2/D}` times the cosines and sines
    of :math:`\omega_i^T x`; their inner products are the means over the F frequencies drawn. The
    kinds differ in how frequencies depend on each other::

        iid          independent
        orthogonal   at right angles to each other in runs of d
        hadamard     rows of H D3 H D2 H D1, in runs of P; D are diagonals of random signs
        fastfood     rows of S H G P H B, in runs of P; B signs, P permutation, G normal, S lengths

    ``lengths="fixed"`` gives all frequencies the length :math:`\sqrt{2\gamma d}` (structured
    kinds: P in place of d), as in [3], Section 4.

    **Cost.** For a row what `fourier_cost` counts: :math:`dF` multiplications and additions for
    dense kinds, :math:`3B\log_2 P` additions for "hadamard" and :math:`2B\log_2 P` for "fastfood",
    B being F rounded up to a multiple of P; and D waves. "orthogonal" takes :math:`O(d^2 F)` in
    `fit`. Memory for the result, and for 1,024 rows of X if they are sparse and the kind is
    structured.

    **Guarantee.** "iid", "orthogonal" and "fastfood" with lengths "chi" are unbiased: each
    frequency by itself has the distribution of the kernel. "hadamard" has the right lengths and
    directions that are nearly uniform. Fixed lengths have the bias `fixed_length_bias`, about
    :math:`-(\gamma|x-y|^2)^2/(d + 2)`. For "iid" the variance is `fourier_variance`, and
    `finite_set_bound` and `fourier_uniform_bound` ([1], Claim 1) hold.

    It differs from scikit-learn's ``RBFSampler`` in pairs, which have less variance for near
    points; with ``paired=False`` and "iid" both do the same.

    References
    ----------
    .. [1] A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NIPS 2007.
    .. [2] Q. Le, T. Sarlós, A. Smola, "Fastfood: approximating kernel expansions in loglinear
       time", ICML 2013.
    .. [3] F. X. Yu, A. T. Suresh, K. Choromanski, D. Holtmann-Rice, S. Kumar, "Orthogonal random
       features", NIPS 2016.

    Examples
    --------
    Rows of features have length 1, and the inner product of two is near :math:`e^{-1/4}`.

    >>> import numpy as np
    >>> features = FourierFeatures(4096, gamma=0.25, random_state=0)
    >>> Z = features.fit_transform([[0.0, 0.0], [1.0, 0.0]])
    >>> K = Z @ Z.T
    >>> round(float(K[0, 0]), 6), bool(abs(K[0, 1] - np.exp(-0.25)) < 0.03)
    (1.0, True)
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

    def _draw(self, d, dtype, random):
        count = self._check_parameters()
        cost = fourier_cost(d, self.n_components, kind=self.kind, paired=self.paired)
        check_memory(8 * cost.stored, "map")
        rng = generator(random)
        structured = self.kind in ("hadamard", "fastfood")
        (self._draw_structured if structured else self._draw_dense)(count, d, dtype, rng)
        n_offsets = self.n_components % 2 if self.paired else count
        self.offsets_ = rng.uniform(0.0, 2 * np.pi, n_offsets).astype(dtype)
        self.n_frequencies_, self._n_features_out = count, int(self.n_components)
        self.n_stored_ = cost.stored

    def _check_parameters(self):
        """Refuse what cannot be; return the number of frequencies."""
        kernel = check_kernel(self.kernel)
        kind = check_choice(self.kind, "kind", KINDS)
        lengths = check_choice(self.lengths, "lengths", LENGTHS)
        for name in ("gamma", "nu"):
            check_number(getattr(self, name), name, low=0.0, open_low=True, open_high=True)
        if kernel == "laplacian" and (kind, lengths) != ("iid", "chi"):
            raise ValueError(
                "kind and lengths must be 'iid' and 'chi' for the laplacian kernel, whose "
                f"frequencies prefer directions; got {kind!r} and {lengths!r}."
            )
        return frequency_count(self.n_components, self.paired)

    def _draw_dense(self, count, d, dtype, rng):
        if self.kernel == "laplacian":
            W = float(self.gamma) * rng.standard_cauchy((count, d))
        elif self.kind == "orthogonal":
            W = orthonormal_rows(count, d, rng) * self._draw_lengths(count, d, rng)[:, None]
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
            self.signs_ = random_signs((blocks, 3, size), rng)
            return
        self.signs_ = random_signs((blocks, size), rng)
        self.permutations_ = rng.permuted(np.tile(np.arange(size), (blocks, 1)), axis=1)
        self.gaussians_ = rng.standard_normal((blocks, size)).astype(dtype)

    def _draw_lengths(self, count, d, rng):
        """Draw the length of each frequency in ``d`` dimensions."""
        chi = self.lengths == "chi"
        lengths = _chi_lengths(count, d, rng) if chi else np.full(count, np.sqrt(d))
        return lengths * self._widths(count, rng)

    def _widths(self, count, rng):
        """Draw the standard deviation of the entries of each frequency."""
        widths = np.full(count, np.sqrt(2 * float(self.gamma)))
        if self.kernel == "matern":  # a multivariate t distribution with 2 nu degrees of freedom
            widths /= np.sqrt(rng.chisquare(2 * float(self.nu), count) / (2 * float(self.nu)))
        return widths

    def _map(self, X):
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
        """Return the frequencies as a matrix: for tests, and for looking at.

        Returns
        -------
        array, shape (F, d), float64
            Structured kinds multiply their map by the identity.
        """
        check_is_fitted(self)
        eye = np.eye(self.n_features_in_)
        products = np.empty((len(eye), self.n_frequencies_))
        self._products(eye.dtype)(eye, products)
        return products.T


def _chi_lengths(count, d, rng):
    """Draw the lengths of ``count`` standard normal vectors in ``d`` dimensions."""
    return np.sqrt(rng.chisquare(d, count))


def _write_dense(rows, W, phases):
    if isinstance(rows, np.ndarray):
        np.matmul(rows, W, out=phases)
    else:
        phases[:] = rows @ W
