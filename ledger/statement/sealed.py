"""Sealed disclosures: what mirrors keep of a statement without being able to read it (DESIGN D6).

Encrypted to the home region's recovery key, which lies offline; the home's peer key signs over each, so
that a mirror knows whose ciphertext it keeps (docs/protocol/copies.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.errors import VerificationError
from ledger.statement.hpke import setup_recipient, setup_sender
from ledger.values import Origin, Sealed, StatementId

TITLE: Final = "jjj sealed disclosures 1"
_INFO: Final = TITLE.encode()


class SealedBatch:
    """Seals the disclosures of some statements under one HPKE context.

    Args:
        recipient: the home region's public recovery key, 32 bytes.
        ephemeral: 32 random bytes, used for this batch only.
        sign: signs with the home region's peer key.
    """

    def __init__(self, recipient: bytes, ephemeral: bytes, sign: Callable[[bytes], bytes]) -> None:
        self._enc, self._context = setup_sender(recipient, _INFO, ephemeral)
        self._sign = sign
        self._seq = 0

    def seal(self, origin: Origin, statement: StatementId, disclosures: Sequence[str]) -> Sealed:
        """Seal disclosures of a statement, in their order."""
        seq, self._seq = self._seq, self._seq + 1
        named = _named(origin, statement)
        ciphertext = self._context.seal(seq, named, "~".join(disclosures).encode())
        signature = self._sign(_signed(named, self._enc, seq, ciphertext))
        return Sealed(self._enc, seq, ciphertext, signature)


def check_sealed(sealed: Sealed, origin: Origin, statement: StatementId, public_key: bytes) -> None:
    """Check that the home region sealed this for that statement; ``public_key`` is its raw Ed25519 peer key.

    Raises:
        VerificationError: sealed_signature.
    """
    message = _signed(_named(origin, statement), sealed.enc, sealed.seq, sealed.ciphertext)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(sealed.signature, message)
    except InvalidSignature as error:
        raise VerificationError(
            "sealed_signature", "not signed by the peer key of its region"
        ) from error


def open_sealed(
    sealed: Sealed, origin: Origin, statement: StatementId, private: bytes
) -> tuple[str, ...]:
    """The disclosures, by the region's private recovery key (32 bytes).

    That they are the author's is shown only by the statement's own digests.

    Raises:
        VerificationError: sealed_key, sealed_malformed, sealed_unopened.
    """
    context = setup_recipient(sealed.enc, private, _INFO)
    opened = context.open(sealed.seq, _named(origin, statement), sealed.ciphertext)
    try:
        return tuple(opened.decode("ascii").split("~"))
    except UnicodeDecodeError as error:
        raise VerificationError("sealed_malformed", "disclosures are ASCII") from error


def _named(origin: Origin, statement: StatementId) -> bytes:
    return f"{TITLE}\n{origin}\n{statement.hex()}\n".encode()


def _signed(named: bytes, enc: bytes, seq: int, ciphertext: bytes) -> bytes:
    digest = hashlib.sha256(ciphertext).hexdigest()
    return named + f"{enc.hex()}\n{seq}\n{digest}\n".encode()
