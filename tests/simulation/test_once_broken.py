"""Seeds that once broke a promise, each with what it found; they stay, whatever has become of their course.

A change of product or model gives a seed another course: the unit tests named hold the very case.
"""

import pytest

from tests.simulation import course, seeds

ONCE_BROKEN = {
    # A head that only mirrors saw before a roll-back never returned, so they cosigned nothing after it:
    # tests/unit/anchoring/test_anchorer.py.
    (10, 180, ("roll_back",)): "again, settled",
    # An old database that fetched what it lacked led, and was then taken away with what it had promised.
    (5, 100, ("old_copy",)): "settled",
    # The same in the next epoch, with a record that stood on the lost disk alone.
    (22, 160, ("old_copy", "turn_on_old_copy")): "roots, kept",
    # It used the nonce of a transaction that only the newer database knew.
    (2, 160, ("old_copy", "turn_on_old_copy")): "nonce",
}


def test_a_node_that_lacks_its_own_log_sends_no_author_away():
    """Posts were refused with key_unknown while the leaves that name the key were fetched back."""
    # The seed that found it comes there no longer; tests/unit/intake/test_intake.py holds the very case.
    outcome = seeds.one(450)
    assert outcome.findings == []
    assert outcome.counted["answer head_lock_ahead"] > 0


def test_a_chain_that_is_replaced_as_a_transaction_is_mined_is_not_signed_for():
    """The second look of that step read another chain: tests/unit/anchoring/test_anchorer.py."""
    assert seeds.one(737).findings == []


@pytest.mark.parametrize("seed", [679, 951])
def test_no_log_is_closed_while_its_disk_or_lock_is_in_other_hands(seed):
    """What only that disk held would be lost, or the lock never be brought back: the course's own fault."""
    assert seeds.one(seed).findings == []


@pytest.mark.parametrize("case", ONCE_BROKEN, ids=ONCE_BROKEN.get)
def test_a_seed_that_once_broke_a_promise_breaks_none(case):
    seed, seconds, kinds = case
    assert course.run(seed, seconds=seconds, kinds=kinds).findings == []
