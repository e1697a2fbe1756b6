"""One hostile request over a connection of its own, byte by byte as it is told, and what became of it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

ENDED = 0
"""The connection was closed without an answer."""
LEFT = -1
"""We hung up, as we had meant to."""
WAITING = -2
"""Nothing came, and the connection stayed open."""


@dataclass(frozen=True)
class Pause:
    """Seconds in which nothing is sent."""

    seconds: float


@dataclass(frozen=True)
class Attack:
    """What is sent to whom.

    Attributes:
        kind: what it is called in findings and counts.
        target: name of the process.
        parts: bytes and pauses, in order.
        hangs_up: seconds after which we hang up without waiting for an answer; None waits for one.
    """

    kind: str
    target: str
    parts: tuple[bytes | Pause, ...]
    hangs_up: float | None = None


async def strike(attack: Attack, port: int, patience: float) -> int:
    """The status of the answer, or one of the three above."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return ENDED
    sending = asyncio.create_task(_send(writer, attack.parts))
    try:
        if attack.hangs_up is not None:
            await asyncio.sleep(attack.hangs_up)
            return LEFT
        async with asyncio.timeout(patience):
            return _status(await reader.readline())
    except TimeoutError:
        return WAITING
    except ConnectionError:
        return ENDED
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, parts: Iterable[bytes | Pause]) -> None:
    for part in parts:
        if isinstance(part, Pause):
            await asyncio.sleep(part.seconds)
        else:
            writer.write(part)
            await writer.drain()


def _status(line: bytes) -> int:
    words = line.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else ENDED
