"""What the grader keeps, as one thing: pack it, unpack it beside, and put it in place as a whole.

A restore goes in three steps, and may be stopped anywhere. All files of the archive are checked
and written to ``grading/restoring/new``. Then ``ready.json`` is written there: from now on the
restored state counts, and until now the old one. Last, each name is moved to its place; whoever
reads the configuration next does what was left to do (`finish`), before anything else.
"""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import shutil
import sqlite3
import stat
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath

__all__ = ["KEPT", "Damaged", "finish", "pack", "restore"]

GRADEBOOK = "gradebook.db"
KEPT = (
    "autograded",
    "earlier",
    "extensions.csv",
    "feedback",
    GRADEBOOK,
    "leaderboard.csv",
    "leaderboard.key",
    "pairs.csv",
    "report",
    "roster.csv",
    "submitted",
    "term.toml",
    "who.csv",
    "worksheets",
)
# What SQLite writes beside a gradebook belongs to that one and would spoil another.
BESIDE = tuple(f"{GRADEBOOK}-{end}" for end in ("journal", "wal", "shm"))
MANIFEST = "manifest.json"
FORMAT = 1
CHUNK = 1 << 20
BROKEN = (tarfile.TarError, zlib.error, EOFError, ValueError, LookupError, TypeError, OSError)


class Damaged(ValueError):
    """An archive that is not what was packed, with the reason in one sentence."""


# --- Pack ----------------------------------------------------------------------------------


