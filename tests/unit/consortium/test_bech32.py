import pytest

from ledger.consortium.bech32 import encode

# By BIP 173 itself, and as the engine's own ``debug addr`` says.
KNOWN = [
    ("a", "", "a12uel5l"),
    (
        "cosmos",
        "7cb61d4117ae31a12e393a1cfa3bac666481d02e",
        "cosmos10jmp6sgh4cc6zt3e8gw05wavvejgr5pwsjskvv",
    ),
    (
        "cosmos",
        "c6fe5d33615a1c52c08018c47e8bc53646a0e101",
        "cosmos1cml96vmptgw99syqrrz8az79xer2pcgp95srxm",
    ),
    (
        "cosmos",
        "963ebdf2e1f8db8707d05fc75bfeffba1b5bac17",
        "cosmos1jcltmuhplrdcwp7stlr4hlhlhgd4htqhnu0t2g",
    ),
    (
        "cosmos",
        "40a0cb1c63e026a81b55ee1308586e21eec1efa9",
        "cosmos1gzsvk8rruqn2sx64acfsskrwy8hvrmafzhvvr0",
    ),
]


@pytest.mark.parametrize(("prefix", "address", "text"), KNOWN)
def test_known_addresses(prefix, address, text):
    assert encode(prefix, bytes.fromhex(address)) == text


def test_the_prefix_is_part_of_the_checksum():
    first, second = encode("os", bytes(20)), encode("cosmos", bytes(20))
    assert first.startswith("os1qqqq")
    assert second.startswith("cosmos1qqqq")
    assert first[-6:] != second[-6:]
