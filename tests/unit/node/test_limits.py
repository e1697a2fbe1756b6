from ledger.node.limits import Limiter
from ledger.values import Millis


class HandClock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> Millis:
        return Millis(0)

    def monotonic(self) -> float:
        return self.seconds


def test_a_subject_has_its_limit_in_each_window_of_a_minute():
    clock = HandClock()
    allowed = Limiter(clock).rule("key", 2)
    assert [allowed("a"), allowed("a"), allowed("a"), allowed("b")] == [True, True, False, True]
    clock.seconds += 59.9
    assert not allowed("a")
    clock.seconds += 0.2
    assert [allowed("a"), allowed("a"), allowed("a")] == [True, True, False]


def test_rules_of_another_name_count_apart_and_old_windows_are_forgotten():
    clock = HandClock()
    limiter = Limiter(clock)
    by_key, by_address = limiter.rule("key", 1), limiter.rule("address", 1)
    assert by_key("a")
    assert by_address("a")
    for number in range(1000):
        clock.seconds += 1
        assert by_key(str(number))
    assert len(limiter._limiter.storage._open) < 130
