"""What intake refuses, by which name, in which order; and what it hands on."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ledger.errors import ForbiddenError, InputError, LedgerError, UnavailableError
from ledger.intake.authors import Author
from ledger.intake.clockwatch import ClockWatch
from ledger.intake.reading import _amends_others
from ledger.keys.author import AuthorKey
from ledger.keys.demo import demo_author, demo_ca
from ledger.ports import Identifier, RecordKey
from ledger.statement import base64url
from ledger.statement.certificates import kid_hex, read_certificate
from ledger.statement.sdjwt import open_slots, parse
from ledger.statement.signing import ED25519, P256_ORDER, low_s
from ledger.values import Millis, Origin
from tests.unit.intake.posting import (
    CHANGE,
    FIRM,
    NETWORK,
    NOW,
    ORIGIN,
    REGISTRAR,
    HandClock,
    document,
    operator,
    posted_document,
    statement_by,
)

OTHER = demo_author("other", "91120000DEMT000371", "Other")
DAY = 24 * 3600 * 1000


async def refusal(desk, compact, address="") -> tuple[str, str, type]:
    with pytest.raises(LedgerError) as caught:
        await desk.intake.accept(compact, address)
    return caught.value.code, getattr(caught.value, "path", ""), type(caught.value)


def with_signature(compact, change):
    """The statement with its signature bytes changed."""
    signed, rest = compact.split("~", 1)
    signing_input, encoded = signed.rsplit(".", 1)
    return f"{signing_input}.{base64url.encode(change(base64url.decode(encoded)))}~{rest}"


def in_the_name_of(other, compact):
    """The firm's own signature under another issuer's name; no honest tool makes such a thing."""
    signed, *disclosures = compact.split("~")
    header, payload, _ = signed.split(".")
    claims = json.loads(base64url.decode(payload)) | {
        "iss": read_certificate(other.certificate).iss
    }
    signing_input = f"{header}.{base64url.encode(json.dumps(claims).encode())}"
    signature = base64url.encode(FIRM.sign(signing_input.encode()))
    return "~".join([f"{signing_input}.{signature}", *disclosures])


def high_s(signature):
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + (P256_ORDER - s).to_bytes(32, "big")


def test_a_good_statement_becomes_a_row(with_desk):
    compact = posted_document(name="a")

    async def test(desk):
        admitted = await desk.intake.accept(compact)
        statement, row = parse(compact), admitted.row
        assert admitted.place is None
        assert not admitted.amends_others
        assert (row.id, row.signed, row.jti) == (
            statement.id,
            statement.signed,
            statement.claims.jti,
        )
        assert row.record == RecordKey("document", statement.claims.iss, document("a")["key"])
        assert (row.author, row.version, row.prev) == (statement.claims.iss, 1, None)
        assert row.event_time == 1_772_323_200_000
        assert set(row.disclosures) == set(statement.disclosures)
        assert Identifier("document", document("a")["sha256"], False) in row.identifiers

    with_desk(test)


def test_bytes_are_taken_like_text(with_desk):
    async def test(desk):
        compact = posted_document()
        assert await desk.intake.accept(compact.encode()) == await desk.intake.accept(compact)

    with_desk(test)


def test_disclosures_are_stored_in_the_order_of_the_slots(with_desk):
    async def test(desk):
        compact = posted_document()
        signed, *disclosures = compact.split("~")[:-1]
        turned = "~".join([signed, *reversed(disclosures), ""])
        assert await desk.intake.accept(turned) == await desk.intake.accept(compact)

    with_desk(test)


def test_a_high_s_signature_is_stored_in_its_low_form(with_desk):
    async def test(desk):
        compact = posted_document()
        high = with_signature(compact, high_s)
        assert high != compact
        assert with_signature(high, low_s) == compact
        assert await desk.intake.accept(high) == await desk.intake.accept(compact)

    with_desk(test)


def test_an_ed25519_firm_may_post(with_desk):
    firm = demo_author("ed", "91110000DEMJ00011K", "Firm", ED25519)

    async def test(desk):
        await desk.register(firm)
        assert (await desk.intake.accept(posted_document(key=firm))).row.version == 1

    with_desk(test)


@pytest.mark.parametrize(
    ("compact", "code", "path", "family"),
    [
        ("", "statement_malformed", "", InputError),
        ("a" * (2**18 + 1), "statement_too_large", "", InputError),
        ("é.b.c~", "statement_malformed", "", InputError),
        (b"\xff.b.c~", "statement_malformed", "", InputError),
        ("e30.b.c~", "header_members", "/header", InputError),
        (posted_document(key=OTHER), "key_unknown", "/header/kid", ForbiddenError),
        (with_signature(posted_document(), lambda _: bytes(64)), "signature_invalid", "", ForbiddenError),
        (with_signature(posted_document(), lambda s: s[:-1]), "signature_length", "", ForbiddenError),
        (posted_document(aud=f"{NETWORK}/tianjin"), "aud_mismatch", "/aud", InputError),
        (posted_document(aud="demo-00000000/beijing"), "aud_mismatch", "/aud", InputError),
        (
            in_the_name_of(OTHER, posted_document()),
            "certificate_issuer", "/iss", ForbiddenError,
        ),
        (operator(OTHER, by=FIRM), "kind_not_allowed", "/kind", ForbiddenError),
        (posted_document(key=REGISTRAR), "kind_not_allowed", "/kind", ForbiddenError),
        (posted_document().rsplit("~", 2)[0] + "~", "slot_closed", "/document_type", InputError),
        (posted_document() + "WyJ4Il0~", "disclosure_unreferenced", "", InputError),
        (statement_by(FIRM, "document", document() | {"x": 1}), "field_unknown", "/fields/x", InputError),
        (
            statement_by(FIRM, "document", document(), version=2, prev="0" * 64),
            "field_missing", "/fields/change", InputError,
        ),
        (
            operator(OTHER, by=REGISTRAR, aud=f"{NETWORK}/tianjin"), "aud_mismatch", "/aud", InputError,
        ),
    ],
)  # fmt: skip
def test_refusals(with_desk, compact, code, path, family):
    async def test(desk):
        found = await refusal(desk, compact)
        assert (found[0], found[2]) == (code, family)
        assert found[1].endswith(path)

    with_desk(test)


def test_a_firm_registers_nobody_even_if_its_own_record_lists_that_kind(with_desk):
    async def test(desk):
        await desk.register(kinds=("document", "operator"))
        assert (await desk.intake.accept(posted_document())).row.version == 1
        code, path, _ = await refusal(desk, operator(OTHER, by=FIRM))
        assert (code, path) == ("kind_not_allowed", "/kind")

    with_desk(test, registered=False)


def test_a_key_proof_for_another_key_is_refused(with_desk):
    async def test(desk):
        mine, theirs = operator(FIRM), operator(OTHER)
        wrong = open_slots(parse(mine)).fields | {
            "key_proof": open_slots(parse(theirs)).fields["key_proof"]
        }
        code, _, _ = await refusal(desk, statement_by(REGISTRAR, "operator", wrong))
        assert code == "key_proof_kid"

    with_desk(test)


def test_cheap_checks_come_first(with_desk):
    """Each statement here breaks two rules; the cheaper one must answer."""
    calls = []

    def address(name):
        calls.append(("address", name))
        return name != "flood"

    def key(kid):
        calls.append(("key", kid))
        return False

    async def test(desk):
        bad = with_signature(posted_document(aud=f"{NETWORK}/tianjin"), lambda _: bytes(64))
        assert (await refusal(desk, "a" * 2**19, "flood"))[0] == "statement_too_large"
        assert calls == []
        assert (await refusal(desk, bad, "flood"))[0] == "rate_limited"
        stranger = with_signature(posted_document(key=OTHER), lambda _: bytes(64))
        assert (await refusal(desk, stranger))[0] == "key_unknown"
        assert not [one for one in calls if one[0] == "key"]
        assert (await refusal(desk, bad))[0] == "rate_limited"
        assert calls[-1] == ("key", FIRM.kid)

    async def registered(desk):
        desk.intake._allow_key = lambda _: True
        await desk.register()
        desk.intake._allow_key = key
        calls.clear()
        await test(desk)

    with_desk(registered, registered=False, allow_address=address)


def test_the_signature_is_checked_before_what_it_signs(with_desk):
    async def test(desk):
        bad = with_signature(posted_document(aud=f"{NETWORK}/tianjin"), lambda _: bytes(64))
        assert (await refusal(desk, bad))[0] == "signature_invalid"

    with_desk(test)


def test_a_repeat_is_known_by_its_id_alone(with_desk):
    async def test(desk):
        compact = posted_document()
        first = await desk.intake.accept(compact)
        await desk.log(first)
        desk.intake._allow_key = lambda _: False
        twin = with_signature(compact, high_s)
        for repeat in (compact, twin, compact.split("~")[0] + "~"):
            again = await desk.intake.accept(repeat)
            assert again.row == first.row
            assert (again.place.leaf.origin, again.place.leaf.index) == (ORIGIN, 1)

    with_desk(test)


def test_what_another_region_logged_is_no_repeat(with_desk):
    async def test(desk):
        compact = posted_document()
        admitted = await desk.intake.accept(compact)
        await desk.log(admitted, origin=Origin(NETWORK, "tianjin", 1))
        assert (await desk.intake.accept(compact)).place is None

    with_desk(test)


def test_a_batch_answers_each_line_for_itself(with_desk):
    async def test(desk):
        good, bad = posted_document("a"), posted_document("b", aud=f"{NETWORK}/hebei")
        outcomes = await desk.intake.accept_all([bad, good, "x", good])
        assert [getattr(one, "code", None) for one in outcomes] == [
            "aud_mismatch", None, "statement_malformed", None,
        ]  # fmt: skip
        assert await desk.intake.accept_all([]) == []

    with_desk(test)


def test_suspension_counts_from_its_own_sealing(with_desk):
    async def test(desk):
        first = await desk.intake.accept(operator())
        await desk.intake.accept(posted_document("a"))
        suspended = operator(status="suspended", version=2, prev=parse(operator()).id.hex())
        await desk.log(await desk.intake.accept(suspended))
        assert (await refusal(desk, posted_document("b")))[0] == "operator_suspended"
        active = operator(version=3, prev=parse(suspended).id.hex(), kinds=["document", "invoice"])
        await desk.log(await desk.intake.accept(active))
        assert (await desk.intake.accept(posted_document("b"))).place is None
        assert first.amends_others

    with_desk(test)


def test_a_suspension_sealed_while_the_key_is_looked_up_is_not_missed(with_desk):
    async def test(desk):
        authors, search = desk.intake._authors, desk.store.search
        authors._kept.clear()
        entered, go = asyncio.Event(), asyncio.Event()

        async def slow(*given):
            found = await search(*given)
            entered.set()
            await go.wait()
            return found

        desk.store.search = slow
        looking = asyncio.create_task(authors.find(FIRM.kid))
        await entered.wait()
        desk.store.search = search
        suspended = operator(status="suspended", version=2, prev="0" * 64)
        await desk.log(await desk.intake.accept(suspended))
        go.set()
        await looking
        assert (await refusal(desk, posted_document()))[0] == "operator_suspended"

    with_desk(test)


def test_operator_records_of_former_registrars_and_other_regions_do_not_count(with_desk):
    allowed = {kid_hex(REGISTRAR.kid)}

    async def test(desk):
        admitted = await desk.intake.accept(operator())
        await desk.log(admitted, origin=Origin(NETWORK, "tianjin", 1))
        assert (await refusal(desk, posted_document()))[0] == "key_unknown"
        await desk.log(admitted)
        await desk.intake.accept(posted_document())
        allowed.clear()
        desk.intake._authors._kept.clear()
        assert (await refusal(desk, posted_document()))[0] == "key_unknown"

    with_desk(test, registered=False, registrars=lambda: allowed)


def issued(not_after, authority="root"):
    """A firm's key under a certificate that ends then."""
    uscc, until = "91110000DEMJ00011K", datetime.fromtimestamp(not_after / 1000, UTC)
    private = ec.derive_private_key(7, ec.SECP256R1())
    certificate = demo_ca(authority).issue(private.public_key(), uscc, "Firm", valid_to=until)
    return AuthorKey(private, certificate)


