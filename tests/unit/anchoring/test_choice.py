import pytest

from ledger.anchoring.choice import MAX_GROWTH, choose_size


@pytest.mark.parametrize(
    ("anchored", "signed", "chosen"),
    [
        (0, 0, None),
        (5, 5, None),
        (5, 3, None),
        (0, 1, 1),
        (0, 256, 256),
        (0, 257, 256),
        (10, 266, 266),
        (10, 267, 256),
        (10, 1000, 768),
        (768, 1000, 1000),
        (0, MAX_GROWTH + 300, MAX_GROWTH),
        (255, 3 * MAX_GROWTH, MAX_GROWTH),
        (256, 3 * MAX_GROWTH, MAX_GROWTH + 256),
    ],
)
def test_the_newest_multiple_of_a_tile_is_taken_when_more_than_one_tile_waits(
    anchored, signed, chosen
):
    assert choose_size(anchored, signed) == chosen


def test_every_choice_grows_and_stays_within_the_contract_and_the_lock():
    for anchored in (0, 1, 255, 256, 300, 511):
        for waiting in (1, 2, 255, 256, 257, 600, MAX_GROWTH, MAX_GROWTH + 1):
            chosen = choose_size(anchored, anchored + waiting)
            assert anchored < chosen <= min(anchored + waiting, anchored + MAX_GROWTH)
