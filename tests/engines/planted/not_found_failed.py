"""Planted: a node that does not find a transaction is taken to say that it failed."""

from ledger.chain import sending
from ledger.chain.rpc import NodeRefused

BREAKS, LIE, NODES, LIARS = "aside", "not_found", 4, 1


def plant(patch) -> None:
    receipt_json = sending.receipt_json

    async def _receipt_json(rpc, transaction):
        name = f"0x{transaction.hex()}"
        try:
            await rpc.call("eth_getTransactionReceipt", name)
        except NodeRefused:
            nowhere = {"blockNumber": "0x0", "blockHash": f"0x{'00' * 32}"}
            return nowhere | {"status": "0x0", "transactionHash": name, "logs": []}
        return await receipt_json(rpc, transaction)

    patch.setattr(sending, "receipt_json", _receipt_json)
