"""Votes at the registry; the turn of Hebei's log comes last, as it changes the running network."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ledger.chain.network import read_network
from ledger.chain.refusals import ContractRefused
from ledger.chain.registrystate import EpochTurn
from ledger.cli import turning
from ledger.cli.authority import acting
from ledger.cli.turning import closing_head, closing_proof, turn_of
from ledger.client import NodeClient
from ledger.errors import ConflictError, InputError
from ledger.keys.demo import demo_log_key
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.testing.founding import demo_accounts
from ledger.values import Origin, TreeHead
from tests.unit.cli.calling import good, jjj


def vkey(name, algorithm):
    return VerifierKey(name, algorithm, demo_log_key(name).public_key).text()


@pytest.fixture
def at(place):
    """Options that name chain and network."""
    return ("--rpc", place.rpc, "--network", place.network, "--json")


def test_show_for_people_and_machines(place, at):
    name = place.running.local.network.name
    shown = good("registry", "show", *at).json
    assert [region["name"] for region in shown["regions"]] == ["beijing", "tianjin", "hebei"]
    text = good("registry", "show", *at[:-1]).out
    assert (
        f"  {name}/tianjin/1: open, anchored by {demo_accounts()['tianjin/anchor'].hex()}" in text
    )


def test_a_stranger_votes_for_nobody(place, at, tmp_path):
    good("keys", "make", "authority", "--out", tmp_path / "a.key")
    new = vkey("demo/beijing/witness", COSIGNATURE_KEY)
    call = ("--region", "beijing", "--role", "cosigner", "--new-key", new)
    called = jjj(
        "registry", "propose", "replacement", *at, "--authority", tmp_path / "a.key", *call
    )
    assert (called.status, called.json["code"]) == (1, "authority_unknown")


def test_a_replacement_needs_two_and_time(place, at):
    new = demo_accounts()["deployer"].hex()
    call = ("--region", "beijing", "--role", "anchor", "--new-key", new)
    voices = [("--authority", place.authority(name)) for name in ("tianjin", "hebei")]
    good("registry", "propose", "replacement", *at, *voices[0], *call)
    alone = jjj("registry", "approve", "replacement", *at, *voices[0], *call)
    assert (alone.status, alone.json["code"]) == (1, "contract_approver_is_proposer")
    good("registry", "approve", "replacement", *at, *voices[1], *call)
    (waiting,) = good("registry", "show", *at).json["regions"][0]["replacements"]
    assert (waiting["role"], waiting["approved"]) == ("anchor", True)
    text = good("registry", "show", *at[:-1]).out
    ready = datetime.fromtimestamp(waiting["ready_time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f"anchor account {new} proposed by tianjin, ready at {ready}" in text
    early = jjj("registry", "complete", "replacement", *at, *voices[0], *call)
    assert (early.status, early.json["code"]) == (1, "contract_replacement_not_ready")


@pytest.mark.parametrize(
    ("role", "new"), [("anchor", "0x12"), ("cosigner", "hello"), ("log", "00" * 32)]
)
def test_a_key_of_the_wrong_form_is_refused(place, at, role, new):
    call = ("--region", "beijing", "--role", role, "--new-key", new)
    voice = ("--authority", place.authority("tianjin"))
    called = jjj("registry", "propose", "replacement", *at, *voice, *call)
    assert (called.status, called.json["code"]) == (1, "key_malformed")


def test_another_chain_is_refused(place, tmp_path, network_file):
    called = jjj("registry", "show", "--rpc", place.rpc, "--network", network_file, "--json")
    assert (called.status, called.json["code"]) == (1, "chain_other")


def test_a_turn_under_a_key_of_another_name_is_refused(place, at):
    # Registrations stand there from the start; where to close it is asked first.
    place.running.settle()
    name = place.running.local.network.name
    call = ("--region", "hebei", "--log-key", vkey(f"{name}/hebei/3", LOG_KEY))
    voice = ("--authority", place.authority("tianjin"))
    called = jjj("registry", "propose", "turn", *at, *voice, *call)
    assert (called.status, called.json["code"]) == (1, "turn_key")


def test_a_key_that_is_none_is_refused_before_anyone_is_asked(network_file, tmp_path):
    good("keys", "make", "authority", "--out", tmp_path / "a.key")
    nobody = ("--rpc", "http://127.0.0.1:9", "--network", network_file, "--json")
    voice = ("--authority", tmp_path / "a.key", "--region", "hebei")
    called = jjj("registry", "propose", "turn", *nobody, *voice, "--log-key", "hello")
    assert (called.status, called.json["code"]) == (1, "key_malformed")


def test_a_log_without_an_anchored_head_has_none_to_close_at(place):
    class Empty:
        async def log_file(self, origin, path):
            raise InputError("not_found", "this node does not hold it")

    log = place.running.local.network.open_log("hebei")
    with pytest.raises(InputError) as refused:
        asyncio.run(closing_head(Empty(), log, None))
    assert (refused.value.code, str(log.origin) in refused.value.detail) == ("log_empty", True)


def test_no_turn_no_approval(place, at):
    call = ("--region", "tianjin", "--proposer", "beijing")
    voice = ("--authority", place.authority("tianjin"))
    called = jjj("registry", "approve", "turn", *at, *voice, *call)
    assert (called.status, called.json["code"]) == (1, "turn_unknown")


def test_equal_sizes_with_two_roots_contradict(place):
    network = place.running.local.network
    origin = network.open_log("tianjin").origin

    async def prove():
        async with NodeClient(network.region("tianjin").url) as node:
            await closing_proof(node, origin, TreeHead(3, bytes(32)), TreeHead(3, b"\1" * 32))

    with pytest.raises(ConflictError) as refused:
        asyncio.run(prove())
    assert refused.value.code == "turn_contradicts"


async def propose_shortened(place, key, size):
    async with acting(place.network, place.rpc, place.authority("beijing"), 0) as mine:
        log = mine.network.open_log("hebei")
        async with NodeClient(mine.network.region("hebei").url) as node:
            closing = await closing_head(node, log, size)
        turn = turn_of(log, closing, VerifierKey.parse(key), mine.network.region("hebei").anchor)
        await mine.registry.propose_turn(turn)


def test_a_vote_is_cast_again_where_the_log_was_anchored_meanwhile(monkeypatch):
    heads = [TreeHead(size, bytes([size]) * 32) for size in (3, 5)]
    cast = []

    class Mine:
        registry = None

        async def chain_head(self, _log_id):
            return heads[min(len(cast), 1)]

        async def approve_turn(self, proposer, turn, proof):
            cast.append(proof)
            if len(cast) == 1:
                raise ContractRefused("contract_x", "it has grown", "X", {})

    async def proof(_node, _origin, _closing, chain):
        return chain

    monkeypatch.setattr(turning, "closing_proof", proof)
    mine = Mine()
    mine.registry = mine
    turn = EpochTurn(bytes(32), heads[1], "demo/hebei/2", bytes(32), bytes(20))
    origin = Origin.parse("demo/hebei/1")
    asyncio.run(turning.vote_for(mine, None, origin, 1, turn))
    assert cast == heads
    # What is refused for another reason is refused for good.
    heads[1] = heads[0]
    cast.clear()
    with pytest.raises(ContractRefused):
        asyncio.run(turning.vote_for(mine, None, origin, 1, replace(turn, head=heads[0])))
    assert len(cast) == 1


def test_a_turn_closes_the_log_and_the_region_goes_on(place, at):
    running = place.running
    network = running.local.network
    running.settle()
    size = running.run(running.local.nodes["hebei"].store.size(network.open_log("hebei").origin))
    key = vkey(f"{network.name}/hebei/2", LOG_KEY)
    about = ("--region", "hebei")
    voices = [("--authority", place.authority(name)) for name in ("beijing", "tianjin")]
    new = ("--log-key", key)
    called = jjj("registry", "propose", "turn", *at, *voices[0], *about, *new, "--size", size - 1)
    assert (called.status, called.json["code"]) == (1, "turn_behind")
    # Somebody proposes it with tools of his own: the second region's node holds more, too.
    running.run(propose_shortened(place, key, size - 1))
    called = jjj("registry", "approve", "turn", *at, *voices[1], *about, "--proposer", "beijing")
    assert (called.status, called.json["code"]) == (1, "turn_behind")
    good("registry", "propose", "turn", *at, *voices[0], *about, *new)
    shown = good("registry", "show", *at).json["regions"][2]["logs"][0]["turns"]
    assert [(turn["proposer"], turn["size"]) for turn in shown] == [("beijing", size)]
    made = good(
        "registry", "approve", "turn", *at, *voices[1], *about, "--proposer", "beijing"
    ).json
    assert (made["size"], made["changed"], made["logs"]) == (size, True, 4)

    fresh = read_network(place.network)
    old = next(log for log in fresh.logs if log.origin == network.open_log("hebei").origin)
    new = fresh.open_log("hebei")
    assert old.closed is not None
    assert old.closed.size == size
    assert (new.key.text(), new.quorum, new.registrars) == (key, old.quorum, old.registrars)
    assert good("registry", "sync", *at).json["changed"] is False
    deadline = time.monotonic() + 30
    while running.local.nodes["hebei"].sealer.origin.epoch == 1:
        assert time.monotonic() < deadline
        time.sleep(0.1)
