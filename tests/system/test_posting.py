"""Posting by the public API: what each wrong post is answered with, and by which check."""

import json

import pytest

from ledger.statement import base64url
from tests.system.desk import (
    LINES,
    Firm,
    amended,
    disclosure,
    document,
    id_of,
    payload_of,
    resign,
)

IMPORTER = Firm.party("importer_bj")


def refused(answer, status: int, code: str, path: str | None = None) -> None:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    assert path is None or problem.get("path") == path, problem


def sign(desk, content: str, firm: Firm = IMPORTER, region: str = "tianjin", **claims) -> str:
    return desk.sign(firm, region, "document", document(content), **claims)


def posted(desk, compact: str, region: str = "tianjin") -> dict:
    answer = desk.post(region, compact)
    assert answer.status_code == 201, answer.text
    return answer.json()


def with_two_values(compact: str, firm: Firm) -> str:
    """The author signs a second value for ``size``: each reader could be shown another one."""
    other, digest = disclosure(999)

    def change(data: bytes) -> bytes:
        payload = json.loads(data)
        payload["fields"]["size"].append({"...": digest})
        return json.dumps(payload).encode()

    return resign(compact, firm, change) + other + "~"


def with_sd_list(compact: str, firm: Firm) -> str:
    """The standard's own way to sign two values for one name."""
    first, one = disclosure(1)
    second, two = disclosure(2)

    def change(data: bytes) -> bytes:
        payload = json.loads(data)
        payload["fields"]["_sd"] = [one, two]
        return json.dumps(payload).encode()

    return resign(compact, firm, change) + f"{first}~{second}~"


@pytest.mark.parametrize(
    ("cheat", "path"), [(with_two_values, "/fields/size"), (with_sd_list, "/fields/_sd")]
)
def test_two_values_for_one_field_are_refused_by_the_shape_alone(desk, cheat, path):
    honest = sign(desk, f"two values {path}")
    answer = desk.post("tianjin", cheat(honest, IMPORTER))
    assert answer.status_code == 422
    assert answer.json()["code"] in {"slot_shape", "field_name"}, answer.text
    assert answer.json()["path"].startswith(path)
    # The same statement without the second value is a good one: only the shape was at fault.
    posted(desk, honest)


def test_a_statement_meant_for_another_region_is_refused_there_and_good_at_home(desk):
    broker = Firm.party("broker_tj")
    fields = document("for beijing")
    compact = desk.sign(broker, "beijing", "document", fields)
    refused(desk.post("tianjin", compact), 422, "aud_mismatch", "/aud")
    other = desk.sign(broker, "beijing", "document", fields, aud="demo-00000000/beijing")
    refused(desk.post("beijing", other), 422, "aud_mismatch", "/aud")
    posted(desk, compact, "beijing")


def test_a_repeat_gets_the_same_place_and_other_bytes_under_its_jti_or_record_a_conflict(desk):
    compact = sign(desk, "once")
    first = posted(desk, compact)
    again = desk.post("tianjin", compact)
    assert again.status_code == 200
    kept = ("id", "origin", "index", "received", "leaf")
    assert [again.json()[name] for name in kept] == [first[name] for name in kept]
    # Twice in one batch, too, and beside the first.
    for line in desk.post_lines("tianjin", [compact, compact]):
        assert line["receipt"]["index"] == first["index"]
    jti = payload_of(compact)["jti"]
    refused(desk.post("tianjin", sign(desk, "other", jti=jti)), 409, "jti_used", "/jti")
    changed = desk.sign(IMPORTER, "tianjin", "document", document("once", media_type="text/html"))
    refused(desk.post("tianjin", changed), 409, "record_exists", "/version")


def test_one_record_posted_in_two_ways_at_once_is_logged_once(desk):
    twins = [sign(desk, "twins") for _ in range(6)]
    outcomes = desk.post_lines("tianjin", twins)
    codes = [line["problem"]["code"] for line in outcomes if "problem" in line]
    assert codes == ["record_exists"] * 5


def test_versions_follow_one_by_one_and_belong_to_their_issuer(desk):
    first = sign(desk, "versions")
    one = posted(desk, first)["id"]
    fields = amended(document("versions"))

    def version(number: int, prev: str, firm: Firm = IMPORTER, given: dict = fields) -> str:
        return desk.sign(firm, "tianjin", "document", given, version=number, prev=prev)

    refused(desk.post("tianjin", version(3, one)), 409, "version_skipped", "/version")
    refused(desk.post("tianjin", version(2, "ab" * 32)), 409, "prev_mismatch", "/prev")
    elsewhere = version(2, one, given=amended(document("another file")))
    refused(desk.post("tianjin", elsewhere), 409, "prev_mismatch", "/prev")
    stranger = Firm.party("shipagent_tj")
    refused(desk.post("tianjin", version(2, one, stranger)), 409, "foreign_amendment", "/iss")
    second = version(2, one)
    two = posted(desk, second)["id"]
    refused(desk.post("tianjin", version(2, one)), 409, "version_taken", "/version")
    refused(desk.post("tianjin", version(3, one)), 409, "version_skipped", "/version")
    posted(desk, version(3, two))


def test_a_version_of_a_record_of_another_region_is_unknown_here(desk):
    there = desk.sign(Firm.party("broker_tj"), "beijing", "document", document("in beijing"))
    one = posted(desk, there, "beijing")["id"]
    here = desk.sign(
        Firm.party("broker_tj"), "tianjin", "document", amended(document("in beijing")),
        version=2, prev=one,
    )  # fmt: skip
    refused(desk.post("tianjin", here), 409, "prev_unknown", "/prev")


