"""Read archives without unpacking them; what is odd in one costs that member and no other."""

import io
import os
import stat
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from grading.foreign.text import NAME_BYTES, Unreadable, decoded, printable

__all__ = ["Member", "Refused", "members", "read_file", "read_text"]

MEMBERS = 5000  # of one archive, archives within it included
ARCHIVE_BYTES = 1 << 30
INNER_BYTES = 64 << 20  # of all archives within one member of an archive
DEPTH = 3


class Refused(ValueError):
    """Something handed in that cannot be graded, with the reason in one sentence."""


@dataclass(frozen=True)
class Member:
    """A file in an archive.

    Attributes
    ----------
    parts : tuple of str
        Of its name; those of archives within the archive come first.
    path : Path
        Of the archive on disk.
    way : tuple of int
        Its place among the entries, in each archive on the way to it.
    date : tuple of int
        When the archive says that it was written, on a clock of no known zone.
    remark : str
        What to look at in its name.
    """

    parts: tuple
    path: object
    way: tuple
    date: tuple = ()
    remark: str = ""

    def read(self, limit):
        """Return its bytes, at most so many, or raise `Refused`."""
        with opened(self.path, ARCHIVE_BYTES) as file:
            for number in self.way[:-1]:
                file = io.BytesIO(_bytes(_entries(file), number, INNER_BYTES))
            return _bytes(_entries(file), self.way[-1], limit)


def members(path, refuse, ignored=frozenset()):
    """Yield the files of an archive and of archives within it, each with a harmless name.

    Parameters
    ----------
    path : Path
    refuse : callable
        ``refuse(name, reason)`` hears of each member that is left out.
    ignored : collection of str
        Names of files and folders that are of no interest.

    Yields
    ------
    Member

    Raises
    ------
    Refused
        If the archive as a whole cannot be read.
    """
    with opened(path, ARCHIVE_BYTES) as file:
        archive = _entries(file)
        for number in range(len(archive.infolist())):
            # Each member may hold so much, so that one of them costs no other its place.
            budget = {"bytes": INNER_BYTES, "members": MEMBERS}
            yield from _walk(archive, number, (path, (), ()), refuse, ignored, budget)


def _walk(archive, number, where, refuse, ignored, budget):
    path, above, way = where
    entry = archive.infolist()[number]
    if entry.is_dir() or entry.filename.endswith("\\"):
        return
    name, remark = _name(entry)
    shown = "/".join((*above, printable(name)))
    try:
        parts = (*above, *_parts(name, entry))
        if ignored & set(parts) or parts[-1].startswith("."):
            return
        if not parts[-1].lower().endswith(".zip"):
            yield Member(parts, path, (*way, number), tuple(entry.date_time), remark)
            return
        inner = _inner(archive, number, len(way), budget)
    except Refused as refused:
        if not ignored & set(PurePosixPath(name).parts):
            refuse(shown, str(refused))
        return
    for one in range(len(inner.infolist())):
        yield from _walk(inner, one, (path, parts, (*way, number)), refuse, ignored, budget)


def _inner(archive, number, depth, budget):
    """An archive within an archive, paid for from what its member may hold."""
    if depth + 1 >= DEPTH:
        raise Refused(f"it is an archive in {DEPTH} others; hand in the notebook itself.")
    raw = _bytes(archive, number, budget["bytes"])
    budget["bytes"] -= len(raw)
    inner = _entries(io.BytesIO(raw))
    budget["members"] -= len(inner.infolist())
    if budget["members"] < 0:
        raise Refused(f"it holds more than {MEMBERS} files; hand in the notebook itself.")
    return inner


def _entries(file):
    """The opened archive; its own list of members is bounded."""
    try:
        archive = zipfile.ZipFile(file)
    except Exception:  # whatever the parser makes of hostile bytes
        raise Refused("it is not a readable archive; pack it anew as zip.") from None
    if len(archive.infolist()) > MEMBERS:
        raise Refused(f"it holds more than {MEMBERS} files; hand in the notebook itself.")
    return archive


def _name(entry):
    """A member's name and a remark: one that is not marked as UTF-8 may be anything."""
    name = entry.filename
    if entry.flag_bits & 0x800 or name.isascii():
        return name, ""
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name, ""
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        pass
    # Of bytes above 127, letters are below 166 in the code pages of DOS, above 191 in Latin-1.
    latin = all(byte < 128 or byte > 191 for byte in raw)
    name = raw.decode("latin-1") if latin else name
    return name, "the letters of its name are not UTF-8 and were guessed; look whether it is right."


def _parts(name, entry):
    """The parts of a member's name if it is harmless; Windows' backslashes part folders too."""
    parts = tuple(part.strip() for part in name.replace("\\", "/").split("/"))
    parts = tuple(unicodedata.normalize("NFC", part) for part in parts if part not in ("", "."))
    outside = name.startswith(("/", "\\")) or ".." in parts or ":" in name[:2] or not parts
    if outside or not name.isprintable():
        raise Refused(f"it has the name '{printable(name)[:80]}'; rename it and pack it anew.")
    if any(len(part.encode()) > NAME_BYTES + 55 for part in parts) or len(parts) > 20:
        raise Refused("its name is longer than a file's name can be; rename it.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Refused("it is a link; hand in the file itself.")
    if entry.flag_bits & 1:
        raise Refused("it is encrypted; pack it without a password.")
    return parts


def _bytes(archive, number, limit):
    try:
        # The sizes that an archive states about itself are not believed.
        with archive.open(archive.infolist()[number]) as member:
            raw = member.read(limit + 1)
    except Refused:
        raise
    except Exception as error:  # zlib, struct and lzma each have their own
        what = type(error).__name__
        raise Refused(f"it is in a damaged archive ({what}); pack it anew.") from None
    if len(raw) > limit:
        raise Refused(
            f"it is larger than {limit >> 20} MB; clear the outputs and hand it in again."
        )
    return raw


def read_file(path, limit):
    """Return the bytes of a regular file of bounded size; refuse links and everything else."""
    with opened(path, limit) as file:
        try:
            raw = file.read(limit + 1)
        except OSError as error:
            raise Refused(f"it cannot be read ({error.strerror}).") from None
    if len(raw) > limit:
        raise Refused(
            f"it is larger than {limit >> 20} MB; clear the outputs and hand it in again."
        )
    return raw


def read_text(path, limit=10_000):
    """Return the text of a small file; refuse what is none."""
    try:
        return decoded(read_file(path, limit))[0]
    except Unreadable as reason:
        raise Refused(str(reason)) from None


def opened(path, limit):
    """Return an opened file that is regular, of this student alone, and not too large."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"it cannot be opened ({error.strerror}).") from None
    about = os.fstat(number)
    reason = None
    if not stat.S_ISREG(about.st_mode):
        reason = "it is not a regular file; hand in the file itself."
    elif about.st_nlink > 1:
        reason = "it is a hard link to another file; hand in a copy."
    elif about.st_size > limit:
        reason = f"it is larger than {limit >> 20} MB; clear the outputs and hand it in again."
    if reason:
        os.close(number)
        raise Refused(reason)
    return os.fdopen(number, "rb")
