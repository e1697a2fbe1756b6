"""Whom the clock is held against: monotonic time, mirrors, the newest record, the chain's fresh blocks."""

import pytest

from ledger.errors import UnavailableError
from ledger.intake import ClockWatch
from ledger.ports import Block
from ledger.values import Millis
from tests.unit.intake.posting import NOW, HandClock

HOUR = 3_600_000
PATIENCE = 3.0


def block(number: int, time: int) -> Block:
    return Block(number, bytes(32), Millis(time))


def refuses(watch: ClockWatch) -> bool:
    try:
        watch.now()
    except UnavailableError as error:
        return error.code == "clock_departed"
    return False


def pass_by(clock: HandClock, seconds: float) -> None:
    clock.passed += seconds
    clock.wall += round(seconds * 1000)


def test_a_clock_set_right_after_a_wrong_start_is_believed_again():
    clock = HandClock()
    clock.wall = NOW + HOUR
    watch = ClockWatch(clock, patience=PATIENCE)
    assert not watch.hear(Millis(NOW), "hebei")
    assert "apart from hebei by 3600 s" in watch.fault
    clock.wall = NOW
    assert watch.hear(Millis(NOW), "hebei")
    assert watch.fault is None
    assert not refuses(watch)


def test_what_it_was_wrong_by_at_the_start_counts_for_what_it_may_depart_by_later():
    clock = HandClock()
    clock.wall = NOW + 110_000
    watch = ClockWatch(clock)
    assert watch.hear(Millis(NOW))
    clock.wall = NOW + 121_000
    assert refuses(watch)
    clock.wall = NOW - 119_000
    assert not refuses(watch)


def test_nothing_is_dated_until_somebody_has_had_the_time_to_contradict():
    clock = HandClock()
    for alone in (True, False):
        watch = ClockWatch(clock, patience=PATIENCE, alone=alone)
        assert watch.waiting
        assert refuses(watch)
        # It waits, which is no fault yet.
        assert watch.fault is None
        pass_by(clock, PATIENCE)
        # They are still being asked.
        assert watch.waiting
        watch.asked = True
        assert not watch.waiting
        assert refuses(watch) is not alone
        watch.hear(clock.now())
        assert not refuses(watch)


def test_two_of_those_who_know_the_time_outweigh_one_who_agrees():
    clock = HandClock()
    clock.wall = NOW - HOUR
    watch = ClockWatch(clock)
    watch.remember(Millis(NOW))
    watch.see(block(7, NOW))
    assert not watch.hear(Millis(NOW - HOUR), "hebei")
    assert "the newest record by -3600 s, the chain by -3600 s" in watch.fault
    assert refuses(watch)
    clock.wall = NOW
    assert not watch.hear(Millis(NOW - HOUR), "hebei")
    assert watch.hear(Millis(NOW), "tianjin")
    assert not refuses(watch)


@pytest.mark.parametrize("apart", [HOUR, -HOUR])
def test_a_mirror_that_agrees_outweighs_one_other(apart):
    clock = HandClock()
    watch = ClockWatch(clock)
    assert not watch.hear(Millis(NOW + apart), "hebei")
    assert watch.hear(Millis(NOW), "tianjin")
    assert not refuses(watch)


def test_an_old_block_and_an_old_record_say_only_that_it_is_later():
    clock = HandClock()
    watch = ClockWatch(clock)
    watch.remember(Millis(NOW - 24 * HOUR))
    watch.see(block(7, NOW - HOUR))
    watch.see(block(7, NOW - HOUR))
    assert watch.fault is None
    pass_by(clock, 31)
    # Nobody looked for a while: this one may be old, too.
    watch.see(block(8, NOW - HOUR))
    assert watch.fault is None


def test_a_fresh_block_tells_the_time_both_ways_and_confirms_nothing():
    for wrong in (HOUR, -HOUR):
        clock = HandClock()
        clock.wall = NOW + wrong
        watch = ClockWatch(clock, patience=PATIENCE)
        watch.see(block(7, NOW - 24 * HOUR))
        clock.passed += 1
        watch.see(block(8, NOW))
        assert "the chain" in watch.fault
        assert not watch.confirmed
        assert watch.waiting
        clock.wall = NOW
        # Back at what the chain says: still nobody's word but its own.
        assert "departed" in watch.fault
        assert watch.hear(Millis(NOW), "hebei")
        assert watch.fault is None


def test_once_confirmed_only_monotonic_time_counts():
    clock = HandClock()
    watch = ClockWatch(clock)
    assert watch.hear(Millis(NOW), "hebei")
    assert watch.hear(Millis(NOW - HOUR), "hebei")
    assert watch.hear(Millis(NOW - HOUR), "tianjin")
    assert not refuses(watch)
    clock.wall = NOW - HOUR
    assert refuses(watch)
    clock.wall = NOW
    assert not refuses(watch)
