"""Who is listened to in a signed note, and which keys may be trusted at all."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import VerificationError
from ledger.merkle import base64
from ledger.merkle.note import (
    COSIGNATURE_KEY,
    LOG_KEY,
    Note,
    NoteSignature,
    VerifierKey,
    add_signature,
    check_signature,
    format_note,
    parse_note,
    sign_note,
)

TEXT = "something\nworth signing\n"
SECRET = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
PUBLIC = SECRET.public_key().public_bytes_raw()
KEY = VerifierKey("a.example/log", LOG_KEY, PUBLIC)
LINE = sign_note(TEXT, KEY.name, PUBLIC, SECRET.sign)
STRANGER = sign_note(TEXT, "b.example", OTHER.public_key().public_bytes_raw(), OTHER.sign)
NOTE = TEXT + "\n" + LINE


def with_lines(*signatures: NoteSignature) -> Note:
    return Note(TEXT, signatures)


GOOD = parse_note(NOTE).signatures[0]
BAD = NoteSignature(GOOD.name, GOOD.key_hash, bytes(64))


def test_strangers_are_ignored() -> None:
    check_signature(parse_note(TEXT + "\n" + STRANGER + LINE + STRANGER), KEY)


def test_a_line_that_shares_only_name_or_hash_is_a_stranger_s() -> None:
    same_name = NoteSignature(GOOD.name, b"\0\0\0\0", bytes(64))
    same_hash = NoteSignature("c.example", GOOD.key_hash, bytes(64))
    check_signature(with_lines(same_name, GOOD, same_hash), KEY)
    with pytest.raises(VerificationError, match="signature_missing"):
        check_signature(with_lines(same_name, same_hash), KEY)


@pytest.mark.parametrize("lines", [(BAD,), (GOOD, BAD), (BAD, GOOD)])
def test_one_failing_line_of_a_known_key_refuses_the_note(lines: tuple[NoteSignature, ...]) -> None:
    with pytest.raises(VerificationError, match="signature_invalid"):
        check_signature(with_lines(*lines), KEY)


def test_the_same_line_twice_counts_as_one() -> None:
    check_signature(with_lines(GOOD, GOOD), KEY)
    assert add_signature(NOTE, LINE) == NOTE
    assert add_signature(NOTE, STRANGER) == add_signature(NOTE, STRANGER.rstrip("\n"))
    assert add_signature(NOTE, STRANGER) == NOTE + STRANGER


@pytest.mark.parametrize("length", [1, 63, 65])
def test_a_signature_of_another_length_fails(length: int) -> None:
    with pytest.raises(VerificationError, match="signature_invalid"):
        check_signature(with_lines(NoteSignature(GOOD.name, GOOD.key_hash, bytes(length))), KEY)


def test_a_cosigner_s_key_signs_no_note() -> None:
    with pytest.raises(VerificationError, match="key_algorithm"):
        check_signature(parse_note(NOTE), VerifierKey(KEY.name, COSIGNATURE_KEY, PUBLIC))


def test_the_number_of_signatures_is_bounded() -> None:
    assert len(parse_note(TEXT + "\n" + LINE * 64).signatures) == 64
    with pytest.raises(VerificationError, match="note_malformed"):
        parse_note(TEXT + "\n" + LINE * 65)
    with pytest.raises(VerificationError, match="note_malformed"):
        parse_note("x" * 600_000 + "\n\n" + LINE)


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace("— ", "- "),
        LINE.replace("a.example/log", "a.example+log"),
        LINE.replace("a.example/log", "a.example\u2003log"),
        LINE.replace("a.example/log", ""),
        LINE.replace("=", ""),
        LINE.replace("log ", "log  "),
        "— a.example/log AAAAAA==\n",
        "— a.example/log AAAA\u00e9AAA=\n",
    ],
)
def test_lines_that_are_no_signature(line: str) -> None:
    with pytest.raises(VerificationError):
        parse_note(NOTE + line + LINE)


def test_base64_has_one_text_per_value() -> None:
    assert base64.decode("AQ==") == b"\x01"
    for text in ("AR==", "AQ", "AQ=", "AQ==\n", "A Q==", "AQ===", "A-_=", "é"):
        with pytest.raises(VerificationError, match="base64_malformed"):
            base64.decode(text)


SMALL_ORDER = [
    # The eight points whose order divides 8 and their non-canonical spellings.
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


@pytest.mark.parametrize("key", SMALL_ORDER)
@pytest.mark.parametrize("algorithm", [LOG_KEY, COSIGNATURE_KEY])
def test_keys_of_small_order_are_refused_at_birth(key: str, algorithm: int) -> None:
    with pytest.raises(VerificationError, match="key_malformed"):
        VerifierKey("a.example", algorithm, bytes.fromhex(key))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_of_another_length(length: int) -> None:
    with pytest.raises(VerificationError, match="key_malformed"):
        VerifierKey("a.example", LOG_KEY, PUBLIC[:1] * length)


@pytest.mark.parametrize("algorithm", [0, 2, 5, 6, 255])
def test_algorithms_we_do_not_speak(algorithm: int) -> None:
    with pytest.raises(VerificationError, match="key_algorithm"):
        VerifierKey("a.example", algorithm, PUBLIC)


def test_a_key_hash_that_does_not_fit() -> None:
    with pytest.raises(VerificationError, match="key_hash"):
        VerifierKey.parse(KEY.text().replace(KEY.key_hash.hex(), "00000000"))


def test_the_parts_of_a_note() -> None:
    note = parse_note(NOTE)
    assert (note.text, note.signatures) == (TEXT, (GOOD,))
    assert format_note(note) == NOTE
    for text, signatures in (("no line feed", (GOOD,)), ("", (GOOD,)), (TEXT, ())):
        with pytest.raises(VerificationError, match="note_malformed"):
            Note(text, signatures)
