"""How the public functions of `course_lib.kernel_features` are called when all is well."""

import numpy as np

from course_lib import kernel_features as kf
from tests.contract.judge import Call, fitted

__all__ = ["KERNEL_FEATURES"]

rng = np.random.default_rng(17)
X = rng.standard_normal((20, 3))
VALUES = np.array([0.2, 0.5, 1.0])
NEVER = {"infinity": "frequencies without a second moment have no bound"}
KERNEL_FEATURES = [
    *[
        Call(
            f"kernel_features.FourierFeatures {kind}",
            lambda X, n_components, gamma, random_state, kind=kind: fitted(kf.FourierFeatures)(
                X, n_components=n_components, gamma=gamma, random_state=random_state, kind=kind
            ),
            X=X,
            n_components=6,
            gamma=0.5,
            random_state=0,
        )
        for kind in ("iid", "orthogonal", "hadamard", "fastfood")
    ],
    Call(
        "kernel_features.FourierFeatures matern",
        lambda nu: kf.FourierFeatures(
            4, kernel="matern", nu=nu, paired=False, random_state=0
        ).fit_transform(X),
        nu=1.5,
    ),
    Call(
        "kernel_features.TensorSketch",
        fitted(kf.TensorSketch),
        X=X,
        degree=2,
        gamma=0.5,
        coef0=1.0,
        n_components=8,
        random_state=0,
    ),
    Call("kernel_features.fourier_cost", kf.fourier_cost, n_features=5, n_components=6),
    Call(
        "kernel_features.fourier_variance",
        kf.fourier_variance,
        kernel_value=VALUES,
        n_frequencies=5,
        doubled=VALUES**4,
        excused={"None": "stands for the Gaussian kernel"},
    ),
    Call(
        "kernel_features.fixed_length_bias",
        kf.fixed_length_bias,
        kernel_value=VALUES,
        n_features=5,
    ),
    Call(
        "kernel_features.finite_set_bound",
        kf.finite_set_bound,
        n_frequencies=50,
        n_pairs=10,
        delta=0.1,
    ),
    Call(
        "kernel_features.finite_set_frequencies",
        kf.finite_set_frequencies,
        epsilon=0.1,
        n_pairs=10,
        delta=0.1,
    ),
    Call(
        "kernel_features.fourier_uniform_bound",
        kf.fourier_uniform_bound,
        n_frequencies=5000,
        n_features=3,
        diameter=1.0,
        sigma=2.0,
        delta=0.1,
        finite=False,
        excused=NEVER,
    ),
    Call(
        "kernel_features.fourier_uniform_frequencies",
        kf.fourier_uniform_frequencies,
        epsilon=0.1,
        n_features=3,
        diameter=1.0,
        sigma=2.0,
        delta=0.1,
    ),
    Call(
        "kernel_features.frequency_sigma",
        lambda gamma, n_features, nu: kf.frequency_sigma("matern", gamma, n_features, nu=nu),
        gamma=0.5,
        n_features=3,
        nu=1.5,
        finite=False,
    ),
    Call(
        "kernel_features.tensor_sketch_variance_bound",
        kf.tensor_sketch_variance_bound,
        x_norm=1.0,
        y_norm=2.0,
        degree=2,
        n_components=8,
        gamma=0.5,
        coef0=1.0,
        finite=False,
    ),
]
