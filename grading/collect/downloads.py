"""Find the notebooks in downloads, and what the platform's names and tables say of each."""

import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from grading.foreign.clocks import in_zone, local_time
from grading.foreign.platforms import Claim, Who, claim_of, gradescope
from grading.foreign.tables import read_table
from grading.foreign.text import Unreadable, decoded, printable
from grading.foreign.times import read_time
from grading.intake.archives import Refused, members, read_file

__all__ = ["Downloads", "Piece", "read_downloads"]

DEEP = 12  # folders within folders
IGNORED = {"__MACOSX", ".DS_Store", "Thumbs.db", ".ipynb_checkpoints"}
SILENT = (".txt", ".html", ".htm", ".yml", ".csv", ".json")  # what platforms put beside
METADATA, STAMP = "submission_metadata.yml", "timestamp.txt"
METADATA_BYTES, TEXT_BYTES = 200 << 20, 1 << 20
SHEET = ("Identifier", "Last modified (submission)")
NAMED = re.compile(r"\ufeff?\s*Name: (?P<name>[^\r\n]*) \((?P<login>[^()\r\n]+)\)[ \t]*[\r\n]")


@dataclass(frozen=True)
class Piece:
    """A notebook in a download.

    Attributes
    ----------
    download, origin : str
        The file that was given; where the notebook lies in it.
    claim : platforms.Claim
    read : callable
        ``read(limit)`` returns its bytes, or raises `Refused`.
    seen : float
        When the download was made, in seconds since 1970: the file was handed in before that.
    date : tuple of int
        What the archive says; it only orders files that have nothing else.
    """

    download: str
    origin: str
    claim: Claim
    read: Callable = field(repr=False)
    seen: float = 0.0
    date: tuple = ()


@dataclass
class Downloads:
    """What was found.

    Attributes
    ----------
    pieces : list of Piece
    notes : list of (str, str)
        Where something is wrong, and what.
    platforms : dict of str to Counter
        By download, how many notebooks came from which platform.
    """

    pieces: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    platforms: dict = field(default_factory=lambda: defaultdict(Counter))


@dataclass(frozen=True)
class _File:
    """Any file in a download: its path there, and how to read it."""

    parts: tuple
    read: Callable
    seen: float
    date: tuple = ()


def read_downloads(paths, labs, zone=None):
    """Return the `Downloads` in files and folders.

    Parameters
    ----------
    paths : sequence of Path
    labs : collection of str
    zone : ZoneInfo, optional
        For times that have none.

    Raises
    ------
    Unreadable
        If there is a time without a zone, and none was given.
    """
    found, sheets, files = Downloads(), {}, {}
    for path in paths:
        name = printable(path.name or str(path))
        listed = list(_files(path, found.notes, name))
        if path.suffix.lower() == ".csv":
            sheets |= _sheet(path, found.notes)
            continue
        if path.is_dir():
            tables = [one for one in listed if _is_sheet(one, labs)]
            for one in tables:
                sheets |= _sheet(path / one.parts[0], [])
        files.setdefault(name, []).extend(listed)
    given = [one for path in paths if not path.is_dir() for one in [claim_of((path.name,), labs)]]
    several = sum(one is not None for one in given) > 1
    for name, listed in files.items():
        _read_one(found, name, listed, labs, several)
    found.pieces = [_with_sheet(one, sheets) for one in found.pieces]
    found.pieces = [_timed(one, zone, found.notes) for one in found.pieces]
    return found


def _files(path, notes, name):
    """Every file of a download, archives opened; links are not followed."""
    if not path.is_dir():
        yield from _opened(path, (path.name,), notes, name)
        return
    waiting = [(path, ())]
    while waiting:
        where, parts = waiting.pop()
        try:
            entries = sorted(os.scandir(where), key=lambda entry: entry.name)
        except OSError as error:
            notes.append((name, f"a folder cannot be opened ({error.strerror})."))
            continue
        for entry in entries:
            here = (*parts, entry.name)
            if entry.name in IGNORED or entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False) and len(here) < DEEP:
                waiting.append((Path(entry.path), here))
            elif not entry.is_dir(follow_symlinks=False):
                yield from _opened(Path(entry.path), here, notes, name)


def _opened(path, parts, notes, name):
    """The file itself, or what is in it if it is an archive."""
    shown = f"{name}:{printable('/'.join(parts))}" if len(parts) > 1 else name
    try:
        about = path.lstat()
    except OSError as error:
        notes.append((shown, f"it cannot be opened ({error.strerror})."))
        return
    if path.suffix.lower() != ".zip":
        if stat.S_ISREG(about.st_mode) or path.suffix.lower() == ".ipynb":
            yield _File(parts, lambda limit: read_file(path, limit), about.st_mtime)
        return

    def refuse(member, reason):
        notes.append((f"{shown}:{member}", reason))

    try:
        for member in members(path, refuse, IGNORED):
            if member.remark and member.parts[-1].lower().endswith(".ipynb"):
                notes.append((f"{shown}:{'/'.join(member.parts)}", member.remark))
            yield _File((*parts, *member.parts), member.read, about.st_mtime, member.date)
    except Refused as reason:
        notes.append((shown, str(reason)))


