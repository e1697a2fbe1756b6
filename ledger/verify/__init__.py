"""The verifier: checks a bundle against a policy, alone and offline."""

from ledger.verify.document import verify_document
from ledger.verify.policy import Policy, encode_policy, policy_from_network, tlog_policies
from ledger.verify.reading import ChainReading
from ledger.verify.report import Check, RecordReport, Report, State, report_json
from ledger.verify.verifier import Verifier, verify_bundle, verify_file

__all__ = [
    "ChainReading",
    "Check",
    "Policy",
    "RecordReport",
    "Report",
    "State",
    "Verifier",
    "encode_policy",
    "policy_from_network",
    "report_json",
    "tlog_policies",
    "verify_bundle",
    "verify_document",
    "verify_file",
]
