"""Keys of the regions: history, own changes, changes without consent after a delay, hand-over of a region."""

import pytest

from tests.contracts import engine as chain
from tests.contracts.devnet import COSIGNERS, DELAY, NAMES
from tests.contracts.engine import ANCHORERS, AUTHORITIES, STRANGER, Engine, Refused
from tests.contracts.world import (
    BEIJING,
    HEBEI,
    LOG,
    LOG_KEY,
    NEXT_AUTHORITY,
    TIANJIN,
    Role,
    act,
    anchor,
    as_key,
    refused,
    two_regions,
)

FOREVER = 2**64 - 1
KEY = b"\x55" * 32
NOBODY = "0x" + "00" * 20


@pytest.fixture
def engine() -> Engine:
    return two_regions()


def periods(engine: Engine, holder: bytes, role: Role) -> list[tuple]:
    count = engine.registry("keyCount", holder, role)
    return [engine.registry("keyPeriod", holder, role, index) for index in range(count)]


def test_regions_and_their_first_keys_stand_from_construction(engine: Engine) -> None:
    for region, name in enumerate(NAMES):
        log = engine.registry("currentLog", region)
        count = int(region != HEBEI)
        assert engine.registry("regionState", region) == (
            name, AUTHORITIES[region], NOBODY, COSIGNERS[region], log, count,
        )  # fmt: skip
        assert engine.registry("authorityOf", region) == AUTHORITIES[region]
        assert periods(engine, name, Role.COSIGNER) == [
            (COSIGNERS[region], 0, 0, chain.START, FOREVER, True)
        ]
    assert engine.registry("ledger") == engine.addresses["TreeHeadLedger"]
    assert engine.ledger("registry") == engine.addresses["RegionRegistry"]
    assert engine.registry("delaySeconds") == DELAY
    assert (engine.registry("VERSION"), engine.ledger("VERSION")) == (1, 1)


def test_keys_of_a_log_cover_sizes_and_times(engine: Engine) -> None:
    anchor(engine, 9)
    engine.now += 100
    act(engine, BEIJING, "changeKey", Role.LOG, KEY)
    changed = engine.now
    (event,) = engine.events
    assert event.name == "KeyChanged"
    assert event.values == {
        "holder": LOG, "role": Role.LOG, "oldKey": LOG_KEY, "newKey": KEY,
        "fromSize": 9, "consented": True,
    }  # fmt: skip
    assert periods(engine, LOG, Role.LOG) == [
        (LOG_KEY, 0, 9, chain.START, changed, True),
        (KEY, 9, FOREVER, changed, FOREVER, True),
    ]
    assert engine.registry("logState", LOG)[4] == KEY


def test_region_changes_its_anchor_account_at_once(engine: Engine) -> None:
    anchor(engine, 5)
    act(engine, BEIJING, "changeKey", Role.ANCHOR, as_key(STRANGER))
    with pytest.raises(Refused, match="AnchorAccountWrong"):
        anchor(engine, 7)
    anchor(engine, 7, sender=STRANGER)
    assert engine.registry("anchorRule", LOG) == (STRANGER, False)


def test_two_others_replace_a_key_only_after_the_delay(engine: Engine) -> None:
    key = as_key(STRANGER)
    call = (BEIJING, Role.ANCHOR, key)
    act(engine, TIANJIN, "proposeReplacement", *call)
    early = refused(engine, TIANJIN, "completeReplacement", *call)
    assert early == ("ReplacementNotReady", LOG, Role.ANCHOR, 0, engine.now)
    engine.now += 10 * DELAY
    act(engine, HEBEI, "approveReplacement", *call)
    ready = engine.now + DELAY
    assert engine.registry("pendingReplacement", BEIJING, Role.ANCHOR) == (
        key, chain.START, ready, TIANJIN, True,
    )  # fmt: skip
    engine.now = ready - 1
    for region in (TIANJIN, HEBEI):
        assert refused(engine, region, "completeReplacement", *call) == (
            "ReplacementNotReady", LOG, Role.ANCHOR, ready, ready - 1,
        )  # fmt: skip
    engine.now = ready
    act(engine, HEBEI, "completeReplacement", *call)
    assert engine.events[0].values["consented"] is False
    assert engine.registry("anchorRule", LOG) == (STRANGER, False)
    assert periods(engine, LOG, Role.ANCHOR)[-1] == (key, 0, FOREVER, ready, FOREVER, False)
    assert engine.registry("pendingReplacement", BEIJING, Role.ANCHOR)[0] == bytes(32)
    again = refused(engine, HEBEI, "completeReplacement", *call)
    assert again == ("ReplacementNotProposed", LOG, Role.ANCHOR, key)


def test_one_other_region_alone_replaces_nothing(engine: Engine) -> None:
    call = (BEIJING, Role.COSIGNER, KEY)
    act(engine, TIANJIN, "proposeReplacement", *call)
    assert refused(engine, TIANJIN, "approveReplacement", *call) == ("ApproverIsProposer", TIANJIN)
    assert refused(engine, BEIJING, "approveReplacement", *call) == ("ReplacementOfOwnKey", BEIJING)
    engine.now += 10 * DELAY
    assert refused(engine, TIANJIN, "completeReplacement", *call)[0] == "ReplacementNotReady"
    other = (BEIJING, Role.COSIGNER, b"\x56" * 32)
    assert refused(engine, HEBEI, "approveReplacement", *other)[0] == "ReplacementNotProposed"


