"""What each reader sees, on every route of every node: deny by default, also in bundles and in logs."""

import json

import pytest

from ledger.bundle import decode_bundle
from ledger.errors import InputError
from ledger.records.grades import Grade, grade_of, mirrored
from ledger.statement.sdjwt import open_slots, parse
from ledger.verify.report import State
from tests.system.desk import REGIONS, Firm, amended, document

CANARY = "CANARYSECRET"


def secrets_of(compact: str) -> tuple[list[str], list[str]]:
    """Disclosures (and long texts in them) of grade G3 and above."""
    statement = parse(compact)
    opened = open_slots(statement)
    found = []
    for path, text in zip(opened.opened, opened.shown, strict=True):
        try:
            grade = grade_of(statement.claims.kind, path)
        except InputError:
            grade = Grade.G4
        if grade > Grade.G2:
            found.append((text, path))
    return [text for text, _ in found], [path for _, path in found]


# Person data and risk marks: (step of the sea import, another business key, the field that stays at home).
HOME_FIELDS = [
    (6, "DEC:010120261000000099", "risk_mark"),
    (9, "TT:0202-0101-26-000099", "driver"),
    (12, "INS:010120261000000099", "selection_rule"),
    (16, "POD:CSQU3054383:20260306T230000Z", "received_by"),
]


def kept_at_home(town, number: int, key: str, name: str) -> tuple[str, str, str]:
    """Post a step of the sea import once more, with such a field; gives region, party and id."""
    step = town.steps[number - 1][0]
    fields = {**step.fields, "key": key, name: f"{CANARY} {name}"}
    compact = town.desk.sign(Firm.party(step.party.id), step.region, step.kind, fields)
    answer = town.desk.post(step.region, compact)
    assert answer.status_code == 201, answer.text
    return step.region, step.party.id, answer.json()["id"]


@pytest.fixture(scope="module")
def full(town):
    """Every record of the sea import as its author reads it, with one that is full of canaries."""
    desk = town.desk
    importer = Firm.party("importer_bj")
    fields = dict(town.steps[0][0].fields, key=f"INV:{CANARY}-1")
    fields |= {
        "seller": f"{CANARY} seller",
        "contract": f"{CANARY}-2",
        "amounts": ["77770001.11"],
        "buyer": importer.uscc,
    }
    fields["lines"] = [dict(fields["lines"][0], desc=f"{CANARY} goods")]
    answer = desk.post("tianjin", desk.sign(importer, "tianjin", "invoice", fields))
    assert answer.status_code == 201, answer.text
    one = answer.json()["id"]
    file = document("canary", file_name=f"{CANARY}.pdf", title=f"{CANARY} title")
    answer = desk.post("tianjin", desk.sign(importer, "tianjin", "document", file))
    two = answer.json()["id"]
    later = amended(file, title=f"{CANARY} title, amended")
    answer = desk.post(
        "tianjin", desk.sign(importer, "tianjin", "document", later, version=2, prev=two)
    )
    three = answer.json()["id"]
    mine = [("tianjin", "importer_bj", each) for each in (one, two, three)]
    mine += [kept_at_home(town, *each) for each in HOME_FIELDS]
    town.net.settle()
    mine += [(step.region, step.party.id, receipt.id) for step, receipt in town.steps]
    texts = {}
    for region, party, each in mine:
        tokens = desk.author_tokens(Firm.party(party), region)
        view = desk.get(region, f"/records/{each}", tokens).json()
        assert view["closed"] == 0
        texts[each] = (region, party, view["statement"])
    return texts


def all_secrets(full) -> list[str]:
    return [text for _, _, compact in full.values() for text in secrets_of(compact)[0]]


def test_there_are_secrets_to_keep(full):
    assert len(all_secrets(full)) >= 18


def test_the_author_sees_all_and_the_public_what_is_g1_or_g2(desk, full):
    for each, (region, _, compact) in full.items():
        whole = open_slots(parse(compact))
        for node in REGIONS:
            view = desk.get(node, f"/records/{each}").json()
            assert view["mirror"] is (node != region)
            shown = open_slots(parse(view["statement"]))
            assert not shown.strays
            kind = view["kind"]
            public = {path for path in whole.opened if grade_of(kind, path) <= Grade.G2}
            assert set(shown.opened) == public, (node, kind)
            assert view["closed"] == len(shown.closed)


