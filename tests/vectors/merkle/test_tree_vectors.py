"""The tree that Certificate Transparency implementations share as their known answer."""

from __future__ import annotations

import pytest

from ledger.merkle.frontier import Frontier
from ledger.merkle.hashing import EMPTY_ROOT, leaf_hash, root_of
from ledger.merkle.proofs import prove_consistency, prove_inclusion

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
# Roots over the first 0 to 8 leaves, as certificate-transparency's merkle tree tests publish them.
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


@pytest.mark.parametrize("size", range(9))
def test_roots(size: int) -> None:
    assert root_of(HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(9))
def test_the_frontier_has_the_same_roots(size: int) -> None:
    frontier = Frontier()
    for digest in HASHES[:size]:
        frontier.append(digest)
    assert frontier.root().hex() == ROOTS[size]


def test_the_empty_root_has_no_prefix() -> None:
    assert EMPTY_ROOT.hex() == ROOTS[0]


def test_published_paths() -> None:
    path = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [digest.hex() for digest in prove_inclusion(HASHES, 5)] == path


def test_published_consistency() -> None:
    proof = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [digest.hex() for digest in prove_consistency(HASHES, 6)] == proof
