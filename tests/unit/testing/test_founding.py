"""Every key a local network uses is on the list of publicly known keys, so no real network can use it."""

import pytest

from ledger.errors import InputError
from ledger.keys.demo import demo_author, demo_ca, demo_log_key
from ledger.keys.known import DEMO_PARTIES, refuse_known_keys
from ledger.testing.founding import DEV_CHAIN, REGIONS, ChainChoice, demo_accounts, registrar
from ledger.testing.scenarios import parties

SIGNING = {name: party for name, party in parties().items() if party.uscc}


def keys_of_a_local_network():
    yield "ca", demo_ca().certificate
    for name, address in demo_accounts().items():
        yield name, address
    for region in REGIONS:
        yield f"registrar {region}", registrar(region).certificate
        for use in ("1", "2", "witness", "peer"):
            yield f"{region}/{use}", demo_log_key(f"demo-00000000/{region}/{use}").public_key
    for name, party in SIGNING.items():
        yield name, demo_author(name, party.uscc, party.name).certificate


KEYS = dict(keys_of_a_local_network())


@pytest.mark.parametrize("name", KEYS)
def test_no_real_network_may_use_it(name):
    with pytest.raises(InputError, match="key_publicly_known"):
        refuse_known_keys("jjj-1a2b3c4d", [KEYS[name]])
    refuse_known_keys("demo-1a2b3c4d", [KEYS[name]])


def test_the_list_names_the_parties_as_they_are():
    for name, party in SIGNING.items():
        assert DEMO_PARTIES[name] == party.uscc


def test_each_region_has_its_own_authoritys_node_and_asks_the_others_beside_it():
    nodes = {name: f"http://127.0.0.1:{port}" for port, name in enumerate([*REGIONS, "supervisor"])}
    choice = ChainChoice(DEV_CHAIN.running, nodes=lambda: nodes)
    for region in REGIONS:
        told = choice.rpc_settings(region, "http://127.0.0.1:9")
        assert told["rpc_url"] == nodes[region]
        assert told["rpc_others"] == {name: nodes[name] for name in nodes if name != region}


def test_a_chain_of_one_node_is_asked_alone():
    told = DEV_CHAIN.rpc_settings("beijing", "http://127.0.0.1:9")
    assert told == {"rpc_url": "http://127.0.0.1:9", "rpc_others": {}}
