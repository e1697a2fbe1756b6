"""What is installed is what stands in contracts/, byte for byte."""

import hashlib
import json
import os
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from tests.contracts.devnet import ARTIFACTS, ROOT, start


def compile_script() -> ModuleType:
    path = str(ROOT / "scripts" / "compile_contracts")
    module = ModuleType("compile_contracts")
    module.__file__ = path
    exec(SourceFileLoader("compile_contracts", path).get_code("compile_contracts"), module.__dict__)
    return module


def test_every_source_hashes_to_what_was_compiled() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (ROOT / "contracts").rglob("*.sol")
    }
    assert found == ARTIFACTS["sources"], "contracts/ changed: run scripts/compile_contracts"


def test_compiling_again_gives_the_same_bytes() -> None:
    script = compile_script()
    try:
        compiler = script.find_compiler()
    except script.CompilerMissingError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(f"bytes not compared: {missing}")
    texts = script.documents(script.compile_sources(script.read_sources(), compiler))
    for path, text in texts.items():
        assert path.read_text(encoding="utf-8") == text, path.name


@pytest.mark.parametrize("name", ["RegionRegistry", "TreeHeadLedger"])
def test_published_abi_is_the_compiled_one(name: str) -> None:
    published = json.loads((ROOT / f"docs/protocol/abi/{name}.json").read_text(encoding="utf-8"))
    assert published == ARTIFACTS["contracts"][name]["abi"]


def test_artifact_names_no_place_on_this_machine() -> None:
    text = (ROOT / "ledger/chain/artifacts/contracts.json").read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert str(Path.home()) not in text


def test_deployed_code_is_the_artifact_but_for_immutables() -> None:
    devnet = start()
    for contract in (devnet.registry, devnet.ledger):
        name = "RegionRegistry" if contract is devnet.registry else "TreeHeadLedger"
        built = ARTIFACTS["contracts"][name]
        code = bytearray(devnet.web3.eth.get_code(contract.address))
        for places in built["immutableReferences"].values():
            for place in places:
                code[place["start"] : place["start"] + place["length"]] = bytes(place["length"])
        assert "0x" + code.hex() == built["deployedBytecode"]