def pack(folder, path):
    """Write what is kept into an archive, which is there as a whole or not at all.

    Parameters
    ----------
    folder : Path
        ``grading``.
    path : Path
        Only its owner may read it.

    Returns
    -------
    files : int
    left_out : list of str
        Links and the like, which the grader does not read either.

    Raises
    ------
    OSError
        If a file cannot be read, or changed meanwhile.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
                digests, left_out = _packed(folder, tar)
                text = json.dumps({"format": FORMAT, "files": digests}, indent=1).encode()
                info = tarfile.TarInfo(MANIFEST)
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return sum(one is not None for one in digests.values()), left_out


def _packed(folder, tar):
    """Put all that is kept into an archive; return digests by name, None for folders."""
    digests, left_out = {}, []
    for name in KEPT:
        for path in _below(folder / name):
            shown = path.relative_to(folder).as_posix()
            mode = os.lstat(path).st_mode
            if name == GRADEBOOK:
                with _copy_of(path) as copy:
                    digests[shown] = _add(tar, shown, copy)
            elif stat.S_ISREG(mode):
                digests[shown] = _add(tar, shown, path)
            elif stat.S_ISDIR(mode):
                info = tarfile.TarInfo(shown)
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
                digests[shown] = None
            else:
                left_out.append(shown)
    return digests, left_out


def _below(path):
    """A file, or a folder and all in it, in order, without following links."""
    if not os.path.lexists(path):
        return
    yield path
    if path.is_dir() and not path.is_symlink():
        for one in sorted(path.iterdir()):
            yield from _below(one)


@contextlib.contextmanager
def _copy_of(gradebook):
    """A gradebook as it is between two changes, also if somebody writes to it now."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / GRADEBOOK
        with (
            contextlib.closing(sqlite3.connect(gradebook)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        shutil.copystat(gradebook, copy)
        yield copy


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file):
        self.file, self.sha256 = file, hashlib.sha256()

    def read(self, size=-1):
        found = self.file.read(size)
        self.sha256.update(found)
        return found


def _add(tar, name, path):
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        known = os.fstat(handle)
        info = tarfile.TarInfo(name)
        info.size, info.mtime = known.st_size, known.st_mtime
        info.mode = stat.S_IMODE(known.st_mode) & 0o777
        hashed = _Hashed(file)
        tar.addfile(info, hashed)
        if file.read(1):
            raise OSError(f"{name} grew while it was read")
    return hashed.sha256.hexdigest()


# --- Restore -------------------------------------------------------------------------------


def restore(folder, path):
    """Put what an archive holds in place of what is there; all of it, or nothing.

    Parameters
    ----------
    folder : Path
        ``grading``.
    path : Path

    Returns
    -------
    int
        Files that were restored.

    Raises
    ------
    Damaged
        If the archive is not what was packed; then nothing has changed.
    """
    finish(folder)
    with _locked(folder) as mine:
        if not mine:
            raise Damaged("Another restore is going on here; wait until it has ended.")
        place = folder / "restoring"
        try:
            digests = _unpacked(path, place / "new")
        except BROKEN as error:
            shutil.rmtree(place, ignore_errors=True)
            if isinstance(error, Damaged):
                raise
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise Damaged(f"{path} cannot be restored ({why}); nothing was changed.") from None
        for one in sorted(_below(place), reverse=True):
            _to_disk(one)
        _write(
            place / "ready.json",
            json.dumps([one.name for one in (place / "new").iterdir()]).encode(),
        )
        _put_in_place(folder)
    return sum(one is not None for one in digests.values())


def _unpacked(path, new):
    """Write the files of an archive, each as it was packed, and return their digests."""
    shutil.rmtree(new.parent, ignore_errors=True)
    new.mkdir(parents=True)
    found, manifest = {}, None
    with tarfile.open(path, "r:gz") as tar:
        for info in tar:
            if info.name == MANIFEST:
                manifest = json.loads(tar.extractfile(info).read())
                continue
            parts = PurePosixPath(info.name).parts
            if info.name in found or ".." in parts or not parts or parts[0] not in KEPT:
                raise Damaged(
                    f"{path} holds {info.name!r}, which no backup does; nothing was changed."
                )
            target = new.joinpath(*parts)
            if info.isdir():
                target.mkdir()
                found[info.name] = None
            elif info.isreg():
                found[info.name] = _written(tar.extractfile(info), target, info)
            else:
                raise Damaged(f"{path} holds a link, which no backup does; nothing was changed.")
        while tar.fileobj.read(CHUNK):  # to the end, where gzip keeps its own sum
            pass
    if manifest is None:
        raise Damaged(f"{path} ends too early, its list of files is missing; nothing was changed.")
    if manifest["format"] != FORMAT:
        raise Damaged(
            f"{path} was written by another version of the course (form {manifest['format']}); "
            f"restore it with that one; nothing was changed."
        )
    if manifest["files"] != found:
        both = manifest["files"].items() ^ found.items()
        raise Damaged(
            f"{path} is damaged at {min(name for name, _ in both)!r}; nothing was changed."
        )
    return found


def _written(source, target, info):
    hashed = _Hashed(source)
    with target.open("xb") as file:
        shutil.copyfileobj(hashed, file, CHUNK)
    target.chmod(info.mode & 0o777)
    os.utime(target, (info.mtime, info.mtime))
    return hashed.sha256.hexdigest()


def _to_disk(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path, raw):
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _to_disk(path.parent)


def finish(folder):
    """End a restore that was stopped: go on with it if it counts already, else forget it.

    Parameters
    ----------
    folder : Path
        ``grading``.
    """
    if (folder / "restoring").exists():
        with _locked(folder, wait=True):
            if (folder / "restoring" / "ready.json").exists():
                _put_in_place(folder)
            else:
                shutil.rmtree(folder / "restoring", ignore_errors=True)


@contextlib.contextmanager
def _locked(folder, wait=False):
    """Whether this process is the one that restores."""
    (folder / "cache").mkdir(parents=True, exist_ok=True)
    with (folder / "cache" / "restore.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def _put_in_place(folder):
    """Move what is ready to its place and what was there away; may be done again at any point."""
    place = folder / "restoring"
    names = json.loads((place / "ready.json").read_bytes())
    (place / "old").mkdir(exist_ok=True)
    for name in (*KEPT, *BESIDE):
        new, there = place / "new" / name, folder / name
        done = name in names and not os.path.lexists(new)
        if not done and os.path.lexists(there):
            there.rename(place / "old" / name)
        if name in names and not done:
            new.rename(there)
    for one in (place / "old", place / "new", folder):
        _to_disk(one)
    (place / "ready.json").unlink()
    shutil.rmtree(place, ignore_errors=True)
