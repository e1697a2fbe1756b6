"""The node's log can be read by machines: one object a line, alarms as they come and go."""

import asyncio
import json
import logging

import pytest

from ledger.api.requestids import REQUEST_ID
from ledger.node.logs import JsonLines, tell_alarms
from tests.unit.anchoring.support import HandClock, StopTasks
from tests.unit.api.test_metrics import STATE


def line(*, error: Exception | None = None, **extra) -> dict:
    record = logging.LogRecord(
        "ledger.x", logging.WARNING, "x.py", 1, "%s\nlines", ("two",),
        (type(error), error, None) if error else None,
    )  # fmt: skip
    record.created = 1_772_409_600.25
    record.__dict__.update(extra)
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_is_one_object_with_its_time_in_utc():
    assert line(code="copies_late") == {
        "time": "2026-03-02T00:00:00.250+00:00",
        "level": "warning",
        "logger": "ledger.x",
        "message": "two\nlines",
        "code": "copies_late",
    }


def test_a_line_names_its_request_and_keeps_the_trace():
    before = REQUEST_ID.set("case-7")
    assert line()["request"] == "case-7"
    REQUEST_ID.reset(before)
    assert "ValueError: wrong" in line(error=ValueError("wrong"))["trace"]
    assert line(value={1, 2})["value"] == "{1, 2}"


def test_alarms_are_told_once_as_they_come_and_once_as_they_go(caplog):
    fine = STATE | {
        "clock": None,
        "anchoring": STATE["anchoring"] | {"code": None, "alarm": None},
    }
    states = iter([fine, STATE, STATE, fine])
    with pytest.raises(StopTasks.OverError):
        asyncio.run(tell_alarms(lambda: next(states), StopTasks(HandClock(), sleeps=4)))
    told = [(one.message, one.code) for one in caplog.records]
    codes = ["anchoring_late", "chain_identity", "clock_departed"]
    raised = [("alarm raised", code) for code in codes]
    assert told == [*raised, *[("alarm cleared", code) for code in codes]]
