"""Read tokens: one signed leave for one request (formats.md section 1.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ledger.ports import Clock, Random, Signer
from ledger.statement import base64url
from ledger.statement.jws import sign_read_token
from ledger.statement.signing import ED25519, AuthorSigner

_JTI_SIZE = 16


class ReadTokens:
    """Makes the Authorization of requests to one node.

    Args:
        audience: ``<network>/<region>`` of the node.
    """

    def __init__(
        self,
        audience: str,
        *,
        sign: Callable[[bytes], bytes],
        alg: str,
        kid: str,
        clock: Clock,
        random: Random,
    ) -> None:
        self._audience = audience
        self._sign = sign
        self._alg = alg
        self._kid = kid
        self._clock = clock
        self._random = random

    @classmethod
    def of_author(
        cls, audience: str, signer: AuthorSigner, clock: Clock, random: Random
    ) -> ReadTokens:
        """Under a firm's registered key."""
        return cls(
            audience, sign=signer.sign, alg=signer.alg, kid=signer.kid, clock=clock, random=random
        )

    @classmethod
    def of_peer(cls, audience: str, signer: Signer, clock: Clock, random: Random) -> ReadTokens:
        """Under a region's peer key."""
        return cls(
            audience, sign=signer.sign, alg=ED25519, kid=signer.name, clock=clock, random=random
        )

    def header(self, method: str, target: str, body: bytes | None = None) -> str:
        """The Authorization header for one request; ``target`` is path and query as sent.

        ``body`` is what a request carries that writes as the key's holder.
        """
        token = sign_read_token(
            self._sign,
            self._alg,
            self._kid,
            self._audience,
            method,
            target,
            self._clock.now() // 1000,
            base64url.encode(self._random.bytes(_JTI_SIZE)),
            None if body is None else hashlib.sha256(body).digest(),
        )
        return f"Bearer {token}"
