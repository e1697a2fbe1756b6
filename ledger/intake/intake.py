"""Is a statement good in itself? Cheap checks first, so that floods cost little (DESIGN D1)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from ledger.errors import ForbiddenError, InputError, LedgerError, VerificationError
from ledger.intake.admitted import Admitted
from ledger.intake.authors import Author, Authors, refused
from ledger.intake.clockwatch import ClockWatch
from ledger.intake.knownids import KnownIds
from ledger.intake.reading import author_signed, read_row
from ledger.ports import Clock, StatementRow, Store
from ledger.statement.certificates import check_certificate
from ledger.statement.jose import read_header
from ledger.statement.limits import MAX_STATEMENT, TYP
from ledger.statement.sdjwt import parse
from ledger.values import Millis, StatementId

MIN_VALIDITY_MS = 24 * 3600 * 1000


def allow_all(_: str) -> bool:
    """No limit."""
    return True


def open_always() -> None:
    """No gate."""


async def at_once() -> None:
    """Nothing to wait for."""


@dataclass(frozen=True, slots=True)
class _Posted:
    """A compact statement as it came in, its first part found."""

    compact: str
    id: StatementId


class Intake:
    """Checks statements posted to one region.

    Args:
        network: name of the network.
        region: this node's region.
        registrars: kids (hex) of the registrars that the open log's policy names.
        certificates: the registrars' certificates and intermediates, DER.
        cas: the trusted CAs, DER.
        allow_address: whether one more post from this address is within its limit.
        allow_key: dito for a key (kid in base64url).
        gate: raises UnavailableError while no record may be taken for a reason that is not the record's.
        whole: raises UnavailableError while the log may lack leaves, and with them who may post.
        watch: says whether the clock can be believed; without, one that hears of no other region.
        started: returns once whoever may contradict the clock after a start has had the time to.
    """

    def __init__(
        self,
        *,
        network: str,
        region: str,
        store: Store,
        clock: Clock,
        registrars: Callable[[], Collection[str]],
        certificates: Sequence[bytes],
        cas: Sequence[bytes],
        allow_address: Callable[[str], bool] = allow_all,
        allow_key: Callable[[str], bool] = allow_all,
        gate: Callable[[], None] = open_always,
        whole: Callable[[], None] = open_always,
        watch: ClockWatch | None = None,
        started: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        self._audience = f"{network}/{region}"
        self._region = region
        self._store = store
        self._clock = clock
        self._known = KnownIds(store)
        self._watch = watch or ClockWatch(clock)
        self._started = started
        self._authors = Authors(region, store, registrars, certificates)
        self._certificates = tuple(certificates)
        self._cas = tuple(cas)
        self._allow_address = allow_address
        self._allow_key = allow_key
        self._gate = gate
        self._whole = whole

    def sealed(self, rows: Sequence[StatementRow]) -> None:
        """To be told which statements became durable: operator records change who may post."""
        self._authors.sealed(rows)

    async def accept(self, compact: str | bytes, address: str = "") -> Admitted:
        """Check one statement.

        Raises:
            InputError: with the field's path; ForbiddenError where key, certificate, signature or role
                is the reason.
            UnavailableError: clock_departed, store_unavailable, what ``gate`` and ``whole`` say.
        """
        [outcome] = await self.accept_all([compact], address)
        if isinstance(outcome, LedgerError):
            raise outcome
        return outcome

    async def accept_all(
        self, compacts: Iterable[str | bytes], address: str = ""
    ) -> list[Admitted | InputError]:
        """Check statements of one batch, each on its own; one outcome for each, in order.

        Raises:
            UnavailableError: clock_departed, store_unavailable, what ``gate`` and ``whole`` say.
        """
        await self._started()
        self._watch.check()
        self._gate()
        arrived = [self._arrive(compact, address) for compact in compacts]
        ids = [one.id for one in arrived if isinstance(one, _Posted)]
        known = await self._known.among(ids)
        return [
            one if isinstance(one, InputError) else await self._outcome(one, known)
            for one in arrived
        ]

    def _arrive(self, compact: str | bytes, address: str) -> _Posted | InputError:
        """Length, limit per address, id: what costs next to nothing."""
        try:
            if len(compact) > MAX_STATEMENT:
                raise InputError("statement_too_large", f"longer than {MAX_STATEMENT} characters")
            if not self._allow_address(address):
                raise InputError("rate_limited", "too many posts from this address")
            text = compact if isinstance(compact, str) else compact.decode("ascii", "replace")
            signing_input = text.partition("~")[0].rpartition(".")[0]
            if not text.isascii() or not signing_input:
                raise InputError("statement_malformed", "not a compact SD-JWT")
        except InputError as error:
            return error
        return _Posted(text, StatementId(hashlib.sha256(signing_input.encode()).digest()))

    async def _outcome(
        self, posted: _Posted, known: Collection[StatementId]
    ) -> Admitted | InputError:
        try:
            if posted.id in known and (seen := await self._seen(posted.id)) is not None:
                return seen
            return await self._check(posted)
        except InputError as error:
            return error
        except VerificationError as error:
            return InputError(error.code, error.detail, error.path)

    async def _seen(self, statement: StatementId) -> Admitted | None:
        """The place it has in this region's logs; that another region logged it counts for nothing."""
        for found in await self._store.statement(statement):
            if found.leaf.origin.region == self._region:
                return Admitted(found.statement, amends_others=False, place=found)
        return None

    async def _check(self, posted: _Posted) -> Admitted:
        header = read_header(posted.compact.partition(".")[0], TYP)
        author = await self._author(header.kid)
        if not self._allow_key(header.kid):
            raise InputError("rate_limited", "too many posts by this key")
        compact = author_signed(posted.compact, header, author)
        self._check_certificate(author)
        statement = parse(compact)
        claims = statement.claims
        if claims.iss != author.facts.iss:
            raise ForbiddenError("certificate_issuer", "the certificate is another's", "/iss")
        if claims.aud != self._audience:
            raise InputError("aud_mismatch", f"meant for {claims.aud}", "/aud")
        if claims.kind not in author.kinds:
            self._whole()
            raise ForbiddenError("kind_not_allowed", f"may not post {claims.kind}", "/kind")
        return read_row(statement, self._region, author)

    async def _author(self, kid: str) -> Author:
        try:
            return await self._authors.find(kid)
        except ForbiddenError:
            # The operator record may be among the leaves that are fetched back just now; told that nobody
            # knows its key, a firm would give its record up.
            self._whole()
            raise

    def _check_certificate(self, author: Author) -> None:
        now, facts = self._clock.now(), author.facts
        try:
            check_certificate(author.certificate, self._certificates, self._cas, now, facts.iss)
        except VerificationError as error:
            raise refused(error) from error
        # It must still be valid when the record's anchor is witnessed, which is its time for ever.
        if facts.not_after < Millis(now + MIN_VALIDITY_MS):
            raise ForbiddenError("certificate_expires_soon", "it has less than 24 hours left")
