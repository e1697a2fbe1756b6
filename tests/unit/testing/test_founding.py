"""Every key a local network uses is on the list of publicly known keys, so no real network can use it."""

import pytest

from ledger.errors import InputError
from ledger.keys.demo import demo_author, demo_ca, demo_log_key
from ledger.keys.known import DEMO_PARTIES, refuse_known_keys
from ledger.testing.founding import REGIONS, demo_accounts, registrar
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
