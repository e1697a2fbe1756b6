"""JSON-RPC errors as other Ethereum nodes word them, so that one client reads all."""

from __future__ import annotations

from typing import Any


class RpcFault(Exception):  # noqa: N818  # JSON-RPC itself calls the object "error"
    """A JSON-RPC error object: code, message and optional data (JSON-RPC 2.0 section 5.1)."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def to_json(self) -> dict[str, Any]:
        """The error object."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        return body if self.data is None else {**body, "data": self.data}


def invalid_params(what: str) -> RpcFault:
    """The caller's parameters cannot be read."""
    return RpcFault(-32602, f"invalid params: {what}")


def method_unknown(method: object) -> RpcFault:
    """No such method here."""
    return RpcFault(-32601, f"the method {method} does not exist/is not available")


def reverted(output: bytes) -> RpcFault:
    """A call that the contract refused: code 3 with the revert data, as geth answers."""
    return RpcFault(3, "execution reverted", "0x" + output.hex())


def rejected(why: str) -> RpcFault:
    """A transaction that cannot enter a block."""
    return RpcFault(-32000, why)
