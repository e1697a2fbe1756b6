"""Bringing together the evidence of a dossier from the nodes, and having it judged."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from gateway.finding import Findings, Held
from gateway.regions import Answer, Regions
from ledger.bundle import Asked, Bundle, Evidence
from ledger.client import NodeClient
from ledger.dossier.item import Dossier
from ledger.errors import InputError, UnavailableError
from ledger.values import Millis
from ledger.verify.policy import Policy
from ledger.verify.report import RecordReport, Report, State
from ledger.verify.verifier import Verifier

_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What the verifier says of another region's copy of a record that failed at home."""

    region: str
    report: RecordReport


@dataclass(frozen=True, slots=True)
class Judged:
    """A bundle as it can be carried away, and what this gateway's verifier says of it.

    Attributes:
        ids: the statement ids of its records, in their order, as they were asked for.
        mirrored: for records that failed, the other regions' copies.
    """

    bundle: Bundle
    report: Report
    ids: tuple[str, ...]
    mirrored: Mapping[str, tuple[Mirrored, ...]] = field(default_factory=dict)


class Evidencer:
    """Fetches bundles from the home regions, from mirrors where one is silent, and verifies them."""

    def __init__(self, regions: Regions, policy: Policy, now: Callable[[], Millis]) -> None:
        self._regions = regions
        self._verifier = Verifier(policy)
        self._now = now
        # A verdict is a function of the bundle and the policy alone: same evidence, same verdict.
        self._judge = lru_cache(maxsize=_REMEMBERED)(self._verify)

    async def dossier(self, findings: Findings, dossier: Dossier) -> Judged:
        """The evidence of all records of a dossier, in its order."""
        held = [findings.held[item.id] for item in dossier.items]
        records, parts = await self._fetch(held, findings.silent)
        asked = Asked(
            findings.query, tuple((name, name not in findings.silent) for name in findings.regions)
        )
        ids = tuple(item.id for item in dossier.items if item.id in records)
        bundle = _joined(tuple(records[one] for one in ids), parts, asked)
        return Judged(bundle, replace(self._judge(bundle), at=self._now()), ids)

    async def with_mirrors(self, findings: Findings, judged: Judged) -> Judged:
        """The same, and the other regions' copies of what failed: they may still hold the true value."""
        failed = [
            one.id
            for one in judged.report.records
            if one.verdict is State.FAILED and one.id in findings.held
        ]
        wanted: dict[str, list[str]] = {}
        for id_ in failed:
            held = findings.held[id_]
            for region in held.holders - {held.view.region} - findings.silent:
                wanted.setdefault(region, []).append(id_)
        mirrored: dict[str, tuple[Mirrored, ...]] = {}
        for ids, answer in await self._bundles(dict(sorted(wanted.items()))):
            if answer.value is None:
                continue
            reports = self._judge(answer.value).records
            for id_, report in zip(ids, reports, strict=True):
                # The copy of another record would lend this one its values.
                if report.id == id_:
                    mirrored[id_] = (*mirrored.get(id_, ()), Mirrored(answer.region, report))
        return replace(judged, mirrored=mirrored)

    async def record(self, statement: str) -> Bundle:
        """The evidence of one record: its home region's own copy, a mirror's where that is silent.

        Raises:
            InputError: record_unknown.
        """
        answers = await self._regions.ask(lambda node: node.record(statement))
        held = [(one.value.mirror, one.region) for one in answers if one.value is not None]
        for _, region in sorted(held):
            answer = await self._regions.ask_one(region, partial(_bundles, [statement]))
            if answer.value is not None and self._own([statement], answer.value):
                return answer.value
        raise InputError("record_unknown", "no region that answered holds this record", "/id")

    def _verify(self, bundle: Bundle) -> Report:
        return self._verifier.verify(bundle, at=self._now())

    async def _fetch(
        self, held: Sequence[Held], silent: set[str]
    ) -> tuple[dict[str, Evidence], list[Bundle]]:
        """Evidence by statement id: from home regions first, from a mirror what they did not give."""
        records: dict[str, Evidence] = {}
        parts: list[Bundle] = []
        for choose in (_home, _mirror, _other_mirror):
            wanted: dict[str, list[str]] = {}
            for one in held:
                region = choose(one, silent)
                if region is not None and one.view.id not in records:
                    wanted.setdefault(region, []).append(one.view.id)
            for ids, answer in await self._bundles(wanted):
                if not (answer.answered or _uncovered(answer)):
                    silent.add(answer.region)
                if answer.value is not None:
                    parts.append(answer.value)
                    records.update(self._own(ids, answer.value))
        # A record that was found and that nobody proves must not fall out of a dossier that then looks whole.
        silent.update(one.view.region for one in held if one.view.id not in records)
        return records, parts

    def _own(self, ids: Sequence[str], bundle: Bundle) -> dict[str, Evidence]:
        """The evidence by the id it was asked for, without that of other records.

        A node that answers with another record, proven as well as any, has not answered for this one. A
        changed statement has another id too; it fails, and is shown as what became of the record.
        """
        return {
            id_: evidence
            for id_, evidence in zip(ids, bundle.records, strict=True)
            if _id_of(evidence) == id_ or self._fails(replace(bundle, records=(evidence,)))
        }

    def _fails(self, bundle: Bundle) -> bool:
        return self._judge(bundle).records[0].verdict is State.FAILED

    async def _bundles(
        self, wanted: Mapping[str, Sequence[str]]
    ) -> list[tuple[Sequence[str], Answer[Bundle]]]:
        """Each region's answers for the ids asked of it, asked side by side."""
        parts = await asyncio.gather(*(self._some(region, ids) for region, ids in wanted.items()))
        return [one for part in parts for one in part]

    async def _some(
        self, region: str, ids: Sequence[str]
    ) -> list[tuple[Sequence[str], Answer[Bundle]]]:
        """One region's answer; in parts where one record that it cannot prove yet would hide the others."""
        answer = await self._regions.ask_one(region, partial(_bundles, ids))
        if len(ids) == 1 or not _uncovered(answer):
            return [(ids, answer)]
        half = len(ids) // 2
        first, second = await asyncio.gather(
            self._some(region, ids[:half]), self._some(region, ids[half:])
        )
        return first + second


