"""Talking to nodes and the gateway over HTTP; for the gateway, the CLI and developers outside."""

from ledger.client.answers import BatchAnswer, Receipt, RecordPage, RecordView
from ledger.client.gateway import GatewayClient
from ledger.client.node import NodeClient
from ledger.client.peer import PeerClient
from ledger.client.tokens import ReadTokens

__all__ = [
    "BatchAnswer",
    "GatewayClient",
    "NodeClient",
    "PeerClient",
    "ReadTokens",
    "Receipt",
    "RecordPage",
    "RecordView",
]
