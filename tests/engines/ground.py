"""A chain with a ledger and a twin of it, to which each scene comes back as if nothing had been before."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.chain.accounts import address_of
from ledger.chain.deploy import Deployment
from ledger.chain.web3chain import Web3Chain
from tests.engines.choosing import ROOT, settings_of
from tests.engines.engine import Engine
from tests.engines.lies import Places
from tests.engines.world import World, key, opened

_TWIN_SIZE = 500


@dataclass(frozen=True)
class Ground:
    """Where scenes play; ``snapshot`` is the chain with a registered log that holds nothing."""

    engine: Engine
    deployment: Deployment
    places: Places
    snapshot: str


@contextmanager
def ground(state: Path) -> Iterator[Ground]:
    """A dev chain that ends with the block, and with this process, however that ends."""
    module = [sys.executable, "-m", "ledger.devchain", "--with-parent"]
    command = [*module, "--port", "0", "--path", str(state)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        try:
            # It says nothing more than this.
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            engine = Engine(settings_of("devchain"), state, [found[0]])
            yield asyncio.run(_prepared(engine))
        finally:
            process.kill()


async def _prepared(engine: Engine) -> Ground:
    async with opened(engine) as world:
        await world.begin()
        await world.register()
        first = world.deployment
        twin = await _twin(world)
        places = Places(f"0x{first.chain.address.hex()}", f"0x{twin.address.hex()}")
        return Ground(engine, first, places, await world.rpc.call("evm_snapshot"))


async def _twin(world: World):
    """Another ledger on the same chain that holds a head of the very same log."""
    origin, log = world.origin, world.log
    await world.begin()
    registry = world.registry("beijing")
    await registry.register_log(str(origin), key("log beijing"), address_of(key("twin")))
    chain = Web3Chain(world.rpc, world.deployment.chain, key("twin"), fees=world.fees)
    signed = chain.sign_anchor(0, log, world.head(_TWIN_SIZE), [])
    await chain.send(signed.raw)
    assert await world.mined(chain, signed.hash)
    return world.deployment.chain
