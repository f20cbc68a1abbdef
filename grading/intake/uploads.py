"""Find what was handed in: notebooks and archives, in folders or loose; touch nothing.

Whose notebook it is and of which lab is read from where it lies::

    STUDENT/LAB/LAB.ipynb    as nbgrader collects; one notebook of any name will do
    STUDENT/LAB.ipynb
    STUDENT_LAB.ipynb
    STUDENT_LAB.zip          with one notebook inside
    STUDENT/LAB.zip          the same; or STUDENT/LAB/anything.zip
    anything.zip             of a whole class, with any of the above inside

Files are opened without following links, archives are read without unpacking them.
"""

import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

__all__ = ["Refusal", "Refused", "Upload", "find_uploads"]

MEMBERS = 5000  # of one archive
ARCHIVE_BYTES = 1 << 30
IGNORED = {"__MACOSX", ".DS_Store", "Thumbs.db", ".ipynb_checkpoints", "timestamp.txt"}
COPY = re.compile(r" ?\(\d+\)$")  # what a browser adds to the name of a second download


class Refused(ValueError):
    """Something handed in that cannot be graded, with the reason in one sentence."""


@dataclass(frozen=True)
class Upload:
    """One notebook that was handed in, not read yet.

    Attributes
    ----------
    student, lab : str
    origin : str
        Where it lies, relative to the folder of submissions.
    written : float
        When it was last changed, in seconds since 1970.
    read : callable
        ``read(limit)`` returns its bytes, or raises `Refused`.
    timestamp : str or None
        When nbgrader collected it.
    """

    student: str
    lab: str
    origin: str
    written: float
    read: Callable = field(repr=False)
    timestamp: str | None = None


@dataclass(frozen=True)
class Refusal:
    """Something that could not be attributed to a student and a lab, or not be opened."""

    origin: str
    reason: str


def find_uploads(folder, labs):
    """Return what can be graded and what cannot.

    Parameters
    ----------
    folder : Path
        ``grading/submitted``.
    labs : iterable of str
        The known labs' names.

    Returns
    -------
    uploads : list of Upload
        Sorted by lab and student; of several by one student for one lab, the newest.
    refusals : list of Refusal
    """
    found, refusals = [], []
    for path, parts in _files(folder, refusals):
        origin = "/".join(parts)
        try:
            found += list(_uploads(path, parts, origin, sorted(labs, key=len, reverse=True)))
        except Refused as refused:
            refusals.append(Refusal(origin, str(refused)))
    newest = {}
    for upload in sorted(found, key=lambda upload: (upload.written, upload.origin)):
        older = newest.get((upload.student, upload.lab))
        if older:
            reason = f"{upload.origin} is newer and was graded instead."
            refusals.append(Refusal(older.origin, reason))
        newest[upload.student, upload.lab] = upload
    return sorted(newest.values(), key=lambda upload: (upload.lab, upload.student)), refusals


def _files(folder, refusals):
    """Every regular file below a folder with the parts of its name; links are not followed."""
    waiting = [(Path(folder), ())]
    while waiting:
        where, parts = waiting.pop()
        for entry in sorted(os.scandir(where), key=lambda entry: entry.name):
            if entry.name in IGNORED or entry.name.startswith("."):
                continue
            here = (*parts, entry.name)
            if entry.is_symlink():
                refusals.append(Refusal("/".join(here), "it is a link; hand in the file itself."))
            elif entry.is_dir() and len(here) < 4:
                waiting.append((Path(entry.path), here))
            elif entry.is_file():
                yield Path(entry.path), here
            else:
                refusals.append(Refusal("/".join(here), "it is not a regular file."))


def _uploads(path, parts, origin, labs):
    suffix = path.suffix.lower()
    if suffix not in (".ipynb", ".zip"):
        if len(parts) == 3:
            return  # a figure or a data file that was collected with the notebook
        raise Refused("it is neither a notebook (.ipynb) nor an archive (.zip).")
    owner = _owner(parts, labs)
    if suffix == ".zip":
        yield from _archived(path, owner, origin, labs)
        return
    if owner is None:
        raise Refused(_unclear(labs))
    stamp = path.parent / "timestamp.txt"
    yield Upload(
        *owner,
        origin,
        os.lstat(path).st_mtime,
        lambda limit: read_file(path, limit),
        _text(stamp) if len(parts) == 3 else None,
    )


