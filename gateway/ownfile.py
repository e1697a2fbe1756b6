"""A reader's own file, found by the digest that the browser computed: what the records say of it; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.cards import RecordCard
from gateway.texts import Texts

_DIGEST = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class OwnFile:
    """What to say of the file: ``state`` of the match, the words, and the record's id ('' for none)."""

    state: str
    text: str
    digest: str
    record: str


def digest_of(query: str) -> str:
    """The digest that was asked for; '' where the query is none."""
    text = query.strip().lower()
    return text if _DIGEST.match(text) else ""


def own_file(
    query: str, cards: Sequence[RecordCard], bills: Sequence[str], texts: Texts
) -> OwnFile | None:
    """What the records say of the file with this digest; None where the query is no file's digest."""
    digest = digest_of(query)
    card = next((one for one in cards if digest and _digest_in(one) == digest), None)
    if card is None:
        return None
    if card.verdict == "failed":
        return OwnFile("failed", texts.file_differs, digest, card.id)
    if card.verdict != "passed":
        text = texts.file_unproven.format(state=texts.states[card.verdict])
        return OwnFile(card.verdict, text, digest, card.id)
    text = texts.file_matches.format(
        type=card.title,
        author=card.author,
        time=f"{card.when.day} {card.when.local[-5:]} {card.when.offset}",
        region=card.region_title,
        bill=texts.list_joint.join(bills),
    )
    return OwnFile("passed", text, digest, card.id)


def unknown_file(query: str, silent: Sequence[str], texts: Texts) -> OwnFile | None:
    """What to say of a dropped file that no record names; None where the query is no digest.

    ``silent``: titles of the regions that did not answer, and may hold it.
    """
    digest = digest_of(query)
    if not digest:
        return None
    regions = texts.list_joint.join(silent)
    text = texts.file_unanswered.format(regions=regions) if silent else texts.file_absent
    return OwnFile("unknown", text, digest, "")


def _digest_in(card: RecordCard) -> str:
    """The digest a document record shows; only what the verifier lets through counts."""
    return next((field.text for field in card.fields if field.name == "sha256"), "")
