"""Writing tree heads to the chain, driven by what chain and store show and never by memory."""

from ledger.anchoring.anchorer import Anchorer
from ledger.anchoring.outage import Outage
from ledger.anchoring.replacing import Replacing
from ledger.anchoring.status import Alarm, AnchorStatus, Outcome

__all__ = ["Alarm", "AnchorStatus", "Anchorer", "Outage", "Outcome", "Replacing"]
