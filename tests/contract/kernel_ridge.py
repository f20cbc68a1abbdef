"""How the ridges and the conjugate gradients of `course_lib.kernel_training` are called."""

import numpy as np

from course_lib import kernel_training as kt
from tests.contract.judge import Call, fitted

__all__ = ["KERNEL_RIDGE"]

rng = np.random.default_rng(16)
X = rng.standard_normal((12, 4))
y = X[:, 0] + 0.1 * rng.standard_normal(12)
kinds = np.arange(12) % 3
kernel = kt.Kernel("rbf", gamma=0.2)
K_nm, K_mm = kernel(X, X[:5]), kernel(X[:5], X[:5])
A = K_nm.T @ K_nm + 0.5 * K_mm
b = rng.standard_normal(5)

KERNEL_RIDGE = [
    *[
        Call(
            f"kernel_training.{kind.__name__}",
            fitted(kind, method, new=X),
            X=X,
            y=target,
            alpha=0.5,
            fixed=["y"],
        )
        for kind, method, target in (
            (kt.FeatureRidge, "predict", y),
            (kt.FeatureRidgeClassifier, "decision_function", kinds),
        )
    ],
    *[
        Call(
            f"kernel_training.{kind.__name__}",
            fitted(kind, method, new=X),
            X=X,
            y=target,
            gamma=0.2,
            n_components=6,
            alpha=0.5,
            random_state=0,
            fixed=["y"],
            excused={"None": "is the default"},
        )
        for kind, method, target in (
            (kt.NystromRidge, "predict", y),
            (kt.NystromRidgeClassifier, "decision_function", kinds),
        )
    ],
    Call(
        "kernel_training.NystromRidge landmarks",
        lambda landmarks: kt.NystromRidge(landmarks=landmarks).fit(X, y).dual_coef_,
        landmarks=np.array([0, 3, 7, 9]),
    ),
    *[
        Call(
            f"kernel_training.Kernel {name}",
            lambda X, Y, name=name, **numbers: kt.Kernel(name, **numbers)(X, Y),
            X=X,
            Y=X[:5].copy(),
            gamma=0.3,
            degree=2,
            coef0=1.0,
            finite=False,
            excused={
                "None": "is the default",
                "NaN": "shows in the answer, which its readers check",
                "infinity": "shows in the answer, which its readers check",
            },
        )
        for name in ("rbf", "laplacian", "polynomial", "linear")
    ],
    Call(
        "kernel_training.KernelBlocks",
        lambda X, landmarks, size: list(kt.KernelBlocks(kernel, X, landmarks).blocks(size)),
        X=X,
        landmarks=X[:5].copy(),
        size=4,
    ),
    Call(
        "kernel_training.conjugate_gradient",
        lambda **k: [step[:4] for step in kt.conjugate_gradient(**k)][-1],
        product=A,
        b=b,
        x0=np.zeros(5),
        tol=1e-9,
        excused={"None": "starts at zero"},
    ),
    Call(
        "kernel_training.NystromProduct",
        lambda K_nm, K_mm, alpha, V: kt.NystromProduct(K_nm, K_mm, alpha)(V),
        K_nm=K_nm,
        K_mm=K_mm,
        alpha=0.5,
        V=b,
    ),
    Call(
        "kernel_training.NystromProduct.right_side",
        lambda y: kt.NystromProduct(K_nm, K_mm, 0.5).right_side(y),
        y=y,
    ),
    Call(
        "kernel_training.nystrom_preconditioner",
        lambda **k: kt.nystrom_preconditioner(12, **k)(b),
        K_mm=K_mm,
        alpha=0.5,
    ),
    Call("kernel_training.condition_bound", kt.condition_bound, contraction=0.5),
    Call(
        "kernel_training.conjugate_gradient_bound",
        kt.conjugate_gradient_bound,
        condition=9.0,
        k=3,
    ),
]
