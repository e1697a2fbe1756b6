import json
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from ledger.bundle import decode_bundle
from ledger.records.grades import PRIVATE_IDENTIFIERS
from ledger.records.links import identifiers_of
from ledger.records.registry import KINDS
from ledger.testing.scenarios import scenario
from ledger.testing.story import tamper
from ledger.values import Millis
from ledger.verify.policy import Policy
from ledger.verify.report import State
from ledger.verify.verifier import verify_file
from tests.unit.gateway.conftest import Site


def s1_keys():
    return sorted((step.fields["key"], step.version) for step in scenario("S1"))


def numbers_of_s1():
    """Every identifier in any step that is not closed to the public, and every business key."""
    found = {key for key, _ in s1_keys()}
    for step in scenario("S1"):
        carried = identifiers_of(KINDS[step.kind], step.fields)
        found |= {one.value for one in carried if one.type not in PRIVATE_IDENTIFIERS}
    # As the scenario was written: keys of events without their time.
    return sorted(found | {"EV:DISC:DEMU0000016", "POD:DEMU0000016"})


NUMBERS = numbers_of_s1()


def test_the_numbers_are_all_there_are():
    assert {"津DEMO01", "042W", "9999993", "DEMOSEAL001", "DEMOLOCK001", "DEMU0000016"} <= {
        *NUMBERS
    }
    assert {"EV:GTOT:DEMU0000016:20260306T043000Z", "DCK:010120261000000001"} <= {*NUMBERS}
    assert len(NUMBERS) == 29


@pytest.mark.parametrize("number", NUMBERS)
def test_any_number_finds_the_whole_import(site, number):
    answer = site.get(f"/api/search?q={number}&limit=200").json()
    assert all(region["answered"] for region in answer["regions"])
    assert len(answer["dossiers"]) == 1
    found = sorted((r["key"], r["version"]) for r in answer["records"] if r["kind"] != "document")
    assert found == s1_keys()
    assert {r["region"] for r in answer["records"]} == {"beijing", "tianjin", "hebei"}


def test_a_record_is_found_by_its_id_and_a_file_by_its_digest(site, story):
    document = next(one for one in story if one.kind == "document")
    for number in (document.receipt.id, document.key.removeprefix("DOC:")):
        answer = site.get(f"/api/search?q={number}&limit=200").json()
        assert document.receipt.id in {r["id"] for r in answer["records"]}


