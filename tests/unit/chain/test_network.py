import json
from dataclasses import replace

import pytest

from ledger.chain.network import (
    LogEntry,
    Network,
    RegionEntry,
    network_json,
    parse_network,
    read_network,
    write_network,
)
from ledger.errors import InputError, LedgerError, UnavailableError
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.values import ChainIdentity, Origin, TreeHead, witness_name
from ledger.verify.policy import DEFAULT_REQUIRED, policy_from_network

NAME = "demo-1a2b3c4d"
REGIONS = ("beijing", "tianjin", "hebei")


def public_key(number: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return (
        Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32).public_key().public_bytes_raw()
    )


def sample() -> Network:
    regions = tuple(
        RegionEntry(
            name=name,
            title={"zh-CN": "京", "en": name.title()},
            url=f"http://127.0.0.1:{8101 + n}",
            witness=VerifierKey(witness_name(NAME, name), COSIGNATURE_KEY, public_key(10 + n)),
            peer=VerifierKey(f"{NAME}/{name}/peer", LOG_KEY, public_key(20 + n)),
            anchor=bytes([30 + n]) * 20,
            authority=bytes([40 + n]) * 20,
        )
        for n, name in enumerate(REGIONS)
    )
    logs = [
        LogEntry(
            origin=Origin(NAME, name, 1),
            key=VerifierKey(f"{NAME}/{name}/1", LOG_KEY, public_key(50 + n)),
            quorum=2,
            registrars=("ab" * 32,),
            closed=TreeHead(9, b"\1" * 32) if n == 0 else None,
        )
        for n, name in enumerate(REGIONS)
    ]
    second = replace(
        logs[0],
        origin=Origin(NAME, "beijing", 2),
        key=VerifierKey(f"{NAME}/beijing/2", LOG_KEY, public_key(60)),
        closed=None,
    )
    chain = ChainIdentity(131277322940537, b"\2" * 32, 4, b"\3" * 32, b"\4" * 20, b"\5" * 32)
    return Network(
        NAME, chain, b"\6" * 20, (b"der",), (b"more",), regions, (*logs, second), DEFAULT_REQUIRED
    )


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "network.json"
    write_network(path, sample())
    write_network(path, sample())
    assert read_network(path) == sample()
    assert [each.name for each in tmp_path.iterdir()] == ["network.json"]
    assert json.loads(path.read_bytes()) == network_json(sample())


def test_members_are_those_of_the_format():
    written = network_json(sample())
    assert list(written) == [
        "v",
        "network",
        "chain",
        "cas",
        "certificates",
        "regions",
        "logs",
        "required",
    ]
    assert written["chain"]["ledger"] == "04" * 20
    assert written["regions"][1]["anchor"] == "1f" * 20
    assert written["logs"][0]["closed"] == {"size": 9, "root": "01" * 32}
    assert written["logs"][1]["closed"] is None


def test_recovery_keys_make_it_the_second_version_and_the_first_is_read_without():
    first = network_json(sample())
    assert first["v"] == 1
    assert "recovery" not in first["regions"][0]
    keyed = replace(sample().regions[0], recovery=b"\7" * 32)
    network = replace(sample(), regions=(keyed, *sample().regions[1:]))
    second = network_json(network)
    assert second["v"] == 2
    assert [region["recovery"] for region in second["regions"]] == ["07" * 32, None, None]
    assert parse_network(json.dumps(second).encode()) == network
    assert parse_network(json.dumps(first).encode()) == sample()
    assert policy_from_network(second) == policy_from_network(first)
    for wrong in (
        second | {"v": 1},
        first | {"v": 2},
        second | {"v": 3},
        second | {"regions": [second["regions"][0] | {"recovery": "07"}, *second["regions"][1:]]},
    ):
        with pytest.raises(LedgerError, match="network_malformed"):
            parse_network(json.dumps(wrong).encode())


def test_it_makes_a_policy():
    policy = policy_from_network(network_json(sample()))
    assert policy.chain == sample().chain
    (log,) = [log for log in policy.logs if str(log.origin) == f"{NAME}/tianjin/1"]
    assert [key.name for key in log.witnesses] == [
        witness_name(NAME, "beijing"),
        witness_name(NAME, "hebei"),
    ]


def test_regions_and_open_logs_are_found():
    network = sample()
    assert network.region("hebei").authority == bytes([42]) * 20
    assert network.open_log("beijing").origin.epoch == 2
    assert network.open_log("hebei").origin.epoch == 1
    moved = network.with_urls({"hebei": "http://127.0.0.1:9"})
    assert [entry.url[-4:] for entry in moved.regions] == ["8101", "8102", ".1:9"]
    for ask in (network.region, network.open_log):
        with pytest.raises(InputError) as unknown:
            ask("shanghai")
        assert unknown.value.code == "region_unknown"


def changed(path: str, value: object) -> bytes:
    written = network_json(sample())
    at = written
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps:
        at = at[step]
    at[last] = value
    return json.dumps(written).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("v", 2),
        ("network", "other-1a2b3c4d"),
        ("chain/genesis_hash", "02"),
        ("chain/ledger", "0x" + "04" * 20),
        ("regions/0/witness", "nonsense"),
        ("regions/0/peer", "nonsense"),
        ("regions/0/anchor", "1e" * 19),
        ("regions/0/title", "Beijing"),
        ("regions/0/extra", 1),
        ("logs/0/quorum", 3),
        ("logs/0/origin", "nowhere"),
        ("logs/0/closed", {"size": 9}),
        ("logs/0/registrars", ["AB" * 32]),
        ("required", ["trust"]),
        ("more", 1),
    ],
)
def test_a_changed_member_is_refused(path, value):
    assert parse_network(json.dumps(network_json(sample())).encode()) == sample()
    with pytest.raises(LedgerError):
        parse_network(changed(path, value))


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(UnavailableError) as missing:
        read_network(tmp_path / "network.json")
    assert missing.value.code == "network_unreadable"
