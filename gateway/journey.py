"""The journey, read off what the records prove: stops, the legs between them, seals and locks; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.clock import Moment, between, moment_of
from gateway.names import kind_title, region_title
from gateway.places import place_title, region_of_place
from gateway.texts import Texts
from gateway.words import event_title
from ledger.verify.report import RecordReport, State

# Kinds that tell where the goods were, and the field that names the place. A transit declaration says
# where they are to go, not that they were there.
_PLACE = {
    "bill_of_lading": "pol",
    "equipment_event": "at",
    "inspection": "at",
    "release": "at",
    "delivery": "to",
    "destination_check": "at",
}
_MODES = {"VESSEL": "sea", "BARGE": "sea", "RAIL": "rail", "TRUCK": "road"}


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop: where, in which region ('' abroad), what was seen there first, from when to when."""

    place: str
    region: str
    what: str
    first: Moment
    last: Moment
    state: str


@dataclass(frozen=True, slots=True)
class Leg:
    """From one stop to the next: by which mode ('' where no record tells), under transit or not, how long."""

    mode: str
    title: str


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A seal or e-lock from the first stop where a record names it to the last; ``note``: how it was seen."""

    kind: str
    number: str
    first: int
    last: int
    note: str
    broken: bool


@dataclass(frozen=True, slots=True)
class Journey:
    """Stops in order of time, one leg fewer, and the ribbons below them."""

    stops: tuple[Stop, ...] = ()
    legs: tuple[Leg, ...] = ()
    ribbons: tuple[Ribbon, ...] = ()


@dataclass(slots=True)
class _Run:
    """The records of one stop, in order."""

    place: str
    region: str
    records: list[RecordReport] = field(default_factory=list)


def journey_of(records: Iterable[RecordReport], texts: Texts) -> Journey:
    """The journey of a dossier; only fields that the verifier shows are used.

    A record whose shown fields hold but which failed otherwise still makes a stop, marked as failed.
    """
    known = sorted(
        (one for one in records if moment_of(one.fields.get("time")).utc),
        key=lambda one: moment_of(one.fields["time"]).utc,
    )
    runs = _runs([one for one in known if one.kind in _PLACE], texts)
    stops = tuple(_stop(run, texts) for run in runs)
    legs = tuple(_leg(stops[i], stops[i + 1], runs[i], known, texts) for i in range(len(stops) - 1))
    return Journey(stops, legs, tuple(_ribbons(known, stops, texts)))


def _runs(records: Iterable[RecordReport], texts: Texts) -> list[_Run]:
    runs: list[_Run] = []
    for record in records:
        code = record.fields.get(_PLACE[record.kind or ""])
        told = isinstance(code, str)
        abroad = record.kind == "bill_of_lading"
        region = (region_of_place(str(code)) if told else "") or (
            "" if abroad else record.region or ""
        )
        # A record that names no place was made where its region is: at the stop there, if we are at one.
        place = place_title(str(code), texts) if told else region_title(region, texts)
        here = runs and runs[-1].region == region and (not told or runs[-1].place == place)
        if not here:
            runs.append(_Run(place, region))
        runs[-1].records.append(record)
    return runs


def _stop(run: _Run, texts: Texts) -> Stop:
    first, last = run.records[0], run.records[-1]
    states = {one.verdict for one in run.records}
    worst = next(
        s for s in (State.FAILED, State.PENDING, State.UNKNOWN, State.PASSED) if s in states
    )
    what = event_title(first.fields.get("dcsa"), texts) or kind_title(first.kind or "", texts)
    return Stop(
        run.place,
        run.region,
        what,
        moment_of(first.fields["time"]),
        moment_of(last.fields["time"]),
        worst.value,
    )


def _leg(start: Stop, end: Stop, run: _Run, known: Iterable[RecordReport], texts: Texts) -> Leg:
    modes = [_mode(one.kind or "", one.fields) for one in run.records]
    mode = next((one for one in reversed(modes) if one), "")
    bonded = any(
        one.kind == "transit_declaration"
        and start.first.utc <= moment_of(one.fields["time"]).utc <= end.first.utc
        for one in known
    )
    words = [texts.modes["bonded_" + mode if bonded and mode == "road" else mode]] if mode else []
    return Leg(mode, " · ".join((*words, between(start.last.utc, end.first.utc, texts))))


def _mode(kind: str, fields: Mapping[str, Any]) -> str:
    if kind == "bill_of_lading":
        return "sea"
    return _MODES.get(str(fields.get("mode", "")), "")


def _ribbons(
    known: Iterable[RecordReport], stops: tuple[Stop, ...], texts: Texts
) -> Iterator[Ribbon]:
    seen: dict[tuple[str, str], Ribbon] = {}
    for record in known:
        at = _stop_at(moment_of(record.fields["time"]).utc, stops)
        for kind in ("seal", "e_lock"):
            number = record.fields.get(kind)
            if at is None or not isinstance(number, str):
                continue
            ok = record.fields.get("e_lock_ok") if kind == "e_lock" else None
            ribbon = seen.get((kind, number)) or Ribbon(kind, number, at, at, "", broken=False)
            note = ribbon.note if ok is None else texts.lock_intact if ok else texts.lock_broken
            seen[kind, number] = replace(
                ribbon, last=at, note=note, broken=ribbon.broken or ok is False
            )
    for ribbon in seen.values():
        yield ribbon if ribbon.note else replace(ribbon, note=texts.seal_seen)


def _stop_at(utc: str, stops: tuple[Stop, ...]) -> int | None:
    """The stop where the goods were last seen by then."""
    passed = [number for number, stop in enumerate(stops) if stop.first.utc <= utc]
    return passed[-1] if passed else None
