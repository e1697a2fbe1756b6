"""A plain file against the ``document`` record of a verified bundle."""

from __future__ import annotations

from ledger.verify.causes import Facts
from ledger.verify.report import Check, RecordReport, Report, State

KIND = "document"


def verify_document(digest: bytes, size: int, report: Report) -> Check:
    """Check that some document record of the report names this file.

    ``digest`` is SHA-256 of the file (32 bytes), ``size`` its length in bytes. The state is that record's
    verdict where the file is the one it names.
    """
    documents = [record for record in report.records if record.kind == KIND]
    naming = [record for record in documents if _names(record, digest, size)]
    if naming:
        best = next((record for record in naming if record.verdict is State.PASSED), naming[0])
        code = "document_holds" if best.verdict is State.PASSED else "document_unproven"
        facts: Facts = {"record": best.id, "sha256": digest.hex(), "size": size}
        return Check("document", best.verdict, code, facts)
    if not documents:
        return Check("document", State.FAILED, "document_absent")
    if any("sha256" not in record.fields or "size" not in record.fields for record in documents):
        return Check("document", State.UNKNOWN, "document_closed")
    named = ", ".join(str(record.fields["sha256"]) for record in documents[:8])
    facts = {"sha256": digest.hex(), "size": size, "named": named}
    return Check("document", State.FAILED, "document_differs", facts)


def _names(record: RecordReport, digest: bytes, size: int) -> bool:
    fields = record.fields
    return fields.get("sha256") == digest.hex() and fields.get("size") == size
