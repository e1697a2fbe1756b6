"""Making an engine stand still and go on, as its file says under `[standstill]`."""

from ledger.chain.rpc import Rpc
from tests.engines.engine import Engine


async def stand_still(engine: Engine, rpc: Rpc) -> None:
    """From now on transactions are taken, and none is mined."""
    how = engine.settings["standstill"]
    await _call(rpc, how.get("begin", []))
    if "pause" in how:
        engine.pause(how["pause"])


async def go_on(engine: Engine, rpc: Rpc) -> None:
    """What waits is mined, and what comes after it."""
    engine.resume()
    await _call(rpc, engine.settings["standstill"].get("end", []))


async def _call(rpc: Rpc, calls: list[list[object]]) -> None:
    for method, *params in calls:
        await rpc.call(str(method), *params)
