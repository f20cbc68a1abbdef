"""Models as files of few bytes."""

__all__ = []
