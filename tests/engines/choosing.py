"""Which engines a run is for: our own, named ones, or a chain that somebody else runs."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.engines.abilities import ABILITIES

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = ROOT / "hardhat-free-local" / "networks"
ENGINES = tuple(sorted(path.stem for path in NETWORKS.glob("*.toml")))
"""Every engine that this project starts itself."""


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("engines", "chain engines of tests/engines")
    group.addoption(
        "--engine",
        action="append",
        default=[],
        metavar="NAME|FILE.toml",
        help=f"only this engine: one of {', '.join(ENGINES)}, or a file like those",
    )
    group.addoption(
        "--rpc",
        action="append",
        default=[],
        metavar="URL",
        help="a chain that runs already; again for its other nodes",
    )
    group.addoption(
        "--can",
        action="append",
        default=[],
        choices=[*ABILITIES],
        help="something that the chain of --rpc can do",
    )


def chosen(config: pytest.Config) -> list[dict[str, Any]]:
    """Settings of the engines of this run; raises pytest.UsageError."""
    urls = _urls(config)
    found = [settings_of(each) for each in config.getoption("engine", [])]
    if urls:
        found.append(_reached(urls, config.getoption("can", [])))
    found = found or [settings_of(name) for name in ENGINES]
    if any(is_foreign(each) for each in found) and config.getoption("numprocesses", None):
        # Two processes would take each other's nonces.
        raise pytest.UsageError("a chain that runs already is for one process only: add -n 0")
    return found


def is_named(config: pytest.Config) -> bool:
    """Whether this run is for engines that somebody named."""
    return bool(config.getoption("engine", []) or _urls(config))


def settings_of(name: str) -> dict[str, Any]:
    """The settings of one of our engines, or those in a file; raises pytest.UsageError."""
    path = NETWORKS / f"{name}.toml" if name in ENGINES else Path(name)
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise pytest.UsageError(f"engine {name}: {error}") from error
    unknown = sorted({*settings.get("can", ())} - {*ABILITIES})
    if unknown or not {"name", "chain"} <= {*settings} or not {"command", "rpc_urls"} & {*settings}:
        wanted = "name, [chain], [can], and command or rpc_urls"
        raise pytest.UsageError(f"engine {name}: needs {wanted}; unknown abilities: {unknown}")
    return settings | {"can": dict.fromkeys(ABILITIES, False) | settings.get("can", {})}


def is_foreign(settings: dict[str, Any]) -> bool:
    """Whether somebody else starts and ends it."""
    return "command" not in settings


def _urls(config: pytest.Config) -> list[str]:
    named: list[str] = config.getoption("rpc", [])
    return named or os.environ.get("JJJ_ENGINE_RPC", "").split()


def _reached(urls: list[str], can: list[str]) -> dict[str, Any]:
    return {
        "name": "rpc",
        "rpc_urls": urls,
        "can": {word: word in can for word in ABILITIES},
        "chain": {"gas_price": "ask"},
    }
