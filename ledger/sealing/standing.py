"""Whether a log may be signed on: the start states of DESIGN D3."""

from __future__ import annotations

from dataclasses import dataclass

from ledger import tree
from ledger.errors import InputError, UnavailableError, VerificationError
from ledger.ports import HeadState, Lack, Store
from ledger.values import Origin, TreeHead


@dataclass(frozen=True, slots=True)
class Standing:
    """``leading``: the log may grow and its heads may be signed; else read-only, with the reason."""

    leading: bool
    code: str = ""
    detail: str = ""


LEADING = Standing(True)
LOCK_LOST = frozenset({"head_lock_missing", "head_lock_torn"})
"""Start states that the other holders can cure, if they remember what this lock has lost."""
ASKED_AGAIN = frozenset({"copies_missing", "copies_ahead", "store_unavailable", "clock_departed"})
"""States of the mirrors, of a full disk and of a wrong clock that pass by themselves."""
FETCHED_AGAIN = frozenset({"head_lock_ahead", "copies_ahead", "leaves_lost"})
"""States of a log that lacks leaves: whoever is asked again may hold them."""
NOT_STARTED = Standing(False, "log_not_started", "the node has not compared log and head lock yet")
UNREADABLE = (InputError, VerificationError, UnavailableError)
"""What comes of rows that a tree needs and that are gone or altered."""
NO_KEY = Standing(False, "log_key_missing", "this node does not hold the log's key")


def judge_unreadable(error: InputError | VerificationError | UnavailableError) -> Standing:
    """The start state of a log of which rows are gone or altered.

    Raises the error again where it is only the database that does not answer now.
    """
    if isinstance(error, UnavailableError) and error.code != "row_unreadable":
        raise error
    return Standing(False, "log_unreadable", f"{error.code}: {error.detail}")


async def judge(store: Store, origin: Origin, head: TreeHead, lock: HeadState) -> Standing:
    """Compare the log, which ends at ``head``, with what the head lock remembers."""
    if lock.moved:
        # Before all else: the other holders can cure a lock that was lost, but nobody but an operator
        # knows why the database changed.
        return Standing(
            False,
            "store_moved",
            "the database is another one than the head lock was kept beside (promoted, restored or"
            " replaced): bring back what it lacks, then adopt the head",
        )
    if lock.torn:
        return Standing(False, "head_lock_torn", "the head lock is damaged; adopt a head")
    if lock.head is None:
        if head.size == 0:
            return LEADING
        return Standing(
            False, "head_lock_missing", "the log has leaves but no head lock; adopt one"
        )
    if lock.head.size > head.size:
        return Standing(
            False,
            "head_lock_ahead",
            f"heads up to size {lock.head.size} were promised, the log holds {head.size} leaves",
        )
    if await tree.root(store, origin, lock.head.size) != lock.head.root:
        return Standing(
            False,
            "head_lock_fork",
            f"the log has another root at size {lock.head.size} than was promised",
        )
    return LEADING


def judge_lack(standing: Standing, lack: Lack) -> Standing:
    """What is left of a start state once the others were asked for the leaves that are missing."""
    if standing.code in {"store_moved", "head_lock_fork"}:
        return standing
    if lack.missing:
        return _lost(standing, lack)
    open_to_doubt = standing.leading or standing.code in LOCK_LOST
    if open_to_doubt and (lack.unknown or (lack.forgotten and lack.silent)):
        return Standing(
            False,
            "copies_ahead",
            "no head lock tells what was promised, and who could does not answer:"
            f" {', '.join(lack.silent)}",
        )
    if open_to_doubt and lack.forgotten:
        return Standing(
            False,
            "promises_forgotten",
            f"{lack.held} leaves were brought back from the mirrors, and no lock tells what was promised"
            f" from index {lack.held} on: close the log by an epoch turn",
        )
    return standing


def _lost(standing: Standing, lack: Lack) -> Standing:
    named = f"leaves {lack.held} to {lack.promised - 1} were promised and are not here"
    if not lack.lost:
        code = standing.code if standing.code == "head_lock_ahead" else "copies_ahead"
        return Standing(False, code, f"{named}; does not answer: {', '.join(lack.silent)}")
    beyond = ""
    if lack.forgotten or standing.code in LOCK_LOST:
        beyond = "; no lock tells what was promised after them"
    return Standing(
        False,
        "leaves_lost",
        f"{named}, and nobody holds them: lost, unless a newer database is found{beyond}; close the log by"
        " an epoch turn",
    )
