"""Bytes to text, any text to text that can be printed, any name to a student's."""

import difflib
import os
import sys
import unicodedata

__all__ = [
    "NAME_BYTES",
    "Unreadable",
    "decoded",
    "likely",
    "printable",
    "student_name",
    "tolerant_output",
]

NAME_BYTES = 200  # of a student's name; a file system allows 255
CONTROLS = {chr(code) for code in range(32)} - set("\t\n\r\f")


class Unreadable(ValueError):
    """A file, a line or a field that cannot be used, with the reason in one sentence."""


def decoded(raw):
    """Return the text in a file, and a remark on its encoding that is empty if that was clear.

    UTF-8 with and without a byte order mark, and UTF-16 with one or recognized by its zeros, are
    read as what they are. Anything else is read as Windows-1252, which contains Latin-1, and said.

    Parameters
    ----------
    raw : bytes

    Returns
    -------
    text : str
    remark : str

    Raises
    ------
    Unreadable
        If the bytes are no text.

    Examples
    --------
    >>> decoded("Zoë".encode("latin-1"))
    ('Zoë', 'it is not UTF-8 and was read as Latin-1; look whether names with accents are right.')
    """
    text, remark = _decoded(raw)
    if CONTROLS & set(text):
        raise Unreadable("it is not a text file; save it as text in UTF-8.")
    return text, remark


def _decoded(raw):
    zeros = raw[:200:2].count(0), raw[1:200:2].count(0)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif max(zeros) > len(raw[:200]) // 5 and not len(raw) % 2:
        encodings = ["utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding in ("cp1252", "latin-1"):
            remark = "it is not UTF-8 and was read as Latin-1; "
            return text, remark + "look whether names with accents are right."
        return text, ""
    raise Unreadable("it is cut off in the middle of a letter; save it again as UTF-8.")


def printable(text):
    r"""Return a text that every file, page and terminal can show, the rest as escapes.

    Parameters
    ----------
    text : str
        Also a file's name whose bytes are not UTF-8.

    Returns
    -------
    str

    Examples
    --------
    >>> print(printable("Zo\udceb\n"))
    Zo\xeb\n
    """
    try:
        text = os.fsencode(text).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        text = text.encode("utf-8", "backslashreplace").decode()
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def student_name(name):
    """Return a student's name in one form, which is also the name of a folder.

    Parameters
    ----------
    name : str

    Raises
    ------
    Unreadable
        If it is empty, hidden, longer than `NAME_BYTES` bytes in UTF-8, or cannot be printed.
    """
    name = unicodedata.normalize("NFC", name).strip()
    bad = not name or name.startswith(".") or "/" in name or "\\" in name
    if bad or not all(character.isprintable() for character in name):
        raise Unreadable(f"'{printable(name)[:80]}' cannot be a student's name; rename it.")
    if len(name.encode()) > NAME_BYTES:
        raise Unreadable(
            f"the student's name must have at most {NAME_BYTES} bytes in UTF-8; "
            f"'{name[:20]}...' has {len(name.encode())}; rename it."
        )
    return name


def likely(word, known):
    """Return a question that names the known word that is meant, or an empty text."""
    word = str(word)
    parts = [one for one in known if word and one.split("-")[0] == word.split("-")[0]]
    close = difflib.get_close_matches(word, list(known), 1) or parts
    return f"; did you mean {close[0]!r}?" if close else ""


def tolerant_output():
    """Let nothing that is printed stop the program, whatever letters the terminal has."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
