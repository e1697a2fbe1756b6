"""Deriving everything again from storage, chain and mirrors, and naming what differs; changes nothing."""

from ledger.audit.auditor import Auditor
from ledger.audit.report import AuditReport, Difference

__all__ = ["AuditReport", "Auditor", "Difference"]
