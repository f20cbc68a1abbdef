"""The bias of frequencies of one length, in few and in many dimensions."""

import numpy as np
import pytest
from scipy.special import hyp0f1

from course_lib.kernel_features import fixed_length_bias

VALUES = np.array([0.99, 0.8, 0.3, 1e-4])

# ---- Facts


@pytest.mark.parametrize("d", [128, 200, 300])
def test_it_is_the_hypergeometric_function_where_scipy_has_it(d):
    expected = hyp0f1(d / 2, d / 2 * np.log(VALUES)) - VALUES
    assert np.allclose(fixed_length_bias(VALUES, d), expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("d", [512, 1024, 10**6])
def test_in_many_dimensions_it_is_finite_and_what_its_leading_term_says(d):
    k = VALUES[:3]
    leading = -(np.log(k) ** 2) * k / (d + 2)
    assert np.allclose(fixed_length_bias(k, d), leading, rtol=10 / d, atol=1e-14)


def test_one_value_is_a_number():
    assert isinstance(fixed_length_bias(0.5, 2000), float)
    assert np.isclose(fixed_length_bias(1.0, 2000), 0.0, atol=1e-14)