def test_peers_see_what_mirrors_may_hold(desk, full):
    for each, (region, _, compact) in full.items():
        whole = open_slots(parse(compact))
        for peer in set(REGIONS) - {region}:
            tokens = desk.peer_tokens(peer, region)
            view = desk.get(region, f"/records/{each}", tokens).json()
            shown = open_slots(parse(view["statement"])).opened
            allowed = mirrored(view["kind"])
            assert set(shown) == {path for path in whole.opened if allowed(path)}
            assert all(grade_of(view["kind"], path) <= Grade.G3 for path in shown)


def test_an_author_of_other_records_is_the_public(desk, full):
    stranger = Firm.party("shipagent_tj")
    for each, (region, party, _) in full.items():
        if region == "tianjin" and party != "shipagent_tj":
            tokens = desk.author_tokens(stranger, region)
            view = desk.get(region, f"/records/{each}", tokens).json()
            assert view["statement"] == desk.get(region, f"/records/{each}").json()["statement"]


def public_answers(desk, full):
    """Every public route of every node, for every record and identifier there is."""
    numbers = ["DEMU0000016", "DEMOB26000001", "DEMO-KR-26-0001", "010120261000000001", CANARY]
    numbers += [f"{CANARY}-1", f"{CANARY}-2", f"{CANARY}.pdf", Firm.party("importer_bj").uscc]
    for node in REGIONS:
        for each in full:
            yield desk.get(node, f"/records/{each}")
            yield desk.get(node, f"/records/{each}/bundle")
            yield desk.get(node, f"/statements/{each}")
        for at in range(0, len(full), 16):
            body = json.dumps({"ids": list(full)[at : at + 16]})
            yield desk.post(node, body, "application/json", "/bundles")
        for number in numbers:
            yield desk.get(node, "/search", params={"value": number})
        pairs = [["bill", "DEMOB26000001"], ["invoice", f"{CANARY}-1"], ["uscc", numbers[-1]]]
        body = json.dumps({"identifiers": pairs})
        yield desk.post(node, body, "application/json", "/search")
        for path in ("/mine", "/network", "/readyz", "/livez", "/evidence", "/openapi.json"):
            yield desk.get(node, path)
        for region in REGIONS:
            yield desk.get(node, f"/logs/{region}/1/feed?start=0")
            yield desk.get(node, f"/logs/{region}/1/checkpoint")
            for place in ("000", "000.p/9", "000.p/1", "001.p/40"):
                yield desk.get(node, f"/logs/{region}/1/tile/entries/{place}")
                yield desk.get(node, f"/logs/{region}/1/tile/0/{place}")


def test_no_public_answer_holds_a_closed_value(desk, full):
    secrets = all_secrets(full)
    count = 0
    for answer in public_answers(desk, full):
        count += 1
        # CANARY-1 is the number in a business key, which is public.
        text = answer.text.replace(f"{CANARY}-1", "")
        assert CANARY not in text, answer.request.url
        assert not any(secret in text for secret in secrets), answer.request.url
    assert count > 250


def test_the_public_finds_nothing_by_a_closed_number(desk, full):
    uscc = Firm.party("importer_bj").uscc
    for node in REGIONS:
        for number in (f"{CANARY}-2", uscc):
            results = desk.get(node, "/search", params={"value": number}).json()["results"]
            assert all(one["kind"] == "operator" for one in results), number
        found = desk.get(node, "/search", params={"value": f"{CANARY}-1"}).json()["results"]
        assert [one["kind"] for one in found] == ["invoice"]


