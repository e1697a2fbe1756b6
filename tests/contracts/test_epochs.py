"""Closing a log and opening the next by two of three, with the proof that keeps even two from rewriting."""

import pytest

from tests.contracts.devnet import log_id
from tests.contracts.engine import ANCHORERS, AUTHORITIES, Engine, Event, Refused
from tests.contracts.trees import leaves_tree
from tests.contracts.world import (
    BEIJING,
    HEBEI,
    HONEST,
    LOG,
    LOG_KEY,
    NEXT_ANCHORER,
    NEXT_LOG,
    NEXT_ORIGIN,
    ORIGIN,
    TIANJIN,
    Role,
    Turn,
    act,
    anchor,
    refused,
    turn_at,
    two_regions,
)

ZERO = bytes(32)
REWRITTEN = leaves_tree([b"another weight", *(f"leaf {n}".encode() for n in range(1, 64))])
GROWTH = 1 << 24


@pytest.fixture
def engine() -> Engine:
    return two_regions()


def propose(engine: Engine, turn: Turn, region: int = TIANJIN) -> None:
    act(engine, region, "proposeEpochTurn", turn.abi())


def close(engine: Engine, turn: Turn, proof: list[bytes]) -> None:
    propose(engine, turn)
    act(engine, HEBEI, "approveEpochTurn", TIANJIN, turn.abi(), proof)


def cannot_close(engine: Engine, turn: Turn, proof: list[bytes]) -> tuple:
    propose(engine, turn)
    answer = refused(engine, HEBEI, "approveEpochTurn", TIANJIN, turn.abi(), proof)
    assert engine.registry("currentLog", BEIJING) == turn.log
    assert engine.registry("anchorRule", turn.log)[1] is False
    return answer


def anchor_refused(engine: Engine, size: int, proof: list[bytes], log: bytes = LOG) -> tuple:
    with pytest.raises(Refused) as caught:
        engine.ledger("anchor", log, size, HONEST.root(0, size), proof, sender=ANCHORERS[0])
    return (caught.value.name, *caught.value.values)


def test_closing_at_the_head_opens_the_next_epoch(engine: Engine) -> None:
    anchor(engine, 9)
    turn = turn_at(9)
    close(engine, turn, [])
    closed, opened, *keys = engine.events
    assert closed == Event(
        "LogClosed",
        {"log": LOG, "size": 9, "root": turn.root, "proposer": TIANJIN, "approver": HEBEI},
    )
    assert opened.name == "LogRegistered"
    assert opened.values["previous"] == LOG
    assert [event.values["holder"] for event in keys] == [NEXT_LOG, NEXT_LOG]
    assert engine.registry("currentLog", BEIJING) == NEXT_LOG
    assert [engine.registry("logOf", BEIJING, index) for index in range(2)] == [LOG, NEXT_LOG]
    assert engine.registry("closing", LOG) == (9, engine.now, turn.root)
    assert engine.registry("closing", NEXT_LOG) == (0, 0, ZERO)
    assert engine.registry("logState", LOG) == (
        ORIGIN, BEIJING, True, ANCHORERS[0], LOG_KEY, NEXT_LOG,
    )  # fmt: skip
    assert engine.registry("logState", NEXT_LOG) == (
        NEXT_ORIGIN, BEIJING, False, NEXT_ANCHORER, turn.log_key, ZERO,
    )  # fmt: skip


def test_closing_beyond_the_head_settles_it_there(engine: Engine) -> None:
    anchor(engine, 9)
    turn = turn_at(13)
    engine.now += 60
    close(engine, turn, HONEST.proof(9, 13))
    assert engine.ledger("head", LOG) == (13, turn.root, engine.now)
    assert engine.events[0] == Event(
        "TreeHeadAnchored",
        {"log": LOG, "size": 13, "root": turn.root, "oldSize": 9, "oldRoot": HONEST.root(0, 9)},
    )


def test_closing_a_log_that_was_never_anchored_settles_its_first_head(engine: Engine) -> None:
    close(engine, turn_at(4), [])
    assert engine.ledger("head", LOG)[:2] == (4, HONEST.root(0, 4))


