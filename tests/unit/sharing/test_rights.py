import hashlib
from itertools import count

import pytest

from ledger.errors import InputError
from ledger.merkle.note import LOG_KEY
from ledger.sharing import Reader, Right
from ledger.statement import base64url
from ledger.statement.jws import sign_read_token
from ledger.testing.kit import NoteKey
from ledger.values import Millis
from tests.unit.anchoring.support import NETWORK
from tests.unit.mirroring.conftest import three  # noqa: F401 - a fixture
from tests.unit.mirroring.regions import BROKER, CARRIER, REGISTRAR, Posted, registration

AUD = f"{NETWORK}/beijing"
PEER = NoteKey(f"{NETWORK}/tianjin/peer")
_jtis = count()


class WrongClock:
    """The others' clock, and this node's wall time apart from it."""

    def __init__(self, right, ahead):
        self.right, self.ahead = right, ahead

    def now(self):
        return Millis(self.right.now() + self.ahead)

    def monotonic(self):
        return self.right.monotonic()


def reader_of(t, clock=None) -> Reader:
    return Reader(
        network=NETWORK,
        region="beijing",
        store=t.beijing.store,
        clock=clock or t.clock,
        logs=t.beijing.logs,
        certificates=[REGISTRAR.certificate],
        peers={PEER.name: PEER.vkey(LOG_KEY)},
        newest_signed=t.beijing.signed.get,
    )


def token(t, firm=CARRIER, **how):
    values = {
        "aud": AUD,
        "htm": "GET",
        "htu": "/mine?limit=5",
        "iat": t.clock.now() // 1000,
        "jti": base64url.encode(hashlib.sha256(b"%d" % next(_jtis)).digest()[:16]),
    } | how
    if isinstance(firm, NoteKey):
        return sign_read_token(firm.sign, "Ed25519", firm.name, **values)
    return sign_read_token(firm.sign, firm.alg, firm.kid, **values)


async def ask(reader, made):
    return await reader.authorise(made, "GET", "/mine?limit=5")


def refused(three, test):  # noqa: F811
    async def whole(t):
        await t.beijing.post(registration("beijing", CARRIER, ["bill_of_lading"]))
        await t.hebei.post(registration("hebei", BROKER, ["bill_of_lading"]))
        await t.beijing.mirror.step()
        await test(t, reader_of(t))

    three(whole)


def test_a_registered_firm_and_a_peer_get_their_rights(three):  # noqa: F811
    async def test(t, reader):
        assert await ask(reader, token(t)) == Right(author=CARRIER.iss)
        assert await ask(reader, token(t, PEER)) == Right(peer="tianjin")

    refused(three, test)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": f"{NETWORK}/hebei"},
        {"htm": "POST"},
        {"htu": "/mine"},
        {"iat": 5},
        {"iat": 2**40},
    ],
)
def test_a_token_for_another_request_node_or_time_is_refused(three, wrong):  # noqa: F811
    async def test(t, reader):
        with pytest.raises(InputError) as caught:
            await ask(reader, token(t, **wrong))
        assert caught.value.code == "token_invalid"

    refused(three, test)


def test_a_token_works_once(three):  # noqa: F811
    async def test(t, reader):
        made = token(t)
        await ask(reader, made)
        for _ in range(3):
            with pytest.raises(InputError, match="used before"):
                await ask(reader, made)
            t.clock.turn(20)
        t.clock.turn(30)
        with pytest.raises(InputError, match="not fresh"):
            await ask(reader, made)

    refused(three, test)


def test_what_was_seen_before_a_restart_cannot_be_replayed_after_it(three):  # noqa: F811
    async def test(t, reader):
        made = token(t)
        await ask(reader, made)
        t.clock.turn(2)
        with pytest.raises(InputError, match="not fresh"):
            await ask(reader_of(t), made)

    refused(three, test)


@pytest.mark.parametrize("ahead", [86_400_000, -86_400_000])
def test_a_clock_that_was_wrong_at_the_start_and_is_set_right_refuses_nobody(three, ahead):  # noqa: F811
    async def test(t, _reader):
        clock = WrongClock(t.clock, ahead)
        reader = reader_of(t, clock)
        with pytest.raises(InputError, match="not fresh"):
            await ask(reader, token(t))
        t.clock.turn(5)
        clock.ahead = 0
        made = token(t)
        assert await ask(reader, made) == Right(author=CARRIER.iss)
        # What it may have seen before it was started is refused all the same.
        with pytest.raises(InputError, match="not fresh"):
            await ask(reader, token(t, iat=t.clock.now() // 1000 - 7))

    refused(three, test)


def test_a_forged_token_burns_no_jti(three):  # noqa: F811
    async def test(t, reader):
        made = token(t)
        head, payload, _ = made.split(".")
        forged = ".".join([head, payload, token(t).split(".")[2]])
        with pytest.raises(InputError, match="signature_invalid"):
            await ask(reader, forged)
        assert await ask(reader, made) == Right(author=CARRIER.iss)

    refused(three, test)


def test_unknown_suspended_and_foreign_keys_have_no_rights(three):  # noqa: F811
    async def test(t, reader):
        # Registered in Hebei only: Beijing's own registrar has not vouched for this key.
        with pytest.raises(InputError, match="key_unknown"):
            await ask(reader, token(t, BROKER))
        with pytest.raises(InputError, match="token_invalid"):
            await ask(reader, token(t, NoteKey(f"{NETWORK}/hebei/peer")))
        by_itself = registration("beijing", BROKER, ["bill_of_lading"], by=CARRIER)
        await t.beijing.post(by_itself)
        with pytest.raises(InputError, match="key_unknown"):
            await ask(reader, token(t, BROKER))
        [found] = await t.beijing.store.found(t.beijing.origin, 0, 1)
        suspended = registration(
            "beijing", CARRIER, ["bill_of_lading"], status="suspended", version=2,
            prev=found.statement.id,
        )  # fmt: skip
        await t.beijing.post(Posted(suspended, prev_index=0))
        with pytest.raises(InputError, match="key_unknown"):
            await ask(reader, token(t))

    refused(three, test)


@pytest.mark.parametrize("text", ["", "a.b.c", "x" * 10000, "é.é.é"])
def test_what_is_no_token_is_refused(three, text):  # noqa: F811
    async def test(t, reader):
        with pytest.raises(InputError) as caught:
            await ask(reader, text)
        assert caught.value.code == "token_invalid"

    refused(three, test)
