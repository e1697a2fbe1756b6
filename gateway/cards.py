"""One record as the timeline shows it: what it says, who signed, where it is logged, every check; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.clock import Moment, moment_of
from gateway.names import kind_title, region_title
from gateway.texts import Texts
from gateway.words import event_title, plain_title, summary_words, value_words
from ledger.dossier.item import Item
from ledger.verify.report import Check, RecordReport, State, path_text
from ledger.verify.wording import CHECK_TITLES, reason

_KEY_STAMP = re.compile(r":[0-9]{8}T[0-9]{6}Z$")
_EVENT_CODE = re.compile(r"^[A-Z]{4}:")
_DIGEST = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class CheckView:
    """One line of a record's checks."""

    state: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field that may be shown: its name for people and for machines, and its value."""

    title: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class RecordCard:
    """One record of the timeline; ``wrong`` says what failed, '' where nothing did."""

    id: str
    verdict: str
    region: str
    region_title: str
    origin: str
    index: int | None
    kind: str
    title: str
    key: str
    version: int
    note: str
    summary: str
    wrong: str
    author: str
    when: Moment
    checks: tuple[CheckView, ...]
    fields: tuple[FieldView, ...]
    closed: int
    opened: bool


def card_of(
    record: RecordReport,
    item: Item,
    names: Mapping[str, str],
    note: str,
    texts: Texts,
    *,
    opened: bool,
) -> RecordCard:
    """The card of a record.

    Args:
        record: what the verifier says of it.
        item: what the record is; shown even where too little is proven to say so.
        names: firms' names by ``iss``.
        note: what to say of its version.
        texts: the language.
        opened: whether its checks are shown from the start.
    """
    kind, fields = item.kind, record.fields
    return RecordCard(
        id=record.id,
        verdict=record.verdict.value,
        region=record.region or "",
        region_title=region_title(record.region or "", texts),
        origin=record.origin or "",
        index=record.index,
        kind=kind,
        title=_title(record, kind, texts),
        key=short_key(item.key),
        version=record.version or 1,
        note=note,
        summary=summary_words(kind, fields, texts) or _kept_back(record, texts),
        wrong=wrong_words(record, kind, texts),
        author=names.get(record.author or "", record.author or ""),
        when=moment_of(fields.get("time")),
        checks=tuple(_check(check, kind, texts) for check in record.checks),
        fields=tuple(
            FieldView(plain_title(kind, name, texts), name, value_words(kind, name, value, texts))
            for name, value in fields.items()
        ),
        # A changed value is held back as well, but nobody chose to.
        closed=sum(path_text(one) != record.failed_field for one in record.closed),
        opened=opened,
    )


def short_key(key: str) -> str:
    """A key as people know the number: without prefix, event code and time; a digest cut short."""
    rest = key.partition(":")[2] or key
    rest = _EVENT_CODE.sub("", _KEY_STAMP.sub("", rest))
    return f"{rest[:12]}…" if _DIGEST.match(rest) else rest


def wrong_words(record: RecordReport, kind: str, texts: Texts) -> str:
    """What of the record failed, in one phrase; '' where nothing did."""
    if record.verdict is not State.FAILED:
        return ""
    title = kind_title(kind, texts)
    title = title.lower() if texts.lang == "en" else title
    if record.failed_field:
        field = plain_title(kind, record.failed_field.split("/")[0], texts)
        return texts.wrong_field.format(kind=title, field=_lowered(field, texts))
    failed = next(check for check in record.checks if check.state is State.FAILED)
    return texts.wrong_record.format(kind=title, check=check_title(failed.name, texts))


def check_title(name: str, texts: Texts) -> str:
    """Title of a check in the reader's language."""
    return CHECK_TITLES[name][0 if texts.lang == "en" else 1]


def _title(record: RecordReport, kind: str, texts: Texts) -> str:
    if kind == "document":
        document_type = record.fields.get("document_type")
        if isinstance(document_type, str):
            words = value_words(kind, "document_type", document_type, texts)
            return words[:1].upper() + words[1:]
    if kind == "equipment_event" and (event := event_title(record.fields.get("dcsa"), texts)):
        return event
    return kind_title(kind, texts)


def _kept_back(record: RecordReport, texts: Texts) -> str:
    return texts.closed.format(number=len(record.closed)) if record.closed else ""


def _check(check: Check, kind: str, texts: Texts) -> CheckView:
    facts = {name: _fact(name, value, kind, texts) for name, value in check.facts.items()}
    title = check_title(check.name, texts)
    language = "en" if texts.lang == "en" else "zh"
    return CheckView(
        check.state.value, title[:1].upper() + title[1:], reason(check.code, facts, language)
    )


def _fact(name: str, value: str | int, kind: str, texts: Texts) -> str | int:
    """A fact of a check in the reader's words; the verifier knows machine names only."""
    if name == "field" and isinstance(value, str):
        return texts.list_joint.join(
            plain_title(kind, one.split("/")[0], texts) for one in value.split(", ")
        )
    if name in {"witnesses", "witness", "region", "regions", "meant"} and isinstance(value, str):
        return texts.list_joint.join(region_title(one, texts) for one in value.split(", "))
    return kind_title(value, texts) if name == "kind" and isinstance(value, str) else value


def _lowered(title: str, texts: Texts) -> str:
    return title[:1].lower() + title[1:] if texts.lang == "en" else title
