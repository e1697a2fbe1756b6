"""Mirrors, audits and recoveries hold a history against the rules by which its home took it."""

import asyncio
import json
import shutil
from dataclasses import replace

import pytest

from ledger import tree
from ledger.audit.logs import LogAudit
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.mirroring.feeding import Fed
from ledger.mirroring.registrations import Registrations
from ledger.mirroring.rules import RecordRules, newest_before
from ledger.ports import Found, LeafRow
from ledger.sealing import ReceiptOut
from ledger.sharing import Holdings
from ledger.statement.certificates import kid_of
from ledger.statement.sdjwt import open_slots, parse
from ledger.store import SqliteStore
from ledger.testing.kit import NoteKey, uscc_of
from ledger.values import Millis, TreeHead
from tests.unit.mirroring.holding import HOME, own_policies
from tests.unit.mirroring.regions import (
    BROKER,
    CA,
    CARRIER,
    REGISTRAR,
    bill,
    registration,
    row_of,
    statement,
)
from tests.unit.sealing.harness import Given

NOTHING = TreeHead(0, EMPTY_ROOT)
NEXT = HOME.next_epoch()
DECLARATION = "import_declaration"
CUSTOMS = CARRIER
CHANGE = {"change": "amended", "reason": "weighed again", "case_code": "over_short"}
CERTIFICATES = {kid_of(REGISTRAR.certificate): REGISTRAR.certificate}


def declaration(author, version=1, prev=None):
    fields = bill("X") | {"key": "DEC:X", "gross_kg": f"{version}.0"} | (CHANGE if prev else {})
    return statement("beijing", author, DECLARATION, fields, version, prev)


def amended_by_customs():
    """Two registrations, and a broker's declaration that customs amend before the broker does."""
    first = row_of("beijing", declaration(BROKER))
    second = row_of("beijing", declaration(CUSTOMS, 2, first.id))
    third = row_of("beijing", declaration(BROKER, 3, second.id))
    return [
        Given(row_of("beijing", registration("beijing", BROKER, [DECLARATION]))),
        Given(row_of("beijing", registration("beijing", CUSTOMS, [DECLARATION, "release"]))),
        Given(first),
        Given(second, amends_others=True),
        Given(third),
    ]


async def logged(home, history):
    receipts = [await home.sealer.submit(one) for one in history]
    assert all(isinstance(one, ReceiptOut) for one in receipts)


async def differences(store, origin, *, own=True):
    """What an audit says of one log."""
    told = []
    registrations = Registrations(store, CERTIFICATES)
    audit = LogAudit(
        Holdings(store),
        own_policies()[origin],
        RecordRules([CA.certificate], CERTIFICATES, registrations),
        registrations,
        own=own,
        sizes=(),
        tell=lambda *what: told.append(what),
    )
    await audit.walk()
    return told


async def breaches(store):
    return [json.loads(body)["code"] for _, _, body, _ in await store.evidence("record_rule")]


def test_an_issuer_follows_what_customs_amended(town):
    async def test(t):
        home = await t.led(anchored=NOTHING)
        history = amended_by_customs()
        await logged(home, history)
        await home.until(lambda: all(c.size == 5 for c in home.copies.status.mirrors.values()))
        anchored = TreeHead(2, await tree.root(home.store, HOME, 2))
        for mirror in t.mirrors.values():
            assert await breaches(mirror.store) == []
            assert await differences(mirror.store, HOME, own=False) == []
        assert await differences(home.store, HOME) == []
        await home.stop()
        # Disk and lock are lost, and no head covers the declaration: each record is judged by itself.
        shutil.rmtree(home.folder)
        home = await t.home(anchored=anchored)
        assert (await home.start()).leading
        assert [row.id for row in home.back] == [one.row.id for one in history]
        assert [row.record for row in home.back] == [
            *(one.row.record for one in history[:3]),
            *[history[2].row.record] * 2,
        ]
        assert await home.store.evidence() == []
        assert await differences(home.store, HOME) == []

    town(test)


async def turned(home, size):
    """Close the log at that size and go on in the next one, which logs what came after it again."""
    closing = TreeHead(size, await tree.root(home.store, HOME, size))
    assert (await home.sealer.turn(closing, NEXT, NoteKey(str(NEXT)))).leading


@pytest.mark.parametrize(
    ("size", "before"),
    [
        # Of each leaf of the new log, where the version before stands in that log too.
        (2, [-1, 0, 1, 2]),
        (3, [-1, 0, 1]),
        (4, [-1, 0]),
        (5, [-1]),
    ],
)
def test_a_version_is_held_against_where_its_predecessor_stood_in_its_time(town, size, before):
    async def test(t):
        home = await t.led(anchored=NOTHING, alone=True)
        history = amended_by_customs()
        await logged(home, history)
        await turned(home, size)
        await logged(home, [Given(row_of("beijing", declaration(BROKER, 4, history[-1].row.id)))])
        assert [leaf.prev_index for leaf in await home.store.leaves(HOME, 0, 9)][2:] == [-1, 2, 3]
        assert [leaf.prev_index for leaf in await home.store.leaves(NEXT, 0, 9)] == before
        assert await differences(home.store, HOME) == []
        assert await differences(home.store, NEXT) == []

    town(test)


