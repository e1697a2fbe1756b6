"""The published proofs of transparency-dev/merkle, good and damaged, all of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import InputError, VerificationError
from ledger.merkle.proofs import check_consistency, check_inclusion
from ledger.values import TreeHead

ROOT = Path(__file__).parents[2] / "data/vectors/transparency-dev_merkle/testdata"


def cases(kind: str) -> list[Any]:
    files = sorted((ROOT / kind).rglob("*.json"))
    return [
        pytest.param(json.loads(path.read_text()), id=str(path.relative_to(ROOT))) for path in files
    ]


def raw(value: str) -> bytes:
    return base64.b64decode(value)


def hashes(vector: dict[str, Any]) -> list[bytes]:
    return [raw(value) for value in vector["proof"] or []]


def holds(check: Any) -> bool:
    try:
        check()
    except (VerificationError, InputError):  # InputError: no TreeHead of such a size or root
        return False
    return True


def test_the_vectors_are_all_here() -> None:
    assert len(cases("inclusion")) == 86
    assert len(cases("consistency")) == 84


@pytest.mark.parametrize("vector", cases("inclusion"))
def test_inclusion(vector: dict[str, Any]) -> None:
    def check() -> None:
        head = TreeHead(vector["treeSize"], raw(vector["root"]))
        check_inclusion(raw(vector["leafHash"]), vector["leafIdx"], head, hashes(vector))

    assert holds(check) is not vector["wantErr"]


@pytest.mark.parametrize("vector", cases("consistency"))
def test_consistency(vector: dict[str, Any]) -> None:
    def check() -> None:
        old = TreeHead(vector["size1"], raw(vector["root1"]))
        new = TreeHead(vector["size2"], raw(vector["root2"]))
        check_consistency(old, new, hashes(vector))

    assert holds(check) is not vector["wantErr"]