def test_thief_ahead_of_the_region_is_closed_off_with_his_own_proof(engine: Engine) -> None:
    anchor(engine, 9)
    stolen = leaves_tree([*(f"leaf {n}".encode() for n in range(9)), *(b"invented",) * 20])
    thiefs_proof = stolen.proof(9, 25)
    anchor(engine, 25, tree=stolen)
    before = engine.ledger("head", LOG)
    close(engine, turn_at(9), thiefs_proof)
    assert engine.ledger("head", LOG) == before, "a head never goes back"
    assert all(event.name != "TreeHeadAnchored" for event in engine.events)
    assert engine.registry("closing", LOG)[0] == 9
    with pytest.raises(Refused, match="LogIsClosed"):
        anchor(engine, 29, tree=stolen)
    anchor(engine, 3, log=NEXT_LOG, sender=NEXT_ANCHORER)


def test_closed_log_takes_no_anchor_and_repeats_its_head_in_peace(engine: Engine) -> None:
    anchor(engine, 9)
    close(engine, turn_at(9), [])
    assert anchor_refused(engine, 12, HONEST.proof(9, 12)) == ("LogIsClosed", LOG, 9, 12)
    assert anchor_refused(engine, 5, []) == ("LogIsClosed", LOG, 9, 5)
    anchor_call = (LOG, 9, HONEST.root(0, 9), [])
    engine.ledger("anchor", *anchor_call, sender=ANCHORERS[0])
    assert engine.events == []


def test_next_log_is_anchored_by_its_own_account_only(engine: Engine) -> None:
    anchor(engine, 9)
    close(engine, turn_at(9), [])
    assert anchor_refused(engine, 2, [], log=NEXT_LOG)[0] == "AnchorAccountWrong"
    anchor(engine, 2, log=NEXT_LOG, sender=NEXT_ANCHORER)
    anchor(engine, 7, log=NEXT_LOG, sender=NEXT_ANCHORER)
    assert engine.ledger("head", NEXT_LOG)[0] == 7


@pytest.mark.parametrize("size", [5, 9, 13])
def test_two_colluding_regions_cannot_rewrite_what_was_anchored(engine: Engine, size: int) -> None:
    anchor(engine, 9)
    turn = turn_at(size, REWRITTEN)
    small, large = sorted((size, 9))
    for tree in (HONEST, REWRITTEN):
        proof = tree.proof(small, large) if small < large else []
        name, *_ = cannot_close(engine, turn, proof)
        expected = {
            5: ("ConsistencyOldRootDiffers", "ConsistencyNewRootDiffers"),
            9: ("TreeRootDiffers",),
            13: ("ConsistencyOldRootDiffers", "ConsistencyNewRootDiffers"),
        }
        assert name in expected[size]
    assert engine.ledger("head", LOG)[:2] == (9, HONEST.root(0, 9))


def test_closing_needs_its_proof_and_a_size(engine: Engine) -> None:
    anchor(engine, 9)
    longer = [*HONEST.proof(9, 13), ZERO]
    assert cannot_close(engine, turn_at(13), [])[0] == "ConsistencyProofTooShort"
    assert cannot_close(engine, turn_at(13), longer)[0] == "ConsistencyProofTooLong"
    assert cannot_close(engine, turn_at(5), [])[0] == "ConsistencyProofTooShort"
    assert cannot_close(engine, turn_at(9), [ZERO]) == ("ConsistencyProofTooLong", 9, 9, 1)
    assert cannot_close(engine, turn_at(9).but(size=0), []) == ("TreeSizeZero", LOG)
    far = turn_at(9).but(size=9 + GROWTH + 1)
    assert cannot_close(engine, far, [])[0] == "TreeGrowthTooLarge"


def test_approval_must_name_exactly_what_was_proposed(engine: Engine) -> None:
    anchor(engine, 9)
    turn = turn_at(9)
    propose(engine, turn)
    changed = [
        turn.but(size=8),
        turn.but(root=ZERO),
        turn.but(origin="demo/beijing/3"),
        turn.but(log_key=LOG_KEY),
        turn.but(anchorer=ANCHORERS[0]),
    ]
    for other in changed:
        answer = refused(engine, HEBEI, "approveEpochTurn", TIANJIN, other.abi(), [])
        assert answer == ("EpochTurnNotProposed", LOG, TIANJIN)
    for proposer in (BEIJING, 3, 255):
        answer = refused(engine, HEBEI, "approveEpochTurn", proposer, turn.abi(), [])
        assert answer == ("EpochTurnNotProposed", LOG, proposer)
    own = refused(engine, TIANJIN, "approveEpochTurn", TIANJIN, turn.abi(), [])
    assert own == ("ApproverIsProposer", TIANJIN)
    assert engine.registry("pendingEpochTurn", LOG, TIANJIN) == turn.abi()


