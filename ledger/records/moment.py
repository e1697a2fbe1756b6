"""Times in records: RFC 3339 with offset, to milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from ledger.records.faults import Fault, FaultError
from ledger.values import Millis

TIME_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
_TIME = re.compile(TIME_PATTERN)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# A record's time is read by the model, its key and its reader; only good texts, short ones, are kept.
@lru_cache(maxsize=256)
def parse_time(text: str) -> Millis:
    """Milliseconds since 1970; raises FaultError(time_malformed).

    Refused: no offset, the unknown offset ``-00:00``, leap seconds, more than milliseconds.
    """
    # fullmatch, because $ would let a line feed pass behind the offset.
    if not _TIME.fullmatch(text) or text.endswith("-00:00"):
        raise FaultError(_malformed(text))
    try:
        moment = datetime.fromisoformat(text)
        since = moment - _EPOCH
    except (ValueError, OverflowError) as error:
        raise FaultError(_malformed(text)) from error
    millis = since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
    if millis < 0:
        raise FaultError(_malformed(text))
    return Millis(millis)


def day_of(text: str) -> date:
    """The calendar day as written, where the fact happened; text has passed parse_time."""
    return date.fromisoformat(text[:10])


def utc_stamp(time: Millis) -> str:
    """``20260306T000000Z``: how the key of an event or delivery ends (fractions are cut off)."""
    return datetime.fromtimestamp(time // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _malformed(text: str) -> Fault:
    return Fault("time_malformed", f"{text!r} is not an RFC 3339 time from 1970 on, with an offset")
