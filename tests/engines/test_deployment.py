import hashlib

import pytest

from ledger.chain.accounts import address_of
from ledger.chain.deploy import RegionKeys, deploy
from ledger.chain.registrystate import EpochTurn, KeyRole
from ledger.errors import InputError
from ledger.values import Millis, Origin, TreeHead
from tests.engines.world import NAMES, key, play


def test_deployment_names_the_network_after_its_registry(engine):
    async def scene(world):
        first = world.deployment
        await world.begin()
        second = world.deployment
        assert first.network == f"demo-{first.chain.deploy_block_hash.hex()[:8]}"
        assert second.network != first.network
        registry = world.registry("beijing")
        assert await registry.ledger() == second.chain.address
        assert await registry.delay_seconds() == 1

    play(engine, scene, log=False)


def test_identity_is_what_was_deployed_and_tells_chains_apart(engine):
    async def scene(world):
        known = world.deployment.chain
        chain = world.chain()
        assert await chain.identity() == known
        code = await world.rpc.call("eth_getCode", "0x" + known.address.hex(), "latest")
        assert known.code_hash == hashlib.sha256(bytes.fromhex(code[2:])).digest()
        await world.begin()
        assert await chain.identity() == known
        assert await world.chain().identity() != known

    play(engine, scene, log=False)


def test_regions_and_logs_are_as_told(engine):
    async def scene(world):
        registry = world.registry("tianjin")
        for number, name in enumerate(NAMES):
            await world.register(name, f"anchor {name}")
            state = await registry.region_named(name)
            origin = Origin(world.deployment.network, name, 1)
            assert state.number == number
            assert state.authority == address_of(key(f"authority {name}"))
            assert state.cosigner == key(f"cosigner {name}")
            assert (state.current_log, state.log_count) == (origin.log_id, 1)
            assert await registry.log_ids(state) == (origin.log_id,)
            log = await registry.log(origin.log_id)
            assert (log.origin, log.region, log.closed, log.next) == (
                str(origin),
                number,
                False,
                None,
            )
            assert log.anchor_account == address_of(key(f"anchor {name}"))
            assert log.key == key(f"log {name}")
            assert await registry.closing(origin.log_id) is None
        with pytest.raises(InputError) as unknown:
            await registry.region_named("shanghai")
        assert unknown.value.code == "region_unknown"

    play(engine, scene, log=False)


def test_registry_refusals_are_typed(engine):
    async def scene(world):
        with world.refuses("contract_region_has_log"):
            await world.register()
        with world.refuses("contract_log_not_registered"):
            await world.registry("beijing").log(b"\1" * 32)
        stranger = world.registry("nobody")
        with world.refuses("contract_caller_not_authority"):
            await stranger.change_key(KeyRole.COSIGNER, b"\1" * 32)

    play(engine, scene)


def test_keys_change_with_their_history(engine):
    async def scene(world):
        chain = world.chain()
        await world.anchor(chain, 0, 5)
        registry = world.registry("beijing")
        await registry.change_key(KeyRole.LOG, key("new log key"))
        old, new = await registry.keys(world.log, KeyRole.LOG)
        assert (old.key, old.to_size) == (key("log beijing"), 5)
        assert (new.key, new.from_size, new.consented) == (key("new log key"), 5, True)

    play(engine, scene)


def test_a_lost_key_is_replaced_by_two_after_the_delay(engine):
    async def scene(world):
        thief, fresh = "anchor", address_of(key("fresh anchor")).rjust(32, b"\0")
        await world.registry("tianjin").propose_replacement(0, KeyRole.ANCHOR, fresh)
        await world.registry("hebei").approve_replacement(0, KeyRole.ANCHOR, fresh)
        pending = await world.registry("hebei").pending_replacement(0, KeyRole.ANCHOR)
        assert (pending.key, pending.approved, pending.proposer) == (fresh, True, 1)
        await world.pass_time(Millis(pending.ready_time * 1000))
        await world.registry("hebei").complete_replacement(0, KeyRole.ANCHOR, fresh)
        with world.refuses("contract_anchor_account_wrong"):
            await world.chain(thief).check_anchor(world.log, world.head(3), [])
        await world.anchor(world.chain("fresh anchor"), 0, 3)
        periods = await world.registry("hebei").keys(world.log, KeyRole.ANCHOR)
        assert [period.consented for period in periods] == [True, False]

    play(engine, scene)


def test_an_epoch_turns_by_two_voices(engine):
    async def scene(world):
        await world.anchor(world.chain(), 0, 10)
        following = world.origin.next_epoch()
        turn = EpochTurn(
            world.log, world.head(14), str(following), key("log 2"), address_of(key("anchor"))
        )
        await world.registry("beijing").propose_turn(turn)
        assert await world.registry("hebei").pending_turn(world.log, 0) == turn
        assert await world.registry("hebei").pending_turn(world.log, 2) is None
        with world.refuses("contract_approver_is_proposer"):
            await world.registry("beijing").approve_turn(0, turn, world.proof(10, 14))
        await world.registry("hebei").approve_turn(0, turn, world.proof(10, 14))
        closing = await world.registry("hebei").closing(world.log)
        assert closing.head == world.head(14)
        state = await world.registry("hebei").log(world.log)
        assert (state.closed, state.next) == (True, following.log_id)
        with world.refuses("contract_log_is_closed"):
            await world.chain().check_anchor(world.log, world.head(20), world.proof(14, 20))
        await world.chain().check_anchor(following.log_id, TreeHead(1, b"\1" * 32), [])

    play(engine, scene)


def test_votes_can_be_taken_back(engine):
    async def scene(world):
        fresh = address_of(key("fresh anchor")).rjust(32, b"\0")
        tianjin = world.registry("tianjin")
        await tianjin.propose_replacement(0, KeyRole.ANCHOR, fresh)
        await tianjin.withdraw_replacement(0, KeyRole.ANCHOR, fresh)
        assert await tianjin.pending_replacement(0, KeyRole.ANCHOR) is None
        turn = EpochTurn(world.log, world.head(1), "x/y/2", key("log 2"), bytes([1]) * 20)
        await tianjin.propose_turn(turn)
        await tianjin.withdraw_turn(world.log)
        assert await tianjin.pending_turn(world.log, 1) is None

    play(engine, scene)


def test_two_regions_name_the_registry_that_follows(engine):
    async def scene(world):
        following = b"\x22" * 20
        await world.registry("tianjin").name_successor(following)
        assert await world.registry("hebei").successor() is None
        await world.registry("hebei").name_successor(following)
        assert await world.registry("beijing").successor() == following

    play(engine, scene, log=False)


def test_authority_is_handed_over_in_two_steps(engine):
    async def scene(world):
        await world.registry("beijing").offer_authority(address_of(key("authority next")))
        state = await world.registry("beijing").region(0)
        assert state.next_authority == address_of(key("authority next"))
        await world.registry("next").accept_authority(0)
        state = await world.registry("beijing").region(0)
        assert (state.authority, state.next_authority) == (address_of(key("authority next")), None)

    play(engine, scene, log=False)


def test_deployment_needs_three_regions(engine):
    async def scene(world):
        two = [RegionKeys(name, bytes(20), bytes(32)) for name in NAMES[:2]]
        with pytest.raises(InputError) as refused:
            await deploy(world.rpc, key("deployer"), two, base="demo", tasks=world.tasks)
        assert refused.value.code == "regions_not_three"

    play(engine, scene, log=False)