def test_only_a_registered_key_in_its_role_may_post(desk, town):
    bill = dict(town.steps[3][0].fields, key="BL:DEMOB26000077")
    wrong = desk.sign(IMPORTER, "tianjin", "bill_of_lading", bill)
    refused(desk.post("tianjin", wrong), 403, "kind_not_allowed", "/kind")
    unknown = sign(desk, "unregistered", Firm.fresh(1))
    refused(desk.post("tianjin", unknown), 403, "key_unknown", "/header/kid")
    # Registered in Beijing only.
    there = desk.sign(Firm.party("warehouse_bj"), "tianjin", "document", document("elsewhere"))
    refused(desk.post("tianjin", there), 403, "key_unknown", "/header/kid")
    # A firm registers nobody, not even under a record that would allow it that.
    firm = Firm.fresh(2)
    desk.admit(firm, "tianjin", ["document"])
    by_firm = desk.registration(Firm.fresh(3), "tianjin", ["document"], by=firm)
    refused(desk.post("tianjin", by_firm), 403, "kind_not_allowed", "/kind")


def test_the_registrar_of_one_region_registers_nobody_in_another(desk):
    from ledger.testing.founding import office, registrar

    at = office("hebei")
    signer = Firm("registrar", at.uscc, at.name, registrar("hebei"))
    answer = desk.post(
        "tianjin", desk.registration(Firm.fresh(4), "tianjin", ["document"], by=signer)
    )
    refused(answer, 403, "key_unknown", "/header/kid")


def test_a_suspended_operator_may_not_post_and_may_again_when_restored(desk):
    firm = Firm.fresh(5)
    one = desk.admit(firm, "tianjin", ["document"])
    posted(desk, sign(desk, "before suspension", firm))
    suspended = desk.registration(
        firm, "tianjin", ["document"], status="suspended", version=2, prev=one
    )
    two = posted(desk, suspended)["id"]
    later = sign(desk, "after suspension", firm)
    refused(desk.post("tianjin", later), 403, "operator_suspended", "/header/kid")
    token = desk.author_tokens(firm, "tianjin")
    refused(desk.get("tianjin", "/mine", token), 401, "token_invalid")
    posted(desk, desk.registration(firm, "tianjin", ["document"], version=3, prev=two))
    posted(desk, later)


@pytest.mark.parametrize(("hours", "code"), [(20, "certificate_expires_soon"), (30, None)])
def test_a_certificate_needs_a_day_more(desk, hours, code):
    firm = Firm.fresh(10 + hours, hours_left=hours)
    desk.admit(firm, "tianjin", ["document"])
    answer = desk.post("tianjin", sign(desk, f"{hours} hours left", firm))
    if code is None:
        assert answer.status_code == 201
    else:
        refused(answer, 403, code)


def test_a_batch_answers_line_by_line_in_order(desk):
    good = [sign(desk, f"batch {n}") for n in range(3)]
    lines = [
        json.dumps({"statement": good[0]}),
        "not json",
        json.dumps({"statement": sign(desk, "unregistered", Firm.fresh(1))}),
        "",
        json.dumps({"statement": good[1], "more": 1}),
        json.dumps({"statement": 5}),
        json.dumps({"statement": good[1]}),
        json.dumps({"statement": good[1][:-9] + "~"}),
        json.dumps({"statement": good[0]}),
        json.dumps({"statement": good[2]}),
    ]
    answer = desk.post("tianjin", "\n".join(lines), LINES)
    assert answer.headers["content-type"].startswith(LINES)
    outcomes = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["line"] for one in outcomes] == list(range(1, 11))
    shown = [
        one["receipt"]["id"] if "receipt" in one else one["problem"]["code"] for one in outcomes
    ]
    assert shown[:7] == [
        id_of(good[0]), "line_malformed", "key_unknown", "line_malformed", "line_malformed",
        "line_malformed", id_of(good[1]),
    ]  # fmt: skip
    assert shown[8:] == [id_of(good[0]), id_of(good[2])]
    # Line 8 spoils the disclosures of a statement that line 7 posts whole; its id is the same.
    assert shown[7] in {id_of(good[1]), "disclosure_unreferenced"}
    indexes = [one["receipt"]["index"] for one in outcomes if "receipt" in one]
    assert len(set(indexes)) == 3


def test_a_batch_may_not_be_endless(desk):
    refused(desk.post("tianjin", b"{}\n" * 2001, LINES), 422, "batch_too_long")


def test_a_receipt_is_a_proof_that_needs_nobodys_word(desk, town):
    from ledger.merkle.checkpoint import open_checkpoint
    from ledger.merkle.hashing import leaf_hash
    from ledger.merkle.proof import parse_proof
    from ledger.merkle.proofs import check_inclusion

    compact = sign(desk, "receipt")
    receipt = posted(desk, compact)
    assert json.loads(receipt["leaf"])["statement"] == id_of(compact)
    proof = parse_proof(receipt["proof"])
    log = town.net.local.network.open_log("tianjin")
    checkpoint, _ = open_checkpoint(proof.checkpoint, log.key)
    assert checkpoint.origin == receipt["origin"] == str(log.origin)
    check_inclusion(
        leaf_hash(receipt["leaf"].encode()), receipt["index"], checkpoint.head, list(proof.hashes)
    )


def test_a_twin_of_a_signature_is_the_same_statement(desk):
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    compact = sign(desk, "twin")
    signed, rest = compact.split("~", 1)
    head, _, encoded = signed.rpartition(".")
    raw = base64url.decode(encoded)
    high = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    twin = f"{head}.{base64url.encode(high)}~{rest}"
    first = posted(desk, twin)
    again = desk.post("tianjin", compact)
    assert again.status_code == 200
    assert again.json()["index"] == first["index"]
    shown = desk.get("tianjin", f"/records/{first['id']}").json()["statement"]
    assert shown.split("~")[0] == signed
