"""Pages that have little to show say why, in the reader's language."""

import re

import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from ledger.client import NodeClient
from ledger.errors import InputError
from tests.unit.gateway.conftest import Site, without


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text.split("<main>")[1]))


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20%20"])
def test_a_search_for_nothing_is_the_start_page(site, query):
    answer = site.get(f"/search{query}", accept_language="en")
    assert answer.status_code == 200
    assert "Find a shipment" in answer.text


@pytest.mark.parametrize(
    ("silent", "said"),
    [
        (set(), "No record found"),
        ({"hebei", "beijing"}, "but Beijing, Hebei did not answer"),
        ({"hebei", "beijing", "tianjin"}, "No region answered"),
    ],
)
def test_nothing_found_says_who_did_not_answer(site, silent, said):
    site.silent |= silent
    assert said in text(site.get("/search?q=NOSUCHNUMBER1&lang=en"))


def test_a_file_is_not_called_unknown_while_a_region_is_silent(site):
    path = f"/search?q={'0' * 64}&file=1&lang=en"
    assert "No region holds a record of this file" in text(site.get(path))
    with without(site, "hebei") as fewer:
        said = text(fewer.get(path))
    assert "Hebei did not answer and may hold one" in said
    assert "never posted" not in said


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nothing", "not_found"),
        (f"/search?q={'A' * 201}", "parameter_invalid"),
    ],
)
def test_a_problem_is_told_in_the_readers_language(site, path, code):
    for lang, chinese in (("zh-CN", True), ("en", False)):
        said = text(site.get(path, accept_language=lang))
        assert code in said
        assert bool(re.search(r"[\u4e00-\u9fff]", said.split(code)[0])) is chinese


def test_a_page_says_its_language_and_on_what_it_depends(site):
    answer = site.get("/", accept_language="en")
    assert answer.headers["content-language"] == "en"
    assert answer.headers["vary"] == "Accept-Language, Cookie"


def test_a_record_that_nobody_proves_is_not_left_out_in_silence(site, story, monkeypatch):
    """Its region answers searches and refuses the evidence; so do the mirrors."""
    delivery = next(one for one in story if one.kind == "delivery")
    asked = NodeClient.bundles

    async def bundles(self, ids):
        if delivery.receipt.id in ids:
            raise InputError("record_unknown", "not here", "/id")
        return await asked(self, ids)

    monkeypatch.setattr(NodeClient, "bundles", bundles)
    answer = site.get("/api/dossier?q=DEMU0000016").json()
    assert delivery.receipt.id not in {one["id"] for one in answer["report"]["records"]}
    assert answer["report"]["verdict"] == "unknown"
    assert {"region": "hebei", "answered": False} in answer["regions"]
    assert "Hebei did not answer" in text(site.get("/search?q=DEMU0000016&lang=en"))


@pytest.mark.parametrize("data", [b"junk", b"{}", b"[1]", b'{"regions":7}'])
def test_a_network_file_that_is_none_is_said_to_be(site, tmp_path, data):
    file = tmp_path / "network.json"
    file.write_bytes(data)
    other = Site(site.network)
    other.app = create_app(GatewaySettings(network_file=file))
    answer = other.get("/api/policy")
    assert (answer.status_code, answer.json()["code"]) == (503, "network_unreadable")
    assert other.get("/").status_code == 503
    site.network.run(other.app.state.door.close())
