"""A small world with one shipment record, and shortcuts to verify it."""

from __future__ import annotations

from typing import Any

from ledger.bundle import Bundle, Evidence
from ledger.testing.kit import Posted, World
from ledger.values import Millis
from ledger.verify import ChainReading, Policy, RecordReport, Report, verify_bundle

AT = Millis(1_780_000_000_000)
KIND = "import_declaration"
FIELDS: dict[str, Any] = {
    "key": "DEC:1",
    "time": "2026-03-06T10:00:00+08:00",
    "price": "99.10",
    "gross_kg": "1200.5",
    "net_kg": "1100",
}


class Scene:
    """A broker registered in Tianjin, who has posted one declaration there."""

    def __init__(self, alg: str = "ES256", fields: dict[str, Any] | None = None) -> None:
        self.world = World()
        self.broker = self.world.firm("Broker", 1, alg)
        self.operator = self.world.register("tianjin", self.broker, [KIND, "document"])
        self.record = self.world.post("tianjin", self.broker, KIND, fields or FIELDS)
        self.world.fill("tianjin", 3)

    def evidence(self, **more: Any) -> Evidence:
        return self.world.evidence(self.record, **more)

    def bundle(self, *records: Evidence, operators: list[Evidence] | None = None) -> Bundle:
        if operators is None:
            operators = [self.world.evidence(self.operator)]
        return self.world.bundle(records or [self.evidence()], operators)

    def verify(
        self,
        bundle: Bundle | None = None,
        *,
        policy: Policy | None = None,
        chain: ChainReading | None = None,
    ) -> Report:
        return verify_bundle(
            bundle or self.bundle(), policy or self.world.policy(), at=AT, chain=chain
        )

    def report(self, *records: Evidence, **more: Any) -> RecordReport:
        return self.verify(self.bundle(*records, **more)).records[0]

    def of(self, posted: Posted, *operators: Posted, **more: Any) -> RecordReport:
        """The report on another record of this world."""
        evidences = [self.world.evidence(item) for item in operators]
        bundle = self.world.bundle([self.world.evidence(posted, **more)], evidences)
        return self.verify(bundle).records[0]


def states(report: RecordReport) -> dict[str, str]:
    return {check.name: f"{check.state.value} {check.code}" for check in report.checks}


def failed(report: RecordReport) -> dict[str, str]:
    """Names and codes of the checks that failed."""
    return {check.name: check.code for check in report.checks if check.state.value == "failed"}
