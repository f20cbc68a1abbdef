"""Put what counts in its place and keep the rest aside; nothing that was handed in is lost.

``grading/earlier/journal.json`` lists all that was ever collected. What is in the place of a lab
follows from it and from the downloads at hand, so a run may be repeated, and one that was stopped
anywhere is done by the next.
"""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from course_lib.notebook.checks import normal_id
from grading.foreign.text import Unreadable
from grading.foreign.times import read_time
from grading.intake.archives import Refused, read_file, read_text
from grading.records.store import write_whole

__all__ = ["Archive", "Entry", "Placed", "digest_of"]

STAMP = "timestamp.txt"
MOST_BYTES = 200 << 20
THERE = "was there"


class Entry(NamedTuple):
    """A notebook that was handed in, for one student.

    Attributes
    ----------
    student, lab, digest : str
    platform, group, person, origin : str
        Where it comes from.
    time : str
        In UTC as ISO 8601; empty if the platform tells none.
    seen : float
        When the download was made.
    order : list
        Among those of one time.
    readable : bool
    """

    student: str
    lab: str
    digest: str
    platform: str = THERE
    group: str = ""
    person: str = ""
    origin: str = ""
    time: str = ""
    seen: float = 0.0
    order: tuple = ()
    readable: bool = True

    @property
    def key(self):
        """What makes two entries one: the same file by the same person in the same attempt."""
        return self.digest, self.lab, self.platform, self.person, self.group

    @property
    def rank(self):
        """What can be read before what cannot, then the last in time."""
        when = datetime.fromisoformat(self.time).timestamp() if self.time else self.seen
        return self.readable, when, *self.order, self.digest


class Placed(NamedTuple):
    """What became of one student's lab: ``new``, ``replaced``, ``unchanged`` or ``withdrawn``."""

    student: str
    lab: str
    what: str
    winner: object
    notes: tuple = ()


def digest_of(raw):
    """The name of a content."""
    return hashlib.sha256(raw).hexdigest()


