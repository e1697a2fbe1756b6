"""The modelled contracts against the compiled ones: one answer to every call of many made-up histories."""

import hashlib
import random
from collections import Counter

import pytest

from tests.contracts import engine
from tests.contracts.trees import Tree, leaves_tree
from tests.simulation.contract import MAX_GROWTH, Contracts, Refused, Turn
from tests.simulation.deployed import Deployed

SEQUENCES = 10_000
STEPS = 8
ORIGINS = ("demo/beijing/1", "demo/beijing/2", "demo/beijing/3", "demo/tianjin/1")
LOGS = [hashlib.sha256(one.encode()).digest() for one in ORIGINS]
TREES = [leaves_tree([bytes([number, salt]) for number in range(40)]) for salt in (0, 1)]
AUTHORITIES = tuple(bytes.fromhex(one[2:]) for one in engine.AUTHORITIES)
ACCOUNTS = [bytes.fromhex(one[2:]) for one in (*engine.ANCHORERS, engine.STRANGER)]
KEYS = [bytes([number]) * 32 for number in (7, 8, 9)] + [bytes(32)]

REFUSALS = {
    "LogUnknown", "AnchorAccountWrong", "TreeSizeZero", "LogIsClosed", "TreeSizeSmaller",
    "TreeRootDiffers", "TreeGrowthTooLarge", "ConsistencyProofTooShort",
    "ConsistencyProofTooLong", "ConsistencyOldRootDiffers", "ConsistencyNewRootDiffers",
    "RegionHasLog", "RegionHasNoLog", "ValueZero", "KeyUnchanged", "CallerNotAuthority",
    "ApproverIsProposer", "EpochTurnNotProposed", "LogNotRegistered", "LogNotCurrent",
    "LogAlreadyRegistered", "OriginLengthWrong",
}  # fmt: skip


class History:
    """Calls made up by a seed, each near what the state of the moment would accept."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.model = Contracts(AUTHORITIES)
        self.now = engine.START

    def call(self) -> tuple[str, tuple]:
        self.now += self.rng.randrange(1, 100)
        kinds = ["anchor", "register_log", "change_anchorer", "propose_turn", "approve_turn"]
        if not self.model.logs:
            kinds = ["register_log"]
        kind = self.rng.choices(kinds, [8, 2, 1, 3, 3][: len(kinds)])[0]
        return kind, getattr(self, f"_{kind}")()

    def _anchor(self) -> tuple:
        log = self._log()
        sender = self._mostly(self._anchorer(log), ACCOUNTS)
        size, root, proof = self._head(log)
        return sender, log, size, root, proof, self.now

    def _register_log(self) -> tuple:
        return (
            self._mostly(AUTHORITIES[0], [*AUTHORITIES[1:], ACCOUNTS[3]]),
            self._mostly(ORIGINS[0], [*ORIGINS[1:], "", "x" * 256]),
            self._mostly(KEYS[0], KEYS),
            self._mostly(ACCOUNTS[0], [*ACCOUNTS[1:], bytes(20)]),
        )

    def _change_anchorer(self) -> tuple:
        return self.rng.choice(AUTHORITIES), self.rng.choice([*ACCOUNTS, bytes(20)])

    def _propose_turn(self) -> tuple:
        return self._mostly(AUTHORITIES[1], AUTHORITIES), self._turn()

    def _approve_turn(self) -> tuple:
        proposed = [(at, turn) for (_, at), turn in self.model.turns.items()]
        proposer, turn = self.rng.choice(proposed) if proposed else (1, self._turn())
        proof = self._proof(turn.log, turn.size, turn.root)
        sender = self._mostly(AUTHORITIES[2], [*AUTHORITIES, ACCOUNTS[3]])
        return sender, proposer, self._mostly(turn, [self._turn()]), proof, self.now

    def _turn(self) -> Turn:
        log = self._log()
        size, root, _ = self._head(log)
        following = ORIGINS[min(LOGS.index(log) + 1, 2)] if log in LOGS else ORIGINS[1]
        return Turn(
            log, size, root, self._mostly(following, [*ORIGINS, ""]),
            self._mostly(KEYS[1], KEYS), self._mostly(ACCOUNTS[1], [*ACCOUNTS, bytes(20)]),
        )  # fmt: skip

    def _log(self) -> bytes:
        return self._mostly(
            self.model.current.get(0, LOGS[0]), [*self.model.logs, LOGS[3], bytes(32)]
        )

    def _anchorer(self, log: bytes) -> bytes:
        return self.model.logs[log].anchorer if log in self.model.logs else ACCOUNTS[0]

    def _head(self, log: bytes) -> tuple[int, bytes, list[bytes]]:
        """A head to move to, with a proof; most often a good one."""
        old = self.model.head(log)
        size = self._mostly(
            min(old.size + self.rng.randrange(1, 6), 40),
            [0, old.size, max(old.size - 1, 0), old.size + MAX_GROWTH + 1],
        )
        root = self._root(size, old.root)
        return size, root, self._proof(log, size, root)

    def _root(self, size: int, old: bytes) -> bytes:
        if not 0 < size <= 40:
            return self.rng.choice([old, bytes(32)])
        return self._mostly(TREES[0].root(0, size), [TREES[1].root(0, size), old])

    def _proof(self, log: bytes, size: int, root: bytes) -> list[bytes]:
        old = self.model.head(log)
        small, large = sorted((old.size, size))
        tree = TREES[0] if _is_of(TREES[0], size, root) else TREES[1]
        proof = tree.proof(small, large) if 0 < small < large <= 40 else []
        spoilt = [[*proof, bytes(32)], proof[1:], [bytes(32), *proof[1:]]]
        return self._mostly(proof, spoilt, often=0.85)

    def _mostly(self, good, others, often: float = 0.8):
        return good if self.rng.random() < often else self.rng.choice(others)


def _is_of(tree: Tree, size: int, root: bytes) -> bool:
    return 0 < size <= 40 and tree.root(0, size) == root


def answer_of(contracts, name: str, arguments: tuple) -> object:
    try:
        return getattr(contracts, name)(*arguments)
    except Refused as refused:
        return str(refused)


@pytest.mark.parametrize("part", range(4))
def test_ten_thousand_histories(part: int) -> None:
    deployed = Deployed(engine.start())
    said: Counter[str] = Counter()
    for number in range(part, SEQUENCES, 4):
        run_history(deployed, random.Random(f"history {number}"), said)
    assert {name for name in said if name in REFUSALS} == REFUSALS
    assert said["head moved"] > 1000
    assert said["rolled back"] > 100
    assert set(said) - REFUSALS == {"head moved", "done", "rolled back"}


def run_history(deployed: Deployed, rng: random.Random, said: Counter[str]) -> None:
    history, evm = History(rng), deployed.made.evm
    start = evm.snapshot()
    kept: tuple[object, Contracts] | None = None
    for _ in range(STEPS):
        if kept is None and rng.random() < 0.1:
            kept = (evm.snapshot(), history.model.copy())
        elif kept is not None and rng.random() < 0.2:
            evm.revert(kept[0])
            history.model, kept = kept[1], None
            said["rolled back"] += 1
        name, arguments = history.call()
        tried = history.model.copy()
        expected = answer_of(tried, name, arguments)
        assert answer_of(deployed, name, arguments) == expected, (name, arguments)
        if isinstance(expected, str):
            said[expected] += 1
        else:
            history.model = tried
            said["done" if expected is None else "head moved"] += 1
        for log in history.model.logs:
            assert deployed.head(log) == history.model.head(log)
    evm.revert(start)
