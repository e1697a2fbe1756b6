"""A log as any stranger reads it: C2SP files over HTTP, RFC 9162 hashing. Imports nothing of the product."""

import base64
import hashlib
import struct
import urllib.request
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG_KEY, WITNESS_KEY = 1, 4
_WIDTH = 256


class BrokenError(Exception):
    """Bytes that are not what they claim to be."""


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def leaf_hash(line: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def roots(leaves: list[bytes]) -> list[bytes]:
    """Roots of the tree at every size, from the hashes of its leaves; size 0 first."""
    found, peaks = [hashlib.sha256().digest()], []
    for size, leaf in enumerate(leaves, 1):
        peaks.append(leaf)
        # As many merges as the new size has trailing zero bits: equal halves become one.
        for _ in range((size & -size).bit_length() - 1):
            right = peaks.pop()
            peaks.append(node_hash(peaks.pop(), right))
        root = peaks[-1]
        for peak in reversed(peaks[:-1]):
            root = node_hash(peak, root)
        found.append(root)
    return found


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    at, last, root = index, size - 1, leaf
    if index >= size:
        raise BrokenError(f"no leaf {index} in a tree of {size}")
    for sibling in path:
        if last == 0:
            raise BrokenError("the path is too long")
        if at & 1 or at == last:
            root = node_hash(sibling, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise BrokenError("the path is too short")
    return root


@dataclass(frozen=True)
class Key:
    """A C2SP verifier key: name+hash+base64(algorithm and key)."""

    name: str
    algorithm: int
    public: bytes

    @classmethod
    def of(cls, vkey: str) -> "Key":
        name, _, encoded = vkey.split("+", 2)
        data = base64.b64decode(encoded, validate=True)
        return cls(name, data[0], data[1:])

    @property
    def hash(self) -> bytes:
        named = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return hashlib.sha256(named).digest()[:4]


@dataclass(frozen=True)
class Checkpoint:
    """A signed note over origin, size and root."""

    origin: str
    size: int
    root: bytes
    body: str
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, note: str) -> "Checkpoint":
        body, _, lines = note.partition("\n\n")
        origin, size, root = body.split("\n")
        signatures = []
        for line in lines.splitlines():
            dash, name, encoded = line.split(" ")
            if dash != "\u2014":
                raise BrokenError(f"no signature line: {line!r}")
            signatures.append((name, base64.b64decode(encoded, validate=True)))
        return cls(
            origin, int(size), base64.b64decode(root, validate=True), body + "\n", tuple(signatures)
        )

    def signed_by(self, key: Key) -> bool:
        """Whether a line of that key holds; a line of that key that does not hold is an error."""
        lines = [data for name, data in self.signatures if (name, data[:4]) == (key.name, key.hash)]
        for data in lines:
            message, signature = self.body.encode(), data[4:]
            if key.algorithm == WITNESS_KEY:
                time, signature = int.from_bytes(data[4:12], "big"), data[12:]
                message = f"cosignature/v1\ntime {time}\n".encode() + message
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
            except InvalidSignature as error:
                raise BrokenError(f"a signature of {key.name} does not hold") from error
        return bool(lines)


@dataclass(frozen=True)
class Proof:
    """A C2SP tlog-proof: place, path, checkpoint."""

    index: int
    path: list[bytes]
    checkpoint: Checkpoint

    @classmethod
    def of(cls, text: str) -> "Proof":
        head, _, note = text.partition("\n\n")
        title, index, *hashes = head.split("\n")
        if title != "c2sp.org/tlog-proof@v1" or not index.startswith("index "):
            raise BrokenError("no tlog-proof")
        path = [base64.b64decode(one, validate=True) for one in hashes]
        return cls(int(index[6:]), path, Checkpoint.of(note))


def entries(base: str, size: int) -> list[bytes]:
    """The first ``size`` leaf lines of the log below that URL."""
    found: list[bytes] = []
    for place, width in _tiles(size):
        data, at = fetch(f"{base}/tile/entries/{place}"), 0
        start = len(found)
        while at < len(data):
            (length,) = struct.unpack_from(">H", data, at)
            found.append(data[at + 2 : at + 2 + length])
            at += 2 + length
        if len(found) - start != width or at != len(data):
            raise BrokenError(
                f"{base}/tile/entries/{place} holds {len(found) - start}, not {width}"
            )
    return found


def hash_tiles(base: str, size: int) -> bytes:
    """Level 0 as the log serves it: the hashes of its leaves in one string."""
    return b"".join(fetch(f"{base}/tile/0/{place}") for place, _ in _tiles(size))


def _tiles(size: int) -> list[tuple[str, int]]:
    """Path and width of each tile that covers the first ``size`` entries."""
    full = [(_path(number), _WIDTH) for number in range(size // _WIDTH)]
    rest = size % _WIDTH
    return [*full, (f"{_path(size // _WIDTH)}.p/{rest}", rest)] if rest else full


def _path(number: int) -> str:
    text = f"{number % 1000:03d}"
    while number := number // 1000:
        text = f"x{number % 1000:03d}/{text}"
    return text
