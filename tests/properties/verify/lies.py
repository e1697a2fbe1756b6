"""A server that lies, against the verifier: every lie is well formed, and signed as far as its keys allow.

Bytes flipped are elsewhere (``mutations``); these are the lies of somebody who knows the format.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count, islice

from ledger.bundle import decode_bundle, encode_bundle
from ledger.cli.chainfacts import read_chain
from ledger.values import Millis
from ledger.verify import (
    ChainReading,
    Policy,
    RecordReport,
    Report,
    State,
    Verifier,
    report_json,
)
from tests.properties.verify import (
    lies_of_chains,
    lies_of_gateways,
    lies_of_logs,
    lies_of_regions,
    lies_of_rpcs,
)
from tests.properties.verify.lie import Lie, Telling
from tests.properties.verify.stage import Chance, Stage
from tests.unit.chain.node import Answer, node

AT = Millis(1_780_000_000_000)
LIES: Mapping[str, Telling] = {
    lie.__name__: lie
    for room in (lies_of_logs, lies_of_regions, lies_of_gateways, lies_of_chains, lies_of_rpcs)
    for lie in room.LIES
}


def run(seed: int, cases: int) -> tuple[Counter[str], list[str]]:
    """How often each lie was told, and those that the verifier did not find out as it should."""
    told: Counter[str] = Counter()
    findings: list[str] = []
    for name, broken in islice(_told(seed), cases):
        told[name] += 1
        findings += [f"believed: seed {seed}: {name}: {one}" for one in broken]
    return told, findings


def untold(told: Mapping[str, int], cases: int) -> list[str]:
    """Lies that were never told, once there were cases enough for every one."""
    return [name for name in LIES if not told.get(name)] if cases >= len(LIES) else []


def _told(seed: int) -> Iterator[tuple[str, list[str]]]:
    """Every lie on one stage, then all again on the next."""
    dice = random.Random(seed)
    for _ in count():
        stage = Stage(dice.randrange(2**40))
        verifier = Verifier(stage.policy)
        for broken in _truths(stage, verifier):
            yield "truth", [broken]
        for name in dice.sample(list(LIES), len(LIES)):
            yield name, _tell(stage, verifier, name, dice)


def _truths(stage: Stage, verifier: Verifier) -> Iterator[str]:
    """A verifier that refuses everything would find out every lie."""
    for posted in stage.honest():
        for chain in (None, stage.chain):
            bundle = stage.bundle(stage.shown(posted))
            verdict = verifier.verify(bundle, at=AT, chain=chain).verdict
            if verdict is not State.PASSED:
                yield f"leaf {posted.index} of {posted.log.origin} is true, and {verdict}"


def _tell(stage: Stage, verifier: Verifier, name: str, dice: random.Random) -> list[str]:
    lie = LIES[name](stage, Chance(dice))
    # Through the file, as a reader gets it: what cannot be written is no well-formed lie.
    data = encode_bundle(lie.bundle)
    bundle = decode_bundle(data)
    if lie.policy is not None:
        verifier = Verifier(lie.policy)
    try:
        chain = lie.chain if lie.rpc is None else _asked(lie.rpc, data, stage.policy)
        report = verifier.verify(bundle, at=AT, chain=chain)
        json.dumps(report_json(report, dice.choice(["en", "zh"])))
    except Exception as error:  # noqa: BLE001 - whatever it is, a reader's program would die of it
        return [f"raised {error!r}"]
    return [*_judge(lie, report)]


def _asked(answers: Mapping[str, Answer], data: bytes, policy: Policy) -> ChainReading:
    """What ``jjj verify --rpc`` learns from that node."""
    with node(dict(answers)) as (url, _):
        return asyncio.run(read_chain(url, data, policy))


def _judge(lie: Lie, report: Report) -> Iterator[str]:
    record = report.records[lie.about]
    if report.verdict is not lie.due:
        yield f"verdict {report.verdict}, not {lie.due} ({_codes(record)})"
    for check, code in lie.codes.items():
        if record.check(check).code != code:
            yield f"{check} says {record.check(check).code}, not {code}"
    whole = {check.name: check.code for check in report.checks}
    for check, code in lie.whole.items():
        if whole.get(check) != code:
            yield f"{check} of the file says {whole.get(check)}, not {code}"
    for member, value in lie.shown.items():
        if getattr(record, member) != value:
            yield f"shows {member} {getattr(record, member)!r}, not {value!r}"
    yield from _shown_unproven(lie, record)


def _shown_unproven(lie: Lie, record: RecordReport) -> Iterator[str]:
    """Nothing is shown of a place or time that was not vouched for."""
    if record.check("log_signature").state is not State.PASSED and record.origin is not None:
        yield "shows a log that does not vouch for it"
    if record.check("quorum").state is not State.PASSED and record.time is not None:
        yield "shows a time that no quorum witnessed"


def _codes(record: RecordReport) -> str:
    return ", ".join(f"{check.name} {check.code}" for check in record.checks)
