"""The tables of version 1."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary

revision = "1"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them, in the order in which they refer to one another."""
    _small()
    _statements()
    _found_by()
    _logged()
    _chain()


def _small() -> None:
    op.create_table(
        "meta",
        Column("name", _TEXT, primary_key=True),
        Column("value", _TEXT, nullable=False),
    )
    op.create_table(
        "log",
        Column("origin", _TEXT, primary_key=True),
        Column("region", _TEXT, nullable=False),
        Column("epoch", Integer, nullable=False),
    )
    op.create_table(
        "evidence",
        Column("number", _NUMBER, primary_key=True),
        Column("kind", _TEXT, nullable=False),
        Column("subject", _TEXT, nullable=False),
        Column("body_digest", LargeBinary, nullable=False),
        Column("body", _TEXT, nullable=False),
        Column("at", BigInteger, nullable=False),
        sa.UniqueConstraint("kind", "subject", "body_digest"),
    )


def _statements() -> None:
    op.create_table(
        "statement",
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
    )
    op.create_index("statement_by_author", "statement", ["author"])


def _found_by() -> None:
    op.create_table(
        "record_version",
        Column("region", _TEXT, primary_key=True),
        Column("key", _TEXT, primary_key=True),
        Column("kind", _TEXT, primary_key=True),
        Column("issuer", _TEXT, primary_key=True),
        Column("version", BigInteger, primary_key=True, autoincrement=False),
        Column("statement", _NUMBER, ForeignKey("statement.number"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "author_jti",
        Column("region", _TEXT, primary_key=True),
        Column("jti", _TEXT, primary_key=True),
        Column("author", _TEXT, primary_key=True),
        Column("statement", _NUMBER, ForeignKey("statement.number"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identifier",
        Column("value", _TEXT, primary_key=True),
        Column("type", _TEXT, primary_key=True),
        Column("statement", _NUMBER, ForeignKey("statement.number"), primary_key=True),
        Column("ordinal", Integer, nullable=False),
        Column("follow", Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("identifier_by_statement", "identifier", ["statement"])


def _logged() -> None:
    op.create_table(
        "leaf",
        Column("origin", _TEXT, ForeignKey("log.origin"), primary_key=True),
        Column("index", BigInteger, primary_key=True),
        Column("statement", _NUMBER, ForeignKey("statement.number"), nullable=False),
        Column("received", BigInteger, nullable=False),
        Column("prev_index", BigInteger, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("leaf_by_statement", "leaf", ["statement"])
    op.create_table(
        "tile",
        Column("origin", _TEXT, primary_key=True),
        Column("level", Integer, primary_key=True, autoincrement=False),
        Column("index", BigInteger, primary_key=True, autoincrement=False),
        Column("root", LargeBinary, nullable=False),
        Column("data", LargeBinary, nullable=False),
    )


def _chain() -> None:
    op.create_table(
        "anchor",
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
    op.create_table(
        "cosignature",
        Column("origin", _TEXT, primary_key=True),
        Column("size", BigInteger, primary_key=True, autoincrement=False),
        Column("name", _TEXT, primary_key=True),
        Column("line", _TEXT, nullable=False),
    )
    op.create_table(
        "outbox",
        Column("number", _NUMBER, primary_key=True),
        Column("sender", LargeBinary, nullable=False),
        Column("nonce", BigInteger, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Column("origin", _TEXT, nullable=False),
        Column("size", BigInteger, nullable=False),
        Column("root", LargeBinary, nullable=False),
        Column("raw", LargeBinary, nullable=False),
        Column("done", Boolean, nullable=False),
        sa.UniqueConstraint("sender", "nonce", "hash"),
    )
