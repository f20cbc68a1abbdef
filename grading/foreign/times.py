"""The one reader of times: a few stated forms, each with its zone, or none at all."""

import re
from datetime import UTC, datetime, timedelta, timezone

from .text import Unreadable, printable

__all__ = ["FORMS", "read_time"]

FORMS = "2027-03-02 10:00:00 UTC or 2027-03-02T11:00:00+01:00"
YEARS = range(2000, 2100)
TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:T| +)(?P<clock>[0-9]{2}:[0-9]{2})"
    r"(?P<seconds>:[0-9]{2})?(?:\.[0-9]{1,9})? *(?P<zone>\S*)"
)
OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")


def read_time(text):
    """Return the time that a text gives, in UTC and to the second.

    Read are ``2027-03-02 10:00:00 UTC``, which nbgrader writes, also with a fraction, and ISO 8601
    with a ``T``. Seconds may be left out. The zone may not; it is ``UTC``, ``Z``, or an offset
    such as ``+0100`` or ``+01:00``. Names of other zones are refused, as they mean two things or
    change with the season.

    Parameters
    ----------
    text : str

    Returns
    -------
    datetime

    Raises
    ------
    Unreadable
        With the sentence that says what was expected, what came, and how to mend it.

    Examples
    --------
    >>> read_time("2026-11-01 13:00:00 +0100").isoformat()
    '2026-11-01T12:00:00+00:00'
    """
    text = text.strip()
    match = TIME.fullmatch(text)
    if not match:
        raise _unreadable(text, "is no time")
    day, clock, seconds, zone = match.group("day", "clock", "seconds", "zone")
    try:
        local = datetime.fromisoformat(f"{day} {clock}{seconds or ':00'}")
    except ValueError:
        raise _unreadable(text, "is not in the calendar or not on the clock") from None
    if local.year not in YEARS:
        raise _unreadable(text, f"lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return local.replace(tzinfo=_zone(zone, text)).astimezone(UTC)


def _zone(zone, text):
    if zone.upper() in ("UTC", "Z"):
        return UTC
    match = OFFSET.fullmatch(zone)
    if not match:
        raise _unreadable(text, f"has the zone '{printable(zone)[:20]}'" if zone else "has no zone")
    minutes = 60 * int(match[2]) + int(match[3])
    if int(match[3]) > 59 or minutes > 14 * 60:
        raise _unreadable(text, f"has the zone '{zone}', which no place on earth has")
    return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))


def _unreadable(text, why):
    shown = printable(text)[:40]
    return Unreadable(f"a time must look like {FORMS}; '{shown}' {why}; write it so.")
