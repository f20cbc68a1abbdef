"""What a call changed in place: its arguments against copies made when they arrived."""

import numpy as np

from .border import is_library_sketch

__all__ = ["changed"]

SCALARS = (bool, int, float, complex, str, bytes, set, frozenset, range, slice, np.generic)
PARTS = ("data", "indices", "indptr", "coords", "offsets")  # of a sparse matrix


def changed(value, pristine):
    """Whether a plain value differs from the copy that was made when it arrived."""
    if pristine is None:
        return False  # nothing, or a reference: what it stands for is not here
    if type(value) is not type(pristine):
        return True
    if isinstance(pristine, np.ndarray):
        same_kind = value.dtype == pristine.dtype and value.shape == pristine.shape
        return not same_kind or value.tobytes() != pristine.tobytes()
    if isinstance(pristine, list | tuple):
        return len(value) != len(pristine) or any(map(changed, value, pristine))
    if isinstance(pristine, dict):
        return list(value) != list(pristine) or any(
            changed(value[key], pristine[key]) for key in pristine
        )
    if isinstance(pristine, SCALARS):
        return bool(value != pristine) and bool(pristine == pristine)  # NaN is not itself
    if type(pristine).__module__.startswith("scipy.sparse"):
        return changed(_parts(value), _parts(pristine))
    return is_library_sketch(type(pristine)) and value.to_bytes() != pristine.to_bytes()


def _parts(matrix):
    return [matrix.shape, *(getattr(matrix, name) for name in PARTS if hasattr(matrix, name))]
