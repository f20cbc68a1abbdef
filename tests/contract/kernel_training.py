"""How the public functions of `course_lib.kernel_training` are called when all is well."""

import itertools

import numpy as np

from course_lib import kernel_training as kt
from tests.contract.judge import Call, fitted

__all__ = ["KERNEL_TRAINING"]

rng = np.random.default_rng(16)
X = rng.standard_normal((12, 5))
signs = np.where(rng.standard_normal(12) > 0, 1.0, -1.0)
K = X @ X.T + np.eye(12)
DEFAULT = {"None": "is the default"}


def gaussian(A, B):
    A, B = (Z.toarray() if hasattr(Z, "toarray") else Z for Z in (A, B))
    return np.exp(-((A[:, None] - B) ** 2).sum(axis=2) / 2)


def last(**options):
    *_, iterate = itertools.islice(kt.smo(**options), 9)
    return iterate


KERNEL_TRAINING = [
    Call(
        "kernel_training.smo",
        last,
        K=K,
        y=signs,
        C=1.0,
        diagonal=K.diagonal().copy(),
        tol=1e-3,
        n_steps=5,
        excused=DEFAULT,
    ),
    Call(
        "kernel_training.smo of rows",
        lambda X, cache_bytes: last(
            K=gaussian,
            y=signs,
            tol=1e-9,
            X=X,
            cache_bytes=cache_bytes,
        ),
        X=X,
        cache_bytes=400,
    ),
    Call(
        "kernel_training.minimum_enclosing_ball",
        kt.minimum_enclosing_ball,
        K=K,
        epsilon=0.1,
        diagonal=K.diagonal().copy(),
        max_size=5,
        rng=0,
        excused=DEFAULT,
    ),
    Call(
        "kernel_training.KernelSVC",
        fitted(kt.KernelSVC, "decision_function", new=X),
        X=X,
        y=signs,
        C=1.0,
        tol=1e-3,
        cache_bytes=400,
        max_iter=1000,
        fixed=["y"],
    ),
    Call(
        "kernel_training.KernelSVC polynomial",
        lambda **k: fitted(kt.KernelSVC, "decision_function", new=X)(X, signs, **k),
        kernel="polynomial",
        gamma=0.5,
        degree=2,
        coef0=1.0,
        fixed=["kernel"],
    ),
    Call(
        "kernel_training.CoreVectorMachine",
        fitted(kt.CoreVectorMachine, "decision_function", new=X),
        X=X,
        y=signs,
        C=1.0,
        gamma=0.5,
        epsilon=0.01,
        max_size=8,
        random_state=0,
        fixed=["y"],
        excused=DEFAULT,
    ),
    Call(
        "kernel_training.support_vector_bound",
        kt.support_vector_bound,
        scores=X[:, 0].copy(),
        y=signs,
        tol=1e-3,
        offset=True,
    ),
    Call(
        "kernel_training.sdca_epochs",
        kt.sdca_epochs,
        finite=False,
        n=100,
        ridge=0.01,
        epsilon=1e-3,
        gamma=0.5,
        length=1.5,
    ),
    Call(
        "kernel_training.core_set_bound",
        kt.core_set_bound,
        finite=False,
        epsilon=0.1,
        certified=True,
    ),
]
