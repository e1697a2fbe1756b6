"""Notes, checkpoints and cosignatures that others published, to the byte."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import VerificationError
from ledger.merkle.checkpoint import format_checkpoint, open_checkpoint, parse_checkpoint
from ledger.merkle.cosignature import check_cosignature
from ledger.merkle.note import VerifierKey, check_signature, format_note, parse_note, sign_note

# C2SP signed-note, section "Verifier keys": example key and note.
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# C2SP signed-note, opening example: a text with empty lines and letters beyond ASCII.
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)
# golang.org/x/mod, sumdb/note: the reference implementation's keys and signatures.
PETER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"  # type byte and seed
ENOCH_KEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_LINE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# The Go checksum database's signed head of 2024-09-23; its key name is not its origin.
SUMDB_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB_NOTE = (
    "go.sum database tree\n30055305\nmXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=\n\n— sum.golang.org "
    "Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=\n"
)
# A checkpoint that a public Certificate Transparency staging log served, with the cosignatures of
# four public witnesses; the first line is of a type (0x05) that we do not know and must ignore.
CT_ORIGIN = "arche2025h1.staging.ct.transparency.dev"
CT_KEY = CT_ORIGIN + "+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
WITNESS_KEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
CT_NOTE = (
    f"{CT_ORIGIN}\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n"
    f"— {CT_ORIGIN} zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroe"
    "W2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n"
    f"— {CT_ORIGIN} ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP"
    "7Ry1k3ZFWwQ=\n"
    "— transparency.dev/DEV:witness-little-garden "
    "2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY09"
    "6st5BQ==\n"
    "— witness1.smartit.nu/witness1 "
    "pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZ"
    "sDsUAQ==\n"
    "— remora.n621.de "
    "2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0D"
    "rAWfBw==\n"
    "— witness.stagemole.eu "
    "Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/T"
    "mN9DAg==\n"
)

KEYS = [SPEC_KEY, PETER_KEY, ENOCH_KEY, SUMDB_KEY, CT_KEY, WITNESS_KEY]
NOTES = [SPEC_NOTE, POEM, TEXT + "\n" + PETER_LINE + ENOCH_LINE, SUMDB_NOTE, CT_NOTE]


@pytest.mark.parametrize("vkey", KEYS)
def test_keys_read_and_write_the_same_text(vkey: str) -> None:
    key = VerifierKey.parse(vkey)
    assert key.text() == vkey
    assert key.key_hash.hex() == vkey.split("+")[1]


@pytest.mark.parametrize("text", NOTES)
def test_notes_read_and_write_the_same_text(text: str) -> None:
    assert format_note(parse_note(text)) == text


@pytest.mark.parametrize(
    ("text", "vkey"),
    [
        (SPEC_NOTE, SPEC_KEY),
        (TEXT + "\n" + PETER_LINE, PETER_KEY),
        (TEXT + "\n" + PETER_LINE + ENOCH_LINE, ENOCH_KEY),
        (SUMDB_NOTE, SUMDB_KEY),
        (CT_NOTE, CT_KEY),
    ],
)
def test_signatures_hold_and_a_changed_text_does_not(text: str, vkey: str) -> None:
    key = VerifierKey.parse(vkey)
    check_signature(parse_note(text), key)
    with pytest.raises(VerificationError, match="signature_invalid"):
        check_signature(parse_note("x" + text), key)


def test_the_poem_is_split_at_its_last_empty_line() -> None:
    note = parse_note(POEM)
    assert note.text == POEM[: POEM.index("\n— ")]
    assert [signature.name for signature in note.signatures] == ["quasimodo.example/salvatore"]


def test_signing_gives_the_reference_bytes() -> None:
    secret = Ed25519PrivateKey.from_private_bytes(base64.b64decode(PETER_SECRET)[1:])
    public = secret.public_key().public_bytes_raw()
    assert sign_note(TEXT, "PeterNeumann", public, secret.sign) == PETER_LINE


def test_a_real_cosignature_holds() -> None:
    assert check_cosignature(parse_note(CT_NOTE), VerifierKey.parse(WITNESS_KEY)) == 1779573024
    changed = CT_NOTE.replace("1432088532", "1432088533")
    with pytest.raises(VerificationError, match="signature_invalid"):
        check_cosignature(parse_note(changed), VerifierKey.parse(WITNESS_KEY))


def test_a_real_checkpoint_opens() -> None:
    checkpoint, note = open_checkpoint(CT_NOTE, VerifierKey.parse(CT_KEY))
    assert (checkpoint.origin, checkpoint.head.size) == (CT_ORIGIN, 1432088532)
    assert format_checkpoint(checkpoint) == note.text


def test_a_key_under_another_name_does_not_speak_for_the_origin() -> None:
    with pytest.raises(VerificationError, match="checkpoint_origin"):
        open_checkpoint(SUMDB_NOTE, VerifierKey.parse(SUMDB_KEY))


def test_the_specification_s_checkpoint_and_cosignature_have_the_stated_parts() -> None:
    body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    lines = (
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhc"
        "yv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3"
        "b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    note = parse_note(body + "\n" + lines)
    assert format_note(note) == body + "\n" + lines
    assert format_checkpoint(parse_checkpoint(note.text)) == body
    log, witness = note.signatures
    assert (len(log.signature), len(witness.signature)) == (64, 72)
    assert int.from_bytes(witness.signature[:8], "big") == 1679315147
    assert witness.key_hash.hex() == "8d66cf3f"


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT + "\n",
        TEXT + "\n" + PETER_LINE[:-1],
        "\x01" + TEXT + "\n" + PETER_LINE,
        "\udcff" + TEXT + "\n" + PETER_LINE,
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Bad Name"),
        TEXT + "\n" + PETER_LINE + "Unexpected line.\n",
        TEXT + "\n" + PETER_LINE * 101,
    ],
)
def test_what_the_reference_calls_malformed_is_refused(text: str) -> None:
    with pytest.raises(VerificationError, match=r"note_malformed|signature_malformed"):
        parse_note(text)


def test_the_reference_s_bad_keys_are_refused() -> None:
    for start in range(len(PETER_KEY)):
        for end in range(start + 1, len(PETER_KEY) + (start > 0)):
            with pytest.raises(VerificationError):
                VerifierKey.parse(PETER_KEY[start:end])
    for at, character in enumerate(PETER_KEY):
        with pytest.raises(VerificationError):
            VerifierKey.parse(PETER_KEY[:at] + chr(ord(character) + 1) + PETER_KEY[at + 1 :])
    for vkey in (
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ):
        with pytest.raises(VerificationError):
            VerifierKey.parse(vkey)