def _read_one(found, name, files, labs, several):
    """The notebooks of one download."""
    archive = name.lower().endswith(".zip") and all(len(one.parts) > 1 for one in files)
    inside = archive and any(claim_of(one.parts[1:], labs) for one in files)
    if archive and (claim_of((name,), labs) is None or (inside and not several)):
        # An archive of a class, whatever it is called itself.
        files = [replace(one, parts=one.parts[1:]) for one in files]
    tables = _metadata(name, files, labs, found.notes)
    persons, stamps = _side_files(files, labs)
    kinds, other = defaultdict(set), {}
    for one in files:
        claim = claim_of(one.parts, labs, tables)
        if claim is not None and claim.ignored:
            continue
        kind = Path(one.parts[-1]).suffix.lower()
        if kind != ".ipynb":
            if claim is not None and kind not in SILENT:
                other.setdefault(claim.group, (claim, claim.rest[-1]))
            continue
        if claim is None:
            title = one.parts[0] if len(one.parts) > 1 else Path(one.parts[0]).stem
            claim = Claim("no known form", (Who(title),), "/".join(one.parts), one.parts[-1:])
        kinds[claim.group].add(kind)
        if claim.group in persons:
            claim = claim._replace(people=(persons[claim.group],))
        if claim.platform == "nbgrader" and claim.time is None:
            claim = claim._replace(time=stamps.get(claim.group))
        found.platforms[name][claim.platform] += 1
        origin = f"{name}:{printable('/'.join(one.parts))}" if len(files) > 1 or archive else name
        found.pieces.append(Piece(name, origin, claim, one.read, one.seen, one.date))
    for group, (claim, file) in other.items():
        if group not in kinds:
            people = ", ".join(one.shown for one in claim.people) or group
            reason = f"{printable(people)} handed in no notebook, but '{printable(file)[:60]}'."
            found.notes.append((name, reason))


def _metadata(name, files, labs, notes):
    """By folder, what Gradescope's metadata say; only what lies outside all submissions counts."""
    tables = {}
    for one in files:
        if one.parts[-1] != METADATA or claim_of(one.parts, labs) is not None:
            continue
        try:
            tables["/".join(one.parts[:-1])] = gradescope(one.read(METADATA_BYTES))
        except (Refused, Unreadable) as reason:
            notes.append((name, str(reason)))
    return tables


def _side_files(files, labs):
    """By group, whom Blackboard's text names, and the time that nbgrader wrote."""
    persons, stamps = {}, {}
    for one in files:
        last = one.parts[-1]
        if not last.lower().endswith(".txt"):
            continue
        claim = claim_of(one.parts, labs)
        if claim is None:
            continue
        try:
            if claim.platform == "Blackboard" and claim.rest[-1] == last and len(claim.rest) == 1:
                match = NAMED.match(decoded(one.read(TEXT_BYTES))[0])
                if match and match["login"] in claim.people[0].logins:
                    persons[claim.group] = Who(match["name"].strip(), logins=(match["login"],))
            elif claim.platform == "nbgrader" and claim.rest == (STAMP,):
                stamps[claim.group] = read_time(decoded(one.read(TEXT_BYTES))[0])
        except (Refused, Unreadable):
            continue
    return persons, stamps


def _is_sheet(file, labs):
    """Whether a file may be a worksheet that the instructor laid beside the download."""
    alone = len(file.parts) == 1 and file.parts[0].lower().endswith(".csv")
    return alone and claim_of(file.parts, labs) is None


def _sheet(path, notes):
    """By Moodle's number of a participant, his row in the grading worksheet."""
    try:
        table = read_table(path, SHEET)
    except Unreadable as reason:
        name = printable(path.name)
        notes.append(
            (name, f"only Moodle's grading worksheet, in English, is read beside files: {reason}")
        )
        return {}
    rows = {}
    for row in table.rows:
        cells = dict(zip(table.head, row.cells, strict=False))
        number = re.search(r"[0-9]+$", row.columns["Identifier"])
        if number:
            rows[number[0]] = {key.strip("\ufeff "): cell.strip() for key, cell in cells.items()}
    return rows


def _with_sheet(piece, sheets):
    """A piece with what Moodle's worksheet says of it."""
    claim = piece.claim
    row = sheets.get(claim.people[0].number) if claim.people else None
    if claim.platform != "Moodle" or row is None:
        return piece
    who = claim.people[0]
    known = tuple(filter(None, (row.get("Username", ""), row.get("ID number", ""))))
    name = row.get("Full name") or who.name
    who = Who(name, who.number, known, row.get("Email address", ""))
    text, when, note = row[SHEET[1]], None, ""
    if text not in ("", "-"):
        try:
            when = local_time(text)
        except Unreadable as reason:
            note = str(reason)
    return replace(piece, claim=claim._replace(people=(who,), time=when, note=note))


def _timed(piece, zone, notes):
    """A piece whose time is in UTC."""
    claim = piece.claim
    if claim.note:
        notes.append((piece.origin, f"{claim.note} It counts as on time."))
    if claim.time is None:
        return piece
    if claim.time.tzinfo is None and zone is None:
        raise Unreadable(
            f"{claim.platform} writes times without a zone ({claim.time}, {piece.download}); say "
            f"on whose clock: --zone Europe/Zurich, or make collect ... ZONE=Europe/Zurich."
        )
    return replace(piece, claim=claim._replace(time=in_zone(claim.time, zone)))
