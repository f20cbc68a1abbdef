"""A check cell leaves the notebook's names as it found them."""

__all__ = ["Scope"]

LEFT = "_left_by_checks"  # name -> value, in the notebook's own namespace


class Scope:
    """The names of a notebook while a check cell runs.

    A check binds names as it likes. A name that was the notebook's own before (a helper, the
    student's variable) means the same again afterwards; one that is new, or that an earlier check
    made, keeps the check's value, to be looked at.

    Parameters
    ----------
    names : dict
        The globals of the cell.
    """

    def __init__(self, names):
        self.names, self._before = names, dict(names)

    def close(self):
        """Restore what was there before."""
        left = self.names.setdefault(LEFT, {})
        for name, value in list(self.names.items()):
            if name == LEFT or (name in self._before and self._before[name] is value):
                continue
            if name in self._before and left.get(name, self) is not self._before[name]:
                self.names[name] = self._before[name]
            else:
                left[name] = value