def _unclear(labs):
    return (
        "whose it is, or of which lab, cannot be told from its name; "
        f"name it STUDENT_LAB.ipynb, LAB being one of {', '.join(sorted(labs))}."
    )


def _owner(parts, labs):
    """``(student, lab)`` by the parts of a path, or None."""
    stem = COPY.sub("", PurePosixPath(parts[-1]).stem)
    if len(parts) == 3 and parts[1] in labs:
        return _student(parts[0]), parts[1]
    if len(parts) == 2 and stem in labs:
        return _student(parts[0]), stem
    for lab in labs:
        if stem.endswith(f"_{lab}") and len(stem) > len(lab) + 1:
            return _student(stem[: -len(lab) - 1]), lab
    return None


def _student(name):
    name = unicodedata.normalize("NFC", name)
    printable = all(character.isprintable() for character in name)
    if name != name.strip() or not printable or name.startswith(".") or "/" in name:
        raise Refused(f"{name!r} cannot be a student's name.")
    if len(name) > 100:
        raise Refused("the student's name is longer than 100 characters.")
    return name


def _archived(path, owner, origin, labs):
    """The notebooks of an archive: one if the archive has an owner, else one for each owner."""
    written = os.lstat(path).st_mtime
    notebooks = []
    for name in _members(path):
        parts = PurePosixPath(name).parts
        if IGNORED & set(parts) or parts[-1].startswith("."):
            continue
        if parts[-1].lower().endswith(".zip"):
            raise Refused(f"it holds another archive, {parts[-1]!r}.")
        if parts[-1].lower().endswith(".ipynb"):
            notebooks.append((name, parts))
    if owner:
        notebooks = [pair for pair in notebooks if pair[1][-1] == f"{owner[1]}.ipynb"] or notebooks
        if len(notebooks) != 1:
            raise Refused(f"it should hold one notebook; it holds {len(notebooks)}.")
    for name, parts in notebooks:
        whose = owner or _owner(parts, labs) or _owner(parts[1:] or parts, labs)
        if whose is None:
            raise Refused(f"{name!r}: {_unclear(labs)}")
        yield Upload(
            *whose,
            f"{origin}:{name}",
            written,
            lambda limit, name=name: _read_member(path, name, limit),
        )


def _members(path):
    """The names in an archive, all of them harmless."""
    with _opened(path, ARCHIVE_BYTES) as file:
        try:
            members = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise Refused("it is not a readable archive.") from None
    if len(members) > MEMBERS:
        raise Refused(f"it holds more than {MEMBERS} files.")
    names = []
    for member in members:
        name = member.filename
        parts = PurePosixPath(name).parts
        outside = name.startswith("/") or ".." in parts or "\\" in name or ":" in name[:2]
        if outside or not name.isprintable():
            raise Refused(f"it holds a file with the name {name[:80]!r}.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise Refused(f"it holds a link, {name[:80]!r}.")
        if member.flag_bits & 1:
            raise Refused("it is encrypted.")
        if not member.is_dir():
            names.append(name)
    if len(set(names)) < len(names):
        raise Refused("it holds two files with one name.")
    return names


def _read_member(path, name, limit):
    with _opened(path, ARCHIVE_BYTES) as file:
        try:
            # The sizes that an archive states about itself are not believed.
            with zipfile.ZipFile(file) as archive, archive.open(name) as member:
                raw = member.read(limit + 1)
        except Refused:
            raise
        except Exception as error:  # zlib, struct and lzma each have their own
            raise Refused(f"it is a damaged archive ({type(error).__name__}).") from None
    if len(raw) > limit:
        raise Refused(f"it is larger than {limit >> 20} MB.")
    return raw


def read_file(path, limit):
    """Return the bytes of a regular file of bounded size; refuse links and everything else."""
    with _opened(path, limit) as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise Refused(f"it is larger than {limit >> 20} MB.")
    return raw


def _opened(path, limit):
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"it cannot be opened ({error.strerror}).") from None
    about = os.fstat(number)
    reason = None
    if not stat.S_ISREG(about.st_mode):
        reason = "it is not a regular file."
    elif about.st_nlink > 1:
        reason = "it is a hard link to another file; hand in a copy."
    elif about.st_size > limit:
        reason = f"it is larger than {limit >> 20} MB."
    if reason:
        os.close(number)
        raise Refused(reason)
    return os.fdopen(number, "rb")


def _text(path):
    try:
        return read_file(path, 1000).decode().strip() or None
    except (Refused, UnicodeDecodeError):
        return None
