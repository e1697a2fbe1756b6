"""The embedded development chain: eth-tester's py-evm behind JSON-RPC, its state in one SQLite file.

For development and tests only; a production node never imports it.
"""

import sys

from ledger.devchain.asgi import DevChainApp, app
from ledger.devchain.genesis import CHAIN_ID, Genesis
from ledger.devchain.serving import serve_forever, serving

__all__ = ["CHAIN_ID", "DevChainApp", "Genesis", "app", "serve_forever", "serving"]

# Importing py-evm lets every thread of the process recurse 100,000 deep; JSON nested that deep then
# overflows the stack and ends the process instead of raising RecursionError. Our contracts call each
# other three deep, so a tenth is plenty.
sys.setrecursionlimit(min(sys.getrecursionlimit(), 10_000))