@pytest.mark.parametrize(("proposer", "approver"), [(0, 1), (1, 0), (0, 2), (2, 1)])
def test_any_two_of_three_may_turn(engine: Engine, proposer: int, approver: int) -> None:
    anchor(engine, 9)
    propose(engine, turn_at(9), proposer)
    act(engine, approver, "approveEpochTurn", proposer, turn_at(9).abi(), [])
    assert engine.registry("currentLog", BEIJING) == NEXT_LOG


@pytest.mark.parametrize(
    ("proposer", "approver", "consented"),
    [(0, 1, True), (2, 0, True), (1, 2, False), (2, 1, False)],
)
def test_keys_of_the_next_log_say_whether_its_region_chose_them(
    engine: Engine, proposer: int, approver: int, consented: bool
) -> None:
    anchor(engine, 9)
    propose(engine, turn_at(9), proposer)
    act(engine, approver, "approveEpochTurn", proposer, turn_at(9).abi(), [])
    told = [event.values["consented"] for event in engine.events if event.name == "KeyChanged"]
    assert told == [consented, consented]
    for role in (Role.LOG, Role.ANCHOR):
        assert engine.registry("keyPeriod", NEXT_LOG, role, 0)[5] is consented
        assert engine.registry("keyPeriod", LOG, role, 0)[5] is True


def test_one_region_cannot_put_aside_the_proposal_of_another(engine: Engine) -> None:
    anchor(engine, 9)
    propose(engine, turn_at(9), TIANJIN)
    propose(engine, turn_at(9).but(origin="demo/beijing/rival"), BEIJING)
    act(engine, HEBEI, "approveEpochTurn", TIANJIN, turn_at(9).abi(), [])
    empty = engine.registry("pendingEpochTurn", LOG, BEIJING)
    assert empty[3] == "", "what was pending for a closed log is gone"


def test_proposal_taken_back_cannot_be_approved(engine: Engine) -> None:
    anchor(engine, 9)
    propose(engine, turn_at(9))
    act(engine, TIANJIN, "withdrawEpochTurn", LOG)
    answer = refused(engine, HEBEI, "approveEpochTurn", TIANJIN, turn_at(9).abi(), [])
    assert answer == ("EpochTurnNotProposed", LOG, TIANJIN)


def test_closed_log_cannot_be_closed_again_nor_its_origin_reused(engine: Engine) -> None:
    anchor(engine, 9)
    close(engine, turn_at(9), [])
    answer = refused(engine, TIANJIN, "proposeEpochTurn", turn_at(9).abi())
    assert answer == ("LogNotCurrent", LOG, NEXT_LOG)
    anchor(engine, 2, log=NEXT_LOG, sender=NEXT_ANCHORER)
    back = turn_at(2).but(log=NEXT_LOG, origin=ORIGIN)
    assert cannot_close(engine, back, []) == ("LogAlreadyRegistered", LOG)


def test_turn_of_an_unknown_log_or_a_bad_origin_is_not_proposed(engine: Engine) -> None:
    unknown = log_id("demo/nowhere/1")
    turn = turn_at(9).but(log=unknown)
    assert refused(engine, TIANJIN, "proposeEpochTurn", turn.abi()) == ("LogNotRegistered", unknown)
    for origin in ("", "x" * 256):
        turn = turn_at(9).but(origin=origin)
        answer = refused(engine, TIANJIN, "proposeEpochTurn", turn.abi())
        assert answer == ("OriginLengthWrong", len(origin), 255)


def test_region_with_a_log_cannot_register_another_beside_it(engine: Engine) -> None:
    arguments = ("demo/beijing/9", LOG_KEY, AUTHORITIES[0])
    assert refused(engine, BEIJING, "registerLog", *arguments) == ("RegionHasLog", BEIJING, LOG)
