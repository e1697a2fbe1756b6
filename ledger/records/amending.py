"""Who may post a further version of a record (DESIGN D1, *Identity*): one rule for home and mirrors."""

from __future__ import annotations

from collections.abc import Collection

from ledger.records.registry import KINDS


def role_amends(kind: str, posts: Collection[str]) -> bool:
    """Whether one who posts these kinds may post further versions of others' records of ``kind``.

    Of a kind that is not known here nobody may.
    """
    known = KINDS.get(kind)
    return known is not None and not known.amenders.isdisjoint(posts)


def may_follow(author: str, issuer: str, *, amends_others: bool) -> bool:
    """Whether an author may post a further version of a record with this issuer.

    The issuer is that of version 1, whoever posted the version before: what a role amended is still its
    issuer's record.
    """
    return author == issuer or amends_others
