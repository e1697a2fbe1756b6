"""The tables of one region's database (DESIGN D3, *Rows*).

A statement's bytes stand once, in ``statement.signed`` and ``statement.disclosures``. Every other column of
that table, and every row of ``record_version``, ``author_jti`` and ``identifier``, can be re-derived from
them: a changed one gives at worst a wrong search, never a wrong verdict.

``number`` is the row's own small key. It keeps the many rows that point to a statement short and in order
of arrival, so that appends touch the same few pages of their indexes however large the log has grown.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION = "2"
"""The newest revision in ``migrations``; each change of a table below is one of them (docs/developer)."""

metadata = MetaData()

# SQLite keeps INTEGER alone as the row's own key; 2^31 statements are too few for PostgreSQL's INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
# Bytes in order, as SQLite compares them: pages of a search come in the same order from both, and an index
# does not break when the operating system sorts a language anew.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")

meta = Table(
    "meta",
    metadata,
    Column("name", _TEXT, primary_key=True),
    Column("value", _TEXT, nullable=False),
)

log = Table(
    "log",
    metadata,
    Column("origin", _TEXT, primary_key=True),
    Column("region", _TEXT, nullable=False),
    Column("epoch", Integer, nullable=False),
)

statement = Table(
    "statement",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("id", LargeBinary, nullable=False, unique=True),
    Column("region", _TEXT, nullable=False),
    Column("kind", _TEXT, nullable=False),
    Column("issuer", _TEXT, nullable=False),
    Column("key", _TEXT, nullable=False),
    Column("author", _TEXT, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("prev", LargeBinary),
    Column("jti", _TEXT, nullable=False),
    Column("event_time", BigInteger),
    Column("signed", LargeBinary, nullable=False),
    Column("disclosures", _TEXT, nullable=False),
    Index("statement_by_author", "author"),
)

leaf = Table(
    "leaf",
    metadata,
    Column("origin", _TEXT, ForeignKey("log.origin"), primary_key=True),
    Column("index", BigInteger, primary_key=True),
    Column("statement", _NUMBER, ForeignKey("statement.number"), nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("prev_index", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("leaf_by_statement", "statement"),
    sqlite_with_rowid=False,
)

record_version = Table(
    "record_version",
    metadata,
    # key right behind region: SQLite cannot search an index by a list of row values, so groups are looked
    # up by a list of keys alone and the few rows that share one are sifted.
    Column("region", _TEXT, primary_key=True),
    Column("key", _TEXT, primary_key=True),
    Column("kind", _TEXT, primary_key=True),
    Column("issuer", _TEXT, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("statement", _NUMBER, ForeignKey("statement.number"), nullable=False),
    sqlite_with_rowid=False,
)

author_jti = Table(
    "author_jti",
    metadata,
    # jti before author, for the same reason.
    Column("region", _TEXT, primary_key=True),
    Column("jti", _TEXT, primary_key=True),
    Column("author", _TEXT, primary_key=True),
    Column("statement", _NUMBER, ForeignKey("statement.number"), nullable=False),
    sqlite_with_rowid=False,
)

identifier = Table(
    "identifier",
    metadata,
    Column("value", _TEXT, primary_key=True),
    Column("type", _TEXT, primary_key=True),
    Column("statement", _NUMBER, ForeignKey("statement.number"), primary_key=True),
    Column("ordinal", Integer, nullable=False),
    Column("follow", Boolean, nullable=False),
    Index("identifier_by_statement", "statement"),
    sqlite_with_rowid=False,
)

tile = Table(
    "tile",
    metadata,
    Column("origin", _TEXT, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    # root before data: SQLite reads a row from its front, so roots are had without the 8 KiB behind.
    Column("root", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

sealed = Table(
    "sealed",
    metadata,
    Column("origin", _TEXT, ForeignKey("log.origin"), primary_key=True),
    Column("statement", _NUMBER, ForeignKey("statement.number"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("enc", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
)

anchor = Table(
    "anchor",
    metadata,
    Column("origin", _TEXT, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", LargeBinary, nullable=False),
    Column("transaction", LargeBinary, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("block_time", BigInteger, nullable=False),
    Column("checkpoint", _TEXT),
    Column("quorate", Boolean, nullable=False),
)

cosignature = Table(
    "cosignature",
    metadata,
    Column("origin", _TEXT, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("name", _TEXT, primary_key=True),
    Column("line", _TEXT, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("sender", LargeBinary, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("origin", _TEXT, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("done", Boolean, nullable=False),
    UniqueConstraint("sender", "nonce", "hash"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("kind", _TEXT, nullable=False),
    Column("subject", _TEXT, nullable=False),
    Column("body_digest", LargeBinary, nullable=False),
    Column("body", _TEXT, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("kind", "subject", "body_digest"),
)
