"""Who says so: for each key fact, how many parties that do not depend on one another confirm it; pure.

Truth cannot be proven by signatures; that a carrier, a terminal and customs each say the same can be shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.texts import Texts
from gateway.words import value_words
from ledger.records.links import identifiers_of
from ledger.records.registry import kind_of
from ledger.verify.report import RecordReport, State

ROLES = ("declared", "carried", "terminal", "customs", "paid")
_ROLE_OF_KIND = {
    "invoice": "declared",
    "packing_list": "declared",
    "certificate_of_origin": "declared",
    "import_declaration": "declared",
    "transit_declaration": "declared",
    "bill_of_lading": "carried",
    "manifest": "carried",
    "delivery": "carried",
    "equipment_event": "terminal",
    "tally_report": "terminal",
    "inspection": "customs",
    "release": "customs",
    "destination_check": "customs",
    "tax_payment": "paid",
}
# A consignment may have several of these: each is a fact of its own, none contradicts another.
_NAMED = ("container", "seal", "e_lock")
_COUNTED = ("packages", "gross_kg", "net_kg")
_SAME_FACT = {"weighed_gross_kg": "gross_kg", "weighed_net_kg": "net_kg"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as the table shows it.

    Attributes:
        roles: whether a party of each of ``ROLES`` says this value, in that order.
        parties: how many different firms and offices say it.
        others: what else is said of it, by whom it is not confirmed.
    """

    title: str
    value: str
    roles: tuple[bool, ...]
    parties: int
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Saying:
    """One record's word on one fact; ``text`` as a person reads the value."""

    fact: str
    value: object
    text: str
    author: str
    role: str


def facts_of(
    records: Iterable[RecordReport], newest: Collection[str], texts: Texts
) -> tuple[Fact, ...]:
    """The facts that proven records state, in a fixed order; what a later version replaced does not count.

    Args:
        records: what the verifier says.
        newest: ids of the records that no later version replaced.
        texts: the language.
    """
    sayings = [
        saying
        for record in records
        if record.verdict is State.PASSED and record.id in newest
        for saying in _sayings(record, texts)
    ]
    facts: list[Fact] = []
    for name in _NAMED:
        facts += [_fact(one, (), texts) for one in _by_value(sayings, name)]
    # Of several containers each has its own weights: side by side they would seem to contradict.
    if len(_by_value(sayings, "container")) <= 1:
        for name in _COUNTED:
            groups = sorted(_by_value(sayings, name), key=_strength, reverse=True)
            facts += [_fact(groups[0], groups[1:], texts)] if groups else []
    return tuple(facts)


def roles_shown(facts: Iterable[Fact]) -> tuple[int, ...]:
    """Which of ``ROLES`` say anything at all: a column of nothing tells nobody anything."""
    known = list(facts)
    return tuple(i for i in range(len(ROLES)) if any(fact.roles[i] for fact in known))


def _sayings(record: RecordReport, texts: Texts) -> Iterable[_Saying]:
    kind = record.kind or ""
    role, author = _ROLE_OF_KIND.get(kind), record.author
    if role is None or author is None:
        return
    # An event names its container in the key alone.
    for one in identifiers_of(kind_of(kind), record.fields):
        if one.type in _NAMED:
            yield _Saying(one.type, one.value, one.value, author, role)
    for field, value in record.fields.items():
        fact = _SAME_FACT.get(field, field)
        if fact in _COUNTED and isinstance(value, str | int):
            # 2104.0 and 2104.00 are one weight.
            text = value_words(kind, field, value, texts)
            yield _Saying(fact, Decimal(str(value)), text, author, role)


def _by_value(sayings: Iterable[_Saying], name: str) -> list[list[_Saying]]:
    """What is said of a fact, one list for each value, in the order in which the values came up."""
    groups: dict[object, list[_Saying]] = {}
    for one in sayings:
        if one.fact == name:
            groups.setdefault(one.value, []).append(one)
    return list(groups.values())


def _strength(group: Iterable[_Saying]) -> int:
    return len({one.author for one in group})


def _fact(group: Sequence[_Saying], others: Iterable[Sequence[_Saying]], texts: Texts) -> Fact:
    said = {one.role for one in group}
    return Fact(
        title=texts.facts[group[0].fact],
        value=group[0].text,
        roles=tuple(role in said for role in ROLES),
        parties=_strength(group),
        others=tuple(
            texts.said_too.format(value=other[0].text, parties=_strength(other)) for other in others
        ),
    )
