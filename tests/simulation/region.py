"""One region: its disk and lock, which outlive its processes, and the process that runs there, if any."""

import asyncio
import contextvars
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.errors import FatalError
from ledger.keys.demo import demo_log_key
from ledger.node.keys import NodeKeys
from ledger.node.node import Node
from ledger.node.opening import World
from ledger.ports import Chain
from ledger.settings import NodeSettings
from ledger.values import Origin, witness_name
from tests.simulation.chainview import ChainLink, ChainView
from tests.simulation.clock import RegionClock, SeededRandom
from tests.simulation.disk import Disk
from tests.simulation.headlock import Folder, ModelHeadLock
from tests.simulation.peers import Network, SimulatedPeer
from tests.simulation.process import PROCESS, ConnectionLostError, Process, State
from tests.simulation.statements import NETWORK, REGIONS
from tests.simulation.store import ModelStore
from tests.simulation.tasks import OrderedTasks

CATCHING_UP_SECONDS = 200.0


class NodeProcess(Process):
    """A process with a node in it.

    Attributes:
        node: None until it answers.
        wrong_by: milliseconds by which the clock was wrong when it started.
    """

    node: Node | None = None
    wrong_by: int = 0
    context: contextvars.Context
    tasks_port: OrderedTasks


@dataclass(frozen=True)
class Habits:
    """What a seed decides for a whole run.

    Attributes:
        anchor_seconds: pause of anchoring and following.
        mirror_seconds: pause of mirroring and witnessing.
        fsync_seconds: most seconds of one fsync.
        copies: mirrors that hold a record before it is answered.
        confirmations: blocks on top before a block is final.
        outage_limit: seconds a record may wait for its anchor before intake closes.
    """

    anchor_seconds: float
    mirror_seconds: float
    fsync_seconds: float
    copies: int
    confirmations: int
    outage_limit: float = 4 * 3600.0


@dataclass
class Ended:
    """A process that ended though nobody killed it; ``said`` is the last code of its log that it showed."""

    region: str
    at: float
    error: BaseException
    said: str | None


