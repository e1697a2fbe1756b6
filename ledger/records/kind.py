"""What the platform knows about one kind of record."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.records.base import RecordFields
from ledger.records.keyform import KeyForm


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record.

    Attributes:
        name: ``kind`` of its statements.
        model: the typed fields: the one source of JSON Schema, grades and identifiers.
        key: the form of its business keys.
        zh: title in Chinese.
        en: title in English.
        summary: the fields a timeline shows first, in order.
        amenders: kinds whose posters may also amend it: an author registered to post this kind and one of
            these may post a further version of another's record, as customs may order an amendment.
        number: number of the schema; a change that is not compatible takes the next one.
    """

    name: str
    model: type[RecordFields]
    key: KeyForm
    zh: str
    en: str
    summary: tuple[str, ...] = ()
    amenders: frozenset[str] = frozenset()
    number: int = 1

    @property
    def schema(self) -> str:
        """``<kind>/<number>``, as statements name it."""
        return f"{self.name}/{self.number}"

    @property
    def titles(self) -> dict[str, str]:
        """Titles by language tag."""
        return {"zh-CN": self.zh, "en": self.en}
