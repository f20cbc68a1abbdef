"""Read a submitted notebook: its cells, whatever else is in it."""

import json
import warnings

import nbformat

from grading.foreign.text import Unreadable, decoded

from .archives import Refused

__all__ = ["course_of", "fetch", "read_notebook"]

CELLS = 1000
TYPES = ("code", "markdown", "raw")
WITH_OUTPUTS = 5  # a file may be so many times as large as what counts of it


def fetch(upload, lab):
    """Return the notebook that counts of an upload: the first that can be read.

    Parameters
    ----------
    upload : uploads.Upload
    lab : lab.Lab

    Returns
    -------
    upload : uploads.Upload
        The one that was read: the newest, or an older one.
    raw : bytes
    cells : list
        From `read_notebook`.
    refused : list of (str, str)
        What is newer and could not be read, with the reason.

    Raises
    ------
    Refused
        If none can be read, with the reason for the newest.
    """
    refused, spare = [], None
    for one in (upload, *upload.older):
        try:
            raw = one.read(WITH_OUTPUTS * lab.limits.notebook_bytes)
            cells = read_notebook(raw, lab.limits.notebook_bytes)
        except Refused as reason:
            refused.append((one.origin, str(reason)))
            continue
        found = one, raw, cells, list(refused)
        if one.rank or _is_of(lab, cells):
            return found
        spare = spare or found  # of another name, and with nothing of the lab in it
    if spare:
        return spare
    raise Refused(refused[0][1])


def _is_of(lab, cells):
    known = {cell.id for cell in lab.cells if cell.marks}
    return any(name in known or (marks or {}).get("grade_id") in known for name, *_, marks in cells)


def read_notebook(raw, limit=None):
    """Return the cells of a notebook as ``(id, type, source, marks)``, whatever else is in it.

    Parameters
    ----------
    raw : bytes
    limit : int, optional
        Bytes that the text of its cells may have; outputs do not count and are not read.

    Raises
    ------
    Refused
        If the bytes are not a notebook that Jupyter could have written.
    """
    if not raw.strip():
        raise Refused("it is empty; hand in the file again.")
    try:
        text, remark = decoded(raw)
        notebook = json.loads(text)
    except Unreadable:
        raise Refused(
            "it is not UTF-8 text, so not a notebook; save it in Jupyter again."
        ) from None
    except (ValueError, RecursionError):
        raise Refused(
            "it is not valid JSON, so not a notebook; save it in Jupyter again."
        ) from None
    if remark:
        raise Refused("it is not UTF-8 text; save it in Jupyter again.")
    if not isinstance(notebook, dict):
        raise Refused("it is JSON, but not a notebook; hand in the .ipynb file.")
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        cells = _upgraded(text, notebook).get("cells")
    if not isinstance(cells, list):
        raise Refused("it is a notebook without cells; hand in the file again.")
    if len(cells) > CELLS:
        raise Refused(f"it has more than {CELLS} cells; remove those that are not yours.")
    cells = [_cell(cell) for cell in cells if isinstance(cell, dict)]
    size = sum(len(source.encode()) for _, _, source, _ in cells)
    if limit and size > limit:
        raise Refused(
            f"the text of its cells has {size / 1e6:.1f} MB and may have {limit / 1e6:.0f}; "
            f"remove what was pasted into it."
        )
    return cells


def _upgraded(text, notebook):
    """A notebook of an older format in that of now."""
    if notebook.get("nbformat") in (4, "4"):
        return notebook
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nbformat.reads(text, 4)
    except Exception:
        raise Refused("it is of a notebook format that cannot be read; save it anew.") from None


def _cell(cell):
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    source = source if isinstance(source, str) else ""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    kind = cell.get("cell_type") if cell.get("cell_type") in TYPES else "raw"
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = cell.get("id") if isinstance(cell.get("id"), str) else ""
    marks = marks if isinstance(marks, dict) else None
    # A lone surrogate is valid JSON and no text.
    return name, kind, source.encode(errors="replace").decode(), marks


def course_of(raw):
    """Return what the notebook's metadata say of the course: its lab, its version, who and when.

    Nothing in them is certain: the student may have changed any of it.

    Parameters
    ----------
    raw : bytes

    Returns
    -------
    dict of str to str
        Empty if there is nothing, or if it is no notebook.
    """
    try:
        notebook = json.loads(decoded(raw)[0])
        found = notebook["metadata"]["course"]
        return {str(key): one for key, one in found.items() if isinstance(one, str)}
    except (Unreadable, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return {}
