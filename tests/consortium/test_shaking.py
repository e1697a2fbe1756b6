"""Validators that die, are cut off and are slow: anchoring goes on or stands, and every promise is kept."""

from tests.consortium.shaking import all_dead, cut, one_dead, run, slow, two_dead

STEPS = {
    "one dead": one_dead("hebei"),
    "two dead": two_dead("supervisor", "tianjin"),
    "all dead": all_dead,
    "two cut off from two": cut(15),
    "one slow": slow("beijing", 4),
}


def test_no_promise_is_broken_while_validators_die_and_are_cut_off():
    told = run(20260305, STEPS)
    print(told)
    assert told.findings == []
    assert list(told.steps) == list(STEPS)
    assert told.receipts > 200
    assert told.sent > 50
    assert told.verdicts > 50
