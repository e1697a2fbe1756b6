"""Every external function by every kind of caller; a function without a row fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.engine import (
    ANCHORERS,
    AUTHORITIES,
    DEPLOYER,
    ERRORS,
    FUNCTIONS,
    STRANGER,
    VIEWS,
    Engine,
    Refused,
)
from tests.contracts.world import (
    BEIJING,
    HONEST,
    LOG,
    LOG_KEY,
    NEXT_AUTHORITY,
    Role,
    act,
    anchor,
    turn_at,
    two_regions,
)

CALLERS = {
    "beijing": AUTHORITIES[0],
    "tianjin": AUTHORITIES[1],
    "hebei": AUTHORITIES[2],
    "beijing's anchor account": ANCHORERS[0],
    "tianjin's anchor account": ANCHORERS[1],
    "named to lead beijing": NEXT_AUTHORITY,
    "deployer": DEPLOYER,
    "stranger": STRANGER,
}
REGIONS = ("beijing", "tianjin", "hebei")
KEY = b"\x55" * 32
OTHER_KEY = b"\x56" * 32
TURN = turn_at(5)
NEW_HEAD = (LOG, 7, HONEST.root(0, 7), HONEST.proof(5, 7))


def world() -> Engine:
    """Everything that a call could act on is pending: an offer, replacements, an epoch turn, two leaves."""
    engine = two_regions()
    anchor(engine, 5)
    act(engine, 0, "offerAuthority", NEXT_AUTHORITY)
    act(engine, 1, "proposeReplacement", BEIJING, Role.COSIGNER, KEY)
    act(engine, 1, "proposeReplacement", BEIJING, Role.LOG, OTHER_KEY)
    act(engine, 2, "approveReplacement", BEIJING, Role.LOG, OTHER_KEY)
    act(engine, 1, "proposeEpochTurn", TURN.abi())
    engine.now += 3600
    return engine


def everyone(error: str) -> dict[str, str | None]:
    return dict.fromkeys(CALLERS, error)


def regions(*errors: str | None) -> dict[str, str | None]:
    """What each region gets; no one else is an authority."""
    return {**everyone("CallerNotAuthority"), **dict(zip(REGIONS, errors, strict=True))}


Row = tuple[tuple[Any, ...], dict[str, str | None]]
ROWS: dict[tuple[str, str], Row] = {
    ("TreeHeadLedger", "anchor"): (
        NEW_HEAD,
        {**everyone("AnchorAccountWrong"), "beijing's anchor account": None},
    ),
    ("TreeHeadLedger", "settle"): (NEW_HEAD, everyone("RegistryOnly")),
    ("RegionRegistry", "bindLedger"): ((), everyone("LedgerAlreadyBound")),
    ("RegionRegistry", "registerLog"): (
        ("demo/new/1", LOG_KEY, STRANGER),
        regions("RegionHasLog", "RegionHasLog", None),
    ),
    ("RegionRegistry", "changeKey"): ((Role.COSIGNER, KEY), regions(None, None, None)),
    ("RegionRegistry", "offerAuthority"): ((STRANGER,), regions(None, None, None)),
    ("RegionRegistry", "acceptAuthority"): (
        (BEIJING,),
        {**everyone("CallerNotNextAuthority"), "named to lead beijing": None},
    ),
    ("RegionRegistry", "proposeReplacement"): (
        (BEIJING, Role.ANCHOR, b"\0" * 12 + b"\x44" * 20),
        regions("ReplacementOfOwnKey", None, None),
    ),
    ("RegionRegistry", "approveReplacement"): (
        (BEIJING, Role.COSIGNER, KEY),
        regions("ReplacementOfOwnKey", "ApproverIsProposer", None),
    ),
    ("RegionRegistry", "completeReplacement"): (
        (BEIJING, Role.LOG, OTHER_KEY),
        regions("ReplacementOfOwnKey", None, None),
    ),
    ("RegionRegistry", "withdrawReplacement"): (
        (BEIJING, Role.COSIGNER, KEY),
        regions("ReplacementOfOwnKey", None, None),
    ),
    ("RegionRegistry", "proposeEpochTurn"): ((TURN.abi(),), regions(None, None, None)),
    ("RegionRegistry", "withdrawEpochTurn"): (
        (LOG,),
        regions("EpochTurnNotProposed", None, "EpochTurnNotProposed"),
    ),
    ("RegionRegistry", "approveEpochTurn"): (
        (1, TURN.abi(), []),
        regions(None, "ApproverIsProposer", None),
    ),
    ("RegionRegistry", "nameSuccessor"): ((STRANGER,), regions(None, None, None)),
}
SAMPLES: dict[str, Callable[[str], Any]] = {
    "uint8": lambda _: 0,
    "uint256": lambda _: 0,
    "bytes32": lambda _: LOG,
}


def test_every_function_that_changes_state_has_a_row() -> None:
    changing = {
        (contract, name)
        for contract, functions in FUNCTIONS.items()
        for name, entry in functions.items()
        if entry["stateMutability"] not in VIEWS
    }
    assert set(ROWS) == changing


def test_every_error_is_provoked_by_some_test() -> None:
    texts = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")
    )
    assert [entry["name"] for entry in ERRORS.values() if f'"{entry["name"]}"' not in texts] == []


def test_no_function_takes_money() -> None:
    for functions in FUNCTIONS.values():
        assert all(entry["stateMutability"] != "payable" for entry in functions.values())


@pytest.fixture(scope="module")
def engine() -> Engine:
    return world()


@pytest.mark.parametrize(("contract", "function"), sorted(ROWS))
def test_row(engine: Engine, contract: str, function: str) -> None:
    arguments, expected = ROWS[contract, function]
    assert set(expected) == set(CALLERS)
    got: dict[str, str | None] = {}
    for caller, address in CALLERS.items():
        with engine.undone():
            try:
                engine.call(contract, function, *arguments, sender=address)
                got[caller] = None
            except Refused as refusal:
                got[caller] = refusal.name
    assert got == expected


@pytest.mark.parametrize("caller", CALLERS)
def test_everyone_may_read_everything(engine: Engine, caller: str) -> None:
    for contract, functions in FUNCTIONS.items():
        for name, entry in functions.items():
            if entry["stateMutability"] in VIEWS:
                arguments = [SAMPLES[item["type"]](item["name"]) for item in entry["inputs"]]
                engine.call(contract, name, *arguments, sender=CALLERS[caller])
