"""Document: any file (PDF, scan, JSON, EDI), named by its digest; the file itself stays with its owner."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import (
    Container,
    Declaration,
    Digest,
    FileName,
    MediaType,
    Number,
    Text,
)
from ledger.records.grading import G1, G2, G3, Graded
from ledger.records.keyforms import DOCUMENT
from ledger.records.kind import Kind


class DocumentFields(RecordFields):
    """Fields of a document.

    The links say which consignment it belongs to; ``classification`` is the owner's own grading of the
    file after GB/T 43697: core data are refused.
    """

    sha256: Annotated[Digest, Graded(G1, "文件摘要", "SHA-256 of the file", "document")]
    size: Annotated[int, Field(ge=0, lt=2**53), Graded(G1, "文件大小（字节）", "Size (bytes)")]
    media_type: Annotated[MediaType, Graded(G1, "文件类型", "Media type")]
    document_type: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9_]{0,63}$"),
        Graded(G1, "单证种类", "Type of document"),
    ]
    file_name: Annotated[FileName | None, Graded(G3, "文件名", "File name", commercial=True)] = None
    title: Annotated[Text | None, Graded(G3, "标题", "Title", commercial=True)] = None
    classification: Annotated[
        Literal["general", "important", "core"] | None, Graded(G1, "数据级别", "Class of the data")
    ] = None
    bill: Annotated[Number | None, Graded(G1, "提单号", "Bill of lading", "bill")] = None
    invoice: Annotated[Number | None, Graded(G1, "发票号", "Invoice", "invoice")] = None
    certificate: Annotated[
        Number | None, Graded(G1, "原产地证书号", "Certificate of origin", "certificate")
    ] = None
    declaration: Annotated[
        Declaration | None, Graded(G1, "报关单号", "Declaration", "declaration")
    ] = None
    transit: Annotated[Number | None, Graded(G1, "转关单号", "Transit declaration", "transit")] = (
        None
    )
    container: Annotated[Container | None, Graded(G2, "集装箱号", "Container", "container")] = None


KIND = Kind(
    name="document",
    model=DocumentFields,
    key=DOCUMENT,
    zh="文件",
    en="Document",
    summary=("document_type", "media_type", "size"),
)
