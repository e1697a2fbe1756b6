"""What a later version of a record changed, field by field, as far as both versions show it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.texts import Texts
from gateway.words import plain_title, says_itself, value_words

# Said apart, or different in every version.
_OWN = frozenset({"key", "time", "change", "reason", "case_code"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One version of a record and the fields of it that are proven."""

    id: str
    kind: str
    key: str
    version: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that a version changed."""

    name: str
    before: object
    after: object


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Fields that both versions show with different values, in the order of the later one."""
    return tuple(
        Change(name, before[name], value)
        for name, value in after.items()
        if name not in _OWN and name in before and before[name] != value
    )


def notes(versions: Iterable[Shown], texts: Texts) -> dict[str, str]:
    """A sentence for every version of a record that has more than one, by statement id."""
    groups: dict[tuple[str, str], list[Shown]] = {}
    for one in versions:
        groups.setdefault((one.kind, one.key), []).append(one)
    said: dict[str, str] = {}
    for group in groups.values():
        said.update(_notes(sorted(group, key=lambda one: one.version), texts))
    return {id_: text for id_, text in said.items() if text}


def changed_words(kind: str, change: Change, texts: Texts) -> str:
    """``net weight 1930.0 → 1924.0 kg``."""
    before = value_words(kind, change.name, change.before, texts)
    after = value_words(kind, change.name, change.after, texts)
    if before.endswith(" kg") and after.endswith(" kg"):
        before = before.removesuffix(" kg")
    words = f"{before} → {after}"
    return words if says_itself(change.name) else f"{plain_title(kind, change.name, texts)} {words}"


def _notes(group: Sequence[Shown], texts: Texts) -> Mapping[str, str]:
    newest = group[-1].version
    said: dict[str, str] = {}
    before: Shown | None = None
    for one in group:
        if one.version < newest:
            said[one.id] = texts.superseded.format(version=one.version, newest=newest)
        elif one.version > 1:
            said[one.id] = _newest_note(before, one, texts)
        before = one
    return said


def _newest_note(before: Shown | None, one: Shown, texts: Texts) -> str:
    why = _why(one, texts)
    if one.fields.get("change") == "withdrawn":
        return texts.withdrawn.format(reason=why)
    differing = changes(before.fields, one.fields) if before else ()
    # Weights and counts first: they are what a reader looks for.
    ordered = sorted(differing, key=lambda change: change.name in {"step", "mode"})
    what = texts.list_joint.join(changed_words(one.kind, change, texts) for change in ordered)
    line = texts.version_of if what else texts.version_alone
    return line.format(version=one.version, what=what, reason=why)


def _why(one: Shown, texts: Texts) -> str:
    reason, case = one.fields.get("reason"), one.fields.get("case_code")
    said = reason if isinstance(reason, str) else texts.no_reason
    if not isinstance(case, str):
        return said
    return texts.why.format(reason=said, case=value_words(one.kind, "case_code", case, texts))
