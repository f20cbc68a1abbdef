"""What is found in the folder of submissions, and what is refused with a reason."""

import io
import json
import os
import stat
import zipfile
from datetime import UTC, datetime

import pytest

from grading.foreign.text import printable
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
        ("ann_b_90-small_20270301T103000Z.ipynb", "ann_b", "90-small"),
        ("ann_90-small_20270301T103000Z-1.ipynb", "ann", "90-small"),
        ("ann/90-small_20270301T103000Z.ipynb", "ann", "90-small"),
        ("ann/90-small/bob_90-small_20270301T103000Z.ipynb", "ann", "90-small"),
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
    assert len(list(folder.rglob("*.ipynb"))) == 0
    assert all("bears the lab's name" in reason for reason in refusals.values())
    assert len(refusals) == sum(name.endswith(".ipynb") for name in inside) - 1


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
    assert uploads["ann", "90-small"].timestamp == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert uploads["bob", "90-small"].timestamp is None


def test_the_time_in_a_name_is_the_students_own_and_says_nothing(folder):
    new = put(folder, "ann_90-small_20260101T000000Z.ipynb", b"{}")
    old = put(folder, "ann_90-small_20270101T000000Z.ipynb")
    os.utime(old, (1000, 1000))
    uploads, refusals = found(folder)
    assert uploads["ann", "90-small"].origin == new.name
    assert uploads["ann", "90-small"].timestamp is None
    assert "is newer" in refusals[old.name]


# ---- Contracts: what is refused, and in which words -------------------------------------


def link_entry(name, target):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return {entry: target}


BAD_MEMBERS = {
    "absolute": ({"/etc/90-small.ipynb": TEXT}, "name '/etc"),
    "parent": ({"../../90-small.ipynb": TEXT}, "name '../"),
    "backslash": ({"..\\90-small.ipynb": TEXT}, "name '..\\"),
    "drive": ({"C:90-small.ipynb": TEXT}, "name 'C:"),
    "control character": ({"a\nb_90-small.ipynb": TEXT}, "name 'a\\nb"),
    "link": (link_entry("cay_90-small.ipynb", "/etc/passwd"), "link"),
    "no archive": ({"cay_90-small.zip": b"PK"}, "not a readable archive"),
    "deep": ({"1.zip": archive({"2.zip": archive({"3.zip": archive({})})})}, "archive in 3"),
    "nobody's": ({"notes.ipynb": TEXT}, "whose it is"),
    "empty name": ({"_90-small.ipynb": TEXT}, "whose it is"),
    "long name": ({"日" * 80 + "_90-small.ipynb": TEXT}, "at most 200 bytes"),
    "longest name": ({"日" * 90 + "_90-small.ipynb": TEXT}, "longer than a file's name can be"),
}


@pytest.mark.parametrize("case", BAD_MEMBERS)
def test_a_bad_member_of_an_archive_costs_that_member_only(folder, case):
    odd, words = BAD_MEMBERS[case]
    good = {"ann_90-small.ipynb": TEXT, "bob/90-small.ipynb": TEXT}
    put(folder, "all.zip", archive(odd | good))
    uploads, refusals = found(folder)
    assert list(uploads) == [("ann", "90-small"), ("bob", "90-small")]
    assert uploads["bob", "90-small"].read(LIMIT) == TEXT
    (reason,) = refusals.values()
    assert words in reason


def test_an_encrypted_member_costs_itself(folder):
    raw = bytearray(archive({"cay_90-small.ipynb": TEXT, "ann_90-small.ipynb": TEXT}))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    put(folder, "all.zip", bytes(raw))
    uploads, refusals = found(folder)
    assert list(uploads) == [("ann", "90-small")]
    assert "without a password" in refusals["all.zip:cay_90-small.ipynb"]


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("cay_90-small-1.ipynb", "cay"),
        ("cay_90-small-Copy1.ipynb", "cay"),
        ("cay_90-small (3).ipynb", "cay"),
        ("cay_90-small-1 (2).ipynb", "cay"),
        ("week\\cay\\90-small.ipynb", "cay"),
        ("Zoë_90-small.ipynb", "Zoë"),
        ("Zoe\u0308_90-small.ipynb", "Zoë"),
    ],
)
def test_odd_names_of_members_are_read(folder, name, who):
    put(folder, "all.zip", archive({name: TEXT, "ann_90-small.ipynb": TEXT}))
    uploads, refusals = found(folder)
    assert set(uploads) == {("ann", "90-small"), (who, "90-small")}
    assert refusals == {}


