"""Every byte of a bundle in turn: what is signed or hashed is refused by the check that is meant for it."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ledger.bundle import decode_bundle
from ledger.values import Millis
from ledger.verify import RecordReport, State, Verifier
from tests.properties.verify.mutations import dump
from tests.properties.verify.worlds import Base, Scene, fewer

AT = Millis(1_780_000_000_000)
Value = dict[str, Any]


@pytest.fixture(scope="module")
def base() -> Base:
    return Scene().record()


@pytest.fixture(scope="module")
def examine(base: Base) -> Callable[[Value], RecordReport]:
    """The report on the one record of a bundle; the chain answers as it would to that bundle's anchor."""
    verifier = Verifier(base.policy)

    def report(value: Value) -> RecordReport:
        bundle = decode_bundle(dump(value))
        reading = base.reading
        anchor = bundle.records[0].anchor
        if reading is not None and anchor is not None:
            key = (anchor.transaction, anchor.log_index)
            reading = replace(reading, events={key: None, **reading.events})
        return verifier.verify(bundle, at=AT, chain=reading).records[0]

    return report


def edited(base: Base, member: str, text: str) -> Value:
    value = copy.deepcopy(base.value)
    value["records"][0][member] = text
    return value


def changes(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, str]]:
    """Each character of the span replaced, by one of its own kind where it has one."""
    for at in range(start, len(text) if end is None else end):
        old = text[at]
        pool = "0123456789" if old.isdigit() else "abcdefABCDEF" if old.isalpha() else "x.~ \n"
        new = next(char for char in pool[at % len(pool) :] + pool if char != old)
        yield at, text[:at] + new + text[at + 1 :]


def failed(report: RecordReport) -> set[str]:
    return {check.name for check in report.checks if check.state is State.FAILED}


def states(report: RecordReport) -> dict[str, State]:
    return {check.name: check.state for check in report.checks}


def test_the_base_passes_every_check_it_can(
    base: Base, examine: Callable[[Value], RecordReport]
) -> None:
    good = states(examine(base.value))
    assert {name for name, state in good.items() if state is not State.PASSED} == {"latest"}


def test_every_byte_of_the_signed_part(
    base: Base, examine: Callable[[Value], RecordReport]
) -> None:
    """The log's own checks stand: its leaf still names the statement that was signed."""
    text = base.value["records"][0]["statement"]
    header, payload, _ = text.partition("~")[0].split(".")
    signature = len(header) + len(payload) + 2
    for at, changed in changes(text, 0, text.index("~")):
        report = examine(edited(base, "statement", changed))
        assert report.verdict is State.FAILED, at
        wrong = failed(report)
        if at >= signature:
            # Signatures are no part of the id; a tail bit or a dot makes the whole unreadable.
            assert wrong == {"signature"}, (at, wrong)
        else:
            assert wrong & {"signature", "slots", "leaf"}, (at, wrong)
            assert wrong <= {"signature", "slots", "leaf", "authorised", "certificate"}, (at, wrong)
        assert not report.fields
        assert report.author is None
        good = {"inclusion", "log_signature", "quorum", "chain"}
        assert {states(report)[name] for name in good} == {State.PASSED}, at


def test_every_byte_of_every_disclosure(
    base: Base, examine: Callable[[Value], RecordReport]
) -> None:
    text = base.value["records"][0]["statement"]
    whole = examine(base.value)
    for at, changed in changes(text, text.index("~"), len(text)):
        report = examine(edited(base, "statement", changed))
        if text[at] == "~" and at == text.index("~"):
            # The first tilde ends the signed part: without it the signature is another text.
            assert failed(report) == {"signature"}, at
            continue
        assert failed(report) == {"slots"}, (at, failed(report))
        assert report.id == whole.id
        assert fewer(dict(report.fields), dict(whole.fields)), at


