"""What nodes of several authorities say, weighed: two agree, a minority, a dispute, silence."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.agreement import Agreement, weigh

NAMES = ("beijing", "tianjin", "hebei", "supervisor")


def said(*values):
    return {name: value for name, value in zip(NAMES, values, strict=False) if value is not None}


def test_one_voice_is_no_fact_and_no_dispute():
    assert weigh({}) == Agreement(None)
    assert weigh(said("a")) == Agreement(None)


def test_two_that_say_the_same_make_a_fact():
    assert weigh(said("a", "a")) == Agreement("a")
    assert weigh(said(None, "a", None, "a")) == Agreement("a")


def test_two_that_differ_are_a_dispute():
    assert weigh(said("a", "b")) == Agreement(None, disputed=True)


def test_of_three_and_of_four_the_minority_is_named():
    assert weigh(said("a", "b", "a")) == Agreement("a", ("tianjin",))
    assert weigh(said("b", "a", "a", "a")) == Agreement("a", ("beijing",))


def test_no_majority_is_a_dispute():
    for values in (("a", "b", "c"), ("a", "a", "b", "b"), ("a", "a", "b", "c")):
        assert weigh(said(*values)) == Agreement(None, disputed=True)


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2)))
def test_one_liar_never_decides(answers):
    """Whatever one authority says, it neither makes a fact alone nor turns an honest one out alone."""
    found = weigh(answers)
    counts = Counter(answers.values())
    if found.value is not None:
        assert counts[found.value] >= 2
        assert set(found.minority) == {n for n, value in answers.items() if value != found.value}
        assert counts[found.value] > len(found.minority)
    else:
        assert not found.minority
        assert found.disputed == (len(answers) > 1)
