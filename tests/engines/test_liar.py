"""Each lie as a plain client sees it: it says what its name says, consistently, and nothing else."""

import asyncio
import sys

import pytest

from ledger.chain.accounts import address_of
from ledger.chain.identity import read_identity
from ledger.chain.rpc import Rpc
from ledger.chain.web3chain import Web3Chain
from ledger.errors import LedgerError, UnavailableError
from tests.engines.choosing import ROOT
from tests.engines.ground import ground as prepared
from tests.engines.lameness import Deep, Lame
from tests.engines.liar import Liar
from tests.engines.testimony import LAME, LIES
from tests.engines.truth import Truth, anchored
from tests.engines.world import key, opened

_ASK = """
import asyncio, sys
from ledger.chain.rpc import Rpc
from ledger.errors import UnavailableError
try:
    asyncio.run(Rpc(sys.argv[1]).call("eth_chainId"))
except UnavailableError as error:
    print(error.code)
"""


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    with prepared(tmp_path_factory.mktemp("ground") / "state") as made:
        yield made


class Stage:
    """A client of one liar, and the truth beside it."""

    def __init__(self, world, places, liar) -> None:
        self.world, self.places, self.liar = world, places, liar
        self.truth = Truth(liar.truth, places.ledger)
        self.rpc = Rpc(liar.url)
        self.chain = Web3Chain(self.rpc, world.deployment.chain, key("anchor"), fees=world.fees)
        self.true = world.chain()

    async def lie(self, name: str) -> None:
        await self.liar.become((LIES | LAME)[name](self.places))

    async def events(self, chain=None):
        found = await (chain or self.chain).anchors(0, self.world.first + 100)
        return [anchored(event) for event in found]

    async def truths(self):
        return await self.events(self.true)


@pytest.fixture
def play(ground):
    def run(scene):
        async def whole():
            async with opened(ground.engine) as world:
                places = await ground.begin(world)
                await world.anchor(world.chain(), 0, 3)
                async with Liar("port", ground.engine.url) as liar:
                    stage = Stage(world, places, liar)
                    try:
                        await scene(stage)
                    finally:
                        stage.rpc.close()

        asyncio.run(whole())

    return run


def test_an_honest_node_says_what_is_so(play):
    async def scene(stage):
        assert await stage.events() == await stage.truths() == stage.truth.events()
        assert await stage.chain.final_block() == await stage.true.final_block()
        assert await stage.rpc.batch([("eth_chainId", ()), ("eth_blockNumber", ())]) == (
            await stage.world.rpc.batch([("eth_chainId", ()), ("eth_blockNumber", ())])
        )
        assert stage.liar.asked["eth_getLogs"] == 1

    play(scene)


@pytest.mark.parametrize(
    "name", ["invented_event", "wrong_root", "other_place", "later_block", "other_block_hash"]
)
def test_altered_events_stand_in_receipts_too(play, name):
    async def scene(stage):
        await stage.lie(name)
        transaction = await stage.world.anchor(stage.true, 3, 9)
        receipt = await stage.rpc.call("eth_getTransactionReceipt", f"0x{transaction.hex()}")
        true = await stage.world.rpc.call("eth_getTransactionReceipt", f"0x{transaction.hex()}")
        assert receipt != true
        wanted = {"address": stage.places.ledger, "fromBlock": "0x0", "toBlock": "latest"}
        listed = await stage.rpc.call("eth_getLogs", wanted)
        if name != "later_block":
            assert [log for log in listed if log in receipt["logs"]] == receipt["logs"]
        assert [log for log in receipt["logs"] if log not in true["logs"]]

    play(scene)


@pytest.mark.parametrize("name", ["event_from_nothing", "invented_transaction"])
def test_an_event_from_nothing_has_a_receipt_in_a_true_block(play, name):
    async def scene(stage):
        await stage.lie(name)
        (invented,) = [one for one in await stage.events() if one not in await stage.truths()]
        receipt = await stage.chain.receipt(invented.transaction)
        assert receipt.ok
        assert receipt.block_hash == invented.block_hash
        assert await stage.true.receipt(invented.transaction) is None
        block = await stage.rpc.call("eth_getBlockByNumber", hex(invented.block_number), False)
        named = f"0x{invented.transaction.hex()}" in block["transactions"]
        assert named == (name == "invented_transaction")
        # It stays there, and only there.
        assert invented in await stage.events()
        before = invented.block_number - 1
        assert len(await stage.chain.anchors(0, before)) == 1

    play(scene)


def test_a_fork_is_the_same_in_whatever_names_its_blocks(play):
    async def scene(stage):
        await stage.lie("other_block_hash")
        await stage.world.anchor(stage.true, 3, 9)
        old, new = await stage.events()
        assert [old] == (await stage.truths())[:1]
        assert new != (await stage.truths())[1]
        receipt = await stage.chain.receipt(new.transaction)
        assert receipt.block_hash == new.block_hash == (await stage.chain.final_block()).hash
        block = await stage.rpc.call("eth_getBlockByHash", f"0x{new.block_hash.hex()}", False)
        assert int(block["number"], 16) == new.block_number

    play(scene)