def test_every_byte_of_the_leaf(base: Base, examine: Callable[[Value], RecordReport]) -> None:
    text = base.value["records"][0]["leaf"]
    for at, changed in changes(text):
        report = examine(edited(base, "leaf", changed))
        assert "inclusion" in failed(report), at
        assert failed(report) <= {"leaf", "inclusion"}, (at, failed(report))
        assert report.index is None


def test_every_byte_of_the_proof(base: Base, examine: Callable[[Value], RecordReport]) -> None:
    """Head and hashes fail inclusion, the log's line its signature, a witness's line the quorum."""
    text = base.value["records"][0]["proof"]
    body = text.index("\n\n") + 2
    lines = text.index("\n\n— ") + 2
    witnesses = text.index("\n", lines) + 1
    for at, changed in changes(text):
        report = examine(edited(base, "proof", changed))
        assert report.verdict is not State.PASSED, at
        now, wrong = states(report), failed(report)
        if at < body:
            meant = "inclusion" in wrong
        elif at < lines:
            meant = bool(wrong & {"inclusion", "log_signature"})
        elif at < witnesses:
            meant = bool(wrong & {"inclusion", "log_signature"}) and "quorum" not in wrong
        else:
            # Under another name or key id it is a stranger's line, and the quorum waits for one more.
            meant = now["quorum"] in (State.FAILED, State.PENDING) or wrong == {"inclusion"}
            # A line feed there may make the lines before it part of the text.
            meant = (meant and "log_signature" not in wrong) or changed[at] == "\n"
        assert meant, (at, text[at], wrong)
        assert report.time is None, at


def test_every_byte_of_the_anchor(base: Base, examine: Callable[[Value], RecordReport]) -> None:
    """Nobody signs it: unknown offline, and pending before the chain, which holds no such entry there."""
    offline = Verifier(base.policy)
    anchor = base.value["records"][0]["anchor"]
    tried = 0
    for name, member in anchor.items():
        texts = [str(member)] if isinstance(member, int) else [member]
        for _, changed in changes(texts[0]):
            if not isinstance(member, int) and not set(changed) <= set("0123456789abcdef"):
                continue
            value = copy.deepcopy(base.value)
            value["records"][0]["anchor"][name] = (
                int(changed) if isinstance(member, int) else changed
            )
            report = examine(value)
            assert report.verdict is State.PENDING, (name, changed)
            assert {one for one, state in states(report).items() if state is State.PENDING} == {
                "chain"
            }
            alone = offline.verify(decode_bundle(dump(value)), at=AT).records[0]
            assert states(alone)["chain"] is State.UNKNOWN
            assert alone.verdict is State.PASSED
            tried += 1
    assert tried > 100


def test_every_byte_of_a_registration(base: Base, examine: Callable[[Value], RecordReport]) -> None:
    for member in ("statement", "leaf", "proof"):
        # A statement holds a whole certificate: every third byte tells as much.
        step = 3 if member == "statement" else 1
        for at, changed in list(changes(base.value["operators"][0][member]))[::step]:
            value = copy.deepcopy(base.value)
            value["operators"][0][member] = changed
            report = examine(value)
            assert report.verdict is not State.PASSED, (member, at)
            assert states(report)["authorised"] is not State.PASSED, (member, at)
            assert failed(report) <= {"authorised", "log_signature"}, (member, at, failed(report))


def test_every_byte_of_the_registrars_certificate(
    base: Base, examine: Callable[[Value], RecordReport]
) -> None:
    needed = 1  # certificates stand in the order of the regions, and the record is Tianjin's
    for number, text in enumerate(base.value["certificates"]):
        der = base64.b64decode(text)
        for at in range(0, len(der), 1 if number == needed else 9):
            value = copy.deepcopy(base.value)
            twin = der[:at] + bytes([der[at] ^ 1 << at % 8]) + der[at + 1 :]
            value["certificates"][number] = base64.b64encode(twin).decode()
            report = examine(value)
            if number == needed:
                # Under another kid it is another certificate, so the registrar's is absent.
                assert states(report)["authorised"] is State.UNKNOWN, at
            else:
                assert report.verdict is State.PASSED, (number, at)
