"""What is found in the folder of submissions, and what is refused with a reason."""

import io
import json
import os
import stat
import zipfile

import pytest

from grading.intake.uploads import Refused, find_uploads, read_file

LABS = ("06-low-rank", "06-low", "90-small")
TEXT = b'{"cells": []}'
LIMIT = 1 << 20


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "submitted"
    folder.mkdir()
    return folder


def put(folder, name, raw=TEXT):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def archive(members, kind=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as file:
        for name, raw in members.items():
            file.writestr(name, raw)
    return buffer.getvalue()


def found(folder):
    uploads, refusals = find_uploads(folder, LABS)
    return (
        {(one.student, one.lab): one for one in uploads},
        {one.origin: one.reason for one in refusals},
    )


# ---- Facts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "student", "lab"),
    [
        ("ann/06-low-rank/06-low-rank.ipynb", "ann", "06-low-rank"),
        ("ann/06-low-rank/Untitled.ipynb", "ann", "06-low-rank"),
        ("ann/90-small.ipynb", "ann", "90-small"),
        ("ann_06-low-rank.ipynb", "ann", "06-low-rank"),
        ("ann_b_06-low.ipynb", "ann_b", "06-low"),
        ("ann_90-small (2).ipynb", "ann", "90-small"),
        ("Ann Lee/90-small/90-small.ipynb", "Ann Lee", "90-small"),
        ("Zoë Łuk_90-small.ipynb", "Zoë Łuk", "90-small"),
    ],
)
def test_student_and_lab_are_read_from_the_name(folder, name, student, lab):
    put(folder, name)
    uploads, refusals = found(folder)
    assert list(uploads) == [(student, lab)]
    assert uploads[student, lab].read(LIMIT) == TEXT
    assert refusals == {}


@pytest.mark.parametrize(
    ("name", "inside", "who"),
    [
        ("ann_90-small.zip", {"any/where/90-small.ipynb": TEXT, "a.png": b"x"}, "ann"),
        ("ann/90-small.zip", {"work.ipynb": TEXT}, "ann"),
        ("ann/90-small/hand-in.zip", {"90-small.ipynb": TEXT, "old.ipynb": b"{}"}, "ann"),
        ("all.zip", {"ann_90-small.ipynb": TEXT, "__MACOSX/x": b""}, "ann"),
        ("all.zip", {"week 3/ann/90-small.ipynb": TEXT}, "ann"),
    ],
)
def test_archives_are_read_without_unpacking(folder, name, inside, who):
    put(folder, name, archive(inside))
    uploads, refusals = found(folder)
    assert list(uploads) == [(who, "90-small")]
    assert uploads[who, "90-small"].read(LIMIT) == TEXT
    assert refusals == {}
    assert len(list(folder.rglob("*.ipynb"))) == 0


def test_of_two_files_the_newest_counts_and_the_other_is_named(folder):
    old, new = put(folder, "ann_90-small.ipynb"), put(folder, "ann/90-small.ipynb", b"{}")
    os.utime(old, (1000, 1000))
    uploads, refusals = found(folder)
    assert uploads["ann", "90-small"].read(LIMIT) == b"{}"
    assert "newer" in refusals["ann_90-small.ipynb"]
    assert old.exists() and new.exists()


def test_a_time_stamp_is_believed_only_where_nbgrader_wrote_it(folder):
    put(folder, "ann/90-small/90-small.ipynb")
    put(folder, "ann/90-small/timestamp.txt", b"2026-11-01 12:00:00 UTC\n")
    put(folder, "bob_90-small.zip", archive({"90-small.ipynb": TEXT, "timestamp.txt": b"1999"}))
    uploads, _ = found(folder)
    assert uploads["ann", "90-small"].timestamp == "2026-11-01 12:00:00 UTC"
    assert uploads["bob", "90-small"].timestamp is None


# ---- Contracts: what is refused, and in which words -------------------------------------


def link_entry(name, target):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return {entry: target}