def test_no_other_region_stores_a_value_it_may_not_see(full, town):
    folder = town.net.local.folder
    allowed = {
        text
        for _, _, compact in full.values()
        for text, path in zip(*secrets_of(compact), strict=True)
        if mirrored(parse(compact).claims.kind)(path)
    }
    for region in REGIONS:
        held = b"".join(file.read_bytes() for file in (folder / region).glob("ledger.sqlite*"))
        for home, _, compact in full.values():
            for text in secrets_of(compact)[0]:
                if home == region:
                    assert text.encode() in held
                elif text not in allowed:
                    assert text.encode() not in held, (region, home)


def test_person_data_and_risk_marks_never_leave_their_region(desk, full, town):
    """Not by the grades that the ledger itself computes: by the names of the fields."""
    names, folder = {name for _, _, name in HOME_FIELDS}, town.net.local.folder
    held = {
        region: b"".join(file.read_bytes() for file in (folder / region).glob("ledger.sqlite*"))
        for region in REGIONS
    }
    met = set()
    for each, (home, _, compact) in full.items():
        opened = open_slots(parse(compact))
        for path, text in zip(opened.opened, opened.shown, strict=True):
            if path[0] not in names:
                continue
            met.add(path[0])
            assert [region for region in REGIONS if text.encode() in held[region]] == [home]
            for peer in set(REGIONS) - {home}:
                view = desk.get(home, f"/records/{each}", desk.peer_tokens(peer, home))
                assert path not in open_slots(parse(view.json()["statement"])).opened
                assert text not in desk.get(peer, f"/records/{each}").text
    assert met == names


def test_refusals_and_logs_tell_no_values(desk, full, town):
    importer = Firm.party("importer_bj")
    fields = dict(town.steps[0][0].fields, key="INV:REFUSED-1", seller=f"{CANARY} refused")
    answers = [
        desk.post("tianjin", desk.sign(importer, "tianjin", "invoice", dict(fields, currency="X"))),
        desk.post("beijing", desk.sign(importer, "tianjin", "invoice", fields)),
        desk.post("tianjin", desk.sign(Firm.fresh(1), "tianjin", "invoice", fields)),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 403]
    assert answers[0].json()["path"] == "/fields/currency"
    assert all(CANARY not in answer.text for answer in answers)
    assert not [line for line in town.heard.lines if CANARY in line]
    assert not any(secret in line for line in town.heard.lines for secret in all_secrets(full))


def test_public_bundles_of_all_nodes_verify_and_show_the_same(desk, full, town):
    for each, (region, _, compact) in full.items():
        whole = open_slots(parse(compact)).fields
        for node in {region, "hebei"}:
            answer = desk.get(node, f"/records/{each}/bundle")
            report = town.net.verify(decode_bundle(answer.content))
            assert report.verdict is State.PASSED, (node, report)
            [record] = report.records
            assert record.region == region
            assert record.fields.items() <= whole.items() or record.kind == "invoice"
            assert CANARY not in json.dumps(record.fields).replace(f"{CANARY}-1", "")


def test_the_authors_own_bundle_shows_all(desk, full, town):
    for each, (region, party, _) in full.items():
        tokens = desk.author_tokens(Firm.party(party), region)
        answer = desk.get(region, f"/records/{each}/bundle", tokens)
        report = town.net.verify(decode_bundle(answer.content))
        assert report.verdict is State.PASSED
        assert report.records[0].closed == ()


def test_mine_is_the_authors_own_and_whole(desk, full, town):
    tokens = desk.author_tokens(Firm.party("importer_bj"), "tianjin")
    seen, cursor = [], None
    while True:
        query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = desk.get("tianjin", "/mine", tokens, params=query).json()
        seen += page["results"]
        cursor = page["next"]
        if cursor is None:
            break
    # Its records of other regions are mirrored here, with what a mirror may hold.
    mine = [one for one in seen if one["region"] == "tianjin"]
    assert len(mine) >= len(town.files)
    assert all(one["closed"] == 0 for one in mine)
    assert {one["id"] for one in seen} >= {file["id"] for file in town.files}
    assert len({one["id"] for one in seen}) == len(seen)
    issuers = {parse(one["statement"]).claims.iss for one in seen}
    assert issuers == {f"urn:uscc:{Firm.party('importer_bj').uscc}"}
