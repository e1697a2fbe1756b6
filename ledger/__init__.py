"""The Jing-Jin-Ji Customs Ledger: one library for all three regions."""

__version__ = "0.1.0"
