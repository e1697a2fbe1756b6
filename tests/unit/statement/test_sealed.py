"""Sealed disclosures: opened by the one key, for the one statement, and signed by their region."""

from dataclasses import replace

import pytest

from ledger.errors import VerificationError
from ledger.keys.demo import demo_log_key
from ledger.statement.hpke import public_key_of, setup_recipient, setup_sender
from ledger.statement.sealed import SealedBatch, check_sealed, open_sealed
from ledger.values import Origin, StatementId

ORIGIN = Origin("demo-1a2b3c4d", "beijing", 1)
ONE, OTHER = StatementId(b"\x01" * 32), StatementId(b"\x02" * 32)
PRIVATE = b"\x07" * 32
PEER = demo_log_key("demo-1a2b3c4d/beijing/peer")
GIVEN = ("WyJzYWx0IiwgMV0", "WyJzYWx0IiwgMl0")


def batch(ephemeral=b"\x09" * 32) -> SealedBatch:
    return SealedBatch(public_key_of(PRIVATE), ephemeral, PEER.sign)


def test_what_a_batch_seals_opens_in_any_order_and_is_signed():
    made = batch()
    first, second = made.seal(ORIGIN, ONE, GIVEN), made.seal(ORIGIN, OTHER, GIVEN[:1])
    assert (first.seq, second.seq) == (0, 1)
    assert first.enc == second.enc
    assert open_sealed(second, ORIGIN, OTHER, PRIVATE) == GIVEN[:1]
    assert open_sealed(first, ORIGIN, ONE, PRIVATE) == GIVEN
    check_sealed(first, ORIGIN, ONE, PEER.public_key)
    assert GIVEN[0].encode() not in first.ciphertext


def test_the_same_ephemeral_key_replays_to_the_bit_and_another_does_not():
    assert batch().seal(ORIGIN, ONE, GIVEN) == batch().seal(ORIGIN, ONE, GIVEN)
    other = batch(b"\x0a" * 32).seal(ORIGIN, ONE, GIVEN)
    assert other.ciphertext != batch().seal(ORIGIN, ONE, GIVEN).ciphertext


CHANGES = {
    "ciphertext": lambda s: replace(
        s, ciphertext=s.ciphertext[:-1] + bytes([s.ciphertext[-1] ^ 1])
    ),
    "enc": lambda s: replace(s, enc=public_key_of(b"\x0b" * 32)),
    "seq": lambda s: replace(s, seq=s.seq + 1),
}


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_breaks_the_signature_and_does_not_open(part):
    changed = CHANGES[part](batch().seal(ORIGIN, ONE, GIVEN))
    with pytest.raises(VerificationError, match="sealed_signature"):
        check_sealed(changed, ORIGIN, ONE, PEER.public_key)
    with pytest.raises(VerificationError, match="sealed_unopened"):
        open_sealed(changed, ORIGIN, ONE, PRIVATE)


@pytest.mark.parametrize(
    ("origin", "statement"), [(ORIGIN, OTHER), (ORIGIN.next_epoch(), ONE)], ids=["id", "origin"]
)
def test_it_counts_for_no_other_place(origin, statement):
    sealed = batch().seal(ORIGIN, ONE, GIVEN)
    with pytest.raises(VerificationError, match="sealed_signature"):
        check_sealed(sealed, origin, statement, PEER.public_key)
    with pytest.raises(VerificationError, match="sealed_unopened"):
        open_sealed(sealed, origin, statement, PRIVATE)


def test_another_region_s_key_neither_signs_nor_opens():
    sealed = batch().seal(ORIGIN, ONE, GIVEN)
    other = demo_log_key("demo-1a2b3c4d/hebei/peer")
    with pytest.raises(VerificationError, match="sealed_signature"):
        check_sealed(sealed, ORIGIN, ONE, other.public_key)
    with pytest.raises(VerificationError, match="sealed_unopened"):
        open_sealed(sealed, ORIGIN, ONE, b"\x08" * 32)


@pytest.mark.parametrize("key", [b"", b"\x00" * 31, b"\x00" * 32])
def test_what_is_no_public_key_is_refused(key):
    """32 zero bytes are a point whose shared secret anyone knows."""
    with pytest.raises(VerificationError, match="sealed_key"):
        setup_sender(key, b"", b"\x01" * 32)
    with pytest.raises(VerificationError, match="sealed_key"):
        setup_recipient(key, PRIVATE, b"")
    with pytest.raises(VerificationError, match="sealed_key"):
        setup_sender(public_key_of(PRIVATE), b"", b"short")


@pytest.mark.parametrize("seq", [-1, 2**63])
def test_a_number_out_of_range_is_refused(seq):
    sealed = replace(batch().seal(ORIGIN, ONE, GIVEN), seq=seq)
    with pytest.raises(VerificationError, match="sealed_malformed"):
        open_sealed(sealed, ORIGIN, ONE, PRIVATE)


def test_disclosures_that_are_no_ascii_are_refused():
    sealed = batch().seal(ORIGIN, ONE, ("é",))
    with pytest.raises(VerificationError, match="sealed_malformed"):
        open_sealed(sealed, ORIGIN, ONE, PRIVATE)