def test_of_two_members_of_one_name_the_later_counts(folder):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, pytest.warns(UserWarning):
        for day, raw in ((9, TEXT), (8, b"{}")):
            entry = zipfile.ZipInfo("ann_90-small.ipynb", (2026, 3, day, 0, 0, 0))
            file.writestr(entry, raw)
    put(folder, "all.zip", buffer.getvalue())
    uploads, refusals = found(folder)
    assert uploads["ann", "90-small"].read(LIMIT) == TEXT
    assert "is newer" in refusals["all.zip:ann_90-small.ipynb"]


def test_archives_within_archives_are_read_and_belong_to_one_student(folder):
    own = archive({"90-small.ipynb": TEXT})
    foreign = archive({"ann_90-small.ipynb": b"{}", "90-small.ipynb": TEXT})
    members = {"ann_90-small.zip": own, "cay_90-small.zip": foreign, "week.zip": own}
    put(folder, "all.zip", archive({"rest.zip": archive(members), "eve/90-small/a.zip": own}))
    uploads, refusals = found(folder)
    assert [student for student, _ in uploads] == ["ann", "cay", "eve"]
    assert all(one.read(LIMIT) == TEXT for one in uploads.values())
    assert "whose it is" in refusals["all.zip:rest.zip/week.zip/90-small.ipynb"]


@pytest.mark.parametrize(
    ("letters", "name", "guessed"),
    [(b"M\xfcll", "Müll", True), (b"M\x81ll", "Müll", True), ("Zoë".encode(), "Zoë", False)],
)
def test_letters_of_archives_that_do_not_say_their_encoding(folder, letters, name, guessed):
    raw = archive({"XXXX_90-small.ipynb": TEXT})  # in ASCII, so that the flag of UTF-8 is not set
    put(folder, "all.zip", raw.replace(b"XXXX", letters))
    uploads, refusals = found(folder)
    assert list(uploads) == [(name, "90-small")]
    assert ["were guessed" in reason for reason in refusals.values()] == [True] * guessed


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


def test_an_archive_of_one_student_holds_a_notebook(folder):
    put(folder, "bob_90-small.zip", archive({"a.txt": TEXT}))
    uploads, refusals = found(folder)
    assert uploads == {}
    assert "holds none" in refusals["bob_90-small.zip"]


@pytest.mark.parametrize(
    "other", ["scratch.ipynb", "Untitled.ipynb", "90-small.new.ipynb", "90-small-Copy1.ipynb"]
)
@pytest.mark.parametrize("newer", [0, 100])
def test_the_notebook_that_bears_the_labs_name_counts(folder, other, newer):
    named, beside = put(folder, "ann/90-small/90-small.ipynb"), put(folder, f"ann/90-small/{other}")
    os.utime(named, (1000, 1000))
    os.utime(beside, (1000 + newer, 1000 + newer))
    uploads, refusals = found(folder)
    assert uploads["ann", "90-small"].origin == "ann/90-small/90-small.ipynb"
    assert "bears the lab's name" in refusals[f"ann/90-small/{other}"]


def test_what_lies_in_folders_beside_the_notebook_is_of_no_interest(folder):
    put(folder, "ann/90-small/90-small.ipynb")
    put(folder, "ann/90-small/images/deep/er/plot.png")
    put(folder, "ann/90-small/data.csv")
    uploads, refusals = found(folder)
    assert list(uploads) == [("ann", "90-small")] and refusals == {}


def test_case_and_the_form_of_accents_tell_no_students_apart(folder):
    old = put(folder, "Ann_90-small.ipynb", b"{}")
    os.utime(old, (1000, 1000))
    put(folder, "ann/90-small.ipynb")
    put(folder, "Zoe\u0308_06-low.ipynb")
    uploads, _ = find_uploads(folder, LABS)
    assert [one.student for one in uploads] == ["Zoë", "Ann"]
    assert uploads[1].read(LIMIT) == TEXT
    uploads, refusals = find_uploads(folder, LABS, known=["ann"])
    assert [one.student for one in uploads] == ["Zoë", "ann"]
    assert any("are one student" in one.reason for one in refusals)


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
    assert list(refusals) == [printable(name)]
    assert json.dumps(refusals)