def test_a_mirror_that_copies_both_logs_at_once_finds_no_fault_with_the_old_one(town):
    async def test(t):
        home = await t.led(anchored=NOTHING, alone=True)
        await logged(home, amended_by_customs())
        await turned(home, 2)
        hebei = t.mirrors["hebei"]
        hebei.logs = own_policies()
        hebei.restart()

        async def two_at_a_time(origin, start, count):
            return await home.feed.read(origin, start, min(count, 2))

        hebei.home_feed = two_at_a_time
        # The new log is held whole before the third version of the old one comes.
        assert await hebei.mirror.step() == 4
        assert await hebei.mirror.step() == 3
        assert await hebei.store.size(NEXT) == 3
        while await hebei.mirror.step():
            pass
        assert await hebei.store.size(HOME) == 5
        assert await breaches(hebei.store) == []
        assert await differences(hebei.store, HOME, own=False) == []

    town(test)


@pytest.mark.parametrize("prev", [-1, 0, 1, 3])
def test_a_leaf_that_names_another_place_is_still_found_out(tmp_path, prev):
    first = declaration(BROKER)
    history = [
        registration("beijing", BROKER, [DECLARATION]),
        first,
        declaration(BROKER, 2, parse(first).id),
    ]
    found = asyncio.run(judged(tmp_path, *history, prev=prev))
    assert found == ([] if prev == 1 else ["leaf_prev"])


def test_what_stands_later_or_in_another_region_is_no_predecessor():
    row = row_of("beijing", declaration(BROKER))

    def at(epoch, index, region="beijing"):
        origin = replace(HOME, epoch=epoch, region=region)
        return Found(row, LeafRow(origin, index, row.id, Millis(0), -1, bytes(32)))

    def chosen(*places, index=4):
        return newest_before(places, at(2, index).leaf)

    assert chosen() is None
    assert chosen(at(3, 0), at(2, 5), at(2, 4)) is None
    assert chosen(at(3, 0), at(2, 2), at(1, 7)) == at(2, 2)
    assert chosen(at(3, 0), at(2, 5), at(1, 7)) == at(1, 7)
    assert chosen(at(2, 2, "hebei"), at(1, 7)) == at(1, 7)


SECOND_REGISTRAR = CA.admit("second registrar", uscc_of(8))


@pytest.mark.parametrize(
    ("kinds", "codes"),
    [
        ([DECLARATION, "release"], []),
        (["release"], ["operator_kind"]),
        ([DECLARATION], ["operator_kind"]),
    ],
)
def test_an_amender_needs_both_the_kind_and_the_role_as_at_intake(tmp_path, kinds, codes):
    first = declaration(BROKER)
    history = [
        registration("beijing", CUSTOMS, kinds),
        first,
        declaration(CUSTOMS, 2, parse(first).id),
    ]
    assert asyncio.run(judged(tmp_path, *history)) == codes


def test_a_registrar_amends_what_another_one_registered(tmp_path):
    first = registration("beijing", BROKER, [DECLARATION])
    then = {"version": 2, "prev": parse(first).id}
    second = registration("beijing", BROKER, [DECLARATION], by=SECOND_REGISTRAR, **then)
    assert asyncio.run(judged(tmp_path, first, second)) == []


async def judged(folder, *history, prev=None):
    """Codes of what is wrong with the last statement of a history, the one before it its predecessor."""
    certificates = CERTIFICATES | {
        kid_of(SECOND_REGISTRAR.certificate): SECOND_REGISTRAR.certificate
    }
    registrars = frozenset({REGISTRAR.kid_hex, SECOND_REGISTRAR.kid_hex})
    policy = replace(own_policies()[HOME], registrars=registrars)
    store = await SqliteStore.open(folder / "db")
    registrations = Registrations(store, certificates)
    rules = RecordRules([CA.certificate], certificates, registrations)
    fed = [_fed(index, compact) for index, compact in enumerate(history)]
    if prev is not None:
        fed[-1] = replace(fed[-1], place=replace(fed[-1].place, prev_index=prev))
    for one in fed[:-1]:
        registrations.add(policy, one)
    before = Found(row_of("beijing", history[-2]), fed[-2].place)
    found = await rules.check(policy, fed[-1], before)
    await store.close()
    return [one.code for one in found]


def _fed(index, compact):
    read = parse(compact)
    prev = -1 if read.claims.prev is None else index - 1
    place = LeafRow(HOME, index, read.id, Millis(1_772_514_000_000), prev, bytes(32))
    return Fed(place, read.signed, read, open_slots(read))
