import json
import os

import pytest

from ledger.cli.documents import DocumentWish, document_rows, read_links
from ledger.cli.rows import Defaults, Rejected, Row, read_rows
from ledger.errors import InputError
from ledger.statement.claims import Source

SOURCE = Source("erp", "typed", "")
DEFAULTS = Defaults("tianjin", SOURCE)
ROW = {"kind": "invoice", "fields": {"key": "INV:1"}}


def only(path, defaults=DEFAULTS):
    (row,) = read_rows([path], defaults)
    return row


def test_a_file_a_line_and_a_folder_name_their_place(tmp_path):
    (tmp_path / "b.json").write_text(json.dumps(ROW))
    (tmp_path / "a.ndjson").write_text(f"{json.dumps(ROW)}\n\n{json.dumps(ROW)}\n")
    (tmp_path / "notes.txt").write_text("not a record")
    rows = list(read_rows([tmp_path], DEFAULTS))
    places = [row.place.removeprefix(f"{tmp_path}/") for row in rows]
    assert places == ["a.ndjson:1", "a.ndjson:3", "b.json"]


def test_a_row_may_say_its_own_region_and_source(tmp_path):
    source = {"system": "gate", "method": "device", "basis": "camera"}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**ROW, "region": "hebei", "source": source}))
    row = only(path)
    assert isinstance(row, Row)
    assert (row.region, row.source) == ("hebei", Source("gate", "device", "camera"))


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("[]", "row_malformed", ""),
        ('{"kind":"invoice"}', "row_malformed", "/fields"),
        ('{"fields":{}}', "row_malformed", "/kind"),
        ('{"kind":"invoice","fields":{},"extra":1}', "row_malformed", "/extra"),
        ('{"kind":"invoice","fields":{"a":1,"a":2}}', "json_duplicate_member", None),
        ('{"kind":"invoice","fields":{"a":1.5}}', "json_float", "/fields/a"),
        ('{"kind":"invoice","fields":{},"source":{"system":"x"}}', "claim_source", "/source"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_its_path(tmp_path, text, code, path):
    file = tmp_path / "a.ndjson"
    file.write_text(text + "\n")
    row = only(file)
    assert isinstance(row, Rejected)
    assert row.place == f"{file}:1"
    assert row.error.code == code
    if path is not None:
        assert row.error.path == path


def test_without_a_default_each_row_has_to_name_its_region(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(ROW))
    row = only(path, Defaults(None, SOURCE))
    assert isinstance(row, Rejected)
    assert row.error.path == "/region"


def test_other_files_are_refused_as_records(tmp_path):
    path = tmp_path / "scan.pdf"
    path.write_bytes(b"%PDF")
    assert only(path).error.code == "file_type_unknown"


def test_digest_tells_rows_apart_by_content_only():
    row = Row("here", "tianjin", "invoice", {"a": 1, "b": 2}, SOURCE)
    same = Row("there", "tianjin", "invoice", {"b": 2, "a": 1}, SOURCE)
    other = Row("here", "hebei", "invoice", {"a": 1, "b": 2}, SOURCE)
    assert row.digest("me", "net") == same.digest("me", "net")
    digests = {row.digest("me", "net"), other.digest("me", "net"), row.digest("you", "net")}
    assert len(digests) == 3


def test_a_file_becomes_the_same_document_row_each_time(tmp_path):
    path = tmp_path / "scan.pdf"
    path.write_bytes(b"%PDF")
    os.utime(path, (1_772_409_600, 1_772_409_600))
    wish = DocumentWish("scan", read_links(["bill=DEMOB26000001"]), None, "A scan")
    first, second = (list(document_rows([path], DEFAULTS, wish)) for _ in range(2))
    assert first == second
    (row,) = first
    assert row.fields == {
        "key": "DOC:315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027",
        "time": "2026-03-02T00:00:00+00:00",
        "sha256": "315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027",
        "size": 4,
        "media_type": "application/pdf",
        "document_type": "scan",
        "file_name": "scan.pdf",
        "bill": "DEMOB26000001",
        "title": "A scan",
    }


@pytest.mark.parametrize("link", ["bill", "vessel=1", "=x"])
def test_links_are_of_known_fields(link):
    with pytest.raises(InputError) as refused:
        read_links([link])
    assert refused.value.code == "link_malformed"
