"""A backup and its way back: exact, refused if damaged, and never half, wherever it is stopped."""

import contextlib
import gzip
import io
import json
import os
import sqlite3
import sys
import tarfile
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading import backup, state
from grading.lab import load_config

from .fixtures.course import Course
from .fixtures.labs import small_lab

LAB = "90-small"
NAMES = ["Zoë Łuk", "=1+1", "李 王", "a\nb", os.fsdecode(b"caf\xe9"), "x" * 180]
WRITES = {
    "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.utime", "os.chmod", "shutil.rmtree",
    "shutil.copystat", "os.truncate", "os.link", "os.symlink", "fcntl.flock",
}  # fmt: skip


def filled(folder, word):
    """All that is kept, each file saying a word."""
    for name in NAMES:
        for room in ("submitted", "autograded", "feedback"):
            path = folder / room / name / LAB / f"{LAB}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(f"{word} {room}")
            os.utime(path, (1_700_000_000.25, 1_700_000_000.25))
    (folder / "submitted" / f"empty {word}").mkdir()
    for name in ("term.toml", "roster.csv", "leaderboard.key"):
        (folder / name).write_text(word)
    (folder / "leaderboard.key").chmod(0o600)
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as book:
        book.execute("create table told (word text)")
        book.execute("insert into told values (?)", [word])
        book.commit()
    return folder


def tree(folder):
    """What is kept, as names with contents and times."""
    found = {}
    for name in state.KEPT:
        for path in state._below(folder / name):
            shown = path.relative_to(folder).as_posix()
            if name == "gradebook.db":
                with contextlib.closing(sqlite3.connect(path)) as book:
                    found[shown] = book.execute("select word from told").fetchall()
            elif path.is_file():
                known = path.stat()
                found[shown] = path.read_bytes(), known.st_mode & 0o777
                if name == "submitted":  # the newest file of a student counts
                    found[shown] += (known.st_mtime,)
            else:
                found[shown] = None
    return found


@pytest.fixture
def rooms(tmp_path):
    """A folder that says *new*, and a backup of one that says *old*."""
    old = filled(tmp_path / "was", "old")
    path = tmp_path / "backup.tar.gz"
    assert state.pack(old, path) == (len(NAMES) * 3 + 4, [])
    new = filled(tmp_path / "grading", "new")
    (new / "extensions.csv").write_text("not in the backup")
    (new / "gradebook.db-journal").write_text("of the new gradebook")
    return new, path, tree(old)


def test_what_was_packed_comes_back_as_it_was(rooms):
    folder, path, old = rooms
    assert path.stat().st_mode & 0o077 == 0
    (folder / "gradebook.db-journal").unlink()
    before = tree(folder)
    assert before != old
    (folder / "gradebook.db-journal").write_text("of the new gradebook")
    assert state.restore(folder, path) == len(NAMES) * 3 + 4
    assert tree(folder) == old
    assert not (folder / "gradebook.db-journal").exists() and not (folder / "restoring").exists()
    assert not (folder / "extensions.csv").exists()


def test_links_are_left_out_and_named(tmp_path):
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted" / "link").symlink_to("/etc/passwd")
    path = tmp_path / "backup.tar.gz"
    assert state.pack(tmp_path, path) == (0, ["submitted/link"])
    assert state.restore(tmp_path, path) == 0


# --- Contracts: what is damaged is refused and changes nothing ---------------------------------


def repacked(path, edit):
    """The archive with its members edited: ``edit(info, raw)`` returns the new pair or None."""
    text = io.BytesIO()
    with tarfile.open(path) as source, tarfile.open(fileobj=text, mode="w:gz") as target:
        for info in source:
            raw = source.extractfile(info).read() if info.isreg() else b""
            if (changed := edit(info, raw)) is not None:
                info, raw = changed
                info.size = len(raw)
                target.addfile(info, io.BytesIO(raw))
    path.write_bytes(text.getvalue())


