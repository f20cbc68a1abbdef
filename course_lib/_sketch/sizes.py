"""What a sketch may ask of the machine: a size that is a finite number."""

import contextlib

__all__ = ["sizing"]


@contextlib.contextmanager
def sizing(kind):
    """Turn a size beyond the numbers of the machine, computed inside, into one sentence."""
    try:
        yield
    except ArithmeticError:
        raise ValueError(
            f"epsilon and delta must ask for a {kind} whose size is a finite number; "
            "these are too small, allow larger errors."
        ) from None
