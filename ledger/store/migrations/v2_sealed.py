"""Sealed disclosures of mirrored statements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary

revision = "2"
down_revision = "1"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their table; some files of version 1 have it already, made before versions were counted."""
    op.create_table(
        "sealed",
        Column("origin", _TEXT, ForeignKey("log.origin"), primary_key=True),
        Column("statement", _NUMBER, ForeignKey("statement.number"), primary_key=True),
        Column("seq", BigInteger, nullable=False),
        Column("enc", LargeBinary, nullable=False),
        Column("signature", LargeBinary, nullable=False),
        Column("ciphertext", LargeBinary, nullable=False),
        if_not_exists=True,
    )
