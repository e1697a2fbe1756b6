"""Following the chain and the other regions: anchored heads, mirrored logs, cosignatures, contradictions."""

from ledger.mirroring.book import AnchorBook
from ledger.mirroring.election import held_by
from ledger.mirroring.fetched import FetchedCopies
from ledger.mirroring.follower import Follower
from ledger.mirroring.holders import Holders
from ledger.mirroring.keeper import Keeper
from ledger.mirroring.mirror import Mirror
from ledger.mirroring.ownlog import OwnLog
from ledger.mirroring.refetching import Refetcher
from ledger.mirroring.witness import Witness

__all__ = [
    "AnchorBook",
    "FetchedCopies",
    "Follower",
    "Holders",
    "Keeper",
    "Mirror",
    "OwnLog",
    "Refetcher",
    "Witness",
    "held_by",
]
