"""The JavaScript of the explorables against NumPy and course_lib, in the browser itself."""

import numpy as np
import pytest
import scipy.stats

from course_lib.low_rank import range_finder, range_finder_bound
from tests.book.conftest import script_of

pytestmark = pytest.mark.slow

SPECTRA = {
    "slow": np.arange(1, 101.0) ** -0.5,
    "fast": np.arange(1, 101.0) ** -3,
    "step": np.where(np.arange(100) < 20, 1.0, 1e-4),
    "flat": np.ones(60),
    "cliff": np.r_[np.ones(30), np.zeros(70)],
}


@pytest.fixture(scope="module")
def low_rank(drawn):
    """Call a function of the chapter's script with JSON arguments."""
    return script_of(drawn("06-low-rank", "lowRank"), "lowRank", "L")


def omega(low_rank, n, size, seed):
    """The Gaussian block that the script draws first from a seed, (n, size)."""
    drawn = low_rank(
        "const next = L.normals(a.seed); return Array.from({ length: a.n }, () => next());",
        seed=seed,
        n=n * size,
    )
    return np.reshape(drawn, (size, n)).T


@pytest.mark.parametrize("q", [0, 1, 4])
@pytest.mark.parametrize("name", ["slow", "fast", "step", "flat"])
def test_bound_is_the_librarys(low_rank, name, q):
    s = SPECTRA[name]
    for k, p in [(2, 2), (10, 10), (25, 5)]:
        got = low_rank("return L.bound(a.s, a.k, a.p, a.q);", s=s.tolist(), k=k, p=p, q=q)
        assert got == pytest.approx(range_finder_bound(s, k, p, n_iter=q), rel=1e-10)


@pytest.mark.parametrize("q", [0, 1, 3])
@pytest.mark.parametrize("name", SPECTRA)
def test_error_of_a_run_is_numpys_from_the_same_draw(low_rank, name, q):
    s, k, p = SPECTRA[name], 10, 5
    Q = np.linalg.qr(s[:, None] * omega(low_rank, len(s), k + p, seed=7)).Q
    for _ in range(2 * q):
        Q = np.linalg.qr(s[:, None] * Q).Q
    expected = np.linalg.norm(np.diag(s) - Q @ (Q.T * s), 2)
    got = low_rank("return L.errorOfRun(a.s, a.k, a.p, a.q, 7);", s=s.tolist(), k=k, p=p, q=q)
    assert got == pytest.approx(expected, rel=1e-6, abs=1e-13)


def test_a_diagonal_matrix_errs_as_a_rotated_one_does(low_rank, rng):
    """The claim of the figure: the law of the error depends on the singular values alone."""
    s, k, p, draws = SPECTRA["slow"], 10, 5, 150
    U = np.linalg.qr(rng.standard_normal((140, 100))).Q
    V = np.linalg.qr(rng.standard_normal((100, 100))).Q
    A = (U * s) @ V.T
    bases = (range_finder(A, k + p, n_iter=0, rng=rng) for _ in range(draws))
    ours = np.array([np.linalg.norm(A - Q @ (Q.T @ A), 2) for Q in bases])
    theirs = np.array(
        low_rank(
            "return Array.from({ length: a.draws }, (_, i) => L.errorOfRun(a.s, a.k, a.p, 0, i));",
            s=s.tolist(),
            k=k,
            p=p,
            draws=draws,
        )
    )
    standard_error = np.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / draws)
    assert abs(ours.mean() - theirs.mean()) < 4 * standard_error


def test_normals_are_normal(low_rank):
    numbers = omega(low_rank, 100, 200, seed=3).ravel()
    assert scipy.stats.kstest(numbers, "norm").pvalue > 1e-3
    neighbors = np.corrcoef(numbers[:-1], numbers[1:])[0, 1]
    assert abs(neighbors) < 4 / np.sqrt(len(numbers))
