"""Archives to hand out, each there as a whole or not at all, and readable by its owner alone."""

import os
import tempfile
import zipfile
from pathlib import Path

__all__ = ["write_archive"]

FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # the same archive for the same pages


def write_archive(path, pages):
    """Write pages by their names into a zip.

    Parameters
    ----------
    path : Path
    pages : dict of str to bytes
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name, page in sorted(pages.items()):
                member = zipfile.ZipInfo(name, FIRST_DATE)
                archive.writestr(member, page, zipfile.ZIP_DEFLATED)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
