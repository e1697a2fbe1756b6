"""eth-tester's py-evm backend on a durable store, with its slow and its wrong parts put right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth.abc import BlockAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI
from eth.db.atomic import AtomicDB
from eth.db.schema import SchemaV1
from eth.exceptions import CanonicalHeadNotFound, HeaderNotFound
from eth.exceptions import TransactionNotFound as NotIndexed
from eth.rlp.sedes import chain_gaps
from eth.vm.forks.cancun.state import get_total_blob_gas
from eth_tester.backends.pyevm.main import PyEVMBackend
from eth_tester.backends.pyevm.serializers import (
    serialize_transaction,
    serialize_transaction_receipt,
)
from eth_tester.exceptions import TransactionNotFound
from eth_typing import BlockNumber, Hash32

from ledger.devchain.database import SqliteDB
from ledger.devchain.genesis import (
    DevChain,
    Genesis,
    account_keys,
    chain_class,
    genesis_parameters,
    genesis_state,
)
from ledger.errors import FatalError


class DurableBackend(PyEVMBackend):  # type: ignore[misc]  # eth-tester is untyped
    """One chain in one SQLite file; each transaction becomes a block that is durable on return.

    Not safe for threads, since py-evm is not: call it from one thread only.
    """

    chain: DevChain

    def __init__(self, path: Path | None, genesis: Genesis) -> None:
        self._genesis = genesis
        self._db = SqliteDB(path)
        super().__init__()

    def reset_to_genesis(self, *_: object) -> None:
        """Open the chain that the store holds, or begin a new one; the base class calls this at birth."""
        self.account_keys = account_keys()
        try:
            self._open()
        except CanonicalHeadNotFound:
            self._begin()
        held = self.header_at(0)
        if self.chain.chain_id != self._held_chain_id():
            raise FatalError(
                "devchain_mismatch",
                f"the file holds the chain of genesis {held.hash.hex()} under another chain id",
            )

    def _open(self) -> None:
        # A fresh chain object also drops py-evm's caches, which may hold what was rolled back.
        self.chain = chain_class(self._genesis.chain_id)(AtomicDB(self._db))

    def _begin(self) -> None:
        chain_class(self._genesis.chain_id).from_genesis(
            AtomicDB(self._db),
            genesis_parameters(self._genesis),
            genesis_state(self.account_keys, self._genesis.funded),
        )
        self._open()
        self._db[b"jjj:chain-id"] = str(self._genesis.chain_id).encode()
        self._db.commit()

    def _held_chain_id(self) -> int:
        return int(self._db[b"jjj:chain-id"])

    @property
    def height(self) -> int:
        """Number of the newest mined block."""
        return self.chain.get_canonical_head().block_number

    def header_at(self, number: int) -> BlockHeaderAPI:
        """Header of a mined block; raises HeaderNotFound."""
        return self.chain.get_canonical_block_header_by_number(BlockNumber(number))

    def block_at(self, number: int) -> BlockAPI:
        """A mined block; raises HeaderNotFound."""
        return self.chain.get_canonical_block_by_number(BlockNumber(number))

    def execute(self, transaction: SignedTransactionAPI) -> bytes:
        """Mine one transaction into a block of its own; returns its hash.

        Raises eth_utils.ValidationError where the transaction may not be in a block.
        """
        with self._whole_block():
            self.chain.apply_transaction(transaction)
        return transaction.hash

    def mine_empty(self) -> None:
        """Mine a block without transactions."""
        with self._whole_block():
            pass

    @contextmanager
    def _whole_block(self) -> Iterator[None]:
        try:
            self._set_time()
            yield
            self._mine()
        except BaseException:
            # Half a block must not be found by the next transaction, nor be committed with it.
            self._db.rollback()
            self._open()
            raise

    def _mine(self) -> None:
        blob_gas = sum(get_total_blob_gas(each) for each in self.chain.get_block().transactions)
        self.chain.mine_block(mix_hash=self._genesis.entropy(32), blob_gas_used=blob_gas)
        # Only now is anything answered: a transaction hash given out survives kill -9.
        self._db.commit()

    def _set_time(self) -> None:
        # The pending header was stamped when the block before was mined, perhaps hours ago.
        self.chain.set_header_timestamp(self._next_time())

    def _next_time(self) -> int:
        parent = self.chain.get_canonical_head()
        return max(int(parent.timestamp) + 1, self._genesis.now() // 1000)

    def header_for_call(self, number: int) -> BlockHeaderAPI:
        """Header of a mined block, as a call on the state after it sees it; raises HeaderNotFound.

        A call on the newest state sees the time that a transaction sent now would see: else what has
        become due while the chain was idle would be refused by every try before sending.
        """
        header = self.header_at(number)
        return header.copy(timestamp=self._next_time()) if number == self.height else header

    def find(self, transaction: bytes) -> tuple[BlockAPI, int] | None:
        """The block that holds the transaction and its index there, by py-evm's own index."""
        try:
            number, index = self.chain.get_canonical_transaction_index(Hash32(transaction))
            block = self.block_at(number)
        except (NotIndexed, HeaderNotFound):
            return None
        return block, index

    def get_transaction_by_hash(self, transaction_hash: bytes) -> dict[str, Any]:
        """As the base class, by the index."""
        block, index = self._found(transaction_hash)
        serialised: dict[str, Any] = serialize_transaction(
            block, block.transactions[index], index, False
        )
        return serialised

    def get_transaction_receipt(self, transaction_hash: bytes) -> dict[str, Any]:
        """As the base class, which reads every block from the newest down (200 times slower)."""
        block, index = self._found(transaction_hash)
        receipts = self.receipts(block)
        serialised: dict[str, Any] = serialize_transaction_receipt(
            block, receipts, block.transactions[index], index, False, self.chain.get_vm()
        )
        return serialised | {"logs_bloom": receipts[index].bloom}

    def _found(self, transaction_hash: bytes) -> tuple[BlockAPI, int]:
        found = self.find(transaction_hash)
        if found is None:
            raise TransactionNotFound(f"no transaction 0x{transaction_hash.hex()}")
        return found

    def receipts(self, block: BlockAPI) -> tuple[ReceiptAPI, ...]:
        """Receipts of a mined block."""
        return block.get_receipts(self.chain.chaindb)

    def revert_to_snapshot(self, snapshot: bytes) -> None:
        """Go back to the block of that hash; everything after it is unlearned, durably."""
        header = self.chain.get_block_header_by_hash(Hash32(snapshot))
        for number in range(header.block_number + 1, self.height + 1):
            for transaction in self.block_at(number).transactions:
                self._db.delete(
                    SchemaV1.make_transaction_hash_to_block_lookup_key(transaction.hash)
                )
            self._db.delete(SchemaV1.make_block_number_to_hash_lookup_key(BlockNumber(number)))
        self._db.set(SchemaV1.make_canonical_head_hash_lookup_key(), header.hash)
        # py-evm also keeps which numbers it has seen, and would look for the blocks unlearned here.
        no_gaps = rlp.encode(((), header.block_number + 1), sedes=chain_gaps)
        self._db.set(SchemaV1.make_header_chain_gaps_lookup_key(), no_gaps)
        self._db.set(SchemaV1.make_chain_gaps_lookup_key(), no_gaps)
        self._db.commit()
        self._open()

    def close(self) -> None:
        """Release the file."""
        self._db.close()
