"""What a chain shows of its identity (DESIGN D11)."""

from __future__ import annotations

import hashlib

from ledger.chain import answers
from ledger.chain.rpc import Rpc
from ledger.chain.sending import ask_all
from ledger.values import ChainIdentity

_NO_HASH = bytes(32)


async def read_identity(rpc: Rpc, ledger: bytes, deploy_block_number: int) -> ChainIdentity:
    """The identity shown now, for a ledger at that address whose registry came with that block.

    A chain that was begun anew may not have such a block or code: then the hash is 32 zero bytes or
    that of no code, which differ from what they were, so that the caller sees another chain and not
    one that is merely silent. Raises UnavailableError.
    """
    chain_id, genesis, block, code = await ask_all(
        rpc,
        [
            ("eth_chainId", ()),
            ("eth_getBlockByNumber", ("0x0", False)),
            ("eth_getBlockByNumber", (hex(deploy_block_number), False)),
            ("eth_getCode", ("0x" + ledger.hex(), "latest")),
        ],
    )
    return ChainIdentity(
        chain_id=answers.number(chain_id),
        genesis_hash=answers.block(genesis).hash,
        deploy_block_number=deploy_block_number,
        deploy_block_hash=_NO_HASH if block is None else answers.block(block).hash,
        address=ledger,
        code_hash=hashlib.sha256(answers.data(code)).digest(),
    )
