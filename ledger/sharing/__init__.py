"""Answering readers: who may see which field, and the evidence each answer carries."""

from ledger.sharing.feed import Feed
from ledger.sharing.holdings import Holdings
from ledger.sharing.pages import Page, View
from ledger.sharing.reader import Reader
from ledger.sharing.rights import PUBLIC, Right

__all__ = ["PUBLIC", "Feed", "Holdings", "Page", "Reader", "Right", "View"]
