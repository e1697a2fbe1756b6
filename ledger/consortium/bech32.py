"""Addresses as the engine's genesis wants them: BIP 173, of 20 bytes."""

from __future__ import annotations

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encode(prefix: str, address: bytes) -> str:
    """The address in bech32 with that prefix."""
    words = _five_bits_each(address)
    spread = [ord(one) >> 5 for one in prefix] + [0] + [ord(one) & 31 for one in prefix]
    rest = _remainder([*spread, *words, 0, 0, 0, 0, 0, 0]) ^ 1
    check = [(rest >> 5 * (5 - index)) & 31 for index in range(6)]
    return f"{prefix}1" + "".join(_LETTERS[word] for word in [*words, *check])


def _five_bits_each(data: bytes) -> list[int]:
    bits = len(data) * 8
    padding = -bits % 5
    number = int.from_bytes(data, "big") << padding
    return [(number >> shift) & 31 for shift in range(bits + padding - 5, -1, -5)]


def _remainder(words: list[int]) -> int:
    rest = 1
    for word in words:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ word
        for index, part in enumerate(_GENERATOR):
            rest ^= part if top >> index & 1 else 0
    return rest