def renamed(info, name):
    info.name = name
    info.pax_headers = {}
    return info


def as_link(info, raw):
    if info.name == "term.toml":
        info.type, info.linkname, raw = tarfile.SYMTYPE, "/etc/passwd", b""
    return info, raw


def of_format(number):
    def edit(info, raw):
        if info.name == "manifest.json":
            raw = json.dumps(json.loads(raw) | {"format": number}).encode()
        return info, raw

    return edit


DAMAGE = {
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "last byte": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "no archive": lambda path: path.write_bytes(b"hello" * 1000),
    "no tar": lambda path: path.write_bytes(gzip.compress(b"hello" * 1000)),
    "gone": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "other text": lambda path: repacked(
        path, lambda info, raw: (info, b"evil" if info.name == "term.toml" else raw)
    ),
    "a file less": lambda path: repacked(
        path, lambda info, raw: None if info.name == "term.toml" else (info, raw)
    ),
    "no list": lambda path: repacked(
        path, lambda info, raw: None if info.name == "manifest.json" else (info, raw)
    ),
    "outside": lambda path: repacked(
        path,
        lambda info, raw: (
            (renamed(info, "submitted/../../evil"), raw)
            if info.name == "term.toml"
            else (info, raw)
        ),
    ),
    "absolute": lambda path: repacked(
        path,
        lambda info, raw: (
            (renamed(info, "/evil"), raw) if info.name == "term.toml" else (info, raw)
        ),
    ),
    "code": lambda path: repacked(
        path,
        lambda info, raw: (
            (renamed(info, "lab.py"), raw) if info.name == "term.toml" else (info, raw)
        ),
    ),
    "a link": lambda path: repacked(path, as_link),
    "another form": lambda path: repacked(path, of_format(2)),
    "a strange form": lambda path: repacked(path, of_format([])),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_archive_is_refused_in_one_sentence(rooms, damage):
    folder, path, _ = rooms
    (folder / "gradebook.db-journal").unlink()
    before = tree(folder)
    DAMAGE[damage](path)
    with pytest.raises(state.Damaged, match=r"nothing was changed\.$") as caught:
        state.restore(folder, path)
    assert "\n" not in str(caught.value)
    assert tree(folder) == before and not (folder / "restoring").exists()
    assert not (folder.parent / "evil").exists() and not (folder / "lab.py").exists()


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_can_be_turned_without_being_noticed_or_without_harm(tmp_path_factory, place, bit):
    tmp_path = tmp_path_factory.mktemp("bits")
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted" / "a.ipynb").write_text("hello " * 50)
    path = tmp_path / "backup.tar.gz"
    state.pack(tmp_path, path)
    raw = bytearray(path.read_bytes())
    raw[int(place * len(raw))] ^= 1 << bit
    path.write_bytes(raw)
    before = tree(tmp_path)
    with contextlib.suppress(state.Damaged):
        state.restore(tmp_path, path)
    assert tree(tmp_path) == before


# --- Contracts: a kill at any point ------------------------------------------------------------


def killed_at(number, work):
    """Run work in a process that ends at its n-th change of a file; whether it got there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        count = [0]

        def hook(event, arguments):
            flags = arguments[2] if event == "open" and len(arguments) > 2 else 0
            writes = (
                event == "open" and isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
            )
            if event in WRITES or writes:
                if count[0] == number:
                    os._exit(9)
                count[0] += 1

        try:
            sys.addaudithook(hook)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


def few(folder, word):
    """A small state, since each of its files is a place to be killed at."""
    (folder / "submitted" / "ann").mkdir(parents=True)
    (folder / "submitted" / "ann" / "a.ipynb").write_text(word)
    (folder / f"{'roster' if word == 'old' else 'extensions'}.csv").write_text(word)
    (folder / "term.toml").write_text(word)
    (folder / "gradebook.db").write_text(word)
    return folder


def small_tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for name in (*state.KEPT, *state.BESIDE)
        for path in state._below(folder / name)
        if path.is_file()
    }


def test_a_restore_that_is_killed_anywhere_is_all_or_nothing(tmp_path):
    path = tmp_path / "backup.tar.gz"
    was = few(tmp_path / "was", "old")
    (was / "gradebook.db").unlink()
    with contextlib.closing(sqlite3.connect(was / "gradebook.db")) as book:
        book.execute("create table told (word text)")
    state.pack(was, path)
    with tarfile.open(path) as tar:
        old = {one.name: tar.extractfile(one).read() for one in tar if one.isreg()}
    del old["manifest.json"]
    seen = set()
    for number in range(500):
        folder = few(tmp_path / f"at-{number}" / "grading", "new")
        (folder / "gradebook.db-wal").write_text("new")
        new = {name: text.encode() for name, text in small_tree(folder).items()}
        reached = killed_at(number, lambda folder=folder: state.restore(folder, path))
        counts = (folder / "restoring" / "ready.json").exists()
        if reached and number % 3 == 0:  # the one who ends it may be killed as well
            killed_at(number % 7, lambda folder=folder: state.finish(folder))
        state.finish(folder)
        found = {
            one.relative_to(folder).as_posix(): one.read_bytes()
            for name in (*state.KEPT, *state.BESIDE)
            for one in state._below(folder / name)
            if one.is_file()
        }
        assert found in (old, new), number
        assert found == old or not counts
        assert not (folder / "restoring").exists()
        seen.add(found == old)
        state.restore(folder, path)
        assert (folder / "submitted" / "ann" / "a.ipynb").read_text() == "old"
        if not reached:
            break
    assert not reached and seen == {True, False} and number > 30


def test_a_backup_that_is_killed_leaves_no_archive_that_looks_whole(tmp_path):
    folder = few(tmp_path / "grading", "old")
    (folder / "gradebook.db").unlink()
    path = tmp_path / "backup.tar.gz"
    for number in range(100):
        reached = killed_at(number, lambda: state.pack(folder, path))
        if path.exists():
            assert state.restore(folder, path) == 3
            path.unlink()
        if not reached:
            break
    assert not reached and number > 2


# --- The command -------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_brings_back_what_make_grade_made(tmp_path, capsys):
    course = Course(tmp_path / "course", _90_small=small_lab())
    course.hand_in("ann", LAB, "solution")
    course.grade("--trust-submissions")
    root = ("--root", str(course.root))
    assert backup.main([*root]) == 0
    (path,) = (course.root / "grading" / "backups").glob("*.tar.gz")
    assert str(path) in capsys.readouterr().out
    page = course.page("ann", LAB)
    course.hand_in("ann", LAB)
    course.hand_in("bob", LAB, "solution")
    course.grade("--trust-submissions")
    assert course.scores()["ann"] == 0
    assert backup.main([*root, "--restore", str(path)]) == 0
    assert course.scores() == {"ann": 10.0} and course.page("ann", LAB) == page
    assert "1 unchanged" in course.grade("--trust-submissions")
    assert backup.main([*root, "--to", str(path)]) == 2
    assert backup.main([*root, "--restore"]) == 2 and "make restore" in capsys.readouterr().err
    path.write_bytes(path.read_bytes()[:-20])
    assert backup.main([*root, "--restore", str(path)]) == 2
    assert "nothing was changed" in capsys.readouterr().err


def test_whoever_reads_the_configuration_ends_a_restore_first(tmp_path):
    course = Course(tmp_path / "course", _90_small=small_lab())
    folder = course.root / "grading"
    new = folder / "restoring" / "new"
    new.mkdir(parents=True)
    (new / "term.toml").write_text("restored")
    (folder / "restoring" / "ready.json").write_text('["term.toml"]')
    load_config(course.root)
    assert (folder / "term.toml").read_text() == "restored" and not new.exists()
