"""Times as a timeline shows them: local as the poster wrote it, its offset, and UTC; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.texts import Texts
from ledger.values import Millis


@dataclass(frozen=True, slots=True)
class Moment:
    """One time; '' throughout where it is closed.

    Attributes:
        local: ``03-06 08:00``.
        offset: ``+08:00``.
        utc: ``2026-03-06T00:00:00Z``, for machines.
        zulu: the same as people read it beside ``local``: the day only where it is another one.
    """

    local: str = ""
    offset: str = ""
    utc: str = ""
    zulu: str = ""
    day: str = ""


def moment_of(text: object) -> Moment:
    """The parts of an RFC 3339 time; an empty Moment for anything else."""
    if not isinstance(text, str):
        return Moment()
    at = datetime.fromisoformat(text)
    utc = at.astimezone(UTC)
    same_day = utc.date() == at.date()
    return Moment(
        local=at.strftime("%m-%d %H:%M"),
        offset=text[-6:] if text[-6:-5] in {"+", "-"} else "+00:00",
        utc=utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        zulu=utc.strftime("%H:%MZ" if same_day else "%m-%d %H:%MZ"),
        day=at.strftime("%Y-%m-%d"),
    )


def between(start: str, end: str, texts: Texts) -> str:
    """How long it is from one UTC text to a later one: ``3 h 30 min``, or days from two days on."""
    span = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    if span >= timedelta(days=2):
        return texts.days.format(days=round(span / timedelta(days=1)))
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    if not hours:
        return texts.minutes.format(minutes=minutes)
    whole = texts.hours.format(hours=hours)
    return f"{whole} {texts.minutes.format(minutes=minutes)}" if minutes else whole


def clock(at: Millis) -> str:
    """A moment of this site's clock, in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
