"""From a post to a statement that is good in itself."""

from ledger.intake.admitted import Admitted
from ledger.intake.clockwatch import ClockWatch
from ledger.intake.intake import Intake

__all__ = ["Admitted", "ClockWatch", "Intake"]
