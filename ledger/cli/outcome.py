"""What the demo showed, as facts: what was posted, the verdicts before and after, whether all is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.testing.local import LocalNetwork
from ledger.testing.story import Posted, Tampering
from ledger.verify.report import Report, State


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo showed.

    Attributes:
        before: report on all records as posted.
        after: report after one weight was changed in a database.
    """

    posted: tuple[Posted, ...]
    before: Report
    tampering: Tampering
    after: Report

    @property
    def failed(self) -> list[str]:
        """Ids of the records that fail after the change."""
        return [one.id for one in self.after.records if one.verdict is State.FAILED]

    @property
    def as_expected(self) -> bool:
        """All proven before; after, that record and no other fails, by the name of its field.

        In a folder where an earlier run has changed the weight, it fails before, too.
        """
        spoilt = {self.tampering.statement: self.tampering.field}
        return (
            {one.id for one in self.before.records} == {one.receipt.id for one in self.posted}
            and _only_fails(self.before, spoilt if self.tampering.by_earlier_run else {})
            and _only_fails(self.after, spoilt)
        )


def _only_fails(report: Report, fields: dict[str, str]) -> bool:
    """Whether these records fail by the name of these fields, and every other record passes."""
    found = {one.id: (one.verdict, one.failed_field) for one in report.records}
    wanted = {one.id: (State.PASSED, None) for one in report.records}
    return found == wanted | {id_: (State.FAILED, field) for id_, field in fields.items()}


def outcome_json(outcome: Outcome, local: LocalNetwork, url: str) -> dict[str, Any]:
    """The outcome for programs."""
    verdicts = {one.id: one.verdict.value for one in outcome.before.records}
    return {
        "as_expected": outcome.as_expected,
        "network": local.network.name,
        "gateway": url,
        "chain": local.rpc_url,
        "records": [
            {
                "id": one.receipt.id,
                "key": one.key,
                "version": one.version,
                "kind": one.kind,
                "region": one.region,
                "index": one.receipt.index,
                "verdict": verdicts.get(one.receipt.id),
            }
            for one in outcome.posted
        ],
        "tampered": {
            "region": outcome.tampering.region,
            "record": outcome.tampering.statement,
            "field": outcome.tampering.field,
            "by_earlier_run": outcome.tampering.by_earlier_run,
            "failed": outcome.failed,
        },
    }
