"""Operator: which kinds of record a firm may post, signed by a registrar (formats.md section 1.3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Base64, CompactJws, Text, Uscc
from ledger.records.grading import G1, Graded
from ledger.records.keyforms import OPERATOR
from ledger.records.kind import Kind

KindName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class OperatorFields(RecordFields):
    """Fields of an operator record: open to all, so that anyone can check who may post."""

    uscc: Annotated[Uscc, Graded(G1, "信用代码", "USCC", "uscc")]
    name: Annotated[Text, Graded(G1, "名称", "Name")]
    status: Annotated[Literal["active", "suspended"], Graded(G1, "状态", "Status")]
    kinds: Annotated[
        list[KindName],
        Field(min_length=1, max_length=256),
        Graded(G1, "可提交的记录种类", "Kinds it may post"),
    ]
    certificate: Annotated[Base64, Graded(G1, "证书", "Certificate (base64 DER)")]
    key_proof: Annotated[CompactJws, Graded(G1, "密钥持有证明", "Proof of the key (JWS)")]


KIND = Kind(
    name="operator",
    model=OperatorFields,
    key=OPERATOR,
    zh="经营者登记",
    en="Operator",
    summary=("name", "status", "kinds"),
)