def test_new_proposal_or_withdrawal_ends_an_approved_one(engine: Engine) -> None:
    call = (BEIJING, Role.COSIGNER, KEY)
    for ending in ("proposeReplacement", "withdrawReplacement"):
        act(engine, TIANJIN, "proposeReplacement", *call)
        act(engine, HEBEI, "approveReplacement", *call)
        again = refused(engine, HEBEI, "approveReplacement", *call)
        assert again == ("ReplacementAlreadyApproved", NAMES[0], Role.COSIGNER, engine.now + DELAY)
        other = call if ending == "withdrawReplacement" else (BEIJING, Role.COSIGNER, b"\x57" * 32)
        act(engine, HEBEI, ending, *other)
        engine.now += DELAY
        assert refused(engine, TIANJIN, "completeReplacement", *call)[0] == "ReplacementNotProposed"


def test_lost_region_is_recovered_and_the_thief_does_not_come_back(engine: Engine) -> None:
    act(engine, BEIJING, "offerAuthority", STRANGER)
    call = (BEIJING, Role.AUTHORITY, as_key(NEXT_AUTHORITY))
    act(engine, TIANJIN, "proposeReplacement", *call)
    act(engine, HEBEI, "approveReplacement", *call)
    engine.now += DELAY
    act(engine, HEBEI, "completeReplacement", *call)
    assert engine.registry("authorityOf", BEIJING) == NEXT_AUTHORITY
    with pytest.raises(Refused, match="CallerNotNextAuthority"):
        engine.registry("acceptAuthority", BEIJING, sender=STRANGER)
    assert refused(engine, BEIJING, "changeKey", Role.COSIGNER, KEY)[0] == "CallerNotAuthority"
    engine.registry("changeKey", Role.COSIGNER, KEY, sender=NEXT_AUTHORITY)


def test_region_hands_over_in_two_steps(engine: Engine) -> None:
    key = as_key(NEXT_AUTHORITY)
    one_step = refused(engine, BEIJING, "changeKey", Role.AUTHORITY, key)
    assert one_step == ("AuthorityChangeNeedsOffer", BEIJING)
    act(engine, BEIJING, "offerAuthority", NEXT_AUTHORITY)
    assert engine.registry("regionState", BEIJING)[1:3] == (AUTHORITIES[0], NEXT_AUTHORITY)
    engine.registry("acceptAuthority", BEIJING, sender=NEXT_AUTHORITY)
    assert engine.registry("regionState", BEIJING)[1:3] == (NEXT_AUTHORITY, NOBODY)
    assert [period[0] for period in periods(engine, NAMES[0], Role.AUTHORITY)] == [
        as_key(AUTHORITIES[0]), key,
    ]  # fmt: skip
    assert refused(engine, BEIJING, "offerAuthority", STRANGER)[0] == "CallerNotAuthority"
    with pytest.raises(Refused, match="CallerNotNextAuthority"):
        engine.registry("acceptAuthority", BEIJING, sender=NEXT_AUTHORITY)


def test_no_region_gets_a_second_vote(engine: Engine) -> None:
    act(engine, BEIJING, "offerAuthority", AUTHORITIES[1])
    taken = refused(engine, TIANJIN, "acceptAuthority", BEIJING)
    assert taken == ("RegionValueRepeated", as_key(AUTHORITIES[1]))
    same = refused(engine, BEIJING, "changeKey", Role.COSIGNER, COSIGNERS[1])
    assert same == ("RegionValueRepeated", COSIGNERS[1])
    call = (BEIJING, Role.AUTHORITY, as_key(AUTHORITIES[2]))
    assert refused(engine, TIANJIN, "proposeReplacement", *call)[0] == "RegionValueRepeated"


def test_keys_that_cannot_be_keys_are_refused(engine: Engine) -> None:
    wide = b"\1" + bytes(31)
    cases = {
        (Role.COSIGNER, bytes(32)): ("ValueZero",),
        (Role.ANCHOR, wide): ("KeyNotAccount", wide),
        (Role.LOG, LOG_KEY): ("KeyUnchanged", LOG, Role.LOG, LOG_KEY),
        (Role.COSIGNER, COSIGNERS[0]): ("KeyUnchanged", NAMES[0], Role.COSIGNER, COSIGNERS[0]),
    }
    for arguments, expected in cases.items():
        assert refused(engine, BEIJING, "changeKey", *arguments) == expected
        assert refused(engine, TIANJIN, "proposeReplacement", BEIJING, *arguments) == expected
    assert refused(engine, HEBEI, "changeKey", Role.LOG, KEY) == ("RegionHasNoLog", HEBEI)


