"""eth_getLogs over blocks: by number range, address and topics, skipping by bloom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eth.abc import BlockAPI
from eth_bloom.bloom import BloomFilter
from eth_tester.backends.pyevm.serializers import serialize_log

from ledger.devchain.backend import DurableBackend
from ledger.devchain.encoding import encode_log, read_data
from ledger.devchain.faults import invalid_params


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs are wanted; an empty choice wants all.

    ``topics`` has one tuple of alternatives for each place.
    """

    addresses: tuple[bytes, ...]
    topics: tuple[tuple[bytes, ...], ...]

    def may_be_in(self, bloom: int) -> bool:
        """Whether a block with that bloom can hold such a log."""
        filled = BloomFilter(bloom)
        wanted = (self.addresses, *self.topics)
        return all(not some or any(each in filled for each in some) for some in wanted)

    def takes(self, address: bytes, topics: list[bytes]) -> bool:
        """Whether this log is wanted."""
        if self.addresses and address not in self.addresses:
            return False
        if len(topics) < len(self.topics):
            return False
        return all(
            not some or topic in some for some, topic in zip(self.topics, topics, strict=False)
        )


def read_filter(addresses: object, topics: object) -> LogFilter:
    """The filter from JSON; raises RpcFault."""
    return LogFilter(
        addresses=_alternatives(addresses, 20),
        topics=tuple(_alternatives(each, 32) for each in _listed(topics)),
    )


def find_logs(
    backend: DurableBackend, wanted: LogFilter, first: int, last: int
) -> list[dict[str, object]]:
    """Matching logs of the blocks first to last (inclusive, clamped to the head), in order."""
    found: list[dict[str, object]] = []
    for number in range(max(first, 0), min(last, backend.height) + 1):
        if wanted.may_be_in(backend.header_at(number).bloom):
            found.extend(_block_logs(backend, wanted, backend.block_at(number)))
    return found


def _block_logs(
    backend: DurableBackend, wanted: LogFilter, block: BlockAPI
) -> Iterator[dict[str, object]]:
    log_index = 0
    for index, receipt in enumerate(backend.receipts(block)):
        for log in receipt.logs:
            raw = serialize_log(block, block.transactions[index], index, log, log_index, False)
            # The index counts within the block; eth-tester alone would count within the receipt.
            log_index += 1
            if wanted.takes(raw["address"], raw["topics"]):
                yield encode_log(raw)


def _alternatives(value: object, length: int) -> tuple[bytes, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (read_data(value, length),)
    return tuple(read_data(each, length) for each in _listed(value))


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid_params(f"{value!r} is not a list")
    return value
