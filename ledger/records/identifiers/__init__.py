"""Reading what someone types: the numbers that trade is found by."""

from __future__ import annotations

from ledger.records.identifiers.recognise import Recognised, recognise

__all__ = ["Recognised", "recognise"]
