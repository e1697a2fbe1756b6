"""The plan of a deployment: a TOML file that says which regions, keys, CAs and registrars."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from ledger.errors import InputError

_T = TypeVar("_T")
_TOP: Final = {"base", "quorum", "delay_seconds", "cas", "certificates", "deployer", "regions"}
_REGION: Final = {"name", "title", "url", "keys", "registrars", "recovery"}
_KEY: Final = re.compile(r"[0-9a-f]{64}")
WEEK_SECONDS: Final = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """One region: its node's address, its folder of keys, its registrars' certificates.

    ``recovery`` is the public recovery key (32 bytes) that was made elsewhere, or None: made with the others.
    """

    name: str
    title: Mapping[str, str]
    url: str
    keys: Path
    registrars: tuple[Path, ...]
    recovery: bytes | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A deployment; ``base`` begins the network's name, paths are absolute."""

    base: str
    quorum: int
    delay_seconds: int
    deployer: Path
    cas: tuple[Path, ...]
    certificates: tuple[Path, ...]
    regions: tuple[RegionPlan, ...]


def read_plan(path: Path) -> Plan:
    """Read a plan; its paths are relative to its own folder.

    Raises:
        InputError: plan_malformed, with the member's path.
    """
    try:
        value = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refused(str(error), "") from error
    _only(value, _TOP, "")
    folder = path.resolve().parent
    regions = _of(value, "regions", list, "")
    return Plan(
        base=_of(value, "base", str, ""),
        quorum=_of(value, "quorum", int, "", 2),
        delay_seconds=_of(value, "delay_seconds", int, "", WEEK_SECONDS),
        deployer=folder / _of(value, "deployer", str, "", "deployer.key"),
        cas=_paths(value, "cas", "", folder),
        certificates=_paths(value, "certificates", "", folder),
        regions=tuple(_region(each, f"/regions/{i}", folder) for i, each in enumerate(regions)),
    )


def _region(value: object, path: str, folder: Path) -> RegionPlan:
    if not isinstance(value, dict):
        raise _refused("is no table", path)
    _only(value, _REGION, path)
    name = _of(value, "name", str, path)
    return RegionPlan(
        name=name,
        title=_of(value, "title", dict, path, {"en": name.capitalize()}),
        url=_of(value, "url", str, path),
        keys=folder / _of(value, "keys", str, path, f"keys/{name}"),
        registrars=_paths(value, "registrars", path, folder),
        recovery=_recovery(value, path),
    )


def _recovery(value: Mapping[str, Any], path: str) -> bytes | None:
    text = _of(value, "recovery", str, path, "")
    if text and not _KEY.fullmatch(text):
        raise _refused("is not 32 bytes of lower-case hex", f"{path}/recovery")
    return bytes.fromhex(text) or None


def _paths(value: Mapping[str, Any], name: str, path: str, folder: Path) -> tuple[Path, ...]:
    given = _of(value, name, list, path, [])
    if not all(isinstance(one, str) for one in given):
        raise _refused("is not a list of paths", f"{path}/{name}")
    return tuple(folder / one for one in given)


def _of(
    value: Mapping[str, Any], name: str, kind: type[_T], path: str, default: _T | None = None
) -> _T:
    found = value.get(name, default)
    if not isinstance(found, kind):
        raise _refused(f"is missing or no {kind.__name__}", f"{path}/{name}")
    return found


def _only(value: Mapping[str, Any], known: set[str], path: str) -> None:
    for name in value.keys() - known:
        raise _refused("is no member of a plan", f"{path}/{name}")


def _refused(detail: str, path: str) -> InputError:
    return InputError("plan_malformed", detail, path)