BAD_ARCHIVES = {
    "absolute": ({"/etc/90-small.ipynb": TEXT}, "name '/etc"),
    "parent": ({"../../90-small.ipynb": TEXT}, "name '../"),
    "backslash": ({"..\\90-small.ipynb": TEXT}, "name '..\\\\"),
    "drive": ({"C:90-small.ipynb": TEXT}, "name 'C:"),
    "control character": ({"a\nb_90-small.ipynb": TEXT}, "name 'a\\nb"),
    "link": (link_entry("ann_90-small.ipynb", "/etc/passwd"), "link"),
    "nested": ({"inner.zip": archive({"a": b""})}, "another archive"),
    "nobody's": ({"notes.ipynb": TEXT}, "whose it is"),
    "empty name": ({"_90-small.ipynb": TEXT}, "whose it is"),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_bad_archives_are_refused_whole(folder, case):
    members, words = BAD_ARCHIVES[case]
    put(folder, "all.zip", archive(members))
    uploads, refusals = found(folder)
    assert uploads == {}
    assert words in refusals["all.zip"]


def test_a_zip_bomb_is_read_up_to_the_limit_only(folder):
    bomb = archive({"90-small.ipynb": bytes(300 << 20)})
    assert len(bomb) < LIMIT
    put(folder, "ann_90-small.zip", bomb)
    uploads, _ = found(folder)
    with pytest.raises(Refused, match="larger than 1 MB"):
        uploads["ann", "90-small"].read(LIMIT)


def test_damaged_archives_are_refused(folder):
    raw = archive({"90-small.ipynb": TEXT * 1000})
    put(folder, "ann_90-small.zip", raw[:-30])
    put(folder, "bob_90-small.zip", raw[:60] + bytes(20) + raw[80:])
    put(folder, "cay_90-small.zip", b"PK\x03\x04 no archive")
    uploads, refusals = found(folder)
    assert "readable archive" in refusals["ann_90-small.zip"]
    assert "readable archive" in refusals["cay_90-small.zip"]
    with pytest.raises(Refused, match="damaged archive"):
        uploads["bob", "90-small"].read(LIMIT)


def test_an_archive_of_one_student_holds_one_notebook(folder):
    put(folder, "ann_90-small.zip", archive({"a.ipynb": TEXT, "b.ipynb": TEXT}))
    put(folder, "bob_90-small.zip", archive({"a.txt": TEXT}))
    _, refusals = found(folder)
    assert "it holds 2" in refusals["ann_90-small.zip"]
    assert "it holds 0" in refusals["bob_90-small.zip"]


def test_links_and_special_files_are_refused(folder, tmp_path):
    secret = put(tmp_path, "secret.ipynb")
    (folder / "ann_90-small.ipynb").symlink_to(secret)
    (folder / "bob").symlink_to(tmp_path)
    os.link(secret, folder / "cay_90-small.ipynb")
    os.mkfifo(folder / "dan_90-small.ipynb")
    uploads, refusals = found(folder)
    assert "link" in refusals["ann_90-small.ipynb"]
    assert "link" in refusals["bob"]
    assert "regular file" in refusals["dan_90-small.ipynb"]
    with pytest.raises(Refused, match="hard link"):
        uploads["cay", "90-small"].read(LIMIT)


def test_large_files_are_refused_unread(folder):
    with put(folder, "ann_90-small.ipynb").open("wb") as file:
        file.truncate(50 << 20)
    uploads, _ = found(folder)
    with pytest.raises(Refused, match="larger than 10 MB"):
        uploads["ann", "90-small"].read(10 << 20)
    with pytest.raises(Refused, match="larger than 1 MB"):
        read_file(folder / "ann_90-small.ipynb", LIMIT)


@pytest.mark.parametrize(
    "name", ["notes.txt", "ann.ipynb", " _90-small.ipynb", "ann\x07_90-small.ipynb", "x.tar.gz"]
)
def test_what_belongs_to_nobody_is_named(folder, name):
    put(folder, name)
    uploads, refusals = found(folder)
    assert uploads == {}
    assert list(refusals) == [name]
    assert json.dumps(refusals)
