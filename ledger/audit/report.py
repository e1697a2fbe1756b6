"""What an audit found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.values import Millis, Origin, TreeHead


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in a log that is not what everything else says.

    ``record`` is the statement's id in hex, '' where it is no record's; ``field`` names a JSON Pointer
    within it, a column, or what else is wrong; ``since`` is the time of the last clean audit that held
    this leaf, None where none did.
    """

    log: str
    index: int | None
    record: str
    field: str
    detail: str
    since: Millis | None = None


@dataclass(slots=True)
class AuditReport:
    """``heads`` are the logs as derived; ``silent`` names who could not be asked."""

    at: Millis
    heads: dict[Origin, TreeHead] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing differs, and everybody was asked."""
        return not self.differences and not self.silent

    def mark(self) -> dict[str, Any]:
        """What a clean audit leaves behind: its time, and how far each log was held."""
        return {
            "v": 1,
            "at": self.at,
            "logs": {
                str(origin): {"size": head.size, "root": head.root.hex()}
                for origin, head in self.heads.items()
            },
        }

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "at": self.at,
            "clean": self.clean,
            "silent": self.silent,
            "logs": self.mark()["logs"],
            "differences": [
                {
                    "log": one.log,
                    "index": one.index,
                    "record": one.record,
                    "field": one.field,
                    "detail": one.detail,
                    "since": one.since,
                }
                for one in self.differences
            ],
        }


@dataclass(frozen=True, slots=True)
class LastClean:
    """The mark of the last clean audit; nothing where there was none."""

    at: Millis | None = None
    sizes: Mapping[str, TreeHead] = field(default_factory=dict)

    def since(self, log: str, index: int | None) -> Millis | None:
        """When this place was clean last."""
        held = self.sizes.get(log)
        if held is None or (index is not None and index >= held.size):
            return None
        return self.at
