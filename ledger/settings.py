"""The only reader of the environment: typed settings of a node, read once at start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

Port = Annotated[int, Field(ge=0, le=65535)]
Wei = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]
_THIS_HOST = frozenset({"localhost", "127.0.0.1", "::1"})


class NodeSettings(BaseSettings):
    """Settings of one region's node: a TOML file, each value overridable by ``JJJ_<NAME>``.

    Attributes:
        region: name of the region as in the network file.
        network_file: path of network.json.
        data_dir: folder of the database.
        database: ``postgresql://user@host/name`` without a password; empty: a SQLite file in data_dir.
        database_password_file: file with the database's password; none: PGPASSFILE or the server's own way.
        lock_dir: folder of the head lock; outside data_dir and outside every backup of it.
        keys_dir: folder with ``log-<epoch>.key``, ``witness.key``, ``peer.key`` and ``anchor.key``.
        listen_host: address to listen on.
        listen_port: port to listen on; 0 takes a free one.
        rpc_url: JSON-RPC address of the chain: the region's own node.
        rpc_others: those of nodes of other authorities, by authority; with any, two have to agree.
        rpc_timeout: seconds a node of the chain has to answer.
        gas_price: wei per gas; 0 where gas is free; ``ask`` takes the price of the chain's node.
        priority_fee: wei per gas to the block's maker; ``gas_price`` is then the most paid (EIP-1559).
        replace_after: seconds an anchor may wait before more is offered for it; 0: never.
        replace_most: the most wei per gas that is offered then.
        confirmations: blocks on top before a block is final; ``finalized``: when the chain's node says so.
        copies: mirrors that hold a record before it is answered: 1, or 0 where a lost disk may lose some.
        copy_within: with copies 0, seconds a record may wait for its first copy before intake closes.
        anchor_interval: seconds between two looks of the anchor worker.
        outage_limit: seconds a record may wait for its anchor before intake closes.
        mirror_interval: seconds between two looks at the other regions.
        log_level: the least that is logged: ``debug`` (every request), ``info``, ``warning`` or ``error``.
        max_body_bytes: largest body of a request.
        max_batch_lines: most lines of an NDJSON batch.
        posts_per_minute_address: posts one address may make in a minute.
        posts_per_minute_key: posts one author's key may make in a minute.
    """

    # A value may be a password in the wrong place: errors name the setting, never what it holds.
    model_config = SettingsConfigDict(
        env_prefix="JJJ_", extra="forbid", toml_file=None, hide_input_in_errors=True
    )

    region: str
    network_file: Path
    data_dir: Path
    database: str = ""
    database_password_file: Path | None = None
    lock_dir: Path
    keys_dir: Path
    listen_host: str = "127.0.0.1"
    listen_port: Port = 0
    rpc_url: str = "http://127.0.0.1:8545"
    rpc_others: dict[str, str] = {}
    rpc_timeout: Seconds = 15.0
    gas_price: Wei | Literal["ask"] = 0
    priority_fee: Wei | None = None
    replace_after: Annotated[float, Field(ge=0)] = 0.0
    replace_most: Wei = 0
    confirmations: Annotated[int, Field(ge=0)] | Literal["finalized"] = 0
    copies: Annotated[int, Field(ge=0, le=1)] = 1
    copy_within: Seconds = 60.0
    anchor_interval: Seconds = 1.0
    outage_limit: Seconds = 4 * 3600.0
    mirror_interval: Seconds = 0.5
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    max_body_bytes: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024
    max_batch_lines: Annotated[int, Field(ge=1)] = 2000
    posts_per_minute_address: Annotated[int, Field(ge=1)] = 600_000
    posts_per_minute_key: Annotated[int, Field(ge=1)] = 300_000

    @field_validator("database")
    @classmethod
    def _check_database(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme != "postgresql" or len(parts.path) < 2):
            raise ValueError("not postgresql://user@host/name")
        if parts.password is not None or "password" in parse_qs(parts.query):
            raise ValueError("holds a password: put it into database_password_file or PGPASSFILE")
        return url

    @model_validator(mode="after")
    def _check_copies(self) -> Self:
        # Nodes on several hosts have several head locks: without a mirror's word two of them could lead.
        if not self.copies and any(host not in _THIS_HOST for host in _hosts(self.database)):
            raise ValueError("copies = 0 with a database that other hosts reach")
        return self

    @field_validator("rpc_others")
    @classmethod
    def _check_others(cls, others: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        # One machine under two names would agree with itself.
        urls = [info.data.get("rpc_url"), *others.values()]
        if info.data.get("region") in others or len(set(urls)) < len(urls):
            raise ValueError(
                "names a node twice: each is another authority's, at an address of its own"
            )
        return others

    @model_validator(mode="after")
    def _check_fees(self) -> Self:
        if self.priority_fee is None:
            return self
        if self.gas_price == "ask":
            raise ValueError("priority_fee needs a gas_price in wei, the most that is paid")
        if self.priority_fee > self.gas_price:
            raise ValueError("priority_fee is above gas_price, the most that is paid")
        return self

    @field_validator("lock_dir")
    @classmethod
    def _lies_apart(cls, lock_dir: Path, info: ValidationInfo) -> Path:
        data_dir = info.data.get("data_dir")
        if data_dir is not None and lock_dir.resolve().is_relative_to(data_dir.resolve()):
            # A backup of the one would hold the other, and restored together they agree on a fork.
            raise ValueError("lies in data_dir: whoever restores that would restore the lock too")
        return lock_dir

    @classmethod
    def load(cls, path: Path) -> NodeSettings:
        """Read a TOML file; raises pydantic.ValidationError naming each wrong setting."""

        class FromFile(cls):  # type: ignore[misc,valid-type]
            model_config = SettingsConfigDict(toml_file=path)

            @classmethod
            def settings_customise_sources(
                cls,
                settings_cls: type[BaseSettings],
                init_settings: PydanticBaseSettingsSource,
                env_settings: PydanticBaseSettingsSource,
                dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
                file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            ) -> tuple[PydanticBaseSettingsSource, ...]:
                return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

        return NodeSettings(**FromFile().model_dump())


def _hosts(url: str) -> set[str]:
    """Every host that a database URL names; sockets in this host's file system are none."""
    parts = urlsplit(url)
    named = [unquote(one) for one in parts.netloc.rpartition("@")[2].split(",")]
    hosts = [re.sub(r":[0-9]*$", "", one).strip("[]") for one in named]
    for one in parse_qs(parts.query).get("host", []):
        hosts += one.split(",")
    return {host for host in hosts if host and not host.startswith("/")}


def cache_folder() -> Path:
    """Where this user keeps what can be made again: XDG_CACHE_HOME, or ``.cache`` at home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def child_environment(values: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process: this one's, with these values."""
    return {**os.environ, **values}
