"""Planted: a receipt without a block is one of the newest block."""

from ledger.chain import sending

BREAKS, LIE, NODES, LIARS = "receipts", "pending_receipt", 3, 2


def plant(patch) -> None:
    receipt_json = sending.receipt_json

    async def _receipt_json(rpc, transaction):
        found = await rpc.call("eth_getTransactionReceipt", f"0x{transaction.hex()}")
        if found is None or found["blockHash"] is not None:
            return await receipt_json(rpc, transaction)
        newest = await rpc.call("eth_getBlockByNumber", "latest", False)
        return found | {"blockNumber": newest["number"], "blockHash": newest["hash"]}

    patch.setattr(sending, "receipt_json", _receipt_json)
