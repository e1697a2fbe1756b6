"""Settings of the gateway: which network it is a door to, and where it listens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class GatewaySettings(BaseSettings):
    """Each value can be set by ``JJJ_GATEWAY_<NAME>``.

    Attributes:
        network_file: path of network.json.
        listen_host: address to listen on.
        listen_port: port to listen on; 0 takes a free one.
        node_timeout: seconds a region has to answer before it counts as silent.
        examples: numbers offered on the start page.
    """

    model_config = SettingsConfigDict(env_prefix="JJJ_GATEWAY_", extra="forbid")

    network_file: Path
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=0, le=65535)] = 0
    node_timeout: Annotated[float, Field(gt=0)] = 5.0
    examples: list[str] = []

    @classmethod
    def variable(cls, place: Sequence[str | int]) -> str:
        """The variable of the environment that sets what stands at a place of the settings."""
        return f"{cls.model_config['env_prefix']}{place[0]}".upper()
