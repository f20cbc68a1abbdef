"""Foreign times, texts, names and tables: read right in stated forms, or refused in a sentence."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.foreign.tables import read_table
from grading.foreign.text import NAME_BYTES, Unreadable, decoded, likely, printable, student_name
from grading.foreign.times import read_time

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

# ---- Facts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01 12:00:00 UTC",
        "2026-11-01 12:00:00.123456 UTC",
        "2026-11-01 12:00:00 Z",
        "2026-11-01 12:00:00Z",
        "2026-11-01T12:00:00Z",
        "2026-11-01T12:00Z",
        "2026-11-01 13:00:00 +0100",
        "2026-11-01T13:00:00+01:00",
        "2026-11-01T13:00:00.5+01:00",
        "2026-11-01 08:30 -03:30",
        " 2026-11-02 02:00:00 +1400\n",
    ],
)
def test_the_stated_forms_of_one_time(text):
    assert read_time(text) == NOON


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["{:%Y-%m-%dT%H:%M:%S}{}{:02}:{:02}", "{:%Y-%m-%d %H:%M:%S} {}{:02}{:02}"]),
)
def test_any_offset_is_hours_and_minutes(when, minutes, form):
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    zone = timezone(timedelta(minutes=minutes))
    expected = when.replace(microsecond=0, tzinfo=zone)
    assert read_time(form.format(when, sign, hours, rest)) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-02-30 10:00:00 UTC", "not in the calendar"),
        ("2026-13-45 10:00:00 UTC", "not in the calendar"),
        ("2026-11-01 24:00:00 UTC", "not in the calendar"),
        ("2026-11-01 12:00:00", "has no zone"),
        ("2026-11-01 12:00:00 CEST", "has the zone 'CEST'"),
        ("2026-11-01 12:00:00 IST", "has the zone 'IST'"),
        ("2026-11-01 12:00:00 +03", "has the zone '+03'"),
        ("2026-11-01 12:00:00 +1500", "no place on earth"),
        ("2026-11-01 12:00:00 +0160", "no place on earth"),
        ("1.11.2026 12:00", "is no time"),
        ("01/03/2026 22:59", "is no time"),
        ("12:00", "is no time"),
        ("1793534400", "is no time"),
        ("submitted on Sunday", "is no time"),
        ("10000-01-01 00:00:00 UTC", "is no time"),
        ("1999-12-31 00:00:00 UTC", "outside the years 2000 to 2099"),
        ("", "is no time"),
        ("\0", r"'\x00' is no time"),
        ("２０２６-11-01 12:00:00 UTC", "is no time"),
    ],
)
def test_any_other_text_is_no_time_and_the_sentence_says_why(text, why):
    with pytest.raises(Unreadable) as caught:
        read_time(text)
    assert why in str(caught.value)
    assert "must look like 2027-03-02 10:00:00 UTC or 2027-03-02T11:00:00+01:00" in str(
        caught.value
    )


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_anything_can_be_printed_in_one_line(text):
    shown = printable(text)
    assert shown.isprintable() and shown.encode() is not None
    assert printable(shown) == shown


@given(st.text() | st.characters().map(lambda one: one * 90))
def test_a_students_name_fits_a_folder_or_is_refused(text):
    try:
        name = student_name(text)
    except Unreadable as reason:
        assert str(reason).isprintable()
        return
    assert 0 < len(name.encode()) <= NAME_BYTES and name.isprintable() and "/" not in name
    assert student_name(name) == name


@given(st.text(st.characters(exclude_categories=["C"]), min_size=3))
def test_text_is_read_in_the_encodings_of_editors(text):
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert decoded(text.encode(encoding)) == (text, "")


@given(st.binary())
def test_any_bytes_are_text_or_refused(raw):
    try:
        text, _ = decoded(raw)
    except Unreadable:
        return
    assert isinstance(text, str)


def test_a_word_that_is_almost_known():
    assert likely("06-lowrank", ["05-hashing", "06-low-rank"]) == "; did you mean '06-low-rank'?"
    assert likely("06", ["05-hashing", "06-low-rank"]) == "; did you mean '06-low-rank'?"
    assert likely("exam", ["05-hashing", "06-low-rank"]) == ""


# ---- Contracts: tables ------------------------------------------------------------------


def table(folder, raw, columns=("a", "b")):
    path = folder / "t.csv"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return read_table(path, columns)


def test_columns_are_found_in_any_order_and_case(tmp_path):
    found = table(tmp_path, "x, B ,A\n1,2,3\n\n,,\n4,5,6\n")
    assert [row.columns for row in found.rows] == [{"a": "3", "b": "2"}, {"a": "6", "b": "5"}]
    assert [row.line for row in found.rows] == [2, 5] and found.notes == []


def test_quotes_lines_and_separators_within_a_cell(tmp_path):
    found = table(tmp_path, 'a,b\n"1,\n""x""",2\n3\u2028,4\r\n5,6\r')
    assert [row.columns["a"] for row in found.rows] == ['1,\n"x"', "3", "5"]
    assert [row.line for row in found.rows] == [2, 4, 5]


def test_one_open_quote_costs_one_row(tmp_path):
    found = table(tmp_path, 'a,b\n"1,2\n3,4\n5,6\n')
    assert [row.columns["a"] for row in found.rows] == ["3", "5"]
    (note,) = found.notes
    assert note.startswith("t.csv, line 2: its quotes do not fit")


def test_trailing_cells_that_a_spreadsheet_left_out(tmp_path):
    found = table(tmp_path, "a,b,c,d\n1,2\n3\n4,5,6,7,8\n")
    assert [row.columns for row in found.rows] == [{"a": "1", "b": "2"}]
    assert ["line 3" in note or "line 4" in note for note in found.notes] == [True, True]


@pytest.mark.parametrize(
    ("raw", "said"),
    [(b"", "the columns must be a, b"), (b"a;c\n", "'b' is not among 'a', 'c'"), (b"\0\1", "text")],
)
def test_a_table_without_its_columns_is_refused(tmp_path, raw, said):
    with pytest.raises(Unreadable, match=r"t\.csv") as caught:
        table(tmp_path, raw)
    assert said in str(caught.value)


@given(st.binary(max_size=200) | st.text(st.sampled_from('ab,;"\n\r1'), max_size=40))
def test_any_bytes_are_a_table_or_refused(tmp_path_factory, raw):
    raw = raw if isinstance(raw, bytes) else f"a,b\n{raw}".encode()
    try:
        found = table(tmp_path_factory.getbasetemp(), raw)
    except Unreadable as reason:
        assert str(reason).isprintable()
        return
    assert all(note.isprintable() for note in found.notes)
    assert all(set(row.columns) == {"a", "b"} for row in found.rows)
