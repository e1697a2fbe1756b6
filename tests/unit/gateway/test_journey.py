"""The journey says what records prove about places, and no more."""

from gateway.drawing import drawing_of
from gateway.journey import journey_of
from gateway.texts import EN
from ledger.verify.report import RecordReport, State


def report(kind, time, region, verdict=State.PASSED, **fields):
    stamp = f"2026-03-{time}:00+08:00"
    return RecordReport(
        "00", region, "o", 0, kind, 1, "a", None, {"time": stamp, **fields}, (), (), verdict
    )


BILL = report("bill_of_lading", "03T13:00", "tianjin", pol="KRPUS", seal="S1")
LANDED = report("equipment_event", "06T08:00", "tianjin", dcsa="DISC", at="CNTXG")
LEFT = report("equipment_event", "06T12:30", "tianjin", dcsa="GTOT", mode="TRUCK")
TRANSIT = report("transit_declaration", "06T12:00", "tianjin", to_customs="0101", e_lock="E1")
ENTERED = report(
    "equipment_event", "06T16:00", "beijing", dcsa="GTIN", seal="S1", e_lock="E1", e_lock_ok=True
)
DELIVERED = report("delivery", "07T07:00", "hebei", to="CNBDZ")


def test_stops_legs_and_ribbons():
    journey = journey_of([DELIVERED, BILL, LANDED, TRANSIT, LEFT, ENTERED], EN)
    assert [(s.place, s.region) for s in journey.stops] == [
        ("Busan", ""), ("Tianjin Xingang", "tianjin"), ("Beijing", "beijing"), ("Baoding", "hebei"),
    ]  # fmt: skip
    assert [(leg.mode, leg.title) for leg in journey.legs] == [
        ("sea", "sea · 3 d"), ("road", "road under transit · 3 h 30 min"), ("", "15 h"),
    ]  # fmt: skip
    assert [(r.kind, r.first, r.last, r.note) for r in journey.ribbons] == [
        ("seal", 0, 2, "same number whenever seen"), ("e_lock", 1, 2, "intact on arrival"),
    ]  # fmt: skip


def test_a_declared_destination_is_no_stop():
    assert journey_of([TRANSIT], EN).stops == ()
    assert drawing_of(journey_of([TRANSIT], EN), EN) is None


def test_a_record_that_names_no_place_stays_where_its_region_is():
    stops = journey_of([LANDED, LEFT], EN).stops
    assert [(s.place, s.first.local, s.last.local) for s in stops] == [
        ("Tianjin Xingang", "03-06 08:00", "03-06 12:30")
    ]


def test_a_stop_is_as_bad_as_its_worst_record():
    failed = report("equipment_event", "06T09:00", "tianjin", State.FAILED, dcsa="GTOT", at="CNTXG")
    assert journey_of([LANDED, failed], EN).stops[0].state == "failed"


def test_a_lock_found_open_is_a_broken_ribbon():
    found = report(
        "equipment_event", "06T16:00", "beijing", dcsa="GTIN", e_lock="E1", e_lock_ok=False
    )
    ribbon = journey_of([LANDED, TRANSIT, found], EN).ribbons[0]
    assert ribbon.broken
    assert ribbon.note == "not intact on arrival"


def test_bands_lie_side_by_side_and_leave_out_what_lies_abroad():
    drawing = drawing_of(journey_of([BILL, LANDED, ENTERED, DELIVERED], EN), EN)
    assert [band.region for band in drawing.bands] == ["tianjin", "beijing", "hebei"]
    edges = [(band.x, band.x + band.width) for band in drawing.bands]
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]
    assert edges[-1][1] == drawing.width
    assert all(a.x < b.x for a, b in zip(drawing.knots, drawing.knots[1:], strict=False))
