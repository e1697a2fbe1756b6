"""The processes of a network under test: a chain and three nodes, each killed and started at will."""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.faults.asking import ask
from tests.faults.links import Links
from tests.faults.striking import Strike

REGIONS = ("beijing", "tianjin", "hebei")
CHAIN = "chain"
_Seen = TypeVar("_Seen")
_ROOM = 2 << 30
_CONFIG = """\
region = "{region}"
network_file = "{folder}/{network}"
data_dir = "{folder}/data/{name}"
lock_dir = "{folder}/locks/{name}"
keys_dir = "{folder}/keys/{region}"
listen_port = {port}
rpc_url = "{rpc}"
copies = {copies}
anchor_interval = 0.5
mirror_interval = 0.3
"""


class EndedByItselfError(Exception):
    """A process ended though nobody killed it."""


@dataclass
class Process:
    """One place in the network; ``pid`` is None while nothing runs there.

    Attributes:
        excused: exit statuses with which it may end by itself.
    """

    name: str
    port: int
    job: str
    arguments: dict
    pid: int | None = None
    starts: int = 0
    excused: tuple[int, ...] = ()


@dataclass
class Lab:
    """A running network of processes.

    Attributes:
        plant: module of tests.faults.planted that is put into every node, or None.
        copies: the setting of every node.
        died: what ended by itself: name, exit status, last lines of its output.
    """

    folder: Path
    forker: asyncio.subprocess.Process
    plant: str | None = None
    copies: int = 0
    processes: dict[str, Process] = field(default_factory=dict)
    died: list[tuple[str, int, str]] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.processes[name].port}"

    @property
    def urls(self) -> dict[str, str]:
        return {region: self.url(region) for region in REGIONS}

    @property
    def rpc(self) -> str:
        return self.url(CHAIN)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def place(self, name: str, region: str, port: int, more: str = "", **facts: str) -> None:
        """Make room for a node of a region, with a database folder and a head lock of its own.

        Args:
            more: further lines of its settings.
            facts: ``rpc`` and ``network`` (a file name), where they are not those of all.
        """
        config = self.folder / f"{name}.toml"
        self.processes[name] = Process(name, port, "node", {"config": str(config)})
        common = {"folder": self.folder, "rpc": self.rpc, "network": "network.json"}
        place = {"name": name, "region": region, "port": port, "copies": self.copies}
        config.write_text(_CONFIG.format(**(common | place | facts)) + more)

    async def ask(self, do: str, **command) -> dict:
        # Whoever asked may be cancelled; an answer left unread would be taken for the next one's.
        return await asyncio.shield(asyncio.ensure_future(self._ask({"do": do} | command)))

    async def _ask(self, command: dict) -> dict:
        async with self._turn:
            self.forker.stdin.write(json.dumps(command).encode() + b"\n")
            await self.forker.stdin.drain()
            line = await self.forker.stdout.readline()
        if not line:
            raise RuntimeError("the forker has ended")
        return json.loads(line)

    async def run(self, job: str, **arguments) -> None:
        """A job from start to end."""
        asked = {"job": job, "arguments": arguments, "log": str(self.log(job))}
        pid = (await self.ask("start", **asked, plant=None, strike=None, exec_=False))["pid"]
        status = (await self.ask("wait", pid=pid))["status"]
        assert status == 0, self.log(job).read_text()

    async def start(self, name: str, *, exec_: bool = False, strike: Strike | None = None) -> None:
        """Start what runs there; a fresh interpreter knows no plant and no strike, so it gets neither."""
        process = self.processes[name]
        plant = self.plant if process.job == "node" else None
        answer = await self.ask(
            "start",
            job=process.job,
            arguments=process.arguments,
            log=str(self.log(name)),
            plant=plant,
            strike=None if strike is None else strike.said(),
            exec_=exec_ and plant is None and strike is None,
        )
        process.pid, process.starts = answer["pid"], process.starts + 1
        process.excused = () if strike is None else (-signal.SIGKILL,)

    async def kill(self, name: str) -> bool:
        """Kill -9 what runs there; whether there was something to kill."""
        process = self.processes[name]
        pid, process.pid = process.pid, None
        if pid is None:
            return False
        return self._was_alive(name, (await self.ask("kill", pid=pid))["status"])

    async def signal(self, name: str, number: int) -> None:
        await self.ask("signal", pid=self.processes[name].pid, number=number)

    async def ended(self, name: str, seconds: float) -> int | None:
        """Wait until a process has ended by itself; its exit status, or None where it runs on."""
        process = self.processes[name]
        pid = process.pid

        async def status() -> int | None:
            return (await self.ask("poll", pid=pid))["status"]

        found = await _within(seconds, status)
        if found is not None:
            process.pid = None
        return found

    async def struck(self, name: str, seconds: float) -> bool:
        """Wait until an armed process has killed itself; whether it came so far."""
        return not self._was_alive(name, await self.ended(name, seconds))

    async def stopped(self, name: str, seconds: float) -> bool:
        """Wait until an armed process has stopped itself; whether it came so far."""
        stat = Path(f"/proc/{self.processes[name].pid}/stat")

        async def stands() -> bool | None:
            return stat.read_text().rpartition(")")[2].split()[0] == "T" or None

        return await _within(seconds, stands) is not None

    async def check_alive(self) -> None:
        for name, process in self.processes.items():
            if (pid := process.pid) is None:
                continue
            status = (await self.ask("poll", pid=pid))["status"]
            # Somebody else may have killed it meanwhile, and that is no death of its own.
            if process.pid == pid and not self._was_alive(name, status):
                process.pid = None

    async def is_answering(self, name: str) -> bool:
        return await asyncio.to_thread(_answers, self.url(name) + _alive_at(name))

    async def answering(self, name: str) -> None:
        """Wait until the process answers; raises EndedByItselfError if one ends before."""
        await self._until_answered(name, _alive_at(name))

    async def readiness(self, region: str) -> dict:
        """What a node says of its own state, ready or not."""
        said = await asyncio.to_thread(ask, f"{self.url(region)}/readyz", seconds=10)
        return json.loads(said.body)

    async def anchored(self, region: str) -> None:
        """Wait until a first checkpoint of the region is anchored."""
        await self._until_answered(region, f"/logs/{region}/1/checkpoint")

    async def _until_answered(self, name: str, path: str, seconds: float = 120) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while not await asyncio.to_thread(_answers, self.url(name) + path):
            await self.check_alive()
            if self.died:
                raise EndedByItselfError(self.died[0])
            assert asyncio.get_running_loop().time() < deadline, f"{name} does not answer"
            await asyncio.sleep(0.05)

    def _was_alive(self, name: str, status: int | None) -> bool:
        if status is not None and status not in self.processes[name].excused:
            self.died.append((name, status, self.log(name).read_text()[-2000:]))
        return status is None