def test_log_is_registered_once_and_with_real_values(engine: Engine) -> None:
    cases = {
        ("demo/beijing/1", KEY, STRANGER): ("LogAlreadyRegistered", LOG),
        ("", KEY, STRANGER): ("OriginLengthWrong", 0, 255),
        ("x" * 256, KEY, STRANGER): ("OriginLengthWrong", 256, 255),
        ("demo/hebei/1", bytes(32), STRANGER): ("ValueZero",),
        ("demo/hebei/1", KEY, NOBODY): ("ValueZero",),
    }
    for arguments, expected in cases.items():
        assert refused(engine, HEBEI, "registerLog", *arguments) == expected
    act(engine, HEBEI, "registerLog", "x" * 255, KEY, STRANGER)


def test_what_does_not_exist_is_said(engine: Engine) -> None:
    cases = {
        ("regionState", (3,)): ("RegionUnknown", 3),
        ("authorityOf", (255,)): ("RegionUnknown", 255),
        ("currentLog", (3,)): ("RegionUnknown", 3),
        ("successorVote", (3,)): ("RegionUnknown", 3),
        ("pendingReplacement", (3, 0)): ("RegionUnknown", 3),
        ("pendingReplacement", (HEBEI, 0)): ("RegionHasNoLog", HEBEI),
        ("logOf", (BEIJING, 1)): ("IndexOutOfRange", 1, 1),
        ("keyPeriod", (LOG, 0, 1)): ("IndexOutOfRange", 1, 1),
        ("logState", (KEY,)): ("LogNotRegistered", KEY),
    }
    for (function, arguments), expected in cases.items():
        assert refused(engine, BEIJING, function, *arguments) == expected
    for function in ("proposeReplacement", "approveReplacement", "completeReplacement"):
        assert refused(engine, BEIJING, function, 3, Role.COSIGNER, KEY) == ("RegionUnknown", 3)


def test_two_regions_name_a_successor_once(engine: Engine) -> None:
    act(engine, BEIJING, "nameSuccessor", ANCHORERS[0])
    act(engine, BEIJING, "nameSuccessor", STRANGER)
    act(engine, TIANJIN, "nameSuccessor", ANCHORERS[0])
    assert engine.registry("successor") == NOBODY
    act(engine, HEBEI, "nameSuccessor", STRANGER)
    assert engine.registry("successor") == STRANGER
    assert [engine.registry("successorVote", region) for region in range(3)] == [
        STRANGER, ANCHORERS[0], STRANGER,
    ]  # fmt: skip
    named = ("SuccessorAlreadyNamed", STRANGER)
    assert refused(engine, TIANJIN, "nameSuccessor", ANCHORERS[1]) == named


WRONG_CONSTRUCTIONS = {
    "delay zero": ({3: 0}, ("DelayOutOfRange", 0, 366 * 86400)),
    "delay in ms": ({3: 86_400_000_000}, ("DelayOutOfRange", 86_400_000_000, 366 * 86400)),
    "no name": ({0: [NAMES[0], bytes(32), NAMES[2]]}, ("ValueZero",)),
    "name twice": ({0: [NAMES[0], NAMES[1], NAMES[0]]}, ("RegionValueRepeated", NAMES[0])),
    "no authority": ({1: [*AUTHORITIES[:2], NOBODY]}, ("ValueZero",)),
    "authority twice": (
        {1: [AUTHORITIES[0], AUTHORITIES[0], AUTHORITIES[2]]},
        ("RegionValueRepeated", as_key(AUTHORITIES[0])),
    ),
    "cosigner twice": (
        {2: [COSIGNERS[0], COSIGNERS[1], COSIGNERS[1]]},
        ("RegionValueRepeated", COSIGNERS[1]),
    ),
}


@pytest.mark.parametrize("case", WRONG_CONSTRUCTIONS)
def test_construction_refuses(case: str) -> None:
    changes, expected = WRONG_CONSTRUCTIONS[case]
    arguments = {0: NAMES, 1: AUTHORITIES, 2: COSIGNERS, 3: DELAY, **changes}
    with pytest.raises(Refused) as caught:
        chain.deploy(chain.empty_evm(), "RegionRegistry", *(arguments[n] for n in range(4)))
    assert (caught.value.name, *caught.value.values) == expected


def test_second_ledger_cannot_join(engine: Engine) -> None:
    registry, ledger = (engine.addresses[name] for name in chain.CONTRACTS)
    with pytest.raises(Refused) as caught:
        chain.deploy(engine.evm, "TreeHeadLedger", registry)
    assert (caught.value.name, caught.value.values) == ("LedgerAlreadyBound", (ledger,))


def test_registry_without_its_ledger_says_so() -> None:
    evm = chain.empty_evm()
    registry = chain.deploy(evm, "RegionRegistry", NAMES, AUTHORITIES, COSIGNERS, DELAY)
    alone = Engine(evm, {"RegionRegistry": registry})
    act(alone, BEIJING, "registerLog", "demo/beijing/1", LOG_KEY, ANCHORERS[0])
    assert refused(alone, BEIJING, "changeKey", Role.LOG, KEY) == ("LedgerNotBound",)