def test_cursor_pages_give_each_record_once(site):
    whole = site.get("/api/search?q=DEMU0000016&limit=200").json()["records"]
    seen, cursor = [], ""
    while True:
        page = site.get(f"/api/search?q=DEMU0000016&limit=7{cursor}").json()
        assert len(page["records"]) <= 7
        seen += page["records"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert [one["id"] for one in seen] == [one["id"] for one in whole]


def test_wrong_check_digit_is_said(site):
    answer = site.get("/api/search?q=DEMU0000017").json()
    assert answer["read_as"][0]["problem"] == "check_digit_wrong"
    assert answer["read_as"][0]["expected"] == "6"
    page = site.get("/search?q=DEMU0000017&lang=en").text
    assert "check digit is wrong; it would be 6" in page


def test_dossier_verifies_offline_and_shows_no_price(site, story):
    data = site.get("/api/dossier/bundle?q=DEMU0000016").content
    policy = Policy.parse(site.get("/api/policy").content)
    report = verify_file(data, policy, at=Millis(0))
    assert report.verdict is State.PASSED
    assert len(report.records) == len(story)
    for secret in ("48250.00", "8708999990", "auto parts", "91130600DEMH00044L"):
        assert secret not in data.decode()
        assert all(secret not in json.dumps(dict(r.fields)) for r in report.records)


def test_dossier_report_names_every_check(site):
    body = site.get("/api/dossier?q=DEMU0000016&lang=zh").json()
    assert body["checked_by"] == "gateway"
    assert body["report"]["verdict"] == "passed"
    names = {check["name"] for check in body["report"]["records"][0]["checks"]}
    assert {"signature", "inclusion", "quorum", "latest"} <= names


def test_a_silent_region_is_named_and_never_called_verified(site):
    site.silent.add("hebei")
    body = site.get("/api/dossier?q=DEMU0000016").json()
    assert {"region": "hebei", "answered": False} in body["regions"]
    assert body["report"]["verdict"] == "unknown"
    # Its records come from a mirror, with a verdict of their own.
    hebei = [r for r in body["report"]["records"] if r["region"] == "hebei"]
    assert hebei
    assert all(r["verdict"] == "passed" for r in hebei)
    page = site.get("/search?q=DEMU0000016&lang=en").text
    assert "Hebei ✕ no answer" in page
    assert "Hebei did not answer" in page


def test_a_region_has_as_long_as_the_setting_says():
    """Over 10 seconds, too: its client must not give it up before."""
    for given, wanted in ((60, 60), (1, 10)):
        settings = GatewaySettings(network_file=Path("none.json"), node_timeout=given)
        node = create_app(settings).state.door._connect("hebei", "http://127.0.0.1:9")
        assert node._http._http.timeout.read == wanted


def test_all_regions_silent(site):
    site.silent.update({"beijing", "tianjin", "hebei"})
    page = site.get("/search?q=DEMU0000016&lang=en")
    assert page.status_code == 200
    assert "No region answered" in page.text
    assert "No record found" not in page.text
    assert page.text.count("✕ no answer") == 3


def test_record_bundle_and_etag(site, story):
    path = f"/api/records/{story[0].receipt.id}/bundle"
    first = site.get(path)
    assert len(decode_bundle(first.content).records) == 1
    again = site.get(path, if_none_match=first.headers["etag"])
    assert again.status_code == 304
    assert not again.content


@contextmanager
def tampered(network, posted):
    """A weight of the bill changed in its region's database while the block lasts; gives its receipt."""
    bill = next(one for one in posted if one.kind == "bill_of_lading")
    database = network.local.folder / bill.region / "ledger.sqlite"
    name = bytes.fromhex(bill.receipt.id)
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        read = "SELECT disclosures FROM statement WHERE id = ?"
        (held,) = connection.execute(read, (name,)).fetchone()
        network.run(tamper(network.local, posted))
        try:
            yield bill
        finally:
            with connection:
                write = "UPDATE statement SET disclosures = ? WHERE id = ?"
                connection.execute(write, (held, name))


@pytest.mark.parametrize(
    ("silent", "verdict", "field"),
    [(set(), State.FAILED, "gross_kg"), ({"tianjin"}, State.PASSED, None)],
)
def test_evidence_of_a_record_is_its_homes_own_copy(site, story, silent, verdict, field):
    """Whichever region is asked first; where home is silent a mirror's copy, which holds the true value."""
    policy = Policy.parse(site.get("/api/policy").content)
    late = Site(site.network)
    late.silent |= silent
    with tampered(site.network, story) as bill:
        answer = late.get(f"/api/records/{bill.receipt.id}/bundle")
        [record] = verify_file(answer.content, policy, at=Millis(0)).records
    assert (record.verdict, record.failed_field) == (verdict, field)
    site.network.run(late.app.state.door.close())


def test_a_gateway_that_waits_for_its_network_says_so(site, tmp_path):
    early = Site(site.network)
    file = tmp_path / "network.json"
    early.app = create_app(GatewaySettings(network_file=file))
    answer = early.get("/api/search?q=DEMU0000016")
    assert (answer.status_code, answer.json()["code"]) == (503, "network_unreadable")
    assert int(answer.headers["retry-after"]) > 0
    page = early.get("/?lang=en")
    assert (page.status_code, "network_unreadable" in page.text) == (503, True)
    file.write_bytes(site.network.local.network_file.read_bytes())
    assert early.get("/?lang=en").status_code == 200
    site.network.run(early.app.state.door.close())


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/records/" + "0" * 64 + "/bundle", 404, "record_unknown"),
        ("/api/records/xyz/bundle", 422, "parameter_invalid"),
        ("/api/search", 422, "parameter_invalid"),
        ("/api/search?q=X&limit=0", 422, "parameter_invalid"),
        ("/api/search?q=DEMU0000016&cursor=%21", 422, "cursor_malformed"),
        ("/api/dossier?q=NOSUCHNUMBER1", 404, "record_unknown"),
        ("/api/dossier?q=DEMU0000016&of=" + "0" * 64, 422, "dossier_ambiguous"),
        ("/api/nothing", 404, "not_found"),
    ],
)
def test_problems(site, path, status, code):
    answer = site.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code
    assert body["status"] == status
    assert {"type", "title", "detail"} <= set(body)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_pages_in_both_languages(site, lang):
    for path in ("/", "/search?q=DEMU0000016", "/search?q=NOSUCHNUMBER1", "/nothing"):
        joint = "&" if "?" in path else "?"
        page = site.get(f"{path}{joint}lang={lang}")
        assert f'<html lang="{lang}"' in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "http://" not in page.text.replace("http://site", "")


def test_what_a_visitor_types_is_never_markup(site):
    page = site.get("/search?q=<script>alert(1)</script>&lang=en").text
    assert "<script>alert" not in page


def test_openapi_is_3_1_and_lists_every_api_route(site):
    schema = site.get("/api/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    assert set(schema["paths"]) == {
        "/api/search",
        "/api/dossier",
        "/api/dossier/bundle",
        "/api/records/{id}/bundle",
        "/api/policy",
        "/api/network",
    }
