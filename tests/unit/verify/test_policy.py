"""Policies: read and written, derived from a network.json, and refused where they would trust nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger.errors import VerificationError
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.testing.kit import NoteKey, World
from ledger.verify import Policy, encode_policy, policy_from_network, tlog_policies
from ledger.verify.policy import DEFAULT_REQUIRED


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.fill("tianjin", 3)
    world.close("tianjin", 2)
    return world


def network_json(world: World) -> dict[str, Any]:
    value = json.loads(encode_policy(world.policy()))
    for log in value["logs"]:
        del log["witnesses"]
    log = world.log("beijing")
    regions = [
        {"name": name, "title": {"en": name}, "witness": log.witness_vkey(name).text()}
        for name in world.logs
    ]
    return {**value, "regions": regions, "more": {"ignored": True}}


def test_what_is_written_is_read_back(world: World) -> None:
    policy = world.policy()
    assert Policy.parse(encode_policy(policy)) == policy
    closed = policy.by_origin[f"{world.network}/tianjin/1"].closed
    assert closed == world.logs["tianjin"][0].head(2)
    assert policy.regions == ("beijing", "tianjin", "hebei")


def test_a_network_file_gives_each_log_the_other_regions_as_witnesses(world: World) -> None:
    assert policy_from_network(network_json(world)) == world.policy()
    bare = network_json(world)
    del bare["required"]
    assert policy_from_network(bare).required == DEFAULT_REQUIRED


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("logs"),
        lambda value: value.update(regions=[]),
        lambda value: value.update(regions=["beijing"]),
        lambda value: value["regions"][0].pop("witness"),
        lambda value: value["regions"][0].update(name=1),
    ],
)
def test_a_network_file_without_what_is_needed_is_refused(
    world: World, change: Callable[[dict[str, Any]], object]
) -> None:
    value = network_json(world)
    change(value)
    with pytest.raises(VerificationError) as caught:
        policy_from_network(value)
    assert caught.value.code == "policy_malformed"


def put(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        spot: Any = value
        for step in path[:-1]:
            spot = spot[step]
        spot[path[-1]] = to

    return change


def own_witness(value: dict[str, Any]) -> None:
    value["logs"][0]["witnesses"][0] = World().log("beijing").witness_vkey("beijing").text()


def same_key_as_log(value: dict[str, Any]) -> None:
    """The own region's log key in the clothes of another region's witness."""
    key = World().log("beijing").key.public_key
    name = "demo-5eed5eed/hebei/witness"
    value["logs"][0]["witnesses"][1] = VerifierKey(name, COSIGNATURE_KEY, key).text()


def own_witness_key_renamed(value: dict[str, Any]) -> None:
    """Beijing's witness key, named as Hebei's, for Beijing's log."""
    key = World().log("beijing").witness_of("beijing").public_key
    name = "demo-5eed5eed/hebei/witness"
    value["logs"][0]["witnesses"][1] = VerifierKey(name, COSIGNATURE_KEY, key).text()


def twice(value: dict[str, Any]) -> None:
    value["logs"][0]["witnesses"][1] = value["logs"][0]["witnesses"][0]


def renamed_twin(value: dict[str, Any]) -> None:
    """Two keys under one witness name."""
    first = VerifierKey.parse(value["logs"][0]["witnesses"][0])
    other = VerifierKey(first.name, COSIGNATURE_KEY, NoteKey("other").public_key)
    value["logs"][0]["witnesses"][1] = other.text()


LOG = NoteKey("demo-5eed5eed/tianjin/1").vkey(LOG_KEY).text()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (put("v", to=2), "policy_malformed"),
        (put("more", to=2), "policy_malformed"),
        (put("cas", to=[]), "policy_malformed"),
        (put("logs", to=[]), "policy_malformed"),
        (put("chain", "ledger", to="00"), "policy_malformed"),
        (put("logs", 0, "origin", to="beijing"), "policy_malformed"),
        (put("logs", 0, "key", to="x"), "policy_malformed"),
        (put("logs", 0, "closed", to={"size": 1}), "policy_malformed"),
        (put("logs", 0, "registrars", to=["00"]), "policy_malformed"),
        (put("required", to=[]), "policy_malformed"),
        (put("required", to=["latest"]), "policy_required"),
        (put("required", to=["signature", "taste"]), "policy_required"),
        (put("network", to="demo-other"), "policy_network"),
        (put("logs", 0, "quorum", to=0), "policy_quorum"),
        (put("logs", 0, "quorum", to=3), "policy_quorum"),
        (put("logs", 0, "witnesses", to=[]), "policy_quorum"),
        (put("logs", 0, "key", to=LOG), "policy_log_key"),
        (put("logs", 0, "witnesses", 0, to=LOG), "policy_witness_key"),
        (own_witness, "policy_own_witness"),
        (same_key_as_log, "policy_own_witness"),
        (own_witness_key_renamed, "policy_own_witness"),
        (twice, "policy_witness_twice"),
        (renamed_twin, "policy_witness_twice"),
        (lambda value: value["logs"].append(value["logs"][0]), "policy_log_twice"),
    ],
)
def test_a_policy_that_would_trust_nothing_or_itself_is_refused(
    world: World, change: Callable[[dict[str, Any]], object], code: str
) -> None:
    value = json.loads(encode_policy(world.policy()))
    change(value)
    with pytest.raises(VerificationError) as caught:
        Policy.parse(json.dumps(value).encode())
    assert caught.value.code == code


def test_a_policy_made_in_code_is_held_to_the_same(world: World) -> None:
    policy = world.policy()
    with pytest.raises(VerificationError, match="policy_required"):
        replace(policy, required=())


def test_a_log_that_witnesses_itself_under_another_name_is_refused_alone_too(world: World) -> None:
    log = world.policy().logs[0]
    disguised = VerifierKey(log.witnesses[0].name, COSIGNATURE_KEY, log.key.public_key)
    with pytest.raises(VerificationError, match="policy_own_witness"):
        replace(log, witnesses=(disguised, log.witnesses[1]))


def test_each_log_is_exported_as_a_c2sp_policy(world: World) -> None:
    policies = tlog_policies(world.policy())
    assert list(policies) == [str(log.origin) for log in world.policy().logs]
    lines = policies[f"{world.network}/tianjin/1"].splitlines()
    assert lines[0] == f"log {world.logs['tianjin'][0].vkey.text()}"
    assert [line.split()[1] for line in lines[1:3]] == [
        f"{world.network}/beijing/witness",
        f"{world.network}/hebei/witness",
    ]
    assert lines[3:] == [
        f"group witnesses 2 {world.network}/beijing/witness {world.network}/hebei/witness",
        "quorum witnesses",
    ]
