"""What mirrors are fed: clear what they may see, sealed what they may not, each in its own statement."""

import hashlib
from itertools import count

from ledger.keys.demo import demo_log_key
from ledger.merkle.note import LOG_KEY, VerifierKey
from ledger.mirroring import Mirror
from ledger.sharing import Feed, Holdings
from ledger.statement.hpke import public_key_of
from ledger.statement.sealed import SealedBatch, check_sealed, open_sealed
from tests.unit.anchoring.support import NETWORK
from tests.unit.mirroring.conftest import three  # noqa: F401 - a fixture
from tests.unit.mirroring.regions import CA, CARRIER, REGISTRAR, bill, registration, statement

PRIVATE = hashlib.sha256(b"recovery").digest()
PEER = demo_log_key(f"{NETWORK}/beijing/peer")
KEY = VerifierKey(PEER.name, LOG_KEY, PEER.public_key)
_batches = count(1)


def batch() -> SealedBatch:
    ephemeral = hashlib.sha256(b"batch %d" % next(_batches)).digest()
    return SealedBatch(public_key_of(PRIVATE), ephemeral, PEER.sign)


def seal(region) -> None:
    """Let a region's reader feed what it keeps back, sealed."""
    region.reader._feed = Feed(Holdings(region.store), region.name, batch)


def keyed(region) -> None:
    """Let a region's mirror know the peer key that signs what is sealed."""
    region.mirror = Mirror(
        region=region.name, store=region.store, peers=region.peers, logs=region.logs,
        cas=[CA.certificate], certificates=[REGISTRAR.certificate],
        peer_keys={PEER.name: KEY}, clock=region.clock, tasks=region.tasks,
    )  # fmt: skip


async def posted(t, *bills):
    given = [registration("beijing", CARRIER, ["bill_of_lading"]), *bills]
    return await t.beijing.post(*given), given


def a_bill(number):
    return statement("beijing", CARRIER, "bill_of_lading", bill(number))


def test_what_is_kept_back_is_sealed_and_nothing_else(three):  # noqa: F811
    async def test(t):
        ids, given = await posted(t, a_bill("A"), a_bill("B"))
        seal(t.beijing)
        operator, *fed = await t.beijing.reader._feed.read(t.beijing.origin, 0, 9)
        # All of an operator record is open.
        assert operator.sealed is None
        assert set(operator.disclosures) == set(given[0].split("~")[1:-1])
        for name, compact, one in zip(ids[1:], given[1:], fed, strict=True):
            check_sealed(one.sealed, t.beijing.origin, name, PEER.public_key)
            opened = open_sealed(one.sealed, t.beijing.origin, name, PRIVATE)
            assert {*opened, *one.disclosures} == set(compact.split("~")[1:-1])
            assert not {*opened} & {*one.disclosures}
        assert fed[0].sealed.enc == fed[1].sealed.enc
        again = (await t.beijing.reader._feed.read(t.beijing.origin, 1, 1))[0]
        assert again.sealed.enc != fed[0].sealed.enc

    three(test)


def test_without_a_recovery_key_nothing_is_sealed(three):  # noqa: F811
    async def test(t):
        await posted(t, a_bill("A"))
        fed = await t.beijing.reader._feed.read(t.beijing.origin, 0, 9)
        assert [one.sealed for one in fed] == [None, None]

    three(test)


def test_a_mirror_keeps_what_is_sealed_and_hands_it_on_as_it_is(three):  # noqa: F811
    async def test(t):
        ids, _ = await posted(t, a_bill("A"))
        seal(t.beijing)
        keyed(t.tianjin)
        await t.tianjin.mirror.step()
        kept = await t.tianjin.store.sealed(t.beijing.origin, ids)
        assert list(kept) == [ids[1]]
        # Tianjin has a recovery key of its own: it is not for others' statements.
        seal(t.tianjin)
        fed = await t.tianjin.reader._feed.read(t.beijing.origin, 0, 9)
        assert [one.sealed for one in fed] == [None, kept[ids[1]]]
        assert await t.tianjin.store.evidence() == []

    three(test)


def test_what_another_key_signed_is_not_kept_and_noted_while_the_leaf_is(three):  # noqa: F811
    async def test(t):
        ids, _ = await posted(t, a_bill("A"))
        other = demo_log_key(f"{NETWORK}/hebei/peer")
        t.beijing.reader._feed = Feed(
            Holdings(t.beijing.store),
            "beijing",
            lambda: SealedBatch(public_key_of(PRIVATE), b"\x05" * 32, other.sign),
        )
        keyed(t.tianjin)
        assert await t.tianjin.mirror.step() == 2
        assert await t.tianjin.store.sealed(t.beijing.origin, ids) == {}
        [(_, subject, body, _)] = await t.tianjin.store.evidence("record_rule")
        assert subject == ids[1].hex()
        assert "sealed_signature" in body

    three(test)
