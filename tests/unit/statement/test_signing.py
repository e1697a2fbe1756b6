from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ledger.errors import VerificationError
from ledger.statement.signing import P256_ORDER, low_s, sign_with, verify_signature

# RFC 6979 appendix A.2.5 (P-256, SHA-256).
KEY = ec.derive_private_key(
    0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1()
)
VECTORS = {
    b"sample": (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ),
    b"test": (
        "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
        "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
    ),
}
ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def refused(code: str, alg: str, key: object, message: bytes, signature: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        verify_signature(alg, key, message, signature)  # type: ignore[arg-type]
    assert caught.value.code == code


@pytest.mark.parametrize("message", VECTORS)
def test_rfc_6979_in_low_s_form(message: bytes) -> None:
    r, s = (bytes.fromhex(part) for part in VECTORS[message])
    lower = min(int.from_bytes(s, "big"), P256_ORDER - int.from_bytes(s, "big"))
    expected = r + lower.to_bytes(32, "big")
    assert sign_with(KEY, message) == expected
    assert low_s(r + s) == expected
    verify_signature("ES256", KEY.public_key(), message, expected)


def test_high_s_is_refused_though_it_verifies() -> None:
    r, s = VECTORS[b"sample"]
    refused("signature_high_s", "ES256", KEY.public_key(), b"sample", bytes.fromhex(r + s))


def test_our_signatures_are_low_s_and_repeat() -> None:
    for number in range(200):
        signature = sign_with(KEY, b"%d" % number)
        assert int.from_bytes(signature[32:], "big") <= P256_ORDER // 2
        assert signature == sign_with(KEY, b"%d" % number) == low_s(signature)


def test_ed25519_high_s_is_refused() -> None:
    signature = sign_with(ED, b"m")
    verify_signature("Ed25519", ED.public_key(), b"m", signature)
    order = 2**252 + 27742317777372353535851937790883648493
    twin = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    refused("signature_invalid", "Ed25519", ED.public_key(), b"m", signature[:32] + twin)


@pytest.mark.parametrize(
    "alg", ["none", "", "HS256", "EdDSA", "ES384", "es256", "ED25519", "Ed25519"]
)
def test_the_key_fixes_the_algorithm(alg: str) -> None:
    refused("alg_mismatch", alg, KEY.public_key(), b"test", sign_with(KEY, b"test"))


def test_hmac_with_the_public_key_as_secret_is_refused() -> None:
    secret = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    tag = hmac.new(secret, b"m", hashlib.sha512).digest()
    refused("alg_mismatch", "HS256", KEY.public_key(), b"m", tag)
    refused("alg_mismatch", "ES256", ED.public_key(), b"m", sign_with(ED, b"m"))


@pytest.mark.parametrize("size", [0, 63, 65, 70])
def test_length(size: int) -> None:
    for alg, key in (("ES256", KEY), ("Ed25519", ED)):
        refused("signature_length", alg, key.public_key(), b"m", bytes(size))


@pytest.mark.parametrize(
    ("r", "s"), [(0, 0), (0, 1), (1, 0), (1, 1), (P256_ORDER, 1), (2**256 - 1, 1)]
)
def test_values_out_of_range_are_only_invalid(r: int, s: int) -> None:
    forged = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    refused("signature_invalid", "ES256", KEY.public_key(), b"m", forged)


def test_low_s_of_what_is_no_signature() -> None:
    with pytest.raises(VerificationError) as caught:
        low_s(b"\1" * 32 + b"\xff" * 32)
    assert caught.value.code == "signature_invalid"


def test_other_curves_are_no_author_keys() -> None:
    key = ec.derive_private_key(7, ec.SECP384R1())
    refused("key_unsupported", "ES256", key.public_key(), b"m", bytes(64))
    secp = ec.derive_private_key(7, ec.SECP256K1())
    refused("key_unsupported", "ES256", secp.public_key(), b"m", bytes(64))


def test_any_changed_bit_is_refused() -> None:
    for alg, key in (("ES256", KEY), ("Ed25519", ED)):
        signature = sign_with(key, b"m")
        for bit in range(0, 512, 7):
            changed = bytearray(signature)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(VerificationError):
                verify_signature(alg, key.public_key(), b"m", bytes(changed))
