"""A deterministic world of bundles, for tests of verifiers and for the corpus in docs/protocol."""

from ledger.testing.kit.logs import KitLog, NoteKey
from ledger.testing.kit.people import Authority, Firm, uscc_of
from ledger.testing.kit.world import START, Posted, World

__all__ = ["START", "Authority", "Firm", "KitLog", "NoteKey", "Posted", "World", "uscc_of"]
