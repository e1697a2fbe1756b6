import socket
from dataclasses import astuple

import pytest

from ledger.consortium.ports import LOOPBACK, reserve
from ledger.errors import UnavailableError


@pytest.fixture
def reserving():
    made = []

    def run(*arguments):
        made.append(reserve(*arguments))
        return made[-1].validators

    yield run
    for one in made:
        one.close()


def test_each_port_is_another_one_free_and_never_handed_out_to_connections(reserving):
    found = [port for own in reserving(4) for port in astuple(own)]
    assert len(set(found)) == 4 * 5
    for port in found:
        assert 20_000 < port < 32_768
        socket.create_server((LOOPBACK, port)).close()


def test_two_chains_share_none(reserving):
    chains = [reserving(4) for _ in range(40)]
    found = [port for chain in chains for own in chain for port in astuple(own)]
    assert len(set(found)) == len(found) == 40 * 20


def test_a_block_of_ports_in_use_is_left_alone(reserving, monkeypatch):
    monkeypatch.setattr("ledger.consortium.ports._BLOCKS", 2)
    first = reserving(4)
    assert {own.p2p // 32 for own in first}.isdisjoint({own.p2p // 32 for own in reserving(4)})
    with pytest.raises(UnavailableError, match="in a row") as refused:
        reserving(4)
    assert refused.value.code == "port_taken"


def test_given_back_they_may_be_had_again(monkeypatch):
    monkeypatch.setattr("ledger.consortium.ports._BLOCKS", 1)
    first = reserve(4)
    first.close()
    second = reserve(4)
    assert second.validators == first.validators
    second.close()


def test_json_rpc_is_where_it_was_asked_for(reserving):
    [begin, *_] = [own.json_rpc for own in reserving(4)]
    asked = reserving(4, begin)
    assert [own.json_rpc for own in asked] == [begin, begin + 1, begin + 2, begin + 3]
    assert len({port for own in asked for port in astuple(own)}) == 4 * 5


def test_a_port_that_is_taken_is_named():
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"port {port} ") as refused:
            reserve(1, port)
    assert refused.value.code == "port_taken"
