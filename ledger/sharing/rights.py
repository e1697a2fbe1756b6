"""Who asks, shown by a signed token, and what that opens (DESIGN D1, D8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.errors import InputError, VerificationError
from ledger.merkle.note import VerifierKey
from ledger.ports import Clock
from ledger.records.grades import mirrored, public
from ledger.sharing.holdings import Holdings
from ledger.sharing.operators import registered_key
from ledger.statement.jws import ReadToken, parse_read_token
from ledger.statement.sdjwt import Path, Statement
from ledger.statement.signing import verify_signature

_FRESH = 60
_MAX_SEEN = 1_000_000


@dataclass(frozen=True, slots=True)
class Right:
    """What a request may read.

    ``author`` is the ``iss`` of a firm that proved its key, ``peer`` the region whose peer key signed;
    both None: the public. ``body`` is the SHA-256 that a request which writes must carry.
    """

    author: str | None = None
    peer: str | None = None
    body: bytes | None = None

    def opens(self, statement: Statement) -> Callable[[Path], bool]:
        """Which slots of a statement this right opens: deny by default."""
        # By the signed claims, not by columns: a changed column must not open another kind's fields.
        if self.author is not None and self.author == statement.claims.iss:
            return _all
        # Peers get what their mirrors may hold by the feed; beyond it they read as the public does.
        return mirrored(statement.claims.kind) if self.peer else public(statement.claims.kind)


PUBLIC = Right()


class Rights:
    """Checks read tokens and remembers those it has seen while they could be used again.

    Tokens made before this node started are refused, since what was seen then is forgotten.
    """

    def __init__(
        self,
        audience: str,
        holdings: Holdings,
        clock: Clock,
        registrars: Callable[[], frozenset[str]],
        peers: Mapping[str, VerifierKey],
    ) -> None:
        self._audience = audience
        self._holdings = holdings
        self._clock = clock
        self._registrars = registrars
        self._peers = peers
        self._started = clock.monotonic()
        self._seen: dict[tuple[str, str], int] = {}

    async def authorise(self, token: str, method: str, target: str) -> Right:
        """The right that a token for this request (method, path and query) carries.

        Raises:
            InputError: token_invalid.
        """
        try:
            read = parse_read_token(token)
            self._check_request(read, method, target)
            right = await self._check_key(read)
        except VerificationError as error:
            raise InputError("token_invalid", f"{error.code}: {error.detail}") from error
        # Only after the signature holds: else strangers could fill the memory or burn a jti.
        self._remember(read)
        return right

    def _check_request(self, read: ReadToken, method: str, target: str) -> None:
        if read.aud != self._audience:
            raise VerificationError("read_token_aud", f"not made for {self._audience}", "/aud")
        if read.htm != method or read.htu != target:
            raise VerificationError("read_token_target", "made for another request", "/htu")
        now = self._clock.now()
        # By monotonic time: a clock that was ahead at the start and was set right would refuse everybody
        # until that time comes.
        started = (now - round((self._clock.monotonic() - self._started) * 1000)) // 1000
        if abs(now // 1000 - read.iat) > _FRESH or read.iat < started:
            raise VerificationError("read_token_iat", "not fresh", "/iat")

    async def _check_key(self, read: ReadToken) -> Right:
        peer = self._peers.get(read.kid)
        if peer is not None:
            key = Ed25519PublicKey.from_public_bytes(peer.public_key)
            verify_signature(read.alg, key, read.signing_input, read.signature)
            return Right(peer=peer.name.split("/")[1], body=read.body)
        facts = await registered_key(self._holdings, self._audience, self._registrars(), read.kid)
        verify_signature(read.alg, facts.public_key, read.signing_input, read.signature)
        return Right(author=facts.iss, body=read.body)

    def _remember(self, read: ReadToken) -> None:
        now = self._clock.now() // 1000
        mark = (read.kid, read.jti)
        if self._seen.get(mark, -1) >= now:
            raise InputError("token_invalid", "read_token_jti: used before")
        if len(self._seen) >= _MAX_SEEN or (self._seen and len(self._seen) % 1024 == 0):
            self._seen = {seen: until for seen, until in self._seen.items() if until >= now}
        if len(self._seen) >= _MAX_SEEN:
            raise InputError("rate_limited", "too many tokens at once")
        # A token is fresh until iat + 60 s, and its iat may lie 60 s ahead.
        self._seen[mark] = read.iat + _FRESH


def _all(path: Path) -> bool:  # noqa: ARG001 - one shape for all rights
    return True
