"""The Besu files were never given to a Besu: what can be held without one is held here."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from ledger.chain import deploy, web3chain
from ledger.settings import NodeSettings

BESU = Path("hardhat-free-local/consortium/besu")
QBFT = json.loads((BESU / "qbftConfigFile.json").read_text(encoding="utf-8"))
GENESIS = QBFT["genesis"]
NODE = tomllib.loads((BESU / "node.toml").read_text(encoding="utf-8"))
PERMISSIONS = tomllib.loads((BESU / "permissions_config.toml").read_text(encoding="utf-8"))
AUTHORITIES = 4
REGIONS = 3


@pytest.mark.parametrize("path", sorted(BESU.iterdir()), ids=lambda path: path.name)
def test_every_file_says_at_its_top_that_it_was_not_run(path):
    top = path.read_text(encoding="utf-8").splitlines()[:2]
    assert "NOT RUN HERE" in "".join(top)


def test_four_validators_that_know_and_admit_each_other():
    assert QBFT["blockchain"]["nodes"] == {"generate": True, "count": AUTHORITIES}
    nodes = PERMISSIONS["nodes-allowlist"]
    assert len(set(nodes)) == AUTHORITIES
    # A bootnode that is not admitted stops the start.
    assert NODE["bootnodes"] == nodes
    enode = rf"enode://[0-9a-f]{{128}}@[0-9.]+:{NODE['p2p-port']}"
    assert all(re.fullmatch(enode, node) for node in nodes)
    assert NODE["permissions-nodes-config-file-enabled"] is True


def test_accounts_are_admitted_by_full_lower_case_addresses():
    accounts = PERMISSIONS["accounts-allowlist"]
    assert all(re.fullmatch(r"0x[0-9a-f]{40}", account) for account in accounts)
    # An anchor and an authority account for each region, and the deployer.
    assert len(accounts) == len(set(accounts)) == 2 * REGIONS + 1
    assert NODE["permissions-accounts-config-file-enabled"] is True
    funded = {f"0x{account}" for account in GENESIS["alloc"]}
    assert len(funded) == REGIONS
    assert funded <= set(accounts)


def test_gas_is_free_in_the_genesis_at_the_nodes_and_for_the_regions():
    settings = NodeSettings.model_fields
    assert GENESIS["config"]["zeroBaseFee"] is True
    assert NODE["min-gas-price"] == settings["gas_price"].default == 0


def test_a_block_is_final_at_once_and_the_regions_wait_for_no_other():
    qbft = GENESIS["config"]["qbft"]
    assert NodeSettings.model_fields["confirmations"].default == 0
    # A round must have time to make its block.
    assert qbft["requesttimeoutseconds"] > qbft["blockperiodseconds"] > 0
    assert qbft["emptyblockperiodseconds"] >= qbft["blockperiodseconds"]


def test_a_block_holds_the_deployment_and_an_anchor_of_each_region():
    limit = int(GENESIS["gasLimit"], 16)
    assert limit >= deploy._DEPLOY_GAS
    # As the operators' page counts: the anchors of all regions reserve under 2 % of a block.
    assert REGIONS * web3chain.ANCHOR_GAS / limit < 0.02


def test_the_chain_speaks_the_evm_that_the_contracts_are_compiled_for():
    compiled = Path("ledger/chain/artifacts/contracts.json").read_text(encoding="utf-8")
    milestone = f"{json.loads(compiled)['settings']['evmVersion']}Block"
    assert GENESIS["config"][milestone] == 0


def test_json_rpc_stays_on_this_machine_where_the_region_looks_for_it():
    assert NODE["rpc-http-enabled"] is True
    host, port = NODE["rpc-http-host"], NODE["rpc-http-port"]
    assert host == "127.0.0.1"
    assert NodeSettings.model_fields["rpc_url"].default == f"http://{host}:{port}"
    # QBFT votes in the authority's name and PERM rewrites the lists; ADMIN and DEBUG nobody needs.
    assert set(NODE["rpc-http-api"]) == {"ETH", "NET", "QBFT", "PERM"}
    assert NODE["rpc-ws-enabled"] is False


def test_the_pool_is_left_to_the_profile():
    assert NODE["profile"] == "ENTERPRISE"
    assert (NODE["sync-mode"], NODE["data-storage-format"]) == ("FULL", "FOREST")
    # Options of the layered pool are refused beside the profile's pool.
    assert [key for key in NODE if key.startswith("tx-pool")] == []