@pytest.mark.parametrize(
    ("left", "code"),
    [(DAY, None), (DAY - 1000, "certificate_expires_soon"), (-1000, "certificate_expired")],
)
def test_a_certificate_must_have_a_day_left(with_desk, left, code):
    firm = issued(NOW + left)

    async def test(desk):
        await desk.register(firm)
        if code is None:
            await desk.intake.accept(posted_document(key=firm))
        else:
            assert (await refusal(desk, posted_document(key=firm)))[0::2] == (code, ForbiddenError)

    with_desk(test)


def test_a_certificate_of_a_foreign_authority_is_refused(with_desk):
    firm = issued(NOW + 30 * DAY, "rogue")

    async def test(desk):
        await desk.register(firm)
        assert (await refusal(desk, posted_document(key=firm)))[0] == "certificate_untrusted"

    with_desk(test)


def test_other_regions_clocks_are_believed_where_none_agrees_with_ours():
    clock = HandClock()
    watch = ClockWatch(clock)
    watch.check()
    hour = 3_600_000
    # One other region that is an hour off: theirs or ours, nobody can tell, and leaves stay for ever.
    assert not watch.hear(Millis(NOW + hour))
    with pytest.raises(UnavailableError, match="clock_departed"):
        watch.check()
    # The third agrees with us: it was theirs.
    assert watch.hear(Millis(NOW + 119_000))
    watch.check()
    assert watch.hear(Millis(NOW - hour))
    watch.check()