@pytest.mark.parametrize(("name", "ok"), [("status_0", False), ("status_1", True)])
def test_outcomes_are_turned_round(play, name, ok):
    async def scene(stage):
        await stage.lie(name)
        # A root that the log's head does not lead to is refused.
        account = stage.true if name == "status_0" else stage.world.chain("stranger")
        transaction = await stage.world.anchor(account, 3, 9)
        assert (await stage.chain.receipt(transaction)).ok is ok
        assert (await stage.true.receipt(transaction)).ok is not ok

    play(scene)


def test_another_contract_is_shown_in_place_of_ours(play):
    async def scene(stage):
        await stage.lie("other_contract")
        assert (await stage.chain.head(stage.world.log)).head.size == 500
        wanted = {"address": stage.places.ledger, "fromBlock": "0x0", "toBlock": "latest"}
        (log,) = await stage.rpc.call("eth_getLogs", wanted)
        assert log["address"] == stage.places.twin

    play(scene)


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("higher_nonce", lambda stage, chain: chain.nonce()),
        ("higher_head", lambda stage, chain: chain.head(stage.world.log)),
        ("other_code", lambda stage, chain: chain.identity()),
        ("other_identity", lambda stage, chain: chain.identity()),
        ("other_time", lambda stage, chain: chain.final_block()),
        ("old_head", lambda stage, chain: chain.final_block()),
        ("old_head", lambda stage, chain: chain.head(stage.world.log)),
        ("old_head", lambda stage, chain: chain.nonce()),
        ("old_head", lambda stage, chain: stage.events(chain)),
        ("withheld_event", lambda stage, chain: stage.events(chain)),
    ],
)
def test_one_fact_is_another(play, name, fact):
    async def scene(stage):
        assert await fact(stage, stage.chain) == await fact(stage, stage.true)
        await stage.lie(name)
        await stage.world.anchor(stage.true, 3, 9)
        assert await fact(stage, stage.chain) != await fact(stage, stage.true)

    play(scene)


def test_an_old_head_knows_nothing_of_what_came_later(play):
    async def scene(stage):
        before = await stage.events()
        await stage.lie("old_head")
        transaction = await stage.world.anchor(stage.true, 3, 9)
        assert await stage.events() == before
        assert await stage.chain.receipt(transaction) is None
        newest = await stage.true.final_block()
        assert await stage.rpc.call("eth_getBlockByNumber", hex(newest.number), False) is None
        name = f"0x{newest.hash.hex()}"
        assert await stage.rpc.call("eth_getBlockByHash", name, False) is None
        known = stage.world.deployment.chain
        assert await read_identity(stage.rpc, known.address, known.deploy_block_number) == known

    play(scene)


@pytest.mark.parametrize("name", ["withheld_event", "not_found", "pending_receipt", "old_head"])
def test_a_receipt_that_is_not_to_be_had(play, name):
    async def scene(stage):
        await stage.lie(name)
        transaction = await stage.world.anchor(stage.true, 3, 9)
        assert await stage.chain.receipt(transaction) is None
        found = f"0x{transaction.hex()}"
        if name == "pending_receipt":
            receipt = await stage.rpc.call("eth_getTransactionReceipt", found)
            assert (receipt["blockHash"], receipt["status"]) == (None, "0x1")

    play(scene)


@pytest.mark.parametrize("name", ["late", "silent", "trickling", "broken", "broken_off", "stalled"])
def test_no_answer_and_rubbish_are_silence_and_end_with_the_lie(play, name):
    async def scene(stage):
        await stage.lie(name)
        hasty = Rpc(stage.liar.url, 0.5)
        for _ in range(9 if name == "broken" else 2):
            with pytest.raises(UnavailableError):
                async with asyncio.timeout(20):
                    await hasty.call("eth_blockNumber")
            with pytest.raises(UnavailableError):
                async with asyncio.timeout(20):
                    await hasty.batch([("eth_blockNumber", ())])
        hasty.close()
        await stage.liar.become(Lame(stage.places))
        assert await stage.chain.final_block() == await stage.true.final_block()

    play(scene)


def test_an_answer_too_deep_to_read_is_silence_and_ends_no_process(play):
    async def scene(stage):
        await stage.liar.become(Deep(stage.places))
        asked = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _ASK, stage.liar.url, stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        said, _ = await asked.communicate()
        assert (said, asked.returncode) == (b"chain_unavailable\n", 0)

    play(scene)


@pytest.mark.parametrize("name", ["refused", "impossible_head"])
def test_a_contract_that_cannot_be_asked(play, name):
    async def scene(stage):
        await stage.lie(name)
        with pytest.raises(LedgerError):
            await stage.chain.head(stage.world.log)
        assert await stage.chain.nonce() == 1

    play(scene)


def test_what_is_swallowed_was_never_sent(play):
    async def scene(stage):
        await stage.lie("swallowed")
        signed = await stage.world.sign(stage.true, 3, 9)
        await stage.chain.send(signed.raw)
        assert stage.liar.sent == {1: {signed.raw}}
        assert await stage.true.receipt(signed.hash) is None
        assert stage.truth.nonce(address_of(key("anchor"))) == 1

    play(scene)