class Archive:
    """The folder of submissions, and what is kept aside.

    Parameters
    ----------
    submitted, earlier : Path

    Raises
    ------
    Unreadable
        If the journal cannot be read.
    """

    def __init__(self, submitted, earlier):
        self.submitted, self.earlier = submitted, earlier
        self.path = earlier / "journal.json"
        self.entries, self.stamps = [], {}
        if self.path.exists():
            try:
                found = json.loads(self.path.read_text(encoding="utf-8"))
                rows = found["entries"]
                self.entries = [Entry(**{**one, "order": tuple(one["order"])}) for one in rows]
                self.stamps = dict(found["stamps"])
            except (OSError, ValueError, LookupError, TypeError):
                raise Unreadable(
                    f"{self.path} cannot be read; move it away, and what lies in {submitted} is "
                    f"taken as it is."
                ) from None

    @property
    def persons(self):
        """By person on a platform, to whom his files went."""
        found = {}
        for one in self.entries:
            if one.person:
                found.setdefault(one.person, set()).add(one.student)
        return found

    def update(self, entries, raws):
        """Bring the folder of submissions up to date; return a `Placed` for each lab touched.

        Parameters
        ----------
        entries : list of Entry
        raws : dict of str to callable
            By digest, what returns the bytes.
        """
        spelled = self._spelled()
        new = [
            one._replace(student=spelled.setdefault(normal_id(one.student), one.student))
            for one in entries
        ]
        keys, touched = {one.key for one in new}, {(one.student, one.lab) for one in new}
        seen = {(one.key, one.student): one.seen for one in self.entries}
        new = [one._replace(seen=max(one.seen, seen.get((one.key, one.student), 0))) for one in new]
        # A file that now goes to somebody else, by who.csv or a mended class list, leaves the old.
        gone = [one for one in self.entries if one.key in keys]
        touched |= {(one.student, one.lab) for one in gone}
        kept = [one for one in self.entries if one.key not in keys]
        self.entries = [*kept, *{(one.key, one.student): one for one in new}.values()]
        gone = {(one.student, one.lab, one.digest) for one in gone}
        gone -= {(one.student, one.lab, one.digest) for one in self.entries}
        try:
            return [self._settled(*one, raws, gone) for one in sorted(touched)]
        finally:
            self._save()

    def _spelled(self):
        if not self.submitted.is_dir():
            return {}
        return {normal_id(one.name): one.name for one in sorted(self.submitted.iterdir())}

    def _save(self):
        rows = sorted(self.entries, key=lambda one: (one.lab, one.student, one.rank))
        text = {"entries": [one._asdict() for one in rows], "stamps": self.stamps}
        write_whole(self.path, json.dumps(text, ensure_ascii=False, indent=1))

    def _settled(self, student, lab, raws, gone):
        try:
            return self._settle(student, lab, raws, gone)
        except (OSError, Refused) as reason:
            said = f"{student}/{lab} was left as it is: {reason}"
            return Placed(student, lab, "refused", None, (said,))

    def _settle(self, student, lab, raws, gone):
        """Put the winner of one student's lab in place, the others aside."""
        path = self.submitted / student / lab / f"{lab}.ipynb"
        there = digest_of(read_file(path, MOST_BYTES)) if os.path.lexists(path) else ""
        mine = [one for one in self.entries if (one.student, one.lab) == (student, lab)]
        if there and (student, lab, there) not in gone and there not in {o.digest for o in mine}:
            mine.append(self._found(student, lab, path, there))
            self.entries.append(mine[-1])
        mine = [one for one in mine if one.digest in raws or self._bytes(one, path, there)]
        winner = max(mine, key=lambda one: one.rank, default=None)
        if there and (winner is None or winner.digest != there):
            self._aside(student, lab, there, read_file(path, MOST_BYTES), path.with_name(STAMP))
        for one in mine:
            if one.digest != winner.digest and one.digest in raws:
                self._aside(student, lab, one.digest, raws[one.digest](), None)
        if winner is None:
            if not there:
                return Placed(student, lab, "unchanged", None)
            path.unlink()
            self._unstamp(path, student, lab)
            return Placed(student, lab, "withdrawn", None)
        what = "unchanged" if winner.digest == there else "replaced" if there else "new"
        if winner.digest != there:
            raw = raws[winner.digest]() if winner.digest in raws else self._bytes(winner, path, "")
            # Without a time it is on time: of what may stand here for a moment, the mild one.
            self._unstamp(path, student, lab)
            _write(path, raw, winner)
        notes = self._stamp(path, student, lab, winner)
        return Placed(student, lab, what, winner, notes)

    def _found(self, student, lab, path, digest):
        """The entry for a notebook that came to its place by another way."""
        try:
            when = read_time(read_text(path.with_name(STAMP))).isoformat()
        except (Refused, Unreadable):
            when = ""
        origin = path.relative_to(self.submitted).as_posix()
        seen = path.stat().st_mtime
        order = (9, 0, 0, "", "")
        return Entry(student, lab, digest, origin=origin, time=when, seen=seen, order=order)

    def _bytes(self, entry, path, there):
        """The content of an entry, from where it lies; empty if it lies nowhere any more."""
        if entry.digest == there:
            return read_file(path, MOST_BYTES)
        folder = self.earlier / entry.student / entry.lab
        for file in sorted(folder.glob(f"*{entry.digest[:12]}.ipynb")):
            raw = read_file(file, MOST_BYTES)
            if digest_of(raw) == entry.digest:
                return raw
        return b""

    def _aside(self, student, lab, digest, raw, stamp):
        folder = self.earlier / student / lab
        if list(folder.glob(f"*{digest[:12]}.ipynb")):
            return
        times = [one.time for one in self.entries if one.digest == digest and one.time]
        when = max(times)[:19].replace(":", "") + "Z" if times else "no-time"
        path = folder / f"{when}-{digest[:12]}.ipynb"
        if stamp and stamp.is_file():  # first, since the notebook says that all is done
            write_whole(path.with_suffix(f".{STAMP}"), stamp.read_text("utf-8", "replace"))
        _write(path, raw, None)

    def _unstamp(self, path, student, lab):
        path.with_name(STAMP).unlink(missing_ok=True)
        self.stamps.pop(f"{student}/{lab}", None)

    def _stamp(self, path, student, lab, winner):
        """Write the platform's time; one that the instructor wrote stays."""
        stamp, key = path.with_name(STAMP), f"{student}/{lab}"
        text = ""
        if winner.time:
            text = f"{datetime.fromisoformat(winner.time).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC\n"
        old = ""
        if os.path.lexists(stamp):
            try:
                old = read_text(stamp)
                same = bool(text) and read_time(old) == read_time(text)
                if old == text:  # ours, of a run that was stopped before it wrote its journal
                    self.stamps[key] = text
            except (Refused, Unreadable):
                old, same = old or "?", False
            if same or (old and not text and self.stamps.get(key) != old):
                return ()
        if old and old != self.stamps.get(key):
            return (
                f"{STAMP} says {old.strip()[:40]!r} and the platform {text.strip()!r}; it stays",
            )
        if text:
            write_whole(stamp, text)
            self.stamps[key] = text
            os.utime(path, (winner.rank[1],) * 2)
        elif old:
            self._unstamp(path, student, lab)
        return ()


def _write(path, raw, winner):
    """Write bytes so that they are there as a whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if winner is not None:  # so that "the newest" means the same for `make grade`
            os.utime(temporary, (winner.rank[1],) * 2)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
