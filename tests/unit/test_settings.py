"""What of the chain differs is settings: fees and finality reach the adapter as the file says."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ledger.chain.accounts import Fees, offered
from ledger.chain.agreedchain import AgreedChain
from ledger.chain.web3chain import Web3Chain
from ledger.errors import InputError
from ledger.node.chains import open_chain
from ledger.node.running import load_settings
from ledger.settings import NodeSettings, cache_folder
from ledger.values import ChainIdentity

KNOWN = ChainIdentity(5, b"\1" * 32, 3, b"\2" * 32, b"\3" * 20, b"\4" * 32)
FILE = """
region = "beijing"
network_file = "network.json"
data_dir = "data"
lock_dir = "locks"
keys_dir = "keys"
"""


def read(folder: Path, more: str) -> NodeSettings:
    path = folder / "node.toml"
    path.write_text(FILE + more, encoding="utf-8")
    return NodeSettings.load(path)


@pytest.mark.parametrize(
    ("more", "fees", "confirmations"),
    [
        ("", Fees(0), 0),
        ("gas_price = 7\nconfirmations = 12", Fees(7), 12),
        ("gas_price = 7\npriority_fee = 2", Fees(7, 2), 0),
        ('gas_price = "ask"\nconfirmations = "finalized"', None, "finalized"),
    ],
)
def test_every_policy_of_the_chain_adapter_can_be_set(tmp_path, more, fees, confirmations):
    settings = read(tmp_path, more)
    assert offered(settings.gas_price, settings.priority_fee) == fees
    assert settings.confirmations == confirmations


def test_the_environment_goes_before_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("JJJ_GAS_PRICE", "ask")
    monkeypatch.setenv("JJJ_CONFIRMATIONS", "3")
    settings = read(tmp_path, "gas_price = 7")
    assert (settings.gas_price, settings.confirmations) == ("ask", 3)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ('gas_price = "cheap"', "gas_price"),
        ("gas_price = -1", "gas_price"),
        ('confirmations = "soon"', "confirmations"),
        ("gas_price = 1\npriority_fee = 2", "above gas_price"),
        ('gas_price = "ask"\npriority_fee = 2', "needs a gas_price"),
    ],
)
def test_a_policy_that_makes_no_sense_is_named(tmp_path, more, named):
    with pytest.raises(ValidationError, match=named):
        read(tmp_path, more)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql://ledger@127.0.0.1:5433/beijing",
        "postgresql:///beijing?host=/run/postgresql",
        "postgresql://ledger@[::1]/beijing",
        "postgresql://ledger@%2Frun%2Fpostgresql/beijing",
    ],
)
def test_a_database_of_this_host_may_go_without_copies(tmp_path, url):
    assert read(tmp_path, f'database = "{url}"\ncopies = 0').database == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ledger@db.example/beijing",
        "postgresql://ledger@localhost,db.example:5433/beijing",
        "postgresql:///beijing?host=/run/postgresql,db.example",
    ],
)
def test_a_database_that_other_hosts_reach_needs_copies(tmp_path, url):
    assert read(tmp_path, f'database = "{url}"').copies == 1
    with pytest.raises(ValidationError, match="copies = 0"):
        read(tmp_path, f'database = "{url}"\ncopies = 0')


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql://ledger:CANARY@localhost/beijing", "holds a password"),
        ("postgresql://ledger@localhost/beijing?password=CANARY", "holds a password"),
        ("mysql://CANARY/beijing", "not postgresql:"),
        ("postgresql://ledger@localhost", "not postgresql:"),
        ("ledger.sqlite", "not postgresql:"),
    ],
)
def test_a_database_is_named_without_its_password(tmp_path, url, named):
    with pytest.raises(ValidationError, match=named) as refused:
        read(tmp_path, f'database = "{url}"')
    assert "CANARY" not in str(refused.value)
    with pytest.raises(InputError, match="settings_invalid") as told:
        load_settings(tmp_path / "node.toml")
    assert "CANARY" not in str(told.value)


@pytest.mark.parametrize(
    ("data", "lock", "allowed"),
    [
        ("data", "locks", True),
        ("state/data", "state/locks", True),
        ("locks/data", "locks", True),
        ("data", "data", False),
        ("data", "data/locks", False),
        ("data", "./other/../data/locks", False),
    ],
)
def test_a_lock_that_a_backup_of_the_data_would_hold_is_refused(tmp_path, data, lock, allowed):
    path = tmp_path / "node.toml"
    path.write_text(FILE.replace('"data"', f'"{data}"').replace('"locks"', f'"{lock}"'))
    if allowed:
        assert load_settings(path).lock_dir == Path(lock)
        return
    with pytest.raises(InputError) as caught:
        load_settings(path)
    assert (caught.value.code, caught.value.path) == ("settings_invalid", "/lock_dir")


def test_nodes_of_other_authorities_are_named_by_authority(tmp_path):
    settings = read(
        tmp_path,
        'rpc_url = "http://127.0.0.1:1"\nrpc_timeout = 3\n[rpc_others]\n'
        'tianjin = "http://127.0.0.1:2"\nsupervisor = "http://127.0.0.1:3"\n',
    )
    assert settings.rpc_others == {
        "tianjin": "http://127.0.0.1:2",
        "supervisor": "http://127.0.0.1:3",
    }
    chain = open_chain(settings, KNOWN, bytes(31) + b"\7")
    assert isinstance(chain, AgreedChain)
    assert [node.authority for node in chain.nodes] == ["beijing", "tianjin", "supervisor"]
    assert [node.rpc.shown for node in chain.nodes] == [
        f"http://127.0.0.1:{port}" for port in (1, 2, 3)
    ]
    chain.close()
    alone = open_chain(read(tmp_path, ""), KNOWN, bytes(31) + b"\7")
    assert isinstance(alone, Web3Chain)
    alone.close()


@pytest.mark.parametrize(
    "others",
    [
        'beijing = "http://127.0.0.1:2"',
        'tianjin = "http://127.0.0.1:8545"',
        'tianjin = "http://127.0.0.1:2"\nhebei = "http://127.0.0.1:2"',
    ],
)
def test_one_node_under_two_names_would_agree_with_itself(tmp_path, others):
    with pytest.raises(ValidationError, match="names a node twice"):
        read(tmp_path, f"[rpc_others]\n{others}\n")


def test_what_can_be_made_again_lies_where_the_user_wants_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / ".cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert cache_folder() == tmp_path / "other"
