"""JSON-RPC to an Ethereum node: web3's HTTP transport in worker threads, answers as plain values."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint, RPCResponse

from ledger.chain.transport import Transport
from ledger.errors import UnavailableError

T = TypeVar("T")
Call = tuple[str, Sequence[Any]]


class NodeRefused(Exception):  # noqa: N818  # says what happened; never leaves this room
    """The node answered with a JSON-RPC error object."""

    def __init__(self, code: int, message: str, data: bytes | None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Rpc:
    """One node's JSON-RPC address.

    web3's synchronous transport keeps its connection open and is several times faster than its
    asynchronous one, which opens a new connection for every call; so calls run in a few threads.
    Nothing is retried here: the caller looks at facts and decides.
    """

    def __init__(self, url: str, timeout: float = 15.0) -> None:
        options: dict[str, Any] = {}
        if _is_loopback(url):
            # A proxy named in the environment could never reach a chain on this machine.
            options["proxies"] = {"http": "", "https": ""}
        self._provider = Transport(url, timeout, options)
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="chain-rpc")
        parts = urlsplit(url)
        # Keys of hosted nodes stand in the path, so only the host is ever shown.
        self.shown = f"{parts.scheme}://{parts.hostname or ''}:{parts.port or ''}".rstrip(":")

    async def call(self, method: str, *params: object) -> Any:  # noqa: ANN401  # any JSON
        """The result of one call; raises NodeRefused, UnavailableError(chain_unavailable)."""
        endpoint = RPCEndpoint(method)
        response = await self._run(lambda: self._provider.make_request(endpoint, params))
        return self._result(response)

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of several calls, in order; raises as ``call`` if any of them failed."""
        if not calls:
            return []
        wanted = [(RPCEndpoint(method), params) for method, params in calls]
        responses = await self._run(lambda: self._provider.make_batch_request(wanted))
        if not isinstance(responses, list):
            self._result(responses)
            raise self._unavailable("one answer to a batch of calls")
        if len(responses) != len(calls):
            raise self._unavailable(f"{len(responses)} answers to {len(calls)} calls")
        return [self._result(each) for each in responses]

    def close(self) -> None:
        """Stop the threads; calls that still run end with their time-out."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            # Twice: to be answered at all, and to read the answer. A node may yet send its head without end:
            # then its thread is lost to us, and we are not.
            async with asyncio.timeout(2 * self._timeout + 1):
                return await loop.run_in_executor(self._threads, work)
        except (OSError, ValueError, TypeError, KeyError, Web3Exception) as error:
            raise self._unavailable(type(error).__name__) from error

    def _result(self, response: RPCResponse) -> Any:  # noqa: ANN401  # any JSON
        if not isinstance(response, dict):
            raise self._unavailable("an answer that is no JSON-RPC response")
        error = response.get("error")
        if error is None:
            if "result" not in response:
                raise self._unavailable("an answer without result")
            return response["result"]
        raise _refusal(error)

    def _unavailable(self, what: str) -> UnavailableError:
        return UnavailableError("chain_unavailable", f"the chain at {self.shown} gave {what}")


def _refusal(error: object) -> NodeRefused:
    if not isinstance(error, dict):
        return NodeRefused(0, str(error), None)
    code = error.get("code")
    message = str(error.get("message", ""))
    return NodeRefused(code if isinstance(code, int) else 0, message, _revert_data(error))


def _revert_data(error: dict[str, Any]) -> bytes | None:
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("data")
    if not isinstance(data, str):
        return None
    # Some engines put a word before the hex ("Reverted 0x…").
    text = data.rpartition("0x")[2]
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
