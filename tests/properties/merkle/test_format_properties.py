"""Whatever is read is either refused with VerificationError or written back as the same bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.merkle.checkpoint import (
    Checkpoint,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.merkle.cosignature import add_signature, check_cosignature, cosign
from ledger.merkle.leaf import Leaf, encode_leaf, parse_leaf
from ledger.merkle.note import (
    COSIGNATURE_KEY,
    LOG_KEY,
    VerifierKey,
    check_signature,
    format_note,
    parse_note,
    sign_note,
)
from ledger.merkle.proof import TlogProof, format_proof, parse_proof
from ledger.merkle.tilepath import entries_path, parse_entries_path
from ledger.merkle.tiles import (
    TileId,
    decode_entries,
    encode_entries,
    parse_tile_path,
)
from ledger.values import TreeHead

MANY = settings(max_examples=300, deadline=None)
ORIGIN = "demo-1a2b3c4d/beijing/1"
WITNESS = "demo-1a2b3c4d/tianjin/witness"
LOG_SECRET = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
WITNESS_SECRET = Ed25519PrivateKey.from_private_bytes(b"w" * 32)


class Signer:
    name = ORIGIN
    public_key = LOG_SECRET.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return LOG_SECRET.sign(message)


LOG = VerifierKey(ORIGIN, LOG_KEY, Signer.public_key)
COSIGNER = VerifierKey(WITNESS, COSIGNATURE_KEY, WITNESS_SECRET.public_key().public_bytes_raw())
CHECKPOINT = Checkpoint(ORIGIN, TreeHead(70_000, bytes(range(32))))
BODY = format_checkpoint(CHECKPOINT)
SIGNED = sign_checkpoint(CHECKPOINT, Signer())
TIME = 1_772_409_600
NOTE = add_signature(SIGNED, cosign(BODY, WITNESS, COSIGNER.public_key, WITNESS_SECRET.sign, TIME))
PROOF = format_proof(TlogProof(513, (b"a" * 32, b"b" * 32, b"c" * 32), NOTE))
LEAF = encode_leaf(Leaf(bytes(range(32)), 1772409600000, -1))
TILE = TileId(2, 1234067, 17).path
ENTRIES = entries_path(1234067, 17)

READERS: list[tuple[str, Callable[[str], str]]] = [
    (NOTE, lambda text: format_note(parse_note(text))),
    (BODY, lambda text: format_checkpoint(parse_checkpoint(text))),
    (PROOF, lambda text: format_proof(parse_proof(text))),
    (LOG.text(), lambda text: VerifierKey.parse(text).text()),
    (TILE, lambda text: parse_tile_path(text).path),
    (
        ENTRIES,
        lambda text: entries_path(parse_entries_path(text).index, parse_entries_path(text).width),
    ),
    (
        LEAF.decode(),
        lambda text: encode_leaf(parse_leaf(text.encode("utf-8", "surrogatepass"))).decode(),
    ),
]
TEXT = st.text(st.characters(codec=None), max_size=80) | st.text(
    "0159aé+/=-—. x\n\x00\ud800٣", max_size=60
)


@st.composite
def mutated(draw: st.DrawFn, source: str) -> str:
    """Source with a stretch cut out, doubled, or replaced by something else."""
    start = draw(st.integers(0, len(source)))
    end = draw(st.integers(start, min(len(source), start + 8)))
    middle = draw(st.just("") | st.just(source[start:end] * 2) | TEXT)
    return source[:start] + middle + source[end:]


@pytest.mark.parametrize(("source", "again"), READERS, ids=lambda value: str(value)[:12])
def test_the_sources_are_read(source: str, again: Callable[[str], str]) -> None:
    assert again(source) == source


@MANY
@given(st.data())
def test_changed_text_is_refused_or_reads_back(data: st.DataObject) -> None:
    source, again = data.draw(st.sampled_from(READERS))
    text = data.draw(mutated(source))
    try:
        assert again(text) == text
    except VerificationError:
        return


@MANY
@given(st.sampled_from(READERS), TEXT)
def test_any_text_is_refused_or_reads_back(
    reader: tuple[str, Callable[[str], str]], text: str
) -> None:
    try:
        assert reader[1](text) == text
    except VerificationError:
        return


@MANY
@given(st.binary(max_size=600))
@example(b"\x00")
@example(b"\x00\x02a")
@example(b"\x00\x00" * 257)
def test_any_bytes_as_entries_are_refused_or_read_back(data: bytes) -> None:
    try:
        assert encode_entries(decode_entries(data)) == data
    except VerificationError:
        return


@MANY
@given(st.lists(st.binary(max_size=40), max_size=256))
def test_entries_come_back(lines: list[bytes]) -> None:
    assert decode_entries(encode_entries(lines)) == lines


@MANY
@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**53 - 1), st.integers(-1, 2**53 - 1))
def test_leaves_come_back_as_canonical_json(statement: bytes, received: int, prev: int) -> None:
    leaf = Leaf(statement, received, prev)
    fields: dict[str, str | int] = {
        "prev": prev,
        "received": received,
        "statement": statement.hex(),
        "v": 1,
    }
    assert encode_leaf(leaf) == rfc8785.dumps(fields)
    assert parse_leaf(encode_leaf(leaf)) == leaf


@MANY
@given(st.integers(0, 63), st.integers(0, 2**55 - 1), st.integers(1, 256))
def test_tile_paths_come_back(level: int, index: int, width: int) -> None:
    tile = TileId(level, index, width)
    assert parse_tile_path(tile.path) == tile
    assert parse_entries_path(entries_path(index, width)) == TileId(0, index, width)


@MANY
@given(mutated(NOTE))
def test_no_changed_note_shows_another_head_or_time(text: str) -> None:
    """A change is refused, or falls on a line that stays without weight; the facts never change."""
    try:
        checkpoint, note = open_checkpoint(text, LOG)
        assert checkpoint == CHECKPOINT
        assert check_cosignature(note, COSIGNER) == TIME
    except VerificationError:
        return


@MANY
@given(TEXT, TEXT, st.binary(max_size=40))
def test_signing_anything_is_refused_or_checks(text: str, name: str, public_key: bytes) -> None:
    try:
        line = sign_note(text + "\n", name, Signer.public_key, LOG_SECRET.sign)
        check_signature(
            parse_note(text + "\n\n" + line), VerifierKey(name, LOG_KEY, Signer.public_key)
        )
        cosign(text, name, public_key, WITNESS_SECRET.sign, TIME)
    except VerificationError:
        return
