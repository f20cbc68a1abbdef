"""Times as learning platforms write them: on a clock whose zone only the instructor knows."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from .text import Unreadable, printable
from .times import YEARS

__all__ = ["in_zone", "local_time", "read_zone"]

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
DASHED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})-([0-9]{2})-([0-9]{2})-([0-9]{2})")
WORDS = re.compile(
    r"(?:[^\W\d]+,? )?(?:(?P<day>[0-9]{1,2})\.? (?P<month>[^\W\d]{3,9})\.?|"
    r"(?P<month2>[^\W\d]{3,9})\.? (?P<day2>[0-9]{1,2})),? (?P<year>[0-9]{4}),? (?:at )?"
    r"(?P<hour>[0-9]{1,2}):?(?P<minute>[0-9]{2})(?P<second>:[0-9]{2})? ?(?P<half>[AP]M)?",
    re.IGNORECASE,
)


def local_time(text):
    """Return the time that a platform wrote, without a zone.

    Read are Blackboard's ``2026-03-01-22-10-11``, Brightspace's ``Mar 1, 2026 310 PM`` and
    Moodle's ``Sunday, 1 March 2026, 3:10 PM``, in English, with day and month in either order.

    Parameters
    ----------
    text : str

    Returns
    -------
    datetime
        Without a zone, to the second or the minute.

    Raises
    ------
    Unreadable

    Examples
    --------
    >>> print(local_time("Sunday, 1 March 2026, 3:10 PM"))
    2026-03-01 15:10:00
    """
    plain = " ".join(text.split())  # also of the narrow blanks that newer systems write
    try:
        if match := DASHED.fullmatch(plain):
            found = datetime(*map(int, match.groups()))
        elif match := WORDS.fullmatch(plain):
            found = _spelled(match)
        else:
            raise ValueError
    except ValueError:
        raise _unreadable(text) from None
    if found.year not in YEARS:
        raise _unreadable(text)
    return found


def _spelled(match):
    """The time of a date in words; ValueError if it is not in the calendar."""
    word = (match["month"] or match["month2"]).casefold()
    word = "sep" if word == "sept" else word
    fits = [number for number, month in enumerate(MONTHS, 1) if month.startswith(word)]
    if len(fits) != 1:
        raise ValueError
    hour, half = int(match["hour"]), (match["half"] or "").upper()
    if half and not 1 <= hour <= 12:
        raise ValueError
    if half:
        hour = hour % 12 + 12 * (half == "PM")
    second = int((match["second"] or ":0")[1:])
    day = int(match["day"] or match["day2"])
    return datetime(int(match["year"]), fits[0], day, hour, int(match["minute"]), second)


def _unreadable(text):
    return Unreadable(
        f"a platform's time must look like 2026-03-01-22-10-11, Mar 1, 2026 310 PM or "
        f"1 March 2026, 3:10 PM; '{printable(text)[:40]}' does not."
    )


def read_zone(name):
    """Return the time zone of a name such as Europe/Zurich; it knows summer time.

    Raises
    ------
    Unreadable
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise Unreadable(
            f"a zone is a name such as Europe/Zurich, America/New_York or UTC; "
            f"'{printable(name)[:40]}' is none."
        ) from None


def in_zone(when, zone):
    """Return a time in UTC; one that has a zone keeps it.

    In the night in which an hour comes twice the first of the two counts, which is the earlier.

    Parameters
    ----------
    when : datetime
    zone : ZoneInfo
        For times that have none.
    """
    aware = when if when.tzinfo else when.replace(tzinfo=zone)
    return aware.astimezone(UTC).replace(microsecond=0)