async def _bundles(ids: Sequence[str], node: NodeClient) -> Bundle:
    bundle = await node.bundles(ids)
    if len(bundle.records) != len(ids):
        raise UnavailableError("bundle_incomplete", "the region left out records it was asked for")
    return bundle


def _id_of(evidence: Evidence) -> str:
    """The id of the statement that the evidence is of, whether that can be read or not."""
    signed = evidence.statement.partition("~")[0].rpartition(".")[0]
    return hashlib.sha256(signed.encode("utf-8", "replace")).hexdigest()


def _home(one: Held, silent: set[str]) -> str | None:
    return one.view.region if one.view.region not in silent else None


def _mirror(one: Held, silent: set[str]) -> str | None:
    return next(iter(_mirrors(one, silent)), None)


def _other_mirror(one: Held, silent: set[str]) -> str | None:
    return next(iter(_mirrors(one, silent)[1:]), None)


def _mirrors(one: Held, silent: set[str]) -> list[str]:
    return sorted(one.holders - {one.view.region} - silent)


def _uncovered(answer: Answer[Bundle]) -> bool:
    """Whether the region answered that no checkpoint there covers the record yet."""
    return isinstance(answer.error, UnavailableError) and answer.error.code == "checkpoint_missing"


def _joined(records: tuple[Evidence, ...], parts: Iterable[Bundle], asked: Asked) -> Bundle:
    operators: dict[str, Evidence] = {}
    certificates: dict[bytes, None] = {}
    for part in parts:
        operators.update((one.statement, one) for one in part.operators)
        certificates.update((one, None) for one in part.certificates)
    return Bundle(records, tuple(operators.values()), tuple(certificates), asked)
