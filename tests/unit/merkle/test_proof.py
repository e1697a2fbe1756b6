"""Proof files: what is refused before any proof is checked."""

from __future__ import annotations

import pytest

from ledger.errors import VerificationError
from ledger.merkle.proof import TlogProof, format_proof, parse_proof

NOTE = "origin\n3\nroot\n\n— origin AAAAAAA=\n"
PROOF = TlogProof(1, (b"a" * 32, b"b" * 32), NOTE)
TEXT = format_proof(PROOF)


def test_the_proof_comes_back() -> None:
    assert parse_proof(TEXT) == PROOF


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("@v1", "@v2"),
        TEXT.replace("index 1", "index 01"),
        TEXT.replace("index 1", "index"),
        TEXT.replace("index 1", "index 9999999999999999999"),
        TEXT.replace("index 1\n", ""),
        TEXT.replace("YWE=", "YWF="),
        TEXT.replace("YWE=", "YQ=="),
        TEXT.replace("\n\norigin", "\norigin"),
        TEXT.replace("\n\norigin", "\n\n\norigin") + "x",
        TEXT[:-1],
        "\n" + TEXT,
        TEXT.replace("\n", "\r\n"),
        "c2sp.org/tlog-proof@v1",
        "",
        "x" * 2_000_000,
    ],
)
def test_texts_that_are_no_proof(text: str) -> None:
    with pytest.raises(VerificationError):
        parse_proof(text)


def test_no_path_has_more_than_63_hashes() -> None:
    with pytest.raises(VerificationError, match="proof_malformed"):
        TlogProof(1, (b"a" * 32,) * 64, NOTE)
    long = format_proof(TlogProof(1, (b"a" * 32,) * 63, NOTE))
    line = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\n"
    with pytest.raises(VerificationError, match="proof_malformed"):
        parse_proof(long.replace(line, line * 2, 1))


@pytest.mark.parametrize("index", [-1, 2**63])
def test_places_no_leaf_can_have(index: int) -> None:
    with pytest.raises(VerificationError, match="proof_malformed"):
        TlogProof(index, (), NOTE)
