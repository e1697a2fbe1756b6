"""Contradictions and findings, kept for ever and each of them once."""

from __future__ import annotations

import hashlib

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.store import schema
from ledger.store.dialect import insert_into
from ledger.values import Millis


async def keep_evidence(
    connection: AsyncConnection, kind: str, subject: str, body: str, at: Millis
) -> None:
    """Insert it unless the same (kind, subject, body) is there already."""
    await connection.execute(
        insert_into(connection.dialect, schema.evidence)
        .values(
            kind=kind,
            subject=subject,
            body_digest=hashlib.sha256(body.encode()).digest(),
            body=body,
            at=at,
        )
        .on_conflict_do_nothing()
    )
