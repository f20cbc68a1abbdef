"""Test matrices with a spectrum chosen by the test, so that the right answer is known."""

import numpy as np


def with_spectrum(sigma, m, n, rng):
    """Return an (m, n) matrix with singular values ``sigma`` and random singular vectors."""
    k = len(sigma)
    U, _ = np.linalg.qr(rng.standard_normal((m, k)))
    V, _ = np.linalg.qr(rng.standard_normal((n, k)))
    return (U * sigma) @ V.T
