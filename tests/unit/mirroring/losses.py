"""Databases that were lost or restored from a backup, by seed: what was answered stays, or is named.

Each case posts records, takes the database away, starts the node again and judges what it then says. What
was acknowledged is the case's own list, never the node's word.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from ledger import tree
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.sealing import ReceiptOut
from ledger.testing.kit import NoteKey
from ledger.values import TreeHead
from tests.unit.mirroring.holding import HOME, NEXT, Town, first_row, rows, town_in

NOTHING = TreeHead(0, EMPTY_ROOT)
OLDEST = 40


class LossError(AssertionError):
    """A promise was broken."""


def check(holds: bool, what: str) -> None:
    if not holds:
        raise LossError(what)


async def answered(home, given) -> list:
    receipts = await home.submit(*given)
    check(all(isinstance(one, ReceiptOut) for one in receipts), f"refused: {receipts}")
    return receipts


async def copied(town: Town, home) -> None:
    """Wait until both mirrors hold all there is."""
    size = await home.store.size(home.sealer.origin)
    if home.copies.status.wanted:
        await home.until(lambda: all(c.size >= size for c in home.copies.status.mirrors.values()))
    for mirror in town.mirrors.values():
        mirror.home_feed = home.feed.read
        while await mirror.mirror.step():
            pass


async def uncopied(town: Town, receipts) -> int:
    """How many of the answered records, all of one log, one of the mirrors does not hold."""
    origin = receipts[-1].origin
    sizes = [await mirror.store.size(origin) for mirror in town.mirrors.values()]
    return sum(one.index >= min(sizes) for one in receipts)


async def same(home, given, receipts) -> None:
    """A repeat gives the same index, time and id."""
    for row, old, new in zip(given, receipts, await answered(home, given), strict=True):
        check(
            (new.id, new.origin, new.index, new.received, new.leaf)
            == (row.id, old.origin, old.index, old.received, old.leaf),
            f"leaf {old.index} of {row.id.hex()} is now {new}",
        )


def lose(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        path.unlink()


async def an_old_backup(town: Town, dice: random.Random) -> None:
    """The database comes back as it was some records ago; the lock stays."""
    alone, age = dice.random() < 0.5, dice.randint(1, OLDEST)
    home = await town.led(anchored=NOTHING, alone=alone)
    given = [first_row(), *rows(dice.randint(1, 8))]
    receipts = await answered(home, given)
    await home.stop()
    shutil.copytree(home.folder, town.folder / "backup")
    home = await town.led(anchored=NOTHING, alone=alone)
    later = rows(age)
    receipts += await answered(home, later)
    await copied(town, home)
    await home.stop()
    lose(home.folder, "db*")
    for path in (town.folder / "backup").glob("db*"):
        shutil.copy(path, home.folder)
    home = await town.home(anchored=NOTHING, alone=alone)
    check(await home.store.size(HOME) == len(given), "the backup is not the old one")
    check((await home.start()).leading, f"does not lead: {home.sealer.standing}")
    await same(home, given + later, receipts)
    [new] = await answered(home, rows(1))
    check(new.index == len(receipts), f"the next leaf is {new.index}")


async def a_lost_disk_with_copies(town: Town, dice: random.Random) -> None:
    """One mirror lacks some of what was answered; the other one, and nobody else, has it.

    In half of the cases the region has turned before; an older image may come back beside no lock.
    """
    town.open_next()
    home = await town.led(anchored=NOTHING)
    given = [first_row(), *rows(dice.randint(1, 8))]
    receipts = await answered(home, given)
    turned = len(given) if dice.random() < 0.5 else 0
    if turned:
        await copied(town, home)
        check((await home.turn(turned)).leading, f"does not go on: {home.sealer.standing}")
        given += (more := rows(dice.randint(1, 8)))
        receipts += await answered(home, more)
    await copied(town, home)
    town.clone("home", "image")
    names = dice.sample(sorted(town.mirrors), 2)
    behind, ahead = (town.mirrors[name] for name in names)
    behind.down = True
    later = rows(dice.randint(1, OLDEST))
    receipts += (last := await answered(home, later))
    check(await uncopied(town, last) > 0, "nothing was at stake at the moment of loss")
    await home.stop()
    lose(home.folder, "db*")
    name = dice.choice(["home", "elsewhere", "image"])
    behind.down = False
    home = await town.home(name, anchored=NOTHING)
    await home.start()
    if turned:
        # The one that has it all goes away once the closed log was led, and comes back later.
        ahead.down = dice.random() < 0.5
        await home.turn(turned)
        if ahead.down:
            [early] = await home.submit(*rows(1))
            check(not isinstance(early, ReceiptOut), f"answered beside what was promised: {early}")
            ahead.down = False
    await home.until(lambda: home.sealer.standing.leading)
    await same(home, given + later, receipts)


async def a_lost_disk_without_copies(town: Town, dice: random.Random) -> None:
    """Nobody has the last records: each is named, and the log goes on in its next epoch only."""
    home = await town.led(anchored=NOTHING, alone=True)
    given = [first_row(), *rows(dice.randint(1, 8))]
    receipts = await answered(home, given)
    await copied(town, home)
    held = len(receipts)
    lost = await answered(home, rows(dice.randint(1, OLDEST)))
    check(await uncopied(town, lost) == len(lost) > 0, "nothing was at stake")
    await home.stop()
    lose(home.folder, "db*")
    home = await town.home(anchored=NOTHING, alone=True)
    standing = await home.start()
    check((standing.leading, standing.code) == (False, "leaves_lost"), f"says {standing}")
    [(_, _, body, _)] = await home.store.evidence("leaves_lost")
    named = json.loads(body)
    indexes = [one.index for one in lost]
    check([*range(named["first"], named["last"] + 1)] == indexes, f"named {named}, lost {indexes}")
    check(home.sealer.signed is None, "a head was signed")
    closing = TreeHead(held, await tree.root(home.store, HOME, held))
    if dice.random() < 0.5:
        # What was lost had been anchored just before, so it is closed where nobody has its leaves.
        closing = TreeHead(held + len(lost), bytes(32))
    turned = await home.sealer.turn(closing, NEXT, NoteKey(str(NEXT)))
    check(turned.leading, f"does not go on: {turned}")
    for row, old, new in zip(given, receipts, await answered(home, given), strict=True):
        place = (new.id, new.origin == NEXT or new.index == old.index)
        check(place == (row.id, True), f"{new} was {old}")
    check((await answered(home, rows(1)))[0].origin == NEXT, "went on in the old epoch")
    await home.stop()
    # The next start begins with the closed log again, and turns again.
    home = await town.home(anchored=NOTHING, alone=True)
    check(not (await home.start()).leading, "the closed log leads")
    check((await home.sealer.turn(closing, NEXT, NoteKey(str(NEXT)))).leading, "stays in the old")
    [new] = await answered(home, rows(1))
    check((new.origin, new.index) == (NEXT, held + 1), f"the next leaf is {new}")


CASES: tuple[Callable[[Town, random.Random], Awaitable[None]], ...] = (
    an_old_backup,
    a_lost_disk_with_copies,
    a_lost_disk_without_copies,
)


def run(seed: int, folder: Path | None = None) -> str | None:
    """Play one case in turn; what broke, or None."""

    async def play(at: Path) -> None:
        async with town_in(at) as town:
            await CASES[seed % len(CASES)](town, random.Random(seed))

    with tempfile.TemporaryDirectory(dir=folder) as made:
        try:
            asyncio.run(play(Path(made)))
        except (LossError, TimeoutError) as error:
            return f"seed {seed}: {error!r}"
    return None
