"""Names of tiles and entry bundles, as C2SP tlog-tiles writes them into paths."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.errors import VerificationError

TILE_WIDTH = 256
LEVEL_BITS = 8
"""A tile spans eight levels of the tree: 256 = 2**8."""

_MAX_LEVEL = 63
_MAX_INDEX = 2**55
_PLACE = r"((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
_TILE_PATH = re.compile(rf"tile/(0|[1-9][0-9]?)/{_PLACE}")
_ENTRIES_PATH = re.compile(rf"tile/entries/{_PLACE}")


@dataclass(frozen=True, slots=True, order=True)
class TileId:
    """Place and width of a tile; a width of 256 is a full tile, anything less a partial one.

    Raises VerificationError(tile_malformed) for a place or width no tile can have.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        """Refuse a place no tree of less than 2**63 leaves can have."""
        fits = 0 <= self.level <= _MAX_LEVEL and 0 <= self.index < _MAX_INDEX
        if not fits or not 1 <= self.width <= TILE_WIDTH:
            raise VerificationError(
                "tile_malformed",
                f"no tile has level {self.level}, index {self.index}, width {self.width}",
            )

    @property
    def path(self) -> str:
        """Path below the log's prefix: ``tile/<L>/<N>[.p/<W>]``."""
        return f"tile/{self.level}/{_place(self.index, self.width)}"


def parse_tile_path(path: str) -> TileId:
    """Read ``tile/<L>/<N>[.p/<W>]``, in exactly the form that ``TileId.path`` writes.

    Raises VerificationError(tile_malformed).
    """
    match = _TILE_PATH.fullmatch(path)
    if match is None:
        raise VerificationError("tile_malformed", "the path does not name a tile")
    tile = TileId(int(match[1]), *_read_place(match[2], match[3]))
    if tile.path != path:
        raise VerificationError("tile_malformed", "the path is not the only one for its tile")
    return tile


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Path of the entry bundle over the leaves of level-0 tile index: ``tile/entries/<N>[.p/<W>]``.

    Raises VerificationError(tile_malformed).
    """
    tile = TileId(0, index, width)
    return f"tile/entries/{_place(tile.index, tile.width)}"


def parse_entries_path(path: str) -> TileId:
    """Read ``tile/entries/<N>[.p/<W>]``; answers the level-0 tile over the same leaves.

    Raises VerificationError(tile_malformed).
    """
    match = _ENTRIES_PATH.fullmatch(path)
    if match is None:
        raise VerificationError("tile_malformed", "the path does not name an entry bundle")
    index, width = _read_place(match[1], match[2])
    if entries_path(index, width) != path:
        raise VerificationError("tile_malformed", "the path is not the only one for its bundle")
    return TileId(0, index, width)


def _place(index: int, width: int) -> str:
    """Index in groups of three digits, all but the last marked with x, and a partial width."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return "/".join(groups) + suffix


def _read_place(index: str, width: str | None) -> tuple[int, int]:
    return int(re.sub("[x/]", "", index)), TILE_WIDTH if width is None else int(width)
