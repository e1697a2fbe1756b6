"""Examples that C2SP tlog-tiles and tlog-proof state in their text."""

from __future__ import annotations

import pytest

from ledger.errors import VerificationError
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.proof import TlogProof, format_proof, parse_proof
from ledger.merkle.tiles import TileId, entries_path, parse_tile_path, plan_edge, tile_at

CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGz"
    "Gku9nTo+zyWE+xeMcTOAYQ8=\n"
)
PROOF = (
    "c2sp.org/tlog-proof@v1\nindex 73894\n"
    "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
    "EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\nRoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=\n"
    "AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n\n" + CHECKPOINT
)


def test_tile_paths() -> None:
    assert TileId(0, 1234067).path == "tile/0/x001/x234/067"
    assert parse_tile_path("tile/0/x001/x234/067") == TileId(0, 1234067)
    assert TileId(1, 5, 17).path == "tile/1/005.p/17"
    assert entries_path(1234067, 8) == "tile/entries/x001/x234/067.p/8"


def test_the_tree_of_70000_leaves() -> None:
    assert plan_edge(70_000) == [TileId(0, 273, 112), TileId(1, 1, 17), TileId(2, 0, 1)]
    assert tile_at(0, 272, 70_000).width == 256
    assert tile_at(1, 0, 70_000).width == 256


def test_the_tree_of_256_leaves() -> None:
    assert tile_at(0, 0, 256) == TileId(0, 0, 256)
    assert plan_edge(256) == [TileId(1, 0, 1)]


def test_proof_file() -> None:
    proof = parse_proof(PROOF)
    assert (proof.index, len(proof.hashes), proof.checkpoint) == (73894, 5, CHECKPOINT)
    assert proof.hashes[0].hex()[:8] == "8122b25e"
    assert format_proof(proof) == PROOF


def test_extra_data_is_refused() -> None:
    with pytest.raises(VerificationError, match="proof_malformed"):
        parse_proof(PROOF.replace("index", "extra YWdl\nindex", 1))


def test_a_tree_of_one_leaf_has_no_path() -> None:
    proof = TlogProof(0, (), CHECKPOINT)
    text = "c2sp.org/tlog-proof@v1\nindex 0\n\n" + CHECKPOINT
    assert format_proof(proof) == text
    assert parse_proof(text) == proof
    assert leaf_hash(b"").hex().startswith("6e340b9c")
