"""The JSON Schemas say what the models say, and the committed files are the ones they make."""

import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ledger.records.registry import KINDS
from ledger.records.schema import json_schema
from ledger.testing.scenarios import scenario

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_a_schema_whose_fields_carry_grade_and_titles(kind):
    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    parts = [schema, *schema.get("$defs", {}).values()]
    for part in parts:
        assert part["additionalProperties"] is False
        for field in part["properties"].values():
            assert field["x-grade"] in {"G1", "G2", "G3", "G4", "HOME"}
            assert set(field["x-title"]) == {"zh-CN", "en"}
            assert "null" not in str(field)


@pytest.mark.parametrize("step", scenario(), ids=lambda step: f"{step.number}-{step.kind}")
def test_the_sea_import_fits_its_schemas(step):
    validator = Draft202012Validator(json_schema(step.kind))
    assert [error.message for error in validator.iter_errors(dict(step.fields))] == []
    assert not validator.is_valid({**step.fields, "unknown_field": "x"})
    assert not validator.is_valid({**step.fields, "key": None})
    assert not validator.is_valid({**step.fields, "reason": None})


def test_a_grade_of_a_list_is_its_highest():
    lines = json_schema("invoice")["properties"]["lines"]
    assert lines["x-grade"] == "G3"
    assert json_schema("document")["properties"]["sha256"]["x-identifier"] == "document"


def test_committed_schemas_and_page_are_the_ones_the_models_make():
    script = [sys.executable, str(ROOT / "scripts/generate_schemas"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_check_sees_a_page_that_differs(tmp_path):
    for folder in ("scripts", "ledger", "docs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "ledger").rmdir()
    (tmp_path / "ledger").symlink_to(ROOT / "ledger")
    script = tmp_path / "scripts/generate_schemas"
    script.write_text((ROOT / "scripts/generate_schemas").read_text("utf-8"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "docs/developer/records.md differs" in done.stdout
