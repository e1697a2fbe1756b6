"""Findings in words: a changed value with what others say of it, a lawful amendment with its reason; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.cards import RecordCard
from gateway.clock import moment_of
from gateway.evidence import Judged, Mirrored
from gateway.names import kind_title, region_title
from gateway.texts import Texts
from gateway.versions import Shown, changed_words, changes
from gateway.words import plain_title, value_words
from ledger.verify.report import RecordReport, State

_WEIGHED = {"net_kg": "weighed_net_kg", "gross_kg": "weighed_gross_kg"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding: ``failed`` where something does not hold, ``unknown`` where it is explained."""

    state: str
    text: str
    record: str


def remarks_of(
    judged: Judged, cards: Sequence[RecordCard], versions: Iterable[Shown], texts: Texts
) -> tuple[Remark, ...]:
    """What a reader should know about the dossier beyond the single records."""
    reports = {one.id: one for one in judged.report.records}
    changed = (
        _changed(card, reports, cards, judged.mirrored.get(card.id, ()), texts)
        for card in cards
        if reports[card.id].failed_field
    )
    return (*changed, *_amended(versions, judged.report.records, texts))


def _changed(
    card: RecordCard,
    reports: Mapping[str, RecordReport],
    cards: Iterable[RecordCard],
    mirrored: Sequence[Mirrored],
    texts: Texts,
) -> Remark:
    path = reports[card.id].failed_field or ""
    name = path.split("/")[0]
    field = _lowered(plain_title(card.kind, name, texts), texts)
    text = texts.finding_changed.format(
        region=card.region_title,
        kind=_lowered(kind_title(card.kind, texts), texts),
        key=card.key,
        field=field,
        author=card.author,
    )
    parts = [text, _mirrors(card.kind, name, field, mirrored, texts)]
    others = [
        f"{one.title} {value_words(one.kind, name, reports[one.id].fields[name], texts)}"
        for one in cards
        if one.id != card.id and name in reports[one.id].fields and one.verdict == "passed"
    ]
    if others:
        parts.append(texts.finding_others.format(field=field, values=texts.list_joint.join(others)))
    return Remark("failed", texts.sentence_joint.join(filter(None, parts)), card.id)


def _mirrors(kind: str, name: str, field: str, mirrored: Sequence[Mirrored], texts: Texts) -> str:
    good = [
        one for one in mirrored if one.report.verdict is State.PASSED and name in one.report.fields
    ]
    if not good:
        return ""
    regions = texts.list_joint.join(region_title(one.region, texts) for one in good)
    value = value_words(kind, name, good[0].report.fields[name], texts)
    return texts.finding_mirror.format(regions=regions, field=field, value=value)


def _amended(
    versions: Iterable[Shown], records: Iterable[RecordReport], texts: Texts
) -> Iterator[Remark]:
    groups: dict[tuple[str, str], list[Shown]] = {}
    for one in versions:
        groups.setdefault((one.kind, one.key), []).append(one)
    known = list(records)
    for group in groups.values():
        for before, after in pairwise(sorted(group, key=lambda one: one.version)):
            differing = [c for c in changes(before.fields, after.fields) if c.name in _WEIGHED]
            for change in differing:
                text = texts.finding_amended.format(
                    kind=_lowered(kind_title(after.kind, texts), texts),
                    version=after.version,
                    what=_lowered(changed_words(after.kind, change, texts), texts),
                    reason=after.fields.get("reason", texts.no_reason),
                )
                weighed = _weighed(change.name, change.after, after, known, texts)
                yield Remark(
                    "passed", texts.sentence_joint.join(filter(None, (text, weighed))), after.id
                )


def _weighed(
    name: str, value: object, after: Shown, records: Iterable[RecordReport], texts: Texts
) -> str:
    """That an inspection before the amendment weighed the same; '' where none did."""
    own = _WEIGHED[name]
    for record in records:
        before = moment_of(record.fields.get("time")).utc
        if (
            record.kind == "inspection"
            and record.verdict is State.PASSED
            and record.fields.get(own) == value
            and before <= moment_of(after.fields.get("time")).utc
        ):
            said = value_words("inspection", own, value, texts)
            return texts.finding_weighed.format(value=said, version=after.version)
    return ""


def _lowered(title: str, texts: Texts) -> str:
    return title[:1].lower() + title[1:] if texts.lang == "en" else title
