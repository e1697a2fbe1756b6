"""Laying the chain out in a folder, once: a home, keys and the same first block for each validator."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.consortium import bech32
from ledger.consortium.genesis import first_block, with_validators
from ledger.consortium.plan import Plan, Seat
from ledger.errors import UnavailableError

_PREFIX = "cosmos"
_CLIENT = """chain-id = "{chain_id}"
keyring-backend = "test"
output = "json"
node = "tcp://127.0.0.1:26657"
broadcast-mode = "sync"
"""
_FILE = "validators.json"


@dataclass(frozen=True, slots=True)
class Home:
    """A validator that is laid out.

    Attributes:
        name: what the others see it called.
        authority: who runs it.
        folder: everything that is its own; the engine takes it for the user's home.
        node_id: by which its peers know it, whatever its address.
    """

    name: str
    authority: str
    folder: Path
    node_id: str

    @property
    def engine(self) -> Path:
        """The folder that the engine makes in it."""
        return self.folder / ".evmd"

    @property
    def log(self) -> Path:
        """What the engine said."""
        return self.folder / "evmd.log"


def lay_out(
    folder: Path, program: Path, plan: Plan, funded: Iterable[bytes] = ()
) -> tuple[Home, ...]:
    """The validators of that folder, laid out where they are not yet.

    A chain that is there keeps its beginning, whatever the plan and ``funded`` (20 bytes each) say now.

    Raises:
        UnavailableError: consortium_layout_failed.
    """
    homes = folder / "validators"
    if not homes.is_dir():
        half = folder / "validators.half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        _make(half, program, plan, tuple(funded))
        # Renamed when all is there: a layout that was cut short is made anew.
        half.rename(homes)
    return read_layout(folder)


def read_layout(folder: Path) -> tuple[Home, ...]:
    """The validators of a folder that is laid out."""
    homes = folder / "validators"
    listed = json.loads((homes / _FILE).read_text(encoding="utf-8"))
    return tuple(Home(folder=homes / one["authority"], **one) for one in listed)


def _make(folder: Path, program: Path, plan: Plan, funded: Sequence[bytes]) -> None:
    engine = _Engine(program, folder, plan)
    # The program takes half a second to begin: as many as there are cores begin at once.
    with ThreadPoolExecutor() as pool:
        accounts = dict(zip(plan.seats, pool.map(engine.found, plan.seats), strict=True))
        balances = dict.fromkeys(accounts.values(), 2 * plan.genesis.stake)
        balances |= {bech32.encode(_PREFIX, one): plan.genesis.funds for one in funded}
        proposed = engine.genesis(plan.seats[0])
        first = first_block(proposed, plan.genesis, balances)
        engine.write_genesis(first)
        joining = list(pool.map(engine.join, plan.seats))
    engine.write_genesis(with_validators(first, joining))
    listed = [asdict(seat) | {"node_id": engine.node_id(seat)} for seat in plan.seats]
    (folder / _FILE).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")


class _Engine:
    """The program's own commands on the homes that are being made."""

    def __init__(self, program: Path, folder: Path, plan: Plan) -> None:
        self._program = program
        self._folder = folder
        self._plan = plan

    def found(self, seat: Seat) -> str:
        """Make its home and keys; the address of its account."""
        config = self._config(seat)
        config.mkdir(parents=True)
        # Read before any argument, and genesis commands fail on a null pointer where it says nothing.
        client = _CLIENT.format(chain_id=self._plan.genesis.chain_id)
        (config / "client.toml").write_text(client, encoding="utf-8")
        self._run(seat, "init", seat.name, "--chain-id", self._plan.genesis.chain_id)
        key = self._run(
            seat, "keys", "add", "operator", "--algo", "eth_secp256k1", "--output", "json",
            *self._keyring(seat),
        )  # fmt: skip
        return str(json.loads(key)["address"])

    def join(self, seat: Seat) -> dict[str, Any]:
        """Its signed wish to be a validator from the first block on."""
        genesis = self._plan.genesis
        wish = self._config(seat) / "joining.json"
        self._run(
            seat, "genesis", "gentx", "operator", f"{genesis.stake}{genesis.denomination}",
            "--chain-id", genesis.chain_id, "--gas-prices", f"0{genesis.denomination}",
            "--ip", "127.0.0.1", "--output-document", str(wish), *self._keyring(seat),
        )  # fmt: skip
        signed: dict[str, Any] = json.loads(wish.read_text(encoding="utf-8"))
        return signed

    def node_id(self, seat: Seat) -> str:
        """By which its peers know it."""
        return self._run(seat, "comet", "show-node-id").strip()

    def genesis(self, seat: Seat) -> dict[str, Any]:
        """The first block that its home holds."""
        text = (self._config(seat) / "genesis.json").read_text(encoding="utf-8")
        read: dict[str, Any] = json.loads(text)
        return read

    def write_genesis(self, first: dict[str, Any]) -> None:
        """Give all homes the same first block."""
        for seat in self._plan.seats:
            text = json.dumps(first, indent=1)
            (self._config(seat) / "genesis.json").write_text(text, encoding="utf-8")

    def _keyring(self, seat: Seat) -> tuple[str, ...]:
        # Not in the engine's own folder: a validator that runs would sign with it for whoever asks.
        folder = self._folder / seat.authority / "operator"
        return "--keyring-backend", "test", "--keyring-dir", str(folder)

    def _config(self, seat: Seat) -> Path:
        return self._folder / seat.authority / ".evmd" / "config"

    def _run(self, seat: Seat, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 - the engine that we built
            [str(self._program), *words],
            env={"HOME": str(self._folder / seat.authority)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip())[-500:]
            raise UnavailableError("consortium_layout_failed", f"evmd {words[0]}: {said}")
        return done.stdout