@pytest.mark.parametrize(("apart", "believed"), [(120_000, True), (120_001, False)])
def test_two_minutes_apart_is_the_most(apart, believed):
    for sign in (1, -1):
        watch = ClockWatch(HandClock())
        assert watch.hear(Millis(NOW + sign * apart)) is believed
        assert (watch.fault is None) is believed


def test_no_record_is_taken_while_the_clock_cannot_be_believed(with_desk):
    async def test(desk):
        compact = posted_document()
        for jump, refused in [(120_000, False), (120_001, True), (-120_001, True), (0, False)]:
            desk.clock.wall = NOW + jump
            if refused:
                with pytest.raises(UnavailableError, match="clock_departed"):
                    await desk.intake.accept(compact)
            else:
                await desk.intake.accept(compact)
        desk.clock.wall, desk.clock.passed = NOW + 3_600_000, 3600.0
        await desk.intake.accept(compact)

    with_desk(test)


def test_customs_may_amend_declarations_but_traders_may_not():
    facts = read_certificate(FIRM.certificate)

    def author(*kinds, registrar=False):
        return Author(facts, FIRM.certificate, frozenset(kinds), registrar)

    assert _amends_others("import_declaration", author("import_declaration", "release"))
    assert not _amends_others("import_declaration", author("import_declaration"))
    assert not _amends_others("document", author("document", "release"))
    assert not _amends_others("operator", author("release"))
    assert _amends_others("operator", author("operator", registrar=True))


