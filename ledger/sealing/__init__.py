"""Group commit: from a statement found good to a leaf, a signed head and a receipt."""

from ledger.sealing.plan import Candidate
from ledger.sealing.receipts import ReceiptOut, Signed
from ledger.sealing.sealer import Sealer
from ledger.sealing.standing import Standing

__all__ = ["Candidate", "ReceiptOut", "Sealer", "Signed", "Standing"]
