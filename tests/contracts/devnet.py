"""Both contracts on eth-tester, driven through web3 with explicit gas."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_tester import EthereumTester, PyEVMBackend
from web3 import EthereumTesterProvider, Web3
from web3.contract import Contract

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS: dict[str, Any] = json.loads(
    (ROOT / "ledger/chain/artifacts/contracts.json").read_text(encoding="utf-8")
)
NAMES = [name.ljust(32, b"\0") for name in (b"beijing", b"tianjin", b"hebei")]
COSIGNERS = [bytes([number + 1]) * 32 for number in range(3)]
DELAY = 3600


def log_id(origin: str) -> bytes:
    """The id under which the chain knows the log."""
    return hashlib.sha256(origin.encode()).digest()


@dataclass(frozen=True, slots=True)
class Devnet:
    """A fresh chain; accounts 0 to 2 lead the regions, 3 to 5 anchor, the rest are strangers."""

    tester: EthereumTester
    web3: Web3
    registry: Contract
    ledger: Contract
    accounts: list[str]

    def send(self, call: Any, sender: str) -> Any:
        """Send and return the receipt; a refusal is raised by eth-tester."""
        fees = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9}
        gas = {"from": sender, "gas": 3_000_000, **fees}
        return self.web3.eth.wait_for_transaction_receipt(call.transact(gas))

    def register(self, region: int, origin: str) -> bytes:
        """Register the region's first log, anchored by account 3 + region."""
        key = hashlib.sha256(b"log key" + origin.encode()).digest()
        call = self.registry.functions.registerLog(origin, key, self.accounts[3 + region])
        self.send(call, self.accounts[region])
        return log_id(origin)


def start() -> Devnet:
    """Deploy registry, then ledger."""
    tester = EthereumTester(PyEVMBackend())
    web3 = Web3(EthereumTesterProvider(tester))
    accounts = list(web3.eth.accounts)
    deployer = accounts[9]

    def deploy(name: str, *arguments: object) -> Contract:
        built = ARTIFACTS["contracts"][name]
        factory = web3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
        sent = factory.constructor(*arguments).transact({"from": deployer, "gas": 6_000_000})
        address = web3.eth.wait_for_transaction_receipt(sent)["contractAddress"]
        return web3.eth.contract(address=address, abi=built["abi"])

    registry = deploy("RegionRegistry", NAMES, accounts[:3], COSIGNERS, DELAY)
    ledger = deploy("TreeHeadLedger", registry.address)
    return Devnet(tester, web3, registry, ledger, accounts)