def test_later_versions_say_what_changed(with_desk):
    async def test(desk):
        first = await desk.intake.accept(posted_document())
        v2 = statement_by(FIRM, "document", document() | CHANGE, version=2, prev=first.row.id.hex())
        admitted = await desk.intake.accept(v2)
        assert (admitted.row.version, admitted.row.prev) == (2, first.row.id)
        assert admitted.row.record == first.row.record

    with_desk(test)


def test_while_leaves_are_missing_no_key_is_called_unknown_for_good(with_desk):
    """The operator record may be among them: who is told to go away would give its record up."""
    missing = [True]

    def whole():
        if missing[0]:
            raise UnavailableError("head_lock_ahead", "leaves are missing", 60)

    async def test(desk):
        with pytest.raises(UnavailableError) as refused:
            await desk.intake.accept(posted_document())
        assert refused.value.code == "head_lock_ahead"
        # A registrar's key is known from the network file.
        assert (await desk.intake.accept(operator())).row.record.kind == "operator"
        missing[0] = False
        assert (await refusal(desk, posted_document()))[0] == "key_unknown"
        missing[0] = True
        await desk.register(FIRM, kinds=["delivery"])
        with pytest.raises(UnavailableError, match="head_lock_ahead"):
            await desk.intake.accept(posted_document())
        missing[0] = False
        assert (await refusal(desk, posted_document()))[0] == "kind_not_allowed"

    with_desk(test, registered=False, whole=whole)
