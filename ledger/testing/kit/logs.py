"""A region's log in memory, with keys that follow from its origin: proves, signs, cosigns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.bundle import Anchor
from ledger.merkle.checkpoint import Checkpoint, format_checkpoint, sign_checkpoint
from ledger.merkle.cosignature import add_signature, cosign
from ledger.merkle.hashing import leaf_hash, root_of
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.merkle.proof import TlogProof, format_proof
from ledger.merkle.proofs import prove_inclusion
from ledger.testing.kit.people import ed25519_key
from ledger.values import AnchorFacts, Millis, Origin, TreeHead, witness_name


@dataclass(frozen=True)
class NoteKey:
    """An Ed25519 key under a C2SP key name; what ``ports.Signer`` asks for."""

    name: str

    @property
    def public_key(self) -> bytes:
        """32 bytes, raw."""
        return ed25519_key(self.name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """64 bytes, raw."""
        return ed25519_key(self.name).sign(message)

    def vkey(self, algorithm: int) -> VerifierKey:
        """The key as verifiers name it."""
        return VerifierKey(self.name, algorithm, self.public_key)


@dataclass
class KitLog:
    """A log as a growing list of leaf lines."""

    origin: Origin
    leaves: list[bytes] = field(default_factory=list)

    @property
    def key(self) -> NoteKey:
        """The log's own key."""
        return NoteKey(str(self.origin))

    @property
    def vkey(self) -> VerifierKey:
        """The log's key as policies name it."""
        return self.key.vkey(LOG_KEY)

    def witness_of(self, region: str) -> NoteKey:
        """The key under which a region cosigns."""
        return NoteKey(witness_name(self.origin.network, region))

    def witness_vkey(self, region: str) -> VerifierKey:
        """A region's cosignature key as policies name it."""
        return self.witness_of(region).vkey(COSIGNATURE_KEY)

    def hashes(self, size: int) -> list[bytes]:
        """Hashes of the first leaves."""
        return [leaf_hash(leaf) for leaf in self.leaves[:size]]

    def head(self, size: int) -> TreeHead:
        """The head at a size."""
        return TreeHead(size, root_of(self.hashes(size)))

    def checkpoint(
        self, size: int, cosigned: Mapping[str, int], signer: NoteKey | None = None
    ) -> str:
        """A signed note; ``cosigned`` gives witnesses by region and their time in seconds."""
        checkpoint = Checkpoint(str(self.origin), self.head(size))
        note = sign_checkpoint(checkpoint, signer or self.key)
        for region, seconds in cosigned.items():
            key = self.witness_of(region)
            line = cosign(
                format_checkpoint(checkpoint), key.name, key.public_key, key.sign, seconds
            )
            note = add_signature(note, line)
        return note

    def proof(self, index: int, size: int, checkpoint: str) -> str:
        """A tlog-proof of a leaf under a checkpoint of that size."""
        hashes = tuple(prove_inclusion(self.hashes(size), index))
        return format_proof(TlogProof(index, hashes, checkpoint))

    def anchor(self, size: int) -> Anchor:
        """Where the chain of the kit holds the head of that size."""
        name = f"{self.origin} {size}"
        return Anchor(
            block_number=1000 + size,
            block_hash=hashlib.sha256(f"block {name}".encode()).digest(),
            transaction=hashlib.sha256(f"transaction {name}".encode()).digest(),
            log_index=size % 7,
        )

    def facts(self, size: int, time: Millis) -> AnchorFacts:
        """What the chain of the kit answers about that anchor."""
        anchor = self.anchor(size)
        return AnchorFacts(
            self.origin.log_id,
            self.head(size),
            anchor.block_number,
            anchor.block_hash,
            anchor.transaction,
            anchor.log_index,
            time,
        )
