"""Slots inside disclosed values."""

from __future__ import annotations

import pytest

from ledger.errors import VerificationError
from ledger.statement.sdjwt import (
    CLOSED,
    Path,
    check_signature,
    join,
    open_slots,
    parse,
    present,
    require_all_open,
    require_no_strays,
)
from tests.unit.statement.making import author, digest, disclose, nested, payload, sign, slot

PATHS: tuple[Path, ...] = (
    ("key",),
    ("party",),
    ("party", "name"),
    ("party", "phones", 0),
    ("party", "phones", 1),
    ("party", "inner"),
    ("party", "inner", "x"),
    ("plain",),
    ("plain", "deep", 0, "a", "b"),
)
FIELDS = {
    "key": "K",
    "party": {"name": "DEMO Huabei", "phones": ["1", "2"], "inner": {"x": 1}},
    "plain": {"deep": [{"a": {"b": "c"}}]},
}


def test_all_open() -> None:
    statement = parse(nested())
    check_signature(statement, author().certificate)
    opened = open_slots(statement)
    require_all_open(opened)
    assert opened.fields == FIELDS
    assert opened.opened == PATHS
    assert opened.shown == statement.disclosures


@pytest.mark.parametrize("hidden", PATHS)
def test_a_hidden_slot_takes_along_what_is_inside_it(hidden: Path) -> None:
    part = parse(present(parse(nested()), lambda path: path != hidden))
    opened = open_slots(part)
    require_no_strays(opened)
    inside = {path for path in PATHS if path[: len(hidden)] == hidden}
    assert set(opened.opened) == set(PATHS) - inside
    assert opened.closed == (hidden,)


def test_an_inner_slot_alone_shows_nothing() -> None:
    part = present(parse(nested()), lambda path: path == ("party", "name"))
    assert parse(part).disclosures == ()


def test_a_closed_inner_slot_reads_as_closed() -> None:
    part = parse(present(parse(nested()), lambda path: path != ("party", "phones", 1)))
    assert open_slots(part).fields["party"]["phones"] == ["1", CLOSED]


@pytest.mark.parametrize("at", range(len(PATHS)))
def test_a_changed_disclosure_is_named_inside_too(at: int) -> None:
    statement = parse(nested())
    changed = [*statement.disclosures]
    changed[at] = disclose("other", "BBBBBBBBBBBBBBBBBBBBBA")
    opened = open_slots(parse(join(statement.signed, changed)))
    # What was inside the changed one has lost its slot, so it is a stray as well.
    assert changed[at] in opened.strays
    assert opened.suspect == PATHS[at]


def test_an_inner_digest_that_stands_outside_too_is_refused() -> None:
    mine, disclosure = slot("x", "BBBBBBBBBBBBBBBBBBBBBA")
    outer, around = slot({"a": mine})
    for fields in ({"f": mine, "o": outer}, {"o": outer, "f": mine}):
        with pytest.raises(VerificationError) as caught:
            open_slots(parse(sign(payload(fields=fields), disclosure, around)))
        assert (caught.value.code, caught.value.path) == ("digest_repeated", "/fields/o/a")


def test_an_inner_digest_in_two_values_is_refused() -> None:
    mine, disclosure = slot("x")
    one, first = slot({"a": mine}, "BBBBBBBBBBBBBBBBBBBBBA")
    two, second = slot({"b": mine}, "CCCCCCCCCCCCCCCCCCCCCA")
    statement = parse(sign(payload(fields={"o": one, "p": two}), disclosure, first, second))
    with pytest.raises(VerificationError) as caught:
        open_slots(statement)
    assert (caught.value.code, caught.value.path) == ("digest_repeated", "/fields/p/b")


def test_slots_within_slots_end_at_the_depth_of_values() -> None:
    cell, disclosure = slot("x")
    chain = [disclosure]
    for level in range(9):
        cell, disclosure = slot({"a": cell}, f"{level}BBBBBBBBBBBBBBBBBBBBA")
        chain.append(disclosure)
    with pytest.raises(VerificationError) as caught:
        open_slots(parse(sign(payload(fields={"o": cell}), *chain)))
    assert caught.value.code == "json_too_deep"


def test_slots_are_counted_inside_values_too() -> None:
    lists = {f"l{m}": [[{"...": digest(f"{m}/{n}")}] for n in range(256)] for m in range(9)}
    outer, disclosure = slot(lists)
    with pytest.raises(VerificationError) as caught:
        open_slots(parse(sign(payload(fields={"o": outer}), disclosure)))
    assert caught.value.code == "slots_too_many"