@asynccontextmanager
async def lab(
    folder: Path,
    plant: str | None = None,
    copies: int = 0,
    settings: Mapping[str, str] | None = None,
    links: Links | None = None,
    chain: Mapping[str, str] | None = None,
) -> AsyncIterator[Lab]:
    """A founded network, all of it running; every process ends with the block, or with this process.

    Args:
        settings: further lines of a region's settings file, by region.
        links: what the nodes ask of one another and of the chain goes through these.
        chain: JSON-RPC by authority of a chain that somebody else runs: each region asks its own
            authority's node, and the others beside it. None: a dev chain of its own.
    """
    forker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.forker",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    made = Lab(folder, forker, plant, copies)
    try:
        assert await forker.stdout.readline(), "the forker did not start"
        await _found(made, settings or {}, links, chain or {})
        yield made
    finally:
        forker.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await forker.wait()


async def _found(
    made: Lab, settings: Mapping[str, str], links: Links | None, chain: Mapping[str, str]
) -> None:
    ports = dict(zip((*REGIONS, CHAIN), free_ports(4), strict=True))
    if chain:
        # The runner looks at the first one; it is nobody's process here.
        port = int(next(iter(chain.values())).rpartition(":")[2])
        made.processes[CHAIN] = Process(CHAIN, port, "", {})
    else:
        await _start_chain(made, ports[CHAIN])
    for region in REGIONS:
        urls = {region: chain[region]} | chain if chain else {region: made.rpc}
        linked = {}
        if links is not None:
            urls = {name: await links.open(region, CHAIN, url) for name, url in urls.items()}
            linked = {"network": f"{region}.json"}
        own = urls.pop(region)
        lines = [settings.get(region, "")]
        if urls:
            lines += ["[rpc_others]", *(f'{name} = "{url}"' for name, url in urls.items()), ""]
        made.place(region, region, ports[region], "\n".join(lines), rpc=own, **linked)
    await made.run("found", folder=str(made.folder), rpc=made.rpc, urls=made.urls)
    if links is not None:
        await _link(made, links)
    for region in REGIONS:
        await made.start(region)
    for region in REGIONS:
        await made.answering(region)


async def _start_chain(made: Lab, port: int) -> None:
    funded = made.folder / "funded.txt"
    await made.run("accounts", file=str(funded))
    chain = {
        "path": str(made.folder / "chain.sqlite"),
        "port": port,
        "funded": funded.read_text().split(),
    }
    made.processes[CHAIN] = Process(CHAIN, port, "chain", chain)
    await made.start(CHAIN)
    await made.answering(CHAIN)


async def _link(made: Lab, links: Links) -> None:
    """Give each region a network file of its own, in which the others are reached by its links."""
    network = json.loads((made.folder / "network.json").read_text())
    for region in REGIONS:
        for other in network["regions"]:
            if other["name"] != region:
                other["url"] = await links.open(region, other["name"], made.url(other["name"]))
            else:
                other["url"] = made.url(region)
        (made.folder / f"{region}.json").write_text(json.dumps(network))


def quick_folder() -> Path | None:
    """Where a sync costs nothing: for what only leaves the kernel and its cache alive. None: anywhere."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > _ROOM else None


def free_ports(count: int) -> list[int]:
    """Below the ports that outgoing connections get, where one could take a dead node's port.

    Validators that run beside this take theirs from 20,000 on, and would not see that a dead node's is ours.
    """
    found: list[int] = []
    # Test processes beside this one look in ranges of their own.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    # All are held until the last is found, or one could come twice.
    with contextlib.ExitStack() as held:
        while len(found) < count:
            port = 10_000 + 2_500 * worker + secrets.randbelow(2_500)
            with contextlib.suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
                found.append(port)
    return found


async def _within(seconds: float, look: Callable[[], Awaitable[_Seen | None]]) -> _Seen | None:
    """Look again and again until there is something to be seen, or the time is over."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (seen := await look()) is None and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
    return seen


def _alive_at(name: str) -> str:
    return "/" if name == CHAIN else "/livez"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError as error:
        # The chain knows no GET; that it says so is an answer.
        return error.code == 405
    except OSError:
        return False
