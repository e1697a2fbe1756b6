"""Signature, certificate and slots, against forgers and against authors who cheat."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.bundle import Evidence
from ledger.statement import base64url
from ledger.statement.certificates import MAX_INTERMEDIATES
from ledger.statement.jose import write_header
from ledger.statement.limits import TYP
from ledger.statement.sdjwt import join, parse
from ledger.statement.signing import P256_ORDER
from ledger.statement.slots import digest_of
from ledger.testing.kit import START, Authority, Firm, Posted, World, uscc_of
from ledger.verify import State
from ledger.verify.author import Certificates
from tests.unit.verify.scenes import FIELDS, KIND, Scene, failed, states


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def split(evidence: Evidence) -> tuple[str, list[str]]:
    signed, *disclosures, _ = evidence.statement.split("~")
    return signed, disclosures


def with_disclosures(evidence: Evidence, signed: str, disclosures: list[str]) -> Evidence:
    return replace(evidence, statement="~".join([signed, *disclosures, ""]))


def disclosure(value: Any, salt: str = "A" * 22) -> str:
    return base64url.encode(json.dumps([salt, value]).encode())


# --- signature


def test_a_high_s_twin_is_refused_though_the_id_is_the_same(scene: Scene) -> None:
    signed, disclosures = split(scene.evidence())
    head, _, signature = signed.rpartition(".")
    raw = base64url.decode(signature)
    high = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    twin = with_disclosures(scene.evidence(), f"{head}.{base64url.encode(high)}", disclosures)
    report = scene.report(twin)
    assert report.id == scene.record.id
    assert failed(report) == {"signature": "signature_invalid"}
    assert report.check("signature").facts["cause"] == "signature_high_s"
    assert (report.kind, report.author, dict(report.fields)) == (None, None, {})


def test_another_algorithm_in_the_header_is_refused(scene: Scene) -> None:
    signed, disclosures = split(scene.evidence())
    _, rest = signed.split(".", 1)
    header = write_header("Ed25519", TYP, scene.broker.kid)
    report = scene.report(with_disclosures(scene.evidence(), f"{header}.{rest}", disclosures))
    assert failed(report) == {"signature": "signature_invalid", "leaf": "leaf_other"}
    assert report.check("signature").facts["cause"] == "alg_mismatch"


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA"])
def test_an_algorithm_outside_the_format_is_refused(scene: Scene, alg: str) -> None:
    signed, disclosures = split(scene.evidence())
    _, rest = signed.split(".", 1)
    header = write_header(alg, TYP, scene.broker.kid)
    report = scene.report(with_disclosures(scene.evidence(), f"{header}.{rest}", disclosures))
    assert failed(report) == {"signature": "statement_malformed"}
    assert report.id == ""
    assert states(report)["slots"] == "skipped not_checked"
    assert states(report)["leaf"] == "skipped not_checked"
    assert report.verdict is State.FAILED


def test_without_the_authors_certificate_nothing_can_be_told(scene: Scene) -> None:
    report = scene.report(operators=[])
    assert report.verdict is State.UNKNOWN
    assert states(report)["signature"] == "unknown certificate_absent"
    assert states(report)["certificate"] == "unknown certificate_absent"
    assert states(report)["authorised"] == "unknown operator_absent"
    assert dict(report.fields) == {}


# --- certificate


def posted_by(scene: Scene, firm: Firm) -> tuple[Posted, Posted]:
    operator = scene.world.register("tianjin", firm, [KIND])
    return scene.world.post("tianjin", firm, KIND, {"key": "DEC:7"}), operator


def test_a_certificate_of_another_ca_is_not_trusted_and_shows_nothing() -> None:
    scene = Scene()
    firm = Authority("Somebody's CA").admit("Forger", uscc_of(5))
    report = scene.of(*posted_by(scene, firm))
    assert failed(report) == {"certificate": "certificate_invalid"}
    assert (report.kind, report.author, dict(report.fields)) == (None, None, {})


def test_a_certificate_counts_at_the_records_time_only() -> None:
    scene = Scene()
    ends = datetime(2026, 4, 1, tzinfo=UTC)
    firm = scene.world.authority.admit(
        "Brief", uscc_of(5), valid=(datetime(2026, 1, 1, tzinfo=UTC), ends)
    )
    posted, operator = posted_by(scene, firm)
    assert scene.of(posted, operator).verdict is State.PASSED
    late = int(ends.timestamp()) + 1
    report = scene.of(posted, operator, cosigned={"beijing": START, "hebei": late})
    assert failed(report) == {"certificate": "certificate_invalid"}
    assert report.check("certificate").facts["cause"] == "certificate_expired"


def test_a_certificate_already_over_when_received_fails_before_any_witness() -> None:
    scene = Scene()
    over = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    firm = scene.world.authority.admit("Over", uscc_of(5), valid=over)
    report = scene.of(*posted_by(scene, firm), cosigned={})
    assert failed(report)["certificate"] == "certificate_invalid"


def test_an_intermediate_in_the_bundle_leads_to_the_ca() -> None:
    scene = Scene()
    middle = Authority("Middle CA", scene.world.authority)
    posted, operator = posted_by(scene, middle.admit("Below", uscc_of(5)))
    assert failed(scene.of(posted, operator)) == {"certificate": "certificate_invalid"}
    world = scene.world
    bundle = world.bundle([world.evidence(posted)], [world.evidence(operator)])
    others = tuple(world.firm(f"Other {n}", 100 + n).certificate for n in range(20))
    bundle = replace(
        bundle, certificates=(*bundle.certificates, b"junk", *others, middle.certificate)
    )
    assert scene.verify(bundle).verdict is State.PASSED


def test_only_so_many_intermediates_are_followed() -> None:
    chain = [Authority("Root")]
    for number in range(MAX_INTERMEDIATES + 2):
        chain.append(Authority(f"Link {number}", chain[-1]))
    firm = chain[-1].admit("Deep", uscc_of(5))
    certificates = Certificates([authority.certificate for authority in chain])
    followed = certificates.leading_from(firm.certificate)
    assert len(followed) == MAX_INTERMEDIATES
    assert followed[0] == chain[-1].certificate


def test_without_a_leaf_and_a_time_the_certificate_is_not_looked_at(scene: Scene) -> None:
    report = scene.report(replace(scene.evidence(cosigned={}), leaf="x"))
    assert states(report)["certificate"] == "skipped not_checked"


# --- slots


def test_closed_slots_are_counted_and_not_shown(scene: Scene) -> None:
    report = scene.report(scene.evidence(wanted=lambda path: path[0] != "price"))
    assert report.verdict is State.PASSED
    assert report.check("slots").facts["closed"] == 1
    assert report.closed == (("price",),)
    assert "price" not in report.fields


@pytest.mark.parametrize("name", list(FIELDS))
def test_a_changed_value_names_record_and_field(scene: Scene, name: str) -> None:
    public = scene.evidence(wanted=lambda path: path[0] != "price" or name == "price")
    signed, disclosures = split(public)
    place = [path for path in FIELDS if path != "price" or name == "price"].index(name)
    salt = json.loads(base64url.decode(disclosures[place]))[0]
    disclosures[place] = disclosure("9999", salt)
    report = scene.report(with_disclosures(public, signed, disclosures))
    assert report.id == scene.record.id
    assert report.verdict is State.FAILED
    assert set(failed(report)) == {"slots"}
    if name in ("time", "gross_kg"):
        # These two stand beside the closed price, so the place alone leaves two.
        assert report.failed_field is None
        assert name in str(report.check("slots").facts["candidates"]).split(", ")
    else:
        assert report.failed_field == name
    assert name not in report.fields


def test_what_other_records_of_the_schema_show_tells_the_field_apart() -> None:
    scene = Scene()
    second = scene.world.post("tianjin", scene.broker, KIND, FIELDS)

    def wanted(path: tuple[str | int, ...]) -> bool:
        return path[0] != "price"

    public = scene.evidence(wanted=wanted)
    signed, disclosures = split(public)
    disclosures[2] = disclosure("1.0")
    changed = with_disclosures(public, signed, disclosures)
    bundle = scene.bundle(changed, scene.world.evidence(second, wanted=wanted))
    first, other = scene.verify(bundle).records
    assert (first.failed_field, other.verdict) == ("gross_kg", State.PASSED)


def test_a_field_is_not_named_where_two_could_be_meant() -> None:
    scene = Scene()
    second = scene.world.post("tianjin", scene.broker, KIND, FIELDS)
    signed, disclosures = split(scene.evidence())
    changed = with_disclosures(scene.evidence(), signed, [*disclosures[:3], disclosure("1.0")])
    report = scene.verify(scene.bundle(changed, scene.world.evidence(second))).records[0]
    assert report.failed_field is None
    assert report.check("slots").facts["candidates"] == "gross_kg, net_kg"


def test_two_changed_values_are_both_named(scene: Scene) -> None:
    signed, disclosures = split(scene.evidence())
    disclosures[3], disclosures[4] = disclosure("1"), disclosure("2")
    report = scene.report(with_disclosures(scene.evidence(), signed, disclosures))
    assert failed(report) == {"slots": "slots_fields_changed"}
    assert report.check("slots").facts["field"] == "gross_kg, net_kg"


def test_a_disclosure_that_is_not_even_base64_still_names_its_field(scene: Scene) -> None:
    signed, disclosures = split(scene.evidence())
    disclosures[3] = "?"
    report = scene.report(with_disclosures(scene.evidence(), signed, disclosures))
    assert report.failed_field == "gross_kg"
    disclosures[4] = "!"
    report = scene.report(with_disclosures(scene.evidence(), signed, disclosures))
    assert failed(report) == {"slots": "slots_fields_changed"}


def test_a_value_of_another_record_is_foreign(scene: Scene) -> None:
    signed, disclosures = split(scene.evidence())
    foreign = split(scene.world.evidence(scene.operator))[1][0]
    report = scene.report(with_disclosures(scene.evidence(), signed, [*disclosures, foreign]))
    assert failed(report) == {"slots": "slots_foreign"}


def test_a_disclosure_given_twice_leaves_the_signature_standing(scene: Scene) -> None:
    signed, disclosures = split(scene.evidence())
    report = scene.report(
        with_disclosures(scene.evidence(), signed, [*disclosures, disclosures[0]])
    )
    assert failed(report) == {"slots": "slots_malformed"}
    assert report.kind == KIND
    assert dict(report.fields) == {}


def test_long_lists_of_candidates_are_cut(scene: Scene) -> None:
    many = {"key": "DEC:1"} | {f"field_{n}": n for n in range(20)}
    wide = Scene(fields=many)
    signed, _ = split(wide.evidence())
    report = wide.report(with_disclosures(wide.evidence(), signed, [disclosure(1)]))
    assert str(report.check("slots").facts["candidates"]).endswith("(21)")


# --- authors who cheat


def cheat(scene: Scene, fields: Any, disclosures: list[str], text: str | None = None) -> Posted:
    """A statement that the author signed although the format forbids it."""
    world: World = scene.world
    claims = world.claims("tianjin", scene.broker, KIND)
    payload = text or json.dumps(
        {
            "iss": claims.iss,
            "aud": claims.aud,
            "jti": claims.jti,
            "iat": claims.iat,
            "kind": claims.kind,
            "schema": claims.schema,
            "version": 1,
            "source": {"system": "x", "method": "typed", "basis": "x"},
            "fields": fields,
            "_sd_alg": "sha-256",
        }
    )
    head = f"{write_header('ES256', TYP, scene.broker.kid)}.{base64url.encode(payload.encode())}"
    signed = f"{head}.{base64url.encode(scene.broker.sign(head.encode()))}"
    log = world.log("tianjin")
    honest = world.post("tianjin", scene.broker, KIND, {"key": "DEC:3"})
    return Posted(log, honest.index, join(signed.encode(), disclosures))


def test_two_values_for_one_field_are_refused_in_either_showing() -> None:
    one, two = disclosure("100"), disclosure("999", "B" * 21 + "A")
    shapes: list[Any] = [
        {"net_kg": [{"...": digest_of(one)}, {"...": digest_of(two)}]},
        {"_sd": [digest_of(one), digest_of(two)]},
        {"net_kg": [{"...": digest_of(one)}], "_sd": [digest_of(two)]},
        {"net_kg": {"_sd": [digest_of(one), digest_of(two)]}},
    ]
    for shape in shapes:
        for shown in (one, two):
            scene = Scene()
            report = scene.of(cheat(scene, shape, [shown]), scene.operator)
            assert failed(report)["slots"] == "slots_malformed", shape
            assert states(report)["signature"] == "skipped not_checked"
            assert (report.verdict, dict(report.fields)) == (State.FAILED, {})


def test_two_members_of_one_name_are_refused() -> None:
    scene = Scene()
    one = digest_of(disclosure("1"))
    slot = json.dumps([{"...": one}])
    text = f'{{"fields":{{"net_kg":{slot},"net_kg":{slot}}}}}'
    report = scene.of(cheat(scene, None, [], text), scene.operator)
    assert report.verdict is State.FAILED
    assert dict(report.fields) == {}


@pytest.mark.parametrize("value", [1.5, None, {"a": {"_sd": ["x"]}}, "e\u0301"])
def test_a_value_outside_the_format_is_refused_though_signed(value: Any) -> None:
    scene = Scene()
    bad = disclosure(value)
    posted = cheat(scene, {"net_kg": [{"...": digest_of(bad)}]}, [bad])
    log = posted.log
    parsed = parse(posted.compact)
    line = log.leaves[posted.index].decode()
    honest = json.loads(line)["statement"]
    log.leaves[posted.index] = line.replace(honest, parsed.id.hex()).encode()
    report = scene.of(posted, scene.operator)
    assert failed(report) == {"slots": "slots_malformed"}
    assert states(report)["signature"] == "passed signature_holds"
    assert dict(report.fields) == {}


def test_slots_inside_a_value_open_and_close_and_are_named() -> None:
    inner = [disclosure(text, salt * 21 + "A") for text, salt in (("10", "C"), ("20", "D"))]
    outer = disclosure(
        {"net_kg": [{"...": digest_of(inner[0])}], "tags": [[{"...": digest_of(inner[1])}]]}
    )
    scene = Scene()
    posted = cheat(scene, {"lines": [[{"...": digest_of(outer)}]]}, [outer, *inner])
    log, parsed = posted.log, parse(posted.compact)
    line = log.leaves[posted.index].decode()
    log.leaves[posted.index] = line.replace(json.loads(line)["statement"], parsed.id.hex()).encode()
    report = scene.of(posted, scene.operator)
    assert report.fields == {"lines": [{"net_kg": "10", "tags": ["20"]}]}
    closed = replace(posted, compact=join(parsed.signed, [outer]))
    report = scene.of(closed, scene.operator)
    assert report.fields == {"lines": [{"tags": [None]}]}
    assert report.verdict is State.PASSED
    # The outer value changed: the slots inside it are strays too, yet one field is to blame.
    changed = disclosure(
        {"net_kg": [{"...": digest_of(inner[0])}], "tags": [[{"...": digest_of(inner[1])}], "x"]}
    )
    broken = replace(posted, compact=join(parsed.signed, [changed, *inner]))
    report = scene.of(broken, scene.operator)
    assert report.failed_field == "lines/0"
    assert report.fields == {"lines": [None]}
