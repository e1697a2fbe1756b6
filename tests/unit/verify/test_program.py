"""`python -m ledger.verify`: exit status, output, and complaints about how it was called."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.bundle import encode_bundle
from ledger.verify import encode_policy
from ledger.verify.__main__ import main
from tests.unit.verify.scenes import Scene

PLAIN = b"%PDF-1.7 an invoice"


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


@pytest.fixture
def files(scene: Scene, tmp_path: Path) -> Path:
    world = scene.world
    (tmp_path / "policy.json").write_bytes(encode_policy(world.policy()))
    digest = hashlib.sha256(PLAIN).hexdigest()
    document = world.post(
        "tianjin", scene.broker, "document", {"key": "DOC:1", "sha256": digest, "size": len(PLAIN)}
    )
    operators = [world.evidence(scene.operator)]
    bundles = {
        "good": scene.bundle(),
        "bad": scene.bundle(replace(scene.evidence(), leaf="x")),
        "pending": scene.bundle(scene.evidence(cosigned={})),
        "unknown": scene.bundle(operators=[]),
        "document": world.bundle([world.evidence(document)], operators),
    }
    for name, bundle in bundles.items():
        (tmp_path / f"{name}.json").write_bytes(encode_bundle(bundle))
    (tmp_path / "plain.pdf").write_bytes(PLAIN)
    (tmp_path / "other.pdf").write_bytes(PLAIN + b" ")
    (tmp_path / "junk.json").write_bytes(b"{}")
    return tmp_path


def run(files: Path, name: str, *more: str) -> int:
    return main([str(files / f"{name}.json"), "--policy", str(files / "policy.json"), *more])


@pytest.mark.parametrize(
    ("name", "status", "verdict"),
    [
        ("good", 0, "Verdict: passed"),
        ("bad", 1, "Verdict: FAILED"),
        ("junk", 1, "Verdict: FAILED"),
        ("pending", 2, "Verdict: pending"),
        ("unknown", 2, "Verdict: cannot tell"),
    ],
)
def test_the_exit_status_is_the_verdict(
    files: Path, capsys: pytest.CaptureFixture[str], name: str, status: int, verdict: str
) -> None:
    assert run(files, name) == status
    assert verdict in capsys.readouterr().out.splitlines()


def test_a_changed_field_is_named(
    scene: Scene, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = scene.evidence()
    signed, *disclosures, _ = evidence.statement.split("~")
    disclosures[4] = disclosures[4][:-4] + "AAAA"
    changed = replace(evidence, statement="~".join([signed, *disclosures, ""]))
    (files / "changed.json").write_bytes(encode_bundle(scene.bundle(changed)))
    assert run(files, "changed") == 1
    assert "    changed field: net_kg" in capsys.readouterr().out.splitlines()


def test_it_runs_as_a_module(files: Path) -> None:
    for name, status in (("good", 0), ("bad", 1), ("pending", 2)):
        arguments = [str(files / f"{name}.json"), "--policy", str(files / "policy.json")]
        done = subprocess.run([sys.executable, "-m", "ledger.verify", *arguments], check=False)
        assert done.returncode == status


def test_json_and_language(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "good", "--json", "--lang", "zh") == 0
    value = json.loads(capsys.readouterr().out)
    assert value["records"][0]["checks"][0]["reason"] == "作者签名与本记录完全相符。"
    assert run(files, "good", "--lang", "zh") == 0
    assert "结论: 通过" in capsys.readouterr().out


def test_a_plain_file_is_checked_against_the_document(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, "document", "--file", str(files / "plain.pdf")) == 0
    assert "byte for byte" in capsys.readouterr().out
    assert run(files, "document", "--file", str(files / "other.pdf")) == 1
    assert "Verdict: FAILED" in capsys.readouterr().out
    assert run(files, "document", "--json", "--file", str(files / "other.pdf")) == 1
    value = json.loads(capsys.readouterr().out)
    assert (value["verdict"], value["document"]["code"]) == ("failed", "document_differs")


def test_calls_that_make_no_sense_end_in_2_with_one_sentence(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = str(files / "good.json")
    monkeypatch.setenv("HOME", str(files / "nobody"))
    calls = [
        ([str(files / "absent.json"), "--policy", str(files / "policy.json")], "system_refused"),
        ([good, "--policy", str(files / "absent.json")], "policy_unusable"),
        ([good], "policy_unusable"),
        ([good, "--policy", good], "policy_unusable"),
        ([good, "--policy", str(files / "policy.json"), "--file", str(files)], "system_refused"),
    ]
    for arguments, code in calls:
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        # Names what could not be used: the last file given, or the policy where none was.
        named = arguments[-1] if len(arguments) > 1 else ".jjj/policy.json"
        named = arguments[0] if "absent" in arguments[0] else named
        assert named in err
        assert err.startswith(f"{code}: ")
        assert err.count("\n") == 1
        assert main([*arguments, "--json"]) == 2
        assert json.loads(capsys.readouterr().out)["code"] == code
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2


def test_the_default_policy_is_in_the_home_directory(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(files))
    (files / ".jjj").mkdir()
    (files / "policy.json").rename(files / ".jjj" / "policy.json")
    assert main([str(files / "good.json")]) == 0
