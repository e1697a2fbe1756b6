"""A node as a process: started from its settings, ended by a signal or by its first error."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from ledger.chain.network import read_network
from ledger.errors import InputError
from ledger.node.keys import NodeKeys
from ledger.node.logs import log_to_stderr, tell_alarms
from ledger.node.node import Node
from ledger.node.opening import World, open_world
from ledger.node.serving import bind, serving
from ledger.node.world import AsyncioTasks, SystemClock, SystemRandom
from ledger.settings import NodeSettings

_LOG = logging.getLogger(__name__)


def load_settings(path: Path) -> NodeSettings:
    """Read a node's settings; raises InputError(settings_invalid) with the name of the setting."""
    try:
        return NodeSettings.load(path)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "/" + "/".join(str(part) for part in first["loc"])
        raise InputError("settings_invalid", f"{path}: {first['msg']}", where) from error
    except ValueError as error:
        raise InputError("settings_invalid", f"{path}: {error}") from error


async def run_node(settings: NodeSettings, told: Callable[[str], None]) -> None:
    """Run the node until SIGINT or SIGTERM; ``told`` gets its address once it answers.

    Raises what the first worker or request failed with beyond repair: the process has to end then, so
    that the next start re-reads everything.
    """
    log_to_stderr(settings.log_level)
    tasks = AsyncioTasks()
    stopped = _on_signal()
    keys = NodeKeys.load(settings.keys_dir, read_network(settings.network_file).name)
    world = await open_world(settings, SystemClock(), SystemRandom(), tasks)
    # Releases differ in what they lose when they are used wrongly, so the operator is told which one runs.
    _LOG.info("database", extra={"version": world.store.version})
    await _serve(await _put_together(settings, keys, world), settings, tasks, stopped, told)


async def _put_together(settings: NodeSettings, keys: NodeKeys, world: World) -> Node:
    try:
        return Node(settings, keys, world)
    except BaseException:
        # The database's own thread would else keep a process alive that will never serve.
        await world.close()
        raise


async def _serve(
    node: Node,
    settings: NodeSettings,
    tasks: AsyncioTasks,
    stopped: asyncio.Future[None],
    told: Callable[[str], None],
) -> None:
    try:
        await node.start()
        tasks.spawn("alarms", tell_alarms(node.readiness, tasks))
        listening, url = bind(settings.listen_host, settings.listen_port)
        async with serving(node.app, listening, tasks):
            told(url)
            await asyncio.wait({stopped, tasks.failed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Requests have ended: now the workers, and only then what they work on.
        failure = tasks.failed.exception() if tasks.failed.done() else None
        await tasks.stop()
        await node.close()
    if failure is not None:
        raise failure


def _on_signal() -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopped
