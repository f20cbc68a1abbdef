"""Shared fixtures: one BLAS thread, and randomness that does not depend on the order."""

import os
import sys

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported: a test measures one thread
# Before nbformat is: a check of addresses that takes it a second to load, and no notebook has any.
sys.modules.setdefault("rfc3987_syntax", None)

import hypothesis
import numpy as np
import pytest

# Files that take longest, in order. Some processes share the files: one that came last would
# leave the others idle.
LONGEST = [
    "book/test_pages.py",
    "grading/test_every_lab.py",
    "test_labs.py",
    "grading/test_hostile.py",
    "grading/test_limits.py",
    "book/test_components.py",
    "grading/test_lent.py",
    "grading/test_class.py",
    "grading/test_cluster.py",
    "book/test_build.py",
    "test_lab_copies.py",
    "grading/test_rehearsal.py",
    "grading/test_border_lab.py",
]

hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("nightly", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items):
    """Put the longest files first, and leave the order inside a file."""
    places = {f"tests/{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.fixture
def rng(request):
    """A generator seeded by the test's own name: stable, and independent of order."""
    return np.random.default_rng(list(request.node.nodeid.encode()))
