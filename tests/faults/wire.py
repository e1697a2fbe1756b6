"""What nodes send to the chain, seen on the wire before the chain sees it. Imports nothing of the product.

Between each node and the chain stands a proxy that reads the requests. At the moment at which a transaction
passes, the node's own database has to hold it already. Findings begin with the invariant's name:
    stored    a transaction was seen that did not stand in the database, or that is gone from it at the end
    nonce     a second payload for a nonce whose first one still waits in the same database
    unseen    the chain counts transactions of a node's account that no wire carried
    sender    a node sent something that its anchor account did not sign
"""

import asyncio
import contextlib
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import rlp
from eth_account import Account
from eth_utils import keccak

from tests.faults import rawchain
from tests.faults.links import Links
from tests.faults.serving import Serving

_CHAIN = "chain"
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class Sent:
    """A transaction as it passed; ``database`` is the file (inode) that held it then, 0 where none did."""

    region: str
    sender: str
    nonce: int
    raw: bytes
    database: int

    @property
    def hash(self) -> str:
        return keccak(self.raw).hex()


Fate = Callable[[Sent, Callable[[], Awaitable[bytes]]], Awaitable[bytes | None]]
"""What becomes of a request: given what it sends and how to pass it on; the answer, None to hang up."""


async def _pass_on(_sent: Sent, pass_on: Callable[[], Awaitable[bytes]]) -> bytes | None:
    return await pass_on()


@dataclass
class Wire:
    """Stands in for Links: watches what goes to the chain, and leaves all else to ``links`` if there are any.

    Attributes:
        folder: the network's; databases lie in data/<region>.
        links: the weather behind the wire.
        fate: what becomes of a transaction that passes.
        sent: every transaction seen, repeats too, in order.
        findings: what did not hold at the moment at which it passed.
    """

    folder: Path
    links: Links | None = None
    fate: Fate = _pass_on
    sent: list[Sent] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._serving = Serving()

    async def open(self, source: str, target: str, url: str) -> str:
        """Listen for what ``source`` asks of ``target``; the URL to give to it."""
        if self.links is not None:
            url = await self.links.open(source, target, url)
        if target != _CHAIN:
            return url
        there = urlsplit(url)
        return await self._serving.listen(
            partial(self._carry, source, (there.hostname, there.port))
        )

    async def __aenter__(self) -> "Wire":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._serving.close()

    def check(self, rpc: str) -> list[str]:
        """All findings, once all is quiet: what was sent still stands stored, and no wire was missed."""
        network = json.loads((self.folder / "network.json").read_text())
        accounts = {one["name"]: one["anchor"] for one in network["regions"]}
        found = list(self.findings)
        for region, account in accounts.items():
            mine = [one for one in self.sent if one.region == region]
            for one in mine:
                if one.sender != account:
                    found.append(f"sender: {region} sent {one.hash}, signed by {one.sender}")
                elif one.database and not self._stands(one):
                    found.append(f"stored: {region} nonce {one.nonce}: its row is gone")
            counted = rawchain.transactions(rpc, account)
            if set(range(counted)) - {one.nonce for one in mine}:
                found.append(f"unseen: {region}: the chain counts {counted} transactions")
        return found

    async def _carry(self, region, there, reader, writer) -> None:
        while request := await message(reader):

            async def pass_on(request: bytes = request) -> bytes:
                # A connection for each, so that a chain that was started again is found at once.
                upstream, asking = await asyncio.open_connection(*there)
                try:
                    asking.write(request)
                    return await message(upstream)
                finally:
                    asking.close()

            sent = self._see(region, request)
            answer = await (self.fate(sent, pass_on) if sent else pass_on())
            if not answer:
                return
            writer.write(answer)
            await writer.drain()

    def _see(self, region: str, request: bytes) -> Sent | None:
        """Look into a request; nothing is awaited, so the database is read before anything else happens."""
        body = json.loads(body_of(request))
        for call in body if isinstance(body, list) else [body]:
            if call["method"] == "eth_sendRawTransaction":
                raw = bytes.fromhex(call["params"][0].removeprefix("0x"))
                return self._judge(region, raw)
        return None

    def _judge(self, region: str, raw: bytes) -> Sent:
        sender = Account.recover_transaction(raw).lower().removeprefix("0x")
        nonce = nonce_of(raw)
        rows = {file.stat().st_ino: _rows(file, sender, nonce) for file in self._files(region)}
        holding = [inode for inode, stored in rows.items() if raw in stored]
        sent = Sent(region, sender, nonce, raw, holding[0] if holding else 0)
        if not holding:
            self.findings.append(f"stored: {region} sent nonce {nonce} before it was stored")
        earlier = {one.raw: one for one in self.sent if (one.sender, one.nonce) == (sender, nonce)}
        for one in earlier.values():
            # A row that is done was final, so the chain itself took it back; one whose database the runner
            # put an older one in place of is known to nobody. Any other still waits for this nonce.
            if one.raw != raw and rows.get(one.database, {}).get(one.raw, 1) == 0:
                self.findings.append(f"nonce: {region} sent two payloads with nonce {nonce}")
        self.sent.append(sent)
        return sent

    def _files(self, region: str) -> list[Path]:
        """The region's database; also the ones beside it while the runner has it on an older copy."""
        return sorted(self.folder.glob(f"data/{region}*/ledger.sqlite"))

    def _stands(self, sent: Sent) -> bool:
        """Whether it is stored, or the database that held it is no more."""
        files = [one for one in self._files(sent.region) if one.stat().st_ino == sent.database]
        return not files or sent.raw in _rows(files[0], sent.sender, sent.nonce)


def _rows(file: Path, sender: str, nonce: int) -> dict[bytes, int]:
    """Stored transactions of a nonce: their bytes, and whether they are done."""
    query = "SELECT raw, done FROM outbox WHERE sender = ? AND nonce = ?"
    # Read only, so that it checkpoints nothing.
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return dict(database.execute(query, (bytes.fromhex(sender), nonce)).fetchall())


def nonce_of(raw: bytes) -> int:
    """The nonce of a legacy or typed (EIP-2718) transaction."""
    legacy = raw[0] >= 0xC0
    members = rlp.decode(raw if legacy else raw[1:])
    return int.from_bytes(members[0 if legacy else 1], "big")


async def message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message with its body, or nothing where the other side has ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""
    if _CHUNKED.search(head):
        return head + b"".join([piece async for piece in _chunks(reader)])
    length = _LENGTH.search(head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


def body_of(message: bytes) -> bytes:
    """The body of a whole message; where it came in chunks, these joined."""
    head, _, body = message.partition(b"\r\n\r\n")
    if not _CHUNKED.search(head + b"\r\n"):
        return body
    joined = b""
    while body:
        line, _, rest = body.partition(b"\r\n")
        size = int(line, 16)
        joined, body = joined + rest[:size], rest[size + 2 :]
    return joined


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """A body of which nobody said the length, as it came, to its last chunk."""
    size = -1
    while size:
        line = await reader.readuntil(b"\r\n")
        size = int(line, 16)
        yield line + await reader.readexactly(size + 2)
