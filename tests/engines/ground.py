"""Contracts to play a scene on: a ledger and a twin of it, as if nothing had been before."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.chain.accounts import address_of
from ledger.chain.web3chain import Web3Chain
from tests.engines.choosing import ROOT, settings_of
from tests.engines.engine import Engine
from tests.engines.lies import Places
from tests.engines.world import World, key, opened

_TWIN_SIZE = 500


async def deployed(world: World) -> Places:
    """Deploy both anew, on any chain; the world has the ledger, with a registered log that holds nothing."""
    await world.begin()
    await world.register()
    first = world.deployment
    twin = await _twin(world)
    world.deployment = first
    return Places(f"0x{first.chain.address.hex()}", f"0x{twin.address.hex()}")


@dataclass(frozen=True)
class Ground:
    """An engine, and how a scene comes by its contracts there."""

    engine: Engine
    begin: Callable[[World], Awaitable[Places]] = deployed


@contextmanager
def ground(state: Path) -> Iterator[Ground]:
    """A dev chain that ends with the block, and with this process, however that ends.

    It is set back for each scene, which is quicker than to deploy anew.
    """
    module = [sys.executable, "-m", "ledger.devchain", "--with-parent"]
    command = [*module, "--port", "0", "--path", str(state)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        try:
            # It says nothing more than this.
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            engine = Engine(settings_of("devchain"), state, [found[0]])
            yield Ground(engine, asyncio.run(_set_back(engine)))
        finally:
            process.kill()


async def _set_back(engine: Engine) -> Callable[[World], Awaitable[Places]]:
    async with opened(engine) as first:
        places = await deployed(first)
        snapshot = await first.rpc.call("evm_snapshot")

    async def begin(world: World) -> Places:
        assert await world.rpc.call("evm_revert", snapshot)
        world.deployment = first.deployment
        return places

    return begin


async def _twin(world: World):
    """Another ledger on the same chain that holds a head of the very same log."""
    origin, log = world.origin, world.log
    await world.begin()
    registry = world.registry("beijing")
    await registry.register_log(str(origin), key("log beijing"), address_of(key("twin")))
    chain = Web3Chain(world.rpc, world.deployment.chain, key("twin"), fees=world.fees)
    signed = chain.sign_anchor(await chain.nonce(), log, world.head(_TWIN_SIZE), [])
    await chain.send(signed.raw)
    assert await world.mined(chain, signed.hash)
    return world.deployment.chain
