from __future__ import annotations

import hashlib

import pytest
from eth_account import Account

from ledger.errors import InputError
from ledger.keys.author import AuthorKey
from ledger.keys.demo import DemoCA, demo_account, demo_author, demo_ca, demo_log_key
from ledger.keys.known import DEMO_ACCOUNTS, DEMO_PARTIES, known_keys, refuse_known_keys
from ledger.keys.log import LogKey

USCC = "91110000DEMJ00011K"
JUNK = "test test test test test test test test test test test junk"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_reruns_give_the_same_bytes() -> None:
    assert DemoCA().certificate == DemoCA().certificate == demo_ca().certificate
    first = demo_author("importer_bj", USCC, "Firm").certificate
    demo_author.cache_clear()
    assert demo_author("importer_bj", USCC, "Firm").certificate == first
    assert demo_log_key("demo-1/beijing/1").sign(b"m") == demo_log_key("demo-1/beijing/1").sign(
        b"m"
    )


def test_the_bytes_of_every_release_are_the_same() -> None:
    # Changed demo keys would fork every demo that is kept with --data.
    assert (
        digest(demo_ca().certificate)
        == "5046b9cda10040c813f4bb5f6cd7c8fcf966deff0163092330382112f12aea79"
    )
    assert (
        digest(demo_author("importer_bj", USCC, "Firm").certificate)
        == "c9cd5f5b9187ae24d7925539164a5cc3263daa579035574de920242b8e1c86b0"
    )
    assert (
        digest(demo_log_key("demo-1/beijing/1").public_key)
        == "c65f4a6fe76ef404a35173ea2a14131b1d2995eef5fc4d8fc41ca84a809198c2"
    )
    assert (
        digest(demo_account("beijing/anchor"))
        == "ad48339bfcb457b650ce02b24ef2a1ed5c243722eeffeadd0bd074ab2a508894"
    )


def test_each_label_has_a_key_of_its_own() -> None:
    keys = {
        demo_author(party, uscc, party, alg).public_bytes()
        for party, uscc in DEMO_PARTIES.items()
        for alg in ("ES256", "Ed25519")
    }
    assert len(keys) == 2 * len(DEMO_PARTIES)
    names = ("n/beijing/1", "n/beijing/2", "n/hebei/1", "n/beijing/witness", "n/beijing/peer")
    assert len({demo_log_key(name).public_key for name in names}) == len(names)
    assert len({demo_account(label) for label in DEMO_ACCOUNTS}) == len(DEMO_ACCOUNTS)


def test_a_log_key_does_not_depend_on_the_networks_name() -> None:
    one, two = demo_log_key("demo-1/beijing/1"), demo_log_key("demo-2/beijing/1")
    assert one.public_key == two.public_key
    assert one.name != two.name


def addresses() -> list[bytes]:
    Account.enable_unaudited_hdwallet_features()
    hardhat = [
        Account.from_mnemonic(JUNK, account_path=f"m/44'/60'/0'/0/{n}").address for n in range(20)
    ]
    tester = [Account.from_key(n.to_bytes(32, "big")).address for n in range(1, 11)]
    ours = [Account.from_key(demo_account(label)).address for label in DEMO_ACCOUNTS]
    return [bytes.fromhex(address[2:]) for address in hardhat + tester + ours]


def test_known_keys_are_refused_outside_of_demos() -> None:
    keys = addresses()
    assert len(set(keys)) == 30 + len(DEMO_ACCOUNTS)
    keys.append(demo_ca().certificate)
    for region in ("beijing", "tianjin", "hebei"):
        keys += [
            demo_log_key(f"x/{region}/{use}").public_key for use in ("1", "9", "witness", "peer")
        ]
    for party, uscc in DEMO_PARTIES.items():
        for alg in ("ES256", "Ed25519"):
            author = demo_author(party, uscc, "Some name", alg)
            keys += [author.public_bytes(), author.certificate]
    keys += [demo_account(label) for label in DEMO_ACCOUNTS]
    for key in keys:
        with pytest.raises(InputError) as caught:
            refuse_known_keys("jjj-1a2b3c4d", [bytes(32), key])
        assert caught.value.code == "key_publicly_known"
        refuse_known_keys("demo-1a2b3c4d", [key])
    for network in ("", "Demo", "a-demo", "prod"):
        with pytest.raises(InputError):
            refuse_known_keys(network, [keys[0]])


def test_other_keys_are_taken() -> None:
    author = AuthorKey.make()
    author.attach(DemoCA("other").issue_request(author.request(USCC, "Firm")))
    fresh = LogKey.make("jjj/beijing/1")
    refuse_known_keys(
        "jjj-1a2b3c4d",
        [author.public_bytes(), author.certificate, fresh.public_key, bytes(20), b"0\x82"],
    )
    assert len(known_keys()) > 200