@dataclass
class Region:
    """One region's machine.

    Attributes:
        lost_keys: epochs whose log key this region has not.
        ended: processes that ended by themselves.
        lost_at: when its disk was lost last.
    """

    name: str
    account: bytes
    network_file: Path
    loop: asyncio.AbstractEventLoop
    link: ChainLink
    network: Network
    rng: random.Random
    habits: Habits
    note: Callable[..., int]
    disk: Disk
    folder: Folder = field(default_factory=Folder)
    process: NodeProcess | None = None
    starts: int = 0
    lost_keys: set[int] = field(default_factory=set)
    lost_at: float = -1.0
    ended: list[Ended] = field(default_factory=list)
    processes: list[NodeProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = RegionClock(self.loop)

    @property
    def answering(self) -> NodeProcess | None:
        """The process, if it takes requests."""
        process = self.process
        if process is None or process.node is None or process.state is not State.RUNNING:
            return None
        return process

    def start(self) -> NodeProcess:
        """Begin a process; it answers once it has compared log and lock."""
        self.starts += 1
        process = NodeProcess(self.name, self.starts, self.loop.time(), self.starts > 1)
        self.note(self.name, "starts", self.starts)
        process.wrong_by = self.clock.jump
        process.context = contextvars.copy_context()
        process.context.run(PROCESS.set, process)
        self.process = process
        self.processes.append(process)
        self.loop.create_task(self._live(process), context=process.context)
        return process

    def kill(self) -> bool:
        """Kill -9; whether there was something to kill."""
        process, self.process = self.process, None
        if process is None or not process.alive:
            return False
        process.kill()
        return True

    def locked(self, origin: Origin) -> int:
        """Size that the head lock remembers of a log; 0 where it remembers none."""
        file = self.folder.files.get(str(origin))
        return 0 if file is None or file.torn else file.says.size

    def promised(self, origin: Origin, size: int) -> bool:
        """Whether a power cut here would leave the log and its lock at that size or beyond."""
        file = self.folder.synced.get(str(origin))
        locked = 0 if file is None or file.torn or not file.synced else file.says.size
        return min(locked, self.disk.durable("size", origin, 0)) >= size

    def has_lost(self, origin: Origin) -> bool:
        """Whether it lost its disk and has not caught up: soon after, and while its lock knows nothing."""
        soon = self.loop.time() - self.lost_at < CATCHING_UP_SECONDS
        return self.lost_at >= 0 and (soon or str(origin) not in self.folder.files)

    def lose_power(self, rng: random.Random) -> None:
        """What was written and not synced may be gone; nothing runs here at that time."""
        self.disk.lose_power(rng)
        self.folder.lose_power(rng)

    @contextmanager
    def offline(self) -> Iterator[tuple[ModelStore, ModelHeadLock, OrderedTasks]]:
        """Disk and lock for a command of the operator's, while no node runs here."""
        process = Process(self.name, 0, self.loop.time(), after_crash=False)
        try:
            yield (
                ModelStore(self.disk, process, self.rng, self.habits.fsync_seconds),
                ModelHeadLock(self.folder, process, self.rng, self.habits.fsync_seconds),
                OrderedTasks(),
            )
        finally:
            process.kill()

    async def ask(self, work: Callable[[Node], Coroutine[Any, Any, Any]]) -> Any:
        """What a request to the node gives; raises ConnectionLostError where nobody answers."""
        process = self.answering
        if process is None:
            raise ConnectionLostError(self.name)
        answer = self.loop.create_future()
        process.asked[answer] = None
        task = self.loop.create_task(_serve(process, work, answer), context=process.context.copy())
        try:
            return await answer
        except asyncio.CancelledError:
            # Some servers end the work of a client that hangs up, others let it go on.
            if self.rng.random() < 0.5:
                task.cancel()
            raise
        finally:
            process.asked.pop(answer, None)

    def view(self, process: NodeProcess) -> Chain:
        """The chain as a process of this region sees it."""
        return ChainView(
            self.link, self.account, process, self.rng, self.habits.confirmations, self.note
        )

    async def _live(self, process: NodeProcess) -> None:
        tasks = process.tasks_port = OrderedTasks()
        store = ModelStore(self.disk, process, self.rng, self.habits.fsync_seconds)
        try:
            node = Node(
                self._make_settings(),
                self.keys(),
                World(
                    self.clock,
                    SeededRandom(self.rng),
                    tasks,
                    store,
                    ModelHeadLock(self.folder, process, self.rng, self.habits.fsync_seconds),
                ),
                chain=self.view(process),
                peers=[
                    SimulatedPeer(self.network, process, name, self.rng)
                    for name in REGIONS
                    if name != self.name
                ],
            )
            await node.start()
            process.node = node
            self.note(self.name, "answers")
            await asyncio.wait([tasks.failed])
            failure = tasks.failed.exception()
        except Exception as error:  # noqa: BLE001 - whatever it was ends the process
            failure = error
        # As ledger.node.running ends a node: workers first, then what they work on.
        await tasks.stop()
        said = None if process.node is None else process.node.readiness()["log"]["code"]
        await store.close()
        self.note(self.name, "ends", repr(failure))
        self.ended.append(Ended(self.name, self.loop.time(), failure, said))
        if self.process is process:
            self.process = None
        process.kill()

    def _make_settings(self) -> NodeSettings:
        nowhere = Path("/nonexistent")
        return NodeSettings(
            region=self.name,
            network_file=self.network_file,
            data_dir=nowhere,
            lock_dir=nowhere.with_name("nowhere else"),
            keys_dir=nowhere,
            anchor_interval=self.habits.anchor_seconds,
            mirror_interval=self.habits.mirror_seconds,
            confirmations=self.habits.confirmations,
            copies=self.habits.copies,
            outage_limit=self.habits.outage_limit,
        )

    def keys(self) -> NodeKeys:
        def log(origin: Origin):
            return None if origin.epoch in self.lost_keys else demo_log_key(str(origin))

        return NodeKeys(
            log=log,
            witness=demo_log_key(witness_name(NETWORK, self.name)),
            peer=demo_log_key(f"{NETWORK}/{self.name}/peer"),
            anchor=bytes(32),
        )


async def _serve(process: NodeProcess, work, answer: asyncio.Future) -> None:
    try:
        result = await work(process.node)
    except FatalError as error:
        # As ledger.node.fatal: the answer alone would leave a node serving from an unsafe state.
        process.tasks_port.spawn("fatal request", _fail(error))
        _set(answer, error=error)
    except Exception as error:  # noqa: BLE001 - every refusal goes to whoever asked
        _set(answer, error=error)
    else:
        _set(answer, result)


def _set(answer: asyncio.Future, result=None, error: Exception | None = None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)


async def _fail(error: FatalError) -> None:
    raise error
