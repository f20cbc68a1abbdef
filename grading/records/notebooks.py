"""The graded notebook, as formgrader shows it: nothing in it acts when it is looked at."""

import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

__all__ = ["graded_notebook", "harmless_markdown", "harmless_outputs"]

TAG = re.compile(r"<(?=[a-zA-Z/!?])")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
CHARACTERS = 200_000


def graded_notebook(lab, pieces, outputs):
    """Return the notebook that nbgrader keeps of a submission.

    Parameters
    ----------
    lab : lab.Lab
    pieces : list of intake.Piece
    outputs : dict
        By position: a list of outputs from a test, or what the student's process told.

    Returns
    -------
    nbformat.NotebookNode
    """
    notebook = new_notebook(metadata={"kernelspec": lab.metadata.get("kernelspec", {})})
    for position, piece in enumerate(pieces):
        cell = _new(piece)
        if piece.cell is not None and piece.cell.marks:
            cell.metadata["nbgrader"] = nbformat.from_dict(piece.cell.marks)
        cell["id"] = f"cell-{position}"
        if piece.cell_type == "code":
            shown = outputs.get(position, [])
            if isinstance(shown, dict):
                shown = harmless_outputs(shown.get("untrusted"), shown.get("error"))
            cell.outputs = [nbformat.from_dict(output) for output in _complete(shown)]
        notebook.cells.append(cell)
    return notebook


def _new(piece):
    if piece.cell_type == "code":
        return new_code_cell(piece.source)
    own = piece.cell is None or piece.role in ("written", "free")
    if piece.cell_type == "raw":
        # A raw cell goes into the page as it is; as text it does not.
        return new_raw_cell(piece.source) if not own else new_code_cell(f"%%raw\n{piece.source}")
    return new_markdown_cell(harmless_markdown(piece.source) if own else piece.source)


def harmless_markdown(text):
    """Return a student's markdown with its tags shown instead of obeyed."""
    return TAG.sub("&lt;", text)


def harmless_outputs(outputs, error=None):
    """Return a student's outputs as text and pictures, whatever his process sent.

    HTML, SVG and scripts are left out; a figure is kept as PNG, a table as text.
    """
    kept, left = [], CHARACTERS
    for output in outputs if isinstance(outputs, list) else []:
        clean = _harmless(output) if isinstance(output, dict) else None
        if clean is None:
            continue
        left -= len(str(clean)) if "image/png" not in str(clean.get("data", ""))[:40] else 1000
        if left < 0:
            break
        kept.append(clean)
    if isinstance(error, dict):
        text = str(error.get("text", ""))[:2000]
        lines = [text] + ([str(error["place"])[:300]] if error.get("place") else [])
        name = str(error.get("name", "Error"))[:80]
        kept.append({"output_type": "error", "ename": name, "evalue": text, "traceback": lines})
    return kept


def _harmless(output):
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        text = output.get("text")
        return {"output_type": kind, "name": name, "text": text} if isinstance(text, str) else None
    data = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(data, dict):
        return None
    kept = {}
    if isinstance(data.get("text/plain"), str):
        kept["text/plain"] = data["text/plain"][:CHARACTERS]
    picture = data.get("image/png")
    if isinstance(picture, str) and BASE64.match(picture):
        kept["image/png"] = picture
    return {"output_type": "display_data", "data": kept} if kept else None


def _complete(outputs):
    for output in outputs:
        output = {key: value for key, value in output.items() if key != "output_type"} | {
            "output_type": output["output_type"]
        }
        kind = output.pop("output_type")
        if kind == "execute_result":
            output.setdefault("execution_count", 1)
        yield new_output(kind, **output)
